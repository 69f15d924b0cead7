"""What became of URLs: of one (`why`), of a run's (counts), of those left out (`skipped`), and what is still to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from archive.catalog import captures
from archive.catalog.claims import read_claims
from archive.catalog.columns import bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import IS_DUE, IS_LEASED, PRIORITIES, queues, urls
from archive.model import Capture, Claims, FoundBy, Outcome, OutcomeKind
from archive.urls import urlkey


@dataclass(frozen=True, slots=True)
class Pending:
    """What is still to do: due now, held by workers, and due later with the next time something is."""

    due: int
    leased_by: Mapping[str, int]
    later: int
    next_due_at: datetime | None
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
    watch: Mapping[str, Any] | None = None  # archive.watch, of an article
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
    depth: int
    at: datetime
    record_id: str | None
    detail: Mapping[str, str] = field(default_factory=dict)


def pending(
    catalog: Catalog | Connection,
    sources: Sequence[str] | None,
    now: datetime,
    *,
    worker: str | None = None,
    most: Mapping[tuple[str, int], int] | None = None,
    with_later: bool = False,
) -> Pending:
    """Count what is still to do for some sources (None: all). `worker`: whose leases are "mine".

    `most`: of a source and priority no more than so many count, because no more will be taken now.
    `with_later` counts what is due some day, too: every article that is looked at again, which takes its time.
    """
    with connection(catalog) as conn:
        now_due = conn.execute(_due_by_queue(now)).all()
        held = select(urls.c.source, urls.c.leased_by, func.count()).where(IS_LEASED)
        leased = conn.execute(held.group_by(urls.c.source, urls.c.leased_by)).all()
        later = _later(conn, sources, now) if with_later else (0, None)
    due: Counter[tuple[str, int]] = Counter()
    for source, *counts in now_due:
        if sources is None or source in sources:
            due.update({(source, priority): count for priority, count in zip(PRIORITIES, counts, strict=True)})
    holders: Counter[str] = Counter()
    for source, holder, count in leased:
        if sources is None or source in sources:
            holders[holder] += count
    wanted = sum(min(count, (most or {}).get(line, count)) for line, count in due.items())
    return Pending(wanted, dict(holders), *later, leased_by_me=holders[worker] if worker else 0)


def _due_by_queue(now: datetime) -> Select[Any]:
    """For each host and source with something due: how many of each priority, by ranges of the index."""
    due = select(func.count()).where(
        IS_DUE, urls.c.host == queues.c.host, urls.c.source == queues.c.source, urls.c.due_at <= now
    )
    counts = (due.where(urls.c.priority == one).scalar_subquery() for one in PRIORITIES)
    return select(queues.c.source, *counts).where(queues.c.due_at <= now)


def _later(conn: Connection, sources: Sequence[str] | None, now: datetime) -> tuple[int, datetime | None]:
    asked = select(urls.c.source, func.count(), func.min(urls.c.due_at)).where(IS_DUE, urls.c.due_at > now)
    rows = conn.execute(asked.group_by(urls.c.host, urls.c.source))
    waiting = [(count, at) for source, count, at in rows if sources is None or source in sources]
    return sum(count for count, _ in waiting), min((at for _, at in waiting), default=None)


def last_listed(catalog: Catalog | Connection) -> dict[str, datetime]:
    """Return when each source's listings were last asked, by the source's name."""
    asked = select(urls.c.source, func.max(urls.c.outcome_at)).where(urls.c.is_listing, urls.c.outcome_at.is_not(None))
    with connection(catalog) as conn:
        return dict(conn.execute(asked.group_by(urls.c.source)).tuples().all())


def outcome_of(catalog: Catalog | Connection, url: str) -> UrlStory | None:
    """Return everything about a URL (canonical), or about one that differs only in ways its urlkey ignores."""
    with connection(catalog) as conn:
        row = conn.execute(select(urls).where(urls.c.url == bounded(url))).first()
        if row is None:
            alike = select(urls).where(urls.c.urlkey == bounded(urlkey(url))).order_by(urls.c.found_at)
            row = conn.execute(alike).first()
        return None if row is None else _story(row, captures.of_url(conn, row.long_url or row.url))


def outcomes_of_run(catalog: Catalog | Connection, run: str) -> dict[tuple[str, str | None], int]:
    """Return how many URLs ended as (kind, reason) in a run and in none since, e.g. {("skipped", "robots"): 3}."""
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
    """List URLs left out or failed, the latest first; by reason ("robots"), source and run where given."""
    asked = select(urls).where(urls.c.outcome_kind.in_(kinds))
    for column, wanted in ((urls.c.outcome_reason, reason), (urls.c.source, source), (urls.c.run, run)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    with connection(catalog) as conn:
        return [
            _skipped(row) for row in conn.execute(asked.order_by(urls.c.outcome_at.desc(), urls.c.url).limit(limit))
        ]


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
        record_id=row.record_id,
        detail=row.outcome_detail or {},
    )


def _story(row: Row[Any], found: list[Capture]) -> UrlStory:
    return UrlStory(
        url=row.long_url or row.url,
        urlkey=row.urlkey,
        host=row.host,
        source=row.source,
        is_listing=row.is_listing,
        found_by=row.found_by,
        found_at=row.found_at,
        last_seen=row.last_seen,
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
