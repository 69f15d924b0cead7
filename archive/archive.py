"""Archive: a folder of WARC files, records and run logs, and the catalog that describes them. Kept small on purpose.

Features are functions that take an Archive. Here: where an archive is (`locate`), opening it, the lock of whoever
writes, and `recover`, which every command that writes calls first.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.errors import ConfigError, NotFound, WarcDamaged
from archive.model import NO_LISTS, Capture, ReadingLists, Run, Source
from archive.runlog import RunLog, end_line
from archive.store import LocalStore
from archive.toml import TomlError, parse_toml

if TYPE_CHECKING:
    from archive.catalog import Catalog
    from archive.lock import ArchiveLock

CONFIG_NAME = "pressmark.toml"
CATALOG_NAME = "catalog.sqlite3"
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class ArchiveLocation:
    """Where an archive is: its folder, the database of its catalog, its name; its sources and lists, where known."""

    root: Path
    db_url: str
    name: str
    sources: Mapping[str, Source] = field(default_factory=dict)
    lists: ReadingLists = NO_LISTS


Locate = Callable[[Path], ArchiveLocation]


def locate(folder: Path) -> ArchiveLocation:
    """Find the archive of `folder`: the nearest folder upwards with a pressmark.toml, or one that holds warc/.

    Reads only what an archive needs ([archive] dir and name, [db] url, PRESSMARK_DB__URL); the crawler's configuration
    checks the rest. Raises NotFound, ConfigError.
    """
    start = folder.resolve()
    for place in (start, *start.parents):
        if (place / CONFIG_NAME).is_file():
            return _configured(place)
    if (start / "warc").is_dir():
        return ArchiveLocation(start, _db_url(start, None), _name_of(start))
    raise no_archive(folder)


def no_archive(folder: Path) -> NotFound:
    """The complaint; with the archives below: who has just typed `pressmark init news` stands one folder too high."""
    below = sorted(path.parent.name for path in folder.glob(f"*/{CONFIG_NAME}"))[:6]
    others = f", or one of: {', '.join(below[1:])}" if below[1:] else ""
    hint = f"cd {below[0]}{others}" if below else "pressmark init, or name the folder: pressmark -C FOLDER …"
    return NotFound(f"no archive in {folder} or above it (no {CONFIG_NAME})", hint=hint)


def _configured(place: Path) -> ArchiveLocation:
    path = place / CONFIG_NAME
    try:
        config = parse_toml(path.read_text("utf-8-sig"))
    except TomlError as error:
        problem = f"{CONFIG_NAME}:{error.line}: {error}"
        raise ConfigError("1 problem", context=(problem,), hint="pressmark config check") from error
    except UnicodeDecodeError as error:
        problem = f"{CONFIG_NAME}: not UTF-8 text (byte {error.start}): save it as UTF-8"
        raise ConfigError("1 problem", context=(problem,), hint="pressmark config check") from error
    root = (place / str(_get(config, "archive", "dir") or ".")).resolve()
    name = str(_get(config, "archive", "name") or _name_of(root))
    return ArchiveLocation(root, _db_url(root, _get(config, "db", "url")), name, lists=_lists(place, config))


def _lists(place: Path, config: Mapping[str, Any]) -> ReadingLists:
    """The lists a configuration names, relative to its folder. Raises ConfigError for those that cannot be read."""
    found: dict[str, list[Path]] = {}
    for key in ("filters", "words"):
        configured = _get(config, "reading", key)
        found[key] = [place / str(name) for name in configured] if isinstance(configured, list) else []
    said = [f"reading.{key}: no file {path}" for key, paths in found.items() for path in paths if not path.is_file()]
    said += [f"reading.words: {path} is not UTF-8" for path in found["words"] if path.is_file() and not _is_utf8(path)]
    if said:
        context = tuple(f"{place / CONFIG_NAME}: {one}" for one in said)
        raise ConfigError(f"{len(said)} problem" + "s" * (len(said) > 1), context=context)
    return ReadingLists(**{key: tuple(str(path.resolve()) for path in paths) for key, paths in found.items()})


def _is_utf8(path: Path) -> bool:
    """A word in another charset would be looked for and never found."""
    try:
        path.read_text("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _get(config: Mapping[str, Any], table: str, key: str) -> Any:
    found = config.get(table)
    return found.get(key) if isinstance(found, dict) else None


def _db_url(root: Path, configured: Any) -> str:
    return str(os.environ.get("PRESSMARK_DB__URL") or configured or f"sqlite:///{root / CATALOG_NAME}")


def _name_of(root: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", root.name) or "archive"


@dataclass(frozen=True, slots=True)
class Archive:
    """An opened archive. Reading needs no lock; whoever writes takes `writing`."""

    root: Path
    store: LocalStore
    catalog: Catalog
    name: str
    sources: Mapping[str, Source] = field(default_factory=dict)
    lists: ReadingLists = NO_LISTS


@contextmanager
def open_archive(place: ArchiveLocation | Path, *, create: bool = False, renew: bool = False) -> Iterator[Archive]:
    """Open an archive for a `with`. `create` makes a missing catalog, else NotFound with the hint to rebuild.

    `renew` is for the rebuild: it takes a catalog that cannot be used, too.

    Raises DatabaseUnreachable as `open_catalog` does; UsageError for a writer whose name another archive has.
    """
    from archive.catalog import open_catalog
    from archive.moved import insist_on_name, name_in_catalog

    location = locate(place) if isinstance(place, Path) else place
    catalog = open_catalog(location.db_url, create=create or renew, renew=renew)
    try:
        name = name_in_catalog(catalog, location.name, location.root)
        if create or renew:  # whoever asks for that is about to write
            insist_on_name(catalog, name, location.root)
        yield Archive(location.root, LocalStore(location.root), catalog, name, location.sources, location.lists)
    finally:
        catalog.close()


def members(archive: Archive) -> list[Archive]:
    """Return the archives one catalog describes, this one first: many machines may write folders of their own into it.

    Those whose folder is not reachable from here are among them; see `is_here`.
    """
    from archive.catalog import archives

    known = archives.roots(archive.catalog)
    others = [
        replace(archive, name=name, root=Path(root), store=LocalStore(Path(root)))
        for name, root in known.items()
        if name != archive.name
    ]
    return [archive, *others]


def is_here(archive: Archive) -> bool:
    """Whether the files of an archive can be read from this machine."""
    return (archive.root / "warc").is_dir()


def writing(root: Path, *, command: str, now: datetime, run: str | None = None) -> ArchiveLock:
    """Return the lock of whoever writes this archive, for a `with`. Raises ArchiveLocked naming the holder."""
    from archive.lock import ArchiveLock

    return ArchiveLock(root, command=command, started=now, run=run)


# -- recovery


@dataclass(frozen=True, slots=True)
class Recovery:
    """What `recover` found and did."""

    files: tuple[str, ...] = ()  # WARC files that were left open, now closed
    torn_bytes: int = 0  # set aside in .torn files
    captures_added: int = 0
    captures_dropped: int = 0
    records_added: int = 0
    runs_closed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self == Recovery()


def recover(archive: Archive, now: datetime) -> Recovery:
    """Bring files and catalog together after a crash. Call it with the lock held, before anything is written.

    Every file left open becomes a closed one; the catalog gets the captures and records it lacks and loses what lay
    behind the last whole record. Also files that were closed just before the crash are looked at.
    """
    from archive.catalog import captures, near, runs
    from archive.warc.recovery import recover_all

    dead = runs.dead(archive.catalog, socket.gethostname(), _is_alive)
    recovered = list(recover_all(archive.store))
    dropped = 0
    for one in recovered:
        if one.warc_file is not None:
            with archive.catalog.transaction() as conn:
                dropped += captures.drop_past(conn, archive.name, one.warc_file, one.kept_bytes)
    touched = {one.warc_file for one in recovered if one.warc_file}
    if dead:
        touched |= _closed_since(archive.store, min(run.started_at for run in dead))
    added = [index_file(archive, warc_file) for warc_file in sorted(touched)]
    for run in dead:
        _close_dead(archive, run)
    near.settle(archive.catalog)
    return Recovery(
        files=tuple(one.warc_file for one in recovered if one.warc_file),
        torn_bytes=sum(one.torn_bytes for one in recovered),
        captures_added=sum(found for found, _ in added),
        captures_dropped=dropped,
        records_added=sum(found for _, found in added),
        runs_closed=tuple(run.run_id for run in dead),
    )


def _close_dead(archive: Archive, run: Run) -> None:
    """Tell the catalog what a dead process had logged but not committed, and that it ended, in log and catalog.

    A run that could write down how it ended, but not tell the catalog (the database was away), ended so.
    """
    from archive.catalog import runs
    from archive.jsonl import json_lines_from
    from archive.logged import tell

    path = archive.store.path(archive.store.runs_path(run.run_id))
    with archive.catalog.transaction() as conn:
        if path.exists():
            behind = (line for line, _ in json_lines_from(path, runs.committed_bytes(conn, run.run_id)))
            told = tell(conn, (line for line in behind if line.get("type") != "run"), run.run_id)
            if not told.ends:
                _log_death(path, run)
            runs.committed(conn, run.run_id, path.stat().st_size)
            if told.ends:
                return
        runs.close_dead(conn, run)


def _log_death(path: Path, run: Run) -> None:
    """Close the log of a run whose process is gone, as the catalog is told: `db rebuild` must come to the same."""
    with RunLog(path) as log:
        log.append(end_line(replace(run, ended_at=run.heartbeat_at or run.started_at, reason="process gone")))


def index_file(archive: Archive, warc_file: str) -> tuple[int, int]:
    """Add to the catalog what it lacks of a WARC file and of its records. Returns how many captures and records.

    A damaged file gives every record that is whole.
    """
    from archive.catalog import captures
    from archive.warc.captures import captures_in

    known = {capture.record_id for capture in captures.in_file(archive.catalog, archive.name, warc_file)}
    missing: list[Capture] = []
    found = captures_in(archive.store.find(warc_file), warc_file, archive=archive.name)
    with suppress(WarcDamaged):  # `warc verify` names it; what is whole is still ours
        missing.extend(capture for capture in found if capture.record_id not in known)
    for at in range(0, len(missing), _BATCH):
        with archive.catalog.transaction() as conn:
            captures.insert(conn, missing[at : at + _BATCH])
    return len(missing), _index_records(archive, warc_file)


def _index_records(archive: Archive, warc_file: str) -> int:
    from archive.catalog import articles, tallies
    from archive.jsonl import read_json_lines
    from archive.record import revision_of
    from archive.revisions import New

    path = archive.store.path(archive.store.records_path_of(warc_file))
    if not path.exists():
        return 0
    added = []
    with archive.catalog.transaction() as conn:
        for record in read_json_lines(path, []):
            revision = revision_of(record)
            known = articles.revisions_of(conn, revision.article_id, revision.extractor)
            if all(one.number != revision.number for one in known):
                articles.record(conn, New(revision), record, run=record["discovery"]["run"])
                added.append(record)
        tallies.add_readings(conn, added)
    return len(added)


def _closed_since(store: LocalStore, moment: datetime) -> set[str]:
    return {name for name in store.warc_files() if store.path(name).stat().st_mtime >= moment.timestamp()}


def interrupt(run: Run) -> None:
    """Ask the process of a run to stop cleanly (SIGINT). Raises NotFound where it is not a process of this machine."""
    if run.host != socket.gethostname():
        raise NotFound(f"run {run.run_id} is on host {run.host}", hint=f"there: pressmark run stop {run.run_id}")
    try:
        os.kill(run.pid, signal.SIGINT)
    except ProcessLookupError:
        raise NotFound(
            f"the process of run {run.run_id} (pid {run.pid}) is gone", hint=f"pressmark crawl --resume {run.run_id}"
        ) from None


def end_of_process(pid: int, seconds: float) -> bool:
    """Wait for a process to be gone, at most so long; whether it is."""
    deadline = time.monotonic() + seconds
    while _is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def is_gone(run: Run) -> bool:
    """Whether a run of this machine has not ended and its process is no more; of another machine nobody knows."""
    return run.ended_at is None and run.host == socket.gethostname() and not _is_alive(run.pid)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_unburied(pid)


def _is_unburied(pid: int) -> bool:
    """Whether a process has ended and only its parent has not asked how; in a container often nobody ever asks."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[:1]
    except OSError:  # no /proc, or gone by now
        return False
    return state in ([b"Z"], [b"X"])
