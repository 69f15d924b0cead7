"""A story on several pages as one reading, and whose words its texts and pictures are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import html

from archive.extract import extract
from archive.extract.joined import goes_on, join
from archive.extract.live import find_entries
from archive.extract.metadata.credits import caption_and_credit, find_agency
from archive.extract.pieces import pieces_of
from archive.model import Author, Block, Extraction, Integrity, Page, Span
from archive.records.record import text_blocks
from tests.crawler.demo.test_demo_publisher import get, publisher, story, url_of

LINES = [
    "The road over the pass was closed for eleven years, and nobody thought it would open again in their time.",
    "Then the mason's daughter came home with a degree in bridges and a borrowed drill, and began at the lower end.",
]
HEAD = "How a valley got its road back, in parts."


def page(*lines: str, headline: str = "The long way up", url: str = "https://daily.example/road") -> Extraction:
    body = "".join(f"<p>{line}</p>" for line in lines)
    markup = f"<html lang=en><title>{headline}</title><body><article><h1>{headline}</h1>{body}</article></body></html>"
    return extract(Page(url, markup.encode()))


def test_pages_are_joined_and_what_they_repeat_is_a_duplicate() -> None:
    first, second = page(HEAD, LINES[0]), page(HEAD, LINES[1])
    joined = join(first, [second])
    assert joined.article.text == "\n".join([HEAD, *LINES])
    assert [block.label for block in joined.blocks if block.text == HEAD] == ["body", "duplicate"]
    spans = [joined.article.text[block["start"] : block["end"]] for block in text_blocks(joined)]
    assert spans == [HEAD, *LINES]


def test_a_page_of_another_story_or_without_a_new_line_does_not_go_on() -> None:
    first = page(HEAD, LINES[0])
    assert goes_on([first], page(HEAD, LINES[1]))
    assert not goes_on([first], page(LINES[1], headline="Another story altogether"))
    assert not goes_on([first], page(HEAD, LINES[0]))
    assert not goes_on([first], page())


def test_places_of_injected_words_count_from_the_start_of_the_whole() -> None:
    first, second = page(LINES[0]), page(LINES[1])
    span = Span("Then", 0, 4, "inline", (), "flagged")
    second = replace(second, integrity=Integrity("suspect", ("inline",), (span,)))
    joined = join(first, [second])
    (moved,) = joined.integrity.spans
    assert joined.integrity.verdict == "suspect"
    assert joined.article.text[moved.start : moved.end] == "Then"


def test_the_daily_examples_story_of_three_pages_is_whole() -> None:
    example, url = publisher(), url_of("lamplighter-1")
    pages = [extract(Page(address, get(example, address).body)) for address in (url, f"{url}?page=2", f"{url}?page=3")]
    assert pages[0].next_page == f"{url}?page=2"
    assert goes_on(pages[:1], pages[1])
    assert goes_on(pages[:2], pages[2])
    text = join(pages[0], pages[1:]).article.text
    assert all(piece.plain in text for piece in story("lamplighter-1").pieces if piece.kind in ("p", "h2"))


def test_the_daily_examples_live_blog_has_its_entries() -> None:
    found = extract(Page(url_of("budget-night-live"), get(publisher(), url_of("budget-night-live")).body)).article
    assert [(f"{entry.at.at:%H:%M}" if entry.at else None, entry.headline) for entry in found.entries] == [
        ("23:41", "It is done"),
        ("22:55", "A break for soup"),
        ("21:30", "Library hours survive"),
        ("20:10", "The harbour dues"),
        ("19:05", "Doors open"),
    ]
    assert all(line in found.text for entry in found.entries for line in entry.text.split("\n"))


def test_a_page_without_times_has_no_entries() -> None:
    body = html.document_fromstring("<body><p>One.</p><p>Two.</p></body>")
    pieces = pieces_of(body)
    assert (
        find_entries(body, pieces, [Block(piece.text, "body", "x") for piece in pieces], (), None, "https://d.example/")
        == ()
    )


@pytest.mark.parametrize(
    ("lines", "authors", "agency"),
    [
        (["BERLIN (dpa/lno) – Der Kran wird abgebaut."], [], "dpa"),
        (["PARIS, March 5 (Xinhua) -- The crane comes down."], [], "Xinhua"),
        (["新华社北京4月24日电 港口的旧吊车将被拆除。"], [], "新华社"),
        (["Der Kran wird abgebaut.", "Quelle: ZEIT ONLINE, AFP, kg"], [], "AFP"),
        (["La grue sera démontée.", "Avec AFP"], [], "AFP"),
        (["The crane comes down. (AP)"], [], "AP"),
        (["The crane comes down."], ["Ada Sample", "Reuters"], "Reuters"),
        (["The board told Reuters that the crane comes down."], ["Ada Sample"], None),
        (["The AP exam (AP Biology) is in May."], [], None),
        (["He paid (Bloomberg puts it at 3 million) for it, and left."], [], None),
    ],
)
def test_an_agency_is_named_where_papers_credit_it(lines: list[str], authors: list[str], agency: str | None) -> None:
    found = find_agency([Block(line, "body", "x") for line in lines], [Author(name) for name in authors])
    assert (found[0] if found else None) == agency


@pytest.mark.parametrize(
    ("under", "caption", "credit"),
    [
        ("The crane. Photo: Ada Sample", "The crane.", "Ada Sample"),
        ("Der Kran. © dpa/B. Muster", "Der Kran.", "dpa/B. Muster"),
        ("The crane.<span class='credit'>Photo by Ada Sample</span>", "The crane.", "Ada Sample"),
        ("Credit Ada Sample", None, "Ada Sample"),
        ("Foto: A. Muster", None, "A. Muster"),
        ("The crane that stood here for a century.", "The crane that stood here for a century.", None),
        ("A photo of the crane by night", "A photo of the crane by night", None),
    ],
)
def test_a_caption_and_its_credit_are_told_apart(under: str, caption: str | None, credit: str | None) -> None:
    assert caption_and_credit(html.fragment_fromstring(f"<figcaption>{under}</figcaption>")) == (caption, credit)
