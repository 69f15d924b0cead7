"""Times: the one clock, RFC 3339 in UTC as files have it, and what may be typed behind --since and --until."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from archive.errors import UsageError

_AGO = re.compile(r"^(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w|y)$", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]")
_FIRST_DAY = {"0000": "{}-01-01", "0000-00": "{}-01"}  # of a year, of a month
_SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_557_600}


def _system() -> datetime:
    return datetime.now(UTC)


_clock: Callable[[], datetime] = _system


def utc_now() -> datetime:
    """The time, in UTC. Everything that writes a time asks here."""
    return _clock()


@contextlib.contextmanager
def another_clock(clock: Callable[[], datetime]) -> Iterator[None]:
    """Let this process live at another time while the block runs: a month in minutes, in simulations."""
    global _clock
    before, _clock = _clock, clock
    try:
        yield
    finally:
        _clock = before


def rfc3339(moment: datetime) -> str:
    """Return "2026-11-22T07:20:11Z": UTC, with a fraction only where there is one. Naive times raise ValueError."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {moment!r}")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def parse_rfc3339(text: str) -> datetime:
    """Read what `rfc3339` wrote; other offsets are taken to UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone: {text!r}")
    return moment.astimezone(UTC)


def parse_moment(text: str, now: datetime, option: str = "--since") -> datetime:
    """Read "7d" (that long before `now`), "2026", "2026-11", "2026-11-22" or "2026-11-22T07:20" (UTC without a zone).

    Raises UsageError naming `option`.
    """
    typed = text.strip()
    if ago := _AGO.match(typed):
        seconds = float(ago[1]) * _SECONDS[ago[2].lower()]
        try:
            return now - timedelta(seconds=seconds)
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(_FIRST_DAY.get(_DIGITS.sub("0", typed), "{}").format(typed))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f'{option} "{text}" is not a time', hint=f"{option} 7d, {option} 36h or {option} 2026-11-01"
        ) from error


def parse_span(since: str | None, until: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Read what stands behind --since and --until. Raises UsageError, also where the end is not after the beginning."""
    begin = parse_moment(since, now) if since is not None else None
    end = parse_moment(until, now, "--until") if until is not None else None
    if begin is not None and end is not None and end <= begin:
        raise UsageError(
            f'--until "{until}" is not after --since "{since}"',
            hint="--until is the first day (or moment) that is left out",
        )
    return begin, end
