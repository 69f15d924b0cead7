"""Limits: when a run has to stop before its work is done, and what is said of a run that has ended."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.errors import (
    DiskFull,
    FailureLimit,
    ForbiddenByRobots,
    Interrupted,
    PressmarkError,
    RunFailed,
    SizeLimit,
    TimeLimit,
)
from archive.model import Outcome

if TYPE_CHECKING:
    from crawler.crawl.session import Session


NOTHING_IS_DAMAGED = "the run stopped after the last complete record; nothing is damaged"


def check_limits(session: Session, seconds: float) -> None:
    """Raise the error of the first limit that this run has reached: time, size, failures, free disk."""
    options, counts = session.options, session.ledger.counts
    if session.error is not None:
        raise session.error
    if options.time_limit_seconds is not None and seconds > options.time_limit_seconds:
        raise TimeLimit(
            f"the run reached its time limit of {options.time_limit_seconds:.0f} s", hint=resume_hint(session)
        )
    if options.size_limit_bytes is not None and counts["wire_bytes"] > options.size_limit_bytes:
        raise SizeLimit(
            f"the run reached its size limit of {options.size_limit_bytes} bytes", hint=resume_hint(session)
        )
    most = options.max_failures or session.settings.crawl.max_failures
    if most is not None and counts["failed"] >= most:
        raise FailureLimit(
            f"{counts['failed']} URLs failed; {most} was the most allowed (--max-failures, crawl.max_failures)",
            hint="pressmark run show last",
        )
    required = session.settings.crawl.disk_min_free
    check_disk(session.archive.root, required, NOTHING_IS_DAMAGED, resume_hint(session))


def check_disk(root: Path, required: int, state: str, hint: str) -> None:
    """Raise DiskFull where less than `required` bytes are free, saying how things stand."""
    free = shutil.disk_usage(root).free
    if free < required:
        raise DiskFull(
            f"{free / 1e6:,.0f} MB free on {root}, {required / 1e6:,.0f} MB required (crawl.disk_min_free)",
            context=(state,),
            hint=hint,
        )


def verdict(session: Session, reason: str) -> PressmarkError | None:
    """Return the error of a run that no limit stopped: interrupted by the user, or nothing but failures."""
    counts = session.ledger.counts
    if reason == "shutdown":
        return Interrupted("the run was stopped; everything fetched is kept", hint=resume_hint(session))
    if any(counts[kind] for kind in ("stored", "unchanged", "moved", "listings")):
        return None
    if session.ledger.denied is not None:
        return _forbidden(*session.ledger.denied)
    if counts["failed"] and not counts["skipped"]:
        return _all_failed(session)
    return None


_HINTS = {
    "private_address": "if this host is yours: allow_private = true under [crawl] in pressmark.toml",
    "dns": "is the address right? pressmark source list",
    "timeout": "try again later, or raise crawl.timeout",
}


def _all_failed(session: Session) -> RunFailed:
    count, first = session.ledger.counts["failed"], session.ledger.failure
    reason = (first.reason or "unknown") if first is not None else "unknown"
    said = first.detail.get("error") or first.detail.get("status") if first is not None else None
    which = "the URL" if count == 1 else f"all {count} URLs"
    message = f"nothing was stored: {which} failed ({reason.replace('_', ' ')})"
    return RunFailed(message, context=(said,) if said else (), hint=_HINTS.get(reason, "pressmark run show last"))


def _forbidden(url: str, outcome: Outcome) -> ForbiddenByRobots:
    parts, line = urlsplit(url), outcome.detail.get("line", "?")
    return ForbiddenByRobots(
        f"robots.txt of {parts.netloc} does not allow our agent to fetch {parts.path or '/'} "
        f'(line {line}: "{outcome.detail.get("rule", "")}")',
        context=("nothing was fetched but robots.txt",),
        hint="this rule is the publisher's and is not overridden; pressmark source test NAME --show-robots",
    )


def resume_hint(session: Session) -> str:
    """The command that goes on where a run stopped; what was typed, where that was a page."""
    if session.options.only:
        return session.options.command
    return f"pressmark crawl --resume {session.run.run_id}"
