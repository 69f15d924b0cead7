"""Known articles looked at again by real crawls: edits, disappearances, returns, flapping; and what a killed run leaves."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.times import rfc3339, utc_now
from tests.crawler.cli_harness import (
    LOOPBACK,
    READ_HERE,
    Said,
    in_a_process,
    new_archive,
    pressmark,
    process_environment,
)
from tests.crawler.tiny_site import Page, Site, article, atom_of, feed_of, tiny_site

pytestmark = pytest.mark.long

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
    return new_archive(folder, RECHECK + source, READ_HERE + LOOPBACK + 'retry_wait = "0.1s"\n')


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


@contextlib.contextmanager
def robots_forgotten(folder: Path) -> Iterator[None]:
    """While the block runs, what was kept of robots.txt is more than a day old."""
    change = "UPDATE captures SET fetched_at = fetched_at {} 172800000000 WHERE record_id = ?"
    with contextlib.closing(sqlite3.connect(folder / "catalog.sqlite3")) as database, database:
        kept = database.execute("SELECT record_id FROM captures WHERE target_uri LIKE '%/robots.txt'").fetchall()
        database.executemany(change.format("-"), kept)
    yield
    with contextlib.closing(sqlite3.connect(folder / "catalog.sqlite3")) as database, database:
        database.executemany(change.format("+"), kept)


def look_again(folder: Path) -> None:
    let_time_pass(folder)
    crawl(folder)


def kinds_of(folder: Path, site: Site) -> dict[str, str]:
    return {one["url"].removeprefix(site.url): one["kind"] for one in events(folder)}


def test_a_page_the_server_has_only_as_it_was_linked_is_asked_for_so(tmp_path: Path, site: Site) -> None:
    linked = "/2026/05/whole-query?utm_source=rss"
    site.pages |= {linked: article("Story as linked", "A boat came in."), "/rss.xml": feed_of(site.url, [linked])}
    folder = archive_at(tmp_path, site)
    crawl(folder)
    assert [one["url"] for one in pressmark(folder, "articles", "--json").json()] == [site.url + linked]
    said = pressmark(folder, "why", f"{site.url}/2026/05/whole-query").out
    assert said.startswith("MOVED as_linked") and linked in said
    assert [path for path in site.asked if "whole-query" in path] == ["/2026/05/whole-query", linked]


def assert_the_files_say_the_same(folder: Path) -> None:
    """What the catalog knows, due times and events too, is in the files."""
    before, told = due_times(folder), events(folder, "--all")
    checked = pressmark(folder, "db", "check", "--json")
    assert checked.code == 0, checked.all
    for file in folder.glob("catalog.sqlite3*"):
        file.unlink()
    assert pressmark(folder, "db", "rebuild").code == 0
    assert due_times(folder) == before
    assert events(folder, "--all") == told


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


def test_what_becomes_of_known_articles_is_found_and_told(tmp_path: Path, site: Site) -> None:
    """Three looks at a site where every article has a fate of its own; then the catalog is made again."""
    words = [f"Sentence {n} of a story about boats that came in with the tide." for n in range(12)]
    edited, gone, missing, home, walled, forbidden, dated, flapping, away = (f"/2026/05/{n}" for n in range(9))
    for path in (edited, gone, missing, home, walled, forbidden, dated, flapping, away):
        site.pages[path] = plain(f"Boats {path}", *words, f"The end of {path}.")
    site.pages["/rss.xml"] = feed_of(site.url, [f"/2026/05/{n}" for n in range(9)])
    folder, first = archive_at(tmp_path, site), dict(site.pages)
    crawl(folder)
    asked = len(site.asked)
    crawl(folder)
    assert Counter(site.asked[asked:]) == {"/rss.xml": 1}  # nothing else is due yet

    stamp = '<meta property="article:modified_time" content="2026-05-11T12:00:00Z"></head>'
    other = plain(f"Boats {flapping}", *words, "What the other half of the readers is shown.")
    site.pages |= {
        edited: plain("No boats at all", *words, f"The end of {edited}."),
        gone: Page("gone", 410),
        missing: Page("not here", 404),
        home: Page("", 302, {"Location": "/", "Content-Type": "text/html"}),
        away: Page("", 301, {"Location": edited, "Content-Type": "text/html"}),
        walled: plain(f"Boats {walled}", *words[:2], free=False),
        "/robots.txt": Page(f"User-agent: *\nDisallow: {forbidden}\n", headers={"Content-Type": "text/plain"}),
        dated: replace(site.pages[dated], body=site.pages[dated].body.replace("</head>", stamp)),
        flapping: other,
        "/": Page("<html><body><h1>Home</h1></body></html>"),
    }
    with robots_forgotten(folder):
        look_again(folder)
    assert kinds_of(folder, site) == {gone: "gone", walled: "paywalled", forbidden: "robots"}  # the others: not yet
    site.pages[flapping] = first[flapping]
    look_again(folder)
    expected = {gone: "gone", walled: "paywalled", forbidden: "robots", missing: "gone", home: "redirected"}
    assert kinds_of(folder, site) == expected
    rows = {row["url"]: row for row in events(folder)}
    assert rows[site.url + forbidden]["detail"]["rule"] == f"Disallow: {forbidden}"
    assert rows[site.url + missing]["detail"]["looks"] == "2" and rows[site.url + missing]["before"]

    site.pages[missing], site.pages[flapping] = first[missing], other
    look_again(folder)
    assert kinds_of(folder, site) == {path: kind for path, kind in expected.items() if path != missing}
    (back,) = [row for row in events(folder, "--all") if row["returned"]]
    assert back["url"] == site.url + missing

    changes = {
        path: [(row["revision"], row["change"]) for row in history(folder, site.url + path)]
        for path in (edited, walled, dated, flapping)
    }
    assert changes[edited] == [(1, None), (2, "new headline")]
    assert changes[walled][1][1].startswith("behind a paywall since")
    assert changes[dated] == [(1, None), (None, "only the date")]
    assert changes[flapping] == [(1, None), (2, "text changed"), (None, "shows now one text, now another")]
    shown = pressmark(folder, "article", "history", site.url + dated, "--json").json()
    assert [row["revision"] for row in shown] == [1]  # the small ones only with --minor
    assert_the_files_say_the_same(folder)


def test_rights_are_kept_as_of_capture_and_choose_what_is_handed_on(tmp_path: Path, site: Site) -> None:
    robots = f"User-agent: GPTBot\nDisallow: {STORIES[0]}\n"
    site.pages["/robots.txt"] = Page(robots, headers={"Content-Type": "text/plain"})
    page = site.pages[STORIES[1]]
    site.pages[STORIES[1]] = replace(page, headers={**page.headers, "tdm-reservation": "1"})
    folder = archive_at(tmp_path, site)
    crawl(folder)
    rights = {
        record["url"].removeprefix(site.url): record["rights"]
        for file in folder.glob("records/**/*.jsonl")
        for record in map(json.loads, file.read_text("utf-8").splitlines())
    }
    assert rights[STORIES[0]]["ai_disallowed"] == ["GPTBot"] and rights[STORIES[0]]["robots_txt"].startswith("<urn:")
    assert rights[STORIES[1]]["tdm_reservation"] == 1 and rights[STORIES[2]]["ai_disallowed"] == []
    for agent, left_out in (("gptbot", STORIES[:2]), ("CCBot", STORIES[1:2]), ("all", STORIES[:2])):
        listed = pressmark(folder, "articles", "--allowed-for", agent, "--json").json()
        assert sorted(row["url"].removeprefix(site.url) for row in listed) == [s for s in STORIES if s not in left_out]
    said = pressmark(folder, "export", "open.jsonl", "--allowed-for", "GPTBot", "--dedup", "none")
    assert said.code == 0 and len((folder / "open.jsonl").read_text("utf-8").splitlines()) == 4
    assert "no agent we ask" in pressmark(folder, "articles", "--allowed-for", "nobody").all
    assert pressmark(folder, "extract", "--all", "--compare").all.count("no difference") == 1


def test_crawl_due_looks_again_at_articles_without_asking_listings_before_their_time(
    tmp_path: Path, site: Site
) -> None:
    folder = archive_at(tmp_path, site, 'schedule = "every 1h"')
    assert in_a_process(folder, "crawl", "--due").code == 0
    why = pressmark(folder, "why", site.url + STORIES[0])
    assert "next look" in why.out
    asked = len(site.asked)
    assert in_a_process(folder, "crawl", "--due").code in (0, 9)
    assert site.asked[asked:] == []
    let_time_pass(folder)
    said = in_a_process(folder, "crawl", "--due")
    assert said.code == 0, said.all
    assert sorted(site.asked[asked:]) == sorted(STORIES)


def test_the_budget_of_a_run_leaves_the_others_for_the_next_and_new_articles_come_first(
    tmp_path: Path, site: Site
) -> None:
    folder = archive_at(tmp_path, site, "recheck_limit = 4")
    crawl(folder)
    let_time_pass(folder)
    site.pages["/2026/05/new"] = article("A new story", "A new boat came in.")
    site.pages["/rss.xml"] = feed_of(site.url, ["/2026/05/new", *STORIES])
    asked = len(site.asked)
    said = crawl(folder)
    assert len([path for path in site.asked[asked:] if path in STORIES]) == 4, said.all
    assert "/2026/05/new" in site.asked[asked:]
    crawl(folder)
    assert sorted(path for path in site.asked[asked:] if path in STORIES) == STORIES


def test_a_killed_recheck_tells_everything_once(tmp_path: Path, site: Site) -> None:
    folder = archive_at(tmp_path, site)
    crawl(folder)
    let_time_pass(folder)
    site.pages[STORIES[0]] = replace(site.pages[STORIES[0]], status=410)
    site.pages[STORIES[1]] = article("Story 1", "Boat 1 never came in.")
    for delay in (0.0, 0.2, 0.6, 1.0):
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
    assert_the_files_say_the_same(folder)


def test_an_article_that_its_feed_says_was_changed_is_looked_at_in_the_same_run(tmp_path: Path, site: Site) -> None:
    """The next look of an old story would be in weeks. The feed that says so of all its entries is not believed."""
    written = dict.fromkeys(STORIES, "2026-05-11T08:00:00Z")
    site.pages["/rss.xml"] = atom_of(site.url, written)
    folder = archive_at(tmp_path, site)
    crawl(folder)
    now = rfc3339(utc_now() + timedelta(hours=1))
    site.pages["/rss.xml"] = atom_of(site.url, dict.fromkeys(STORIES, now))
    crawl(folder)
    assert Counter(site.asked)["/rss.xml"] == 2 and {Counter(site.asked)[path] for path in STORIES} == {1}
    later = rfc3339(utc_now() + timedelta(hours=2))
    site.pages[STORIES[2]] = article("Story 2", "Boat 2 sank.")
    site.pages["/rss.xml"] = atom_of(site.url, dict.fromkeys(STORIES, now) | {STORIES[2]: later})
    said = crawl(folder)
    assert [Counter(site.asked)[path] for path in STORIES] == [1, 1, 2, 1, 1, 1], said.all
    assert [row["revision"] for row in history(folder, site.url + STORIES[2])] == [1, 2]
