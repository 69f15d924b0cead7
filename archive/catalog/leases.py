"""Leases: due URLs go to a worker for a time, and come back with an outcome, or by themselves if the worker dies.

One host is leased to one worker at a time. In SQLite the whole file has one writer; in PostgreSQL workers pass by
each other's rows (FOR UPDATE SKIP LOCKED). A worker never looks at all due URLs: `queues` has a row for each host and
source with something due, and says from when. Order: values, lease, renew, release, acknowledge, hold.
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
from urllib.parse import urlsplit

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    update,
)

from archive.catalog.captures import latest
from archive.catalog.claims import read_claims
from archive.catalog.columns import UtcTime, among, bounded
from archive.catalog.engine import Catalog
from archive.catalog.tables import (
    ARTICLE,
    IS_DUE,
    IS_LEASED,
    LISTING,
    PRIORITIES,
    RECHECK,
    REQUISITE,
    captures,
    hosts,
    queues,
    urls,
    workers,
)
from archive.catalog.upsert import upsert
from archive.model import Capture, Claims, FoundBy, Outcome


@dataclass(frozen=True, slots=True)
class Validators:
    """Of the last good capture of a URL: what to ask conditionally with, and what a revisit refers to."""

    etag: str | None = None
    last_modified: str | None = None
    record_id: str | None = None
    payload_digest: str | None = None
    captured_at: datetime | None = None

    @classmethod
    def after(cls, outcome: Outcome, capture: Capture | None) -> Validators | None:
        """Those of a capture that gave what we hold of the page; None keeps the ones before.

        A page that was left (a wall, a consent page) is asked for again in full: "not modified" would hide why it
        is not here.
        """
        if capture is None or capture.status != 200 or capture.truncated or outcome.kind in ("skipped", "failed"):
            return None
        return cls(capture.etag, capture.last_modified, capture.record_id, capture.payload_digest, capture.fetched_at)


@dataclass(frozen=True, slots=True)
class Lease:
    """A URL a worker may fetch until `until`, as it was found."""

    url: str
    host: str
    source: str
    is_listing: bool
    found_by: FoundBy
    found_at: datetime
    via: str | None
    depth: int
    claims: Claims
    attempts: int  # 1 for the first since its last outcome
    until: datetime
    validators: Validators
    article_id: str | None = None  # of the article we have from there
    watch: Mapping[str, Any] | None = None  # archive.watch
    priority: int = ARTICLE
    due_at: datetime | None = None

    @property
    def is_recheck(self) -> bool:
        """Whether it is a known article, looked at again because its time has come."""
        return self.priority == RECHECK

    @property
    def is_requisite(self) -> bool:
        """Whether this is a file that a page shows itself with."""
        return self.found_by == "requisite"

    @property
    def is_further_page(self) -> bool:
        """Whether this is the second page of an article, or one behind it."""
        return self.found_by == "next_page"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What became of a URL. None keeps what was known: `validators` of the last good capture, `article_id`, `watch`."""

    url: str
    outcome: Outcome
    run: str
    now: datetime
    article_id: str | None = None
    validators: Validators | None = None
    due_again_at: datetime | None = None
    is_recheck: bool = False  # due again as a known article: behind what is new, and within a budget
    watch: Mapping[str, Any] | None = None


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
    with catalog.transaction() as conn:  # by itself, so that two workers cannot wait for each other's queues
        _reclaim(conn, now)
        _alive(conn, worker, until)
    with catalog.transaction() as conn:
        found = _take_hosts(conn, worker, now, limit, per_host, sources)
        rows = _choose(conn, found, now, limit, without)
        if rows:
            _mark(conn, worker, until, rows, run)
        _served(conn, found, rows, now)
    return [_lease(row, until) for row in rows]


def renew(conn: Connection, worker: str, now: datetime, seconds: float) -> int:
    """Hold what the worker holds for `seconds` from now; return how many URLs. Hosts it needs no longer run out."""
    until = now + timedelta(seconds=seconds)
    mine = and_(IS_LEASED, urls.c.leased_by == worker)
    free = select(urls.c.url).where(mine).with_for_update(skip_locked=True)
    count = conn.execute(update(urls).where(urls.c.url.in_(free)).values(leased_until=until)).rowcount
    busy = exists().where(mine, urls.c.host == hosts.c.host)
    conn.execute(update(hosts).where(hosts.c.leased_by == worker, busy).values(leased_until=until))
    _alive(conn, worker, until)
    return count


def release(conn: Connection, worker: str) -> int:
    """Give everything back at a clean stop: URLs as if never leased, hosts free. Return how many URLs."""
    mine = and_(IS_LEASED, urls.c.leased_by == worker)
    back = _back_in_line(conn, mine, attempts=urls.c.attempts - 1)
    conn.execute(update(hosts).where(hosts.c.leased_by == worker).values(leased_by=None, leased_until=None))
    conn.execute(delete(workers).where(workers.c.worker == worker))
    return back


def acknowledge(conn: Connection, results: Sequence[Acknowledged], *, rest_seconds: float = 2.0) -> int:
    """Write what became of URLs, after their captures are durable; return how many the frontier knows.

    Whoever held the lease by now, the outcome counts: its capture is kept. A host of which its worker holds nothing
    any more is free for other workers after `rest_seconds`: its politeness delay.
    """
    last = {bounded(one.url): one for one in results}
    ordered = sorted(last.items())
    kept = [_ending(key, one) for key, one in ordered if one.validators is None]
    fresh = [_ending(key, one) | _validating(one.validators) for key, one in ordered if one.validators is not None]
    count = 0
    for rows, more in ((kept, ()), (fresh, _VALIDATORS)):
        if rows:
            count += conn.execute(_ENDING.values({name: bindparam(f"new_{name}") for name in more}), rows).rowcount
    _rest(conn, results, rest_seconds)
    again = [key for key, one in ordered if one.due_again_at is not None]
    if again:
        bump_where(conn, among(conn, urls.c.url, again))
    return count


def hold(conn: Connection, host: str, until: datetime) -> None:
    """Lease nothing of a host before `until`, e.g. after a Retry-After. A later time already set stays."""
    statement = upsert(conn, hosts).values(host=host, next_at=until)
    later = case((hosts.c.next_at > until, hosts.c.next_at), else_=literal(until, UtcTime))
    conn.execute(statement.on_conflict_do_update(index_elements=["host"], set_={"next_at": later}))


def host_of(url: str) -> str:
    """The host we are polite to, with its port if it is not the scheme's own: "news.example:8080"."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def bump(conn: Connection, due: Iterable[tuple[str, str, datetime]]) -> None:
    """Say that something of (host, source) is due at a time. Whoever makes a URL due calls this, after it."""
    earliest: dict[tuple[str, str], datetime] = {}
    for host, source, at in due:
        earliest[host, source] = min(at, earliest.get((host, source), at))
    if earliest:
        rows = [{"host": host, "source": source, "due_at": at} for (host, source), at in sorted(earliest.items())]
        statement = upsert(conn, queues)
        keep = and_(queues.c.due_at.is_not(None), queues.c.due_at <= statement.excluded.due_at)
        sooner = case((keep, queues.c.due_at), else_=statement.excluded.due_at)
        conn.execute(statement.on_conflict_do_update(index_elements=["host", "source"], set_={"due_at": sooner}), rows)


def bump_where(conn: Connection, *conditions: ColumnElement[bool]) -> None:
    """`bump` for the due URLs that fulfil the conditions."""
    columns = (urls.c.host, urls.c.source)
    asked = select(*columns, func.min(urls.c.due_at)).where(IS_DUE, *conditions).group_by(*columns)
    bump(conn, conn.execute(asked))


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
    with catalog.transaction() as conn:
        names = [row.url for row in conn.execute(unread)]
        found = [
            (one, latest(conn, one.url)) for one in _take(conn, names, worker, now + timedelta(seconds=seconds), run)
        ]
    return [(lease, capture) for lease, capture in found if capture is not None]


def take(
    catalog: Catalog, worker: str, addresses: Iterable[str], now: datetime, seconds: float, run: str | None
) -> list[Lease]:
    """Lease these very URLs, those of them that are due, whatever else is."""
    with catalog.transaction() as conn:
        due = select(urls.c.url).where(among(conn, urls.c.url, map(bounded, addresses)), IS_DUE, urls.c.due_at <= now)
        return _take(conn, conn.execute(due).scalars(), worker, now + timedelta(seconds=seconds), run)


def _take(conn: Connection, keys: Iterable[str], worker: str, until: datetime, run: str | None) -> list[Lease]:
    due = select(urls).where(among(conn, urls.c.url, keys), IS_DUE).with_for_update(skip_locked=True)
    rows = conn.execute(due).all()
    if rows:
        held = {"leased_by": worker, "leased_until": until, "state": "leased", "leased_run": run}
        taken = among(conn, urls.c.url, [row.url for row in rows])
        conn.execute(update(urls).where(taken).values(attempts=urls.c.attempts + 1, **held))
    return [_lease(row, until) for row in rows]


def _back_in_line(conn: Connection, which: ColumnElement[bool], **values: Any) -> int:
    """Make leased URLs due again, as they were before."""
    free = select(urls.c.url).where(which).with_for_update(skip_locked=True)
    statement = update(urls).where(urls.c.url.in_(free))
    cleared = statement.values(state="due", leased_by=None, leased_until=None, leased_run=None, **values)
    rows = conn.execute(cleared.returning(urls.c.host, urls.c.source, urls.c.due_at)).all()
    bump(conn, rows)
    return len(rows)


def _rest(conn: Connection, results: Sequence[Acknowledged], seconds: float) -> None:
    if not results:
        return
    until = max(one.now for one in results) + timedelta(seconds=seconds)
    busy = exists().where(IS_LEASED, urls.c.leased_by == hosts.c.leased_by, urls.c.host == hosts.c.host)
    ended = among(conn, hosts.c.host, {host_of(one.url) for one in results})
    conn.execute(update(hosts).where(ended, hosts.c.leased_until > until, ~busy).values(leased_until=until))


def _alive(conn: Connection, worker: str, until: datetime) -> None:
    statement = upsert(conn, workers).values(worker=worker, alive_until=until)
    conn.execute(statement.on_conflict_do_update(index_elements=["worker"], set_={"alive_until": until}))


def _reclaim(conn: Connection, now: datetime) -> None:
    _back_in_line(conn, and_(IS_LEASED, urls.c.leased_until < now))


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


_VALIDATORS = ("etag", "last_modified", "record_id", "payload_digest", "captured_at")
_ENDING = (
    update(urls)
    .where(urls.c.url == bindparam("key"))
    .values(
        state=bindparam("new_state"),
        due_at=bindparam("new_due_at"),
        leased_by=null(),
        leased_until=null(),
        leased_run=null(),
        attempts=0,
        outcome_kind=bindparam("new_kind"),
        outcome_reason=bindparam("new_reason"),
        outcome_detail=bindparam("new_detail"),
        outcome_at=bindparam("new_at"),
        run=bindparam("new_run"),
        article_id=func.coalesce(bindparam("new_article_id"), urls.c.article_id),
        watch=func.coalesce(bindparam("new_watch", type_=urls.c.watch.type), urls.c.watch),
        # A listing stays a listing, and a file that pages show themselves with stays behind everything.
        priority=case(
            (urls.c.is_listing, LISTING),
            (urls.c.found_by == "requisite", REQUISITE),
            else_=bindparam("new_priority"),
        ),
    )
)


def _ending(key: str, one: Acknowledged) -> dict[str, Any]:
    return {
        "key": key,
        "new_state": "done" if one.due_again_at is None else "due",
        "new_due_at": one.due_again_at,
        "new_kind": one.outcome.kind,
        "new_reason": one.outcome.reason,
        "new_detail": dict(one.outcome.detail) or None,
        "new_at": one.now,
        "new_run": one.run,
        "new_article_id": one.article_id,
        "new_priority": RECHECK if one.is_recheck else ARTICLE,
        "new_watch": dict(one.watch) if one.watch is not None else None,
    }


def _validating(found: Validators | None) -> dict[str, Any]:
    return {f"new_{name}": getattr(found, name) for name in _VALIDATORS}
