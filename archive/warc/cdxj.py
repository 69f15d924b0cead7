"""CDXJ: one line per capture, sorted, so that a URL is found by binary search and files merge by sorting.

    org,example)/news 20261122072011 {"url": …, "mime": …, "status": …, "digest": …, "length": …, "offset": …,
    "filename": …}

Values are strings, as every other tool writes them. Form: pywb's CDXJ, and the CDXJ specification of Webrecorder.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.model import Capture


@dataclass(frozen=True, slots=True)
class CdxjLine:
    """One line, read. `filename` has no folder; `status` is None where the response had no status line."""

    urlkey: str
    timestamp: str  # 14 digits, UTC
    url: str
    mime: str
    status: str | None
    digest: str | None
    length: int
    offset: int
    filename: str

    @property
    def moment(self) -> datetime:
        return datetime.strptime(self.timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def cdxj_line(capture: Capture) -> str:
    """Return the line of a capture, without a line end."""
    values = {
        "url": capture.target_uri,
        "mime": "warc/revisit" if capture.record_type == "revisit" else capture.media_type or "unk",
        "status": str(capture.status) if capture.status is not None else None,
        "digest": capture.payload_digest,
        "length": str(capture.warc_length),
        "offset": str(capture.warc_offset),
        "filename": capture.warc_file.rsplit("/", 1)[-1],
    }
    known = {name: value for name, value in values.items() if value is not None}
    moment = capture.fetched_at.astimezone(UTC)
    return f"{capture.urlkey} {moment:%Y%m%d%H%M%S} {json.dumps(known, ensure_ascii=False)}"


def parse_cdxj(line: str) -> CdxjLine:
    """Read one line. Raises ValueError for one that is none."""
    urlkey, timestamp, rest = line.strip().split(" ", 2)
    values = json.loads(rest)
    return CdxjLine(
        urlkey,
        timestamp,
        values["url"],
        values.get("mime", "unk"),
        values.get("status"),
        values.get("digest"),
        int(values["length"]),
        int(values["offset"]),
        values["filename"],
    )


def sorted_index(lines: Iterable[str]) -> bytes:
    """The content of an index file: lines sorted by their bytes (LC_ALL=C), each with its line end."""
    return b"".join(sorted(line.encode(errors="backslashreplace") + b"\n" for line in lines))


def read_cdxj(path: Path) -> Iterator[CdxjLine]:
    """All lines of an index file, in order."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.strip() and not line.startswith("!"):
                yield parse_cdxj(line)


def merge_cdxj(paths: Iterable[Path]) -> Iterator[bytes]:
    """The lines of several sorted index files as one sorted run; needs no memory for their content."""
    files = [path.open("rb") for path in paths]
    try:
        yield from heapq.merge(*files)
    finally:
        for file in files:
            file.close()
