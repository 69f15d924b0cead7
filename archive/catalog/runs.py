"""Runs: what executed when, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import runs
from archive.catalog.upsert import upsert
from archive.model import Run

_NO_WORK = ("skipped", "missed", "schedule")  # kinds
_RUNS = select(*(column for column in runs.columns if column.name != "committed_bytes"))


def open_run(conn: Connection, run: Run) -> None:
    """Write a run as it is; again (a rebuild) replaces it."""
    row = asdict(run) | {"counts": dict(run.counts)}
    changed = {name: value for name, value in row.items() if name != "run_id"}
    conn.execute(upsert(conn, runs).values(row).on_conflict_do_update(index_elements=["run_id"], set_=changed))


def heartbeat(conn: Connection, run_id: str, now: datetime, counts: Mapping[str, int] | None = None) -> None:
    """Say that a run is alive, and how far it is."""
    values: dict[str, Any] = {"heartbeat_at": now} | ({} if counts is None else {"counts": dict(counts)})
    conn.execute(update(runs).where(runs.c.run_id == run_id).values(values))


def close_run(
    conn: Connection,
    run_id: str,
    now: datetime,
    *,
    exit_code: int | None,
    reason: str | None = None,
    counts: Mapping[str, int] | None = None,
) -> None:
    """Say how a run ended. `exit_code` None: nobody knows, its process was gone."""
    values: dict[str, Any] = {"ended_at": now, "heartbeat_at": now, "exit_code": exit_code, "reason": reason}
    if counts is not None:
        values["counts"] = dict(counts)
    conn.execute(update(runs).where(runs.c.run_id == run_id).values(values))


def committed(conn: Connection, run_id: str, log_bytes: int) -> None:
    """Say how much of a run's log this transaction brings into the catalog."""
    conn.execute(update(runs).where(runs.c.run_id == run_id).values(committed_bytes=log_bytes))


def committed_bytes(conn: Connection, run_id: str) -> int:
    """How many bytes of a run's log the catalog knows."""
    return conn.execute(select(runs.c.committed_bytes).where(runs.c.run_id == run_id)).scalar() or 0


def dead(place: Catalog | Connection, host: str, is_alive: Callable[[int], bool]) -> list[Run]:
    """Return the open runs of this machine whose process is gone, the oldest first."""
    still_open = _RUNS.where(runs.c.ended_at.is_(None), runs.c.host == host).order_by(runs.c.started_at)
    with connection(place) as conn:
        return [run for run in map(_run, conn.execute(still_open).all()) if not is_alive(run.pid)]


def close_dead(conn: Connection, run: Run) -> None:
    """Close a run whose process is gone; it ended with its last heartbeat: the last time we know it lived."""
    ended = {"ended_at": run.heartbeat_at or run.started_at, "reason": "process gone"}
    conn.execute(update(runs).where(runs.c.run_id == run.run_id).values(ended))


def list_runs(place: Catalog | Connection, *, limit: int | None = 50, kind: str | None = None) -> list[Run]:
    """Return runs, the newest first."""
    asked = _RUNS.order_by(runs.c.started_at.desc(), runs.c.run_id.desc()).limit(limit)
    if kind is not None:
        asked = asked.where(runs.c.kind == kind)
    with connection(place) as conn:
        return [_run(row) for row in conn.execute(asked)]


def newest(place: Catalog | Connection) -> list[Run]:
    """Return the newest run of each kind, by kind."""
    last = select(runs.c.kind, func.max(runs.c.started_at).label("at")).group_by(runs.c.kind).subquery()
    asked = _RUNS.join(last, (last.c.kind == runs.c.kind) & (last.c.at == runs.c.started_at))
    with connection(place) as conn:
        found = [_run(row) for row in conn.execute(asked.order_by(runs.c.kind, runs.c.run_id))]
    return list({run.kind: run for run in found}.values())


def get(place: Catalog | Connection, run_id: str) -> Run | None:
    """Return a run by its id, by the beginning of its id if only one begins so, or the newest by "last".

    Rows of what did not happen, and of the worker that starts crawls, are the last only where there is no other.
    """
    if run_id == "last":
        worked = _RUNS.where(runs.c.kind.not_in(_NO_WORK)).order_by(runs.c.started_at.desc(), runs.c.run_id.desc())
        with connection(place) as conn:
            row = conn.execute(worked.limit(1)).first()
        return _run(row) if row is not None else next(iter(list_runs(place, limit=1)), None)
    begins = runs.c.run_id.startswith(run_id, autoescape=True)
    with connection(place) as conn:
        found = [_run(row) for row in conn.execute(_RUNS.where(begins).order_by(runs.c.run_id).limit(2))]
    exact = [run for run in found if run.run_id == run_id]
    return exact[0] if exact else found[0] if len(found) == 1 else None


def _run(row: Row[Any]) -> Run:
    return Run(**row._mapping)
