"""From a home page to what to watch: candidates first, then, once they were fetched, a choice. Pure.

    home page, robots.txt → candidates() → the caller fetches some → choose() → feeds and sitemaps, else sections

The order of the candidates is the order to try them in: what the publisher names comes before what we guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from archive.model import Claims, Discovery, FoundBy, Source, SourceKind
from archive.urls import host_of, same_site
from crawler.discovery.kinds import ListingKind, read_listing, sniff_listing
from crawler.discovery.listing import Entry, Listing, Seen, discover, read_language, read_title
from crawler.discovery.markup import base_url, parse_html
from crawler.discovery.robots import Robots, parse_robots
from crawler.discovery.sections import canonical_or_none, score_links, shape_score

WELL_KNOWN_FEEDS = ("/feed", "/rss.xml", "/atom.xml", "/feed.xml", "/rss", "/index.xml", "/feed.json")
WELL_KNOWN_SITEMAPS = (
    "/news-sitemap.xml",
    "/sitemap-news.xml",
    "/sitemap_news.xml",
    "/sitemap.xml",
    "/sitemap_index.xml",
)
MAX_SECTIONS = 20
MIN_ENTRIES = 3  # fewer say little of a site
_FEED_TYPES = ("rss", "atom", "feed+json", "rdf")
_COMMENT_FEED = re.compile(r"comment|kommentar|/(?:feed|rss)/comments|replies|podcast", re.IGNORECASE)

Why = Literal["link", "robots", "well-known", "navigation", "home"]


@dataclass(frozen=True, slots=True)
class ListingCandidate:
    """A place that may list the site's articles, what it would be, and why we think so."""

    url: str
    kind: ListingKind
    why: Why
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back for a candidate: the final status and URL, the content-decoded body, its Content-Type."""

    status: int | None
    body: bytes = b""
    media_type: str | None = None
    charset: str | None = None
    url: str | None = None  # after redirects


@dataclass(frozen=True, slots=True)
class Chosen:
    """A candidate that held what it promised, with its listing."""

    candidate: ListingCandidate
    kind: ListingKind
    url: str
    listing: Listing

    @property
    def newest(self) -> datetime | None:
        """The newest date the listing claims."""
        claims = [found.claims.published or found.claims.modified for found in self.listing.discoveries]
        return max((claim for claim in claims if claim), default=None)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to watch: one kind of source with its URLs; all listings that work, and those that do not, with why."""

    kind: SourceKind
    urls: tuple[str, ...]
    hosts: tuple[str, ...]  # hosts of listed articles that are not the home page's
    language: str | None
    title: str | None
    chosen: tuple[Chosen, ...]
    rejected: tuple[tuple[ListingCandidate, str], ...]


def candidates(
    home_html: bytes | str, home_url: str, robots_txt: bytes | Robots = b"", *, charset: str | None = None
) -> list[ListingCandidate]:
    """Return where a site may list its articles, best first: its own links and robots.txt, then well-known paths.

    Sections from the navigation come last, and the home page itself as one of them. Each URL stands once. Never raises.
    """
    root = parse_html(home_html, charset)
    robots = robots_txt if isinstance(robots_txt, Robots) else parse_robots(robots_txt)
    found: dict[str, ListingCandidate] = {}
    for candidate in _all(root, home_url, robots):
        found.setdefault(candidate.url, candidate)
    return list(found.values())


def listings_of_home(
    home_html: bytes, seen: Seen, sitemaps: Iterable[str] = (), *, charset: str | None
) -> tuple[Discovery, ...]:
    """Return the listings that a crawl of a home page goes on with: those the site names itself, else well-known paths.

    Sections of the navigation are followed only where the site names neither feed nor sitemap.
    """
    found = candidates(home_html, seen.url, Robots(sitemaps=tuple(sitemaps)), charset=charset)
    named = [one for one in found if one.why in ("link", "robots")]
    chosen = named or [one for one in found if one.why in ("well-known", "navigation")]
    entries = (Entry(one.url, Claims(title=one.title), _FOUND_BY[one.kind], is_listing=True) for one in chosen)
    return discover(entries, seen, "page")[0]


_FOUND_BY: dict[ListingKind, FoundBy] = {"feed": "link", "sitemap": "link", "section": "section"}


def choose(fetched: Iterable[tuple[ListingCandidate, Fetched]], home_url: str, seen_at: datetime) -> Choice:
    """Return what to watch of the candidates that were fetched.

    Feeds and sitemaps of news are preferred, then feeds, then other sitemaps (often the whole past), then sections.
    """
    chosen: list[Chosen] = []
    rejected: list[tuple[ListingCandidate, str]] = []
    for candidate, answer in fetched:
        result = _tried(candidate, answer, seen_at)
        if isinstance(result, str):
            rejected.append((candidate, result))
        elif not any(result.url == other.url for other in chosen):
            chosen.append(result)
    best = _best(chosen)
    kinds = {result.kind for result in best}
    languages = [result.listing.language for result in best if result.listing.language]
    titles = [result.listing.title for result in best if result.listing.title]
    return Choice(
        # Readers go by the bytes, so that a feed and a sitemap make one "auto" source.
        kind=kinds.pop() if len(kinds) == 1 else "auto",
        urls=tuple(result.url for result in best) or (home_url,),
        hosts=_other_hosts(best, home_url),
        language=languages[0] if languages else None,
        title=titles[0] if titles else None,
        chosen=tuple(chosen),
        rejected=tuple(rejected),
    )


def _tried(candidate: ListingCandidate, answer: Fetched, seen_at: datetime) -> Chosen | str:
    if answer.status is None or not 200 <= answer.status < 300:
        return f"HTTP {answer.status}" if answer.status else "no response"
    kind = sniff_listing(answer.body, answer.media_type)
    if kind == "section" and candidate.kind != "section":
        return f"not a {candidate.kind} (a page)"
    url = canonical_or_none(answer.url or candidate.url) or candidate.url
    listing = read_listing(answer.body, Seen(url, "", seen_at), media_type=answer.media_type, charset=answer.charset)
    if not listing.discoveries:
        return "no entries"
    return Chosen(candidate, kind, url, listing)


def _best(chosen: list[Chosen]) -> list[Chosen]:
    news = [
        c for c in chosen if c.kind == "sitemap" and any(d.found_by == "news-sitemap" for d in c.listing.discoveries)
    ]
    feeds = [c for c in chosen if c.kind == "feed" and len(c.listing.discoveries) >= MIN_ENTRIES]
    if news or feeds:
        return feeds[:5] + news[:2]
    for kind in ("sitemap", "feed", "section"):
        found = [c for c in chosen if c.kind == kind]
        if found:
            return found[:5] if kind != "section" else found[:MAX_SECTIONS]
    return []


def _other_hosts(best: list[Chosen], home_url: str) -> tuple[str, ...]:
    """Hosts that many listed articles are on and that are not the home page's: they belong to the publication."""
    site = Source("", "auto", (home_url,))
    counts: dict[str, int] = {}
    total = 0
    for result in best:
        for found in result.listing.discoveries:
            total += 1
            if not same_site(found.url, site):
                counts[host_of(found.url)] = counts.get(host_of(found.url), 0) + 1
    return tuple(host for host, count in counts.items() if count * 4 >= total)


# -- where to look


def _all(root: Any, home_url: str, robots: Robots) -> Iterator[ListingCandidate]:
    if root is not None:
        yield from _alternates(root, home_url)
    for url in robots.sitemaps:
        absolute = canonical_or_none(url, home_url)
        if absolute:
            yield ListingCandidate(absolute, "sitemap", "robots")
    for path in WELL_KNOWN_SITEMAPS:
        yield ListingCandidate(_absolute(home_url, path), "sitemap", "well-known")
    for path in WELL_KNOWN_FEEDS:
        yield ListingCandidate(_absolute(home_url, path), "feed", "well-known")
    yield ListingCandidate(canonical_or_none(home_url) or home_url, "section", "home")
    if root is not None:
        yield from _sections(root, home_url)


def _absolute(home_url: str, path: str) -> str:
    return canonical_or_none(path, home_url) or home_url


def _alternates(root: Any, home_url: str) -> Iterator[ListingCandidate]:
    """`<link rel=alternate>` to feeds, those of comments last."""
    base = base_url(root, home_url)
    later: list[ListingCandidate] = []
    for element in root.iter("link"):
        rel = (element.get("rel") or "").lower().split()
        kind = (element.get("type") or "").lower()
        url = canonical_or_none(element.get("href") or "", base) if element.get("href") else None
        if url is None or not {"alternate", "feed", "sitemap"} & set(rel):
            continue
        title = read_title(element.get("title"))
        if "sitemap" in rel:
            later.append(ListingCandidate(url, "sitemap", "link", title))
        elif any(name in kind for name in _FEED_TYPES) or "feed" in rel:
            candidate = ListingCandidate(url, "feed", "link", title)
            if _COMMENT_FEED.search(f"{url} {title or ''}"):
                later.append(candidate)
            else:
                yield candidate
    yield from later


def _sections(root: Any, home_url: str) -> Iterator[ListingCandidate]:
    """Sections: links of the navigation with short paths, on the same site."""
    site = Source("", "auto", (home_url,))
    count = 0
    for link in score_links(root, home_url, home_url):
        in_menu = {"nav", "navigation", "menu", "menubar", "list of short links"} & set(link.why)
        path = urlsplit(link.url).path.strip("/")
        if not in_menu or not link.text or not path or path.count("/") > 1 or not same_site(link.url, site):
            continue
        _, why = shape_score(link.url)
        if {"date", "id", "slug", "home"} & set(why) or ("listing" in why and not _is_section_path(path)):
            continue
        yield ListingCandidate(link.url, "section", "navigation", link.text)
        count += 1
        if count >= MAX_SECTIONS:
            return


def _is_section_path(path: str) -> bool:
    return (
        re.match(r"(?:sections?|ressort|category|categories|kategorie|categoria|topics?|thema|themen)/.", path)
        is not None
    )


def home_language(home_html: bytes | str, charset: str | None = None) -> str | None:
    """The language a home page declares."""
    root = parse_html(home_html, charset)
    return read_language(root.get("lang")) if root is not None else None
