"""robots.txt, asked in a real crawl."""

from __future__ import annotations

import socket
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest

from crawler.fetch.robots import MAX_BYTES, product_token, read_robots
from tests.crawler.recording import SETTINGS, Job, Result, crawl

RULES = b"User-agent: *\nDisallow: /private/\n\nSitemap: http://x.example/s.xml\n"


class Site(ThreadingHTTPServer):
    """Answers /robots.txt with `robots` (status, headers, body) by path, and everything else with a page."""

    daemon_threads = True

    def __init__(self, robots: dict[str, tuple[int, dict[str, str], bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.robots = robots
        self.asked: dict[str, list[float]] = defaultdict(list)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_close(self) -> None:
        self.shutdown()
        super().server_close()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Site

    def do_GET(self) -> None:
        self.server.asked[self.path].append(time.monotonic())
        page = (200, {"Content-Type": "text/html"}, b"<p>page</p>")
        status, headers, body = self.server.robots.get(self.path, page)
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


MIDDLEWARES = SETTINGS["DOWNLOADER_MIDDLEWARES"] | {"crawler.fetch.robots.RobotsMiddleware": 100}
OBEY = {"ROBOTSTXT_OBEY": True, "USER_AGENT": "Pressmark/1", "DOWNLOADER_MIDDLEWARES": MIDDLEWARES}


def refusing(closed: socket.socket) -> str:
    """A URL on a port that is ours but does not listen."""
    closed.bind(("127.0.0.1", 0))
    return f"http://127.0.0.1:{closed.getsockname()[1]}/a"


def visit(robots: dict[str, tuple[int, dict[str, str], bytes]], *paths: str) -> tuple[dict[str, Result], Site]:
    with Site(robots) as site:
        results, _ = crawl([Job(path, site.url(path)) for path in paths], OBEY)
        return results, site


def test_a_denied_url_is_never_asked_for_and_says_line_rule_and_record() -> None:
    results, site = visit({"/robots.txt": (200, {}, RULES)}, "/a", "/b", "/private/x")
    assert results["/a"].status == results["/b"].status == 200
    assert results["/a"].meta["robots"] == "allowed"
    denied = results["/private/x"]
    assert denied.error == "RobotsDenied" and denied.kept == []
    assert (denied.meta["line"], denied.meta["rule"], denied.meta["temporary"]) == (2, "Disallow: /private/", False)
    assert denied.meta["record_id"].startswith("<urn:test:")
    assert "/private/x" not in site.asked and len(site.asked["/robots.txt"]) == 1
    assert len(results[site.url("/robots.txt")].kept) == 1, "robots.txt is evidence and kept"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_client_error_allows_everything(status: int) -> None:
    assert read_robots(status, RULES, None, 0.0).robots is not None
    known = read_robots(status, RULES, None, 0.0)
    assert known.robots is not None and known.robots.verdict("http://a.example/private/x", "Pressmark").allowed


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_error_denies_everything_for_now(status: int) -> None:
    results, site = visit({"/robots.txt": (status, {}, b"")}, "/a")
    assert results["/a"].error == "RobotsDenied" and results["/a"].meta["temporary"] is True
    assert results["/a"].meta["why"] == f"answered {status}" and list(site.asked) == ["/robots.txt"]


def test_no_answer_is_the_pages_own_failure() -> None:
    with socket.socket() as closed:
        results, _ = crawl([Job("a", refusing(closed))], OBEY)
    assert results["a"].error == "DownloadConnectionRefusedError"


def test_a_page_whose_robots_txt_cannot_be_reached_is_tried_again() -> None:
    retrying = MIDDLEWARES | {"crawler.fetch.retry.RetryMiddleware": 550}
    with socket.socket() as closed:
        results, stats = crawl([Job("a", refusing(closed))], OBEY | {"DOWNLOADER_MIDDLEWARES": retrying})
    assert results["a"].meta["attempt"] == 3 and stats["retry/reason/DownloadConnectionRefusedError"] == 2


def test_redirects_are_followed_five_times_and_each_is_kept() -> None:
    hops = {f"/r{n}": (301, {"Location": f"/r{n + 1}"}, b"") for n in range(1, 5)}
    robots = {"/robots.txt": (302, {"Location": "/r1"}, b"")} | hops | {"/r5": (200, {}, RULES)}
    results, site = visit(robots, "/a", "/private/x")
    assert results["/a"].status == 200 and results["/private/x"].error == "RobotsDenied"
    assert len(results[site.url("/r5")].kept) == 1
    results, site = visit(robots | {"/r5": (302, {"Location": "/r6"}, b""), "/r6": (200, {}, RULES)}, "/private/x")
    assert results["/private/x"].status == 200 and "/r6" not in site.asked, "six are too many: as if there were none"


def test_a_redirect_that_leads_nowhere_is_as_if_there_were_none() -> None:
    results, _ = visit({"/robots.txt": (302, {"Location": "http://[broken"}, b""), "/a": (200, {}, b"x")}, "/a")
    assert results["/a"].status == 200


@pytest.mark.parametrize("meta", [{}, {"download_slot": "another"}], ids=["its-host's-slot", "another-slot"])
def test_crawl_delay_is_kept_between_two_pages(meta: dict[str, str]) -> None:
    robots = {"/robots.txt": (200, {}, b"User-agent: *\nCrawl-delay: 0.4\n")}
    settings = OBEY | {"AUTOTHROTTLE_ENABLED": True, "AUTOTHROTTLE_START_DELAY": 0}
    with Site(robots) as site:
        results, _ = crawl([Job(path, site.url(path), meta=meta) for path in ("/a", "/b", "/c")], settings)
    times = sorted(site.asked[path][0] for path in ("/a", "/b", "/c"))
    assert all(later - earlier > 0.38 for earlier, later in pairwise(times)), times
    assert results["/a"].meta["autothrottle_dont_adjust_delay"] is True


def test_only_the_first_500_kib_are_read() -> None:
    body = b"#" * (MAX_BYTES - 1) + b"\nUser-agent: *\nDisallow: /\n"
    known = read_robots(200, body, None, 0.0)
    assert known.robots is not None and known.robots.verdict("http://a.example/", "Pressmark").allowed


def test_the_agents_name_is_the_product_alone() -> None:
    assert product_token("Pressmark/0.1 (+https://a.example; me@a.example)") == "Pressmark"
    assert product_token("pressmark") == "pressmark"
    assert product_token("") == "*"
