"""Sitemaps: url sets, indexes, news sitemaps, plain lists of URLs; gzip'd or not. Never raises.

Read piece by piece, so that a sitemap of 50 MB needs no more memory than its longest entry; broken XML is read as far
as possible; entities are never expanded. Rules: sitemaps.org/protocol.html and Google's news extension.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lxml import etree

from archive.model import Claims
from crawler.discovery.listing import MAX_ENTRIES, Entry, Listing, Seen, discover, read_language, read_time, read_title

MAX_BYTES = 64_000_000  # decompressed; sitemaps.org allows 50 MB
_PIECE_BYTES = 1 << 16
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)


def read_sitemap(
    body: bytes, url: str, source: str, seen_at: datetime, depth: int = 0, *, max_entries: int = MAX_ENTRIES
) -> Listing:
    """Return the URLs of a sitemap, or the sitemaps of an index (as discoveries with `is_listing`).

    `body` may still be a gzip file (sitemap.xml.gz). `lastmod` and the news extension's fields become claims.
    """
    seen = Seen(url, source, seen_at, depth)
    notes: list[str] = []
    pieces = _pieces(body, notes)
    first = next(pieces, b"")
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    utf16 = first[:2] in (b"\xff\xfe", b"\xfe\xff")
    entries = _xml_entries(first, pieces, notes) if start == b"<" or utf16 else _text_entries(first, pieces)
    discoveries, problems = discover(entries, seen, "sitemap", limit=max_entries)
    if not discoveries:
        problems.append("no URLs in this sitemap")
    languages = {found.claims.language for found in discoveries} - {None}
    return Listing(discoveries, (*notes, *problems), language=languages.pop() if len(languages) == 1 else None)


def _pieces(body: bytes, notes: list[str]) -> Iterator[bytes]:
    """The bytes of the sitemap, decompressed, in pieces, up to MAX_BYTES."""
    total = 0
    for piece in _gunzipped(body, notes) if body[:2] == b"\x1f\x8b" else _cut(body):
        total += len(piece)
        if total > MAX_BYTES:
            notes.append(f"longer than {MAX_BYTES} bytes; the rest is left")
            return
        yield piece


def _cut(body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), _PIECE_BYTES):
        yield body[at : at + _PIECE_BYTES]


def _gunzipped(body: bytes, notes: list[str]) -> Iterator[bytes]:
    left = body
    while left[:2] == b"\x1f\x8b":  # one member after the other
        reader = zlib.decompressobj(wbits=31)
        try:
            while left and not reader.eof:
                piece = reader.decompress(left, _PIECE_BYTES)
                left = reader.unconsumed_tail
                if piece:
                    yield piece
        except zlib.error as error:
            notes.append(f"broken gzip, read as far as possible ({error})")
            return
        if not reader.eof:
            notes.append("gzip file is cut off, read as far as possible")
            return
        left = reader.unused_data


def _xml_entries(first: bytes, pieces: Iterator[bytes], notes: list[str]) -> Iterator[Entry]:
    """Entries as they come. The document type is dropped: nothing in a sitemap needs one, and bombs are made of it."""
    parser = etree.XMLPullParser(
        ("end",), recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    first = _DOCTYPE.sub(b"", first, count=1).lstrip() if first[:1] in b" \t\r\n<" else first
    broken = False
    piece: bytes | None = first
    while piece is not None and not broken:
        try:
            parser.feed(piece)
        except etree.XMLSyntaxError as error:
            notes.append(f"broken XML, read as far as possible ({error})"[:200])
            broken = True
        yield from _ended(parser)
        piece = next(pieces, None)
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        if not broken:
            notes.append(f"broken XML, read as far as possible ({error})"[:200])
        broken = True
    yield from _ended(parser)
    errors = [entry for entry in parser.error_log if entry.level_name != "WARNING"]
    if errors and not broken:
        notes.append(f"broken XML, read as far as possible (line {errors[0].line}: {errors[0].message})"[:200])


def _ended(parser: Any) -> Iterator[Entry]:
    try:
        for _, element in parser.read_events():
            name = _name(element)
            if name not in ("url", "sitemap"):
                continue
            entry = _entry(element, name)
            element.clear()
            while element.getprevious() is not None:  # what was read needs no memory any more
                del element.getparent()[0]
            if entry:
                yield entry
    except etree.XMLSyntaxError:
        return


def _name(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _entry(element: Any, name: str) -> Entry | None:
    """One <url> or <sitemap>: only its own <loc>, for image and video extensions have a <loc> too."""
    fields: dict[str, str] = {}
    news: dict[str, str] = {}
    for child in element:
        key = _name(child)
        if key == "news":
            news = {_name(part): "".join(part.itertext()) for part in child.iter() if _name(part)}
        elif key in ("loc", "lastmod") and key not in fields:
            tag = child.tag
            if "schemas/sitemap-" not in tag:
                fields[key] = "".join(child.itertext()).strip()
    if not fields.get("loc"):
        return None
    modified = read_time(fields.get("lastmod"))
    if not news:
        return Entry(fields["loc"], Claims(modified=modified), is_listing=name == "sitemap")
    claims = Claims(
        read_title(news.get("title")),
        read_time(news.get("publication_date")),
        modified,
        read_language(news.get("language")),
    )
    return Entry(fields["loc"], claims, "news-sitemap")


def _text_entries(first: bytes, pieces: Iterator[bytes]) -> Iterator[Entry]:
    """A plain list: one URL per line, UTF-8. Lines that are no URL are no entries (an error page, for example)."""
    left = first.removeprefix(b"\xef\xbb\xbf")
    while True:
        *lines, left = re.split(rb"\r\n|\r|\n", left)
        piece = next(pieces, None)
        if piece is None:
            lines.append(left)
        for line in lines:
            text = line.strip().decode("utf-8", "replace")
            if re.match(r"https?://\S+$", text, re.IGNORECASE):
                yield Entry(text)
        if piece is None:
            return
        left = (left if len(left) < _PIECE_BYTES else b"") + piece
