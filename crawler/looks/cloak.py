"""Is a page another one for browsers, for crawlers, and for who comes from a search? It is asked for in each guise.

`look` asks (politely: robots.txt as ourselves, the usual pauses) and hands every exchange to `keep`; `compare` decides
what differs, and is pure. A difference in advertising is none: what counts is where one ends up, what the page is
called, what it says, and to which foreign sites it links.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from archive.extract import extract
from archive.extract.duplicates import distance, simhash
from archive.extract.injection import site_of
from archive.model import Exchange, Extraction, Page
from crawler.looks.visitor import Manners, Visit, Visitor

_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
_REFERRER = "https://www.google.com/"
_FAR_BITS = 12  # more than a rotating teaser moves the fingerprint of a text
_MORE_SITES = 2
Guise = Literal["browser", "crawler", "search"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The page in one guise."""

    guise: Guise
    url: str  # where the answer came from
    status: int | None
    problem: str | None
    title: str = ""
    headline: str | None = None
    words: int = 0
    fingerprint: int = 0
    sites: frozenset[str] = frozenset()  # foreign sites it links
    verdict: str = "clean"


@dataclass(frozen=True, slots=True)
class Cloaking:
    """What the guises showed. `differences` is empty where they agree; `cloaked` where one is shown another page."""

    url: str
    seen: tuple[Seen, ...]
    differences: tuple[str, ...]
    cloaked: bool


def guises(agent: str) -> Mapping[Guise, Mapping[str, str]]:
    """The headers of each guise; as a crawler we say who we are, in the words that cloaks look for."""
    robot = f"Mozilla/5.0 (compatible; {agent}; bot; spider; crawler)"
    search = {"User-Agent": _BROWSER, "Referer": _REFERRER}
    return {"browser": {"User-Agent": _BROWSER}, "crawler": {"User-Agent": robot}, "search": search}


def look(
    urls: Sequence[str],
    manners: Manners,
    keep: Callable[[Guise, Exchange], None],
    on_request: Callable[[str], None] | None = None,
) -> list[Cloaking]:
    """Ask for each URL in every guise, and compare. Never raises for what a server does."""
    return asyncio.run(_look(urls, replace(manners, max_requests=12 * len(urls) + 8), keep, on_request))


async def _look(
    urls: Sequence[str],
    manners: Manners,
    keep: Callable[[Guise, Exchange], None],
    on_request: Callable[[str], None] | None,
) -> list[Cloaking]:
    found: list[Cloaking] = []
    current: Guise = "browser"

    def kept(exchange: Exchange) -> None:
        keep(current, exchange)

    async with Visitor(manners, on_request, kept) as visitor:
        for url in urls:
            seen: list[Seen] = []
            for guise, headers in guises(manners.agent).items():
                current = guise
                seen.append(_seen(guise, await visitor.visit(url, headers)))
            found.append(compare(url, seen))
    return found


def _seen(guise: Guise, visit: Visit) -> Seen:
    if not visit.ok:
        return Seen(guise, visit.url, visit.status, visit.problem)
    charset, kind = visit.head.charset, visit.head.media_type or "text/html"
    return read(guise, visit.url, extract(Page(visit.url, visit.body, http_charset=charset, media_type=kind)))


def read(guise: Guise, url: str, extraction: Extraction) -> Seen:
    """What a reading says of the page in a guise. Pure."""
    article = extraction.article
    own = site_of(url)
    sites = frozenset(site for link in extraction.outlinks if (site := site_of(link)) and site != own)
    return Seen(
        guise, url, 200, None, " | ".join(extraction.title_parts), article.headline, len(article.text.split()),
        simhash(article.text), sites, extraction.integrity.verdict,
    )  # fmt: skip


def compare(url: str, seen: Sequence[Seen]) -> Cloaking:
    """Say what the others are shown that a browser is not, and the other way round. Pure."""
    base, *others = seen
    told: list[str] = []
    strong = False
    for other in others:
        found, far = _differences(base, other)
        told += [f"{other.guise}: {one}" for one in found]
        strong = strong or far
    return Cloaking(url, tuple(seen), tuple(told), strong)


def _differences(base: Seen, other: Seen) -> tuple[list[str], bool]:
    host, there = urlsplit(base.url).hostname, urlsplit(other.url).hostname
    if host != there:
        return [f"is sent to {there}"], True
    if base.problem or other.problem:
        differ = base.problem != other.problem
        return ([f"gets {other.problem or 'a page'}, a browser {base.problem or 'a page'}"] if differ else []), False
    found: list[str] = []
    if base.title != other.title:
        found.append(f"the title is {other.title!r}, for a browser {base.title!r}")
    if distance(base.fingerprint, other.fingerprint) > _FAR_BITS:
        found.append(f"the text is another one ({other.words} words, for a browser {base.words})")
    apart = sorted(base.sites ^ other.sites)
    if len(apart) >= _MORE_SITES:
        found.append(f"links to {', '.join(apart[:5])} on one side only")
    if base.verdict != other.verdict:
        found.append(f"reads as {other.verdict}, for a browser as {base.verdict}")
    return found, len(found) >= 2 or base.verdict != other.verdict
