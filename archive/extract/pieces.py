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
MAX_PIECES = 20_000


@dataclass(slots=True)
class Piece:
    """Text of one block. `key` is the text without white space, for comparing."""

    text: str
    node: html.HtmlElement  # the nearest block element
    link_chars: int
    order: int
    key: str = ""

    @property
    def link_density(self) -> float:
        return self.link_chars / max(1, len(self.key))


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

    def walk(self, root: html.HtmlElement) -> None:
        """Depth first, without recursion: pages are nested deeper than Python's stack likes."""
        stack: list[tuple[html.HtmlElement, html.HtmlElement, bool, bool]] = [(root, root, False, False)]
        while stack:
            node, block, in_link, leaving = stack.pop()
            tag = node.tag
            is_block = tag in BLOCK_TAGS
            if leaving:
                if is_block:
                    self.flush()
                parent = node.getparent()
                if node.tail and node is not root:
                    owner, linked = block, in_link
                    self.add(node.tail, owner if owner is not None else parent, linked)
                continue
            if not isinstance(tag, str):
                stack.append((node, block, in_link, True))
                continue
            if is_block:
                self.flush()
            elif tag == "br":
                self.line_break(node)
            stack.append((node, block, in_link, True))
            inner = node if is_block else block
            linked = in_link or tag == "a"
            if node.text:
                self.add(node.text, inner, linked)
            stack.extend((child, inner, linked, False) for child in reversed(node))
        self.flush()

    def add(self, text: str, owner: html.HtmlElement, linked: bool) -> None:
        if not self.parts and not text.strip():
            return
        if self.owner is None:
            self.owner = owner
        self.parts.append(text)
        if linked:
            self.links += sum(map(len, text.split()))

    def line_break(self, node: html.HtmlElement) -> None:
        """One <br> is a space; two are a new paragraph."""
        following = node.getnext()
        if not (node.tail or "").strip() and following is not None and following.tag == "br":
            self.flush()
        else:
            self.parts.append("\n")

    def flush(self) -> None:
        if self.parts and self.owner is not None:
            text = _SPACE.sub(" ", "".join(self.parts)).strip()
            if text and len(self.pieces) < MAX_PIECES:
                text = unicodedata.normalize("NFC", text)
                piece = Piece(text, self.owner, self.links, len(self.pieces), text.replace(" ", ""))
                self.pieces.append(piece)
        self.parts.clear()
        self.links = 0
        self.owner = None


def tag_path(node: html.HtmlElement, known: dict[html.HtmlElement, str]) -> str:
    """The tags from the root to the element, e.g. "html/body/nav/ul"; `known` remembers the ones asked before."""
    chain: list[html.HtmlElement] = []
    up: html.HtmlElement | None = node
    while up is not None and up not in known:
        chain.append(up)
        up = up.getparent()
    path = known[up] if up is not None else ""
    for element in reversed(chain):
        path = known[element] = f"{path}/{element.tag!s}" if path else str(element.tag)
    return path
