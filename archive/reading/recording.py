"""From a reading to a record: what it is to the history of its page, and where its record is written.

`decide_record` and `read_again` ask the catalog and change nothing; `RecordWriter` appends to the records files.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archive.catalog import near, revisions
from archive.extract.duplicates import simhash
from archive.folder.store import LocalStore
from archive.jsonl import JsonLines
from archive.model import Capture, Revision
from archive.reading.read import Reading
from archive.records.record import Circumstances, build_record
from archive.revisions.changes import said_by, said_in
from archive.revisions.decide import Changed, Decision, New, Past, content_hash, decide, extractor_of
from archive.revisions.watch import Watch, Watched, after_reading, with_facts

if TYPE_CHECKING:
    from archive.catalog import Connection

_OPEN_FILES = 4
_PAST_TEXTS = 3  # of a page: enough to see a block that shows something else each time
_OTHER_TEXTS = 20  # of its source: enough to know the furniture


def decide_record(
    conn: Connection,
    reading: Reading,
    capture: Capture,
    circumstances: Circumstances,
    watch: Watch,
    *,
    afresh: bool = False,
) -> tuple[Decision, dict[str, Any], Watched]:
    """Return what a reading is to the history of its page, its record, and the page's watch with what was found.

    `afresh`: as if this very capture had no record. A process that died may have written it, and not what it means.
    New and Changed records are appended (`RecordWriter`) and made durable, then told to the catalog
    (`archive.catalog.revisions.record`); of the others only the catalog hears.
    """
    extraction = reading.extraction
    extractor = extractor_of(extraction)
    own = capture.record_id if afresh else None
    latest = revisions.latest_revision(conn, capture.target_uri, extractor, without=own)
    past = past_of(conn, latest, capture.source, watch, content_hash(extraction.article))
    decision = decide(
        extraction,
        latest,
        capture.fetched_at,
        article_id=revisions.id_for(conn, capture.target_uri, capture.payload_digest),
        record_id=capture.record_id,
        simhash=simhash(extraction.article.text),
        past=past,
    )
    revision = decision.revision
    alike = near.first_like(conn, revision.article_id, revision.simhash, extraction.article.text)
    circumstances = replace(circumstances, duplicate_of=alike)
    record = build_record(extraction, capture, revision, reading.discovery, circumstances, reading.rights)
    now = said_by(extraction.article, hijacked=extraction.integrity.verdict == "hijacked")
    before = past.said[0] if past.said else None
    return decision, record, after_reading(watch, decision, before, now, capture.fetched_at)


def past_of(conn: Connection, latest: Revision | None, source: str | None, watch: Watch, shown: str) -> Past:
    """What the archive knows of a page's past under the extractor of `latest`; `shown` is the hash of its text now.

    Furniture are lines that stand in two or more of the source's other new articles. Of a page that says the same
    only its last text is looked at: most pages do, and this is done while others wait.
    """
    if latest is None:
        return Past()
    is_same = latest.content_hash == shown and watch.unsettled is None
    records, hashes = revisions.past_texts(conn, latest, 1 if is_same else _PAST_TEXTS)
    said = [said_in(record) for record in records]
    said[:1] = [with_facts(one, watch.touched) for one in said[:1]]
    others = [] if is_same else revisions.texts_of_others(conn, latest.article_id, source, _OTHER_TEXTS)
    lines = Counter(line for text in others for line in {line.strip() for line in text.split("\n")})
    furniture = frozenset(line for line, count in lines.items() if count > 1)
    return Past(tuple(said), hashes, watch.unsettled, watch.episodes, furniture)


def read_again(
    conn: Connection,
    reading: Reading,
    capture: Capture,
    circumstances: Circumstances,
    watch: Watch,
) -> tuple[Decision, dict[str, Any]] | None:
    """Return the decision and record of a second reading of a capture, or None where it says what the first said.

    It takes the place of the first under the same number: the later line of the records file counts.
    """
    article = reading.extraction.article
    known = revisions.latest_revision(conn, capture.target_uri, extractor_of(reading.extraction))
    if known is None or known.record_id != capture.record_id:
        decision, record, _ = decide_record(conn, reading, capture, circumstances, watch)
        return (decision, record) if isinstance(decision, New | Changed) else None
    revision = replace(known, content_hash=content_hash(article), simhash=simhash(article.text))
    record = build_record(reading.extraction, capture, revision, reading.discovery, circumstances, reading.rights)
    stored = revisions.record_of(conn, known.article_id, number=known.number, extractor=known.extractor) or {}
    return None if _told(stored) == _told(record) else (New(revision), record)


def _told(record: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a reader is told; more reasons for the same suspicion are no better reading."""
    integrity = record.get("integrity") or {}
    return record.get("headline"), record.get("text"), integrity.get("verdict"), integrity.get("spans")


class RecordWriter:
    """Appends records to records/…/NAME.jsonl beside the WARC file they were read from.

    Call `sync` before anything refers to a record. A torn last line is cut when a file is opened.
    """

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._files: OrderedDict[str, JsonLines] = OrderedDict()
        self.written: dict[str, int] = {}  # records file → how many records were appended

    def append(self, warc_file: str, record: dict[str, Any]) -> str:
        """Append a record and return the file it is in, relative to the archive. Raises DiskFull."""
        name = self._store.records_path_of(warc_file)
        self._open(name).append(record)
        self.written[name] = self.written.get(name, 0) + 1
        return name

    def sync(self) -> None:
        for file in self._files.values():
            file.sync()

    def close(self) -> None:
        while self._files:
            self._files.popitem()[1].close()

    def _open(self, name: str) -> JsonLines:
        if name in self._files:
            self._files.move_to_end(name)
            return self._files[name]
        while len(self._files) >= _OPEN_FILES:
            self._files.popitem(last=False)[1].close()  # closing syncs
        file = self._files[name] = JsonLines(self._store.path(name))
        return file
