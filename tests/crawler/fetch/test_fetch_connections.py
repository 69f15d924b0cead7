"""Connections: kept alive, stale, untrusted, unreachable, behind several addresses."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from crawler.fetch.dial import Dialer, Route, first_to_connect
from crawler.fetch.guard import Guard
from crawler.fetch.pool import Pool
from crawler.fetch.reply import Limits, Reply
from crawler.fetch.tls import Trust
from tests.crawler.adversary import Adversary, sized

T = TypeVar("T")
GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"


async def _addresses(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def pool(*, verify: bool = True, **more: float) -> Pool:
    return Pool(Dialer(Guard(allow_private=True, resolve=_addresses), Trust(verify=verify)), **more)  # type: ignore[arg-type]


def limits(seconds: float = 10.0, idle: float = 5.0) -> Limits:
    return Limits(asyncio.get_running_loop().time() + seconds, idle, 0, 1 << 20)


async def get(one: Pool, route: Route, name: bytes, method: str = "GET") -> Reply:
    return await one.exchange(route, GET % name, method, limits())


def with_pool(work: Callable[[Pool], Awaitable[T]], one: Pool) -> T:
    async def run() -> T:
        try:
            return await work(one)
        finally:
            await one.close()

    return asyncio.run(run())


@contextmanager
def listening(*answers: bytes | None, pause: float = 0.0) -> Iterator[tuple[int, list[int]]]:
    """A server whose n-th request of all its connections gets the n-th answer; None hangs up. Gives port, accepts."""
    accepted: list[int] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(len(accepted))
        while left:
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            answer = left.pop(0)
            if answer is None:
                break
            writer.write(answer)
            await asyncio.sleep(pause)
        writer.close()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(serve, "127.0.0.1", 0), loop).result()
    try:
        yield server.sockets[0].getsockname()[1], accepted
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def test_exchanges_of_one_route_share_a_connection() -> None:
    async def work(one: Pool) -> None:
        for _ in range(3):
            await get(one, Route("http", "a", port), b"")

    with listening(sized(), sized(), sized()) as (port, accepted):
        with_pool(work, pool())
    assert accepted == [0]


def test_a_request_on_a_stale_connection_is_sent_again_once_and_a_note_says_so() -> None:
    async def work(one: Pool) -> Reply:
        await get(one, Route("http", "a", port), b"")
        return await get(one, Route("http", "a", port), b"")

    with listening(sized(), None, sized(b"again")) as (port, accepted):
        reply = with_pool(work, pool())
    assert reply.wire.getvalue() == sized(b"again") and reply.truncated is None
    assert reply.notes == ("sent again: the kept-alive connection had been closed",)
    assert accepted == [0, 1]


def test_a_new_connection_that_is_closed_at_once_is_not_tried_again() -> None:
    async def work(one: Pool) -> Reply:
        return await get(one, Route("http", "a", port), b"")

    with listening(None, sized()) as (port, accepted):
        reply = with_pool(work, pool())
    assert reply.truncated == "disconnect" and accepted == [0]


def test_a_post_on_a_stale_connection_is_not_sent_twice() -> None:
    async def work(one: Pool) -> Reply:
        await get(one, Route("http", "a", port), b"")
        return await get(one, Route("http", "a", port), b"", "POST")

    with listening(sized(), None, sized()) as (port, accepted):
        reply = with_pool(work, pool())
    assert reply.truncated == "disconnect" and accepted == [0]


def test_bytes_that_wait_on_a_kept_connection_never_pass_for_the_next_answer() -> None:
    async def work(one: Pool) -> Reply:
        await get(one, Route("http", "a", port), b"")
        time.sleep(0.3)  # the event loop stands still while the server's late bytes arrive
        return await get(one, Route("http", "a", port), b"")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sized(b"right"))
        await asyncio.sleep(0.1)
        writer.write(sized(b"wrong"))

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(serve, "127.0.0.1", 0), loop).result()
    port = server.sockets[0].getsockname()[1]
    assert with_pool(work, pool()).entity == b"right"
    loop.call_soon_threadsafe(loop.stop)


def test_an_idle_connection_is_dropped_after_its_time() -> None:
    async def work(one: Pool) -> None:
        await get(one, Route("http", "a", port), b"")
        await asyncio.sleep(0.5)
        await get(one, Route("http", "a", port), b"")

    with listening(sized(), sized()) as (port, accepted):
        with_pool(work, pool(idle_seconds=0.1))
    assert accepted == [0, 1]


def test_a_cancelled_exchange_leaves_no_connection_behind() -> None:
    async def asked_for(one: Pool) -> tuple[asyncio.Task[Reply], socket.socket]:
        task = asyncio.ensure_future(get(one, Route("http", "a", server.getsockname()[1]), b""))
        peer, _address = await asyncio.get_running_loop().sock_accept(server)
        assert (await asyncio.get_running_loop().sock_recv(peer, 1000)).startswith(b"GET ")
        return task, peer

    async def work(one: Pool) -> Reply:
        first, peer = await asked_for(one)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        second, another = await asked_for(one)  # over a connection of its own
        with peer, another:
            await asyncio.get_running_loop().sock_sendall(another, sized(b"second"))
            return await second

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        assert with_pool(work, pool()).entity == b"second"


def test_a_cancelled_exchange_closes_its_connection_while_the_pool_lives_on() -> None:
    async def work(one: Pool) -> bytes:
        task = asyncio.ensure_future(get(one, Route("http", "a", server.getsockname()[1]), b""))
        loop = asyncio.get_running_loop()
        peer, _address = await loop.sock_accept(server)
        with peer:
            assert (await loop.sock_recv(peer, 1000)).startswith(b"GET ")
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return await asyncio.wait_for(loop.sock_recv(peer, 1000), 30)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        assert with_pool(work, pool()) == b""


def test_with_no_keep_alive_every_exchange_has_its_own_connection() -> None:
    async def work(one: Pool) -> None:
        for _ in range(2):
            await get(one, Route("http", "a", port), b"")

    with listening(sized(), sized()) as (port, accepted):
        with_pool(work, pool(idle_seconds=0))
    assert accepted == [0, 1]


def test_a_bad_certificate_is_an_error_and_if_we_are_told_so_a_note() -> None:
    with Adversary(("other.example",)) as server:
        route = Route("https", "a", server.ports[True])
        with pytest.raises(ssl.SSLCertVerificationError):
            with_pool(lambda one: get(one, route, b"plain"), pool())

        async def twice(one: Pool) -> list[Reply]:
            return [await get(one, route, b"connection-close"), await get(one, route, b"plain")]

        for reply in with_pool(twice, pool(verify=False)):
            assert reply.head.status == 200
            assert reply.notes[0].startswith("certificate accepted though: ")
            assert reply.protocols == ("http/1.1", "tls/1.3")


def test_a_good_certificate_has_no_note_even_if_bad_ones_were_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Adversary(("a",)) as server:
        server.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        route = Route("https", "a", server.ports[True])
        assert with_pool(lambda one: get(one, route, b"plain"), pool(verify=False)).notes == ()


def test_plain_text_where_tls_is_expected_is_a_failed_handshake() -> None:
    def answer() -> None:
        for _ in range(2):  # with and without verification
            peer, _address = server.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(ssl.SSLError):
            with_pool(lambda one: get(one, Route("https", "a", server.getsockname()[1]), b""), pool(verify=False))


def test_connecting_counts_against_the_whole_exchanges_time() -> None:
    async def work(one: Pool) -> Reply:
        return await one.exchange(Route("https", "a", port), GET % b"", "GET", limits(seconds=0.3))

    silent = socket.create_server(("127.0.0.1", 0))
    port = silent.getsockname()[1]
    began = time.monotonic()
    with silent, pytest.raises(TimeoutError):
        with_pool(work, pool())
    assert time.monotonic() - began < 2


def test_the_next_address_is_tried_where_one_refuses() -> None:
    async def connect(port: int) -> str:
        with await first_to_connect(["127.0.0.2", "::1", "127.0.0.1"], port) as sock:
            return str(sock.getpeername()[0])

    with socket.create_server(("127.0.0.1", 0)) as server:
        assert asyncio.run(connect(server.getsockname()[1])) == "127.0.0.1"


def test_the_next_address_is_tried_where_one_is_slow() -> None:
    """A full backlog drops SYNs: connecting to it takes a second at least."""

    async def connect(port: int) -> tuple[str, float]:
        began = time.monotonic()
        with await first_to_connect(["127.0.0.2", "127.0.0.1"], port) as sock:
            return str(sock.getpeername()[0]), time.monotonic() - began

    with socket.socket() as full, socket.socket() as free:
        full.bind(("127.0.0.2", 0))
        full.listen(0)
        port = full.getsockname()[1]
        free.bind(("127.0.0.1", port))
        free.listen()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.2", port))
        time.sleep(0.05)
        address, seconds = asyncio.run(connect(port))
        for filler in fillers:
            filler.close()
    assert address == "127.0.0.1" and 0.2 < seconds < 0.9


def test_where_no_address_answers_the_first_ones_error_is_raised() -> None:
    with socket.socket() as closed:
        closed.bind(("0.0.0.0", 0))
        with pytest.raises(ConnectionRefusedError):
            asyncio.run(first_to_connect(["127.0.0.1", "127.0.0.2"], closed.getsockname()[1]))


def test_the_checked_address_is_the_one_connected_to() -> None:
    """The name does not exist outside our resolver, so nothing but its answer can have been used."""
    asked = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with listening(sized()) as (port, accepted):
        one = Pool(Dialer(Guard(allow_private=True, resolve=resolve), Trust()))
        reply = with_pool(lambda p: get(p, Route("http", "rebind.invalid", port), b""), one)
    assert reply.ip_address == "127.0.0.1" and asked == ["rebind.invalid"] and accepted == [0]
