"""What health asks of the catalog besides the tallies: what listings named and when, and texts under many URLs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    case,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from archive.catalog.columns import bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.owners import UNLISTED, is_unlisted
from archive.catalog.tables import IS_LEASED, captures, fingerprints, urls
from archive.urls import urlkey

# What was refused by a rule of the publisher or of ours was never meant to be captured.
POLICY = ("robots", "offsite", "redirect_offsite", "bad_url", "url_filter", "depth", "since", "mime", UNLISTED.reason)
_U = urls.c


def listings(place: Catalog | Connection, source: str) -> list[str]:
    """Return the URLs of a source's feeds, sitemaps and section pages."""
    asked = select(func.coalesce(_U.long_url, _U.url)).where(_U.source == source, _U.is_listing, ~is_unlisted())
    with connection(place) as conn:
        return list(conn.execute(asked.order_by(_U.url)).scalars())


def new_by_listing(place: Catalog | Connection, source: str, since: datetime) -> dict[str, dict[datetime, int]]:
    """Return how many URLs nobody had seen each listing named in each hour (UTC)."""
    with connection(place) as conn:
        hour = _hour(conn, _U.found_at)
        asked = select(_U.via, hour.label("hour"), func.count()).where(_U.source == source, _U.found_at >= since)
        rows = conn.execute(asked.where(~_U.is_listing, _U.via.is_not(None)).group_by(_U.via, hour)).all()
    found: dict[str, dict[datetime, int]] = {}
    for via, at, count in rows:
        found.setdefault(via, {})[datetime.fromtimestamp(int(at) * 3600, UTC)] = count
    return found


def good_answers(place: Catalog | Connection, url: str, since: datetime) -> int:
    """Return how many answers 200 or 304 of a URL were kept after a time."""
    held = (captures.c.urlkey == bounded(urlkey(url)), captures.c.fetched_at > since, captures.c.status.in_((200, 304)))
    with connection(place) as conn:
        found: int = conn.execute(select(func.count()).select_from(captures).where(*held)).scalar_one()
        return found


def named(place: Catalog | Connection, source: str, since: datetime, until: datetime) -> list[Row[Any]]:
    """Return (found_by, urls, captured, failed, waiting) of what listings named in a time and no rule left out."""
    captured = or_(_U.outcome_kind.in_(("stored", "unchanged", "moved", "skipped")), _U.record_id.is_not(None))
    parts = (captured, _U.outcome_kind == "failed", _U.outcome_kind.is_(None))
    columns = (
        func.sum(case((part, 1), else_=0)).label(name)
        for name, part in zip(("captured", "failed", "waiting"), parts, strict=True)
    )
    kept = or_(_U.outcome_reason.is_(None), _U.outcome_reason.not_in((*POLICY, "gone")))
    asked = (
        select(_U.found_by, func.count().label("urls"), *columns)
        .where(_U.source == source, _U.found_at >= since, _U.found_at < until, ~_U.is_listing, kept)
        .group_by(_U.found_by)
        .order_by(_U.found_by)
    )
    with connection(place) as conn:
        return list(conn.execute(asked).all())


def same_text(place: Catalog | Connection, source: str, since: datetime) -> tuple[int, Row[Any] | None]:
    """Return how many articles were found since a time, and (cluster, articles, url) of the largest cluster of them."""
    new = (_U.source == source, _U.found_at >= since, ~_U.is_listing, _U.article_id.is_not(None))
    count = func.count(_U.article_id.distinct())
    with connection(place) as conn:
        total = conn.execute(select(count).where(*new)).scalar_one()
        asked = (
            select(fingerprints.c.cluster, count.label("articles"), func.min(_U.url).label("url"))
            .join(fingerprints, fingerprints.c.article_id == _U.article_id)
            .where(*new, fingerprints.c.cluster.is_not(None))
            .group_by(fingerprints.c.cluster)
            .order_by(count.desc(), fingerprints.c.cluster)
        )
        return total, conn.execute(asked.limit(1)).first()


def leases_over(place: Catalog | Connection, now: datetime) -> int:
    """Return how many URLs are held by workers that have not renewed their leases."""
    asked = select(func.count()).select_from(urls).where(IS_LEASED, _U.leased_until < now)
    with connection(place) as conn:
        found: int = conn.execute(asked).scalar_one()
        return found


def sources(place: Catalog | Connection) -> Sequence[str]:
    """Return the names of all sources that ever had a listing."""
    with connection(place) as conn:
        return list(conn.execute(select(_U.source).where(_U.is_listing).distinct().order_by(_U.source)).scalars())


def _hour(conn: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Whole hours since 1970. SQLite keeps microseconds as integers, whose division gives an integer."""
    if conn.dialect.name == "sqlite":
        return type_coerce(column, BigInteger).op("/")(literal_column("3600000000"))
    return func.floor(func.extract("epoch", column) / 3600)
