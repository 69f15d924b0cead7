"""Each rule against papers made by hand: as usual, too young to say, and with what it looks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.health import Finding, MachineHistory, judge_machine, judge_source, worst
from archive.health.history import HOUR, Named, RunEnd, SameText, SourceHistory, floor, within
from archive.health.rates import Share
from archive.health.statistics import few, many, quantile, spread
from tests.archive.health.histories import NOW, Paper

Change = Callable[[datetime, dict[str, int]], None]
NO_NEWS = {"page stored new": 0, "read": 0, "read words 17": 0, "read words 18": 0, "read no_byline": 0}


def since(hours: float, **counts: int) -> Change:
    """From so many hours ago on, these counts ("page_stored_new" for "page stored new" as keyword: spaces as __)."""
    begin = NOW - hours * HOUR

    def change(hour: datetime, found: dict[str, int]) -> None:
        if hour >= begin:
            found.update({name.replace("__", " "): count for name, count in counts.items()})

    return change


def silent(hours: float) -> Change:
    return lambda hour, found: found.update(NO_NEWS) if hour >= NOW - hours * HOUR else None


def judged(history: SourceHistory) -> dict[str, Finding]:
    return {one.rule: one for one in judge_source(history)}


def wrong(history: SourceHistory) -> dict[str, str]:
    return {one.rule: one.state for one in judge_source(history) if one.state != "ok" and one.explained_by is None}


@pytest.mark.parametrize("per_day", [2, 10, 60, 400])
@pytest.mark.parametrize("weeks", [0.1, 0.6, 1.3, 3.2, 8])
def test_a_paper_as_usual_is_well_however_much_is_known_of_it(per_day: int, weeks: float) -> None:
    assert wrong(Paper(per_day, weeks=weeks).history()) == {}


@pytest.mark.parametrize(("per_day", "hours"), [(400, 4), (60, 8), (20, 30), (8, 60)])
def test_silence_is_noticed_the_sooner_the_more_a_source_brings(per_day: int, hours: float) -> None:
    history = replace(Paper(per_day).changed(silent(hours)).history(), listings=())
    assert wrong(history) == {"silence": "bad"}
    found = judged(history)["silence"]
    assert found.words.startswith("0 new articles in ") and "median of" in found.words and found.mend


def test_a_quiet_night_and_a_sunday_are_not_silence() -> None:
    sunday = datetime.fromisoformat("2026-11-22T05:30:00+00:00")
    paper = Paper(60, now=sunday)
    assert wrong(paper.history()) == {}


def test_who_is_too_young_is_not_judged_and_says_so() -> None:
    found = judged(Paper(60, weeks=0.5).changed(silent(24)).history())["silence"]
    assert found.state == "ok" and found.words == "too little history to say (4 days; 8 days are needed)"


def test_a_feed_that_answers_and_stands_still_is_stale_and_explains_the_silence() -> None:
    found = judged(Paper(60).changed(silent(20)).history())
    assert found["stale_feed"].state == "bad" and "in 20 good answers" in found["stale_feed"].words
    assert found["silence"].state == "bad" and found["silence"].explained_by == "stale_feed"


def test_a_slow_feed_that_stands_still_is_noticed_before_three_weeks_are_known() -> None:
    """Three stories a day and two weeks of history: no weeks to compare with, so the sums of any six days are."""
    history = Paper(4, weeks=3).changed(silent(144)).history()
    [listing] = history.listings
    assert wrong(replace(history, listings=(replace(listing, answers_since=140),))) == {"stale_feed": "bad"}
    assert "usually" in judged(history)["stale_feed"].words


@pytest.mark.parametrize("seed", range(6))
def test_a_slow_paper_in_its_first_weeks_is_as_usual(seed: int) -> None:
    for weeks in (1.2, 1.7, 2.1, 2.6, 3.1):
        assert wrong(Paper(3, weeks=weeks, seed=seed).history()) == {}


def test_a_feed_that_was_not_asked_since_is_not_stale() -> None:
    history = Paper(60).changed(silent(20)).history()
    [listing] = history.listings
    assert judged(replace(history, listings=(replace(listing, answers_since=2),)))["stale_feed"].state == "ok"


def test_an_outage_is_errors_and_not_silence_and_ends_with_it() -> None:
    out = {"listing__listed": 0, "page__stored__new": 0, "page__unchanged__not_modified": 0}
    down = since(8, **out, listing__failed__timeout=1, page__failed__timeout=2)
    found = judged(Paper(60).changed(silent(8)).changed(down).history())
    assert found["errors"].state == "bad" and "timeout" in found["errors"].words
    assert found["silence"].state == "ok" or found["silence"].explained_by == "errors"
    back = since(4, listing__listed=1, listing__failed__timeout=0, page__failed__timeout=0, page__stored__new=3)
    assert wrong(Paper(60).changed(silent(8)).changed(down).changed(back).history()) == {}


def test_a_few_pages_that_are_gone_are_no_errors() -> None:
    assert wrong(Paper(60).changed(since(30, page__failed__gone=4)).history()) == {}


def test_walls_are_noticed_and_a_source_that_always_had_some_is_as_usual() -> None:
    def always(hour: datetime, found: dict[str, int]) -> None:
        found["page skipped paywall"] = 2

    assert wrong(Paper(60).changed(always).history()) == {}
    found = judged(Paper(60).changed(silent(10)).changed(since(10, page__skipped__bot_wall=3)).history())
    assert found["walls"].state == "bad" and "bot wall" in found["walls"].words


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"page__skipped__empty_extraction": 6, "page__stored__new": 1}, "without text"),
        ({"read__no_byline": 9, "read": 9, "read__words__17": 9}, "without a byline"),
        ({"read__no_date": 9, "read": 9, "read__words__17": 9}, "without a date"),
        ({"read": 9, "read__words__9": 9, "read__words__17": 0, "read__words__18": 0}, "far shorter"),
    ],
)
def test_a_redesign_is_noticed_by_what_pages_lack(counts: dict[str, int], words: str) -> None:
    found = judged(Paper(60).changed(since(6, **counts)).history())["layout"]
    assert found.state == "bad" and words in found.words


def test_one_hijacked_page_is_a_warning_and_many_are_bad() -> None:
    assert judged(Paper(60).changed(since(0.5, read__hijacked=1)).history())["integrity"].state == "warn"
    assert judged(Paper(60).changed(since(5, read__hijacked=2)).history())["integrity"].state == "bad"


def test_one_text_under_many_urls() -> None:
    history = Paper(60).history()
    wall = SameText("c_1", 30, 60, "https://paper.example/1")
    assert judged(replace(history, same_text=wall))["same_text"].state == "bad"
    agency = SameText("c_1", 3, 60, "https://paper.example/1")
    assert judged(replace(history, same_text=agency))["same_text"].state == "ok"


def test_coverage_counts_what_was_named_and_never_captured() -> None:
    history = Paper(60).history()
    feed, sitemap = Named("feed", 100, 96, 4, 0), Named("sitemap", 300, 60, 40, 200)
    assert judged(replace(history, named=(feed,)))["coverage"].state == "ok"
    found = judged(replace(history, named=(feed, sitemap)))["coverage"]
    assert found.state == "bad" and "60 of 300 by sitemap" in found.words and "200 not fetched yet" in found.words


def test_a_source_nobody_asks_is_told_by_its_schedule() -> None:
    history = Paper(60).history(asked_at=NOW - 9 * HOUR, due_at=NOW - 8 * HOUR)
    found = judged(history)["asked"]
    assert (
        found.state == "bad" and found.words == "asked 9 h ago, 8 h later than its schedule says: no crawl is running"
    )
    assert judged(replace(history, due_at=None))["asked"].state == "ok"


def test_disk_and_runs() -> None:
    def states(**given: object) -> dict[str, str]:
        values = {"now": NOW, "free_bytes": 10**12, "least_bytes": 2 * 10**9} | given
        return {one.rule: one.state for one in judge_machine(MachineHistory(**values))}  # type: ignore[arg-type] - the fields a test names

    ended = [RunEnd(f"r{n}", NOW, code, None) for n, code in enumerate((3, None, 8))]
    assert states() == {"disk": "ok", "runs": "ok"}
    assert states(free_bytes=10**9)["disk"] == "bad"
    full = judge_machine(MachineHistory(NOW, 10**9, 2 * 10**9, 7 * 10**9))[0]
    assert full.figures["days"] == 0
    assert states(free_bytes=12 * 10**9, written_bytes=7 * 10**9)["disk"] == "warn"
    assert states(runs=tuple(ended))["runs"] == "bad" and states(runs=tuple(ended[:1]))["runs"] == "warn"
    assert states(runs=(RunEnd("r", NOW, 11, "interrupted"), *ended))["runs"] == "ok"


@given(st.integers(0, 300), st.integers(-100, 300), st.sets(st.integers(0, 40)))
def test_hours_are_counted_alike_whether_looked_up_or_walked(begin: int, minutes: int, kept: set[int]) -> None:
    start, end = NOW + timedelta(minutes=begin), NOW + timedelta(minutes=begin + minutes)
    hours = {floor(NOW) + n * HOUR: n + 1 for n in kept}
    expected = sum(count for hour, count in hours.items() if start <= hour < end)
    assert within(hours, start, end) == expected
    assert within(hours | {NOW + timedelta(days=900 + n): 5 for n in range(60)}, start, end) == expected


def test_the_tails_are_those_of_the_distributions() -> None:
    assert few(0, 10, 0) == pytest.approx((50 / 60) ** 50)  # negative binomial of size 50
    assert few(10**3, 10, 10) == pytest.approx(1.0) and few(0, 0, 0) == 1.0
    assert many(2, 2, 0.5) == pytest.approx(0.25) and many(0, 5, 0.1) == 1.0 and many(1, 1, 1.0) == 1.0
    assert quantile([1, 2, 3, 4], 0.5) == 2.5 and spread([5, 5, 5, 500]) == 0
    assert worst([]) == "ok"
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_hours_outside_of_what_is_known_are_not_counted_as_silence() -> None:
    """A crawler that was off for three weeks does not say the site had nothing usual."""

    def off(hour: datetime, found: dict[str, int]) -> None:
        if NOW - timedelta(weeks=4) <= hour < NOW - HOUR * 26:
            found.clear()

    assert wrong(Paper(60).changed(off).history()) == {}


def test_what_is_usual_is_told_from_as_many_readings_on_as_it_is_judged_from() -> None:
    enough, too_few = (Share(9, 12, 0.02, known, needed=30) for known in (30, 29))
    assert enough.told("are walls") == "9 of the newest 12 are walls (usually 2%)"
    assert too_few.told("are walls") == "9 of the newest 12 are walls (too few before to compare with)"
    assert (enough.state(), too_few.state()) == ("bad", "ok")
