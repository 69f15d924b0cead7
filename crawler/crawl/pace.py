"""Pace: each host is asked no faster than its source and its robots.txt allow, and slower when it struggles.

The rule of Scrapy's AutoThrottle (https://docs.scrapy.org/en/latest/topics/autothrottle.html), applied per host above
that host's own floor: Scrapy's extension has one floor for all hosts and would undercut a source's delay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import signals

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response

MAX_DELAY_SECONDS = 60.0
_STRAINED = frozenset((429, 500, 502, 503, 504))


def next_delay(current: float, floor: float, latency: float, status: int, concurrency: int) -> float:
    """Return the delay in seconds after a response that took `latency` seconds.

    A host that answers slowly gets `latency / concurrency` between requests; one that asks for mercy (429, 5xx)
    at least twice its current delay; errors never speed us up, for they are quick to send.
    """
    if status in _STRAINED:
        return max(floor, min(MAX_DELAY_SECONDS, max(2 * current, 1.0)))
    wanted = latency / concurrency if latency > 0.5 else 0.0  # a host that answers at once needs no more than its floor
    delay = max(wanted, (current + wanted) / 2, floor)
    if delay < 0.05 and floor == 0:
        delay = 0.0
    if status != 200 and delay < current:
        return current
    return max(floor, min(MAX_DELAY_SECONDS, delay))  # a floor above our most is the publisher's or the user's word


class Pace:
    """Scrapy extension: keeps the delay of every downloader slot."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._floors: dict[str, float] = {}
        self._adapts = crawler.settings.getbool("PRESSMARK_ADAPT_PACE", True)
        crawler.signals.connect(self.response_downloaded, signal=signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Pace:
        pace = cls(crawler)
        crawler.pace = pace  # type: ignore[attr-defined]
        return pace

    def set_floor(self, host: str, delay_seconds: float) -> None:
        """The host is to have at least this many seconds between requests; the larger of several calls counts."""
        floor = self._floors[host] = max(delay_seconds, self._floors.get(host, 0.0))
        downloader = self._crawler.engine.downloader
        downloader.per_slot_settings.setdefault(host, {})["delay"] = floor
        if floor > 0:
            downloader.per_slot_settings[host]["concurrency"] = 1
        slot = downloader.slots.get(host)
        if slot is not None:
            slot.delay = max(slot.delay, floor)

    def response_downloaded(self, response: Response, request: Request, spider: Spider) -> None:
        host: Any = request.meta.get("download_slot")
        slot = self._crawler.engine.downloader.slots.get(host)
        latency = request.meta.get("download_latency")
        if slot is not None and latency is not None and self._adapts:
            floor = self._floors.get(host, 0.0)
            slot.delay = next_delay(slot.delay, floor, latency, response.status, slot.concurrency)
