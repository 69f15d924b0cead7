"""alerts.json in the archive's folder: which alarms are open, and which have still to be told to whom.

Written as a whole under another name and renamed, so that a crash leaves the old or the new one. It is no part of the
archive: without it, alarms that are open are told once more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.errors import ArchiveLocked, DiskFull
from archive.health.alarms import Alarm, Key, Standing
from archive.times import parse_rfc3339, rfc3339

FILE_NAME = "alerts.json"
SCHEMA = "pressmark.alerts/1"
_TIMES = ("at", "opened_at", "fine_since")
_LOCK_SECONDS = 120.0
MOST_WAITING = 1000  # a sink that is broken for weeks must not fill the disk


@dataclass(slots=True)
class Book:
    """`waiting`: alarms that a sink ("command", "webhook", "mail") has not taken yet, the oldest first."""

    standing: dict[Key, Standing] = field(default_factory=dict)
    waiting: list[tuple[str, Alarm]] = field(default_factory=list)


@contextmanager
def opened(root: Path) -> Iterator[tuple[Book, Path]]:
    """The book, for this process alone, and where to `write` it. Raises ArchiveLocked."""
    from filelock import FileLock, Timeout

    path = root / FILE_NAME
    try:
        with FileLock(f"{path}.lock", timeout=_LOCK_SECONDS):
            yield read(path), path
    except Timeout as error:
        raise ArchiveLocked(f"another process is sending alarms of {root}", hint="try again later") from error


def read(path: Path) -> Book:
    """Return the book; an empty one where there is none, or none that can be read."""
    try:
        found = json.loads(path.read_bytes())
        standing = [Standing(**_moments(one)) for one in found["standing"]]
        waiting = [(one.pop("sink"), Alarm(**_moments(one))) for one in found["waiting"]]
    except (OSError, ValueError, KeyError, TypeError):
        return Book()
    return Book({(one.source, one.rule): one for one in standing}, waiting)


def write(book: Book, path: Path) -> None:
    """Keep the book. Raises DiskFull."""
    standing = [_plain(asdict(one)) for _, one in sorted(book.standing.items())]
    waiting = [{"sink": sink, **alarm_values(alarm)} for sink, alarm in book.waiting[-MOST_WAITING:]]
    text = json.dumps({"schema": SCHEMA, "standing": standing, "waiting": waiting}, ensure_ascii=False, indent=1)
    write_whole(path, text + "\n")


def alarm_values(alarm: Alarm) -> dict[str, Any]:
    """An alarm as plain values, times as RFC 3339."""
    return _plain(asdict(alarm) | {"figures": dict(alarm.figures)})


def write_whole(path: Path, text: str) -> None:
    """Write a file so that whoever reads it sees all of it, or all of the one before. Raises DiskFull."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with new.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise DiskFull(f"cannot write {path} ({error.strerror})", hint="free some space there") from error


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _moments(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: parse_rfc3339(value) if name in _TIMES and value else value for name, value in values.items()}
