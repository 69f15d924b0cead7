"""A site is taken over between two crawls: found from the first bad run on, page for page, and since when.

The Larkin Weekly (crawler/demo/weekly.py) is crawled while it is clean, and again on the morning after; beside it
The Daily Example, which reports on a casino and is honest. Everything goes the way it goes in use: over sockets, into
WARC files, through reading processes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crawler.demo import MORNING, NEXT_MORNING, run_demo
from crawler.demo.server import WEEKLY
from crawler.demo.weekly import BRAND, Hit, WeeklyStory, hit, inserted_into, stories
from tests.crawler.cli_harness import LOOPBACK, NO_DELAY, in_a_process, new_archive, pressmark

pytestmark = pytest.mark.long

SOURCES = """[[source]]
name = "weekly"
kind = "section"
url = "{weekly}/"

[[source]]
name = "daily"
kind = "feed"
url = "{daily}/rss.xml"
"""


@dataclass(frozen=True)
class Crawled:
    """The archive after the first and after the second crawl: each page's newest record, by URL."""

    folder: Path
    base: str
    clean: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]
    said: tuple[str, str]  # by the two crawls

    def weekly(self) -> list[tuple[WeeklyStory, Hit, dict[str, Any]]]:
        """Every story of the site as the second crawl met it."""
        return [(one, hit(one, NEXT_MORNING), self.after[self.base + one.path]) for one in stories()]


def _records(folder: Path) -> dict[str, dict[str, Any]]:
    """The newest record of each page, from the records files alone: the later line counts."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("records/**/*.jsonl")):
        for record in map(json.loads, path.read_text("utf-8").splitlines()):
            known = found.get(record["url"])
            if known is None or record["capture"]["fetched_at"] >= known["capture"]["fetched_at"]:
                found[record["url"]] = record
    return found


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    with run_demo(clock=MORNING, weekly=True) as demo:
        listed = NO_DELAY + SOURCES.format(weekly=demo.hosts[WEEKLY], daily=demo.home)
        folder = new_archive(tmp_path_factory.mktemp("taken"), listed, LOOPBACK)
        first = in_a_process(folder, "crawl", "--all")
        clean = _records(folder)
        demo.move_to(NEXT_MORNING)
        second = in_a_process(folder, "crawl", "--all", "--refetch")
        assert (first.code, second.code) == (0, 0), first.all + second.all
    return Crawled(folder, demo.hosts[WEEKLY], clean, _records(folder), (first.out, second.out))


def test_the_crawl_itself_warns_of_the_site(crawled: Crawled) -> None:
    first, second = crawled.said
    assert "warning[hijacked]" not in first
    host = crawled.base.removeprefix("http://")
    assert f"30 pages of {host} held text its publisher did not write, for the first time" in second


def test_nearly_every_insertion_is_found_on_the_first_bad_run(crawled: Crawled) -> None:
    put_in = left = 0
    for _, found, record in crawled.weekly():
        put_in += len(found.inserted)
        left += inserted_into(record["text"], found)
    assert put_in > 200
    assert left < put_in * 0.02


def test_every_page_that_was_hit_is_flagged_and_no_other(crawled: Crawled) -> None:
    hit_pages = {one.path for one, found, _ in crawled.weekly() if found.inserted}
    flagged = {one.path for one, _, record in crawled.weekly() if record["integrity"]["verdict"] == "hijacked"}
    assert len(hit_pages) == 30
    assert flagged == hit_pages


def test_no_clean_page_is_touched_before_or_after(crawled: Crawled) -> None:
    spared = [record for one, found, record in crawled.weekly() if not found.inserted]
    honest = [record for record in crawled.after.values() if record["source"] == "daily"]
    assert any("casino" in record["text"].lower() for record in honest)
    for record in (*crawled.clean.values(), *spared, *honest):
        assert record["integrity"] == {"verdict": "clean", "reasons": [], "spans": []}, record["url"]
    for one in stories():
        if one.spared:
            assert crawled.after[crawled.base + one.path]["text"] == "\n".join(one.paragraphs)


def test_what_is_left_of_a_page_is_what_the_paper_wrote(crawled: Crawled) -> None:
    for one, found, record in crawled.weekly():
        for written, served in zip(one.paragraphs, [p for p in found.paragraphs if BRAND not in p], strict=False):
            if written == served:
                assert written in record["text"], one.path
        assert record["headline"] == one.headline


def test_the_report_says_since_when_with_which_terms_and_to_which_sites(crawled: Crawled) -> None:
    (row,) = pressmark(crawled.folder, "integrity", "report", "--json").json()
    bad = [r for _, found, r in crawled.weekly() if found.inserted]
    first = min(bad, key=lambda record: str(record["capture"]["fetched_at"]))["capture"]
    old = {r["capture"]["warc_record_id"] for r in crawled.clean.values() if r["source"] == "weekly"}
    assert (row["verdict"], row["hijacked"], row["suspect"], row["stories"]) == ("hijacked", 30, 0, 36)
    assert (row["since"], row["since_record"]) == (first["fetched_at"], first["warc_record_id"])
    assert row["clean_record"] in old
    assert BRAND in row["terms"]
    assert row["links"] == ["luckyquay.example", "reelhaven.example", "spinharbor.example"]
    pages = pressmark(crawled.folder, "integrity", "report", "--pages", "--csv").out.splitlines()
    assert len(pages) == 31
    assert "1 host" in pressmark(crawled.folder, "integrity", "report").all


def test_each_page_that_was_clean_before_says_since_when(crawled: Crawled) -> None:
    for one, found, record in crawled.weekly():
        known = crawled.clean.get(record["url"])
        if found.inserted and known is not None:
            assert (
                f"earlier: clean in the capture of {known['capture']['fetched_at']}" in record["integrity"]["reasons"]
            )
            assert known["capture"]["warc_record_id"] in record["extraction"]["compared_with"], one.path


def test_what_is_only_seen_over_the_whole_site_says_so(crawled: Crawled) -> None:
    weak = next(record for one, found, record in crawled.weekly() if found.inserted and one.number == 28)
    (token,) = [span for span in weak["integrity"]["spans"] if span["raw"] == BRAND]
    assert [kind.split(":")[0] for kind in token["evidence"]] == ["site", "history"]


def test_read_again_with_the_same_witnesses_every_page_reads_the_same(crawled: Crawled) -> None:
    said = pressmark(crawled.folder, "extract", "--compare")
    assert "no difference" in said.all, said.all
    assert "no difference" in pressmark(crawled.folder, "db", "check").all


def test_why_shows_what_was_put_in_with_its_evidence(crawled: Crawled) -> None:
    said = pressmark(crawled.folder, "why", crawled.base + stories()[28].path).out
    assert f"INJECTED  {BRAND}" in said
    assert "site: proven in" in said
