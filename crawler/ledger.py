"""Ledger: what has happened in this run and is not yet durable, and the one way to make it so.

`commit` follows the order everything else relies on: WARC files are on disk, then records, then the run's log, then the
catalog in one transaction, which also acknowledges the leases. A process that dies in between has done nothing
that the next start cannot see in the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archive.archive import Archive
from archive.catalog import articles, captures, events, frontier
from archive.catalog.frontier import Acknowledged, Lease
from archive.model import Capture, Discovery, Event, Outcome
from archive.read import READING_REASONS, RecordWriter
from archive.revisions import Changed, Decision, New
from archive.runlog import RunLog, discovered_line, event_line, outcome_line
from archive.warc.writer import WarcWriter


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that was read from a capture, and what it means for the story."""

    capture: Capture
    decision: Decision
    record: dict[str, Any]


@dataclass(slots=True)
class _Pending:
    captures: list[Capture] = field(default_factory=list)
    discoveries: list[Discovery] = field(default_factory=list)
    refused: dict[str, Outcome] = field(default_factory=dict)
    readings: list[Entry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    seen_again: list[tuple[str, datetime, datetime]] = field(default_factory=list)  # article, seen at, known at
    results: list[Acknowledged] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)  # of the run's log

    def __bool__(self) -> bool:
        return bool(self.captures or self.discoveries or self.readings or self.results)


class Ledger:
    """Collects captures, discoveries, readings and results of one run; `counts` is for people watching."""

    def __init__(self, archive: Archive, writer: WarcWriter, records: RecordWriter, log: RunLog, run_id: str) -> None:
        self._archive, self._writer, self._records, self._log = archive, writer, records, log
        self._run_id = run_id
        self._pending = _Pending()
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.read_pages: Counter[str] = Counter()  # by source: what the reading said something of
        self.textless: Counter[str] = Counter()  # by source: those of them without text
        self.denied: tuple[str, Outcome] | None = None  # the first URL that robots.txt did not allow
        self.failure: Outcome | None = None  # the first that failed
        self.last = ""  # what was done last, in words, for the progress line

    @property
    def has_discoveries(self) -> bool:
        return bool(self._pending.discoveries)

    def captured(self, capture: Capture) -> None:
        self._pending.captures.append(capture)
        self.counts["captures"] += 1

    def discovered(self, discoveries: Sequence[Discovery], refused: Mapping[str, Outcome]) -> None:
        self._pending.discoveries.extend(discoveries)
        self._pending.refused.update(refused)
        self.counts["discovered"] += len(discoveries)

    def read(self, reading: Entry) -> None:
        self._pending.readings.append(reading)

    def finished(
        self, result: Acknowledged, lease: Lease, capture: Capture | None, found: Sequence[Event] = ()
    ) -> None:
        """The URL has its outcome, and what was found out about its article; it counts once for the progress line."""
        self._pending.results.append(result)
        self._pending.events.extend(found)
        self._pending.lines.extend(map(event_line, found))
        self.counts["events"] += len(found)
        self.counts["rechecks"] += lease.is_recheck
        if result.outcome.kind == "unchanged" and result.outcome.reason != "unstable" and result.article_id:
            seen_at = capture.fetched_at if capture is not None else result.now
            self._pending.seen_again.append((result.article_id, seen_at, result.now))
        self._pending.lines.append(
            outcome_line(
                result.url,
                result.outcome,
                result.now,
                source=lease.source,
                record_id=capture.record_id if capture else None,
                article_id=result.article_id,
                due_again_at=result.due_again_at,
                is_recheck=result.is_recheck,
                watch=result.watch,
            )
        )
        outcome = result.outcome
        if outcome.reason == "robots" and self.denied is None:
            self.denied = (lease.url, outcome)
        if outcome.kind == "failed" and self.failure is None:
            self.failure = outcome
        if lease.is_listing and outcome.kind in ("listed", "unchanged", "moved"):
            self.counts["listings"] += 1
            return
        self.counts["done"] += 1
        self._count(outcome)
        if outcome.kind == "stored" or outcome.reason in READING_REASONS:
            self.read_pages[lease.source] += 1
            self.textless[lease.source] += outcome.reason == "empty_extraction"

    def _count(self, outcome: Outcome) -> None:
        self.counts[outcome.kind] += 1
        if outcome.reason:
            self.reasons[outcome.kind, outcome.reason] += 1

    def commit(self, now: datetime) -> None:
        """Make everything so far durable and acknowledged. Raises DiskFull, DatabaseUnreachable."""
        pending = self._pending
        if not pending:
            return
        self._writer.sync()
        self._write_records(pending.readings)
        self._log.append_many(self._lines(pending, now))
        self._log.sync()
        with self._archive.catalog.transaction() as connection:
            captures.insert(connection, pending.captures)
            added = frontier.add(connection, pending.discoveries, now, outcomes=pending.refused, run=self._run_id)
            for reading in pending.readings:
                articles.record(connection, reading.decision, reading.record, run=self._run_id)
            frontier.acknowledge(connection, pending.results)
            events.put(connection, pending.events)
            for article_id, seen_at, known_at in pending.seen_again:
                articles.seen_again(connection, article_id, seen_at, known_at)
        self._log_modified(added.modified_urls, pending.discoveries)
        self._pending = _Pending()
        self._count_refused(added.new_urls, pending.refused)

    def _write_records(self, readings: Sequence[Entry]) -> None:
        for reading in readings:
            if isinstance(reading.decision, New | Changed):  # the same text again is no new record
                self._records.append(reading.capture.warc_file, reading.record)
        self._records.sync()

    def _lines(self, pending: _Pending, now: datetime) -> list[dict[str, Any]]:
        """The lines of the run's log: URLs seen for the first time, those refused at once, and outcomes."""
        fresh = frontier.unknown(self._archive.catalog, (one.url for one in pending.discoveries))
        lines = []
        for one in pending.discoveries:
            if one.url in fresh:
                fresh.discard(one.url)
                lines.append(discovered_line(one))
                if one.url in pending.refused:
                    lines.append(outcome_line(one.url, pending.refused[one.url], now, source=one.source))
        return lines + pending.lines

    def _log_modified(self, urls: Sequence[str], discoveries: Sequence[Discovery]) -> None:
        """A known URL that a listing says was modified since: `db rebuild` has to know the claim, too."""
        later = set(urls)
        self._log.append_many([discovered_line(one) for one in discoveries if one.url in later])

    def _count_refused(self, new_urls: Sequence[str], refused: Mapping[str, Outcome]) -> None:
        for url in new_urls:
            if url in refused:
                self.counts["done"] += 1
                self._count(refused[url])
