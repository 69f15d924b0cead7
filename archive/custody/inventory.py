"""The inventory of an archive: one line for each WARC file, for a spreadsheet, a finding aid or a handover."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.errors import WarcDamaged
from archive.warc.digests import sha256_of
from archive.warc.judged import read_judgement
from archive.warc.reader import Record, iter_records
from archive.warc.records import parse_warc_fields


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One WARC file. Times are those of its captures; what is None the file does not say."""

    file: str
    bytes: int
    sha256: str
    records: int
    responses: int
    revisits: int
    hosts: int  # different ones among the captures
    first: datetime | None
    last: datetime | None
    software: str | None
    run: str | None
    imported_from: str | None  # where it was before it was imported; None for a file of this archive's own
    damage: str | None  # why it could be read only as far as these numbers say


def entry_of(path: Path) -> FileEntry:
    """Read one file for the inventory. Raises NotFound; damage is in the entry."""
    counts: Counter[str] = Counter()
    hosts: set[str] = set()
    dates: list[datetime] = []
    info: dict[str, str] = {}
    damage = None
    try:
        for record in iter_records(path):
            counts[record.warc_type] += 1
            if record.warc_type == "warcinfo" and not info:
                info = dict(parse_warc_fields(record.block))
            if record.warc_type in ("response", "revisit"):
                hosts.add(_host(record))
                dates += [record.date] if record.date else []
    except WarcDamaged as error:
        damage = error.message
    return FileEntry(
        file=path.name,
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        records=counts.total(),
        responses=counts["response"],
        revisits=counts["revisit"],
        hosts=len(hosts),
        first=min(dates, default=None),
        last=max(dates, default=None),
        software=info.get("software"),
        run=info.get("isPartOf"),
        imported_from=read_judgement(path).get("imported_from"),
        damage=damage,
    )


def _host(record: Record) -> str:
    return (record.target_uri or "").split("://", 1)[-1].split("/", 1)[0].lower()
