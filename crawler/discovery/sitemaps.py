"""Sitemaps: url sets, indexes, news sitemaps, plain lists of URLs; gzip'd or not. Never raises.

Read piece by piece, so that a sitemap of 50 MB needs no more memory than its longest entry; broken XML is read as far
as possible; entities are never expanded. Rules: sitemaps.org/protocol.html and Google's news extension.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from archive.model import Claims
from crawler.discovery.listing import MAX_ENTRIES, Entry, Listing, Seen, discover, read_language, read_time, read_title
from crawler.discovery.markup import without_doctype

MAX_BYTES = 64_000_000  # decompressed; sitemaps.org allows 50 MB
_PIECE_BYTES = 1 << 16


def read_sitemap(body: bytes, seen: Seen, *, max_entries: int = MAX_ENTRIES) -> Listing:
    """Return the URLs of a sitemap, or the sitemaps of an index (as discoveries with `is_listing`).

    `body` may still be a gzip file (sitemap.xml.gz). `lastmod` and the news extension's fields become claims.
    """
    notes: list[str] = []
    pieces = _pieces(body, notes)
    first = next(pieces, b"")
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    utf16 = first[:2] in (b"\xff\xfe", b"\xfe\xff")
    entries = _xml_entries(first, pieces, notes) if start == b"<" or utf16 else _text_entries(first, pieces)
    discoveries, problems, unusable = discover(entries, seen, "sitemap", limit=max_entries)
    if not discoveries:
        problems.append("no URLs in this sitemap")
    languages = {found.claims.language for found in discoveries} - {None}
    language = languages.pop() if len(languages) == 1 else None
    return Listing(discoveries, (*notes, *problems), language=language, unusable=unusable)


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
    target: Any = _Target()
    parser: Any = etree.XMLParser(target=target, recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    piece: bytes | None = without_doctype(first).lstrip() if first[:1] in b" \t\r\n<" else first
    problem = None
    try:
        while piece is not None:
            parser.feed(piece)
            yield from target.take()
            piece = next(pieces, None)
        parser.close()
    except (etree.XMLSyntaxError, UnicodeDecodeError) as error:  # halves of a character, too, come through
        problem = str(error)
    yield from target.take()
    errors = [entry for entry in parser.error_log if entry.level_name != "WARNING"]
    if errors or problem:
        said = f"line {errors[0].line}: {errors[0].message}" if errors else problem
        notes.append(f"broken XML, read as far as possible ({said})"[:200])


class _Target:
    """Takes what the parser sees, and keeps of it the entry being read only: no tree is built.

    An element whose end tag never came has no end here either, so a file cut off inside an address gives no wrong one.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._path: list[str] = []
        self._kind = ""
        self._fields: dict[str, str] = {}
        self._text: list[str] | None = None
        self._size = 0

    def take(self) -> list[Entry]:
        taken, self._entries = self._entries, []
        return taken

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        name = _name(tag)
        if name in ("url", "sitemap"):
            self._emit()  # of an entry that was never closed
            self._kind = name
        self._path.append(name)
        self._text, self._size = ([], 0) if name in _FIELDS else (None, 0)

    def data(self, text: str) -> None:
        if self._text is not None and self._size < _MAX_FIELD_CHARS:
            self._text.append(text)
            self._size += len(text)

    def end(self, tag: str) -> None:
        name = _name(tag)
        if self._path:
            self._path.pop()
        if self._text is not None and name in _FIELDS:
            if self._belongs(name, tag):
                self._fields.setdefault(name, "".join(self._text).strip())
            self._text = None
        elif name in ("url", "sitemap"):
            self._emit()
        if name == "news":
            self._fields.setdefault("news", "")

    def _belongs(self, name: str, tag: str) -> bool:
        """Image and video extensions have a <loc> and a <title> too: the entry's own children count, and the news'."""
        if "news" in self._path:
            return name in _NEWS_FIELDS
        own = self._path[-1:] in (["url"], ["sitemap"]) and "schemas/sitemap-" not in tag
        return own and name not in _NEWS_FIELDS

    def close(self) -> None:
        """What is still open at the end counts as far as it was whole."""
        self._emit()

    def _emit(self) -> None:
        fields, self._fields = self._fields, {}
        if not fields.get("loc"):
            return
        modified = read_time(fields.get("lastmod"))
        if not fields.keys() & {"news", *_NEWS_FIELDS}:
            self._entries.append(Entry(fields["loc"], Claims(modified=modified), is_listing=self._kind == "sitemap"))
            return
        title, language = read_title(fields.get("title")), read_language(fields.get("language"))
        claims = Claims(title, read_time(fields.get("publication_date")), modified, language)
        self._entries.append(Entry(fields["loc"], claims, "news-sitemap"))


_NEWS_FIELDS = frozenset(("title", "publication_date", "language"))
_FIELDS = _NEWS_FIELDS | {"loc", "lastmod"}
_MAX_FIELD_CHARS = 10_000


def _name(tag: str) -> str:
    """The local name: also of "news:title" where nobody declared the prefix."""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


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
