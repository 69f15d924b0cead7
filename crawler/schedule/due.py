"""What is due in an archive now, by its sources' schedules, and what was missed. The clock is passed in.

`due_now` is asked by `crawl --due` before it takes the lock, and by `schedule run` before it starts a crawl, so that
nothing due costs nothing: no lock, no run, no file. Order: the question, the plan it rests on, what was missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from archive.catalog import frontier, listings, owners, runs
from archive.model import Run, Source
from crawler.schedule.polling import adapted, bounds_of, due_again, missed_slots
from crawler.schedule.polls import rhythm_of
from crawler.schedule.rules import local_zone, next_due, parse_schedule
from crawler.schedule.seeds import seeds

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.catalog import Catalog

PAUSED = "paused"  # the plan of a source that is
_LOOKED_AT = 200  # runs that are asked whether they explain why something was missed


@dataclass(frozen=True, slots=True)
class Due:
    """Which sources have something to fetch, each since when, and when the next one will have. None: none ever."""

    sources: tuple[Source, ...]
    since: Mapping[str, datetime]
    next_at: datetime | None
    missed: tuple[str, ...] = ()  # slots that went by before this one, in words


@dataclass(frozen=True, slots=True)
class Missed:
    """Slots of a source that went by: from when, how many, and why as far as the run logs tell."""

    source: str
    since: datetime
    slots: int
    reason: str

    @property
    def words(self) -> str:
        times = "1 time" if self.slots == 1 else f"{self.slots} times"
        return f"{self.source} was not asked {times} from {self.since:%Y-%m-%d %H:%MZ} on: {self.reason}"


def due_now(archive: Archive, sources: Sequence[Source], now: datetime) -> Due:
    """Say which of the sources are due. Sources whose schedule was edited get their new times here."""
    active = [source for source in sources if not source.paused and parse_schedule(source.schedule) is not None]
    replan(archive, [*active, *(source for source in sources if source.paused)], now)
    found = listings.due(archive.catalog, now)
    slots = {name: one.listing for name, one in found.items() if one.listing is not None}
    # A source with a limit of articles a run goes on with the rest in its next run, not in the next minute.
    pages = {source.name: found[source.name].anything for source in active if source.name in found and not source.limit}
    new = _not_theirs(archive, [source for source in active if source.name not in slots], now)
    since = pages | slots | dict.fromkeys(new, now)
    chosen = tuple(source for source in active if source.name in since)
    later = listings.next_due(archive.catalog, [source.name for source in active if source not in chosen])
    return Due(chosen, since, later, tuple(one.words for one in _missed(archive, chosen, slots, now)))


def _not_theirs(archive: Archive, sources: Sequence[Source], now: datetime) -> list[str]:
    """Sources with an address that nobody has asked for in their name: of a new or renamed entry, or a new line."""
    named = [seed for source in sources for seed in seeds(source, now)]
    found = frontier.unknown(archive.catalog, (one.url for one in named))
    listed = {source.name for source in sources}
    found |= {one.url for one in owners.strange(archive.catalog, named, listed, archive.name)}
    return list(dict.fromkeys(one.source for one in named if one.url in found))


def expected(catalog: Catalog, source: Source, last: datetime | None, now: datetime) -> datetime | None:
    """When a source's listings should be asked: when they are due, else by its schedule. None: never by themselves."""
    by_schedule = next_due(source.schedule, last, now)
    return None if by_schedule is None else listings.first_due(catalog, source.name) or by_schedule


def replan(archive: Archive, sources: Sequence[Source], now: datetime) -> None:
    """Give listings new times where the schedule in sources.toml is not the one they got theirs by.

    Where nobody knows by which (after a rebuild) they keep those they have. What would have been due before, by a
    schedule that did not hold then or while the source was paused, is due now: nothing was missed.
    """
    known = listings.planned(archive.catalog)
    for source in sources:
        before, schedule = known.get(source.name), PAUSED if source.paused else source.schedule
        if before == schedule:
            continue
        times = {} if source.paused else _times(archive, source, everything=before is not None)
        if before is not None:
            times = {url: at and max(at, now) for url, at in times.items()}
        archive.catalog.attempt(partial(listings.plan, source=source.name, schedule=schedule, times=times))


def _times(archive: Archive, source: Source, *, everything: bool) -> dict[str, datetime | None]:
    zone, found = local_zone(), {}
    for one in listings.of_source(archive.catalog, source.name):
        if one.asked_at is None or (one.due_at is not None and not everything):
            continue  # new, and due already; or as it was
        rhythm = adapted(rhythm_of(one.state, source, one.depth), bounds_of(source.schedule, named=one.depth == 0))
        found[one.url] = due_again(source.schedule, rhythm, one.asked_at.astimezone(zone))
    return found


# -- what was missed


def _missed(archive: Archive, sources: Sequence[Source], since: Mapping[str, datetime], now: datetime) -> list[Missed]:
    """The slots that went by before this one, source by source; those a "skipped" row explains are told there."""
    zone = local_zone()
    slots = {
        source.name: missed_slots(source.schedule, since[source.name], now.astimezone(zone))
        for source in sources
        if source.name in since
    }
    if not any(slots.values()):
        return []
    recent = runs.list_runs(archive.catalog, limit=_LOOKED_AT)
    skipped = max((run.started_at for run in recent if run.kind == "skipped"), default=None)
    return [
        Missed(name, since[name], count, _reason(since[name], recent))
        for name, count in slots.items()
        if count and (skipped is None or skipped < since[name])
    ]


def _reason(since: datetime, recent: Sequence[Run]) -> str:
    """Why nothing was fetched since then, as far as the other runs tell."""
    for run in recent:
        ended = run.ended_at or run.heartbeat_at or run.started_at
        if run.kind in ("crawl", "fetch", "extract") and run.started_at <= since <= ended:
            return f"run {run.run_id} ({run.command}) was at work"
    lived = max((run.heartbeat_at or run.started_at for run in recent if run.kind == "schedule"), default=None)
    if lived is not None and lived < since + timedelta(minutes=2):
        return f"the schedule's worker was not running after {lived:%Y-%m-%d %H:%MZ}"
    return "the machine was off, or nothing ran `pressmark crawl --due`"
