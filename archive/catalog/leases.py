"""Leases: due URLs go to a worker for a time (taking.py), and come back with an outcome, or by themselves if it dies.

One host is leased to one worker at a time. In SQLite the whole file has one writer; in PostgreSQL workers pass by
each other's rows (FOR UPDATE SKIP LOCKED). Order: values, renew, release, acknowledge, hold, what is due when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    null,
    select,
    update,
)

from archive.catalog.columns import UtcTime, among, bounded
from archive.catalog.tables import (
    ARTICLE,
    IS_DUE,
    IS_LEASED,
    LISTING,
    RECHECK,
    REQUISITE,
    hosts,
    queues,
    urls,
    workers,
)
from archive.catalog.upsert import upsert
from archive.model import Capture, Claims, FoundBy, Outcome
from archive.urls import authority_of


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
    watch: Mapping[str, Any] | None = None  # archive.revisions.watch
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


def renew(conn: Connection, worker: str, now: datetime, seconds: float) -> int:
    """Hold what the worker holds for `seconds` from now; return how many URLs. Hosts it needs no longer run out."""
    until = now + timedelta(seconds=seconds)
    mine = and_(IS_LEASED, urls.c.leased_by == worker)
    free = select(urls.c.url).where(mine).with_for_update(skip_locked=True)
    count = conn.execute(update(urls).where(urls.c.url.in_(free)).values(leased_until=until)).rowcount
    busy = exists().where(mine, urls.c.host == hosts.c.host)
    conn.execute(update(hosts).where(hosts.c.leased_by == worker, busy).values(leased_until=until))
    tell_alive(conn, worker, until)
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
    ended = among(conn, hosts.c.host, {authority_of(one.url) for one in results})
    conn.execute(update(hosts).where(ended, hosts.c.leased_until > until, ~busy).values(leased_until=until))


def tell_alive(conn: Connection, worker: str, until: datetime) -> None:
    """Count a worker among those that hosts are shared by."""
    statement = upsert(conn, workers).values(worker=worker, alive_until=until)
    conn.execute(statement.on_conflict_do_update(index_elements=["worker"], set_={"alive_until": until}))


def reclaim(conn: Connection, now: datetime) -> None:
    """Make due again what is leased to workers that are gone."""
    _back_in_line(conn, and_(IS_LEASED, urls.c.leased_until < now))


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
