"""Pages as bad servers, broken templates and hostile hands send them: golden pages, spoiled where readers look."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.extract import extract
from archive.extract.body.choice import without_closed
from archive.extract.page import MAX_TITLE_CHARS, read_page
from archive.extract.pieces import pieces_of
from archive.model import Page

PAGES = sorted((Path(__file__).parents[2] / "pages").glob("*/page.html"))
URLS = (
    "https://daily.example/a",
    "",
    "x",
    "http://[::1",
    "http://\u2121.example/ä",
    "file:///x",
    "http://a.example/%ff%00",
)
CHARSETS = (None, "utf-8", "gb2312", "utf-16", "x-user-defined", "iso-2022-jp", "nonsense")
ODD = (
    b"9999-12-31T23:59:59-12:00", b"0001-01-01T00:00:00+14:00", b"2024-02-30", b"99999999999999999999", b"1e309", b"-1", b"",
    b"http://[::1", b"http://a:b:c", b"//", b"#", b"?", b"data:,", b"javascript:x", b"\x00", b"&#x1;", b"&#xD800;",
    b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xae",
)  # fmt: skip
TAGS = (
    b"<noscript>", b"<template>", b"<frameset>", b"<svg>", b"<table>", b"<select>", b"<!--", b"<![CDATA[", b"<plaintext>",
    b"<textarea>", b"<title>", b"<base href='http://[bad'>", b"</body>", b"<h1>", b"<article>", b"<div\x3c", b"<p\xc3\xb1 x=1>",
    b"<style>.a{display:none}", b"<script type='application/ld+json'>", b"<?xml version='1.0' encoding='utf-16'?>",
)  # fmt: skip
VALUES = (
    b"null", b"[]", b"{}", b"3", b"1e400", b'""', b"[[[]]]", b'{"@id":"#x"}', b'{"@type":["NewsArticle",null],"name":{"@value":5}}',
    b'["a",3,null,{}]', b'"9999-12-31T23:59:59-12:00"',
)  # fmt: skip
ATTRIBUTE = re.compile(rb'\w="([^"<>]*)"')
TEXT = re.compile(rb">([^<>]{3,})<")
SAID = re.compile(rb':\s*("[^"<>]*"|\d+)')


def replaced(body: bytes, pattern: re.Pattern[bytes], by: tuple[bytes, ...], rnd: random.Random) -> bytes:
    places = [match.span(1) for match in pattern.finditer(body)]
    for start, end in sorted(rnd.sample(places, min(len(places), 12)), reverse=True):
        body = body[:start] + rnd.choice(by) + body[end:]
    return body


def inserted(body: bytes, rnd: random.Random) -> bytes:
    for _ in range(4):
        at = rnd.randrange(len(body) + 1)
        body = body[:at] + rnd.choice(TAGS) + body[at:]
    return body


def cut(body: bytes, rnd: random.Random) -> bytes:
    start, end = sorted((rnd.randrange(len(body) + 1), rnd.randrange(len(body) + 1)))
    return body[:start] + body[min(end, start + 400) :]


def noisy(body: bytes, rnd: random.Random) -> bytes:
    spoiled = bytearray(body)
    for _ in range(20):
        spoiled[rnd.randrange(len(spoiled))] = rnd.randrange(256)
    return bytes(spoiled)


SPOILERS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    lambda body, rnd: replaced(body, ATTRIBUTE, ODD, rnd),
    lambda body, rnd: replaced(body, TEXT, ODD, rnd),
    lambda body, rnd: replaced(body, SAID, VALUES, rnd),
    inserted,
    cut,
    noisy,
)


@pytest.mark.parametrize("seed", range(4))
def test_a_spoiled_page_is_read_all_the_same(seed: int) -> None:
    rnd = random.Random(seed)
    for path in rnd.sample(PAGES, 60):
        body = path.read_bytes()
        for spoil in rnd.sample(SPOILERS, 2):
            body = spoil(body, rnd) or b" "
        extraction = extract(Page(rnd.choice(URLS), body, http_charset=rnd.choice(CHARSETS)))
        assert extraction.article.text.encode("utf-8") is not None, path  # nothing in it that no file can hold


STORY = "The town council voted on Tuesday evening to reopen the old swimming baths beside the river after four years."


@pytest.mark.parametrize("url", ["http://[::1", "http://[bad]/x", "//[", ""])
def test_a_page_whose_address_is_none_is_read(url: str) -> None:
    extraction = extract(Page(url, f"<article><h1>Baths</h1><p>{STORY}</p><a href=/b>b</a></article>".encode()))
    assert (extraction.article.headline, extraction.article.text, extraction.outlinks) == ("Baths", STORY, ())


def test_a_base_that_is_no_address_leaves_the_pages_own() -> None:
    body = b"<base href='http://[bad'><link rel=canonical href=/c><p>x</p><a href=/b>b</a>"
    extraction = extract(Page("https://daily.example/a", body))
    assert extraction.article.canonical_url == "https://daily.example/c"
    assert extraction.outlinks == ("https://daily.example/b",)


@pytest.mark.parametrize("never", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_dates_that_mean_never_are_none(never: str) -> None:
    body = f'<meta property="article:published_time" content="{never}"><p>{STORY}</p>'.encode()
    assert extract(Page("https://daily.example/a", body)).article.date_published is None


def test_elements_that_no_tree_may_make_are_copied_for_a_second_opinion() -> None:
    """Parsers take "<p<b" and "<lí" for elements; lxml refuses to make such ones anew."""
    parsed = read_page(
        Page("https://daily.example/a", f"<body><div>menu</div><p<b>{STORY}</p><lí>{STORY}</lí>end".encode())
    )
    pieces = pieces_of(parsed.body)
    menu = next(at for at, piece in enumerate(pieces) if piece.text == "menu")
    copy = without_closed(parsed.root, pieces, set(range(len(pieces))) - {menu})
    assert "".join(copy.itertext()) == f"{STORY}{STORY}end"


def test_a_label_of_utf_16_over_bytes_without_a_zero_is_not_believed() -> None:
    extraction = extract(
        Page("https://daily.example/a", f"<h1>Bäder</h1><p>{STORY}</p>".encode(), http_charset="utf-16")
    )
    assert (extraction.charset, extraction.charset_from, extraction.article.text) == ("utf-8", "detected", STORY)
    assert extraction.warnings == ("charset utf-16le declared by http, bytes are utf-8",)


def test_a_title_that_was_never_closed_is_cut_and_none_of_the_headlines() -> None:
    """Every string of a title is looked for in the story, and the title taken apart for each."""
    body = f"<title>{'Baths | ' * 9000}<h1>Baths to reopen</h1><p>{STORY}</p>".encode()
    assert len(read_page(Page("https://daily.example/a", body)).title) == MAX_TITLE_CHARS
    closed = f"<title>{'Baths | ' * 9000}</title><h1>Baths to reopen</h1><p>{STORY}</p>".encode()
    assert extract(Page("https://daily.example/a", closed)).article.headline == "Baths to reopen"
