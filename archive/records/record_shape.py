"""The shape of the published record: `pressmark.article/1` and `pressmark.skipped/1`, and their JSON Schemas.

Every key is always there, null where it has no value; times are RFC 3339 in UTC. Changing a field changes
archive/records/schema/article-1.json (`pressmark schema article`), which a test compares.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from archive.model import Precision, TextKind

ARTICLE_SCHEMA = "pressmark.article/1"
SKIPPED_SCHEMA = "pressmark.skipped/1"
_SCHEMA_FOLDER = Path(__file__).parent / "schema"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)


class AuthorRecord(_Model):
    name: str
    url: str | None


class ImageRecord(_Model):
    url: str
    caption: str | None
    credit: str | None


class LoserRecord(_Model):
    value: str
    value_from: str


class OriginRecord(_Model):
    """Where a field's value came from, how sure we are (0 … 1), and the candidates that lost."""

    value_from: str
    confidence: float
    losers: list[LoserRecord]


class SpanRecord(_Model):
    """An injected piece of text; offsets count characters of the kept text before it was cleaned."""

    raw: str
    start: int
    end: int
    injection_class: str
    evidence: list[str]
    action: str
    restored: str | None
    restored_from: str | None


class BlockRecord(_Model):
    """A block of the text: characters `start` to `end` of it."""

    kind: TextKind
    start: int
    end: int


class EntryRecord(_Model):
    """One entry of a live blog; its words stand in the text, too, where the page shows them."""

    date_published: str | None
    date_published_precision: Precision | None
    date_published_zone: str | None
    headline: str | None
    text: str
    authors: list[AuthorRecord]
    url: str | None = Field(description="its own address on the page")


class PageRecord(_Model):
    """A further page of an article on several pages; each is a capture of its own."""

    url: str
    fetched_at: str
    payload_digest: str | None
    warc_file: str
    warc_offset: int
    warc_length: int
    warc_record_id: str
    revisit_of: str | None


class IntegrityRecord(_Model):
    verdict: Literal["clean", "suspect", "hijacked"]
    reasons: list[str]
    spans: list[SpanRecord]


class CaptureRecord(_Model):
    """The bytes this record was read from; enough to run `pressmark warc cat`."""

    fetched_at: str
    status: int | None
    mime: str | None
    charset: str
    charset_from: str
    payload_digest: str | None
    warc_file: str = Field(description="relative to the archive's folder")
    warc_offset: int
    warc_length: int
    warc_record_id: str
    revisit_of: str | None = Field(description="record with the payload, where this capture is a WARC revisit")
    redirects: list[str] = Field(description="URLs that led here, in order, without the last")
    robots: str | None = Field(description='"allowed", "no-rules" or "unavailable"; null where not asked')
    wire_exact: bool = Field(description="false only where the bytes are not as received; warnings say why")


class RightsRecord(_Model):
    """What the publisher said others may do with the page, as of this capture. Null: nobody looked, or nothing said."""

    robots_txt: str | None = Field(description="record id of the robots.txt that allowed us")
    ai_disallowed: list[str] | None = Field(description="agents for AI that robots.txt kept from the page")
    content_signal: str | None = Field(description="Content-Signal line of robots.txt")
    x_robots_tag: list[str]
    meta_robots: list[str] = Field(description='"robots: noarchive"')
    tdm_reservation: Literal[0, 1] | None = Field(description="TDM Reservation Protocol: 1 reserved, 0 not")
    tdm_policy: str | None
    tdm_from: Literal["meta", "header"] | None


class DiscoveryRecord(_Model):
    """How we came to the page."""

    run: str
    kind: str | None
    via: str | None
    depth: int | None
    found_at: str | None


class ExtractionRecord(_Model):
    """Which reading this is. Reading again gives a new row, it overwrites none."""

    tool: str
    version: str
    profile: str
    config_hash: str
    site_profile: str | None = Field(description="digest of the profile of the site's pages it was read with")
    compared_with: list[str] = Field(description="WARC record ids of the captures whose texts it was compared with")
    at: str
    warnings: list[str]


class ArticleRecord(_Model):
    """One revision of one article: what the page says, and how we know."""

    schema_: Literal["pressmark.article/1"] = Field(alias="schema")
    id: str
    url: str
    canonical_url: str | None = Field(description="as the page states it")
    requested_url: str = Field(description="what we asked for first, before redirects")
    url_key: str = Field(description="SURT key")
    source: str | None
    publisher: str | None
    host: str
    tags: list[str]
    headline: str | None
    description: str | None
    authors: list[AuthorRecord]
    section: str | None
    keywords: list[str]
    date_published: str | None
    date_published_precision: Precision | None
    date_published_zone: str | None = Field(description='UTC offset the page states, "+08:00"; null: none stated')
    date_published_from: str | None
    date_modified: str | None
    language: str | None
    language_declared: str | None
    language_confidence: float | None
    text: str = Field(description="NFC, one paragraph a line")
    word_count: int = Field(description="two characters of a script without spaces count as one word")
    char_count: int
    republished_from: str | None
    integrity: IntegrityRecord
    text_marked: str | None = Field(description="text with injected tokens in ⟦…⟧; null where there are none")
    blocks: list[BlockRecord] = Field(description="what the lines of the text are, in order")
    entries: list[EntryRecord] = Field(description="of a live blog, in the page's order")
    origins: dict[str, OriginRecord]
    images: list[ImageRecord]
    is_accessible_for_free: bool | None
    license: str | None
    page_type: str
    content_hash: str
    simhash: str = Field(description="64 bits as 16 hexadecimal digits")
    duplicate_of: str | None = Field(description="an article that said the same before, known when this was written")
    revision: int = Field(description="from 1, the n-th distinct text under one extractor version")
    revision_count: int = Field(description="revisions known when this was written")
    first_seen: str
    last_seen: str
    capture: CaptureRecord
    pages: list[PageRecord] = Field(description="the further pages whose text is joined here, in order")
    rights: RightsRecord
    discovery: DiscoveryRecord
    extraction: ExtractionRecord


class SkippedRecord(_Model):
    """A URL that was not stored, and why."""

    schema_: Literal["pressmark.skipped/1"] = Field(alias="schema")
    kind: Literal["skipped", "failed"]
    url: str
    source: str | None
    run: str | None
    reason: str | None
    detail: dict[str, str]
    found_in: str | None
    depth: int | None
    at: str | None
    warc_record_id: str | None


def json_schema(name: Literal["article", "skipped"]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record: every key required."""
    model, version = (ArticleRecord, ARTICLE_SCHEMA) if name == "article" else (SkippedRecord, SKIPPED_SCHEMA)
    schema = model.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{version}", **schema}


def schema_text(name: Literal["article", "skipped"]) -> str:
    """The schema as it is checked in."""
    return json.dumps(json_schema(name), indent=2, ensure_ascii=False) + "\n"


def schema_path(name: Literal["article", "skipped"]) -> Path:
    """Where the checked-in schema lies: archive/records/schema/article-1.json."""
    return _SCHEMA_FOLDER / f"{name}-1.json"
