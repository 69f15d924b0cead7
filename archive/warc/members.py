"""Gzip members: one per record, read one at a time (`packing` makes them).

Our members say in a gzip extra field ("PM", RFC 1952 section 2.3.1.1) how long the compressed data is, its CRC-32, and
at which byte of its file the member was written. gzip's own checksum covers what comes out only; with this one a
flipped bit is found anywhere, padding included, and a damaged member can be stepped over. With the place, records that
were moved, added or taken out are found, too. Other readers skip the field.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator

from archive.http.wire import Bytes
from archive.warc.deflating import TRAILER, DeflateError, crc32, inflate_stream, inflated

MAGIC = b"\x1f\x8b\x08"
_FIXED = MAGIC + b"\x04" + bytes(5) + b"\xff"  # FEXTRA set, no time, no flags, system unknown
_EXTRA = struct.Struct("<H2sHIII")  # XLEN, subfield name, its length, compressed bytes, CRC-32 xor place, place
_EXTRA_SIGNS = (b"\x10\0", b"PM\x0c\0")
HEADER_BYTES = len(_FIXED) + _EXTRA.size
_LENGTHS = PLACE_BYTES = 1 << 32  # what is longer or further is counted on from 0: the fields have 32 bits
_FIRST_READ = 1 << 15  # most records are smaller; a longer first read costs more than a second one
_READ = 1 << 18
_WHOLE_BYTES = 1 << 22  # compressed: what is not larger, and ours, is read whole
_SMALLEST = HEADER_BYTES + TRAILER.size + 2
_OUT = 1 << 22


def member_header(length: int, crc: int, place: int) -> bytes:
    """The first bytes of a member of ours, from the size and CRC-32 of its compressed data."""
    place %= PLACE_BYTES
    return _FIXED + _EXTRA.pack(16, b"PM", 12, length % _LENGTHS, crc ^ place, place)


def placed(start: bytes, place: int) -> bytes:
    """The first bytes of a member, with another place where they have one: for a copy of the member elsewhere."""
    if len(start) < HEADER_BYTES or not all(_signs(start)):
        return start
    _, _, _, length, check, before = _EXTRA.unpack_from(start, len(_FIXED))
    return member_header(length, check ^ before, place) + start[HEADER_BYTES:]


class MemberError(Exception):
    """A member cannot be read: `code` is "torn" (the file ends inside it), "not-gzip" or "gzip"."""

    def __init__(self, code: str, offset: int, message: str) -> None:
        super().__init__(message)
        self.code, self.offset, self.message = code, offset, message


class MemberReader:
    """Gives the content of the gzip member at `offset`, piece by piece. `end` is known once `read` gave b"".

    Where a member is damaged, what the piece with the damage held is lost: small pieces save more of it.
    """

    def __init__(self, fd: int, offset: int, *, piece_bytes: int = _OUT) -> None:
        self.offset = offset
        self._piece_bytes = piece_bytes
        self.end: int | None = None
        self._fd = fd
        self._at = offset
        self._engine = inflate_stream()
        self._input: bytes = b""
        self._stated: bytes | None = None  # as many bytes as the member says it has, where it is ours and not large
        self._more_inside = False

    def read(self) -> bytes | bytearray:
        """The next piece, or b"" at the end. Raises MemberError."""
        while self.end is None:
            if not self._input and not self._more_inside:
                self._fill()
                if whole := self._whole():
                    return whole
            try:
                out: bytes = self._engine.decompress(self._input, self._piece_bytes)
            except DeflateError as error:
                raise MemberError("gzip", self.offset, f"gzip member is damaged: {error}") from error
            if self._engine.eof:
                self.end = self._at - len(self._engine.unused_data)
            self._input = self._engine.unconsumed_tail
            self._more_inside = len(out) >= self._piece_bytes
            if out:
                return out
        return b""

    def _whole(self) -> bytearray | None:
        """What is ours, not too large and undamaged is read at once; all else as a stream, which says what is wrong."""
        if self._at - self.offset != len(self._stated or b"") or len(self._input) < _SMALLEST:
            return None
        content = inflated(self._input, HEADER_BYTES)
        if content is not None:
            self.end, self._input = self._at, b""
        return content

    def _fill(self) -> None:
        self._input = self._first() if self._at == self.offset else os.pread(self._fd, _READ, self._at)
        if not self._input:
            size = self._at - self.offset
            raise MemberError("torn", self.offset, f"record cut off (file ends {size} bytes into it)")
        self._at += len(self._input)

    def _first(self) -> bytes:
        data = os.pread(self._fd, _FIRST_READ, self.offset)
        if not MAGIC.startswith(data[:3]) and not data.startswith(MAGIC):
            raise MemberError("not-gzip", self.offset, f"no gzip member starts here (found {data[:8]!r})")
        if not data.startswith(_FIXED) or len(data) <= HEADER_BYTES:
            return data
        # Only a hint of how much to read: should it be wrong, reading goes on as without it.
        stated = HEADER_BYTES + _EXTRA.unpack_from(data, len(_FIXED))[3] + TRAILER.size
        if stated > _WHOLE_BYTES:
            return data
        if stated > len(data):
            data += os.pread(self._fd, stated - len(data), self.offset + len(data))
        self._stated = data[:stated]
        return self._stated

    def changed(self) -> str | None:
        """Once read to its end: what is not as the member's own "PM" field says. None also where there is none."""
        end = self.end if self.end is not None else self._at
        if self._stated is not None and self.offset + len(self._stated) == end:
            return _header_problem(
                self._stated, [memoryview(self._stated)[HEADER_BYTES : -TRAILER.size]], end - self.offset
            )
        return _header_problem(os.pread(self._fd, HEADER_BYTES, self.offset), self._data(end), end - self.offset)

    @property
    def place(self) -> int | None:
        """At which byte of its file it says it was written; sure where `changed` found nothing. None: unsaid."""
        start = self._stated if self._stated is not None else os.pread(self._fd, HEADER_BYTES, self.offset)
        if len(start) < HEADER_BYTES or not all(_signs(start)):
            return None
        return int(_EXTRA.unpack_from(start, len(_FIXED))[5])

    def _data(self, end: int) -> Iterator[bytes]:
        at = self.offset + HEADER_BYTES
        while at < end - TRAILER.size and (piece := os.pread(self._fd, min(_READ, end - TRAILER.size - at), at)):
            yield piece
            at += len(piece)


def _signs(header: bytes) -> tuple[bool, bool, bool]:
    """What tells that a member is ours; one of them may be damaged."""
    return header[:10] == _FIXED, header[10:12] == _EXTRA_SIGNS[0], header[12:16] == _EXTRA_SIGNS[1]


def _header_problem(start: bytes, data: Iterable[Bytes], size: int) -> str | None:
    header = start[:HEADER_BYTES]
    signs = _signs(header)
    if sum(signs) < 2:  # another tool's
        return None
    if not all(signs) or len(header) < HEADER_BYTES:
        return "bytes of the gzip header have changed"
    _, _, _, length, check, place = _EXTRA.unpack(header[len(_FIXED) :])
    stated = HEADER_BYTES + length + TRAILER.size
    if stated % _LENGTHS != size % _LENGTHS:
        return f"gzip member is {size} bytes long, its header says {stated}"
    found = 0
    for piece in data:
        found = crc32(piece, found)
    return None if found == check ^ place else "compressed bytes have changed"


def find_member(fd: int, start: int, size: int) -> int | None:
    """The offset of the next member at or after `start` that holds a WARC record, or None."""
    at = start
    while at < size:
        window = os.pread(fd, _READ, at)
        if len(window) < len(MAGIC):
            return None
        found = window.find(MAGIC)
        while found >= 0:
            if _starts_record(fd, at + found):
                return at + found
            found = window.find(MAGIC, found + 1)
        at += len(window) - len(MAGIC) + 1
    return None


def _starts_record(fd: int, offset: int) -> bool:
    try:
        start = inflate_stream().decompress(os.pread(fd, 1024, offset), 16)
    except DeflateError:
        return False
    return bool(start.startswith(b"WARC/"))
