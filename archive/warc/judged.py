"""What an import found out about a WARC file, kept beside it as `NAME.audit.json`: where it came from, and what of it
cannot be what went over the wire. The file itself cannot say so, and the catalog must be derivable from files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

_SUFFIX = re.compile(r"\.warc(\.gz)?(\.open|\.import)?$")
_NONE: Mapping[int, tuple[str, ...]] = {}


def judgement_path(warc: Path) -> Path:
    """Where the judgement on a WARC file lies."""
    return warc.with_name(_SUFFIX.sub("", warc.name) + ".audit.json")


def read_judgement(warc: Path) -> dict[str, Any]:
    """The judgement on a WARC file; {} for a file that was not imported."""
    try:
        found = json.loads(judgement_path(warc).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def inexact_records(warc: Path) -> Mapping[int, tuple[str, ...]]:
    """Offset of each response that is proven not to be as received → the codes of the findings that prove it."""
    path = judgement_path(warc)
    try:
        status = path.stat()
    except FileNotFoundError:
        return _NONE
    return _inexact(warc, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _inexact(warc: Path, mtime_ns: int, size: int) -> Mapping[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for finding in read_judgement(warc).get("findings", ()):
        if finding["changes_bytes"]:
            for offset in finding["offsets"]:
                found[offset] = (*found.get(offset, ()), finding["code"])
    return found
