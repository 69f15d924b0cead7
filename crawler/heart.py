"""The heart: what a run does by the clock. Once a second it makes things durable and looks at the limits; now and then
it renews its leases and says it is alive; at the end it closes the books.
"""

from __future__ import annotations

import asyncio
import shutil
from time import monotonic
from typing import TYPE_CHECKING

from scrapy import signals

from archive.errors import DiskFull, FailureLimit, PressmarkError, SizeLimit, TimeLimit
from crawler.frontier import LEASE_SECONDS

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.session import Session

_BEAT_SECONDS = 1.0
_RENEW_SECONDS = LEASE_SECONDS / 4


class Heart:
    """Scrapy extension, idle where there is no session (`scrapy shell`)."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._task: asyncio.Task[None] | None = None
        crawler.signals.connect(self.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(self.spider_closed, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Heart:
        return cls(crawler)

    def spider_opened(self, spider: Spider) -> None:
        session: Session | None = getattr(spider, "session", None)
        if session is not None:
            self._task = asyncio.get_running_loop().create_task(self._beat(session))

    def spider_closed(self, spider: Spider, reason: str) -> None:
        if self._task is not None:
            self._task.cancel()
        session: Session | None = getattr(spider, "session", None)
        if session is not None:
            session.close(reason)

    async def _beat(self, session: Session) -> None:
        started, renewed = monotonic(), monotonic()
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            try:
                session.ledger.commit(session.clock())
                if monotonic() - renewed > _RENEW_SECONDS:
                    renewed = monotonic()
                    session.renew()
                if session.stop_asked():
                    self._stop(session, "stopped")
                    return
                check_limits(session, monotonic() - started)
            except PressmarkError as error:
                session.error = error
                self._stop(session, error.code)
                return
            session.watcher.update(session.ledger)

    def _stop(self, session: Session, reason: str) -> None:
        session.frontier.stop()
        engine = self._crawler.engine
        assert engine is not None
        session.stopping = asyncio.get_running_loop().create_task(engine.close_spider_async(reason=reason))


def check_limits(session: Session, seconds: float) -> None:
    """Raise the error of the first limit that this run has reached: time, size, failures, free disk."""
    options, counts = session.options, session.ledger.counts
    if session.error is not None:
        raise session.error
    if options.time_limit_seconds is not None and seconds > options.time_limit_seconds:
        raise TimeLimit(
            f"the run reached its time limit of {options.time_limit_seconds:.0f} s",
            hint=f"pressmark crawl --resume {session.run.run_id}",
        )
    if options.size_limit_bytes is not None and counts["wire_bytes"] > options.size_limit_bytes:
        raise SizeLimit(
            f"the run reached its size limit of {options.size_limit_bytes} bytes",
            hint=f"pressmark crawl --resume {session.run.run_id}",
        )
    if options.max_failures is not None and counts["failed"] >= options.max_failures:
        raise FailureLimit(
            f"{counts['failed']} URLs failed, --max-failures is {options.max_failures}",
            hint="pressmark run show last",
        )
    free = shutil.disk_usage(session.archive.root).free
    if free < session.settings.crawl.disk_min_free:
        raise DiskFull(
            f"{free >> 20} MB free on {session.archive.root}, "
            f"{session.settings.crawl.disk_min_free >> 20} MB required (crawl.disk_min_free)",
            context=("the run stopped after the last complete record; nothing is damaged",),
            hint=f"pressmark crawl --resume {session.run.run_id}",
        )
