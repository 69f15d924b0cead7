"""A session: one process crawling into one archive. Opens what a run needs, and closes it in the right order.

It holds values and rooms (archive, ledger, keeper, desk) for Scrapy's components to find; what is decided about
URLs is in crawler/crawl/desk.py, what happens by the clock in crawler/crawl/heart.py.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from archive.archive import Archive, open_archive, writing
from archive.catalog import archives, owners, runs, tallies
from archive.catalog import frontier as leases
from archive.catalog.frontier import Lease
from archive.console.exits import in_our_words
from archive.errors import NotFound, PressmarkError
from archive.folder.location import ArchiveLocation
from archive.health.history import LOOK_BACK
from archive.model import Capture, Discovery, Run, Source
from archive.reading.acceptance import READING_REASONS
from archive.reading.read import ReadJob, job_of
from archive.reading.recording import RecordWriter
from archive.recovery.left_behind import Recovery, recover
from archive.runs.runlog import RunLog, end_line, run_line
from archive.times import utc_now
from archive.urls import canonical_url
from archive.warc.writer import WarcInfo, WarcWriter
from crawler.config.config_file import (
    SOURCES_FILE,
    Settings,
    find_folder,
    find_source,
    load_settings,
    load_sources,
)
from crawler.crawl.desk import Desk
from crawler.crawl.keeper import Keeper
from crawler.crawl.ledger import Ledger
from crawler.crawl.limits import check_disk
from crawler.crawl.outcomes import PASSING
from crawler.crawl.progress import Style, Watcher, watcher
from crawler.crawl.robots_kept import kept_robots
from crawler.crawl.rows import new_run, write_row
from crawler.crawl.serials import Serials
from crawler.crawl.sites import Sites
from crawler.crawl.watchdog import Watchdog
from crawler.identity import scrapy_settings, software
from crawler.schedule.due import replan
from crawler.schedule.polls import Polls
from crawler.schedule.seeds import seeds

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from archive.catalog import Connection
    from archive.extract import Evidence
    from crawler.crawl.frontier import Frontier
    from crawler.fetch.robots import Kept
    from crawler.spiders.news import PageToRead

LEASE_SECONDS = 120.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """What was asked of one run, beyond the configuration."""

    limit: int | None = None  # articles
    time_limit_seconds: float | None = None
    size_limit_bytes: int | None = None
    max_failures: int | None = None
    refetch: bool = False
    only: tuple[str, ...] = ()  # these URLs and what they redirect to, and nothing else that is due
    kind: str = "crawl"
    resume: bool = False  # go on with what is due; listings are not asked again
    due: bool = False  # only what is due by itself
    missed: tuple[str, ...] = ()  # what went by before: a row each
    read: bool = True
    workers: int | None = None
    progress: Style = "auto"
    command: str = "pressmark crawl"
    verbose: int = 0


class Session:
    """See the module. `error` is why the run has to stop, if it has to; `closed` says whether its books are."""

    def __init__(
        self, location: ArchiveLocation, settings: Settings, sources: Sequence[Source], options: CrawlOptions
    ) -> None:
        self.settings, self.options = settings, options
        self.sources: Mapping[str, Source] = {source.name: source for source in sources}
        self.source_names = tuple(self.sources)
        self.error: PressmarkError | None = None
        self.reason = ""
        self.closed = False
        self.watchdog = Watchdog()
        self._end: Run | None = None
        self.stopping: asyncio.Task[None] | None = None
        self.frontier: Frontier
        self.warc_files: list[str] = []
        self.only = list(options.only)  # grows by what they redirect to
        self.run = new_run(settings, self.clock(), kind=options.kind, command=options.command)
        self.worker = worker_of(self.run)
        self._open = ExitStack()
        try:
            self._open_rooms(location)
        except BaseException:
            self._open.close()
            raise

    def _open_rooms(self, location: ArchiveLocation) -> None:
        settings, options, run = self.settings, self.options, self.run
        hint = "free some space, or lower crawl.disk_min_free in pressmark.toml"
        check_disk(location.root, settings.crawl.disk_min_free, "nothing was fetched", hint)
        lock = writing(location.root, command=options.command, now=self.clock(), run=run.run_id)
        self._open.enter_context(lock)
        self.taken_over = lock.taken_over
        self.archive: Archive = self._open.enter_context(open_archive(location, create=True))
        self.recovered: Recovery = recover(self.archive, self.clock())
        self._writer = WarcWriter(
            self.archive.store,
            WarcInfo(self.archive.name, run.run_id, software(), settings.crawl.contact, run.settings_digest),
            roll_bytes=settings.archive.rollover,
            durability=settings.archive.durability,
            clock=self.clock,
        )
        self._records = RecordWriter(self.archive.store)
        self._log = RunLog(self.archive.store.path(self.archive.store.runs_path(run.run_id)))
        self.polls = Polls(self.archive.catalog, self.sources, self.clock())
        self.ledger = Ledger(self.archive, self._writer, self._records, self._log, run.run_id, self.polls)
        self.keeper = Keeper(self.archive, self._writer, self.ledger, dedup=settings.archive.dedup == "revisit")
        self.desk = Desk(self)
        self.sites = Sites(self.archive)
        self.serials = Serials(self)
        self._begin()
        self.watcher: Watcher = watcher(options.progress, run.run_id)

    @staticmethod
    def clock() -> datetime:
        return utc_now()

    def attach(self, crawler: Crawler) -> None:
        """Let the components of this Scrapy crawler find the session, and take its settings."""
        self._crawler = crawler
        found: dict[str, object] = {"session": self, "keeper": self.keeper}
        if not self.options.refetch:
            found["kept_robots"] = self.kept_robots
        for name, room in found.items():
            setattr(crawler, name, room)
        for name, value in scrapy_settings(self.settings).items():
            crawler.settings.set(name, value, priority="cmdline")

    # -- begin

    def _begin(self) -> None:
        now = self.clock()
        for reason in self.options.missed:
            write_row(self.archive, new_run(self.settings, now, kind="missed", command=self.run.command), reason)
        self._log.append(run_line(self.run))
        self._log.sync()  # the run is on disk before its first request
        self.archive.catalog.attempt(partial(self._open_run, now))
        if self.only:
            self._begin_with_typed(now)
        else:
            self._begin_with_sources(now)

    def _begin_with_typed(self, now: datetime) -> None:
        unknown = leases.unknown(self.archive.catalog, self.only)
        self.ledger.discovered([Discovery(url, self.source_names[0], "seed", now) for url in sorted(unknown)], {})
        self.ledger.commit(now)
        self.archive.catalog.attempt(partial(leases.make_due, urls=self.only, now=now))

    def _begin_with_sources(self, now: datetime) -> None:
        orphaned = [source for source in self.sources.values() if self._leave_over(source, now)]
        self.ledger.commit(now)
        self.ledger.discovered([seed for source in self.sources.values() for seed in seeds(source, now)], {})
        self.ledger.commit(now)
        replan(self.archive, [*self.sources.values()], now)
        for source in orphaned:  # what else of it names the listings that were left, names them again
            self.polls.afresh(source.name)
            self.archive.catalog.attempt(partial(leases.make_due, source=source.name, listings=True, now=now))
        if not self.options.resume and not self.options.due:
            self.archive.catalog.attempt(partial(self._make_due, now))

    def _leave_over(self, source: Source, now: datetime) -> bool:
        """Ask no more for what a source's entry led to once and does not any more.

        Returns whether listings were among it that others may still lead to.
        """
        known = self.archive.sources.get(source.name)
        if known is None:  # typed, not listed: it says nothing of what was asked under this name
            return False
        found = owners.left_over(self.archive.catalog, known, self.archive.name)
        self.ledger.unlisted((url for url, _ in found), source.name, now)
        return not all(stood_there for _, stood_there in found)

    def _open_run(self, now: datetime, connection: Connection) -> None:
        archives.register(connection, self.archive.name, str(self.archive.root), now)
        runs.open_run(connection, self.run)
        tallies.drop_before(connection, self.source_names, now - 2 * LOOK_BACK)
        for run_id in self.recovered.runs_closed:
            leases.release(connection, worker_of_id(self.run.host, run_id))

    def _make_due(self, now: datetime, connection: Connection) -> None:
        """Listings are asked by every run; fixed lists and `--refetch` ask again for every page that was asked for."""
        for source in self.sources.values():
            make_due = partial(leases.make_due, connection, source=source.name, now=now)
            make_due(listings=True)
            if self.options.refetch or source.kind == "urls":
                make_due(outcomes=("stored", "unchanged", "kept", "moved", "failed"))
                make_due(reasons=READING_REASONS)
            else:  # what the network kept from us is tried again
                make_due(listings=False, reasons=PASSING)

    def unread(self) -> Iterator[PageToRead]:
        """Give the pages that an earlier run fetched and kept, but did not come to read before it died."""
        from crawler.spiders.news import PageToRead

        if self.only:
            return
        names, run_id = self.source_names, self.run.run_id
        found = leases.take_unread(self.archive.catalog, self.worker, names, self.clock(), LEASE_SECONDS, run_id)
        for lease, capture in found:
            yield PageToRead(lease, capture)

    # -- what components ask

    def already_read(self, lease: Lease, capture: Capture) -> bool:
        """Whether these bytes came from this URL before, and their reading has been recorded."""
        return lease.validators.payload_digest is not None and (
            lease.validators.payload_digest == capture.payload_digest
        )

    def kept_robots(self, url: str) -> Kept | None:
        """The robots.txt at `url`, where an earlier run kept it less than a day ago."""
        return kept_robots(self.archive, url, self.clock())

    def listings_of(self, source: str) -> frozenset[str]:
        """The pages of lists that a source names: a redirect from an article to one of them is no article."""
        return frozenset(canonical_url(url) for url in self.sources[source].urls)

    def set_pace(self, lease: Lease) -> None:
        source = self.sources[lease.source]
        self._crawler.pace.set_floor(lease.host, source.delay_seconds)  # type: ignore[attr-defined]

    def reading_job(self, page: PageToRead, evidence: Evidence | None = None) -> ReadJob:
        """Where a worker process finds the page (file and offset, for a revisit those of its payload), and what the
        archive knows of it besides; `evidence` where it was gathered already.
        """
        job = job_of(self.archive, page.capture, self.sources[page.lease.source].extract, page.pages)
        return self.sites.with_evidence(page, job) if evidence is None else replace(job, evidence=evidence)

    @property
    def reading_workers(self) -> int:
        """One per core less one for the crawl itself, if nothing else was asked for."""
        asked = self.options.workers if self.options.workers is not None else self.settings.reading.workers
        return asked if asked is not None else max(1, (os.cpu_count() or 2) - 1)

    # -- by the clock

    def renew(self) -> None:
        """Say that this run is alive, hold its leases, and count what is still to do."""
        now, counts = self.clock(), self.ledger.counts

        def renew(connection: Connection) -> leases.Pending:
            leases.renew(connection, self.worker, now, LEASE_SECONDS)
            runs.heartbeat(connection, self.run.run_id, now, dict(counts))
            most = self.frontier.quota.most
            return leases.pending(connection, self.source_names, now, worker=self.worker, most=most)

        left = self.archive.catalog.attempt(renew)
        counts["queued"] = counts["done"] + left.due + left.leased_by_me

    def close(self, reason: str) -> None:
        """Make everything durable, give leases back, close the files. The last thing a run does.

        Every step is tried whatever became of the others: a full disk keeps no lock. The first error stays in `error`.
        Where the last commit failed, the catalog is not told that the run has ended: so the next start tells it what
        the files say, as after kill -9.
        """
        self.reason = "limit" if reason == "finished" and self._has_reached_a_limit else reason
        self.closed = True
        self.watcher.close()
        committed = self._tried(self._commit)
        for step in (self._close_files, self._records.close, self._end_log):
            self._tried(step)
        if committed:
            self._tried(self._end_run)
        self._open.close()

    def _tried(self, step: Callable[[], object]) -> bool:
        try:
            step()
        except Exception as error:
            self.broke(error)
            return False
        return True

    def broke(self, error: Exception) -> None:
        """The run cannot go on. The first error stays; one that is a fault of ours is in the log with its traceback."""
        if not isinstance(error, PressmarkError):
            _logger.error("the run stops: %s", error, exc_info=error)
        self.error = self.error or in_our_words(error)

    @property
    def _has_reached_a_limit(self) -> bool:
        frontier = getattr(self, "frontier", None)  # none where the run ended before Scrapy asked for one
        return frontier is not None and frontier.has_reached_a_limit

    def _commit(self) -> None:
        self.ledger.commit(self.clock())

    def _close_files(self) -> None:
        self.warc_files = self._writer.close()

    def _end_log(self) -> None:
        try:
            self._log.append(end_line(self._ended()))
        finally:
            self._log.close()

    def _end_run(self) -> None:
        ended = self._ended()
        at = ended.ended_at
        assert at is not None

        def end(connection: Connection) -> None:
            leases.release(connection, self.worker)
            runs.close_run(
                connection, ended.run_id, at, exit_code=ended.exit_code, reason=ended.reason, counts=ended.counts
            )

        self.archive.catalog.attempt(end)

    def _ended(self) -> Run:
        """The run as it ended; the same value for the log and the catalog."""
        if self._end is None:
            code = self.error.exit_code if self.error is not None else 0
            counts = dict(self.ledger.counts)
            self._end = replace(self.run, ended_at=self.clock(), exit_code=code, reason=self.reason, counts=counts)
        return self._end


def session_here(source: str | None = None, folder: str | None = None) -> Session:
    """Open a session for `scrapy crawl news -a source=NAME`: on the archive of the folder, or of `-a dir=FOLDER`.

    Without a name it is for all sources that are not paused. Raises NotFound, with the nearest name.
    """
    place = find_folder(Path(folder or "."))
    settings, listed = load_settings(place), load_sources(place / SOURCES_FILE)
    chosen = [find_source(listed, source)] if source else [one for one in listed if not one.paused]
    if not chosen:
        raise NotFound("sources.toml names no source that is not paused", hint="pressmark source list")
    options = CrawlOptions(command="scrapy crawl news" + (f" -a source={source}" if source else ""))
    return Session(location_of(place, settings), settings, chosen, options)


def location_of(folder: Path, settings: Settings) -> ArchiveLocation:
    """Where the archive of a folder with these settings is, with the sources that its sources.toml lists."""
    from archive.folder.location import locate
    from crawler.config.sources_file import LazySources

    found = replace(locate(folder), sources=LazySources(folder / SOURCES_FILE))
    return replace(found, db_url=settings.db.url) if settings.db.url else found


def worker_of(run: Run) -> str:
    return worker_of_id(run.host, run.run_id)


def worker_of_id(host: str, run_id: str) -> str:
    """The name under which a run holds leases; from what is known of a run whose process is gone."""
    return f"{host}/{run_id}"
