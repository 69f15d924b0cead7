"""Tallies: how many outcomes and readings of each sort a source had in each hour, so that health can look back.

The rest of the catalog says how things are; this says how they usually were. Rows are (source, hour, what, count);
`what` is "page stored new", "listing failed timeout", or of a record "read no_date", "read words 17" (the seventeenth
step of length; each is the square root of two). A tally comes last in a transaction, its rows in one order, so that two
processes never wait for each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import log2
from typing import Any

from sqlalchemy import Connection, delete, func, select

from archive.catalog.columns import among, bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.leases import Acknowledged
from archive.catalog.tables import tallies, urls
from archive.catalog.upsert import upsert
from archive.times import parse_rfc3339

_T = tallies.c
Row = tuple[str, datetime, str]  # source, time, what


def add_outcomes(conn: Connection, results: Sequence[Acknowledged]) -> None:
    """Count what became of URLs the frontier knows."""
    keys = {bounded(one.url) for one in results}
    known = conn.execute(select(urls.c.url, urls.c.source, urls.c.is_listing).where(among(conn, urls.c.url, keys)))
    found = {row.url: row for row in known}
    rows: list[Row] = []
    for one in results:
        row = found.get(bounded(one.url))
        if row is not None:
            words = ("listing" if row.is_listing else "page", one.outcome.kind, one.outcome.reason or "")
            rows.append((row.source, one.now, " ".join(words).strip()))
    _add(conn, rows)


def add_readings(conn: Connection, records: Iterable[Mapping[str, Any]]) -> None:
    """Count what new revisions (pressmark.article/1) have and lack, in the hour their page was fetched."""
    rows = [
        (record["source"], parse_rfc3339(record["capture"]["fetched_at"]), what)
        for record in records
        if record["source"]
        for what in _traits(record)
    ]
    _add(conn, rows)


def hours(place: Catalog | Connection, source: str, since: datetime) -> list[tuple[datetime, str, int]]:
    """Return (hour, what, count) of a source from a time on, in the order of the hours."""
    asked = select(_T.hour, _T.what, _T.count).where(_T.source == source, _T.hour >= since).order_by(_T.hour, _T.what)
    with connection(place) as conn:
        return [tuple(row) for row in conn.execute(asked)]


def totals(place: Catalog | Connection, source: str, since: datetime) -> dict[str, int]:
    """Return how many of each sort a source had in the hours that begin after a time."""
    asked = select(_T.what, func.sum(_T.count)).where(_T.source == source, _T.hour > since)
    with connection(place) as conn:
        return {what: int(count) for what, count in conn.execute(asked.group_by(_T.what).order_by(_T.what))}


def drop_before(conn: Connection, sources: Iterable[str], moment: datetime) -> int:
    """Forget what is older than anyone looks back; return how many rows."""
    return conn.execute(delete(tallies).where(_T.source.in_(list(sources)), _T.hour < moment)).rowcount


def _traits(record: Mapping[str, Any]) -> list[str]:
    words = max(1, record.get("word_count") or 1)
    found = ["read", f"read words {round(2 * log2(words))}"]
    found += ["read no_byline"] * (not record.get("authors")) + ["read no_date"] * (not record.get("date_published"))
    verdict = (record.get("integrity") or {}).get("verdict", "clean")
    return found + ([] if verdict == "clean" else [f"read {verdict}"])


def _add(conn: Connection, rows: Iterable[Row]) -> None:
    counted = Counter((source, at.replace(minute=0, second=0, microsecond=0), what) for source, at, what in rows)
    if not counted:
        return
    values = [
        {"source": source, "hour": hour, "what": what, "count": count}
        for (source, hour, what), count in sorted(counted.items())
    ]
    statement = upsert(conn, tallies)
    more = {"count": _T.count + statement.excluded.count}
    conn.execute(statement.on_conflict_do_update(index_elements=["source", "hour", "what"], set_=more), values)
