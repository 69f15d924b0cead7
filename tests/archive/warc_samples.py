"""Exchanges of many shapes, as servers send them, for the WARC tests."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive.folder.store import LocalStore
from archive.http.wire import Wire
from archive.model import Exchange
from archive.warc.writer import WarcInfo, WarcWriter

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
INFO = WarcInfo("news", "2026-11-22T12-00-00", "pressmark/0.1", "desk@example.org", "sha256:00")
PAGE = (
    b"<html><head><title>Pegel sinkt</title></head><body><p>"
    + b"Der Pegel der Elbe ist gesunken. " * 60
    + b"</p></body></html>"
)


def exchange(response: bytes | Wire, **changes: Any) -> Exchange:
    uri = changes.pop("target_uri", "https://news.example/politik/elbe?id=7")
    values: dict[str, Any] = {
        "target_uri": uri,
        "method": "GET",
        "started_at": NOON,
        "fetch_ms": 87,
        "request": f"GET {'/' + uri.split('/', 3)[-1]} HTTP/1.1\r\nHost: news.example\r\nUser-Agent: pressmark\r\n\r\n".encode(),
        "response": response if isinstance(response, Wire) else Wire(response),
        "ip_address": "192.0.2.7",
        "protocols": ("http/1.1", "tls/1.3"),
        "cipher": "TLS_AES_256_GCM_SHA384",
    }
    return Exchange(**{**values, **changes})


def head(status: str = "200 OK", *fields: str) -> bytes:
    return f"HTTP/1.1 {status}\r\n".encode() + "".join(f"{field}\r\n" for field in fields).encode("latin-1") + b"\r\n"


def chunked(body: bytes, size: int = 700, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    framed = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts)
    return framed + b"0\r\n" + trailer + b"\r\n"


def samples() -> dict[str, Exchange]:
    packed = gzip.compress(PAGE, mtime=0)
    html = "Content-Type: text/html; charset=utf-8"
    return {
        "plain": exchange(head("200 OK", html, f"Content-Length: {len(PAGE)}") + PAGE),
        "chunked": exchange(head("200 OK", html, "Transfer-Encoding: chunked") + chunked(PAGE)),
        "chunked with extensions and trailer": exchange(
            head("200 OK", html, "Transfer-Encoding: chunked") + chunked(PAGE, 64, b";name=value", b"X-Sum: 1\r\n")
        ),
        "gzip": exchange(head("200 OK", html, "Content-Encoding: gzip", f"Content-Length: {len(packed)}") + packed),
        "gzip and chunked": exchange(
            head("200 OK", html, "Content-Encoding: gzip", "Transfer-Encoding: chunked") + chunked(packed, 100)
        ),
        "not modified": exchange(head("304 Not Modified", 'ETag: "abc"')),
        "head": exchange(head("200 OK", html, "Content-Length: 5000"), method="HEAD"),
        "redirect": exchange(head("301 Moved", "Location: /neu", "Content-Length: 0")),
        "duplicate, odd-cased, Latin-1 headers": exchange(
            head("200 OK", "set-COOKIE: a=1", "Set-Cookie: b=2", "X-Ort: Köln", "SERVER:x", html) + PAGE
        ),
        "folded header and bare line ends": exchange(b"HTTP/1.0 200\nX-Long: one\n two\nno colon here\n\nbody"),
        "empty body": exchange(head("200 OK", html, "Content-Length: 0")),
        "no content": exchange(head("204 No Content")),
        "disconnected": exchange(head("200 OK", html, "Content-Length: 99999") + PAGE[:500], truncated="disconnect"),
        "cut by our limit": exchange(head("200 OK", html) + PAGE[:800], truncated="length"),
        "interim heads": exchange(
            head("200 OK", html, "Content-Length: 2") + b"ok",
            interim=(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=pr\xe9load\r\n\r\n",),
            notes=("interim 103 moved to metadata",),
        ),
        "no http at all": exchange(b"\x00\x01 nothing like HTTP\r\n\r\n", protocols=()),
        "unknown status": exchange(head("799 Strange")),
        "other scripts in the address": exchange(
            head("200 OK", html, "Content-Length: 2") + b"ok", target_uri="https://news.example/新闻/エルベ?q=ä b"
        ),
        "plain http, address of six": exchange(
            head("200 OK") + b"x",
            target_uri="http://news.example/",
            protocols=("http/1.1",),
            cipher=None,
            ip_address="2001:db8::7",
        ),
        "spooled body": exchange(_big_wire(3 << 20)),
    }


def _big_wire(size: int) -> Wire:
    wire = Wire()
    wire.write(head("200 OK", "Content-Type: video/mp4", f"Content-Length: {size}"))
    line = bytes(range(256)) * 256
    left = size
    while left:
        piece = line[:left]
        wire.write(piece)
        left -= len(piece)
    return wire


class Clock:
    """A clock we own."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def writer(root: Path, **options: Any) -> WarcWriter:
    options.setdefault("clock", Clock())
    return WarcWriter(LocalStore(root), INFO, **options)


def closed_file(root: Path, *exchanges: Exchange) -> Path:
    """Write exchanges into one closed WARC file and return its path."""
    out = writer(root)
    for item in exchanges:
        out.write(item, metadata=[("via", "https://news.example/"), ("hopsFromSeed", "L")], source="elbe-post")
    (name,) = out.close()
    return root / name
