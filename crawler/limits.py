"""Limits: when a run has to stop before its work is done, and what is said of a run that has ended."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from archive.errors import DiskFull, FailureLimit, Interrupted, PressmarkError, RunFailed, SizeLimit, TimeLimit

if TYPE_CHECKING:
    from crawler.session import Session


def check_limits(session: Session, seconds: float) -> None:
    """Raise the error of the first limit that this run has reached: time, size, failures, free disk."""
    options, counts = session.options, session.ledger.counts
    if session.error is not None:
        raise session.error
    if options.time_limit_seconds is not None and seconds > options.time_limit_seconds:
        raise TimeLimit(f"the run reached its time limit of {options.time_limit_seconds:.0f} s", hint=_resume(session))
    if options.size_limit_bytes is not None and counts["wire_bytes"] > options.size_limit_bytes:
        raise SizeLimit(f"the run reached its size limit of {options.size_limit_bytes} bytes", hint=_resume(session))
    if options.max_failures is not None and counts["failed"] >= options.max_failures:
        raise FailureLimit(
            f"{counts['failed']} URLs failed, --max-failures is {options.max_failures}",
            hint="pressmark run show last",
        )
    free = shutil.disk_usage(session.archive.root).free
    if free < session.settings.crawl.disk_min_free:
        raise DiskFull(
            f"{free >> 20} MB free on {session.archive.root}, "
            f"{session.settings.crawl.disk_min_free >> 20} MB required (crawl.disk_min_free)",
            context=("the run stopped after the last complete record; nothing is damaged",),
            hint=_resume(session),
        )


def verdict(session: Session, reason: str) -> PressmarkError | None:
    """Return the error of a run that no limit stopped: interrupted by the user, or nothing but failures."""
    counts = session.ledger.counts
    if reason == "shutdown":
        return Interrupted("the run was stopped; everything fetched is kept", hint=_resume(session))
    if counts["failed"] and not (counts["stored"] or counts["unchanged"] or counts["skipped"] or counts["moved"]):
        return RunFailed(f"nothing was stored: all {counts['failed']} URLs failed", hint="pressmark run show last")
    return None


def _resume(session: Session) -> str:
    return f"pressmark crawl --resume {session.run.run_id}"
