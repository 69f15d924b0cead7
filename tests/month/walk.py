"""Living through a month: runs of the real crawler, one after the other in one process, by the month's clock.

Twisted's reactor runs once in a process, so a `Walk` is good for one call of `through`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings
from scrapy.utils.reactor import install_reactor

from archive.model import Source
from archive.times import another_clock
from crawler.config import load_settings, load_sources
from crawler.session import CrawlOptions, Session, location_of
from crawler.settings import TWISTED_REACTOR
from crawler.spiders.news import NewsSpider
from tests.month.world import Month


class Walk:
    """Goes through the ticks of a month. `choose` says which sources a run at a moment takes; none: no run."""

    def __init__(self, folder: Path, month: Month, choose: Callable[[Path, datetime], list[Source]]) -> None:
        self._folder, self._month, self._choose = folder, month, choose
        self._settings = load_settings(folder, env={})
        self._moment = month.script.start
        self._began = monotonic()
        self.runs = 0

    def through(self, ticks: Iterable[datetime], after: Callable[[datetime], None] = lambda moment: None) -> None:
        """Live at each tick in turn; `after` is called when the run at a tick is over."""
        install_reactor(TWISTED_REACTOR)
        from twisted.internet import reactor

        loop = asyncio.get_event_loop()
        failed: list[BaseException] = []

        async def live() -> None:
            try:
                for tick in ticks:
                    await self._tick(tick)
                    after(tick)
            except BaseException as error:
                failed.append(error)
            finally:
                reactor.callLater(0, reactor.stop)  # type: ignore[attr-defined]

        with another_clock(self._now):
            loop.call_soon(lambda: loop.create_task(live()))
            reactor.run()  # type: ignore[attr-defined]
        if failed:
            raise failed[0]

    def _now(self) -> datetime:
        """The tick, and the seconds that have really passed since."""
        return self._moment + timedelta(seconds=monotonic() - self._began)

    async def _tick(self, tick: datetime) -> None:
        self._moment, self._began = tick, monotonic()
        self._month.now = tick
        sources = self._choose(self._folder, tick)
        if not sources:
            return
        self.runs += 1
        project = Settings()
        project.setmodule("crawler.settings", priority="project")
        settings = self._settings.model_copy(
            update={"reading": self._settings.reading.model_copy(update={"workers": 0})}
        )
        options = CrawlOptions(command="pressmark crawl --due", progress="none")
        session = Session(location_of(self._folder, settings), settings, sources, options)
        await AsyncCrawlerRunner(project).crawl(NewsSpider, session=session)
        if session.error is not None and session.error.code not in ("run-failed",):
            raise session.error


def all_sources(folder: Path, moment: datetime) -> list[Source]:
    """Every source, whether it is due or not."""
    return [replace(source) for source in load_sources(folder / "sources.toml")]
