"""Stories on several pages: followed in the crawl, joined to one article, each page a capture with an outcome."""

from __future__ import annotations

import contextlib
import csv
import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crawler.cli_harness import (
    LOOPBACK,
    READ_HERE,
    Said,
    in_a_process,
    new_archive,
    pressmark,
    process_environment,
)
from tests.crawler.crawl.test_recheck_crawls import RECHECK, look_again
from tests.crawler.tiny_site import Page, Site, feed_of, tiny_site

pytestmark = pytest.mark.long

STORY = "/2026/05/the-long-way"
WORDS = {
    1: "The road over the pass was closed for eleven years, and nobody in the valley had thought it would open again.",
    2: "Then the mason's daughter came home with a degree in bridges and a borrowed drill, and started at the lower end.",
    3: "By the autumn the post bus ran as far as the chapel, and the driver had learned to blow his horn before the bend.",
}
NEXT = {1: f"{STORY}?page=2", 2: f"{STORY}?page=3"}


def part(number: int, *more: str, next_page: str | None = None) -> Page:
    """One page of the story, with its standfirst at the head as many sites repeat it."""
    goes_on = next_page if next_page is not None else NEXT.get(number, "")
    link = f'<a rel="next" href="{goes_on}">Next page</a>' if goes_on else ""
    body = "".join(f"<p>{words}</p>" for words in ("How a valley got its road back.", WORDS[number], *more))
    return Page(
        '<!doctype html><html lang="en"><head><title>The long way up</title><meta property="og:type" content="article">'
        '<meta property="article:published_time" content="2026-05-11T08:00:00Z"></head>'
        f"<body><article><h1>The long way up</h1>{body}<nav>{link}</nav></article></body></html>"
    )


@pytest.fixture
def site() -> Iterator[Site]:
    pages = {STORY: part(1), NEXT[1]: part(2), NEXT[2]: part(3)}
    with tiny_site(pages) as served:
        served.pages["/rss.xml"] = feed_of(served.url, [STORY])
        yield served


def archive_at(folder: Path, site: Site, more: str = "", reading: str = READ_HERE) -> Path:
    source = f'[[source]]\nname = "tiny"\nkind = "feed"\nurl = "{site.url}/rss.xml"\nlimit = 5\n{more}\n'
    return new_archive(folder, RECHECK + source, reading + LOOPBACK + 'retry_wait = "0.1s"\n')


def crawl(folder: Path, *words: str) -> Said:
    said = in_a_process(folder, "crawl", "tiny", *words)
    assert said.code in (0, 9), said.all
    return said


def records(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "records").rglob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def why(folder: Path, url: str) -> dict[str, Any]:
    found: dict[str, Any] = pressmark(folder, "why", url, "--json").json()
    return found


def test_a_story_on_three_pages_is_one_article_of_three_captures(tmp_path: Path, site: Site) -> None:
    folder = archive_at(tmp_path, site, 'include = ["the-long-way$"]', reading="")
    crawl(folder)
    (record,) = records(folder)
    assert record["text"] == "\n".join(["How a valley got its road back.", *WORDS.values()])
    assert [page["url"] for page in record["pages"]] == [site.url + NEXT[1], site.url + NEXT[2]]
    assert record["extraction"]["warnings"] == []
    second = why(folder, site.url + NEXT[1])
    assert (second["outcome"], second["reason"]) == ("kept", "page_of")
    assert second["detail"] == {"article": site.url + STORY, "page": "2"}
    assert second["captures"][0]["warc_file"] == record["pages"][0]["warc_file"]
    third = record["pages"][1]
    bytes_of = in_a_process(folder, "warc", "cat", third["warc_file"], "--offset", str(third["warc_offset"]))
    assert WORDS[3] in bytes_of.out
    assert pressmark(folder, "articles").out.count("The long way up") == 1


def test_the_joined_text_can_be_read_again_and_the_catalog_rebuilt(tmp_path: Path, site: Site) -> None:
    folder = archive_at(tmp_path, site)
    crawl(folder)
    again = pressmark(folder, "extract", "--compare")
    assert again.err == "1 page read again: no difference\n"
    assert pressmark(folder, "extract", "--compare", "--json").json() == [], again.all  # what differs
    checked = pressmark(folder, "db", "check")
    assert checked.code == 0, checked.all
    rebuilt = pressmark(folder, "db", "rebuild")
    assert rebuilt.code == 0, rebuilt.all
    assert why(folder, site.url + NEXT[2])["detail"] == {"article": site.url + STORY, "page": "3"}
    assert pressmark(folder, "warc", "verify").code == 0


def test_a_change_on_the_last_page_is_a_revision_of_the_article(tmp_path: Path, site: Site) -> None:
    folder = archive_at(tmp_path, site)
    crawl(folder)
    look_again(folder)
    assert len(records(folder)) == 1  # the same three pages again
    site.pages[NEXT[2]] = part(
        3, "Correction: an earlier version of this story named the wrong chapel, the one in the next valley."
    )
    look_again(folder)
    first, second = records(folder)
    assert (first["id"], second["revision"]) == (second["id"], 2)
    assert second["text"].startswith(first["text"])
    assert "wrong chapel" in second["text"]


def test_a_page_that_fails_for_now_does_not_cut_a_known_article(tmp_path: Path, site: Site) -> None:
    folder = archive_at(tmp_path, site)
    crawl(folder)
    site.pages[NEXT[1]] = Page("too busy", 503)
    look_again(folder)
    found = why(folder, site.url + STORY)
    assert (found["outcome"], found["reason"]) == ("failed", "server_error")
    assert len(records(folder)) == 1


def test_a_new_article_whose_next_page_is_missing_says_so(tmp_path: Path, site: Site) -> None:
    del site.pages[NEXT[2]]
    folder = archive_at(tmp_path, site)
    crawl(folder)
    (record,) = records(folder)
    assert WORDS[2] in record["text"]
    assert record["extraction"]["warnings"] == [f"goes on at {site.url}{NEXT[2]}, which is not joined"]
    assert why(folder, site.url + NEXT[2])["reason"] == "gone"


@pytest.mark.parametrize(
    ("last", "asked"),
    [
        (part(2, next_page=f"{STORY}?page=1"), 1),  # back to the beginning
        (part(1, next_page=f"{STORY}?page=3"), 1),  # a server that ignores the number: nothing new on it
        (part(2, next_page="/2026/05/another-story"), 1),  # rel=next of another story
    ],
)
def test_pages_that_lead_in_a_circle_or_elsewhere_end_the_story(
    tmp_path: Path, site: Site, last: Page, asked: int
) -> None:
    site.pages[NEXT[1]] = last
    folder = archive_at(tmp_path, site)
    crawl(folder)
    (record,) = records(folder)
    assert len([path for path in site.asked if "page=" in path]) == asked
    assert record["text"].count(WORDS[1]) == 1
    assert len(record["pages"]) == (WORDS[2] in last.body)


def test_a_story_without_end_is_followed_for_twenty_pages(tmp_path: Path, site: Site) -> None:
    for number in range(1, 40):
        path = STORY if number == 1 else f"{STORY}?page={number}"
        body = f"On day {number} of the count the clerk wrote down {number * 317} names, and the ink was running out again."
        site.pages[path] = Page(
            '<!doctype html><html lang="en"><head><title>The count</title><meta property="og:type" content="article"></head><body>'
            f'<article><h1>The count</h1><p>{body}</p><a rel="next" href="{STORY}?page={number + 1}">Next</a></article></body></html>'
        )
    folder = archive_at(tmp_path, site)
    crawl(folder)
    (record,) = records(folder)
    assert len(record["pages"]) == 19
    assert "which is not joined" in record["extraction"]["warnings"][0]


def test_a_page_listed_by_itself_too_is_no_second_article(tmp_path: Path, site: Site) -> None:
    site.pages["/rss.xml"] = feed_of(site.url, [STORY, NEXT[1]])
    folder = archive_at(tmp_path, site)
    crawl(folder)
    assert why(folder, site.url + STORY)["reason"] == "new"
    assert [record["url"] for record in records(folder) if record["url"].endswith(STORY)]


def test_imported_files_give_the_same_joined_text(tmp_path: Path, site: Site) -> None:
    folder = archive_at(tmp_path, site)
    crawl(folder)
    (file,) = (folder / "warc").rglob("*.warc.gz")
    (tmp_path / "other").mkdir()
    other = new_archive(tmp_path / "other")
    said = pressmark(other, "warc", "import", str(file), "--read")
    assert said.code == 0, said.all
    assert [record["text"] for record in records(other)] == [record["text"] for record in records(folder)]
    assert [len(record["pages"]) for record in records(other)] == [2]
    assert pressmark(other, "extract", "--compare", "--json").json() == []


def test_the_pages_stand_in_exports(tmp_path: Path, site: Site) -> None:
    folder = archive_at(tmp_path, site)
    crawl(folder)
    assert pressmark(folder, "export", "out.csv").code == 0
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert [page["url"] for page in json.loads(row["pages"])] == [site.url + NEXT[1], site.url + NEXT[2]]
    assert row["entries"] == ""
    assert WORDS[3] in pressmark(folder, "article", "show", site.url + STORY, "--md").out


class _Stuck(dict[str, Page]):
    """Pages of which one is not given before it is released."""

    def __init__(self, pages: dict[str, Page], stuck: str) -> None:
        super().__init__(pages)
        self.stuck, self.released = stuck, threading.Event()

    def get(self, path: str, other: Any = None) -> Any:
        if path == self.stuck:
            self.released.wait(60)
        return super().get(path, other)


def test_a_run_killed_between_two_pages_reads_the_story_whole_the_next_time(tmp_path: Path, site: Site) -> None:
    folder = archive_at(tmp_path, site)
    site.pages = stuck = _Stuck(site.pages, NEXT[1])
    command = [sys.executable, "-m", "crawler.cli", "crawl", "tiny"]
    with subprocess.Popen(
        command, cwd=folder, env=process_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        until(lambda: NEXT[1] in site.asked and is_committed(folder, site.url + STORY))
        process.send_signal(signal.SIGKILL)
    stuck.released.set()
    assert records(folder) == []
    crawl(folder)
    (record,) = records(folder)
    assert all(words in record["text"] for words in WORDS.values())
    assert site.asked.count(STORY) == 1  # its bytes were kept
    assert pressmark(folder, "db", "check").code == 0


def is_committed(folder: Path, url: str) -> bool:
    """Whether the catalog, which is told last, knows a capture of this URL."""
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'catalog.sqlite3'}?mode=ro", uri=True)) as database:
        return database.execute("SELECT 1 FROM captures WHERE target_uri = ?", (url,)).fetchone() is not None


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
