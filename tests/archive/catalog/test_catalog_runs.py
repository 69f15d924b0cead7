"""Runs and archives on both databases."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.catalog import Catalog, archives, runs
from archive.model import Run
from archive.runs.run_process import is_gone

NOW = datetime(2026, 11, 22, 7, 20, 11, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RUN = Run("2026-11-22T07-20-11", "crawl", NOW, "pressmark crawl --all", "0.1.0", "sha256:0", 4121, "vega")


def test_a_run_opens_lives_and_ends(catalog: Catalog) -> None:
    with catalog.transaction() as conn:
        runs.open_run(conn, RUN)
        runs.heartbeat(conn, RUN.run_id, NOW + MINUTE, {"stored": 3})
    assert runs.get(catalog, RUN.run_id) == replace(RUN, heartbeat_at=NOW + MINUTE, counts={"stored": 3})
    with catalog.transaction() as conn:
        runs.close_run(conn, RUN.run_id, NOW + 2 * MINUTE, exit_code=0, reason="finished")
    found = runs.get(catalog, "last")
    assert found is not None and (found.exit_code, found.reason) == (0, "finished")
    assert (found.ended_at, found.counts) == (NOW + 2 * MINUTE, {"stored": 3})


def test_runs_are_found_by_the_beginning_of_their_id_if_it_says_which(catalog: Catalog) -> None:
    later = replace(RUN, run_id="2026-11-22T08-00-00", started_at=NOW + 40 * MINUTE, kind="extract")
    assert runs.get(catalog, "last") is None
    with catalog.transaction() as conn:
        runs.open_run(conn, later)
        runs.open_run(conn, RUN)
        runs.open_run(conn, RUN)
    assert runs.get(catalog, "2026-11-22T07") == RUN
    assert runs.get(catalog, "2026-11-22") is None
    assert runs.get(catalog, "2026%") is None
    assert runs.get(catalog, "last") == later
    assert runs.list_runs(catalog) == [later, RUN]
    assert runs.list_runs(catalog, kind="crawl") == [RUN]


def test_the_last_run_is_one_that_did_something(catalog: Catalog) -> None:
    kinds = ("skipped", "missed", "schedule")
    others = [replace(RUN, run_id=kind, kind=kind, started_at=NOW + MINUTE) for kind in kinds]
    with catalog.transaction() as conn:
        for run in others:
            runs.open_run(conn, run)
    assert runs.get(catalog, "last") == others[0]  # there is no other
    with catalog.transaction() as conn:
        runs.open_run(conn, RUN)
    assert runs.get(catalog, "last") == RUN


def test_runs_of_dead_processes_are_closed_at_their_last_heartbeat(catalog: Catalog) -> None:
    alive, elsewhere = replace(RUN, run_id="alive", pid=1), replace(RUN, run_id="elsewhere", host="other")
    with catalog.transaction() as conn:
        for run in (RUN, alive, elsewhere):
            runs.open_run(conn, run)
        runs.heartbeat(conn, RUN.run_id, NOW + MINUTE)
        dead = runs.dead(conn, "vega", lambda pid: pid == 1)
        for run in dead:
            runs.close_dead(conn, run)
    assert [run.run_id for run in dead] == [RUN.run_id]
    ended = {run.run_id: run.ended_at for run in runs.list_runs(catalog)}
    assert ended == {RUN.run_id: NOW + MINUTE, "alive": None, "elsewhere": None}


def test_one_catalog_knows_several_archives(catalog: Catalog) -> None:
    with catalog.transaction() as conn:
        archives.register(conn, "news", "/data/news", NOW)
        archives.register(conn, "local", "s3://papers/local", NOW)
        archives.register(conn, "news", "/data/moved", NOW)
    assert archives.roots(catalog) == {"local": "s3://papers/local", "news": "/data/moved"}


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="only Linux tells in /proc what has become of a process"
)
def test_a_process_that_ended_is_gone_though_nobody_asked_how() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    run = replace(RUN, pid=child.pid, host=socket.gethostname(), ended_at=None)
    while b") Z " not in Path(f"/proc/{child.pid}/stat").read_bytes():
        time.sleep(0.01)
    assert is_gone(run)
    child.wait()
    assert not is_gone(replace(run, pid=os.getpid()))
