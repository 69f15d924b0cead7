"""Reading WARC files: one record by its offset, or all of them in order, large ones through the disk.

`read_record` and `iter_records` read .warc.gz (ours, or with many records in a member) and plain .warc, WARC 1.0
and 1.1. They raise WarcDamaged with the offset of a damaged place; `iter_records` does when it has read what stands
behind it. `archive.warc.check` says everything that is wrong.
A file that is still open is read as far as its last whole record.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.errors import NotFound, WarcDamaged
from archive.folder.store import OPEN_SUFFIX
from archive.http.codings import decode_content
from archive.http.messages import Head, ResponseReader, entity_pieces
from archive.http.wire import Wire
from archive.warc.members import MemberError, MemberReader, find_member
from archive.warc.record_stream import (
    RawRecord,
    RecordError,
    RecordStream,
    find_plain,
    is_plain,
    parse_date,
    plain_stream,
)

MAX_BODY_BYTES = 1 << 26
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
