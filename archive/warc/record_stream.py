"""Decompressed bytes cut into WARC records: where each begins and ends, its header, what is wrong with it.

`RecordStream` goes on after a fault; `reader` raises at the first, `check` and `salvage` name them all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from archive.http.wire import Wire
from archive.warc.members import MAGIC

VERSIONS = ("WARC/1.1", "WARC/1.0", "WARC/0.18", "WARC/0.17")
MAX_HEADER_BYTES = 1 << 20
_PIECE_BYTES = 1 << 18
# A line about which nothing is special. `parse_record_head` reads the others one by one.
_SIMPLE_LINE = re.compile(r"\r\n([!-9;-~]+): ([!-~][ -~]*)(?=\r\n|\Z)")
_USUAL_VERSIONS = (b"WARC/1.1\r\n", b"WARC/1.0\r\n")


class RecordError(Exception):
    """A record cannot be read on: `code` for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(slots=True)
class RawRecord:
    """A record as it stands, with what was wrong with it that did not stop the reading: (code, message)."""

    version: str
    headers: tuple[tuple[str, str], ...]
    wire: Wire
    problems: list[tuple[str, str]]
    first: dict[str, str]  # lower-case name → its first value
    head: bytes = b""  # as it stands, without the blank line after it

    def value(self, name: str) -> str | None:
        return self.first.get(name.lower())

    def values(self, name: str) -> list[str]:
        """All values of a header, in order."""
        wanted = name.lower()
        if len(self.first) == len(self.headers):  # none is given twice
            return [self.first[wanted]] if wanted in self.first else []
        return [value for key, value in self.headers if key.lower() == wanted]


class RecordStream:
    """Cuts decompressed bytes, as `read` gives them, into records. `read` gives b"" at the end."""

    def __init__(self, read: Callable[[], bytes | bytearray]) -> None:
        self._read = read
        self._buffer: bytes | bytearray = b""
        self._at = 0  # what is before it in the buffer has been given out
        self._read_bytes = 0

    @property
    def position(self) -> int:
        """Of the next byte, in decompressed bytes."""
        return self._read_bytes - self._left

    @property
    def _left(self) -> int:
        return len(self._buffer) - self._at

    def at_end(self) -> bool:
        """Whether nothing more comes."""
        return not self._left and not self._fill()

    def next(self) -> RawRecord:
        """Read one record with its block and the two line ends after it. Raises RecordError, MemberError."""
        head = self._take_head()
        version, headers, problems = parse_record_head(head)
        first = {name.lower(): value for name, value in reversed(headers)}
        length = _content_length(first.get("content-length"))
        wire = self._take_block(length)
        end = self._take(4)
        if end != b"\r\n\r\n":
            if len(end) < 4:
                problems.append(("record-end", f"{4 - len(end)} of the 4 bytes after the block are missing"))
            else:
                problems.append(("record-end", f"no two line ends after the block, but {end!r}"))
        return RawRecord(version, headers, wire, problems, first, head)

    def skip(self) -> None:
        """Read to the end."""
        self._at = len(self._buffer)
        while self._fill():
            self._at = len(self._buffer)

    def _fill(self) -> bool:
        piece = self._read()
        self._buffer = self._buffer[self._at :] + piece if self._left else piece
        self._at = 0
        self._read_bytes += len(piece)
        return bool(piece)

    def _take_head(self) -> bytes:
        while (end := self._buffer.find(b"\r\n\r\n", self._at)) < 0:
            if self._left >= 5 and not self._buffer.startswith(b"WARC/", self._at):
                break
            if self._left > MAX_HEADER_BYTES or not self._fill():
                break
        if not self._buffer.startswith(b"WARC/", self._at):
            found = bytes(self._buffer[self._at : self._at + 12])
            raise RecordError("not-warc", f"a record must start with WARC/, this one with {found!r}")
        if end < 0:
            raise RecordError("header", "record header has no end")
        return self._take(end + 4 - self._at)[:-4]

    def _take(self, size: int) -> bytes:
        while self._left < size and self._fill():
            pass
        taken = bytes(memoryview(self._buffer)[self._at : self._at + size])
        self._at += len(taken)
        return taken

    def _take_block(self, length: int) -> Wire:
        if self._left >= length > len(self._buffer) // 2:  # a smaller block must not hold on to the whole buffer
            self._at += length
            return Wire(memoryview(self._buffer)[self._at - length : self._at])
        if self._left >= length:
            return Wire(self._take(length))
        wire = Wire()
        while wire.size < length:
            if self.at_end():
                raise RecordError("content-length", f"block ends after {wire.size} of {length} bytes")
            wire.write(self._take(min(self._left, length - wire.size)))
        return wire


def parse_record_head(head: bytes) -> tuple[str, tuple[tuple[str, str], ...], list[tuple[str, str]]]:
    """Version, headers (folded lines joined) and problems of a record's header, without its blank line."""
    text = head.decode("utf-8", errors="replace")
    simple = _SIMPLE_LINE.findall(text)
    if len(simple) == head.count(b"\n") and head.startswith(_USUAL_VERSIONS) and b" \r" not in head + b"\r":
        return text[:8], tuple(simple), []
    lines = text.split("\r\n")
    headers: list[tuple[str, str]] = []
    problems: list[tuple[str, str]] = []
    if lines[0] not in VERSIONS:
        problems.append(("version", f"version line is {lines[0][:40]!r}"))
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if line[:1] in (" ", "\t") and headers:
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
        elif not colon or not name or name != name.strip() or "\n" in line:
            problems.append(("header", f"header line is not NAME: VALUE: {line[:60]!r}"))
        else:
            headers.append((name, value.strip()))
    return lines[0], tuple(headers), problems


def parse_date(value: str | None) -> datetime | None:
    """A WARC-Date, with or without a fraction. None where it is none."""
    try:
        moment = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _content_length(value: str | None) -> int:
    if value is None:
        raise RecordError("content-length", "record has no Content-Length")
    if not value.isascii() or not value.isdigit() or len(value) > 18:
        raise RecordError("content-length", f"Content-Length is not a number: {value[:40]!r}")
    return int(value)


def is_plain(fd: int) -> bool:
    """Whether a file holds records without compression."""
    return not os.pread(fd, 3, 0).startswith(MAGIC[:2])


def plain_stream(fd: int, start: int) -> RecordStream:
    """Records of a .warc file from `start` on."""
    at = start

    def read() -> bytes:
        nonlocal at
        piece = os.pread(fd, _PIECE_BYTES, at)
        at += len(piece)
        return piece

    return RecordStream(read)


def find_plain(fd: int, start: int, size: int) -> int:
    """The next line that looks like the start of a record, or the end of the file."""
    at = start
    while at < size:
        window = os.pread(fd, 1 << 18, at)
        found = window.find(b"\r\n\r\nWARC/1.")
        if found >= 0:
            return at + found + 4
        if len(window) <= 16:
            break
        at += len(window) - 16
    return size
