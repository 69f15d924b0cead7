"""Who starts what is due in an archive: timers on this machine, and a `schedule run` that is at work."""

from __future__ import annotations

from pathlib import Path

from archive.folder.lock import WORKER_LOCK_NAME, holder_of
from crawler.timers.install import all_places


def started_by(folder: Path) -> list[str]:
    """Each in words; empty where nobody does."""
    found = [f"{place.title} ({where})" for place in all_places() if (where := place.holds(folder))]
    worker = holder_of(folder, WORKER_LOCK_NAME)
    if worker is not None:
        found.append(f"pid {worker.pid} ({worker.command}, since {worker.started} on host {worker.host})")
    return found
