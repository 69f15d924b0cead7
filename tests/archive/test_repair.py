"""Repair keeps every whole record as it is, names everything it leaves out, and never touches the damaged file."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from archive.errors import NotFound, UsageError, WarcDamaged
from archive.repair import Repaired, repair
from archive.verify import check_file
from archive.warc.reader import Record, iter_records
from tests.archive.warc_samples import NOON, closed_file, exchange, head, samples


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    return closed_file(folder, *(exchange(head() + b"page %d" % number) for number in range(4)))


def repaired(tmp_path: Path, data: bytes, name: str = "x.warc.gz", out: str = "fixed.warc.gz") -> Repaired:
    (tmp_path / name).write_bytes(data)
    (tmp_path / out).unlink(missing_ok=True)
    done = repair(tmp_path / name, tmp_path / out, NOON)
    assert (tmp_path / name).read_bytes() == data
    return done


def content(record: Record) -> tuple[object, ...]:
    return record.headers, record.block


def kept_ids(done: Repaired) -> list[str]:
    """Without the note at the end that repair adds."""
    ids = [record.record_id for record in iter_records(done.out)]
    return ids[:-1] if done.notes else ids


def test_a_whole_file_is_copied_byte_for_byte(tmp_path: Path, whole: Path) -> None:
    done = repaired(tmp_path, whole.read_bytes())
    assert (done.notes, done.records, done.copied) == ([], 13, 13)
    assert done.out.read_bytes() == whole.read_bytes()


def test_every_flipped_byte_costs_its_own_record_at_most_and_is_named(tmp_path: Path, whole: Path) -> None:
    data = whole.read_bytes()
    records = list(iter_records(whole))
    originals = {record.record_id: content(record) for record in records}
    for at in range(0, len(data), 31):
        owner = max((record for record in records if record.offset <= at), key=lambda record: record.offset)
        done = repaired(tmp_path, data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        expected = [record.record_id for record in records if record is not owner]
        kept = [record_id for record_id in kept_ids(done) if record_id != owner.record_id]
        assert kept == expected, f"byte {at}"
        for record in iter_records(done.out):
            assert originals.get(record.record_id, content(record)) == content(record), f"byte {at}"
        assert all(owner.offset <= note.offset < owner.offset + owner.length for note in done.notes)
        assert (done.notes[0].action != "left out") == (owner.record_id in kept_ids(done)), f"byte {at}"
        assert {problem.code for problem in check_file(done.out).problems} <= {"concurrent-to", "no-warcinfo"}


def test_every_cut_loses_only_the_torn_record(tmp_path: Path, whole: Path) -> None:
    data = whole.read_bytes()
    records = list(iter_records(whole))
    for length in range(records[1].offset + 1, len(data), 53):
        done = repaired(tmp_path, data[:length])
        inside = [record for record in records if record.offset + record.length <= length]
        assert kept_ids(done) == [record.record_id for record in inside]
        end = inside[-1].offset + inside[-1].length
        assert [(note.action, note.offset, note.size_bytes) for note in done.notes] == (
            [("left out", end, length - end)] if end < length else []
        )


def test_what_is_copied_and_what_is_left_out_make_up_the_whole_file(tmp_path: Path, whole: Path) -> None:
    data = bytearray(whole.read_bytes())
    records = list(iter_records(whole))
    data[records[3].offset : records[5].offset + 20] = bytes(records[5].offset + 20 - records[3].offset)
    data[records[9].offset + 60] ^= 8
    done = repaired(tmp_path, bytes(data) + b"garbage at the end")
    left = sum(records[number].length for number in (3, 4, 5, 9)) + len(b"garbage at the end")
    assert done.left_out_bytes == left
    assert kept_ids(done) == [record.record_id for number, record in enumerate(records) if number not in (3, 4, 5, 9)]
    assert [note.offset for note in done.notes] == [records[3].offset, records[9].offset, len(data)]


def test_the_new_file_says_what_was_done(tmp_path: Path, whole: Path) -> None:
    data = whole.read_bytes()[:-9]
    last = list(iter_records(whole))[-1]
    done = repaired(tmp_path, data)
    note = list(iter_records(done.out))[-1]
    text = note.block.decode()
    assert (note.warc_type, note.date) == ("metadata", NOON)
    assert f"repairedSha256: {hashlib.sha256(data).hexdigest()}\r\n" in text and "repairedFrom: x.warc.gz" in text
    assert f"leftOut: byte {last.offset} ({last.length - 9} bytes): record cut off" in text


def test_records_of_a_shared_member_get_members_of_their_own(tmp_path: Path, whole: Path) -> None:
    plain = gzip.decompress(whole.read_bytes())
    done = repaired(tmp_path, gzip.compress(plain))
    assert done.count("repacked") == done.records == 13 and done.copied == 0
    assert [content(record) for record in iter_records(done.out)][:13] == [content(r) for r in iter_records(whole)]
    assert check_file(done.out).problems == ()
    torn = repaired(tmp_path, gzip.compress(plain)[:-300])
    assert 0 < torn.records < 13 and torn.count("left out") == 1 and torn.count("doubtful") == 0
    changed = bytearray(gzip.compress(plain, 0))
    changed[changed.index(b"page 2")] ^= 1
    doubted = repaired(tmp_path, bytes(changed))
    assert [note.action for note in doubted.notes if note.action != "repacked"].count("doubtful") > 3
    assert "gzip member is damaged" in next(note.reason for note in doubted.notes if note.action == "doubtful")


def test_plain_files_are_repaired_and_packed_or_not(tmp_path: Path, whole: Path) -> None:
    plain = gzip.decompress(whole.read_bytes())
    same = repaired(tmp_path, plain, "x.warc", "fixed.warc")
    assert same.out.read_bytes() == plain and same.copied == 13
    packed = repaired(tmp_path, plain, "x.warc")
    assert gzip.decompress(packed.out.read_bytes()) == plain
    damaged = repaired(tmp_path, plain.replace(b"page 2", b"pagE 2"), "x.warc", "fixed.warc")
    assert [note.action for note in damaged.notes] == ["left out"] and "digest" in damaged.notes[0].reason
    headless = repaired(tmp_path, b"XXXX" + plain[4:], "x.warc")
    assert headless.records == 12 and headless.notes[0].offset == 0


def test_missing_line_ends_are_mended_and_said(tmp_path: Path, whole: Path) -> None:
    plain = gzip.decompress(whole.read_bytes())
    done = repaired(tmp_path, plain[:-3], "x.warc")
    assert [(note.action, note.reason) for note in done.notes] == [
        ("mended", "3 of the 4 bytes after the block are missing")
    ]
    assert done.records == 13 and check_file(done.out).ok


def test_large_records_are_repacked_too(tmp_path: Path) -> None:
    path = closed_file(tmp_path, samples()["spooled body"])
    done = repaired(tmp_path, gzip.compress(gzip.decompress(path.read_bytes()), 1))
    assert done.records == 4 and check_file(done.out).problems == ()


def test_what_cannot_be_repaired_leaves_nothing_behind(tmp_path: Path, whole: Path) -> None:
    with pytest.raises(WarcDamaged, match="no record of it is whole"):
        repaired(tmp_path, b"<html>not a WARC</html>")
    with pytest.raises(NotFound):
        repair(tmp_path / "none.warc.gz", tmp_path / "fixed.warc.gz", NOON)
    with pytest.raises(UsageError, match=r"end in \.warc"):
        repair(whole, tmp_path / "fixed.gz", NOON)
    with pytest.raises(UsageError, match="no folder"):
        repair(whole, tmp_path / "none" / "fixed.warc.gz", NOON)
    with pytest.raises(UsageError, match="there already"):
        repair(whole, whole, NOON)
    assert [path.name for path in tmp_path.iterdir()] == ["x.warc.gz"]
