"""Who signs a page where its readers see it: marked-up names, links to authors, lines that read as a byline.

Order: `signatures`, elements by their markup (`signed_lines.py` has lines by their words), whose names an element holds.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, islice

from lxml import html

from archive.extract.metadata.bylines import announces, is_name, is_written_as_name, names_in
from archive.extract.metadata.index import Index
from archive.extract.metadata.signed_lines import NEAR, signed_lines
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

_CHECKED = re.compile(  # who stands behind it did not write the story
    r"\b(?:(?:fact[- ]?)?check|review|edit|verif|approv|geprüft|redigiert|vérifi|relu|revisad|editad)\w*[\w\s-]{0,20}\b(?:by|von|par|por)\s*:?$",
    re.IGNORECASE,
)
_JOINER = re.compile(r"(?:[,;&+/|•·]|and|und|et|y|e|och|og|en|with|mit|,\s*and)", re.IGNORECASE)


def signatures(
    pieces: list[Piece], index: Index, headline_node: html.HtmlElement | None
) -> Iterator[tuple[list[str], str, float]]:
    """Yield (names, one of `PLACES`, weight); the nearer to the headline the better."""
    order = index.order
    head = order.get(headline_node, -1) if headline_node is not None else -1
    others = _Others(headline_node)

    def together(nodes: list[html.HtmlElement]) -> list[html.HtmlElement]:
        near = [(order[node], node) for node in nodes if head - _BEFORE < order[node] < head + NEAR]
        return _together([one for one in near if _may_sign(one[1], others)], head)

    micro = [
        name for node in together(index.microdata) or index.microdata[:1] for name in _lines_to_names(_named(node))
    ]
    rel = [name for node in together(index.rel_author) or index.rel_author[:1] for name in _names_of(node)]
    linked = together(index.author_links)
    apart = [node for node in linked if not _in_prose(node)]
    links = [name for node in apart or linked for name in _names_of(node)]
    if micro:
        yield micro, "microdata", 0.8
    if rel:
        yield rel[:6], "rel=author", 0.66
    if links:
        yield links[:6], "author-link", 0.7 if apart else 0.45
    for node, found in _named_bylines(index, others):
        at = order.get(node, -1)
        yield found, "byline", 0.72 if head < at < head + NEAR or head - _BEFORE < at < head else 0.5
    yield from signed_lines(pieces, order, head)
    for found in _boxed(index, others):
        yield found, "author-box", 0.42


def _in_prose(node: html.HtmlElement) -> bool:
    """Whether a link stands in a paragraph of the story: those are to people it tells of."""
    parent = next((up for up in islice(node.iterancestors(), 7) if up.tag == "p"), None)
    sizes = accumulate(map(len, parent.itertext())) if parent is not None else ()
    return any(size > _BYLINE for size in sizes)


_BYLINE = 200  # characters of a paragraph that is no more than a byline, at most
_BEFORE = 40  # elements before the headline
_APART = 16  # elements between the links to two authors of one story, at most
_QUOTING = ("blockquote", "figure")


class _Others:
    """Which elements stand in a quotation, or a box of readers' comments or of other stories; what is around the headline is none."""

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
            held = (
                held
                or element.tag in _QUOTING
                or _says(_OF_OTHERS, f"{element.get('class') or ''} {element.get('id') or ''}")
            )
            self._known[element] = held
        return held


@lru_cache(maxsize=16384)
def _says(pattern: re.Pattern[str], names: str) -> bool:
    return pattern.search(names.lower()) is not None


def _together(placed: list[tuple[int, html.HtmlElement]], head: int) -> list[html.HtmlElement]:
    """Of elements that name an author, those nearest to the headline and next to each other: others are of other stories."""
    after = [one for one in placed if head < one[0]]
    run = after or [one for one in placed if one[0] < head]
    end = next((at for at in range(1, len(run)) if run[at][0] - run[at - 1][0] > _APART), len(run))
    return [node for _, node in run[:end]]


def _may_sign(node: html.HtmlElement, others: _Others) -> bool:
    """Whether an element may name who wrote the story: nobody quoted, who comments, or who checked it."""
    return not others.hold(node) and not _CHECKED.search(_before(node))


def _named_bylines(index: Index, others: _Others) -> Iterator[tuple[html.HtmlElement, list[str]]]:
    """Elements whose class or id is a byline's, with the names in them; at most five."""
    given = 0
    for node in index.bylines:
        names = f"{node.get('class') or ''} {node.get('id') or ''} {node.get('data-testid') or ''}"
        if not _says(_NOT_BYLINE, names) and not others.hold(node):
            found = _names_of(node)
            if found and _may_sign(node, others):
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
    linked = {tuple(_names_of(node)) for node in links if _may_sign(node, others)} - {()}
    if len(linked) == 1:
        yield list(*linked)


def _before(node: html.HtmlElement) -> str:
    """What stands before an element: the text, or the element, next to it or to the first of three around it that has one."""
    for _ in range(3):
        parent, previous = node.getparent(), node.getprevious()
        said = (previous.tail if previous is not None else parent.text if parent is not None else "") or ""
        if not said.strip() and previous is not None:
            said = _short(previous)
        if said.strip() or parent is None:
            return " ".join(said.split())[-60:]
        node = parent
    return ""


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
        if not bare or announces(bare):
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
