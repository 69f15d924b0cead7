"""Checking a WARC file: every problem with the offset of its record, not only the first.

Per member: gzip end and CRC, our own checksum of the compressed bytes, WARC/ at the start, one record; per record:
header grammar, mandatory headers, Content-Length, block and payload digest; per file: ids unique, Concurrent-To
resolvable, no record missing, moved or added, nothing behind the last one. After damage the check goes on at the next
member that holds a record.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archive.errors import NotFound
from archive.folder.store import OPEN_SUFFIX
from archive.http.messages import ResponseReader
from archive.warc.digests import same_digest, wire_entity
from archive.warc.members import MemberError, MemberReader, find_member
from archive.warc.record_stream import (
    RawRecord,
    RecordError,
    RecordStream,
    find_plain,
    is_plain,
    parse_date,
    plain_stream,
)
from archive.warc.sequence import Sequence

_RECORD_ID = re.compile(r"^<[A-Za-z][A-Za-z0-9+.-]*:[^<>\s]+>$")
_MANDATORY = ("WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Length")
_ONCE = (*_MANDATORY, "WARC-Target-URI", "WARC-Block-Digest", "WARC-Payload-Digest", "Content-Type", "WARC-Refers-To")
_NEED_TARGET = ("response", "revisit", "request", "resource", "conversion", "continuation")
_NOT_OVER_TARGET = ("warcinfo",)
# What a reader should know but does not make the bytes doubtful.
WARNINGS = frozenset(("payload-digest-over-chunks", "digest-unknown", "no-warcinfo"))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `offset` is that of the record's member (or of the record in a plain file)."""

    offset: int
    record_id: str | None
    code: str
    message: str

    @property
    def is_error(self) -> bool:
        return self.code not in WARNINGS


@dataclass(frozen=True, slots=True)
class Reference:
    """A WARC-Refers-To that points out of its file's checked records."""

    offset: int
    record_id: str
    refers_to: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found in one file. `ids` and `references` let a set of files be checked together."""

    file: Path
    records: int
    size_bytes: int
    problems: tuple[Problem, ...]
    ids: frozenset[str] = frozenset()
    references: tuple[Reference, ...] = ()

    @property
    def ok(self) -> bool:
        return not any(problem.is_error for problem in self.problems)


def check_file(path: Path, deep: bool = True) -> Report:
    """Check a file. Without `deep`, digests are not computed (gzip's own checks are). Raises NotFound."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(f"no WARC file {path}") from error
    try:
        check = _FileCheck(fd, deep, is_open=path.name.endswith(OPEN_SUFFIX))
        check.run()
    finally:
        os.close(fd)
    check.problems.sort(key=lambda problem: problem.offset)
    return Report(path, check.records, check.size, tuple(check.problems), frozenset(check.ids), tuple(check.references))


@dataclass(slots=True)
class _FileCheck:
    """The state of one pass over a file."""

    fd: int
    deep: bool
    is_open: bool  # its writer lives or has died: the end is still to come
    size: int = 0
    records: int = 0
    problems: list[Problem] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)  # record id → offset
    concurrent: list[Reference] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    first_type: str | None = None
    damaged: bool = False
    sequence: Sequence = field(default_factory=Sequence)

    def run(self) -> None:
        self.size = os.fstat(self.fd).st_size
        if self.size == 0:
            self.add(0, None, "empty", "the file is empty")
            return
        if is_plain(self.fd) and os.pread(self.fd, 5, 0) == b"WARC/":
            self._plain()
        else:
            self._members()
        self._after()

    def add(self, offset: int, record_id: str | None, code: str, message: str) -> None:
        self.problems.append(Problem(offset, record_id, code, message))

    # -- walking

    def _members(self) -> None:
        at = 0
        while at < self.size:
            member = MemberReader(self.fd, at)
            try:
                self._member(member)
            except MemberError as error:
                at = self._resume(at, error)
                continue
            changed = member.changed()
            if changed:
                self.add(at, None, "compressed-bytes", changed)
            elif moved := self.sequence.member(at, member.place):
                self.add(at, None, *moved)
            at = member.end if member.end is not None else self.size

    def _member(self, member: MemberReader) -> None:
        """Every record of one member; returns with the member read to its end."""
        stream = RecordStream(member.read)
        count = 0
        try:
            while not stream.at_end():
                self._record(member.offset, stream.next())
                count += 1
        except RecordError as error:
            self._damage(member.offset, error.code, error.message)
            stream.skip()
            return
        if count > 1:
            message = f"{count} records share one gzip member: they cannot be read by their offset"
            self.add(member.offset, None, "shared-member", message)
        elif not count:
            self.add(member.offset, None, "empty-member", "gzip member without a record")

    def _resume(self, at: int, error: MemberError) -> int:
        """Note a damaged member and return where to go on."""
        following = find_member(self.fd, at + 1, self.size)
        code, message = error.code, error.message
        if code == "not-gzip":
            last = following is None
            code = "trailing-bytes" if last and self.records else "not-gzip"
            message = f"{(following or self.size) - at} bytes that are no gzip member"
            if not at:  # hardly a WARC file at all
                message += f", and no WARC record: they begin with {os.pread(self.fd, 12, 0)!r}"
        elif code == "torn":
            message = f"record cut off at byte {self.size} (file ends {self.size - at} bytes into it)"
        elif following:
            message += f"; the next whole record is at byte {following}"
        self._damage(at, code, message)
        return self.size if following is None else following

    def _plain(self) -> None:
        start = 0
        while start < self.size:
            stream = plain_stream(self.fd, start)
            at = start
            try:
                while not stream.at_end():
                    at = start + stream.position
                    self._record(at, stream.next())
                return
            except RecordError as error:
                self._damage(at, error.code, error.message)
                start = find_plain(self.fd, at + 1, self.size)

    def _damage(self, offset: int, code: str, message: str) -> None:
        self.damaged = True
        self.sequence.damage()
        self.add(offset, None, code, message)

    # -- one record

    def _record(self, offset: int, raw: RawRecord) -> None:
        self.records += 1
        kind = raw.first.get("warc-type", "").lower()
        self.first_type = self.first_type or kind
        record_id = raw.first.get("warc-record-id")
        for code, message in [*raw.problems, *_header_problems(raw, kind)]:
            self.add(offset, record_id, code, message)
        if problem := self.sequence.record(raw):
            self.add(offset, record_id, *problem)
        if record_id:
            if record_id in self.ids:
                message = f"record id is also that of the record at byte {self.ids[record_id]}"
                self.add(offset, record_id, "duplicate-id", message)
            self.ids.setdefault(record_id, offset)
            self._references(offset, record_id, raw)
        if self.deep:
            for code, message in _digest_problems(raw, kind):
                self.add(offset, record_id, code, message)

    def _references(self, offset: int, record_id: str, raw: RawRecord) -> None:
        if "warc-concurrent-to" in raw.first:
            for value in raw.values("warc-concurrent-to"):
                self.concurrent.append(Reference(offset, record_id, value))
        refers_to = raw.first.get("warc-refers-to")
        if refers_to:
            self.references.append(Reference(offset, record_id, refers_to))

    def _after(self) -> None:
        """What only the whole file can tell."""
        for reference in self.concurrent:
            if reference.refers_to not in self.ids:
                message = f"WARC-Concurrent-To names {reference.refers_to}, which is not in this file"
                self.add(reference.offset, reference.record_id, "concurrent-to", message)
        self.references = [item for item in self.references if item.refers_to not in self.ids]
        if not self.is_open and (problem := self.sequence.end()):
            self.add(self.size, None, *problem)
        if self.records and self.first_type != "warcinfo" and not self.damaged:
            self.add(0, None, "no-warcinfo", "the file does not begin with a warcinfo record")


def _header_problems(raw: RawRecord, kind: str) -> Iterator[tuple[str, str]]:
    for name in _MANDATORY:
        if name.lower() not in raw.first:
            yield "header", f"no {name}"
    if len(raw.first) < len(raw.headers):
        names = [name.lower() for name, _ in raw.headers]
        for name in _ONCE:
            if names.count(name.lower()) > 1:
                yield "header", f"{name} is given {names.count(name.lower())} times"
    record_id = raw.value("WARC-Record-ID")
    if record_id is not None and not _RECORD_ID.match(record_id):
        yield "header", f"WARC-Record-ID is no <URI>: {record_id[:60]!r}"
    date = raw.value("WARC-Date")
    if date is not None and (parse_date(date) is None or not date.endswith("Z")):
        yield "header", f"WARC-Date is no UTC time: {date[:40]!r}"
    if kind in _NEED_TARGET and not raw.value("WARC-Target-URI"):
        yield "header", f"a {kind} record needs a WARC-Target-URI"
    if kind in _NOT_OVER_TARGET and raw.value("WARC-Target-URI"):
        yield "header", f"a {kind} record has no WARC-Target-URI"
    if kind == "revisit" and not raw.value("WARC-Profile"):
        yield "header", "a revisit record needs a WARC-Profile"


def _digest_problems(raw: RawRecord, kind: str) -> Iterator[tuple[str, str]]:
    stated = raw.value("WARC-Block-Digest")
    if stated:
        same = same_digest(stated, raw.wire.views())
        if same is None:
            yield "digest-unknown", f"block digest of an unknown kind: {stated[:60]}"
        elif not same:
            yield "block-digest", f"block does not have its digest {stated[:60]}"
    stated = raw.value("WARC-Payload-Digest")
    if stated and kind in ("response", "resource"):
        yield from _payload_problems(raw, kind, stated)


def _payload_problems(raw: RawRecord, kind: str, stated: str) -> Iterator[tuple[str, str]]:
    is_http = kind == "response" and "application/http" in (raw.value("Content-Type") or "").lower()
    if not is_http:
        same = same_digest(stated, raw.wire.views())
    else:
        same = same_digest(stated, wire_entity(raw.wire, ResponseReader()))
    if same is None:
        yield "digest-unknown", f"payload digest of an unknown kind: {stated[:60]}"
    elif not same and is_http and digest_over_chunks(raw, stated):
        yield "payload-digest-over-chunks", "payload digest is over the chunked bytes, not over the payload"
    elif not same:
        yield "payload-digest", f"payload does not have its digest {stated[:60]}"


def digest_over_chunks(raw: RawRecord, stated: str) -> bool:
    """Many tools hash what follows the head, chunk sizes and all (warcio issue 74)."""
    reader = ResponseReader()
    for piece in raw.wire.chunks():
        reader.feed(piece)
        if reader.head is not None:
            break
    if reader.head is None or reader.framing != "chunked":
        return False
    start = reader.head.size_bytes + sum(map(len, reader.interim))
    return same_digest(stated, raw.wire.chunks(start)) is True
