"""The history of an article: its revisions with the kind of each change, and what else was found out in between.

Also `disappeared`: what is no longer where it was, over the whole archive. Both ask the catalog; nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from archive.archive import Archive
from archive.model import Event, Revision
from archive.revisions.changes import Change, classify, said_in
from archive.revisions.diff import diff_records
from archive.revisions.watch import DISAPPEARANCES, IN_WORDS

MINOR_EVENTS = ("touched", "boilerplate")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a history: a revision with what changed since the one before, or an event without a new text."""

    at: datetime
    revision: Revision | None = None
    event: Event | None = None
    record: dict[str, Any] | None = None
    change: Change | None = None  # None for the first text under an extractor
    words_added: int | None = None
    words_removed: int | None = None
    back_to: int | None = None  # the earlier revision that said the same

    @property
    def is_minor(self) -> bool:
        if self.event is not None:
            return self.event.kind in MINOR_EVENTS
        return self.change is not None and self.change.is_minor

    @property
    def in_words(self) -> str | None:
        if self.event is not None:
            return self.event.detail.get("change") or IN_WORDS.get(self.event.kind, self.event.kind)
        words = [self.change.in_words] if self.change is not None and self.change.kinds else []
        if self.back_to is not None:
            words.append(f"back to revision {self.back_to}")
        return ", ".join(words) or None


def steps_of(archive: Archive, article_id: str) -> list[Step]:
    """Return the history of an article in the order of time."""
    from archive.catalog import events

    found = [*_revisions(archive, article_id)]
    found += [Step(one.at, event=one) for one in reversed(events.list_events(archive.catalog, article_id=article_id))]
    return sorted(found, key=lambda step: (step.at, step.event is not None))


def _revisions(archive: Archive, article_id: str) -> Iterator[Step]:
    """The revisions; each compared with the one before it under the same extractor, in the order they were seen."""
    from archive.catalog import revisions

    before: dict[str, dict[str, Any]] = {}
    hashes: dict[tuple[str, str], int] = {}
    known = revisions.revisions_of(archive.catalog, article_id)
    for one in sorted(known, key=lambda one: (one.first_seen, one.extractor)):
        record = revisions.record_of(archive.catalog, article_id, number=one.number, extractor=one.extractor) or {}
        earlier = before.get(one.extractor)
        step = Step(one.first_seen, one, record=record)
        if earlier is not None:
            diff = diff_records(earlier, record)
            change = classify(said_in(earlier), said_in(record))
            back_to = hashes.get((one.extractor, one.content_hash))
            step = replace(
                step, change=change, words_added=diff.words_added, words_removed=diff.words_removed, back_to=back_to
            )
        yield step
        before[one.extractor] = record
        hashes.setdefault((one.extractor, one.content_hash), one.number)


@dataclass(frozen=True, slots=True)
class Gone:
    """A story that is not where it was, and since when; `returned` where it came back later."""

    event: Event
    title: str | None
    returned: datetime | None = None

    @property
    def since(self) -> str:
        """The first look that did not find it."""
        return self.event.detail.get("since", "")


def disappeared(
    archive: Archive,
    *,
    source: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    with_returned: bool = False,
) -> list[Gone]:
    """Return what disappeared, the latest first. What came back is left out unless it is wanted, too."""
    from archive.catalog import articles, events

    found = events.list_events(archive.catalog, kinds=DISAPPEARANCES, source=source, since=since, until=until)
    came_back: dict[str, list[datetime]] = {}
    for one in events.list_events(archive.catalog, kinds=("returned",), source=source, since=since):
        came_back.setdefault(one.url, []).append(one.at)
    titles = articles.headlines(archive.catalog, [one.article_id for one in found if one.article_id])
    gone = [Gone(one, titles.get(one.article_id or ""), _after(one.at, came_back.get(one.url, ()))) for one in found]
    return [one for one in gone if with_returned or one.returned is None]


def _after(at: datetime, moments: Sequence[datetime]) -> datetime | None:
    return min((one for one in moments if one > at), default=None)
