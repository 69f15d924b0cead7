"""The watchdog ends a process that stands still, whether it gives the interpreter's lock back or not, and no other."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.crawler.cli_harness import process_environment

PROGRAM = """
import re, time
from crawler.crawl import watchdog
watchdog.PATIENCE_SECONDS, watchdog._LAST_RESORT_SECONDS = 1.0, 0.2
guard = watchdog.Watchdog()
"""
SLEEPS = "with guard:\n    time.sleep(60)"
KEEPS_THE_LOCK = "with guard:\n    re.match('(a+)+$', 'a' * 60 + 'b')"
FED = """
watchdog.PATIENCE_SECONDS = 3.0  # time enough to come to the feeding on a machine that stands still now and then
with guard:
    watchdog.PATIENCE_SECONDS = 600
    guard.feed()
    time.sleep(3.4)
"""
OVER = "with guard:\n    pass\ntime.sleep(1.4)"
NOT_BEGUN = "guard.feed()\ntime.sleep(1.4)"


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM + program],
        env=process_environment(),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.parametrize("program", [SLEEPS, KEEPS_THE_LOCK], ids=["sleeps", "keeps the lock"])
def test_a_process_that_stands_still_is_ended_and_says_where_it_stood(program: str) -> None:
    done = run(program)
    assert done.returncode == 1 and "most recent call first" in done.stderr, done


@pytest.mark.parametrize("program", [FED, OVER, NOT_BEGUN], ids=["fed", "over", "not begun"])
def test_any_other_goes_on(program: str) -> None:
    done = run(program)
    assert (done.returncode, done.stderr) == (0, "")
