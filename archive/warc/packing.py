"""Records become gzip members: whole ones, those whose head comes later than the rest, those too large for memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archive.http.wire import Bytes, Wire
from archive.warc.deflating import (
    TRAILER,
    begun,
    crc32,
    crc32_of_both,
    deflate_stream,
    deflated,
    is_packed_already,
    stored,
)
from archive.warc.members import HEADER_BYTES, member_header


@dataclass(frozen=True, slots=True)
class Packed:
    """A compressed member, ready to be written: in memory, or with its data on disk when large."""

    data: bytes | bytearray | Wire
    data_crc: int
    trailer: bytes

    @property
    def size(self) -> int:
        return HEADER_BYTES + len(self.data) + len(self.trailer)

    def pieces(self, place: int) -> Iterator[Bytes]:
        """The member as it is written at byte `place` of its file."""
        yield member_header(len(self.data), self.data_crc, place)
        if isinstance(self.data, Wire):
            yield from self.data.chunks()
        else:
            yield self.data
        yield self.trailer


@dataclass(frozen=True, slots=True)
class Rest:
    """What follows a record's head, compressed while the head is not known yet."""

    data: bytes | bytearray
    crc: int  # of what was compressed
    size: int


def pack(record: bytes, *, packed_already: bool | None = None) -> Packed:
    """Compress a whole record that is in memory. None: not known yet whether what it holds is compressed already."""
    store = is_packed_already(Wire(record)) if packed_already is None else packed_already
    data = stored(record) if store else deflated(record)
    return Packed(data, crc32(data), TRAILER.pack(crc32(record), len(record) & 0xFFFFFFFF))


def pack_rest(rest: bytes) -> Rest:
    """Compress what follows the head of a record; `pack_both` makes a member of it."""
    return Rest(deflated(rest), crc32(rest), len(rest))


def pack_both(head: bytes, rest: Rest) -> Packed:
    """The record that begins with `head`."""
    data = b"".join((begun(head), rest.data))
    crc = crc32_of_both(crc32(head), rest.crc, rest.size)
    return Packed(data, crc32(data), TRAILER.pack(crc, len(head) + rest.size & 0xFFFFFFFF))


def pack_pieces(pieces: Iterable[Bytes]) -> Packed:
    """Compress a record that comes in pieces and may be large; what comes out lies on disk when it is large too."""
    engine = deflate_stream()
    out = Wire()
    size = crc = packed_crc = 0
    for piece in pieces:
        size += len(piece)
        crc = crc32(piece, crc)
        data = engine.compress(piece)
        packed_crc = crc32(data, packed_crc)
        out.write(data)
    data = engine.flush()
    out.write(data)
    return Packed(out, crc32(data, packed_crc), TRAILER.pack(crc, size & 0xFFFFFFFF))
