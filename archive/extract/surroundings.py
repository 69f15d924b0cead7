"""What surrounds a piece, as numbers for the body model: the article's element, the branch of it the piece stands in,
the cards and lists it belongs to, and how far the page's usual paragraphs are.

Order: NAMES, `surroundings`, `_Tree` (the elements above the pieces, with the sums of what is below each).
"""

# ruff: noqa: E501 - tables of measures are read by row

from __future__ import annotations

import re
from collections import Counter
from math import log1p

from lxml import html

from archive.extract.pieces import Piece

_CARD = ("n", "links", "linked", "images", "mass", "long", "pieces")
NAMES: tuple[str, ...] = (
    "article_steps", "article_below", "article_long", "article_links", "article_side", "article_depth",
    *(f"branch_{name}" for name in ("long", "mass", "links", "pieces", "share", "paragraphs", "headings", "images", "linked")),
    *(f"row_{name}" for name in _CARD), *(f"card_{name}" for name in _CARD),
    "list_pieces", "list_mass", "list_links", "list_long",
    "zone_steps", "zone_mass", "zone_long", "zone_links", "zone_paragraphs", "zone_images", "zone_linked", "parent_chars",
    "usual", "usual_before", "usual_after", "usual_side", "usual_first", "usual_last", "symbols",
)  # fmt: skip
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_INNER = frozenset(("p", "li", "td", "blockquote"))  # elements that hold a paragraph, not an article
_LISTS = frozenset(("table", "ul", "ol", "dl"))
_DIGITS = re.compile(r"\d+")
_SYMBOLS = re.compile(r"[|•·→»›>@#{}=<_/\\]")
_NONE = [0.0] * len(_CARD)
_FAR = 20


def surroundings(pieces: list[Piece]) -> list[list[float]]:
    """A row for each piece, in the order of NAMES."""
    return _Tree(pieces).rows() if pieces else []


class _Sums:
    """What stands below an element: characters, those of long text, those of links; pieces by kind; images."""

    __slots__ = ("first", "headings", "images", "last", "linked", "links", "long", "mass", "paragraphs", "pieces")

    def __init__(self) -> None:
        self.mass = self.long = self.links = self.pieces = 0
        self.paragraphs = self.headings = self.linked = self.images = 0
        self.first, self.last = 1 << 30, -1

    def add(self, other: _Sums) -> None:
        self.mass += other.mass
        self.long += other.long
        self.links += other.links
        self.pieces += other.pieces
        self.paragraphs += other.paragraphs
        self.headings += other.headings
        self.linked += other.linked
        self.images += other.images
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)


class _Tree:
    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces
        self.lengths = [len(piece.key) for piece in pieces]
        self.long = [
            size if size > 60 and piece.link_chars * 3 < size else 0
            for piece, size in zip(pieces, self.lengths, strict=True)
        ]
        self.total, self.long_total = sum(self.lengths) or 1, sum(self.long) or 1
        self.number: dict[html.HtmlElement, int] = {}
        self.nodes: list[html.HtmlElement] = []
        self.parent: list[int] = []  # parents have smaller numbers than their children
        self.depth: list[int] = []
        self.sums: list[_Sums] = []
        self.owner = [self._enter(piece.node) for piece in pieces]
        self._sum()
        self.groups = self._groups()
        self.article = self._article()
        self.steps = self._steps()
        self._usual()

    def _enter(self, node: html.HtmlElement) -> int:
        chain = []
        up: html.HtmlElement | None = node
        while up is not None and up not in self.number:
            chain.append(up)
            up = up.getparent()
        above = self.number[up] if up is not None else -1
        for element in reversed(chain):
            self.number[element] = len(self.nodes)
            self.nodes.append(element)
            self.parent.append(above)
            self.depth.append(self.depth[above] + 1 if above >= 0 else 0)
            self.sums.append(_Sums())
            above = len(self.nodes) - 1
        return above

    def _sum(self) -> None:
        for at, (piece, owner) in enumerate(zip(self.pieces, self.owner, strict=True)):
            own = self.sums[owner]
            own.mass += self.lengths[at]
            own.long += self.long[at]
            own.links += piece.link_chars
            own.pieces += 1
            own.paragraphs += self.long[at] > 0
            own.headings += piece.node.tag in _HEADINGS
            own.linked += piece.link_chars > 0
            own.first, own.last = min(own.first, at), at
        for image in self.nodes[0].iter("img", "picture"):
            up = image.getparent()
            while up is not None and up not in self.number:
                up = up.getparent()
            if up is not None:
                self.sums[self.number[up]].images += 1
        for at in range(len(self.nodes) - 1, 0, -1):
            self.sums[self.parent[at]].add(self.sums[at])

    def _groups(self) -> dict[int, list[float]]:
        """For each element with siblings of its own kind (same tag, same first class): what these are like."""
        kinds: dict[tuple[int, str, str], list[int]] = {}
        for at in range(1, len(self.nodes)):
            node = self.nodes[at]
            first, *_ = (node.get("class") or "").split() or ("",)
            kinds.setdefault((self.parent[at], str(node.tag), _DIGITS.sub("", first)), []).append(at)
        found: dict[int, list[float]] = {}
        for alike in kinds.values():
            if len(alike) > 1:
                found.update(dict.fromkeys(alike, self._likeness(alike)))
        return found

    def _likeness(self, alike: list[int]) -> list[float]:
        sums = [self.sums[at] for at in alike]
        count = len(sums)
        mass = sum(one.mass for one in sums) or 1
        return [
            min(count, 50), sum(one.links for one in sums) / mass, sum(one.linked > 0 for one in sums) / count,
            sum(one.images > 0 for one in sums) / count, log1p(mass / count), sum(one.long for one in sums) / self.long_total,
            min(_FAR, sum(one.pieces for one in sums) / count),
        ]  # fmt: skip

    def _article(self) -> int:
        """The element whose own paragraphs weigh most: each gives its weight up, halved at every level."""
        scores: dict[int, float] = {}
        for owner, long in zip(self.owner, self.long, strict=True):
            if not long:
                continue
            up = self.parent[owner] if self.nodes[owner].tag in _INNER else owner
            for share in (1.0, 0.5, 0.25):
                if up < 0:
                    break
                scores[up] = scores.get(up, 0.0) + share * long
                up = self.parent[up]
        best, most = 0, 0.0
        for at, score in scores.items():
            score *= 1 - min(1.0, self.sums[at].links / (self.sums[at].mass or 1))
            if score > most:
                best, most = at, score
        return best

    def _steps(self) -> dict[int, int]:
        """The article's element and those above it, with how many levels up each is."""
        found: dict[int, int] = {}
        up = self.article
        while up >= 0:
            found[up] = len(found)
            up = self.parent[up]
        return found

    def _usual(self) -> None:
        """The kind of element most of the article's paragraphs are, and where these stand."""
        inside = range(self.sums[self.article].first, self.sums[self.article].last + 1)
        kinds = [(piece.node.tag, piece.node.get("class")) for piece in self.pieces]
        masses: Counter[tuple[object, str | None]] = Counter()
        depths: Counter[int] = Counter()
        for at in inside:
            if self.long[at]:
                masses[kinds[at]] += self.long[at]
        usual = max(masses, key=lambda kind: masses[kind], default=None)
        self.is_kind = [kind == usual for kind in kinds]
        places = [at for at, alike in enumerate(self.is_kind) if alike and self.long[at]]
        held = [at for at in places if at in inside]
        for at in held:
            depths[self.depth[self.owner[at]]] += self.long[at]
        self.usual_depth = max(depths, key=lambda depth: depths[depth], default=0)
        self.usual_ends = (held[0], held[-1]) if held else None
        order = range(len(self.pieces))
        self.since = _distances(order, set(places))
        self.until = _distances(order[::-1], set(places))[::-1]

    def rows(self) -> list[list[float]]:
        parts: dict[int, list[float]] = {}
        found = []
        for at, owner in enumerate(self.owner):
            part = parts.get(owner)
            if part is None:
                part = parts[owner] = self._part(owner)
            found.append(part + self._place(at))
        return found

    def _place(self, at: int) -> list[float]:
        if self.usual_ends is None:
            side, first, last = 2.0, _FAR + 1, _FAR + 1
        else:
            side = float(at < self.usual_ends[0]) - float(at > self.usual_ends[1])
            first, last = (max(-_FAR, min(_FAR, at - end)) for end in self.usual_ends)
        head = self.pieces[at].text[:300]
        symbols = len(_SYMBOLS.findall(head)) / max(1, len(head))
        return [float(self.is_kind[at]), self.since[at], self.until[at], side, first, last, symbols]

    def _part(self, owner: int) -> list[float]:
        """What is the same for all pieces of an element."""
        up, branch, below = owner, owner, 0
        while up >= 0 and up not in self.steps:
            up, branch, below = self.parent[up], up, below + 1
        steps = self.steps.get(up, 12)
        article, own = self.sums[self.article], self.sums[branch]
        side = 0.0 if steps == 0 else -1.0 if own.last < article.first else 1.0 if own.first > article.last else 0.5
        parent = self.parent[owner]
        return [
            min(steps, 12), min(below, 12), article.long / self.long_total, article.links / (article.mass or 1), side,
            self.depth[owner] - self.usual_depth,
            own.long / self.long_total, log1p(own.mass), own.links / (own.mass or 1), log1p(own.pieces),
            own.mass / (article.mass or 1) if steps == 0 else -1.0, own.paragraphs / (own.pieces or 1),
            own.headings / (own.pieces or 1), min(own.images, 5), own.linked / (own.pieces or 1),
            *self._cards(owner), *self._list(owner), *self._zone(owner), log1p(self.sums[parent].mass) if parent >= 0 else -1.0,
        ]  # fmt: skip

    def _cards(self, owner: int) -> list[float]:
        """The first group of likes above the piece, and the first whose members hold several pieces each."""
        row: list[float] | None = None
        up = owner
        for _ in range(8):
            group = self.groups.get(up)
            if group is not None:
                row = row or group
                if group[-1] > 1.2:
                    return row + group
            up = self.parent[up]
            if up < 0:
                break
        return (row or _NONE) + _NONE

    def _list(self, owner: int) -> list[float]:
        up = owner
        for _ in range(10):
            if self.nodes[up].tag in _LISTS:
                own = self.sums[up]
                return [log1p(own.pieces), log1p(own.mass), own.links / (own.mass or 1), own.long / self.long_total]
            up = self.parent[up]
            if up < 0:
                break
        return [-1.0, -1.0, -1.0, -1.0]

    def _zone(self, owner: int) -> list[float]:
        """The largest element around the piece that holds less than half of the page."""
        up, steps = owner, 0
        while (above := self.parent[up]) >= 0:
            sums = self.sums[above]
            if sums.long * 2 >= self.long_total or sums.mass * 2 >= self.total:
                break
            up, steps = above, steps + 1
        own = self.sums[up]
        count = own.pieces or 1
        return [
            steps, log1p(own.mass), own.long / self.long_total, own.links / (own.mass or 1), own.paragraphs / count,
            min(own.images, 8), own.linked / count,
        ]  # fmt: skip


def _distances(order: range, places: set[int]) -> list[int]:
    """How far, walking in `order`, the last of `places` before each step is."""
    found = []
    steps = _FAR + 1
    for at in order:
        found.append(steps)
        steps = 1 if at in places else min(_FAR, steps + 1) if steps <= _FAR else steps
    return found
