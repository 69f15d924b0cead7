"""A look at a site before it becomes a source: what its robots.txt says, where it lists its articles, whether we can
read them.

`look_at` visits (a handful of requests, see crawler/looks/visitor.py), `source_for` decides (pure) what to write in
sources.toml. Nothing is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from archive.model import Claims, Discovery, Extraction, Page, Source, SourceKind
from archive.urls import canonical_url, host_of
from crawler.discovery.autodiscover import Choice, Chosen, Fetched, ListingCandidate, candidates, choose, home_language
from crawler.discovery.imports import source_name
from crawler.discovery.kinds import sniff_listing
from crawler.discovery.robots import Robots
from crawler.looks.visitor import Manners, Visit, Visitor

Kind = Literal["feed", "sitemap", "news sitemap", "sitemap index", "section"]
SAMPLES = 3
_MAX_SECONDS = 60.0  # a look does not wait longer than this in sum, whatever Crawl-delay says


@dataclass(frozen=True, slots=True)
class Listed:
    """A listing that works. `newest` and `oldest` are the claims of its entries."""

    url: str
    kind: Kind
    entries: int = 0
    newest: datetime | None = None
    oldest: datetime | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """An article we tried to read. `missing` names what it should have and has not."""

    url: str
    headline: str | None = None
    words: int = 0
    language: str | None = None
    published: datetime | None = None
    missing: tuple[str, ...] = ()
    failure: str | None = None

    @property
    def readable(self) -> bool:
        return self.failure is None and not self.missing


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found. Where `home` is not ok, nothing else was asked for."""

    url: str
    requests: int
    robots: Robots
    robots_visit: Visit
    crawl_delay: float | None
    home: Visit
    reservation: str | None  # a stated reservation of text and data mining, as written
    choice: Choice
    language: str | None
    samples: tuple[Sample, ...]

    @property
    def listings(self) -> tuple[Listed, ...]:
        """The listings chosen, in numbers."""
        return tuple(listed(one) for one in self.choice.chosen if one.url in self.choice.urls)


def look_at(url: str, manners: Manners, seen_at: datetime, on_request: Callable[[str], None] | None = None) -> Look:
    """Look at the site of a home page, a section page, a feed or a sitemap. Never raises for what a server does."""
    import asyncio

    return asyncio.run(_look(url, manners, seen_at, on_request))


async def _look(url: str, manners: Manners, seen_at: datetime, on_request: Callable[[str], None] | None) -> Look:
    async with Visitor(manners, on_request) as visitor:
        robots, robots_visit = await visitor.robots(url)
        delay = robots.crawl_delay(manners.agent)
        visitor.slow_to(_requests_within(_MAX_SECONDS, visitor.delay_of(url), manners.max_requests))
        home = await visitor.visit(url)
        tried = await _try_listings(visitor, home, robots, seen_at) if home.ok else []
        choice = choose(tried, home.url, seen_at)
        samples = await _samples(visitor, await _opened(visitor, choice, seen_at), seen_at)
        return Look(
            url=url,
            requests=visitor.requests,
            robots=robots,
            robots_visit=robots_visit,
            crawl_delay=delay,
            home=home,
            reservation=reservation(home, robots),
            choice=choice,
            language=_language(samples) or choice.language or home_language(home.body, home.head.charset),
            samples=tuple(samples),
        )


def _requests_within(seconds: float, delay: float, at_most: int) -> int:
    """How many requests fit; two (robots.txt and the page) are made in any case."""
    return at_most if delay <= 0 else max(2, min(at_most, 1 + int(seconds / delay)))


# -- listings

_WELL_KNOWN = ("/sitemap.xml", "/feed", "/rss.xml", "/news-sitemap.xml")  # where most sites have one; we ask few
_ENOUGH = 2  # listings that work, after which no further one is asked for

Tried = tuple[ListingCandidate, Fetched]


async def _try_listings(visitor: Visitor, home: Visit, robots: Robots, seen_at: datetime) -> list[Tried]:
    """Ask for listings, best first. Each leaves enough requests for the samples, which matter more than one more."""
    at_home = ListingCandidate(home.url, "section", "home")
    kind = sniff_listing(home.body, home.head.media_type)
    if kind != "section":  # the user gave the listing itself
        return [(ListingCandidate(home.asked, kind, "link"), _fetched(home))]
    found = candidates(home.body, home.url, robots, charset=home.head.charset)
    tried: list[Tried] = []
    for group in promising(found):
        for candidate in group:
            if visitor.left <= SAMPLES or _working(tried, seen_at) >= _ENOUGH:
                break
            tried.append((candidate, _fetched(await visitor.visit(candidate.url))))
        if _working(tried, seen_at):
            break
    return [*tried, (at_home, _fetched(home))]


def promising(found: Sequence[ListingCandidate]) -> tuple[list[ListingCandidate], list[ListingCandidate]]:
    """Return what the site names (a feed and a sitemap first, then the rest), and the likeliest well-known places."""
    named = [one for one in found if one.why in ("link", "robots") and one.kind != "section"]
    feeds = [one for one in named if one.kind == "feed"]
    sitemaps = sorted((one for one in named if one.kind == "sitemap"), key=lambda one: "news" not in one.url.lower())
    first = [*feeds[:1], *sitemaps[:1]]
    guessed = {urlsplit(one.url).path: one for one in found if one.why == "well-known"}
    return [*first, *(one for one in (*feeds, *sitemaps) if one not in first)], [
        guessed[path] for path in _WELL_KNOWN if path in guessed
    ]


def _working(tried: Sequence[Tried], seen_at: datetime) -> int:
    return len(choose(tried, tried[0][0].url, seen_at).chosen) if tried else 0


def _fetched(visit: Visit) -> Fetched:
    status = visit.status if visit.failure is None else None
    return Fetched(status, visit.body, visit.head.media_type, visit.head.charset, visit.url)


def listed(chosen: Chosen) -> Listed:
    """A listing in numbers."""
    found = chosen.listing.discoveries
    times = [time for one in found if (time := one.claims.published or one.claims.modified)]
    news = any(one.found_by == "news-sitemap" for one in found)
    index = chosen.kind == "sitemap" and all(one.is_listing for one in found)
    kind: Kind = "news sitemap" if news else "sitemap index" if index else chosen.kind
    return Listed(
        chosen.url, kind, len(found), max(times, default=None), min(times, default=None), chosen.listing.problems
    )


# -- samples


async def _opened(visitor: Visitor, choice: Choice, seen_at: datetime) -> list[Discovery]:
    """The discoveries of the chosen listings; where they are only sitemaps of sitemaps, those of the newest part."""
    found = [one for chosen in choice.chosen if chosen.url in choice.urls for one in chosen.listing.discoveries]
    parts = [one for one in found if one.is_listing]
    articles = [one for one in found if not one.is_listing]
    if articles or not parts or visitor.left <= 1:
        return articles
    part = max(parts, key=lambda one: ("news" in one.url.lower(), _stamp(one.claims.modified), one.url))
    visit = await visitor.visit(part.url)
    answer = choose([(ListingCandidate(part.url, "sitemap", "link"), _fetched(visit))], part.url, seen_at)
    return [one for chosen in answer.chosen for one in chosen.listing.discoveries if not one.is_listing]


async def _samples(visitor: Visitor, articles: Iterable[Discovery], seen_at: datetime) -> list[Sample]:
    return [
        read_sample(await visitor.visit(found.url), found.claims, seen_at)
        for found in newest(articles)
        if visitor.left > 0
    ]


def newest(articles: Iterable[Discovery], count: int = SAMPLES) -> list[Discovery]:
    """The newest of the articles, each once."""
    by_url = {one.url: one for one in articles}
    return sorted(by_url.values(), key=lambda one: -_stamp(one.claims.published or one.claims.modified))[:count]


def read_sample(visit: Visit, claims: Claims, seen_at: datetime) -> Sample:
    if not visit.ok:
        return Sample(visit.asked, failure=visit.problem)
    from archive.extract import extract  # heavy, and not needed where no sample could be had

    page = Page(
        url=visit.url,
        body=visit.body,
        http_charset=visit.head.charset,
        media_type=visit.head.media_type or "text/html",
        http_last_modified=visit.head.value("last-modified"),
        seen_at=seen_at,
        claims=claims,
    )
    return sample_from(visit.asked, extract(page))


def sample_from(url: str, extraction: Extraction) -> Sample:
    """What a reading gave, and which of headline, text and date it lacks."""
    from archive.words import word_measure

    article = extraction.article
    words = word_measure(article.text)
    has = {"title": article.headline, "text": words, "date": article.date_published}
    return Sample(
        url=url,
        headline=article.headline,
        words=words,
        language=article.language,
        published=article.date_published.at if article.date_published else None,
        missing=tuple(name for name, value in has.items() if not value),
    )


def reservation(home: Visit, robots: Robots) -> str | None:
    """A reservation of text and data mining, where the site states one (TDM Reservation Protocol, Content-Signal)."""
    header = home.head.value("tdm-reservation")
    if header is not None and header.strip() == "1":
        return "tdm-reservation: 1 (HTTP header)"
    tag = re.search(rb"<meta[^>]*name=[\"']?tdm-reservation[\"']?[^>]*>", home.body[:200_000], re.IGNORECASE)
    if tag and re.search(rb"content=[\"']?1\b", tag[0]):
        return "tdm-reservation: 1 (meta element)"
    for line, name, value in robots.others:
        if name.lower() == "content-signal" and "no" in value.lower():
            return f"Content-Signal: {value} (robots.txt line {line})"
    return None


def _language(samples: Sequence[Sample]) -> str | None:
    said = Counter(one.language for one in samples if one.language)
    return said.most_common(1)[0][0] if said else None


def _stamp(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


# -- the decision


def source_for(
    look: Look,
    *,
    taken: Collection[str] = (),
    name: str | None = None,
    kind: SourceKind = "auto",
    schedule: str | None = None,
    languages: tuple[str, ...] = (),
) -> Source:
    """Return the source that a look suggests. A `kind` other than "auto" is the user's word and is kept."""
    page = canonical_url(look.home.url if look.home.ok else look.url)
    urls, found_kind = look.choice.urls or (page,), look.choice.kind
    if kind != "auto":
        of_kind = tuple(one.url for one in look.choice.chosen if one.kind == kind)
        urls, found_kind = of_kind or (page,), kind
    own = host_of(page)
    # A feed served elsewhere (a feed host, a CDN) says nothing of where the articles are.
    hosts = look.choice.hosts if any(host_of(url) == own for url in urls) else (own, *look.choice.hosts)
    return Source(
        name=name or source_name(look.url, taken),
        kind=found_kind,
        urls=urls,
        schedule=schedule or "every 1h",
        languages=languages,
        hosts=tuple(dict.fromkeys(hosts)),
        language=look.language,
    )
