"""Two crawl processes on one PostgreSQL catalog: each page once, no host fetched by both at the same time."""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.real_pages import PROJECT, SERVER, RealPages, archive_for, command_line, pressmark, records

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(not SERVER.exists(), reason=f"the bench of real pages is not at {SERVER.parent}"),
    pytest.mark.long,
    pytest.mark.timeout(300),
]


def _exchanges(archive: Path) -> list[tuple[str, datetime, float]]:
    """(URL, start, seconds) of every exchange in the archive's files."""
    found = []
    for path in archive.glob("warc/**/*.warc.gz"):
        seconds: dict[str, float] = {}
        starts: dict[str, tuple[str, datetime]] = {}
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, no_record_parse=True):
                header = record.rec_headers.get_header
                if record.rec_type in ("response", "revisit"):
                    starts[header("WARC-Record-ID")] = (
                        header("WARC-Target-URI"),
                        datetime.fromisoformat(header("WARC-Date")),
                    )
                elif record.rec_type == "metadata":
                    fields = dict(
                        line.split(": ", 1) for line in record.raw_stream.read().decode().splitlines() if ": " in line
                    )
                    seconds[header("WARC-Concurrent-To")] = int(fields.get("fetchTimeMs", "0")) / 1000
        found += [(url, start, seconds.get(key, 0.0)) for key, (url, start) in starts.items()]
    return found


def test_two_processes_share_the_work(tmp_path: Path, postgres_url: str) -> None:
    with RealPages(tmp_path, publications=30, limit=300) as site:
        archives = [archive_for(site.sources, tmp_path / name, db_url=postgres_url) for name in ("one", "two")]
        crawls = [
            subprocess.Popen(command_line(archive, "crawl", "--all", "--progress", "none"), cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for archive in archives
        ]  # fmt: skip
        said = [crawl.communicate(timeout=250)[0] for crawl in crawls]
        assert [crawl.returncode for crawl in crawls] == [0, 0], "\n".join(said)
        print(*said)
        served = Counter(row.page for row in site.served() if row.page and row.status == 200)

    assert len(served) >= 0.97 * site.pages  # see test_real_pages: some of the server's pages have no address
    assert {page: count for page, count in served.items() if count != 1} == {}
    stored = [{str(one["url"]) for one in records(archive)} for archive in archives]
    assert min(map(len, stored)) > 20  # both did a share of the work
    assert stored[0] & stored[1] == set()
    _assert_no_host_is_asked_by_both([_exchanges(archive) for archive in archives])
    for archive in archives:
        pressmark(archive, "warc", "verify")


def _assert_no_host_is_asked_by_both(exchanges: list[list[tuple[str, datetime, float]]]) -> None:
    spans: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for process, found in enumerate(exchanges):
        for url, start, seconds in found:
            spans[urlsplit(url).hostname or ""].append((start.timestamp(), start.timestamp() + seconds, process))
    for host, rows in spans.items():
        rows.sort()
        for (_, end, process), (start, _, other) in pairwise(rows):
            assert process == other or start >= end - 0.002, host
