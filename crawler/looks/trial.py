"""A trial of a source as it stands in sources.toml: its listings are read, a few articles too, nothing is kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from archive.model import Discovery, Source
from crawler.crawl.admission import admit
from crawler.discovery.autodiscover import Fetched, ListingCandidate, choose
from crawler.discovery.kinds import sniff_listing
from crawler.discovery.robots import Robots
from crawler.looks.look import Listed, Sample, listed, newest, read_sample
from crawler.looks.visitor import Manners, Visit, Visitor

_MORE_REQUESTS = 6  # robots.txt of each host, redirects, one part of a sitemap index
MAX_LISTINGS = 10


@dataclass(frozen=True, slots=True)
class Read:
    """A listing of the source: in numbers, or why it could not be read."""

    url: str
    listed: Listed | None
    problem: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial found. `refused` counts discoveries by the reason the source's own rules give."""

    source: str
    requests: int
    listings: tuple[Read, ...]
    admitted: int
    refused: Mapping[str, int]
    samples: tuple[Sample, ...]
    robots: Mapping[str, tuple[Robots, Visit]]


def try_source(
    source: Source, manners: Manners, seen_at: datetime, count: int, on_request: Callable[[str], None] | None = None
) -> Trial:
    """Read the listings of a source and `count` of its articles. Never raises for what a server does."""
    wanted = min(len(source.urls), MAX_LISTINGS) + count + _MORE_REQUESTS
    return asyncio.run(_try(source, replace(manners, max_requests=wanted), seen_at, count, on_request))


async def _try(
    source: Source, manners: Manners, seen_at: datetime, count: int, on_request: Callable[[str], None] | None
) -> Trial:
    async with Visitor(manners, on_request) as visitor:
        if source.kind == "urls":
            listings: list[Read] = []
            found = [Discovery(url, source.name, "urls", seen_at) for url in source.urls]
        else:
            listings, found = await _read_listings(visitor, source, seen_at)
        outcomes = [(one, admit(one, source)) for one in found]
        admitted = [one for one, outcome in outcomes if outcome is None and not one.is_listing]
        samples = [read_sample(await visitor.visit(one.url), one.claims, seen_at) for one in newest(admitted, count)]
        return Trial(
            source=source.name,
            requests=visitor.requests,
            listings=tuple(listings),
            admitted=len(admitted),
            refused=dict(Counter(outcome.reason or "" for _, outcome in outcomes if outcome is not None)),
            samples=tuple(samples),
            robots=visitor.known_robots,
        )


async def _read_listings(visitor: Visitor, source: Source, seen_at: datetime) -> tuple[list[Read], list[Discovery]]:
    reads: list[Read] = []
    found: dict[str, Discovery] = {}
    for url in source.urls[:MAX_LISTINGS]:
        read, discoveries = await _read(visitor, url, seen_at)
        reads.append(read)
        parts = [one for one in discoveries if one.is_listing]
        if parts and len(parts) == len(discoveries):
            part = max(parts, key=lambda one: (one.claims.modified or seen_at, one.url))
            read, discoveries = await _read(visitor, part.url, seen_at)
            reads.append(read)
        found.update((one.url, replace(one, source=source.name)) for one in discoveries)
    return reads, list(found.values())


async def _read(visitor: Visitor, url: str, seen_at: datetime) -> tuple[Read, tuple[Discovery, ...]]:
    visit = await visitor.visit(url)
    if not visit.ok:
        return Read(url, None, visit.problem, visit.hint), ()
    kind = sniff_listing(visit.body, visit.head.media_type)
    answer = Fetched(visit.status, visit.body, visit.head.media_type, visit.head.charset, visit.url)
    choice = choose([(ListingCandidate(url, kind, "link"), answer)], url, seen_at)
    if not choice.chosen:
        return Read(url, None, choice.rejected[0][1] if choice.rejected else "no entries"), ()
    return Read(url, listed(choice.chosen[0])), choice.chosen[0].listing.discoveries
