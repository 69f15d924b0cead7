"""Digests of blocks and payloads, as WARC writes them: "sha1:BASE32"; others' are read in whatever form they have."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from archive.http.messages import Head, ResponseReader, entity_pieces
from archive.http.wire import Bytes, Wire

_ALGORITHMS = {
    "sha1": hashlib.sha1,
    "sha-1": hashlib.sha1,
    "sha256": hashlib.sha256,
    "sha-256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "md5": hashlib.md5,
}
_SHA1_BYTES = 20
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_SHIFTS = range(150, -1, -10)
_NO_HEAD = Head(b"", None, b"", (), 0, ("empty",))


def sha1_digest(data: bytes) -> str:
    """Return "sha1:" and the base32 of the SHA-1 of `data`."""
    return _labelled(hashlib.sha1(data, usedforsecurity=False).digest())


def digest_of(pieces: Iterable[Bytes]) -> str:
    """The same over bytes that come in pieces."""
    running = hashlib.sha1(usedforsecurity=False)
    for piece in pieces:
        running.update(piece)
    return _labelled(running.digest())


def sha256_of(path: Path) -> str:
    """The SHA-256 of a whole file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _labelled(value: bytes) -> str:
    return "sha1:" + _base32(value)


def _base32(sha1: bytes) -> str:
    """What `base64.b32encode` gives for 20 bytes, in a third of its time."""
    bits = int.from_bytes(sha1)
    return "".join([_PAIRS[bits >> shift & 0x3FF] for shift in _SHIFTS])


@dataclass(frozen=True, slots=True)
class Payload:
    """What a response block says once read: its head, and the digest and size of its entity.

    `digest` is None where there can be no entity: HEAD, 1xx, 204, 304, or no head at all.
    """

    head: Head
    digest: str | None
    size: int
    complete: bool
    interim_bytes: int  # of 1xx heads before the final one; others' files have them


def read_payload(wire: Wire, method: str = "GET") -> Payload:
    """Read a response block: the payload is transfer-decoded and still content-encoded (WARC 1.1, section 5.9)."""
    reader = ResponseReader(method)
    running = hashlib.sha1(usedforsecurity=False)
    for piece in wire_entity(wire, reader):
        running.update(piece)
    head = reader.head or _NO_HEAD
    digest = None if _bodiless(head, method) or wire.size == 0 else _labelled(running.digest())
    return Payload(head, digest, reader.entity_bytes, reader.complete, sum(map(len, reader.interim)))


def wire_entity(wire: Wire, reader: ResponseReader) -> Iterator[bytes]:
    """The entity of a response block, piece by piece and without a copy of it: for digests only."""
    # A view of the body can be cut and hashed as bytes can.
    return entity_pieces((cast(bytes, piece) for piece in wire.views()), reader)


def _bodiless(head: Head, method: str) -> bool:
    return method.upper() == "HEAD" or head.status in (204, 304) or 100 <= (head.status or 200) < 200


def same_digest(stated: str, pieces: Iterable[Bytes]) -> bool | None:
    """Compare a digest header with bytes. None where its algorithm or form is not known to us."""
    name, _, value = stated.partition(":")
    algorithm = _ALGORITHMS.get(name.strip().lower())
    if algorithm is None:
        return None
    running = algorithm(usedforsecurity=False)
    for piece in pieces:
        running.update(piece)
    found = running.digest()
    if len(found) == _SHA1_BYTES and _base32(found) == value:  # as nearly all write it
        return True
    wanted = _digest_bytes(value.strip(), len(found))
    return None if wanted is None else found == wanted


def _digest_bytes(value: str, size: int) -> bytes | None:
    """Base32 (as most tools write) or hexadecimal."""
    try:
        if len(value) == size * 2:
            return bytes.fromhex(value)
        found = base64.b32decode(value.upper() + "=" * (-len(value) % 8))
    except ValueError:
        return None
    return found if len(found) == size else None
