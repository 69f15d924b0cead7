"""A small archive made of real bytes: pages we wrote, kept in a WARC, read, recorded and told to the catalog.

What a crawl does without a network, in the order it does it: capture, reading, record, catalog, run log.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from archive.archive import Archive, open_archive
from archive.catalog import archives, captures, frontier, near, revisions, runs
from archive.catalog.frontier import Acknowledged
from archive.folder.location import ArchiveLocation
from archive.folder.store import LocalStore
from archive.http.wire import Wire
from archive.model import Capture, Claims, Discovery, Exchange, Outcome, ReadingRules, Run, Source
from archive.reading.acceptance import judge, readable
from archive.reading.read import job_of, read_capture
from archive.reading.recording import RecordWriter, decide_record
from archive.records.provenance import discovery_fields
from archive.records.record import Circumstances
from archive.revisions.decide import Changed, New, Same
from archive.revisions.watch import watch_of, watch_values
from archive.runs.runlog import RunLog, discovered_line, end_line, outcome_line, run_line
from archive.urls import canonical_url
from archive.warc.writer import RevisitOf, WarcInfo, WarcWriter

START = datetime(2026, 11, 22, 7, 20, 11, tzinfo=UTC)
HOME = "https://news.example/"
RSS = "https://news.example/rss.xml"

HARBOUR = """The harbour of Norden will be dredged again next spring, the council decided on Tuesday.
Three ships ran aground last winter because sand had filled the channel faster than expected.
The work is to cost four million euros, half of it paid by the state government.
Fishermen had asked for the decision since the summer and welcomed it with relief.
Environmental groups warned that the mud must not be dumped near the bird reserve."""
RIVER_ZH = """记者从市水务局获悉，受连日降雨影响，长江中游水位持续上涨，多个监测站已超过警戒水位。
有关部门表示，目前堤防总体平稳，未发生重大险情，沿线居民已陆续转移到安全地带。
专家预计，本周末雨势将减弱，水位有望在下周初缓慢回落。
当地政府呼吁市民密切关注预警信息，避免前往河边和低洼地带。"""


def page(headline: str, text: str, *, lang: str = "en", published: str = "2026-11-22T06:58:00+01:00") -> bytes:
    """An article page with chrome around it, as a small paper would send it."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n"))
    data = json.dumps(
        {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": headline,
            "datePublished": published,
            "author": {"@type": "Person", "name": "Anna Berg"},
        }
    )
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{headline} - The News</title>'
        f'<script type="application/ld+json">{data}</script></head><body>'
        '<nav><a href="/">Home</a> <a href="/politics">Politics</a> <a href="/sport">Sport</a></nav>'
        f"<main><article><h1>{headline}</h1>{body}</article></main>"
        '<footer>© The News <a href="/imprint">Imprint</a></footer></body></html>'
    ).encode()


SECTION = (
    b"<html lang=en><head><title>Politics - The News</title></head><body><h1>Politics</h1><ul>"
    + b"".join(b'<li><a href="/a/%d">Story number %d of the day</a></li>' % (n, n) for n in range(30))
    + b"</ul></body></html>"
)


@dataclass(frozen=True)
class Step:
    """One URL of a run: what the server answers. `status` 304 is a revisit of the last capture of that URL."""

    url: str
    body: bytes = b""
    status: int = 200
    media_type: str = "text/html"
    etag: str | None = None


def response(step: Step) -> bytes:
    head = f"HTTP/1.1 {step.status} X\r\nContent-Type: {step.media_type}; charset=utf-8\r\n"
    if step.etag:
        head += f"ETag: {step.etag}\r\n"
    if step.status == 304:
        return (head + "\r\n").encode()
    return (head + f"Content-Length: {len(step.body)}\r\n\r\n").encode() + step.body


def exchange(step: Step, at: datetime) -> Exchange:
    path = "/" + step.url.split("/", 3)[3]
    request = f"GET {path} HTTP/1.1\r\nHost: news.example\r\n\r\n".encode()
    return Exchange(step.url, "GET", at, 12, request, Wire(response(step)), ip_address="192.0.2.1")


SOURCE = Source("news", "feed", (RSS,), tags=("de", "national"))


def location(root: Path) -> ArchiveLocation:
    return ArchiveLocation(root, f"sqlite:///{root / 'catalog.sqlite3'}", "news", {"news": SOURCE})


@contextmanager
def opened(root: Path):
    with open_archive(location(root), create=True) as archive:
        yield archive


def crawl(archive: Archive, steps: list[Step], start: datetime = START, *, close: bool = True) -> str:
    """Run through the steps as a crawl would, one second each; return the run's id."""
    pid, host = (4121, "vega") if close else (os.getpid(), socket.gethostname())
    run = Run(f"{start:%Y-%m-%dT%H-%M-%S}", "crawl", start, "pressmark crawl news", "0.1.0", "5e77", pid, host)
    store: LocalStore = archive.store
    with archive.catalog.transaction() as conn:
        archives.register(conn, archive.name, str(archive.root), start)
        runs.open_run(conn, run)
    log = RunLog(store.path(store.runs_path(run.run_id)))
    log.append(run_line(run))
    moments = iter(start + timedelta(seconds=n) for n in range(1, 10_000))
    info = WarcInfo(archive.name, run.run_id, "pressmark/0.1", "ops@example.org", "5e77")
    warc = WarcWriter(store, info, clock=lambda: start)
    records = RecordWriter(store)
    counts: dict[str, int] = {}
    found = [
        Discovery(canonical_url(step.url), "news", "feed", start, via=RSS, depth=1, claims=Claims(rank=rank))
        for rank, step in enumerate(steps)
    ]
    log.append_many(map(discovered_line, found))
    with archive.catalog.transaction() as conn:
        frontier.add(conn, found, start)
    for step, discovery in zip(steps, found, strict=True):
        capture = _keep(archive, warc, step, discovery, next(moments))
        outcome, article_id, watch = _read(archive, records, capture, discovery, run.run_id, next(moments))
        counts[outcome.kind] = counts.get(outcome.kind, 0) + 1
        at = next(moments)
        line = outcome_line(
            discovery.url, outcome, at, source="news", record_id=capture.record_id, article_id=article_id, watch=watch
        )
        log.append(line)
        with archive.catalog.transaction() as conn:
            validators = frontier.Validators.after(outcome, capture)
            done = Acknowledged(discovery.url, outcome, run.run_id, at, article_id, validators, watch=watch)
            frontier.acknowledge(conn, [done])
    records.close()
    if close:
        warc.close()
        ended = replace(run, ended_at=next(moments), exit_code=0, counts=counts)
        log.append(end_line(ended))
        with archive.catalog.transaction() as conn:
            runs.close_run(conn, run.run_id, ended.ended_at, exit_code=0, counts=counts)
    log.close()
    return run.run_id


def _keep(archive: Archive, warc: WarcWriter, step: Step, discovery: Discovery, at: datetime) -> Capture:
    before = captures.latest(archive.catalog, step.url)
    revisit = None
    if step.status == 304:
        revisit = RevisitOf(before.record_id, before.target_uri, before.fetched_at, "server-not-modified")
    fields = discovery_fields(discovery)
    capture = warc.write(exchange(step, at), revisit=revisit, metadata=fields, source="news")
    warc.sync()
    with archive.catalog.transaction() as conn:
        captures.insert(conn, [capture])
    return capture


def _read(
    archive: Archive, records: RecordWriter, capture: Capture, discovery: Discovery, run: str, at: datetime
) -> tuple[Outcome, str | None, dict[str, Any] | None]:
    known = frontier.outcome_of(archive.catalog, capture.target_uri).watch
    if capture.status == 304:
        latest = revisions.latest_revision(archive.catalog, capture.target_uri)
        with archive.catalog.transaction() as conn:
            revisions.seen_again(conn, latest.article_id, capture.fetched_at, at)
        return Outcome("unchanged", "not_modified"), latest.article_id, known
    unread = readable(capture.status, capture.media_type, capture.payload_bytes)
    if unread is not None:
        return unread, None, known
    reading = read_capture(job_of(archive, capture, ReadingRules()))
    skipped = judge(reading.extraction, ReadingRules())
    if skipped is not None:
        return skipped, None, known
    with archive.catalog.transaction() as conn:
        circumstances = Circumstances(read_at=at, run=run, tags=SOURCE.tags)
        decision, record, (watch, _) = decide_record(conn, reading, capture, circumstances, watch_of(known))
        if isinstance(decision, New | Changed):
            records.append(capture.warc_file, record)
            records.sync()
        revisions.record(conn, decision, record, run=run)
    near.settle(archive.catalog)
    kind = "unchanged" if isinstance(decision, Same) else "stored"
    return (
        Outcome(kind, "same_text" if kind == "unchanged" else "new"),
        decision.revision.article_id,
        watch_values(watch),
    )


FIRST = [
    Step("https://news.example/2026/harbour", page("Norden dredges its harbour", HARBOUR), etag='"h1"'),
    Step("https://news.example/2026/river", page("长江中游水位上涨", RIVER_ZH, lang="zh"), etag='"r1"'),
    Step("https://news.example/politics", SECTION),
    Step("https://news.example/gone", b"<h1>Not found</h1>", status=404),
    Step("https://news.example/logo.png", b"\x89PNG\r\n", media_type="image/png"),
]
SECOND = [
    Step("https://news.example/2026/harbour", page("Norden dredges its harbour", HARBOUR.replace("four", "six"))),
    Step("https://news.example/2026/river", status=304),
]


def crash(root: Path) -> None:
    """Crawl FIRST in a process that dies without closing anything."""
    code = (
        "import os, pathlib, sys; from tests.archive import small_archive as a\n"
        "with a.opened(pathlib.Path(sys.argv[1])) as archive:\n"
        "    a.crawl(archive, a.FIRST, close=False); os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 9


@cache
def _template() -> Path:
    """Two runs, an hour apart; one article changed, one unchanged, three URLs left out. Made once, then copied."""
    folder = Path(tempfile.mkdtemp(prefix="pressmark-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with opened(folder) as archive:
        crawl(archive, FIRST)
        crawl(archive, SECOND, START + timedelta(hours=1))
    return folder


def build(root: Path) -> ArchiveLocation:
    """The archive most tests ask: see `_template`."""
    shutil.copytree(_template(), root, dirs_exist_ok=True)
    return location(root)


def build_configured(root: Path) -> ArchiveLocation:
    """The same with a pressmark.toml, so that commands find it."""
    (root / "pressmark.toml").write_text('[archive]\nname = "news"\n')
    return build(root)
