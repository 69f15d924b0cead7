"""What every command that writes does first: what processes that died left behind is put right.

`recover` closes their files and runs; `index_file` tells the catalog what it lacks of one WARC file.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from archive.archive import Archive
from archive.batches import batches
from archive.errors import WarcDamaged
from archive.folder.store import LocalStore
from archive.model import Capture, Run
from archive.runs.run_process import is_alive
from archive.runs.runlog import RunLog, end_line

_BATCH = 1000


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

    _tell_of_unheard(archive)
    dead = runs.dead(archive.catalog, socket.gethostname(), is_alive)
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


def _tell_of_unheard(archive: Archive) -> None:
    """Tell the catalog of runs that began after the last it knows: they wrote a log, and it had no room."""
    from archive.catalog import runs
    from archive.runs.runlog import read_run_log, run_of

    last = next((run.run_id for run in runs.list_runs(archive.catalog, limit=1)), None)
    logs = (archive.root / "runs").glob("*.jsonl") if last is not None else ()
    for path in sorted(path for path in logs if path.stem > (last or "")):
        first = next(read_run_log(path, []), {})
        if first.get("type") == "run" and runs.get(archive.catalog, path.stem) is None:
            with archive.catalog.transaction() as conn:
                runs.open_run(conn, run_of(first))


def _close_dead(archive: Archive, run: Run) -> None:
    """Tell the catalog what a dead process had logged but not committed, and that it ended, in log and catalog.

    A run that could write down how it ended, but not tell the catalog (the database was away), ended so.
    """
    from archive.catalog import runs
    from archive.jsonl import json_lines_from
    from archive.runs.logged import tell

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
    for batch in batches(missing, _BATCH):
        with archive.catalog.transaction() as conn:
            captures.insert(conn, batch)
    return len(missing), _index_records(archive, warc_file)


def _index_records(archive: Archive, warc_file: str) -> int:
    from archive.catalog import revisions, tallies
    from archive.jsonl import read_json_lines
    from archive.records.recorded import revision_of
    from archive.revisions.decide import New

    path = archive.store.path(archive.store.records_path_of(warc_file))
    if not path.exists():
        return 0
    added = []
    with archive.catalog.transaction() as conn:
        for record in read_json_lines(path, []):
            revision = revision_of(record)
            known = revisions.revisions_of(conn, revision.article_id, revision.extractor)
            if all(one.number != revision.number for one in known):
                revisions.record(conn, New(revision), record, run=record["discovery"]["run"])
                added.append(record)
        tallies.add_readings(conn, added)
    return len(added)


def _closed_since(store: LocalStore, moment: datetime) -> set[str]:
    return {name for name in store.warc_files() if store.path(name).stat().st_mtime >= moment.timestamp()}
