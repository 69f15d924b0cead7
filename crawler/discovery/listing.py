"""What every reader of a listing returns, and how its entries become Discoveries.

A reader (feeds, sitemaps, sections) turns bytes into `Entry` values in the order of the listing; `listing` makes
their URLs canonical, leaves out repeated and impossible ones, and says so in `problems`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from archive.errors import UrlError
from archive.model import Claims, Discovery, FoundBy
from archive.urls import canonical_url

MAX_ENTRIES = 50_000  # the limit of sitemaps.org, and far above any feed
_MAX_PROBLEMS = 20


NO_CLAIMS = Claims()


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing, read: its discoveries in its own order, what was wrong with it, and what it says of itself."""

    discoveries: tuple[Discovery, ...] = ()
    problems: tuple[str, ...] = ()
    title: str | None = None
    language: str | None = None  # BCP-47 primary subtag
    home_url: str | None = None  # the page the listing says it belongs to
    ttl_seconds: float | None = None  # how long the publisher says it stays the same
    updated: datetime | None = None
    unusable: tuple[
        tuple[str, str], ...
    ] = ()  # entries whose URL is none: as written, and why; they get an outcome too


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a listing, as written; `url` may be relative to the listing."""

    url: str
    claims: Claims = NO_CLAIMS
    found_by: FoundBy | None = None  # None: that of the listing
    is_listing: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """Where and when a listing was seen: what its discoveries are stamped with."""

    url: str
    source: str
    seen_at: datetime
    depth: int = 0


class Found(NamedTuple):
    """What the entries of a listing gave."""

    discoveries: tuple[Discovery, ...]
    problems: list[str]
    unusable: tuple[tuple[str, str], ...]


def discover(
    entries: Iterable[Entry], seen: Seen, found_by: FoundBy, base: str | None = None, limit: int = MAX_ENTRIES
) -> Found:
    """Return the discoveries of the entries, each URL once (its first place), and what was wrong with the others."""
    found: dict[str, Discovery] = {}
    problems: list[str] = []
    unusable: dict[str, str] = {}
    for rank, entry in enumerate(entries):
        if rank >= limit:
            problems.append(f"more than {limit} entries; the rest is left")
            break
        try:
            url = canonical_url(entry.url, base or seen.url)
        except UrlError as error:
            if len(unusable) < _MAX_PROBLEMS:
                problems.append(f"entry {rank + 1}: {error.message}")
            unusable.setdefault(entry.url[:2000], error.message)
            continue
        if url not in found:
            found[url] = _discovery(entry, url, rank, seen, found_by, base)
    if len(unusable) > _MAX_PROBLEMS:
        problems.append(f"{len(unusable) - _MAX_PROBLEMS} more entries without a usable URL")
    return Found(tuple(found.values()), problems, tuple(unusable.items()))


def _discovery(entry: Entry, url: str, rank: int, seen: Seen, found_by: FoundBy, base: str | None) -> Discovery:
    said = entry.claims
    link = canonical_url(entry.url, base or seen.url, keep_tracking=True)
    claims = replace(said, rank=rank, link=link if link != url else None)
    by = entry.found_by or found_by
    return Discovery(url, seen.source, by, seen.seen_at, seen.url, seen.depth + 1, entry.is_listing, claims)


# -- claims, read leniently


def read_title(text: object) -> str | None:
    """A title as plain text in one line: without tags, entities resolved. None where nothing is left."""
    if not isinstance(text, str):
        return None
    plain = re.sub(r"<[/a-zA-Z!][^<>]*>", " ", text) if "<" in text else text
    plain = html.unescape(plain)
    return " ".join(plain.split())[:1000] or None


def read_language(text: object) -> str | None:
    """The primary subtag of a language tag ("de-AT", "zh_CN"), lower case; None for anything else."""
    if not isinstance(text, str):
        return None
    matched = re.match(r"\s*([A-Za-z]{2,3})(?:[-_][\w-]*)?\s*$", text)
    return matched[1].lower() if matched else None


_W3C = re.compile(
    r"^\s*(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?"
    r"(?:[Tt ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(?:([Zz])|UTC|GMT|([+-])(\d{2}):?(\d{2})?)?)?\s*$"
)


def read_time(text: object) -> datetime | None:
    """A W3C date-time (or an RFC 5322 one, which some write instead) in UTC; no offset counts as UTC."""
    if not isinstance(text, str) or not text.strip() or len(text) > 100:
        return None
    matched = _W3C.match(text)
    try:
        found = datetime.fromisoformat(_iso(matched)) if matched else parsedate_to_datetime(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _iso(matched: re.Match[str]) -> str:
    year, month, day, hour, minute, second, _, _, sign, off_hour, off_minute = matched.groups()
    offset = f"{sign}{off_hour}:{off_minute or '00'}" if sign else "+00:00"
    return (
        f"{year}-{int(month or 1):02}-{int(day or 1):02}T{int(hour or 0):02}:{minute or '00'}:{second or '00'}{offset}"
    )
