"""A value the page offers for a field, where it stands, and how much that place is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from archive.model import Author, Moment, Origin

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """`weight` is 0 … 1: how often this place tells the truth."""

    value: T
    value_from: str
    weight: float


def origin_of(winner: Candidate[T], candidates: list[Candidate[T]], confidence: float) -> Origin:
    """The record of a choice: what won, how sure we are, and what lost (distinct values, at most eight)."""
    losers: list[tuple[str, str]] = []
    for candidate in candidates:
        entry = (_shown(candidate.value), candidate.value_from)
        if candidate is not winner and candidate.value != winner.value and entry not in losers:
            losers.append(entry)
    return Origin(winner.value_from, round(min(1.0, confidence), 2), tuple(losers[:8]))


def _shown(value: object) -> str:
    """A value as a record may show it: a date in RFC 3339 with the page's own offset, people by their names."""
    if isinstance(value, Moment):
        return value.at.isoformat()
    if isinstance(value, Author):
        return value.name
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value))
    return str(value)
