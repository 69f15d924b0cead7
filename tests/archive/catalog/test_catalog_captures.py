"""Captures on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from archive.catalog import Catalog, captures
from archive.model import Capture

NOW = datetime(2026, 11, 22, 7, 20, 11, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
FILE = "warc/2026/11/22/news-20261122072011-00000.warc.gz"
ONE = Capture(
    record_id="<urn:uuid:1>",
    record_type="response",
    target_uri="https://www.herald.example/A?b=1",
    urlkey="example,herald)/a?b=1",
    fetched_at=NOW,
    status=200,
    media_type="text/html",
    payload_digest="sha1:AAAA",
    payload_bytes=5_000_000_000,
    warc_file=FILE,
    warc_offset=0,
    warc_length=500,
    archive="news",
    run="r1",
    source="herald",
    etag='"e"',
    last_modified="Sun, 22 Nov 2026 07:00:00 GMT",
)


def other(number: int, **changes: object) -> Capture:
    more = {"record_id": f"<urn:uuid:{number}>", "warc_offset": 500 * (number - 1)} | changes
    return replace(ONE, **more)  # type: ignore[arg-type]


def keep(catalog: Catalog, *found: Capture) -> None:
    with catalog.transaction() as conn:
        captures.insert(conn, found)


def test_a_capture_comes_back_as_it_was_and_is_kept_once(catalog: Catalog) -> None:
    strange = other(2, status=None, media_type=None, payload_digest=None, etag="\x00\ud83d", wire_exact=False)
    keep(catalog, ONE, strange)
    keep(catalog, replace(ONE, run="again"))
    assert captures.by_record_id(catalog, ONE.record_id) == ONE
    assert captures.by_record_id(catalog, "<urn:uuid:2>") == replace(strange, etag="\ufffd\ufffd")
    assert captures.by_record_id(catalog, "<urn:uuid:3>") is None
    assert captures.in_file(catalog, "news", FILE)[0] == ONE
    assert captures.in_file(catalog, "other", FILE) == []


def test_a_payload_is_held_by_the_newest_whole_response(catalog: Catalog) -> None:
    keep(
        catalog,
        ONE,
        other(2, fetched_at=NOW + HOUR),
        other(3, fetched_at=NOW + 2 * HOUR, record_type="revisit", refers_to=ONE.record_id),
        other(4, fetched_at=NOW + 3 * HOUR, status=404),
        other(5, fetched_at=NOW + 4 * HOUR, truncated="length"),
        other(6, fetched_at=NOW + 5 * HOUR, archive="else"),
    )
    holder = captures.payload_holder(catalog, "sha1:AAAA", archive="news")
    assert holder is not None and holder.record_id == "<urn:uuid:2>"
    anywhere = captures.payload_holder(catalog, "sha1:AAAA")
    assert anywhere is not None and anywhere.archive == "else"
    assert captures.payload_holder(catalog, "sha1:BBBB") is None


def test_captures_of_a_url_are_found_by_any_spelling_in_the_order_of_time(catalog: Catalog) -> None:
    late, early = other(2, fetched_at=NOW + HOUR), other(3, fetched_at=NOW - HOUR)
    keep(catalog, ONE, late, early, other(4, urlkey="example,herald)/b"))
    assert captures.of_url(catalog, "https://herald.example/a?b=1") == [early, ONE, late]
    assert captures.of_url(catalog, ONE.urlkey) == [early, ONE, late]
    assert captures.latest(catalog, ONE.target_uri) == late


def test_the_nearest_capture_may_be_before_or_after(catalog: Catalog) -> None:
    late = other(2, fetched_at=NOW + 4 * HOUR)
    keep(catalog, ONE, late)
    key = ONE.urlkey
    assert captures.nearest(catalog, key, NOW - HOUR) == ONE
    assert captures.nearest(catalog, key, NOW + HOUR) == ONE
    assert captures.nearest(catalog, key, NOW + 2 * HOUR) == ONE
    assert captures.nearest(catalog, key, NOW + 3 * HOUR) == late
    assert captures.nearest(catalog, "example,herald)/none", NOW) is None


def test_recovery_forgets_what_reaches_past_the_cut(catalog: Catalog) -> None:
    whole, torn = other(2), other(3)
    keep(catalog, ONE, whole, torn, other(4, warc_file="warc/other.warc.gz", warc_offset=9000))
    with catalog.transaction() as conn:
        assert captures.drop_past(conn, "news", FILE, 1000) == 1
    assert captures.in_file(catalog, "news", FILE) == [ONE, whole]
    assert captures.by_record_id(catalog, "<urn:uuid:4>") is not None


def test_a_capture_of_a_very_long_url_keeps_its_key(catalog: Catalog) -> None:
    path = "/" + "".join(chr(97 + (n * n * 7 + n // 3) % 26) for n in range(8000))
    long = replace(ONE, target_uri=f"https://herald.example{path}", urlkey=f"example,herald){path}")
    keep(catalog, long)
    assert captures.of_url(catalog, long.target_uri) == [long]


def test_all_captures_come_in_the_order_of_the_files(catalog: Catalog) -> None:
    second, first = other(2), other(3, warc_file="warc/2026/11/21/x.warc.gz")
    keep(catalog, second, ONE, first)
    assert captures.iterate(catalog) == [first, ONE, second]
    assert captures.iterate(catalog, source="times") == []
