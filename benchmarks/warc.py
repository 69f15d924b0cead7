"""WARC writing, checking and random reading, ours and warcio's, in one run: `python benchmarks/warc.py [--pages DIR]`.

Pages are the files of a folder (.html or .html.gz), or generated. Each is written as the response of a server that
sends it plain; in a second table of one that sends gzip, as most do that are asked for it: what is compressed already
cannot get smaller; and in a third of servers of both kinds in turn, a third of them chunked. warcio writes the same
response, request and metadata with its defaults (level 9), digests included on both sides. Ours and warcio's take
turns, and the best of --rounds counts, by the clock and in CPU time. Read the ratios, since the machine is not the
point.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import os
import random
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from warcio.checker import Checker
from warcio.statusandheaders import StatusAndHeadersParser
from warcio.warcwriter import WARCWriter

from archive.custody.verify import verify_files
from archive.folder.store import LocalStore
from archive.http.wire import Wire
from archive.model import Exchange
from archive.warc.captures import captures_in
from archive.warc.check import check_file
from archive.warc.reader import read_exchange_block
from archive.warc.writer import WarcInfo, WarcWriter

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda page: page,
    "gzip": lambda page: gzip.compress(page, 6, mtime=0),
}
MIXED = "mixed"


@dataclass(frozen=True)
class Cost:
    """What one action took: by the clock, and of this process's CPU."""

    seconds: float
    cpu: float

    def over(self, other: Cost) -> str:
        return f"{self.seconds / other.seconds:4.1f} x ({self.cpu / other.cpu:.1f} x in CPU time)"


def main() -> None:
    options = _options()
    pages = list(_pages(options.pages, options.count))
    size = sum(map(len, pages))
    print(f"{len(pages)} pages, {size / 1e6:.1f} MB, median {statistics.median(map(len, pages)) / 1e3:.0f} kB")
    with tempfile.TemporaryDirectory() as folder:
        files = [_table(Path(folder), coding, pages, options.rounds) for coding in options.sent]
        _parallel(files, Path(folder))


def _table(root: Path, coding: str, pages: list[bytes], rounds: int) -> Path:
    """Write, verify and read one set of responses; returns our file."""
    exchanges = [_exchange(number, page, coding) for number, page in enumerate(pages)]
    total = sum(item.response.size for item in exchanges)
    ours, theirs = root / f"{coding}.warc.gz", root / f"{coding}-warcio.warc.gz"
    print(f"\nresponses sent {coding}, {total / 1e6:.1f} MB")

    costs = _turns(lambda: _write_ours(ours, exchanges), lambda: _write_theirs(theirs, exchanges), rounds)
    for who, cost, path in zip(("ours", "warcio"), costs, (ours, theirs), strict=True):
        rate, megabytes = 3 * len(exchanges) / cost.seconds, total / cost.seconds / 1e6
        print(f"  write   {who:7}{rate:7.0f} records/s {megabytes:6.0f} MB/s {path.stat().st_size / 1e6:8.2f} MB")
    larger = (ours.stat().st_size / theirs.stat().st_size - 1) * 100
    print(f"  write   ours is {costs[1].over(costs[0])} as fast, its file {larger:+.1f} % in size")

    report = check_file(ours)
    assert report.ok, report.problems[:3]
    costs = _turns(lambda: check_file(ours), lambda: _check_theirs(ours), rounds)
    for who, cost in zip(("ours", "warcio"), costs, strict=True):
        print(f"  verify  {who:7}{report.records / cost.seconds:7.0f} records/s {total / cost.seconds / 1e6:6.0f} MB/s")
    print(f"  verify  ours is {costs[1].over(costs[0])} as fast as `warcio check`, one process each")
    _reads(ours)
    return ours


def _parallel(files: list[Path], root: Path) -> None:
    """Many files over one process and over two."""
    copies = [root / f"copy{number}-{file.name}" for file in files for number in range(16)]
    for copy in copies:
        copy.hardlink_to(root / copy.name.partition("-")[2])
    (alone, alone_cpu), (both, both_cpu) = (_verified_by(workers, copies) for workers in (1, 2))
    print(f"\nverify {len(copies)} files: one process {alone:.1f} s ({alone_cpu:.1f} s of CPU),", end=" ")
    print(f"two {both:.1f} s ({both_cpu / 2:.1f} s of CPU each): {alone / both:.2f} x as fast")


def _verified_by(workers: int, files: list[Path]) -> tuple[float, float]:
    """Seconds by the clock and of CPU, that of all processes and their start included; the better of two."""
    found = []
    for _ in range(2):
        start, before = time.perf_counter(), os.times()
        assert all(report.records for report in verify_files(files, workers=workers))
        found.append((time.perf_counter() - start, sum(os.times()[:4]) - sum(before[:4])))
    return min(found)


def _reads(path: Path) -> None:
    captures = [item for item in captures_in(path, "x") if item.record_type == "response"]
    random.Random(1).shuffle(captures)
    times = []
    for capture in captures[:500]:
        start = time.perf_counter()
        read_exchange_block(path, capture.warc_offset)
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    median, most = statistics.median(times), times[len(times) * 95 // 100]
    print(f"  read    by offset, down to the decoded body: median {median:.2f} ms, 95 % {most:.2f} ms")


def _turns(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[Cost, Cost]:
    """The best of each, in turn, so that what else the machine does meets both alike."""
    best = [Cost(float("inf"), float("inf"))] * 2
    for _ in range(rounds):
        for number, action in enumerate((ours, theirs)):
            start, cpu = time.perf_counter(), time.process_time()
            action()
            seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
            best[number] = Cost(min(best[number].seconds, seconds), min(best[number].cpu, cpu))
    return best[0], best[1]


def _write_ours(path: Path, exchanges: list[Exchange]) -> None:
    info = WarcInfo("bench", "run", "pressmark", None, "-")
    out = WarcWriter(LocalStore(path.parent), info, clock=lambda: MOMENT)
    for item in exchanges:
        out.write(item)
    (name,) = out.close()
    (path.parent / name).rename(path)


def _write_theirs(path: Path, exchanges: list[Exchange]) -> None:
    with path.open("wb") as file:
        out = WARCWriter(file, gzip=True)
        parser = StatusAndHeadersParser(["HTTP/1.1"])
        for item in exchanges:
            stream = io.BytesIO(item.response.getvalue())
            headers = parser.parse(stream)
            record = out.create_warc_record(item.target_uri, "response", payload=stream, http_headers=headers)
            request = out.create_warc_record(item.target_uri, "request", payload=io.BytesIO(item.request))
            out.write_request_response_pair(request, record)
            fields = out.create_warc_record(item.target_uri, "metadata", payload=io.BytesIO(b"fetchTimeMs: 80\r\n"))
            out.write_record(fields)
        file.flush()
        os.fsync(file.fileno())  # as ours, whose file is durable when it is closed


def _check_theirs(path: Path) -> None:
    checker = Checker(argparse.Namespace(inputs=[str(path)], verbose=False))
    with contextlib.redirect_stdout(io.StringIO()):
        checker.process_all()


def _exchange(number: int, page: bytes, coding: str) -> Exchange:
    mixed = coding == MIXED
    if mixed:
        coding = "plain" if number % 2 else "gzip"
    body = CODINGS[coding](page)
    framing = f"Content-Length: {len(body)}"
    if mixed and number % 3 == 1:
        framing, body = "Transfer-Encoding: chunked", _chunked(body)
    fields = [
        "Content-Type: text/html; charset=utf-8",
        framing,
        "Server: nginx",
        "Date: Sun, 22 Nov 2026 12:00:00 GMT",
        f'ETag: "{number:x}"',
        *([] if coding == "plain" else [f"Content-Encoding: {coding}"]),
    ]
    head = "HTTP/1.1 200 OK\r\n" + "".join(field + "\r\n" for field in fields)
    path = f"/2026/11/22/story-{number}"
    uri = "https://news.example" + path
    request = f"GET {path} HTTP/1.1\r\nHost: news.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n".encode()
    wire = Wire()
    wire.write(head.encode() + b"\r\n" + body)
    return Exchange(uri, "GET", MOMENT, 80, request, wire, ip_address="192.0.2.1")


def _chunked(body: bytes, size: int = 1 << 14) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def _pages(folder: Path | None, count: int) -> Iterable[bytes]:
    if folder is None:
        yield from (_generated(number) for number in range(count))
        return
    for path in sorted(folder.iterdir())[:count]:
        data = path.read_bytes()
        yield gzip.decompress(data) if path.suffix == ".gz" else data


def _generated(number: int) -> bytes:
    """A page as compressible as news pages are: repeated templates, changing words."""
    chance = random.Random(number)
    words = [f"{zlib.crc32(str(n).encode()):x}"[: 2 + n % 7] for n in range(3000)]
    paragraphs = [" ".join(chance.choices(words, k=60)) for _ in range(60)]
    boxes = "".join(
        f'<div class="teaser item-{n}"><a href="/story/{chance.random()}">{words[n]}</a></div>\n' for n in range(300)
    )
    return ("<html><body>" + boxes + "".join(f"<p>{text}</p>\n" for text in paragraphs) + "</body></html>").encode()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, help="a folder of .html or .html.gz files")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    ways = [*CODINGS, MIXED]
    parser.add_argument("--sent", nargs="+", choices=ways, default=ways, help="how servers send the pages")
    return parser.parse_args()


if __name__ == "__main__":
    main()
