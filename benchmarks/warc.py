"""WARC writing, checking and random reading, ours and warcio's, in one run: `python benchmarks/warc.py [--pages DIR]`.

Pages are the files of a folder (.html or .html.gz), or generated. Each is written as a response of a server that
sends it plain and, in a second table, of one that sends it gzip-encoded (most do): what is compressed already cannot
get smaller. warcio writes the same response, request and metadata with its defaults (level 9), digests included on
both sides. Read the ratios, since the machine is not the point; every number is the best of --rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import random
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from warcio.checker import Checker
from warcio.statusandheaders import StatusAndHeadersParser
from warcio.warcwriter import WARCWriter

from archive.model import Exchange
from archive.store import LocalStore
from archive.verify import verify_files
from archive.warc.captures import captures_in
from archive.warc.check import check_file
from archive.warc.reader import read_exchange_block
from archive.warc.writer import WarcInfo, WarcWriter
from archive.wire import Wire

T = TypeVar("T")
MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


def main() -> None:
    options = _options()
    pages = list(_pages(options.pages, options.count))
    size = sum(map(len, pages))
    print(f"{len(pages)} pages, {size / 1e6:.1f} MB, median {statistics.median(map(len, pages)) / 1e3:.0f} kB")
    for coding in (None, "gzip"):
        exchanges = [_exchange(number, page, coding) for number, page in enumerate(pages)]
        _table(coding or "plain", exchanges, options)


def _table(name: str, exchanges: list[Exchange], options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        print(f"\nresponses sent {name}")
        ours_s, ours = _best(lambda: _write_ours(root, exchanges), options.rounds)
        theirs_s, theirs = _best(lambda: _write_theirs(root / "theirs.warc.gz", exchanges), options.rounds)
        total = sum(item.response.size for item in exchanges)
        for who, seconds, path in (("ours", ours_s, ours), ("warcio", theirs_s, theirs)):
            print(
                f"  write   {who:7} {len(exchanges) / seconds:8.0f} exchanges/s {total / seconds / 1e6:7.0f} MB/s"
                f" {path.stat().st_size / 1e6:8.2f} MB"
            )
        print(f"  write   ours is {theirs_s / ours_s:.1f} times as fast, file {_percent(ours, theirs)} in size")
        _checks(ours, options)
        _reads(root, ours)


def _checks(path: Path, options: argparse.Namespace) -> None:
    ours_s, report = _best(lambda: check_file(path), options.rounds)
    theirs_s, _ = _best(lambda: _check_theirs(path), options.rounds)
    assert report.ok, report.problems[:3]
    ratio, rate = theirs_s / ours_s, report.records / ours_s
    print(f"  verify  ours is {ratio:.1f} times as fast as `warcio check` ({rate:.0f} records/s)")
    copies = [path.with_name(f"copy{number}.warc.gz") for number in range(24)]
    for copy in copies:
        copy.hardlink_to(path)
    one_s, _ = _best(lambda: list(verify_files(copies, workers=1)), 1)
    two_s, _ = _best(lambda: list(verify_files(copies, workers=2)), 1)
    print(f"  verify  {len(copies)} files: 2 processes are {one_s / two_s:.2f} times as fast as one")


def _reads(root: Path, path: Path) -> None:
    captures = [item for item in captures_in(path, "x") if item.record_type == "response"]
    random.Random(1).shuffle(captures)
    times = []
    for capture in captures[:500]:
        start = time.perf_counter()
        read_exchange_block(path, capture.warc_offset)
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    median, most = statistics.median(times), times[len(times) * 95 // 100]
    print(f"  read    by offset, down to the body: median {median:.2f} ms, 95 % {most:.2f} ms")


def _write_ours(root: Path, exchanges: list[Exchange]) -> Path:
    info = WarcInfo("bench", "run", "pressmark", None, "-")
    out = WarcWriter(LocalStore(root), info, clock=lambda: MOMENT)
    for item in exchanges:
        out.write(item)
    (name,) = out.close()
    return root / name


def _write_theirs(path: Path, exchanges: list[Exchange]) -> Path:
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
    return path


def _check_theirs(path: Path) -> None:
    checker = Checker(argparse.Namespace(inputs=[str(path)], verbose=False))
    with contextlib.redirect_stdout(io.StringIO()):
        checker.process_all()


def _exchange(number: int, page: bytes, coding: str | None) -> Exchange:
    body = gzip.compress(page, 6, mtime=0) if coding else page
    fields = [
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Server: nginx",
        "Date: Sun, 22 Nov 2026 12:00:00 GMT",
        f'ETag: "{number:x}"',
        *([f"Content-Encoding: {coding}"] if coding else []),
    ]
    head = "HTTP/1.1 200 OK\r\n" + "".join(field + "\r\n" for field in fields)
    path = f"/2026/11/22/story-{number}"
    uri = "https://news.example" + path
    request = f"GET {path} HTTP/1.1\r\nHost: news.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n".encode()
    wire = Wire()
    wire.write(head.encode() + b"\r\n" + body)
    return Exchange(uri, "GET", MOMENT, 80, request, wire, ip_address="192.0.2.1")


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


def _best(action: Callable[[], T], rounds: int) -> tuple[float, T]:
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        result = action()
        best = min(best, time.perf_counter() - start)
    return best, result


def _percent(ours: Path, theirs: Path) -> str:
    return f"{(ours.stat().st_size / theirs.stat().st_size - 1) * 100:+.1f} %"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, help="a folder of .html or .html.gz files")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
