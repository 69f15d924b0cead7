"""When a run has to stop, and what is said of one that has ended."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archive.errors import DiskFull, FailureLimit, PressmarkError, SizeLimit, TimeLimit
from archive.model import Outcome
from crawler.crawl.limits import check_disk, check_limits, verdict
from crawler.crawl.session import CrawlOptions

RUN = "2026-11-22T07-20-11-0a0b"
RESUME = f"pressmark crawl --resume {RUN}"


def run_so_far(
    options: CrawlOptions | None = None,
    *,
    root: Path = Path("/"),
    error: PressmarkError | None = None,
    denied: tuple[str, Outcome] | None = None,
    failure: Outcome | None = None,
    max_failures: int | None = None,
    disk_min_free: int = 0,
    **counts: int,
) -> Any:
    """The part of a session that limits look at."""
    return SimpleNamespace(
        options=options or CrawlOptions(),
        error=error,
        run=SimpleNamespace(run_id=RUN),
        archive=SimpleNamespace(root=root),
        settings=SimpleNamespace(crawl=SimpleNamespace(max_failures=max_failures, disk_min_free=disk_min_free)),
        ledger=SimpleNamespace(counts=Counter(counts), denied=denied, failure=failure),
    )


# -- while it runs


def test_a_run_without_limits_goes_on() -> None:
    check_limits(run_so_far(wire_bytes=10**12, failed=10**6), seconds=10**6)


def test_a_time_limit_stops_the_run_and_says_how_to_go_on() -> None:
    options = CrawlOptions(time_limit_seconds=1800)
    check_limits(run_so_far(options), seconds=1800)
    with pytest.raises(TimeLimit, match="time limit of 1800 s") as found:
        check_limits(run_so_far(options), seconds=1800.1)
    assert (found.value.exit_code, found.value.hint) == (15, RESUME)


def test_a_size_limit_counts_what_came_over_the_wire() -> None:
    options = CrawlOptions(size_limit_bytes=1000)
    check_limits(run_so_far(options, wire_bytes=1000), seconds=1)
    with pytest.raises(SizeLimit, match="size limit of 1000 bytes") as found:
        check_limits(run_so_far(options, wire_bytes=1001), seconds=1)
    assert (found.value.exit_code, found.value.hint) == (14, RESUME)


def test_a_page_that_was_typed_is_typed_again() -> None:
    page = "https://a.example/1"
    found = verdict(run_so_far(CrawlOptions(only=(page,), command=f"pressmark fetch {page}")), "shutdown")
    assert found is not None and found.hint == f"pressmark fetch {page}"


def test_a_run_stops_at_the_failure_that_was_one_too_many() -> None:
    check_limits(run_so_far(CrawlOptions(max_failures=3), failed=2), seconds=1)
    with pytest.raises(FailureLimit, match="3 URLs failed; 3 was the most allowed") as found:
        check_limits(run_so_far(CrawlOptions(max_failures=3), failed=3), seconds=1)
    assert found.value.exit_code == 12


def test_what_was_typed_goes_before_the_failures_the_settings_allow() -> None:
    check_limits(run_so_far(CrawlOptions(max_failures=9), max_failures=2, failed=5), seconds=1)
    with pytest.raises(FailureLimit):
        check_limits(run_so_far(max_failures=2, failed=5), seconds=1)


def test_a_full_disk_stops_the_run_and_says_that_nothing_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match=r"required \(crawl\.disk_min_free\)") as found:
        check_limits(run_so_far(root=tmp_path, disk_min_free=10**18), seconds=1)
    assert (found.value.exit_code, found.value.hint) == (3, RESUME)
    assert found.value.context == ("the run stopped after the last complete record; nothing is damaged",)


def test_an_error_that_came_up_elsewhere_stops_the_run_as_it_is() -> None:
    error = DiskFull("the folder cannot be written")
    with pytest.raises(DiskFull) as found:
        check_limits(run_so_far(error=error), seconds=1)
    assert found.value is error


def test_a_disk_with_just_enough_room_will_do(tmp_path: Path) -> None:
    check_disk(tmp_path, 1, "nothing was fetched", "free some space")


# -- when it has ended


def test_a_run_that_found_something_has_done_well_whatever_else_failed() -> None:
    for well in (run_so_far(stored=1), run_so_far(unchanged=1), run_so_far(moved=1), run_so_far(listings=1)):
        well.ledger.counts["failed"] = 7
        assert verdict(well, "finished") is None


def test_a_run_with_nothing_to_do_has_done_well() -> None:
    assert verdict(run_so_far(), "finished") is None


def test_ctrl_c_is_an_end_of_its_own_even_where_pages_were_stored() -> None:
    error = verdict(run_so_far(stored=3), "shutdown")
    assert error is not None
    assert (error.code, error.exit_code, error.hint) == ("interrupted", 11, RESUME)
    assert error.message == "the run was stopped; everything fetched is kept"


def test_a_robots_txt_that_leaves_nothing_is_cited_with_its_line() -> None:
    outcome = Outcome("skipped", "robots", {"rule": "Disallow: /", "line": "2"})
    error = verdict(run_so_far(denied=("http://daily.example/rss.xml", outcome), skipped=1), "finished")
    assert error is not None
    assert (error.code, error.exit_code) == ("robots", 9)
    assert error.message == (
        'robots.txt of daily.example does not allow our agent to fetch /rss.xml (line 2: "Disallow: /")'
    )
    assert error.context == ("nothing was fetched but robots.txt",)


def test_a_run_of_failures_says_which_and_what_to_try() -> None:
    failure = Outcome("failed", "dns", {"error": "no address for daily.exmaple"})
    error = verdict(run_so_far(failure=failure, failed=1), "finished")
    assert error is not None
    assert (error.code, error.exit_code) == ("run-failed", 9)
    assert error.message == "nothing was stored: the URL failed (dns)"
    assert error.context == ("no address for daily.exmaple",)
    assert error.hint == "is the address right? pressmark source list"


def test_several_failures_are_counted_and_an_unknown_one_leads_to_the_run() -> None:
    error = verdict(run_so_far(failure=Outcome("failed", "server_error", {"status": "503"}), failed=4), "finished")
    assert error is not None
    assert error.message == "nothing was stored: all 4 URLs failed (server error)"
    assert (error.context, error.hint) == (("503",), "pressmark run show last")


def test_a_page_that_was_left_on_purpose_is_no_failed_run() -> None:
    assert verdict(run_so_far(failure=Outcome("failed", "gone"), failed=1, skipped=1), "finished") is None
