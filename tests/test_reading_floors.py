"""The reader on the pages of the extraction benchmark: its scores only rise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCH = ROOT.parent / "shared" / "bench" / "extraction"


@pytest.mark.skipif(not BENCH.exists(), reason=f"the extraction benchmark is not at {BENCH}")
@pytest.mark.long
@pytest.mark.timeout(400)
def test_no_score_of_the_reader_falls() -> None:
    command = [sys.executable, "benchmarks/extraction.py", "--bench", str(BENCH), "--peers", ""]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "floors: none is missed" in done.stdout
