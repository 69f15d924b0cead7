"""Clean copies of a story from elsewhere: finding the one that fits, and aligning a text with it word by word. Pure.

A copy fits when it shares many shingles with the text; it counts when its host is known to be clean, or when two copies
of different hosts agree (`agreed`). The alignment is by words (in
scripts without spaces by characters), with rapidfuzz's Indel operations. It names what stands in the text and not in
the copy between two stretches that both have; whether that was injected is for the judge to say.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from zlib import crc32

from rapidfuzz.distance import Indel

from archive.extract.injection.signs import TOKEN, plain, words

_SHINGLE = 6
_SAMPLE = 3
_MAX_TOKENS = 20_000


@dataclass(frozen=True, slots=True)
class Copy:
    """A text somebody else published; `source` names it (a capture's record id, an address)."""

    source: str
    text: str
    title: str = ""
    host: str = ""
    trusted: bool = True  # from a host that is known to be clean
    at: str = ""  # when it was captured, where that is known


@dataclass(frozen=True, slots=True)
class Copies:
    """Clean copies, indexed by a sample of their shingles. Build with `index_copies`; a value, never changed."""

    copies: tuple[Copy, ...] = ()
    shingles: dict[int, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Edit:
    """What the text has (start … end) where the copy has `original`; `tight` where both neighbours fit closely."""

    start: int
    end: int
    original: str
    tight: bool
    close: bool = False  # near enough to give back what stood where something is known to be injected


def index_copies(copies: Iterable[Copy]) -> Copies:
    """Make the copies findable."""
    kept = tuple(copies)
    table: dict[int, list[int]] = defaultdict(list)
    for at, copy in enumerate(kept):
        for shingle in _shingles(words(copy.text)):
            table[shingle].append(at)
    return Copies(kept, {key: tuple(found) for key, found in table.items()})


def _shingles(tokens: list[str]) -> set[int]:
    found = {
        crc32(" ".join(tokens[at : at + _SHINGLE]).encode("utf-8", "surrogatepass"))
        for at in range(max(0, len(tokens) - _SHINGLE + 1))
    }
    return {value for value in found if value % _SAMPLE == 0}


def find_copies(copies: Copies, text: str, most: int = 4) -> list[Copy]:
    """The copies of `text`, those of clean hosts before others and the one that shares most first."""
    if not copies.copies or not text:
        return []
    own = _shingles(words(text))
    hits = Counter(at for shingle in own for at in copies.shingles.get(shingle, ()))
    near = [at for at, shared in hits.most_common(most * 2) if shared >= 4 and shared * 12 >= len(own)]
    return [copies.copies[at] for at in sorted(near, key=lambda at: not copies.copies[at].trusted)][:most]


def agreed(text: str, copies: list[Copy]) -> tuple[Copy, list[Edit]] | None:
    """The edits of the first copy where its host is clean, else those that a copy of another host has as well.

    None where no copy may be believed.
    """
    if not copies:
        return None
    first = copies[0]
    if first.trusted:
        return first, align(text, first.text)
    other = next((copy for copy in copies[1:] if copy.host != first.host), None)
    if other is None:
        return None
    told = {(edit.start, edit.end, plain(edit.original)) for edit in align(text, other.text)}
    both = replace(first, source=f"{first.source} and {other.source}")
    return both, [edit for edit in align(text, first.text) if (edit.start, edit.end, plain(edit.original)) in told]


def align(text: str, copy: str) -> list[Edit]:
    """What differs, inside stretches that both have."""
    own = [(plain(match[0]), match.start(), match.end()) for match in TOKEN.finditer(text)][:_MAX_TOKENS]
    other = [(plain(match[0]), match.start(), match.end()) for match in TOKEN.finditer(copy)][:_MAX_TOKENS]
    ids: dict[str, int] = {}
    one = [ids.setdefault(word, len(ids)) for word, _, _ in own]
    two = [ids.setdefault(word, len(ids)) for word, _, _ in other]
    equal = _runs(one, two)
    edits: list[Edit] = []
    for (a, b, size), (c, d, after) in pairwise(equal):
        left, right = a + size, c
        if left >= right:
            continue
        start, end = own[left][1], own[right - 1][2]
        gap = d - (b + size)
        original = copy[other[b + size][1] : other[d - 1][2]] if gap else ""
        tight = (
            min(size, after) >= 2 and size + after >= 6 and gap <= max(12, right - left) and "\n" not in text[start:end]
        )
        close = min(size, after) >= 2 and gap <= 14 and "\n" not in original
        edits.append(Edit(start, end, original, tight, close))
    return edits


def _runs(one: list[int], two: list[int]) -> list[tuple[int, int, int]]:
    """(place in one, place in two, length) of what both have in order; lone matches inside differences are left out."""
    runs = [
        (block.src_start, block.dest_start, block.src_end - block.src_start)
        for block in Indel.opcodes(one, two)
        if block.tag == "equal"
    ]
    kept: list[tuple[int, int, int]] = []
    for at, (start, dest, size) in enumerate(runs):
        before = at == 0 or runs[at - 1][0] + runs[at - 1][2] == start
        after = at + 1 == len(runs) or runs[at + 1][0] == start + size
        if size >= 3 or before or after:
            kept.append((start, dest, size))
    return kept


NO_COPIES = Copies()
