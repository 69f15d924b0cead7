"""Every kind of damage is found, with the offset of the damaged record, and the rest of the file is checked too."""

from __future__ import annotations

import gzip
import io
import os
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.custody.verify import check_file, usual_workers, verify_files
from archive.errors import NotFound, WarcDamaged
from archive.warc.captures import captures_in
from archive.warc.check import Report
from archive.warc.reader import iter_records, read_record
from archive.warc.record_stream import parse_record_head
from archive.warc.writer import RevisitOf
from tests.archive.warc_samples import PAGE, chunked, closed_file, exchange, head, samples, writer

SAMPLES = samples()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return closed_file(
        tmp_path_factory.mktemp("small"), exchange(head() + b"one"), exchange(head("404 Not Found") + b"two two")
    )


def checked(tmp_path: Path, data: bytes, name: str = "x.warc.gz") -> Report:
    (tmp_path / name).write_bytes(data)
    return check_file(tmp_path / name)


def codes(report: Report) -> list[tuple[int, str]]:
    return [(problem.offset, problem.code) for problem in report.problems]


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_every_changed_byte_is_found_at_its_record(tmp_path: Path, small: Path, mask: int) -> None:
    data = small.read_bytes()
    offsets = [record.offset for record in iter_records(small)]
    path = tmp_path / "x.warc.gz"
    path.write_bytes(data)
    for at in range(len(data)):
        with path.open("r+b") as file:
            os.pwrite(file.fileno(), bytes([data[at] ^ mask]), at)
            report = check_file(path)
            os.pwrite(file.fileno(), data[at : at + 1], at)
        owner = max(offset for offset in offsets if offset <= at)
        assert not report.ok and owner in {problem.offset for problem in report.problems}, f"byte {at}"
        # what else is said can only be about records that point to the damaged one
        others = [problem.code for problem in report.problems if problem.offset != owner]
        assert set(others) <= {"concurrent-to", "compressed-bytes"}, (at, report.problems)


def test_every_cut_is_found_at_its_record(tmp_path: Path, small: Path) -> None:
    data = small.read_bytes()
    records = list(iter_records(small))
    ends = {record.offset + record.length for record in records}
    path = tmp_path / "x.warc.gz"
    path.write_bytes(data)
    for length in range(len(data) - 1, 0, -1):
        os.truncate(path, length)
        report = check_file(path)
        owner = max(record.offset for record in records if record.offset < length)
        assert codes(report) == ([(length, "no-end")] if length in ends else [(owner, "torn")]), length
    (tmp_path / "x.warc.gz.open").write_bytes(data[: min(ends)])
    assert check_file(tmp_path / "x.warc.gz.open").ok  # its writer has not come to the end yet


def test_all_problems_are_found_and_not_only_the_first(tmp_path: Path) -> None:
    path = closed_file(tmp_path, *(exchange(head() + b"page %d" % n) for n in range(10)))
    data = bytearray(path.read_bytes())
    records = [record for record in iter_records(path) if record.warc_type == "metadata"]
    for record in records[1:-1:3]:
        data[record.offset + record.length // 2] ^= 0x10
    report = checked(tmp_path, bytes(data) + b"garbage")
    wrong = sorted({problem.offset for problem in report.problems})
    assert wrong == [*(record.offset for record in records[1:-1:3]), len(data)]
    assert report.problems[-1].code == "trailing-bytes"


def members_of(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return [data[record.offset : record.offset + record.length] for record in iter_records(path)]


def test_every_dropped_record_is_found_where_it_was(tmp_path: Path, small: Path) -> None:
    members = members_of(small)
    for number in range(len(members)):
        report = checked(tmp_path, b"".join(members[:number] + members[number + 1 :]))
        place = len(b"".join(members[:number]))
        expected = "no-end" if number == len(members) - 1 else "moved"
        assert (place, expected) in codes(report), number
        rest = [problem for problem in report.problems if (problem.offset, problem.code) != (place, expected)]
        assert {problem.code for problem in rest} <= {"concurrent-to", "refers-to", "no-warcinfo", "file-records"}
        assert not report.ok


def test_every_duplicated_record_is_found(tmp_path: Path, small: Path) -> None:
    members = members_of(small)
    for number in range(len(members)):
        renamed = _other_id(members[number])
        for at in range(number + 1, len(members) + 1):
            before, after = b"".join(members[:at]), b"".join(members[at:])
            report = checked(tmp_path, before + members[number] + after)
            assert (len(before), "duplicate-id") in codes(report), (number, at)
            report = checked(tmp_path, before + renamed + after)
            expected = {"moved"} if after else {"after-end", "file-records", "no-end"}
            assert expected & {code for _, code in codes(report)}, (number, at)


def _other_id(member: bytes) -> bytes:
    """As somebody would add a record who knows that ids must be unique, and nothing of ours."""
    return gzip.compress(
        re.sub(rb"Record-ID: <urn:uuid:.{8}", b"Record-ID: <urn:uuid:00000000", gzip.decompress(member))
    )


def test_any_two_swapped_records_are_found(tmp_path: Path, small: Path) -> None:
    members = members_of(small)
    for one, other in combinations(range(len(members)), 2):
        order = list(members)
        order[one], order[other] = members[other], members[one]
        report = checked(tmp_path, b"".join(order))
        places = {len(b"".join(order[:one])), len(b"".join(order[:other]))}
        if one == 0:  # the file seems to begin, once more, where its first record is now
            places = {0}
        assert places <= {offset for offset, code in codes(report) if code == "moved"}, (one, other)


def test_whole_files_put_together_are_one_whole_file(tmp_path: Path, small: Path) -> None:
    other = closed_file(tmp_path / "other", SAMPLES["gzip"])
    whole = checked(tmp_path, small.read_bytes() + other.read_bytes())
    assert (whole.problems, whole.records) == ((), 13)
    cut = checked(tmp_path, small.read_bytes()[: -len(members_of(small)[-1])] + other.read_bytes())
    assert codes(cut) == [(small.stat().st_size - len(members_of(small)[-1]), "no-end")]


def test_a_plain_file_has_at_least_as_many_records_as_its_end_says(tmp_path: Path, small: Path) -> None:
    members = [gzip.decompress(member) for member in members_of(small)]
    dropped = checked(tmp_path, b"".join(members[:3] + members[4:]), "x.warc")
    assert (len(b"".join(members[:3] + members[4:-1])), "file-records") in codes(dropped)
    assert codes(checked(tmp_path, b"".join(members[:-1]), "x.warc"))[-1][1] == "no-end"


def test_records_that_share_a_member_are_found(tmp_path: Path, small: Path) -> None:
    plain = gzip.decompress(small.read_bytes())
    (tmp_path / "one.warc.gz").write_bytes(gzip.compress(plain))
    report = check_file(tmp_path / "one.warc.gz")
    assert [code for _, code in codes(report)] == ["shared-member"] and report.records == 8
    assert [record.block for record in iter_records(tmp_path / "one.warc.gz")] == [r.block for r in iter_records(small)]
    assert {(record.offset, record.length) for record in iter_records(tmp_path / "one.warc.gz")} == {(0, 0)}


def test_plain_files_are_read_and_checked(tmp_path: Path, small: Path) -> None:
    plain = gzip.decompress(small.read_bytes())
    report = checked(tmp_path, plain, "x.warc")
    assert (report.problems, report.records) == ((), 8)
    records = list(iter_records(tmp_path / "x.warc"))
    assert [record.block for record in records] == [record.block for record in iter_records(small)]
    again = read_record(tmp_path / "x.warc", records[3].offset)
    assert (again.record_id, again.length) == (records[3].record_id, records[3].length)
    changed = plain.replace(b"two two", b"two twO")
    assert [code for _, code in codes(checked(tmp_path, changed, "x.warc"))] == ["block-digest", "payload-digest"]
    shorter = plain.replace(b"two two", b"two", 1)
    assert "record-end" in [code for _, code in codes(checked(tmp_path, shorter, "x.warc"))]


def _record(*lines: str, block: bytes = b"abc", version: str = "WARC/1.1", end: bytes = b"\r\n\r\n") -> bytes:
    head = version + "\r\n" + "".join(f"{line}\r\n" for line in lines) + "\r\n"
    return gzip.compress(head.encode() + block + end)


GOOD = (
    "WARC-Type: resource",
    "WARC-Record-ID: <urn:uuid:1b0d2a2e-0000-4000-8000-000000000001>",
    "WARC-Date: 2026-11-22T12:00:00Z",
    "WARC-Target-URI: https://news.example/",
    "Content-Length: 3",
)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda lines: [line for line in lines if "Date" not in line], "header"),
        (lambda lines: [line for line in lines if "Record-ID" not in line], "header"),
        (lambda lines: [line for line in lines if "Type" not in line], "header"),
        (lambda lines: [line for line in lines if "Target" not in line], "header"),
        (lambda lines: [line for line in lines if "Length" not in line], "content-length"),
        (lambda lines: [*lines, "WARC-Type: metadata"], "header"),
        (lambda lines: [*lines, "no colon"], "header"),
        (lambda lines: [line.replace("T12", " 12") + "x" if "Date" in line else line for line in lines], "header"),
        (lambda lines: [line.replace("<", "") for line in lines], "header"),
        (lambda lines: [line.replace(": 3", ": three") for line in lines], "content-length"),
        (lambda lines: [line.replace(": 3", ": 2") for line in lines], "record-end"),
        (lambda lines: [line.replace(": 3", ": 99") for line in lines], "content-length"),
        (lambda lines: [*lines, "WARC-Block-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"], "block-digest"),
        (lambda lines: [*lines, "WARC-Payload-Digest: md5:00000000000000000000000000000000"], "payload-digest"),
        (lambda lines: [*lines, "WARC-Block-Digest: xyz:00"], "digest-unknown"),
    ],
)
def test_a_wrong_header_is_named(tmp_path: Path, change: object, code: str) -> None:
    info = _record(
        *[line.replace("resource", "warcinfo").replace("0001>", "0009>") for line in GOOD if "Target" not in line]
    )
    good = _record(*GOOD)
    assert checked(tmp_path, info + good).problems == ()
    bad = _record(*change(list(GOOD)))  # type: ignore[operator]
    after = _record(*[line.replace("0001>", "0002>") for line in GOOD])
    report = checked(tmp_path, info + bad + after)
    assert code in [problem.code for problem in report.problems]
    assert {problem.offset for problem in report.problems if problem.code != "shared-member"} == {len(info)}


def test_what_is_no_warc_at_all_is_said(tmp_path: Path) -> None:
    assert codes(checked(tmp_path, b"")) == [(0, "empty")]
    assert codes(checked(tmp_path, b"<html>not found</html>")) == [(0, "not-gzip")]
    assert codes(checked(tmp_path, gzip.compress(b"<html>")))[0] == (0, "not-warc")
    with pytest.raises(NotFound):
        check_file(tmp_path / "none.warc.gz")


def test_the_reader_refuses_what_is_damaged(tmp_path: Path, small: Path) -> None:
    data = small.read_bytes()
    (tmp_path / "x.warc.gz").write_bytes(data[:-5])
    with pytest.raises(WarcDamaged, match="cut off"):
        list(iter_records(tmp_path / "x.warc.gz"))
    last = list(iter_records(small))[-1]
    with pytest.raises(WarcDamaged):
        read_record(tmp_path / "x.warc.gz", last.offset)
    with pytest.raises(WarcDamaged, match="no gzip member"):
        read_record(small, 3)
    with pytest.raises(WarcDamaged, match="no record at byte"):
        read_record(small, len(data))


def test_files_of_other_tools_are_read(tmp_path: Path) -> None:
    """warcio's file: its digests over chunked bytes are told apart from damage."""
    out = io.BytesIO()
    theirs = WARCWriter(out, gzip=True, warc_version="1.0")
    theirs.write_record(theirs.create_warcinfo_record("x.warc.gz", {"software": "other"}))
    for number, body in enumerate((PAGE, chunked(PAGE))):
        headers = [("Content-Type", "text/html")] + ([("Transfer-Encoding", "chunked")] if number else [])
        theirs.write_record(
            theirs.create_warc_record(
                f"https://news.example/{number}",
                "response",
                payload=io.BytesIO(body),
                http_headers=StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1"),
            )
        )
    report = checked(tmp_path, out.getvalue())
    assert [problem.code for problem in report.problems] == ["payload-digest-over-chunks"] and report.ok
    captures = list(captures_in(tmp_path / "x.warc.gz", "x.warc.gz", archive="import"))
    assert [(item.target_uri, item.status, item.media_type, item.archive) for item in captures] == [
        ("https://news.example/0", 200, "text/html", "import"),
        ("https://news.example/1", 200, "text/html", "import"),
    ]
    assert [item.payload_bytes for item in captures] == [len(PAGE), len(PAGE)]


def test_revisits_are_checked_over_all_files_given(tmp_path: Path) -> None:
    first = closed_file(tmp_path / "a", SAMPLES["plain"])
    (original,) = captures_in(first, "a")
    out = writer(tmp_path / "b")
    of = RevisitOf(original.record_id, original.target_uri, original.fetched_at, "identical-payload-digest")
    out.write(SAMPLES["plain"], revisit=of)
    second = tmp_path / "b" / out.close()[0]
    for order in ([first, second], [second, first]):
        assert [report.problems for report in verify_files(order)] == [(), ()]
    (alone,) = verify_files([second])
    assert [problem.code for problem in alone.problems] == ["refers-to"]
    copy = tmp_path / "copy.warc.gz"
    copy.write_bytes(first.read_bytes())
    reports = list(verify_files([first, copy]))
    assert {problem.code for report in reports for problem in report.problems} == {"duplicate-id"}


def test_verification_over_processes_finds_the_same(tmp_path: Path) -> None:
    paths = [closed_file(tmp_path / str(n), *SAMPLES.values()) for n in range(3)]
    data = bytearray(paths[1].read_bytes())
    data[len(data) // 2] ^= 1
    paths[1].write_bytes(data)
    alone = {report.file: report for report in verify_files(paths)}
    together = {report.file: report for report in verify_files(paths, workers=2)}
    assert alone == together
    assert [alone[path].ok for path in paths] == [True, False, True]


def test_processes_are_started_only_where_there_is_enough_to_do(tmp_path: Path) -> None:
    small, large = tmp_path / "small", [tmp_path / "a", tmp_path / "b"]
    small.write_bytes(b"x")
    for path in large:
        path.touch()
        os.truncate(path, 1 << 30)
    assert usual_workers([]) == usual_workers([small]) == usual_workers(large[:1]) == 1
    assert usual_workers(large) == min(2, os.cpu_count() or 1)


@settings(deadline=None)
@given(st.lists(st.text("aZ:-_ \t\r\n\x0b\x85ü/", max_size=12) | st.just("WARC-Type: a  b"), max_size=4))
def test_record_heads_read_at_once_are_read_as_line_by_line(lines: list[str]) -> None:
    rest = "".join("\r\n" + line for line in lines).encode()
    usual, unusual = parse_record_head(b"WARC/1.1" + rest), parse_record_head(b"WARC/0.18" + rest)
    assert usual[1:] == unusual[1:]


def test_a_shallow_check_computes_no_digest(tmp_path: Path) -> None:
    data = _record(*GOOD, "WARC-Block-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    report = checked(tmp_path, data)
    assert "block-digest" in [problem.code for problem in report.problems]
    shallow = check_file(report.file, deep=False)
    assert replace(shallow, problems=()) == replace(report, problems=())
    assert [problem.code for problem in shallow.problems] == ["no-warcinfo"]
