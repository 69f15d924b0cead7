"""Two days of three papers, with the crawler killed in between: nothing lost, nothing made up, nothing found twice.

`benchmarks/month.py` does the same for a month of twelve.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from archive.archive import open_archive
from archive.folder.location import locate
from tests.month.script import write_script
from tests.month.verdict import judged
from tests.month.walk import alarms_told, live_through, write_settings
from tests.month.world import Clock, served

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]


def test_what_the_papers_did_is_what_the_archive_says_though_its_crawler_was_killed(tmp_path: Path) -> None:
    script, clock = write_script(1, days=2, papers=3), tmp_path / "clock"
    with served(script, Clock(clock)) as world:
        write_settings(tmp_path / "archive", world.sources_toml())
        live_through(tmp_path / "archive", clock, script, 2, random.Random(1), lambda line: None)
        with open_archive(locate(tmp_path / "archive")) as archive:
            found = judged(archive, world.month)
    assert found.stories >= 20
    assert len(found.edits) >= 2
    assert found.missing == found.false_revisions == []
    assert [edit for edit in (*found.edits, *found.losses) if not (edit.is_in_time and edit.is_right)] == []
    assert alarms_told(tmp_path / "archive" / "alarms.jsonl") == []
