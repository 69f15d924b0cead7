"""The heart: what a run does by the clock. Once a second it makes things durable and looks at the limits; now and then
it renews its leases and says it is alive; at the end it closes the books. A run that cannot go on ends and says so: by
an error of whatever kind, and by a watchdog where the whole process stands still.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from scrapy import signals

from crawler.crawl.limits import check_limits, verdict

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.crawl.session import Session

_BEAT_SECONDS = 1.0
_RENEW_SECONDS = 5.0  # far more often than leases need: it also counts what is left, for the bar


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
            stopped_by = session.error.code if session.error is not None else None
            session.error = session.error or verdict(session, reason)
            session.close(stopped_by if stopped_by is not None and reason == "finished" else reason)

    async def _beat(self, session: Session) -> None:
        started, renewed = monotonic(), 0.0
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            try:
                session.ledger.commit(session.clock())
                if monotonic() - renewed > _RENEW_SECONDS:
                    renewed = monotonic()
                    session.renew()
                    session.watchdog.feed()
                check_limits(session, monotonic() - started)
                session.frontier.poll()
                session.watcher.update(session.ledger)
            except Exception as error:  # of whatever kind: a heart that stopped would leave a run that never ends
                session.broke(error)
                assert session.error is not None
                self._stop(session, session.error.code)
                return

    def _stop(self, session: Session, reason: str) -> None:
        session.frontier.stop()
        engine = self._crawler.engine
        assert engine is not None
        session.stopping = asyncio.get_running_loop().create_task(engine.close_spider_async(reason=reason))
