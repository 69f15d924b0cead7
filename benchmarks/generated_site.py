"""A publisher of generated pages on loopback, for measuring crawls: as many pages and hosts as asked, always the same.

    python benchmarks/generated_site.py --pages 2000 --hosts 8 --port 8900 --sources sources.toml

Every host has a feed of its pages (`/rss.xml`). Pages look like news pages of `--kib` KiB: a head with JSON-LD,
navigation, an article of some 400 words, and scripts that are most of the bytes. Standard library only.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from functools import cache
from pathlib import Path

_WORDS = [
    "council",
    "river",
    "budget",
    "school",
    "bridge",
    "winter",
    "market",
    "harvest",
    "museum",
    "railway",
    "harbour",
    "library",
    "orchestra",
    "festival",
    "mayor",
    "teacher",
    "farmer",
    "engineer",
    "report",
    "decision",
    "meeting",
    "proposal",
    "opened",
    "closed",
    "agreed",
    "delayed",
    "announced",
    "repaired",
    "new",
    "old",
    "public",
    "local",
    "northern",
    "quiet",
    "busy",
    "the",
    "a",
    "of",
    "in",
    "on",
    "for",
    "with",
    "and",
    "but",
    "after",
    "before",
    "while",
    "because",
]


@cache
def page(host: str, number: int, kib: int) -> bytes:
    """Return one page; the same for the same arguments."""
    rng = random.Random(f"{host}/{number}")
    title = " ".join(rng.choices(_WORDS, k=7)).capitalize()
    paragraphs = "".join(f"<p>{' '.join(rng.choices(_WORDS, k=50)).capitalize()}.</p>" for _ in range(8))
    filler = "".join(f"var v{i}={rng.getrandbits(256)};" for i in range(max(0, kib - 6) * 12))
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title} - Generated</title>"
        f'<script type="application/ld+json">{{"@context":"https://schema.org","@type":"NewsArticle",'
        f'"headline":"{title}","datePublished":"2026-10-{number % 28 + 1:02d}T08:00:00Z"}}</script>'
        f"<script>{filler}</script></head><body><nav><a href=/>Home</a> <a href=/about>About</a></nav>"
        f"<main><article><h1>{title}</h1>{paragraphs}</article></main><footer>Imprint</footer></body></html>"
    ).encode()


class Site:
    def __init__(self, host: str, port: int, numbers: range, kib: int) -> None:
        self.host, self.base, self.numbers, self.kib = host, f"http://{host}:{port}", numbers, kib

    def answer(self, path: str) -> tuple[str, str, bytes]:
        if path.startswith("/story/"):
            return "200 OK", "text/html; charset=utf-8", page(self.host, int(path[7:].split(".")[0]), self.kib)
        if path == "/rss.xml":
            items = "".join(
                f"<item><title>Story {n}</title><link>{self.base}/story/{n}.html</link></item>" for n in self.numbers
            )
            feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>G</title>{items}</channel></rss>'
            return "200 OK", "application/rss+xml", feed.encode()
        if path == "/robots.txt":
            return "200 OK", "text/plain", b"User-agent: *\nDisallow: /private/\n"
        return "404 Not Found", "text/plain", b"not here"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                status, kind, body = self.answer(head.split(b" ", 2)[1].decode())
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pages", type=int, default=2000)
    arguments.add_argument("--hosts", type=int, default=8)
    arguments.add_argument("--kib", type=int, default=60)
    arguments.add_argument("--port", type=int, default=8900)
    arguments.add_argument("--sources", type=Path)
    options = arguments.parse_args()
    sites = []
    share = -(-options.pages // options.hosts)
    for index in range(options.hosts):
        numbers = range(index * share, min((index + 1) * share, options.pages))
        site = Site(f"127.0.2.{index + 1}", options.port, numbers, options.kib)
        await asyncio.start_server(site.serve, site.host, options.port)
        sites.append(site)
    if options.sources:
        text = '[defaults]\nschedule = "manual"\ndelay = 0.0\n'
        for index, site in enumerate(sites):
            text += f'\n[[source]]\nname = "gen-{index}"\nkind = "feed"\nurl = "{site.base}/rss.xml"\n'
        options.sources.write_text(text)
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
