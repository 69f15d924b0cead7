"""`pressmark demo`: what it may replace, what it says, and that it is what the publisher planned."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import sleep

import pytest

from archive.answers import integrity
from archive.archive import open_archive
from archive.catalog.outcomes import Skipped
from archive.custody.audit import audit_files
from archive.model import Run
from crawler.config.config_file import load_settings
from crawler.demo.tour import LARGE_BYTES, MARKER, SLOW_SECONDS, Crawled, Shown, prepare, shown_lines, tour
from tests.crawler.cli_harness import pressmark, process_environment

NOW = datetime(2026, 5, 11, 8, tzinfo=UTC)


def test_demo_leaves_a_folder_alone_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "demo-archive").mkdir()
    (tmp_path / "demo-archive/thesis.txt").write_text("years of work")
    said = pressmark(tmp_path, "demo")
    assert said.code == 2
    assert "was not made by pressmark demo" in said.err
    assert (tmp_path / "demo-archive/thesis.txt").read_text() == "years of work"


def test_demo_leaves_an_archive_alone_also_where_it_is_named_by_hand(tmp_path: Path) -> None:
    pressmark(tmp_path, "init", "news")
    before = sorted((tmp_path / "news").rglob("*"))
    assert pressmark(tmp_path, "demo", "--dir", "news").code == 2
    assert sorted((tmp_path / "news").rglob("*")) == before


def test_demo_replaces_what_an_earlier_demo_made(tmp_path: Path) -> None:
    prepare(tmp_path / "demo-archive")
    (tmp_path / "demo-archive/warc/old.warc.gz").write_bytes(b"old")
    prepare(tmp_path / "demo-archive")
    assert (tmp_path / "demo-archive" / MARKER).is_file()
    assert not (tmp_path / "demo-archive/warc/old.warc.gz").exists()


def test_the_tours_settings_are_settings_and_its_limits_are_met(tmp_path: Path) -> None:
    prepare(tmp_path / "demo-archive")
    crawl = load_settings(tmp_path / "demo-archive", {}).crawl
    assert crawl.allow_private
    assert crawl.timeout < SLOW_SECONDS
    assert crawl.max_size < LARGE_BYTES


def _crawled(outcomes: dict[tuple[str, str | None], int], left: tuple[Skipped, ...]) -> Crawled:
    run = Run("2026-05-11T08-00", "crawl", NOW, "pressmark crawl --all", "0", "x", 1, "vega")
    return Crawled(run, outcomes, left, requests=89, bytes=5_300_000)


def _left(kind: str, reason: str, path: str) -> Skipped:
    return Skipped(f"http://127.0.0.18:8000{path}", "odd", "r", kind, reason, None, 0, NOW, None, {})  # type: ignore[arg-type]


def _shown(problems: tuple[str, ...] = ()) -> Shown:
    first = _crawled(
        {("stored", "new"): 46, ("listed", None): 17, ("skipped", "robots"): 1, ("failed", "gone"): 3},
        (
            _left("skipped", "robots", "/private/desk"),
            *(_left("failed", "gone", f"/gone/{number}") for number in range(3)),
        ),
    )
    second = _crawled({("stored", "new"): 8, ("stored", "changed"): 10, ("unchanged", "not_modified"): 36}, ())
    return Shown(
        folder=Path("demo-archive"),
        seconds=41.3,
        crawls=(first, second),
        articles=54,
        changed=(("a_rq6zce26ra", "Harbour ferry to run until one"),),
        cleaned=Counter(nav=180, footer=155),
        injected=4,
        hijacked=2,
        files=2,
        records=556,
        problems=problems,
    )


def test_the_summary_has_numbers_reasons_examples_and_where_to_look() -> None:
    lines = list(shown_lines(_shown()))
    assert "articles stored                 46          8" in lines
    assert "articles changed                 0         10" in lines
    assert "    1 robots               127.0.0.18/private/desk" in lines
    assert "    3 gone                 127.0.0.18/gone/0, 127.0.0.18/gone/1 and 1 more" in lines
    assert "cleaned: 335 blocks were left out of the texts of 54 articles" in lines
    assert "  180 nav · 155 footer" in lines
    assert "verified: 2 WARC files, 556 records, every digest is right" in lines
    assert "  pressmark -C demo-archive why http://127.0.0.18:8000/private/desk" in lines
    assert "  pressmark -C demo-archive article diff a_rq6zce26ra" in lines


def test_who_ran_the_demo_by_its_path_is_told_how_to_type_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert list(shown_lines(_shown()))[-1].endswith(f"{sys.prefix}/bin/activate)")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert list(shown_lines(_shown()))[-1] == "  pressmark -C demo-archive warc verify"


def test_a_problem_is_never_called_right() -> None:
    text = "\n".join(shown_lines(_shown(("x.warc.gz: digest differs",))))
    assert "1 PROBLEMS" in text
    assert "every digest is right" not in text


def test_two_crawls_of_one_paper_with_a_night_in_between(tmp_path: Path) -> None:
    folder = tmp_path / "demo-archive"
    prepare(folder)
    said: list[str] = []
    shown = tour(folder, said.append, only=("gongyou",))
    first, second = shown.crawls
    assert first.outcomes[("stored", "new")] == 5
    assert second.outcomes[("stored", "changed")] >= 3  # the site was hijacked overnight
    assert first.run.run_id != second.run.run_id
    assert shown.files == 2
    assert shown.problems == ()
    assert shown.cleaned
    assert shown.changed
    with open_archive(folder) as archive:  # the tour counts what the report lists, however each was found
        assert shown.hijacked == len(list(integrity.pages(archive.catalog))) == 4
    assert any("crawl gongyou --refetch" in line for line in said)
    assert not any("PROBLEM" in line for line in shown_lines(shown))
    assert [found.findings for found in audit_files(sorted(folder.glob("warc/**/*.warc.gz")))] == [(), ()]


def test_a_tour_that_is_stopped_lets_its_crawl_end_cleanly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "crawler.cli", "demo"]
    tour = subprocess.Popen(
        command, cwd=tmp_path, env=process_environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    warc = tmp_path / "demo-archive" / "warc"
    while tour.poll() is None and not any(warc.rglob("*.open")):
        sleep(0.05)
    os.killpg(tour.pid, signal.SIGINT)  # as a terminal does: to both
    said = tour.communicate(timeout=60)[1]
    assert tour.returncode == 11, said
    assert "the tour was stopped; demo-archive/ holds what was crawled by then" in said
    assert not any(warc.rglob("*.open"))
    assert pressmark(tmp_path, "-C", "demo-archive", "warc", "verify").code == 0
