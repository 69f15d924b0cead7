"""The page as a list of pieces: what stands between two block boundaries, in document order, with what surrounds it."""

# ruff: noqa: E501 - a table of tags

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from lxml import html

BLOCK_TAGS = frozenset(
    ("address", "article", "aside", "blockquote", "body", "button", "caption", "center", "dd", "details", "dialog", "dir",
     "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset", "h1", "h2", "h3", "h4", "h5", "h6",
     "header", "hgroup", "hr", "html", "label", "legend", "li", "main", "menu", "nav", "ol", "option", "p", "pre", "section",
     "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul")
)  # fmt: skip
_SPACE = re.compile(r"[ \t\r\n\f\v\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_EMPTY_LINE = re.compile(r"\r?\n[ \t\r]*\n")  # as clear an end of a paragraph as two <br>
_KEPT_BY_SPACE = ("\x85", "\u1680", "\u2028", "\u2029")  # white space to str.split, and not to a reader
MAX_PIECES = 20_000
LINE_CHARS = 60  # what is longer is a paragraph


@dataclass(slots=True)
class Piece:
    """Text of one block. `key` is the text without white space, for comparing."""

    text: str
    node: html.HtmlElement  # the nearest block element
    link_chars: int
    order: int
    key: str
    link_density: float  # the share of its characters that stand in links


def pieces_of(body: html.HtmlElement) -> list[Piece]:
    """Cut the tree at its block boundaries and double line breaks. Every visible character is in one piece."""
    cutter = _Cutter()
    cutter.walk(body)
    return cutter.pieces


class _Cutter:
    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.parts: list[str] = []
        self.links = 0
        self.owner: html.HtmlElement | None = None
        self.written: html.HtmlElement | None = None  # the <pre> that is most of the page, inside of it
        self.whole = -1  # characters of the page, once they are asked for

    def walk(self, root: html.HtmlElement) -> None:
        """Depth first, without recursion: pages are nested deeper than Python's stack likes."""
        blocks, inside = [root], [root]  # the block elements, and all elements, around the place
        links = 0
        for node in root.iter():
            if node is not root:
                above = node.getparent()
                while inside[-1] is not above:
                    links -= self.leave(inside.pop(), blocks, links)
                inside.append(node)
            tag = node.tag
            if tag in BLOCK_TAGS:
                if self.parts:
                    self.flush()
                blocks.append(node)
                if tag == "pre" and self.written is None and self.is_most(node, root):
                    self.written = node
            elif tag == "a":
                links += 1
            elif tag == "br":
                self.line_break(node)
            text = node.text
            if text and (self.parts or not text.isspace()):
                self.add(text, blocks[-1], links)
        while len(inside) > 1:
            links -= self.leave(inside.pop(), blocks, links)
        self.flush()

    def is_most(self, node: html.HtmlElement, root: html.HtmlElement) -> bool:
        """Whether a <pre> is the page's text, in which an empty line ends a paragraph; others are parts of programs."""
        if self.whole < 0:
            self.whole = sum(map(len, root.itertext()))
        return 2 * sum(map(len, node.itertext())) > self.whole

    def leave(self, node: html.HtmlElement, blocks: list[html.HtmlElement], links: int) -> int:
        """The end of an element and the text behind it; 1 where the element was a link."""
        tag = node.tag
        is_link = 0
        if tag in BLOCK_TAGS:
            if self.parts:
                self.flush()
            blocks.pop()
            if node is self.written:
                self.written = None
        elif tag == "a":
            is_link = 1
        tail = node.tail
        if tail and (self.parts or not tail.isspace()):
            self.add(tail, blocks[-1], links - is_link)
        return is_link

    def add(self, text: str, owner: html.HtmlElement, links: int) -> None:
        if self.written is not None and "\n" in text:
            *before, text = _EMPTY_LINE.split(text)
            for paragraph in before:
                self.run(paragraph, owner, links)
                self.flush()
        self.run(text, owner, links)

    def run(self, text: str, owner: html.HtmlElement, links: int) -> None:
        if not self.parts and text.isspace():
            return
        if self.owner is None:
            self.owner = owner
        self.parts.append(text)
        if links:
            self.links += sum(map(len, text.split()))

    def line_break(self, node: html.HtmlElement) -> None:
        """One <br> is a space; two are a new paragraph."""
        following = node.getnext()
        if not (node.tail or "").strip() and following is not None and following.tag == "br":
            self.flush()
        else:
            self.parts.append("\n")

    def flush(self) -> None:
        if not self.parts:
            return
        if self.owner is not None and len(self.pieces) < MAX_PIECES:
            text = _spaced("".join(self.parts))
            if text:
                key = text.replace(" ", "")
                density = self.links / max(1, len(key))
                self.pieces.append(Piece(text, self.owner, self.links, len(self.pieces), key, density))
        self.parts.clear()
        self.links = 0
        self.owner = None


def _spaced(text: str) -> str:
    """`text` in NFC, each run of white space a single space."""
    if text.isascii():
        return " ".join(text.split())
    if not any(map(text.__contains__, _KEPT_BY_SPACE)):
        return unicodedata.normalize("NFC", " ".join(text.split()))
    return unicodedata.normalize("NFC", _SPACE.sub(" ", text).strip())


def tag_path(node: html.HtmlElement, known: dict[html.HtmlElement, str]) -> str:
    """The tags from the root to the element, e.g. "html/body/nav/ul"; `known` remembers the ones asked before."""
    path = known.get(node)
    if path is None:
        parent = node.getparent()
        path = known[node] = str(node.tag) if parent is None else f"{tag_path(parent, known)}/{node.tag!s}"
    return path
