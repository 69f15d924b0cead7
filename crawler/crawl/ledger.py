"""Ledger: what has happened in this run and is not yet durable, and the one way to make it so.

`commit` follows the order everything else relies on: WARC files are on disk, then records, then the run's log, then the
catalog in one transaction, which also acknowledges the leases and says up to where it knows the log. A process that
dies in between has done nothing that the next start cannot see in the files: it tells the catalog the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from archive.archive import Archive
from archive.catalog import captures, events, frontier, listings, near, owners, profiles, revisions, runs, tallies
from archive.catalog.frontier import Acknowledged, Lease
from archive.extract.site_profile import SiteProfile, profile_values
from archive.model import Capture, Discovery, Event, Outcome
from archive.reading.acceptance import READING_REASONS
from archive.reading.recording import RecordWriter
from archive.records.provenance import Fields, outcome_fields
from archive.revisions.decide import Changed, Decision, New
from archive.runs.runlog import (
    RunLog,
    claimed_line,
    discovered_line,
    distrusted_line,
    event_line,
    outcome_line,
    polled_line,
    profile_line,
)
from archive.warc.writer import WarcWriter
from crawler.schedule.polls import Asked, Polls, Settled
from crawler.schedule.rechecks import told_as_changed

if TYPE_CHECKING:
    from archive.catalog import Connection

_SAID_BY_REVISITS = ("not_modified", "same_bytes")  # the record itself says what became of it


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
    results: list[tuple[Acknowledged, Lease, Capture | None]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    said: list[tuple[Capture, Fields]] = field(default_factory=list)  # what became of captures, for the WARC
    profiles: list[tuple[SiteProfile, datetime]] = field(default_factory=list)
    unlisted: list[tuple[Acknowledged, str]] = field(default_factory=list)  # with their source

    def __bool__(self) -> bool:
        found = self.captures or self.discoveries or self.readings or self.results or self.asked or self.profiles
        return bool(found or self.unlisted)


@dataclass(frozen=True, slots=True)
class _News:
    """What of the pending is new, once the catalog was asked."""

    fresh: set[str]  # URLs never seen before
    later: list[Discovery]  # known pages that were modified later than we heard before
    claimed: list[Discovery]  # known URLs that are another source's now
    settled: Settled  # what was learned of listings
    results: list[tuple[Acknowledged, Lease, Capture | None]]  # outcomes, due again as their listings say
    hastened: dict[str, datetime]  # listings, sooner due
    changed: dict[str, datetime]  # articles that are to be looked at again


class Ledger:
    """Collects captures, discoveries, readings and results of one run; `counts` is for people watching."""

    def __init__(
        self, archive: Archive, writer: WarcWriter, records: RecordWriter, log: RunLog, run_id: str, polls: Polls
    ) -> None:
        self._archive, self._writer, self._records, self._log = archive, writer, records, log
        self._run_id, self._polls = run_id, polls
        self._listed = frozenset(archive.sources)  # as sources.toml stood when the run began
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

    def unlisted(self, urls: Iterable[str], source: str, now: datetime) -> None:
        """No entry of sources.toml leads to these any more: that is their outcome."""
        for url in urls:
            self._pending.unlisted.append((Acknowledged(url, owners.UNLISTED, self._run_id, now), source))
            self.counts["done"] += 1
            self._count(owners.UNLISTED)

    def read(self, reading: Entry) -> None:
        self._pending.readings.append(reading)

    def learned(self, profile: SiteProfile, now: datetime) -> None:
        """A site's profile has a new version."""
        self._pending.profiles.append((profile, now))

    def asked(self, asked: Asked) -> None:
        """A listing was asked; what follows is known when its discoveries are committed, in the same commit."""
        self._pending.asked.append(asked)

    def finished(
        self,
        result: Acknowledged,
        lease: Lease,
        capture: Capture | None,
        found: Sequence[Event] = (),
        outlinks: Sequence[str] = (),
    ) -> None:
        """The URL has its outcome, and what was found out about its article; it counts once for the progress line."""
        self._pending.results.append((result, lease, capture))
        if capture is not None and result.outcome.reason not in _SAID_BY_REVISITS:
            self._pending.said.append((capture, outcome_fields(result.outcome, outlinks)))
        self._pending.events.extend(found)
        self.counts["events"] += len(found)
        self.counts["rechecks"] += lease.is_recheck
        if result.outcome.kind == "unchanged" and result.outcome.reason != "unstable" and result.article_id:
            seen_at = capture.fetched_at if capture is not None else result.now
            self._pending.seen_again.append((result.article_id, seen_at, result.now))
        outcome = result.outcome
        if lease.is_requisite:  # whatever became of it, its page is there: it fails no run
            self.counts["done"] += 1
            self.counts[f"requisites_{outcome.kind}"] += 1
            return
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
        while pending.said:
            self._writer.annotate(*pending.said[0])
            pending.said.pop(0)
        self._writer.sync()
        self._write_records(pending.readings)
        news = self._news_of(pending, now)
        self._write_log(pending, news, now)
        added = self._archive.catalog.attempt(lambda connection: self._tell(connection, pending, news, now))
        if pending.readings:
            near.settle(self._archive.catalog)
        self._pending = _Pending()
        self.counts["claimed"] += len(news.claimed)
        self._count_refused(added.new_urls, pending.refused)

    def _news_of(self, pending: _Pending, now: datetime) -> _News:
        fresh = frontier.unknown(self._archive.catalog, (one.url for one in pending.discoveries))
        later = frontier.modified(self._archive.catalog, pending.discoveries)
        admitted = [one for one in pending.discoveries if one.url not in pending.refused]
        claimed = owners.strange(self._archive.catalog, admitted, self._listed, self._archive.name)
        settled = self._polls.settle(pending.asked, pending.discoveries, fresh)
        results = [(_due_again(result, settled), lease, capture) for result, lease, capture in pending.results]
        hastened, changed = self._polls.hasten(later, now), told_as_changed(later, pending.discoveries, fresh)
        return _News(fresh, later, claimed, settled, results, hastened, changed)

    def _write_log(self, pending: _Pending, news: _News, now: datetime) -> None:
        self._log.append_many(_discovery_lines(pending, news.fresh, now))
        self._log.append_many(map(discovered_line, news.later))  # `db rebuild` has to know the claim, too
        self._log.append_many(map(claimed_line, news.claimed))
        self._log.append_many(outcome_line(one.url, one.outcome, one.now, source=at) for one, at in pending.unlisted)
        self._log.append_many(_outcome_lines(news.results, news.settled))
        self._log.append_many(map(event_line, pending.events))
        self._log.append_many(profile_line(profile_values(one), one.digest, at) for one, at in pending.profiles)
        self._log.sync()

    def _tell(self, connection: Connection, pending: _Pending, news: _News, now: datetime) -> frontier.Added:
        """The catalog's transaction; it may be begun again, so it takes nothing away."""
        acknowledged = [one for one, _ in pending.unlisted] + [result for result, _, _ in news.results]
        captures.insert(connection, pending.captures)
        added = frontier.add(connection, pending.discoveries, now, outcomes=pending.refused, run=self._run_id)
        owners.claim(connection, news.claimed, now)
        for reading in pending.readings:
            revisions.record(connection, reading.decision, reading.record, run=self._run_id)
        for profile, at in pending.profiles:
            profiles.put(connection, profile_values(profile), profile.digest, at, self._run_id)
        frontier.acknowledge(connection, acknowledged)
        events.put(connection, pending.events)
        for article_id, seen_at, known_at in pending.seen_again:
            revisions.seen_again(connection, article_id, seen_at, known_at)
        tallies.add_outcomes(connection, acknowledged)
        tallies.add_readings(connection, (one.record for one in pending.readings if _is_news(one)))
        listings.put(connection, news.settled.states)
        listings.distrusted(connection, news.settled.distrusted)
        listings.hasten(connection, news.hastened)
        frontier.look_again(connection, news.changed, now)
        runs.committed(connection, self._run_id, self._log.size)
        return added

    def _write_records(self, readings: Sequence[Entry]) -> None:
        for reading in readings:
            if _is_news(reading):
                self._records.append(reading.capture.warc_file, reading.record)
        self._records.sync()

    def _count_refused(self, new_urls: Sequence[str], refused: Mapping[str, Outcome]) -> None:
        for url in new_urls:
            if url in refused:
                self.counts["done"] += 1
                self._count(refused[url])


def _is_news(reading: Entry) -> bool:
    """The same text again is no new record."""
    return isinstance(reading.decision, New | Changed)


def _due_again(result: Acknowledged, settled: Settled) -> Acknowledged:
    return replace(result, due_again_at=settled.due_again.get(result.url, result.due_again_at))


def _discovery_lines(pending: _Pending, unknown: Collection[str], now: datetime) -> Iterator[dict[str, Any]]:
    """URLs seen for the first time, and the outcome of those refused at once."""
    fresh = set(unknown)
    for one in pending.discoveries:
        if one.url in fresh:
            fresh.discard(one.url)
            yield discovered_line(one)
            if one.url in pending.refused:
                yield outcome_line(one.url, pending.refused[one.url], now, source=one.source)


def _outcome_lines(
    results: Sequence[tuple[Acknowledged, Lease, Capture | None]], settled: Settled
) -> Iterator[dict[str, Any]]:
    """What became of URLs, and what was learned of listings and hosts."""
    for result, lease, capture in results:
        yield outcome_line(
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
    yield from map(polled_line, settled.states)
    yield from map(distrusted_line, settled.distrusted)
