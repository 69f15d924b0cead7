"""The Daily Example on real sockets: exact bytes, a true log, and a thread that ends."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import socket
import threading
import tomllib
from base64 import b32encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler.demo import MORNING, NEXT_MORNING, DemoServer, run_demo
from crawler.demo.__main__ import main as serve
from crawler.demo.http_bytes import Request, encode
from crawler.demo.stories import load_outlets, load_stories


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoServer]:
    with run_demo(slow_seconds=0.3, large_bytes=300_000) as server:
        yield server


def ask(url: str, *headers: str, method: str = "GET") -> bytes:
    """Send one request and return every byte that came back until the server closed."""
    parts = urlsplit(url)
    lines = [f"{method} {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1"]
    lines += [f"Host: {parts.netloc}", "Connection: close", *headers]
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
        sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        received = b""
        while piece := sock.recv(1 << 16):
            received += piece
    return received


def test_every_outlet_answers_at_a_host_of_its_own(demo: DemoServer) -> None:
    assert set(demo.hosts) == set(load_outlets()) and len(set(demo.hosts.values())) == len(demo.hosts)
    for key, base in demo.hosts.items():
        assert load_outlets()[key].name.split("-")[0].encode() in ask(base + "/")


def test_the_bytes_on_the_wire_are_the_publishers_and_the_log_has_their_digest(demo: DemoServer) -> None:
    for story in load_stories():
        if story.behaviour or story.published > MORNING:
            continue
        url = demo.hosts[story.outlet] + story.path
        received = ask(url, "Accept-Encoding: gzip")
        served = demo.log[-1]
        expected = encode(demo.publisher.answer(story.outlet, Request("GET", story.path, {"accept-encoding": "gzip"})))
        assert received == expected
        assert (served.url, served.size_bytes, served.at) == (url, len(received), MORNING)
        assert served.sha256 == hashlib.sha256(received).hexdigest() and served.complete
        assert served.block_digest == "sha1:" + b32encode(hashlib.sha1(received).digest()).decode()
        assert served.request.startswith(b"GET ")


def test_gzip_is_sent_only_to_who_accepts_it(demo: DemoServer) -> None:
    url = demo.home + "/news/2026/05/ferry-timetable.html"
    plain = ask(url).split(b"\r\n\r\n", 1)[1]
    head, zipped = ask(url, "Accept-Encoding: gzip").split(b"\r\n\r\n", 1)
    assert b"Content-Encoding: gzip" in head and gzip.decompress(zipped) == plain


def test_a_proxy_may_ask_with_the_whole_url(demo: DemoServer) -> None:
    parts = urlsplit(demo.home)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
        sock.sendall(f"GET {demo.home}/rss.xml HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_connection_is_kept_for_many_requests_chunked_ones_too(demo: DemoServer) -> None:
    parts = urlsplit(demo.home)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    for path in ("/", "/news/2026/05/town-hall-clock.html", "/nothing", "/rss.xml"):
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.read() and response.status == (404 if path == "/nothing" else 200)
    connection.close()


def test_the_slow_page_waits_and_the_large_one_streams(demo: DemoServer) -> None:
    assert ask(demo.hosts["odd"] + "/back-office/slow-tower.html").startswith(b"HTTP/1.1 200")
    received = ask(demo.hosts["odd"] + "/large/ledger")
    assert len(received) > 300_000 and received.endswith(b"0\r\n\r\n") and b"chunked" in received[:400]
    assert demo.log[-1].sha256 == hashlib.sha256(received).hexdigest()


def test_an_asker_who_leaves_the_large_page_is_logged_as_incomplete() -> None:
    with run_demo(large_bytes=200 << 20) as demo:
        parts = urlsplit(demo.hosts["odd"])
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
            sock.sendall(b"GET /large/ledger HTTP/1.1\r\nHost: x\r\n\r\n")
            sock.recv(1000)
    assert not demo.log[-1].complete and 0 < demo.log[-1].size_bytes < 200 << 20


def test_the_page_cut_short_promises_more_than_it_sends(demo: DemoServer) -> None:
    head, body = ask(demo.hosts["odd"] + "/back-office/cut-short.html").split(b"\r\n\r\n", 1)
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert 0 < len(body) < promised and not demo.log[-1].complete


def test_the_clock_moves_for_all_hosts_at_once() -> None:
    with run_demo() as demo:
        assert b"until midnight" in ask(demo.home + "/")
        demo.move_to(NEXT_MORNING)
        assert b"until one o&#x27;clock" in ask(demo.home + "/news/").replace(b"'", b"&#x27;")
        assert "金鲤娱乐".encode() in ask(demo.hosts["gongyou"] + "/")
        assert demo.now == demo.log[-1].at == NEXT_MORNING


def test_where_only_127_0_0_1_exists_every_outlet_has_a_port_of_its_own() -> None:
    with run_demo(one_address=True) as demo:
        assert {urlsplit(base).hostname for base in demo.hosts.values()} == {"127.0.0.1"}
        assert all(ask(base + "/").startswith(b"HTTP/1.1 200") for base in demo.hosts.values())


def test_a_taken_port_is_an_error_and_not_another_port(demo: DemoServer) -> None:
    with pytest.raises(OSError, match="in use"), run_demo(port=urlsplit(demo.home).port or 0):
        pass


@pytest.mark.parametrize(("port", "why"), [(None, "Address already in use"), (99999, "port must be 0-65535")])
def test_a_port_that_cannot_be_had_is_said_in_our_words(
    demo: DemoServer, capsys: pytest.CaptureFixture[str], port: int | None, why: str
) -> None:
    taken = urlsplit(demo.home).port if port is None else port
    assert serve(["--port", str(taken)]) == 13
    said = capsys.readouterr().err
    assert said.startswith(f"error[port]: cannot listen on port {taken} (") and why in said


def test_the_thread_and_the_sockets_end_with_the_block() -> None:
    with run_demo() as demo:
        ask(demo.home + "/")
        base = urlsplit(demo.home)
    assert "daily-example-" + str(base.port) not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((base.hostname, base.port), timeout=2)


def test_sources_name_every_kind_once_and_write_the_list_they_need(demo: DemoServer, tmp_path: Path) -> None:
    path = demo.write_sources(tmp_path)
    table = tomllib.loads(path.read_text("utf-8"))
    assert {source["kind"] for source in table["source"]} == {"feed", "sitemap", "section", "auto", "crawl", "urls"}
    assert {source["name"] for source in table["source"]} == {
        "daily-example", "beispielbote", "shili-chenbao", "reinichi", "mithal", "courier", "gongyou", "odd-corner"
    }  # fmt: skip
    listed = (tmp_path / "urls.txt").read_text().splitlines()[1:]
    assert all(line.startswith(demo.hosts["odd"]) for line in listed) and len(listed) == len(set(listed))
    for source in table["source"]:
        for url in [source["url"]] if isinstance(source.get("url"), str) else source.get("url", []):
            assert ask(url).startswith(b"HTTP/1.1 200"), url
