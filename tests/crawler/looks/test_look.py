"""A look at a site and the polite client behind it: few requests, robots.txt first, pauses as asked, any answer read."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from crawler.looks.look import Look, _requests_within, look_at, source_for
from crawler.looks.visitor import Manners
from tests.crawler.tiny_site import Page, article, feed_of, tiny_site

NOW = datetime(2026, 5, 11, 9, tzinfo=UTC)
MANNERS = Manners("Pressmark/0 (+desk@example.org)", delay_seconds=0.0, allow_private=True, timeout_seconds=5.0)
XML = {"Content-Type": "application/xml"}


def _look(url: str, manners: Manners = MANNERS) -> Look:
    return look_at(url, manners, NOW)


def _home(*links: str, body: str = "") -> Page:
    heads = "".join(f'<link rel="alternate" type="application/rss+xml" href="{link}">' for link in links)
    return Page(f'<!doctype html><html lang="de"><head><title>Tiny</title>{heads}</head><body>{body}</body></html>')


def test_many_dead_feeds_cost_no_more_than_eight_requests() -> None:
    with tiny_site({}) as site:
        site.pages["/"] = _home(*(f"/feed/{number}.xml" for number in range(20)))
        look = _look(site.url)
        assert look.requests == len(site.asked) <= 8
        assert look.listings == ()


def test_requests_are_left_for_samples() -> None:
    with tiny_site({"/sitemap.xml": Page("broken", headers=XML)}) as site:
        paths = [f"/2026/05/11/story-{number}" for number in range(9)]
        site.pages.update({path: article(f"Story {path}", "The river rose overnight.") for path in paths})
        site.pages["/last.xml"] = feed_of(site.url, paths)
        site.pages["/"] = _home("/dead1.xml", "/dead2.xml", "/last.xml")
        look = _look(site.url)
        assert look.requests <= 8
        assert [one.readable for one in look.samples] == [True, True, True]
        assert source_for(look).urls == (f"{site.url}/last.xml",)


def test_dead_feeds_leave_requests_for_what_the_front_page_links_to() -> None:
    with tiny_site({}) as site:
        paths = [f"/2026/05/11/the-river-rises-again-{number}" for number in range(5)]
        site.pages.update({path: article(f"Story {path}", "The river rose overnight.") for path in paths})
        links = "".join(
            f'<article><h2><a href="{path}">The river rises again, part {path}</a></h2></article>' for path in paths
        )
        site.pages["/"] = _home(*(f"/dead-{number}.xml" for number in range(9)), body=f"<main>{links}</main>")
        look = _look(site.url)
        assert look.requests == 8
        assert [one.readable for one in look.samples] == [True, True, True]
        assert source_for(look).kind == "section"


def test_articles_that_redirect_on_and_on_do_not_break_the_limit() -> None:
    with tiny_site({"/": _home("/rss.xml")}) as site:
        site.pages["/rss.xml"] = feed_of(site.url, ["/a/0", "/b/0", "/c/0"])
        for number in range(5):
            for story in "abc":
                site.pages[f"/{story}/{number}"] = Page("", 302, {"Location": f"/{story}/{number + 1}"})
        look = _look(site.url)
        assert look.requests == len(site.asked) == 8
        assert not any(one.readable for one in look.samples)


def test_redirects_are_followed_and_counted_and_end() -> None:
    with tiny_site({"/loop": Page("", 302, {"Location": "/loop"})}) as site:
        look = _look(f"{site.url}/loop")
        assert not look.home.ok
        assert look.requests == len(site.asked) <= 8


def test_robots_txt_is_asked_first_and_of_every_host() -> None:
    with tiny_site({"/": article("Other", "words")}) as other, tiny_site({}) as site:
        site.pages["/"] = Page("", 301, {"Location": f"{other.url}/"})
        _look(site.url)
        assert site.asked[:2] == ["/robots.txt", "/"]
        assert other.asked[0] == "/robots.txt"


def test_a_redirect_into_a_forbidden_place_is_not_followed() -> None:
    robots = Page("User-agent: *\nDisallow: /private/\n")
    with tiny_site({"/robots.txt": robots, "/": Page("", 302, {"Location": "/private/"})}) as site:
        look = _look(site.url)
        assert look.home.denied is not None
        assert look.home.denied.line == 2
        assert "/private/" not in site.asked


@pytest.mark.parametrize("status", [500, 503])
def test_a_broken_robots_txt_closes_the_site(status: int) -> None:
    with tiny_site({"/robots.txt": Page("oops", status), "/": _home()}) as site:
        look = _look(site.url)
        assert site.asked == ["/robots.txt"]
        assert look.home.problem == f"robots.txt could not be read (HTTP {status})"


def test_pauses_are_as_long_as_robots_txt_asks() -> None:
    with tiny_site({"/robots.txt": Page("User-agent: *\nCrawl-delay: 0.2\n"), "/": _home("/rss.xml")}) as site:
        site.pages["/rss.xml"] = feed_of(site.url, ["/a", "/b", "/c"])
        started = time.monotonic()
        look = _look(site.url)
        assert time.monotonic() - started >= 0.2 * (look.requests - 1)
        assert look.crawl_delay == 0.2


def test_a_long_crawl_delay_means_fewer_requests() -> None:
    assert _requests_within(60.0, 0.0, 8) == 8
    assert _requests_within(60.0, 5.0, 8) == 8
    assert _requests_within(60.0, 20.0, 8) == 4
    assert _requests_within(60.0, 60.0, 8) == 2


@pytest.mark.parametrize(
    ("page", "robots", "said"),
    [
        (Page("<p>x", headers={"TDM-Reservation": "1"}), "", "tdm-reservation: 1 (HTTP header)"),
        (Page('<meta name="tdm-reservation" content="1">'), "", "tdm-reservation: 1 (meta element)"),
        (Page("<p>x"), "Content-Signal: search=yes, ai-train=no\n", "Content-Signal: search=yes, ai-train=no (robots.txt line 1)"),
        (Page("<p>x", headers={"TDM-Reservation": "0"}), "", None),
    ],
)  # fmt: skip
def test_a_stated_reservation_is_told(page: Page, robots: str, said: str | None) -> None:
    with tiny_site({"/": page, "/robots.txt": Page(robots, headers={"Content-Type": "text/plain"})}) as site:
        assert _look(site.url).reservation == said


def test_a_feed_on_another_host_keeps_the_sites_own_host() -> None:
    with tiny_site({}) as site, tiny_site({}) as feeds:
        other = feeds.url.replace("127.0.0.1", "127.0.0.2")  # served by nobody, so the feed stays on the first host
        feeds.pages["/rss.xml"] = feed_of(site.url, ["/a", "/b", "/c"])
        site.pages["/"] = _home(f"{feeds.url}/rss.xml", f"{other}/rss.xml")
        source = source_for(_look(site.url))
        assert source.urls == (f"{feeds.url}/rss.xml",)


def test_what_a_server_does_never_raises() -> None:
    pages = {
        "/": Page("", 200, {"Content-Type": "text/html", "Content-Encoding": "br"}),
        "/teapot": Page("", 418),
        "/away": Page("", 302, {"Location": "mailto:desk@news.example"}),
        "/port": Page("", 302, {"Location": "http://news.example:99999/"}),
        "/bracket": Page("", 302, {"Location": "http://[::1/"}),
        "/binary": Page("\x00\x01\x02", headers={"Content-Type": "application/octet-stream"}),
    }
    with tiny_site(pages) as site:
        for path in pages:
            look = _look(f"{site.url}{path}")
            assert source_for(look, name="x").urls
    assert "refused the connection" in _look(site.url).home.problem
