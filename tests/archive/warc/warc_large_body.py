"""Keep a response of many MB, verify it and read it back; print by how many KB this process's peak memory grew."""

import resource
import sys
from pathlib import Path

from archive.folder.store import LocalStore
from archive.http.wire import Wire
from archive.warc.captures import captures_in
from archive.warc.check import check_file
from archive.warc.reader import read_exchange_block, read_record
from tests.archive.warc_samples import closed_file, exchange, head, writer

PIECE = bytes(range(256)) * 1024


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def keep(root: Path, wire: Wire) -> None:
    out = writer(root)
    capture = out.write(exchange(wire))
    out.close()
    assert capture is not None
    path = LocalStore(root).find(capture.warc_file)
    assert check_file(path).problems == ()
    assert list(captures_in(path, capture.warc_file)) == [capture]
    assert read_record(path, capture.warc_offset).wire.size == wire.size
    assert len(read_exchange_block(path, capture.warc_offset, max_bytes=1 << 20).body) <= 1 << 20


def response(size: int) -> Wire:
    wire = Wire()
    wire.write(head("200 OK", f"Content-Length: {size}"))
    for _ in range(size // len(PIECE)):
        wire.write(PIECE)
    return wire


def main(root: Path, size: int) -> None:
    closed_file(root / "warm up", exchange(head() + b"warm up"))
    keep(root / "small", response(2 * len(PIECE)))
    before = peak()
    keep(root / "large", response(size))
    print(peak() - before)


main(Path(sys.argv[1]), int(sys.argv[2]) << 20)
