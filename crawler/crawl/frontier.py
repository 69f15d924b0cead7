"""The frontier: a Scrapy scheduler over the catalog.

URLs are leased from the catalog in batches, spread over hosts, and acknowledged by the ledger once their captures are
durable. Nothing that must survive lives here: a killed process leaves leases, and leases end. What is kept in
memory is the leased batch, and requests that came back from a middleware (a retry) with their lease still held.

Without a session (`scrapy shell`, `scrapy fetch`) it is a plain queue.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable
from time import monotonic
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler

from archive.catalog import frontier as leases
from archive.catalog.frontier import ARTICLE, RECHECK, Lease
from archive.model import Outcome, Source
from crawler.crawl.session import LEASE_SECONDS

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.crawl.session import Session
    from crawler.spiders.news import NewsSpider

BATCH = 64  # leases taken at once: few, so that processes that share a catalog all find work
PER_HOST = 4  # held of one host
_LIMITED = (ARTICLE, RECHECK)
_REST_SECONDS = 0.25  # between two questions to the catalog while there is other work


class Quota:
    """How many pages may still be fetched: of the run, and of each source its new articles and its known ones.

    Known articles that are looked at again have a budget of their own, so that new ones never wait for them; of the
    run's limit both take their part. Listings, and the files that pages show themselves with, count against none.
    """

    def __init__(self, sources: Iterable[Source] = (), of_run: int | None = None) -> None:
        self._left: dict[tuple[str, int], int] = {}  # by source and priority; what has no limit is not here
        self._of_run = of_run
        self._sources = tuple(sources)
        for source in self._sources:
            self._left[source.name, RECHECK] = min(source.recheck_limit, source.limit or source.recheck_limit)
            if source.limit is not None:
                self._left[source.name, ARTICLE] = source.limit

    def take(self, source: str, priority: int) -> bool:
        """Count a page of a source; False, and nothing counted, where a limit has been reached."""
        if not self.is_open(source, priority):
            return False
        if (source, priority) in self._left:
            self._left[source, priority] -= 1
        if self._of_run is not None and priority in _LIMITED:
            self._of_run -= 1
        return True

    def is_open(self, source: str, priority: int) -> bool:
        return priority not in _LIMITED or (self._of_run != 0 and self._left.get((source, priority)) != 0)

    @property
    def is_used_up(self) -> bool:
        """Whether a limit was reached: of the run, or of a source's new articles."""
        return self._of_run == 0 or any(self._left.get((one.name, ARTICLE)) == 0 for one in self._sources)

    def open_sources(self) -> list[str]:
        """The sources that may still be asked; where pages come with their files, these are wanted to the end."""
        return [
            one.name
            for one in self._sources
            if one.capture == "requisites" or any(self.is_open(one.name, priority) for priority in _LIMITED)
        ]

    @property
    def closed(self) -> list[tuple[str, int]]:
        """The sources and priorities of which nothing more is wanted."""
        lines = [(one.name, priority) for one in self._sources for priority in _LIMITED]
        return [line for line in lines if not self.is_open(*line)]

    @property
    def most(self) -> dict[tuple[str, int], int]:
        """Of which source and priority how many more at most will be taken."""
        return self._left | dict.fromkeys(self.closed, 0)


class Frontier(BaseScheduler):
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._per_host = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self._session: Session | None = None
        self._spider: NewsSpider | None = None
        self._ready: dict[str, deque[Lease]] = {}
        self._in_flight: Counter[str] = Counter()
        self._returned: deque[Request] = deque()
        self._sleeping = 0
        self._asked_at = 0.0
        self.quota = Quota()
        self._others_at_work = False
        self.stopped = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Frontier:
        return cls(crawler)

    def open(self, spider: Spider) -> None:
        self._session = getattr(spider, "session", None)
        if self._session is not None:
            self._spider = spider  # type: ignore[assignment]
            self.quota = Quota(self._session.sources.values(), self._session.options.limit)
            self._session.frontier = self

    def close(self, reason: str) -> None:
        self._ready.clear()
        self._returned.clear()

    # -- Scrapy's three questions

    def has_pending_requests(self) -> bool:
        if self._returned or self._sleeping or any(self._ready.values()):
            return True
        if self._session is None or self.stopped:
            return False
        self._refill()
        return any(self._ready.values()) or self._others_at_work

    def enqueue_request(self, request: Request) -> bool:
        """Take a request back that a middleware returned; `not_before` (monotonic seconds) makes it wait."""
        lease: Lease | None = request.meta.get("lease")
        if lease is not None:
            self.fetched(lease)
        wait = request.meta.pop("not_before", 0.0) - monotonic()
        if wait <= 0:
            self._returned.append(request)
            return True
        self._sleeping += 1
        asyncio.get_running_loop().call_later(wait, self._wake, request)
        return True

    def next_request(self) -> Request | None:
        if self._returned:
            request = self._returned.popleft()
            lease: Lease | None = request.meta.get("lease")
            if lease is not None:
                self._in_flight[lease.host] += 1
            return request
        if self._session is None or self.stopped:
            return None
        request_of_lease = self._next_leased()
        if request_of_lease is None and self._may_ask():
            self._refill()
            request_of_lease = self._next_leased()
        return request_of_lease

    # -- what the rest of the crawl tells us

    def fetched(self, lease: Lease) -> None:
        """The exchange of this lease is over: its host may be asked for another page."""
        self._in_flight[lease.host] -= 1
        if self._in_flight[lease.host] <= 0:
            del self._in_flight[lease.host]

    def ask(self, lease: Lease) -> None:
        """Ask for a further page of a story, under the lease its first page holds; it counts against no limit."""
        request = self._request_for(lease)
        if request is not None:
            self._in_flight[lease.host] += 1  # enqueue_request takes it off again
            self._crawler.engine.crawl(request)

    def poll(self) -> None:
        """Look for work again where there was none for us; the engine by itself asks only every five seconds."""
        if self.stopped or not self._others_at_work:
            return
        self._refill()
        request = self._next_leased()
        if request is not None:
            self._crawler.engine.crawl(request)

    def stop(self) -> None:
        """Hand out nothing more. Leases that are held go back to the catalog when the session closes."""
        self.stopped = True
        self._ready.clear()

    # -- leases

    def _wake(self, request: Request) -> None:
        self._sleeping -= 1
        lease: Lease | None = request.meta.get("lease")
        if lease is not None:
            self._in_flight[lease.host] += 1  # enqueue_request takes it off again
        self._crawler.engine.crawl(request)

    def _may_ask(self) -> bool:
        return not self._in_flight or monotonic() - self._asked_at > _REST_SECONDS

    def _next_leased(self) -> Request | None:
        """Take from the hosts in turn, from those with room for another connection."""
        for host in list(self._ready):
            queue = self._ready[host]
            if self._in_flight[host] >= self._per_host:
                continue
            lease = queue.popleft()
            allowed = self.quota.take(lease.source, lease.priority)
            del self._ready[host]
            if queue and allowed:
                self._ready[host] = queue  # to the end of the row
            elif queue:
                self._hold(self._still_wanted(queue))
            request = self._request_for(lease) if allowed else None
            if request is not None:
                self._in_flight[host] += 1
                return request
        return None

    @property
    def has_reached_a_limit(self) -> bool:
        return self.quota.is_used_up

    def _still_wanted(self, queue: Iterable[Lease]) -> list[Lease]:
        """The leases that no limit forbids; the others go back when the run ends."""
        return [one for one in queue if self.quota.is_open(one.source, one.priority)]

    def _request_for(self, lease: Lease) -> Request | None:
        """The request of a lease; a URL that Scrapy cannot ask for gets its outcome here."""
        assert self._spider is not None and self._session is not None
        try:
            return self._spider.request_for(lease)
        except ValueError as error:
            self._session.desk.finish(lease, Outcome("failed", "bad_url", {"error": str(error)}), None)
            return None

    def _refill(self) -> None:
        """Lease more. Where that fails, for whatever reason, the run stops: the heart sees the session's error."""
        assert self._session is not None
        try:
            self._lease_more(self._session)
        except Exception as error:
            self._session.broke(error)
            self.stop()

    def _lease_more(self, session: Session) -> None:
        self._asked_at = monotonic()
        now = session.clock()
        if session.ledger.has_discoveries or not self._in_flight:
            session.ledger.commit(now)
        if sum(map(len, self._ready.values())) >= BATCH:
            return
        if session.only:
            taken = leases.take(
                session.archive.catalog, session.worker, session.only, now, LEASE_SECONDS, session.run.run_id
            )
            self._hold(taken)
            return
        sources = self.quota.open_sources()
        if not sources:
            self._others_at_work = False
            return
        taken = leases.lease(
            session.archive.catalog,
            session.worker,
            now=now,
            seconds=LEASE_SECONDS,
            limit=BATCH,
            per_host=PER_HOST,
            sources=sources,
            without=self.quota.closed,
            run=session.run.run_id,
        )
        self._hold(taken)
        # What others hold may lead to more, or come back to us if they die: we wait for them to be done.
        self._others_at_work = False
        if not taken and not self._in_flight:
            left = leases.pending(session.archive.catalog, sources, now, worker=session.worker, most=self.quota.most)
            self._others_at_work = left.due > 0 or left.leased_by_others > 0

    def _hold(self, taken: Iterable[Lease]) -> None:
        for lease in taken:
            self._ready.setdefault(lease.host, deque()).append(lease)
