"""One writer per archive: a lock that names its holder and cannot outlive it.

The lock is the kernel's (flock), so a process that dies in any way gives it up; the text in the file only says who
holds it. Reading an archive never needs the lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import weakref
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from archive.errors import ArchiveLocked, cannot_write

LOCK_NAME = ".lock"
WORKER_LOCK_NAME = ".schedule.lock"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an archive: what a person needs to find the process."""

    pid: int
    command: str
    started: str  # RFC 3339, UTC
    host: str
    run: str | None = None


class ArchiveLock:
    """Held from `acquire` to `release`, or inside `with`. Raises ArchiveLocked where another process holds it.

    `taken_over` names a holder that died without releasing; its lock needs no removing by hand. `name` is another
    lock's: that of the schedule's worker, who writes only through the crawls it starts.
    """

    def __init__(
        self, root: Path, *, command: str, started: datetime, run: str | None = None, name: str = LOCK_NAME
    ) -> None:
        self.path = Path(root) / name
        self.holder = Holder(os.getpid(), command, started.isoformat(timespec="seconds"), socket.gethostname(), run)
        self.taken_over: Holder | None = None
        self._fd: int | None = None

    def acquire(self) -> None:
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise cannot_write(f"lock the archive {self.path.parent}", error) from error
        if not try_lock(fd):
            other = _read_holder(fd)
            os.close(fd)
            raise _locked(other, "being written" if self.path.name == LOCK_NAME else "looked after")
        self.taken_over = _read_holder(fd)
        self._fd = fd
        close_in_children(self)
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(asdict(self.holder)).encode(), 0)

    def release(self) -> None:
        if self._fd is not None:
            os.ftruncate(self._fd, 0)  # an empty file says: released, not died
            self.close_in_child()

    def close_in_child(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder_of(root: Path, name: str = LOCK_NAME) -> Holder | None:
    """Who holds a lock now; None where nobody does, also when a name was left behind by a process that died."""
    try:
        fd = os.open(Path(root) / name, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return None if try_lock(fd) else _read_holder(fd) or Holder(0, "it has not said its name yet", "", "")
    finally:
        os.close(fd)


def try_lock(fd: int) -> bool:
    """Take the exclusive lock of an open file, or return False where another open of it has the lock."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


class ClosesInChildren(Protocol):
    """Something that holds a lock: a forked worker must let go of it, or it would outlive the writer."""

    def close_in_child(self) -> None: ...


_holders: weakref.WeakSet[ClosesInChildren] = weakref.WeakSet()


def close_in_children(holder: ClosesInChildren) -> None:
    """Have `holder.close_in_child()` called in every process forked from here on."""
    _holders.add(holder)


def _after_fork() -> None:
    for holder in list(_holders):
        holder.close_in_child()


os.register_at_fork(after_in_child=_after_fork)


def _read_holder(fd: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(fd, 4096, 0)))
    except (ValueError, TypeError):
        return None


def _locked(other: Holder | None, how: str) -> ArchiveLocked:
    if other is None:  # it has the lock but has not yet written its name
        return ArchiveLocked(f"this archive is {how} by another process", hint="wait and try again")
    clock = other.started[11:19] or other.started
    return ArchiveLocked(
        f"this archive is {how} by pid {other.pid} ({other.command}, started {clock} on host {other.host})",
        hint="wait, or " + (f"pressmark run stop {other.run}" if other.run else f"stop pid {other.pid}"),
        context=("reading works meanwhile",),
    )
