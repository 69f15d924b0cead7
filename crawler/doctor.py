"""What could be wrong with this machine and this archive, each finding with the command that mends it.

`examine` asks, in the order of the table at the bottom; a check is a function that gives Findings and never raises
for what it is there to find.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from archive.errors import PressmarkError

if TYPE_CHECKING:
    from archive.catalog import Catalog
    from crawler.config import Settings

Level = Literal["ok", "note", "warning", "problem"]

# What the core cannot do without, and what an extra brings: (distribution, extra).
_CORE = (
    "scrapy", "Twisted", "trafilatura", "lxml", "lxml_html_clean", "warcio", "isal", "brotli", "zstandard",
    "SQLAlchemy", "typer", "rich", "pydantic", "tomlkit", "feedparser", "py3langid", "tinycss2", "filelock",
)  # fmt: skip
_EXTRAS = (("psycopg", "postgres"),)
_MIN_FILES = 256  # connections, WARC files and the catalog, with room
_CLOCK_SECONDS = 5.0
_FIRST_RELEASE = datetime(2026, 1, 1, tzinfo=UTC)  # no clock that is right shows an earlier time


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` is a command, or what to do; None where there is nothing to do."""

    check: str
    level: Level
    says: str
    mend: str | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: the folder (None: none was found) with its settings (None: they cannot be read), and now."""

    folder: Path | None
    settings: Settings | None
    now: datetime


def examine(folder: Path | None, now: datetime) -> list[Finding]:
    """Return what was found, in the order of the checks; an archive's own checks are left out without a folder."""
    patient = Patient(folder, _settings(folder), now)
    checks = _MACHINE if folder is None else _MACHINE + _ARCHIVE
    return [finding for check in checks for finding in check(patient)]


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing was found that keeps a crawl from running."""
    return not any(finding.level == "problem" for finding in findings)


def _settings(folder: Path | None) -> Settings | None:
    from crawler.config import load_settings

    try:
        return load_settings(folder) if folder else None
    except PressmarkError:
        return None


# -- the machine


def _python(patient: Patient) -> Iterator[Finding]:
    found = sys.version.split()[0]
    yield Finding("python", "ok", f"{found} ({sys.executable})")


def _packages(patient: Patient) -> Iterator[Finding]:
    found = {name: _version(name) for name in _CORE}
    missing = [name for name, number in found.items() if number is None]
    wrong = [line for line in _unsatisfied() if line.split()[0] not in missing]
    shown = ", ".join(f"{name} {found[name]}" for name in ("scrapy", "trafilatura", "lxml", "warcio", "SQLAlchemy"))
    if missing:
        yield Finding("packages", "problem", f"not installed: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    elif wrong:
        yield Finding("packages", "problem", "; ".join(wrong), "pip install --upgrade pressmark")
    else:
        yield Finding("packages", "ok", f"{shown} and {len(_CORE) - 5} more")
    for name, extra in _EXTRAS:
        number = _version(name)
        if number:
            yield Finding(f"extra {extra}", "ok", f"{name} {number}")
        else:
            url = (patient.settings.db.url if patient.settings else None) or ""
            needed = extra == "postgres" and url.startswith("postgres")
            yield Finding(
                f"extra {extra}",
                "problem" if needed else "note",
                f"{name} is not installed" + (", but the catalog is in PostgreSQL" if needed else " (optional)"),
                f"pip install 'pressmark[{extra}]'",
            )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _unsatisfied() -> Iterator[str]:
    """What is installed outside the bounds that pressmark asks for; silent where it runs from a bare folder."""
    try:
        wanted = requires("pressmark") or []
        from packaging.requirements import Requirement
    except (PackageNotFoundError, ImportError):
        return
    for line in wanted:
        requirement = Requirement(line)
        number = _version(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and number and not requirement.specifier.contains(number, prereleases=True):
            yield f"{requirement.name} {number} is installed, {requirement.specifier} is needed"


def _clock(patient: Patient) -> Iterator[Finding]:
    shown = f"{patient.now:%Y-%m-%d %H:%M:%S}Z"
    if patient.now < _FIRST_RELEASE:
        yield Finding("clock", "problem", f"{shown} is before this program was written", "set the system clock (NTP)")
        return
    yield Finding("clock", "ok", shown)


def _files(patient: Patient) -> Iterator[Finding]:
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if most != resource.RLIM_INFINITY and most < _MIN_FILES:
        yield Finding("open files", "warning", f"a process may open {most}, {_MIN_FILES} are needed", "ulimit -n 4096")


# -- the archive


def _config(patient: Patient) -> Iterator[Finding]:
    from crawler.config import check_config

    assert patient.folder is not None
    problems = check_config(patient.folder)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        yield Finding("settings", "problem", problems[0] + more, "pressmark config check")
    else:
        yield Finding("settings", "ok", f"{patient.folder}: pressmark.toml and sources.toml are fine")
    crawl = patient.settings.crawl if patient.settings else None
    if crawl and not crawl.contact and not crawl.user_agent:
        yield Finding(
            "contact",
            "warning",
            "the User-Agent names nobody a publisher could write to",
            'crawl.contact = "you@example.org" in pressmark.toml',
        )
    if crawl and crawl.allow_private:
        yield Finding("addresses", "warning", "crawl.allow_private is on: pages may lead the crawler to private hosts")


def _disk(patient: Patient) -> Iterator[Finding]:
    assert patient.folder is not None
    free = shutil.disk_usage(patient.folder).free
    least = patient.settings.crawl.disk_min_free if patient.settings else 0
    from archive.output import size

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
            apart = Path(file.name).stat().st_mtime - datetime.now(UTC).timestamp()
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
    from archive.lock import LOCK_NAME

    assert patient.folder is not None
    holder = _holder(patient.folder / LOCK_NAME)
    if holder is None:
        yield Finding("lock", "ok", "nobody writes this archive")
        return
    pid, said = holder
    yield Finding(
        "lock", "note", f"being written by pid {pid} ({said})", "reading works meanwhile; or: pressmark run stop last"
    )


def _holder(path: Path) -> tuple[int, str] | None:
    """Who holds the lock now; None where nobody does, also when a name was left behind by a process that died."""
    from archive.lock import try_lock

    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if try_lock(fd):
            return None
        found = json.loads(os.pread(fd, 4096, 0) or b"{}")
        return int(
            found.get("pid", 0)
        ), f"{found.get('command')}, started {found.get('started')} on host {found.get('host')}"
    except ValueError:
        return 0, "it has not said its name yet"
    finally:
        os.close(fd)


def _open_files(patient: Patient) -> Iterator[Finding]:
    from archive.lock import LOCK_NAME

    assert patient.folder is not None
    files = sorted(patient.folder.glob("warc/**/*.open"))
    if not files:
        yield Finding("WARC files", "ok", "all closed")
    elif _holder(patient.folder / LOCK_NAME):
        yield Finding("WARC files", "ok", f"{len(files)} being written")
    else:
        yield Finding(
            "WARC files",
            "warning",
            f"{len(files)} left open by a process that died: {files[0].name}",
            "pressmark crawl (the next run closes them; nothing is lost)",
        )


def _catalog(patient: Patient) -> Iterator[Finding]:
    from archive.archive import locate
    from archive.catalog import SCHEMA_VERSION, open_catalog

    assert patient.folder is not None
    try:
        catalog = open_catalog(locate(patient.folder).db_url, create=False)
    except PressmarkError as error:
        yield Finding("catalog", "problem", error.message, error.hint)
        return
    try:
        yield Finding("catalog", "ok", f"{catalog.name}, schema version {SCHEMA_VERSION}")
        yield from _leases(catalog, patient.now)
    except PressmarkError as error:
        yield Finding("catalog", "problem", error.message, error.hint)
    finally:
        catalog.close()


def _leases(catalog: Catalog, now: datetime) -> Iterator[Finding]:
    from archive.catalog import outcomes, runs

    found = outcomes.pending(catalog, None, now)
    held = sum(found.leased_by.values())
    by = ", ".join(f"{worker} ({count})" for worker, count in found.leased_by.items())
    yield Finding(
        "queue", "ok", f"{found.due} URLs due now, {held} with a worker{f': {by}' if by else ''}, {found.later} later"
    )
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


Check = Callable[[Patient], Iterator[Finding]]
_MACHINE: tuple[Check, ...] = (_python, _packages, _clock, _files)
_ARCHIVE: tuple[Check, ...] = (_config, _disk, _writable, _future, _catalog, _lock, _open_files)
