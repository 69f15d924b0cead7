"""Content codings taken off: gzip, deflate, br, zstd, several in a row; capped, and lenient as browsers are.

Whatever a server labelled wrongly, cut or broke still gives the bytes that can be had, and says what was wrong.
Rules: RFC 9110 section 8.4 (codings are listed in the order they were applied), RFC 8878 for zstd.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import brotli
import zstandard

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAX_WINDOW = 1 << 25  # browsers stop at 8 MiB (RFC 9659); we read what some servers get wrong
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body without its content codings, and what was wrong with it in words."""

    body: bytes
    problems: tuple[str, ...] = ()


def decode_content(entity: bytes, codings: Sequence[str], *, max_bytes: int) -> Decoded:
    """Return `entity` with `codings` (as listed in Content-Encoding, first applied first) taken off.

    At most `max_bytes` come back. A truncated stream gives what could be decoded, a body that is not what its
    label says is returned as it is. Never raises: see `problems`.
    """
    problems: list[str] = []
    body = entity
    for coding in reversed([name.strip().lower() for name in codings]):
        decoder = _DECODERS.get(coding)
        if coding in ("identity", "") or (decoder is not None and not body):
            continue
        if decoder is None:
            problems.append(f"content coding {coding[:40]!r} is not known")
            break
        body = decoder(body, max_bytes, problems)
    if len(body) > max_bytes:
        body = body[:max_bytes]
        problems.append(f"body cut at {max_bytes} bytes")
    return Decoded(body, tuple(dict.fromkeys(problems)))


class _Inflater:
    """zlib over as many members as there are, up to a cap, keeping what came before an error."""

    def __init__(self, wbits: int, max_bytes: int) -> None:
        self.out = bytearray()
        self.error: str | None = None
        self.ended = False
        self.rest = b""
        self._wbits, self._max_bytes = wbits, max_bytes

    def run(self, data: bytes) -> None:
        engine = zlib.decompressobj(self._wbits)
        at = 0
        while at < len(data):
            piece = data[at : at + _PIECE_BYTES]
            at += len(piece)
            try:
                self._feed(engine, piece)
            except zlib.error as error:
                self.error = str(error)
                return
            if len(self.out) > self._max_bytes:
                return
            if engine.eof:
                self.ended, self.rest = True, engine.unused_data + data[at:]
                return

    def _feed(self, engine: zlib._Decompress, piece: bytes) -> None:
        """One piece. A broken stream is fed in ever smaller steps so that all bytes before the fault are kept."""
        state = engine.copy()
        try:
            while piece and len(self.out) <= self._max_bytes:
                self.out += engine.decompress(piece, self._max_bytes + 1 - len(self.out))
                piece = engine.unconsumed_tail
        except zlib.error:
            for at in range(len(piece)):
                self.out += state.decompress(piece[at : at + 1])
            raise


def _inflate(body: bytes, wbits: int, label: str, max_bytes: int, problems: list[str]) -> bytes | None:
    """All members of a gzip or zlib stream; None where not even the start of one could be read."""
    out = bytearray()
    rest = body
    while rest:
        inflater = _Inflater(wbits, max_bytes - len(out))
        inflater.run(rest)
        if inflater.error and not inflater.out and not out:
            return None
        out += inflater.out
        if inflater.error:
            problems.append(f"{label} stream is broken: {inflater.error}")
            break
        if len(out) > max_bytes:
            break
        if not inflater.ended:
            problems.append(f"{label} stream is cut off")
            break
        rest = inflater.rest
        if label != "gzip" or not rest.startswith(_GZIP_MAGIC):
            if rest.strip(b"\0"):
                problems.append(f"{len(rest)} bytes after the end of the {label} stream")
            break
    return bytes(out)


def _gzip(body: bytes, max_bytes: int, problems: list[str]) -> bytes:
    found = _inflate(body, 31, "gzip", max_bytes, problems) if body.startswith(_GZIP_MAGIC) else None
    return _as_it_is(body, "gzip", problems) if found is None else found


def _deflate(body: bytes, max_bytes: int, problems: list[str]) -> bytes:
    """RFC 9110 means the zlib format; some servers send raw deflate, and browsers read both."""
    for wbits in (15, -15):
        seen: list[str] = []
        found = _inflate(body, wbits, "deflate", max_bytes, seen)
        if found is not None and (wbits == 15 or not any("broken" in problem for problem in seen)):
            problems.extend(seen)
            return found
    return _as_it_is(body, "deflate", problems)


def _brotli(body: bytes, max_bytes: int, problems: list[str]) -> bytes:
    decoder = brotli.Decompressor()
    out = bytearray()
    try:
        piece = body
        while len(out) <= max_bytes:
            out += decoder.process(piece, output_buffer_limit=max(_PIECE_BYTES, max_bytes + 1 - len(out)))
            piece = b""
            if decoder.is_finished() or decoder.can_accept_more_data():
                break
    except brotli.error:
        if not out:
            out += _brotli_until_fault(body, max_bytes)
        if not out:
            return _as_it_is(body, "br", problems)
        problems.append("br stream is broken")
        return bytes(out)
    if not decoder.is_finished() and len(out) <= max_bytes:
        if not out:
            return _as_it_is(body, "br", problems)
        problems.append("br stream is cut off")
    return bytes(out)


def _brotli_until_fault(body: bytes, max_bytes: int) -> bytes:
    """brotli gives nothing of the call that failed, so go again byte by byte."""
    decoder = brotli.Decompressor()
    out = bytearray()
    try:
        for at in range(len(body)):
            out += decoder.process(body[at : at + 1], output_buffer_limit=_PIECE_BYTES)
            while not decoder.can_accept_more_data() and not decoder.is_finished() and len(out) <= max_bytes:
                out += decoder.process(b"", output_buffer_limit=_PIECE_BYTES)
            if len(out) > max_bytes:
                break
    except brotli.error:
        pass
    return bytes(out)


def _zstd(body: bytes, max_bytes: int, problems: list[str]) -> bytes:
    if not body.startswith(b"\x28\xb5\x2f\xfd") and body[1:4] != b"\x2a\x4d\x18":
        return _as_it_is(body, "zstd", problems)
    engine = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW)
    out = bytearray()
    with engine.stream_reader(io.BytesIO(body), read_size=1 << 14, read_across_frames=True) as reader:
        try:
            while len(out) <= max_bytes:
                piece = reader.read(min(_PIECE_BYTES, max_bytes + 1 - len(out)))
                if not piece:
                    break
                out += piece
        except zstandard.ZstdError as error:
            problems.append(f"zstd stream is broken: {error}")
    if not problems and len(out) <= max_bytes and not _zstd_ends(body, max_bytes):
        problems.append("zstd stream is cut off")
    return bytes(out)


def _zstd_ends(body: bytes, max_bytes: int) -> bool:
    """Whether the first frame ends. Only called once the output is known to be small."""
    engine = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW).decompressobj()
    try:
        engine.decompress(body)
    except zstandard.ZstdError:
        return False
    return bool(engine.eof)


def _as_it_is(body: bytes, label: str, problems: list[str]) -> bytes:
    problems.append(f"Content-Encoding says {label}, the body is not")
    return body


_DECODERS: dict[str, Callable[[bytes, int, list[str]], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
