"""What surrounds a piece, as numbers for the body model: the article's element, the branch of it the piece stands in,
the list it belongs to, and how far the page's usual paragraphs are.

Order: NAMES, `surroundings`, `_Tree` (arrays by element, each computed for all elements at once).
"""

# ruff: noqa: E501 - tables of measures are read by row

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any

import numpy as np

from archive.extract.body.frame import FAR, Frame, log_chars, log_pieces

NAMES: tuple[str, ...] = (
    "article_steps", "article_below", "article_long", "article_links", "article_side", "article_depth",
    *(f"branch_{name}" for name in ("long", "mass", "links", "pieces", "share", "paragraphs", "headings", "images", "linked")),
    "list_pieces", "list_mass", "list_links", "list_long",
    "zone_steps", "zone_mass", "zone_long", "zone_links", "zone_paragraphs", "zone_images", "zone_linked", "parent_chars",
    "usual", "usual_before", "usual_after", "usual_side", "usual_first", "usual_last",
)  # fmt: skip
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_INNER = frozenset(("p", "li", "td", "blockquote"))  # elements that hold a paragraph, not an article
_LISTS = frozenset(("table", "ul", "ol", "dl"))
_FAR = 20


def surroundings(frame: Frame, wanted: Any) -> Any:
    """A row for each of NAMES, in it a value for each of the `wanted` pieces (numbers of pieces)."""
    tree = _Tree(frame)
    return np.vstack((tree.by_element()[:, frame.owner[wanted]], tree.by_piece()[:, wanted]))


class _Tree:
    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.count = len(frame.parent)
        self.parent = frame.parents
        held = frame.held
        tags = [frame.tag[at] in _HEADINGS for at in frame.owner.tolist()]
        self.mass, self.long, self.links, self.pieces = frame.mass, frame.long_mass, frame.links, frame.pieces
        self.paragraphs = held(frame.long > 0)
        self.headings, self.linked = held(np.array(tags)), held(frame.link_chars > 0)
        self.images = self._images()

    def _images(self) -> Any:
        """Of each element: how many images are in it."""
        number = self.frame.number
        own = [0] * (self.count + 1)
        for image in next(iter(number)).iter("img", "picture"):
            up = image.getparent()
            while up is not None and up not in number:
                up = up.getparent()
            if up is not None:
                own[number[up] + 1] += 1
        running = np.cumsum(own)
        return (running[self.frame.end] - running[:-1]).astype(np.float64)

    @cached_property
    def article(self) -> int:
        """The element whose own paragraphs weigh most: each gives its weight up, halved at every level."""
        frame, scores = self.frame, dict[int, float]()
        for at in np.flatnonzero(frame.long).tolist():
            owner = int(frame.owner[at])
            up = frame.parent[owner] if frame.tag[owner] in _INNER else owner
            for share in (1.0, 0.5, 0.25):
                if up < 0:
                    break
                scores[up] = scores.get(up, 0.0) + share * float(frame.long[at])
                up = frame.parent[up]
        best, most = 0, 0.0
        for at, score in scores.items():
            score *= 1 - min(1.0, float(self.links[at]) / (float(self.mass[at]) or 1))
            if score > most:
                best, most = at, score
        return best

    def by_element(self) -> Any:
        """What is the same for all pieces of an element: a row for each measure, in it a value for each element."""
        steps, below, branch = self._branches()
        depth = self.frame.depths - FAR
        long_total, article_mass = self.frame.long_total, self.mass[self.article] or 1
        pieces, mass = self.pieces[branch], self.mass[branch]
        side = np.select(
            [steps == 0, self.frame.last[branch] < self.frame.first[self.article], self.frame.first[branch] > self.frame.last[self.article]],
            [0.0, -1.0, 1.0], 0.5,
        )  # fmt: skip
        return np.vstack((
            np.minimum(steps, 12), np.minimum(below, 12),
            np.full(self.count, self.long[self.article] / long_total), np.full(self.count, self.links[self.article] / article_mass),
            side, depth - self._usual[2],
            self.long[branch] / long_total, log_chars(mass), self.links[branch] / np.maximum(1, mass), log_pieces(pieces),
            np.where(steps == 0, mass / article_mass, -1.0), self.paragraphs[branch] / np.maximum(1, pieces),
            self.headings[branch] / np.maximum(1, pieces), np.minimum(self.images[branch], 5), self.linked[branch] / np.maximum(1, pieces),
            self._lists(), self._zones(),
            np.where(self.parent >= 0, log_chars(self.mass[self.parent]), -1.0),
        ))  # fmt: skip

    def _branches(self) -> tuple[Any, Any, Any]:
        """How far up the article's element or one around it is from the branch of it each element stands in; how many
        levels below that the element is; the branch."""
        frame = self.frame
        steps = frame.steps_to(self.article)
        below = frame.depths - frame.depths[self.article] + steps
        return steps, below, frame.holder((below == 0) | (below == 1))

    def _lists(self) -> Any:
        """The nearest list or table, up to ten levels up."""
        frame = self.frame
        near = np.full(self.count, -1)
        for at, tag in enumerate(frame.tag):
            if tag in _LISTS:
                near[at : frame.end[at]] = at
        mass = self.mass[near]
        told = np.vstack((
            log_pieces(self.pieces[near]), log_chars(mass), self.links[near] / np.maximum(1, mass), self.long[near] / frame.long_total,
        ))  # fmt: skip
        return np.where((near >= 0) & (frame.depths - frame.depths[near] < 10), told, -1.0)

    def _zones(self) -> Any:
        """The largest element around the piece that holds less than half of the page."""
        frame = self.frame
        large = (self.long * 2 >= frame.long_total) | (self.mass * 2 >= frame.total)
        zone = frame.holder(large[self.parent] | (self.parent < 0))
        steps = frame.depths - frame.depths[zone]
        mass, pieces = self.mass[zone], np.maximum(1, self.pieces[zone])
        return np.vstack((
            steps, log_chars(mass), self.long[zone] / frame.long_total, self.links[zone] / np.maximum(1, mass),
            self.paragraphs[zone] / pieces, np.minimum(self.images[zone], 8), self.linked[zone] / pieces,
        ))  # fmt: skip

    @cached_property
    def _usual(self) -> tuple[Any, Any, int]:
        """Which pieces are in the kind of element most of the article's paragraphs are in; the numbers of such
        paragraphs; how deep in the tree those of the article are."""
        frame = self.frame
        kind_of = frame.kind[frame.owner]
        masses: Counter[int] = Counter()
        depths: Counter[int] = Counter()
        inside = np.flatnonzero(frame.long)
        inside = inside[(inside >= frame.first[self.article]) & (inside <= frame.last[self.article])].tolist()
        for at in inside:
            masses[int(kind_of[at])] += int(frame.long[at])
        usual = max(masses, key=lambda kind: masses[kind], default=-1)
        for at in inside:
            if kind_of[at] == usual:
                depths[frame.depth[frame.owner[at]] - FAR] += int(frame.long[at])
        is_kind = kind_of == usual
        return (
            is_kind,
            np.flatnonzero(is_kind & (frame.long > 0)),
            max(depths, key=lambda depth: depths[depth], default=0),
        )

    def by_piece(self) -> Any:
        """What differs from piece to piece of an element, as `by_element`."""
        is_kind, places, _ = self._usual
        order = np.arange(len(is_kind))
        held = places[(places >= self.frame.first[self.article]) & (places <= self.frame.last[self.article])]
        far = np.full(len(order), _FAR + 1)
        side, first, last = np.full(len(order), 2.0), far, far
        if len(held):
            side = (order < held[0]) * 1.0 - (order > held[-1])
            first, last = np.clip(order - held[0], -_FAR, _FAR), np.clip(order - held[-1], -_FAR, _FAR)
        # How far the last such paragraph before a piece is, and the next one after it.
        ends = np.concatenate(([-_FAR * 1_000_000], places, [_FAR * 1_000_000]))
        before, after = np.searchsorted(places, order, "left"), np.searchsorted(places, order, "right") + 1
        since = np.where(before > 0, np.minimum(_FAR, order - ends[before]), _FAR + 1)
        until = np.where(after <= len(places), np.minimum(_FAR, ends[after] - order), _FAR + 1)
        return np.vstack((is_kind, since, until, side, first, last))
