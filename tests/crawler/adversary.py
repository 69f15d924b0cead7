"""A server of named bad behaviours on plain sockets, TCP and TLS, for tests of everything that fetches.

Each `Behaviour` states what it sends for `/NAME` and what a right reading of it is: which bytes are the final response, how
the connection ends, and what becomes of it. `Adversary` serves them all from a thread and logs what it received.

    with Adversary() as server:
        fetch(server.url("chunked-trailers", tls=True))
        assert kept == BEHAVIOURS["chunked-trailers"].response
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
import threading
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal

import brotli
import trustme
import zstandard

End = Literal["keep", "close", "reset", "hang"]
BODY = b"<html><body><p>The council met on Tuesday.</p></body></html>"
WIRE_LIMIT = 300_000  # DOWNLOAD_MAXSIZE of the test crawl
HEAD_LIMIT = 1 << 20


@dataclass(frozen=True)
class Behaviour:
    """`sends` is written in order, numbers are pauses in seconds; `forever` is then repeated until the client goes.

    The final response is what is sent, less `interim` at the front and `excess` at the end.
    """

    name: str
    sends: tuple[bytes | float, ...]
    end: End = "keep"
    forever: bytes = b""
    drip_seconds: float = 0.0  # pause between two of `forever`
    interim: bytes = b""
    excess: bytes = b""
    status: int | None = 200
    body: bytes | None = BODY  # of the page, content-decoded; None: not compared
    truncated: str | None = None
    error: str | None = None  # the exception's name where no page comes
    note: str | None = None  # part of the note the exchange must carry
    flag: str | None = None  # start of a flag the page must carry
    method: str = "GET"
    meta: dict[str, object] = field(default_factory=dict)
    request_body: bytes = b""
    host: str = "localhost"  # another one where the behaviour would disturb those that share its connections

    @property
    def sent(self) -> bytes:
        return b"".join(part for part in self.sends if isinstance(part, bytes))

    @property
    def response(self) -> bytes:
        whole = self.sent
        assert whole.startswith(self.interim) and whole.endswith(self.excess)
        return whole[len(self.interim) : len(whole) - len(self.excess)]


def head(*lines: str | bytes, status: str | bytes = "HTTP/1.1 200 OK", eol: bytes = b"\r\n") -> bytes:
    raw = [line if isinstance(line, bytes) else line.encode() for line in (status, *lines)]
    return eol.join(raw) + eol + eol


def sized(body: bytes = BODY, *lines: str | bytes, **more: object) -> bytes:
    """A head with Content-Length, and the body."""
    typed = (
        () if any(b"content-type" in (x if isinstance(x, bytes) else x.encode()).lower() for x in lines) else (HTML,)
    )
    return head(*typed, f"Content-Length: {len(body)}", *lines, **more) + body  # type: ignore[arg-type]


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


HTML = "Content-Type: text/html; charset=utf-8"
CHUNKED = head(HTML, "Transfer-Encoding: chunked")
CLOSED = head(HTML)
FIRST, SECOND = BODY[:20], BODY[20:]
RAW_DEFLATE = zlib.compressobj(wbits=-15)
RAW = RAW_DEFLATE.compress(BODY) + RAW_DEFLATE.flush()
GZIP = gzip.compress(BODY, mtime=0)


def coded(body: bytes, coding: str, name: str = "Content-Encoding") -> bytes:
    return sized(body, f"{name}: {coding}")


def one_byte_each(data: bytes) -> tuple[bytes | float, ...]:
    return tuple(x for at in range(len(data)) for x in (data[at : at + 1], 0.0))


_EXACT = head(HTML, f"Content-Length: {WIRE_LIMIT - 83}")
assert len(_EXACT) == 83

B = Behaviour
_HEADERS = (
    B("plain", (sized(),)),
    B("lower-case-headers", (sized(BODY, "content-type: text/html", "x-cache: hit"),)),
    B("odd-case-headers", (sized(BODY, "cOnTeNt-TyPe: text/html", "ETAG: \"x\"", "x-POWERED-by: A"),)),
    B("duplicated-headers", (sized(BODY, "Set-Cookie: a=1", "Set-Cookie: b=2", "X-A: 1", "x-a: 2", "X-A: 1"),)),
    B("folded-header", (sized(BODY, "X-Long: one\r\n two\r\n\tthree"),)),
    B("colonless-header-line", (sized(BODY, "this line has no colon"),), note="without a colon"),
    B("latin1-header", (sized(BODY, b"X-City: M\xfcnchen"),)),
    B("utf8-header", (sized(BODY, "X-City: München 北京"),)),
    B("space-before-colon", (sized(BODY, "X-Spaced : yes"),)),
    B("empty-header-value", (sized(BODY, "X-Empty:", "X-Blank:   "),)),
    B("empty-header-name", (sized(BODY, ": nameless"),)),
    B("tabs-around-values", (sized(BODY, "X-Tab:\t\tvalue\t "),)),
    B("nul-in-header", (sized(BODY, b"X-Nul: a\x00b"),)),
    B("header-line-of-16-kib", (sized(BODY, "X-Big: " + "a" * (16 << 10)),)),
    B("header-line-of-64-kib", (sized(BODY, "X-Big: " + "a" * (64 << 10)),)),
    B("two-thousand-headers", (sized(BODY, *(f"X-{n}: {n}" for n in range(2000))),)),
    B("bare-lf", (sized(BODY, eol=b"\n"),)),
    B("mixed-line-ends", (b"HTTP/1.1 200 OK\nContent-Type: text/html\r\nContent-Length: 3\n\r\nabc",), body=b"abc"),
    B("bare-cr-in-value", (sized(BODY, b"X-Cr: a\rb"),)),
    B("head-byte-by-byte", (*one_byte_each(head(HTML, "Content-Length: 60")), BODY)),
    B("content-type-missing", (head(f"Content-Length: {len(BODY)}") + BODY,)),
    B("content-type-twice", (sized(BODY, "Content-Type: text/html", "Content-Type: text/plain"),)),
)  # fmt: skip
_STATUS_LINES = (
    B("empty-reason", (sized(status="HTTP/1.1 200 "),)),
    B("no-reason", (sized(status="HTTP/1.1 200"),)),
    B("strange-reason", (sized(status="HTTP/1.1 200 Okidoki (really), 100%!"),)),
    B("latin1-reason", (sized(status=b"HTTP/1.1 200 Tr\xe8s bien"),)),
    B("very-long-reason", (sized(status="HTTP/1.1 200 " + "O" * 20_000),)),
    B("lower-case-version", (sized(status="http/1.1 200 OK"),)),
    B("spaces-in-status-line", (sized(status="HTTP/1.1   200   OK"),)),
    B("http-1.0", (sized(status="HTTP/1.0 200 OK"),), end="close"),
    B("http-1.0-keep-alive", (sized(BODY, "Connection: keep-alive", status="HTTP/1.0 200 OK"),)),
    B("http-1.0-without-length", (head(HTML, status="HTTP/1.0 200 OK") + BODY,), end="close"),
    B("http-2.0-in-text", (sized(status="HTTP/2.0 200 OK"),)),
    B("http-without-minor", (sized(status="HTTP/2 200"),)),
    B("icy", (head("Content-Type: text/html", status="ICY 200 OK") + BODY,), end="close"),
    B("status-299", (sized(status="HTTP/1.1 299 Odd"),), status=299),
    B("status-404", (sized(status="HTTP/1.1 404 Not Found"),), status=404),
    B("status-429", (sized(BODY, "Retry-After: 7", status="HTTP/1.1 429 Slow"),), status=429),
    B("status-500-empty", (sized(b"", status="HTTP/1.1 500 Oops"),), status=500, body=b""),
    B("status-999", (sized(status="HTTP/1.1 999 Denied"),), status=999),
    B("status-000", (sized(status="HTTP/1.1 000 Zero"),), status=0),
    B("blank-lines-first", (b"\r\n\r\n" + sized(),)),
    B("no-status-line", (BODY,), end="close", error="BadResponse", note="no status line"),
    B("binary-garbage", (b"\x00\xff\x16\x03" * 50,), end="close", error="BadResponse", note="no status line"),
    B("status-of-two-digits", (sized(status="HTTP/1.1 20 OK"),), end="close", error="BadResponse", note="no status line"),
    B("status-in-words", (sized(status="HTTP/1.1 OK"),), end="close", error="BadResponse", note="no status line"),
    B("ssh-banner", (b"SSH-2.0-OpenSSH_9.2\r\n",), end="close", error="BadResponse", note="no status line"),
)  # fmt: skip
_LENGTHS = (
    B("content-length-zero", (sized(b""),), body=b""),
    B("content-length-too-long", (head(HTML, "Content-Length: 999") + BODY,), end="close", truncated="disconnect",
      error="ResponseDataLossError", note="before Content-Length"),
    B("content-length-too-long-accepted", (head(HTML, "Content-Length: 999") + BODY,), end="close", truncated="disconnect",
      flag="truncated:disconnect", meta={"download_fail_on_dataloss": False}),
    B("content-length-too-short", (head(HTML, "Content-Length: 20") + BODY,), excess=SECOND, body=FIRST,
      note="40 bytes after the end"),
    B("content-length-conflicting", (head(HTML, "Content-Length: 60", "Content-Length: 999") + BODY,),
      note="different values"),
    B("content-length-repeated", (head(HTML, "Content-Length: 60", "Content-Length: 60") + BODY,)),
    B("content-length-as-list", (head(HTML, "Content-Length: 60, 60") + BODY,)),
    B("content-length-negative", (head(HTML, "Content-Length: -1") + BODY,), end="close", note="not a number"),
    B("content-length-in-words", (head(HTML, "Content-Length: sixty") + BODY,), end="close", note="not a number"),
    B("content-length-plus", (head(HTML, "Content-Length: +60") + BODY,), end="close", note="not a number"),
    B("content-length-empty", (head(HTML, "Content-Length:") + BODY,), end="close"),
    B("length-and-chunked", (head(HTML, "Content-Length: 5", "Transfer-Encoding: chunked") + chunk(BODY) + b"0\r\n\r\n",)),
    B("closed-body", (CLOSED + BODY,), end="close"),
    B("connection-close", (sized(BODY, "Connection: close"),), end="close"),
    B("connection-close-but-open", (sized(BODY, "Connection: close"),), end="hang"),
    B("body-of-exactly-the-limit", (_EXACT + bytes(WIRE_LIMIT - len(_EXACT)),), body=None),
    B("body-over-the-limit", (sized(b"x" * (WIRE_LIMIT + 5000)),), body=None, truncated="length", flag="truncated:length",
      note="our limit"),
    B("binary-body", (sized(bytes(range(256)) * 40, "Content-Type: image/png"),), body=bytes(range(256)) * 40),
    B("body-in-pieces", (head(HTML, "Content-Length: 60"), 0.01, FIRST, 0.01, SECOND)),
)  # fmt: skip
_CHUNKS = (
    B("chunked", (CHUNKED + chunk(FIRST) + chunk(SECOND) + b"0\r\n\r\n",)),
    B("chunked-extensions", (CHUNKED + chunk(FIRST, b";a=1") + chunk(SECOND, b' ; b="x;y"') + b"0;last\r\n\r\n",)),
    B("chunked-trailers", (CHUNKED + chunk(BODY) + b"0\r\nX-Checksum: 1\r\nx-checksum: 2\r\n\r\n",)),
    B("chunked-leading-zeros", (CHUNKED + b"000003C\r\n" + BODY + b"\r\n0000\r\n\r\n",)),
    B("chunked-byte-chunks", (CHUNKED + b"".join(chunk(BODY[n : n + 1]) for n in range(60)) + b"0\r\n\r\n",)),
    B("chunked-byte-by-byte", (CHUNKED, *one_byte_each(chunk(FIRST) + chunk(SECOND) + b"0\r\n\r\n"))),
    B("chunked-bare-lf", (CHUNKED + b"3c\n" + BODY + b"\n0\n\n",)),
    B("chunked-empty", (CHUNKED + b"0\r\n\r\n",), body=b""),
    B("chunked-odd-case", (head(HTML, "transfer-encoding: Chunked") + chunk(BODY) + b"0\r\n\r\n",)),
    B("chunked-twice", (head(HTML, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + chunk(BODY) + b"0\r\n\r\n",)),
    B("chunked-identity", (head(HTML, "Transfer-Encoding: identity") + BODY,), end="close"),
    B("transfer-gzip-unframed", (head(HTML, "Transfer-Encoding: gzip") + GZIP,), end="close", body=None),
    B("chunked-bad-size", (CHUNKED + b"zz\r\n" + BODY,), end="close", truncated="disconnect", error="ResponseDataLossError",
      note="chunk size is not a number"),
    B("chunked-no-line-end", (CHUNKED + b"14\r\n" + FIRST + b"28\r\n" + SECOND + b"0\r\n\r\n",), end="close",
      truncated="disconnect", error="ResponseDataLossError", note="no line end after a chunk"),
    B("chunked-closed-inside-data", (CHUNKED + chunk(BODY)[:30],), end="close", truncated="disconnect",
      error="ResponseDataLossError", note="inside the chunked body"),
    B("chunked-without-last-chunk", (CHUNKED + chunk(BODY),), end="close", truncated="disconnect",
      flag="truncated:disconnect", meta={"download_fail_on_dataloss": False}),
    B("chunked-closed-before-trailer-end", (CHUNKED + chunk(BODY) + b"0\r\n",), end="close", truncated="disconnect",
      flag="truncated:disconnect", meta={"download_fail_on_dataloss": False}),
    B("chunked-reset", (CHUNKED + chunk(FIRST), 0.1), end="reset", truncated="disconnect", error="ResponseDataLossError",
      note="connection broken"),
    B("chunked-size-too-large", (CHUNKED + b"fffffffffffffff\r\n" + BODY,), end="close", truncated="disconnect",
      error="ResponseDataLossError"),
)  # fmt: skip
_CODINGS = (
    B("gzip", (coded(GZIP, "gzip"),)),
    B("x-gzip", (coded(GZIP, "x-gzip"),)),
    B("gzip-odd-case", (coded(GZIP, "GZip"),)),
    B("gzip-chunked", (head(HTML, "Content-Encoding: gzip", "Transfer-Encoding: chunked") + chunk(GZIP[:9]) + chunk(GZIP[9:])
                       + b"0\r\n\r\n",)),
    B("brotli", (coded(brotli.compress(BODY), "br"),)),
    B("zstd", (coded(zstandard.compress(BODY), "zstd"),)),
    B("deflate", (coded(zlib.compress(BODY), "deflate"),)),
    B("deflate-raw", (coded(RAW, "deflate"),)),
    B("gzip-twice", (coded(gzip.compress(GZIP, mtime=0), "gzip, gzip"),)),
    B("gzip-then-brotli", (coded(brotli.compress(GZIP), "gzip, br"),)),
    B("gzip-then-brotli-in-two-lines", (sized(brotli.compress(GZIP), "Content-Encoding: gzip", "Content-Encoding: br"),)),
    B("coding-identity", (coded(BODY, "identity"),)),
    B("plain-labelled-gzip", (coded(BODY, "gzip"),), body=None, flag="decoding: "),
    B("gzip-labelled-brotli", (coded(GZIP, "br"),), body=None, flag="decoding: "),
    B("gzip-cut", (coded(GZIP[:-12], "gzip"),), body=None),
    B("gzip-with-garbage-after", (coded(GZIP + b"garbage", "gzip"),), body=None),
    B("gzip-not-labelled", (sized(GZIP, "Content-Type: application/gzip"),), body=GZIP),
    B("coding-unknown", (coded(BODY, "sdch"),), body=None, flag="decoding: "),
    B("coding-empty-body", (coded(b"", "gzip"),), body=b""),
    B("gzip-bomb", (coded(gzip.compress(bytes(40 << 20), 9, mtime=0), "gzip"),), body=None, flag="decoding: "),
)  # fmt: skip
_NO_BODIES = (
    B("status-204", (head(status="HTTP/1.1 204 No Content"),), status=204, body=b""),
    B("status-204-with-body", (head(HTML, "Content-Length: 60", status="HTTP/1.1 204 No") + BODY,), status=204, body=b"",
      excess=BODY, note="60 bytes after the end"),
    B("status-304", (head('ETag: "a"', status="HTTP/1.1 304 Not Modified"),), status=304, body=b""),
    B("status-304-with-length", (head("Content-Length: 60", status="HTTP/1.1 304 Not Modified"),), status=304, body=b""),
    B("status-304-with-body", (head("Content-Length: 60", status="HTTP/1.1 304 Not") + BODY,), status=304, body=b"",
      excess=BODY, note="60 bytes after the end"),
    B("head-with-length", (head(HTML, "Content-Length: 60"),), body=b"", method="HEAD"),
    B("post", (sized(),), method="POST", request_body=b"q=news&x=\x00\xff"),
    B("put-of-nothing", (sized(),), method="PUT"),
)  # fmt: skip
_C100 = head(status="HTTP/1.1 100 Continue")
_C103 = head("Link: </a.css>; rel=preload", status="HTTP/1.1 103 Early Hints")
_INTERIM = (
    B("continue-first", (_C100 + sized(),), interim=_C100, note="interim 100"),
    B("early-hints-first", (_C103, 0.02, sized()), interim=_C103, note="interim 103"),
    B("several-interim", (_C100 + _C103 + _C103 + sized(),), interim=_C100 + _C103 + _C103, note="interim 100"),
    B("interim-byte-by-byte", (*one_byte_each(_C103), sized()), interim=_C103, note="interim 103"),
    B("interim-then-closed", (_C103,), interim=_C103, end="close", truncated="disconnect", error="BadResponse",
      note="before the end of the message"),
    B("switching-protocols", (head("Upgrade: h2c", status="HTTP/1.1 101 Switching"),), status=101, body=b"", end="close"),
)  # fmt: skip
_ENDS = (
    B("closed-without-a-byte", (), end="close", truncated="disconnect", error="DownloadFailedError", note="first byte"),
    B("reset-without-a-byte", (0.05,), end="reset", truncated="disconnect", error="DownloadFailedError"),
    B("closed-inside-status-line", (b"HTTP/1.1 20",), end="close", truncated="disconnect", error="BadResponse"),
    B("closed-inside-head", (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Y",), end="close", truncated="disconnect",
      error="ResponseDataLossError", note="inside the head"),
    B("reset-inside-head", (b"HTTP/1.1 200 OK\r\nContent-Ty", 0.1), end="reset", truncated="disconnect",
      error="ResponseDataLossError"),
    B("reset-inside-body", (head(HTML, "Content-Length: 60") + FIRST, 0.1), end="reset", truncated="disconnect",
      error="ResponseDataLossError"),
    B("reset-after-closed-body", (CLOSED + BODY, 0.1), end="reset", truncated="disconnect", error="ResponseDataLossError",
      note="only its end"),
    B("reset-after-the-end", (sized(),), end="reset"),
    B("leftovers", (sized() + sized(b"smuggled"),), excess=sized(b"smuggled"), note="after the end"),
    B("leftovers-of-100-kb", (sized() + bytes(100_000),), excess=bytes(100_000), note="after the end"),
    B("leftovers-of-a-crlf", (sized() + b"\r\n",), excess=b"\r\n", note="2 bytes after the end"),
    B("leftovers-later", (sized(), 0.2, sized(b"late")), excess=sized(b"late"), host="127.0.0.1"),
    B("redirect", (sized(BODY, "Location: /plain", status="HTTP/1.1 301 Moved"),), status=301),
    B("redirect-loop", (sized(BODY, "Location: /redirect-loop", status="HTTP/1.1 302 Found"),), status=302),
    B("redirect-to-private", (sized(BODY, "Location: http://169.254.169.254/", status="HTTP/1.1 302 Found"),), status=302),
    B("redirect-to-file", (sized(BODY, "Location: file:///etc/passwd", status="HTTP/1.1 302 Found"),), status=302),
    B("redirect-without-location", (sized(status="HTTP/1.1 302 Found"),), status=302),
)  # fmt: skip
_ENDLESS = (
    B("endless-headers", (head(HTML)[:-2],), forever=b"X-More: and more\r\n" * 200, status=200, truncated="length",
      error="BadResponse", note="our limit"),
    B("endless-header-line", (head(HTML)[:-2] + b"X-Long: ",), forever=b"a" * 4096, truncated="length",
      error="BadResponse", note="our limit"),
    B("endless-headers-past-the-readers-limit", (head(HTML)[:-2],), forever=b"X-More: and more\r\n" * 200,
      truncated="length", error="BadResponse", note="head longer", meta={"download_maxsize": 0}),
    B("endless-status-line", (b"HTTP/1.1 200 ",), forever=b"O" * 4096, truncated="length", error="BadResponse"),
    B("endless-body", (CLOSED,), forever=BODY * 20, truncated="length", body=None, flag="truncated:length", note="our limit"),
    B("endless-chunks", (CHUNKED,), forever=chunk(BODY) * 20, truncated="length", body=None, flag="truncated:length"),
    B("endless-chunk-extension", (CHUNKED + b"5;",), forever=b"x" * 4096, truncated="length", body=None,
      flag="truncated:length", note="chunk line longer"),
    B("endless-trailers", (CHUNKED + chunk(BODY) + b"0\r\n",), forever=b"X-T: t\r\n" * 200, truncated="length",
      flag="truncated:length"),
    B("endless-interim", (), forever=_C100 * 100, truncated="length", error="BadResponse", body=None),
    B("slow-drip", (CLOSED,), forever=b"x", drip_seconds=0.1, truncated="time", error="DownloadTimeoutError",
      note="whole exchange", meta={"download_timeout": 5}),
    B("slow-head", (b"HTTP/1.1 200 OK\r\nX-Slow: ",), forever=b"x", drip_seconds=0.1, truncated="time",
      error="DownloadTimeoutError", note="whole exchange", meta={"download_timeout": 5}),
    B("silence", (), end="hang", truncated="time", error="DownloadTimeoutError", note="nothing received"),
    B("silence-inside-head", (b"HTTP/1.1 200 OK\r\nContent-",), end="hang", truncated="time", error="DownloadTimeoutError",
      note="nothing received"),
    B("silence-inside-body", (head(HTML, "Content-Length: 60") + FIRST,), end="hang", truncated="time",
      error="DownloadTimeoutError", note="nothing received"),
)  # fmt: skip
_ALL = (
    *_HEADERS, *_STATUS_LINES, *_LENGTHS, *_CHUNKS, *_CODINGS, *_NO_BODIES, *_INTERIM, *_ENDS, *_ENDLESS,
)  # fmt: skip
BEHAVIOURS = {behaviour.name: behaviour for behaviour in _ALL}
assert len(BEHAVIOURS) == len(_ALL)


class Adversary:
    """Serves BEHAVIOURS on two ports of 127.0.0.1. `requests[(name, tls)]` are the bytes of each request it got.

    A path "/stale/..." is answered on a fresh connection only; on a kept-alive one the server hangs up instead.
    """

    def __init__(self, hosts: tuple[str, ...] = ("localhost", "127.0.0.1")) -> None:
        self.authority = trustme.CA()
        self.requests: dict[tuple[str, bool], list[bytes]] = defaultdict(list)
        self.peers: list[tuple[str, int]] = []  # one for each connection accepted
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert(*hosts).configure_cert(self._context)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.ports: dict[bool, int] = {}

    def url(self, name: str, *, tls: bool = False, host: str = "localhost") -> str:
        return f"{'https' if tls else 'http'}://{host}:{self.ports[tls]}/{name}"

    def __enter__(self) -> Adversary:
        self._thread.start()
        for tls in (False, True):
            self.ports[tls] = asyncio.run_coroutine_threadsafe(self._serve(tls), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _serve(self, tls: bool) -> int:
        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.peers.append(writer.get_extra_info("peername")[:2])
            try:
                await self._connection(reader, writer, tls)
            except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(
            accepted, "127.0.0.1", 0, ssl=self._context if tls else None, backlog=200, limit=1 << 22
        )
        return int(server.sockets[0].getsockname()[1])

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: bool) -> None:
        served = 0
        while True:
            request = await _request(reader)
            target = request.split(b" ", 2)[1].decode("latin-1")
            path = target.split("/", 3)[3] if target.startswith("http") else target[1:]  # absolute form: by a proxy
            name = path.split("?")[0]
            self.requests[name, tls].append(request)
            if name.startswith("stale"):
                if served:
                    return
                writer.write(sized())
            elif await self._behave(BEHAVIOURS.get(name, BEHAVIOURS["status-404"]), reader, writer):
                return
            served += 1

    async def _behave(self, behaviour: Behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Do what the behaviour says; true when the connection is over."""
        for part in behaviour.sends:
            if isinstance(part, bytes):
                writer.write(part)
                await writer.drain()
            else:
                await asyncio.sleep(part)
        while behaviour.forever and not writer.transport.is_closing():
            writer.write(behaviour.forever)
            await writer.drain()
            await asyncio.sleep(behaviour.drip_seconds)
        if behaviour.end == "reset":
            reset(writer)
        elif behaviour.end == "hang":
            await reader.read()
        return behaviour.end != "keep"


def reset(writer: asyncio.StreamWriter) -> None:
    """End the TCP connection with RST."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> bytes:
    raw = await reader.readuntil(b"\r\n\r\n")
    for line in raw.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            raw += await reader.readexactly(int(value))
    return raw
