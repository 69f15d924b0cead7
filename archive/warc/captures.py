"""Captures from WARC files alone: what the catalog is rebuilt from, and what an imported file is listed by."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from archive.errors import WarcDamaged
from archive.model import Capture, Truncation
from archive.warc.cdxj import cdxj_line, sorted_index
from archive.warc.digests import read_payload
from archive.warc.judged import inexact_records
from archive.warc.reader import Record, iter_records
from archive.warc.records import Fields, parse_warc_fields
from archive.warc.writer import is_wire_exact, key_of

_TRUNCATIONS = ("length", "time", "disconnect")


@dataclass(frozen=True, slots=True)
class KeptExchange:
    """A capture with the fields of its metadata record (none where there is no such record).

    `capture` is None for an exchange that got no response; `request` is the request as sent, where it was kept.
    """

    capture: Capture | None
    metadata: Fields
    target_uri: str | None
    fetched_at: datetime | None
    request: bytes | None = None

    def value(self, name: str) -> str | None:
        return next((value for key, value in self.metadata if key == name), None)


def captures_in(path: Path, warc_file: str, *, archive: str = "", run: str = "") -> Iterator[Capture]:
    """All captures of a file, in order. See `exchanges_in`."""
    for kept in exchanges_in(path, warc_file, archive=archive, run=run):
        if kept.capture:
            yield kept.capture


def exchanges_in(
    path: Path, warc_file: str, *, archive: str = "", run: str = "", start: int = 0
) -> Iterator[KeptExchange]:
    """All exchanges of a file, in order, as they were when written: the same Capture values, field for field.

    `warc_file` is the name the captures get. `archive` is who holds the file now, whatever its warcinfo says (it may
    have been imported); "" takes what that says. `run` is used where the warcinfo names none (other tools' files, or a
    `start` behind it). Raises NotFound; WarcDamaged when all that is whole has been given.
    """
    group, holder, inexact = _Group(), archive, inexact_records(path)
    damages: list[WarcDamaged] = []
    for record in _until_damaged(iter_records(path, start), damages):
        if record.warc_type == "warcinfo":
            info = dict(parse_warc_fields(record.block))
            archive, run = holder or info.get("archive", archive), info.get("isPartOf", run)
        if _is_outcome(record):
            continue
        if group.records and not group.takes(record):
            yield from _read_group(group, warc_file, archive, run, inexact)
            group = _Group()
        if record.warc_type in ("response", "revisit", "request", "metadata"):
            group.add(record)
    yield from _read_group(group, warc_file, archive, run, inexact)
    for damage in damages:
        raise damage


def _until_damaged(records: Iterator[Record], damages: list[WarcDamaged]) -> Iterator[Record]:
    """The records; what they raise at their end is put aside, as the last exchange is still to be given."""
    try:
        yield from records
    except WarcDamaged as damage:
        damages.append(damage)


def build_index(path: Path, warc_file: str) -> bytes:
    """The CDXJ of a file, from the file. Raises as `captures_in`."""
    return sorted_index(cdxj_line(capture) for capture in captures_in(path, warc_file))


def _is_outcome(record: Record) -> bool:
    """Whether it says what became of a capture, later and perhaps in another file, and is no part of an exchange."""
    return record.warc_type == "metadata" and bool(record.values("WARC-Refers-To"))


@dataclass(slots=True)
class _Group:
    """Neighbouring records of one exchange, in whatever order a tool writes them."""

    records: list[Record] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def add(self, record: Record) -> None:
        self.records.append(record)
        self.ids.add(record.record_id)
        self.ids.update(record.values("WARC-Concurrent-To"))

    def takes(self, record: Record) -> bool:
        if record.warc_type not in ("response", "revisit", "request", "metadata"):
            return False
        return record.record_id in self.ids or bool(self.ids.intersection(record.values("WARC-Concurrent-To")))


def _read_group(
    group: _Group, warc_file: str, archive: str, run: str, inexact: Collection[int]
) -> Iterator[KeptExchange]:
    mains = [record for record in group.records if record.warc_type in ("response", "revisit")]
    metadata: Fields = ()
    request = None
    for record in group.records:
        if record.warc_type == "metadata":
            metadata += parse_warc_fields(record.block)
        elif record.warc_type == "request":
            request = record.block
    for main in mains:
        capture = _capture(main, dict(metadata), _method(request), warc_file, archive, run)
        if main.offset in inexact:
            capture = replace(capture, wire_exact=False)
        yield KeptExchange(capture, metadata, main.target_uri, main.date, request)
    if group.records and not mains:
        first = group.records[0]
        yield KeptExchange(None, metadata, first.target_uri, first.date, request)


def _method(request: bytes | None) -> str:
    return request.split(b" ", 1)[0].decode("latin-1") if request else "GET"


def _capture(record: Record, metadata: dict[str, str], method: str, warc_file: str, archive: str, run: str) -> Capture:
    method = metadata.get("method", method)
    payload = read_payload(record.wire, method)
    is_revisit = record.warc_type == "revisit"
    truncated = None if is_revisit else _truncation(record.value("WARC-Truncated"))
    stated = record.value("WARC-Payload-Digest")
    target = record.target_uri or ""
    # A revisit's block has no payload; only what was written beside it can tell its size.
    size = _number(metadata.get("payloadBytes")) if is_revisit else payload.size
    return Capture(
        record_id=record.record_id,
        record_type="revisit" if is_revisit else "response",
        target_uri=target,
        urlkey=key_of(target),
        fetched_at=record.date or datetime.min.replace(tzinfo=UTC),
        status=payload.head.status,
        media_type=payload.head.media_type,
        payload_digest=stated or (None if is_revisit else payload.digest),
        payload_bytes=size,
        warc_file=warc_file,
        warc_offset=record.offset,
        warc_length=record.length,
        archive=archive,
        run=run,
        source=metadata.get("source"),
        truncated=truncated,
        refers_to=record.value("WARC-Refers-To"),
        etag=payload.head.value("etag"),
        last_modified=payload.head.value("last-modified"),
        wire_exact=is_wire_exact(truncated),
    )


def _number(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else 0


def _truncation(value: str | None) -> Truncation | None:
    if value is None:
        return None
    return cast(Truncation, value) if value in _TRUNCATIONS else "disconnect"
