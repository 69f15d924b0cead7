"""Connections kept for the next exchange of the same route, and the one repeat a stale one deserves."""

from __future__ import annotations

import asyncio
from collections import deque

from crawler.fetch.connection import Connection
from crawler.fetch.dial import Dialer, Route
from crawler.fetch.reply import Limits, Reply

IDLE_SECONDS = 30.0
_REPEATABLE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))  # idempotent, RFC 9110 section 9.2.2


class Pool:
    """Sends exchanges. How many run at once is the downloader's business (its slots); idle ones are bounded here."""

    def __init__(self, dialer: Dialer, *, idle_seconds: float = IDLE_SECONDS, idle_per_route: int = 8) -> None:
        self._dialer = dialer
        self._idle_seconds = idle_seconds
        self._idle_per_route = idle_per_route
        self._idle: dict[Route, deque[Connection]] = {}
        self._busy: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None

    async def exchange(self, route: Route, request: bytes, method: str, limits: Limits) -> Reply:
        """Send `request` and give what came, whatever it was. Raises only where nothing could be sent: see dial.

        A kept-alive connection that the server has closed meanwhile is no failure of the page: the request is sent
        once more on a new connection (RFC 9112 section 9.3.1), and a note says so.
        """
        connection = self._kept(route)
        if connection is None:
            return await self._send(await self._dial(route, limits), route, request, method, limits)
        reply = await self._send(connection, route, request, method, limits)
        if reply.truncated != "disconnect" or reply.first_byte_at is not None or method not in _REPEATABLE:
            return reply
        reply.wire.close()
        again = await self._send(await self._dial(route, limits), route, request, method, limits)
        again.notes = ("sent again: the kept-alive connection had been closed", *again.notes)
        return again

    async def close(self) -> None:
        """Drop every connection."""
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in (*self._busy, *(one for idle in self._idle.values() for one in idle)):
            connection.close()
        self._idle.clear()

    async def _dial(self, route: Route, limits: Limits) -> Connection:
        async with asyncio.timeout_at(limits.deadline):
            return await self._dialer.dial(route)

    async def _send(self, connection: Connection, route: Route, request: bytes, method: str, limits: Limits) -> Reply:
        self._busy.add(connection)
        try:
            reply = await connection.exchange(request, method, limits)
        except BaseException:
            connection.close()
            raise
        finally:
            self._busy.discard(connection)
        if connection.reusable:
            self._keep(route, connection)
        return reply

    def _kept(self, route: Route) -> Connection | None:
        """The connection used last: the longer one rests, the likelier its server has closed it."""
        idle = self._idle.get(route)
        while idle:
            connection = idle.pop()
            if not idle:
                del self._idle[route]
            if connection.reusable and connection.quiet:
                return connection
            connection.close()
        return None

    def _keep(self, route: Route, connection: Connection) -> None:
        if not self._idle_seconds:
            connection.close()
            return
        idle = self._idle.setdefault(route, deque())
        idle.append(connection)
        if len(idle) > self._idle_per_route:
            idle.popleft().close()
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(self._idle_seconds / 2, self._drop_old)

    def _drop_old(self) -> None:
        loop = asyncio.get_running_loop()
        oldest = loop.time() - self._idle_seconds
        for route, idle in list(self._idle.items()):
            while idle and (idle[0].idle_since < oldest or not idle[0].reusable):
                idle.popleft().close()
            if not idle:
                del self._idle[route]
        self._sweep = loop.call_later(self._idle_seconds / 2, self._drop_old) if self._idle else None
