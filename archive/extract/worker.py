"""Reading behind a line protocol: `python -m archive.extract.worker`, JSON lines in, JSON lines out.

In: {"id", "path", "url"}; the file holds the response body, gzipped or not. Out: {"id", "text", "title", "authors",
"date", "language", "page_type", "flag", "injected", "cpu", "wall"}. Ends with its standard input.
`--copies FILE` names clean copies, JSON lines {"id", "title", "text"}: then the text has their wording where it was
overwritten.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from pathlib import Path

from archive.extract import Evidence, extract, warm_up
from archive.extract.injection import NO_COPIES, Copies, Copy, index_copies, restored_headline, restored_text
from archive.model import Page


def read_copies(path: Path) -> Copies:
    """The clean copies a file holds, gzipped or not."""
    raw = path.read_bytes()
    lines = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8").splitlines()
    return index_copies(
        Copy(str(found["id"]), str(found["text"]), str(found.get("title") or "")) for found in map(json.loads, lines)
    )


def answer(request: dict[str, str | None], copies: Copies = NO_COPIES) -> dict[str, object]:
    """Read the page a request names."""
    raw = Path(str(request["path"])).read_bytes()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    wall, cpu = time.perf_counter(), time.process_time()
    extraction = extract(Page(url=request.get("url") or "", body=raw), Evidence(copies=copies))
    spent_cpu, spent_wall = time.process_time() - cpu, time.perf_counter() - wall
    article, integrity = extraction.article, extraction.integrity
    dated = article.date_published or article.date_modified  # many pages say only when they were last updated
    return {
        "id": request["id"],
        "text": restored_text(article.text, extraction.text_marked, integrity.spans),
        "title": restored_headline(article.headline, integrity.spans),
        "authors": [author.name for author in article.authors],
        "date": dated.at.isoformat() if dated else None,
        "language": article.language,
        "page_type": article.page_type,
        "flag": integrity.verdict == "hijacked",
        "injected": list(dict.fromkeys(span.raw for span in integrity.spans if span.injection_class != "promotion")),
        "cpu": spent_cpu,
        "wall": spent_wall,
    }


def main() -> None:
    """Answer requests until standard input ends; a page that fails is answered with its error."""
    options = argparse.ArgumentParser(description="Read pages named on standard input.")
    options.add_argument("--copies", type=Path, default=None)
    chosen = options.parse_args()
    copies = read_copies(chosen.copies) if chosen.copies else NO_COPIES
    warm_up()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = answer(request, copies)
        except Exception as error:
            reply = {"id": request.get("id"), "error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(reply, ensure_ascii=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
