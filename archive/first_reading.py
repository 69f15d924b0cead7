"""Reading captures nobody has read yet, as a crawl would have: for files that were imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from archive.acceptance import judge, readable
from archive.archive import Archive
from archive.batches import batches
from archive.further import followed
from archive.model import Capture, Outcome
from archive.read import Reading, job_of, rules_for
from archive.readers import ReadingFailed, read_many
from archive.record import Circumstances
from archive.recording import RecordWriter, decide_record
from archive.watch import Watch

_BATCH = 64


@dataclass(frozen=True, slots=True)
class FirstReading:
    """What became of a capture: "stored" (new or changed text), "unchanged", "skipped" or "failed" with a reason."""

    url: str
    outcome: Outcome
    article_id: str | None = None


def read_first(
    archive: Archive, found: Iterable[Capture], now: datetime, run: str, *, workers: int = 1
) -> Iterator[FirstReading]:
    """Read captures in the order of their times and store what they give. Call it with the archive's lock held.

    The records are durable before the catalog hears of them.
    """
    from archive.catalog import near

    writer = RecordWriter(archive.store)
    watches: dict[str, Watch] = {}
    pages: dict[str, str] = {}  # record ids of further pages, and the address of the story they belong to
    try:
        ordered = sorted(found, key=lambda capture: (capture.fetched_at, capture.record_id))
        for batch in batches(ordered, _BATCH):
            yield from _read_batch(archive, batch, writer, watches, pages, Circumstances(now, run), workers)
            near.settle(archive.catalog)
    finally:
        writer.close()


def _read_batch(
    archive: Archive,
    batch: list[Capture],
    writer: RecordWriter,
    watches: dict[str, Watch],
    pages: dict[str, str],
    circumstances: Circumstances,
    workers: int,
) -> Iterator[FirstReading]:
    unread = [readable(one.status, one.media_type, one.payload_bytes) for one in batch]
    rules = rules_for(archive, None)
    jobs = [job_of(archive, one, rules) for one, reason in zip(batch, unread, strict=True) if reason is None]
    readings = iter(read_many(jobs, workers))
    for capture, reason in zip(batch, unread, strict=True):
        if reason is not None:
            yield FirstReading(capture.target_uri, reason)
            continue
        reading = next(readings)
        if isinstance(reading, Exception):
            reason_of = reading.reason if isinstance(reading, ReadingFailed) else "reading"
            yield FirstReading(capture.target_uri, Outcome("failed", reason_of, {"error": str(reading)}))
            continue
        if capture.record_id in pages:
            article = pages[capture.record_id]
            yield FirstReading(capture.target_uri, Outcome("kept", "page_of", {"article": article}))
            continue
        outcome = judge(reading.extraction, rules)
        if outcome is not None:
            yield FirstReading(capture.target_uri, outcome)
            continue
        reading, further = followed(archive, capture, reading, rules)
        pages.update((one.record_id, capture.target_uri) for one in further)
        yield _store(archive, capture, reading, writer, watches, replace(circumstances, pages=further))


def _store(
    archive: Archive,
    capture: Capture,
    reading: Reading,
    writer: RecordWriter,
    watches: dict[str, Watch],
    circumstances: Circumstances,
) -> FirstReading:
    from archive.catalog import revisions, tallies
    from archive.revisions import Same, Unstable

    with archive.catalog.transaction() as conn:
        watch = watches.get(capture.urlkey, Watch())
        decision, record, watched = decide_record(conn, reading, capture, circumstances, watch)
        watches[capture.urlkey] = watched[0]
        if isinstance(decision, Same | Unstable):
            reason = "same_text" if isinstance(decision, Same) else "unstable"
            return FirstReading(capture.target_uri, Outcome("unchanged", reason), decision.revision.article_id)
        writer.append(capture.warc_file, record)
        writer.sync()
        revisions.record(conn, decision, record, run=circumstances.run)
        tallies.add_readings(conn, [record])
    return FirstReading(capture.target_uri, Outcome("stored"), decision.revision.article_id)
