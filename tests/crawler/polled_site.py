"""Feeds whose servers treat conditional requests well, badly or falsely. On loopback; standard library only."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.crawler.tiny_site import article


@dataclass
class Asked:
    path: str
    conditional: bool
    status: int


@dataclass
class PolledSite:
    """Feeds are at /MODE.xml, their stories at /MODE/1 …, each MODE on a port of its own: a host of its own, as it is
    hosts that are believed or not. `stories` says how many each feed has now.

    Modes: "honest" answers 304 where nothing changed; "liar" answers every conditional request with 304; "backdater"
    too, and gives every answer another ETag; "fickle" never answers 304, as its ETag is new each time; "busy" answers 429.
    """

    urls: dict[str, str] = field(default_factory=dict)  # by mode
    stories: dict[str, int] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    delay_seconds: float = 0.0
    published: str = "Mon, 11 May 2026 08:00:00 GMT"

    def of(self, path: str) -> list[tuple[bool, int]]:
        return [(one.conditional, one.status) for one in self.asked if one.path == path]

    def feed(self, mode: str) -> bytes:
        items = "".join(
            f"<item><title>Story {n}</title><link>{self.urls[mode]}/{mode}/{n}</link><pubDate>{self.published}</pubDate></item>"
            for n in range(self.stories[mode], 0, -1)
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{mode}</title>{items}</channel></rss>'.encode()


@contextlib.contextmanager
def polled_site(**stories: int) -> Iterator[PolledSite]:
    site = PolledSite(stories=dict(stories))
    serial = itertools.count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            conditional = "If-None-Match" in self.headers
            mode = self.path.strip("/").partition(".")[0]
            if self.path.endswith(".xml") and mode in site.stories:
                self._feed(mode, conditional)
            elif self.path.partition("/")[2].partition("/")[0] in site.stories:
                time.sleep(site.delay_seconds)
                page = article(f"Story {self.path}", f"The boat of {self.path} came in.").body.encode()
                self._answer(200, page, {"Content-Type": "text/html; charset=utf-8"}, conditional)
            else:
                self._answer(404, b"not here", {}, conditional)

        def _feed(self, mode: str, conditional: bool) -> None:
            body = site.feed(mode)
            etag = {
                "honest": f'"{hashlib.sha1(body).hexdigest()}"',
                "liar": '"always-the-same"',
                "fickle": f'"{next(serial)}"',
                "backdater": f'"{next(serial)}"',
            }.get(mode)
            headers = {"Content-Type": "application/rss+xml", **({"ETag": etag} if etag else {})}
            if mode == "busy":
                self._answer(429, b"later", {"Retry-After": "10800"}, conditional)
            elif conditional and (mode in ("liar", "backdater") or self.headers["If-None-Match"] == etag):
                self._answer(304, b"", headers, conditional)
            else:
                self._answer(200, body, headers, conditional)

        def _answer(self, status: int, body: bytes, headers: dict[str, str], conditional: bool) -> None:
            site.asked.append(Asked(self.path, conditional, status))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests read `asked` instead."""

    with contextlib.ExitStack() as stack:
        for mode in stories:
            site.urls[mode] = stack.enter_context(_serving(Handler))
        yield site


@contextlib.contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
