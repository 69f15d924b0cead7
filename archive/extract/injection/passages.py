"""Whole blocks in the text that are not of the story: lists of keywords, foreign paragraphs, linked paragraphs. Pure."""

# ruff: noqa: E501 - patterns and evidence are read by row

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from archive.extract.injection.common import about
from archive.extract.injection.copies import Copy
from archive.extract.injection.hints import manner_of
from archive.extract.injection.signs import HAN, TOKEN, grams, plain, words
from archive.model import Block

_BEYOND_LATIN = re.compile("[^\x00-\u024f\u2010-\u205e]")  # punctuation belongs to every script
_COHERENT = 0.15  # of the words of a story's paragraphs are in others of it, at least
_LINKED_RUN = 4  # links to foreign sites in a run of short blocks that is judged as a list
_MOST_SPAM = 100  # proven blocks that others are compared with
_ITEM = re.compile(r"\s*[|｜,，、/·•;；\n]\s*|\s{2,}")
_HAS_ITEMS = re.compile(r"[|｜,，、/·•;；\n]")
_STOP = re.compile(r"[.!?。！？]")
_OFFER = re.compile(
    r"\d+\s*%|24\s*/\s*7|\b24\s*h|[$€£¥￥]\s*\d|\d\s*[$€£￥]|\d+\s*(?:元|小时|小時|時間|分钟|hours|stunden|horas|heures|ore|시간)|百分百|二十四小时",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass
class Passage:
    """A block as the judge of passages sees it."""

    text: str
    links: tuple[tuple[str, str, str], ...]  # (site, words, href) of its links to foreign sites
    own_links: int
    kept: bool
    path: str
    near_text: bool = True  # among or next to kept blocks
    elsewhere: str | None = None  # another host into whose pages the same block was put
    again: bool = False  # left out of the text because it stands there already

    @cached_property
    def about(self) -> set[str]:
        """What it is about, for comparing; most of what is not of the text is never asked."""
        return about(self.text)


FAR = Passage("", (), 0, False, "", False)  # stands for every block far from the text


@dataclass(frozen=True, slots=True)
class _Hand:
    """How the paragraphs of a story are: their text, how often each stands there, and what they have in common."""

    body: str
    script: str
    sizes: Counter[str]
    again: set[str]  # what is left out of the text as repeated
    usual: Callable[[], float]  # the share of its words that a paragraph has in common with the others; 0.0 in lists


class _Story:
    """How often the story and its headings have each word."""

    def __init__(self, counted: Counter[str]) -> None:
        self.counted = counted
        self.often = {gram for gram, times in counted.items() if times > 1}

    def overlap(self, passage: Passage) -> float:
        """The share of a block's words that the rest of the story has too."""
        own = passage.about
        if not own:
            return 1.0
        return (len(own & self.often) if passage.kept else sum(map(self.counted.__contains__, own))) / len(own)

    def usual(self, kept: list[Passage]) -> float:
        """The overlap of the middle one of the longer paragraphs; 0.0 where it is small, as in lists of ever new things."""
        found = sorted(self.overlap(passage) for passage in kept if len(passage.about) > 7)
        middle = found[len(found) // 2] if found else 0.0
        return middle if middle >= _COHERENT else 0.0

    def without(self, passages: list[Passage]) -> _Story:
        """What is left of the words of some of its blocks when these are taken out."""
        taken = Counter(itertools.chain.from_iterable(passage.about for passage in passages))
        return _Story(+Counter({gram: self.counted[gram] - times for gram, times in taken.items()}))


@lru_cache(maxsize=8192)
def _script(char: str) -> str:
    """The script of a letter; "" for what is no letter."""
    if not char.isalpha():
        return ""
    if char < "\u0250":
        return "latin"
    if "\u3040" <= char <= "\u30ff":
        return "kana"
    if "\u3400" <= char <= "\u9fff":
        return "han"
    if "\uac00" <= char <= "\ud7a3":
        return "hangul"
    return "cyrillic" if "\u0400" <= char <= "\u04ff" else "other"


_LETTER_WEIGHT = {"kana": 3, "han": 3, "hangul": 3}  # one of them says as much as three of an alphabet


def script_of(text: str) -> str:
    """The script most letters of a text are in: "han", "kana", "hangul", "latin", "cyrillic", "other" or ""."""
    if not _BEYOND_LATIN.search(text):
        return "latin" if any(map(str.isalpha, text)) else ""
    counted: Counter[str] = Counter()
    for char, times in Counter(text).items():
        script = _script(char)
        if script:
            counted[script] += times * _LETTER_WEIGHT.get(script, 1)
    if not counted:
        return ""
    if counted["kana"] * 5 > sum(counted.values()):
        return "kana"
    return counted.most_common(1)[0][0]


def judge_passages(passages: list[Passage], headings: str) -> dict[int, tuple[str, tuple[str, ...], bool]]:
    """Block number to (class, kinds of evidence, proven)."""
    kept = [passage for passage in passages if passage.kept]
    body = "\n".join(passage.text for passage in kept)
    main = script_of(body)
    found: dict[int, tuple[str, tuple[str, ...], bool]] = {}
    said = itertools.chain.from_iterable(passage.about for passage in kept)
    story = _Story(Counter(itertools.chain(said, about(headings))))
    sizes = Counter(plain(passage.text) for passage in kept if len(passage.text) > 40)
    again = {plain(passage.text) for passage in passages if passage.again and len(passage.text) > 40}
    hand = _Hand(body, main, sizes, again, lambda: story.usual(kept))
    total = sum(len(passage.text) for passage in kept)
    near = [at for at, passage in enumerate(passages) if passage.kept or passage.near_text]
    # Where every letter is Latin no paragraph is in another script.
    has_scripts = _BEYOND_LATIN.search("\n".join(passages[at].text for at in near)) is not None
    for at in near:
        passage = passages[at]
        # What is most of the text cannot be beside its topic.
        most = passage.kept and len(passage.text) * 3 > total
        verdicts = (
            _keywords(passage, story),
            None if most else _linked(passage, story, hand),
            _foreign(passage, main, story) if has_scripts and not most else None,
            _elsewhere(passage, story) if passage.elsewhere else None,
        )
        if any(verdicts):
            found[at] = max((one for one in verdicts if one is not None), key=lambda one: (one[2], len(one[1])))
    # A text in two languages has as much of the other one; a payload is a few paragraphs.
    other = {plain(passages[at].text) for at, verdict in found.items() if verdict[0] == "foreign_block"}
    if len(other) > 5 or sum(map(len, other)) * 2 > sum(len(passage.text) for passage in kept):
        found = {at: verdict for at, verdict in found.items() if verdict[0] != "foreign_block"}
    found.update(_runs(passages, story))
    _together(found, passages, story)
    # What says the same as a proven one is another copy of it.
    proven = {plain(passages[at].text) for at, verdict in found.items() if verdict[2]}
    copied = {said for said in proven if sizes.get(said, 0) > 1}
    for at, passage in enumerate(passages) if copied else ():
        if at not in found and passage.kept and plain(passage.text) in copied:
            found[at] = ("spam_para", ("copy: of a proven block",), True)
    return found


def _together(
    found: dict[int, tuple[str, tuple[str, ...], bool]],
    passages: list[Passage],
    story: _Story,
) -> None:
    """Let blocks off the topic of the story speak for each other."""
    offers = [
        at for at, verdict in found.items() if verdict[2] and {kind[:5] for kind in verdict[1]} == {"topic", "offer"}
    ]
    if len({plain(passages[at].text) for at in offers}) >= 2:
        for at in offers:
            found[at] = ("spam_para", (*found[at][1], f"crowd: {len(offers)} such blocks in one story"), True)
    # Off the topic of the story and on the topic of a proven block.
    spam = [passages[at].about for at, verdict in found.items() if verdict[2] and verdict[0] == "spam_para"][
        :_MOST_SPAM
    ]
    for at, verdict in list(found.items()):
        own = passages[at].about if spam and not verdict[2] and verdict[0] == "spam_para" else set[str]()
        if len(own) >= 10:
            alike = max(len(own & other) for other in spam)
            if alike >= 2 and len(own & story.often) * 12 <= len(own):
                found[at] = (verdict[0], (*verdict[1], f"kinship: shares {alike} words with a proven block"), True)


def _runs(passages: list[Passage], story: _Story) -> dict[int, tuple[str, tuple[str, ...], bool]]:
    """Keyword lists whose items are blocks of their own: runs of short blocks, judged as one."""
    found: dict[int, tuple[str, tuple[str, ...], bool]] = {}
    run: list[int] = []
    if sum(len(passage.links) for passage in passages) < _LINKED_RUN:
        return found
    for at, passage in enumerate([*passages, FAR]):
        if (passage.kept or passage.near_text) and len(passage.text) <= 40 and not _STOP.search(passage.text):
            run.append(at)
            continue
        if len(run) >= 5:
            items = [passages[one] for one in run]
            whole = Passage(
                "\n".join(item.text for item in items),
                tuple(link for item in items for link in item.links),
                sum(item.own_links for item in items),
                any(item.kept for item in items),
                items[0].path,
            )
            whole.about = set[str]().union(*(item.about for item in items))
            verdict = _keywords(whole, story.without(items)) if len(whole.links) >= _LINKED_RUN else None
            if verdict is not None and verdict[2]:
                found.update((one, verdict) for one in run)
        run = []
    return found


def _keywords(passage: Passage, story: _Story) -> tuple[str, tuple[str, ...], bool] | None:
    text = passage.text
    if ". " in text or not (_HAS_ITEMS.search(text) or "  " in text or len(passage.links) >= 4):
        return None  # sentences, or one item: nearly always
    if _STOP.search(text[:-1]):
        return None
    items = [item for item in (part.strip() for part in _ITEM.split(passage.text)) if item]
    linked = [text for _, text, _ in passage.links if text]
    if len(linked) >= 4:
        items = linked
    if len(items) < 5:
        return None
    short = sum(1 for item in items if len(item) <= 30 and len(words(item)) <= 8)
    if short < len(items) * 0.8 or sum(char.isdigit() for char in passage.text) * 5 > len(passage.text):
        return None
    counted = Counter(item.casefold() for item in items)
    again = sum(1 for times in counted.values() if times > 1)
    repeats = len(items) - len(counted)
    kinds: list[str] = []
    wordy = sum(len(item) >= (3 if HAN.search(item) else 6) for item in items) * 5 >= len(items) * 4
    listed = wordy and len(items) >= 8 and repeats >= 1
    if (repeats >= 2 and repeats * 6 >= len(items) and ((again >= 2 and wordy) or len(linked) >= 4)) or listed:
        kinds.append(f"repeats: {repeats} of {len(items)} items stand there before")
    sites = {site for site, _, _ in passage.links}
    if len(sites) >= 2 and len(passage.links) >= 4 and passage.own_links == 0:
        kinds.append(f"links: {len(passage.links)} to {len(sites)} foreign sites")
    where: dict[str, set[str]] = {}
    for site, text, _ in passage.links:
        where.setdefault(text.casefold(), set()).add(site)
    if any(len(found) > 1 for found in where.values()):
        kinds.append("scattered: the same words link different sites")
    numbered = sum(1 for _, _, href in passage.links if re.search(r"^https?://[^/]+/\d+(?:\.html?)?/?$", href))
    if numbered >= 4 and numbered == len(passage.links) and len(sites) >= 2:
        kinds.append("opaque: bare numbers at several foreign sites")
    if listed and len(passage.about) >= 5 and story.overlap(passage) <= (0.2 if repeats * 2 >= len(items) else 0.1):
        kinds.append("topic: its words are not of the story")
    return ("keyword_list", tuple(kinds), len(kinds) >= 2) if kinds else None


def _linked(passage: Passage, story: _Story, hand: _Hand) -> tuple[str, tuple[str, ...], bool] | None:
    """A paragraph off the topic of the story that is a link to a foreign front page, stands there twice, or offers."""
    if not passage.kept and not passage.links:
        return None
    tag = passage.path.rsplit("/", 1)[-1]
    if len(passage.text) < 25 or tag[:1] == "h" or tag in ("pre", "code") or len(passage.about) < 6:
        return None
    own = passage.about
    kinds: list[str] = []
    if len(passage.links) == 1 and not passage.own_links:
        _, text, href = passage.links[0]
        if len(text) >= 25 and len(text) * 10 >= len(passage.text) * 9 and re.fullmatch(r"https?://[^/]+/?", href):
            kinds.append("link: the whole paragraph leads to the front page of a foreign site")
    said = plain(passage.text)
    times = hand.sizes.get(said, 0)
    overlap = _overlap_of_copies(own, story, times) if times >= 2 else story.overlap(passage)
    if overlap > (0.3 if times >= 3 or kinds else 0.12):
        return None
    kinds.append(f"topic: {overlap:.0%} of its words are in the story")
    if times >= 2 and (overlap <= 0.06 or times >= 3):
        kinds.append(f"repeats: stands {times} times in the text")
    if overlap <= 0.1:
        manner = manner_of(hand.body, hand.script)
        offers = _offers(passage.text) if _is_strange(overlap, len(own), hand.usual()) else 0
        hints = manner.against(passage.text, len(kinds) >= 2 or offers > 0)
        kinds += ["offer: figures as of an offer"] if offers >= (1 if hints else 2) else []
        kinds.extend(hints)
        if said in hand.again and len(kinds) >= 2:
            kinds.append("repeats: stands there again")
    return "spam_para", tuple(kinds), len(kinds) >= 2


def _is_strange(overlap: float, size: int, usual: float) -> bool:
    """Whether a paragraph of `size` words has less in common with its story than any honest one beside the point."""
    few = overlap * size <= 2.5 and overlap * 4 <= usual
    return usual > 0 and ((size >= 12 and overlap <= 0.06) or (size >= 8 and few))


def _offers(text: str) -> int:
    """How much the figures of a paragraph look like an offer: 2 as of one, 1 where a share alone may be, 0 not."""
    found = _OFFER.findall(text)
    shares = sum(figure.endswith("%") for figure in found)
    return 2 if len(found) > shares or (shares and len(_NUMBER.findall(text)) > 1) else min(shares, 1)


def lacking(
    copy: Copy, blocks: list[Block], kept: list[int], doubted: dict[int, tuple[str, tuple[str, ...]]]
) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Blocks that a copy of the story lacks though it has those around them, and that are off the topic of it.

    Off the topic alone they may be an advertisement the paper sold; with another doubt they were put there.
    """
    other = grams(copy.text) | grams(copy.title)
    runs = set(_threes(copy.text))
    own = [_threes(blocks[at].text) for at in kept]
    shared = [sum(one in runs for one in found) * 2 > len(found) > 0 for found in own]
    out: dict[int, tuple[str, tuple[str, ...]]] = {}
    for place, at in enumerate(kept):
        said = grams(blocks[at].text)
        near = any(shared[max(0, place - 3) : place]) + any(shared[place + 1 : place + 4])
        if len(said) < 6 or any(one in runs for one in own[place]) or not near or blocks[at].label == "headline":
            continue
        overlap = len(said & other) / len(said)
        kinds = [kind for kind in doubted.get(at, ("", ()))[1] if kind[:6] not in ("topic:", "offer:")]
        offers = bool(_OFFER.search(blocks[at].text))
        if overlap > 0.12 or not (kinds or offers or (overlap <= 0.07 and len(said) >= 12)):
            continue
        told = [f"copy: {copy.source} has the text around it and not this"]
        told.append(f"topic: {overlap:.0%} of its words are in the copy")
        told += ["offer: figures as of an offer"] if offers else []
        name = doubted.pop(at)[0] if kinds else "promotion"
        out[at] = (name, (*told, *kinds))
    offered = {at for at, found in out.items() if found[1][-1][:6] == "offer:"}
    if len({plain(blocks[at].text) for at in offered}) >= 2:
        out |= {at: ("spam_para", (*out[at][1], f"crowd: {len(offered)} such blocks in one story")) for at in offered}
    return out


def _threes(text: str) -> list[tuple[str, ...]]:
    found = words(text)
    return list(zip(found, found[1:], found[2:], strict=False))


def _overlap_of_copies(own: set[str], story: _Story, times: int) -> float:
    return sum(1 for gram in own if story.counted.get(gram, 0) > times) / max(1, len(own))


def _elsewhere(passage: Passage, story: _Story) -> tuple[str, tuple[str, ...], bool]:
    """A block that was put into pages of another host; agencies and sisters share paragraphs, so it must be off the topic."""
    overlap = story.overlap(passage)
    kinds = [f"elsewhere: the same block was put into pages of {passage.elsewhere}"]
    if overlap <= 0.12 and len(passage.about) >= 6:
        kinds.append(f"topic: {overlap:.0%} of its words are in the story")
    return "spam_para", tuple(kinds), len(kinds) >= 2


def _foreign(passage: Passage, main: str, story: _Story) -> tuple[str, tuple[str, ...], bool] | None:
    text = passage.text
    if len(text) < 25 or not main or (main == "latin" and text.isascii()):
        return None
    script = script_of(text)
    if script in ("", main) or {script, main} <= {"han", "kana"}:
        return None
    if sum(map(str.isalpha, text)) < len(text) * 0.5 or len(TOKEN.findall(text)) < 8:
        return None
    strange = sum(1 for char in text if _script(char) == main)
    if (
        strange > 2
        or text[:1] in "\"“”‘「『〝«'*(（[【©＃#@"
        or "http" in text[:12]
        or re.search(r"[“”\"].{20,}[“”\"]", text)
    ):
        return None
    kinds = [f"script: {script} in a text of {main}"]
    overlap = story.overlap(passage)
    if overlap < 0.1:
        kinds.append(f"topic: {overlap:.0%} of its words are in the story")
    if _OFFER.search(text):
        kinds.append("offer: numbers as of an offer")
    return "foreign_block", tuple(kinds), len(kinds) >= 2
