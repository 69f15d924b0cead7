"""The one spider: listings give discoveries, articles give pages to read.

It asks no questions of the database and writes nothing: it turns responses into values for the session's ledger and
the reading pipeline. `scrapy crawl news -a source=NAME` runs it from the folder of an archive.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy.http import Request, Response

from archive.catalog.frontier import Lease
from archive.errors import DatabaseUnreachable, DiskFull
from archive.model import Capture, Discovery, Outcome, Source
from archive.reading.acceptance import readable
from archive.revisions.watch import watch_of
from crawler.crawl.admission import admit
from crawler.crawl.outcomes import is_redirect, outcome_of_failure, outcome_of_status
from crawler.discovery.autodiscover import listings_of_home
from crawler.discovery.kinds import read_listing, sniff_listing
from crawler.discovery.listing import Listing, Seen
from crawler.discovery.requisites import page_requisites, style_requisites
from crawler.discovery.sections import page_links
from crawler.fetch.retry import parse_retry_after
from crawler.schedule.polls import Asked, digest_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

    from crawler.crawl.session import Session


@dataclass(frozen=True, slots=True)
class PageToRead:
    """A capture of a page, on its way to a reading process."""

    lease: Lease
    capture: Capture
    robots: str | None = None  # the verdict it was fetched under
    pages: tuple[Capture, ...] = ()  # the further pages of its story


class NewsSpider(scrapy.Spider):
    name = "news"
    custom_settings: dict[Any, Any] | None = None

    def __init__(self, session: Session, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.session = session

    @classmethod
    def from_crawler(
        cls,
        crawler: Crawler,
        session: Session | None = None,
        source: str | None = None,
        dir: str | None = None,
        **kwargs: Any,
    ) -> NewsSpider:
        if session is None:
            from crawler.crawl.session import session_here

            session = session_here(source, dir)
        session.attach(crawler)
        spider = cls(session=session, **kwargs)
        spider._set_crawler(crawler)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Begin with the pages that an earlier run kept but never came to read; the rest comes from the frontier."""
        for page in self.session.unread():
            yield page

    def request_for(self, lease: Lease) -> Request:
        """Return the request of a lease, conditional where an earlier capture gave validators."""
        crawl = self.session.settings.crawl
        headers = {}
        if crawl.conditional and self.session.polls.may_ask_conditionally(lease, self.session.clock()):
            given = {"If-None-Match": lease.validators.etag, "If-Modified-Since": lease.validators.last_modified}
            headers = {name: value for name, value in given.items() if value}
        meta: dict[str, Any] = {"lease": lease, "download_slot": lease.host}
        if lease.is_requisite:
            meta["download_maxsize"] = crawl.requisite_max_size
            headers |= {"Accept": "*/*", **({"Referer": lease.via} if lease.via else {})}
        if crawl.proxy:
            meta["proxy"] = crawl.proxy
        self.session.set_pace(lease)
        return Request(
            lease.url, callback=self.parse, errback=self.failed, headers=headers, meta=meta, dont_filter=True
        )

    # -- responses

    def parse(self, response: Response, **kwargs: Any) -> Iterator[PageToRead]:
        lease: Lease = response.meta["lease"]
        self.session.frontier.fetched(lease)
        capture: Capture | None = response.meta.get("capture")
        if is_redirect(response.status) and response.headers.get("Location"):
            self._moved(response, lease, capture)
            return
        outcome = outcome_of_status(response.status)
        if outcome is not None and outcome.kind == "unchanged" and capture is not None and _must_be_read(lease):
            yield PageToRead(lease, capture, response.meta.get("robots"))  # which of its texts is it?
            return
        if outcome is None and "truncated:length" in response.flags:
            outcome = Outcome("skipped", "size", {"bytes": str(len(response.body))})
        if outcome is not None:
            outcome = self.session.desk.missing(lease, outcome)
            asked = Asked(lease, outcome, self.session.clock(), retry_after_seconds=self._retry_after(response))
            self.session.desk.finish(lease, outcome, capture, asked=asked)
        elif lease.is_requisite:
            self._kept(response, lease, capture)
        elif lease.is_listing:
            self._listed(response, lease, capture)
        else:
            yield from self._page(response, lease, capture)

    def failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]
        self.session.frontier.fetched(request.meta["lease"])
        assert failure.value is not None
        if isinstance(failure.value, (DiskFull, DatabaseUnreachable)):
            self.session.error = failure.value  # the run stops; this URL keeps its lease and gives it back
            return
        self.session.desk.finish(request.meta["lease"], outcome_of_failure(failure.value), request.meta.get("capture"))

    # -- what a page can be

    def _page(self, response: Response, lease: Lease, capture: Capture | None) -> Iterator[PageToRead]:
        source = self.session.sources[lease.source]
        if source.kind == "crawl" and lease.depth < source.depth:
            links = page_links(response.body, self._seen(response, lease), source, charset=_charset(response))
            self._discover(links.discoveries, source)
        if capture is None:
            raise RuntimeError(f"{response.url} was not kept")  # no reading without bytes; the keeper raises first
        skip = readable(capture.status, capture.media_type, capture.payload_bytes)
        if skip is not None:
            self.session.desk.finish(lease, skip, capture)
        elif self.session.already_read(lease, capture) and not _must_be_read(lease):
            self.session.desk.finish(lease, Outcome("unchanged", "same_bytes"), capture)
        else:
            self._discover(self._requisites(response, lease, source), source)
            yield PageToRead(lease, capture, response.meta.get("robots"))

    def _kept(self, response: Response, lease: Lease, capture: Capture | None) -> None:
        """A file that a page shows itself with; a style sheet names more of them."""
        source = self.session.sources[lease.source]
        self._discover(self._requisites(response, lease, source), source)
        self.session.desk.finish(lease, Outcome("kept"), capture)

    def _requisites(self, response: Response, lease: Lease, source: Source) -> tuple[Discovery, ...]:
        if source.capture != "requisites":
            return ()
        read = {"text/html": page_requisites, "application/xhtml+xml": page_requisites, "text/css": style_requisites}
        found = read.get(_media_type(response) or "")
        seen = self._seen(response, lease)
        return found(response.body, seen, charset=_charset(response)) if found is not None else ()

    def _seen(self, response: Response, lease: Lease) -> Seen:
        return Seen(response.url, lease.source, self.session.clock(), lease.depth)

    def _listed(self, response: Response, lease: Lease, capture: Capture | None) -> None:
        """Read a listing; one that says what it said before is not read again, whatever its headers claim."""
        desk, now = self.session.desk, self.session.clock()
        digest = digest_of(response.body)
        came = Asked(
            lease,
            Outcome("unchanged", "same_bytes"),
            now,
            body_digest=digest,
            etag=capture.etag if capture else None,
            last_modified=capture.last_modified if capture else None,
        )
        if self.session.polls.is_known(lease, digest):
            desk.finish(lease, came.outcome, capture, asked=came)
            return
        source = self.session.sources[lease.source]
        listing = self._read_listing(response, lease, source)
        found = self._discover(listing.discoveries, source)
        self._refuse(listing, lease)
        outcome = Outcome("listed", None, self._detail(listing, found))
        unreadable = bool(listing.problems) and not listing.discoveries
        read = replace(came, outcome=outcome, ttl_seconds=listing.ttl_seconds, unreadable=unreadable)
        desk.finish(lease, outcome, capture, asked=read)

    def _retry_after(self, response: Response) -> float | None:
        value = response.headers.get("Retry-After")
        return parse_retry_after(value.decode("latin-1") if value else None, self.session.clock())

    def _refuse(self, listing: Listing, lease: Lease) -> None:
        """Entries whose URL is none are outcomes too: the publisher meant a page, and we do not have it."""
        now = self.session.clock()
        found = [Discovery(url, lease.source, "page", now, lease.url, lease.depth + 1) for url, _ in listing.unusable]
        refused = {url: Outcome("skipped", "bad_url", {"message": why}) for url, why in listing.unusable}
        self.session.ledger.discovered(found, refused)

    def _read_listing(self, response: Response, lease: Lease, source: Source) -> Listing:
        seen, charset = self._seen(response, lease), _charset(response)
        if source.kind == "crawl":
            return page_links(response.body, seen, source, charset=charset)
        listing = read_listing(
            response.body,
            seen,
            kind=source.kind if source.kind in ("feed", "sitemap", "section") else None,
            media_type=_media_type(response),
            charset=charset,
            rules=source.links,
        )
        is_page = sniff_listing(response.body, _media_type(response)) == "section"
        if source.kind == "auto" and lease.depth == 0 and is_page:  # of a feed there is nothing more to find out
            sitemaps = self.crawler.robots.sitemaps(response.url)  # type: ignore[attr-defined]
            found = listings_of_home(response.body, seen, sitemaps, charset=charset)
            return replace(listing, discoveries=(*found, *listing.discoveries))
        return listing

    @staticmethod
    def _detail(listing: Listing, found: int) -> dict[str, str]:
        detail = {"entries": str(len(listing.discoveries)), "admitted": str(found)}
        if listing.problems:
            detail["problems"] = "; ".join(listing.problems[:3])
        return detail

    def _moved(self, response: Response, lease: Lease, capture: Capture | None) -> None:
        """A redirect is a discovery: its target has a row and an outcome of its own."""
        location = (response.headers["Location"] or b"").decode("utf-8", "replace")
        self.session.desk.finish(lease, self.session.desk.follow(lease, location, response.status), capture)

    def _discover(self, discoveries: tuple[Discovery, ...] | list[Discovery], source: Source) -> int:
        """Hand discoveries to the ledger, those that are not admitted with their outcome. Returns how many are."""
        refused = {one.url: outcome for one in discoveries if (outcome := admit(one, source)) is not None}
        self.session.ledger.discovered(discoveries, refused)
        return len(discoveries) - len(refused)


def _must_be_read(lease: Lease) -> bool:
    return lease.article_id is not None and watch_of(lease.watch).must_be_read


def _media_type(response: Response) -> str | None:
    return _content_type(response).split(";")[0].strip().lower() or None


def _charset(response: Response) -> str | None:
    """The charset the server names, for the readers of listings; they look into the bytes where it names none."""
    found = re.search(r"charset\s*=\s*[\"']?([^\s\"';,]+)", _content_type(response), re.IGNORECASE)
    return found.group(1) if found else None


def _content_type(response: Response) -> str:
    value: bytes = response.headers.get("Content-Type") or b""
    return value.decode("latin-1")
