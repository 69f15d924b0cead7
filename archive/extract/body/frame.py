"""The elements that hold a page's pieces and those around them, numbered once for all measures of the body model.

Order: `named`, `Frame`.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from lxml import html

from archive.extract.element_names import SIGN, signs_of
from archive.extract.pieces import Piece

BAD = ("nav", "footer", "comment", "share", "promo", "ad", "related", "meta", "caption", "side", "lead", "hidden")
_SIGNS_OF_BAD = tuple(SIGN[family] for family in BAD)
_ANY_BAD = sum(_SIGNS_OF_BAD)
AROUND = (
    "article",
    "main",
    "nav",
    "footer",
    "aside",
    "header",
    "form",
    "table",
    "ul",
    "ol",
    "figure",
    "section",
    "blockquote",
)
AROUND_INDEX = {tag: at for at, tag in enumerate(AROUND)}
FAR = 12  # levels; beyond it nothing is told apart
# Nor beyond these: pages so long are few, and what a model learns of one of them holds for no other.
_MOST_CHARS, _MOST_PIECES = 10_000, 200


def named(*said: str) -> tuple[bool, tuple[int, ...]]:
    """What the class, id and role of an element say: (is it content, which of BAD)."""
    signs = signs_of(*said)
    return bool(signs & SIGN["good"]), _bad(signs & _ANY_BAD)


@lru_cache(maxsize=4096)
def _bad(signs: int) -> tuple[int, ...]:
    return tuple(at for at, sign in enumerate(_SIGNS_OF_BAD) if signs & sign)


def log_chars(chars: Any) -> Any:
    """How many characters, as the model compares them."""
    return np.log1p(np.minimum(chars, _MOST_CHARS))


def log_pieces(pieces: Any) -> Any:
    """How many pieces, as the model compares them."""
    return np.log1p(np.minimum(pieces, _MOST_PIECES))


class Frame:
    """Arrays by piece and lists by element, parents before children, each element asked once.

    Elements are numbered in document order, so the numbers of those in an element are one run: every sum over what an
    element holds is a difference of two running sums.
    """

    def __init__(self, pieces: list[Piece]) -> None:
        self.number: dict[html.HtmlElement, int] = {}
        self.parent: list[int] = []
        first: list[int] = []
        owner: list[int] = []
        for at, piece in enumerate(pieces):
            owner.append(self._add(piece.node))
            first.extend([at] * (len(self.parent) - len(first)))
        self.tag = [str(node.tag) for node in self.number]
        self.classes = [node.get("class") or "" for node in self.number]
        self.depth: list[int] = []
        for above in self.parent:
            # Depths begin so far down that 0, for "never", is out of sight.
            self.depth.append(self.depth[above] + 1 if above >= 0 else FAR)
        self.owner = np.array(owner, dtype=np.intp)  # number of the element of each piece
        self.lengths = np.array([len(piece.key) for piece in pieces], dtype=np.float64)
        self.link_chars = np.array([piece.link_chars for piece in pieces], dtype=np.float64)
        self.long = np.where((self.lengths > 60) & (self.link_chars * 3 < self.lengths), self.lengths, 0.0)
        self.total = float(self.lengths.sum()) or 1.0
        self.long_total = float(self.long.sum()) or 1.0
        self.first = np.array(first, dtype=np.intp)  # of each element: its first piece
        self.last, self.end = self._ends(owner)  # its last piece; the number after the last element in it
        self.parents = np.array(self.parent, dtype=np.intp)
        self.depths = np.array(self.depth)
        known: dict[tuple[str, str], int] = {}
        # Elements of one kind have the same tag and the same classes.
        self.kind = np.array([known.setdefault(kind, len(known)) for kind in zip(self.tag, self.classes, strict=True)])
        # What is in each element: characters, those of long pieces, those of links, pieces.
        self.mass, self.long_mass, self.links = map(self.held, (self.lengths, self.long, self.link_chars))
        self.pieces = self.held(np.ones(len(owner)))

    def _ends(self, owner: list[int]) -> tuple[Any, Any]:
        count = len(self.parent)
        last, end = [-1] * count, list(range(1, count + 1))
        for at, element in enumerate(owner):
            last[element] = at
        for child in range(count - 1, 0, -1):
            above = self.parent[child]
            if last[above] < last[child]:
                last[above] = last[child]
            if end[above] < end[child]:
                end[above] = end[child]
        return np.array(last, dtype=np.intp), np.array(end, dtype=np.intp)

    @cached_property
    def likes(self) -> Any:
        """A number for each piece: the same for pieces in like elements, by tag and class, of like parents."""
        above = np.where(self.parents >= 0, self.kind[self.parents] + 1, 0)
        return np.unique((self.kind * (above.max() + 1) + above)[self.owner], return_inverse=True)[1]

    def held(self, values: Any) -> Any:
        """Of each element: the sum of `values`, one a piece, over the pieces in it."""
        own = np.bincount(self.owner, weights=values, minlength=len(self.parent))
        running = np.concatenate(([0.0], np.cumsum(own)))
        return running[self.end] - running[:-1]

    def steps_to(self, inner: int) -> Any:
        """Of each element: how many steps up from `inner` until the element is inside."""
        around = [inner]
        while self.parent[around[-1]] >= 0:
            around.append(self.parent[around[-1]])
        steps = np.zeros(len(self.parent), dtype=np.intp)
        for step, at in reversed(list(enumerate(around))):
            steps[at : self.end[at]] = step
        return steps

    def holder(self, is_one: Any) -> Any:
        """Of each element: itself where it is one, else the last one before it. Where every child of an element that
        holds ones is one, that is the one it is in, as what is in an element comes right behind it."""
        return np.maximum.accumulate(np.where(is_one, np.arange(len(self.parent)), 0))

    def _add(self, node: html.HtmlElement) -> int:
        """The number of an element; its ancestors get theirs before it."""
        at = self.number.get(node)
        if at is None:
            parent = node.getparent()
            self.parent.append(self._add(parent) if parent is not None else -1)
            at = self.number[node] = len(self.number)
        return at

    def said(self, asked: Any) -> Any:
        """What the tags and names of each element and of those around it say, where `asked` is true of one in it.

        A row for each of AROUND: 1 inside such an element; for each of BAD: the depth of the last one named so; the
        depth of the last one named as content, and how many there are. Names are looked at only where somebody asks:
        those of menus are many, and all different.
        """
        nodes = list(self.number)
        said = np.zeros((len(AROUND) + len(BAD) + 2, len(nodes)), dtype=np.int16)
        for at in np.flatnonzero(self.held(asked)).tolist():
            tag, inside = self.tag[at], slice(at, self.end[at])
            if tag in AROUND_INDEX:
                said[AROUND_INDEX[tag], inside] = 1
            node = nodes[at]
            if tag not in ("body", "html"):
                is_good, kinds = named(self.classes[at], node.get("id") or "", node.get("role") or "")
                for kind in kinds:
                    said[len(AROUND) + kind, inside] = self.depth[at]
                if is_good:
                    said[-2, inside] = self.depth[at]
                    said[-1, inside] += 1
        return said
