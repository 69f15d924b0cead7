"""Listings: what asking them taught, which are due, and the plan they are due by.

`due` and `next_due` are asked every few minutes for years: each is an index seek per queue, however many URLs are known
or wait for a later time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, bindparam, func, select, update

from archive.catalog.columns import UtcTime, among, bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.leases import bump_where
from archive.catalog.queued import earliest
from archive.catalog.tables import IS_DONE, IS_DUE, IS_LEASED, PRIORITIES, distrust, listings, plans, queues, urls
from archive.catalog.upsert import upsert
from archive.model import Distrust, ListingState


@dataclass(frozen=True, slots=True)
class Waiting:
    """A listing of a source as the frontier has it. `state` is None where nothing was learned of it yet."""

    url: str
    depth: int
    due_at: datetime | None
    asked_at: datetime | None
    state: ListingState | None


def put(conn: Connection, states: Sequence[ListingState]) -> None:
    """Write what was learned; the last of a URL counts."""
    _replace_all(conn, listings, {bounded(one.url): asdict(one) | {"url": bounded(one.url)} for one in states})


def states(place: Catalog | Connection, addresses: Iterable[str]) -> dict[str, ListingState]:
    """What is known of these listings, by URL."""
    keys = {bounded(url): url for url in addresses}
    if not keys:
        return {}
    with connection(place) as conn:
        rows = conn.execute(select(listings).where(among(conn, listings.c.url, keys))).all()
    return {keys[row.url]: ListingState(**{**row._mapping, "url": keys[row.url]}) for row in rows}


def of_source(place: Catalog | Connection, source: str) -> list[Waiting]:
    """Every listing of a source that is asked for, the first due first."""
    asked = (
        select(urls.c.url, urls.c.long_url, urls.c.depth, urls.c.due_at, urls.c.outcome_at, listings)
        .join_from(urls, listings, listings.c.url == urls.c.url, isouter=True)
        .where(urls.c.is_listing, urls.c.source == source)
        .where(func.coalesce(urls.c.outcome_kind, "") != "skipped")
        .order_by(urls.c.due_at.nulls_last(), urls.c.url)
    )
    with connection(place) as conn:
        rows = conn.execute(asked).all()
    names = [column.name for column in listings.columns]
    found = []
    for row in rows:
        whole = row.long_url or row[0]
        values = dict(zip(names, row[5:], strict=True))
        state = ListingState(**{**values, "url": whole}) if values["url"] is not None else None
        found.append(Waiting(whole, row.depth, row.due_at, row.outcome_at, state))
    return found


# -- the plan


def last_asked(place: Catalog | Connection) -> dict[str, datetime]:
    """When each source's listings were last asked, by the source's name."""
    with connection(place) as conn:
        asked = select(listings.c.source, func.max(listings.c.asked_at)).group_by(listings.c.source)
        return {source: at for source, at in conn.execute(asked) if at is not None}


def first_due(place: Catalog | Connection, source: str) -> datetime | None:
    """When the first listing of a source is due again: by its schedule, or later where it fails."""
    with connection(place) as conn:
        return conn.execute(select(func.min(urls.c.due_at)).where(urls.c.is_listing, urls.c.source == source)).scalar()


def planned(place: Catalog | Connection) -> dict[str, str]:
    """The schedule each source's listings got their times by."""
    with connection(place) as conn:
        return {row.source: row.schedule for row in conn.execute(select(plans))}


def plan(conn: Connection, source: str, schedule: str, times: Mapping[str, datetime | None]) -> None:
    """Give the listings of a source other times, by another schedule (None: not by themselves any more).

    Those a worker holds are left to it: they get theirs when they are acknowledged.
    """
    keys = {bounded(url): at for url, at in times.items()}
    rows = [{"key": key, "at": at, "to": "done" if at is None else "due"} for key, at in keys.items()]
    if rows:
        statement = update(urls).where(urls.c.url == bindparam("key"), IS_DONE | IS_DUE)
        conn.execute(statement.values(state=bindparam("to"), due_at=bindparam("at")), rows)
        bump_where(conn, among(conn, urls.c.url, keys))
    _replace_all(conn, plans, {source: {"source": source, "schedule": schedule}})


def hasten(conn: Connection, times: Mapping[str, datetime]) -> None:
    """Make listings due at these times, those that would be later."""
    rows = [{"key": bounded(url), "at": at} for url, at in times.items()]
    if rows:
        sooner = update(urls).where(
            urls.c.url == bindparam("key"), IS_DUE, urls.c.due_at > bindparam("at", type_=UtcTime)
        )
        conn.execute(sooner.values(due_at=bindparam("at")), rows)
        bump_where(conn, among(conn, urls.c.url, map(bounded, times)))


# -- what is due


@dataclass(frozen=True, slots=True)
class DueSource:
    """Since when a source has something due: a listing, and anything at all (a page, or a lease that ran out)."""

    listing: datetime | None
    anything: datetime


def due(place: Catalog | Connection, now: datetime) -> dict[str, DueSource]:
    """The sources with something to fetch now, and since when."""
    with connection(place) as conn:
        found = earliest(conn, queues.c.due_at <= now)
        # Not grouped by the database: it would go through all URLs in the order of an index by source.
        given_up = conn.execute(select(urls.c.source, urls.c.leased_until).where(IS_LEASED, urls.c.leased_until < now))
        ended = [(row.source, row.leased_until) for row in given_up]
    found = {key: at for key, at in found.items() if at <= now}
    anything: dict[str, datetime] = {}
    for source, at in (*((source, at) for (source, _), at in found.items()), *ended):
        anything[source] = min(at, anything.get(source, at))
    return {source: DueSource(found.get((source, PRIORITIES[0])), at) for source, at in anything.items()}


def next_due(place: Catalog | Connection, sources: Sequence[str]) -> datetime | None:
    """When something of these sources is due next; None: nothing waits."""
    with connection(place) as conn:
        found = earliest(conn, queues.c.due_at.is_not(None), among(conn, queues.c.source, sources))
    return min(found.values(), default=None)


# -- hosts that are not believed


def distrusted(conn: Connection, found: Sequence[Distrust]) -> None:
    """Ask these hosts without conditions for a time."""
    _replace_all(conn, distrust, {one.host: asdict(one) for one in found})


def distrusted_hosts(place: Catalog | Connection, now: datetime) -> dict[str, Distrust]:
    """The hosts that are asked without conditions now."""
    with connection(place) as conn:
        rows = conn.execute(select(distrust).where(distrust.c.until > now)).all()
    return {row.host: Distrust(**row._mapping) for row in rows}


def _replace_all(conn: Connection, table: Table, rows: Mapping[str, Mapping[str, object]]) -> None:
    if rows:
        statement = upsert(conn, table)
        key = table.primary_key.columns[0].name
        changed = {column.name: statement.excluded[column.name] for column in table.columns if column.name != key}
        conn.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed), list(rows.values()))
