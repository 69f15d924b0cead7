"""Whole blocks in the text that are not of the story: lists of keywords, foreign paragraphs, linked paragraphs. Pure."""

# ruff: noqa: E501 - patterns and evidence are read by row

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from archive.extract.injection.common import about, is_beyond_latin, script_of, script_of_letter
from archive.extract.injection.hints import has_figures_of_offer, manner_of, offers
from archive.extract.injection.keyword_lists import keywords, runs
from archive.extract.injection.signs import TOKEN, plain
from archive.extract.injection.story import Passage, Story, Verdict

_MOST_SPAM = 100  # proven blocks that others are compared with


@dataclass(frozen=True, slots=True)
class _Hand:
    """How the paragraphs of a story are: their text, how often each stands there, and what they have in common."""

    body: str
    script: str
    size: int  # of the paragraphs, in characters
    sizes: Counter[str]
    again: set[str]  # what is left out of the text as repeated
    usual: Callable[[], float]  # the share of its words that a paragraph has in common with the others; 0.0 in lists


def judge_passages(passages: list[Passage], headings: str) -> dict[int, Verdict]:
    """Return what speaks against blocks, by their number."""
    kept = [passage for passage in passages if passage.kept]
    said = itertools.chain.from_iterable(passage.about for passage in kept)
    story = Story(Counter(itertools.chain(said, about(headings))))
    hand = _hand_of(passages, kept, story)
    found = _without_second_language(_one_by_one(passages, story, hand), passages, hand)
    found.update(runs(passages, story))
    _crowd(found, passages)
    _kinship(found, passages, story)
    _copies(found, passages, hand)
    return found


def _hand_of(passages: list[Passage], kept: list[Passage], story: Story) -> _Hand:
    body = "\n".join(passage.text for passage in kept)
    sizes = Counter(plain(passage.text) for passage in kept if len(passage.text) > 40)
    again = {plain(passage.text) for passage in passages if passage.again and len(passage.text) > 40}
    return _Hand(
        body, script_of(body), sum(len(passage.text) for passage in kept), sizes, again, lambda: story.usual(kept)
    )


def _one_by_one(passages: list[Passage], story: Story, hand: _Hand) -> dict[int, Verdict]:
    """The verdict for which there is most, on each block by itself."""
    near = [at for at, passage in enumerate(passages) if passage.kept or passage.near_text]
    # Where every letter is Latin no paragraph is in another script.
    has_scripts = is_beyond_latin("\n".join(passages[at].text for at in near))
    found: dict[int, Verdict] = {}
    for at in near:
        passage = passages[at]
        # What is most of the text cannot be beside its topic.
        most = passage.kept and len(passage.text) * 3 > hand.size
        verdicts = (
            keywords(passage, story),
            None if most else _linked(passage, story, hand),
            _foreign(passage, hand.script, story) if has_scripts and not most else None,
            _elsewhere(passage, story) if passage.elsewhere else None,
        )
        if any(verdicts):
            found[at] = max((one for one in verdicts if one is not None), key=lambda one: (one.proven, len(one.kinds)))
    return found


def _without_second_language(found: dict[int, Verdict], passages: list[Passage], hand: _Hand) -> dict[int, Verdict]:
    """A text in two languages has as much of the other one; a payload is a few paragraphs."""
    other = {plain(passages[at].text) for at, verdict in found.items() if verdict.name == "foreign_block"}
    if len(other) <= 5 and sum(map(len, other)) * 2 <= hand.size:
        return found
    return {at: verdict for at, verdict in found.items() if verdict.name != "foreign_block"}


def _crowd(found: dict[int, Verdict], passages: list[Passage]) -> None:
    """Blocks off the topic of the story that offer something speak for each other."""
    offering = [
        at for at, one in found.items() if one.proven and {kind[:5] for kind in one.kinds} == {"topic", "offer"}
    ]
    if len({plain(passages[at].text) for at in offering}) >= 2:
        told = f"crowd: {len(offering)} such blocks in one story"
        found.update((at, Verdict("spam_para", (*found[at].kinds, told), True)) for at in offering)


def _kinship(found: dict[int, Verdict], passages: list[Passage], story: Story) -> None:
    """What is off the topic of the story and on the topic of a proven block is of its kind."""
    spam = [passages[at].about for at, one in found.items() if one.proven and one.name == "spam_para"][:_MOST_SPAM]
    doubted = [at for at, one in found.items() if spam and not one.proven and one.name == "spam_para"]
    for at in doubted:
        own = passages[at].about
        alike = max(len(own & other) for other in spam)
        if len(own) >= 10 and alike >= 2 and len(own & story.often) * 12 <= len(own):
            told = f"kinship: shares {alike} words with a proven block"
            found[at] = Verdict("spam_para", (*found[at].kinds, told), True)


def _copies(found: dict[int, Verdict], passages: list[Passage], hand: _Hand) -> None:
    """What says the same as a proven block is another copy of it."""
    proven = {plain(passages[at].text) for at, verdict in found.items() if verdict.proven}
    copied = {said for said in proven if hand.sizes.get(said, 0) > 1}
    for at, passage in enumerate(passages) if copied else ():
        if at not in found and passage.kept and plain(passage.text) in copied:
            found[at] = Verdict("spam_para", ("copy: of a proven block",), True)


def _linked(passage: Passage, story: Story, hand: _Hand) -> Verdict | None:
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
        offered = offers(passage.text) if _is_strange(overlap, len(own), hand.usual()) else 0
        hints = manner.against(passage.text, len(kinds) >= 2 or offered > 0)
        kinds += ["offer: figures as of an offer"] if offered >= (1 if hints else 2) else []
        kinds.extend(hints)
        if said in hand.again and len(kinds) >= 2:
            kinds.append("repeats: stands there again")
    return Verdict("spam_para", tuple(kinds), len(kinds) >= 2)


def _is_strange(overlap: float, size: int, usual: float) -> bool:
    """Whether a paragraph of `size` words has less in common with its story than any honest one beside the point."""
    few = overlap * size <= 2.5 and overlap * 4 <= usual
    return usual > 0 and ((size >= 12 and overlap <= 0.06) or (size >= 8 and few))


def _overlap_of_copies(own: set[str], story: Story, times: int) -> float:
    return sum(1 for gram in own if story.counted.get(gram, 0) > times) / max(1, len(own))


def _elsewhere(passage: Passage, story: Story) -> Verdict:
    """A block that was put into pages of another host; agencies and sisters share paragraphs, so it must be off the topic."""
    overlap = story.overlap(passage)
    kinds = [f"elsewhere: the same block was put into pages of {passage.elsewhere}"]
    if overlap <= 0.12 and len(passage.about) >= 6:
        kinds.append(f"topic: {overlap:.0%} of its words are in the story")
    return Verdict("spam_para", tuple(kinds), len(kinds) >= 2)


def _foreign(passage: Passage, main: str, story: Story) -> Verdict | None:
    text = passage.text
    if len(text) < 25 or not main or (main == "latin" and text.isascii()):
        return None
    script = script_of(text)
    if script in ("", main) or {script, main} <= {"han", "kana"}:
        return None
    if sum(map(str.isalpha, text)) < len(text) * 0.5 or len(TOKEN.findall(text)) < 8:
        return None
    strange = sum(1 for char in text if script_of_letter(char) == main)
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
    if has_figures_of_offer(text):
        kinds.append("offer: numbers as of an offer")
    return Verdict("foreign_block", tuple(kinds), len(kinds) >= 2)
