"""What can be measured of a piece of a page, as numbers: the input of the body model.

Order: the words looked for, `measure`, `_Sheet` (what several measures share, each computed once), `_COLUMNS`: one
line a measure, computed for all pieces at once, and only where the model asks for it.

Everything here is a cause a reader could name: how long, how many links, inside which element, named how, how far
from the headline, what the neighbours are like, whether the page repeats it. No site, no language word decides alone.
"""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from lxml import html

from archive.extract.body import surroundings
from archive.extract.body.frame import AROUND, BAD, FAR, Frame, log_chars, log_pieces
from archive.extract.metadata.titles import norm, same_words
from archive.extract.pieces import Piece

_NEWS_WORDS = (
    "newsletter", "sign up", "subscribe", "abonnier", "abonnez", "suscrí", "iscriviti", "assine", "подпи", "inbox", "订阅", "登録", "구독",
    "free trial", "login", "log in", "register", "already a", "download our app", "download the app", "whatsapp", "telegram channel", "google news",
)  # fmt: skip
_LEGAL_WORDS = (
    "©", "(c)", "copyright", "all rights reserved", "alle rechte", "tous droits", "todos los derechos", "diritti riservati", "terms of", "privacy",
    "cookie", "版权", "版權", "無断", "転載", "무단", "affiliate", "commission", "disclaimer", "disclosure",
)  # fmt: skip
_ENDS = frozenset(".!?。！？…»”\"'’)")
# Signs that are counted: each character stands for one kind at most.
_SIGNS = {
    "stop": ".!?。！？",
    "comma": ",，",
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "".join(filter(str.isupper, map(chr, range(0xC0, 0x530)))),
    "symbol": "|•·→»›>@#{}=<_/\\",
}
_KIND_OF = np.zeros(0x10000, dtype=np.uint8)  # of each code point: the number of its kind, from 1
for _number, _chars in enumerate(_SIGNS.values(), 1):
    _KIND_OF[list(map(ord, _chars))] = _number
_HEAD_CHARS = 160
_COUNTED_CHARS = 1000


def measure(
    pieces: list[Piece],
    headline: str | None,
    headline_node: html.HtmlElement | None,
    description: str | None,
    news: bool,
    wanted: Sequence[int],
    asked: frozenset[int] | None = None,
) -> tuple[Any, Any]:
    """A float32 array: a row for each of the `wanted` pieces, a column for each of NAMES; the number of the kind of
    element of each of them.

    Columns whose number is not `asked` for (None asks for all) stay zero.
    """
    table = np.zeros((len(NAMES), len(wanted)), dtype=np.float32)
    likes = np.zeros(0, dtype=np.intp)
    if len(wanted):
        sheet = _Sheet(pieces, headline, headline_node, description, news, wanted)
        for at, column in enumerate(_COLUMNS.values()):
            if asked is None or at in asked:
                table[at] = column(sheet)
        table[len(_COLUMNS) :] = surroundings.surroundings(sheet.frame, sheet.at)
        likes = sheet.frame.likes[sheet.at]
    return table.T, likes


def hopeless(pieces: list[Piece]) -> set[int]:
    """Pieces that need no model: links with nothing but links before and after them."""
    linked = [True, *(piece.link_density >= 0.9 and len(piece.key) < 160 for piece in pieces), True]
    return {at for at in range(len(pieces)) if linked[at] and linked[at + 1] and linked[at + 2]}


class _Sheet:
    """What the measures of one page share. Arrays are by piece; those in `wanted` order say so with `mine`."""

    def __init__(
        self,
        pieces: list[Piece],
        headline: str | None,
        headline_node: html.HtmlElement | None,
        description: str | None,
        news: bool,
        wanted: Sequence[int],
    ) -> None:
        self.pieces = pieces
        self.count = len(pieces)
        self.at = np.asarray(wanted, dtype=np.intp)
        self.mine = [pieces[at] for at in wanted]
        self.texts = [piece.text for piece in self.mine]
        self.keys = [piece.key for piece in self.mine]
        self.frame = Frame(pieces)
        self.owner = self.frame.owner
        self.mine_owner = self.owner[self.at]
        self.lengths, self.link_chars, self.long = self.frame.lengths, self.frame.link_chars, self.frame.long
        self.total, self.long_total = self.frame.total, self.frame.long_total
        self.size = np.maximum(self.lengths[self.at], 1)
        self.before = np.cumsum(self.long) - self.long
        self.headline, self.spoken = norm(headline or ""), (headline or "").lower()
        self.description = "".join((description or "").split())[:400]
        self.news = float(news)
        self.head = self._head_index(headline_node)
        self.last_long = int(np.flatnonzero(self.long)[-1]) if self.long.any() else 0
        # One more element, for "there is none": nothing in it.
        self.mass, self.long_mass, self.links, self.held = (
            np.append(held, 0.0)
            for held in (self.frame.mass, self.frame.long_mass, self.frame.links, self.frame.pieces)
        )

    def _head_index(self, node: html.HtmlElement | None) -> int:
        if node is not None:
            for at, piece in enumerate(self.pieces):
                if piece.node is node or piece.node.getparent() is node:
                    return at
        if self.headline:
            for at, piece in enumerate(self.pieces):
                if same_words(piece.text, self.headline):
                    return at
        return -1

    # -- of the text

    @cached_property
    def words(self) -> Any:
        # Between the words of a piece stand single spaces, and its key is without them.
        return np.array([len(text) - len(key) + 1 for text, key in zip(self.texts, self.keys, strict=True)])

    def counted(self, kind: str) -> Any:
        """How often the beginning of each piece has a sign of a kind of _SIGNS."""
        return self._counted[list(_SIGNS).index(kind)]

    @cached_property
    def begun(self) -> Any:
        """How many characters of each piece are looked through for signs."""
        return np.array([min(len(text), _COUNTED_CHARS) for text in self.texts])

    @cached_property
    def _counted(self) -> Any:
        signs = np.frombuffer(
            "".join(text[:_COUNTED_CHARS] for text in self.texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32
        )
        kinds = _KIND_OF[np.minimum(signs, len(_KIND_OF) - 1)]
        ends = np.cumsum(self.begun)
        found = []
        for number in range(1, len(_SIGNS) + 1):
            before = np.searchsorted(np.flatnonzero(kinds == number), np.concatenate(([0], ends)))
            found.append(np.diff(before))
        return found

    def has(self, words: tuple[str, ...]) -> list[bool]:
        """Whether the beginning of each piece has one of `words` in it."""
        joined, starts = self._joined
        found = [False] * len(self.lower)
        for word in words:
            at = joined.find(word)
            while at >= 0:
                which = bisect_right(starts, at) - 1
                found[which] = True
                at = joined.find(word, starts[which + 1])
        return found

    @cached_property
    def lower(self) -> list[str]:
        return [text[:_HEAD_CHARS].lower() for text in self.texts]

    @cached_property
    def _joined(self) -> tuple[str, list[int]]:
        """The beginnings of all pieces in lower case as one string, and where in it each starts, and it ends."""
        return "\0".join(self.lower), list(accumulate((len(low) + 1 for low in self.lower), initial=0))

    @cached_property
    def copies(self) -> Counter[str]:
        return Counter(piece.key for piece in self.pieces)

    def overlap(self) -> list[float]:
        """The words the beginning of each piece shares with the headline, of the words either has."""
        theirs = set(self.spoken.split())
        if not theirs:
            return [0.0] * len(self.mine)
        found = []
        for low in self.lower:
            words = set(low.split())
            shared = len(words & theirs)
            found.append(shared / (len(words) + len(theirs) - shared))
        return found

    # -- of the elements around

    @cached_property
    def tags(self) -> list[str]:
        return [self.frame.tag[at] for at in self.mine_owner.tolist()]

    @cached_property
    def depth(self) -> Any:
        return self.frame.depths[self.mine_owner]

    @cached_property
    def said(self) -> Any:
        """A row for each of `Frame.said`."""
        asked = np.zeros(self.count)
        asked[self.at] = 1
        return self.frame.said(asked)[:, self.mine_owner]

    @cached_property
    def bad(self) -> Any:
        """Levels up to the next element named like each of BAD."""
        return np.minimum(self.depth - self.said[len(AROUND) : -2], FAR)

    @cached_property
    def main(self) -> int:
        """The lowest element that holds most of the long text: readability's idea, by descent from the root."""
        children: dict[int, list[int]] = {}
        for child, parent in enumerate(self.frame.parent):
            children.setdefault(parent, []).append(child)
        node = 0
        while True:
            best = max(children.get(node, ()), key=self.long_mass.__getitem__, default=None)
            most = self.long_mass[best] if best is not None else 0.0
            if best is None or most < 0.7 * self.long_mass[node] or most < 150:
                return node
            node = best

    @cached_property
    def main_steps(self) -> Any:
        """How many steps up from the main element until the piece is inside; 0 when it is inside it."""
        return np.minimum(self.frame.steps_to(self.main), FAR)[self.mine_owner]

    def above(self, levels: int) -> Any:
        """The number of the element so many levels above each piece's own; the last number where there is none."""
        return self._above[levels][self.mine_owner]

    @cached_property
    def _above(self) -> list[Any]:
        parents = np.append(self.frame.parents, -1)
        levels = [np.arange(len(parents))]
        for _ in range(3):
            levels.append(parents[levels[-1]])
        return levels

    def of_likes(self, weights: Any) -> Any:
        """Sums over the like pieces of each."""
        likes = self.frame.likes
        return np.bincount(likes, weights=weights)[likes[self.at]]

    # -- of the neighbours

    def beside(self, values: Any, step: int, edge: float = -1.0) -> Any:
        """The value of the piece `step` away; `edge` beyond the first and the last."""
        other = self.at + step
        inside = (other >= 0) & (other < self.count)
        return np.where(inside, values[np.clip(other, 0, self.count - 1)], edge)

    def same(self, step: int) -> Any:
        """1 where the neighbour is in a like element."""
        likes = self.frame.likes
        beside = self.beside(likes, step)
        return np.where(beside < 0, -1.0, beside == likes[self.at])

    def near(self, values: Any) -> Any:
        """Sums over the piece and four on each side."""
        running = np.concatenate(([0.0], np.cumsum(values)))
        return running[np.minimum(self.at + 5, self.count)] - running[np.maximum(self.at - 4, 0)]

    # -- of the way through the page

    def since_head(self, found: Any, none: float) -> Any:
        return found if self.head >= 0 else np.full(len(self.mine), none)


def _flag(at: int) -> Callable[[_Sheet], Any]:
    return lambda s: s.said[at]


def _level(at: int) -> Callable[[_Sheet], Any]:
    return lambda s: s.bad[at]


def _tag(tag: str) -> Callable[[_Sheet], Any]:
    return lambda s: [mine == tag for mine in s.tags]


_COLUMNS: dict[str, Callable[[_Sheet], Any]] = {
    "chars": lambda s: np.log1p(s.size),
    "words": lambda s: np.log1p(s.words),
    "link_density": lambda s: np.minimum(1.0, s.link_chars[s.at] / s.size),
    "stops": lambda s: s.counted("stop"),
    "commas": lambda s: s.counted("comma"),
    "ends": lambda s: [text[-1:] in _ENDS for text in s.texts],
    "upper_share": lambda s: s.counted("upper") / s.begun,
    "symbols": lambda s: s.counted("symbol") / s.begun,
    **{f"is_{tag}": _tag(tag) for tag in ("p", "div", "pre")},
    **{f"in_{tag}": _flag(at) for at, tag in enumerate(AROUND)},
    "depth": lambda s: s.depth - FAR,
    "good_level": lambda s: np.minimum(s.depth - s.said[-2], FAR),
    "good_count": lambda s: s.said[-1],
    **{f"bad_{name}": _level(at) for at, (name, _) in enumerate(BAD)},
    "bad_any": lambda s: s.bad.min(axis=0),
    "w_news": lambda s: s.has(_NEWS_WORDS),
    "w_legal": lambda s: s.has(_LEGAL_WORDS),
    "order": lambda s: s.at / s.count,
    "mass_before": lambda s: s.before[s.at] / s.long_total,
    "mass_after": lambda s: 1 - (s.before[s.at] + s.long[s.at]) / s.long_total,
    "head_distance": lambda s: s.since_head(np.clip(s.at - s.head, -30, 60), -40),
    "head_chars": lambda s: s.since_head(log_chars(np.maximum(0, s.before[s.at] - s.before[s.head])), -1),
    "after_head": lambda s: s.since_head(s.at > s.head, 0.5),
    "tail_distance": lambda s: np.clip(s.at - s.last_long, -30, 30),
    "main_steps": lambda s: s.main_steps,
    "inside_main": lambda s: s.main_steps == 0,
    "main_share": lambda s: s.long_mass[s.main] / s.long_total,
    "parent_mass": lambda s: s.long_mass[s.above(1)] / s.long_total,
    "parent_pieces": lambda s: log_pieces(s.held[s.above(1)]),
    "parent_links": lambda s: s.links[s.above(1)] / np.maximum(1, s.mass[s.above(1)]),
    "grand_mass": lambda s: s.long_mass[s.above(2)] / s.long_total,
    "grand_links": lambda s: s.links[s.above(2)] / np.maximum(1, s.mass[s.above(2)]),
    "great_mass": lambda s: s.long_mass[s.above(3)] / s.long_total,
    "sig_mass": lambda s: s.of_likes(s.long) / s.long_total,
    "sig_count": lambda s: log_pieces(s.of_likes(np.ones(s.count))),
    "sig_links": lambda s: s.of_likes(s.link_chars) / np.maximum(1, s.of_likes(s.lengths)),
    "path_mass": lambda s: s.long_mass[s.mine_owner] / s.long_total,
    "prev_same": lambda s: s.same(-1),
    "next_same": lambda s: s.same(1),
    "near_mass": lambda s: log_chars(s.near(s.long)),
    "near_links": lambda s: s.near(s.link_chars) / np.maximum(1, s.near(s.lengths)),
    "repeats": lambda s: [min(s.copies[key], 5) for key in s.keys],
    "in_headline": lambda s: s.overlap(),
    "in_description": lambda s: [len(key) > 20 and key[:60] in s.description for key in s.keys],
    "is_description": lambda s: (
        [s.description[:60] in key for key in s.keys] if len(s.description) > 30 else [False] * len(s.keys)
    ),
    "page_chars": lambda s: log_chars(s.total),
    "page_pieces": lambda s: log_pieces(s.count),
    "page_long": lambda s: log_chars(s.long_total),
    "page_link_share": lambda s: s.link_chars.sum() / s.total,
    "page_news": lambda s: s.news,
}  # fmt: skip
NAMES: tuple[str, ...] = (*_COLUMNS, *surroundings.NAMES)
