"""When a listing is asked again. Pure: what the last asking gave goes in, the rhythm of the next comes out.

The rule looks at what came (how much of a listing was new), never at the HTTP status: a feed that answers 200 with
the same twenty entries is as quiet as one that answers 304. Order: values, the rule, when it is due, slots missed.
docs/decisions/0007-a-schedule-means-what-it-says.md has the reasons.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crawler.schedule.rules import DAY, Adaptive, Cron, Every, Plan, next_due, parse_schedule

START_SECONDS = 3600.0  # of a listing nothing is known of yet
LONGEST_SECONDS = 30 * DAY  # however often it failed: feeds never die
_HOUR = 3600.0
_HEAD = 50  # a feed's length; of a sitemap with thousands of entries so many new ones are as good as all
_MOST_SLOTS = 10_000

# What share of the entries was new, at least, and what that makes of the interval. None new: see _QUIET.
_FACTORS = ((0.3, 0.4), (0.1, 0.7), (0.0, 1.0))
_QUIET = 1.5

# How heavy a failure weighs; each further unit doubles the pause. Passing trouble is 1, an address that is gone 2.
_WEIGHTS = {"gone": 2.0, "bad_url": 2.0, "redirect_loop": 2.0, "http_error": 1.5, "robots": 1.5}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a listing may be left alone, in seconds. Equal where the schedule is a fixed one."""

    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a listing is asked: its interval while it answers, and how heavily it has failed since it did."""

    interval_seconds: float = START_SECONDS
    failures: float = 0.0
    ttl_seconds: float | None = None
    polls: int = 0  # answers with entries so far

    @property
    def pause_seconds(self) -> float:
        """From one asking to the next: the interval, doubled with each failure after the first."""
        if self.failures <= 1:
            return self.interval_seconds
        doubled = max(self.interval_seconds, _HOUR / 4) * math.exp2(min(self.failures - 1, 40))
        return min(doubled, max(LONGEST_SECONDS, self.interval_seconds))


@dataclass(frozen=True, slots=True)
class Poll:
    """What one asking gave. `failure` is the reason where no listing came; `ttl_seconds` what a read one says."""

    new: int = 0
    entries: int = 0
    failure: str | None = None
    ttl_seconds: float | None = None
    unchanged: bool = False  # a 304, or the bytes we know: it says nothing new, of its ttl neither
    retry_after_seconds: float | None = None


def bounds_of(schedule: str, *, named: bool) -> Bounds:
    """Between what a listing's interval may lie. `named`: it is in sources.toml, not found in another listing.

    A named listing is asked as its schedule says. One that was found (the parts of a sitemap index, the feeds of a
    front page) is never asked more often, and down to once a day where it brings nothing.
    """
    plan = parse_schedule(schedule)
    if isinstance(plan, Adaptive):
        return Bounds(plan.least_seconds, plan.most_seconds)
    least = plan.seconds if isinstance(plan, Every) else 0.0  # for cron the slots themselves are the interval
    return Bounds(least, least if named else max(least, float(DAY)))


def next_rhythm(before: Rhythm, poll: Poll, bounds: Bounds) -> Rhythm:
    """The rhythm after an asking. The first answer says nothing of how much is new each time; failures keep all."""
    if poll.failure is not None:
        return replace(before, failures=before.failures + _WEIGHTS.get(poll.failure, 1.0))
    ttl = before.ttl_seconds if poll.unchanged else poll.ttl_seconds
    first = before.polls == 0
    wanted = before.interval_seconds * (1.0 if first else _factor(poll))
    if bounds.least < bounds.most:  # what the publisher says is a hint to a robot, not to a person's "every 15m"
        wanted = max(wanted, min(ttl or 0.0, bounds.most))
    return Rhythm(_within(wanted, bounds), 0.0, ttl, before.polls + 1)


def _factor(poll: Poll) -> float:
    if not poll.new:
        return _QUIET
    share = poll.new / min(max(poll.entries, poll.new), _HEAD)
    return next(factor for least, factor in _FACTORS if share >= least)


def _within(seconds: float, bounds: Bounds) -> float:
    return min(max(seconds, bounds.least), bounds.most)


def due_again(
    schedule: str,
    rhythm: Rhythm,
    asked_at: datetime,
    *,
    due_at: datetime | None = None,
    retry_after: float | None = None,
) -> datetime | None:
    """When a listing is due that was asked at `asked_at`; None: never by itself ("manual").

    Wall times are in the zone of `asked_at`. `due_at`, when it had been due, keeps an hourly listing from drifting by
    as much as each run was late. What Retry-After asks for is waited for, up to 30 days.
    """
    plan = parse_schedule(schedule)
    if plan is None:
        return None
    found = _by_plan(plan, schedule, rhythm, asked_at, due_at)
    wait = min(retry_after or 0.0, LONGEST_SECONDS)
    return None if found is None else max(found, asked_at + timedelta(seconds=wait))


def _by_plan(plan: Plan, schedule: str, rhythm: Rhythm, asked_at: datetime, due_at: datetime | None) -> datetime | None:
    pause = timedelta(seconds=rhythm.pause_seconds)
    if isinstance(plan, Cron):
        # A little less than the pause, so that "once a day" is not a slot too late by the minute the last run took.
        return next_due(schedule, asked_at + pause * 0.9, asked_at)
    late = asked_at - due_at if due_at is not None else pause
    on_time = due_at is not None and timedelta(0) <= late < pause / 2
    return (due_at if on_time and due_at is not None else asked_at) + pause


def adapted(rhythm: Rhythm, bounds: Bounds) -> Rhythm:
    """The same rhythm under another schedule."""
    return replace(rhythm, interval_seconds=_within(rhythm.interval_seconds, bounds))


def missed_slots(schedule: str, due_at: datetime, now: datetime) -> int:
    """How many times a source was due and not asked, but for the last, which is made up for now."""
    plan = parse_schedule(schedule)
    if plan is None or now <= due_at:
        return 0
    if not isinstance(plan, Cron):
        seconds = plan.seconds if isinstance(plan, Every) else plan.most_seconds
        return math.floor((now - due_at).total_seconds() / seconds)
    count, at = 0, next_due(schedule, due_at.astimezone(now.tzinfo), now)
    while at is not None and at <= now and count < _MOST_SLOTS:
        count, at = count + 1, next_due(schedule, at, now)
    return count


def retry_at(found_at: datetime, now: datetime) -> datetime:
    """When a page that could not be fetched is tried again: after half an hour, then ever later with its age."""
    wait = min(max((now - found_at) / 2, timedelta(minutes=30)), timedelta(seconds=LONGEST_SECONDS))
    return now + wait
