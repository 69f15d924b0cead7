"""Repair keeps every whole record as it is, names everything it leaves out, and never touches the damaged file."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from archive.custody.repair import Note, Repaired, repair
from archive.custody.verify import check_file
from archive.errors import NotFound, UsageError, WarcDamaged
from archive.warc.reader import Record, iter_records
from tests.archive.warc_samples import NOON, closed_file, exchange, head, samples


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    return closed_file(folder, *(exchange(head() + b"page %d" % number) for number in range(4)))


ADDED = re.compile(rb"closedBy: repair|software: pressmark warc repair")


def repaired(tmp_path: Path, data: bytes, name: str = "x.warc.gz", out: str = "fixed.warc.gz") -> Repaired:
    (tmp_path / name).write_bytes(data)
    (tmp_path / out).unlink(missing_ok=True)
    done = repair(tmp_path / name, tmp_path / out, NOON)
    assert (tmp_path / name).read_bytes() == data
    return done


def content(record: Record) -> tuple[object, ...]:
    return record.headers, record.block


def kept_ids(done: Repaired) -> list[str]:
    """In their order, without the records that repair adds."""
    return [record.record_id for record in iter_records(done.out) if not ADDED.search(record.block)]


def damage(done: Repaired) -> list[Note]:
    """What the damaged file itself is to blame for."""
    return [note for note in done.notes if note.action != "replaced"]


def test_a_whole_file_is_copied_byte_for_byte(tmp_path: Path, whole: Path) -> None:
    done = repaired(tmp_path, whole.read_bytes())
    assert (done.notes, done.records, done.copied) == ([], 14, 14)
    assert done.out.read_bytes() == whole.read_bytes()


def test_every_flipped_byte_costs_its_own_record_at_most_and_is_named(tmp_path: Path, whole: Path) -> None:
    data = whole.read_bytes()
    records = list(iter_records(whole))
    last = records[-1]
    originals = {record.record_id: content(record) for record in records}
    for at in range(0, len(data), 31):
        owner = max((record for record in records if record.offset <= at), key=lambda record: record.offset)
        done = repaired(tmp_path, data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        expected = {record.record_id for record in records if record not in (owner, last)}
        assert expected <= set(kept_ids(done)), f"byte {at}"
        for record in iter_records(done.out):
            assert originals.get(record.record_id, content(record)) == content(record), f"byte {at}"
        assert all(owner.offset <= note.offset < owner.offset + owner.length for note in damage(done))
        lost = done.notes[0].action == "left out"
        assert lost != (owner.record_id in kept_ids(done)), f"byte {at}"
        assert [note.offset for note in done.notes if note.action == "replaced"] == (
            [last.offset] if lost and owner is not last else []
        )
        assert {problem.code for problem in check_file(done.out).problems} <= {"concurrent-to", "no-warcinfo"}


def test_every_cut_loses_only_the_torn_record(tmp_path: Path, whole: Path) -> None:
    data = whole.read_bytes()
    records = list(iter_records(whole))
    for length in [*range(records[1].offset + 1, len(data), 53), *(record.offset for record in records[2:])]:
        done = repaired(tmp_path, data[:length])
        inside = [record for record in records if record.offset + record.length <= length]
        assert kept_ids(done) == [record.record_id for record in inside]
        end = inside[-1].offset + inside[-1].length
        assert [(note.action, note.offset, note.size_bytes) for note in done.notes] == (
            [("left out", end, length - end)] if end < length else [("missing", end, 0)]
        )


def test_what_is_copied_and_what_is_left_out_make_up_the_whole_file(tmp_path: Path, whole: Path) -> None:
    data = bytearray(whole.read_bytes())
    records = list(iter_records(whole))
    data[records[3].offset : records[5].offset + 20] = bytes(records[5].offset + 20 - records[3].offset)
    data[records[9].offset + 60] ^= 8
    done = repaired(tmp_path, bytes(data) + b"garbage at the end")
    left = sum(records[number].length for number in (3, 4, 5, 9)) + len(b"garbage at the end")
    assert done.left_out_bytes == left
    assert kept_ids(done) == [
        record.record_id for at, record in enumerate(records) if at not in (3, 4, 5, 9, 13)
    ]  # the last one is replaced
    assert [note.offset for note in damage(done)] == [records[3].offset, records[9].offset, len(data)]


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
    assert done.count("repacked") == done.records == 14 and done.copied == 0
    assert [content(record) for record in iter_records(done.out)][:14] == [content(r) for r in iter_records(whole)]
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
    assert same.out.read_bytes() == plain and same.copied == 14
    packed = repaired(tmp_path, plain, "x.warc")
    assert gzip.decompress(packed.out.read_bytes()) == plain
    damaged = repaired(tmp_path, plain.replace(b"page 2", b"pagE 2"), "x.warc", "fixed.warc")
    assert [note.action for note in damage(damaged)] == ["left out"] and "digest" in damaged.notes[0].reason
    headless = repaired(tmp_path, b"XXXX" + plain[4:], "x.warc")
    assert headless.records == 12 and headless.notes[0].offset == 0


def test_missing_line_ends_are_mended_and_said(tmp_path: Path, whole: Path) -> None:
    done = repaired(tmp_path, gzip.decompress(whole.read_bytes())[:-3], "x.warc")
    assert [(note.action, note.reason) for note in done.notes] == [
        ("mended", "3 of the 4 bytes after the block are missing")
    ]
    assert done.records == 14 and check_file(done.out).ok


def test_a_record_without_its_line_ends_is_left_out_where_nothing_proves_its_block(tmp_path: Path, whole: Path) -> None:
    plain = gzip.decompress(whole.read_bytes())
    before, after = plain.rsplit(b"WARC-Block-Digest: ", 1)
    unproven = repaired(tmp_path, before + after.split(b"\r\n", 1)[1][:-3], "x.warc")
    assert [(note.action, note.reason) for note in damage(unproven)] == [
        ("left out", "3 of the 4 bytes after the block are missing")
    ]
    longer = repaired(tmp_path, plain[:-4] + b"more\r\n\r\n", "x.warc")  # it has its digest, and goes on
    assert damage(longer)[0].action == "left out"
    assert "no two line ends after the block" in damage(longer)[0].reason


def test_a_member_that_holds_no_record_is_left_out_whole(tmp_path: Path, whole: Path) -> None:
    data, record = whole.read_bytes(), list(iter_records(whole))[3]
    member = gzip.compress(b"WARC/1.1\r\nContent-Length: none\r\n\r\n")
    done = repaired(tmp_path, data[: record.offset] + member + data[record.offset + record.length :])
    assert damage(done)[0].offset == record.offset
    assert (damage(done)[0].action, done.left_out_bytes) == ("left out", len(member))


def test_large_records_are_repacked_too(tmp_path: Path) -> None:
    path = closed_file(tmp_path, samples()["spooled body"])
    done = repaired(tmp_path, gzip.compress(gzip.decompress(path.read_bytes()), 1))
    assert done.records == 5 and check_file(done.out).problems == ()


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


def test_what_is_not_there_any_more_is_said_and_the_new_file_stands_by_itself(tmp_path: Path, whole: Path) -> None:
    data = whole.read_bytes()
    records = list(iter_records(whole))
    members = [data[record.offset : record.offset + record.length] for record in records]
    gone, swapped = (
        b"".join([*members[:4], *members[5:]]),
        b"".join([*members[:4], members[5], members[4], *members[6:]]),
    )
    for changed, places in (
        (gone, [records[4].offset]),
        (swapped, [records[4].offset, records[4].offset + len(members[5])]),
    ):
        done = repaired(tmp_path, changed)
        assert [
            note.offset for note in done.notes if note.action == "missing" and "written at" in note.reason
        ] == places
        assert "missing: byte" in list(iter_records(done.out))[-1].block.decode()
        assert {problem.code for problem in check_file(done.out).problems} <= {"concurrent-to"}


def test_damage_in_files_put_together_is_repaired_file_by_file(tmp_path: Path, whole: Path) -> None:
    other = closed_file(tmp_path / "other", samples()["plain"]).read_bytes()
    data, last = bytearray(whole.read_bytes()), list(iter_records(whole))[-1]
    data[list(iter_records(whole))[3].offset + 60] ^= 8  # a metadata record, which nothing refers to
    for first in (data, data[: last.offset]):
        done = repaired(tmp_path, bytes(first) + other)
        assert check_file(done.out).problems == () and done.count("left out") == 1
