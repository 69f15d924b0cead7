"""The published record: its keys, its schema, its times, and what two readings of one capture share."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import jsonschema
import pytest

from archive.model import (
    Article,
    Author,
    Block,
    Capture,
    Claims,
    Discovery,
    Extraction,
    Integrity,
    Moment,
    Origin,
    Revision,
    Span,
)
from archive.records.provenance import discovery_fields, discovery_from
from archive.records.record import Circumstances, build_record
from archive.records.record_shape import ArticleRecord, json_schema, schema_path, schema_text
from archive.records.recorded import revision_of, stable_part
from archive.revisions.decide import extractor_of
from archive.words import word_measure

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
CAPTURE = Capture(
    record_id="<urn:uuid:1>",
    record_type="response",
    target_uri="https://news.example/a",
    urlkey="example,news)/a",
    fetched_at=NOON,
    status=200,
    media_type="text/html",
    payload_digest="sha1:AAAA",
    payload_bytes=100,
    warc_file="warc/2026/11/22/x.warc.gz",
    warc_offset=426,
    warc_length=900,
    archive="news",
    run="r1",
    source="news",
)
EXTRACTION = Extraction(
    article=Article(
        headline="Pegel der Elbe sinkt",
        text="Der Pegel sinkt.\nEr sinkt weiter.",
        authors=(Author("Anna Berg"),),
        date_published=Moment(datetime(2026, 11, 22, 6, 40, tzinfo=timezone(timedelta(hours=1))), "minute"),
        language="de",
    ),
    blocks=(Block("Der Pegel sinkt.", "body", "main-text"),),
    origins={"date_published": Origin("json-ld", 0.9, (("2026-11-21", "url"),))},
    charset="utf-8",
    charset_from="http",
    tool="pressmark",
    version="1 (trafilatura 2.3.1)",
    profile="balanced",
    config_hash="5f2a",
)
REVISION = Revision("a_7f3k2", 1, "ab" * 16, 0xF000000000000001, extractor_of(EXTRACTION), "<urn:uuid:1>", NOON, NOON)
DISCOVERY = Discovery(
    "https://news.example/a",
    "news",
    "feed",
    NOON,
    via="https://news.example/rss.xml",
    depth=1,
    claims=Claims("Pegel: sinkt\r\nweiter", NOON, language="de", rank=0),
)
CIRCUMSTANCES = Circumstances(read_at=NOON, run="r1", tags=("de",))
RECORD = build_record(EXTRACTION, CAPTURE, REVISION, DISCOVERY, CIRCUMSTANCES)


@pytest.mark.parametrize("name", ["article", "skipped"])
def test_the_checked_in_schema_is_the_models_own(name):
    assert schema_path(name).read_text("utf-8") == schema_text(name)


def test_every_key_is_always_there():
    names = [info.alias or name for name, info in ArticleRecord.model_fields.items()]
    assert list(RECORD) == names
    schema = json_schema("article")
    assert schema["required"] == names
    for part in ("capture", "discovery", "extraction", "integrity"):
        definition = schema["$defs"][f"{part.capitalize()}Record"]
        assert sorted(definition["required"]) == sorted(RECORD[part])


def test_a_record_fits_its_schema():
    jsonschema.Draft202012Validator(json_schema("article")).validate(json.loads(json.dumps(RECORD)))


def test_a_record_without_anything_known_fits_the_schema_too():
    bare = replace(EXTRACTION, article=Article(text="Words."), origins={})
    unknown = replace(CAPTURE, status=None, media_type=None, payload_digest=None, source=None)
    record = build_record(bare, unknown, REVISION, None, CIRCUMSTANCES)
    jsonschema.Draft202012Validator(json_schema("article")).validate(record)
    assert record["headline"] is None and record["discovery"]["found_at"] is None


def test_times_are_rfc_3339_in_utc_and_the_pages_own_zone_is_kept():
    assert RECORD["date_published"] == "2026-11-22T05:40:00Z"
    assert RECORD["date_published_zone"] == "+01:00"
    assert RECORD["date_published_precision"] == "minute"
    assert RECORD["date_published_from"] == "json-ld"
    assert RECORD["capture"]["fetched_at"] == "2026-11-22T12:00:00.123456Z"


def test_an_assumed_zone_is_not_told_as_the_pages_own():
    moment = Moment(datetime(2026, 11, 22, tzinfo=UTC), "day", "assumed")
    extraction = replace(EXTRACTION, article=replace(EXTRACTION.article, date_published=moment))
    assert build_record(extraction, CAPTURE, REVISION, None, CIRCUMSTANCES)["date_published_zone"] is None


def test_a_zone_assumed_for_a_language_is_said_beside_where_the_time_is_from():
    moment = Moment(datetime(2023, 9, 27, 10, 10, 14, tzinfo=timezone(timedelta(hours=8))), "second", "assumed")
    extraction = replace(EXTRACTION, article=replace(EXTRACTION.article, date_published=moment))
    record = build_record(extraction, CAPTURE, REVISION, None, CIRCUMSTANCES)
    assert (record["date_published"], record["date_published_zone"]) == ("2023-09-27T02:10:14Z", None)
    assert record["date_published_from"] == "json-ld, +08:00 assumed"


def test_a_record_gives_its_revision_back():
    assert revision_of(RECORD) == REVISION


def test_a_cut_capture_says_so():
    cut = replace(CAPTURE, truncated="length", wire_exact=False)
    record = build_record(EXTRACTION, cut, REVISION, None, CIRCUMSTANCES)
    assert record["capture"]["wire_exact"] is False
    assert record["extraction"]["warnings"] == ["truncated: length"]


def test_injected_spans_are_told_with_their_evidence():
    span = Span("澳门金沙:", 3, 8, "inline-prefix", ("in title", "in footer"), "redacted")
    extraction = replace(EXTRACTION, integrity=Integrity("hijacked", ("brand",), (span,)), text_marked="⟦澳门金沙:⟧")
    record = build_record(extraction, CAPTURE, REVISION, None, CIRCUMSTANCES)
    assert record["integrity"]["spans"][0]["evidence"] == ["in title", "in footer"]
    jsonschema.Draft202012Validator(json_schema("article")).validate(record)


def test_only_the_moment_of_reading_may_differ_between_readings():
    later = build_record(EXTRACTION, CAPTURE, REVISION, DISCOVERY, replace(CIRCUMSTANCES, read_at=NOON + timedelta(1)))
    assert later != RECORD
    assert stable_part(later) == stable_part(RECORD)


def test_a_discovery_comes_back_from_the_fields_of_a_metadata_record():
    fields = (("source", "news"), *discovery_fields(DISCOVERY))
    assert all("\n" not in value for _, value in fields), "a metadata record has one line a field"
    assert discovery_from(fields, DISCOVERY.url) == DISCOVERY
    assert discovery_from((("via", "https://x.example/"),), DISCOVERY.url) is None


@pytest.mark.parametrize(
    ("found_by", "depth", "hops"),
    [("seed", 0, None), ("feed", 1, "L"), ("section", 3, "LLL"), ("redirect", 1, "LR"), ("requisite", 2, "LE")],
)
def test_the_hops_from_the_seed_are_the_standards_letters(found_by, depth, hops):
    found = replace(DISCOVERY, found_by=found_by, depth=depth)
    fields = (("source", "news"), *discovery_fields(found))
    assert dict(fields).get("hopsFromSeed") == hops
    assert discovery_from(fields, found.url) == found
    numbered = tuple((name, str(depth) if name == "hopsFromSeed" else value) for name, value in fields)
    assert discovery_from(numbered, found.url) == found, "as earlier versions wrote it"


@pytest.mark.parametrize(
    ("text", "words"),
    [("", 0), ("Der Pegel sinkt.", 3), ("长江中游水位", 3), ("GDP 增长了五个百分点", 5), ("한국어 문장 입니다", 3)],
)
def test_two_characters_of_a_script_without_spaces_count_as_a_word(text, words):
    assert word_measure(text) == words
