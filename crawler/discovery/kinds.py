"""Which kind of listing some bytes are, and the reader for it: "auto" sources and mistaken kinds work all the same."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from typing import Literal

from archive.model import LinkRules
from crawler.discovery.feeds import read_feed
from crawler.discovery.listing import Listing, Seen
from crawler.discovery.sections import read_section
from crawler.discovery.sitemaps import read_sitemap

ListingKind = Literal["feed", "sitemap", "section"]

_LOOK_BYTES = 4096
_DEFAULT_RULES = LinkRules()
_FIRST_ELEMENT = re.compile(r"<\s*(?:[\w.-]+:)?([A-Za-z][\w.-]*)")
_ROOTS: dict[str, ListingKind] = {
    "rss": "feed", "feed": "feed", "rdf": "feed", "channel": "feed",
    "urlset": "sitemap", "sitemapindex": "sitemap",
    "html": "section", "head": "section", "body": "section",
}  # fmt: skip


def sniff_listing(body: bytes, media_type: str | None = None) -> ListingKind:
    """Return what a body is, by its first element rather than by what the server calls it.

    `body` is content-decoded, and may be a gzip file. Everything that is neither feed nor sitemap is a section page.
    """
    start = _start(body)
    text = re.sub(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>", "", start, flags=re.DOTALL | re.IGNORECASE)
    text = text.strip()
    if text.startswith("{"):
        return "feed" if '"items"' in text or "jsonfeed.org" in text or "json" in (media_type or "") else "section"
    first = _FIRST_ELEMENT.search(text)
    if first and first[1].lower() in _ROOTS:
        return _ROOTS[first[1].lower()]
    if re.match(r"https?://\S+\s*(?:[\r\n]|$)", text, re.IGNORECASE):
        return "sitemap"
    kind = (media_type or "").lower()
    if "rss" in kind or "atom" in kind or "rdf" in kind:
        return "feed"
    if "html" not in kind and re.search(r"<(?:\w+:)?(?:url|loc|sitemap)>", text):
        return "sitemap"
    return "section"


def read_listing(
    body: bytes,
    seen: Seen,
    *,
    kind: ListingKind | None = None,
    media_type: str | None = None,
    charset: str | None = None,
    rules: LinkRules = _DEFAULT_RULES,
) -> Listing:
    """Read a listing of any kind. `kind` is what the source says; the bytes have the last word. Never raises.

    `media_type` and `charset` are those of the response's Content-Type.
    """
    found = sniff_listing(body, media_type)
    if found == "feed":
        content_type = f"{media_type or 'application/xml'}" + (f"; charset={charset}" if charset else "")
        listing = read_feed(body, seen, content_type=content_type)
    elif found == "sitemap":
        listing = read_sitemap(body, seen)
    else:
        listing = read_section(body, seen, rules, charset=charset)
    if kind is None or kind == found:
        return listing
    return replace(listing, problems=(f"expected a {kind}, found a {found}; read as such", *listing.problems))


def _start(body: bytes) -> str:
    if body[:2] == b"\x1f\x8b":
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, _LOOK_BYTES)
        except zlib.error:
            return ""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body[:_LOOK_BYTES].decode("utf-16", "replace").lstrip("\ufeff")
    return body[:_LOOK_BYTES].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
