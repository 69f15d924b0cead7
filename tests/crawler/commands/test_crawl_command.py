"""`pressmark crawl`, `fetch` and `run stop`, as processes of their own, against publishers on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from crawler.demo import DemoServer, run_demo
from tests.crawler.cli_harness import (
    LOOPBACK,
    NO_DELAY,
    Said,
    in_a_process,
    new_archive,
    pressmark,
    process_environment,
)
from tests.crawler.tiny_site import Page, Site, article, feed_of, tiny_site

pytestmark = pytest.mark.long

MANY = 40  # more than a run fetches while commands are typed beside it, one every 0.7 seconds
REGATTA = "/sport/2026/05/spring-regatta.html"


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoServer]:
    with run_demo() as server:
        yield server


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A feed of eight articles, one of many, and one of six pages without text."""
    stories = {f"/story-{number}": article(f"Story {number}", f"Boat {number} came in.") for number in range(MANY)}
    bare = {f"/bare-{number}": Page("<html><body><div id='app'></div></body></html>") for number in range(6)}
    with tiny_site({**stories, **bare}) as served:
        served.pages["/rss.xml"] = feed_of(served.url, list(stories)[:8])
        served.pages["/many.xml"] = feed_of(served.url, list(stories))
        served.pages["/bare.xml"] = feed_of(served.url, list(bare))
        yield served


def source(name: str, url: str, kind: str = "feed", **more: object) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"name": name, "kind": kind, "url": url, **more}.items()]
    return "[[source]]\n" + "\n".join(lines) + "\n"


def archive_of(folder: Path, *sources: str) -> Path:
    return new_archive(folder, NO_DELAY + "".join(sources), LOOPBACK + 'retry_wait = "0.2s"\n')


def stored(folder: Path) -> list[str]:
    found = [path.read_text("utf-8").splitlines() for path in sorted(folder.glob("records/**/*.jsonl"))]
    return [json.loads(line)["url"] for lines in found for line in lines]


# -- what is crawled


@dataclass(frozen=True)
class TwoRuns:
    """A first run that only kept pages, `extract`, and a second run over two sources; what was stored after each."""

    kept: Said
    stored_by_kept: list[str]
    extracted: Said
    stored_by_extract: list[str]
    compared: Said
    second: Said
    stored_by_second: list[str]


@pytest.fixture(scope="module")
def runs_of_two_sources(tmp_path_factory: pytest.TempPathFactory, site: Site) -> TwoRuns:
    sources = (source("tiny", f"{site.url}/rss.xml", limit=3), source("bare", f"{site.url}/bare.xml"))
    folder = archive_of(tmp_path_factory.mktemp("runs"), *sources)
    kept = in_a_process(folder, "crawl", "tiny", "--no-read", "--limit", "2", "--json")
    after_kept = stored(folder)
    extracted = pressmark(folder, "extract", "--all", "--apply")
    after_extract = stored(folder)
    compared = pressmark(folder, "extract", "--all", "--compare")
    second = in_a_process(folder, "crawl", "--all")
    return TwoRuns(kept, after_kept, extracted, after_extract, compared, second, stored(folder))


def test_a_run_with_a_limit_stops_there_and_reports_in_json(runs_of_two_sources: TwoRuns) -> None:
    said = runs_of_two_sources.kept
    assert said.code == 0, said.all
    report = said.json()
    assert (report["counts"]["stored"], report["counts"]["listings"], report["error"]) == (2, 1, None)
    assert [one["problems"] for one in report["files"]] == [[]]


def test_no_read_only_keeps_pages_and_extract_reads_them_later(runs_of_two_sources: TwoRuns, site: Site) -> None:
    assert runs_of_two_sources.stored_by_kept == []
    assert runs_of_two_sources.extracted.code == 0, runs_of_two_sources.extracted.all
    assert sorted(runs_of_two_sources.stored_by_extract) == [f"{site.url}/story-0", f"{site.url}/story-1"]
    assert "2 pages read again: no difference" in runs_of_two_sources.compared.err


def test_the_next_run_goes_on_as_far_as_the_source_s_own_limit(runs_of_two_sources: TwoRuns) -> None:
    assert "3 articles stored" in runs_of_two_sources.second.out, runs_of_two_sources.second.all
    urls = runs_of_two_sources.stored_by_second
    assert len(urls) == len(set(urls)) == 5


def test_a_listed_word_makes_a_page_suspect_and_leaves_its_text(tmp_path: Path, site: Site) -> None:
    folder = archive_of(tmp_path, source("tiny", f"{site.url}/rss.xml", limit=2))
    settings = folder / "pressmark.toml"
    plain = settings.read_text("utf-8")
    settings.write_text(plain + '[reading]\nworkers = 1\nwords = ["words.txt"]\n', "utf-8")
    for command in (("crawl", "tiny"), ("config", "check"), ("articles",)):
        said = pressmark(folder, *command)
        assert said.code == 4 and f"{settings}: reading.words: no file {folder / 'words.txt'}" in said.err
    (folder / "words.txt").write_bytes("太阳城\n".encode("gbk"))
    assert f"reading.words: {folder / 'words.txt'} is not UTF-8" in pressmark(folder, "config", "check").err
    (folder / "words.txt").write_text("# boats we look for\nboat 1\n", "utf-8")
    said = in_a_process(folder, "crawl", "tiny")
    assert said.code == 0, said.all
    records = [json.loads(line) for path in folder.glob("records/**/*.jsonl") for line in path.open(encoding="utf-8")]
    verdicts = {record["url"].rpartition("/")[2]: record["integrity"] for record in records}
    assert verdicts["story-0"]["verdict"] == "clean"
    assert verdicts["story-1"]["verdict"] == "suspect" and not verdicts["story-1"]["spans"]
    assert verdicts["story-1"]["reasons"][0].startswith('listed word "boat 1", ')
    assert verdicts["story-1"]["reasons"][0].endswith(" (words.txt:2)")
    (text,) = [record["text"] for record in records if record["url"].endswith("story-1")]
    assert "Boat 1 came in." in text
    assert "2 pages read again: no difference" in pressmark(folder, "extract", "--compare").err
    assert 'listed word "boat 1"' in pressmark(folder, "why", f"{site.url}/story-1").out
    settings.write_text(plain, "utf-8")
    (row,) = [row for row in pressmark(folder, "extract", "--compare", "--json").json() if "story-1" in row["url"]]
    assert {"extraction.config_hash", "integrity.verdict", "integrity.reasons"} <= set(row["fields"])
    assert "text" not in row["fields"]


def test_a_source_without_text_is_a_warning_with_the_command_that_helps(runs_of_two_sources: TwoRuns) -> None:
    said = runs_of_two_sources.second
    assert 'warning[empty-extraction]: 6 of 6 pages of "bare" gave no text' in said.out, said.all
    assert "pressmark extract --source bare --profile recall --compare" in said.out


def test_crawling_a_url_needs_no_configuration_and_makes_a_folder_named_after_the_site(
    tmp_path: Path, site: Site
) -> None:
    asked = len(site.asked)
    said = in_a_process(tmp_path, "crawl", f"{site.url}/rss.xml", "--limit", "1", PRESSMARK_CRAWL__ALLOW_PRIVATE="true")
    assert said.code == 0, said.all
    assert said.out.startswith("Created 127.0.0.1/ for what is kept")
    assert said.out.endswith("Next:  pressmark -C 127.0.0.1 articles --run last\n")  # where who typed it still stands
    assert len(stored(tmp_path / "127.0.0.1")) == 1
    assert site.asked[asked:] == ["/robots.txt", "/rss.xml", "/story-0"]  # a feed needs no search for feeds


def test_fetch_shows_one_page_as_it_was_kept(tmp_path: Path, demo: DemoServer) -> None:
    folder = archive_of(tmp_path)
    said = in_a_process(folder, "fetch", demo.home + REGATTA, "--show", "json")
    assert said.code == 0, said.all
    assert said.json()["headline"] == "Lantern Street eight win the spring regatta by a bow ball"
    assert stored(folder) == [demo.home + REGATTA]
    assert f"pressmark why {demo.home}{REGATTA}" in said.err


# -- what cannot be crawled


def test_an_unknown_source_is_not_found_and_the_nearest_name_is_offered(tmp_path: Path) -> None:
    said = pressmark(archive_of(tmp_path, source("daily", "http://daily.example/rss.xml")), "crawl", "dialy")
    assert said.code == 5
    assert 'error[not-found]: no source "dialy" in sources.toml' in said.err
    assert 'did you mean "daily"?' in said.err


def test_without_sources_the_next_step_is_to_add_one(tmp_path: Path) -> None:
    said = pressmark(archive_of(tmp_path), "crawl", "--all")
    assert said.code == 5
    assert "error[not-found]: sources.toml names no source" in said.err
    assert "hint: pressmark source add URL" in said.err


def test_of_several_sources_some_have_to_be_named(tmp_path: Path) -> None:
    two = (source("one", "http://one.example/rss.xml"), source("two", "http://two.example/rss.xml"))
    said = pressmark(archive_of(tmp_path, *two), "crawl")
    assert said.code == 2
    assert "which of 2 sources?" in said.err and "pressmark crawl --all, or name some: one two" in said.err


def test_a_run_that_never_was_cannot_be_resumed(tmp_path: Path) -> None:
    folder = archive_of(tmp_path, source("daily", "http://daily.example/rss.xml"))
    said = pressmark(folder, "crawl", "--resume", "2020-01-01")
    assert said.code == 5
    assert 'no run "2020-01-01"' in said.err


def test_a_full_disk_is_found_before_anything_is_fetched(tmp_path: Path, site: Site) -> None:
    folder = archive_of(tmp_path, source("tiny", f"{site.url}/rss.xml"))
    asked = len(site.asked)
    said = in_a_process(folder, "crawl", "tiny", PRESSMARK_CRAWL__DISK_MIN_FREE="900TB")
    assert said.code == 3
    assert "error[disk-full]" in said.err and "nothing was fetched" in said.err
    assert len(site.asked) == asked
    assert not list(folder.glob("warc/**/*"))


def test_robots_txt_that_denies_the_only_page_is_cited_with_its_line(tmp_path: Path, demo: DemoServer) -> None:
    asked = len(demo.log)
    folder = archive_of(tmp_path, source("denied", f"{demo.hosts['odd']}/private/desk", "urls"))
    said = in_a_process(folder, "crawl", "denied")
    assert said.code == 9
    assert "error[robots]" in said.err and '(line 3: "Disallow: /private/")' in said.err
    assert [one.url for one in demo.log[asked:]] == [f"{demo.hosts['odd']}/robots.txt"]


def test_a_private_address_is_refused_unless_it_is_allowed(tmp_path: Path, site: Site) -> None:
    folder = archive_of(tmp_path, source("tiny", f"{site.url}/rss.xml"))
    asked = len(site.asked)
    said = in_a_process(folder, "crawl", "tiny", PRESSMARK_CRAWL__ALLOW_PRIVATE="false")
    assert said.code == 9
    assert "error[run-failed]: nothing was stored: the URL failed (private address)" in said.err
    assert "hint: if this host is yours: allow_private = true under [crawl]" in said.err
    assert len(site.asked) == asked


# -- one writer, and the end of a run


@dataclass
class Running:
    """A crawl at work: one article a second, so that there is something left when it is stopped."""

    process: subprocess.Popen[str]
    folder: Path

    def ended(self) -> Said:
        out, err = self.process.communicate(timeout=60)
        return Said(self.process.returncode, out, err)


@pytest.fixture
def running(tmp_path: Path, site: Site) -> Iterator[Running]:
    folder = archive_of(tmp_path, source("tiny", f"{site.url}/many.xml", delay=0.7))
    process = subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", "crawl", "tiny"],
        cwd=folder,
        env=process_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    asked = len(site.asked)
    try:
        wait_until(lambda: any(path.startswith("/story") for path in site.asked[asked:]))
        yield Running(process, folder)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def wait_until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def runs(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pressmark(folder, "run", "list", "--json").json()
    return found


def test_a_second_writer_is_refused_by_name_and_ctrl_c_leaves_a_run_that_can_go_on(
    running: Running, site: Site
) -> None:
    refused = in_a_process(running.folder, "crawl", "tiny")
    assert refused.code == 6
    assert "error[locked]" in refused.err and str(running.process.pid) in refused.err

    os.kill(running.process.pid, signal.SIGINT)
    stopped = running.ended()
    assert stopped.code == 11, stopped.all
    assert "error[interrupted]: the run was stopped; everything fetched is kept" in stopped.err
    assert "verified)" in stopped.out
    (run,) = runs(running.folder)
    assert f"pressmark crawl --resume {run['run']}" in stopped.err
    before = stored(running.folder)
    assert len(before) < MANY

    (running.folder / "sources.toml").write_text(NO_DELAY + source("tiny", f"{site.url}/many.xml"), "utf-8")
    asked = len(site.asked)
    resumed = in_a_process(running.folder, "crawl", "--resume", run["run"])
    assert resumed.code == 0, resumed.all
    assert sorted(stored(running.folder)) == sorted(f"{site.url}/story-{number}" for number in range(MANY))
    assert "/many.xml" not in site.asked[asked:]  # what was left over, and nothing else
    assert not {f"{site.url}{path}" for path in site.asked[asked:]} & set(before)


def test_ctrl_c_twice_stops_at_once_and_loses_nothing(running: Running, site: Site) -> None:
    asked, quick = len(site.asked), dict(site.pages)
    site.pages |= {path: replace(page, slow_seconds=40.0) for path, page in quick.items() if path.startswith("/story")}
    # A request that a clean stop would wait for.
    wait_until(lambda: len([path for path in site.asked[asked:] if path.startswith("/story")]) >= 2)
    began = time.monotonic()
    while running.process.poll() is None:  # twice; one more, where the first two were heard as one
        os.kill(running.process.pid, signal.SIGINT)
        time.sleep(0.3)
    stopped = running.ended()
    assert time.monotonic() - began < 30
    assert stopped.code == 11 and "error[interrupted]: the run was stopped at once; everything" in stopped.err
    assert pressmark(running.folder, "db", "check", "--json").code == 0
    before = stored(running.folder)
    assert before and stored(running.folder) == sorted(set(before))
    site.pages |= quick
    (running.folder / "sources.toml").write_text(NO_DELAY + source("tiny", f"{site.url}/many.xml"), "utf-8")
    (run,) = runs(running.folder)
    assert in_a_process(running.folder, "crawl", "--resume", run["run"]).code == 0
    assert sorted(stored(running.folder)) == sorted(f"{site.url}/story-{number}" for number in range(MANY))


def test_run_stop_ends_a_crawl_from_elsewhere(running: Running) -> None:
    said = pressmark(running.folder, "run", "stop", "last", "--wait", "0")
    assert f"(pid {running.process.pid}) to stop" in said.out, said.all
    assert running.ended().code == 11
    (run,) = runs(running.folder)
    assert (run["exit_code"], run["reason"]) == (11, "shutdown")
    again = pressmark(running.folder, "run", "stop", "last")
    assert again.code == 0 and "has ended already" in again.out


def test_robots_txt_is_asked_for_once_a_day_or_with_refetch(tmp_path: Path, site: Site) -> None:
    folder = archive_of(tmp_path, source("tiny", f"{site.url}/rss.xml"))
    asked = []
    for more in ((), (), ("--refetch",)):
        before = len(site.asked)
        assert in_a_process(folder, "crawl", "tiny", *more).code == 0
        asked.append(site.asked[before:].count("/robots.txt"))
    assert asked == [1, 0, 1]
    assert [run["command"] for run in runs(folder)][:2] == ["pressmark crawl tiny --refetch", "pressmark crawl tiny"]
