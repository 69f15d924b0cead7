"""How a published record is built (record_shape.py). What is read back out of one: recorded.py.

`build_record` is pure: it turns an Extraction and where it came from into the dict that is written to records/… and
handed on by every export.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from archive.model import TEXT_LABELS, Capture, Discovery, Entry, Extraction, Moment, Origin, Revision
from archive.records.record_shape import ARTICLE_SCHEMA, ArticleRecord
from archive.records.rights import UNKNOWN, Rights
from archive.times import rfc3339
from archive.words import word_measure


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a record says besides the reading: known to the caller, not to the page."""

    read_at: datetime
    run: str
    requested_url: str | None = None  # None: the capture's own
    redirects: tuple[str, ...] = ()
    robots: str | None = None
    tags: tuple[str, ...] = ()
    duplicate_of: str | None = None
    revision_count: int | None = None  # None: this revision is the last
    pages: tuple[Capture, ...] = ()  # the further pages that the reading is joined from


def build_record(
    extraction: Extraction,
    capture: Capture,
    revision: Revision,
    discovery: Discovery | None,
    circumstances: Circumstances,
    rights: Rights = UNKNOWN,
) -> dict[str, Any]:
    """Return the record of one reading as a dict that is ready for JSON, keys in the order of the schema. Pure.

    `capture` is the one that was read: for a revisit, the revisit itself. Raises pydantic.ValidationError only where
    the values break their own types.
    """
    article = extraction.article
    published = article.date_published
    origin = extraction.origins.get("date_published")
    values: dict[str, Any] = {
        "schema": ARTICLE_SCHEMA,
        "id": revision.article_id,
        "url": capture.target_uri,
        "canonical_url": article.canonical_url,
        "requested_url": circumstances.requested_url or capture.target_uri,
        "url_key": capture.urlkey,
        "source": capture.source,
        "publisher": article.publisher,
        "host": urlsplit(capture.target_uri).hostname or "",
        "tags": list(circumstances.tags),
        "headline": article.headline,
        "description": article.description,
        "authors": [{"name": author.name, "url": author.url} for author in article.authors],
        "section": article.section,
        "keywords": list(article.keywords),
        "date_published": rfc3339(published.at) if published else None,
        "date_published_precision": published.precision if published else None,
        "date_published_zone": _zone(published),
        "date_published_from": _date_from(published, origin),
        "date_modified": rfc3339(article.date_modified.at) if article.date_modified else None,
        "language": article.language,
        "language_declared": article.language_declared,
        "language_confidence": article.language_confidence,
        "text": article.text,
        "word_count": word_measure(article.text),
        "char_count": len(article.text),
        "republished_from": article.republished_from,
        "integrity": _integrity(extraction),
        "text_marked": extraction.text_marked,
        "blocks": text_blocks(extraction),
        "entries": [_entry(entry) for entry in article.entries],
        "origins": _origins(extraction),
        "images": [{"url": image.url, "caption": image.caption, "credit": image.credit} for image in article.images],
        "is_accessible_for_free": article.is_accessible_for_free,
        "license": article.license,
        "page_type": article.page_type,
        "content_hash": revision.content_hash,
        "simhash": f"{revision.simhash & 0xFFFF_FFFF_FFFF_FFFF:016x}",
        "duplicate_of": circumstances.duplicate_of,
        "revision": revision.number,
        "revision_count": circumstances.revision_count or revision.number,
        "first_seen": rfc3339(revision.first_seen),
        "last_seen": rfc3339(revision.last_seen),
        "capture": _capture(extraction, capture, circumstances),
        "pages": [_page(page) for page in circumstances.pages],
        "rights": rights.as_dict(),
        "discovery": _discovery(discovery, circumstances),
        "extraction": _extraction(extraction, capture, circumstances),
    }
    return ArticleRecord.model_validate(values).model_dump(mode="json")


def _zone(moment: Moment | None) -> str | None:
    if moment is None or moment.zone_from != "stated":
        return None
    return moment.at.isoformat()[-6:] if moment.at.utcoffset() != timedelta(0) else "+00:00"


def _date_from(moment: Moment | None, origin: Origin | None) -> str | None:
    """Where the time is from, and which zone was assumed for it where the page states none ("body, +08:00 assumed")."""
    if origin is None or moment is None or moment.zone_from == "stated" or not moment.at.utcoffset():
        return origin.value_from if origin is not None else None
    return f"{origin.value_from}, {moment.at.isoformat()[-6:]} assumed"


def text_blocks(extraction: Extraction) -> list[dict[str, Any]]:
    """Where in the article's text each of its blocks stands; none for a page that is kept without its text."""
    found: list[dict[str, Any]] = []
    at = 0
    for block in extraction.blocks if extraction.article.text else ():
        size = len(" ".join(block.text.split())) if block.label in TEXT_LABELS else 0
        if size:
            found.append({"kind": block.label, "start": at, "end": at + size})
            at += size + 1
    return found


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "date_published": rfc3339(entry.at.at) if entry.at else None,
        "date_published_precision": entry.at.precision if entry.at else None,
        "date_published_zone": _zone(entry.at),
        "headline": entry.headline,
        "text": entry.text,
        "authors": [{"name": author.name, "url": author.url} for author in entry.authors],
        "url": entry.url,
    }


def _page(capture: Capture) -> dict[str, Any]:
    return {
        "url": capture.target_uri,
        "fetched_at": rfc3339(capture.fetched_at),
        "payload_digest": capture.payload_digest,
        "warc_file": capture.warc_file,
        "warc_offset": capture.warc_offset,
        "warc_length": capture.warc_length,
        "warc_record_id": capture.record_id,
        "revisit_of": capture.refers_to,
    }


def _integrity(extraction: Extraction) -> dict[str, Any]:
    found = extraction.integrity
    spans = [
        {
            "raw": span.raw,
            "start": span.start,
            "end": span.end,
            "injection_class": span.injection_class,
            "evidence": list(span.evidence),
            "action": span.action,
            "restored": span.restored,
            "restored_from": span.restored_from,
        }
        for span in found.spans
    ]
    return {"verdict": found.verdict, "reasons": list(found.reasons), "spans": spans}


def _origins(extraction: Extraction) -> dict[str, Any]:
    return {
        name: {
            "value_from": origin.value_from,
            "confidence": origin.confidence,
            "losers": [{"value": value, "value_from": value_from} for value, value_from in origin.losers],
        }
        for name, origin in extraction.origins.items()
    }


def _capture(extraction: Extraction, capture: Capture, circumstances: Circumstances) -> dict[str, Any]:
    return {
        "fetched_at": rfc3339(capture.fetched_at),
        "status": capture.status,
        "mime": capture.media_type,
        "charset": extraction.charset,
        "charset_from": extraction.charset_from,
        "payload_digest": capture.payload_digest,
        "warc_file": capture.warc_file,
        "warc_offset": capture.warc_offset,
        "warc_length": capture.warc_length,
        "warc_record_id": capture.record_id,
        "revisit_of": capture.refers_to,
        "redirects": list(circumstances.redirects),
        "robots": circumstances.robots,
        "wire_exact": capture.wire_exact,
    }


def _discovery(discovery: Discovery | None, circumstances: Circumstances) -> dict[str, Any]:
    return {
        "run": circumstances.run,
        "kind": discovery.found_by if discovery else None,
        "via": discovery.via if discovery else None,
        "depth": discovery.depth if discovery else None,
        "found_at": rfc3339(discovery.found_at) if discovery else None,
    }


def _extraction(extraction: Extraction, capture: Capture, circumstances: Circumstances) -> dict[str, Any]:
    warnings = list(extraction.warnings)
    if capture.truncated:
        warnings.append(f"truncated: {capture.truncated}")
    if extraction.next_page is not None:
        warnings.append(f"goes on at {extraction.next_page}, which is not joined")
    return {
        "tool": extraction.tool,
        "version": extraction.version,
        "profile": extraction.profile,
        "config_hash": extraction.config_hash,
        "site_profile": extraction.site_profile,
        "compared_with": list(extraction.compared_with),
        "at": rfc3339(circumstances.read_at),
        "warnings": warnings,
    }
