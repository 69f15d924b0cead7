"""Answers as exact bytes: what the publisher says, and the wire text of it.

`Answer` is the value; `encode` writes it as HTTP/1.1; `Request` is the little we read of what was asked.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

REASONS = {
    200: "OK",
    301: "Moved Permanently",
    302: "Found",
    304: "Not Modified",
    307: "Temporary Redirect",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    410: "Gone",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
HTML = "text/html; charset=utf-8"
_CHUNK_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Request:
    """A request as far as we read it: header names in lower case, the last of doubled ones."""

    method: str
    target: str  # as sent, with query
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.target.split("?", 1)[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response before it is written. `headers` are (name, value) in the order sent, doubled ones included."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    chunked: bool = False
    coding: str = ""  # "gzip": the body is sent compressed
    delay_seconds: float = 0.0  # waited before the first byte
    stream_bytes: int = 0  # the body goes on until so many bytes were sent, in chunks
    cut_after: int | None = None  # bytes of the body sent before the connection is dropped

    @property
    def media_type(self) -> str:
        found = [value for name, value in self.headers if name.lower() == "content-type"]
        return found[0].split(";")[0] if found else ""


def http_date(moment: datetime) -> str:
    """Return the IMF-fixdate of an aware UTC time (RFC 9110 5.6.7)."""
    return format_datetime(moment, usegmt=True)


def encode(answer: Answer, method: str = "GET") -> bytes:
    """Return the whole response as sent; for a streamed one only its head."""
    lines = [f"HTTP/1.1 {answer.status} {REASONS[answer.status]}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    body = answer.body
    if answer.coding == "gzip":
        # mtime 0, so that the same page is the same bytes tomorrow
        body = gzip.compress(body, 6, mtime=0)
        lines.append("Content-Encoding: gzip")
    if answer.chunked or answer.stream_bytes:
        lines.append("Transfer-Encoding: chunked")
    elif answer.status != 304:
        lines.append(f"Content-Length: {len(body)}")
    # Latin-1 is what HTTP/1.1 header bytes were (RFC 9110 5.5), and what old servers still send
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    if method == "HEAD" or answer.status == 304 or answer.stream_bytes:
        return head
    if answer.chunked:
        body = chunked(body)
    return head + (body if answer.cut_after is None else body[: answer.cut_after])


def chunked(body: bytes) -> bytes:
    """Return a body in chunked transfer coding, with the last chunk."""
    parts = [body[at : at + _CHUNK_BYTES] for at in range(0, len(body), _CHUNK_BYTES)]
    return b"".join(chunk(part) for part in parts) + b"0\r\n\r\n"


def chunk(part: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(part), part)
