"""robots.txt obeyed: fetched once a day per origin through the engine (so it is kept like any page), then asked.

RFC 9309: 4xx allows everything; 5xx or no answer forbids everything for now; up to five redirects; 500 KiB are read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached

from archive.addresses import joined
from archive.records.rights import AI_AGENTS, rights_fields
from crawler.discovery.robots import Robots, parse_robots
from crawler.fetch.handler import BadResponse

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


KNOWN_SECONDS = 24 * 3600.0
UNREACHABLE_SECONDS = 300.0
FAILED_SECONDS = 5.0  # shorter than the first back-off, so that a page's retry asks again
MAX_BYTES = 500 * 1024
MAX_REDIRECTS = 5
MAX_DELAY_SECONDS = 60.0


class RobotsDenied(IgnoreRequest):
    """robots.txt does not let us fetch `url`. `record_id` is the capture that says so.

    `line` and `rule` are None where the whole site is closed to us for now, because its robots.txt answered with a
    server error: then `temporary` is true and `why` names it.
    """

    def __init__(
        self,
        url: str,
        *,
        line: int | None = None,
        rule: str | None = None,
        record_id: str | None = None,
        why: str = "denied",
        temporary: bool = False,
    ) -> None:
        super().__init__(f"robots.txt line {line}: {rule}" if rule else f"robots.txt {why}")
        self.url, self.line, self.rule, self.record_id = url, line, rule, record_id
        self.why, self.temporary = why, temporary


class Pace(Protocol):
    """What a run may put at `crawler.pace`: the keeper of every host's delay."""

    def set_floor(self, host: str, delay_seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A robots.txt that an earlier run kept, and how old it is."""

    status: int
    body: bytes
    record_id: str
    age_seconds: float


class Memory(Protocol):
    """What a run may put at `crawler.kept_robots`: the robots.txt at a URL as kept before, where it still holds."""

    def __call__(self, url: str) -> Kept | None: ...


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of an origin's robots.txt until `until` (time.monotonic).

    `robots` None: closed for now (`why`), or not to be reached (`error`).
    """

    robots: Robots | None
    until: float
    record_id: str | None = None
    why: str = ""
    error: Exception | None = None


class RobotsMiddleware:
    """A downloader middleware, in the place of Scrapy's RobotsTxtMiddleware."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY", True):
            raise NotConfigured
        self._crawler = crawler
        named = crawler.settings.get("ROBOTSTXT_USER_AGENT") or crawler.settings.get("USER_AGENT") or ""
        self._agent = product_token(named)
        self._known: dict[str, Known] = {}
        self._asking: dict[str, asyncio.Task[Known]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        middleware = cls(crawler)
        crawler.robots = middleware  # type: ignore[attr-defined]  # for autodiscovery: it asks for Sitemap lines
        return middleware

    async def process_request(self, request: Request) -> None:
        """Raise RobotsDenied, or the network's own error where robots.txt cannot be reached.

        Sets meta "robots", the verdict for us, and "rights", those for others.
        """
        meta = request.meta
        parts = urlparse_cached(request)
        if meta.get("is_robots") or meta.get("dont_obey_robotstxt") or parts.scheme not in ("http", "https"):
            return
        like: dict[str, object] = {name: meta[name] for name in ("proxy", "download_slot") if name in meta}
        known = await self.known(f"{parts.scheme}://{parts.netloc}", like)
        if known.error is not None:
            raise known.error.with_traceback(None)
        if known.robots is None:
            raise RobotsDenied(request.url, why=known.why, temporary=True, record_id=known.record_id)
        verdict = known.robots.verdict(request.url, self._agent)
        if not verdict.allowed:
            raise RobotsDenied(request.url, line=verdict.line, rule=verdict.rule, record_id=known.record_id)
        meta["robots"] = f"allowed by line {verdict.line}: {verdict.rule}" if verdict.rule else "allowed"
        forbidden = known.robots.disallowed(request.url, AI_AGENTS)
        meta["rights"] = rights_fields(known.record_id, forbidden, known.robots.field("content-signal"))
        self._slow_down(request, known.robots.crawl_delay(self._agent))

    async def known(self, origin: str, like: Mapping[str, object] | None = None) -> Known:
        """What we know of an origin ("https://host[:port]"), fetched if we knew nothing or it was too old.

        `like`: the meta it shares with the page it is asked for: its proxy, and the downloader's slot, where
        robots.txt waits its turn among the pages of its host.
        """
        known = self._known.get(origin)
        if known is not None and known.until > time.monotonic():
            return known
        asking = self._asking.get(origin)
        if asking is None:
            asking = asyncio.ensure_future(self._ask(origin, like or {}))
            self._asking[origin] = asking
            asking.add_done_callback(lambda _: self._asking.pop(origin, None))
        return await asyncio.shield(asking)

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of this URL's origin names, where we know it."""
        parts = urlsplit(url)
        known = self._known.get(f"{parts.scheme}://{parts.netloc}")
        return known.robots.sitemaps if known is not None and known.robots is not None else ()

    async def _ask(self, origin: str, like: Mapping[str, object]) -> Known:
        memory: Memory | None = getattr(self._crawler, "kept_robots", None)
        kept = memory(f"{origin}/robots.txt") if memory is not None else None
        if kept is not None:
            known = read_robots(kept.status, kept.body, kept.record_id, time.monotonic() - kept.age_seconds)
            self._known[origin] = known
            return known
        try:
            response = await self._fetch(f"{origin}/robots.txt", like)
        except BadResponse:
            known = Known(None, time.monotonic() + UNREACHABLE_SECONDS, why="answered with no HTTP")
        except Exception as error:  # any of the downloader's: it is the pages' own outcome then
            known = Known(None, time.monotonic() + FAILED_SECONDS, error=error)
        else:
            known = read_robots(response.status, response.body, _record_id(response), time.monotonic())
        self._known[origin] = known
        return known

    async def _fetch(self, url: str, like: Mapping[str, object]) -> Response:
        """Follow redirects here, so that no other middleware's opinion of them counts."""
        assert self._crawler.engine is not None
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._crawler.engine.download_async(_robots_request(url, like))
            target = response.headers.get("Location") if response.status in (301, 302, 303, 307, 308) else None
            url = joined(url, target.decode("latin-1")) if target else ""
            if not url:
                break
        return response

    def _slow_down(self, request: Request, robots_delay: float | None) -> None:
        """Make Crawl-delay a floor of the host's delay: by the run's own pace, or else in the downloader's slot."""
        delay = min(robots_delay or 0.0, MAX_DELAY_SECONDS)
        if not delay:
            return
        assert self._crawler.engine is not None
        downloader = self._crawler.engine.downloader
        key = downloader.get_slot_key(request)
        pace: Pace | None = getattr(self._crawler, "pace", None)
        if pace is not None:
            pace.set_floor(key, delay)
            return
        settings = downloader.per_slot_settings.setdefault(key, {})  # for a slot made later, or anew
        delay = max(delay, settings.get("delay", self._crawler.settings.getfloat("DOWNLOAD_DELAY")))
        settings |= {"delay": delay, "jitter": 0.0}  # a floor has no random part below it
        slot = downloader.slots.get(key)
        if slot is not None:
            slot.delay, slot.jitter = max(delay, slot.delay), 0.0
        request.meta["autothrottle_dont_adjust_delay"] = True  # it would go below, too


def read_robots(status: int, body: bytes, record_id: str | None, now: float) -> Known:
    """What an answer means (RFC 9309 section 2.3.1). Pure.

    429 is read as a server error: who asks us to slow down has not allowed everything.
    """
    if 200 <= status < 300:
        return Known(parse_robots(body[:MAX_BYTES]), now + KNOWN_SECONDS, record_id)
    if status >= 500 or status == 429:
        return Known(None, now + UNREACHABLE_SECONDS, record_id, why=f"answered {status}")
    return Known(parse_robots(b""), now + KNOWN_SECONDS, record_id)


def product_token(user_agent: str) -> str:
    """The name robots.txt groups are matched with: "Pressmark" of "Pressmark/1.0 (+https://…)"."""
    return user_agent.split("/")[0].split("(")[0].strip() or "*"


def _robots_request(url: str, like: Mapping[str, object]) -> Request:
    meta: dict[str, object] = {
        "is_robots": True,
        "dont_redirect": True,
        "dont_retry": True,
        "allow_offsite": True,
        "download_fail_on_dataloss": False,  # a robots.txt that ends early still says something
        **like,
    }
    return Request(url, callback=NO_CALLBACK, priority=1000, dont_filter=True, meta=meta)


def _record_id(response: Response) -> str | None:
    capture = response.meta.get("capture")
    return capture.record_id if capture is not None else None
