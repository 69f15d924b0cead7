"""From a home page to feeds and sitemaps, or else sections."""

from __future__ import annotations

from datetime import UTC, datetime

from crawler.discovery.autodiscover import Choice, Fetched, ListingCandidate, candidates, choose

SEEN = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
HOME = "https://www.news.example/"
ITEMS = "".join(f"<item><title>T{i}</title><link>https://www.news.example/a{i}</link></item>" for i in range(5))
FEED = f'<rss version="2.0"><channel><title>News</title><language>de</language>{ITEMS}</channel></rss>'.encode()
NEWS = (
    b'<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://www.news.example/b</loc><news:news>'
    b"<news:title>B</news:title><news:publication_date>2026-11-22</news:publication_date></news:news></url></urlset>"
)
OLD = b"<urlset><url><loc>https://www.news.example/old</loc></url></urlset>"
PAGE = """<html lang="de"><head><link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">
<link rel="alternate" type="application/rss+xml" title="All news" href="/all.rss"><link rel="alternate" hreflang="en" href="/en/">
<link rel="alternate" type="application/atom+xml" href="javascript:x"></head><body>
<nav><a href="/politik/">Politik</a><a href="/sport">Sport</a><a href="/abo/">Abo</a><a href="/ressort/kultur/">Kultur</a>
<a href="https://shop.example/">Shop</a><a href="/2026/11/22/a-long-story-of-the-day">A story</a></nav>
<main><article><h2><a href="/a/the-story-of-the-day">The story of the day</a></h2></article></main></body></html>"""
ROBOTS = b"User-agent: *\nDisallow: /x\nSitemap: /sitemaps/index.xml\nSitemap: https://www.news.example/news.xml\n"


def test_what_the_publisher_names_comes_before_what_we_guess() -> None:
    found = candidates(PAGE, HOME, ROBOTS)
    assert [(one.url.removeprefix(HOME), one.kind, one.why) for one in found[:4]] == [
        ("all.rss", "feed", "link"),
        ("comments/feed/", "feed", "link"),
        ("sitemaps/index.xml", "sitemap", "robots"),
        ("news.xml", "sitemap", "robots"),
    ]
    assert found[0].title == "All news"
    assert {one.url.removeprefix(HOME) for one in found if one.why == "well-known"} >= {
        "feed",
        "rss.xml",
        "atom.xml",
        "sitemap.xml",
    }
    assert [(one.url.removeprefix(HOME), one.title) for one in found if one.why == "navigation"] == [
        ("politik/", "Politik"),
        ("sport", "Sport"),
        ("ressort/kultur/", "Kultur"),
    ]
    assert len({one.url for one in found}) == len(found)


def choice_of(found: list[ListingCandidate], **pages: bytes) -> Choice:
    """The choice where every candidate was asked for and these alone answered."""

    def fetch(url: str) -> Fetched:
        body = pages.get(url.removeprefix(HOME).replace(".", "_").replace("/", "_"))
        return Fetched(404, b"not found", "text/html") if body is None else Fetched(200, body, url=url)

    return choose([(one, fetch(one.url)) for one in found], HOME, SEEN)


def test_feeds_and_news_sitemaps_are_watched_together() -> None:
    choice = choice_of(candidates(PAGE, HOME, ROBOTS), all_rss=FEED, news_xml=NEWS)
    assert (choice.kind, choice.urls) == ("auto", (HOME + "all.rss", HOME + "news.xml"))
    assert (choice.language, choice.title, choice.hosts) == ("de", "News", ())
    assert ("HTTP 404") in [why for _, why in choice.rejected]


def test_a_feed_alone_is_a_feed() -> None:
    choice = choice_of(candidates("<html></html>", HOME), feed=FEED)
    assert (choice.kind, choice.urls) == ("feed", (HOME + "feed",))


def test_an_old_sitemap_gives_way_to_a_feed_and_is_better_than_nothing() -> None:
    found = candidates("", HOME)
    assert choice_of(found, sitemap_xml=OLD, rss_xml=FEED).urls == (HOME + "rss.xml",)
    choice = choice_of(found, sitemap_xml=OLD)
    assert (choice.kind, choice.urls) == ("sitemap", (HOME + "sitemap.xml",))


def test_without_feed_and_sitemap_there_are_sections() -> None:
    choice = choice_of(candidates(PAGE, HOME), **{"": PAGE.encode(), "politik_": PAGE.encode()})
    assert choice.kind == "section"
    assert choice.urls == (HOME, HOME + "politik/")


def test_a_page_in_a_feeds_place_is_refused_with_the_reason() -> None:
    found = candidates(PAGE, HOME)
    choice = choose([(found[0], Fetched(200, PAGE.encode(), "text/html"))], HOME, SEEN)
    assert choice.rejected == ((found[0], "not a feed (a page)"),)
    assert (choice.kind, choice.urls) == ("auto", (HOME,))


def test_articles_on_another_host_make_it_a_host_of_the_source() -> None:
    body = FEED.replace(b"https://www.news.example/", b"https://stories.example/")
    found = candidates(PAGE, HOME)
    assert choose([(found[0], Fetched(200, body))], HOME, SEEN).hosts == ("stories.example",)


def test_the_same_listing_behind_two_addresses_is_watched_once() -> None:
    found = candidates(PAGE, HOME)
    answers = [(found[0], Fetched(200, FEED, url=HOME + "f")), (found[1], Fetched(200, FEED, url=HOME + "f"))]
    assert choose(answers, HOME, SEEN).urls == (HOME + "f",)


def test_nothing_is_found_in_nothing() -> None:
    assert all(one.why in ("well-known", "home") for one in candidates(b"\x00\xff", HOME, b"\xff\x00"))
