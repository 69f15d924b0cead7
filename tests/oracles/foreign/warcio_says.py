"""What warcio reads from WARC files, as JSON lines. Runs where only warcio is installed: nothing of ours is imported."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def raw(path: str) -> list[dict]:
    found = []
    with Path(path).open("rb") as stream:
        records = ArchiveIterator(stream, no_record_parse=True)
        for record in records:
            header = record.rec_headers.get_header
            said = {"file": path, "type": record.rec_type, "record_id": header("WARC-Record-ID"),
                    "uri": header("WARC-Target-URI"), "block": sha1(record.raw_stream.read())}  # fmt: skip
            found.append(said | {"offset": records.get_record_offset(), "length": records.get_record_length()})
    return found


def parsed(path: str) -> list[dict]:
    """Status and body of HTTP answers; the body with chunks and content coding taken off, as warcio does."""
    found = []
    with Path(path).open("rb") as stream:
        for record in ArchiveIterator(stream):
            said = {}
            if record.rec_type == "response" and record.http_headers:
                try:
                    said["body"] = sha1(record.content_stream().read())
                except Exception as error:
                    said["body"] = f"{type(error).__name__}: {error}"
            if record.rec_type in ("response", "revisit") and record.http_headers:
                said["status"] = record.http_headers.get_statuscode()
            found.append(said)
    return found


for name in sys.argv[1:]:
    for block, message in zip(raw(name), parsed(name), strict=True):
        print(json.dumps(block | message))
