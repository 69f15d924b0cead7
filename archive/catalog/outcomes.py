"""What became of URLs: of one (`why`), of a run's (counts), of those left out (`skipped`), and what is still to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from archive.catalog import captures, tables
from archive.catalog.claims import read_claims
from archive.catalog.columns import among, bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.queued import due_counts
from archive.catalog.tables import IS_DUE, IS_LEASED, listings, urls
from archive.model import Capture, Claims, FoundBy, Outcome, OutcomeKind
from archive.urls import urlkey


@dataclass(frozen=True, slots=True)
class Pending:
    """What is to do now: due, and held by workers."""

    due: int
    leased_by: Mapping[str, int]
    leased_by_me: int = 0

    @property
    def leased_by_others(self) -> int:
        return sum(self.leased_by.values()) - self.leased_by_me

    @property
    def is_done(self) -> bool:
        """Nothing to do now for anyone. A lease of a dead worker counts until it ends."""
        return not self.due and not self.leased_by


@dataclass(frozen=True, slots=True)
class UrlStory:
    """All we know of a URL: how it was found, where it stands, what became of it, and its captures, oldest first."""

    url: str
    urlkey: str
    host: str
    source: str
    is_listing: bool
    found_by: FoundBy
    found_at: datetime
    last_seen: datetime
    via: str | None
    depth: int
    claims: Claims
    state: str  # "due", "leased" or "done"
    due_at: datetime | None
    leased_by: str | None
    leased_until: datetime | None
    attempts: int
    outcome: Outcome | None  # None: never fetched yet
    outcome_at: datetime | None
    run: str | None
    article_id: str | None
    record_id: str | None  # of the last good capture
    watch: Mapping[str, Any] | None = None  # archive.revisions.watch, of an article
    captures: tuple[Capture, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A URL left out or failed, as `pressmark skipped` lists it."""

    url: str
    source: str
    run: str | None
    kind: str
    reason: str | None
    found_in: str | None
    depth: int | None
    at: datetime
    record_id: str | None  # of the capture that this is said of
    detail: Mapping[str, str] = field(default_factory=dict)


def pending(
    catalog: Catalog | Connection,
    sources: Sequence[str] | None,
    now: datetime,
    *,
    worker: str | None = None,
    most: Mapping[tuple[str, int], int] | None = None,
) -> Pending:
    """Count what is to do now for some sources (None: all). `worker`: whose leases are "mine".

    Asked every few seconds: it looks at what is due, never at what waits for a later time (see `waiting`).
    `most`: of a source and priority no more than so many count, because no more will be taken now.
    """
    held = select(urls.c.source, func.count().label("count"), urls.c.leased_by).where(IS_LEASED)
    with connection(catalog) as conn:
        due = due_counts(conn, now)
        leased = conn.execute(held.group_by(urls.c.source, urls.c.leased_by)).all()
    holders: Counter[str] = Counter()
    for row in leased:
        if sources is None or row.source in sources:
            holders[row.leased_by] += row[1]
    wanted = {line: count for line, count in due.items() if sources is None or line[0] in sources}
    return Pending(
        due=sum(min(count, (most or {}).get(line, count)) for line, count in wanted.items()),
        leased_by=dict(holders),
        leased_by_me=holders[worker] if worker else 0,
    )


def waiting(catalog: Catalog | Connection, now: datetime) -> tuple[int, datetime | None]:
    """How many URLs are due at a later time, and the first of these times. Looks at all of them."""
    asked = select(func.count(), func.min(urls.c.due_at)).where(IS_DUE, urls.c.due_at > now)
    with connection(catalog) as conn:
        count, first = conn.execute(asked).one()
    return count, first


def outcome_of(catalog: Catalog | Connection, url: str) -> UrlStory | None:
    """Return everything about a URL (canonical), or about one that differs only in ways its urlkey ignores."""
    with connection(catalog) as conn:
        row = conn.execute(select(urls).where(urls.c.url == bounded(url))).first()
        if row is None:
            alike = select(urls).where(urls.c.urlkey == bounded(urlkey(url))).order_by(urls.c.found_at)
            row = conn.execute(alike).first()
        return None if row is None else _story(row, captures.of_url(conn, row.long_url or row.url), _seen(conn, row))


def _seen(conn: Connection, row: Row[Any]) -> datetime:
    """When a listing last named the URL: one that said the same again was not read, and still named it."""
    last: datetime = row.last_seen
    if row.via is not None:
        asked = select(listings.c.asked_at, listings.c.read_at).where(listings.c.url == bounded(row.via))
        via = conn.execute(asked.where(listings.c.failures == 0)).first()
        if via is not None and via.read_at is not None and last >= via.read_at:
            last = max(last, via.asked_at)
    return last


def outcomes_of_run(catalog: Catalog | Connection, run: str) -> dict[tuple[str, str | None], int]:
    """Return how many URLs ended as (kind, reason) in a run and in none since; archive.answers.run_outcomes has all."""
    columns = (urls.c.outcome_kind, urls.c.outcome_reason)
    asked = select(*columns, func.count()).where(urls.c.run == run).group_by(*columns).order_by(*columns)
    with connection(catalog) as conn:
        return {(kind, reason): count for kind, reason, count in conn.execute(asked)}


def skipped(
    catalog: Catalog | Connection,
    reason: str | None = None,
    source: str | None = None,
    run: str | None = None,
    limit: int | None = None,
    kinds: Sequence[OutcomeKind] = ("skipped", "failed"),
) -> list[Skipped]:
    """List URLs left out or failed, the latest first; by reason ("robots"), source and run where given.

    A run is the last one that looked at a URL. What others left out is in their logs: archive.answers.run_outcomes.
    """
    asked = select(urls, _judged_capture()).where(urls.c.outcome_kind.in_(kinds))
    for column, wanted in ((urls.c.outcome_reason, reason), (urls.c.source, source), (urls.c.run, run)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    with connection(catalog) as conn:
        return [
            _skipped(row) for row in conn.execute(asked.order_by(urls.c.outcome_at.desc(), urls.c.url).limit(limit))
        ]


def _judged_capture() -> ColumnElement[str | None]:
    """The capture an outcome is of: the last that its run made of the URL. `urls.record_id` is the last good one."""
    kept = tables.captures.c
    mine = (
        kept.urlkey == urls.c.urlkey,
        kept.run == urls.c.run,
        kept.target_uri == func.coalesce(urls.c.long_url, urls.c.url),
    )
    return (
        select(kept.record_id).where(*mine).order_by(kept.fetched_at.desc()).limit(1).scalar_subquery().label("judged")
    )


def found_in(place: Catalog | Connection, addresses: Iterable[str]) -> dict[str, tuple[str | None, int | None]]:
    """Return where URLs were found first and how far from the seed, by URL; those that are unknown have no place."""
    wanted = {bounded(url): url for url in addresses}
    with connection(place) as conn:
        asked = select(urls.c.url, urls.c.via, urls.c.depth).where(among(conn, urls.c.url, wanted))
        return {wanted[row.url]: (row.via, row.depth) for row in conn.execute(asked)}


def _outcome(row: Row[Any]) -> Outcome | None:
    return Outcome(row.outcome_kind, row.outcome_reason, row.outcome_detail or {}) if row.outcome_kind else None


def _skipped(row: Row[Any]) -> Skipped:
    return Skipped(
        url=row.long_url or row.url,
        source=row.source,
        run=row.run,
        kind=row.outcome_kind,
        reason=row.outcome_reason,
        found_in=row.via,
        depth=row.depth,
        at=row.outcome_at,
        record_id=row.judged,
        detail=row.outcome_detail or {},
    )


def _story(row: Row[Any], found: list[Capture], last_seen: datetime) -> UrlStory:
    return UrlStory(
        url=row.long_url or row.url,
        urlkey=row.urlkey,
        host=row.host,
        source=row.source,
        is_listing=row.is_listing,
        found_by=row.found_by,
        found_at=row.found_at,
        last_seen=last_seen,
        via=row.via,
        depth=row.depth,
        claims=read_claims(row.claims),
        state=row.state,
        due_at=row.due_at,
        leased_by=row.leased_by,
        leased_until=row.leased_until,
        attempts=row.attempts,
        outcome=_outcome(row),
        outcome_at=row.outcome_at,
        run=row.run,
        article_id=row.article_id,
        record_id=row.record_id,
        watch=row.watch,
        captures=tuple(found),
    )
