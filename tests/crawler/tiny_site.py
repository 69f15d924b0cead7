"""A site of a few pages on loopback, for tests that need one page to be just so. Standard library only."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Page:
    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})
    slow_seconds: float = 0.0  # before it answers
    instead: Mapping[str, Page] = field(default_factory=dict)  # for who says this word in User-Agent or Referer


@dataclass
class Site:
    """`pages` by path; `asked` are the paths that were asked for, in order."""

    url: str
    pages: dict[str, Page]
    asked: list[str]


@contextlib.contextmanager
def tiny_site(pages: Mapping[str, Page]) -> Iterator[Site]:
    site = Site("", dict(pages), [])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(self.path)
            page = site.pages.get(self.path, Page("not here", 404))
            asker = f"{self.headers.get('User-Agent')} {self.headers.get('Referer')}"
            page = next((other for word, other in page.instead.items() if word in asker), page)
            body = page.body.encode()
            time.sleep(page.slow_seconds)
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests read `asked` instead."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def feed_of(base: str, paths: list[str]) -> Page:
    """An RSS feed of these paths."""
    items = "".join(
        f"<item><title>Story {number}</title><link>{base}{path}</link>"
        f"<pubDate>Mon, 11 May 2026 08:{number:02}:00 GMT</pubDate></item>"
        for number, path in enumerate(paths)
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Tiny</title>{items}</channel></rss>'
    return Page(body, headers={"Content-Type": "application/rss+xml"})


def atom_of(base: str, updated: Mapping[str, str]) -> Page:
    """An Atom feed of paths, each with the time it says it was updated."""
    entries = "".join(
        f"<entry><title>{path}</title><link href='{base}{path}'/><id>{base}{path}</id><updated>{at}</updated></entry>"
        for path, at in updated.items()
    )
    head = "<title>Tiny</title><id>tiny</id><updated>2026-05-11T08:00:00Z</updated>"
    body = f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{head}{entries}</feed>'
    return Page(body, headers={"Content-Type": "application/atom+xml"})


def article(headline: str, sentence: str) -> Page:
    """A page that reads as an article: a headline, a date and a good many words."""
    words = "".join(f"<p>{sentence} This is paragraph {number} of the story about it.</p>" for number in range(12))
    return Page(
        f'<!doctype html><html lang="en"><head><title>{headline}</title>'
        '<meta property="og:type" content="article">'
        '<meta property="article:published_time" content="2026-05-11T08:00:00Z"></head>'
        f"<body><article><h1>{headline}</h1>{words}</article></body></html>"
    )
