"""Reading behind a line protocol: `python -m archive.extract.worker`, JSON lines in, JSON lines out.

In: {"id", "path", "url"}; the file holds the response body, gzipped or not. Out: {"id", "text", "title", "authors",
"date", "language", "page_type", "cpu", "wall"}. Ends with its standard input.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from pathlib import Path

from archive.extract import extract, warm_up
from archive.model import Page


def answer(request: dict[str, str | None]) -> dict[str, object]:
    """Read the page a request names."""
    raw = Path(str(request["path"])).read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    wall, cpu = time.perf_counter(), time.process_time()
    extraction = extract(Page(url=request.get("url") or "", body=raw))
    spent_cpu, spent_wall = time.process_time() - cpu, time.perf_counter() - wall
    article = extraction.article
    return {
        "id": request["id"],
        "text": article.text,
        "title": article.headline,
        "authors": [author.name for author in article.authors],
        "date": article.date_published.at.isoformat() if article.date_published else None,
        "language": article.language,
        "page_type": article.page_type,
        "cpu": spent_cpu,
        "wall": spent_wall,
    }


def main() -> None:
    """Answer requests until standard input ends; a page that fails is answered with its error."""
    warm_up()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = answer(request)
        except Exception as error:
            reply = {"id": request.get("id"), "error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(reply, ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
