"""Reading captures nobody has read yet, as a crawl would have: for files that were imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from archive.archive import Archive
from archive.batches import batches
from archive.catalog import near, revisions, tallies
from archive.model import Capture, Outcome
from archive.reading.acceptance import judge, readable
from archive.reading.further import followed
from archive.reading.read import Reading, job_of, rules_for
from archive.reading.readers import ReadingFailed, read_many
from archive.reading.recording import RecordWriter, decide_record
from archive.records.record import Circumstances
from archive.revisions.decide import Same, Unstable
from archive.revisions.watch import Watch

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
    reader = _Reader(archive, Circumstances(now, run))
    try:
        ordered = sorted(found, key=lambda capture: (capture.fetched_at, capture.record_id))
        for batch in batches(ordered, _BATCH):
            yield from reader.read(batch, workers)
            near.settle(archive.catalog)
    finally:
        reader.writer.close()


class _Reader:
    """Reads one batch after the other; what it learned of pages in one is known in the next."""

    def __init__(self, archive: Archive, circumstances: Circumstances) -> None:
        self._archive, self._circumstances = archive, circumstances
        self._rules = rules_for(archive, None)
        self._watches: dict[str, Watch] = {}
        self._pages: dict[str, str] = {}  # record ids of further pages, and the address of the story they belong to
        self.writer = RecordWriter(archive.store)

    def read(self, batch: list[Capture], workers: int) -> Iterator[FirstReading]:
        unread = [readable(one.status, one.media_type, one.payload_bytes) for one in batch]
        wanted = [one for one, reason in zip(batch, unread, strict=True) if reason is None]
        readings = iter(read_many([job_of(self._archive, one, self._rules) for one in wanted], workers))
        for capture, reason in zip(batch, unread, strict=True):
            if reason is not None:
                yield FirstReading(capture.target_uri, reason)
            else:
                yield self._told(capture, next(readings))

    def _told(self, capture: Capture, reading: Reading | Exception) -> FirstReading:
        if isinstance(reading, Exception):
            reason = reading.reason if isinstance(reading, ReadingFailed) else "reading"
            return FirstReading(capture.target_uri, Outcome("failed", reason, {"error": str(reading)}))
        if capture.record_id in self._pages:
            return FirstReading(
                capture.target_uri, Outcome("kept", "page_of", {"article": self._pages[capture.record_id]})
            )
        left = judge(reading.extraction, self._rules)
        if left is not None:
            return FirstReading(capture.target_uri, left)
        reading, further = followed(self._archive, capture, reading, self._rules)
        self._pages.update((one.record_id, capture.target_uri) for one in further)
        return self._store(capture, reading, replace(self._circumstances, pages=further))

    def _store(self, capture: Capture, reading: Reading, circumstances: Circumstances) -> FirstReading:

        with self._archive.catalog.transaction() as conn:
            watch = self._watches.get(capture.urlkey, Watch())
            decision, record, watched = decide_record(conn, reading, capture, circumstances, watch)
            self._watches[capture.urlkey] = watched[0]
            if isinstance(decision, Same | Unstable):
                reason = "same_text" if isinstance(decision, Same) else "unstable"
                return FirstReading(capture.target_uri, Outcome("unchanged", reason), decision.revision.article_id)
            self.writer.append(capture.warc_file, record)
            self.writer.sync()
            revisions.record(conn, decision, record, run=circumstances.run)
            tallies.add_readings(conn, [record])
        return FirstReading(capture.target_uri, Outcome("stored"), decision.revision.article_id)
