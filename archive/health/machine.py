"""Rules about what concerns all sources: room on the disk, and how the last crawls ended."""

from __future__ import annotations

from archive.console.output import plural, size
from archive.health.findings import ARCHIVE, Finding, State
from archive.health.history import MachineHistory

WARN_DAYS = 14
# Ends that are no fault of this machine: by itself, Ctrl-C, a limit somebody set, a site that gave nothing (its sources
# are told apart by their own rules).
_FINE_ENDS = frozenset((0, 9, 11, 12, 14, 15, 18))


def disk(history: MachineHistory) -> Finding:
    """Is there room, and for how long at last week's pace?"""
    room = history.free_bytes - history.least_bytes
    a_day = history.written_bytes / 7
    days = max(room, 0) / a_day if a_day > 0 else None
    state: State = "bad" if room <= 0 else "warn" if days is not None and days < WARN_DAYS else "ok"
    words = f"{size(history.free_bytes)} free, crawls stop below {size(history.least_bytes)}"
    if days is not None and room > 0:
        lasts = plural(int(days), "day") if days < 1000 else "years"
        words += f"; at last week's {size(round(a_day))} a day that is enough for {lasts}"
    figures = {"free_bytes": history.free_bytes, "least_bytes": history.least_bytes, "days": days and round(days, 1)}
    return Finding(ARCHIVE, "disk", state, words, figures, "free some space, or move warc/ to a larger disk")


def runs(history: MachineHistory) -> Finding:
    """Did the last crawls end as they should?"""
    bad = 0
    for run in history.runs:
        if run.exit_code in _FINE_ENDS:
            break
        bad += 1
    if not history.runs:
        return Finding(ARCHIVE, "runs", "ok", "nothing was crawled yet", {"failed_in_a_row": 0}, "pressmark crawl")
    last = history.runs[0]
    ended = "its process died" if last.exit_code is None else f"exit code {last.exit_code}"
    state: State = "bad" if bad >= 3 else "warn" if bad else "ok"
    failed = "the last crawl failed" if bad == 1 else f"the last {bad} crawls failed; the newest"
    words = "the last crawl ended well" if not bad else f"{failed}: {ended}"
    if bad and last.reason:
        words += f" ({last.reason})"
    return Finding(ARCHIVE, "runs", state, words, {"failed_in_a_row": bad}, f"pressmark run show {last.run_id}")
