"""Events of known articles: what was found out besides new texts; for `pressmark gone` and `article history`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from archive.catalog.columns import bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import events
from archive.model import Event

_E = events.c


def put(conn: Connection, found: Iterable[Event]) -> int:
    """Add events; return how many were new.

    A process that died between its log and its catalog finds the same thing again: an event that says what the last one
    of its URL says, in kind and detail, is that one.
    """
    count = 0
    for event in found:
        last = conn.execute(
            select(events).where(_E.url == bounded(event.url)).order_by(_E.at.desc(), _E.kind).limit(4)
        ).all()
        if any(row.kind == event.kind and (row.detail == dict(event.detail) or row.at == event.at) for row in last):
            continue
        conn.execute(insert(events).values(_row(event)))
        count += 1
    return count


def list_events(
    place: Catalog | Connection,
    *,
    kinds: Sequence[str] | None = None,
    source: str | None = None,
    article_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[Event]:
    """Return events that fulfil every condition given, the latest first."""
    asked = select(events).order_by(_E.at.desc(), _E.url, _E.kind)
    if kinds is not None:
        asked = asked.where(_E.kind.in_(list(kinds)))
    for column, wanted in ((_E.source, source), (_E.article_id, article_id)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    if since is not None:
        asked = asked.where(_E.at >= since)
    if until is not None:
        asked = asked.where(_E.at < until)
    with connection(place) as conn:
        return [_event(row) for row in conn.execute(asked.limit(limit))]


def _row(event: Event) -> dict[str, Any]:
    return {
        "url": bounded(event.url),
        "at": event.at,
        "kind": event.kind,
        "article_id": event.article_id,
        "source": event.source,
        "detail": dict(event.detail),
        "before_id": event.before,
        "after_id": event.after,
        "run": event.run,
    }


def _event(row: Row[Any]) -> Event:
    return Event(
        url=row.url,
        at=row.at,
        kind=row.kind,
        detail=row.detail,
        article_id=row.article_id,
        source=row.source,
        before=row.before_id,
        after=row.after_id,
        run=row.run,
    )
