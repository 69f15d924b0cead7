"""What a finished run says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from archive.errors import TimeLimit
from archive.recovery.left_behind import Recovery
from crawler.crawl.report import duration, report_lines, report_values, size
from crawler.crawl.run import RunReport, WrittenFile

FILE = WrittenFile("warc/2026/11/22/news-0.warc.gz", 25_431, 22, ())
GOOD = RunReport(
    run_id="2026-11-22T07-20-11-0a0b",
    seconds=44.2,
    counts={"listings": 3, "done": 12, "stored": 9, "unchanged": 1, "skipped": 2, "failed": 3},
    reasons={("skipped", "not_article"): 2, ("failed", "timeout"): 1, ("failed", "gone"): 2},
    files=(FILE,),
    textless=(),
    error=None,
)


def test_a_report_counts_gives_reasons_names_files_and_ends_with_the_next_command() -> None:
    assert list(report_lines(GOOD)) == [
        "Done in 44 s: 3 listings, 12 URLs → 9 articles stored, 1 unchanged, 2 skipped, 3 failed",
        "  skipped  2 not article        pressmark skipped --run last",
        "  failed   2 gone · 1 timeout        pressmark run show last",
        "  wrote    warc/2026/11/22/news-0.warc.gz  (25 kB, 22 records, verified)",
        "Next:  pressmark articles --run last",
    ]


def test_a_run_that_asked_nobody_anything_wrote_nothing() -> None:
    idle = RunReport("r", 0.4, {}, {}, (), (), None)
    assert list(report_lines(idle))[:2] == [
        "Done in 0.4 s: 0 listings, 0 URLs → 0 articles stored",
        "  wrote    nothing: no exchange took place",
    ]


@pytest.mark.parametrize(
    ("counts", "command"),
    [({"stored": 1, "failed": 1}, "articles --run last"), ({"skipped": 2}, "skipped --run last"), ({"unchanged": 3}, "articles")],
)  # fmt: skip
def test_the_next_command_has_something_to_show(counts: dict[str, int], command: str) -> None:
    assert list(report_lines(replace(GOOD, counts=counts)))[-1] == f"Next:  pressmark {command}"


def test_a_run_that_ended_badly_leaves_the_next_step_to_its_error() -> None:
    report = replace(GOOD, error=TimeLimit("the run reached its time limit", hint="pressmark crawl --resume r"))
    assert "Next:" not in "".join(report_lines(report))


def test_further_pages_of_articles_are_counted_so_that_all_urls_are_accounted_for() -> None:
    counts = {"listings": 2, "done": 12, "stored": 10, "kept": 2}
    assert next(iter(report_lines(replace(GOOD, counts=counts)))).endswith(
        "10 articles stored, 2 further pages of articles"
    )


def test_a_file_that_did_not_verify_says_how_many_problems_and_the_first() -> None:
    damaged = WrittenFile("w.warc.gz", 812, 2, ("digest at 410: block digest differs", "cut at 700: no end"))
    report = RunReport("r", 1, {}, {}, (damaged,), (), None)
    assert "  wrote    w.warc.gz  (812 B, 2 records, 2 PROBLEMS: digest at 410: block digest differs)" in list(
        report_lines(report)
    )


def test_a_source_without_text_is_a_warning_with_the_command_that_helps() -> None:
    lines = list(report_lines(RunReport("r", 1, {}, {}, (FILE,), (("daily", 6, 8),), None)))
    assert 'warning[empty-extraction]: 6 of 8 pages of "daily" gave no text' in lines
    assert "  pages are archived; hint: pressmark extract --source daily --profile recall --compare" in lines


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.99, "10.0 s"), (44.2, "44 s"), (59.4, "59 s"), (59.6, "1 m 00 s"),
     (104, "1 m 44 s"), (3599.6, "1 h 00 m"), (7500, "2 h 05 m")],
)  # fmt: skip
def test_durations_have_the_precision_a_reader_needs(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [(0, "0 B"), (812, "812 B"), (1000, "1.0 kB"), (84_300, "84 kB"), (1_100_000, "1.1 MB"), (3 * 10**12, "3000 GB")],
)
def test_sizes_have_the_precision_a_reader_needs(size_bytes: int, words: str) -> None:
    assert size(size_bytes) == words


def test_the_report_for_programs_is_json_with_the_error_in_it() -> None:
    error = TimeLimit("the run reached its time limit of 3 s", hint="pressmark crawl --resume r")
    values = report_values(RunReport("r", 3.00049, {"stored": 1}, {("failed", "gone"): 2}, (FILE,), (), error))
    assert json.loads(json.dumps(values)) == {
        "run": "r",
        "seconds": 3.0,
        "counts": {"stored": 1},
        "reasons": [{"kind": "failed", "reason": "gone", "count": 2}],
        "files": [{"name": FILE.name, "size_bytes": 25431, "records": 22, "problems": []}],
        "hijacked": [],
        "error": {
            "error": "time-limit",
            "message": "the run reached its time limit of 3 s",
            "context": [],
            "hint": "pressmark crawl --resume r",
            "exit_code": 15,
        },
    }


def test_what_a_dead_run_left_is_said_before_anything_else() -> None:
    report = replace(GOOD, recovered=Recovery(runs_closed=("2026-11-22T07-20-11-ab12",)))
    first = next(iter(report_lines(report)))
    assert first.startswith("Recovered from run 2026-11-22T07-20-11-ab12, which had died:")
    assert "Recovered" not in "".join(report_lines(GOOD))
