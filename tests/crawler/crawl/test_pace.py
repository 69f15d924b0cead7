"""How long to wait before a host is asked again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.crawl.pace import MAX_DELAY_SECONDS, next_delay

SECONDS = st.floats(0, 120, allow_nan=False)


def test_a_host_that_answers_at_once_is_asked_at_its_floor() -> None:
    assert next_delay(1.0, floor=1.0, latency=0.02, status=200, concurrency=1) == 1.0


def test_without_a_floor_a_quick_host_is_not_slowed_down_at_all() -> None:
    assert next_delay(0.0, floor=0.0, latency=0.4, status=200, concurrency=8) == 0.0


def test_a_slow_host_waits_as_long_as_it_takes_to_answer() -> None:
    assert next_delay(1.0, floor=1.0, latency=4.0, status=200, concurrency=1) == 4.0
    assert next_delay(1.0, floor=1.0, latency=4.0, status=200, concurrency=2) == 2.0


def test_a_host_that_recovers_gets_faster_by_halves_and_never_below_its_floor() -> None:
    delays = [8.0]
    while delays[-1] > 1.0:
        delays.append(next_delay(delays[-1], floor=1.0, latency=0.1, status=200, concurrency=1))
    assert delays == [8.0, 4.0, 2.0, 1.0]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_host_that_asks_for_mercy_is_asked_half_as_often(status: int) -> None:
    assert next_delay(3.0, floor=1.0, latency=0.01, status=status, concurrency=4) == 6.0
    assert next_delay(0.0, floor=0.0, latency=0.01, status=status, concurrency=4) == 1.0


@pytest.mark.parametrize("status", [301, 304, 403, 404])
def test_quick_errors_never_speed_us_up(status: int) -> None:
    assert next_delay(6.0, floor=1.0, latency=0.01, status=status, concurrency=1) == 6.0


@given(current=SECONDS, floor=st.floats(0, 60), latency=SECONDS, status=st.sampled_from([200, 304, 404, 429, 503]))
def test_the_delay_is_never_below_the_floor_and_what_we_add_never_more_than_a_minute(
    current: float, floor: float, latency: float, status: int
) -> None:
    delay = next_delay(min(current, MAX_DELAY_SECONDS), floor, latency, status, concurrency=1)
    assert floor <= delay <= MAX_DELAY_SECONDS


def test_a_floor_above_a_minute_is_kept() -> None:
    for status in (200, 429, 503):
        assert next_delay(90.0, floor=90.0, latency=0.1, status=status, concurrency=1) == 90.0
