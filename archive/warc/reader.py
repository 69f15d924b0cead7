"""Reading WARC files: one record by its offset, or all of them in order, large ones through the disk.

`read_record` and `iter_records` read .warc.gz (ours, or with many records in a member) and plain .warc, WARC 1.0
and 1.1. They raise WarcDamaged with the offset of a damaged place; `iter_records` does when it has read what stands
behind it. `archive.warc.check` says everything that is wrong.
A file that is still open is read as far as its last whole record.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.codings import decode_content
from archive.errors import NotFound, WarcDamaged
from archive.http import Head, ResponseReader, entity_pieces
from archive.store import OPEN_SUFFIX
from archive.warc.members import MAGIC, MemberError, MemberReader, find_member
from archive.wire import Wire

VERSIONS = ("WARC/1.1", "WARC/1.0", "WARC/0.18", "WARC/0.17")
MAX_HEADER_BYTES = 1 << 20
MAX_BODY_BYTES = 1 << 26
_PIECE_BYTES = 1 << 18
# A line about which nothing is special. `parse_record_head` reads the others one by one.
_SIMPLE_LINE = re.compile(r"\r\n([!-9;-~]+): ([!-~][ -~]*)(?=\r\n|\Z)")
_USUAL_VERSIONS = (b"WARC/1.1\r\n", b"WARC/1.0\r\n")
_NO_HEAD = Head(b"", None, b"", (), 0, ("empty",))


@dataclass(frozen=True, slots=True)
class Record:
    """One WARC record. `length` is that of its gzip member (or of the record in a plain file).

    It is 0 where the record shares a member with others and so cannot be read alone.
    """

    headers: tuple[tuple[str, str], ...]
    warc_type: str
    record_id: str
    target_uri: str | None
    date: datetime | None
    offset: int
    length: int
    wire: Wire  # the block, on disk when large

    @property
    def block(self) -> bytes:
        """The whole block in memory."""
        return self.wire.getvalue()

    def values(self, name: str) -> list[str]:
        """All values of a header, in order; names have no case."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def value(self, name: str) -> str | None:
        """The first value of a header, or None."""
        return next(iter(self.values(name)), None)


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """A response record, read. `entity` is transfer-decoded, `body` content-decoded too; both capped.

    `problems` say what was wrong with the HTTP message and with its codings.
    """

    record: Record
    head: Head
    entity: bytes
    body: bytes
    complete: bool
    problems: tuple[str, ...]


def read_record(path: Path, offset: int) -> Record:
    """Read the record whose member begins at `offset`. Raises NotFound (no file), WarcDamaged."""
    with _opened(path) as file:
        record = next(_records(file, path, offset), None)
    if record is None:
        raise WarcDamaged(f"{path.name}: no record at byte {offset}, the file ends there")
    return record


def records_from(path: Path, start: int) -> Iterator[Record]:
    """Read records from `start` (where a member begins) on. Raises NotFound; WarcDamaged at the first damaged place."""
    with _opened(path) as file:
        yield from _records(file, path, start)


def iter_records(path: Path, start: int = 0) -> Iterator[Record]:
    """Read all records from `start` (where a member begins) to the end, also those behind a damaged place.

    Raises NotFound; WarcDamaged at the end, for the first such place, with the others in its context.
    """
    damaged: list[WarcDamaged] = []
    at: int | None = start
    with _opened(path) as file:
        while at is not None:
            try:
                yield from _records(file, path, at)
                break
            except WarcDamaged as error:
                damaged.append(error)
                at = _next_whole(file.fd, error.offset + 1)
    if damaged:
        damaged[0].context = tuple(error.message for error in damaged[1:10])
        raise damaged[0]


def _next_whole(fd: int, start: int) -> int | None:
    """Where the next record begins, of those that can be found; None: nowhere."""
    size = os.fstat(fd).st_size
    if not is_plain(fd):
        return find_member(fd, start, size)
    found = find_plain(fd, start, size)
    return found if found < size else None


def read_exchange_block(path: Path, offset: int, *, max_bytes: int = MAX_BODY_BYTES) -> KeptResponse:
    """Read a response (or revisit) record down to its body, as far as `max_bytes`. Raises as `read_record`."""
    return read_kept(read_record(path, offset), max_bytes=max_bytes)


def read_kept(record: Record, *, max_bytes: int = MAX_BODY_BYTES, method: str = "GET") -> KeptResponse:
    """The same for a record at hand."""
    reader = ResponseReader(method)
    entity = bytearray()
    for piece in entity_pieces(record.wire.chunks(), reader):
        entity += piece
        if len(entity) > max_bytes:
            break
    problems = list(reader.problems)
    if len(entity) > max_bytes:
        del entity[max_bytes:]
        problems.append(f"body cut at {max_bytes} bytes")
    head = reader.head or _NO_HEAD
    raw = bytes(entity)
    decoded = decode_content(raw, body_codings(head), max_bytes=max_bytes)
    return KeptResponse(record, head, raw, decoded.body, reader.complete, (*problems, *decoded.problems))


def body_codings(head: Head) -> list[str]:
    """What to take off the entity: content codings, then transfer codings other than chunked, as applied."""
    return head.tokens("content-encoding") + [name for name in head.tokens("transfer-encoding") if name != "chunked"]


# -- records from a stream of bytes; used by recovery and checking too


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


class _OpenFile:
    """A file descriptor that closes itself."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __enter__(self) -> _OpenFile:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def _opened(path: Path) -> _OpenFile:
    try:
        return _OpenFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except FileNotFoundError as error:
        if path.name.endswith(OPEN_SUFFIX):  # closed since its name was looked up
            return _opened(path.with_name(path.name.removesuffix(OPEN_SUFFIX)))
        raise NotFound(f"no WARC file {path}") from error


def _records(file: _OpenFile, path: Path, start: int) -> Iterator[Record]:
    at = start
    try:
        if is_plain(file.fd):
            stream = plain_stream(file.fd, start)
            while not stream.at_end():
                at = start + stream.position
                raw = stream.next()
                _insist(raw)
                yield _record(raw, at, start + stream.position - at)
            return
        size = os.fstat(file.fd).st_size
        while at < size:
            member = MemberReader(file.fd, at)
            yield from _member_records(member)
            at = _end_of(member)
            size = max(size, os.fstat(file.fd).st_size) if at >= size else size
    except (RecordError, MemberError) as error:
        if at > start and getattr(error, "code", "") == "torn" and path.name.endswith(OPEN_SUFFIX):
            return  # its writer is about to write the rest, or recovery to cut it off
        message = f"{path.name}: record at byte {at}: {error.message}"
        damage = WarcDamaged(message, hint=f"pressmark warc verify {path.name}")
        damage.offset = at
        raise damage from error


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


def _member_records(member: MemberReader) -> Iterator[Record]:
    stream = RecordStream(member.read)
    raw = stream.next()
    _insist(raw)
    alone = stream.at_end()
    yield _record(raw, member.offset, _end_of(member) - member.offset if alone else 0)
    while not stream.at_end():
        raw = stream.next()
        _insist(raw)
        yield _record(raw, member.offset, 0)


def _end_of(member: MemberReader) -> int:
    while member.end is None:  # what is left is read for its checksum
        member.read()
    return member.end


def _insist(raw: RawRecord) -> None:
    if raw.problems:
        raise RecordError(*raw.problems[0])


def _record(raw: RawRecord, offset: int, length: int) -> Record:
    return Record(
        headers=raw.headers,
        warc_type=(raw.value("WARC-Type") or "").lower(),
        record_id=raw.value("WARC-Record-ID") or "",
        target_uri=_bare(raw.value("WARC-Target-URI")),
        date=parse_date(raw.value("WARC-Date")),
        offset=offset,
        length=length,
        wire=raw.wire,
    )


def _bare(uri: str | None) -> str | None:
    """WARC 1.0's grammar put URIs into angle brackets, and some tools do."""
    return uri[1:-1] if uri and uri.startswith("<") and uri.endswith(">") else uri
