"""Content codings of HTTP bodies. (Minimal stand-in with the final signature.)"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import brotli
import zstandard


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body with its content codings taken off, and what was wrong on the way."""

    body: bytes
    problems: tuple[str, ...] = ()


def decode_content(entity: bytes, codings: Sequence[str], *, max_bytes: int) -> Decoded:
    """Take `codings` (in the order they were applied) off `entity`; never raises, see `problems`."""
    problems: list[str] = []
    for coding in reversed(codings):
        try:
            entity = _decode(entity, coding)
        except (zlib.error, brotli.error, zstandard.ZstdError, ValueError) as error:
            problems.append(f"not {coding}: {error}")
            break
        if len(entity) > max_bytes:
            entity = entity[:max_bytes]
            problems.append(f"decoded body cut at {max_bytes} bytes")
    return Decoded(entity, tuple(problems))


def _decode(data: bytes, coding: str) -> bytes:
    if coding in ("gzip", "x-gzip"):
        return zlib.decompressobj(31).decompress(data)
    if coding == "deflate":
        try:
            return zlib.decompressobj(15).decompress(data)
        except zlib.error:
            return zlib.decompressobj(-15).decompress(data)
    if coding == "br":
        return bytes(brotli.decompress(data))
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    if coding == "identity":
        return data
    raise ValueError("unknown coding")
