"""The Scrapy download handler that keeps every byte.

`download_request` sends, keeps, then hands the page to Scrapy, in that order: what a page says is only ever said of
bytes that are in the archive. Settings and meta are read here and nowhere else in this package.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Protocol
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from archive.errors import PressmarkError
from archive.model import Capture, Exchange
from archive.times import utc_now
from crawler.fetch.dial import Dialer, Proxy, Route
from crawler.fetch.guard import Guard
from crawler.fetch.page import page_of
from crawler.fetch.pool import IDLE_SECONDS, Pool
from crawler.fetch.reply import Limits, Reply, exchange_of
from crawler.fetch.request_bytes import ascii_host, request_bytes, without_proxy_credentials
from crawler.fetch.tls import Trust

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

_PORTS = {"http": 80, "https": 443}


class Keeper(Protocol):
    """What the run puts at `crawler.keeper`: writes the exchange and says where. None: there was nothing to write.

    The exchange's response is closed when `keep` returns.
    """

    def keep(self, exchange: Exchange, request: Request) -> Capture | None: ...


class BadResponse(PressmarkError):
    """The server answered with something no page can be made of; it has been kept. `problems` say what was wrong."""

    code = "bad-response"

    def __init__(self, url: str, problems: tuple[str, ...]) -> None:
        super().__init__(f"{url} answered with no HTTP response: {'; '.join(problems) or 'unknown reason'}")
        self.url, self.problems = url, problems


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """The settings of this package, as values."""

    timeout_seconds: float
    idle_seconds: float
    wire_bytes: int
    body_bytes: int
    decoded_bytes: int
    allow_private: bool
    tls_verify: bool
    keep_alive_seconds: float
    fail_on_dataloss: bool

    @classmethod
    def of(cls, settings: BaseSettings) -> FetchSettings:
        return cls(
            timeout_seconds=settings.getfloat("DOWNLOAD_TIMEOUT") or 180.0,
            idle_seconds=settings.getfloat("PRESSMARK_IDLE_TIMEOUT", 30.0),
            wire_bytes=settings.getint("DOWNLOAD_MAXSIZE"),
            body_bytes=settings.getint("PRESSMARK_BODY_BYTES", 16 << 20),
            decoded_bytes=settings.getint("PRESSMARK_DECODED_BYTES", 50 << 20),  # a sitemap's own limit
            allow_private=settings.getbool("PRESSMARK_ALLOW_PRIVATE", False),
            tls_verify=settings.getbool("PRESSMARK_TLS_VERIFY", True),
            keep_alive_seconds=settings.getfloat("PRESSMARK_KEEP_ALIVE", IDLE_SECONDS),
            fail_on_dataloss=settings.getbool("DOWNLOAD_FAIL_ON_DATALOSS"),
        )


class PressmarkDownloadHandler(BaseDownloadHandler):
    """For "http" and "https" in DOWNLOAD_HANDLERS. Needs the asyncio reactor."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._settings = settings = FetchSettings.of(crawler.settings)
        dialer = Dialer(
            Guard(allow_private=settings.allow_private),
            Trust(verify=settings.tls_verify),
            allow_private=settings.allow_private,
        )
        self._pool = Pool(
            dialer,
            idle_seconds=settings.keep_alive_seconds,
            idle_per_route=max(8, crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")),
        )

    async def download_request(self, request: Request) -> Response:
        """Fetch, keep, and give the page.

        `request.meta` gets "capture", "download_latency" and, for a cut response, "exchange_truncated". Raises
        scrapy.exceptions' own download errors, guard.AddressRefused, UnsafeRequest and BadResponse; where bytes had
        come, they are kept before it raises.
        """
        loop = asyncio.get_running_loop()
        meta = request.meta
        meta.pop("capture", None)  # of the page before, where a redirect or a retry has copied the meta
        meta.pop("exchange_truncated", None)
        route = route_of(request)
        by_proxy = route.proxy is not None and route.scheme == "http"
        data = request_bytes(request, via_proxy=by_proxy)
        started_at, started = utc_now(), loop.time()
        limits = self._limits(request, started)
        try:
            reply = await self._pool.exchange(route, data, request.method, limits)
        except (OSError, ssl.SSLError) as error:
            _raise_for(error, request)
        fetch_ms = round((loop.time() - started) * 1000)
        meta["download_latency"] = (reply.first_byte_at or loop.time()) - started
        if reply.truncated:
            meta["exchange_truncated"] = reply.truncated
        if by_proxy:
            data, reply.notes = _for_the_archive(data, reply.notes)
        exchange = exchange_of(request.url, request.method, data, reply, started_at, fetch_ms)
        meta["capture"] = self._keep(exchange, request)
        self._raise_if_no_page(reply, request)
        return page_of(reply, request, decoded_bytes=self._settings.decoded_bytes)

    async def close(self) -> None:
        await self._pool.close()

    def _limits(self, request: Request, started: float) -> Limits:
        meta, settings = request.meta, self._settings
        seconds = float(meta.get("download_timeout") or settings.timeout_seconds)
        return Limits(
            deadline=started + seconds,
            idle_seconds=settings.idle_seconds,
            wire_bytes=int(meta.get("download_maxsize", settings.wire_bytes) or 0),
            entity_bytes=settings.body_bytes,
        )

    def _keep(self, exchange: Exchange, request: Request) -> Capture | None:
        keeper: Keeper | None = getattr(self.crawler, "keeper", None)
        try:
            return keeper.keep(exchange, request) if keeper is not None else None
        finally:
            exchange.response.close()  # a large one is a file

    def _raise_if_no_page(self, reply: Reply, request: Request) -> None:
        if reply.truncated == "time":
            raise DownloadTimeoutError(f"Getting {request.url} was {reply.notes[-1]}.")
        if reply.first_byte_at is None:
            raise DownloadFailedError(f"{request.url}: {reply.notes[-1]}")
        if (
            reply.truncated == "disconnect"
            and reply.head.status is not None
            and request.meta.get("download_fail_on_dataloss", self._settings.fail_on_dataloss)
        ):
            raise ResponseDataLossError(f"{request.url}: {reply.notes[-1]}")
        if reply.head.status is None or not reply.head_whole:
            raise BadResponse(request.url, reply.notes)


def route_of(request: Request) -> Route:
    """Where `request` goes. Raises UnsupportedURLSchemeError, also for proxies that are not HTTP."""
    parts = urlparse_cached(request)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UnsupportedURLSchemeError(f"not an HTTP URL: {request.url}")
    host = ascii_host(parts.hostname)
    return Route(parts.scheme, host, parts.port or _PORTS[parts.scheme], _proxy_of(request))


def _proxy_of(request: Request) -> Proxy | None:
    """Scrapy's HttpProxyMiddleware has moved the credentials of meta["proxy"] to a header by now."""
    url: str | None = request.meta.get("proxy")
    if not url:
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UnsupportedURLSchemeError(f"not an HTTP proxy: {parts.scheme}://{parts.hostname}")
    return Proxy(
        parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], request.headers.get(b"Proxy-Authorization")
    )


def _for_the_archive(data: bytes, notes: tuple[str, ...]) -> tuple[bytes, tuple[str, ...]]:
    kept = without_proxy_credentials(data)
    return kept, notes if kept == data else (*notes, "value of Proxy-Authorization withheld from the request")


def _raise_for(error: OSError, request: Request) -> NoReturn:
    """Say it in Scrapy's words, which its middlewares know."""
    if isinstance(error, TimeoutError):
        raise DownloadTimeoutError(f"Connecting to {request.url} took too long.") from error
    if isinstance(error, socket.gaierror):
        raise CannotResolveHostError(f"{request.url}: {error.strerror or error}") from error
    if isinstance(error, ConnectionRefusedError):
        raise DownloadConnectionRefusedError(f"{request.url}: {error.strerror or error}") from error
    raise DownloadFailedError(f"{request.url}: {error.strerror or error}") from error
