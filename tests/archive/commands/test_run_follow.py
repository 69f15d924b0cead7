"""`run log -f` gives each line once, as it comes, and ends with the run or with its process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.commands.runs import _ending, _followed, _said
from archive.jsonl import json_lines_from
from archive.model import Distrust, Event, ListingState, Run
from archive.runs.run_process import is_gone
from archive.runs.runlog import RunLog, distrusted_line, end_line, event_line, polled_line, profile_line, run_line

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
RUN = Run("r1", "crawl", NOW, "pressmark crawl", "0.1", "5e77", os.getpid(), socket.gethostname())


@pytest.fixture
def dead() -> Run:
    """A run of a process that has been."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return replace(RUN, pid=done.pid)


def test_lines_come_once_and_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "r1.jsonl"
    log = RunLog(path)
    log.append(run_line(RUN))

    def write() -> None:
        for number in range(20):
            log.append({"type": "outcome", "number": number})
            time.sleep(0.005)
        log.append(end_line(RUN))
        log.close()

    threading.Thread(target=write).start()
    found = list(_followed(path, RUN, 0.01))
    assert [line.get("number") for line in found] == [None, *range(20), None]


def test_the_log_of_a_dead_run_ends(tmp_path: Path, dead: Run) -> None:
    path = tmp_path / "r1.jsonl"
    with RunLog(path) as log:
        log.append(run_line(dead))
        log.append({"type": "outcome", "number": 1})
    assert [line["type"] for line in _followed(path, dead, 0.01)] == ["run", "outcome"]


def test_a_torn_line_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n[]\n{"a"')
    assert list(json_lines_from(path, 0)) == [({"a": 1}, 9)]
    path.write_bytes(b'{"a": 1}\n[]\n{"a": 2}\n')
    assert [value for value, _ in json_lines_from(path, 9)] == [{"a": 2}]


def test_how_a_run_ended_is_said(dead: Run) -> None:
    assert _ending(RUN) == "running" and _ending(dead) == "died" and is_gone(dead)
    assert not is_gone(replace(dead, host="elsewhere")) and not is_gone(replace(dead, ended_at=NOW))
    ended = replace(RUN, ended_at=NOW, exit_code=0, reason="finished")
    assert _ending(ended) == "ok" and _ending(replace(ended, reason="limit")) == "ok (limit)"
    assert _ending(replace(ended, exit_code=15, reason="time-limit")) == "exit 15 (time-limit)"
    assert _ending(replace(ended, exit_code=None, reason="process gone")) == "process gone"


def test_every_kind_of_line_is_told_in_words() -> None:
    url = "https://a.example/rss.xml"
    lines = [
        run_line(RUN),
        end_line(replace(RUN, ended_at=NOW, exit_code=0)),
        polled_line(ListingState(url, "a", NOW, 7200.0)),
        event_line(Event(url, NOW, "gone", {})),
        profile_line({"host": "a.example"}, "digest", NOW),
        distrusted_line(Distrust("a.example", NOW, NOW, url, "304 though there was more")),
        {"type": "ended", "at": "2026-11-22T07:00:00Z", "words": "crawled in 5 s"},
    ]
    said = [_said(line) for line in lines]
    assert all(one.startswith("2026-11-22 07:00:00  ") and "{" not in one for one in said), said
    assert said[2] == f"2026-11-22 07:00:00  listing, asked every 2 h  {url}"
