"""The frontier: every URL ever seen, how it was found, when it is due, and what became of it.

Here: adding what listings name, and making URLs due again. leases.py gives due URLs to workers and takes their
outcomes; outcomes.py answers what became of a URL. Their public names are here too, so `frontier` is the one to import.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, case, func, insert, or_, select, update

from archive.catalog.claims import as_claims
from archive.catalog.columns import UtcTime, among, bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.leases import (
    Acknowledged,
    Lease,
    Validators,
    acknowledge,
    bump,
    bump_where,
    hold,
    release,
    renew,
)
from archive.catalog.outcomes import (
    Pending,
    Skipped,
    UrlStory,
    outcome_of,
    outcomes_of_run,
    pending,
    skipped,
    waiting,
)
from archive.catalog.owners import is_unlisted
from archive.catalog.tables import ARTICLE, IS_DONE, IS_DUE, LISTING, RECHECK, REQUISITE, hosts, urls
from archive.catalog.taking import lease, take, take_unread
from archive.catalog.upsert import upsert
from archive.errors import UrlError
from archive.model import Claims, Discovery, Outcome, OutcomeKind
from archive.urls import authority_of, urlkey

__all__ = [
    "ARTICLE", "LISTING", "RECHECK", "REQUISITE", "Acknowledged", "Added", "Lease", "Pending", "Skipped", "UrlStory",
    "Validators", "acknowledge", "add", "hold", "lease", "look_again", "make_due", "modified",
    "outcome_of", "outcomes_of_run", "pending", "release", "renew", "skipped", "take", "take_unread", "unknown",
    "waiting",
]  # fmt: skip

_ADDING = 0x7072_6174  # any constant


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` found out: how many URLs were never seen before, which, and how many were known."""

    new: int
    known: int
    new_urls: tuple[str, ...] = ()


def add(
    conn: Connection,
    discoveries: Sequence[Discovery],
    now: datetime,
    *,
    due: bool = True,
    outcomes: Mapping[str, Outcome] | None = None,
    run: str | None = None,
) -> Added:
    """Add what listings name. A known URL stays as it is, but for when it was last seen and a later `modified` claim.

    New URLs are due now, or if not `due` wait for `make_due`; those in `outcomes` are done with that outcome, of `run`.
    Of several discoveries of one URL the first counts. Thousands at a time are one round of statements.
    """
    first = {one.url: one for one in reversed(discoveries)}
    ended = outcomes or {}
    _one_at_a_time(conn)
    known = _known(conn, first)
    fresh = sorted((one for url, one in first.items() if bounded(url) not in known), key=lambda one: one.url)
    rows = [_row(one, now, due=due, outcome=ended.get(one.url), run=run) for one in fresh]
    _insert(conn, rows)
    bump(conn, ((row["host"], row["source"], row["due_at"]) for row in rows if row["state"] == "due"))
    _seen_again(conn, [one for url, one in first.items() if bounded(url) in known], known, now)
    return Added(len(fresh), len(first) - len(fresh), tuple(one.url for one in fresh))


def unknown(place: Catalog | Connection, addresses: Iterable[str]) -> set[str]:
    """Return those of the URLs that the frontier has never seen."""
    asked = set(addresses)
    with connection(place) as conn:
        known = set(conn.execute(select(_T.url).where(among(conn, _T.url, map(bounded, asked)))).scalars())
    return {url for url in asked if bounded(url) not in known}


def has_source(place: Catalog | Connection, source: str) -> bool:
    """Whether anything was ever found for a source of this name, whether it is still listed or not."""
    with connection(place) as conn:
        return conn.execute(select(urls.c.url).where(urls.c.source == source).limit(1)).first() is not None


def sources(place: Catalog | Connection) -> list[str]:
    """Return the names of all sources something was found for. Looks at every URL: for complaints."""
    with connection(place) as conn:
        return [row.source for row in conn.execute(select(urls.c.source).distinct())]


def modified(place: Catalog | Connection, discoveries: Iterable[Discovery]) -> list[Discovery]:
    """Return those whose listing says that a URL we know was modified later than we heard before."""
    first = {one.url: one for one in reversed([*discoveries])}
    with connection(place) as conn:
        known = _known(conn, first)
    return _later([one for one in first.values() if bounded(one.url) in known], known)


def make_due(
    conn: Connection,
    *,
    now: datetime,
    source: str | None = None,
    urls: Iterable[str] | None = None,
    listings: bool | None = None,
    outcomes: Iterable[OutcomeKind] | None = None,
    reasons: Iterable[str] | None = None,
) -> int:
    """Make URLs due now that fulfil every condition given, and return how many. Those a worker holds are left to it.

    What no entry of sources.toml names any more is due only where `urls` names it.

    `listings`: only listings (True) or only other pages (False). `outcomes`, `reasons`: only those that ended
    so last time.
    """
    chosen = _chosen(conn, source, urls, listings, outcomes)
    if reasons is not None:
        chosen.append(_T.outcome_reason.in_(list(reasons)))
    waiting = or_(IS_DONE, IS_DUE & (_T.due_at > now))
    count = conn.execute(_due_now(now).where(waiting, *chosen)).rowcount
    if count:
        bump_where(conn, (_T.due_at == now), *chosen)
    return count


def look_again(conn: Connection, changed: Mapping[str, datetime], now: datetime) -> None:
    """Make known articles due now that wait for a later look, and were not looked at since they `changed`."""
    rows = [{"key": bounded(url), "at": at} for url, at in changed.items()]
    if not rows:
        return
    waits = and_(_T.url == bindparam("key"), IS_DUE, _T.priority == RECHECK, _T.due_at > now)
    statement = update(urls).where(waits, _T.outcome_at < bindparam("at", type_=UtcTime)).values(due_at=now)
    conn.execute(statement, rows)
    bump_where(conn, (_T.due_at == now), among(conn, _T.url, map(bounded, changed)))


_T = urls.c


def _chosen(
    conn: Connection,
    source: str | None,
    addresses: Iterable[str] | None,
    listings: bool | None,
    outcomes: Iterable[OutcomeKind] | None,
) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if source is not None:
        chosen.append(_T.source == source)
    if addresses is not None:
        chosen.append(among(conn, _T.url, map(bounded, addresses)))
    else:
        chosen += (_T.found_by != "next_page", ~is_unlisted())  # its article asks for it; nobody does
    if listings is not None:
        chosen.append(_T.is_listing if listings else ~_T.is_listing)
    if outcomes is not None:
        chosen.append(_T.outcome_kind.in_(list(outcomes)))
    return chosen


def _due_now(now: datetime) -> Update:
    asked_for = case((_T.is_listing, LISTING), else_=ARTICLE)  # no recheck: somebody wants it now
    return update(urls).values(state="due", due_at=now, attempts=0, priority=asked_for)


def _known(conn: Connection, addresses: Iterable[str]) -> dict[str, datetime | None]:
    """The claimed modification times of the URLs we have, by key."""
    condition = among(conn, _T.url, map(bounded, addresses))
    return {row.url: row.claimed_modified for row in conn.execute(select(_T.url, _T.claimed_modified).where(condition))}


def _one_at_a_time(conn: Connection) -> None:
    """Let no other worker add until this transaction ends: what is unknown now is then new, and only to us.

    SQLite has one writer anyway. In PostgreSQL it costs less than asking each row back from the server.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(_ADDING)))


def _insert(conn: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        names = sorted({row["host"] for row in rows})
        conn.execute(upsert(conn, hosts).on_conflict_do_nothing(), [{"host": name} for name in names])
        conn.execute(insert(urls), rows)


def _seen_again(conn: Connection, seen: list[Discovery], known: Mapping[str, datetime | None], now: datetime) -> None:
    keys = [bounded(one.url) for one in seen]
    if keys:
        # Skipping what another worker is writing: when it was seen matters less than not to wait.
        free = select(_T.url).where(among(conn, _T.url, keys)).with_for_update(skip_locked=True)
        conn.execute(update(urls).where(_T.url.in_(free)).values(last_seen=now))
    later = _later(seen, known)
    if later:
        changes = [{"key": bounded(o.url), "c": as_claims(o.claims), "m": o.claims.modified} for o in later]
        statement = update(urls).where(_T.url == bindparam("key"))
        conn.execute(statement.values(claims=bindparam("c"), claimed_modified=bindparam("m")), changes)


def _later(seen: list[Discovery], known: Mapping[str, datetime | None]) -> list[Discovery]:
    claimed = ((one, one.claims.modified, known[bounded(one.url)]) for one in seen)
    later = [one for one, now, before in claimed if now is not None and (before is None or now > before)]
    return sorted(later, key=lambda one: one.url)


def _key_of(url: str) -> str:
    """The SURT key; what a listing names that is no web address is known by its own text."""
    try:
        return urlkey(url)
    except UrlError:
        return url


def _row(found: Discovery, now: datetime, *, due: bool, outcome: Outcome | None, run: str | None) -> dict[str, Any]:
    waits = due and outcome is None
    key = bounded(found.url)
    return {
        "url": key,
        "long_url": None if key == found.url else found.url,
        "urlkey": bounded(_key_of(found.url)),
        "host": authority_of(found.url),
        "source": found.source,
        "is_listing": found.is_listing,
        "found_by": found.found_by,
        "via": found.via,
        "depth": found.depth,
        "claims": None if found.claims == Claims() else as_claims(found.claims),
        "claimed_modified": found.claims.modified,
        "found_at": found.found_at,
        "last_seen": now,
        "state": "due" if waits else "done",
        "due_at": now if waits else None,
        "priority": LISTING if found.is_listing else REQUISITE if found.found_by == "requisite" else ARTICLE,
        "attempts": 0,
        "outcome_kind": outcome.kind if outcome else None,
        "outcome_reason": outcome.reason if outcome else None,
        "outcome_detail": dict(outcome.detail) if outcome and outcome.detail else None,
        "outcome_at": now if outcome else None,
        "run": run if outcome else None,
    }
