"""Which pieces are the text, given how likely each is. The only importer of trafilatura.

Order: `choose`, from which likelihood on a piece is text, then trafilatura's opinion. It costs as much as all of our
own reading and is asked only where the model is unsure of the page. It gets a copy of the cleared tree without what is
surely no text, and no metadata work; what it answers is matched back to our own pieces, so that the text we keep is
always text of the page.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Set
from copy import deepcopy

from lxml import etree, html

from archive.extract.elements import with_all_around
from archive.extract.pieces import BLOCK_TAGS, LINE_CHARS, Piece

import trafilatura  # isort: skip
from trafilatura import bare_extraction

TRAFILATURA_VERSION: str = trafilatura.__version__
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


# How much more likely, or less, than is best for F1 a piece must be to be text.
_STRICTER = {"precision": 0.2, "balanced": 0.0, "recall": -0.2}
_LOWEST = 0.25  # for F1, however little can be expected of the page
_USUAL = 0.45  # what is best on most pages, and for lines
_UNSURE = 0.15  # above it trafilatura is asked: one page in seven
_OPINION = 0.35  # what trafilatura's opinion weighs then
_OPEN = 0.1  # a piece below it is surely no text
_MOST_OPEN = 250  # pieces; on pages of more its opinion takes up to half a second and changes next to nothing
_PROSE = 40  # characters; a page without a longer kept piece has no text


def choose(root: html.HtmlElement, pieces: list[Piece], likely: dict[int, float], profile: str) -> dict[int, float]:
    """The orders of the pieces that are the text, with how likely each is; `likely` has those worth asking about."""
    voted: set[int] = set()
    opened = {at for at, p in likely.items() if p >= _OPEN}
    if 0 < len(opened) <= _MOST_OPEN and unsureness(pieces, likely) > _UNSURE:
        voted = matched(pieces, main_text(without_closed(root, pieces, opened), profile)) & likely.keys()
        if voted:
            likely = {at: (1 - _OPINION) * p + _OPINION * (at in voted) for at, p in likely.items()}
    bounds = {True: threshold_of(pieces, likely) + _STRICTER[profile], False: _USUAL + _STRICTER[profile]}
    chosen = {at: p for at, p in likely.items() if p > bounds[len(pieces[at].key) > LINE_CHARS]}
    if _has_prose(pieces, chosen) or not _has_prose(pieces, voted):
        return chosen
    return dict.fromkeys(sorted(voted), 0.5)


def threshold_of(pieces: list[Piece], likely: dict[int, float]) -> float:
    """The likelihood from which on a paragraph raises the F1 to be expected of the page's paragraphs.

    It is half of the highest F1 to be expected (Lipton, Elkan and Narayanaswamy, ECML 2014): a page on which nothing
    is certain is read best by taking more of it. Lines have no part in it: menus of hundreds of them would have theirs.
    """
    sized = ((p, len(pieces[at].key)) for at, p in likely.items())
    ranked = sorted((one for one in sized if one[1] > LINE_CHARS), reverse=True)
    wanted = sum(p * size for p, size in ranked)
    right = kept = best = 0.0
    for p, size in ranked:
        right += p * size
        kept += size
        best = max(best, right / (kept + wanted))
    return max(_LOWEST, best)


def unsureness(pieces: list[Piece], likely: dict[int, float]) -> float:
    """The share of the text that is likely to be wrong: characters by how far each piece is from certain."""
    doubted = kept = 0.0
    for at, p in likely.items():
        size = len(pieces[at].key)
        doubted += size * min(p, 1 - p)
        kept += size if p > _USUAL else 0
    return doubted / max(100.0, kept)


def _has_prose(pieces: list[Piece], orders: Iterable[int]) -> bool:
    return any(len(pieces[at].key) > _PROSE for at in orders)


def without_closed(root: html.HtmlElement, pieces: list[Piece], opened: Set[int]) -> html.HtmlElement:
    """A copy of the tree without the blocks that hold pieces, and none of those `opened`.

    What is no block has no pieces of its own: around a block, it holds text of the block that it stands in.
    """
    kept = with_all_around(pieces[at].node for at in opened) | {root}
    closed = {node for node in with_all_around(piece.node for piece in pieces) - kept if node.tag in BLOCK_TAGS}
    copy: html.HtmlElement = deepcopy(root)
    gone: set[html.HtmlElement] = set()
    taken: list[html.HtmlElement] = []
    for ours, theirs in zip(root.iter(), copy.iter(), strict=True):
        if ours.getparent() in gone:
            gone.add(ours)
        elif ours in closed:
            gone.add(ours)
            taken.append(theirs)
    for node in taken:
        node.drop_tree()
    return copy


def main_text(tree: html.HtmlElement, profile: str) -> str:
    """What trafilatura takes for the text of a tree it may change; empty where it finds nothing."""
    try:
        document = bare_extraction(
            tree,
            fast=True,
            include_comments=False,
            include_tables=True,
            with_metadata=False,
            favor_precision=profile == "precision",
            favor_recall=profile == "recall",
        )
    except (etree.LxmlError, ValueError, TypeError, AttributeError, RecursionError, IndexError, KeyError):
        return ""
    return str(getattr(document, "text", None) or "")


def matched(pieces: list[Piece], text: str) -> set[int]:
    """The orders of the pieces that make up `text`."""
    key = "".join(text.split())
    lines = {"".join(line.split()).lstrip("-•") for line in text.split("\n")}
    found: set[int] = set()
    cursor = 0
    for piece in pieces:
        wanted = piece.key.replace("\n", "")
        if not wanted:
            continue
        if len(wanted) < 25:
            if wanted in lines and key.find(wanted, max(0, cursor - 200), cursor + 3000) >= 0:
                found.add(piece.order)
                at = key.find(wanted, cursor, cursor + 3000)
                cursor = at + len(wanted) if at >= 0 else cursor
            continue
        at = key.find(wanted, cursor)
        if at < 0:
            at = key.find(wanted)
        if at < 0 and len(wanted) >= 60:
            head, tail = key.find(wanted[:30], cursor), key.find(wanted[-30:], cursor)
            at = head if head >= 0 and tail >= 0 and abs(tail - head) < 2 * len(wanted) else -1
        if at >= 0:
            found.add(piece.order)
            cursor = at + len(wanted)
    return found
