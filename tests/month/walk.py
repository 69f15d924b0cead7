"""Living through a month: what `crawl --due` would do every five minutes, in one process, by the month's clock.

Twisted's reactor runs once in a process, so a `Walk` is good for one call of `through`.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings
from scrapy.utils.reactor import install_reactor

from archive.archive import open_archive
from archive.times import another_clock
from crawler.config import load_settings, load_sources
from crawler.due import Due, due_now
from crawler.session import CrawlOptions, Session, location_of
from crawler.settings import TWISTED_REACTOR
from crawler.spiders.news import NewsSpider
from crawler.watching import after_run
from tests.month.world import Month

TICK = timedelta(minutes=5)  # what `pressmark schedule install` writes


class Walk:
    """Goes through a month from one moment with something due to the next."""

    def __init__(self, folder: Path, month: Month) -> None:
        self._folder, self._month = folder, month
        settings = load_settings(folder, env={})
        in_process = settings.reading.model_copy(update={"workers": 0})
        self._settings = settings.model_copy(update={"reading": in_process})
        self._sources = load_sources(folder / "sources.toml")
        self._location = location_of(folder, self._settings)
        self._moment, self._began = month.script.start, monotonic()
        self.runs = 0
        self.complaints: list[str] = []

    def through(self, end: datetime, after: Callable[[datetime], None] = lambda moment: None) -> None:
        """Live until `end`; `after` is called when a run is over."""
        install_reactor(TWISTED_REACTOR)
        from twisted.internet import reactor

        loop = asyncio.get_event_loop()
        failed: list[BaseException] = []

        async def live() -> None:
            try:
                while self._moment < end:
                    await self._tick(after)
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

    async def _tick(self, after: Callable[[datetime], None]) -> None:
        tick, due = self._moment, self._due()
        if due.sources:
            self._month.now = tick
            self.runs += 1
            await self._run(due)
            self.complaints += after_run(self._location, self._settings, self._sources, self._now())
            after(tick)
            due = self._due()
        following = tick + TICK
        if not due.sources and due.next_at is not None:
            ticks = math.ceil((due.next_at - self._month.script.start) / TICK)
            following = max(following, self._month.script.start + ticks * TICK)
        self._moment, self._began = following, monotonic()

    def _due(self) -> Due:
        with open_archive(self._location, create=True) as archive:
            return due_now(archive, self._sources, self._now())

    async def _run(self, due: Due) -> None:
        project = Settings()
        project.setmodule("crawler.settings", priority="project")
        options = CrawlOptions(command="pressmark crawl --due", progress="none", due=True, missed=due.missed)
        session = Session(self._location, self._settings, due.sources, options)
        await AsyncCrawlerRunner(project).crawl(NewsSpider, session=session)
        if session.error is not None and session.error.code != "run-failed":
            raise session.error


def alarms_told(path: Path) -> list[dict[str, str]]:
    """The alarms that the sink of `ALERTS` wrote, in order."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
