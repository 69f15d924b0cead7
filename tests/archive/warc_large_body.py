"""Write and read back 60 MB in this process and print by how many KB its peak memory grew."""

import resource
import sys
from pathlib import Path

from archive.store import LocalStore
from archive.warc.check import check_file
from archive.warc.reader import read_record
from archive.wire import Wire
from tests.archive.warc_samples import closed_file, exchange, head, writer


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(root: Path) -> None:
    closed_file(root, exchange(head() + b"warm up"))
    size = 60 << 20
    wire = Wire()
    wire.write(head("200 OK", f"Content-Length: {size}"))
    piece = bytes(range(256)) * 1024
    before = peak()
    for _ in range(size // len(piece)):
        wire.write(piece)
    out = writer(root)
    capture = out.write(exchange(wire))
    out.close()
    assert capture is not None
    path = LocalStore(root).find(capture.warc_file)
    assert read_record(path, capture.warc_offset).wire.size == wire.size
    assert check_file(path).problems == ()
    print(peak() - before)


main(Path(sys.argv[1]))
