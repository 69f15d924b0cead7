"""Feeds of every family, whole and broken, become discoveries with claims."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.discovery.feeds import read_feed
from crawler.discovery.listing import Listing, Seen

SEEN = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
URL = "https://news.example/rss.xml"


def read(body: bytes | str, content_type: str | None = None, url: str = URL) -> Listing:
    raw = body.encode() if isinstance(body, str) else body
    return read_feed(raw, Seen(url, "news", SEEN), content_type=content_type)


def rss(items: str, head: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
        f"<channel><title>News &amp; more</title><link>https://news.example/</link>{head}{items}</channel></rss>"
    )


def test_rss_gives_its_entries_in_order_with_their_claims() -> None:
    listing = read(
        rss(
            "<item><title>Pegel <![CDATA[<b>sinkt</b> &amp; fällt]]></title><link>https://news.example/a?utm_source=rss</link>"
            "<pubDate>Sun, 22 Nov 2026 06:40:00 +0100</pubDate></item>"
            "<item><title>B</title><link>/b</link><dc:date>2026-11-21T10:00:00Z</dc:date></item>",
            "<language>de-AT</language><ttl>30</ttl><lastBuildDate>Sun, 22 Nov 2026 06:00:00 GMT</lastBuildDate>",
        )
    )
    assert [found.url for found in listing.discoveries] == ["https://news.example/a", "https://news.example/b"]
    first, second = listing.discoveries
    assert first.claims.title == "Pegel sinkt & fällt"
    assert first.claims.published == datetime(2026, 11, 22, 5, 40, tzinfo=UTC)
    assert first.claims.modified is None
    assert (first.claims.rank, second.claims.rank) == (0, 1)
    assert second.claims.published == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert first.claims.language == "de"
    assert (first.source, first.found_by, first.via, first.depth, first.found_at) == ("news", "feed", URL, 1, SEEN)
    assert (listing.title, listing.language, listing.ttl_seconds) == ("News & more", "de", 1800.0)
    assert listing.home_url == "https://news.example/"
    assert listing.updated == datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert listing.problems == ()


def test_atom_takes_the_alternate_link_and_both_dates() -> None:
    listing = read(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ja"><title>新聞</title><id>x</id>'
        '<entry><title type="html">&lt;i&gt;東京&lt;/i&gt;の話</title><link rel="self" href="/self"/><link rel="enclosure" href="/a.mp3"/>'
        '<link rel="alternate" type="text/html" href="/news/1"/><id>urn:1</id><published>2026-11-20T00:00:00+09:00</published>'
        "<updated>2026-11-21T00:00:00Z</updated></entry></feed>"
    )
    (found,) = listing.discoveries
    assert found.url == "https://news.example/news/1"
    assert found.claims.title == "東京 の話"
    assert found.claims.published == datetime(2026, 11, 19, 15, tzinfo=UTC)
    assert found.claims.modified == datetime(2026, 11, 21, tzinfo=UTC)
    assert found.claims.language == "ja"


def test_rdf_and_old_rss_are_feeds_too() -> None:
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>R</title></channel>'
        '<item rdf:about="https://news.example/r"><title>R1</title><link>https://news.example/r</link>'
        "<dc:date>2026-11-01</dc:date></item></rdf:RDF>"
    )
    assert read(rdf).discoveries[0].claims.published == datetime(2026, 11, 1, tzinfo=UTC)
    old = (
        '<rss version="0.91"><channel><item><title>O</title><link>https://news.example/o</link></item></channel></rss>'
    )
    assert [found.url for found in read(old).discoveries] == ["https://news.example/o"]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 1800.0),
        ("<sy:updatePeriod>daily</sy:updatePeriod>", 86_400.0),
        ("<sy:updatePeriod>sometimes</sy:updatePeriod>", None),
    ],
)
def test_how_often_a_feed_changes_is_as_it_says(said: str, seconds: float | None) -> None:
    told = f'<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>{said}</channel></rss>'
    assert read(told).ttl_seconds == seconds


def test_json_feed_is_read() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1", "title": "J", "language": "en", "home_page_url": "https://news.example/",
        "items": [
            {"id": "1", "url": "/j1", "title": "One", "date_published": "2026-11-22T06:00:00Z", "external_url": "https://x.example/"},
            {"id": "https://news.example/j2", "content_text": "no url"},
            {"id": "3"},
            "not an item",
        ],
    }  # fmt: skip
    listing = read(json.dumps(feed), "application/feed+json")
    assert [found.url for found in listing.discoveries] == ["https://news.example/j1", "https://news.example/j2"]
    assert listing.discoveries[0].claims.published == datetime(2026, 11, 22, 6, tzinfo=UTC)
    assert listing.problems == ("2 entries without a link",)


def test_a_guid_is_a_link_only_if_it_is_one() -> None:
    listing = read(
        rss(
            '<item><guid isPermaLink="true">https://news.example/g</guid></item>'
            '<item><guid isPermaLink="false">tag:news.example,2026:1</guid></item>'
            "<item><link>https://news.example/l</link><guid>https://news.example/?p=7</guid></item>"
        )
    )
    assert [found.url for found in listing.discoveries] == ["https://news.example/g", "https://news.example/l"]
    assert listing.problems == ("1 entries without a link",)


def test_a_proxy_link_gives_way_to_the_address_it_stands_for() -> None:
    listing = read(
        rss(
            "<item><link>http://feedproxy.example/~r/news/~3/x</link>"
            "<feedburner:origLink>https://news.example/real</feedburner:origLink></item>"
        )
    )
    assert [found.url for found in listing.discoveries] == ["https://news.example/real"]


def test_an_enclosure_is_no_article() -> None:
    listing = read(
        rss('<item><title>P</title><enclosure url="https://news.example/p.mp3" type="audio/mpeg" length="1"/></item>')
    )
    assert listing.discoveries == ()
    assert listing.problems == ("1 entries without a link",)


@pytest.mark.parametrize("rel", ["enclosure", "self", "edit", "replies"])
def test_a_link_to_something_else_is_no_article(rel: str) -> None:
    body = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id><link rel="{rel}" href="https://news.example/x"/></entry></feed>'
    assert read(body).discoveries == ()


def test_the_same_article_twice_stands_once_at_its_first_place() -> None:
    listing = read(
        rss(
            "<item><title>1</title><link>https://news.example/a</link></item>"
            "<item><title>2</title><link>https://news.example/a?utm_campaign=x#top</link></item>"
        )
    )
    assert [(found.url, found.claims.title) for found in listing.discoveries] == [("https://news.example/a", "1")]


@pytest.mark.parametrize(
    "body",
    [
        rss("<item><title>A & B</title><link>https://news.example/a</link></item>"),
        rss("<item><title>A</title><link>https://news.example/a</link></item>")[:-20],
        "\n\n  " + rss("<item><title>A &nbsp; B</title><link>https://news.example/a</link></item>"),
        rss("<item><title>A \x08</title><link>https://news.example/a</link></item>"),
        rss("<item><title>A<br>B</title><link>https://news.example/a</link></item>"),
    ],
    ids=["bare ampersand", "cut off", "html entity after blank lines", "control character", "open tag"],
)
def test_a_broken_feed_is_still_read(body: str) -> None:
    assert [found.url for found in read(body).discoveries] == ["https://news.example/a"]


def test_what_was_broken_is_said() -> None:
    listing = read(rss("<item><title>A & B</title><link>https://news.example/a</link></item>"))
    assert listing.problems[0].startswith("broken feed, read as far as possible")


@pytest.mark.parametrize(
    ("charset", "declared", "header"),
    [
        ("gb18030", "gb2312", "text/xml"),
        ("iso-8859-1", "utf-8", "text/xml; charset=iso-8859-1"),
        ("utf-8", "utf-8", "text/html"),
    ],
)
def test_titles_come_out_in_the_charset_declared(charset: str, declared: str, header: str) -> None:
    title = "中文标题" if charset == "gb18030" else "Bürger"
    body = (
        f'<?xml version="1.0" encoding="{declared}"?><rss version="2.0"><channel><title>T</title>'
        f"<item><title>{title}</title><link>https://news.example/a</link></item></channel></rss>"
    ).encode(charset)
    assert read(body, header).discoveries[0].claims.title == title


def test_a_body_is_never_taken_for_a_file_or_an_address(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "feed.xml"
    path.write_text(rss("<item><link>https://news.example/secret</link></item>"))
    assert read(str(path)).discoveries == ()
    assert read(b"http://127.0.0.1:1/feed").discoveries == ()


def test_a_page_is_no_feed() -> None:
    assert "not a feed" in read("<html><body><p>404</p></body></html>").problems


def test_a_bomb_of_entities_is_defused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9)
    )
    listing = read(
        bomb + "]>" + rss("<item><title>&j;</title><link>https://news.example/a</link></item>").partition("?>")[2]
    )
    assert all(len(found.claims.title or "") < 1001 for found in listing.discoveries)


def test_bad_links_are_told_and_the_rest_is_kept() -> None:
    listing = read(
        rss("<item><link>javascript:void(0)</link></item><item><link>https://news.example/a</link></item>"),
        "application/rss+xml",
    )
    assert [found.url for found in listing.discoveries] == ["https://news.example/a"]
    assert any("entry 1" in problem for problem in listing.problems)
    assert [url for url, _ in listing.unusable] == ["javascript:void(0)"]


PIECES = st.sampled_from(
    [
        b"<rss>", b"<channel>", b"<item>", b"</item>", b"<link>", b"https://news.example/a", b"</link>", b"<guid>", b"<feed ",
        b'xmlns="http://www.w3.org/2005/Atom">', b"<entry>", b'<link href="x"/>', b"<![CDATA[", b"]]>", b"&amp;", b"&#x0;", b"<!--",
        b"<?xml version='1.0' encoding='utf-16'?>", b"<pubDate>", b"Mon, 99 Foo 99999 25:61", b"<!DOCTYPE", b'{"items": [', b'{"url": 1}]}',
        b"\xff\xfe", b"\x00", b"<ttl>nan</ttl>", b"<updated>0000-00-00T99:99:99Z</updated>",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=20).map(b"".join), st.binary(max_size=200)))
def test_any_bytes_give_a_listing(body: bytes) -> None:
    assert isinstance(read_feed(body, Seen(URL, "news", SEEN)), Listing)
