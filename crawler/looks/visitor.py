"""A small polite client for a look at a site: a handful of pages, one after the other, nothing kept.

It speaks through the crawl's own connections (crawler/fetch), so the address guard, TLS and the bytes sent are the
same; it needs no Scrapy engine. robots.txt is asked first for every origin and obeyed, redirects included.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urldefrag, urljoin, urlsplit

from archive.errors import PressmarkError
from archive.http.codings import decode_content
from archive.http.messages import Head
from archive.model import Exchange
from archive.times import utc_now
from crawler.discovery.robots import DISALLOW_ALL, Robots, Verdict, robots_for
from crawler.fetch.dial import Dialer, Route
from crawler.fetch.guard import AddressRefused, Guard
from crawler.fetch.pool import Pool
from crawler.fetch.reply import Limits, Reply, exchange_of
from crawler.fetch.request_bytes import UnsafeRequest, ascii_host, request_bytes
from crawler.fetch.tls import Trust

MAX_REDIRECTS = 5
MAX_DELAY_SECONDS = 60.0  # as in a crawl (crawler/fetch/robots.py)
_PATIENCE_SECONDS = 2.0  # a longer pause is explained while it lasts
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PORTS = {"http": 80, "https": 443}
_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}
_NO_HEAD = Head(b"", None, b"", (), 0)


@dataclass(frozen=True, slots=True)
class Manners:
    """How we visit. `delay_seconds` is the least pause between requests; a robots.txt may ask for more."""

    agent: str
    delay_seconds: float = 1.0
    max_requests: int = 8
    timeout_seconds: float = 30.0
    max_bytes: int = 16 << 20
    allow_private: bool = False
    tls_verify: bool = True


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of asking for a URL. `url` is where the answer came from; `failure` says why there is no page."""

    asked: str
    url: str
    status: int | None = None
    head: Head = _NO_HEAD
    body: bytes = b""  # content-decoded
    failure: str | None = None
    hint: str | None = None  # what can be done about the failure, where something can
    denied: Verdict | None = None  # the rule of robots.txt that forbade it

    @property
    def ok(self) -> bool:
        return self.failure is None and self.status == 200

    @property
    def problem(self) -> str:
        """Why this is no page, in a few words."""
        return self.failure or f"HTTP {self.status}"


class Visitor:
    """Use as an async context manager; `visit` gives a Visit and never raises for what a server does."""

    def __init__(
        self,
        manners: Manners,
        on_request: Callable[[str], None] | None = None,
        keep: Callable[[Exchange], None] | None = None,
    ) -> None:
        """`keep` is given every exchange, byte for byte, before it is looked at."""
        self.manners = manners
        self._keep = keep
        self._headers: Mapping[str, str] = {}
        self.requests = 0
        self._most = manners.max_requests
        self._on_request = on_request or (lambda url: None)
        guard = Guard(allow_private=manners.allow_private)
        trust = Trust(verify=manners.tls_verify)
        self._pool = Pool(Dialer(guard, trust, allow_private=manners.allow_private))
        self._robots: dict[str, tuple[Robots, Visit]] = {}
        self._asked_at: dict[str, float] = {}

    async def __aenter__(self) -> Visitor:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._pool.close()

    @property
    def left(self) -> int:
        return self._most - self.requests

    def slow_to(self, most: int) -> None:
        """Make at most as many requests in all."""
        self._most = min(self._most, most)

    async def robots(self, url: str) -> tuple[Robots, Visit]:
        """The rules of the origin of `url`, and the visit they were read from. Asked once per origin."""
        origin = _origin(url)
        if origin not in self._robots:
            visit = await self._follow(f"{origin}/robots.txt", obey=False)
            rules = robots_for(visit.status, visit.body) if visit.failure is None else DISALLOW_ALL
            self._robots[origin] = rules, visit
        return self._robots[origin]

    @property
    def known_robots(self) -> dict[str, tuple[Robots, Visit]]:
        """The rules read so far, by origin."""
        return dict(self._robots)

    async def visit(self, url: str, headers: Mapping[str, str] | None = None) -> Visit:
        """Ask for a page, following redirects; `headers` are sent instead of ours. robots.txt is asked as ourselves."""
        await self.robots(url)
        self._headers = headers or {}
        try:
            return await self._follow(url, obey=True)
        finally:
            self._headers = {}

    def delay_of(self, url: str) -> float:
        """Seconds between requests to an origin: ours, or what its robots.txt asks if that is more."""
        origin = _origin(url)
        rules = self._robots[origin][0] if origin in self._robots else None
        asked = (rules.crawl_delay(self.manners.agent) if rules else None) or 0.0
        return max(self.manners.delay_seconds, min(asked, MAX_DELAY_SECONDS))

    async def _follow(self, url: str, *, obey: bool) -> Visit:
        here = url
        for _ in range(MAX_REDIRECTS + 1):
            if obey:
                rules, said = await self.robots(here)
                if said.failure is not None:  # a host that gives no robots.txt gives no page
                    return Visit(url, here, failure=said.failure, hint=said.hint)
                verdict = rules.verdict(here, self.manners.agent)
                if not verdict.allowed:
                    return Visit(url, here, failure=_denial(verdict, said), denied=verdict)
            visit = await self._ask(url, here)
            location = visit.head.value("location") if visit.status in _REDIRECTS else None
            if location is None:
                return visit
            target = _target(here, location)
            if target is None:
                return Visit(url, here, visit.status, visit.head, failure=f"redirects to {location}")
            here = target
        return Visit(url, here, failure=f"more than {MAX_REDIRECTS} redirects")

    async def _ask(self, asked: str, url: str) -> Visit:
        if self.left <= 0:
            return Visit(asked, url, failure=f"not asked: {self.requests} requests were made already")
        await self._wait(url)
        self.requests += 1
        self._on_request(url)
        started_at, started = utc_now(), monotonic()
        try:
            data, reply = await self._exchange(url)
        except (OSError, UnsafeRequest, PressmarkError) as error:
            return Visit(asked, url, failure=_failure(error, url), hint=_hint(error))
        finally:
            self._asked_at[_origin(url)] = asyncio.get_running_loop().time()
        try:
            if self._keep is not None:
                self._keep(exchange_of(url, "GET", data, reply, started_at, int((monotonic() - started) * 1000)))
            return self._read(asked, url, reply)
        finally:
            reply.wire.close()

    async def _wait(self, url: str) -> None:
        before = self._asked_at.get(_origin(url))
        if before is not None:
            pause = before + self.delay_of(url) - asyncio.get_running_loop().time()
            if pause > _PATIENCE_SECONDS:
                self._on_request(f"{url} in {pause:.0f} s, as robots.txt asks")
            await asyncio.sleep(max(0.0, pause))

    async def _exchange(self, url: str) -> tuple[bytes, Reply]:
        from scrapy import Request

        parts = urlsplit(url)
        route = Route(parts.scheme, ascii_host(parts.hostname or ""), parts.port or _PORTS[parts.scheme])
        request = Request(url, headers={**_HEADERS, "User-Agent": self.manners.agent, **self._headers})
        limits = Limits(
            deadline=asyncio.get_running_loop().time() + self.manners.timeout_seconds,
            idle_seconds=self.manners.timeout_seconds,
            wire_bytes=self.manners.max_bytes,
            entity_bytes=self.manners.max_bytes,
        )
        data = request_bytes(request)
        return data, await self._pool.exchange(route, data, "GET", limits)

    def _read(self, asked: str, url: str, reply: Reply) -> Visit:
        head = reply.head
        failure = None
        if reply.truncated is not None or head.status is None:
            failure = "; ".join(reply.notes) or "no HTTP response"
        codings = [coding for coding in head.tokens("content-encoding") if coding != "identity"]
        body = reply.entity
        if codings and body:
            body = decode_content(body, codings, max_bytes=4 * self.manners.max_bytes).body
        return Visit(asked, url, head.status, head, body, failure)


def _target(base: str, location: str) -> str | None:
    """The address a redirect leads to, without a fragment; None where it is none of the web's."""
    try:
        target = urldefrag(urljoin(base, location)).url
        parts = urlsplit(target)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a broken port or IPv6 address
        return None
    return target if usable else None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _denial(verdict: Verdict, robots: Visit) -> str:
    if verdict.line is None:
        return f"robots.txt could not be read (HTTP {robots.status})"
    return f'robots.txt line {verdict.line}: "{verdict.rule}"'


def _hint(error: Exception) -> str | None:
    if isinstance(error, AddressRefused):
        return "crawl.allow_private = true in pressmark.toml, if this host is yours"
    return error.hint if isinstance(error, PressmarkError) else None


def _failure(error: Exception, url: str) -> str:
    """One line a person understands, for what kept us from asking."""
    host = urlsplit(url).hostname
    if isinstance(error, TimeoutError):
        return f"{host} did not answer in time"
    if isinstance(error, socket.gaierror):
        return f"no address found for {host}"
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refused the connection"
    if isinstance(error, PressmarkError):
        return error.message
    return f"{type(error).__name__}: {error}"
