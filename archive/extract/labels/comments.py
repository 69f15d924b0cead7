"""What readers say under a story is not its text, however well it reads.

An element named for comments, with more so named in it, that begins after the story has and does not hold the headline
is theirs. Themes put the same names on wrappers of a whole page ("comments-open"), which hold the headline or have
nothing before them; an editor's remark on one picture ("item__comment") has no others in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from lxml import html

from archive.extract.pieces import Piece

_NAMES = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|comentarios?|coment[aá]rios|kommentare?n?|kommentarer|commentaires?|commenti|"
    r"reacties|komentarze|yorumlar|disqus|livefyre)(?:$|[\s_-])"
)
_BEGUN = 200  # characters of the story, before what may be comments on it
_NESTED = 2


def of_readers(pieces: list[Piece], kept: Iterable[int], headline_node: html.HtmlElement | None) -> set[int]:
    """Which of the `kept` orders, ascending, are comments."""
    known: dict[html.HtmlElement, html.HtmlElement | None] = {}  # the box an element stands in
    if headline_node is not None:
        known.update(dict.fromkeys((headline_node, *headline_node.iterancestors())))
    boxes: dict[html.HtmlElement, bool] = {}  # whether they are comments
    theirs: set[int] = set()
    told = 0
    for at in kept:
        box = _box(pieces[at].node, known)
        if box is not None and box not in boxes:
            boxes[box] = told >= _BEGUN and _has_comments(box)
        if box is not None and boxes[box]:
            theirs.add(at)
        else:
            told += len(pieces[at].key)
    return theirs


def _box(node: html.HtmlElement, known: dict[html.HtmlElement, html.HtmlElement | None]) -> html.HtmlElement | None:
    """The outermost element around `node` that is named for comments."""
    path: list[html.HtmlElement] = []
    up: html.HtmlElement | None = node
    while up is not None and up not in known:
        path.append(up)
        up = up.getparent()
    box = known[up] if up is not None else None
    for element in reversed(path):
        if box is None and _is_named(element):
            box = element
        known[element] = box
    return box


def _has_comments(box: html.HtmlElement) -> bool:
    named = (element for element in box.iterdescendants() if "comment" in _names(element) or _is_named(element))
    return len(list(islice(named, _NESTED))) == _NESTED


def _is_named(element: html.HtmlElement) -> bool:
    return _NAMES.search(_names(element)) is not None


def _names(element: html.HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}".lower()
