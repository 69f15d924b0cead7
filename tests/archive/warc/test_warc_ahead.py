"""A large block is compressed on another core while its record's head is made: the same records, the same errors."""

from __future__ import annotations

import gzip
import random
import threading
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator

from archive.errors import DiskFull
from archive.folder.store import LocalStore
from archive.http.wire import Wire
from archive.warc.ahead import Ahead
from archive.warc.check import check_file
from archive.warc.deflating import is_packed_already
from archive.warc.reader import iter_records
from tests.archive.warc_samples import chunked, exchange, head, writer

_CHANCE = random.Random(5)
LARGE = head("200 OK", "Content-Type: text/plain") + "".join(_CHANCE.choices("abcdefgh \n", k=90_000)).encode()


@pytest.fixture(params=[1, 2], ids=["one core", "two cores"])
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    count: int = request.param
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(count)))
    return count


@pytest.mark.parametrize("spool_bytes", [1 << 20, 1 << 12], ids=["in memory", "on disk"])
def test_a_large_block_is_the_same_however_many_cores_there_are(tmp_path: Path, cores: int, spool_bytes: int) -> None:
    wire = Wire(spool_bytes=spool_bytes)
    wire.write(LARGE)
    out = writer(tmp_path)
    capture = out.write(exchange(wire))
    assert (_threads() != []) is (cores > 1)
    out.close()
    assert capture is not None
    path = LocalStore(tmp_path).find(capture.warc_file)
    assert [record.block for record in iter_records(path)][1] == LARGE
    assert check_file(path).problems == ()
    assert path.stat().st_size < len(LARGE) // 2
    with path.open("rb") as file:
        assert all(record.verify_block_digest() for record in ArchiveIterator(file, parse_http=False))


def test_what_fails_on_the_other_core_is_raised_where_the_exchange_is_written(
    tmp_path: Path, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = writer(tmp_path)
    first = out.write(exchange(LARGE))
    assert first is not None
    with monkeypatch.context() as broken:
        broken.setattr("archive.warc.deflating.deflate.deflate_compress", _no_disk)
        with pytest.raises(DiskFull, match="No space left"):
            out.write(exchange(LARGE))
    second = out.write(exchange(LARGE))
    out.close()
    assert second is not None
    report = check_file(LocalStore(tmp_path).find(first.warc_file))
    assert (report.records, report.problems) == (1 + 3 + 3 + 1, ())


def test_no_thread_outlives_a_closed_writer(tmp_path: Path) -> None:
    out = writer(tmp_path)
    out.write(exchange(LARGE))
    out.close()
    assert _threads() == []
    out.write(exchange(LARGE))  # a new file, and a new thread
    out.close()
    assert _threads() == []


def test_small_blocks_and_those_that_are_compressed_already_are_not_handed_over() -> None:
    ahead = Ahead()
    for block in (b"", LARGE[: 1 << 14], _CHANCE.randbytes(1 << 17)):
        assert ahead.begin(Wire(block)).rest is None
    assert _threads() == []


def test_a_gzip_body_is_known_by_its_first_bytes() -> None:
    gzipped = gzip.compress(LARGE, 0, mtime=0)  # no sample would tell
    for body, known in ((gzipped, True), (chunked(gzipped), True), (b"<p>" + gzipped, False)):
        assert is_packed_already(Wire(head("200 OK", "Content-Encoding: gzip") + body)) is known


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("warc-compress")]


def _no_disk(*_: object) -> bytes:
    raise OSError(28, "No space left on device")
