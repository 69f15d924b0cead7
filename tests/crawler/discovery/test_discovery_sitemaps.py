"""Sitemaps of every form, and of none."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery.listing import Listing, Seen
from crawler.discovery.sitemaps import read_sitemap

SEEN = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
URL = "https://news.example/sitemap.xml"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
TWO = HEAD + "<url><loc>https://news.example/a</loc></url><url><loc>https://news.example/b</loc></url></urlset>"


def read(body: bytes | str, **more: int) -> Listing:
    return read_sitemap(body.encode() if isinstance(body, str) else body, Seen(URL, "news", SEEN), **more)


def urls(listing: Listing) -> list[str]:
    return [found.url for found in listing.discoveries]


def test_a_news_sitemap_gives_claims() -> None:
    listing = read(
        HEAD
        + """<url><loc> https://news.example/a?x=1&amp;y=2 </loc><lastmod>2026-11-22T07:00:00+01:00</lastmod>
        <image:image><image:loc>https://news.example/pic.jpg</image:loc></image:image>
        <news:news><news:publication><news:name>N</news:name><news:language>zh-cn</news:language></news:publication>
        <news:publication_date>2026-11-22</news:publication_date><news:title>标题 &amp; mehr</news:title></news:news></url></urlset>"""
    )
    (found,) = listing.discoveries
    assert found.url == "https://news.example/a?x=1&y=2"
    assert (found.found_by, found.is_listing, found.via, found.depth) == ("news-sitemap", False, URL, 1)
    assert found.claims.title == "标题 & mehr"
    assert found.claims.published == datetime(2026, 11, 22, tzinfo=UTC)
    assert found.claims.modified == datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert found.claims.language == "zh"
    assert listing.language == "zh"
    assert listing.problems == ()


def test_an_index_gives_listings() -> None:
    listing = read(
        '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>/s1.xml.gz</loc><lastmod>2026-11</lastmod>'
        "</sitemap><sitemap><loc>https://news.example/s2.xml</loc></sitemap></sitemapindex>"
    )
    assert urls(listing) == ["https://news.example/s1.xml.gz", "https://news.example/s2.xml"]
    assert all(found.is_listing and found.found_by == "sitemap" for found in listing.discoveries)
    assert listing.discoveries[0].claims.modified == datetime(2026, 11, 1, tzinfo=UTC)


def test_images_and_videos_are_not_taken_for_articles() -> None:
    listing = read(
        HEAD + "<url><image:image><image:loc>https://news.example/pic.jpg</image:loc></image:image></url></urlset>"
    )
    assert urls(listing) == []


def test_an_extension_right_inside_an_entry_is_not_its_address() -> None:
    body = "<url><image:loc>https://news.example/pic.jpg</image:loc><loc>https://news.example/a</loc></url></urlset>"
    assert urls(read(HEAD + body)) == ["https://news.example/a"]


def test_an_entry_never_closed_ends_where_the_next_begins() -> None:
    body = "<url><loc>https://news.example/a</loc><url><loc>https://news.example/b</loc></url></urlset>"
    assert urls(read(HEAD + body)) == ["https://news.example/a", "https://news.example/b"]


def test_a_sitemap_may_be_a_gzip_file_of_several_members() -> None:
    body = TWO.encode()
    assert urls(read(gzip.compress(body))) == ["https://news.example/a", "https://news.example/b"]
    assert urls(read(gzip.compress(body[:200]) + gzip.compress(body[200:]))) == [
        "https://news.example/a",
        "https://news.example/b",
    ]


def test_a_cut_gzip_file_is_read_as_far_as_it_goes() -> None:
    rows = "".join(f"<url><loc>https://news.example/{i * 7919}</loc></url>" for i in range(5000))
    whole = gzip.compress((HEAD + rows + "</urlset>").encode())
    listing = read(whole[: len(whole) // 2])
    assert 1000 < len(listing.discoveries) < 5000
    assert any("cut off" in problem for problem in listing.problems)


def test_a_plain_list_of_urls_is_a_sitemap() -> None:
    assert urls(read(b"\xef\xbb\xbfhttps://news.example/a\r\n\r\nhttps://news.example/b\n")) == [
        "https://news.example/a",
        "https://news.example/b",
    ]


def test_a_long_plain_list_loses_no_line_between_pieces() -> None:
    rows = [f"https://news.example/{i}" for i in range(20_000)]
    assert urls(read("\n".join(rows))) == rows


@pytest.mark.parametrize(
    "body",
    [
        TWO.replace("<loc>https://news.example/b</loc></url>", "<loc>https://news.example/b</loc>"),
        TWO.removesuffix("</urlset>"),
        TWO.replace("https://news.example/a", "https://news.example/a?x=1&y=2").replace("/a?x=1&y=2", "/a"),
        TWO.replace("?>", "?><!-- made by -- us -->", 1),
        "\n\n" + TWO,
        TWO.replace(' xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"', ""),
        TWO.replace("<url>", "<URL>").replace("</url>", "</URL>"),
        TWO + "<script>injected()</script>",
    ],
    ids=[
        "url not closed",
        "cut off",
        "whole",
        "bad comment",
        "blank lines first",
        "no namespace",
        "upper case",
        "more after",
    ],
)
def test_broken_xml_is_read_as_far_as_possible(body: str) -> None:
    assert urls(read(body))[:1] == ["https://news.example/a"]


def test_half_a_character_ends_a_sitemap_where_it_stands_and_says_so() -> None:
    spoiled = TWO.encode().replace(b"/a</loc></url><url>", b"/a</loc></url><url lang='&#xD800;'>")
    listing = read(spoiled)
    assert urls(listing) == ["https://news.example/a"]
    assert listing.problems[0].startswith("broken XML, read as far as possible (")


def test_a_bare_ampersand_loses_no_url() -> None:
    assert len(urls(read(TWO.replace("/a<", "/a?x=1&y=2<")))) == 2


def test_an_error_in_the_middle_of_a_large_file_loses_nothing() -> None:
    rows = [f"<url><loc>https://news.example/{i}{'?a=1&b=2' if i == 100 else ''}</loc></url>" for i in range(5000)]
    assert len(urls(read(HEAD + "".join(rows) + "</urlset>"))) == 5000


def test_a_prefix_nobody_declared_is_understood() -> None:
    body = (
        "<urlset><url><loc>https://news.example/a</loc><news:news><news:title>T</news:title></news:news></url></urlset>"
    )
    (found,) = read(body).discoveries
    assert (found.found_by, found.claims.title) == ("news-sitemap", "T")


def test_utf_16_is_read() -> None:
    assert len(urls(read(TWO.replace("UTF-8", "UTF-16").encode("utf-16")))) == 2


def test_entities_are_never_expanded() -> None:
    bomb = '<!DOCTYPE u [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9)
    )
    body = (
        bomb
        + ']><urlset><url x="&j;"><loc>https://news.example/&j;</loc></url><url><loc>https://news.example/b</loc></url></urlset>'
    )
    assert "https://news.example/b" in urls(read(body))
    assert len(str(read(body))) < 5000


def test_a_file_on_our_disk_is_never_read(tmp_path) -> None:  # type: ignore[no-untyped-def]
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    body = f'<!DOCTYPE u [<!ENTITY x SYSTEM "file://{secret}">]><urlset><url><loc>https://news.example/&x;</loc></url></urlset>'
    assert "SECRET" not in str(read(body))


def test_the_number_of_entries_has_a_limit_that_is_told() -> None:
    rows = "".join(f"<url><loc>https://news.example/{i}</loc></url>" for i in range(30))
    listing = read(HEAD + rows + "</urlset>", max_entries=10)
    assert len(listing.discoveries) == 10
    assert "more than 10 entries; the rest is left" in listing.problems


def test_a_gzip_bomb_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.discovery.sitemaps.MAX_BYTES", 1_000_000)
    listing = read(gzip.compress(HEAD.encode() + b" " * 50_000_000))
    assert any("longer than 1000000 bytes" in problem for problem in listing.problems)


def test_memory_does_not_grow_with_the_document() -> None:
    padding = "<news:keywords>" + "x" * 2000 + "</news:keywords>"
    row = f"<url><loc>https://news.example/a</loc>{padding}</url>"
    body = gzip.compress((HEAD + row * 10_000 + "</urlset>").encode())  # 20 MB
    tracemalloc.start()
    read(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


def test_an_error_page_is_no_sitemap() -> None:
    assert "no URLs in this sitemap" in read("<html><body><a href='/a'>x</a></body></html>").problems
    assert "no URLs in this sitemap" in read("Not found").problems
    assert "no URLs in this sitemap" in read(b"").problems


PIECES = st.sampled_from(
    [
        b"<urlset>", b"<url>", b"</url>", b"<loc>", b"https://news.example/a", b"</loc>", b"<lastmod>", b"2026-13-45", b"<news:news>",
        b"<news:title>", b"\xff\xfe", b"\x1f\x8b\x08", b"<!DOCTYPE [", b"]>", b"&x;", b"<![CDATA[", b"\x00", b"<?xml encoding='x'?>", b"<!--",
        b"<sitemap>", b"http://[", b"\n", b"<?xml version='1.0' encoding='utf-16'?>",
    ]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=20).map(b"".join), st.binary(max_size=200)))
def test_any_bytes_give_a_listing(body: bytes) -> None:
    assert isinstance(read(body), Listing)
    assert isinstance(read(gzip.compress(body)), Listing)


@settings(deadline=None)
@given(st.integers(0, len(TWO)))
def test_a_sitemap_cut_anywhere_gives_no_wrong_url(end: int) -> None:
    assert set(urls(read(TWO[:end]))) <= {"https://news.example/a", "https://news.example/b"}
