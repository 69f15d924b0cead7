"""What can be measured of a piece of a page, as numbers: the input of the body model.

Order: the words looked for, `measure`, `_Sheet` (what several measures share, each computed once), `_COLUMNS`: one
line a measure, computed for all pieces at once, and only where the model asks for it.

Everything here is a cause a reader could name: how long, how many links, inside which element, named how, how far
from the headline, what the neighbours are like, whether the page repeats it. No site, no language word decides alone.
"""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from operator import add
from typing import Any

import numpy as np
from lxml import html

from archive.extract import surroundings
from archive.extract.frame import AROUND, BAD, FAR, Frame
from archive.extract.pieces import Piece
from archive.extract.titles import norm, same_words, words_of

_TAGS = (
    "p",
    "div",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "td",
    "blockquote",
    "figcaption",
    "dd",
    "pre",
    "section",
    "article",
    "button",
    "header",
)
# Matched with the beginnings in lower case.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("w_more", re.compile(r"^(?:read (?:more|also|next|the full)|more (?:on|from|about|stories)|also read|see also|related|recommended|lesen sie|mehr (?:zum|lesen|dazu)|siehe auch|"
                          r"weiterlesen|lire aussi|à lire|lee también|leer más|ver también|leggi anche|leia (?:também|mais)|lees ook|читайте также|czytaj (?:też|także)|延伸閱讀|相关阅读|相关新闻|相關新聞|関連記事|おすすめ|관련기사|"
                          r"you may also|don.t miss|watch:?|listen:?|click here|up next|trending|most (?:read|popular)|top stories|latest|editor.s)")),
    ("w_photo", re.compile(r"^(?:photo|image|picture|foto|bild|fotografía|crédit|credit|file photo|illustration|图|圖|写真|사진|source)\b\s*[:/]?|getty|shutterstock|\bistock|imago|\(ap photo|/afp|/reuters|/dpa|unsplash|courtesy")),
    ("w_by", re.compile(r"^(?:by|von|par|por|di|de|text|written by|author|autor|作者|記者|记者|文|来源|來源|编辑|編輯|责任编辑|責任編輯|責編|责编|기자)\b\s*[:：]?|기자\s*$")),
    ("w_share", re.compile(r"^(?:share|teilen|partager|compartir|condividi|tweet|print|drucken|email|e-mail|save|comments?|kommentare|comentarios|facebook|twitter|copy link|follow us|分享|打印|advertisement|anzeige|werbung|publicité|publicidad|ad|sponsored)\b")),
    ("w_date", re.compile(r"\b(?:19|20)\d{2}\b|\d{1,2}:\d{2}")),
    ("w_update", re.compile(r"^(?:updated?|published|posted|last (?:updated|modified)|aktualisiert|veröffentlicht|stand|publié|mis à jour|publicado|actualizado|发布|更新|入力|등록|\d+ min)")),
    ("w_author", re.compile(r"\b(?:is a|ist|est) (?:\w+ ){0,4}(?:reporter|editor|journalist|writer|correspondent|redakteur|journaliste|author|founder|contributor)|follow (?:him|her|them)|more from|about the author|über den autor")),
)  # fmt: skip
_NEWS_WORDS = (
    "newsletter", "sign up", "subscribe", "abonnier", "abonnez", "suscrí", "iscriviti", "assine", "подпи", "inbox", "订阅", "登録", "구독",
    "free trial", "login", "log in", "register", "already a", "download our app", "download the app", "whatsapp", "telegram channel", "google news",
)  # fmt: skip
_LEGAL_WORDS = (
    "©", "(c)", "copyright", "all rights reserved", "alle rechte", "tous droits", "todos los derechos", "diritti riservati", "terms of", "privacy",
    "cookie", "版权", "版權", "無断", "転載", "무단", "affiliate", "commission", "disclaimer", "disclosure",
)  # fmt: skip
_PHOTO_WORDS = (
    "getty",
    "shutterstock",
    "istock",
    "imago",
    "(ap photo",
    "/afp",
    "/reuters",
    "/dpa",
    "unsplash",
    "courtesy",
)
_AUTHOR_WORDS = (" a ", "ist", "est", "follow", "more from", "author", "autor")


_ENDS = frozenset(".!?。！？…»”\"'’)")
_UPPER = re.compile("[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĠĢĪĮİĶĹĻŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽΑ-ΩА-ЯЁІЇЄҐ]")
_DIGIT = re.compile(r"\d")
_WIDE = re.compile("[\u3040-\u9fff\uac00-\ud7af]")
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_HEAD_CHARS = 160
_COUNTED_CHARS = 2000


def measure(
    pieces: list[Piece],
    headline: str | None,
    headline_node: html.HtmlElement | None,
    description: str | None,
    ld_body: str,
    news: bool,
    wanted: Sequence[int],
    asked: frozenset[int] | None = None,
) -> Any:
    """A float32 array: a row for each of the `wanted` pieces, a column for each of NAMES.

    Columns whose number is not `asked` for (None asks for all) stay zero.
    """
    table = np.zeros((len(NAMES), len(wanted)), dtype=np.float32)
    if len(wanted):
        sheet = _Sheet(pieces, headline, headline_node, description, ld_body, news, wanted)
        for at, column in enumerate(_COLUMNS.values()):
            if asked is None or at in asked:
                table[at] = column(sheet)
        table[len(_COLUMNS) :] = surroundings.surroundings(pieces, sheet.frame, sheet.at)
    return table.T


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
        ld_body: str,
        news: bool,
        wanted: Sequence[int],
    ) -> None:
        self.pieces = pieces
        self.count = len(pieces)
        self.at = np.asarray(wanted, dtype=np.intp)
        self.mine = [pieces[at] for at in wanted]
        self.texts = [piece.text for piece in self.mine]
        self.heads = [text[:_HEAD_CHARS] for text in self.texts]
        self.keys = [piece.key for piece in self.mine]
        self.frame = Frame(pieces)
        self.owner = self.frame.owner
        self.mine_owner = self.owner[self.at]
        self.lengths, self.link_chars, self.long = self.frame.lengths, self.frame.link_chars, self.frame.long
        self.total, self.long_total = self.frame.total, self.frame.long_total
        self.size = np.maximum(self.lengths[self.at], 1)
        self.before = np.cumsum(self.long) - self.long
        self.headline = norm(headline or "")
        self.description = "".join((description or "").split())[:400]
        self.ld_body = "".join(ld_body.split())
        self.news = float(news)
        self.head = self._head_index(headline_node)
        self.last_long = int(np.flatnonzero(self.long)[-1]) if self.long.any() else 0
        # One more element, for "there is none": nothing in it.
        self.mass, self.long_mass, self.links, self.held = (
            np.append(self.frame.held(values), 0.0)
            for values in (self.lengths, self.long, self.link_chars, np.ones(self.count))
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
        return np.array([len(text.split()) for text in self.texts], dtype=np.float64)

    @cached_property
    def digits(self) -> list[int]:
        return [len(_DIGIT.findall(head)) for head in self.heads]

    def says(self, name: str) -> list[bool]:
        """Whether the beginning of each piece matches one of _PATTERNS."""
        pattern = _PATTERN_OF[name]
        return [pattern.match(low) is not None for low in self.lower]

    def has(self, words: tuple[str, ...]) -> list[bool]:
        """Whether the beginning of each piece has one of `words` in it."""
        joined, starts = self._joined
        found = [False] * len(self.heads)
        for word in words:
            at = joined.find(word)
            while at >= 0:
                which = bisect_right(starts, at) - 1
                found[which] = True
                at = joined.find(word, starts[which + 1])
        return found

    @cached_property
    def lower(self) -> list[str]:
        return [head.lower() for head in self.heads]

    @cached_property
    def _joined(self) -> tuple[str, list[int]]:
        """The beginnings of all pieces in lower case as one string, and where in it each starts, and it ends."""
        return "\0".join(self.lower), list(accumulate((len(low) + 1 for low in self.lower), initial=0))

    def counted(self, signs: str, wide_signs: str) -> list[int]:
        """How often each piece has one of the signs; the wide ones are not looked for in ASCII."""
        heads = [text[:_COUNTED_CHARS] for text in self.texts]
        totals = [0] * len(heads)
        for sign in signs:
            totals = list(map(add, totals, [head.count(sign) for head in heads]))
        for at, head in enumerate(heads):
            if not head.isascii():
                totals[at] += sum(map(head.count, wide_signs))
        return totals

    @cached_property
    def copies(self) -> Counter[str]:
        return Counter(piece.key for piece in self.pieces)

    def overlap(self) -> list[float]:
        """The words each short piece shares with the headline, of the words either has."""
        if not self.headline:
            return [0.0] * len(self.mine)
        theirs = set(self.headline.split())
        found = []
        for text, key in zip(self.texts, self.keys, strict=True):
            words = set(words_of(text)) if len(key) < 300 else set()
            shared = len(words & theirs)
            found.append(shared / (len(words) + len(theirs) - shared))
        return found

    # -- of the elements around

    def tags(self, tag: str) -> Any:
        return self._tags == tag

    @cached_property
    def _tags(self) -> Any:
        return np.array([self.frame.tag[at] for at in self.mine_owner.tolist()])

    @cached_property
    def depth(self) -> Any:
        return np.array(self.frame.depth)[self.mine_owner]

    @cached_property
    def said(self) -> Any:
        """A column for each entry of `Frame.said_of`."""
        rows = np.frombuffer(b"".join(self.frame.said_of(self.mine_owner.tolist())), dtype=np.uint8)
        return rows.reshape(-1, len(AROUND) + len(BAD) + 2).T.astype(np.int64)

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
        steps = [FAR] * len(self.frame.parent)
        up, far = self.main, 0
        chain: dict[int, int] = {}
        while up >= 0:
            chain[up] = far
            up, far = self.frame.parent[up], far + 1
        for at, parent in enumerate(self.frame.parent):
            steps[at] = min(FAR, chain[at]) if at in chain else steps[parent] if parent >= 0 else FAR
        return np.array(steps)[self.mine_owner]

    def above(self, levels: int) -> Any:
        """The number of the element so many levels above each piece's own; the last number where there is none."""
        return self._above[levels][self.mine_owner]

    @cached_property
    def _above(self) -> list[Any]:
        parents = np.array([*self.frame.parent, -1])
        levels = [np.arange(len(parents))]
        for _ in range(3):
            levels.append(parents[levels[-1]])
        return levels

    @cached_property
    def likes(self) -> Any:
        """A number for each piece: the same for pieces in like elements, by tag and class, of like parents."""
        frame = self.frame
        known: dict[tuple[str, str, str, str], int] = {}
        found: dict[int, int] = {}
        owner = self.owner.tolist()
        for at in owner:
            if at not in found:
                up = frame.parent[at]
                above = (frame.tag[up], frame.classes[up] or "") if up >= 0 else ("", "")
                found[at] = known.setdefault((frame.tag[at], frame.classes[at] or "", *above), len(known))
        return np.array([found[at] for at in owner])

    def of_likes(self, weights: Any) -> Any:
        """Sums over the like pieces of each."""
        return np.bincount(self.likes, weights=weights)[self.likes[self.at]]

    # -- of the neighbours

    def beside(self, values: Any, step: int, edge: float = -1.0) -> Any:
        """The value of the piece `step` away; `edge` beyond the first and the last."""
        other = self.at + step
        inside = (other >= 0) & (other < self.count)
        return np.where(inside, values[np.clip(other, 0, self.count - 1)], edge)

    def same(self, step: int) -> Any:
        """1 where the neighbour is in a like element."""
        return np.where(
            self.beside(self.likes, step, -1) < 0, -1.0, self.beside(self.likes, step, -1) == self.likes[self.at]
        )

    @cached_property
    def log_lengths(self) -> Any:
        return np.log1p(self.lengths)

    @cached_property
    def densities(self) -> Any:
        return np.minimum(1.0, self.link_chars / np.maximum(1, self.lengths))

    @cached_property
    def headings(self) -> Any:
        tags = self.frame.tag
        return np.array([tags[at] in _HEADINGS for at in self.owner.tolist()], dtype=np.float64)

    def near(self, values: Any) -> Any:
        """Sums over the piece and four on each side."""
        running = np.concatenate(([0.0], np.cumsum(values)))
        return running[np.minimum(self.at + 5, self.count)] - running[np.maximum(self.at - 4, 0)]

    # -- of the way through the page

    def since_head(self, found: Any, none: float) -> Any:
        return found if self.head >= 0 else np.full(len(self.mine), none)

    @cached_property
    def is_wide(self) -> bool:
        text = "".join(piece.key[:200] for piece in self.pieces[:60])
        return len(_WIDE.findall(text)) * 3 > len(text)


def _flag(at: int) -> Callable[[_Sheet], Any]:
    return lambda s: s.said[at]


def _level(at: int) -> Callable[[_Sheet], Any]:
    return lambda s: s.bad[at]


def _tag(tag: str) -> Callable[[_Sheet], Any]:
    return lambda s: s.tags(tag)


def _first(signs: str) -> Callable[[_Sheet], Any]:
    return lambda s: [text[:1] in signs for text in s.texts]


def _last(signs: str) -> Callable[[_Sheet], Any]:
    return lambda s: [text[-1:] in signs for text in s.texts]


_PATTERN_OF = dict(_PATTERNS)
_COLUMNS: dict[str, Callable[[_Sheet], Any]] = {
    "chars": lambda s: np.log1p(s.size),
    "words": lambda s: np.log1p(s.words),
    "link_density": lambda s: np.minimum(1.0, s.link_chars[s.at] / s.size),
    "stops": lambda s: s.counted(".!?", "。！？"),
    "commas": lambda s: s.counted(",", "，"),
    "ends": lambda s: [text[-1:] in _ENDS for text in s.texts],
    "starts_upper": lambda s: [text[:1].isupper() for text in s.texts],
    "upper_share": lambda s: [len(_UPPER.findall(head)) / len(head) for head in s.heads],
    "digit_share": lambda s: [digits / len(head) for digits, head in zip(s.digits, s.heads, strict=True)],
    "word_length": lambda s: s.size / np.maximum(1, s.words),
    "lines": lambda s: [min(text.count("\n"), 10) for text in s.texts],
    **{f"is_{tag}": _tag(tag) for tag in _TAGS},
    **{f"in_{tag}": _flag(at) for at, tag in enumerate(AROUND)},
    "depth": lambda s: s.depth - FAR,
    "good_level": lambda s: np.minimum(s.depth - s.said[-2], FAR),
    "good_count": lambda s: s.said[-1],
    **{f"bad_{name}": _level(at) for at, (name, _) in enumerate(BAD)},
    "bad_any": lambda s: s.bad.min(axis=0),
    "w_more": lambda s: s.says("w_more"),
    "w_news": lambda s: s.has(_NEWS_WORDS),
    "w_legal": lambda s: s.has(_LEGAL_WORDS),
    "w_photo": lambda s: np.logical_or(s.has(_PHOTO_WORDS), s.says("w_photo")),
    "w_by": lambda s: [
        bool(_PATTERN_OF["w_by"].match(low) or ("기자" in low and _PATTERN_OF["w_by"].search(low))) for low in s.lower
    ],
    "w_share": lambda s: s.says("w_share"),
    "w_date": lambda s: [
        digits >= 3 and _PATTERN_OF["w_date"].search(low) is not None
        for digits, low in zip(s.digits, s.lower, strict=True)
    ],
    "w_update": lambda s: s.says("w_update"),
    "w_author": lambda s: [
        known and _PATTERN_OF["w_author"].search(low) is not None
        for known, low in zip(s.has(_AUTHOR_WORDS), s.lower, strict=True)
    ],
    "colon": _last(":："),
    "quote_start": _first("\"“„«'‘「『"),
    "bullet": _first("-–•*▪●■►→>"),
    "question": _last("?？"),
    "order": lambda s: s.at / s.count,
    "mass_before": lambda s: s.before[s.at] / s.long_total,
    "mass_after": lambda s: 1 - (s.before[s.at] + s.long[s.at]) / s.long_total,
    "head_distance": lambda s: s.since_head(np.clip(s.at - s.head, -30, 60), -40),
    "head_chars": lambda s: s.since_head(np.log1p(np.maximum(0, s.before[s.at] - s.before[s.head])), -1),
    "after_head": lambda s: s.since_head(s.at > s.head, 0.5),
    "tail_distance": lambda s: np.clip(s.at - s.last_long, -30, 30),
    "main_steps": lambda s: s.main_steps,
    "inside_main": lambda s: s.main_steps == 0,
    "main_share": lambda s: s.long_mass[s.main] / s.long_total,
    "parent_mass": lambda s: s.long_mass[s.above(1)] / s.long_total,
    "parent_pieces": lambda s: np.log1p(s.held[s.above(1)]),
    "parent_links": lambda s: s.links[s.above(1)] / np.maximum(1, s.mass[s.above(1)]),
    "grand_mass": lambda s: s.long_mass[s.above(2)] / s.long_total,
    "grand_links": lambda s: s.links[s.above(2)] / np.maximum(1, s.mass[s.above(2)]),
    "great_mass": lambda s: s.long_mass[s.above(3)] / s.long_total,
    "sig_mass": lambda s: s.of_likes(s.long) / s.long_total,
    "sig_count": lambda s: np.log1p(s.of_likes(np.ones(s.count))),
    "sig_links": lambda s: s.of_likes(s.link_chars) / np.maximum(1, s.of_likes(s.lengths)),
    "path_mass": lambda s: s.long_mass[s.mine_owner] / s.long_total,
    "prev_chars": lambda s: s.beside(s.log_lengths, -1),
    "prev_links": lambda s: s.beside(s.densities, -1),
    "prev_same": lambda s: s.same(-1),
    "prev_head": lambda s: s.beside(s.headings, -1),
    "next_chars": lambda s: s.beside(s.log_lengths, 1),
    "next_links": lambda s: s.beside(s.densities, 1),
    "next_same": lambda s: s.same(1),
    "next_head": lambda s: s.beside(s.headings, 1),
    "prev2_chars": lambda s: s.beside(s.log_lengths, -2),
    "next2_chars": lambda s: s.beside(s.log_lengths, 2),
    "near_mass": lambda s: np.log1p(s.near(s.long)),
    "near_links": lambda s: s.near(s.link_chars) / np.maximum(1, s.near(s.lengths)),
    "repeats": lambda s: [min(s.copies[key], 5) for key in s.keys],
    "in_headline": lambda s: s.overlap(),
    "in_description": lambda s: [len(key) > 20 and key[:60] in s.description for key in s.keys],
    "is_description": lambda s: (
        [s.description[:60] in key for key in s.keys] if len(s.description) > 30 else [False] * len(s.keys)
    ),
    "ld_body": lambda s: [float(key[:50] in s.ld_body) if s.ld_body and len(key) > 15 else -1.0 for key in s.keys],
    "page_chars": lambda s: np.log1p(s.total),
    "page_pieces": lambda s: np.log1p(s.count),
    "page_long": lambda s: np.log1p(s.long_total),
    "page_link_share": lambda s: s.link_chars.sum() / s.total,
    "page_news": lambda s: s.news,
    "page_article_tags": lambda s: min(len({at for at in s.owner.tolist() if s.frame.tag[at] == "article"}), 20),
    "wide": lambda s: s.is_wide,
    "h_level": lambda s: [
        float(tag[1]) if (tag := s.frame.tag[at]) in _HEADINGS else 0.0 for at in s.mine_owner.tolist()
    ],
}  # fmt: skip
NAMES: tuple[str, ...] = (*_COLUMNS, *surroundings.NAMES)
