"""The reading pipeline: a page kept in the WARC is read by a worker process and its record written.

No bodies cross between processes: the worker gets a file name and an offset, and gives back an Extraction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.model import Outcome
from archive.readers import Readers, ReadingFailed
from crawler.spiders.news import PageToRead

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.session import Session


class ReadingPipeline:
    def __init__(self, session: Session | None) -> None:
        self._session = session
        self._readers: Readers | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ReadingPipeline:
        return cls(getattr(crawler, "session", None))

    def open_spider(self) -> None:
        if self._session is not None and self._session.options.read:
            self._readers = Readers(self._session.reading_workers, self._session.settings.reading.timeout)

    def close_spider(self) -> None:
        if self._readers is not None:
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
