"""Who signs a page where its readers see it: marked-up names, links to authors, lines that read as a byline.

Order: `signatures`, elements by their markup, lines by their words, whose names an element holds.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import html

from archive.extract.metadata.bylines import is_byline, is_name, is_person, is_written_as_name, names_in
from archive.extract.metadata.index import Index
from archive.extract.pieces import Piece

PLACES = frozenset(("microdata", "rel=author", "author-link", "byline", "visible", "author-box"))
PERSONS_ONLY = frozenset(("visible", "author-box"))  # places whose other words are no pen names
_NOT_BYLINE = re.compile(
    r"bio|desc|avatar|image|img|photo|social|follow|comment|related|recommend|more|footer|widget|share|list|about|popular|box-text",
)
_BOX = re.compile(
    r"auth?or[\w-]*(?:bio|box|about|info|desc|card|profile|footer)|(?:bio|about|box|info|meta)[\w-]*auth?or"
)
_AUTHOR_PAGE = re.compile(r"/(?:authors?|autor(?:en|es|a)?|auteurs?)/")
_OF_OTHERS = re.compile(r"comment|related|recommend|popular|recent[_-]|read-?more|most-?read")

# "Posted on 5 March 2024 by Ada Sample": the name stands after the date.
_BYLINE_LATE = re.compile(
    r"(?<=[\d!?|])[\s,|·•●]+(?:[Bb]y|[Vv]on|[Pp]ar|[Pp]or|di|door)\s+(?=[A-ZÀ-Þ])|(?<=M)\s+by\s+(?=[A-ZÀ-Þ])"
)
_LATE_WORDS = ("by ", "By ", "von ", "Von ", "par ", "Par ", "por ", "Por ", "di ", "door ")
_SIGNED = re.compile(  # under a story, where a bare "by" may be anybody's
    r"\s*(?:(?:autor(?:in|en)?|authors?|auteur|autore|text|texte|testo|texto|words|tekst)\s*[:：]|(?:written|verfasst|geschrieben)\s+(?:by|von)\b)",
    re.IGNORECASE,
)
_INITIALS = frozenset("aAtTwWvVgG")  # of what `_SIGNED` finds
_WORDS = ("by", "von", "par", "por", "di", "de", "door", "av", "af", "text", "texte", "autor", "autorin", "author", "auteur", "written", "from",
          "作者", "記者", "记者", "文")  # fmt: skip
_KINDS = ("", "written", "posted", "published", "text", "story", "article", "words", "reviewed", "recipe")
_LABELS = frozenset(f"{kind} {word}".strip() for kind in _KINDS for word in _WORDS)
_JOINER = re.compile(r"(?:[,;&+/|•·]|and|und|et|y|e|och|og|en|with|mit|,\s*and)", re.IGNORECASE)


def signatures(
    pieces: list[Piece], index: Index, headline_node: html.HtmlElement | None
) -> Iterator[tuple[list[str], str, float]]:
    """Yield (names, one of `PLACES`, weight); the nearer to the headline the better."""
    order = index.order
    head = order.get(headline_node, -1) if headline_node is not None else -1
    others = _Others(headline_node)

    def together(nodes: list[html.HtmlElement]) -> list[html.HtmlElement]:
        return _together([(order[node], node) for node in nodes if not others.hold(node)], head)

    micro = [
        name for node in together(index.microdata) or index.microdata[:1] for name in _lines_to_names(_named(node))
    ]
    rel = [name for node in together(index.rel_author) or index.rel_author[:1] for name in _names_of(node)]
    links = [name for node in together(index.author_links) for name in _names_of(node)]
    if micro:
        yield micro, "microdata", 0.8
    if rel:
        yield rel[:6], "rel=author", 0.66
    if links:
        yield links[:6], "author-link", 0.7
    for node, found in _named_bylines(index, others):
        at = order.get(node, -1)
        yield found, "byline", 0.72 if head < at < head + _NEAR or head - _BEFORE < at < head else 0.5
    yield from _written(pieces, order, head)
    for found in _boxed(index, others):
        yield found, "author-box", 0.42


_NEAR, _BEFORE = 150, 40  # elements behind the headline and before it
_APART = 16  # elements between the links to two authors of one story, at most


class _Others:
    """Which elements stand in a box of readers' comments or of other stories; what is around the headline is none."""

    def __init__(self, headline_node: html.HtmlElement | None) -> None:
        around = headline_node.iterancestors() if headline_node is not None else ()
        self._known: dict[html.HtmlElement, bool] = dict.fromkeys(around, False)

    def hold(self, node: html.HtmlElement) -> bool:
        path: list[html.HtmlElement] = []
        up = node.getparent()
        while up is not None and up not in self._known:
            path.append(up)
            up = up.getparent()
        held = up is not None and self._known[up]
        for element in reversed(path):
            held = held or _says(_OF_OTHERS, f"{element.get('class') or ''} {element.get('id') or ''}")
            self._known[element] = held
        return held


@lru_cache(maxsize=16384)
def _says(pattern: re.Pattern[str], names: str) -> bool:
    return pattern.search(names.lower()) is not None


def _together(placed: list[tuple[int, html.HtmlElement]], head: int) -> list[html.HtmlElement]:
    """Of elements that name an author, those nearest to the headline and next to each other: others are of other stories."""
    after = [one for one in placed if head < one[0] < head + _NEAR]
    run = after or [one for one in placed if head - _BEFORE < one[0] < head]
    end = next((at for at in range(1, len(run)) if run[at][0] - run[at - 1][0] > _APART), len(run))
    return [node for _, node in run[:end]]


def _named_bylines(index: Index, others: _Others) -> Iterator[tuple[html.HtmlElement, list[str]]]:
    """Elements whose class or id is a byline's, with the names in them; at most five."""
    given = 0
    for node in index.bylines:
        names = f"{node.get('class') or ''} {node.get('id') or ''} {node.get('data-testid') or ''}"
        if not _says(_NOT_BYLINE, names) and not others.hold(node):
            found = _names_of(node)
            if found:
                yield node, found
                given += 1
                if given == 5:
                    return


def _boxed(index: Index, others: _Others) -> Iterator[list[str]]:
    """Who is introduced under a story: the first box about an author; the only person whose page is linked."""
    for node in index.bylines:
        if _says(_BOX, f"{node.get('class') or ''} {node.get('id') or ''}") and not others.hold(node):
            found = _names_of(node)
            if found:
                yield found
                break
    links = [node for node in index.author_links if _AUTHOR_PAGE.search((node.get("href") or "").lower())]
    linked = {tuple(_names_of(node)) for node in links if not others.hold(node)} - {()}
    if len(linked) == 1:
        yield list(*linked)


def _written(
    pieces: list[Piece], order: dict[html.HtmlElement, int], head: int
) -> Iterator[tuple[list[str], str, float]]:
    """Short lines that read as a byline, "By A. Writer", after the headline; further on only what is clearly signed."""
    given = 0
    announced = ""
    for piece in pieces:
        at = order.get(piece.node, 0)
        if at < head:
            continue
        if given >= 3:
            break
        is_near = at <= head + _NEAR
        line = piece.text if len(piece.text) <= _LINE else _first_line(piece, is_near)
        if not line:
            continue
        text = f"{announced.rstrip(' :：')}: {line}" if announced else line
        announced = line if len(line) <= _LABEL and _is_label(line) else ""
        if not is_near and not (text[0] in _INITIALS and _SIGNED.match(text)):
            continue
        late = _late(text)
        if late:
            text = text[late.start() :].strip(" ,|")
        if is_byline(text):
            found = [name for name in names_in(text.split("|")[0]) if is_person(name) and is_written_as_name(name)]
            if found:
                given += 1
                yield found, "visible", 0.62 if is_near else 0.45


def _late(text: str) -> re.Match[str] | None:
    """Where a byline begins behind a date; looking for it costs more than looking for its words."""
    return _BYLINE_LATE.search(text) if any(word in text for word in _LATE_WORDS) else None


def _is_label(line: str) -> bool:
    """Whether a line only announces a name: "Written by:"."""
    return line.rstrip(" :：\u00a0").lower() in _LABELS


_LINE, _LABEL = 140, 24  # characters of a byline and of what announces one, at most


def _first_line(piece: Piece, is_near: bool) -> str:
    """The line that ends in the first <br> of a paragraph; "" where it is no byline, is long, or there is none."""
    beginning = piece.text[:_LINE]
    if not (
        is_byline(beginning) or _late(beginning) if is_near else beginning[0] in _INITIALS and _SIGNED.match(beginning)
    ):
        return ""
    said = piece.node.text or ""
    for child in piece.node:
        if child.tag == "br" or len(said) > _LINE:
            break
        said += "".join(child.itertext()) + (child.tail or "")
    else:
        return ""
    return " ".join(said.split()) if len(said) <= _LINE else ""


def _named(node: html.HtmlElement) -> str:
    """What microdata gives as the name of an author."""
    inner = node.xpath(".//*[@itemprop='name']")
    shown = inner[0] if len(inner) else node
    return shown.get("content") or _short(shown)


def _names_of(node: html.HtmlElement) -> list[str]:
    return _lines_to_names(_short(node))


@lru_cache(maxsize=1024)
def _lines_to_names(text: str) -> list[str]:
    """Names in the text nodes of a byline: the first that names somebody, and those joined to it."""
    found: list[str] = []
    open_ended = True
    for line in text.split("\n"):
        bare = line.strip(" \u00a0:-–—•·|")
        if not bare or _is_label(bare):
            continue
        if _JOINER.fullmatch(bare):
            open_ended = True
            continue
        if not open_ended and found:
            break
        names = [name for name in names_in(line) if is_name(name) and is_written_as_name(name)]
        if not names:
            if found:
                break
            continue
        found.extend(names)
        open_ended = line.rstrip().endswith((",", "&", " and", " und", " y", " et"))
    return found


def _short(node: html.HtmlElement) -> str:
    parts: list[str] = []
    size = 0
    for part in node.itertext():
        clean = " ".join(part.split())
        if clean:
            parts.append(clean)
            size += len(clean)
            if size > 300:
                break
    return "\n".join(parts) if size <= 300 else "\n".join(parts[:2])[:120]
