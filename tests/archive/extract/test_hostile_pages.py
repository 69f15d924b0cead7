"""Pages made to cost: four times the page may take a few times the work, never sixteen times. And nothing raises."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from archive.extract import Evidence, extract, warm_up
from archive.extract.injection import Copy, index_copies
from archive.model import Page

_STORY = "<p>The council of Ashford met on Monday, 4 March 2024, and voted for the new bridge over the river.</p>"


def _page(inside: str, head: str = "") -> str:
    return f"<html lang=en><head><title>Bridge</title>{head}</head><body><article><h1>Bridge</h1>{_STORY}{inside}</article>"


def _lines(line: Callable[[int], str]) -> Callable[[int], str]:
    return lambda n: _page("".join(map(line, range(n))))


KINDS: dict[str, Callable[[int], str]] = {
    "deeply nested": lambda n: _page("<div>" * n + "deep"),
    "deeply nested links": lambda n: _page("<span><a href=/x>" * n + "deep"),
    "never closed": lambda n: _page("<p><b><i>word " * n),
    "attributes of one element": lambda n: _page("<div " + " ".join(f"a{i}='x'" for i in range(n)) + ">text</div>"),
    "long attribute": lambda n: _page(f"<div class='{'ad-box ' * n}' style='{'color:red;' * n}'>text</div>"),
    "links": _lines(lambda i: f"<a href='https://s{i}.example/{i}'>word {i}</a> "),
    "paragraphs with a link": _lines(lambda i: f"<p>Some words and <a href='https://s{i}.example/{i}'>win {i}</a> more.</p>"),
    "same links": _lines(lambda i: f"<li><a href='https://s{i % 7}.example/'>casino</a></li>"),
    "short lines": _lines(lambda i: f"<p>word{i} here</p>"),
    "line breaks": lambda n: _page("<p>" + "".join(f"line {i}<br><br>" for i in range(n))),
    "hidden elements": _lines(lambda i: f"<div style='display:none'><a href='https://s{i}.example/'>spin {i}</a>"),
    "hidden next to each other": _lines(lambda i: f"<div hidden><a href='https://s{i}.example/a'>spin {i}</a></div>"),
    "classes of a sheet": lambda n: _page(
        "".join(f"<p class=c{i}><a href='https://s{i}.example/'>x {i}</a></p>" for i in range(n)),
        "<style>" + "".join(f".c{i}{{display:none}}" for i in range(n)) + "</style>",
    ),
    "sheets": lambda n: _page(
        "<p class=a><a href='https://s.example/'>x</a></p>", "<style>.a{color:red} @media x{</style>" * n
    ),
    "open braces": lambda n: _page("<p class=a><a href='https://s.example/'>x</a></p>", f"<style>.a{'{' * n}</style>"),
    "comments never closed": lambda n: _page("<!-- href " * n),
    "comments with links": lambda n: _page("<!-- <a href='https://s.example/'>x</a> -->" * n),
    "tags never closed": lambda n: _page("<a href='" * n),
    "json never closed": lambda n: _page("", "<script type='application/ld+json'>" + '{"a":[' * n + "</script>"),
    "json of many nodes": lambda n: _page(
        "", "<script type='application/ld+json'>[" + ",".join(['{"@type":"Person","name":"A B"}'] * n) + "]</script>"
    ),
    "scripts of json": lambda n: _page(
        "", '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Bridge"}</script>' * n
    ),
    "metas": lambda n: _page("", "".join(f"<meta name=author content='Ann Writer{i}'>" for i in range(n))),
    "headings": _lines(lambda i: f"<h2>Heading number {i}</h2>"),
    "times": _lines(lambda i: f"<time datetime='2024-03-{i % 28 + 1:02d}'>4 March 2024</time> "),
    "bylines": _lines(lambda i: f"<div class=byline>By Ann Writer{i}</div>"),
    "brackets": lambda n: _page("<p>" + "【" * n + "微信 abc123" + "(" * n + "</p>"),
    "spaces": lambda n: _page("<p>by" + " \t" * n + "x</p>"),
    "one word": lambda n: _page("<p>" + "a" * n + "</p>"),
    "digits": lambda n: _page("<p>" + "1" * n + "-" * n + "12:" * n + "</p>"),
    "words with invisible marks": lambda n: _page(
        "".join(f"<p>这是第{i}个消息\u200b网站{i}大家都知道\u200f的事情在这里说明</p>" for i in range(n))
    ),
    "letters of two scripts": lambda n: _page("<p>" + "Vіаgrа \u200b" * n + "</p>"),
    "entities": lambda n: _page("&#65;" * n, f"<title>{'&#65;' * n}</title>"),
    "broken bytes": lambda n: _page("\udcff" * n),
    "redirects for searches": lambda n: _page("", "<script>" + "document.referrer google " * min(n, 800) + "</script>"),
    "repeated title": lambda n: f"<title>{'Gold Bet - ' * 20}</title>" + "<p>Gold Bet of the town is here again.</p>" * n,
}  # fmt: skip
SIZES = {"attributes of one element": 25_000, "hidden elements": 600}  # beyond the steps of small pages


def _cost(page: str) -> float:
    """Seconds of the process for one reading: the least of three."""
    body = page.encode("utf-8", "surrogateescape")
    found = []
    for _ in range(3):
        start = time.process_time()
        extract(Page("https://daily.example/2024/03/04/bridge", body))
        found.append(time.process_time() - start)
    return min(found)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_page_costs_what_its_size_says(kind: str) -> None:
    warm_up()
    size = SIZES.get(kind, 500)
    small, large = _cost(KINDS[kind](size)), _cost(KINDS[kind](4 * size))
    assert large < 8 * small + 0.02


def test_a_story_of_a_copy_and_nothing_else_is_aligned_in_bounds() -> None:
    story = " ".join(f"word{i % 997}" for i in range(30_000))
    copies = index_copies([Copy("elsewhere", story)])
    start = time.process_time()
    extract(Page("https://daily.example/a", _page(f"<p>{story}</p>").encode()), Evidence(copies=copies))
    assert time.process_time() - start < 20
