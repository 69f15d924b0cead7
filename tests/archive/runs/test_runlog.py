"""Run logs and records on disk: what comes back, and what a crash in the middle of a line leaves."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from archive.errors import NotFound, VerificationFailed
from archive.jsonl import JsonLines, read_json_lines
from archive.model import Claims, Discovery, Outcome, Run
from archive.runs.runlog import (
    RunLog,
    discovered_line,
    discovery_of,
    end_line,
    outcome_line,
    outcome_of,
    read_run_log,
    run_line,
    run_of,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RUN = Run("r1", "crawl", NOON, "pressmark crawl", "0.1.0", "5e77", 7, "vega", None, NOON, 0, None, {"stored": 3})
FOUND = Discovery(
    "https://x.example/a", "x", "feed", NOON, "https://x.example/rss", 1, False, Claims("T", NOON, rank=2)
)


def test_what_is_logged_comes_back(tmp_path):
    path = tmp_path / "runs" / "r1.jsonl"
    outcome = Outcome("skipped", "robots", {"rule": "Disallow: /"})
    with RunLog(path) as log:
        log.append_many([run_line(RUN), discovered_line(FOUND)])
        log.append(outcome_line(FOUND.url, outcome, NOON, source="x"))
        log.append(end_line(RUN))
    first, second, third, last = read_run_log(path)
    assert run_of(first, last) == RUN
    assert discovery_of(second) == FOUND
    assert outcome_of(third) == outcome
    assert [line["type"] for line in (first, second, third, last)] == ["run", "discovered", "outcome", "end"]


def test_a_line_torn_by_a_crash_is_not_read_and_is_cut_when_the_file_is_opened(tmp_path):
    path = tmp_path / "r.jsonl"
    whole = b'{"type":"a"}\n{"type":"b"}\n'
    for cut in range(1, 12):
        path.write_bytes(whole + b'{"type":"c"}\n'[:cut])
        assert [line["type"] for line in read_json_lines(path)] == ["a", "b"]
        with JsonLines(path) as lines:
            assert lines.cut_bytes == cut
            lines.append({"type": "d"})
        assert [line["type"] for line in read_json_lines(path)] == ["a", "b", "d"]


def test_a_torn_line_longer_than_the_piece_it_is_looked_for_in_is_cut_too(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"n":1}\n{"text":"' + b"x" * 200_000)
    JsonLines(path).close()
    assert path.read_bytes() == b'{"n":1}\n'
    path.write_bytes(b"x" * 70_000)
    JsonLines(path).close()
    assert path.read_bytes() == b""


def test_a_damaged_line_inside_is_named_and_the_others_are_read(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"n":1}\n{"n":\n[2]\n{"n":3}\n')
    problems: list[str] = []
    assert [line["n"] for line in read_json_lines(path, problems)] == [1, 3]
    assert problems == ["r.jsonl:2: not a JSON object", "r.jsonl:3: not a JSON object"]
    with pytest.raises(VerificationFailed, match=r"r\.jsonl:2"):
        list(read_json_lines(path))


def test_text_no_utf_8_can_hold_is_kept_by_its_escape(tmp_path):
    path = tmp_path / "r.jsonl"
    with JsonLines(path) as lines:
        lines.append({"text": "a\ud800b", "other": "长江"})
    assert json.loads(path.read_bytes())["text"] == "a\ud800b"


def test_a_log_that_is_not_there_is_not_found(tmp_path):
    with pytest.raises(NotFound):
        list(read_run_log(tmp_path / "no.jsonl"))
