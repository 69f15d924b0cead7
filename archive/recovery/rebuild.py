"""The catalog from the files alone: `db rebuild` makes it again, `db check` compares it with what the files say.

Read are the WARC files (captures), the records (articles and revisions) and the run logs (runs, discoveries,
outcomes), in that order: the logs refer to the others. Nothing but the catalog is written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.archive import Archive, is_here, members
from archive.batches import batches
from archive.errors import NotFound, WarcDamaged
from archive.jsonl import read_json_lines
from archive.model import Capture
from archive.moved import came_from, insist_on_name
from archive.records.recorded import revision_of
from archive.runs.logged import Told, tell
from archive.runs.runlog import LogLine, read_run_log

if TYPE_CHECKING:
    from archive.catalog import Catalog, Connection

_BATCH = 1000
Progress = Callable[[str], None]


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild read; `problems` are files or lines that could not be."""

    warc_files: int = 0
    captures: int = 0
    records: int = 0
    articles: int = 0
    runs: int = 0
    urls: int = 0
    outcomes: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that the catalog and the files disagree on. `fields` names what differs; empty where one side lacks it."""

    table: str
    key: str
    kind: str  # "missing" from the catalog, "extra" in it, or "changed"
    fields: tuple[str, ...] = ()


def rebuild(
    archive: Archive, now: datetime, *, partial: bool = False, progress: Progress = lambda line: None
) -> Rebuilt:
    """Forget the catalog and read it again from the files. Call it with the archive's lock held.

    A damaged file gives every record that is whole, and a line in `problems`. Archives of other folders in the same
    catalog are read too; raises NotFound where one is not here, unless `partial`: then it is forgotten.
    """
    here, absent = _together(archive)
    if absent and not partial:
        raise _not_here(absent, "run this where they are, or pressmark db rebuild --partial to forget them")
    archive.catalog.clear(lambda conn: _register(conn, here, now))
    done = fill(here, archive.catalog, now, progress=progress)
    archive.catalog.made_whole()
    return done


def _together(archive: Archive) -> tuple[list[Archive], list[Archive]]:
    """The archives of a catalog that can be read from here, this one first, and those that cannot."""
    others = [one for one in members(archive)[1:] if not came_from(archive.catalog, one.name, one.root, archive.root)]
    absent = [one for one in others if one.root == archive.root or not is_here(one)]
    return [archive, *(one for one in others if one not in absent)], absent


def _not_here(absent: Sequence[Archive], hint: str) -> NotFound:
    names = ", ".join(f'"{one.name}"' for one in absent)
    where = tuple(f"{one.name}: {one.root}" for one in absent)
    return NotFound(f"the catalog also describes {names}, whose files are not here", hint=hint, context=where)


def fill(
    here: Sequence[Archive], catalog: Catalog, now: datetime, *, progress: Progress = lambda line: None
) -> Rebuilt:
    """Put everything the files of archives say into an empty catalog."""
    from archive.catalog import near

    done = Rebuilt()
    with catalog.transaction() as conn:
        _register(conn, here, now)
    for step in (_fill_captures, _fill_records, _fill_runs):
        for one in here:
            step(one, catalog, done, progress)
    near.settle(catalog)
    return done


def _register(conn: Connection, found: Sequence[Archive], now: datetime) -> None:
    from archive.catalog import archives

    for one in found:
        archives.register(conn, one.name, str(one.root), now)


def check(
    archive: Archive, now: datetime, *, progress: Progress = lambda line: None
) -> tuple[list[Difference], Rebuilt]:
    """Compare the catalog with the files, row by row, by rebuilding into a temporary catalog beside it.

    Raises NotFound where it describes archives that are not here: their rows would all be called wrong.
    """
    from archive.catalog import near, open_catalog
    from archive.catalog.dump import COMPARED

    insist_on_name(archive.catalog, archive.name, archive.root)
    here, absent = _together(archive)
    if absent:
        raise _not_here(absent, "run this where they are; pressmark warc verify checks the files that are here")
    near.settle(archive.catalog)
    with tempfile.TemporaryDirectory(prefix="pressmark-check-") as folder:
        fresh = open_catalog(f"sqlite:///{Path(folder) / 'catalog.sqlite3'}")
        try:
            done = fill(here, fresh, now, progress=progress)
            found = [one for table in COMPARED for one in _compare(table, archive.catalog, fresh)]
        finally:
            fresh.close()
    return found, done


# -- captures


def _fill_captures(archive: Archive, catalog: Catalog, done: Rebuilt, progress: Progress) -> None:
    from archive.catalog import captures

    for warc_file in archive.store.warc_files(include_open=True):
        progress(warc_file)
        done.warc_files += 1
        for batch in batches(_captures(archive, warc_file, done), _BATCH):
            with catalog.transaction() as conn:
                captures.insert(conn, batch)
            done.captures += len(batch)


def _captures(archive: Archive, warc_file: str, done: Rebuilt) -> Iterator[Capture]:
    from archive.warc.captures import captures_in

    try:
        yield from captures_in(archive.store.find(warc_file), warc_file, archive=archive.name)
    except WarcDamaged as error:
        done.problems.append(error.message)


# -- records


def _fill_records(archive: Archive, catalog: Catalog, done: Rebuilt, progress: Progress) -> None:
    from archive.catalog import revisions, tallies
    from archive.revisions.decide import New

    seen: set[str] = set()
    for path in sorted((archive.root / "records").rglob("*.jsonl")):
        progress(path.relative_to(archive.root).as_posix())
        for batch in batches(read_json_lines(path, done.problems), _BATCH):
            with catalog.transaction() as conn:
                for record in batch:
                    revisions.record(conn, New(revision_of(record)), record, run=record["discovery"]["run"])
                    seen.add(record["id"])
                tallies.add_readings(conn, batch)
            done.records += len(batch)
    done.articles = len(seen)


# -- runs: discoveries and outcomes, in the order they happened


def _fill_runs(archive: Archive, catalog: Catalog, done: Rebuilt, progress: Progress) -> None:
    from archive.catalog import runs

    logs = sorted((archive.root / "runs").glob("*.jsonl"))
    for path in sorted(logs, key=lambda log: _started(log, done)):
        progress(path.relative_to(archive.root).as_posix())
        run_id = str(_first(path).get("run_id") or path.stem)
        told = Told()
        for batch in batches(read_run_log(path, done.problems), _BATCH):
            with catalog.transaction() as conn:
                told += tell(conn, batch, run_id)
                runs.committed(conn, run_id, path.stat().st_size)
        done.runs += told.runs
        done.urls += told.urls
        done.outcomes += told.outcomes


def _started(path: Path, done: Rebuilt) -> str:
    return str(_first(path).get("started_at") or path.stem)


def _first(path: Path) -> LogLine:
    return next(read_run_log(path, []), {})


# -- comparing


def _compare(table: str, catalog: Catalog, fresh: Catalog) -> Iterator[Difference]:
    """Walk two catalogs' rows of a table side by side, both in the order of their keys."""
    from archive.catalog.dump import key_of, rows

    here, there = rows(catalog, table), rows(fresh, table)
    mine, other = next(here, None), next(there, None)
    while mine is not None or other is not None:
        mine_key = key_of(table, mine) if mine is not None else None
        other_key = key_of(table, other) if other is not None else None
        if other_key is None or (mine_key is not None and mine_key < other_key):
            yield Difference(table, _written(mine_key), "extra")
            mine = next(here, None)
        elif mine_key is None or other_key < mine_key:
            yield Difference(table, _written(other_key), "missing")
            other = next(there, None)
        else:
            assert mine is not None and other is not None
            differing = tuple(name for name in mine if mine[name] != other[name])
            if differing:
                yield Difference(table, _written(mine_key), "changed", differing)
            mine, other = next(here, None), next(there, None)


def _written(key: Sequence[Any] | None) -> str:
    return " ".join(map(str, key or ()))
