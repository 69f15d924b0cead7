"""From a route to an open connection: checked addresses, TCP, a proxy's tunnel, TLS.

`Route` says where to, `Dialer.dial` goes there. Errors are the system's own (OSError, ssl.SSLError, socket.gaierror),
guard.AddressRefused, and TunnelRefused where a proxy does not let us through.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ssl import SSLContext, SSLError

from archive.http.messages import parse_head
from crawler.fetch.connection import Connection
from crawler.fetch.guard import AddressRefused, Guard, refusal
from crawler.fetch.tls import Trust

_NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305 section 5, "Connection Attempt Delay"
_TUNNEL_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. `authorization` is the value of Proxy-Authorization, or None."""

    scheme: str
    host: str
    port: int
    authorization: bytes | None = None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Route:
    """Where an exchange goes; connections are shared among exchanges of one route."""

    scheme: str
    host: str
    port: int
    proxy: Proxy | None = None


class TunnelRefused(ConnectionError):
    """A proxy answered CONNECT with something else than 2xx; `status` is None where it answered no HTTP."""

    def __init__(self, proxy: Proxy, status: int | None, reason: str) -> None:
        super().__init__(f"proxy {proxy} refused the tunnel: {status or 'no HTTP'} {reason}".rstrip())
        self.proxy, self.status, self.reason = proxy, status, reason


class Dialer:
    """Opens connections. The operator chose the proxy, so its address is not checked; what it is asked for is."""

    def __init__(self, guard: Guard, trust: Trust, *, allow_private: bool = False) -> None:
        self._guard = guard
        self._trust = trust
        self._allow_private = allow_private
        self._proxy_guard = Guard(allow_private=True)

    async def dial(self, route: Route) -> Connection:
        """Give an open connection for `route`."""
        if route.scheme != "https":
            return await self._open(route, None, ())
        context, notes = self._trust.context(route.host)
        try:
            return await self._open(route, context, notes)
        except SSLError as error:
            if not self._trust.accept(route.host, error):
                raise
            context, notes = self._trust.context(route.host)
            return await self._open(route, context, notes)

    async def _open(self, route: Route, context: SSLContext | None, notes: tuple[str, ...]) -> Connection:
        loop = asyncio.get_running_loop()
        if route.proxy is not None:
            self._check_named_address(route.host)
            return await self._open_through(route.proxy, route, context, notes)
        sock = await self._socket(self._guard, route.host, route.port)
        name = _server_name(route.host) if context is not None else None
        _, connection = await loop.create_connection(
            lambda: Connection(loop, notes), sock=sock, ssl=context, server_hostname=name
        )
        return connection

    async def _open_through(
        self, proxy: Proxy, route: Route, context: SSLContext | None, notes: tuple[str, ...]
    ) -> Connection:
        loop = asyncio.get_running_loop()
        notes = (*notes, f"through proxy {proxy}")
        sock = await self._socket(self._proxy_guard, proxy.host, proxy.port)
        to_proxy = self._trust.context(proxy.host)[0] if proxy.scheme == "https" else None
        name = _server_name(proxy.host) if to_proxy is not None else None
        if context is None:
            _, connection = await loop.create_connection(
                lambda: Connection(loop, notes, proxied=True), sock=sock, ssl=to_proxy, server_hostname=name
            )
            return connection
        transport, tunnel = await loop.create_connection(
            lambda: _Tunnel(loop, proxy, route), sock=sock, ssl=to_proxy, server_hostname=name
        )
        try:
            answered = await tunnel.opened
            notes = (*notes, f"CONNECT answered {answered}")
            connection = Connection(loop, notes, proxied=True)
            inner = await loop.start_tls(transport, connection, context, server_hostname=_server_name(route.host))
        except BaseException:
            transport.abort()
            raise
        if inner is None:
            raise ConnectionError("connection closed during the TLS handshake")
        connection.connection_made(inner)
        return connection

    def _check_named_address(self, host: str) -> None:
        """A proxy resolves names itself; an address written in the URL we can still refuse."""
        if self._allow_private:
            return
        try:
            why = refusal(host)
        except ValueError:
            return
        if why is not None:
            raise AddressRefused(host, (host,), why)

    async def _socket(self, guard: Guard, host: str, port: int) -> socket.socket:
        addresses = await guard.addresses(host, port)
        try:
            return await first_to_connect(addresses, port)
        except OSError:
            guard.forget(host)
            raise


async def first_to_connect(addresses: Sequence[str], port: int) -> socket.socket:
    """Connect to the addresses in order, the next one when one fails or is slow; the first to answer wins.

    Raises the first address's error if none does.
    """
    if len(addresses) == 1:
        return await _connect(addresses[0], port)
    waiting = list(addresses)
    trying: set[asyncio.Task[socket.socket]] = set()
    errors: list[BaseException] = []
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.create_task(_connect(waiting.pop(0), port)))
            done, _ = await asyncio.wait(
                trying, timeout=_NEXT_ADDRESS_SECONDS if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                trying.discard(task)
                if (error := task.exception()) is None:
                    return task.result()
                errors.append(error)
    finally:
        for task in trying:
            task.cancel()
            task.add_done_callback(_close_late)
    raise errors[0]


async def _connect(address: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _close_late(task: asyncio.Task[socket.socket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()


def _server_name(host: str) -> str:
    return host.removesuffix(".")


class _Tunnel(asyncio.Protocol):
    """Asks a proxy for a tunnel; `opened` has the proxy's status line when it says 2xx (RFC 9110 section 9.3.6)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, proxy: Proxy, route: Route) -> None:
        self.opened: asyncio.Future[str] = loop.create_future()
        self._proxy, self._route = proxy, route
        self._head = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(tunnel_request(self._route, self._proxy.authorization))

    def data_received(self, data: bytes) -> None:
        if self.opened.done():
            return
        self._head += data
        if b"\r\n\r\n" not in self._head and b"\n\n" not in self._head:
            if len(self._head) > _TUNNEL_HEAD_BYTES:
                self._refused(None, "endless head")
            return
        head = parse_head(bytes(self._head))
        if head.status is not None and 200 <= head.status < 300:
            self.opened.set_result(bytes(self._head).split(b"\n", 1)[0].strip().decode("latin-1"))
        else:
            self._refused(head.status, head.reason.decode("latin-1"))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self._refused(None, "connection closed")

    def _refused(self, status: int | None, reason: str) -> None:
        self.opened.set_exception(TunnelRefused(self._proxy, status, reason))


def tunnel_request(route: Route, authorization: bytes | None) -> bytes:
    """The CONNECT request for `route`."""
    host = f"[{route.host}]" if _is_six(route.host) else route.host
    target = f"{host}:{route.port}".encode()
    lines = [b"CONNECT " + target + b" HTTP/1.1", b"Host: " + target]
    if authorization is not None:
        lines.append(b"Proxy-Authorization: " + authorization)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _is_six(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
