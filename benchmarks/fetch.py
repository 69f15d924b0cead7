"""CPU per page of our download handler against Scrapy's own, in one run on loopback.

    python benchmarks/fetch.py [--pages 3000] [--rounds 3]

Each round crawls the same pages with both, in turn and each in a new process; printed are the medians and their
ratio (ours / Scrapy's). Counted is the crawl process's CPU from the first request to the last page.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

WORDS = (
    "The",
    "council",
    "voted",
    "on",
    "Tuesday",
    "to",
    "keep",
    "the",
    "harbour",
    "open",
    "until",
    "spring,",
    "officials",
)
KINDS = ("plain", "gzip", "chunked", "tls")


def page() -> bytes:
    """About 60 kB of markup, as a news page has."""
    paragraphs = [
        f"<p class='para p{n}'>{' '.join(WORDS[(n * 7 + k) % len(WORDS)] for k in range(60))}</p>" for n in range(140)
    ]
    return f"<html><head><title>News</title></head><body>{''.join(paragraphs)}</body></html>".encode()


def answers() -> dict[str, bytes]:
    body = page()
    zipped = gzip.compress(body, 6, mtime=0)
    start = (
        b"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\n"
        b"Content-Type: text/html; charset=utf-8\r\nCache-Control: max-age=60\r\n"
        b'ETag: "5e1c-60b"\r\nVary: Accept-Encoding\r\nX-Cache: HIT\r\n'
    )
    pieces = b"".join(
        b"%x\r\n%s\r\n" % (len(p), p) for p in (zipped[n : n + 4096] for n in range(0, len(zipped), 4096))
    )
    plain = start + b"Content-Length: %d\r\n\r\n" % len(body) + body
    coded = start + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(zipped) + zipped
    chunked = start + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"
    return {"plain": plain, "gzip": coded, "chunked": chunked, "tls": coded}


class _Server(asyncio.Protocol):
    def __init__(self, table: dict[str, bytes]) -> None:
        self._table = table
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._seen += data
        while (end := self._seen.find(b"\r\n\r\n")) >= 0:
            kind = self._seen.split(b" ", 2)[1].decode().split("/")[1]
            self._seen = self._seen[end + 4 :]
            self._transport.write(self._table[kind])  # type: ignore[attr-defined]


def serve(folder: Path) -> dict[str, int]:
    """Serve from a thread; give the ports of "http" and "https"."""
    import ssl

    import trustme

    authority, table = trustme.CA(), answers()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    async def start(tls: ssl.SSLContext | None) -> int:
        server = await loop.create_server(lambda: _Server(table), "127.0.0.1", 0, ssl=tls, backlog=200)
        return int(server.sockets[0].getsockname()[1])

    return {
        scheme: asyncio.run_coroutine_threadsafe(start(tls), loop).result()
        for scheme, tls in (("http", None), ("https", context))
    }


def crawl(ours: bool, url: str, pages: int) -> None:
    """In a process of its own: crawl, print CPU seconds."""
    import scrapy
    from scrapy.crawler import AsyncCrawlerProcess

    class Pages(scrapy.Spider):
        name = "pages"
        seen = 0

        async def start(self):  # type: ignore[no-untyped-def]
            self.from_cpu, self.from_wall = time.process_time(), time.perf_counter()
            for n in range(pages):
                yield scrapy.Request(f"{url}/{n}", dont_filter=True)

        def parse(self, response):  # type: ignore[no-untyped-def]
            assert response.status == 200 and len(response.body) > 50_000
            self.seen += 1
            if self.seen == pages:
                cpu, wall = time.process_time() - self.from_cpu, time.perf_counter() - self.from_wall
                print(json.dumps({"cpu": cpu, "wall": wall}))

    settings = {
        "LOG_LEVEL": "ERROR",
        "CONCURRENT_ITEMS": 8,  # for both: the default of 100 makes 100 tasks a page, which would hide the handlers
        "TELNETCONSOLE_ENABLED": False,
        "CONCURRENT_REQUESTS": 16,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
        "DOWNLOAD_DELAY": 0,
    }
    if ours:
        handler = "crawler.fetch.handler.PressmarkDownloadHandler"
        settings |= {
            "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
            "DOWNLOADER_MIDDLEWARES": {"scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None},
            "DEFAULT_REQUEST_HEADERS": {"Accept-Encoding": "gzip, deflate, br, zstd"},
            "PRESSMARK_ALLOW_PRIVATE": True,
        }
    process = AsyncCrawlerProcess(settings)
    process.crawl(Pages)
    process.start()


def measure(ours: bool, url: str, pages: int, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--crawl", "ours" if ours else "scrapy", "--url", url, "--pages", str(pages)],
        capture_output=True, check=True, env={"SSL_CERT_FILE": str(folder / "ca.pem")},
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=3000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--crawl", choices=("ours", "scrapy"), help=argparse.SUPPRESS)
    options.add_argument("--url", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.crawl:
        crawl(chosen.crawl == "ours", chosen.url, chosen.pages)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ports = serve(folder)
        print(
            f"{'pages':>8}  {'scrapy ms':>9}  {'ours ms':>9}  ratio"
            f"   (CPU per page, {chosen.pages} pages, {chosen.rounds} rounds)"
        )
        for kind in KINDS:
            scheme = "https" if kind == "tls" else "http"
            url = f"{scheme}://localhost:{ports[scheme]}/{kind}"
            runs = [
                (measure(False, url, chosen.pages, folder), measure(True, url, chosen.pages, folder))
                for _ in range(chosen.rounds)
            ]
            theirs, ours = (statistics.median(run[n]["cpu"] for run in runs) * 1000 / chosen.pages for n in (0, 1))
            print(f"{kind:>8}  {theirs:9.3f}  {ours:9.3f}  {ours / theirs:5.2f}", flush=True)


if __name__ == "__main__":
    main()
