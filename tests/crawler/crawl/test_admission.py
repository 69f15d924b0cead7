"""Each discovery that is not let in says which rule kept it out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from archive.model import Claims, Discovery, Outcome, Source
from crawler.crawl.admission import admit

SEEN = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
SOURCE = Source("news", "feed", ("https://news.example/rss.xml",))


def found(url: str, **more: object) -> Discovery:
    return replace(Discovery(url, "news", "feed", SEEN, "https://news.example/rss.xml", 1), **more)  # type: ignore[arg-type]


def refused(outcome: Outcome | None) -> tuple[str | None, str]:
    assert outcome is not None
    assert outcome.kind == "skipped"
    return outcome.reason, outcome.detail["rule"]


def test_an_article_of_the_site_is_let_in() -> None:
    assert admit(found("https://www.news.example/a"), SOURCE) is None


def test_another_host_is_offsite() -> None:
    outcome = admit(found("https://shop.example/a"), SOURCE)
    assert refused(outcome) == ("offsite", 'same_host = "subdomains"')
    assert outcome is not None
    assert (outcome.detail["host"], outcome.detail["of"]) == ("shop.example", "news.example")


def test_a_fixed_list_is_on_every_site_it_names() -> None:
    source = Source("list", "urls", ("https://a.example/1", "https://b.example/2"))
    assert admit(found("https://b.example/2", found_by="urls"), source) is None


@pytest.mark.parametrize("path", ["x.jpg", "x.PDF", "a/b.mp4", "x.zip", "x.mp3?y=1"])
def test_media_is_no_page(path: str) -> None:
    reason, rule = refused(admit(found(f"https://news.example/{path}"), SOURCE))
    assert reason == "mime"
    assert "is no page" in rule


@pytest.mark.parametrize("path", ["x.html", "x.php", "a.b/c", "story-1.5", "x"])
def test_pages_are_pages_whatever_dots_they_have(path: str) -> None:
    assert admit(found(f"https://news.example/{path}"), SOURCE) is None


def test_a_compressed_sitemap_is_a_listing_and_no_medium() -> None:
    assert admit(found("https://news.example/s1.xml.gz", is_listing=True), SOURCE) is None
    assert refused(admit(found("https://news.example/s1.xml.gz"), SOURCE))[0] == "mime"


def test_include_and_exclude_name_the_rule() -> None:
    source = replace(SOURCE, include=(r"/20\d\d/",), exclude=("/video/", "/live/"))
    assert admit(found("https://news.example/2026/a"), source) is None
    assert refused(admit(found("https://news.example/a"), source)) == ("url_filter", r"include: /20\d\d/")
    assert refused(admit(found("https://news.example/2026/live/a"), source)) == ("url_filter", "exclude[1] = /live/")


def test_filters_do_not_speak_of_listings() -> None:
    source = replace(SOURCE, include=(r"/20\d\d/",))
    assert admit(found("https://news.example/sitemap-1.xml", is_listing=True), source) is None
    assert admit(found("https://news.example/rss.xml", found_by="seed"), source) is None


def test_old_entries_are_left_and_undated_ones_are_not() -> None:
    source = replace(SOURCE, since_seconds=48 * 3600.0)
    old = found("https://news.example/a", claims=Claims(published=SEEN - timedelta(days=3)))
    assert refused(admit(old, source)) == ("since", "since = 172800 s")
    assert admit(found("https://news.example/a", claims=Claims(published=SEEN - timedelta(days=1))), source) is None
    assert admit(found("https://news.example/a"), source) is None
    changed = found("https://news.example/a", claims=Claims(modified=SEEN - timedelta(days=3)))
    assert refused(admit(changed, source))[0] == "since"


def test_a_crawl_ends_at_its_depth_and_listings_at_theirs() -> None:
    source = replace(SOURCE, kind="crawl", depth=2)
    assert admit(found("https://news.example/a", depth=2), source) is None
    assert refused(admit(found("https://news.example/a", depth=3), source)) == ("depth", "depth = 2")
    assert admit(found("https://news.example/a", depth=9), SOURCE) is None
    assert refused(admit(found("https://news.example/s.xml", depth=5, is_listing=True), SOURCE))[0] == "depth"


def test_an_address_too_long_or_none_is_told() -> None:
    assert refused(admit(found("https://news.example/" + "a" * 3000), SOURCE))[0] == "bad_url"
    assert refused(admit(found("ftp://news.example/a"), SOURCE))[0] == "bad_url"
