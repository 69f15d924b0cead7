"""The watchdog: ends a process that stands still. Nobody looks at a terminal, and a hung crawl holds the archive's
lock, so a process that has not fed it for PATIENCE says where it stands and is ended; the next run can begin.

Two hands, because a process hangs in two ways. A thread of ours waits and writes the traces with the interpreter's lock
held, which is safe whatever the others do. Where a call into C never gives that lock back no thread of ours runs, so
`faulthandler`, which needs no lock, is set a little later: it may read a frame that is just changing and die of it, but
it ends the process.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from threading import Condition, Thread
from time import monotonic

PATIENCE_SECONDS = 1200.0
_LAST_RESORT_SECONDS = 60.0  # after PATIENCE


class Watchdog:
    """On guard inside its `with`, fed now and then. It writes to the stderr the process began with."""

    def __init__(self) -> None:
        self._fed = Condition()
        self._until: float | None = None  # None: not on guard

    def __enter__(self) -> None:
        self._until = monotonic()
        self.feed()
        Thread(target=self._wait, name="watchdog", daemon=True).start()

    def __exit__(self, *_: object) -> None:
        with self._fed:
            self._until = None
            self._fed.notify()
        faulthandler.cancel_dump_traceback_later()

    def feed(self) -> None:
        """Wait PATIENCE_SECONDS from now."""
        with self._fed:
            if self._until is None:
                return
            self._until = monotonic() + PATIENCE_SECONDS
            self._fed.notify()
        if sys.__stderr__ is not None:
            seconds = PATIENCE_SECONDS + _LAST_RESORT_SECONDS
            faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__)

    def _wait(self) -> None:
        with self._fed:
            while self._until is not None:
                left = self._until - monotonic()
                if left <= 0:
                    _end()
                self._fed.wait(left)


def _end() -> None:
    if (stderr := sys.__stderr__) is not None:
        print(f"pressmark: nothing has moved for {PATIENCE_SECONDS:g} seconds: the process ends.", file=stderr)
        print(
            "Run the command again; nothing fetched is lost. Where it stood, for a bug report:", file=stderr, flush=True
        )
        faulthandler.dump_traceback(file=stderr, all_threads=True)
    os._exit(1)
