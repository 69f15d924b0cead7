"""Feeds: RSS 0.9 to 2.0, RDF, Atom and JSON Feed. The only importer of feedparser.

A broken feed is still read; what was broken stands in `problems`. What a feed says of its articles stays a claim.
"""

from __future__ import annotations

import io
import json
import math
import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser

from archive.model import Claims
from crawler.discovery.listing import Entry, Listing, Seen, discover, read_language, read_time, read_title

_PERIOD_SECONDS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
_MAX_TTL_SECONDS = 7 * 86400.0


def read_feed(body: bytes, seen: Seen, *, content_type: str | None = None) -> Listing:
    """Return the entries of a feed, whose body is content-decoded. Never raises: see `problems`.

    `content_type` is the header as sent, for its charset. Enclosures are no articles and are left.
    """
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _json_feed(body, seen)
    headers = {"content-type": content_type or "application/xml", "content-location": seen.url}
    try:
        # A stream, because feedparser takes a plain value for a URL or a file name first.
        parsed: Any = feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
        return _listing(parsed, seen)
    except Exception as error:  # feedparser's loose parser fails in many ways on bytes that are no feed
        return Listing(problems=(f"not readable as a feed ({type(error).__name__})",))


def _listing(parsed: Any, seen: Seen) -> Listing:
    feed = parsed.get("feed", {})
    base = _text(feed.get("base")) or None
    discoveries, problems, unusable = discover(_entries(parsed), seen, "feed", base if _is_http(base) else None)
    if parsed.get("bozo") and not _harmless(parsed.get("bozo_exception")):
        problems.insert(0, f"broken feed, read as far as possible ({_reason(parsed.get('bozo_exception'))})")
    if not parsed.get("version") and not parsed.get("entries"):
        problems.append("not a feed")
    without = sum(1 for entry in parsed.get("entries", ()) if not _link(entry))
    if without:
        problems.append(f"{without} entries without a link")
    return Listing(
        discoveries,
        tuple(problems),
        read_title(feed.get("title")),
        read_language(feed.get("language")),
        _text(feed.get("link")) or None,
        _ttl_seconds(feed),
        _time(feed, "updated") or _time(feed, "published"),
        unusable,
    )


def _entries(parsed: Any) -> Iterator[Entry]:
    language = read_language(parsed.get("feed", {}).get("language"))
    for entry in parsed.get("entries", ()):
        link = _link(entry)
        if not link:
            continue
        title = read_title(entry.get("title"))
        said = read_language(entry.get("language")) or read_language((entry.get("title_detail") or {}).get("language"))
        published, modified = _time(entry, "published"), _time(entry, "updated")
        # RSS 1.0 and Atom 0.3 give one date only, and feedparser calls it "updated".
        yield Entry(link, Claims(title, published or _time(entry, "created") or modified, modified, said or language))


def _link(entry: Mapping[str, Any]) -> str:
    """The article's address: what a proxy says it stands for, the link, else a guid that is a URL."""
    original = _text(entry.get("feedburner_origlink")) or _text(entry.get("pheedo_origlink"))
    if _is_http(original):
        return original
    for link in entry.get("links", ()):
        href = _text(link.get("href"))
        if href and link.get("rel", "alternate") == "alternate" and "html" in link.get("type", "text/html"):
            return href
    link = _text(entry.get("link"))
    guid = _text(entry.get("id"))
    return link or (guid if _is_http(guid) else "")


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _is_http(url: str | None) -> bool:
    return bool(url) and re.match(r"https?://[^/\s]", url or "", re.IGNORECASE) is not None


def _time(entry: Mapping[str, Any], name: str) -> datetime | None:
    # FeedParserDict.get gives "published" for a missing "updated"; `in` and dict's own look-up do not.
    value = dict(entry).get(f"{name}_parsed")
    try:
        return datetime.fromtimestamp(timegm(value), UTC) if value else None
    except (ValueError, OverflowError, TypeError, OSError):
        return None


def _ttl_seconds(feed: Mapping[str, Any]) -> float | None:
    """RSS `ttl` (minutes) or RSS 1.0 `sy:updatePeriod`; None where absent or absurd."""
    seconds = _number(feed.get("ttl")) * 60
    period = _PERIOD_SECONDS.get(_text(feed.get("sy_updateperiod")).lower())
    if not seconds and period:
        seconds = period / (_number(feed.get("sy_updatefrequency")) or 1)
    return min(seconds, _MAX_TTL_SECONDS) if seconds > 0 else None


def _number(value: object) -> float:
    try:
        found = float(str(value).strip())
    except ValueError:
        return 0.0
    return found if math.isfinite(found) and found > 0 else 0.0


def _harmless(problem: object) -> bool:
    """Feeds sent as text/html or with another charset than declared are read well all the same."""
    return isinstance(problem, feedparser.NonXMLContentType | feedparser.CharacterEncodingOverride)


def _reason(problem: object) -> str:
    return f"{type(problem).__name__}: {' '.join(str(problem).split())}"[:200]


# -- JSON Feed 1.1


def _json_feed(body: bytes, seen: Seen) -> Listing:
    try:
        feed = json.loads(body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        return Listing(problems=(f"broken JSON feed ({error})"[:200],))
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        return Listing(problems=("not a feed",))
    language = read_language(feed.get("language"))
    discoveries, problems, unusable = discover(_json_entries(items, language), seen, "feed")
    without = sum(1 for item in items if not _json_link(item))
    if without:
        problems.append(f"{without} entries without a link")
    home = _text(feed.get("home_page_url")) or None
    return Listing(discoveries, tuple(problems), read_title(feed.get("title")), language, home, unusable=unusable)


def _json_entries(items: list[object], language: str | None) -> Iterator[Entry]:
    for item in items:
        link = _json_link(item)
        if link and isinstance(item, dict):
            published, modified = read_time(item.get("date_published")), read_time(item.get("date_modified"))
            said = read_language(item.get("language")) or language
            yield Entry(link, Claims(read_title(item.get("title")), published, modified, said))


def _json_link(item: object) -> str:
    """`url`, else an id that is one. `external_url` is what a link post talks about, not where it is."""
    if not isinstance(item, dict):
        return ""
    identity = _text(item.get("id"))
    return _text(item.get("url")) or (identity if _is_http(identity) else "")
