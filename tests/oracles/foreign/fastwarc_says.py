"""What FastWARC reads from WARC files, as JSON lines. Runs where only FastWARC is installed: nothing of ours is imported.

Bodies are left as they are: its `auto_decode` ends the whole reading at a body that is cut off (seen with 2.0.1).
"""

from __future__ import annotations

import hashlib
import json
import sys

from fastwarc.warc import ArchiveIterator, WarcRecordType


def says(path: str) -> list[dict]:
    found = [
        {
            "file": path,
            "type": record.headers.get("WARC-Type"),
            "record_id": record.headers.get("WARC-Record-ID"),
            "uri": record.headers.get("WARC-Target-URI"),
            "offset": record.stream_pos,
            "block": hashlib.sha1(record.reader.read()).hexdigest(),
        }
        for record in ArchiveIterator(path, record_types=WarcRecordType.any_type, parse_http=False)
    ]
    for said, record in zip(found, ArchiveIterator(path, record_types=WarcRecordType.any_type), strict=True):
        if record.http_headers is not None and said["type"] in ("response", "revisit"):
            said["status"] = str(record.http_headers.status_code)
    for said, record in zip(
        found, ArchiveIterator(path, record_types=WarcRecordType.any_type, parse_http=False), strict=True
    ):
        said["block_digest_right"] = record.verify_block_digest()
    return found


for name in sys.argv[1:]:
    for one in says(name):
        print(json.dumps(one))
