"""Through HTTP proxies, plain and with a tunnel: what is kept, and what is not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from tests.crawler.adversary import BEHAVIOURS, Adversary
from tests.crawler.recording import Job, Result, crawl

TOKEN = b"Basic bmV3czpzZWNyZXQ="  # news:secret


class ProxyServer:
    """A small forwarding proxy. `heads` are the request heads it received. Names end at 127.0.0.1, whatever they are."""

    def __init__(self, *, authorization: bytes | None = None) -> None:
        self.heads: list[bytes] = []
        self._authorization = authorization
        self._loop = asyncio.new_event_loop()
        self.port = 0

    def __enter__(self) -> ProxyServer:
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result()
        self.port = server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._forward(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        if self._authorization is not None and b"Proxy-Authorization: " + self._authorization not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        method, target, _ = head.split(b" ", 2)
        authority = target if method == b"CONNECT" else target.split(b"/")[2]
        if b"refused" in authority:
            writer.write(b"HTTP/1.1 403 Not through me\r\n\r\n")
            return
        there_reader, there = await asyncio.open_connection("127.0.0.1", int(authority.rsplit(b":")[-1]))
        if method == b"CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\n")
        else:
            there.write(head.replace(target, b"/" + target.split(b"/", 3)[3], 1))
        await asyncio.gather(_pump(reader, there), _pump(there_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()


NAMES = ("plain", "chunked-trailers", "duplicated-headers", "status-304", "early-hints-first", "gzip-chunked")


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Result], Adversary, ProxyServer]]:
    with Adversary() as server, ProxyServer(authorization=TOKEN) as proxy:
        pem = tmp_path_factory.mktemp("ca") / "ca.pem"
        server.authority.cert_pem.write_to_path(str(pem))
        known, unknown = f"http://news:secret@127.0.0.1:{proxy.port}", f"http://127.0.0.1:{proxy.port}"
        jobs = [
            Job(f"{name} {tls}", server.url(name, tls=tls), meta={"proxy": known, "dont_redirect": True})
            for name in NAMES
            for tls in (False, True)
        ]
        jobs += [Job(f"unknown {tls}", server.url("plain", tls=tls), meta={"proxy": unknown}) for tls in (False, True)]
        jobs += [
            Job("refused", "https://refused.example/", meta={"proxy": known}),
            Job("no proxy", server.url("plain"), meta={"proxy": "http://127.0.0.1:1"}),
            Job("socks", server.url("plain"), meta={"proxy": "socks5://127.0.0.1:1"}),
        ]
        # Scrapy's HttpProxyMiddleware reads the environment too.
        results, _ = crawl(jobs, {}, {"SSL_CERT_FILE": str(pem), "no_proxy": "*"})
        yield results, server, proxy


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tunnel"])
@pytest.mark.parametrize("name", NAMES)
def test_the_response_is_kept_as_the_server_sent_it(
    name: str, tls: bool, through: tuple[dict[str, Result], Adversary, ProxyServer]
) -> None:
    result = through[0][f"{name} {tls}"]
    assert result.error is None, result.message
    (exchange,) = result.kept
    assert exchange["response"] == BEHAVIOURS[name].response
    assert exchange["ip_address"] is None
    assert any(note == f"through proxy http://127.0.0.1:{through[2].port}" for note in exchange["notes"])
    tunnelled = "CONNECT answered HTTP/1.1 200 Connection established" in exchange["notes"]
    assert tunnelled == exchange["target_uri"].startswith("https:")
    assert exchange["protocols"] == (("http/1.1", "tls/1.3") if tls else ("http/1.1",))


def test_a_plain_proxy_is_asked_in_absolute_form_and_its_password_is_not_kept(
    through: tuple[dict[str, Result], Adversary, ProxyServer],
) -> None:
    (exchange,) = through[0]["plain False"].kept
    url = through[1].url("plain")
    assert exchange["request"].startswith(b"GET " + url.encode() + b" HTTP/1.1\r\nHost: localhost:")
    assert b"Proxy-Authorization: withheld\r\n" in exchange["request"]
    assert exchange["request"].replace(b"withheld", TOKEN) in through[2].heads
    assert "value of Proxy-Authorization withheld from the request" in exchange["notes"]


def test_a_tunnel_hides_the_credentials_from_the_server(
    through: tuple[dict[str, Result], Adversary, ProxyServer],
) -> None:
    (exchange,) = through[0]["plain True"].kept
    assert exchange["request"] in through[1].requests["plain", True]
    assert b"Proxy-" not in exchange["request"]
    connects = [head for head in through[2].heads if head.startswith(b"CONNECT localhost:")]
    assert any(b"Proxy-Authorization: " + TOKEN in head for head in connects)


def test_a_proxy_that_wants_credentials_answers_a_page_or_refuses_the_tunnel(
    through: tuple[dict[str, Result], Adversary, ProxyServer],
) -> None:
    assert through[0]["unknown False"].status == 407
    assert through[0]["unknown True"].error == "DownloadFailedError"
    assert "407" in through[0]["unknown True"].message


def test_a_refused_tunnel_an_absent_proxy_and_an_unknown_kind_are_failed_downloads(
    through: tuple[dict[str, Result], Adversary, ProxyServer],
) -> None:
    assert "403 Not through me" in through[0]["refused"].message and through[0]["refused"].kept == []
    assert through[0]["no proxy"].error == "DownloadConnectionRefusedError"
    assert through[0]["socks"].error == "UnsupportedURLSchemeError"


def test_a_redirect_to_a_private_address_is_kept_and_not_followed() -> None:
    with Adversary() as server, ProxyServer() as proxy:
        url = server.url("redirect-to-private", host="news.example")
        results, _ = crawl(
            [Job("away", url, meta={"proxy": f"http://127.0.0.1:{proxy.port}"})], {"PRESSMARK_ALLOW_PRIVATE": False}
        )
    assert results["away"].error == "AddressRefused" and len(proxy.heads) == 1
    assert [kept["response"] for kept in results["away"].kept] == [BEHAVIOURS["redirect-to-private"].response]


def test_an_address_written_in_the_url_is_checked_even_through_a_proxy() -> None:
    with ProxyServer() as proxy:
        job = Job("meta", "http://169.254.169.254/latest", meta={"proxy": f"http://127.0.0.1:{proxy.port}"})
        results, _ = crawl([job], {"PRESSMARK_ALLOW_PRIVATE": False})
    assert results["meta"].error == "AddressRefused" and proxy.heads == []
