"""Seals: proof that closed WARC files are as they were when they were sealed, down to the record.

A seal is a line in `seals/DAY.jsonl`: the digest of each record as it is stored, the root of the Merkle tree over them
(RFC 9162, section 2.1.1), and the digest of the seal before it. Whoever knows the newest digest, the head of the
chain, can tell whether anything sealed before has been changed, removed or added to. docs/warc.md says how to have it
witnessed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.errors import ArchiveLocked, UsageError, WarcDamaged
from archive.folder.lock import try_lock
from archive.folder.store import LocalStore
from archive.times import rfc3339
from archive.warc.output import disk_error, make_folder, write_whole
from archive.warc.salvage import Gap, salvage

FOLDER = "seals"
SCHEMA = "pressmark.seal/1"
GENESIS = "0" * 64  # what the first seal has before it
_READ_BYTES = 1 << 20
_NAMED = 1000  # changed records named for each file


@dataclass(frozen=True, slots=True)
class Seal:
    """One sealed file. `leaves` are (length in bytes, SHA-256 in hex) of its records as stored, in order."""

    file: str
    sealed_at: str
    size_bytes: int
    root: str
    leaves: tuple[tuple[int, str], ...]
    previous: str
    chain: str  # SHA-256 of the seal with all of this but itself


@dataclass(frozen=True, slots=True)
class SealProblem:
    """Something that is not as it was sealed. `offset` is that of the record in `file`, or None for all of it."""

    file: str
    offset: int | None
    code: str
    message: str


@dataclass(slots=True)
class SealReport:
    """What checking all seals found. `head` is the chain's newest digest; `unsealed` closed files have none yet."""

    seals: int = 0
    records: int = 0
    size_bytes: int = 0
    head: str = GENESIS
    unsealed: tuple[str, ...] = ()
    problems: list[SealProblem] = field(default_factory=list)


def seal(store: LocalStore, now: datetime) -> tuple[list[Seal], list[WarcDamaged]]:
    """Seal every closed file that has none yet. Returns the new seals, and what is wrong with files that got none.

    Raises ArchiveLocked where another process is sealing, DiskFull.
    """
    with _sealing(store):
        known = [line for _, line in _lines(store)]
        sealed = {line.get("file") for line in known}
        chain = str(known[-1].get("chain", GENESIS)) if known else GENESIS
        made: list[Seal] = []
        damaged: list[WarcDamaged] = []
        for name in store.warc_files():
            if name in sealed:
                continue
            try:
                made.append(_seal_of(store.path(name), name, now, chain))
                chain = made[-1].chain
            except WarcDamaged as error:
                damaged.append(error)
        if made:
            path = store.path(f"{FOLDER}/{now.astimezone(UTC):%Y-%m-%d}.jsonl")
            before = path.read_bytes() if path.exists() else b""
            write_whole(path, before + b"".join(_dump(_values(one) | {"chain": one.chain}) + b"\n" for one in made))
    return made, damaged


def verify_seals(store: LocalStore, head: str | None = None) -> SealReport:
    """Check every seal, and every sealed file against it, byte for byte. Never raises for what it finds.

    `head`: a digest noted earlier; it must be in the chain, else seals have been removed or rewritten.
    """
    report = SealReport()
    sealed: set[str] = set()
    chains = {GENESIS}
    for where, line in _lines(store):
        found = _read_seal(where, line, report)
        if found is None:
            continue
        report.seals += 1
        report.records += len(found.leaves)
        report.size_bytes += found.size_bytes
        report.problems += _chain_problems(where, found, report.head)
        report.problems += _file_problems(store, found)
        report.head = found.chain
        chains.add(found.chain)
        sealed.add(found.file)
    if head is not None and head.lower().removeprefix("sha256:") not in chains:
        message = f"no seal has the digest {head}: seals have been removed or made anew since it was noted"
        report.problems.append(SealProblem(FOLDER, None, "head", message))
    report.unsealed = tuple(name for name in store.warc_files() if name not in sealed)
    return report


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf digests. Inner nodes are hashed behind a 1, leaves behind a 0: none passes for the other."""
    level = list(leaves)
    if not level:
        return hashlib.sha256().digest()
    while len(level) > 1:
        paired = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]  # an odd one moves up as it is, as in RFC 9162
    return level[0]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


# -- making


def _seal_of(path: Path, name: str, now: datetime, previous: str) -> Seal:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(fd).st_size
        offsets: list[int] = []
        for item in salvage(fd):
            if isinstance(item, Gap):
                raise WarcDamaged(
                    f"{name}: {item.message} (at byte {item.offset:,}); it is not sealed",
                    hint=f"pressmark warc repair {path} -o FIXED.warc.gz",
                )
            if not offsets or item.offset != offsets[-1]:  # records of a shared member are one leaf
                offsets.append(item.offset)
        ends = [*offsets[1:], size]
        spans = list(zip(offsets, ends, strict=True)) if offsets else []
        leaves = tuple((end - start, _leaf(fd, start, end).hex()) for start, end in spans)
    finally:
        os.close(fd)
    root = merkle_root([bytes.fromhex(digest) for _, digest in leaves]).hex()
    unchained = Seal(name, rfc3339(now), size, root, leaves, previous, "")
    return Seal(name, unchained.sealed_at, size, root, leaves, previous, _chain(unchained))


def _leaf(fd: int, start: int, end: int) -> bytes:
    running = hashlib.sha256(b"\x00")
    at = start
    while at < end and (piece := os.pread(fd, min(_READ_BYTES, end - at), at)):
        running.update(piece)
        at += len(piece)
    return running.digest()


def _values(one: Seal) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "file": one.file,
        "sealed_at": one.sealed_at,
        "bytes": one.size_bytes,
        "records": len(one.leaves),
        "root": one.root,
        "previous": one.previous,
        "leaves": [list(leaf) for leaf in one.leaves],
    }


def _dump(values: dict[str, Any]) -> bytes:
    """One form for one seal: keys sorted, no spaces."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _chain(one: Seal) -> str:
    return hashlib.sha256(_dump(_values(one))).hexdigest()


@contextmanager
def _sealing(store: LocalStore) -> Iterator[None]:
    """Two chains must not grow from one seal."""
    folder = store.path(FOLDER)
    try:
        make_folder(folder)
        fd = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise disk_error(folder, error) from error
    try:
        if not try_lock(fd):
            raise ArchiveLocked(f"another process is sealing {store.root}", hint="wait until it has ended")
        yield
    finally:
        os.close(fd)


# -- checking


def _lines(store: LocalStore) -> Iterator[tuple[str, dict[str, Any]]]:
    """All seals in the order they were made, each with where it stands. What cannot be read comes as an empty one."""
    for path in sorted(store.path(FOLDER).glob("*.jsonl")):
        for number, text in enumerate(path.read_bytes().splitlines(), 1):
            try:
                line = json.loads(text)
            except ValueError:
                line = None
            yield f"{FOLDER}/{path.name}:{number}", line if isinstance(line, dict) else {}


def _read_seal(where: str, line: dict[str, Any], report: SealReport) -> Seal | None:
    try:
        leaves = tuple((int(length), str(digest)) for length, digest in line["leaves"])
        bytes.fromhex("".join(digest for _, digest in leaves))
        texts = [str(line[name]) for name in ("file", "sealed_at", "root", "previous", "chain")]
        return Seal(texts[0], texts[1], int(line["bytes"]), texts[2], leaves, texts[3], texts[4])
    except (KeyError, TypeError, ValueError):
        report.problems.append(SealProblem(where, None, "seal-unreadable", "this line is no seal, or is damaged"))
        return None


def _chain_problems(where: str, found: Seal, head: str) -> Iterator[SealProblem]:
    if found.previous != head:
        message = "the seal before this one is not the one it was made after: seals are missing, changed or swapped"
        yield SealProblem(where, None, "seal-chain", message)
    if _chain(found) != found.chain:
        yield SealProblem(where, None, "seal-changed", f"the seal of {found.file} has been changed")
    elif merkle_root([bytes.fromhex(digest) for _, digest in found.leaves]).hex() != found.root:
        yield SealProblem(where, None, "seal-root", f"the seal of {found.file} has another root than its records")


def _file_problems(store: LocalStore, found: Seal) -> Iterator[SealProblem]:
    try:
        fd = os.open(store.path(found.file), os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, UsageError):
        yield SealProblem(found.file, None, "missing-file", "the file was sealed and is not there")
        return
    try:
        size = os.fstat(fd).st_size
        if size != found.size_bytes:
            message = f"the file has {size:,} bytes, it was sealed with {found.size_bytes:,}"
            yield SealProblem(found.file, min(size, found.size_bytes), "size", message)
        at = named = 0
        for length, digest in found.leaves:
            if at >= size or named >= _NAMED:
                break
            if _leaf(fd, at, at + length).hex() != digest:
                named += 1
                message = f"the record of {length:,} bytes is not the one that was sealed"
                yield SealProblem(found.file, at, "changed-bytes", message)
            at += length
    finally:
        os.close(fd)
