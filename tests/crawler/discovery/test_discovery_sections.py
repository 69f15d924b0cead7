"""Article links told from navigation, on pages of many makes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.model import LinkRules, Source
from crawler.discovery.listing import Listing, Seen
from crawler.discovery.sections import page_links, read_section, shape_score

SEEN = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
URL = "https://news.example/politics/"


def read(html: str | bytes, rules: LinkRules | None = None, charset: str | None = None) -> Listing:
    return read_section(html, Seen(URL, "news", SEEN), rules or LinkRules(), charset=charset)


def paths(listing: Listing) -> list[str]:
    return [found.url.removeprefix("https://news.example") for found in listing.discoveries]


FRONT = """<!doctype html><html lang="en-GB"><head><title>Front page</title></head><body>
<header><a href="/"><img src="logo.png" alt="The Daily Example"></a><a href="/subscribe">Subscribe now for one euro a month</a></header>
<nav><a href="/">Home</a> <a href="/section/1/">Section 1</a> <a href="/politics/">Politics</a> <a href="/private/desk">Desk</a></nav>
<main><article><h2><a href="/go/p1">Mayor opens the new bridge</a></h2></article>
<article><a href="/2026/11/22/river-falls"><img src="r.jpg" alt=""></a><h2><a href="/2026/11/22/river-falls">River falls to lowest level</a></h2>
<p>The river … <a href="/author/jane-doe">Jane Doe</a> <a href="/tag/river">river</a></p></article>
<article><h2><a href="https://sister.example/story/a-long-story-told-elsewhere">A story of our sister paper</a></h2></article>
<article><a rel="sponsored" href="https://shop.example/win-a-car-today">Win a car today with this one trick</a></article></main>
<footer><a href="/imprint">Imprint</a> <a href="/privacy-policy-of-this-page">Privacy policy of this page and all others</a></footer></body></html>"""


def test_a_front_page_gives_its_teasers_and_nothing_else() -> None:
    listing = read(FRONT)
    assert paths(listing) == [
        "/go/p1",
        "/2026/11/22/river-falls",
        "https://sister.example/story/a-long-story-told-elsewhere",
    ]
    first, second, _ = listing.discoveries
    assert (first.claims.title, first.claims.rank) == ("Mayor opens the new bridge", 0)
    assert second.claims.title == "River falls to lowest level"
    assert (first.found_by, first.via, first.depth, first.is_listing) == ("section", URL, 1, False)
    assert (listing.title, listing.language) == ("Front page", "en")


def test_a_page_without_semantic_tags_is_read_by_urls_and_text() -> None:
    menu = "".join(
        f'<td><a href="/{word}/">{word.title()}</a></td>'
        for word in ("politics", "world", "sports", "culture", "local")
    )
    rows = "".join(
        f'<div class="x{i}"><a href="/news/2026/council-votes-on-budget-{i}.html">Council votes on the budget for the year {i}</a></div>'
        for i in range(5)
    )
    html = f'<table><tr>{menu}</tr></table><div>{rows}</div><div><a href="/about">About us</a> | <a href="/contact.html">Contact</a></div>'
    assert paths(read(html)) == [f"/news/2026/council-votes-on-budget-{i}.html" for i in range(5)]


def test_a_chinese_page_is_read_in_its_own_charset() -> None:
    html = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"><title>新闻</title></head><body>
    <div class="nav"><a href="/politics/">时政</a><a href="/world/">国际</a><a href="/finance/">财经</a><a href="/sports/">体育</a></div>
    <ul class="list"><li><a href="/n1/2026/1122/c1001-40123456.html">国务院发布新的经济政策推动高质量发展</a></li>
    <li><a href="/n1/2026/1122/c1001-40123457.html">北京迎来今年冬天第一场雪</a></li></ul>
    <div><a href="/about/">关于我们</a><a href="/GB/contact.html">联系我们</a></div></body></html>"""
    listing = read(html.encode("gb18030"))
    assert paths(listing) == ["/n1/2026/1122/c1001-40123456.html", "/n1/2026/1122/c1001-40123457.html"]
    assert listing.discoveries[1].claims.title == "北京迎来今年冬天第一场雪"


def test_a_japanese_page_of_numbers_only_is_read() -> None:
    html = """<ul><li><a href="/articles/ASV1234567890.html">首相、来年度予算案を閣議決定へ 防衛費は過去最大</a></li>
    <li><a href="/articles/ASV1234567891.html">台風21号が九州に接近</a></li></ul>
    <div id="menu"><a href="/politics/list.html">政治</a><a href="/national/">社会</a><a href="/business/">経済</a><a href="/sports/">スポーツ</a></div>"""
    assert paths(read(html)) == ["/articles/ASV1234567890.html", "/articles/ASV1234567891.html"]


def test_query_numbers_are_articles_too() -> None:
    html = """<div class="list"><a href="/view.php?idxno=123456">서울시 내년 예산안 발표, 복지 예산 크게 늘어</a>
    <a href="/list.php?page=2">다음</a><a href="/news/articleView.html?idxno=99">정부 새로운 주택 정책 공개</a></div>"""
    assert paths(read(html)) == ["/view.php?idxno=123456", "/news/articleView.html?idxno=99"]


def test_a_picture_and_a_headline_of_one_article_are_one_link() -> None:
    html = """<div class="teaser"><a href="/politics/budget-2027-passed-a-12345.html"><img src="x.jpg"></a>
    <h3><a href="/politics/budget-2027-passed-a-12345.html">Budget passed</a></h3></div>"""
    (found,) = read(html).discoveries
    assert found.claims.title == "Budget passed"


def test_links_of_a_menu_that_look_like_articles_stay_out() -> None:
    html = '<nav><ul><li><a href="/specials/war-in-the-east-2022/">War in the East</a></li><li><a href="/a">A</a></li></ul></nav>'
    assert paths(read(html)) == []


def test_a_rule_of_ones_own_replaces_the_choice() -> None:
    listing = read(FRONT, LinkRules(css="nav a[href]", max=2))
    assert paths(listing) == ["/", "/section/1/"]
    assert listing.problems == ("2 links over links.max = 2 are left",)


def test_a_rule_that_matches_nothing_says_so() -> None:
    assert read(FRONT, LinkRules(css="div.gone a")).problems == (
        'links.css = "div.gone a" matches nothing on this page',
    )
    assert "is no CSS selector" in read(FRONT, LinkRules(css="a[")).problems[0]


def test_links_are_relative_to_the_base_of_the_page() -> None:
    html = '<base href="https://news.example/archive/"><article><h2><a href="storm-hits-the-coast">Storm hits the coast</a></h2></article>'
    assert paths(read(html)) == ["/archive/storm-hits-the-coast"]


def test_at_most_as_many_links_as_the_rule_says() -> None:
    rows = "".join(
        f'<article><h2><a href="/2026/11/22/s{i}">A headline of some length {i}</a></h2></article>' for i in range(300)
    )
    assert len(read(rows).discoveries) == 200


@pytest.mark.parametrize(
    "html", ["", " ", "\x00", "<", "<!-- only a comment -->", b"", b"\xff\xfe", "<?xml version='1.0' encoding='x'?>"]
)
def test_nothing_gives_nothing(html: str | bytes) -> None:
    assert read(html).discoveries == ()


def test_the_header_charset_wins_over_the_page() -> None:
    html = '<meta charset="utf-8"><article><h2><a href="/2026/11/22/x">Große Überraschung in Köln</a></h2></article>'.encode(
        "cp1252"
    )
    assert read(html, charset="iso-8859-1").discoveries[0].claims.title == "Große Überraschung in Köln"


def test_a_crawl_follows_every_link_that_stays_on_the_site() -> None:
    source = Source("news", "crawl", ("https://news.example/",), depth=2)
    listing = page_links(FRONT, Seen(URL, source.name, SEEN, 1), source)
    assert paths(listing) == [
        "/", "/subscribe", "/section/1/", "/private/desk", "/go/p1", "/2026/11/22/river-falls", "/author/jane-doe", "/tag/river",
        "/imprint", "/privacy-policy-of-this-page",
    ]  # fmt: skip
    assert {(found.found_by, found.depth) for found in listing.discoveries} == {("link", 2)}


def test_a_page_of_many_links_takes_little_time() -> None:
    import time

    html = "<div class='a'>" * 50 + "".join(
        f'<li><a href="/n/{i}-story-of-the-day">Story {i}</a></li>' for i in range(3000)
    )
    began = time.process_time()
    read(html)
    assert time.process_time() - began < 3.0


PIECES = st.sampled_from(
    ['<a href="/2026/11/22/x">', "</a>", "<nav>", "</nav>", "<article>", "<h2>", "text of a headline", "<base href='http://['>", "<ul>",
     '<a href="javascript:x">', '<a href="http://[">', "<div class='nav menu'>", "</div>", "<!--", "-->", "\x00", "<svg><a href='x'>", "<template>",
     "<html lang='xx yy zz'>", "&#xD800;", "é中", "<a href=''>", "<table><a href='//'>", "<area href='/x'>"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text(max_size=100), st.binary(max_size=200)))
def test_any_page_gives_a_listing(html: str | bytes) -> None:
    assert isinstance(read(html), Listing)
    assert isinstance(page_links(html, Seen(URL, "n", SEEN), Source("n", "crawl", (URL,))), Listing)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/news/articles/clymn8zyrp9o",
        "https://a.example/thema/new-car-announced/497533355",
        "https://a.example/comment/opinion/article/3046526/taiwans-playbook",
        "https://a.example/fotbal/zahranici/west-ham-hrozi-gigantum/r~8fa032ba3add11ec8a900cc47ab5f122/",
        "https://a.example/2026/11/22/x",
        "https://a.example/?p=1234",
        "https://a.example/politik/ausland/haushalt-im-bundestag-beschlossen-a-1234567.html",
    ],
)
def test_these_addresses_look_like_articles(url: str) -> None:
    assert shape_score(url)[0] >= 2


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/", "https://a.example/index.html", "https://a.example/politics/", "https://a.example/author/216238/korin-miller/",
        "https://a.example/tag/river", "https://a.example/topics/lifes-little-mysteries", "https://a.example/people/alexandria-ocasio-cortez",
        "https://a.example/us/guides/", "https://a.example/privacy-policy", "https://a.example/search?q=x",
    ],
)  # fmt: skip
def test_these_addresses_do_not(url: str) -> None:
    assert shape_score(url)[0] < 0
