"""What a page shows itself with: which addresses of HTML and CSS are files of the page, and which are not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.discovery.listing import Seen
from crawler.discovery.requisites import MAX_REQUISITES, page_requisites, style_requisites

SEEN = Seen("https://news.example/a/story.html", "news", datetime(2026, 5, 11, tzinfo=UTC), depth=1)


def of_page(markup: str) -> list[str]:
    return [one.url.removeprefix("https://news.example") for one in page_requisites(markup.encode(), SEEN)]


def of_style(css: str) -> list[str]:
    return [one.url.removeprefix("https://news.example") for one in style_requisites(css.encode(), SEEN)]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<link rel="stylesheet" href="/s.css">', ["/s.css"]),
        ('<link rel="alternate stylesheet" href="big.css">', ["/a/big.css"]),
        ('<link rel="Shortcut Icon" href="/favicon.ico">', ["/favicon.ico"]),
        ('<link rel="preload" as="font" href="/f.woff2" crossorigin>', ["/f.woff2"]),
        ('<link rel="preload" as="script" href="/x.js">', []),
        ('<link rel="canonical" href="/a/other.html">', []),
        ('<img src="../p.jpg" alt="">', ["/p.jpg"]),
        ('<img src="data:image/gif;base64,R0" data-src="/lazy.jpg">', ["/lazy.jpg"]),
        ('<img srcset="/p-400.jpg 400w, /p-800.jpg 800w,/p-1200.jpg 2x">', ["/p-400.jpg", "/p-800.jpg", "/p-1200.jpg"]),
        ('<img srcset="/c/w_400,h_300/p.jpg 400w, /c/w_800,h_600/p.jpg 800w">', ["/c/w_400,h_300/p.jpg", "/c/w_800,h_600/p.jpg"]),
        ('<picture><source srcset="/p.avif" type="image/avif"><img src="/p.jpg"></picture>', ["/p.avif", "/p.jpg"]),
        ('<video poster="/still.jpg" src="/film.mp4"></video>', ["/still.jpg"]),
        ('<p style="background: url(&quot;/bg.png&quot;)">x</p>', ["/bg.png"]),
        ('<style>@import "/i.css"; body { background: url(/b.png) }</style>', ["/i.css", "/b.png"]),
        ('<svg><image href="/chart.svg"/><use href="#part"/></svg>', ["/chart.svg"]),
        ('<base href="https://cdn.example/x/"><img src="p.jpg">', ["https://cdn.example/x/p.jpg"]),
        ('<script src="/x.js"></script><iframe src="/ad.html"></iframe><a href="/b.html">b</a>', []),
        ('<img src="/p.jpg?utm_source=x&amp;w=4">', ["/p.jpg?utm_source=x&w=4"]),
        ('<img src="/p.jpg#top"><img src="/p.jpg">', ["/p.jpg"]),
        ('<img src=""><img src="javascript:void(0)"><img>', []),
        ('<img src="http://[broken/p.jpg"><img src="/ok.jpg">', ["/ok.jpg"]),
        ('<base href="http://[broken"><img src="/ok.jpg">', ["/ok.jpg"]),
    ],
)  # fmt: skip
def test_of_a_page_these_are_the_files_it_shows_itself_with(markup: str, expected: list[str]) -> None:
    assert of_page(markup) == expected


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("@import url(reset.css) screen;", ["/a/reset.css"]),
        ("@import 'theme.css';", ["/a/theme.css"]),
        ("@font-face { src: url('f.woff2') format('woff2'), url( f.woff ) }", ["/a/f.woff2", "/a/f.woff"]),
        ("a { background: URL(\"/b (1).png\") }", ["/b%20(1).png"]),
        ("/* url(/old.png) */ a { background: url(/new.png) }", ["/new.png"]),
        ("/* never closed url(/old.png)", []),
        (r'a { background: url("/dot\2e png") }', ["/dot.png"]),
        ("a { background: url(data:image/png;base64,AAAA) }", []),
        ("a { color: red }", []),
    ],
)  # fmt: skip
def test_of_a_style_sheet_these_are_its_imports_images_and_fonts(css: str, expected: list[str]) -> None:
    assert of_style(css) == expected


def test_a_requisite_says_which_page_it_belongs_to() -> None:
    found = page_requisites(b'<link rel=stylesheet href="/s.css">', SEEN)[0]
    assert (found.found_by, found.via, found.depth, found.is_listing) == ("requisite", SEEN.url, 2, False)


def test_a_page_of_a_thousand_pictures_gives_the_style_sheets_and_as_many_as_allowed() -> None:
    pictures = "".join(f'<img src="/{number}.jpg">' for number in range(1000))
    found = of_page(pictures + '<link rel="stylesheet" href="/s.css">')
    assert len(found) == MAX_REQUISITES
    assert found[:2] == ["/s.css", "/0.jpg"]


@pytest.mark.parametrize("body", [b"", b"\x00\xff\xfe", b"<img srcset='" + b", " * 50_000, b"url(" * 50_000])
def test_what_is_no_page_has_none(body: bytes) -> None:
    assert page_requisites(body, SEEN) == ()
    assert style_requisites(body, SEEN) == ()
