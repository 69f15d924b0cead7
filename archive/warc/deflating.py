"""DEFLATE, by the library that is fastest for a size. Pure.

libdeflate takes what it compresses whole; isal takes streams, and is quicker for the tiny and for checksums. What they
give can be put together: a stream that was only `begun` goes on with what either made of the rest.
"""

from __future__ import annotations

import os
import re
import struct
from typing import Protocol, cast

import deflate
from isal import isal_zlib

from archive.http.wire import Bytes, Wire

_LEVEL = 5  # libdeflate's: 5 times as fast as zlib's 9, 2 % larger on news pages (docs/decisions/0005)
_LARGE_LEVEL = 4  # 6 times as fast, 4 % larger: a large page must not hold up the crawl
_LARGE_BYTES = 1 << 19
_TINY_LEVEL = 1  # isal's: as good for a request or a metadata record, in half the time
_TINY_BYTES = 1 << 10
_GZIP_BODY = re.compile(rb"\r\n\r\n(?:[0-9A-Fa-f]{1,8}\r\n)?\x1f\x8b\x08")  # in chunks or not
_SAMPLED_BYTES = 1 << 13  # from this size on it pays to look first whether a record gets smaller at all
_SAMPLE_BYTES = 1 << 9
_HEADS_BYTES = 1 << 13  # longer heads than that are compressed as far
_HEAD_END = b"\r\n\r\n"
_STREAM_LEVEL = 3  # isal's best, for very large records: libdeflate takes a record whole or not at all
_RAW = -15
_GZIP = 31
TRAILER = struct.Struct("<II")  # of a gzip member: CRC-32 and size of its content
_WHOLE_BYTES = 1 << 24  # what is said to be larger is read as a stream: it may be a lie, and must not fill the memory
_MOST_TIMES = 1032  # larger than its compressed data nothing can be (RFC 1951)
# A stored block of chance bytes before the rest of a stream, so that only a trailer we make fits what comes out.
_SALT = os.urandom(8)
_SALTED = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + struct.pack("<BHH", 0, len(_SALT), len(_SALT) ^ 0xFFFF) + _SALT
DeflateError = cast("type[Exception]", isal_zlib.error)  # typed as an instance in its stubs
crc32 = isal_zlib.crc32
crc32_of_both = isal_zlib.crc32_combine  # of the first, of the second, the second's size
_SALT_CRC = crc32(_SALT)


class DeflateStream(Protocol):
    """Compresses piece by piece."""

    def compress(self, data: Bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


def deflated(data: bytes) -> bytes | bytearray:
    """Compress all of `data`."""
    if len(data) <= _TINY_BYTES:
        return isal_zlib.compress(data, _TINY_LEVEL, _RAW)
    return deflate.deflate_compress(data, _LEVEL if len(data) < _LARGE_BYTES else _LARGE_LEVEL)


def begun(data: Bytes) -> bytes:
    """Compress the beginning of something: what follows is compressed by itself and put behind."""
    engine = isal_zlib.compressobj(_TINY_LEVEL, isal_zlib.DEFLATED, _RAW)
    return engine.compress(data) + engine.flush(isal_zlib.Z_SYNC_FLUSH)


def stored(record: bytes) -> bytes:
    """Compress the heads of a record and of its HTTP message, and leave the rest as it is: it is compressed already."""
    view = memoryview(record)
    record_head = record.find(_HEAD_END, 0, _HEADS_BYTES)
    heads = record.find(_HEAD_END, record_head + 1, _HEADS_BYTES) + len(_HEAD_END)
    start = heads if record_head < heads else _HEADS_BYTES
    return b"".join((begun(view[:start]), deflate.deflate_compress(view[start:], 0)))


def is_packed_already(wire: Wire) -> bool:
    """Whether it has a gzip body, or samples from all over it do not get smaller, as with Brotli."""
    if wire.size < _SAMPLED_BYTES:
        return False
    if _GZIP_BODY.search(next(wire.chunks(0, _HEADS_BYTES))):
        return True
    places = range(wire.size // 5, wire.size - _SAMPLE_BYTES, wire.size // 5)
    sample = b"".join([next(wire.chunks(at, _SAMPLE_BYTES)) for at in places])
    return not sample.isascii() and len(isal_zlib.compress(sample, 1, _RAW)) > len(sample) - len(sample) // 32


def deflate_stream() -> DeflateStream:
    """A new stream to compress what does not fit into memory."""
    return isal_zlib.compressobj(_STREAM_LEVEL, isal_zlib.DEFLATED, _RAW)


def inflated(member: bytes, header_bytes: int) -> bytearray | None:
    """All that a gzip member holds, or None: it is damaged, larger than it should be, or does not end where it should.

    libdeflate does not tell where it stopped, so a stream that ends early, with bytes hidden behind its own trailer,
    would look whole. With salt before it no trailer that lies in a file fits, only the one put at the end here.
    """
    crc, size = TRAILER.unpack_from(member, len(member) - TRAILER.size)
    if size > min(_WHOLE_BYTES, _MOST_TIMES * len(member)):
        return None
    trailer = TRAILER.pack(crc32_of_both(_SALT_CRC, crc, size), len(_SALT) + size)
    salted = b"".join((_SALTED, memoryview(member)[header_bytes : -TRAILER.size], trailer))
    try:
        content = deflate.gzip_decompress(salted, len(_SALT) + size)
    except deflate.DeflateError:
        return None
    del content[: len(_SALT)]  # moves its beginning, not its bytes
    return content


def inflate_stream() -> isal_zlib.Decompress:
    """A new stream to read one gzip member; raises DeflateError where it is damaged."""
    return isal_zlib.decompressobj(_GZIP)
