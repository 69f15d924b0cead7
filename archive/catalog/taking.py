"""Which due URLs a worker gets: those of hosts that no other worker has, in turn, listings first.

A worker never looks at all due URLs: `queues` has a row for each host and source with something due, and says from
when. Order: `lease` by queues, `take_unread` and `take` by address, then how queues are chosen.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    update,
)

from archive.catalog.captures import latest
from archive.catalog.claims import read_claims
from archive.catalog.columns import UtcTime, among, bounded
from archive.catalog.engine import Catalog
from archive.catalog.leases import Lease, Validators, reclaim, tell_alive
from archive.catalog.tables import (
    IS_DUE,
    IS_LEASED,
    PRIORITIES,
    captures,
    hosts,
    queues,
    urls,
    workers,
)
from archive.model import Capture


def lease(
    catalog: Catalog,
    worker: str,
    *,
    now: datetime,
    seconds: float,
    limit: int,
    per_host: int,
    sources: Sequence[str] | None = None,
    without: Collection[tuple[str, int]] = (),
    run: str | None = None,
) -> list[Lease]:
    """Give `worker` up to `limit` due URLs, hosts in turn, listings first, never more than `per_host` of a host.

    The hosts are the worker's own until the lease ends; workers that ask at the same time get a share of them each.
    Leases that ended without an outcome are due again. `without`: sources and priorities not wanted now.
    """
    until = now + timedelta(seconds=seconds)

    def begin(conn: Connection) -> None:  # by itself, so that two workers seldom wait for each other's queues
        reclaim(conn, now)
        tell_alive(conn, worker, until)

    def choose(conn: Connection) -> list[Row[Any]]:
        found = _take_hosts(conn, worker, now, limit, per_host, sources)
        rows = _choose(conn, found, now, limit, without)
        if rows:
            _mark(conn, worker, until, rows, run)
        _served(conn, found, rows, now)
        return rows

    catalog.attempt(begin)
    return [_lease(row, until) for row in catalog.attempt(choose)]


def take_unread(
    catalog: Catalog, worker: str, sources: Sequence[str], now: datetime, seconds: float, run: str
) -> list[tuple[Lease, Capture]]:
    """Lease the pages that were fetched and kept after their last outcome, and not read: their process died.

    Gives each with its latest capture: it can be read from the files, without another request.
    """
    kept, whole_url = captures.c, func.coalesce(urls.c.long_url, urls.c.url)
    unread = (
        select(urls.c.url, func.max(kept.fetched_at).label("at"))
        .join(captures, and_(kept.urlkey == urls.c.urlkey, kept.target_uri == whole_url))
        .where(IS_DUE, urls.c.due_at <= now, ~urls.c.is_listing, urls.c.found_by.not_in(("requisite", "next_page")))
        .where(urls.c.source.in_(list(sources)))
        .where(kept.status == 200, kept.truncated.is_(None))
        .where(kept.fetched_at > func.coalesce(urls.c.outcome_at, urls.c.found_at))
        .group_by(urls.c.url)
    )

    def taken(conn: Connection) -> list[tuple[Lease, Capture | None]]:
        names = [row.url for row in conn.execute(unread)]
        found = _take(conn, names, worker, now + timedelta(seconds=seconds), run)
        return [(one, latest(conn, one.url)) for one in found]

    return [(one, capture) for one, capture in catalog.attempt(taken) if capture is not None]


def take(
    catalog: Catalog, worker: str, addresses: Iterable[str], now: datetime, seconds: float, run: str | None
) -> list[Lease]:
    """Lease these very URLs, those of them that are due, whatever else is."""
    asked = [*map(bounded, addresses)]

    def taken(conn: Connection) -> list[Lease]:
        due = select(urls.c.url).where(among(conn, urls.c.url, asked), IS_DUE, urls.c.due_at <= now)
        return _take(conn, conn.execute(due).scalars(), worker, now + timedelta(seconds=seconds), run)

    return catalog.attempt(taken)


def _take(conn: Connection, keys: Iterable[str], worker: str, until: datetime, run: str | None) -> list[Lease]:
    due = select(urls).where(among(conn, urls.c.url, keys), IS_DUE).with_for_update(skip_locked=True)
    rows = conn.execute(due).all()
    if rows:
        held = {"leased_by": worker, "leased_until": until, "state": "leased", "leased_run": run}
        taken = among(conn, urls.c.url, [row.url for row in rows])
        conn.execute(update(urls).where(taken).values(attempts=urls.c.attempts + 1, **held))
    return [_lease(row, until) for row in rows]


@dataclass(frozen=True, slots=True)
class _Queue:
    host: str
    source: str
    room: int  # how many URLs the worker may take from it


def _take_hosts(
    conn: Connection,
    worker: str,
    now: datetime,
    limit: int,
    per_host: int,
    sources: Sequence[str] | None,
) -> list[_Queue]:
    """The queues to serve now, those served longest ago first, their hosts locked for this transaction."""
    mine = select(urls.c.host, func.count()).where(IS_LEASED, urls.c.leased_by == worker).group_by(urls.c.host)
    held: Counter[str] = Counter(dict(conn.execute(mine).all()))
    share = _share(conn, now)
    # The first hosts by name up to the share stay ours to go on with; the others are given up when they are done.
    closed = sorted(held)[share:] + [host for host, count in held.items() if count >= per_host]
    ours = or_(hosts.c.leased_by.is_(None), hosts.c.leased_by == worker, hosts.c.leased_until < now)
    asked = (
        select(queues.c.host, queues.c.source)
        .join(hosts, hosts.c.host == queues.c.host)
        .where(queues.c.due_at <= now, ours, or_(hosts.c.next_at.is_(None), hosts.c.next_at <= now))
        .order_by(queues.c.served_at.nulls_first(), queues.c.host)
        .limit(limit)
        .with_for_update(skip_locked=True, of=hosts)
    )
    if sources is not None:
        asked = asked.where(queues.c.source.in_(list(sources)))
    if closed:
        asked = asked.where(~among(conn, queues.c.host, closed))
    if len(held) >= share:
        asked = asked.where(among(conn, queues.c.host, held))
    rows = _within(conn.execute(asked).all(), held, share)
    room = min(per_host, -(-limit // len(rows))) if rows else 0
    return [_Queue(row.host, row.source, min(room, per_host - held[row.host])) for row in rows]


def _share(conn: Connection, now: datetime) -> int:
    """How many hosts a worker may hold: all, or its part of those with work where several workers ask."""
    alive = conn.execute(select(func.count()).select_from(workers).where(workers.c.alive_until >= now)).scalar_one()
    if alive < 2:
        return sys.maxsize
    due = select(queues.c.host).where(queues.c.due_at <= now)
    held = select(hosts.c.host).where(hosts.c.leased_until >= now)
    both = due.union(held).subquery()
    return max(1, -(-conn.execute(select(func.count()).select_from(both)).scalar_one() // alive))


def _within(rows: Sequence[Any], held: Mapping[str, int], share: int) -> list[Any]:
    """The rows of hosts held already, and of as many new ones as the share allows."""
    new: set[str] = set()
    for row in rows:
        if row.host not in held and len(held) + len(new) < share:
            new.add(row.host)
    return [row for row in rows if row.host in held or row.host in new]


def _choose(
    conn: Connection, found: Sequence[_Queue], now: datetime, limit: int, without: Collection[tuple[str, int]]
) -> list[Row[Any]]:
    """The first due URLs of each queue, one of each host in turn."""
    lines: dict[str, list[Row[Any]]] = {queue.host: [] for queue in found}
    room = {queue.host: queue.room for queue in found}
    for row in _firsts(conn, found, now, without):
        if len(lines[row.host]) < room[row.host]:
            lines[row.host].append(row)
    turns = chain.from_iterable(zip_longest(*lines.values()))
    return [row for row in turns if row is not None][:limit]


def _firsts(
    conn: Connection, found: Sequence[_Queue], now: datetime, without: Collection[tuple[str, int]]
) -> list[Row[Any]]:
    """The first due URLs of every queue and priority, as many as the roomiest may take: an index seek for each."""
    if not found:
        return []
    wanted = json.dumps(
        [
            (queue.host, queue.source, priority)
            for queue in found
            for priority in PRIORITIES
            if (queue.source, priority) not in without
        ]
    )
    given = {"queues": wanted, "now": now, "most": max(queue.room for queue in found)}
    rows = conn.execute(_FIRSTS[conn.dialect.name], given).all()
    return sorted(rows, key=lambda row: (row.priority, row.due_at, row.url))


# CROSS JOIN keeps SQLite from starting with the urls; each queue then is one seek in the index urls_due.
_FIRSTS = {
    name: text(statement).bindparams(bindparam("now", type_=UtcTime)).columns(*urls.c)
    for name, statement in {
        "sqlite": """
            SELECT urls.* FROM json_each(:queues) AS queue CROSS JOIN urls WHERE urls.rowid IN (
                SELECT line.rowid FROM urls AS line
                WHERE line.state = 'due' AND line.host = json_extract(queue.value, '$[0]')
                    AND line.source = json_extract(queue.value, '$[1]')
                    AND line.priority = json_extract(queue.value, '$[2]') AND line.due_at <= :now
                ORDER BY line.due_at LIMIT :most)""",
        "postgresql": """
            SELECT line.* FROM json_array_elements(CAST(:queues AS json)) AS queue CROSS JOIN LATERAL (
                SELECT * FROM urls
                WHERE state = 'due' AND host = queue ->> 0 AND source = queue ->> 1
                    AND priority = CAST(queue ->> 2 AS integer) AND due_at <= :now
                ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED) AS line""",
    }.items()
}


def _mark(conn: Connection, worker: str, until: datetime, rows: Sequence[Row[Any]], run: str | None) -> None:
    held = {"leased_by": worker, "leased_until": until}
    held_url = held | {"state": "leased", "leased_run": run}
    taken = among(conn, urls.c.url, (row.url for row in rows))
    conn.execute(update(urls).where(taken).values(attempts=urls.c.attempts + 1, **held_url))
    conn.execute(update(hosts).where(among(conn, hosts.c.host, {row.host for row in rows})).values(**held))


def _served(conn: Connection, found: Sequence[_Queue], rows: Sequence[Row[Any]], now: datetime) -> None:
    """Put the queues we looked at at the end of the line, and correct `due_at` of those with nothing left for now."""
    taken = Counter((row.host, row.source) for row in rows)
    changes = []
    for queue in sorted(found, key=lambda queue: (queue.host, queue.source)):
        came = taken[queue.host, queue.source]
        emptied = came < queue.room
        due_at = _next_due(conn, queue) if emptied else now
        changes.append({"h": queue.host, "s": queue.source, "at": now, "due": due_at})
    if changes:
        statement = update(queues).where(queues.c.host == bindparam("h"), queues.c.source == bindparam("s"))
        conn.execute(statement.values(served_at=bindparam("at"), due_at=bindparam("due")), changes)


def _next_due(conn: Connection, queue: _Queue) -> datetime | None:
    """When something of a queue is due next: the first of each priority, an index seek for each."""
    where = (IS_DUE, urls.c.host == queue.host, urls.c.source == queue.source)
    earliest = select(func.min(urls.c.due_at)).where(*where)
    found = [conn.execute(earliest.where(urls.c.priority == priority)).scalar() for priority in PRIORITIES]
    return min((at for at in found if at is not None), default=None)


def _lease(row: Row[Any], until: datetime) -> Lease:
    return Lease(
        url=row.long_url or row.url,
        host=row.host,
        source=row.source,
        is_listing=row.is_listing,
        found_by=row.found_by,
        found_at=row.found_at,
        via=row.via,
        depth=row.depth,
        claims=read_claims(row.claims),
        attempts=row.attempts + 1,
        until=until,
        validators=Validators(row.etag, row.last_modified, row.record_id, row.payload_digest, row.captured_at),
        article_id=row.article_id,
        watch=row.watch,
        priority=row.priority,
        due_at=row.due_at,
    )
