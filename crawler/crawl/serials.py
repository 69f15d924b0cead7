"""Stories on several pages: the pages behind the first are fetched while its lease is held, and read as one story.

A further page is an exchange, a capture and a URL with an outcome of its own (kept, page_of: it names the article),
and no article. The article waits for them: it is decided on once, with the joined text. Bounds: MAX_PAGES, no address
twice, nothing that another site, the source's filters or a page without a new line would add.
In order: `begins` (a first page was read), `came` (a further one was), `lost` (one could not be had).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from archive.catalog.frontier import Lease, Validators
from archive.errors import UrlError
from archive.extract.joined import MAX_PAGES, goes_on, join
from archive.model import Capture, Claims, Outcome
from archive.reading.read import Reading
from archive.urls import canonical_url
from crawler.crawl.admission import admit
from crawler.crawl.leased import found
from crawler.crawl.outcomes import PASSING

if TYPE_CHECKING:
    from crawler.crawl.session import Session
    from crawler.spiders.news import PageToRead


@dataclass(slots=True)
class _Serial:
    """A story whose pages are not all here."""

    first: PageToRead
    readings: list[Reading]
    captures: list[Capture] = field(default_factory=list)  # of the further pages that belong to it


class Serials:
    """The stories of this run that are on several pages. `pages` names, by URL, what was fetched as a page of which."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: dict[str, _Serial] = {}  # by the URL asked for
        self.pages: dict[str, str] = {}

    def begins(self, page: PageToRead, reading: Reading) -> bool:
        """A page was read and would be stored; True where it goes on elsewhere, and has to wait."""
        return self._asks(_Serial(page, [reading]))

    def came(self, page: PageToRead, reading: Reading) -> None:
        """A further page was read. Where it adds nothing to its story, the story ends before it."""
        serial = self._waiting.pop(page.lease.url, None)
        article = self.pages.get(page.lease.url) or page.lease.via or ""
        outcome = Outcome("kept", "page_of", {"article": article})
        if serial is None:
            self._finish(page.lease, outcome, page.capture)
            return
        before = [one.extraction for one in serial.readings]
        if not goes_on(before, reading.extraction):
            kind = reading.extraction.article.page_type
            detail = {"article": article, "adds": "nothing", "page_type": kind}
            self._finish(page.lease, replace(outcome, detail=detail), page.capture)
            self._ends(serial)
            return
        serial.readings.append(reading)
        serial.captures.append(page.capture)
        number = str(len(serial.readings))
        self._finish(page.lease, replace(outcome, detail={"article": article, "page": number}), page.capture)
        if not self._asks(serial):
            self._ends(serial)

    def lost(self, lease: Lease, outcome: Outcome) -> None:
        """A further page has an outcome that is no page. A known article is not cut short by what will pass."""
        serial = self._waiting.pop(lease.url, None)
        if serial is None:
            return
        known = serial.first.lease.article_id is not None
        if known and outcome.kind == "failed" and outcome.reason in PASSING:
            failed = Outcome("failed", outcome.reason, {"page": lease.url})
            self._session.desk.finish(serial.first.lease, failed, serial.first.capture)
        else:
            self._ends(serial)

    def _asks(self, serial: _Serial) -> bool:
        """Ask for the page behind the last one; False where there is none that may be asked for."""
        lease = self._next(serial)
        if lease is None:
            return False
        self._waiting[lease.url] = serial
        self.pages[lease.url] = serial.first.lease.url
        self._session.frontier.ask(lease)
        return True

    def _next(self, serial: _Serial) -> Lease | None:
        first, named = serial.first.lease, serial.readings[-1].extraction.next_page
        if named is None or len(serial.readings) >= MAX_PAGES or self._session.frontier.stopped:
            return None
        try:
            url = canonical_url(named)
        except UrlError:
            return None
        if url == first.url or url in self.pages or url in self._waiting:
            return None
        before = serial.captures[-1].target_uri if serial.captures else first.url
        lease = replace(
            first,
            url=url,
            found_by="next_page",
            found_at=self._session.clock(),
            via=before,
            claims=Claims(),
            validators=Validators(),
            article_id=None,
            watch=None,
        )
        return lease if admit(found(lease), self._session.sources[lease.source]) is None else None

    def _finish(self, lease: Lease, outcome: Outcome, capture: Capture | None) -> None:
        self._session.desk.finish(lease, outcome, capture)

    def _ends(self, serial: _Serial) -> None:
        others = [one.extraction for one in serial.readings[1:]]
        joined = replace(serial.readings[0], extraction=join(serial.readings[0].extraction, others))
        self._session.desk.store(replace(serial.first, pages=tuple(serial.captures)), joined)
