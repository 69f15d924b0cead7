"""Known articles looked at again by real crawls: edits, disappearances, returns, flapping; and what a killed run leaves."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.crawler.cli_harness import LOOPBACK, Said, in_a_process, new_archive, pressmark, process_environment
from tests.crawler.tiny_site import Page, Site, article, feed_of, tiny_site

RECHECK = '[defaults]\nschedule = "manual"\ndelay = 0.0\nrecheck = ["1m", "1h", "1d"]\n\n'
STORIES = [f"/2026/05/story-{number}" for number in range(6)]


def plain(headline: str, *paragraphs: str, free: bool = True) -> Page:
    """An article with these paragraphs and no others; behind a paywall where it is not free."""
    fence = '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>'
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return Page(
        f'<!doctype html><html lang="en"><head><title>{headline}</title><meta property="og:type" content="article">'
        f'<meta property="article:published_time" content="2026-05-11T08:00:00Z">{"" if free else fence}</head>'
        f"<body><article><h1>{headline}</h1>{body}</article></body></html>"
    )


@pytest.fixture
def site() -> Iterator[Site]:
    stories = {path: article(f"Story {n}", f"Boat {n} came in.") for n, path in enumerate(STORIES)}
    with tiny_site(stories) as served:
        served.pages["/rss.xml"] = feed_of(served.url, STORIES)
        yield served


def archive_at(folder: Path, site: Site, more: str = "") -> Path:
    source = f'[[source]]\nname = "tiny"\nkind = "feed"\nurl = "{site.url}/rss.xml"\n{more}\n'
    return new_archive(folder, RECHECK + source, LOOPBACK + 'retry_wait = "0.1s"\n')


def crawl(folder: Path, *words: str) -> Said:
    said = in_a_process(folder, "crawl", "tiny", *words)
    assert said.code in (0, 9), said.all
    return said


def let_time_pass(folder: Path) -> None:
    """All rechecks are due now: their times lie an instant back."""
    with sqlite3.connect(folder / "catalog.sqlite3") as database:
        database.execute("UPDATE urls SET due_at = 1 WHERE state = 'due' AND NOT is_listing")
        database.execute("UPDATE queues SET due_at = 1")
    database.close()


def due_times(folder: Path) -> dict[str, tuple[str, int, int]]:
    with sqlite3.connect(folder / "catalog.sqlite3") as database:
        rows = database.execute("SELECT url, state, due_at, priority, watch FROM urls WHERE NOT is_listing").fetchall()
    database.close()
    return {row[0]: row[1:] for row in rows}


def events(folder: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pressmark(folder, "gone", *words, "--json").json()
    return found


def history(folder: Path, url: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pressmark(folder, "article", "history", url, "--minor", "--json").json()
    return rows


def test_articles_are_looked_at_again_when_their_time_has_come_and_only_then(tmp_path: Path, site: Site) -> None:
    folder = archive_at(tmp_path, site)
    crawl(folder)
    first = len(site.asked)
    assert {state for state, *_ in due_times(folder).values()} == {"due"}
    crawl(folder)
    assert Counter(site.asked[first:]) == {"/robots.txt": 1, "/rss.xml": 1}
    let_time_pass(folder)
    site.pages[STORIES[0]] = article("Story 0", "Boat 0 never came in.")
    crawl(folder)
    assert {path for path in site.asked[first + 2 :] if path in STORIES} == set(STORIES)
    rows = history(folder, site.url + STORIES[0])
    assert [(row["revision"], row["change"]) for row in rows] == [(1, None), (2, "text changed")]
    assert len(history(folder, site.url + STORIES[1])) == 1


def test_due_times_and_events_come_back_with_a_catalog_made_from_the_files(tmp_path: Path, site: Site) -> None:
    folder = archive_at(tmp_path, site)
    crawl(folder)
    let_time_pass(folder)
    site.pages[STORIES[0]] = replace(site.pages[STORIES[0]], status=410)
    site.pages[STORIES[1]] = replace(site.pages[STORIES[1]], status=404)
    crawl(folder)
    before, found = due_times(folder), events(folder)
    assert [one["kind"] for one in found] == ["gone"]
    assert pressmark(folder, "db", "check").code == 0
    for file in folder.glob("catalog.sqlite3*"):
        file.unlink()
    assert pressmark(folder, "db", "rebuild").code == 0
    assert due_times(folder) == before
    assert events(folder) == found


def test_the_budget_of_a_run_leaves_the_others_for_the_next_and_new_articles_come_first(
    tmp_path: Path, site: Site
) -> None:
    folder = archive_at(tmp_path, site, "recheck_limit = 2")
    crawl(folder)
    let_time_pass(folder)
    site.pages["/2026/05/new"] = article("A new story", "A new boat came in.")
    site.pages["/rss.xml"] = feed_of(site.url, ["/2026/05/new", *STORIES])
    asked = len(site.asked)
    said = crawl(folder)
    again = [path for path in site.asked[asked:] if path in STORIES]
    assert len(again) == 2, said.all
    assert "/2026/05/new" in site.asked[asked:]
    crawl(folder)
    crawl(folder)
    assert sorted(path for path in site.asked[asked:] if path in STORIES) == STORIES


def test_a_404_is_believed_at_the_second_look_and_a_return_is_told(tmp_path: Path, site: Site) -> None:
    folder, page = archive_at(tmp_path, site), site.pages[STORIES[0]]
    crawl(folder)
    for expected in ([], ["gone"], ["gone"]):
        let_time_pass(folder)
        site.pages[STORIES[0]] = Page("not here", 404)
        crawl(folder)
        assert [one["kind"] for one in events(folder)] == expected
    site.pages[STORIES[0]] = page
    let_time_pass(folder)
    crawl(folder)
    (row,) = events(folder, "--all")
    assert (row["kind"], bool(row["returned"]), row["url"]) == ("gone", True, site.url + STORIES[0])
    assert row["before"] and row["after"]


def test_what_else_a_page_can_become(tmp_path: Path, site: Site) -> None:
    words = [f"Sentence {n} of a story about boats that came in with the tide." for n in range(12)]
    stories = STORIES[:5]
    for path in stories:
        site.pages[path] = plain(f"Boats {path}", *words, path)
    site.pages["/"] = Page("<html><body><h1>Home</h1></body></html>")
    folder = archive_at(tmp_path, site)
    crawl(folder)
    site.pages[stories[0]] = Page("", 302, {"Location": "/", "Content-Type": "text/html"})
    site.pages[stories[1]] = Page("", 301, {"Location": "/2026/", "Content-Type": "text/html"})
    site.pages[stories[2]] = plain(f"Boats {stories[2]}", *words[:2], free=False)
    site.pages[stories[3]] = Page("", 301, {"Location": STORIES[5], "Content-Type": "text/html"})
    site.pages["/robots.txt"] = Page(f"User-agent: *\nDisallow: {stories[4]}\n", headers={"Content-Type": "text/plain"})
    for _ in range(2):
        let_time_pass(folder)
        crawl(folder)
    found = {one["url"].removeprefix(site.url): one["kind"] for one in events(folder)}
    assert found == {
        stories[0]: "redirected",
        stories[1]: "redirected",
        stories[2]: "paywalled",
        stories[4]: "robots",
    }
    rule = next(one for one in events(folder) if one["kind"] == "robots")["detail"]["rule"]
    assert rule == f"Disallow: {stories[4]}"
    (change,) = [row["change"] for row in history(folder, site.url + stories[2]) if row["revision"] == 2]
    assert change.startswith("behind a paywall since")


def test_a_page_that_flaps_makes_no_revisions_until_it_rests(tmp_path: Path, site: Site) -> None:
    folder, url = archive_at(tmp_path, site), site.url + STORIES[0]
    one, other = site.pages[STORIES[0]], article("Story 0", "Boat 0 went out for good, says the other half.")
    for page in (one, other, one, other, one, other, other, other, other):
        site.pages[STORIES[0]] = page
        crawl(folder)
        let_time_pass(folder)
    rows = history(folder, url)
    assert [row["revision"] for row in rows if row["revision"]] == [1, 2]
    assert [row["change"] for row in rows if not row["revision"]] == [
        "shows now one text, now another",
        "shows one text again",
    ]
    assert pressmark(folder, "db", "check").code == 0


def test_other_dates_are_told_and_make_no_revision(tmp_path: Path, site: Site) -> None:
    folder, url = archive_at(tmp_path, site), site.url + STORIES[0]
    crawl(folder)
    let_time_pass(folder)
    page = site.pages[STORIES[0]]
    stamp = '<meta property="article:modified_time" content="2026-05-11T12:00:00Z"></head>'
    site.pages[STORIES[0]] = replace(page, body=page.body.replace("</head>", stamp))
    crawl(folder)
    first, touched = history(folder, url)
    assert (first["revision"], touched["revision"], touched["change"]) == (1, None, "only the date")
    assert [row["revision"] for row in pressmark(folder, "article", "history", url, "--json").json()] == [1]


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_recheck_tells_everything_once(tmp_path: Path, site: Site, seed: int) -> None:
    folder = archive_at(tmp_path, site)
    crawl(folder)
    let_time_pass(folder)
    site.pages[STORIES[0]] = replace(site.pages[STORIES[0]], status=410)
    site.pages[STORIES[1]] = article("Story 1", "Boat 1 never came in.")
    for delay in (0.0, 0.1 * (seed + 1), 0.4, 0.9):
        asked = len(site.asked)
        process = subprocess.Popen(
            [sys.executable, "-m", "crawler.cli", "crawl", "tiny", "--progress", "none"],
            cwd=folder, env=process_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while process.poll() is None and len(site.asked) == asked:
            time.sleep(0.01)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    crawl(folder)
    assert [one["kind"] for one in events(folder)] == ["gone"]
    assert [row["revision"] for row in history(folder, site.url + STORIES[1])] == [1, 2]
    checked = pressmark(folder, "db", "check", "--json")
    assert checked.code == 0, checked.all
    times = json.dumps(sorted(due_times(folder).items()))
    for file in folder.glob("catalog.sqlite3*"):
        file.unlink()
    assert pressmark(folder, "db", "rebuild").code == 0
    assert json.dumps(sorted(due_times(folder).items())) == times
