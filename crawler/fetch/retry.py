"""When a failed fetch is tried again.

`parse_retry_after`, `backoff_seconds` and `worth_retrying` are pure; `RetryMiddleware` returns the request for the
frontier to serve again at `meta["not_before"]` (time.monotonic).
"""

from __future__ import annotations

import random
import re
import socket
import ssl
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    NotConfigured,
    ResponseDataLossError,
)
from scrapy.http import Response

from archive.times import utc_now
from crawler.fetch.dial import TunnelRefused

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

BASE_SECONDS = 10.0
FACTOR = 4.0
CAP_SECONDS = 600.0
RETRY_STATUSES = frozenset((408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 529))
_RETRY_ERRORS = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)


def backoff_seconds(
    attempt: int,
    retry_after: float | None = None,
    *,
    jitter: float = 0.0,
    base_seconds: float = BASE_SECONDS,
    cap_seconds: float = CAP_SECONDS,
) -> float:
    """How long to wait after the `attempt`-th failure (from 1): 10 s, 40 s, 160 s, ... and never over the cap.

    `jitter` (0 … 1, drawn by the caller) adds up to half as much, so that pages failed together do not return
    together. A server's Retry-After is a lower bound of what we wait, up to the cap.
    """
    wait = base_seconds * FACTOR ** (attempt - 1) * (1 + jitter / 2)
    return min(max(wait, retry_after or 0.0), cap_seconds)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from `now` that a Retry-After field asks for (RFC 9110 section 10.2.3); None where it says nothing."""
    value = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())


def worth_retrying(error: BaseException) -> bool:
    """Whether waiting can help: networks recover, names that do not exist and bad certificates do not."""
    if not isinstance(error, _RETRY_ERRORS):
        return False
    cause = error.__cause__
    if isinstance(cause, socket.gaierror):
        return cause.errno == socket.EAI_AGAIN
    if isinstance(cause, TunnelRefused):
        return cause.status is None or cause.status in RETRY_STATUSES
    return not isinstance(cause, ssl.SSLCertVerificationError)


class RetryMiddleware:
    """In the place of Scrapy's. RETRY_TIMES (or meta "max_retry_times") further attempts, then the failure stands."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("RETRY_ENABLED", True):
            raise NotConfigured
        self._times = crawler.settings.getint("RETRY_TIMES", 2)
        self._priority_adjust = crawler.settings.getint("RETRY_PRIORITY_ADJUST", -1)
        self._base_seconds = crawler.settings.getfloat("PRESSMARK_RETRY_WAIT", BASE_SECONDS)
        self._cap_seconds = crawler.settings.getfloat("PRESSMARK_RETRY_MAX_WAIT", CAP_SECONDS)
        self._stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RetryMiddleware:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status not in RETRY_STATUSES:
            return response
        asked = response.headers.get("Retry-After")
        retry_after = parse_retry_after(asked.decode("latin-1") if asked else None, utc_now())
        return self._again(request, str(response.status), retry_after) or response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        return self._again(request, type(exception).__name__, None) if worth_retrying(exception) else None

    def _again(self, request: Request, reason: str, retry_after: float | None) -> Request | None:
        meta = request.meta
        attempt = int(meta.get("attempt", 1))
        times = int(meta.get("max_retry_times", self._times))
        if meta.get("dont_retry") or attempt > times:
            return None
        wait = backoff_seconds(
            attempt,
            retry_after,
            jitter=random.random(),
            base_seconds=self._base_seconds,
            cap_seconds=self._cap_seconds,
        )
        again = request.copy()
        again.dont_filter = True
        again.priority = request.priority + self._priority_adjust
        again.meta["attempt"] = attempt + 1
        again.meta["not_before"] = time.monotonic() + wait
        if attempt == times:
            # The last attempt: a page whose end never comes is better than none. It arrives flagged as truncated.
            again.meta["download_fail_on_dataloss"] = False
        if self._stats is not None:
            self._stats.inc_value(f"retry/reason/{reason}")
        return again
