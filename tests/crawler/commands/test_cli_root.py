"""The root of the command: its help, its global options, its exit codes, and how it ends when it is stopped."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.crawler.cli_harness import as_typed, new_archive, pressmark, process_environment

HEAVY = ("scrapy", "twisted", "trafilatura", "lxml", "sqlalchemy", "pydantic", "tomlkit", "warcio", "feedparser")
COMMANDS = (
    "demo", "init", "doctor", "source", "config", "crawl", "run", "skipped", "why", "articles", "article", "extract",
    "warc", "export", "db", "schema",
)  # fmt: skip


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from crawler.cli import main; code = main(['--help']);"
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=process_environment(), capture_output=True, text=True, check=True
    )
    assert "HEAVY []" in done.stdout


def test_help_answers_within_half_a_second(tmp_path: Path) -> None:
    def seconds() -> float:
        """Of the processor: it waits for nothing, and other tests run meanwhile."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        as_typed(tmp_path, "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.5


def test_help_names_every_command(tmp_path: Path) -> None:
    shown = pressmark(tmp_path, "--help").out
    assert [name for name in COMMANDS if f"│ {name} " not in shown] == []


@pytest.mark.parametrize("group", ["source", "config", "warc", "article", "run", "db"])
def test_a_group_named_alone_shows_its_commands(tmp_path: Path, group: str) -> None:
    said = pressmark(tmp_path, group)
    assert said.code == 2
    assert f"Usage: pressmark {group}" in said.out


def test_no_command_at_all_shows_the_help(tmp_path: Path) -> None:
    said = pressmark(tmp_path)
    assert said.code == 0
    assert "Usage: pressmark" in said.out


def test_the_version_is_said(tmp_path: Path) -> None:
    assert pressmark(tmp_path, "--version").out.startswith("pressmark ")


def test_dir_says_which_archive_is_meant(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    assert str(news / "sources.toml") in pressmark(tmp_path, "-C", str(news), "config", "path").out
    assert str(news / "sources.toml") in pressmark(tmp_path, "-C", "news", "config", "path").out


def test_an_archive_is_found_from_a_folder_inside_it(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    assert str(news / "sources.toml") in pressmark(news / "warc", "config", "path").out


def test_dir_may_be_a_folder_inside_the_archive_or_the_one_to_make(tmp_path: Path) -> None:
    assert pressmark(tmp_path, "-C", "papers", "init").code == 0
    assert (tmp_path / "papers/pressmark.toml").is_file()
    said = pressmark(tmp_path, "-C", "papers/warc", "config", "path")
    assert str(tmp_path / "papers/sources.toml") in said.out


def test_no_archive_here_names_the_one_below(tmp_path: Path) -> None:
    new_archive(tmp_path)
    said = pressmark(tmp_path, "source", "list")
    assert said.code == 5
    assert "error[not-found]" in said.err
    assert "hint: cd news" in said.err


def test_a_wrong_dir_is_not_found(tmp_path: Path) -> None:
    said = pressmark(tmp_path, "-C", "nowhere", "source", "list")
    assert said.code == 5
    assert "pressmark init nowhere" in said.err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["sorce", "list"], "pressmark source"),
        (["source", "lst"], "pressmark source list"),
        (["verify"], "pressmark warc verify"),
        (["source", "add", "--nam", "x"], "--name"),
        (["--dirr", "x"], "--dir"),
    ],
)
def test_a_slip_of_the_finger_is_answered_with_what_was_meant(tmp_path: Path, typed: list[str], meant: str) -> None:
    said = pressmark(tmp_path, *typed)
    assert said.code == 2
    assert "error[usage]" in said.err
    assert meant in said.err


def test_an_error_is_json_where_json_was_asked_for(tmp_path: Path) -> None:
    import json

    said = pressmark(tmp_path, "config", "show", "--json")
    assert said.code == 5
    assert json.loads(said.err)["error"] == "not-found"


def test_ctrl_c_ends_with_eleven_and_no_traceback(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    waiting = tmp_path / "editor"
    waiting.write_text(f"#!/bin/sh\ntouch {tmp_path}/ready\nexec sleep 30\n")
    waiting.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", "source", "edit"],
        cwd=news,
        env=process_environment(EDITOR=str(waiting), VISUAL=""),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for _ in range(1200):
        if (tmp_path / "ready").exists():
            break
        time.sleep(0.05)
    assert (tmp_path / "ready").exists()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 11
    assert "error[interrupted]" in err
    assert "Traceback" not in err


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    new_archive(tmp_path)
    command = f"{sys.executable} -m crawler.cli -C news config schema | head -c 10; echo codes ${{PIPESTATUS[@]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=process_environment(), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert "codes 0 0" in done.stdout


def test_quiet_leaves_the_data_and_the_errors(tmp_path: Path) -> None:
    news = new_archive(tmp_path, '[[source]]\nname = "herald"\nurl = "https://herald.example/"\n')
    said = pressmark(news, "-q", "source", "list")
    assert "herald" in said.out
    assert said.err == ""
    assert "error[not-found]" in pressmark(news, "-q", "source", "show", "x").err
    assert "1 source" in pressmark(news, "source", "list").err
