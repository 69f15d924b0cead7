"""Integrity over the archive: which readings were called suspect or hijacked, by host."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import articles, revisions

_A, _R = articles.c, revisions.c
_SHOWN = and_(_R.article_id == _A.article_id, _R.extractor == _A.extractor)


def doubted(place: Catalog | Connection, host: str | None = None) -> Iterator[dict[str, Any]]:
    """Give the records of suspect and hijacked revisions, host by host, each in the order they were first seen."""
    asked = select(_R.record).join(articles, _SHOWN).where(_R.verdict.in_(("suspect", "hijacked")))
    if host is not None:
        asked = asked.where(_R.host == host)
    with connection(place) as conn:
        rows = conn.execution_options(yield_per=200).execute(asked.order_by(_R.host, _R.first_seen, _R.record_id))
        yield from rows.scalars()


def pages_of(place: Catalog | Connection, host: str) -> int:
    """How many stories of a host are kept."""
    asked = select(func.count(func.distinct(_R.article_id))).where(_R.host == host)
    with connection(place) as conn:
        found: int = conn.execute(asked).scalar_one()
        return found


def last_clean(place: Catalog | Connection, host: str, before: datetime) -> tuple[datetime, str] | None:
    """When a clean page of a host was last captured before a time, and the capture's record id."""
    asked = select(_R.first_seen, _R.record_id).where(_R.host == host, _R.verdict == "clean", _R.first_seen < before)
    with connection(place) as conn:
        row = conn.execute(asked.order_by(_R.first_seen.desc()).limit(1)).first()
        return None if row is None else (row.first_seen, row.record_id)


def shown_verdict(place: Catalog | Connection, article_id: str) -> str | None:
    """What the current reading of an article says."""
    current = and_(_SHOWN, _R.number == _A.revision)
    with connection(place) as conn:
        asked = select(_R.verdict).join(articles, current).where(_A.article_id == article_id)
        found: str | None = conn.execute(asked).scalar()
        return found
