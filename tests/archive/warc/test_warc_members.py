"""Members read whole and members read as streams are the same, and nothing hides in what is read whole."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.warc import deflating, members
from archive.warc.check import check_file
from archive.warc.members import HEADER_BYTES, MemberError, MemberReader
from archive.warc.packing import Packed, pack, pack_pieces
from tests.archive.warc_samples import closed_file, samples

RECORD = b"WARC/1.1\r\nContent-Length: 40000\r\n\r\n" + b"0123456789" * 4000 + b"\r\n\r\n"


def content(path: Path) -> bytes:
    """What the member at the start of a file holds."""
    with _descriptor(path) as fd:
        member = MemberReader(fd, 0)
        return b"".join(iter(member.read, b"")) + repr((member.end, member.changed(), member.place)).encode()


@given(st.binary(max_size=3000), st.integers(1, 40))
def test_what_is_read_whole_is_what_is_read_as_a_stream(
    tmp_path_factory: pytest.TempPathFactory, part: bytes, n: int
) -> None:
    path = tmp_path_factory.mktemp("members") / "x.gz"
    record = part * n
    for packed in (pack(record), pack_pieces([record])):
        path.write_bytes(b"".join(packed.pieces(0)))
        whole = content(path)
        with pytest.MonkeyPatch.context() as streams:
            streams.setattr(members, "inflated", lambda *_: None)
            assert content(path) == whole
        assert whole.startswith(record)


def test_bytes_hidden_behind_the_end_of_a_stream_are_found(tmp_path: Path) -> None:
    """A member that says it goes on, with a trailer that fits before the hidden bytes and once more behind them."""
    first, second, *others = _members(closed_file(tmp_path, samples()["plain"]))
    data, trailer = second[HEADER_BYTES:-8], second[-8:]
    longer = data + trailer + b"hidden" * 5
    forged = b"".join(Packed(longer, deflating.crc32(longer), trailer).pieces(len(first)))
    path = tmp_path / "forged.warc.gz"
    path.write_bytes(b"".join([first, forged, *others]))
    problems = [(problem.offset, problem.code) for problem in check_file(path).problems]
    assert (len(first), "compressed-bytes") in problems
    assert (len(first) + HEADER_BYTES + len(data) + 8, "not-gzip") in problems


def test_a_size_that_lies_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(b"".join(pack(RECORD).pieces(0))[:-4] + (1 << 31).to_bytes(4, "little"))
    with _descriptor(path) as fd:
        tracemalloc.start()
        with pytest.raises(MemberError, match="damaged"):
            MemberReader(fd, 0).read()
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
        tracemalloc.stop()


def _members(path: Path) -> list[bytes]:
    data, found = path.read_bytes(), []
    with _descriptor(path) as fd:
        at = 0
        while at < len(data):
            member = MemberReader(fd, at)
            while member.read():
                pass
            assert member.end is not None
            found.append(data[at : member.end])
            at = member.end
    return found


@contextmanager
def _descriptor(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)
