"""The process of a run: whether it is gone, and ending it."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

from archive.errors import NotFound
from archive.model import Run


def interrupt(run: Run) -> None:
    """Ask the process of a run to stop cleanly (SIGINT). Raises NotFound where it is not a process of this machine."""
    if run.host != socket.gethostname():
        raise NotFound(f"run {run.run_id} is on host {run.host}", hint=f"there: pressmark run stop {run.run_id}")
    try:
        os.kill(run.pid, signal.SIGINT)
    except ProcessLookupError:
        raise NotFound(
            f"the process of run {run.run_id} (pid {run.pid}) is gone", hint=f"pressmark crawl --resume {run.run_id}"
        ) from None


def end_of_process(pid: int, seconds: float) -> bool:
    """Wait for a process to be gone, at most so long; whether it is."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def is_gone(run: Run) -> bool:
    """Whether a run of this machine has not ended and its process is no more; of another machine nobody knows."""
    return run.ended_at is None and run.host == socket.gethostname() and not is_alive(run.pid)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_unburied(pid)


def _is_unburied(pid: int) -> bool:
    """Whether a process has ended and only its parent has not asked how; in a container often nobody ever asks."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[:1]
    except OSError:  # no /proc, or gone by now
        return False
    return state in ([b"Z"], [b"X"])
