"""From the catalog and the files to what the rules judge."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from archive.catalog import histories, runs, tallies
from archive.catalog.listings import last_asked
from archive.health.findings import Finding
from archive.health.history import (
    HOUR,
    LOOK_BACK,
    Listing,
    MachineHistory,
    Named,
    RunEnd,
    SameText,
    SourceHistory,
    floor,
)
from archive.health.rules import judge_machine, judge_source

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.catalog import Catalog, Connection
    from archive.model import Source

COVERAGE = timedelta(days=7)
_SETTLING = timedelta(hours=6)  # what was named just now is still to be fetched
_NEWEST = timedelta(days=2)
_RUNS = 10
NextDue = Callable[["Source", datetime | None], datetime | None]


def examine(
    archive: Archive, now: datetime, sources: Iterable[Source], *, least_bytes: int = 0, next_due: NextDue | None = None
) -> Iterator[Finding]:
    """Give what every rule says, of the archive and then of each source in turn; one source in memory at a time.

    `next_due` says when a source should be asked after it was last asked; it is not called for paused ones.
    """
    yield from judge_machine(machine_history(archive, now, least_bytes))
    asked = last_asked(archive.catalog)
    for source in sources:
        at = asked.get(source.name)
        due = next_due(source, at) if next_due is not None and at is not None and not source.paused else None
        yield from judge_source(source_history(archive.catalog, source.name, now, asked_at=at, due_at=due))


def source_history(
    catalog: Catalog, source: str, now: datetime, *, asked_at: datetime | None = None, due_at: datetime | None = None
) -> SourceHistory:
    """Return eight weeks of a source."""
    since = floor(now) - LOOK_BACK
    counts: dict[str, dict[datetime, int]] = {}
    with catalog.reading() as conn:
        for hour, what, count in tallies.hours(conn, source, since):
            counts.setdefault(what, {})[hour] = count
        by_listing = histories.new_by_listing(conn, source, since)
        listed = [_listing(conn, url, by_listing.get(url, {})) for url in histories.listings(conn, source)]
        rows = histories.named(conn, source, now - COVERAGE, now - _SETTLING)
        total, alike = histories.same_text(conn, source, now - _NEWEST)
    same = SameText(alike.cluster, alike.articles, total, alike.url) if alike is not None else None
    named = tuple(Named(row.found_by, row.urls, row.captured, row.failed, row.waiting) for row in rows)
    return SourceHistory(source, now, counts, tuple(listed), named, same, asked_at, due_at)


def _listing(conn: Connection, url: str, new: dict[datetime, int]) -> Listing:
    last = max(new, default=None)
    return Listing(url, new, last, histories.good_answers(conn, url, last + HOUR) if last else 0)


def machine_history(archive: Archive, now: datetime, least_bytes: int) -> MachineHistory:
    """Return what concerns all sources."""
    ended = [
        RunEnd(run.run_id, run.ended_at, run.exit_code, run.reason)
        for run in runs.list_runs(archive.catalog, limit=_RUNS, kind="crawl")
        if run.ended_at is not None
    ]
    free = shutil.disk_usage(archive.root).free
    return MachineHistory(now, free, least_bytes, _written(archive, now), tuple(ended))


def _written(archive: Archive, now: datetime) -> int:
    """The bytes of the WARC files of the last seven days, by the folders of their days."""
    days = (now - timedelta(days=back) for back in range(7))
    folders = (archive.root / "warc" / f"{day:%Y/%m/%d}" for day in days)
    return sum(path.stat().st_size for folder in folders if folder.is_dir() for path in folder.glob("*.warc.gz*"))
