"""Every folder of tests/pages is one page and what reading it must give; why.md says what it teaches."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from archive.extract import extract
from archive.model import Article, Extraction, Moment, Page

PAGES = sorted(path.parent for path in (Path(__file__).parents[2] / "pages").glob("*/page.html"))


def read(folder: Path) -> tuple[Extraction, dict[str, Any]]:
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    header = Message()
    header["content-type"] = meta["headers"].get("content-type", "text/html")
    page = Page(
        url=meta["url"],
        body=(folder / "page.html").read_bytes(),
        http_charset=header.get_param("charset"),  # type: ignore[arg-type]
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
