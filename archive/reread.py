"""Reading again from the WARC files, without network: compare with what is stored, or add what a new reading gives.

A re-reading is a new row under its own extractor, it overwrites none. What a page cannot tell (how it was found, its
redirects, tags) is taken from the stored record, so that two readings of one version are equal key for key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from archive.archive import Archive
from archive.model import Capture, Discovery, Extraction, Revision
from archive.read import READING_REASONS, Reading, RecordWriter, job_of, judge, rules_for
from archive.readers import FAILURES, read_many
from archive.record import Circumstances, build_record, revision_of, stable_part
from archive.times import parse_rfc3339, rfc3339

if TYPE_CHECKING:
    from sqlalchemy import Connection  # noqa: TID251 - the type of a transaction that is handed through

_BATCH = 64
Status = Literal["same", "differs", "new", "lost", "failed"]


@dataclass(frozen=True, slots=True)
class Reread:
    """One capture read again. `fields` are the keys whose values differ; `record` is what it reads now, if stored."""

    url: str
    article_id: str | None
    status: Status  # "new": skipped then, stored now; "lost": the other way round
    fields: tuple[str, ...] = ()
    words_before: int | None = None
    words_after: int | None = None
    reason: str | None = None
    record: dict[str, Any] | None = field(default=None, repr=False)

    def as_row(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "id": self.article_id,
            "status": self.status,
            "fields": list(self.fields),
            "words_before": self.words_before,
            "words_after": self.words_after,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class _Task:
    """A capture to read again: with its stored record, or one that was skipped after reading."""

    url: str
    capture: Capture
    stored: dict[str, Any] | None


def reread(
    archive: Archive, now: datetime, *, source: str | None = None, profile: Any = None, workers: int = 1
) -> Iterator[Reread]:
    """Read every article's capture again, and every page that was skipped for what it says, in the order of the files.

    `profile` None reads each page with the profile it was stored with.
    """
    for batch in _batches(_tasks(archive, source)):
        jobs = [job_of(archive, task.capture, _rules(archive, task, profile)) for task in batch]
        for task, reading in zip(batch, read_many(jobs, workers), strict=True):
            yield _compared(archive, task, reading, now, profile)


def apply(archive: Archive, found: Iterable[Reread], now: datetime) -> Iterator[Reread]:
    """Append the records of readings that differ to the files and tell the catalog. Call it with the lock held."""
    writer = RecordWriter(archive.store)
    try:
        for batch in _batches(found):
            with archive.catalog.transaction() as conn:
                for one in batch:
                    if one.record is not None and one.status in ("differs", "new"):
                        _add(conn, writer, one.record)
                writer.sync()  # the files first: the catalog never knows of a record that could be lost
            yield from batch
    finally:
        writer.close()


def _add(conn: Connection, writer: RecordWriter, record: dict[str, Any]) -> None:
    """Put a new reading into the history of its article under its extractor; a reading known already adds nothing."""
    from archive.catalog import articles
    from archive.revisions import Changed, Decision, New, Same

    found = revision_of(record)
    everything = articles.revisions_of(conn, found.article_id)
    history = [known for known in everything if known.extractor == found.extractor]
    if any(known.record_id == found.record_id and known.content_hash == found.content_hash for known in history):
        return
    # The page may have been seen unchanged since the stored record was written.
    last_seen = max([found.last_seen, *(known.last_seen for known in everything if known.record_id == found.record_id)])
    found, record = replace(found, last_seen=last_seen), record | {"last_seen": rfc3339(last_seen)}
    latest = max(history, key=lambda known: known.number, default=None)
    decision: Decision
    if latest is not None and latest.content_hash == found.content_hash:
        first, last = min(latest.first_seen, found.first_seen), max(latest.last_seen, found.last_seen)
        decision = Same(replace(latest, first_seen=first, last_seen=last))
    else:
        number = latest.number + 1 if latest else 1
        numbered = replace(found, number=number)
        decision = Changed(numbered, latest) if latest else New(numbered)
        record = record | {"revision": number, "revision_count": number}
        writer.append(record["capture"]["warc_file"], record)
    articles.record(conn, decision, record, run=record["discovery"]["run"])


def _tasks(archive: Archive, source: str | None) -> Iterator[_Task]:
    from archive.catalog import articles, captures, frontier
    from archive.catalog.articles import ArticleQuery

    query = ArticleQuery(source=source, limit=None)
    kept = frontier.skipped(archive.catalog, "unread", source, kinds=("stored",))  # crawl --no-read
    unread = {one.url: captures.latest(archive.catalog, one.url) for one in kept}
    for record in articles.records(archive.catalog, query, all_revisions=True):
        capture = captures.by_record_id(archive.catalog, record["capture"]["warc_record_id"])
        if capture is not None:
            yield _Task(record["url"], capture, record)
        if capture is not None and unread.get(record["url"]) == capture:
            del unread[record["url"]]  # read since
    yield from (_Task(url, capture, None) for url, capture in unread.items() if capture is not None)
    for skipped in frontier.skipped(archive.catalog, source=source):
        if skipped.reason not in READING_REASONS | FAILURES:
            continue
        capture = captures.latest(archive.catalog, skipped.url)
        if capture is not None:
            yield _Task(skipped.url, capture, None)


def _rules(archive: Archive, task: _Task, profile: Any) -> Any:
    stored = task.stored["extraction"]["profile"] if task.stored else None
    return rules_for(archive, task.capture.source, profile or stored)


def _compared(archive: Archive, task: _Task, reading: Reading | Exception, now: datetime, profile: Any) -> Reread:
    before = task.stored["word_count"] if task.stored else None
    article_id = task.stored["id"] if task.stored else None
    if isinstance(reading, Exception):
        return Reread(task.url, article_id, "failed", words_before=before, reason=str(reading))
    source = archive.sources.get(task.capture.source or "")
    outcome = judge(reading.extraction, _rules(archive, task, profile), source.languages if source else ())
    if outcome is not None:
        status: Status = "lost" if task.stored else "same"
        return Reread(task.url, article_id, status, words_before=before, reason=outcome.reason)
    record = _record(archive, task, reading, now)
    after = record["word_count"]
    if task.stored is None:
        return Reread(task.url, record["id"], "new", words_after=after, record=record)
    fields = differing(task.stored, record)
    return Reread(task.url, article_id, "differs" if fields else "same", fields, before, after, record=record)


def differing(stored: dict[str, Any], record: dict[str, Any]) -> tuple[str, ...]:
    """The keys in which two readings of one capture differ, whenever they were made; `extraction.version` in full."""
    left, right = stable_part(stored), stable_part(record)
    fields: list[str] = []
    for name in left.keys() | right.keys():
        one, other = left.get(name), right.get(name)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            fields += [f"{name}.{key}" for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
        else:
            fields.append(name)
    return tuple(sorted(fields))


def _record(archive: Archive, task: _Task, reading: Reading, now: datetime) -> dict[str, Any]:
    from archive.revisions import content_hash, extractor_of

    extraction, stored = reading.extraction, task.stored
    found = Revision(
        article_id=stored["id"] if stored else _new_id(archive, task.capture),
        number=stored["revision"] if stored else 1,
        content_hash=content_hash(extraction.article),
        simhash=simhash_of(extraction),
        extractor=extractor_of(extraction),
        record_id=task.capture.record_id,
        first_seen=parse_rfc3339(stored["first_seen"]) if stored else task.capture.fetched_at,
        last_seen=parse_rfc3339(stored["last_seen"]) if stored else task.capture.fetched_at,
    )
    return build_record(
        extraction, task.capture, found, _discovery(stored, reading), _circumstances(archive, stored, task.capture, now)
    )


def simhash_of(extraction: Extraction) -> int:
    """The near-duplicate fingerprint of a reading's text."""
    from archive.extract.duplicates import simhash

    return simhash(extraction.article.text)


def _new_id(archive: Archive, capture: Capture) -> str:
    from archive.catalog import articles

    with archive.catalog.reading() as conn:
        return articles.id_for(conn, capture.target_uri, capture.payload_digest)


def _discovery(stored: dict[str, Any] | None, reading: Reading) -> Discovery | None:
    said = stored["discovery"] if stored else None
    if said is None or said["found_at"] is None or said["kind"] is None:
        return reading.discovery
    return Discovery(
        url=stored["url"] if stored else "",
        source=(stored or {}).get("source") or "",
        found_by=said["kind"],
        found_at=parse_rfc3339(said["found_at"]),
        via=said["via"],
        depth=said["depth"] or 0,
    )


def _circumstances(archive: Archive, stored: dict[str, Any] | None, capture: Capture, now: datetime) -> Circumstances:
    if stored is None:
        source = archive.sources.get(capture.source or "")
        return Circumstances(read_at=now, run=capture.run, tags=source.tags if source else ())
    return Circumstances(
        read_at=now,
        run=stored["discovery"]["run"],
        requested_url=stored["requested_url"],
        redirects=tuple(stored["capture"]["redirects"]),
        robots=stored["capture"]["robots"],
        tags=tuple(stored["tags"]),
        duplicate_of=stored["duplicate_of"],
        revision_count=stored["revision_count"],
    )


def _batches(values: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for value in values:
        batch.append(value)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
