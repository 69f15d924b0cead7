"""Which addresses the crawler may speak to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import pytest

from crawler.fetch.guard import AddressRefused, Guard, refusal
from tests.crawler.adversary import Adversary
from tests.crawler.recording import Job, crawl

PRIVATE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "192.88.99.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1",
    "2001:db8::1", "100::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe",
)  # fmt: skip
PUBLIC = (
    "1.1.1.1",
    "93.184.216.34",
    "172.32.0.1",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert refusal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_not(address: str) -> None:
    assert refusal(address) is None


class Names:
    """A resolver whose answers we own."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        await asyncio.sleep(0)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_only_the_public_ones_of_a_hosts_addresses_are_used() -> None:
    guard = Guard(resolve=Names(["10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111"]))
    assert asyncio.run(guard.addresses("news.example", 80)) == ("1.1.1.1", "2606:4700::1111")


def test_a_host_with_none_is_refused_with_the_addresses_it_gave() -> None:
    guard = Guard(resolve=Names(["10.0.0.1", "::1"]))
    with pytest.raises(AddressRefused) as refused:
        asyncio.run(guard.addresses("news.example", 80))
    assert refused.value.addresses == ("10.0.0.1", "::1") and "private address" in str(refused.value)


def test_a_second_answer_of_a_rebinding_name_is_never_asked_for() -> None:
    names = Names(["1.1.1.1"], ["127.0.0.1"])

    async def twice() -> list[tuple[str, ...]]:
        guard = Guard(resolve=names)
        return [await guard.addresses("rebind.example", 80) for _ in range(3)]

    assert asyncio.run(twice()) == [("1.1.1.1",)] * 3 and names.asked == 1


def test_an_answer_that_is_too_old_is_checked_again() -> None:
    async def twice() -> None:
        guard = Guard(resolve=Names(["1.1.1.1"], ["127.0.0.1"]), cache_seconds=0)
        assert await guard.addresses("rebind.example", 80) == ("1.1.1.1",)
        with pytest.raises(AddressRefused):
            await guard.addresses("rebind.example", 80)

    asyncio.run(twice())


def test_many_at_once_ask_once_and_one_that_gives_up_disturbs_no_other() -> None:
    names = Names(["1.1.1.1"])

    async def many() -> None:
        guard = Guard(resolve=names)
        first, *others = [asyncio.ensure_future(guard.addresses("news.example", 80)) for _ in range(5)]
        await asyncio.sleep(0)
        first.cancel()
        assert await asyncio.gather(*others) == [("1.1.1.1",)] * 4

    asyncio.run(many())
    assert names.asked == 1


def test_families_take_turns() -> None:
    guard = Guard(resolve=Names(["2606::1", "2606::2", "1.1.1.1", "1.1.1.2", "1.1.1.3"]))
    assert asyncio.run(guard.addresses("a.example", 80)) == ("2606::1", "1.1.1.1", "2606::2", "1.1.1.2", "1.1.1.3")


def test_no_address_is_a_failed_lookup() -> None:
    with pytest.raises(socket.gaierror):
        asyncio.run(Guard(resolve=Names([])).addresses("a.example", 80))


def test_a_crawl_reaches_no_private_address_however_it_is_written() -> None:
    hosts = (
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0",
        "127.1",
        "017700000001",
    )
    with Adversary() as server:
        jobs = [Job(host, server.url("plain", host=host)) for host in hosts]
        results, _ = crawl(jobs, {"PRESSMARK_ALLOW_PRIVATE": False})
    assert {name: result.error for name, result in results.items()} == dict.fromkeys(hosts, "AddressRefused")
    assert server.peers == []
