"""Lists of sources come in as OPML, CSV or text, and go out again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.model import Source
from crawler.discovery.imports import Imported, read_import, sniff_import, source_name, to_csv, to_opml

OPML = b"""<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Germany"><outline text="Der Bote &amp; Co" type="rss" xmlUrl="https://bote.example/rss" htmlUrl="https://bote.example/" language="de-DE"/>
<outline title="Empty"/></outline>
<outline text="Bad" type="rss" xmlUrl="htp://x.example/"/>
<outline text="Der Bote &amp; Co" xmlUrl="https://bote.example/other"/>
<outline text="Again" xmlUrl="https://bote.example/rss?utm_source=x"/></body></opml>"""


def test_opml_gives_feeds_with_their_folders_as_tags() -> None:
    found = read_import(OPML)
    first, second = found.sources
    assert (first.name, first.kind, first.urls) == ("der-bote-co", "feed", ("https://bote.example/rss",))
    assert (first.language, first.tags) == ("de", ("Germany",))
    assert second.name == "der-bote-co-2"
    assert len(found.problems) == 3
    assert 'line 3: "Empty" has no xmlUrl' in found.problems[0]
    assert "htp" in found.problems[1]
    assert "twice" in found.problems[2]


def test_a_line_of_opml_with_half_a_character_is_told_and_the_others_are_read() -> None:
    found = read_import(OPML.replace(b'title="Empty"', b'title="&#xD800;"'))
    assert [source.name for source in found.sources] == ["der-bote-co", "der-bote-co-2"]
    assert found.problems[0].startswith("line 3: broken XML")
    assert found.problems[1].startswith("line 3: 'utf-8' codec can't decode")


def test_an_opml_file_that_was_cut_off_gives_what_is_there_and_says_so() -> None:
    found = read_import(OPML[: OPML.index(b' language="de-DE"')])
    assert [source.name for source in found.sources] == ["der-bote-co"]
    assert found.problems[0].startswith("line 2: broken XML, read as far as possible (")


def test_csv_goes_by_its_heading() -> None:
    body = "\ufeffTitle;Feed;Language;Category\nDer Bote;https://bote.example/rss;de;news|local\n;;;\nNo address;;de;\n".encode()
    found = read_import(body)
    (source,) = found.sources
    assert (source.name, source.urls, source.language, source.tags) == (
        "der-bote",
        ("https://bote.example/rss",),
        "de",
        ("news", "local"),
    )
    assert found.problems == ("row 4: no url",)


def test_text_is_a_url_a_line() -> None:
    found = read_import(
        b"# mine\nhttps://www.example-news.org/  # the first\n\nbbc.co.uk\nnot a host\n", taken=["example-news"]
    )
    assert [(source.name, source.kind, source.urls[0]) for source in found.sources] == [
        ("example-news-2", "auto", "https://www.example-news.org/"),
        ("bbc", "auto", "https://bbc.co.uk/"),
    ]
    assert found.problems[0].startswith("line 5:")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.example-news.org/", "example-news"),
        ("https://rss.news.example/x", "news"),
        ("https://politics.news.example/", "politics-news"),
        ("http://127.0.1.1:8800/", "127-0-1-1"),
        ("https://www.abc.net.au/news", "abc"),
    ],
)
def test_a_name_comes_from_the_host(url: str, name: str) -> None:
    assert source_name(url) == name


SOURCES = (
    Source(
        "bote", "feed", ("https://bote.example/rss?a=1&b=2",), schedule="every 2h", tags=("de", "local"), language="de"
    ),
    Source("front", "section", ("https://front.example/",), paused=True),
)


def test_csv_goes_out_and_comes_in_again() -> None:
    assert read_import(to_csv(SOURCES).encode()).sources == SOURCES


def test_opml_goes_out_and_comes_in_again() -> None:
    found = read_import(to_opml(SOURCES, "A & B").encode())
    assert found.problems == ()
    assert [(source.name, source.urls, source.tags, source.language) for source in found.sources] == [
        (source.name, source.urls, source.tags, source.language) for source in SOURCES
    ]
    assert [source.kind for source in found.sources] == ["feed", "auto"]


def test_what_a_list_is_shows_at_its_head() -> None:
    assert sniff_import(OPML) == "opml"
    assert sniff_import(b"name,url\n") == "csv"
    assert sniff_import(b"https://a.example/,x\n") == "text"


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=100).map(lambda text: f"name,url,tags\n{text}".encode("utf-8", "replace")),
                 st.text(max_size=60).map(lambda text: f"<opml><outline xmlUrl='{text}'/>".encode("utf-8", "replace"))))  # fmt: skip
def test_any_bytes_give_sources_or_problems(body: bytes) -> None:
    assert isinstance(read_import(body), Imported)
