"""A session: one process crawling into one archive. Opens what a run needs, and closes it in the right order.

It holds values and rooms (archive, ledger, keeper, desk) for Scrapy's components to find; what is decided about
URLs is in crawler/desk.py, what happens by the clock in crawler/heart.py.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from archive.archive import Archive, open_archive
from archive.catalog import frontier as leases
from archive.catalog import runs
from archive.catalog.frontier import Lease
from archive.errors import NotFound, PressmarkError
from archive.model import Capture, Discovery, Run, Source
from archive.read import ReadingJob, RecordWriter
from archive.runlog import RunLog, end_line, run_line
from archive.urls import canonical_url, host_of
from archive.warc.writer import WarcInfo, WarcWriter
from crawler.config import Settings
from crawler.desk import Desk
from crawler.keeper import Keeper
from crawler.ledger import Ledger
from crawler.progress import Watcher, watcher

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.frontier import Frontier
    from crawler.spiders.news import PageToRead


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """What was asked of one run, beyond the configuration."""

    limit: int | None = None  # articles
    time_limit_seconds: float | None = None
    size_limit_bytes: int | None = None
    max_failures: int | None = None
    refetch: bool = False
    read: bool = True
    progress: str = "auto"
    command: str = "pressmark crawl"


class Session:
    """See the module. Attributes are set once; `error` is why the run has to stop, if it has to."""

    def __init__(self, folder: Path, settings: Settings, sources: Sequence[Source], options: CrawlOptions) -> None:
        self.settings, self.options = settings, options
        self.sources: Mapping[str, Source] = {source.name: source for source in sources}
        self.source_names = tuple(self.sources)
        self.error: PressmarkError | None = None
        self.reason = ""
        self.stopping: asyncio.Task[None] | None = None
        self.frontier: Frontier
        self.run = _new_run(options, settings)
        self.worker = f"{self.run.host}-{self.run.pid}-{self.run.run_id}"
        self.archive: Archive = open_archive(folder, settings.db.url, name=settings.archive.name)
        self._lock = self.archive.lock(options.command)
        self.recovered = self.archive.recover()
        self._writer = WarcWriter(
            self.archive.store,
            _warcinfo(self.archive.name, self.run, settings),
            roll_bytes=settings.archive.rollover,
            durability=settings.archive.durability,
            clock=self.clock,
        )
        self._records = RecordWriter(self.archive.store)
        self._log = RunLog(self.archive.store, self.run.run_id)
        self.ledger = Ledger(self.archive, self._writer, self._records, self._log, self.run.run_id)
        self.keeper = Keeper(self.archive, self._writer, self.ledger, dedup=settings.archive.dedup == "revisit")
        self.desk = Desk(self)
        self.watcher: Watcher = watcher(options.progress, self.run.run_id)  # type: ignore[arg-type]
        self.warc_files: list[str] = []
        self._begin()

    @staticmethod
    def clock() -> datetime:
        return datetime.now(UTC)

    def attach(self, crawler: Crawler) -> None:
        """Let the components of this Scrapy crawler find the session and its settings."""
        crawler.session = self  # type: ignore[attr-defined]
        crawler.keeper = self.keeper  # type: ignore[attr-defined]
        for name, value in scrapy_settings(self.settings).items():
            crawler.settings.set(name, value, priority="cmdline")

    # -- begin

    def _begin(self) -> None:
        now = self.clock()
        self._log.append_many([run_line(self.run)])
        with self.archive.catalog.transaction() as connection:
            runs.open_run(connection, self.run)
            for name in self.source_names:
                leases.make_due(connection, source=name, listings=None if self.options.refetch else True, now=now)
        seeds = [seed for source in self.sources.values() for seed in _seeds(source, now)]
        self.ledger.discovered(seeds, {})
        self.ledger.commit(now)
        with self.archive.catalog.transaction() as connection:
            leases.make_due(connection, urls=[seed.url for seed in seeds if seed.is_listing], now=now)

    def unread(self) -> Iterator[PageToRead]:
        """Give the pages that an earlier run fetched and kept, but did not come to read before it died."""
        from crawler.spiders.news import PageToRead

        for lease, capture in leases.unread(self.archive.catalog, self.worker, self.source_names, self.clock()):
            yield PageToRead(lease.url, lease.source, capture, lease)

    # -- what components ask

    def already_read(self, lease: Lease, capture: Capture) -> bool:
        """Whether these bytes came from this URL before, and their reading has been recorded."""
        return lease.payload_digest is not None and lease.payload_digest == capture.payload_digest

    def reading_job(self, page: PageToRead) -> ReadingJob:
        source = self.sources.get(page.source)
        return ReadingJob(
            root=str(self.archive.root),
            capture=page.capture,
            profile=source.extract.profile if source else "balanced",
            claims=page.lease.claims if page.lease else None,
        )

    # -- by the clock

    def renew(self) -> None:
        now = self.clock()
        with self.archive.catalog.transaction() as connection:
            leases.renew(connection, self.worker, now, 120.0)
            runs.heartbeat(connection, self.run.run_id, now, dict(self.ledger.counts))
        self.ledger.counts["queued"] = (
            self.ledger.counts["done"]
            + leases.pending(self.archive.catalog, self.source_names, now).total
        )

    def stop_asked(self) -> bool:
        """Whether somebody asked this run to stop (`pressmark run stop`)."""
        return runs.stop_asked(self.archive.catalog, self.run.run_id)

    def close(self, reason: str) -> None:
        """Make everything durable, give leases back, close the files. Runs once, whatever the reason."""
        self.reason = reason
        self.watcher.close()
        now = self.clock()
        try:
            self.ledger.commit(now)
        except PressmarkError as error:
            self.error = self.error or error
        self.warc_files = self._writer.close()
        self._records.close()
        self._log.append_many([end_line(self.run, now, reason, dict(self.ledger.counts))])
        self._log.close()
        with self.archive.catalog.transaction() as connection:
            leases.release(connection, self.worker)
            runs.close_run(connection, self.run.run_id, now, reason, dict(self.ledger.counts))
        self._lock.release()


def session_here(source: str | None) -> Session:
    """Open a session on the archive of the current folder, for `scrapy crawl news -a source=NAME`."""
    from crawler.config import find_folder, load_settings, load_sources

    folder = find_folder(Path.cwd())
    settings = load_settings(folder, os.environ, {})
    sources = load_sources(folder / "sources.toml")
    chosen = [one for one in sources if source is None or one.name == source]
    if not chosen:
        raise NotFound(f'no source "{source}" in sources.toml', hint="pressmark source list")
    return Session(folder, settings, chosen, CrawlOptions(command=f"scrapy crawl news -a source={source}"))


def scrapy_settings(settings: Settings) -> dict[str, object]:
    """Return Scrapy's settings for what pressmark.toml says."""
    crawl = settings.crawl
    chosen: dict[str, object] = {
        "USER_AGENT": crawl.agent,
        "CONCURRENT_REQUESTS": crawl.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": crawl.per_host,
        "DOWNLOAD_TIMEOUT": crawl.timeout,
        "DOWNLOAD_MAXSIZE": crawl.max_size,
        "PRESSMARK_ALLOW_PRIVATE": crawl.allow_private,
        "PRESSMARK_TLS_VERIFY": crawl.tls_verify,
        "COOKIES_ENABLED": crawl.cookies,
    }
    return chosen


def _seeds(source: Source, now: datetime) -> Iterator[Discovery]:
    listing = source.kind != "urls"
    for url in source.urls:
        yield Discovery(canonical_url(url), source.name, "seed" if listing else "urls", now, is_listing=listing)
