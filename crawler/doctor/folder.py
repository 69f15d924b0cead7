"""Checks of an archive: its settings, disk, catalog, queue, lock and files. Each gives Findings, and never raises."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from archive.console.output import plural
from archive.errors import ConfigError, PressmarkError
from archive.times import utc_now
from crawler.doctor.findings import Check, Finding, Patient

if TYPE_CHECKING:
    from archive.catalog import Catalog

_CLOCK_SECONDS = 5.0


def _config(patient: Patient) -> Iterator[Finding]:
    from crawler.config.config_file import SOURCES_FILE, check_config
    from crawler.config.sources_file import named_twice

    assert patient.folder is not None
    problems, sources = check_config(patient.folder), patient.folder / SOURCES_FILE
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        yield Finding("settings", "problem", problems[0] + more, "pressmark config check")
    else:
        yield Finding("settings", "ok", f"{patient.folder}: pressmark.toml and sources.toml are fine")
    for line in named_twice(sources) if sources.is_file() else ():
        yield Finding("sources", "warning", line, "pressmark source edit (take it out of one)")
    crawl = patient.settings.crawl if patient.settings else None
    if crawl and not crawl.contact and not crawl.user_agent:
        yield Finding(
            "contact",
            "warning",
            "the User-Agent names nobody a publisher could write to",
            'crawl.contact = "you@example.org" in pressmark.toml',
        )
    if crawl and crawl.allow_private:
        says = "crawl.allow_private is on: pages may lead the crawler to private hosts"
        yield Finding("addresses", "warning", says, "allow_private = false under [crawl] in pressmark.toml")


def _disk(patient: Patient) -> Iterator[Finding]:
    assert patient.folder is not None
    free = shutil.disk_usage(patient.folder).free
    least = patient.settings.crawl.disk_min_free if patient.settings else 0
    from archive.console.output import size

    if free < least:
        yield Finding(
            "disk",
            "problem",
            f"{size(free)} free on {patient.folder}, {size(least)} required (crawl.disk_min_free)",
            "free some space, or lower crawl.disk_min_free in pressmark.toml",
        )
    else:
        yield Finding("disk", "ok", f"{size(free)} free, runs stop below {size(least)}")


def _writable(patient: Patient) -> Iterator[Finding]:
    """Whether the folder can be written, and whether its file system has our time (a network disk may not)."""
    assert patient.folder is not None
    try:
        with tempfile.NamedTemporaryFile(dir=patient.folder, prefix=".doctor-") as file:
            apart = Path(file.name).stat().st_mtime - utc_now().timestamp()
    except OSError as error:
        yield Finding(
            "folder", "problem", f"{patient.folder} cannot be written ({error.strerror})", f"ls -ld {patient.folder}"
        )
        return
    if abs(apart) > _CLOCK_SECONDS:
        yield Finding(
            "folder", "warning", f"the disk's clock is {apart:+.0f} s off this machine's", "set both clocks (NTP)"
        )


def _future(patient: Patient) -> Iterator[Finding]:
    """WARC files from the future: the clock was wrong then, or is now."""
    assert patient.folder is not None
    files = [(path.stat().st_mtime, path) for path in patient.folder.glob("warc/**/*.warc*")]
    stamp, newest = max(files, default=(0.0, None))
    if newest is not None and stamp > (patient.now + timedelta(minutes=1)).timestamp():
        when = datetime.fromtimestamp(stamp, UTC)
        yield Finding(
            "clock",
            "problem",
            f"{newest.name} was written at {when:%Y-%m-%d %H:%M:%S}Z, later than now",
            "set the system clock (NTP)",
        )


def _lock(patient: Patient) -> Iterator[Finding]:
    from archive.folder.lock import holder_of

    assert patient.folder is not None
    holder = holder_of(patient.folder)
    if holder is None:
        yield Finding("lock", "ok", "nobody writes this archive")
        return
    said = f"being written by pid {holder.pid} ({holder.command}, started {holder.started} on host {holder.host})"
    yield Finding("lock", "note", said, "reading works meanwhile; or: pressmark run stop last")


def _open_files(patient: Patient) -> Iterator[Finding]:
    from archive.folder.lock import holder_of

    assert patient.folder is not None
    files = sorted(patient.folder.glob("warc/**/*.open"))
    if not files:
        yield Finding("WARC files", "ok", "all closed")
    elif holder_of(patient.folder):
        yield Finding("WARC files", "ok", f"{len(files)} being written")
    else:
        yield Finding(
            "WARC files",
            "warning",
            f"{len(files)} left open by a process that died: {files[0].name}",
            "pressmark crawl (the next run closes them; nothing is lost)",
        )


def _catalog(patient: Patient) -> Iterator[Finding]:
    from archive.catalog import SCHEMA_VERSION, open_catalog
    from archive.folder.location import locate
    from archive.moved import insist_on_name, name_in_catalog

    assert patient.folder is not None
    try:
        place = locate(patient.folder)
        catalog = open_catalog(place.db_url, create=False)
    except ConfigError:
        return  # `_config` says it
    except PressmarkError as error:
        yield Finding("catalog", "problem", error.message, error.hint)
        return
    try:
        insist_on_name(catalog, name_in_catalog(catalog, place.name, place.root), place.root)
        yield Finding("catalog", "ok", f"{catalog.name}, schema version {SCHEMA_VERSION}")
        yield from _leases(catalog, patient)
    except PressmarkError as error:
        yield Finding("catalog", "problem", error.message, error.hint)
    finally:
        catalog.close()


def _leases(catalog: Catalog, patient: Patient) -> Iterator[Finding]:
    from archive.catalog import outcomes, runs

    now = patient.now
    found, (later, _) = outcomes.pending(catalog, None, now), outcomes.waiting(catalog, now)
    held = sum(found.leased_by.values())
    by = ", ".join(f"{worker} ({count})" for worker, count in found.leased_by.items())
    active = None if catalog.is_shared else _active(patient)  # others may ask for theirs
    resting = found.due - outcomes.pending(catalog, active, now).due
    others = f" ({resting} of sources that are paused or not in sources.toml)" if resting else ""
    says = f"{found.due} URLs due now{others}, {held} with a worker{f': {by}' if by else ''}, {later} later"
    yield Finding("queue", "ok", says)
    dead = [
        run
        for run in runs.list_runs(catalog, limit=20)
        if run.ended_at is None and run.host == socket.gethostname() and not Path(f"/proc/{run.pid}").exists()
    ]
    for run in dead if Path("/proc").is_dir() else ():
        yield Finding(
            "runs",
            "warning",
            f"run {run.run_id} (pid {run.pid}) died without ending",
            f"pressmark crawl --resume {run.run_id}",
        )


def _active(patient: Patient) -> list[str] | None:
    """The sources that are asked by themselves; None where sources.toml cannot be read."""
    from crawler.config.config_file import SOURCES_FILE, load_sources

    assert patient.folder is not None
    try:
        return [one.name for one in load_sources(patient.folder / SOURCES_FILE) if not one.paused]
    except PressmarkError:
        return None


def _timers(patient: Patient) -> Iterator[Finding]:
    """Whether anybody starts what is due."""
    from crawler.config.config_file import load_sources
    from crawler.schedule.rules import parse_schedule
    from crawler.timers.starters import started_by

    assert patient.folder is not None
    try:
        sources = load_sources(patient.folder / "sources.toml")
    except PressmarkError:
        return  # `_config` says it
    waiting = [one.name for one in sources if not one.paused and parse_schedule(one.schedule) is not None]
    starters = started_by(patient.folder)
    if starters:
        yield Finding("timers", "ok", f"{plural(len(waiting), 'source')}, started by {', '.join(starters)}")
    elif waiting:
        yield Finding(
            "timers",
            "note",
            f"{plural(len(waiting), 'source has', 'sources have')} a schedule, and nobody starts it",
            "pressmark schedule install",
        )


CHECKS: tuple[Check, ...] = (_config, _disk, _writable, _future, _catalog, _lock, _open_files, _timers)
