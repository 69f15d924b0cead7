"""Polls: what a run learns by asking listings. The rule is in polling.py; here it meets catalog and log.

`Asked` is one asking as the spider saw it. How many of its entries are new is known when its discoveries are committed:
then `settle` says what is to be remembered, when the listing is due again, and which hosts are believed no more.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from archive.catalog import listings
from archive.model import Discovery, Distrust, ListingState, Outcome
from crawler.schedule.polling import Poll, Rhythm, bounds_of, due_again, next_rhythm
from crawler.schedule.rules import local_zone

if TYPE_CHECKING:
    from archive.catalog import Catalog
    from archive.catalog.frontier import Lease
    from archive.model import Source

PROVE_AFTER = (3, 6, 10)  # after so many 304 in a row a listing is asked whole; the last for ever after
DISTRUST = timedelta(days=30)
_BACKDATED = timedelta(minutes=30)  # an entry this much older than a 304 that did not show it proves the 304 wrong


@dataclass(frozen=True, slots=True)
class Asked:
    """One asking of a listing: `body_digest` and `problems` where it came whole; `etag` and such as it sent them."""

    lease: Lease
    outcome: Outcome
    at: datetime
    body_digest: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    ttl_seconds: float | None = None
    unreadable: bool = False
    retry_after_seconds: float | None = None

    @property
    def failure(self) -> str | None:
        if self.outcome.kind in ("failed", "skipped"):
            return self.outcome.reason or self.outcome.kind
        return "unreadable" if self.unreadable else None


@dataclass(slots=True)
class Settled:
    """What follows from some askings: states to keep, when each listing is due, hosts believed no more."""

    states: list[ListingState] = field(default_factory=list)
    due_again: dict[str, datetime | None] = field(default_factory=dict)
    distrusted: list[Distrust] = field(default_factory=list)


def digest_of(body: bytes) -> str:
    """Of a content-decoded body: what tells whether a listing changed, whatever its headers say."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


class Polls:
    """Of one run; holds what it has read of the catalog and learned since."""

    def __init__(self, catalog: Catalog, sources: Mapping[str, Source], now: datetime) -> None:
        self._catalog, self._sources = catalog, sources
        self._zone = local_zone()
        self._distrusted = listings.distrusted_hosts(catalog, now)
        self._states: dict[str, ListingState | None] = {}
        self._afresh: set[str] = set()

    def state(self, url: str) -> ListingState | None:
        """What is known of a listing."""
        if url not in self._states:
            self._states[url] = listings.states(self._catalog, [url]).get(url)
        return self._states[url]

    def may_ask_conditionally(self, lease: Lease, now: datetime) -> bool:
        """Whether a 304 would be believed; now and then a listing that answers nothing else has to prove it."""
        found = self._distrusted.get(lease.host)
        if (found is not None and found.until > now) or self._is_afresh(lease):
            return False
        state = self.state(lease.url) if lease.is_listing else None
        return state is None or state.not_modified < PROVE_AFTER[min(state.proofs, len(PROVE_AFTER) - 1)]

    def is_known(self, lease: Lease, body_digest: str) -> bool:
        """Whether this very listing has been read already."""
        state = self.state(lease.url)
        return state is not None and state.body_digest == body_digest and not self._is_afresh(lease)

    def afresh(self, source: str) -> None:
        """Read the listings of a source in this run whatever is known of them."""
        self._afresh.add(source)

    def _is_afresh(self, lease: Lease) -> bool:
        return lease.is_listing and lease.source in self._afresh

    def page_due_again(self, source: Source, now: datetime, due_at: datetime | None) -> datetime | None:
        """When a page of a fixed list is asked again: by its source's schedule."""
        rhythm = rhythm_of(None, source, 0)
        return due_again(source.schedule, rhythm, now.astimezone(self._zone), due_at=due_at)

    def settle(self, asked: Sequence[Asked], discoveries: Sequence[Discovery], unknown: Collection[str]) -> Settled:
        """What follows from these askings, with `discoveries` of the same commit, those in `unknown` new to us."""
        entries: Counter[str] = Counter()
        fresh: dict[str, list[Discovery]] = {}
        named: set[str] = set()
        for entry in discoveries:
            entries[entry.via or ""] += 1
            if entry.url in unknown and entry.url not in named:
                named.add(entry.url)
                fresh.setdefault(entry.via or "", []).append(entry)
        found = Settled()
        for one in asked:
            self._settle_one(one, entries[one.lease.url], fresh.get(one.lease.url, []), found)
        return found

    def hasten(self, modified: Iterable[Discovery], now: datetime) -> dict[str, datetime]:
        """When listings are due that another one says have changed: after a quarter of their interval.

        Not at once: some indexes give every part the time of the asking.
        """
        found: dict[str, datetime] = {}
        for one in modified:
            state = self.state(one.url) if one.is_listing else None
            if state is not None and not state.failures:
                found[one.url] = max(now, state.asked_at + timedelta(seconds=state.interval_seconds / 4))
        return found

    def _settle_one(self, asked: Asked, entries: int, fresh: Sequence[Discovery], found: Settled) -> None:
        lease, before = asked.lease, self.state(asked.lease.url)
        source = self._sources[lease.source]
        poll = Poll(
            new=len(fresh),
            entries=entries,
            failure=asked.failure,
            ttl_seconds=asked.ttl_seconds,
            unchanged=asked.outcome.kind in ("unchanged", "moved"),
            retry_after_seconds=asked.retry_after_seconds,
        )
        rhythm = next_rhythm(
            rhythm_of(before, source, lease.depth), poll, bounds_of(source.schedule, named=lease.depth == 0)
        )
        state = _after(asked, poll, before, rhythm)
        lie = _lie(asked, before, fresh)
        if lie is not None:
            distrust = Distrust(lease.host, asked.at, asked.at + DISTRUST, lease.url, lie)
            self._distrusted[lease.host] = distrust
            found.distrusted.append(distrust)
        self._states[lease.url] = state
        found.states.append(state)
        if lease.found_by == "seed" and lease.url not in source.urls:
            found.due_again[lease.url] = None  # it was taken out of sources.toml
            return
        found.due_again[lease.url] = due_again(
            source.schedule,
            rhythm,
            asked.at.astimezone(self._zone),
            due_at=lease.due_at,
            retry_after=poll.retry_after_seconds,
        )


def rhythm_of(state: ListingState | None, source: Source, depth: int) -> Rhythm:
    """The rhythm a listing has under its source's schedule, where nothing is known of it the one it starts with."""
    bounds = bounds_of(source.schedule, named=depth == 0)
    found = (
        Rhythm() if state is None else Rhythm(state.interval_seconds, state.failures, state.ttl_seconds, state.polls)
    )
    return replace(found, interval_seconds=min(max(found.interval_seconds, bounds.least), bounds.most))


def _after(asked: Asked, poll: Poll, before: ListingState | None, rhythm: Rhythm) -> ListingState:
    """The state after an asking; a failure changes nothing but the rhythm."""
    lease = asked.lease
    kept = before or ListingState(lease.url, lease.source, asked.at, rhythm.interval_seconds)
    kept = replace(
        kept,
        source=lease.source,
        asked_at=asked.at,
        interval_seconds=rhythm.interval_seconds,
        failures=rhythm.failures,
        ttl_seconds=rhythm.ttl_seconds,
        polls=rhythm.polls,
    )
    if asked.outcome.reason == "not_modified":
        return replace(kept, not_modified=kept.not_modified + 1)
    if asked.body_digest is None:
        return kept
    proofs = kept.proofs + 1 if kept.not_modified else kept.proofs
    if asked.outcome.kind == "unchanged":
        idle = kept.idle_etags + 1 if asked.etag != lease.validators.etag else 0
        return replace(kept, not_modified=0, proofs=proofs, idle_etags=idle)
    return replace(
        kept,
        entries=poll.entries,
        new=poll.new,
        body_digest=None if asked.unreadable else asked.body_digest,
        read_at=asked.at,
        not_modified=0,
        proofs=proofs,
        idle_etags=0,
    )


def _lie(asked: Asked, before: ListingState | None, fresh: Sequence[Discovery]) -> str | None:
    """Why the 304 answers since this listing was last whole were wrong, in words; None where nothing shows it."""
    held = asked.lease.validators
    if asked.body_digest is None or before is None or not before.not_modified or not fresh:
        return None
    same_etag = held.etag is not None and asked.etag == held.etag
    same_date = held.etag is None and held.last_modified is not None and asked.last_modified == held.last_modified
    if same_etag or same_date:
        said = f"ETag {held.etag}" if same_etag else f"Last-Modified {held.last_modified}"
        return f"{len(fresh)} new entries under the {said} we held"
    hidden = [one for one in fresh if (at := one.claims.published) and at < before.asked_at - _BACKDATED]
    since = held.captured_at
    hidden = [one for one in hidden if since is None or (one.claims.published or since) > since]
    return f"304 at {before.asked_at:%Y-%m-%d %H:%MZ}, though {hidden[0].url} was out by then" if hidden else None
