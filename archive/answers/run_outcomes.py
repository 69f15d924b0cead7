"""What a run did, as its own log tells it.

The catalog knows what became of each URL last: of an earlier run it has forgotten what later ones found otherwise. It
is asked only where the log is not here (an archive of another machine in a shared catalog) or names no URL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from archive.archive import Archive, members
from archive.catalog import outcomes
from archive.catalog.outcomes import Skipped
from archive.runs.runlog import LogLine, read_run_log
from archive.times import parse_rfc3339

_LEFT = ("skipped", "failed")


def outcomes_of_run(archive: Archive, run_id: str) -> dict[tuple[str, str | None], int]:
    """Return how many URLs ended as (kind, reason) in a run, e.g. {("skipped", "robots"): 3}; each as it ended last."""
    ended = {line["url"]: (line["kind"], line["reason"]) for line in _outcomes(archive, run_id)}
    if not ended:
        return outcomes.outcomes_of_run(archive.catalog, run_id)
    return dict(sorted(Counter(ended.values()).items(), key=lambda one: (one[0][0], one[0][1] or "")))


def skipped_in_run(archive: Archive, run_id: str) -> list[Skipped]:
    """Return the URLs that a run left out or failed at, the latest first, as they ended in it."""
    lines: dict[str, LogLine] = {}
    told = False
    for line in _outcomes(archive, run_id):
        told = True
        lines.pop(line["url"], None)
        if line["kind"] in _LEFT:
            lines[line["url"]] = line
    if not told:
        return outcomes.skipped(archive.catalog, run=run_id)
    found_in = outcomes.found_in(archive.catalog, lines)
    found = [_skipped(line, run_id, *found_in.get(url, (None, None))) for url, line in lines.items()]
    return sorted(sorted(found, key=lambda one: one.url), key=lambda one: one.at, reverse=True)


def _skipped(line: LogLine, run_id: str, via: str | None, depth: int | None) -> Skipped:
    return Skipped(
        url=line["url"],
        source=line.get("source") or "",
        run=run_id,
        kind=line["kind"],
        reason=line["reason"],
        found_in=via,
        depth=depth,
        at=parse_rfc3339(line["at"]),
        record_id=line.get("record_id"),
        detail=line.get("detail") or {},
    )


def _outcomes(archive: Archive, run_id: str) -> Iterator[LogLine]:
    log = _log(archive, run_id)
    return (line for line in read_run_log(log, []) if line.get("type") == "outcome") if log else iter(())


def _log(archive: Archive, run_id: str) -> Path | None:
    """The run's log in this archive's folder, or in one that shares its catalog and can be reached."""
    paths = (one.store.path(one.store.runs_path(run_id)) for one in members(archive))
    return next((path for path in paths if path.is_file()), None)
