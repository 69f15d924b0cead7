"""When a source is due again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.schedule.rules import next_due, parse_schedule
from crawler.units import read_duration, read_size, show_duration

NOW = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)  # a Sunday


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "last", "due"),
    [
        ("every 30m", "2026-11-22T07:00:30", "2026-11-22T07:30:30"),
        ("every 1h30m", "2026-11-22T07:00", "2026-11-22T08:30"),
        ("every 2 days", "2026-11-22T07:00", "2026-11-24T07:00"),
        ("daily 06:00", "2026-11-22T06:00", "2026-11-23T06:00"),
        ("daily 06:00", "2026-11-22T05:59:59", "2026-11-22T06:00"),
        ("daily 06:00", "2026-11-19T09:00", "2026-11-20T06:00"),
        ("*/15 * * * *", "2026-11-22T07:00", "2026-11-22T07:15"),
        ("0 6-18/4 * * 1-5", "2026-11-20T18:00", "2026-11-23T06:00"),
        ("0 0 29 2 *", "2026-11-22T07:00", "2028-02-29T00:00"),
        ("30 4 1,15 * fri", "2026-11-22T07:00", "2026-11-27T04:30"),  # either day will do, as cron has it
        ("0 12 * jan sun", "2026-11-22T07:00", "2027-01-03T12:00"),
        ("0 0 * * 7", "2026-11-22T07:00", "2026-11-29T00:00"),
        ("@hourly", "2026-11-22T07:00", "2026-11-22T08:00"),
    ],
)
def test_the_next_time_follows_the_last(schedule: str, last: str, due: str) -> None:
    assert next_due(schedule, at(last), NOW) == at(due)


@pytest.mark.parametrize("schedule", ["every 1h", "daily 06:00", "0 0 1 1 *"])
def test_a_source_that_never_ran_is_due_now(schedule: str) -> None:
    assert next_due(schedule, None, NOW) == NOW


def test_manual_is_never_due() -> None:
    assert next_due("manual", None, NOW) is None
    assert next_due("manual", NOW, NOW) is None


def test_six_in_the_morning_stays_six_through_summer_time() -> None:
    zone = ZoneInfo("Europe/Berlin")
    winter, summer = datetime(2026, 3, 28, 6, tzinfo=zone), datetime(2026, 3, 29, 6, tzinfo=zone)
    assert next_due("daily 06:00", winter.astimezone(UTC), summer) == summer
    assert summer.astimezone(UTC) - winter.astimezone(UTC) == timedelta(hours=23)


@pytest.mark.parametrize(
    "schedule",
    ["", "sometimes", "every", "every x", "every 10s", "every 0m", "daily", "daily 25:00", "daily 06:61", "* * * *", "61 * * * *", "*/0 * * * *",
     "5-1 * * * *", "0 0 31 2 *", "a b c d e", "0 0 0 * *", "-1 * * * *", "1,,2 * * * *", "every -5m"],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(schedule: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_schedule(schedule)


@settings(deadline=None)
@given(st.text(alphabet="*/0123456789-, mandilyevr:h", max_size=25))
def test_any_text_is_a_schedule_or_a_value_error(text: str) -> None:
    try:
        due = next_due(text, NOW - timedelta(hours=1), NOW)
    except ValueError:
        return
    assert due is None or due > NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", 1800),
        ("1h30m", 5400),
        ("7d", 604800),
        ("2w", 1209600),
        (90, 90),
        ("90", 90),
        ("1.5 h", 5400),
        ("10 minutes", 600),
        ("500ms", 0.5),
    ],
)
def test_durations(text: object, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "5 parsecs", "-1h", -1, True, "h", "1h foo", "nan", float("nan"), float("inf")]
)
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_duration(text)


@settings(deadline=None)
@given(st.integers(1, 10**8))
def test_a_duration_shown_reads_back(seconds: int) -> None:
    assert read_duration(show_duration(seconds)) == seconds


def test_sizes() -> None:
    assert [read_size(text) for text in ("1GB", "1GiB", "500 MB", "10k", 7, "7")] == [
        10**9,
        2**30,
        5 * 10**8,
        10**4,
        7,
        7,
    ]
    for text in ("", "big", "-1", "1XB", True):
        with pytest.raises(ValueError, match=r"."):
            read_size(text)
