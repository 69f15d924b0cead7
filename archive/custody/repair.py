"""Repairing a WARC file: every whole record goes into a new file as it is; what does not is named, with its place.

The damaged file is never touched. A record that lies alone in a sound gzip member is copied as stored (only the place
its member names is the new one), one from a shared or changed member (or from a plain file) is packed anew around the
same bytes. The new file ends with a metadata record that says what was done, so that it can be told from an original.
A record that counts others which are not all there any more is replaced.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO, Literal

from archive.errors import NotFound, UsageError, WarcDamaged
from archive.folder.store import OPEN_SUFFIX
from archive.http.wire import Bytes
from archive.warc.digests import same_digest
from archive.warc.members import placed
from archive.warc.output import disk_error, sync_folder
from archive.warc.packing import Packed, pack, pack_pieces
from archive.warc.record_stream import RawRecord, is_plain
from archive.warc.records import FILE_RECORDS, end_record, note_record
from archive.warc.salvage import Found, Gap, salvage
from archive.warc.sequence import CODES, Sequence, counted_records

Action = Literal["left out", "missing", "mended", "repacked", "replaced", "doubtful"]
_COPY_BYTES = 1 << 20
_IN_MEMORY = 1 << 20
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Note:
    """What was done with one place of the damaged file, and why.

    left out: not in the new file. missing: not in the damaged file any more, or too much of it. mended: the line ends
    after its block were missing and are there now. repacked: its bytes are the same, its gzip member is new. replaced:
    the record that counts the others. doubtful: kept as it is, though not everything about it fits.
    """

    action: Action
    offset: int
    size_bytes: int
    record_id: str | None
    reason: str


@dataclass(slots=True)
class Repaired:
    """What a repair did. `copied` records were copied as stored."""

    source: Path
    out: Path
    sha256: str = ""  # of the damaged file
    records: int = 0
    copied: int = 0
    notes: list[Note] = field(default_factory=list)

    def count(self, action: Action) -> int:
        return sum(note.action == action for note in self.notes)

    @property
    def left_out_bytes(self) -> int:
        return sum(note.size_bytes for note in self.notes if note.action == "left out")


def repair(source: Path, out: Path, now: datetime) -> Repaired:
    """Write every whole record of `source` to `out` (.warc.gz, or .warc without compression).

    Raises NotFound; UsageError where `out` exists or has another ending; WarcDamaged where no record is whole;
    DiskFull. `out` appears only when it is complete.
    """
    _check_names(source, out)
    done = Repaired(source, out)
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(f"no WARC file {source}") from error
    try:
        with draft.open("xb") as file:
            is_open = source.name.endswith(OPEN_SUFFIX)
            _Repair(fd, file, done, out.name.endswith(".gz"), is_open).run(now)
            file.flush()
            os.fsync(file.fileno())
        if not done.records:
            raise WarcDamaged(f"{source.name}: no record of it is whole", hint=f"pressmark warc verify {source}")
        draft.replace(out)
        sync_folder(out.parent)
    except OSError as error:
        raise disk_error(out, error) from error
    finally:
        os.close(fd)
        draft.unlink(missing_ok=True)
    return done


def _check_names(source: Path, out: Path) -> None:
    if not out.name.endswith((".warc", ".warc.gz")):
        raise UsageError(f"{out} must end in .warc.gz or .warc", hint=f"-o {out}.warc.gz")
    if out.exists():
        raise UsageError(f"{out} is there already", hint="another name: nothing is ever written over")
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}", hint=f"mkdir -p {out.parent}")


@dataclass(slots=True)
class _Repair:
    """One pass over the damaged file."""

    fd: int
    file: IO[bytes]
    done: Repaired
    packed: bool
    is_open: bool
    written: Sequence = field(default_factory=Sequence)

    def run(self, now: datetime) -> None:
        plain = is_plain(self.fd)
        for item in salvage(self.fd, is_open=self.is_open):
            if isinstance(item, Gap):
                self._gap(item, now)
                continue
            counted = counted_records(item.raw)
            if counted is not None and counted != self.written.records:
                self._replace(item, now)
            else:
                self._record(item, plain)
        self.done.sha256 = _sha256(self.fd)
        if self.done.records and self.done.notes:
            fields = [(FILE_RECORDS, str(self.written.records)), *_note_fields(self.done)]
            self._write(note_record(fields, now).pieces())

    def _gap(self, gap: Gap, now: datetime) -> None:
        size = gap.end - gap.offset
        self._note("missing" if gap.code in CODES else "left out", gap.offset, size, None, gap.message)
        if gap.code == "no-end" and gap.end < os.fstat(self.fd).st_size:  # else the note ends the file
            self._end(now)

    def _replace(self, found: Found, now: datetime) -> None:
        reason = f"it does not count the {self.written.records} records that are before it now"
        self._note("replaced", found.offset, found.end - found.offset, found.raw.value("WARC-Record-ID"), reason)
        self._end(now)

    def _end(self, now: datetime) -> None:
        count = self.written.records
        self._write(end_record(self.written.warcinfo_id or "", count, now, closed_by="repair").pieces())
        self.written.records += 1

    def _record(self, found: Found, plain: bool) -> None:
        raw, record_id = found.raw, found.raw.value("WARC-Record-ID")
        size = found.end - found.offset
        stated = raw.value("WARC-Block-Digest")
        fits = same_digest(stated, raw.wire.chunks()) if stated else None
        if fits is False:
            self._note("left out", found.offset, size, record_id, f"its block does not have its digest {stated}")
            return
        if found.breaks and not fits:
            self._note("left out", found.offset, size, record_id, f"no digest proves it, and its {found.breaks}")
            return
        ending = next((message for code, message in raw.problems if code == "record-end"), None)
        if ending and (fits is None or "missing" not in ending):
            self._note("left out", found.offset, size, record_id, ending)
            return
        if found.breaks:
            self._note("doubtful", found.offset, size, record_id, f"only its digest proves it: its {found.breaks}")
        for code, message in raw.problems:
            self._note("mended" if code == "record-end" else "doubtful", found.offset, size, record_id, message)
        self._keep(found, plain, record_id, whole=ending is None)

    def _keep(self, found: Found, plain: bool, record_id: str | None, *, whole: bool) -> None:
        self.done.records += 1
        self.written.record(found.raw)
        if whole and found.alone and plain is not self.packed and not found.changed:
            self._copy(found.offset, found.end)
            self.done.copied += 1
            return
        if found.changed or not found.alone:
            reason = found.changed or "several records share one gzip member"
            self._note("repacked", found.offset, found.end - found.offset, record_id, reason)
        self._write(_pieces(found.raw))

    def _copy(self, start: int, end: int) -> None:
        for at in range(start, end, _COPY_BYTES):
            piece = os.pread(self.fd, min(_COPY_BYTES, end - at), at)
            self.file.write(placed(piece, self.file.tell()) if at == start and self.packed else piece)

    def _write(self, pieces: Iterable[Bytes]) -> None:
        for piece in _packed(pieces).pieces(self.file.tell()) if self.packed else pieces:
            self.file.write(piece)

    def _note(self, action: Action, offset: int, size: int, record_id: str | None, reason: str) -> None:
        self.done.notes.append(Note(action, offset, size, record_id, reason))


def _pieces(raw: RawRecord) -> Iterator[bytes]:
    """The record's own bytes; its end is the one it must have."""
    yield raw.head + _END
    yield from raw.wire.chunks()
    yield _END


def _packed(pieces: Iterable[Bytes]) -> Packed:
    """The same as one gzip member; a large one is never all in memory."""
    start: list[Bytes] = []
    rest = iter(pieces)
    for piece in rest:
        start.append(piece)
        if sum(map(len, start)) > _IN_MEMORY:
            return pack_pieces(chain(start, rest))
    return pack(b"".join(start))


def _note_fields(done: Repaired) -> list[tuple[str, str]]:
    fields = [
        ("software", "pressmark warc repair"),
        ("repairedFrom", done.source.name),
        ("repairedSha256", done.sha256),
    ]
    names: dict[Action, str] = {
        "left out": "leftOut",
        "missing": "missing",
        "mended": "mended",
        "repacked": "repacked",
        "replaced": "replaced",
        "doubtful": "doubtful",
    }
    for note in done.notes:
        where = f"byte {note.offset} ({note.size_bytes} bytes)"
        who = f" {note.record_id}" if note.record_id else ""
        fields.append((names.get(note.action, note.action), f"{where}{who}: {note.reason}"))
    return fields


def _sha256(fd: int) -> str:
    running, at = hashlib.sha256(), 0
    while piece := os.pread(fd, _COPY_BYTES, at):
        running.update(piece)
        at += len(piece)
    return running.hexdigest()
