"""What is read back out of a published record: the values it was built from.

`build_record` (record.py) is the other direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from archive.model import Discovery, Revision, shown_verdict
from archive.records.record import Circumstances
from archive.times import parse_rfc3339


def revision_of(record: Mapping[str, Any]) -> Revision:
    """The Revision a record is of, as it was when the record was written."""
    reading = record["extraction"]
    return Revision(
        article_id=record["id"],
        number=record["revision"],
        content_hash=record["content_hash"],
        simhash=int(record["simhash"], 16),
        extractor=f"{reading['version']} {reading['profile']} {reading['config_hash']}",
        record_id=record["capture"]["warc_record_id"],
        first_seen=parse_rfc3339(record["first_seen"]),
        last_seen=parse_rfc3339(record["last_seen"]),
    )


def stable_part(record: Mapping[str, Any]) -> dict[str, Any]:
    """What two readings of one capture by one extractor version must share: all but the moment of reading."""
    reading = {name: value for name, value in record["extraction"].items() if name != "at"}
    return {**record, "extraction": reading}


def is_clean(record: Mapping[str, Any]) -> bool:
    """Whether a page shows nothing that was put into it, whatever words a user listed."""
    found = record["integrity"]
    return shown_verdict(found["verdict"], found["reasons"]) == "clean"


def discovery_of(record: Mapping[str, Any]) -> Discovery | None:
    """How the page of a record was found; None where the record does not say."""
    said = record["discovery"]
    if said["found_at"] is None or said["kind"] is None:
        return None
    return Discovery(
        url=record["url"],
        source=record["source"] or "",
        found_by=said["kind"],
        found_at=parse_rfc3339(said["found_at"]),
        via=said["via"],
        depth=said["depth"] or 0,
    )


def circumstances_of(record: Mapping[str, Any], read_at: datetime) -> Circumstances:
    """What a record says besides its reading, for a new reading of the same capture."""
    return Circumstances(
        read_at=read_at,
        run=record["discovery"]["run"],
        requested_url=record["requested_url"],
        redirects=tuple(record["capture"]["redirects"]),
        robots=record["capture"]["robots"],
        tags=tuple(record["tags"]),
        duplicate_of=record["duplicate_of"],
        revision_count=record["revision_count"],
    )
