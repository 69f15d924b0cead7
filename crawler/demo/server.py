"""The Daily Example on loopback: raw sockets, exact bytes, and a log of what was sent.

    with run_demo() as demo:
        crawl(demo.home)                    # "http://127.0.0.11:41237"
        demo.move_to(NEXT_MORNING)
        demo.log                            # [Served(url, status, size_bytes, sha256, at), ...]

`run_demo` serves from a thread of its own until the block ends. Each outlet has a loopback address on one common
port where the machine allows it (Linux); elsewhere (macOS has only 127.0.0.1) each has a port of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
import threading
from base64 import b32encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from crawler.demo import sources
from crawler.demo import weekly as weekly_host
from crawler.demo.http_bytes import Answer, Request, chunk, encode
from crawler.demo.publisher import HOME, MORNING, DailyExample
from crawler.demo.stories import load_outlets

WEEKLY = "weekly"
_LARGE_LINES = (
    b"<p>Entry of the harbour ledger: one crate of lamp glass, received in good order and signed for.</p>\n" * 40
)


@dataclass(frozen=True, slots=True)
class Served:
    """One exchange as the server saw it. `at` is the publisher's clock; digests are of the whole response as sent."""

    url: str
    status: int
    size_bytes: int
    sha256: str
    at: datetime
    method: str = "GET"
    block_digest: str = ""  # "sha1:BASE32", as WARC-Block-Digest has it
    complete: bool = True  # False where the asker went away, or we cut it on purpose
    request: bytes = b""  # the request's head, as received


class DemoServer:
    """The publisher's sockets and log. Use `run_demo`; `start` and `stop` are for callers with their own `with`."""

    def __init__(
        self,
        *,
        port: int = 0,
        clock: datetime = MORNING,
        slow_seconds: float = 20.0,
        large_bytes: int = 16 << 20,
        one_address: bool = False,
        weekly: bool = False,
    ) -> None:
        guests = {WEEKLY: weekly_host.ADDRESS} if weekly else {}
        self._sockets = _bind(port, one_address, guests)
        self.hosts: Mapping[str, str] = {
            key: "http://{}:{}".format(*sock.getsockname()) for key, sock in self._sockets.items()
        }
        self.home = self.hosts[HOME]
        self.publisher = DailyExample(self.hosts, clock, slow_seconds=slow_seconds, large_bytes=large_bytes)
        self._weekly = weekly_host.Weekly(self.hosts.get(WEEKLY, ""))
        self.log: list[Served] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"daily-example-{urlsplit(self.home).port}", daemon=True)
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def now(self) -> datetime:
        return self.publisher.now

    def move_to(self, moment: datetime) -> None:
        """Set the publisher's clock."""
        self.publisher.move_to(moment)

    def sources_toml(self, urls_file: str = "urls.txt") -> str:
        """Return a sources.toml for all outlets; the list it names is `urls_txt()`."""
        return sources.sources_toml(self.hosts, urls_file)

    def urls_txt(self) -> str:
        """Return the fixed list of the source of kind "urls": one URL a line."""
        return sources.urls_txt(self.hosts)

    def write_sources(self, folder: Path) -> Path:
        """Write sources.toml and urls.txt into a folder; return the path of the first."""
        (folder / "urls.txt").write_text(self.urls_txt(), encoding="utf-8")
        path = folder / "sources.toml"
        path.write_text(self.sources_toml(), encoding="utf-8")
        return path

    def start(self) -> None:
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        """Close every socket and end the thread. Safe to call twice."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
        for sock in self._sockets.values():
            sock.close()

    # --- in the thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        servers = [self._loop.run_until_complete(self._listen(key)) for key in self._sockets]
        self._ready.set()
        self._loop.run_forever()
        for server in servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.close()

    async def _listen(self, outlet: str) -> asyncio.Server:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await self._converse(outlet, reader, writer)
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
                pass  # the asker went away, or never spoke HTTP
            except asyncio.CancelledError:
                pass  # stop() was called; asyncio would print a traceback for a task that ends cancelled
            finally:
                self._tasks.discard(task)
                writer.close()

        return await asyncio.start_server(connected, sock=self._sockets[outlet])

    async def _converse(self, outlet: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            request = _parse(head)
            length = int(request.headers.get("content-length", "0"))
            if length:
                await reader.readexactly(length)
            guest = self._weekly if outlet == WEEKLY else None
            answer = guest.answer(request, self.now) if guest else self.publisher.answer(outlet, request)
            sent = await self._send(self.hosts[outlet] + request.target, head, request, answer, writer)
            if not sent or request.headers.get("connection", "").lower() == "close":
                return

    async def _send(
        self, url: str, head: bytes, request: Request, answer: Answer, writer: asyncio.StreamWriter
    ) -> bool:
        """Send and log one answer; return whether the connection may be used again.

        The line is in the log before the last bytes leave, so whoever has read an answer finds it there.
        """
        at, tally = self.publisher.now, _Tally()
        complete, logged = answer.cut_after is None, False
        try:
            await asyncio.sleep(answer.delay_seconds)
            for piece, is_last in _pieces(answer, request.method):
                tally.add(piece)
                if is_last:
                    self.log.append(tally.served(url, answer.status, at, request.method, head, complete=complete))
                    logged = True
                writer.write(piece)
                await writer.drain()
        finally:
            if not logged:  # the asker went away, or we are being stopped
                self.log.append(tally.served(url, answer.status, at, request.method, head, complete=False))
        return complete


@contextlib.contextmanager
def run_demo(
    port: int = 0,
    clock: datetime = MORNING,
    *,
    slow_seconds: float = 20.0,
    large_bytes: int = 16 << 20,
    one_address: bool = False,
    weekly: bool = False,
) -> Iterator[DemoServer]:
    """Serve The Daily Example while the block runs. `port` 0 picks a free one; raises OSError where it is taken.

    `slow_seconds` is how long the slow page waits, `large_bytes` how much the page that is too large sends: set them
    beyond the crawl's own limits. `one_address` gives every outlet a port on 127.0.0.1, as on a machine without others.
    `weekly` adds the Larkin Weekly, a host that is taken over (crawler/demo/weekly.py); no source of ours names it.
    """
    demo = DemoServer(
        port=port,
        clock=clock,
        slow_seconds=slow_seconds,
        large_bytes=large_bytes,
        one_address=one_address,
        weekly=weekly,
    )
    demo.start()
    try:
        yield demo
    finally:
        demo.stop()


class _Tally:
    """Counts and digests what is written."""

    def __init__(self) -> None:
        self.size = 0
        self.sha256 = hashlib.sha256()
        self.sha1 = hashlib.sha1(usedforsecurity=False)

    def add(self, data: bytes) -> None:
        self.size += len(data)
        self.sha256.update(data)
        self.sha1.update(data)

    def served(self, url: str, status: int, at: datetime, method: str, head: bytes, *, complete: bool) -> Served:
        digest = "sha1:" + b32encode(self.sha1.digest()).decode()
        return Served(url, status, self.size, self.sha256.hexdigest(), at, method, digest, complete, head)


def _pieces(answer: Answer, method: str) -> Iterator[tuple[bytes, bool]]:
    """Give the bytes of an answer in the pieces they are written in, and whether a piece is the last."""
    streamed = answer.stream_bytes and method == "GET"
    yield encode(answer, method), not streamed
    if streamed:
        line = chunk(_LARGE_LINES)
        for _ in range(-(-answer.stream_bytes // len(line))):
            yield line, False
        yield b"0\r\n\r\n", True


def _parse(head: bytes) -> Request:
    line, *fields = head.decode("latin-1").split("\r\n")
    method, target, _ = line.split(" ", 2)
    if "://" in target:  # absolute-form, as a proxy is asked (RFC 9112 3.2.2)
        parts = urlsplit(target)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    pairs = (text.partition(":") for text in fields if text)
    return Request(method, target, {name.lower(): value.strip() for name, _, value in pairs})


def _bind(port: int, one_address: bool, guests: Mapping[str, str]) -> dict[str, socket.socket]:
    """Return a listening socket per outlet and guest: addresses of their own, else ports of their own on 127.0.0.1."""
    addresses = {key: outlet.address for key, outlet in load_outlets().items()} | dict(guests)
    if one_address or not all(map(_usable, addresses.values())):
        ports = [port + at if port else 0 for at in range(len(addresses))]
        return {key: _listening("127.0.0.1", number) for key, number in zip(addresses, ports, strict=True)}
    for attempt in range(20):
        try:
            return _bind_all(addresses, port)
        except OSError:
            # a free port on one address may be taken on another: with port 0 another draw may do
            if port or attempt == 19:
                raise
    raise AssertionError


def _bind_all(addresses: Mapping[str, str], port: int) -> dict[str, socket.socket]:
    sockets: dict[str, socket.socket] = {}
    try:
        for key, address in addresses.items():
            sockets[key] = _listening(address, port)
            port = sockets[key].getsockname()[1]
    except OSError:
        for sock in sockets.values():
            sock.close()
        raise
    return sockets


def _usable(address: str) -> bool:
    with socket.socket() as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            return False
    return True


def _listening(address: str, port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
        sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock
