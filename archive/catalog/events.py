"""Events of known articles: what was found out besides new texts; for `pressmark gone` and `article history`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from archive.catalog.columns import bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import events
from archive.catalog.upsert import upsert
from archive.model import Event
from archive.revisions.watch import DISAPPEARANCES

_E = events.c


# Of these the last one holds until another of them comes: gone, gone and returned is gone and returned.
_STATES = ((*DISAPPEARANCES, "returned"), ("unstable", "settled"))


def put(conn: Connection, found: Iterable[Event]) -> int:
    """Add events; return how many were new.

    A process that died between its log and its catalog leads to the same thing being found again: then the first
    telling counts.
    """
    return sum(_put(conn, event) for event in found)


def _put(conn: Connection, event: Event) -> bool:
    states = next((states for states in _STATES if event.kind in states), (event.kind,))
    asked = select(events).where(_E.url == bounded(event.url), _E.kind.in_(states)).order_by(_E.at.desc()).limit(1)
    last = conn.execute(asked).first()
    is_state = len(states) > 1
    if last is not None and last.kind == event.kind and (is_state or last.detail == dict(event.detail)):
        return False
    conn.execute(upsert(conn, events).values(_row(event)).on_conflict_do_nothing())
    return True


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
