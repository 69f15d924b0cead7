"""What changed between two revisions: title, dates and authors first, then the text word by word. Pure.

Words for scripts with spaces, characters for Chinese, Japanese, Thai and their like. Lines are matched
first, so that a long story costs little and a moved comma does not colour a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, Literal

Unit = Literal["words", "chars"]
Change = Literal["same", "added", "removed"]

# A reader looks for these first; in this order.
FIELDS = ("headline", "date_published", "date_modified", "authors", "description", "section", "keywords", "language")
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKENS = re.compile(rf"\s+|[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that stayed, came or went."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field besides the text whose value differs; values as a reader would write them."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed. `words_added` and `words_removed` count words, or characters of scripts without spaces."""

    fields: tuple[FieldChange, ...]
    pieces: tuple[Piece, ...]
    words_added: int
    words_removed: int

    @property
    def is_empty(self) -> bool:
        return not self.fields and all(piece.change == "same" for piece in self.pieces)

    def without_minor_fields(self) -> Diff:
        """Without the fields that few readers look at; those of the head stay: title, dates, authors."""
        return replace(self, fields=tuple(one for one in self.fields if one.field in FIELDS[:4]))

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "fields": [{"field": one.field, "before": one.before, "after": one.after} for one in self.fields],
            "pieces": [{"change": piece.change, "text": piece.text} for piece in self.pieces],
            "words_added": self.words_added,
            "words_removed": self.words_removed,
        }


def diff_records(before: Mapping[str, Any], after: Mapping[str, Any], unit: Unit = "words") -> Diff:
    """Compare two records of an article (pressmark.article/1)."""
    changed = (FieldChange(name, _written(before.get(name)), _written(after.get(name))) for name in FIELDS)
    fields = tuple(one for one in changed if one.before != one.after)
    pieces = tuple(diff_text(before.get("text") or "", after.get("text") or "", unit))
    return Diff(fields, pieces, _count(pieces, "added"), _count(pieces, "removed"))


def diff_text(before: str, after: str, unit: Unit = "words") -> Iterator[Piece]:
    """Give the pieces that lead from one text to the other: "same" and "removed" make `before`, "same" and "added"
    make `after`, exactly.
    """
    for is_same, run in groupby(_merged(_raw_pieces(before, after, unit)), key=lambda piece: piece.change == "same"):
        if is_same:  # white space that a change gave back stands beside what stayed
            yield Piece("same", "".join(piece.text for piece in run))
        else:
            yield from run


def tokens(text: str, unit: Unit = "words") -> list[str]:
    """Cut a text into what is compared: words, runs of white space, signs, single characters of unspaced scripts."""
    return list(text) if unit == "chars" else _TOKENS.findall(text)


def _raw_pieces(before: str, after: str, unit: Unit) -> Iterator[Piece]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(old[a:b]))
        else:
            yield from _token_pieces(tokens("".join(old[a:b]), unit), tokens("".join(new[c:d]), unit))


def _token_pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(old[a:b]))
            continue
        yield Piece("removed", "".join(old[a:b]))
        yield Piece("added", "".join(new[c:d]))


def _merged(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Join neighbours of one kind. A single space between two changes joins them: people read phrases."""
    removed, added, same = "", "", ""
    for piece in pieces:
        if not piece.text:
            continue
        if piece.change == "same":
            if (removed or added) and piece.text.isspace() and "\n" not in piece.text:
                removed, added = removed + piece.text, added + piece.text
                continue
            yield from _changed(removed, added)
            removed = added = ""
            same += piece.text
            continue
        if same:
            yield Piece("same", same)
            same = ""
        if piece.change == "removed":
            removed += piece.text
        else:
            added += piece.text
    yield from _changed(removed, added)
    if same:
        yield Piece("same", same)


def _changed(removed: str, added: str) -> Iterator[Piece]:
    """A change, with the white space both sides end in given back to what stayed."""
    tail = ""
    while removed and added and removed[-1] == added[-1] and removed[-1].isspace():
        tail = removed[-1] + tail
        removed, added = removed[:-1], added[:-1]
    if removed:
        yield Piece("removed", removed)
    if added:
        yield Piece("added", added)
    if tail:
        yield Piece("same", tail)


def _count(pieces: Sequence[Piece], change: Change) -> int:
    words = (token for piece in pieces if piece.change == change for token in tokens(piece.text))
    return sum(any(map(str.isalnum, word)) for word in words)


def _written(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(item["name"] if isinstance(item, dict) else str(item) for item in value)
    return "" if value is None else str(value)
