"""The story of one article: from the URL of a feed to a row of a dataset. Read this first.

The Daily Example, a small publisher on loopback, is crawled once by a real process. Each test is a chapter: what was
sent, what was kept of it, what was read from it, and how it is found, explained, checked and handed on.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.urls import urlkey
from archive.warc.cdxj import parse_cdxj
from crawler.demo import MORNING, Served, run_demo
from crawler.demo.truth import Reading, readings
from tests.crawler.cli_harness import LOOPBACK, NO_DELAY, Said, as_typed, new_archive, pressmark


@dataclass(frozen=True)
class Story:
    """What the publisher sent (`log`), what our crawl said of itself, and the archive's folder it left behind."""

    feed: str
    article: str
    written: Reading  # what the paper's own files say the article is
    log: tuple[Served, ...]
    crawl: Said
    folder: Path

    def sent(self, url: str) -> Served:
        (found,) = (one for one in self.log if one.url == url)
        return found

    def file(self, pattern: str) -> Path:
        """The one file of the archive that is named so."""
        (found,) = self.folder.glob(pattern)
        return found

    def record(self) -> dict[str, Any]:
        (line,) = self.file("records/**/*.jsonl").read_text("utf-8").splitlines()
        record: dict[str, Any] = json.loads(line)
        return record


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """`pressmark init news`, one source with one feed in sources.toml, and `pressmark crawl daily`."""
    with run_demo() as demo:
        feed = f"{demo.home}/sport/atom.xml"
        source = f'[[source]]\nname = "daily"\nkind = "feed"\nurl = "{feed}"\ntags = ["morning"]\n'
        folder = new_archive(tmp_path_factory.mktemp("story"), NO_DELAY + source, LOOPBACK + 'retry_wait = "0.2s"\n')
        crawl = as_typed(folder.parent, "-C", str(folder), "crawl", "daily")
        log = tuple(demo.log)
        article = log[-1].url
        (written,) = (one for one in readings(MORNING, demo.hosts) if one.url == article)
    return Story(feed, article, written, log, crawl, folder)


def _responses(path: Path) -> dict[str, bytes]:
    """The blocks of all response records by URL, read by warcio, which shares no code with us."""
    with path.open("rb") as stream:
        return {
            record.rec_headers.get_header("WARC-Target-URI"): record.raw_stream.read()
            for record in ArchiveIterator(stream, no_record_parse=True)
            if record.rec_type == "response"
        }


def test_1_the_crawl_asks_for_robots_txt_then_the_feed_then_the_article_it_names(story: Story) -> None:
    home = story.feed.removesuffix("/sport/atom.xml")
    assert [one.url for one in story.log] == [f"{home}/robots.txt", story.feed, story.article]
    assert story.crawl.code == 0, story.crawl.all
    assert "1 listing, 1 URL → 1 article stored" in story.crawl.out
    assert "verified)" in story.crawl.out


def test_2_the_warc_holds_every_response_byte_for_byte_as_it_was_sent(story: Story) -> None:
    kept = {
        url: hashlib.sha256(block).hexdigest() for url, block in _responses(story.file("warc/**/*.warc.gz")).items()
    }
    assert kept == {one.url: one.sha256 for one in story.log}


def test_3_the_index_beside_it_leads_to_the_article_s_record(story: Story) -> None:
    lines = [parse_cdxj(line) for line in story.file("warc/**/*.cdxj").read_text("utf-8").splitlines()]
    (line,) = (line for line in lines if line.urlkey == urlkey(story.article))
    warc = story.file("warc/**/*.warc.gz")
    assert (line.url, line.status, line.filename) == (story.article, "200", warc.name)
    member = warc.read_bytes()[line.offset : line.offset + line.length]
    alone = warc.parent.parent / "one-member.gz"
    alone.write_bytes(member)  # a gzip member by itself is a WARC file of one record
    assert hashlib.sha256(_responses(alone)[story.article]).hexdigest() == story.sent(story.article).sha256
    alone.unlink()


def test_4_the_record_says_what_the_page_says_and_how_it_came_to_be(story: Story) -> None:
    record, warc = story.record(), story.file("warc/**/*.warc.gz")
    assert (record["url"], record["source"], record["tags"]) == (story.article, "daily", ["morning"])
    assert record["headline"] == story.written.headline
    assert record["date_published"] == f"{story.written.published.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    assert [words for words in story.written.must if words not in record["text"]] == []
    assert [words for words in story.written.must_not if words in record["text"]] == []
    discovery, capture = record["discovery"], record["capture"]
    assert (discovery["kind"], discovery["via"], discovery["depth"]) == ("feed", story.feed, 1)
    assert (capture["status"], capture["robots"], capture["wire_exact"]) == (200, "allowed", True)
    assert capture["warc_file"] == str(warc.relative_to(story.folder))
    assert story.file("records/**/*.jsonl").stem == warc.name.removesuffix(".warc.gz")


def test_5_the_catalog_finds_the_article_by_its_words(story: Story) -> None:
    found = pressmark(story.folder, "articles", "spring regatta", "--json").json()
    assert [row["id"] for row in found] == [story.record()["id"]]
    assert pressmark(story.folder, "articles", "lighthouse dragon", "--json").json() == []


def test_6_why_tells_how_the_url_was_found_kept_and_judged(story: Story) -> None:
    why = pressmark(story.folder, "why", story.article, "--json").json()
    assert (why["outcome"], why["reason"]) == ("stored", "new")
    assert (why["found_by"], why["found_in"]) == ("feed", story.feed)
    assert [one["warc_offset"] for one in why["captures"]] == [story.record()["capture"]["warc_offset"]]
    reasons = [block["label"] for block in why["blocks"] if "We value your privacy" in block["text"]]
    assert reasons == ["consent"]


def test_7_reading_the_warc_again_gives_the_same_record(story: Story) -> None:
    said = pressmark(story.folder, "extract", "--all", "--compare")
    assert said.code == 0 and "1 page read again: no difference" in said.all


def test_8_the_catalog_can_be_made_again_from_the_files_alone(story: Story) -> None:
    asked = ("why", story.article, "--json")
    before = pressmark(story.folder, *asked).json()
    for file in story.folder.glob("catalog.sqlite3*"):
        file.unlink()
    assert pressmark(story.folder, "db", "rebuild").code == 0
    assert pressmark(story.folder, *asked).json() == before


def test_9_the_dataset_has_the_article_as_a_row(story: Story) -> None:
    said = pressmark(story.folder, "export", "dataset.csv", "--fields", "url,headline,text,capture.warc_record_id")
    assert said.code == 0, said.all
    with (story.folder / "dataset.csv").open(encoding="utf-8", newline="") as rows:
        (row,) = csv.DictReader(rows)
    record = story.record()
    assert row == {
        "url": story.article,
        "headline": record["headline"],
        "text": record["text"],
        "capture.warc_record_id": record["capture"]["warc_record_id"],
    }
