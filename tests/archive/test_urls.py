"""One spelling for a URL, one key to sort it by, one answer to whose it is."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import UrlError
from archive.model import Source
from archive.urls import canonical_url, host_of, same_site, urlkey

# (URL, key) as the `surt` package wrote them; kept as data, for the package is AGPL.
GOLDEN_KEYS = [
    ("http://www.example.org/", "org,example)/"),
    ("https://WWW2.Example.org:443/A/B/?b=2&a=1", "org,example)/a/b?a=1&b=2"),
    ("http://example.org:8080/x", "org,example:8080)/x"),
    ("http://example.org/a/../b/./c//d/", "org,example)/b/c/d"),
    ("http://example.org/%7Euser/%41%2520b", "org,example)/~user/a%20b"),
    ("http://example.org/?", "org,example)/"),
    ("http://example.org/a?", "org,example)/a"),
    ("http://example.org/news?sid=0123456789abcdef0123456789abcdef&x=1", "org,example)/news?x=1"),
    ("http://example.org/a?jsessionid=0123456789ABCDEF0123456789ABCDEF", "org,example)/a"),
    ("http://127.0.1.1:8800/go/p1", "1,1,0,127:8800)/go/p1"),
    (
        "http://例え.jp/ニュース/速報.html",
        "jp,xn--r8jz45g)/%e3%83%8b%e3%83%a5%e3%83%bc%e3%82%b9/%e9%80%9f%e5%a0%b1.html",
    ),
    ("http://example.org/a b?c d=é", "org,example)/a%20b?c%20d=%c3%a9"),
    ("http://example.org/a?foo&foo=&b", "org,example)/a?b&foo&foo="),
    ("http://münchen.de/ärzte", "de,xn--mnchen-3ya)/%c3%a4rzte"),
    ("http://example.org/a;jsessionid=1", "org,example)/a;jsessionid=1"),
    ("http://example.org/(S(012345678901234567890123))/page.aspx", "org,example)/page.aspx"),
    ("http://example.org/../a", "org,example)/../a"),
    ("http://example.org/a/..", "org,example)/"),
    ("http://example.org/a/.", "org,example)/a"),
    ("http://user:pw@example.org/a", "org,example)/a"),
    ("https://example.org/a#frag", "org,example)/a"),
    ("http://example.org/a?x=%26&y=%3D", "org,example)/a?&x=&y=="),
    ("http://example.org/a?x=1&&y", "org,example)/a?&x=1&y"),
    ("http://example.org./a", "org,example)/a"),
    ("http://[::1]:80/a", "::1)/a"),
    ("http://example.org/A%2FB", "org,example)/a/b"),
    ("http://example.org/100%", "org,example)/100%25"),
    ("http://example.org/?q=a+b%20c", "org,example)/?q=a+b%20c"),
    ('http://example.org/a"b<c>|d', 'org,example)/a"b<c>|d'),
    ("http://example.org/a?CFID=1&CFTOKEN=2&z=1", "org,example)/a?z=1"),
    ("http://example.org/a?b=#x", "org,example)/a?b="),
    ("http://www.example.org/a/b/c.html/", "org,example)/a/b/c.html"),
    ("http://example.org//", "org,example)/"),
    ("http://example.org/a/b//", "org,example)/a/b"),
    ("http://m.example.org/a", "org,example,m)/a"),
    ("http://www.com/", "com)/"),
    ("http://example.org/%C3%BC", "org,example)/%c3%bc"),
    ("http://example.org/%ff%fe", "org,example)/%ff%fe"),
    ("http://example.org/../../a/b", "org,example)/a/b"),
    ("http://example.org/a/b/../../../c", "org,example)/../c"),
    ("http://www1.www2.example.org/", "org,example,www2)/"),
]

CANONICAL = [
    ("HTTPS://News.Example:443/a/./b/../c", "https://news.example/a/c"),
    ("http://news.example", "http://news.example/"),
    ("http://news.example:80?x=1", "http://news.example/?x=1"),
    ("http://news.example:8080/", "http://news.example:8080/"),
    ("https://news.example/a#top", "https://news.example/a"),
    ("https://user:secret@news.example/a", "https://news.example/a"),
    ("https://news.example/%7euser/%c3%bc%2f", "https://news.example/~user/%C3%BC%2F"),
    ("https://news.example/ü b?q=ä ö", "https://news.example/%C3%BC%20b?q=%C3%A4%20%C3%B6"),
    ("https://news.example/100%", "https://news.example/100%25"),
    ("https://news.example/a?b=2&a=1&b=1", "https://news.example/a?b=2&a=1&b=1"),
    ("https://news.example/a?utm_source=rss&id=7&fbclid=x", "https://news.example/a?id=7"),
    ("https://news.example/a?utm_source=rss", "https://news.example/a"),
    ("https://news.example/a?id=7&amp;utm_medium=x", "https://news.example/a?id=7"),
    ("https://news.example/a?ref=home&source=x", "https://news.example/a?ref=home&source=x"),
    ("https://news.example/a?", "https://news.example/a"),
    ("https://news.example\\a\\b?c=\\d", "https://news.example/a/b?c=%5Cd"),
    ("  https://news.example/a\n b ", "https://news.example/a%20b"),
    ("https://MÜNCHEN.example/", "https://xn--mnchen-3ya.example/"),
    ("https://straße.example/", "https://xn--strae-oqa.example/"),  # IDNA 2008: not "strasse"
    ("https://例え。jp/", "https://xn--r8jz45g.jp/"),
    ("https://news.example./", "https://news.example/"),
    ("http://[2001:DB8:0::1]:80/", "http://[2001:db8::1]/"),
    ("https://news.example/a//b/", "https://news.example/a//b/"),
    ("https://news.example/../../a", "https://news.example/a"),
]

NOT_ADDRESSES = [
    ("htp://news.example/", 'scheme "htp"', "did you mean https://news.example/ ?"),
    ("ttps://news.example", 'scheme "ttps"', "did you mean https://news.example/ ?"),
    ("news.example/politics", "no scheme", "did you mean https://news.example/politics ?"),
    ("news.example:8080/a", "no scheme", "did you mean https://news.example:8080/a ?"),
    ("//news.example/a", "no scheme", "did you mean https://news.example/a ?"),
    ("https:/news.example/a", "no host", "did you mean https://news.example/a ?"),
    ("mailto:desk@news.example", 'scheme "mailto"', None),
    ("javascript:void(0)", 'scheme "javascript"', None),
    ("data:text/html,x", 'scheme "data"', None),
    ("http://", "no host", None),
    ("", "no scheme", None),
    ("http://a..b/", "bad host", None),
    ("http://a b/", "bad host", None),
    ("http://[::1/", "Invalid IPv6", None),
    ("http://news.example:99999/", "Port out of range", None),
    ("http://℀.example/", "", None),  # NFKC would turn one character into "a/c": another host
]


@pytest.mark.parametrize(("url", "key"), GOLDEN_KEYS)
def test_the_key_is_the_one_other_tools_write(url: str, key: str) -> None:
    assert urlkey(url) == key


@pytest.mark.parametrize(("url", "expected"), CANONICAL)
def test_a_url_has_one_spelling(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


@pytest.mark.parametrize(("url", "why", "hint"), NOT_ADDRESSES)
def test_what_is_no_address_says_why_and_what_was_meant(url: str, why: str, hint: str | None) -> None:
    with pytest.raises(UrlError) as caught:
        canonical_url(url)
    assert "is not a web address" in caught.value.message
    assert why in caught.value.message
    assert caught.value.hint == hint


def test_a_relative_url_needs_its_page() -> None:
    assert canonical_url("../b?x=1", "https://news.example/a/c/d") == "https://news.example/a/b?x=1"
    assert canonical_url("//cdn.example/x", "https://news.example/") == "https://cdn.example/x"
    assert canonical_url("?page=2", "https://news.example/list?page=1") == "https://news.example/list?page=2"
    with pytest.raises(UrlError):
        canonical_url("javascript:alert(1)", "https://news.example/")


def test_a_url_without_end_is_refused() -> None:
    with pytest.raises(UrlError, match="too long"):
        canonical_url("https://news.example/" + "a" * 10_000)


def test_a_key_needs_a_host() -> None:
    with pytest.raises(UrlError):
        urlkey("mailto:desk@news.example")


URLS = st.builds(
    lambda scheme, host, port, path, query: f"{scheme}://{host}{port}/{path}{query}",
    st.sampled_from(["http", "HTTPS"]),
    st.sampled_from(["news.example", "WWW.News.Example", "münchen.example", "127.0.0.1", "[::1]"]),
    st.sampled_from(["", ":80", ":443", ":8080"]),
    st.text(alphabet="aZ./%25eE~ü?&=+;:@#\\ \t中\x00|[]{}", max_size=30),
    st.one_of(st.just(""), st.text(alphabet="aZ=&%2E+utm_source;", max_size=30).map(lambda text: "?" + text)),
)


@settings(deadline=None)
@given(URLS)
def test_the_canonical_form_of_a_canonical_url_is_itself(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once
    assert once.isascii()
    assert " " not in once


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_url_error(text: str) -> None:
    for function in (canonical_url, urlkey, host_of):
        with contextlib.suppress(UrlError):
            function(text)


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_link_on_any_page_is_an_address_or_a_url_error(link: str, rest: str) -> None:
    try:
        found = canonical_url(link, "https://news.example/" + rest)
    except UrlError:
        return
    assert canonical_url(found) == found


def test_the_site_of_a_source_takes_in_its_subdomains() -> None:
    source = Source("news", "auto", ("https://www.news.example/",))
    assert same_site("https://news.example/a", source)
    assert same_site("https://politics.news.example/a", source)
    assert not same_site("https://other-news.example/a", source)
    assert not same_site("https://news.example.evil.example/a", source)
    assert not same_site("mailto:desk@news.example", source)


def test_a_feed_host_stands_for_the_site_above_it() -> None:
    source = Source("news", "feed", ("https://rss.news.example/all.xml",))
    assert same_site("https://www.news.example/a", source)


def test_a_feed_host_right_under_a_suffix_is_a_site_of_its_own() -> None:
    source = Source("news", "feed", ("https://feeds.example/news.xml",))
    assert same_site("https://feeds.example/a", source)
    assert not same_site("https://news.example/a", source)


def test_only_its_own_host_is_a_source_of_one_host() -> None:
    source = Source("news", "auto", ("https://www.news.example/",), same_host="host", hosts=("live.news.example",))
    assert same_site("https://www.news.example/a", source)
    assert same_site("https://live.news.example/a", source)
    assert not same_site("https://news.example/a", source)


def test_a_list_of_hosts_is_all_there_is() -> None:
    source = Source("news", "auto", ("https://www.news.example/",), same_host="list", hosts=("a.example",))
    assert same_site("https://a.example/x", source)
    assert not same_site("https://www.news.example/x", source)
    assert not same_site("https://b.a.example/x", source)


def test_an_address_has_no_subdomains() -> None:
    source = Source("news", "auto", ("http://127.0.1.1:8800/",))
    assert same_site("http://127.0.1.1:8801/x", source)
    assert not same_site("http://1.127.0.1.1/x", source)
    assert not same_site("http://127.0.1.2:8800/x", source)


@settings(deadline=None)
@given(st.text("w2a-1./~A_,%é;(", max_size=14))
def test_the_key_of_a_simple_address_is_that_of_any_other(rest: str) -> None:
    url = "http://n" + rest
    with contextlib.suppress(UrlError):  # an empty query makes it no simple one, and leaves its key
        assert urlkey(url) == urlkey(url + "?")
