"""Recovery: files left open by a writer that died become closed files that hold every whole record.

Other readers take a torn last record for a whole one, so every member is decompressed to its end and checked. What
follows the last whole record is set aside, never thrown away, and the record that ends a file is added. Each step may
be the last one of this process too: running recovery again finishes it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from archive.errors import ArchiveLocked, NotFound
from archive.folder.lock import try_lock
from archive.folder.store import OPEN_SUFFIX, LocalStore
from archive.warc.captures import build_index
from archive.warc.members import MemberError, MemberReader
from archive.warc.output import disk_error, sync_folder, write_whole
from archive.warc.packing import pack
from archive.warc.record_stream import RawRecord, RecordError, RecordStream
from archive.warc.records import end_record
from archive.warc.sequence import Sequence

TORN_SUFFIX = ".torn"
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Recovered:
    """What recovery did. `warc_file` has kept `kept_bytes` and `records` records; None where none was whole.

    `torn_bytes` followed the last whole record and are in `torn_file`. The record added at the end is not counted.
    """

    warc_file: str | None
    kept_bytes: int
    torn_bytes: int
    records: int
    torn_file: str | None = None


def recover(store: LocalStore, relative_open_name: str) -> Recovered:
    """Recover one open file, named with or without ".open".

    Raises NotFound; ArchiveLocked where its writer is alive; DiskFull.
    """
    warc_file = relative_open_name.removesuffix(OPEN_SUFFIX)
    path = store.path(warc_file + OPEN_SUFFIX)
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(f"no open WARC file {warc_file} in {store.root}") from error
    except OSError as error:
        raise disk_error(path, error) from error
    try:
        if not try_lock(fd):
            raise ArchiveLocked(f"{warc_file} is being written by a living process", hint="wait until it has ended")
        if not _still_there(fd, path):
            raise NotFound(f"{warc_file} has been closed meanwhile")
        return _recover(store, warc_file, path, fd)
    except OSError as error:
        raise disk_error(path, error) from error
    finally:
        os.close(fd)


def recover_all(store: LocalStore) -> Iterator[Recovered]:
    """Recover every open file no living process writes."""
    for warc_file in store.open_files():
        try:
            yield recover(store, warc_file)
        except (ArchiveLocked, NotFound):
            continue
    for new in sorted((store.root / "warc").rglob("*.warc.gz.new")):
        _remove_unborn(new)


def last_whole(fd: int) -> tuple[int, Sequence]:
    """The offset after the last whole record that follows only whole records, and what these are."""
    size = os.fstat(fd).st_size
    at, kept = 0, Sequence()
    while at < size:
        member = MemberReader(fd, at)
        records = _whole_records(member)
        if not records or member.end is None:
            break
        for raw in records:
            kept.record(raw)
        at = member.end
    return at, kept


def _whole_records(member: MemberReader) -> list[RawRecord]:
    """What the member holds, or nothing where anything about it is wrong."""
    stream = RecordStream(member.read)
    records: list[RawRecord] = []
    try:
        while not stream.at_end():
            records.append(stream.next())
    except (RecordError, MemberError):
        return []
    return [] if any(raw.problems for raw in records) else records


def _recover(store: LocalStore, warc_file: str, path: Path, fd: int) -> Recovered:
    found = os.fstat(fd)
    size = found.st_size
    end, kept = last_whole(fd)
    torn_name = _torn_name(store, warc_file, fd, end)
    if not kept.records:
        path.rename(store.path(torn_name))
        sync_folder(path.parent)
        return Recovered(None, 0, size, 0, torn_name)
    if end < size:
        _set_aside(fd, end, size, store.path(torn_name))
        os.ftruncate(fd, end)
    if kept.announced and not kept.has_end:
        _end(fd, end, kept, datetime.fromtimestamp(found.st_mtime, UTC))
    os.fsync(fd)
    write_whole(store.path(store.cdxj_path_of(warc_file)), build_index(path, warc_file))
    path.rename(store.path(warc_file))
    sync_folder(path.parent)
    return Recovered(warc_file, end, size - end, kept.records, torn_name if end < size else None)


def _end(fd: int, at: int, kept: Sequence, moment: datetime) -> None:
    """Add the record that ends the file, of the time at which the file was last written to."""
    record = end_record(kept.warcinfo_id or "", kept.records, moment, closed_by="recovery")
    view = memoryview(b"".join(pack(b"".join(record.pieces())).pieces(at)))
    while view:
        written = os.pwrite(fd, view, at)
        at, view = at + written, view[written:]


def _torn_name(store: LocalStore, warc_file: str, fd: int, start: int) -> str:
    """Where the tail from `start` goes: never over what a recovery that was stopped has set aside before."""
    size = os.fstat(fd).st_size - start
    for number in count(1):
        name = f"{warc_file}{TORN_SUFFIX}" if number == 1 else f"{warc_file}.{number}{TORN_SUFFIX}"
        path = store.path(name)
        if not path.exists() or (path.stat().st_size == size and _same(path, fd, start)):
            break
    return name


def _same(path: Path, fd: int, start: int) -> bool:
    with path.open("rb") as file:
        while piece := file.read(_COPY_BYTES):
            if os.pread(fd, len(piece), start) != piece:
                return False
            start += len(piece)
    return True


def _set_aside(fd: int, start: int, end: int, torn: Path) -> None:
    """Copy the tail, durable before the file is cut. Half a copy is never taken for a whole one."""
    draft = torn.with_name(torn.name + ".tmp")
    with draft.open("wb") as file:
        for at in range(start, end, _COPY_BYTES):
            file.write(os.pread(fd, min(_COPY_BYTES, end - at), at))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(torn)
    sync_folder(torn.parent)


def _still_there(fd: int, path: Path) -> bool:
    """The writer may have renamed the file between our open and our lock."""
    try:
        return os.fstat(fd).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _remove_unborn(new: Path) -> None:
    """A file whose writer died before it had a record. It holds nothing."""
    try:
        fd = os.open(new, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if try_lock(fd) and _still_there(fd, new):
            new.unlink()
    finally:
        os.close(fd)
