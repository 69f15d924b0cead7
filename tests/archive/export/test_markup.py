"""Records as Markdown and TEI: a reader of these formats finds the record's text again, all of it and nothing else."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html
from markdown_it import MarkdownIt

from archive.export import Options
from archive.export.formats import write_markdown, write_tei
from archive.export.markup import TEI, escaped, markdown, tei
from archive.records.record import build_record
from tests.archive.extract.test_golden_pages import PAGES, read
from tests.archive.records.test_record import CAPTURE, CIRCUMSTANCES, DISCOVERY, REVISION

_NS = {"t": TEI}


def record_of(folder: Path) -> dict[str, Any]:
    return build_record(read(folder)[0], CAPTURE, REVISION, DISCOVERY, CIRCUMSTANCES)


def solid(*texts: str | None) -> str:
    """Texts without white space: line breaks are the format's business."""
    return "".join("".join((text or "").split()) for text in texts)


def shown(document: str) -> str:
    return solid(html.fromstring(MarkdownIt("commonmark").render(document)).text_content())


def made(**values: Any) -> dict[str, Any]:
    """A record with these values, its lines being all body unless `kinds` names them."""
    record = record_of(PAGES[0]) | {"headline": "Headline", "authors": [], "date_published": None}
    kinds = values.pop("kinds", None)
    record |= values
    at, blocks = 0, []
    for number, line in enumerate(record["text"].split("\n")):
        blocks.append({"kind": kinds[number] if kinds else "body", "start": at, "end": at + len(line)})
        at += len(line) + 1
    return record | {"blocks": blocks}


@pytest.mark.parametrize("folder", PAGES, ids=lambda path: path.name)
def test_the_blocks_of_a_record_are_its_text(folder: Path) -> None:
    record = record_of(folder)
    assert "\n".join(record["text"][one["start"] : one["end"]] for one in record["blocks"]) == record["text"]


@pytest.mark.parametrize("folder", PAGES, ids=lambda path: path.name)
def test_readers_of_markdown_and_tei_find_the_text_again(folder: Path) -> None:
    record = record_of(folder)
    authors = ", ".join(author["name"] for author in record["authors"])
    facts = " · ".join(fact for fact in (authors, record["date_published"], record["url"]) if fact)
    record["entries"] = []  # their times are more than the text
    assert shown(markdown(record)) == solid(record["headline"] or record["url"], facts, record["text"])
    body = etree.fromstring(tei(record)).find("t:text/t:body", _NS)
    assert body is not None
    assert solid(*body.itertext()) == solid(record["headline"], record["text"])


@pytest.mark.parametrize(
    "line",
    [
        "*not* _emphasised_ `nor code` \\ nor <b>a tag</b>",
        "[not a link](https://news.example/) ![nor an image](x)",
        "# not a heading",
        "#news stays",
        "- not an item",
        "+ nor this",
        "1. not numbered",
        "2026) nor this",
        "====",
        "> not a quote",
        "~~~ not a fence",
        "| not | a | table |",
        "AT&T &amp; &copy; stay as they are",
    ],
)
def test_what_would_mean_something_to_markdown_is_shown_as_it_is(line: str) -> None:
    rendered = html.fromstring(MarkdownIt("commonmark").enable("table").render(f"Before.\n\n{escaped(line)}\n"))
    paragraphs = [paragraph.text_content() for paragraph in rendered.iter("p")]
    assert paragraphs == ["Before.", line]


def test_kinds_become_the_formats_own_structures() -> None:
    kinds = ["standfirst", "body", "subheading", "quote", "list", "list", "table", "table"]
    record = made(text="stand\nbody\nsub\nquoted\none\ntwo\nleft\nright", kinds=kinds)
    assert markdown(record).split("\n\n", 2)[2] == (
        "**stand**\n\nbody\n\n## sub\n\n> quoted\n\n- one\n- two\n\nleft\\\nright\n"
    )
    body = etree.fromstring(tei(record)).find("t:text/t:body", _NS)
    assert body is not None
    first, second = body
    assert [(etree.QName(one).localname, one.get("rend"), one.text) for one in first] == [
        ("head", None, "Headline"), ("p", "standfirst", "stand"), ("p", None, "body"),
    ]  # fmt: skip
    assert [etree.QName(one).localname for one in second] == ["head", "quote", "list", "table"]
    assert second.xpath("t:list/t:item/text()", namespaces=_NS) == ["one", "two"]


def test_entries_of_a_live_blog_have_their_times() -> None:
    def entry(time: str | None, headline: str | None, text: str) -> dict[str, Any]:
        return {"date_published": time, "headline": headline, "text": text}

    entries = [
        entry("2026-11-22T14:05:00Z", "Second", "two\nmore"), entry("2026-11-22T13:50:00Z", None, "one"),
        entry("2026-11-22T13:40:00Z", None, "not on the page"), entry(None, None, "undated"),
    ]  # fmt: skip
    kinds = ["body", "subheading", "body", "body", "body", "body"]
    record = made(text="intro\nSecond\ntwo\nmore\none\nundated", kinds=kinds) | {"entries": entries}
    assert markdown(record).split("\n\n", 2)[2] == (
        "intro\n\n**2026-11-22T14:05:00Z**\n\n## Second\n\ntwo\n\nmore\n\n**2026-11-22T13:50:00Z**\n\none\n\nundated\n"
    )
    body = etree.fromstring(tei(record)).find("t:text/t:body", _NS)
    assert body is not None
    assert [(one.get("type"), one.xpath("string(t:dateline/t:date/@when)", namespaces=_NS)) for one in body] == [
        (None, ""), ("entry", "2026-11-22T14:05:00Z"), ("entry", "2026-11-22T13:50:00Z"),
    ]  # fmt: skip
    assert [" ".join(one.itertext()).split() for one in body] == [
        ["Headline", "intro"], ["Second", "two", "more"], ["one", "undated"],
    ]  # fmt: skip


def test_characters_that_xml_has_no_way_to_say_are_left_out() -> None:
    root = etree.fromstring(tei(made(text="a\x00b\x1bc\ufffe", headline="h\x08")))
    assert root.xpath("//t:body//t:p/text()", namespaces=_NS) == ["abc"]
    assert root.xpath("//t:body//t:head/text()", namespaces=_NS) == ["h"]


def test_exports_are_the_same_bytes_each_time_and_hold_every_article() -> None:
    records = [made(text="one", id="a_1"), made(text="two", id="a_2", revision=3)]
    packed = io.BytesIO()
    assert write_markdown(records, packed, Options()) == 2
    again = io.BytesIO()
    write_markdown(records, again, Options())
    assert packed.getvalue() == again.getvalue()
    files = zipfile.ZipFile(packed)
    assert {name: files.read(name).decode() for name in files.namelist()} == {
        "a_1.md": markdown(records[0]), "a_2-r3.md": markdown(records[1]),
    }  # fmt: skip
    corpus = io.BytesIO()
    assert write_tei(records, corpus, Options()) == 2
    assert etree.fromstring(corpus.getvalue()).xpath("t:TEI//t:idno[@type='pressmark']/text()", namespaces=_NS) == [
        "a_1", "a_2",
    ]  # fmt: skip
