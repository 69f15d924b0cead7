"""One real Scrapy crawl with our download handler, in a process of its own; what it kept and what the spider got."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Job:
    """One request of the crawl, named."""

    name: str
    url: str
    method: str = "GET"
    meta: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""
    headers: dict[str, Any] = field(default_factory=dict)


@dataclass
class Result:
    """What was kept for a job (one entry for each exchange), and what Scrapy's spider saw."""

    name: str
    kept: list[dict[str, Any]] = field(default_factory=list)
    status: int | None = None
    body: bytes | None = None
    flags: list[str] = field(default_factory=list)
    headers: dict[bytes, list[bytes]] = field(default_factory=dict)
    url: str | None = None
    kind: str | None = None
    error: str | None = None
    message: str = ""
    meta: dict[str, Any] = field(default_factory=dict)


_COMMAND = "import sys; from tests.crawler.recording import run; run(*sys.argv[1:])"
HANDLER = "crawler.fetch.handler.PressmarkDownloadHandler"
OFF = "scrapy.downloadermiddlewares."
SETTINGS: dict[str, Any] = {
    "DOWNLOAD_HANDLERS": {"http": HANDLER, "https": HANDLER},
    "PRESSMARK_ALLOW_PRIVATE": True,
    "DOWNLOADER_MIDDLEWARES": {
        OFF + "robotstxt.RobotsTxtMiddleware": None,
        OFF + "retry.RetryMiddleware": None,
        OFF + "httpcompression.HttpCompressionMiddleware": None,
        OFF + "redirect.MetaRefreshMiddleware": None,
    },
    "CONCURRENT_REQUESTS": 40,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 40,
    "DOWNLOAD_DELAY": 0,
    "REDIRECT_MAX_TIMES": 3,
    "COOKIES_ENABLED": False,
    "HTTPERROR_ALLOW_ALL": True,
    "EXTENSIONS_BASE": dict.fromkeys(
        (f"scrapy.extensions.{name}" for name in ("corestats.CoreStats", "throttle.AutoThrottle")), 0
    ),
    "LOG_LEVEL": "WARNING",
}


def crawl(
    jobs: Sequence[Job], settings: dict[str, Any] | None = None, environment: dict[str, str] | None = None
) -> tuple[dict[str, Result], dict[str, Any]]:
    """Run the jobs in one crawl; give the results by name, and the stats (with "peak_kib" and "log")."""
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "jobs"), Path(folder, "results")
        asked.write_bytes(pickle.dumps((list(jobs), SETTINGS | (settings or {}))))
        done = subprocess.run(
            [sys.executable, "-c", _COMMAND, str(asked), str(answered)],
            cwd=Path(__file__).parents[2], env=os.environ | (environment or {}), capture_output=True, timeout=100, check=False,
        )  # fmt: skip
        assert answered.exists(), done.stderr.decode()[-4000:]
        results, stats = pickle.loads(answered.read_bytes())
    stats["log"] = done.stderr.decode()
    return {result.name: result for result in results}, stats


def run(asked: str, answered: str) -> None:
    import resource

    import scrapy
    from scrapy.crawler import AsyncCrawlerProcess

    from archive.model import Capture, Exchange

    jobs, settings = pickle.loads(Path(asked).read_bytes())
    results = {job.name: Result(job.name) for job in jobs}
    others: dict[str, Result] = {}

    class Keeper:
        count = 0

        def keep(self, exchange: Exchange, request: scrapy.Request) -> Capture:
            Keeper.count += 1
            row = {name: getattr(exchange, name) for name in exchange.__slots__ if name != "response"}
            row["in_memory"], row["size"] = exchange.response.in_memory, exchange.response.size
            row["response"] = exchange.response.getvalue() if exchange.response.size < 5_000_000 else b""
            name = request.meta.get("job") or exchange.target_uri
            (results.get(name) or others.setdefault(name, Result(name))).kept.append(row)
            exchange.response.close()
            return Capture(
                f"<urn:test:{Keeper.count}>", "response", exchange.target_uri, "", exchange.started_at, None, None, None, 0,
                "x.warc.gz", 0, 0, "test", "run",
            )  # fmt: skip

    class Jobs(scrapy.Spider):
        name = "jobs"

        async def start(self):  # type: ignore[no-untyped-def]
            self.crawler.keeper = Keeper()
            for job in jobs:
                yield scrapy.Request(
                    job.url, method=job.method, body=job.body, headers=job.headers, dont_filter=True,
                    meta=job.meta | {"job": job.name}, callback=self.parse, errback=self.failed,
                )  # fmt: skip

        def parse(self, response):  # type: ignore[no-untyped-def]
            result = results[response.meta["job"]]
            result.status, result.body, result.flags = response.status, bytes(response.body)[:5_000_000], response.flags
            result.headers = {name: list(values) for name, values in response.headers.items()}
            result.url, result.kind = response.url, type(response).__name__
            result.meta = {
                k: v for k, v in response.meta.items() if isinstance(v, (str, int, float, tuple, list, Capture))
            }

        def failed(self, failure):  # type: ignore[no-untyped-def]
            result = results[failure.request.meta["job"]]
            result.error, result.message = type(failure.value).__name__, str(failure.value)
            result.meta = {k: v for k, v in failure.request.meta.items() if isinstance(v, (str, int, float, Capture))}
            for name in ("line", "rule", "record_id", "temporary", "why"):
                if hasattr(failure.value, name):
                    result.meta[name] = getattr(failure.value, name)

    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(Jobs)
    process.crawl(crawler)
    process.start()
    stats = {key: value for key, value in crawler.stats.get_stats().items() if isinstance(value, (int, float, str))}
    stats["peak_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    Path(answered).write_bytes(pickle.dumps((list(results.values()) + list(others.values()), stats)))
