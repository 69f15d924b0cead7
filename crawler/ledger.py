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
from archive.catalog import articles, captures, frontier
from archive.model import Capture, Discovery, Outcome
from archive.read import RecordWriter
from archive.revisions import Decision
from archive.runlog import RunLog, discovered_line, outcome_line
from archive.warc.writer import WarcWriter


@dataclass(frozen=True, slots=True)
class Reading:
    """A record that was read from a capture, and what it means for the story."""

    capture: Capture
    decision: Decision
    record: Mapping[str, Any]


@dataclass(slots=True)
class _Pending:
    captures: list[Capture] = field(default_factory=list)
    discoveries: list[Discovery] = field(default_factory=list)
    refused: dict[str, Outcome] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    results: list[frontier.Acknowledged] = field(default_factory=list)

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
        self.last = ""  # what was done last, in words, for the progress line

    @property
    def has_discoveries(self) -> bool:
        return bool(self._pending.discoveries)

    def captured(self, capture: Capture) -> None:
        self._pending.captures.append(capture)
        self.counts["captures"] += 1
        self.counts["wire_bytes"] += capture.payload_bytes

    def discovered(self, discoveries: Sequence[Discovery], refused: Mapping[str, Outcome]) -> None:
        self._pending.discoveries.extend(discoveries)
        self._pending.refused.update(refused)
        self.counts["discovered"] += len(discoveries)

    def read(self, reading: Reading) -> None:
        self._pending.readings.append(reading)

    def finished(self, result: frontier.Acknowledged, *, is_listing: bool = False) -> None:
        """The URL has its outcome; it counts once for the progress line."""
        self._pending.results.append(result)
        outcome = result.outcome
        self.counts["listings" if is_listing else "done"] += 1
        if not is_listing or outcome.kind == "failed":
            self.counts[outcome.kind] += 1
            if outcome.reason:
                self.reasons[outcome.kind, outcome.reason] += 1

    def commit(self, now: datetime) -> None:
        """Make everything so far durable and acknowledged. Raises DiskFull, DatabaseUnreachable."""
        pending = self._pending
        if not pending:
            return
        self._writer.sync()
        for reading in pending.readings:
            self._records.append(reading.capture.warc_file, reading.record)
        self._records.sync()
        self._log.append_many(self._log_lines(pending))
        self._log.sync()
        with self._archive.catalog.transaction() as connection:
            captures.insert(connection, pending.captures)
            added = frontier.add(connection, pending.discoveries, now, outcomes=pending.refused, run=self._run_id)
            for reading in pending.readings:
                articles.record(connection, reading.decision, reading.record)
            frontier.acknowledge(connection, pending.results)
        self._count_refused(added.new_urls, pending.refused)
        self._pending = _Pending()

    def _log_lines(self, pending: _Pending) -> list[dict[str, Any]]:
        found = [discovered_line(one, pending.refused.get(one.url)) for one in pending.discoveries]
        return found + [outcome_line(one) for one in pending.results]

    def _count_refused(self, new_urls: Sequence[str], refused: Mapping[str, Outcome]) -> None:
        for url in new_urls:
            outcome = refused.get(url)
            if outcome is not None:
                self.counts["done"] += 1
                self.counts[outcome.kind] += 1
                self.reasons[outcome.kind, outcome.reason or ""] += 1
