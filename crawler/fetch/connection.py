"""One HTTP/1.1 connection that keeps what it receives, byte for byte.

`Connection` is the asyncio protocol between `Limits` (when to stop) and `Reply` (what came). It decides nothing about
framing (archive.http.messages does) and nothing about connecting (dial.py does).
"""

from __future__ import annotations

import asyncio
import select
import ssl

from archive.http.messages import ResponseReader
from archive.model import Truncation
from crawler.fetch.reply import EMPTY_HEAD, Limits, Reply


class Connection(asyncio.Protocol):
    """Carries one exchange at a time. Reusable after it while `reusable` is true."""

    def __init__(self, loop: asyncio.AbstractEventLoop, notes: tuple[str, ...] = (), *, proxied: bool = False) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._reply: Reply | None = None
        self._waiter: asyncio.Future[Reply] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._open = False
        self._notes = notes  # of the connection, repeated on each of its exchanges
        self._proxied = proxied
        self.idle_since = 0.0
        self.ip_address: str | None = None
        self.protocols: tuple[str, ...] = ("http/1.1",)
        self.cipher: str | None = None

    # -- what the pool calls

    @property
    def reusable(self) -> bool:
        return self._open and self._waiter is None

    @property
    def quiet(self) -> bool:
        """Whether nothing waits in the socket. Asked before reuse.

        What waits is the server's close, or bytes after the last message that the event loop has not read yet: they
        would pass for the answer to the next request.
        """
        if self._transport is None:
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def exchange(self, request: bytes, method: str, limits: Limits) -> asyncio.Future[Reply]:
        """Send `request` and give the reply; it never raises but by cancellation: see `Reply.truncated`."""
        self._limits = limits
        self._reader = ResponseReader(method)
        self._pieces: list[bytes] = []
        self._room = limits.entity_bytes
        self._pending: list[bytes] | None = []
        self._received = 0
        self._reply = Reply(ip_address=self.ip_address, protocols=self.protocols, cipher=self.cipher)
        self._waiter = waiter = self._loop.create_future()
        if self._transport is None or not self._open:
            self._finish("disconnect", "connection closed before the request was sent")
            return waiter
        self._last_data = self._loop.time()
        self._arm()
        self._transport.write(request)
        return waiter

    def close(self) -> None:
        """Drop the connection at once; nothing on it is waited for."""
        self._open = False
        if self._transport is not None:
            self._transport.abort()

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._open = transport, True
        peer = transport.get_extra_info("peername")
        # Behind a proxy we do not know the server's address, and the proxy's would pass for it.
        self.ip_address = peer[0] if peer and not self._proxied else None
        secured: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if secured is not None:
            version, cipher = secured.version(), secured.cipher()
            self.protocols = ("http/1.1", _protocol_name(version)) if version else ("http/1.1",)
            self.cipher = cipher[0] if cipher else None

    def data_received(self, data: bytes) -> None:
        if self._reply is None:
            self.close()  # bytes nobody asked for: what follows could not be told from an answer
            return
        self._last_data = self._loop.time()
        if self._reply.first_byte_at is None:
            self._reply.first_byte_at = self._last_data
        most = self._limits.wire_bytes
        cut = most and self._received + len(data) > most
        if cut:
            data = data[: most - self._received]
        self._received += len(data)
        self._take(data)
        if self._reader.done:
            self._message_ended()
        elif cut:
            self._finish("length", f"cut by our limit of {most} bytes")

    def eof_received(self) -> bool:
        self.connection_lost(None)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._open = False
        if self._reply is None:
            return
        for piece in self._reader.eof():
            self._hold(piece)
        self._flush_pending()
        how = f"connection broken: {exc}" if exc is not None else "connection closed by the server"
        if self._received == 0:
            self._finish("disconnect", f"{how} before the first byte")
        elif self._reader.complete and exc is None:
            self._finish(None)
        elif self._reader.complete:
            self._finish("disconnect", f"{how}, and only its end marks the end of the body")
        else:
            self._finish("disconnect", f"{how} before the end of the message")

    # -- receiving

    def _take(self, data: bytes) -> None:
        """Give bytes to the reader; keep those of the final response, as sent, in the wire."""
        reader = self._reader
        pieces = reader.feed(data)
        if reader.head is not None and (reader.complete or not reader.done):
            assert self._reply is not None
            self._reply.head_whole = True
        if reader.excess_bytes:
            data = data[: max(0, len(data) - reader.excess_bytes)]
        if self._pending is None:
            self._write(data)
        else:
            self._pending.append(data)
            if reader.head is not None:
                self._flush_pending()
        for piece in pieces:
            self._hold(piece)

    def _flush_pending(self) -> None:
        """Once the final head is known: everything after the interim heads belongs to the final response."""
        if self._pending is None:
            return
        raw = b"".join(self._pending) if len(self._pending) > 1 else self._pending[0] if self._pending else b""
        self._pending = None
        self._write(raw[sum(map(len, self._reader.interim)) :] if self._reader.interim else raw)

    def _write(self, data: bytes) -> None:
        assert self._reply is not None
        self._reply.wire.write(data)

    def _hold(self, piece: bytes) -> None:
        if len(piece) > self._room:
            assert self._reply is not None
            self._reply.entity_cut = True
            piece = piece[: self._room]
        if piece:
            self._room -= len(piece)
            self._pieces.append(piece)

    # -- ending

    def _message_ended(self) -> None:
        reader = self._reader
        if not reader.complete:  # the reader gave up: endless head
            self._finish("length", "the head is longer than we read")
        elif reader.excess_bytes:
            self._finish(None, f"{reader.excess_bytes} bytes after the end of the message are not part of it")
        else:
            self._finish(None)

    def _finish(self, truncated: Truncation | None, note: str | None = None) -> None:
        reply, waiter, reader = self._reply, self._waiter, self._reader
        assert reply is not None
        self._flush_pending()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._reply = self._waiter = None
        reply.truncated = truncated
        reply.head = reader.head or EMPTY_HEAD
        reply.interim = tuple(reader.interim)
        reply.entity = b"".join(self._pieces) if len(self._pieces) != 1 else self._pieces[0]
        self._pieces = []
        reply.notes = self._notes + tuple(_notes(reader, note))
        self.idle_since = self._loop.time()
        if not (self._open and truncated is None and reader.keep_alive):
            self.close()
        if waiter is not None and not waiter.done():
            waiter.set_result(reply)

    # -- time

    def _arm(self) -> None:
        limits = self._limits
        self._timer = self._loop.call_at(min(limits.deadline, self._last_data + limits.idle_seconds), self._time_is_up)

    def _time_is_up(self) -> None:
        limits, now = self._limits, self._loop.time()
        if now >= limits.deadline:
            self._finish("time", "cut by our limit for a whole exchange")
        elif now >= self._last_data + limits.idle_seconds:
            self._finish("time", f"nothing received for {limits.idle_seconds:g} s")
        else:
            self._arm()


def _notes(reader: ResponseReader, note: str | None) -> list[str]:
    notes = [f"interim {_status(raw)} moved to metadata" for raw in reader.interim]
    notes += reader.problems
    if note:
        notes.append(note)
    return notes


def _status(raw: bytes) -> str:
    words = raw.split(None, 2)
    return words[1].decode("latin-1") if len(words) > 1 else "response"


def _protocol_name(version: str) -> str:
    """The WARC-Protocol value of a TLS version, e.g. "TLSv1.3" -> "tls/1.3"."""
    return "tls/" + version.removeprefix("TLSv") if version != "TLSv1" else "tls/1.0"
