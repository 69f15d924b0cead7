"""Several processes on one catalog, and processes that are killed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.exc import DBAPIError

from archive.catalog import Catalog, frontier, open_catalog
from archive.catalog.tables import hosts, urls
from archive.model import Discovery

ROOT = Path(__file__).parents[3]


def start(what: str, url: str, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.archive.catalog.catalog_worker", what, url, name]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str], timeout: float = 60) -> list[dict[str, Any]]:
    lines, _ = process.communicate(timeout=timeout)
    assert process.returncode == 0
    return [json.loads(line) for line in lines.splitlines()]


def fill(catalog: Catalog, hosts: int, each: int) -> set[str]:
    now = datetime.now(UTC)
    found = [
        Discovery(f"https://h{h}.example/{n}", f"s{h % 2}", "feed", now) for h in range(hosts) for n in range(each)
    ]
    with catalog.transaction() as conn:
        frontier.add(conn, found, now)
    return {one.url for one in found}


def test_two_processes_crawl_each_url_once_and_no_host_together(catalog: Catalog, catalog_url: str) -> None:
    wanted = fill(catalog, hosts=6, each=20)
    workers = {name: start("crawl", catalog_url, name) for name in ("w1", "w2")}
    logs = {name: said(process) for name, process in workers.items()}
    taken = Counter(url for log in logs.values() for line in log for url in line.get("urls", ()))
    assert taken == Counter(wanted)
    assert all(any(line.get("urls") for line in log) for log in logs.values())
    events = sorted((line["at"], name, line) for name, log in logs.items() for line in log)
    holder: dict[str, str] = {}
    for _, name, line in events:
        for host in line["hosts"]:
            if line["what"] == "took":
                assert host not in holder
                holder[host] = name
            else:
                del holder[host]


def test_workers_that_add_and_end_the_same_urls_together_get_on(catalog: Catalog, catalog_url: str) -> None:
    workers = [start("meet", catalog_url, name) for name in ("w1", "w2", "w3")]
    new = Counter(url for process in workers for line in said(process) for url in line["new"])
    assert len(new) == 8 * 60 and set(new.values()) == {1}


def test_what_a_killed_process_held_comes_back(catalog: Catalog, catalog_url: str) -> None:
    wanted = fill(catalog, hosts=2, each=3)
    process = start("hang", catalog_url, "killed")
    assert process.stdout is not None
    taken = set(json.loads(process.stdout.readline())["urls"])
    process.kill()
    process.wait()
    process.stdout.close()
    assert len(taken) == 5
    now = datetime.now(UTC)
    again = frontier.lease(catalog, "w2", now=now + timedelta(seconds=2), seconds=60, limit=99, per_host=99)
    assert {lease.url for lease in again} == wanted
    assert {lease.url for lease in again if lease.attempts == 2} == taken


@pytest.mark.parametrize("batches", [1, 4, 9])
def test_a_killed_writer_leaves_a_whole_sqlite_file(tmp_path: Path, batches: int) -> None:
    path = tmp_path / "catalog.sqlite3"
    process = start("add", f"sqlite:///{path}", "a")
    assert process.stdout is not None
    for _ in range(batches):
        process.stdout.readline()
    process.kill()
    kept = batches + len(process.stdout.read().splitlines())
    process.wait()
    process.stdout.close()
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    catalog = open_catalog(f"sqlite:///{path}", create=False)
    with catalog.reading() as conn:
        count = conn.execute(select(func.count()).select_from(urls)).scalar_one()
    catalog.close()
    # A transaction is all or nothing; the last may have ended without having been told.
    assert count in (kept * 10, kept * 10 + 10)


def test_of_two_transactions_that_wait_for_each_other_both_are_done_in_the_end(postgres_database: str) -> None:
    """The server ends one of them after a second; it is done once more."""
    with closing(open_catalog(postgres_database)) as catalog:
        fill(catalog, hosts=2, each=1)
        both_hold_one = threading.Barrier(2)
        begun: list[str] = []

        def touch(first: str, second: str) -> None:
            def work(conn: Connection) -> None:
                begun.append(first)
                conn.execute(update(hosts).where(hosts.c.host == first).values(leased_by=first))
                if len(begun) <= 2:
                    both_hold_one.wait(20)
                conn.execute(update(hosts).where(hosts.c.host == second).values(leased_by=first))

            catalog.attempt(work)

        names = ("h0.example", "h1.example")
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(touch, *names), pool.submit(touch, *reversed(names))]:
                done.result(30)
        with catalog.reading() as conn:
            held = set(conn.execute(select(hosts.c.leased_by)).scalars())
    assert len(begun) == 3
    assert held == {begun[-1]}  # whoever was ended came last


def test_what_is_wrong_by_itself_is_not_tried_again(catalog: Catalog) -> None:
    begun: list[int] = []

    def work(conn: Connection) -> None:
        begun.append(1)
        conn.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        catalog.attempt(work)
    assert len(begun) == 1
