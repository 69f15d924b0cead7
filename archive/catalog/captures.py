"""Captures: where in the WARC files each exchange is kept. Order: telling, asking, rows to nouns and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, select

from archive.catalog.columns import bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import captures
from archive.catalog.upsert import upsert
from archive.model import Capture
from archive.urls import urlkey

_C = captures.c


def insert(conn: Connection, found: Iterable[Capture]) -> int:
    """Add captures that are durable; those we have stay as they are. Return how many were given."""
    rows = [_row(one) for one in sorted(found, key=lambda one: one.record_id)]
    if rows:
        conn.execute(upsert(conn, captures).on_conflict_do_nothing(index_elements=["record_id"]), rows)
    return len(rows)


def drop_past(conn: Connection, archive: str, warc_file: str, size: int) -> int:
    """Forget captures that reach past `size` bytes of a file: recovery cut it there. Return how many."""
    past = _C.warc_offset + _C.warc_length > size
    return conn.execute(delete(captures).where(_C.archive == archive, _C.warc_file == warc_file, past)).rowcount


def payload_holder(place: Catalog | Connection, payload_digest: str, *, archive: str | None = None) -> Capture | None:
    """Return the newest whole response (status 200) with this payload, for a revisit to refer to.

    `archive`: only in that archive's files, so that a folder stays complete by itself.
    """
    asked = _HOLDER if archive is None else _HOLDER_IN_ARCHIVE
    with connection(place) as conn:
        row = conn.execute(asked, {"digest": payload_digest, "archive": archive}).first()
        return None if row is None else _capture(row)


# Built once: this is asked for every page of a crawl.
_HOLDER = (
    select(captures)
    .where(_C.payload_digest == bindparam("digest"))
    .where(_C.record_type == "response", _C.status == 200, _C.truncated.is_(None))
    .order_by(_C.fetched_at.desc())
    .limit(1)
)
_HOLDER_IN_ARCHIVE = _HOLDER.where(_C.archive == bindparam("archive"))


def by_record_id(place: Catalog | Connection, record_id: str) -> Capture | None:
    return _first(place, select(captures).where(_C.record_id == record_id))


def latest(place: Catalog | Connection, url: str) -> Capture | None:
    """Return the newest capture of a URL or urlkey, whatever its status."""
    return _first(place, _of(url).order_by(_C.fetched_at.desc(), _C.record_id.desc()))


def of_url(place: Catalog | Connection, url: str) -> list[Capture]:
    """Return the captures of a URL or urlkey, oldest first. Redirects and failures are among them."""
    return _all(place, _of(url).order_by(_C.fetched_at, _C.record_id))


def in_file(place: Catalog | Connection, archive: str, warc_file: str) -> list[Capture]:
    """Return the captures of a WARC file (relative to its archive's root, without ".open") in their order there."""
    which = (_C.archive == archive, _C.warc_file == warc_file)
    return _all(place, select(captures).where(*which).order_by(_C.warc_offset))


def last_file(place: Catalog | Connection, archive: str) -> str | None:
    """Return the name of the WARC file of an archive that was written last; None where it has none."""
    with connection(place) as conn:  # their names begin with the day
        found: str | None = conn.execute(select(func.max(_C.warc_file)).where(_C.archive == archive)).scalar()
        return found


def run_of_file(place: Catalog | Connection, warc_file: str) -> str | None:
    """Return the run that wrote a file; None where nothing of it is known."""
    with connection(place) as conn:
        found: str | None = conn.execute(select(_C.run).where(_C.warc_file == warc_file).limit(1)).scalar()
        return found


def nearest(place: Catalog | Connection, key: str, at: datetime) -> Capture | None:
    """Return the capture of a URL or urlkey that is nearest in time, as a replay asks; the earlier of two."""
    with connection(place) as conn:
        before = _first(conn, _of(key).where(_C.fetched_at <= at).order_by(_C.fetched_at.desc()))
        after = _first(conn, _of(key).where(_C.fetched_at > at).order_by(_C.fetched_at))
    if before is None or after is None:
        return before or after
    return before if at - before.fetched_at <= after.fetched_at - at else after


def iterate(
    place: Catalog | Connection, *, archive: str | None = None, source: str | None = None, run: str | None = None
) -> list[Capture]:
    """Return all captures in the order they lie in the files, of an archive, a source or a run where given."""
    asked = select(captures)
    for column, wanted in ((_C.archive, archive), (_C.source, source), (_C.run, run)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    return _all(place, asked.order_by(_C.archive, _C.warc_file, _C.warc_offset))


def _of(url: str) -> Select[Any]:
    key = urlkey(url) if "://" in url else url
    return select(captures).where(_C.urlkey == bounded(key))


def _first(place: Catalog | Connection, asked: Select[Any]) -> Capture | None:
    with connection(place) as conn:
        row = conn.execute(asked.limit(1)).first()
        return None if row is None else _capture(row)


def _all(place: Catalog | Connection, asked: Select[Any]) -> list[Capture]:
    with connection(place) as conn:
        return [_capture(row) for row in conn.execute(asked)]


def _row(one: Capture) -> dict[str, Any]:
    return asdict(one) | {"urlkey": bounded(one.urlkey)}


def _capture(row: Row[Any]) -> Capture:
    values = dict(row._mapping)
    if bounded(row.target_uri) != row.target_uri:
        values["urlkey"] = urlkey(row.target_uri)
    return Capture(**values)
