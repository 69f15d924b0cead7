"""When a source is due again. Pure: the caller owns the clock, and the zone.

A schedule is "every 30m", "daily 06:00", five fields of cron, "adaptive" or "manual". Times of day are wall times in
the zone of the `now` that is passed in (`local_zone`), so that "daily 06:00" stays at six through summer time.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crawler.units import read_duration, show_duration

DAY = 86_400
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_HORIZON_DAYS = 366 * 8 + 1  # 29 February comes again within eight years
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_WEEKDAYS = "sun mon tue wed thu fri sat"
_NAMES = {
    3: {name: i for i, name in enumerate(_MONTHS.split(), 1)},
    4: {name: i for i, name in enumerate(_WEEKDAYS.split())},
}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_FIELDS = ("minute", "hour", "day of month", "month", "day of week")
_MACROS = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
           "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed pause between the starts of two runs."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Adaptive:
    """A pause that follows what comes: within these bounds, by the rule in crawler/schedule/polling.py."""

    least_seconds: float = 600.0
    most_seconds: float = float(DAY)


@dataclass(frozen=True, slots=True)
class Cron:
    """Minutes, hours, days, months and weekdays (0 = Sunday) on which to run."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool  # both day fields are given, and one is enough (as cron does)

    def on(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, (day.weekday() + 1) % 7 in self.weekdays
        return (of_month or of_week) if self.either_day else (of_month and of_week)


Plan: TypeAlias = Every | Adaptive | Cron


def next_due(schedule: str, last: datetime | None, now: datetime) -> datetime | None:
    """Return when a source that last ran at `last` is due: a time not after `now` means due. None: never ("manual").

    A source that never ran is due now. Runs that were missed are not made up for: one is due, at the first of them.
    Raises ValueError for a schedule that `parse_schedule` does not take.
    """
    plan = parse_schedule(schedule)
    if plan is None:
        return None
    if last is None:
        return now
    if not isinstance(plan, Cron):
        return last + timedelta(seconds=plan.seconds if isinstance(plan, Every) else plan.least_seconds)
    return _next_time(plan, last.astimezone(now.tzinfo))


@lru_cache(maxsize=256)
def parse_schedule(schedule: str) -> Plan | None:
    """Read a schedule; None is "manual". Raises ValueError with what is wrong and how it should look."""
    text = " ".join(schedule.split()).lower()
    if text == "manual":
        return None
    if text.startswith("every "):
        seconds = read_duration(text.removeprefix("every "))
        if seconds < 60:
            raise ValueError(f'"{schedule}" is more often than once a minute')
        return Every(seconds)
    if text == "adaptive" or text.startswith("adaptive "):
        return _adaptive(schedule, text.removeprefix("adaptive").strip())
    daily = re.fullmatch(r"daily(?: at)? (\d{1,2}):(\d{2})", text)
    if daily:
        if int(daily[1]) > 23 or int(daily[2]) > 59:
            raise ValueError(f'"{schedule}" has no such time of day')
        return _cron(f"{int(daily[2])} {int(daily[1])} * * *")
    text = _MACROS.get(text, text)
    if len(text.split(" ")) == 5 and re.match(r"[\d*]", text):
        return _cron(text)
    raise ValueError(f'"{schedule}" is none of "every 30m", "daily 06:00", "adaptive", cron "*/15 * * * *", "manual"')


def _adaptive(schedule: str, bounds: str) -> Adaptive:
    if not bounds:
        return Adaptive()
    least, dash, most = (part.strip() for part in bounds.partition("-"))
    found = Adaptive(read_duration(least), read_duration(most)) if dash else None
    if found is None or not 60 <= found.least_seconds <= found.most_seconds:
        raise ValueError(f'"{schedule}" is not like "adaptive 15m-12h"')
    return found


def in_words(schedule: str) -> str:
    """A schedule as a person says it: "at 06:00 every day", "every 30m", "adaptive, 10m to 1d"."""
    plan = parse_schedule(schedule)
    if plan is None:
        return "only when asked for"
    if isinstance(plan, Adaptive):
        return f"adaptive, {show_duration(plan.least_seconds)} to {show_duration(plan.most_seconds)}"
    if isinstance(plan, Every):
        return f"every {show_duration(plan.seconds)}"
    text = " ".join(schedule.split())
    return f"at {text.split()[-1]} every day" if text.lower().startswith("daily") else f"cron {text}"


def local_zone() -> tzinfo | None:
    """The zone people here mean by "06:00": of TZ, else of the machine; None where neither is known (UTC then)."""
    try:
        if name := os.environ.get("TZ", "").lstrip(":"):
            return ZoneInfo(name)
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file, key="local time")
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return None


def _cron(text: str) -> Cron:
    fields = text.split(" ")
    minutes, hours, days, months, weekdays = (_field(i, field) for i, field in enumerate(fields))
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    plan = Cron(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either)
    if not either and not any(plan.on(datetime(2024, 1, 1) + _DAY * i) for i in range(_HORIZON_DAYS)):  # noqa: DTZ001
        raise ValueError(f'"{text}" names a day that never comes')
    return plan


def _field(index: int, text: str) -> frozenset[int]:
    low, high = _RANGES[index]
    found: set[int] = set()
    for part in text.split(","):
        matched = re.fullmatch(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", part)
        if matched is None or (matched[1] == "*" and matched[2]):
            raise ValueError(f'cron {_FIELDS[index]} "{text}" is not understood')
        step = int(matched[3] or 1)
        first = low if matched[1] == "*" else _value(index, matched[1], text)
        open_ended = matched[1] == "*" or matched[3] is not None
        last = _value(index, matched[2], text) if matched[2] else high if open_ended else first
        if not (low <= first <= last <= high) or step < 1:
            raise ValueError(f'cron {_FIELDS[index]} "{text}" is not within {low}-{high}')
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _value(index: int, word: str, text: str) -> int:
    if word.isascii() and word.isdigit():
        return int(word)
    if word[:3] in _NAMES.get(index, {}):
        return _NAMES[index][word[:3]]
    raise ValueError(f'cron {_FIELDS[index]} "{text}" is not understood')


def _next_time(plan: Cron, after: datetime) -> datetime | None:
    """The first wall time of the plan after a moment, in its zone."""
    at = after.replace(second=0, microsecond=0, tzinfo=None) + _MINUTE
    day = at.replace(hour=0, minute=0)
    for _ in range(_HORIZON_DAYS):
        if plan.on(day):
            for hour in sorted(plan.hours):
                for minute in sorted(plan.minutes):
                    found = day.replace(hour=hour, minute=minute)
                    if found >= at:
                        return found.replace(tzinfo=after.tzinfo)
        day += _DAY
    return None
