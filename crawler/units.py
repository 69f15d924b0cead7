"""Durations and sizes as people write them: "30m", "1h30m", "7d"; "500MB", "1GiB"."""

from __future__ import annotations

import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_LONG = {"sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
         "hour": "h", "hours": "h", "day": "d", "days": "d", "week": "w", "weeks": "w"}  # fmt: skip
_BYTES = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9, "t": 10**12,
          "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}  # fmt: skip
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]+)\s*")


def read_duration(value: object) -> float:
    """Seconds of "90s", "30m", "1h30m", "7d", "2w", or of a plain number of seconds. Raises ValueError."""
    if isinstance(value, bool):
        raise ValueError("not a duration")
    if isinstance(value, int | float):
        return _positive(float(value))
    text = str(value).strip().lower()
    if re.fullmatch(r"\d{1,12}(?:\.\d{1,6})?", text):
        return float(text)
    total, at = 0.0, 0
    for part in _PART.finditer(text):
        unit = _LONG.get(part[2], part[2])
        if part.start() != at or unit not in _SECONDS:
            break
        total, at = total + float(part[1]) * _SECONDS[unit], part.end()
    if not text or at != len(text):
        raise ValueError(f'"{value}" is no duration like "30m", "1h30m", "7d"')
    return total


def read_size(value: object) -> int:
    """Bytes of "500MB", "1GB" (powers of ten), "1GiB" (powers of two), or of a plain number. Raises ValueError."""
    if isinstance(value, bool):
        raise ValueError("not a size")
    if isinstance(value, int | float):
        return int(_positive(float(value)))
    matched = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)", str(value).strip().lower())
    if matched is None or matched[2] not in _BYTES:
        raise ValueError(f'"{value}" is no size like "500MB", "1GB", "1GiB"')
    return int(float(matched[1]) * _BYTES[matched[2]])


def show_duration(seconds: float) -> str:
    """The shortest way to write a duration that `read_duration` reads back: 5400 is "90m", 86400 "1d"."""
    for unit in ("w", "d", "h", "m"):
        count = seconds / _SECONDS[unit]
        if count >= 1 and count == int(count) and not (unit == "w" and count < 2):
            return f"{int(count)}{unit}"
    return f"{int(seconds)}s" if seconds == int(seconds) else f"{seconds:.6f}".rstrip("0") + "s"


def _positive(number: float) -> float:
    if not 0 <= number < 1e15:
        raise ValueError("must not be negative")
    return number
