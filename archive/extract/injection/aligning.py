"""What a clean copy says of a text: marks confirmed, substitutions named, wording given back, blocks it lacks. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from archive.extract.injection.copies import Copy, Edit
from archive.extract.injection.findings import Findings
from archive.extract.injection.hints import has_figures_of_offer
from archive.extract.injection.signs import HAN, TOKEN, Charge, Mark, Marks, grams, plain, words
from archive.extract.injection.tokens import occurrences
from archive.model import Block


class _Difference(NamedTuple):
    """Where a line of the text has something that the copy has not, and the same for comparing (`key`)."""

    line: int
    start: int
    end: int
    key: str
    edit: Edit


class _Against(NamedTuple):
    """What a difference is weighed against; `is_earlier` as below."""

    copy: Copy
    is_earlier: bool
    repeats: dict[str, int]
    title: str
    headings: str

    def evidence(self, one: _Difference, text: str, doubts: list[Mark]) -> list[str]:
        has = repr(one.edit.original) if one.edit.original else "nothing"
        kinds = [f"{'earlier' if self.is_earlier else 'copy'}: {self.copy.source} has {has} here"]
        kinds.extend(kind for mark in doubts for kind in mark.evidence)
        if one.key in self.repeats and (one.edit.original or _in_sentence(text, one.start)):
            kinds.append(f"repeats: put in {self.repeats[one.key]} places")
        elif 3 <= len(one.key) <= 40 and one.key in self.title and one.key not in self.headings:
            kinds.append("title: stands in the title, and not in the copy")
        return kinds


def compare_with_copy(
    found: Findings, marks: Marks, copy: Copy, edits: list[Edit], *, is_earlier: bool = False
) -> None:
    """Let a clean copy confirm suspicions, name substitutions, and give back the wording it has.

    `is_earlier`: the copy is the page's own earlier capture, so that a difference may be an edit of the publisher.
    """
    joined, said = "\n".join(marks.lines), _squash(copy.text)
    near = [edit for edit in edits if edit.tight or edit.close]
    hijacked = any(mark.action == "redacted" for line in marks.proven for mark in line) or found.cloaked
    repeats = _repeated(joined, near, 3 if is_earlier else 2, alike=hijacked)
    title = _squash(" ".join((found.zones.title, *found.zones.metas)))
    against = _Against(copy, is_earlier, repeats, title, _squash(" ".join(found.zones.headings)))
    starts = list(accumulate((len(text) + 1 for text in marks.lines), initial=0))
    proven: dict[str, tuple[str, ...]] = {}
    for edit in near:
        at = bisect_right(starts, edit.start) - 1
        key = _squash(joined[edit.start : edit.end])
        one = _Difference(at, edit.start - starts[at], edit.end - starts[at], key, edit)
        known = [mark for mark in _meeting(marks.proven[at], one.start, one.end) if mark.action == "redacted"]
        if key and known:
            _restore(marks.proven[at], known, marks.lines[at], one, copy.source)
        elif key and edit.tight and key not in said:
            proven |= _substituted(marks, one, against)
    _everywhere(proven, marks, said)


def _meeting(marks: list[Mark], start: int, end: int) -> list[Mark]:
    return [mark for mark in marks if mark.start < end and start < mark.end]


def _substituted(marks: Marks, one: _Difference, against: _Against) -> dict[str, tuple[str, ...]]:
    """Mark a difference where enough speaks against it, and return the string that is proven by that, with why."""
    text, suspected = marks.lines[one.line], marks.suspected[one.line]
    doubts = [
        mark
        for mark in _meeting(suspected, one.start, one.end)
        if one.start <= mark.start + 2 and mark.end <= one.end + 2
    ]
    kinds = against.evidence(one, text, doubts)
    if len(kinds) < 2:
        return {}
    for mark in doubts:
        suspected.remove(mark)
    name = doubts[0].injection_class if doubts else "inline_token"
    end = _with_glue(text, one.start, one.end)
    given = (one.edit.original, against.copy.source) if one.edit.original else (None, None)
    told = tuple(dict.fromkeys(kinds))
    marks.proven[one.line].append(Mark(one.start, end, name, told, "redacted", *given))
    return {plain(text[one.start : end]).strip(" :：_"): tuple(kinds[1:])} if name == "inline_token" else {}


def _everywhere(proven: dict[str, tuple[str, ...]], marks: Marks, said: str) -> None:
    """Mark a string that a copy proved where the copy has no text to compare with: copies are cut."""
    strings = [text for text in proven if len(text) > 2 and _squash(text) not in said]
    for at, text in enumerate(marks.lines) if strings else ():
        for start, end in occurrences(strings, text):
            if not any(mark.action == "redacted" for mark in _meeting(marks.proven[at], start, end)):
                kinds = next((proven[one] for one in strings if plain(text[start:end]).startswith(one)), ())
                told = ("family: the string that a copy lacks in other places", *kinds)
                marks.proven[at].append(Mark(start, end, "inline_token", tuple(dict.fromkeys(told)), "redacted"))


def _repeated(joined: str, edits: list[Edit], least: int, *, alike: bool) -> dict[str, int]:
    """Strings put in at least at `least` places, and in how many; a longer form of one counts for it.

    A publisher who corrects a name changes the same words in each place, or puts it before the same word: a repetition
    only counts over different words, unless others were put over words of the page (`alike`).
    """
    places: dict[str, list[tuple[str, str]]] = {}
    for edit in edits:
        key = _squash(joined[edit.start : edit.end])
        if edit.tight and key:
            after = TOKEN.search(joined, edit.end)
            around = (plain(edit.original), plain(after[0]) if after and not edit.original else "")
            places.setdefault(key, []).append(around)
    out: dict[str, int] = {}
    for key in places:
        kin = [one for one in places if one == key or (min(len(one), len(key)) > 3 and _begins(one, key))]
        found = [around for one in kin for around in places[one]]
        if len(found) >= least and (alike or len(set(found)) >= 2):
            out[key] = len(found)
    return out


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _in_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip()[-1:] or "\n"
    return before.isalnum() or before in ",，、“”»)）\"('（《「"


def _restore(marks: list[Mark], known: list[Mark], text: str, one: _Difference, source: str) -> None:
    """Give the first of the marks in a difference what the copy has in its place."""
    rest = text[one.start : one.end]
    for mark in reversed(known):
        rest = rest[: max(0, mark.start - one.start)] + rest[max(0, mark.end - one.start) :]
    original = one.edit.original
    left = TOKEN.findall(rest)
    if left:  # what the text itself still has of the copy's words
        said = TOKEN.findall(original)
        if said[: len(left)] == left:
            original = original.split(left[-1], 1)[1].strip()
        elif said[-len(left) :] == left:
            original = original.rsplit(left[0], 1)[0].strip()
    if original and known[0].restored is None:
        marks[marks.index(known[0])] = replace(known[0], restored=original, restored_from=source)


def _with_glue(text: str, start: int, end: int) -> int:
    return end + 1 if text[end : end + 1] in (":", "：", "_") and HAN.match(text[start:end]) else end


def _squash(text: str) -> str:
    return "".join(words(text))


def lacking(copy: Copy, blocks: list[Block], kept: list[int], doubted: dict[int, Charge]) -> dict[int, Charge]:
    """Blocks that a copy of the story lacks though it has those around them, and that are off the topic of it.

    Off the topic alone they may be an advertisement the paper sold; with another doubt they were put there.
    """
    other = grams(copy.text) | grams(copy.title)
    runs = set(_threes(copy.text))
    own = [_threes(blocks[at].text) for at in kept]
    shared = [sum(one in runs for one in found) * 2 > len(found) > 0 for found in own]
    out: dict[int, Charge] = {}
    for place, at in enumerate(kept):
        said = grams(blocks[at].text)
        near = any(shared[max(0, place - 3) : place]) + any(shared[place + 1 : place + 4])
        if len(said) < 6 or any(one in runs for one in own[place]) or not near or blocks[at].label == "headline":
            continue
        overlap = len(said & other) / len(said)
        kinds = [kind for kind in doubted.get(at, ("", ()))[1] if kind[:6] not in ("topic:", "offer:")]
        offers = has_figures_of_offer(blocks[at].text)
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
