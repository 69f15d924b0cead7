"""What our own reader says about WARC files: the side the others are compared with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from archive.http.messages import ResponseReader
from archive.warc.reader import Record, iter_records, read_kept


@dataclass(frozen=True)
class Said:
    """One record. `block`, `entity` and `body` are SHA-1s; the last two and what follows are of responses only."""

    file: str
    offset: int
    length: int
    type: str
    record_id: str
    uri: str | None
    block: str
    status: str | None = None
    entity: str | None = None  # transfer-decoded
    body: str | None = None  # content-decoded too
    chunked: bool = False
    whole: bool = True  # the message came to its end, and its codings could be taken off
    coding: str = ""


def said_by_us(paths: Iterable[Path]) -> dict[str, Said]:
    """Every record of these files by its id."""
    return {record.record_id: _said(record, path) for path in paths for record in iter_records(path)}


def _said(record: Record, path: Path) -> Said:
    block = hashlib.sha1()
    for piece in record.wire.chunks():
        block.update(piece)
    said = Said(
        str(path),
        record.offset,
        record.length,
        record.warc_type,
        record.record_id,
        record.target_uri,
        block.hexdigest(),
    )
    if record.warc_type not in ("response", "revisit"):
        return said
    reader = ResponseReader()
    for piece in record.wire.chunks():
        reader.feed(piece)
    reader.eof()
    kept = read_kept(record)
    return Said(
        **{name: getattr(said, name) for name in ("file", "offset", "length", "type", "record_id", "uri", "block")},
        status=None if kept.head.status is None else f"{kept.head.status:03d}",
        entity=hashlib.sha1(kept.entity).hexdigest(),
        body=hashlib.sha1(kept.body).hexdigest(),
        chunked=reader.framing == "chunked",
        whole=kept.complete and not kept.problems and record.value("WARC-Truncated") is None,
        coding=", ".join(kept.head.tokens("content-encoding")),
    )
