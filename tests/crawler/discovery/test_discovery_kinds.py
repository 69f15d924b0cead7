"""The bytes say what a listing is, whatever the source or the server calls it."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery.kinds import read_listing, sniff_listing
from crawler.discovery.listing import Listing, Seen, read_language, read_time, read_title

SEEN = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
RSS = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><item><link>https://news.example/a</link></item></channel></rss>'
)
SITEMAP = (
    b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://news.example/a</loc></url></urlset>'
)
PAGE = b'<!doctype html><article><h2><a href="/a">A headline of the day</a></h2></article>'


@pytest.mark.parametrize(
    ("body", "media_type", "kind"),
    [
        (RSS, "text/html", "feed"),
        (b"\xef\xbb\xbf\n" + RSS, None, "feed"),
        (b"<!-- cache --><?xml-stylesheet href='x'?>" + RSS[21:], "text/xml", "feed"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", "application/xml", "feed"),
        (b"<rdf:RDF xmlns:rdf='x'/>", None, "feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "application/json", "feed"),
        (SITEMAP, "text/html", "sitemap"),
        (gzip.compress(SITEMAP), "application/octet-stream", "sitemap"),
        (b"<sm:sitemapindex xmlns:sm='x'/>", None, "sitemap"),
        (SITEMAP.decode().encode("utf-16"), None, "sitemap"),
        (b"https://news.example/a\nhttps://news.example/b\n", "text/plain", "sitemap"),
        (PAGE, "text/html", "section"),
        (PAGE, "application/rss+xml", "feed"),  # nothing but the server's word to go by
        (b"<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>", "application/rss+xml", "section"),
        (b"", None, "section"),
    ],
)
def test_what_bytes_are(body: bytes, media_type: str | None, kind: str) -> None:
    assert sniff_listing(body, media_type) == kind


@pytest.mark.parametrize(("body", "found_by"), [(RSS, "feed"), (SITEMAP, "sitemap"), (PAGE, "section")])
def test_one_door_reads_every_kind(body: bytes, found_by: str) -> None:
    listing = read_listing(body, Seen("https://news.example/x", "news", SEEN))
    assert [(found.url, found.found_by) for found in listing.discoveries] == [("https://news.example/a", found_by)]


def test_a_mistaken_kind_works_and_is_told() -> None:
    listing = read_listing(RSS, Seen("https://news.example/x", "news", SEEN), kind="sitemap")
    assert len(listing.discoveries) == 1
    assert listing.problems == ("expected a sitemap, found a feed; read as such",)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([None, "text/html", "text/xml", "application/json", ""]))
def test_any_bytes_give_a_listing(body: bytes, media_type: str | None) -> None:
    assert isinstance(read_listing(body, Seen("https://news.example/x", "news", SEEN), media_type=media_type), Listing)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026", "2026-01-01T00:00:00+00:00"),
        ("2026-11", "2026-11-01T00:00:00+00:00"),
        ("2026-11-22", "2026-11-22T00:00:00+00:00"),
        ("2026-11-22T07:20+01:00", "2026-11-22T06:20:00+00:00"),
        ("2026-11-22T07:20:30.45Z", "2026-11-22T07:20:30+00:00"),
        (" 2026-11-22 07:20:30 ", "2026-11-22T07:20:30+00:00"),
        ("2026-11-22T07:20:30-0500", "2026-11-22T12:20:30+00:00"),
        ("Sun, 22 Nov 2026 07:20:30 GMT", "2026-11-22T07:20:30+00:00"),
    ],
)
def test_times_people_write(text: str, time: str) -> None:
    found = read_time(text)
    assert found is not None
    assert found.isoformat() == time


@settings(deadline=None)
@given(st.one_of(st.text(max_size=40), st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")))
def test_any_text_is_a_time_in_utc_or_none(text: str) -> None:
    found = read_time(text)
    assert found is None or found.utcoffset() is not None


def test_titles_and_languages_are_read_leniently() -> None:
    assert read_title("  <b>A</b> &lt; B &amp;\n C ") == "A < B & C"
    assert read_title("5 < 6 and 7 > 3") == "5 < 6 and 7 > 3"
    assert read_title("") is None
    assert read_title(None) is None
    assert [read_language(text) for text in ("de-AT", "zh_Hans_CN", "EN", "german", "", None)] == [
        "de",
        "zh",
        "en",
        None,
        None,
        None,
    ]
