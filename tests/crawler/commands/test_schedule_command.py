"""`crawl --due` and `pressmark schedule`: real processes, killed at bad moments."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.archive import open_archive, writing
from archive.catalog import runs
from archive.jsonl import read_json_lines
from archive.model import Run
from crawler.config.config_file import load_settings, load_sources
from crawler.crawl.rows import new_run, write_row
from crawler.schedule.due import due_now
from crawler.timers.worker import backoff_seconds
from tests.crawler.cli_harness import PROJECT, in_a_process, new_archive, pressmark, process_environment
from tests.crawler.polled_site import PolledSite, polled_site

SETTINGS = '[crawl]\nallow_private = true\ncontact = "desk@example.org"\nretries = 0\n[reading]\nworkers = 0\n'
pytestmark = pytest.mark.long


def source(site: PolledSite, name: str = "honest", schedule: str = "every 1h", **more: str) -> str:
    lines = "".join(f"{key} = {value}\n" for key, value in more.items())
    return (
        f'[[source]]\nname = "{name}"\nkind = "feed"\nurl = "{site.urls[name]}/{name}.xml"\n'
        f'schedule = "{schedule}"\ndelay = 0.0\n{lines}\n'
    )


def rows(folder: Path, kind: str | None = None) -> list[Run]:
    with open_archive(folder) as archive:
        return list(reversed(runs.list_runs(archive.catalog, kind=kind)))


def move_due(folder: Path, by: timedelta) -> None:
    """Let time pass, for what is due: the same as a clock that runs ahead, seen from the schedule."""
    micros = int(by.total_seconds() * 1e6)
    with open_archive(folder) as archive, archive.catalog.transaction() as conn:
        for table in ("urls", "queues"):
            conn.exec_driver_sql(f"UPDATE {table} SET due_at = due_at - {micros} WHERE due_at IS NOT NULL")


@pytest.fixture(scope="module")
def site() -> Iterator[PolledSite]:
    with polled_site(honest=3, fickle=3) as served:
        yield served


@pytest.fixture(scope="module")
def due_runs(tmp_path_factory: pytest.TempPathFactory, site: PolledSite) -> tuple[Path, list[str]]:
    """An archive after: due, not due, locked, five hours off; and what each command said."""
    paused = source(site, "fickle", paused="true")
    folder = new_archive(tmp_path_factory.mktemp("due"), source(site) + paused, SETTINGS)
    said = [in_a_process(folder, "crawl", "--due").all, pressmark(folder, "crawl", "--due").all]
    move_due(folder, timedelta(minutes=65))
    with writing(folder, command="pressmark extract --all", now=datetime.now(UTC), run="r-other"):
        said += [in_a_process(folder, "crawl", "--due").all, in_a_process(folder, "crawl", "--due").all]
    said.append(in_a_process(folder, "crawl", "--due").all)
    with open_archive(folder) as archive, archive.catalog.transaction() as conn:
        conn.exec_driver_sql("UPDATE runs SET started_at = started_at - 36000000000, ended_at = ended_at - 36000000000")
    move_due(folder, timedelta(hours=5, minutes=30))
    said.append(in_a_process(folder, "crawl", "--due").all)
    return folder, said


def test_only_what_is_due_is_crawled_and_where_nothing_is_there_is_no_run(due_runs: tuple[Path, list[str]]) -> None:
    folder, said = due_runs
    assert "3 articles stored" in said[0]
    assert said[1].startswith("nothing is due; next at ")
    assert [run.kind for run in rows(folder)].count("crawl") == 3


def test_a_due_time_another_run_was_in_the_way_of_is_a_row_once(due_runs: tuple[Path, list[str]]) -> None:
    folder, said = due_runs
    (row,) = rows(folder, "skipped")
    assert row.reason is not None
    assert row.reason.startswith(f"honest: this archive is being written by pid {os.getpid()} (pressmark extract --all")
    assert said[2].startswith("skipped: honest: this archive")
    assert (row.exit_code, row.ended_at is not None) == (6, True)


def test_due_times_that_went_by_are_a_row_with_their_number_and_reason(due_runs: tuple[Path, list[str]]) -> None:
    folder, said = due_runs
    assert "Done" in said[-1], said[-1]
    (row,) = rows(folder, "missed")
    assert row.reason is not None
    assert row.reason.startswith("honest was not asked 4 times from ")
    assert row.reason.endswith("the machine was off, or nothing ran `pressmark crawl --due`")
    assert row.command == "pressmark crawl --due"


def test_rows_of_what_was_not_done_come_back_from_the_logs(due_runs: tuple[Path, list[str]]) -> None:
    folder, _ = due_runs
    before = {(run.run_id, run.kind, run.reason, run.exit_code) for run in rows(folder)}
    said = pressmark(folder, "db", "rebuild")
    assert said.code == 0, said.all
    assert {(run.run_id, run.kind, run.reason, run.exit_code) for run in rows(folder)} == before


def test_schedule_list_says_it_in_words_and_to_programs(due_runs: tuple[Path, list[str]]) -> None:
    folder, _ = due_runs
    said = pressmark(folder, "schedule", "list")
    assert "every 1h" in said.out
    assert "paused" in said.out
    assert "started by: nobody yet" in said.err
    honest, fickle = pressmark(folder, "schedule", "list", "--json").json()
    assert (honest["state"], fickle["state"], fickle["next"]) == ("waiting", "paused", None)
    assert (honest["listings"], honest["shortest_interval_seconds"]) == (1, 3600.0)
    assert honest["last"] < honest["next"] and fickle["last"] is None


def test_an_edited_schedule_holds_from_the_next_look_on(tmp_path: Path, site: PolledSite) -> None:
    folder = new_archive(tmp_path, source(site, schedule="manual", recheck="[]"), SETTINGS)
    assert "nothing will be" in pressmark(folder, "crawl", "--due").all
    assert in_a_process(folder, "crawl", "honest").code == 0
    now = datetime.now(UTC)

    def look(schedule: str, after: timedelta) -> list[str]:
        (folder / "sources.toml").write_text(source(site, schedule=schedule, recheck="[]"))
        with open_archive(folder) as archive:
            found = due_now(archive, load_sources(folder / "sources.toml"), now + after)
        return [one.name for one in found.sources]

    assert look("manual", timedelta(days=99)) == []
    assert look("every 2h", timedelta(hours=1)) == []
    assert look("every 10m", timedelta(hours=1)) == ["honest"]
    assert look("every 2h", timedelta(hours=1)) == []
    assert look("every 2h", timedelta(hours=3)) == ["honest"]
    assert look("manual", timedelta(hours=3)) == []
    (folder / "sources.toml").write_text(source(site, schedule="every 2h", recheck="[]").replace(".xml", ".xml?more=1"))
    with open_archive(folder) as archive:  # another address in it is due at once
        found = due_now(archive, load_sources(folder / "sources.toml"), now)
    assert [one.name for one in found.sources] == ["honest"]


def test_due_times_that_another_row_explains_are_not_told_as_missed(tmp_path: Path, site: PolledSite) -> None:
    folder = new_archive(tmp_path, source(site), SETTINGS)
    assert in_a_process(folder, "crawl", "honest").code == 0
    now, sources = datetime.now(UTC), load_sources(folder / "sources.toml")
    with open_archive(folder) as archive:

        def missed_after_a_row(at: datetime) -> tuple[str, ...]:
            row = new_run(load_settings(folder), at, kind="skipped", command="pressmark crawl --due")
            write_row(archive, row, "honest: this archive is being written by pid 1")
            return due_now(archive, sources, now + timedelta(hours=5, minutes=30)).missed

        (missed,) = missed_after_a_row(now + timedelta(minutes=30))  # the first slot came after it
        assert missed.startswith("honest was not asked 4 times from ")
        assert missed_after_a_row(now + timedelta(hours=2)) == ()


# -- install


def test_install_shows_what_it_would_write_and_writes_nothing_unasked(tmp_path: Path) -> None:
    folder = new_archive(tmp_path)
    for option in ("--systemd", "--cron"):
        shown = pressmark(folder, "schedule", "install", option, "--user", "--dry-run")
        assert shown.code == 0, shown.all
        assert f"# pressmark archive: {folder}" in shown.out
        assert "crawl --due" in shown.out
        refused = pressmark(folder, "schedule", "install", option, "--user")
        assert (refused.code, "--dry-run" in refused.err) == (2, True), refused.all
    assert pressmark(folder, "schedule", "remove", "-y").code == 5


def test_units_of_a_user_are_written_listed_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    archives = [new_archive(one), new_archive(two)]  # both are named "news"
    for folder in archives:
        said = pressmark(folder, "schedule", "install", "--systemd", "--user", "-y")
        assert said.code == 0, said.all
    units = tmp_path / "config" / "systemd" / "user"
    assert len(list(units.glob("pressmark-news*.timer"))) == len(list(units.glob("pressmark-news*.service"))) == 2
    assert "systemd timer of the user" in pressmark(archives[0], "schedule", "list").err
    again = pressmark(archives[0], "schedule", "install", "--systemd", "--user", "-y")
    assert again.code == 0
    assert len(list(units.iterdir())) == 4
    assert pressmark(archives[0], "schedule", "remove", "-y").code == 0
    assert len(list(units.iterdir())) == 2
    assert pressmark(archives[1], "schedule", "remove", "-y").code == 0
    assert list(units.iterdir()) == []


# -- the worker


@contextmanager
def worker(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crawler.commands.schedule_worker", str(folder)],
        cwd=PROJECT,
        env=process_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def wait_for(what: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def stored(folder: Path) -> list[str]:
    return sorted(one["url"] for path in folder.glob("records/**/*.jsonl") for one in read_json_lines(path))


def children(folder: Path, kind: str) -> list[dict[str, object]]:
    logs = [list(read_json_lines(path)) for path in sorted(folder.glob("runs/*.jsonl"))]
    return [line for lines in logs for line in lines if line["type"] == kind]


def wait_for_two_looks(folder: Path) -> None:
    seen: set[datetime | None] = set()
    wait_for(lambda: seen.add(rows(folder, "schedule")[0].heartbeat_at) or len(seen) > 2)


def test_a_worker_crawls_what_is_due_and_stops_cleanly(tmp_path: Path) -> None:
    with polled_site(honest=3) as site:
        folder = new_archive(tmp_path, source(site), SETTINGS)
        with worker(folder) as process:
            wait_for(lambda: children(folder, "ended"))
            assert len(stored(folder)) == 3
            second = subprocess.run(
                [sys.executable, "-m", "tests.crawler.commands.schedule_worker", str(folder)],
                cwd=PROJECT, env=process_environment(), capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert f"this archive is looked after by pid {process.pid}" in second.stderr
            listed = pressmark(folder, "schedule", "list").err
            assert f"started by: pid {process.pid} (" in listed and "Next:  pressmark run list" in listed
            site.stories["honest"] = 4
            move_due(folder, timedelta(minutes=61))
            wait_for(lambda: len(stored(folder)) == 4)
            wait_for(lambda: len(children(folder, "ended")) == 2)
            edited = (folder / "sources.toml").read_text()
            for mistake in ("kund", "limitt"):
                (folder / "sources.toml").write_text(f"{edited}{mistake} = 1\n")
                wait_for(lambda named=mistake: named in str(children(folder, "config")))
                wait_for_two_looks(folder)  # it goes on, with the sources as they were
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    assert [str(line["words"])[:38] for line in children(folder, "config")] == [
        "sources.toml is as it was before: sour"
    ] * 2
    (row,) = rows(folder, "schedule")
    assert (row.exit_code, row.reason) == (0, "stopped")
    started, ended = children(folder, "started")[0], children(folder, "ended")[0]
    assert (started["sources"], ended["exit_code"], ended["pid"]) == (["honest"], 0, started["pid"])
    assert [run.exit_code for run in rows(folder, "crawl")] == [0, 0]


def test_a_worker_whose_crawl_finds_another_run_at_work_does_not_say_it_crawled(tmp_path: Path) -> None:
    with polled_site(honest=1) as site:
        folder = new_archive(tmp_path, source(site), SETTINGS)
        with writing(folder, command="pressmark extract --all", now=datetime.now(UTC)), worker(folder):
            wait_for(lambda: children(folder, "ended"))
            assert stored(folder) == []
    assert str(children(folder, "ended")[0]["words"]).startswith("nothing was crawled: another run had the archive")


def test_sigterm_lets_the_crawl_of_the_moment_end_cleanly(tmp_path: Path) -> None:
    with polled_site(honest=60) as site:
        site.delay_seconds = 0.3
        folder = new_archive(tmp_path, source(site), SETTINGS)
        with worker(folder) as process:
            wait_for(lambda: stored(folder))
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
    (crawl,) = rows(folder, "crawl")
    assert crawl.exit_code == 11
    assert 0 < len(stored(folder)) < 60
    assert list(folder.glob("warc/**/*.open")) == []


@pytest.mark.timeout(300)  # the suite's other half may be busy
def test_kill_9_of_the_worker_and_of_its_crawl_loses_and_repeats_nothing(tmp_path: Path) -> None:
    with polled_site(honest=24) as site:
        site.delay_seconds = 0.5  # until both are killed: the crawl must not come to its end before
        folder = new_archive(tmp_path, source(site), SETTINGS)
        with worker(folder) as first:  # the worker is killed in the middle of a crawl, which goes on
            wait_for(lambda: len(stored(folder)) >= 2)
            first.kill()
            first.wait()
        with worker(folder):  # then the crawl itself
            wait_for(lambda: len(stored(folder)) >= 6)
            (crawling,) = [run for run in rows(folder, "crawl") if run.ended_at is None]
            os.kill(crawling.pid, signal.SIGKILL)
            site.delay_seconds = 0.0
            wait_for(lambda: len(stored(folder)) == 24, 150)
            wait_for(lambda: all(run.ended_at for run in rows(folder, "crawl")))
        asked = [one.path for one in site.asked if one.path.startswith("/honest/")]
    urls = stored(folder)
    assert len(urls) == len(set(urls)) == 24
    assert len(asked) <= 24 + 4  # what was in flight when it died
    dead, alive = rows(folder, "schedule")
    assert (dead.reason, alive.reason) == ("process gone", "stopped")
    assert pressmark(folder, "warc", "verify").code == 0
    assert pressmark(folder, "db", "check").code == 0, pressmark(folder, "db", "check").all


def test_a_crawl_that_fails_before_it_begins_is_a_row_and_is_tried_again_later(
    tmp_path: Path, site: PolledSite
) -> None:
    folder = new_archive(tmp_path, source(site), SETTINGS)
    with worker(folder) as process:
        wait_for(lambda: children(folder, "ended"))
        (folder / "pressmark.toml").write_text("[crawl]\nconcurency = 1\n")  # whoever edits it saves it half done
        move_due(folder, timedelta(minutes=61))
        wait_for(lambda: len(children(folder, "failed")) >= 2)
        assert process.poll() is None
        (folder / "pressmark.toml").write_text(SETTINGS)
        wait_for(lambda: len(children(folder, "ended")) >= 2)
    failed = rows(folder, "skipped")
    assert failed[0].exit_code == 4
    assert failed[0].reason is not None
    assert failed[0].reason.startswith("pressmark crawl --due ended with exit code 4 after")


def test_failed_crawls_are_tried_again_after_a_minute_and_at_most_an_hour() -> None:
    assert [backoff_seconds(n) for n in (0, 1, 2, 3, 7, 99)] == [0, 60, 120, 240, 3600, 3600]
