"""Which discoveries a source lets in. Pure: each no is an Outcome with its reason and the rule that said it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from archive.errors import UrlError
from archive.model import Discovery, Outcome, Source
from archive.urls import canonical_url, host_of, same_site

MAX_URL_CHARS = 2083  # what every server, cache and index we know takes; longer ones are loops and session dumps
MAX_LISTING_DEPTH = 4  # sitemap index in sitemap index, ...
MAX_REQUISITE_HOPS = 4  # a page, its style sheet, the one that imports, its font

# Files that are no pages, by the end of their path.
_MEDIA_EXTENSIONS = """
    jpg jpeg png gif webp avif svg ico bmp tif tiff heic mp3 m4a aac ogg oga opus wav flac mp4 m4v webm mov avi mkv mpg
    mpeg m3u8 mpd ts pdf doc docx xls xlsx ppt pptx odt ods odp epub mobi zip gz tgz bz2 xz 7z rar tar dmg exe apk msi
    iso css js mjs json map woff woff2 ttf otf eot ics vcf torrent swf
"""
MEDIA_EXTENSIONS = frozenset(_MEDIA_EXTENSIONS.split())
_LISTING_EXTENSIONS = frozenset(("gz", "json"))  # sitemap.xml.gz, feed.json


def admit(discovery: Discovery, source: Source) -> Outcome | None:
    """Return why a discovery is not fetched, or None where it may be. Rules are asked in a fixed order.

    Robots rules, limits and what is known already are not asked here: they need a fetch, a count or the catalog.
    """
    for rule in (_address, _offsite, _depth, _media, _include, _exclude, _since):
        outcome = rule(discovery, source)
        if outcome is not None:
            return outcome
    return None


def _skipped(reason: str, **detail: str) -> Outcome:
    return Outcome("skipped", reason, detail)


def _address(discovery: Discovery, source: Source) -> Outcome | None:
    if len(discovery.url) > MAX_URL_CHARS:
        return _skipped("bad_url", rule=f"longer than {MAX_URL_CHARS} characters", length=str(len(discovery.url)))
    try:
        canonical_url(discovery.url)
    except UrlError as error:
        return _skipped("bad_url", rule="not an http or https address", message=error.message)
    return None


def _offsite(discovery: Discovery, source: Source) -> Outcome | None:
    # The listings of a source are named by its owner, wherever they are served from.
    if (discovery.found_by == "seed" and discovery.url in source.urls) or source.kind == "urls":
        return None
    if discovery.found_by == "requisite":
        return None  # pictures and fonts are served from anywhere
    if same_site(discovery.url, source):
        return None
    hosts = ", ".join((*source.hosts, *sorted({host_of(url) for url in source.urls})))
    return _skipped("offsite", rule=f'same_host = "{source.same_host}"', host=host_of(discovery.url), of=hosts)


def _depth(discovery: Discovery, source: Source) -> Outcome | None:
    if discovery.found_by == "requisite":
        limit = max(source.depth, MAX_LISTING_DEPTH + 1) + MAX_REQUISITE_HOPS
        rule = f"style sheets at most {MAX_REQUISITE_HOPS} deep"
    elif discovery.is_listing and source.kind != "crawl":
        limit, rule = MAX_LISTING_DEPTH, f"listings at most {MAX_LISTING_DEPTH} deep"
    elif source.kind == "crawl":
        limit, rule = source.depth, f"depth = {source.depth}"
    else:
        return None  # an article is one hop from its listing, however deep that one was
    return _skipped("depth", rule=rule, depth=str(discovery.depth)) if discovery.depth > limit else None


def _media(discovery: Discovery, source: Source) -> Outcome | None:
    extension = PurePosixPath(urlsplit(discovery.url).path).suffix.removeprefix(".").lower()
    if extension not in MEDIA_EXTENSIONS or (discovery.is_listing and extension in _LISTING_EXTENSIONS):
        return None
    if discovery.found_by in ("seed", "requisite"):
        return None
    return _skipped("mime", rule=f"extension .{extension} is no page", extension=extension)


def _include(discovery: Discovery, source: Source) -> Outcome | None:
    if _unfiltered(discovery) or discovery.found_by in ("requisite", "next_page") or not source.include:
        return None  # what is included are stories, with all their pages and what shows them
    if any(_compiled(pattern).search(discovery.url) for pattern in source.include):
        return None
    return _skipped("url_filter", rule="include: " + " | ".join(source.include))


def _exclude(discovery: Discovery, source: Source) -> Outcome | None:
    if _unfiltered(discovery):
        return None
    for index, pattern in enumerate(source.exclude):
        if _compiled(pattern).search(discovery.url):
            return _skipped("url_filter", rule=f"exclude[{index}] = {pattern}")
    return None


def _unfiltered(discovery: Discovery) -> bool:
    """Filters speak of articles; a listing they do not match still leads to some that they do."""
    return discovery.is_listing or discovery.found_by == "seed"


def _since(discovery: Discovery, source: Source) -> Outcome | None:
    claimed = discovery.claims.published or discovery.claims.modified
    if source.since_seconds is None or claimed is None or discovery.found_by == "seed":
        return None
    age = (discovery.found_at - claimed).total_seconds()
    if age <= source.since_seconds:
        return None
    return _skipped(
        "since", rule=f"since = {source.since_seconds:.0f} s", claimed=claimed.isoformat(), age=f"{age:.0f} s"
    )


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
