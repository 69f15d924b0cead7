"""Exchanges written as WARC and read back: the same bytes, by our reader and by two others."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from warcio.archiveiterator import ArchiveIterator

from archive.folder.store import LocalStore
from archive.warc.captures import captures_in, exchanges_in
from archive.warc.cdxj import merge_cdxj, parse_cdxj, read_cdxj
from archive.warc.check import check_file
from archive.warc.reader import iter_records, read_exchange_block, read_record
from archive.warc.records import parse_warc_fields
from archive.warc.writer import RevisitOf, read_payload
from tests.archive.warc_samples import INFO, NOON, PAGE, Clock, chunked, closed_file, exchange, head, samples, writer

SAMPLES = samples()


@pytest.mark.parametrize("name", SAMPLES)
def test_the_bytes_written_are_the_bytes_read_back(tmp_path: Path, name: str) -> None:
    sample = SAMPLES[name]
    out = writer(tmp_path)
    capture = out.write(sample)
    assert capture is not None
    path = LocalStore(tmp_path).find(capture.warc_file)
    assert path.name.endswith(".warc.gz.open")  # readable before it is closed
    record = read_record(path, capture.warc_offset)
    assert record.block == sample.response.getvalue()
    assert (record.record_id, record.length) == (capture.record_id, capture.warc_length)
    assert record.date == sample.started_at
    request = read_record(path, capture.warc_offset + capture.warc_length)
    assert request.block == sample.request
    assert request.values("WARC-Concurrent-To") == [capture.record_id]
    out.close()
    assert check_file(LocalStore(tmp_path).find(capture.warc_file)).problems == ()


def test_warcio_and_fastwarc_see_the_same_records(tmp_path: Path) -> None:
    path = closed_file(tmp_path, *SAMPLES.values())
    ours = [(record.headers, record.block) for record in iter_records(path)]
    with path.open("rb") as file:
        theirs = [
            (tuple((name, value) for name, value in record.rec_headers.headers), record.raw_stream.read())
            for record in ArchiveIterator(file, no_record_parse=True)
        ]
    assert theirs == ours
    fast = []
    with path.open("rb") as file:
        for record in FastIterator(file, parse_http=False):
            digest_is_right = record.verify_block_digest()
            fast.append((record.record_id, record.reader.read(), digest_is_right))
    assert fast == [(dict(headers)["WARC-Record-ID"], block, True) for headers, block in ours]


def test_block_digests_pass_warcio(tmp_path: Path) -> None:
    """Its payload digests are over the chunked bytes (warcio issue 74), so only those may differ from ours."""
    path = closed_file(
        tmp_path, *(SAMPLES[name] for name in SAMPLES if name not in ("no http at all", "unknown status"))
    )
    checked = 0
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests=True):
            record.raw_stream.read()
            is_chunked = record.http_headers and record.http_headers.get_header("Transfer-Encoding") == "chunked"
            wrong = [
                text for text in record.digest_checker.problems if text.startswith(("block digest", "payload digest"))
            ]
            assert all(is_chunked and text.startswith("payload digest") for text in wrong), wrong
            checked += 1
    assert checked > 40


def test_an_exchange_is_three_records_tied_together(tmp_path: Path) -> None:
    records = list(iter_records(closed_file(tmp_path, SAMPLES["plain"])))
    assert [record.warc_type for record in records] == ["warcinfo", "response", "request", "metadata", "metadata"]
    info, response, request, metadata, end = records
    assert parse_warc_fields(end.block) == (("fileRecords", "4"), ("closedBy", "writer"))
    assert end.values("WARC-Refers-To") == [info.record_id] and ("fileEnd", "fileRecords") in parse_warc_fields(
        info.block
    )
    for record in (response, request, metadata):
        assert record.value("WARC-Warcinfo-ID") == info.record_id
        assert record.value("WARC-Date") == "2026-11-22T12:00:00.123456Z"
        assert record.target_uri == "https://news.example/politik/elbe?id=7"
    assert response.value("WARC-IP-Address") == "192.0.2.7"
    assert response.values("WARC-Protocol") == ["http/1.1", "tls/1.3"]
    assert response.value("WARC-Cipher-Suite") == "TLS_AES_256_GCM_SHA384"
    assert response.value("WARC-Payload-Digest") == _sha1(PAGE)
    fields = parse_warc_fields(metadata.block)
    assert fields[:3] == (("source", "elbe-post"), ("fetchTimeMs", "87"), ("method", "GET"))
    assert ("via", "https://news.example/") in fields and ("hopsFromSeed", "L") in fields


def test_the_file_begins_with_what_made_it(tmp_path: Path) -> None:
    path = closed_file(tmp_path, SAMPLES["plain"])
    info = next(iter_records(path))
    fields = dict(parse_warc_fields(info.block))
    assert info.value("WARC-Filename") == path.name
    assert (fields["archive"], fields["isPartOf"]) == (INFO.archive, INFO.run)
    assert (fields["operator"], fields["robots"]) == ("desk@example.org", "obeyed")


def test_the_payload_digest_is_over_the_transfer_decoded_entity(tmp_path: Path) -> None:
    for name in ("plain", "chunked", "chunked with extensions and trailer"):
        payload = read_payload(SAMPLES[name].response)
        assert (payload.digest, payload.size) == (_sha1(PAGE), len(PAGE))
    packed = read_payload(SAMPLES["gzip"].response)
    assert packed.digest == read_payload(SAMPLES["gzip and chunked"].response).digest != _sha1(PAGE)
    for name in ("head", "not modified", "no content"):
        payload = read_payload(SAMPLES[name].response, SAMPLES[name].method)
        assert (payload.digest, payload.size) == (None, 0)


def test_interim_heads_come_back_exactly_from_the_metadata(tmp_path: Path) -> None:
    (kept,) = exchanges_in(closed_file(tmp_path, SAMPLES["interim heads"]), "x")
    assert json.loads(kept.value("interimResponse") or "").encode("latin-1") == SAMPLES["interim heads"].interim[0]
    assert kept.value("note") == "interim 103 moved to metadata"


def test_captures_are_rebuilt_from_the_file_field_for_field(tmp_path: Path) -> None:
    out = writer(tmp_path)
    written = [out.write(sample, source="elbe-post", metadata=[("via", "x")]) for sample in SAMPLES.values()]
    original = written[0]
    assert original is not None
    same = RevisitOf(original.record_id, original.target_uri, original.fetched_at, "identical-payload-digest")
    written.append(out.write(SAMPLES["chunked"], revisit=same))
    unchanged = RevisitOf(original.record_id, original.target_uri, original.fetched_at, "server-not-modified")
    written.append(out.write(SAMPLES["not modified"], revisit=unchanged))
    assert out.write(exchange(b"", notes=("connection refused",))) is None
    (name,) = out.close()
    assert list(captures_in(tmp_path / name, name)) == written


def test_a_revisit_keeps_the_head_and_names_its_original(tmp_path: Path) -> None:
    out = writer(tmp_path)
    first = out.write(SAMPLES["chunked"])
    assert first is not None
    of = RevisitOf(first.record_id, first.target_uri, first.fetched_at, "identical-payload-digest")
    again = out.write(SAMPLES["chunked"], revisit=of)
    assert again is not None and again.record_type == "revisit"
    assert (again.payload_digest, again.payload_bytes) == (first.payload_digest, first.payload_bytes)
    record = read_record(LocalStore(tmp_path).find(again.warc_file), again.warc_offset)
    assert record.block == SAMPLES["chunked"].response.getvalue().split(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert record.value("WARC-Profile") == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert record.value("WARC-Refers-To") == first.record_id
    assert record.value("WARC-Refers-To-Target-URI") == first.target_uri
    assert record.value("WARC-Refers-To-Date") == "2026-11-22T12:00:00.123456Z"
    assert record.value("WARC-Truncated") == "length"


def test_a_304_is_a_revisit_with_all_its_bytes(tmp_path: Path) -> None:
    out = writer(tmp_path)
    of = RevisitOf(
        "<urn:uuid:00000000-0000-4000-8000-000000000000>", "https://news.example/", NOON, "server-not-modified"
    )
    capture = out.write(SAMPLES["not modified"], revisit=of)
    assert capture is not None and (capture.status, capture.etag) == (304, '"abc"')
    record = read_record(LocalStore(tmp_path).find(capture.warc_file), capture.warc_offset)
    assert record.block == SAMPLES["not modified"].response.getvalue()
    assert record.value("WARC-Truncated") is None


def test_a_truncated_response_is_never_a_revisit(tmp_path: Path) -> None:
    out = writer(tmp_path)
    of = RevisitOf("<urn:uuid:1>", "https://news.example/", NOON, "identical-payload-digest")
    with pytest.raises(ValueError, match="truncated"):
        out.write(SAMPLES["disconnected"], revisit=of)
    out.write(SAMPLES["plain"])
    (name,) = out.close()
    assert check_file(tmp_path / name).problems == ()


def test_truncation_is_said_and_only_our_own_cut_makes_it_inexact(tmp_path: Path) -> None:
    out = writer(tmp_path)
    cut, gone = out.write(SAMPLES["cut by our limit"]), out.write(SAMPLES["disconnected"])
    assert cut is not None and gone is not None
    assert (cut.truncated, cut.wire_exact) == ("length", False)
    assert (gone.truncated, gone.wire_exact) == ("disconnect", True)
    record = read_record(LocalStore(tmp_path).find(gone.warc_file), gone.warc_offset)
    assert record.value("WARC-Truncated") == "disconnect"


def test_an_exchange_without_a_response_is_still_on_record(tmp_path: Path) -> None:
    out = writer(tmp_path)
    assert out.write(exchange(b"", notes=("connection reset",))) is None
    assert out.write(exchange(b"", request=b"", notes=("DNS: no such host",))) is None
    (name,) = out.close()
    assert [record.warc_type for record in iter_records(tmp_path / name)] == [
        "warcinfo",
        "request",
        "metadata",
        "metadata",
        "metadata",
    ]
    assert check_file(tmp_path / name).problems == ()
    assert [kept.value("note") for kept in exchanges_in(tmp_path / name, name)] == [
        "connection reset",
        "DNS: no such host",
    ]
    assert check_file(tmp_path / name).problems == ()


def test_the_index_beside_a_closed_file_leads_to_its_records(tmp_path: Path) -> None:
    path = closed_file(tmp_path, *SAMPLES.values())
    index = path.with_name(path.name.removesuffix(".warc.gz") + ".cdxj")
    lines = index.read_bytes().splitlines()
    assert lines == sorted(lines) and len(lines) == len(SAMPLES)
    for line in read_cdxj(index):
        assert read_record(path, line.offset).target_uri == line.url
        assert read_record(path, line.offset).length == line.length
        assert line.filename == path.name and line.timestamp == "20261122120000"
        assert line.moment == NOON.replace(microsecond=0)


def test_indexes_merge_into_one_sorted_run(tmp_path: Path) -> None:
    paths = [closed_file(tmp_path / str(n), *list(SAMPLES.values())[n::3]) for n in range(3)]
    indexes = [path.with_name(path.name.removesuffix(".warc.gz") + ".cdxj") for path in paths]
    merged = list(merge_cdxj(indexes))
    assert merged == sorted(merged) and len(merged) == len(SAMPLES)
    assert all(parse_cdxj(line.decode()).url for line in merged)


def test_files_roll_by_size_and_by_age(tmp_path: Path) -> None:
    clock = Clock()
    out = writer(tmp_path, roll_bytes=4000, roll_seconds=3600, clock=clock)
    captures = [out.write(SAMPLES["plain"]) for _ in range(12)]
    by_size = {capture.warc_file for capture in captures if capture}
    assert len(by_size) > 1
    clock.pass_seconds(3600 * 13)
    late = out.write(SAMPLES["plain"])
    assert late is not None and late.warc_file not in by_size and late.warc_file.startswith("warc/2026/11/23/")
    files = out.close()
    assert files == [*sorted(by_size), late.warc_file]
    assert LocalStore(tmp_path).warc_files() == sorted(files) and LocalStore(tmp_path).open_files() == []
    assert all(check_file(tmp_path / name).problems == () for name in files)
    assert out.written_bytes == sum((tmp_path / name).stat().st_size for name in files)


def test_two_writers_never_share_a_file(tmp_path: Path) -> None:
    one, two = writer(tmp_path), writer(tmp_path)
    first, second = one.write(SAMPLES["plain"]), two.write(SAMPLES["plain"])
    assert first and second and first.warc_file != second.warc_file
    assert len(LocalStore(tmp_path).open_files()) == 2
    one.close(), two.close()
    assert LocalStore(tmp_path).open_files() == []


def test_sync_runs_beside_write(tmp_path: Path) -> None:
    out = writer(tmp_path, roll_bytes=60_000)
    stop, errors = threading.Event(), []

    def keep_syncing() -> None:
        while not stop.is_set():
            try:
                out.sync()
            except BaseException as error:
                errors.append(error)
                return

    thread = threading.Thread(target=keep_syncing)
    thread.start()
    for _ in range(200):
        out.write(SAMPLES["plain"])
    stop.set()
    thread.join()
    assert errors == []
    files = out.close()
    assert len(files) > 2
    assert sum(len(list(captures_in(tmp_path / name, name))) for name in files) == 200


def test_a_large_body_goes_through_in_little_memory(tmp_path: Path) -> None:
    """Measured in a process of its own, since peak memory never goes down."""
    import subprocess
    import sys

    script = Path(__file__).with_name("warc_large_body.py")
    done = subprocess.run(
        [sys.executable, script, str(tmp_path), "500"], capture_output=True, text=True, check=True, env=_env()
    )
    assert int(done.stdout) < 50_000, f"peak memory grew by {done.stdout} KB"


def test_a_body_that_is_compressed_already_is_stored_and_not_compressed_again(tmp_path: Path) -> None:
    body = random.Random(1).randbytes(300_000)
    path = closed_file(tmp_path, exchange(head("200 OK", f"Content-Length: {len(body)}") + body))
    assert path.stat().st_size < len(body) + 3_000
    assert body[5_000:60_000] in path.read_bytes()
    assert gzip.decompress(path.read_bytes()).count(body) == 1  # as every gzip reader sees it
    with path.open("rb") as file:
        (kept,) = (item.content_stream().read() for item in ArchiveIterator(file) if item.rec_type == "response")
    assert kept == body


def test_a_body_of_which_a_part_is_compressed_already_gets_smaller_all_the_same(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(60_000)
    body = noise + PAGE * 60 + noise
    path = closed_file(tmp_path, exchange(head("200 OK", f"Content-Length: {len(body)}") + body))
    assert path.stat().st_size < 2 * len(noise) + 5_000


def test_read_exchange_block_gives_head_entity_and_body(tmp_path: Path) -> None:
    out = writer(tmp_path)
    for name in ("plain", "chunked", "gzip", "gzip and chunked"):
        capture = out.write(SAMPLES[name])
        assert capture is not None
        kept = read_exchange_block(LocalStore(tmp_path).find(capture.warc_file), capture.warc_offset)
        assert (kept.body, kept.complete, kept.problems) == (PAGE, True, ())
        assert (kept.head.status, kept.head.charset) == (200, "utf-8")
        assert kept.record.value("WARC-Payload-Digest") == _sha1(kept.entity)
    bomb = out.write(exchange(head("200 OK", "Transfer-Encoding: chunked") + chunked(bytes(5_000_000), 60_000)))
    assert bomb is not None
    kept = read_exchange_block(LocalStore(tmp_path).find(bomb.warc_file), bomb.warc_offset, max_bytes=1000)
    assert kept.body == bytes(1000) and kept.problems == ("body cut at 1000 bytes",)


def test_metadata_values_cannot_break_out_of_their_line(tmp_path: Path) -> None:
    out = writer(tmp_path)
    out.write(
        exchange(head() + b"x", target_uri="https://news.example/a\r\nWARC-Type: x"), metadata=[("via", "a\r\nb: c")]
    )
    (name,) = out.close()
    response, _, metadata, _ = list(iter_records(tmp_path / name))[1:]
    assert response.target_uri == "https://news.example/a%0D%0AWARC-Type:%20x"
    assert ("via", "a  b: c") in parse_warc_fields(metadata.block)


def test_a_store_finds_files_open_or_closed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    assert store.warc_path(NOON + timedelta(hours=13), "n") == "warc/2026/11/23/n.warc.gz"
    assert store.records_path_of("warc/2026/11/22/n.warc.gz") == "records/2026/11/22/n.jsonl"
    assert store.cdxj_path_of("warc/2026/11/22/n.warc.gz") == "warc/2026/11/22/n.cdxj"
    out = writer(tmp_path)
    capture = out.write(SAMPLES["plain"])
    assert capture is not None
    assert store.warc_files() == [] and store.warc_files(include_open=True) == [capture.warc_file]
    assert store.find(capture.warc_file).suffix == ".open"
    out.close()
    assert store.find(capture.warc_file).suffix == ".gz"


def _sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def _env() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
