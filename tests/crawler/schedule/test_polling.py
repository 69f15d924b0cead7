"""When a listing is asked again: the rule as a table of examples, and what must hold for every history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.schedule.polling import (
    LONGEST_SECONDS,
    Bounds,
    Poll,
    Rhythm,
    bounds_of,
    due_again,
    missed_slots,
    next_rhythm,
    retry_at,
)

NOW = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
ADAPTIVE = bounds_of("adaptive", named=True)
KNOWN = Rhythm(HOUR, polls=5)


@pytest.mark.parametrize(
    ("before", "poll", "interval"),
    [
        # nothing new: half as long again; the status it came with says nothing
        (KNOWN, Poll(entries=20), 1.5 * HOUR),
        (KNOWN, Poll(unchanged=True), 1.5 * HOUR),
        # a little new: right as it is
        (KNOWN, Poll(new=1, entries=20), HOUR),
        # a tenth, and a third new: sooner
        (KNOWN, Poll(new=3, entries=20), 0.7 * HOUR),
        (KNOWN, Poll(new=10, entries=20), 0.4 * HOUR),
        # of a sitemap with thousands of entries some new ones are as good as a third of a feed
        (KNOWN, Poll(new=20, entries=5000), 0.4 * HOUR),
        (KNOWN, Poll(new=2, entries=5000), HOUR),
        # of the first asking everything is new: that says nothing
        (Rhythm(), Poll(new=20, entries=20), HOUR),
        # 10 minutes to a day
        (Rhythm(12 * MINUTE, polls=5), Poll(new=20, entries=20), 10 * MINUTE),
        (Rhythm(20 * HOUR, polls=5), Poll(), DAY),
        # what the publisher says with <ttl> or sy:updatePeriod is a lower bound, up to a day
        (KNOWN, Poll(new=20, entries=20, ttl_seconds=2 * HOUR), 2 * HOUR),
        (KNOWN, Poll(new=20, entries=20, ttl_seconds=7 * DAY), DAY),
        (Rhythm(HOUR, ttl_seconds=3 * HOUR, polls=2), Poll(unchanged=True), 3 * HOUR),
        (Rhythm(4 * HOUR, ttl_seconds=3 * HOUR, polls=2), Poll(new=9, entries=9), 1.6 * HOUR),
    ],
)
def test_what_came_makes_the_next_interval(before: Rhythm, poll: Poll, interval: float) -> None:
    assert next_rhythm(before, poll, ADAPTIVE).interval_seconds == pytest.approx(interval)


@pytest.mark.parametrize(
    ("reasons", "pause"),
    [
        (["timeout"], HOUR),
        (["timeout", "server_error"], 2 * HOUR),
        (["timeout"] * 5, 16 * HOUR),
        (["gone"], 2 * HOUR),
        (["gone"] * 3, 32 * HOUR),
        (["http_error", "http_error"], 4 * HOUR),
        (["gone"] * 40, LONGEST_SECONDS),
        (["unreadable"], HOUR),
    ],
)
def test_failures_are_weighed_and_double_the_pause_up_to_thirty_days(reasons: list[str], pause: float) -> None:
    rhythm = KNOWN
    for reason in reasons:
        rhythm = next_rhythm(rhythm, Poll(failure=reason), ADAPTIVE)
    assert rhythm.pause_seconds == pytest.approx(pause)
    assert (
        next_rhythm(rhythm, Poll(new=1, entries=20), ADAPTIVE).pause_seconds == HOUR
    )  # one answer, and all is forgiven


@pytest.mark.parametrize(
    ("schedule", "named", "bounds"),
    [
        ("adaptive", True, Bounds(10 * MINUTE, DAY)),
        ("adaptive 15m-12h", True, Bounds(15 * MINUTE, 12 * HOUR)),
        ("every 1h", True, Bounds(HOUR, HOUR)),  # every 1h means every hour
        ("every 1h", False, Bounds(HOUR, DAY)),  # the parts of a sitemap index: not more often, down to once a day
        ("every 2d", False, Bounds(2 * DAY, 2 * DAY)),
        ("daily 06:00", True, Bounds(0, 0)),
        ("daily 06:00", False, Bounds(0, DAY)),
    ],
)
def test_a_schedule_bounds_the_interval(schedule: str, named: bool, bounds: Bounds) -> None:
    assert bounds_of(schedule, named=named) == bounds


def test_a_fixed_schedule_is_kept_whatever_comes_and_whatever_the_feed_asks_for() -> None:
    bounds = bounds_of("every 15m", named=True)
    rhythm = Rhythm(15 * MINUTE)
    for poll in (Poll(new=20, entries=20), Poll(), Poll(unchanged=True), Poll(entries=3, ttl_seconds=6 * HOUR)):
        rhythm = next_rhythm(rhythm, poll, bounds)
        assert rhythm.pause_seconds == 15 * MINUTE


@pytest.mark.parametrize(
    ("schedule", "rhythm", "due_at", "retry_after", "expected"),
    [
        ("every 1h", Rhythm(HOUR), None, None, NOW + timedelta(hours=1)),
        # three minutes late is no reason to be three minutes later each time
        ("every 1h", Rhythm(HOUR), NOW - timedelta(minutes=3), None, NOW + timedelta(minutes=57)),
        # half an hour late is: two runs close together would bring nothing
        ("every 1h", Rhythm(HOUR), NOW - timedelta(minutes=31), None, NOW + timedelta(hours=1)),
        ("every 1h", Rhythm(HOUR), None, 7200.0, NOW + timedelta(hours=2)),
        ("every 1h", Rhythm(HOUR), None, 1e12, NOW + timedelta(days=30)),
        ("daily 06:00", Rhythm(0.0), None, None, datetime(2026, 11, 23, 6, tzinfo=UTC)),
        ("daily 06:00", Rhythm(DAY), None, None, datetime(2026, 11, 23, 6, tzinfo=UTC)),
        ("adaptive", Rhythm(25 * MINUTE), None, None, NOW + timedelta(minutes=25)),
        ("manual", Rhythm(), None, 60.0, None),
    ],
)
def test_when_a_listing_is_due_again(
    schedule: str, rhythm: Rhythm, due_at: datetime | None, retry_after: float | None, expected: datetime | None
) -> None:
    assert due_again(schedule, rhythm, NOW, due_at=due_at, retry_after=retry_after) == expected


def test_a_daily_part_of_a_sitemap_is_not_a_slot_too_late_by_the_minute_its_run_took() -> None:
    asked = datetime(2026, 11, 22, 6, 3, tzinfo=UTC)
    assert due_again("daily 06:00", Rhythm(DAY), asked) == datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "hours", "slots"),
    [
        ("every 1h", 0.5, 0),
        ("every 1h", 9.2, 9),
        ("daily 06:00", 30, 2),  # from 01:20 on the day before: 06:00 then, and 06:00 today
        ("0 * * * *", 2.5, 3),
        ("manual", 99, 0),
        ("adaptive", 12, 0),
        ("adaptive", 50, 2),
    ],
)
def test_slots_that_went_by_are_counted_but_for_the_one_that_is_made_up_for(
    schedule: str, hours: float, slots: int
) -> None:
    assert missed_slots(schedule, NOW - timedelta(hours=hours), NOW) == slots


def test_a_page_that_cannot_be_fetched_is_tried_ever_later_with_its_age() -> None:
    assert retry_at(NOW, NOW) == NOW + timedelta(minutes=30)
    assert retry_at(NOW - timedelta(days=2), NOW) == NOW + timedelta(days=1)
    assert retry_at(NOW - timedelta(days=2000), NOW) == NOW + timedelta(days=30)


_POLLS = st.builds(
    Poll,
    new=st.integers(0, 100),
    entries=st.integers(0, 60_000),
    failure=st.sampled_from([None, None, None, "timeout", "gone", "robots"]),
    ttl_seconds=st.none() | st.floats(0, 1e7),
    unchanged=st.booleans(),
)


@given(
    st.lists(_POLLS, max_size=80), st.sampled_from(["adaptive", "every 1h", "every 3d", "daily 06:00", "*/7 * * * *"])
)
def test_no_history_takes_a_listing_out_of_its_bounds_or_lets_it_die(history: list[Poll], schedule: str) -> None:
    for named in (True, False):
        bounds = bounds_of(schedule, named=named)
        rhythm = Rhythm(min(max(HOUR, bounds.least), bounds.most))
        for poll in history:
            rhythm = next_rhythm(rhythm, poll, bounds)
            assert bounds.least <= rhythm.interval_seconds <= bounds.most
            due = due_again(schedule, rhythm, NOW)
            assert due is not None
            assert NOW < due <= NOW + timedelta(days=31)
