"""Every folder of tests/pages is one page and what reading it must give; why.md says what it teaches."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any, get_args

import pytest

from archive.extract import extract
from archive.model import Article, Extraction, Moment, Page, PageType

PAGES = sorted(path.parent for path in (Path(__file__).parents[2] / "pages").glob("*/page.html"))


def read(folder: Path) -> tuple[Extraction, dict[str, Any]]:
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    header = Message()
    header["content-type"] = meta["headers"].get("content-type", "text/html")
    page = Page(
        url=meta["url"],
        body=(folder / "page.html").read_bytes(),
        http_charset=header.get_param("charset"),  # type: ignore[arg-type]
        media_type=header.get_content_type(),
        seen_at=datetime(2024, 6, 1, tzinfo=UTC),
    )
    return extract(page), meta


def written(moment: Moment | None) -> str | None:
    """A moment as article.json writes it: no zone where the page states none."""
    if moment is None:
        return None
    text = moment.at.isoformat(timespec="minutes" if moment.precision == "minute" else "seconds")
    return text if moment.zone_from == "stated" else text[:16]


def as_json(article: Article, extraction: Extraction) -> dict[str, Any]:
    return {
        "page_type": article.page_type,
        "headline": article.headline,
        "text": article.text,
        "integrity": extraction.integrity.verdict,
        "description": article.description,
        "authors": [author.name for author in article.authors],
        "date_published": written(article.date_published),
        "date_modified": written(article.date_modified),
        "language": article.language,
        "section": article.section,
        "publisher": article.publisher,
        "canonical_url": article.canonical_url,
        "is_accessible_for_free": article.is_accessible_for_free,
        "declares_article": extraction.declares_article,
        "next_page": extraction.next_page,
        "republished_from": article.republished_from,
        "license": article.license,
        "keywords": list(article.keywords),
        "images": [[image.url, image.caption, image.credit] for image in article.images],
        "entries": [
            {
                "at": written(entry.at),
                "headline": entry.headline,
                "text": entry.text,
                "authors": [author.name for author in entry.authors],
            }
            for entry in article.entries
        ],
    }


@pytest.mark.parametrize("folder", PAGES, ids=lambda path: path.name)
def test_a_golden_page_reads_as_written_down(folder: Path) -> None:
    extraction, meta = read(folder)
    expected = json.loads((folder / "article.json").read_text(encoding="utf-8"))
    got = as_json(extraction.article, extraction)
    assert {key: got[key] for key in expected} == expected
    assert (extraction.charset, extraction.charset_from) == (meta["charset"], meta["charset_from"])


@pytest.mark.parametrize("folder", PAGES, ids=lambda path: path.name)
def test_what_is_left_out_of_a_golden_page_says_why(folder: Path) -> None:
    extraction, _ = read(folder)
    labels = {(block.label, block.text) for block in extraction.blocks}
    for label, text in json.loads((folder / "removed.json").read_text(encoding="utf-8")):
        found = [name for name, block in labels if text in block]
        assert label in found, f"{text!r} is labelled {found}"
    assert all(block.rule for block in extraction.blocks)


@pytest.mark.parametrize("folder", PAGES, ids=lambda path: path.name)
def test_a_reading_can_be_repeated(folder: Path) -> None:
    assert read(folder)[0] == read(folder)[0]


# What the golden pages must cover: every kind of page, every family of charsets, every cause of lost or foreign text.
FAMILIES = {
    "utf-8", "utf-16le", "utf-16be", "gb18030", "big5", "hz-gb-2312", "shift_jis", "euc-jp", "iso-2022-jp", "euc-kr", "iso-2022-kr",
    "windows-1250", "iso-8859-2", "windows-1251", "koi8-r", "koi8-u", "ibm866", "x-mac-cyrillic", "windows-1252", "iso-8859-15", "macintosh",
    "windows-1253", "iso-8859-7", "windows-1254", "windows-1255", "windows-1256", "windows-1257", "windows-1258", "windows-874",
}  # fmt: skip
CAUSES = {
    "text outside the article container": ["related-out", "comments-after", "footer-of-article", "article-among-many-links"],
    "extra paragraphs inside it": ["teaser-cards-with-text", "class-hidden-offers", "hidden-from-non-subscribers"],
    "standfirst": ["standfirst-labelled"],
    "headline repeated in the text": ["headline-not-repeated"],
    "body split into sibling chunks": ["sibling-chunks", "br-paragraphs", "bare-text-in-div", "text-after-html-end", "nav-holds-everything"],
    "read-more, newsletter, paywall and consent lines": ["read-more-out", "read-more-spanish", "newsletter-line-out", "cookie-line-in-article", "paywall"],
    "link-only lists": ["links-inside-paragraphs", "related-out"],
    "duplicated content": ["repeated-paragraph"],
    "boxes and asides": ["aside-box-out"],
    "lists, tables, quotes, sub-headings": ["structure-kept", "list-in-story", "table-of-results", "days-in-table"],
    "captions": ["caption", "caption-by-class", "caption-by-credit", "figcaption-kept-as-caption", "captions-styled-from-above"],
    "text in scripts": ["text-only-in-json-ld", "text-only-in-next-data", "json-ld-body-of-another-story", "react-streaming"],
    "hidden text": ["hidden-out", "hidden-on-small-screens", "noscript-swallows"],
    "encoded twice": ["encoded-twice", "encoded-twice-cyrillic"],
    "labels that lie": ["gbk-labelled-gb2312", "utf-8-labelled-latin1", "euc-jp-labelled-shift-jis"],
    "no label": ["utf-8-unlabelled", "windows-1251-unlabelled", "utf-16-unlabelled", "iso-2022-jp-unlabelled"],
    "several pages": ["next-page", "next-page-by-number", "next-story-is-no-page"],
    "entries with times": ["live-blog", "live-blog-json-ld", "live-blog-json-ld-of-another-day", "live-ticker-german", "timeline-in-article"],
    "agencies": ["agency-credit-line", "agency-in-brackets", "agency-as-author"],
}  # fmt: skip


def test_the_golden_pages_cover_every_kind_of_page() -> None:
    kinds = [json.loads((folder / "article.json").read_text("utf-8")).get("page_type") for folder in PAGES]
    assert len(PAGES) >= 60
    assert set(get_args(PageType)) <= set(kinds)
    languages: dict[str, set[str]] = {kind: set() for kind in ("bot_wall", "consent", "soft_404", "paywall", "section")}
    for folder, kind in zip(PAGES, kinds, strict=True):
        if kind in languages:
            found = re.search(rb'lang="?([a-z]+)', (folder / "page.html").read_bytes())
            languages[kind].add(found[1] if found else b"")
    assert {kind: len(found) for kind, found in languages.items() if len(found) < 3} == {}


def test_the_golden_pages_cover_every_family_of_charsets() -> None:
    seen = {json.loads((folder / "meta.json").read_text("utf-8"))["charset"] for folder in PAGES}
    assert FAMILIES - seen == set()


@pytest.mark.parametrize("cause", CAUSES)
def test_the_golden_pages_cover_every_cause(cause: str) -> None:
    assert [name for name in CAUSES[cause] if name not in {folder.name for folder in PAGES}] == []
    for name in CAUSES[cause]:
        folder = next(one for one in PAGES if one.name == name)
        assert sorted(file.name for file in folder.iterdir()) == [
            "article.json",
            "meta.json",
            "page.html",
            "removed.json",
            "why.md",
        ]
