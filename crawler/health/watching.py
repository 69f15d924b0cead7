"""Health from the crawler's side: the sources of an archive with their schedules, judged, told, and measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from archive.archive import Archive, open_archive
from archive.errors import PressmarkError
from archive.health import Finding, metrics
from archive.health.ask import examine
from archive.health.findings import ARCHIVE
from archive.model import Source
from crawler.health.alerts import SinkFailed, Told, send_heartbeat, tell
from crawler.identity import software
from crawler.schedule.due import expected

if TYPE_CHECKING:
    from archive.folder.location import ArchiveLocation
    from crawler.config.config_file import Settings


def findings(archive: Archive, settings: Settings, sources: Sequence[Source], now: datetime) -> Iterator[Finding]:
    """Give what the rules say of the archive and of these sources."""

    def due(source: Source, last: datetime | None) -> datetime | None:
        return expected(archive.catalog, source, last, now)

    return examine(archive, now, sources, least_bytes=settings.crawl.disk_min_free, next_due=due)


def watched(sources: Sequence[Source]) -> list[Source]:
    """The sources whose health is of interest: not those that are paused."""
    return [source for source in sources if not source.paused]


def sound_alarms(
    archive: Archive, settings: Settings, sources: Sequence[Source], found: Sequence[Finding], now: datetime
) -> Told:
    """Tell what is news in findings of some sources; `sources` are all there are. Raises DiskFull, ArchiveLocked."""
    names = {ARCHIVE, *(source.name for source in watched(sources))}
    return tell(archive.root, archive.name, settings.alerts, found, now, watched=names)


def after_run(location: ArchiveLocation, settings: Settings, sources: Sequence[Source], now: datetime) -> list[str]:
    """Judge all sources and tell what is news, and return what went wrong with it: a run is never lost for that."""
    if settings.alerts.is_empty:
        return []
    try:
        with open_archive(location, create=False) as archive:
            found = list(findings(archive, settings, watched(sources), now))
            told = sound_alarms(archive, settings, sources, found, now)
    except PressmarkError as error:
        return [f"alarms could not be told: {error.message}"]
    return failures(told)


def sign_of_life(settings: Settings) -> list[str]:
    """Tell alerts.heartbeat that a crawl ended well, and return what went wrong with that."""
    try:
        if settings.alerts.heartbeat:
            send_heartbeat(settings.alerts.heartbeat)
    except SinkFailed as error:
        return [str(error)]
    return []


def failures(told: Told) -> list[str]:
    """Why alarms are still waiting, a line per sink."""
    return [f"alarms wait for the next run: {why}" for _, why in told.failures]


def measured(archive: Archive, settings: Settings, sources: Sequence[Source], now: datetime) -> str:
    """Return all metrics as Prometheus' text."""
    found = findings(archive, settings, watched(sources), now)
    least, version = settings.crawl.disk_min_free, software().partition("/")[2]
    return metrics.exposition(metrics.samples(archive, now, found, least_bytes=least, version=version))
