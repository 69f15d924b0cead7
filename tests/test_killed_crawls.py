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
    pytest.mark.long,
    pytest.mark.timeout(400),
]


def _stored(archive: Path) -> set[str]:
    return {str(one["url"]) for one in records(archive)}


def _crawl_killed_after(site: RealPages, archive: Path, seconds: float) -> int:
    """Start a crawl, kill it so many seconds after its first request, and return its exit code."""
    before = len(site.served())
    process = subprocess.Popen(
        command_line(archive, "crawl", "--all", "--progress", "none"),
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and len(site.served()) == before:
        time.sleep(0.02)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    return process.wait()


def test_ten_killed_crawls_end_with_the_same_archive_as_an_undisturbed_one(tmp_path: Path) -> None:
    with RealPages(tmp_path, publications=12, limit=120) as site:
        undisturbed = archive_for(site.sources, tmp_path / "undisturbed")
        pressmark(undisturbed, "crawl", "--all", "--progress", "none")
        asked_undisturbed = len(site.served())

        killed = archive_for(site.sources, tmp_path / "killed")
        # Politer than the undisturbed one, so that there is work left for the last of the killed runs.
        polite = (killed / "sources.toml").read_text().replace("delay = 0.0", "delay = 0.7")
        (killed / "sources.toml").write_text(polite)
        rng = random.Random(20261122)
        kills = [_crawl_killed_after(site, killed, rng.uniform(0.0, 0.9)) for _ in range(KILLS)]
        (killed / "sources.toml").write_text(polite.replace("delay = 0.7", "delay = 0.0"))
        pressmark(killed, "crawl", "--all", "--progress", "none")
        asked_killed = len(site.served()) - asked_undisturbed

    assert kills == [-signal.SIGKILL] * KILLS  # every moment hit a running crawl
    assert _stored(killed) == _stored(undisturbed)
    revisions = Counter((one["url"], one["revision"]) for one in records(killed))
    assert {key: count for key, count in revisions.items() if count > 1 or key[1] != 1} == {}
    pressmark(killed, "warc", "verify")
    pressmark(killed, "db", "check")
    # robots.txt and the listings are asked for by every run; of the articles only those in flight are asked twice.
    assert asked_killed < asked_undisturbed + (KILLS + 1) * 4 * 12 + KILLS * 32
