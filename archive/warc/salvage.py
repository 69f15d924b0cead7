"""Everything of a WARC file that can be read, and what lies between: for repair and audit, which go on after damage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from archive.warc.members import MemberError, MemberReader, find_member
from archive.warc.record_stream import RawRecord, RecordError, RecordStream, find_plain, is_plain, plain_stream
from archive.warc.sequence import Sequence

_PIECE_BYTES = 1 << 12


@dataclass(frozen=True, slots=True)
class Found:
    """A record that could be read. In a gzip file `offset` and `end` are those of its member, else its own.

    `alone`: the member holds nothing else, and its own checks are passed. Where it is not alone, `end` is the same as
    `offset`. `changed` says what is wrong with the member's bytes where they still gave the record; `breaks` why a
    shared member cannot be read to its end, so that nothing but a digest proves the records before.
    """

    offset: int
    end: int
    raw: RawRecord
    alone: bool
    place: int | None = None  # at which byte of its file the member says it was written
    changed: str | None = None
    breaks: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that gave no record, and why."""

    offset: int
    end: int
    code: str
    message: str


def salvage(fd: int, *, is_open: bool = False) -> Iterator[Found | Gap]:
    """Read a file from its start to its end, whatever is in it. Nothing is raised for what it holds.

    What is missing, moved or added is a gap of no bytes before the record that shows it (`sequence.CODES`); a file that
    `is_open` has no end yet.
    """
    size = os.fstat(fd).st_size
    order = Sequence()
    for item in _plain(fd, size) if is_plain(fd) and find_member(fd, 0, size) is None else _members(fd, size):
        if isinstance(item, Gap):
            order.damage()
        else:
            for problem in (order.member(item.offset, item.place), order.record(item.raw)):
                if problem:
                    yield Gap(item.offset, item.offset, *problem)
        yield item
    if not is_open and (problem := order.end()):
        yield Gap(size, size, *problem)


def _members(fd: int, size: int) -> Iterator[Found | Gap]:
    at = 0
    while at < size:
        member = MemberReader(fd, at, piece_bytes=_PIECE_BYTES)
        try:
            yield from _member(member, fd)
            at = member.end or size
        except MemberError as error:
            end = find_member(fd, at + 1, size) or size
            yield Gap(at, end, error.code, error.message)
            at = end


def _member(member: MemberReader, fd: int) -> Iterator[Found | Gap]:
    at = member.offset
    stream = RecordStream(member.read)
    if stream.at_end():
        yield Gap(at, member.end or at, "empty-member", "gzip member without a record")
        return
    try:
        raw = stream.next()
        if stream.at_end():
            end = member.end or at
            changed = member.changed()
            yield Found(at, end, raw, True, None if changed else member.place, changed)
            return
        breaks = _breaks(fd, at)
        yield Found(at, at, raw, False, breaks=breaks)
        while not stream.at_end():
            yield Found(at, at, stream.next(), False, breaks=breaks)
    except RecordError as error:
        stream.skip()
        yield Gap(at, member.end or at, error.code, error.message)


def _breaks(fd: int, offset: int) -> str | None:
    """Why a member cannot be read to its end. One that is only cut off is right as far as it goes."""
    member = MemberReader(fd, offset)
    try:
        while member.read():
            pass
    except MemberError as error:
        return error.message if error.code == "gzip" else None
    return None


def _plain(fd: int, size: int) -> Iterator[Found | Gap]:
    start = 0
    while start < size:
        stream = plain_stream(fd, start)
        at = start
        try:
            while not stream.at_end():
                at = start + stream.position
                raw = stream.next()
                yield Found(at, start + stream.position, raw, True)
            return
        except RecordError as error:
            end = find_plain(fd, at + 1, size)
            yield Gap(at, end, error.code, error.message)
            start = end
