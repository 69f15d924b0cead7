"""Revisions: is what a page says now new, changed, or the same as before? Pure.

The rule: the content hash is the first 32 hexadecimal digits of SHA-256 over the headline, a line feed and the text,
in NFC and UTF-8. Two readings are compared only under one extractor (version, profile, settings): where the extractor
differs, the text may differ without any edit of the publisher, so the reading starts a history of its own.
Readings of a page are decided on in the order of their times.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from archive.model import Article, Extraction, Revision

HASH_CHARS = 32


@dataclass(frozen=True, slots=True)
class New:
    """The first revision of a story under this extractor."""

    revision: Revision


@dataclass(frozen=True, slots=True)
class Changed:
    """The publisher changed the text: a further revision, after `before`."""

    revision: Revision
    before: Revision


@dataclass(frozen=True, slots=True)
class Same:
    """The text we know, seen again: the known revision, with a wider first_seen … last_seen."""

    revision: Revision


Decision = New | Changed | Same


def decide(
    extraction: Extraction,
    latest: Revision | None,
    seen_at: datetime,
    *,
    article_id: str,
    record_id: str,
    simhash: int,
) -> Decision:
    """Decide what a reading of the capture `record_id`, fetched at `seen_at`, is to the latest revision we have.

    `latest` may be of any extractor; one of another counts as none. A text that returns to an earlier wording is a
    change like any other. `simhash` has 64 bits and is kept, not compared.
    """
    found = Revision(
        article_id=article_id,
        number=1,
        content_hash=content_hash(extraction.article),
        simhash=simhash,
        extractor=extractor_of(extraction),
        record_id=record_id,
        first_seen=seen_at,
        last_seen=seen_at,
    )
    if latest is None or latest.extractor != found.extractor:
        return New(found)
    if latest.content_hash == found.content_hash:
        first, last = min(latest.first_seen, seen_at), max(latest.last_seen, seen_at)
        return Same(replace(latest, first_seen=first, last_seen=last))
    return Changed(replace(found, number=latest.number + 1), latest)


def content_hash(article: Article) -> str:
    """Return the hash of what a reader reads: headline and text. Dates, authors and images are not part of it."""
    said = unicodedata.normalize("NFC", f"{article.headline or ''}\n{article.text}")
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_CHARS]


def extractor_of(extraction: Extraction) -> str:
    """Return the identity under which readings can be compared, e.g. "1 (trafilatura 2.3.1) balanced 5f2a…"."""
    return f"{extraction.version} {extraction.profile} {extraction.config_hash}"


def article_id(urlkey: str, payload_digest: str | None) -> str:
    """Return the name of a story: "a_" and ten characters of base32(SHA-256(urlkey + first capture's digest))."""
    digest = hashlib.sha256(f"{urlkey}{payload_digest or ''}".encode()).digest()
    return "a_" + base64.b32encode(digest).decode("ascii").lower()[:10]
