"""Which addresses the crawler may speak to.

A page can name any host, and a host can resolve to any address: of this machine, of the network around it, of a
cloud's metadata service. So we resolve names ourselves, refuse every address that is not public, and connect to the
checked address itself: a second lookup with another answer (DNS rebinding) never happens.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, zip_longest

from archive.errors import PressmarkError

CACHE_SECONDS = 300.0
_CACHE_HOSTS = 10_000

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Of the IANA special-purpose registries, what Python's ipaddress knows in some versions only.
_SPECIAL: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (
    *map(ipaddress.IPv4Network, ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15")),
    *map(ipaddress.IPv6Network, ("64:ff9b:1::/48", "100::/64", "2001:2::/48", "2001:db8::/32")),
    *map(ipaddress.IPv6Network, ("3fff::/20", "5f00::/16", "fec0::/10")),
)


class AddressRefused(PressmarkError):
    """A host resolves to no address we may speak to. `addresses` are the refused ones."""

    code = "address-refused"

    def __init__(self, host: str, addresses: tuple[str, ...], why: str) -> None:
        super().__init__(
            f"{host} resolves to {', '.join(addresses)}: {why}",
            hint="allow private addresses in pressmark.toml if this host is yours",
        )
        self.host, self.addresses, self.why = host, addresses, why


def refusal(address: str) -> str | None:
    """Say why `address` (textual IP) is not public, or None if it is. Raises ValueError for what is no address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _inner_ipv4(ip)
        if inner is not None:
            why = _refusal(inner)
            return f"{why} (inside {ip})" if why else None
    return _refusal(ip)


def _refusal(ip: IPAddress) -> str | None:
    for wrong, why in (
        (ip.is_unspecified, "unspecified address"),
        (ip.is_loopback, "loopback address"),
        (ip.is_link_local, "link-local address"),
        (ip.is_multicast, "multicast address"),
        (any(ip in network for network in _SPECIAL), "address of a special network"),
        (ip.is_private, "private address"),
        (ip.is_reserved, "reserved address"),
        (not ip.is_global, "not a public address"),
    ):
        if wrong:
            return why
    return None


def _inner_ipv4(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address an IPv6 address stands for: mapped, compatible, NAT64, 6to4, Teredo."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in _NAT64 or (int(ip) >> 32 == 0 and int(ip) > 1):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.sixtofour is not None:
        return ip.sixtofour
    return ip.teredo[1] if ip.teredo is not None else None


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """The addresses the system gives for a host. Raises socket.gaierror."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard:
    """Resolves and checks, and remembers the checked addresses of a host for some minutes."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        resolve: Resolve = resolve_by_system,
        cache_seconds: float = CACHE_SECONDS,
    ) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._cache_seconds = cache_seconds
        self._known: OrderedDict[str, tuple[float, tuple[str, ...]]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[tuple[str, ...]]] = {}

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Give the addresses of `host` we may connect to, families interleaved as RFC 8305 asks.

        Raises AddressRefused if there are none but refused ones, and socket.gaierror if there are none at all.
        """
        now = asyncio.get_running_loop().time()
        known = self._known.get(host)
        if known is not None and known[0] > now:
            return known[1]
        asking = self._asking.get(host)
        if asking is None:
            asking = asyncio.ensure_future(self._ask(host, port))
            self._asking[host] = asking
            asking.add_done_callback(lambda task: self._asked(host, task))
        # One caller's time limit must not cut the lookup for the others.
        return await asyncio.shield(asking)

    def forget(self, host: str) -> None:
        """Ask again next time: none of the addresses could be reached."""
        self._known.pop(host, None)

    async def _ask(self, host: str, port: int) -> tuple[str, ...]:
        checked = self.check(host, await self._resolve(host, port))
        self._known[host] = (asyncio.get_running_loop().time() + self._cache_seconds, checked)
        while len(self._known) > _CACHE_HOSTS:
            self._known.popitem(last=False)
        return checked

    def _asked(self, host: str, task: asyncio.Task[tuple[str, ...]]) -> None:
        self._asking.pop(host, None)
        if not task.cancelled():
            task.exception()  # seen, even where every caller has gone meanwhile

    def check(self, host: str, found: Sequence[str]) -> tuple[str, ...]:
        """Keep the addresses that may be spoken to. Pure."""
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, f"{host} has no address")
        if self._allow_private:
            return _interleaved(found)
        refused = {address: why for address in found if (why := refusal(address)) is not None}
        allowed = [address for address in found if address not in refused]
        if not allowed:
            raise AddressRefused(host, tuple(refused), next(iter(refused.values())))
        return _interleaved(allowed)


def _interleaved(addresses: Sequence[str]) -> tuple[str, ...]:
    """The first family the system prefers, then the families in turn (RFC 8305 section 4)."""
    first_is_six = ":" in addresses[0]
    same = [address for address in addresses if (":" in address) == first_is_six]
    other = [address for address in addresses if (":" in address) != first_is_six]
    return tuple(address for address in chain(*zip_longest(same, other)) if address)
