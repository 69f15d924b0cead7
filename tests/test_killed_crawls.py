"""kill -9 at random moments of a real crawl: nothing is lost, nothing is read into two revisions, almost nothing is repeated."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.real_pages import PROJECT, SERVER, RealPages, archive_for, command_line, pressmark, records

KILLS = 10
pytestmark = [
    pytest.mark.skipif(not SERVER.exists(), reason=f"the bench of real pages is not at {SERVER.parent}"),
    pytest.mark.xdist_group("killed"),
    pytest.mark.timeout(400),
]


def _stored(archive: Path) -> set[str]:
    return {str(one["url"]) for one in records(archive)}


def _crawl_killed_after(archive: Path, seconds: float) -> int:
    """Start a crawl, kill it at once after so many seconds, and return its exit code."""
    process = subprocess.Popen(
        command_line(archive, "crawl", "--all", "--progress", "none"),
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        return process.wait()


def test_ten_killed_crawls_end_with_the_same_archive_as_an_undisturbed_one(tmp_path: Path) -> None:
    with RealPages(tmp_path, publications=12, limit=120) as site:
        undisturbed = archive_for(site.sources, tmp_path / "undisturbed")
        started = time.monotonic()
        pressmark(undisturbed, "crawl", "--all", "--progress", "none")
        whole = time.monotonic() - started
        asked_undisturbed = len(site.served())
        started = time.monotonic()
        pressmark(
            archive_for(site.sources, tmp_path / "idle"), "crawl", "pub-001", "--limit", "1", "--progress", "none"
        )
        start_up = time.monotonic() - started

        killed = archive_for(site.sources, tmp_path / "killed")
        rng = random.Random(20261122)
        asked_undisturbed_and_idle = len(site.served())
        # Short pieces of work, so that there is something left to do for the last of them.
        moments = [rng.uniform(0.3, 1) * start_up + rng.uniform(0, 1) * whole / KILLS for _ in range(KILLS)]
        kills = [_crawl_killed_after(killed, moment) for moment in moments]
        pressmark(killed, "crawl", "--all", "--progress", "none")
        asked_killed = len(site.served()) - asked_undisturbed_and_idle

    assert kills.count(-signal.SIGKILL) >= KILLS // 2  # the moments hit running crawls
    assert _stored(killed) == _stored(undisturbed)
    revisions = Counter((one["url"], one["revision"]) for one in records(killed))
    assert {key: count for key, count in revisions.items() if count > 1 or key[1] != 1} == {}
    pressmark(killed, "warc", "verify")
    pressmark(killed, "db", "check")
    # robots.txt and the listings are asked for by every run; of the articles only those in flight are asked twice.
    assert asked_killed < asked_undisturbed + (KILLS + 1) * 4 * 12 + KILLS * 32
