"""The reading pipeline: a page kept in the WARC is read by a worker process and its record written.

No bodies cross between processes: the worker gets a file name and an offset, and gives back an Extraction. When the
spider is done, what was learned of the sites is made durable, and pages that it may say more of are read once more.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from scrapy import signals

from archive.errors import PressmarkError
from archive.model import Outcome
from archive.reading.readers import Readers, ReadingFailed
from crawler.spiders.news import PageToRead

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from archive.catalog.frontier import Lease
    from crawler.crawl.session import Session

_AT_ONCE = 8


class ReadingPipeline:
    def __init__(self, session: Session | None) -> None:
        self._session = session
        self._readers: Readers | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ReadingPipeline:
        pipeline = cls(getattr(crawler, "session", None))
        crawler.signals.connect(pipeline.asked_for, signal=signals.request_reached_downloader)
        return pipeline

    def open_spider(self) -> None:
        if self._session is not None and self._session.options.read:
            self._readers = Readers(self._session.reading_workers, self._session.settings.reading.timeout)

    def asked_for(self, request: Request) -> None:
        """A page is asked for: readers load while it is on its way. A run that finds only lists needs none."""
        lease: Lease | None = request.meta.get("lease")
        if self._readers is not None and lease is not None and not (lease.is_listing or lease.is_requisite):
            self._readers.expect()

    async def close_spider(self) -> None:
        if self._readers is None or self._session is None:
            return
        try:
            await self._look_again(self._session, self._readers)
        except PressmarkError as error:
            self._session.error = self._session.error or error
        finally:
            self._readers.close()

    async def process_item(self, item: object) -> object:
        if isinstance(item, PageToRead) and self._session is not None:
            await self._read(self._session, item)
        return item

    async def _read(self, session: Session, page: PageToRead) -> None:
        if self._readers is None:
            session.desk.finish(page.lease, Outcome("stored", "unread"), page.capture)
            return
        try:
            reading = await self._readers.read(session.reading_job(page))
        except ReadingFailed as error:
            session.desk.finish(page.lease, Outcome("failed", error.reason, {"error": str(error)}), page.capture)
            return
        session.desk.finish_page(page, reading)

    async def _look_again(self, session: Session, readers: Readers) -> None:
        """See crawler/crawl/sites.py. A run that was stopped only keeps what it learned."""
        for profile in session.sites.learned():
            session.ledger.learned(profile, session.clock())
        session.ledger.commit(session.clock())  # no record may name a profile that could be lost
        if session.error is not None or session.frontier.stopped:
            return
        looks = session.sites.second_looks()  # shared: evidence is gathered as there is room for a reading

        async def look() -> None:
            for page, evidence in looks:
                if session.error is not None:
                    return
                try:
                    reading = await readers.read(session.reading_job(page, evidence))
                except ReadingFailed:
                    continue  # the first reading stays
                session.desk.look_again(page, reading)

        await asyncio.gather(*(look() for _ in range(_AT_ONCE)))
