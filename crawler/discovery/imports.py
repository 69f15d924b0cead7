"""Lists of sources from elsewhere: OPML of feed readers, CSV, plain lists of URLs; and back to OPML and CSV. Pure.

Nothing is left silently: each entry that gave no source stands in `problems`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args
from xml.sax.saxutils import quoteattr

from lxml import etree

from archive.errors import UrlError
from archive.model import Source, SourceKind
from archive.urls import canonical_url, host_of
from crawler.discovery.markup import without_doctype

ImportKind = Literal["opml", "csv", "text"]
_COLUMNS = ("name", "kind", "url", "schedule", "language", "tags", "paused")
_ALIASES = {
    "title": "name", "feed": "url", "rss": "url", "xmlurl": "url", "link": "url", "homepage": "url", "website": "url",
    "site": "url", "type": "kind", "lang": "language", "category": "tags", "categories": "tags", "tag": "tags",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    """The sources a list gave, names made unique, and what was wrong with the rest."""

    sources: tuple[Source, ...]
    problems: tuple[str, ...] = ()


def sniff_import(body: bytes) -> ImportKind:
    """Return what a list is: OPML by its first sign, CSV by a heading with a known column."""
    text = _text(body)
    if text.lstrip().startswith("<"):
        return "opml"
    heading = text.lstrip().partition("\n")[0]
    columns = {_column(cell) for cell in re.split(r"[,;\t]", heading)}
    return "csv" if "url" in columns else "text"


def read_import(body: bytes, taken: Iterable[str] = (), kind: ImportKind | None = None) -> Imported:
    """Return the sources of an OPML, CSV or text list. `taken` are names in use. Never raises."""
    readers = {"opml": _opml, "csv": _csv, "text": _lines}
    problems: list[str] = []
    names = set(taken)
    sources: dict[str, Source] = {}
    for place, row in readers[kind or sniff_import(body)](body, problems):
        try:
            source = _source(row, names)
        except UrlError as error:
            problems.append(f"{place}: {error.message}")
            continue
        if source.urls[0] in sources:
            problems.append(f"{place}: {source.urls[0]} stands here twice")
            continue
        names.add(source.name)
        sources[source.urls[0]] = source
    return Imported(tuple(sources.values()), tuple(problems))


def source_name(url: str, taken: Iterable[str] = (), title: str | None = None) -> str:
    """A short name for a source, e.g. "example-news" for "https://www.example-news.org/"; never one that is taken."""
    base = _slug(title or "")
    if not base:
        labels = re.sub(r"^(?:www\d*|rss|feeds?|m)\.", "", host_of(url)).split(".")
        if not labels[-1].isdigit() and len(labels) > 1:
            # Without the public suffix ("org", "co.uk"), as far as one can tell without a list of them.
            labels = labels[: -2 if len(labels) > 2 and len(labels[-2]) <= 3 else -1]
        base = _slug("-".join(labels)) or "source"
    known = set(taken)
    number, name = 1, base
    while name in known:
        number += 1
        name = f"{base}-{number}"
    return name


def _slug(text: str) -> str:
    return re.sub(r"[^\w]+", "-", text.strip().lower(), flags=re.UNICODE).strip("-_")[:60].strip("-_")


def _source(row: dict[str, str], names: set[str]) -> Source:
    url = canonical_url(row["url"])
    kind = row.get("kind", "").lower()
    language = re.match(r"[A-Za-z]{2,3}(?![A-Za-z])", row.get("language", ""))
    return Source(
        name=source_name(url, names, row.get("name")),
        kind=_kind(kind),
        urls=(url,),
        schedule=row.get("schedule") or "every 1h",
        tags=tuple(tag.strip() for tag in re.split(r"[,;|]", row.get("tags", "")) if tag.strip()),
        language=language[0].lower() if language else None,
        paused=row.get("paused", "").lower() in ("true", "yes", "1"),
    )


def _kind(text: str) -> SourceKind:
    if text in ("rss", "atom", "feed", "rdf"):
        return "feed"
    return next((kind for kind in get_args(SourceKind) if kind == text), "auto")


# -- readers: (place, row) for each entry


def _opml(body: bytes, problems: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root: Any = etree.fromstring(without_doctype(body).lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        root = None
        problems.append(f"not readable as OPML ({error})"[:200])
    broken = next((entry for entry in parser.error_log if entry.level_name != "WARNING"), None)
    if root is not None and broken is not None:
        problems.append(f"line {broken.line}: broken XML, read as far as possible ({broken.message})"[:200])
    if root is None:
        return
    for outline in root.iter("outline"):
        try:
            said = {str(key).lower(): str(value).strip() for key, value in outline.attrib.items()}
            folders = [str(up.get("title") or up.get("text") or "") for up in outline.iterancestors("outline")]
        except UnicodeDecodeError as error:  # halves of a character come through the parser
            problems.append(f"line {outline.sourceline}: {error}")
            continue
        url = said.get("xmlurl") or said.get("url", "")
        title = said.get("title") or said.get("text", "")
        if not url:
            if len(outline) == 0:
                problems.append(f'line {outline.sourceline}: "{title}" has no xmlUrl')
            continue
        kind = said.get("type") if said.get("xmlurl") else ("feed" if said.get("type") == "rss" else "auto")
        yield (
            f"line {outline.sourceline}",
            {
                "name": title, "url": url, "kind": "feed" if said.get("xmlurl") else kind or "auto",
                "language": said.get("language", ""), "tags": said.get("category") or ",".join(reversed(folders)),
            },
        )  # fmt: skip


def _csv(body: bytes, problems: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    text = _text(body)
    heading = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=delimiter))
    except csv.Error as error:
        problems.append(f"not readable as CSV ({error})")
        return
    rows = [(number, row) for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]  # type: ignore[misc]
    if not rows:
        return
    columns = [_column(cell) for cell in rows[0][1]]
    for number, cells in rows[1:]:
        row = {column: cell.strip() for column, cell in zip(columns, cells, strict=False) if cell.strip()}
        if "url" in row:
            yield f"row {number}", row
        else:
            problems.append(f"row {number}: no url")


def _lines(body: bytes, problems: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for number, line in enumerate(_text(body).splitlines(), 1):
        text = re.sub(r"(?:^|\s)#.*$", "", line).strip()
        if text:
            yield f"line {number}", {"url": text if "://" in text else f"https://{text}"}


def _column(cell: str) -> str:
    name = cell.strip().strip('"').lower().replace(" ", "").replace("_", "")
    return _ALIASES.get(name, name)


def _text(body: bytes) -> str:
    for mark, charset in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            return body.decode(charset, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


# -- writers


def to_opml(sources: Iterable[Source], title: str = "Pressmark") -> str:
    """OPML 2.0 of the sources' URLs, one outline each; feeds as type "rss", all else as links."""
    rows = []
    for source in sources:
        for url in source.urls:
            where = (
                f'type="rss" xmlUrl={quoteattr(url)}' if source.kind == "feed" else f'type="link" url={quoteattr(url)}'
            )
            more = f" language={quoteattr(source.language)}" if source.language else ""
            tags = f" category={quoteattr(','.join(source.tags))}" if source.tags else ""
            rows.append(f"    <outline text={quoteattr(source.name)} {where}{more}{tags}/>\n")
    head = f"<title>{title.replace('&', '&amp;').replace('<', '&lt;')}</title>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n'
        f"  <head>{head}</head>\n  <body>\n{''.join(rows)}  </body>\n</opml>\n"
    )


def to_csv(sources: Iterable[Source]) -> str:
    """CSV with a heading, one row for each URL of each source."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for source in sources:
        for url in source.urls:
            writer.writerow(
                (source.name, source.kind, url, source.schedule, source.language or "", ";".join(source.tags),
                 "true" if source.paused else "")
            )  # fmt: skip
    return out.getvalue()
