"""Reading again from the WARC files, without network: compare with what is stored, or add what a new reading gives.

A re-reading is a new row under its own extractor, it overwrites none. What a page cannot tell (how it was found, its
redirects, tags) is taken from the stored record, so that two readings of one version are equal key for key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from archive.archive import Archive
from archive.batches import batches
from archive.catalog import articles, captures, frontier, near, revisions
from archive.catalog.articles import ArticleQuery
from archive.extract.duplicates import simhash
from archive.model import Capture, Revision
from archive.reading.acceptance import HTML_TYPES, READING_REASONS, judge
from archive.reading.further import followed, named_pages
from archive.reading.read import Reading, ReadJob, job_of, rules_for, source_of, with_lists
from archive.reading.readers import FAILURES, read_many
from archive.reading.recording import RecordWriter, past_of
from archive.reading.witnesses import evidence_again
from archive.records.record import Circumstances, build_record
from archive.records.recorded import circumstances_of, discovery_of, revision_of, stable_part
from archive.revisions.changes import said_in
from archive.revisions.decide import Changed, Decision, New, Same, compare, content_hash, extractor_of
from archive.revisions.watch import Watch, after_reading
from archive.times import parse_rfc3339, rfc3339

if TYPE_CHECKING:
    from archive.catalog import Connection

_BATCH = 64
Status = Literal["same", "differs", "new", "between", "lost", "failed"]


@dataclass(frozen=True, slots=True)
class Reread:
    """One capture read again. `fields` are the keys whose values differ; `record` is what it reads now, if stored."""

    url: str
    article_id: str | None
    status: Status  # "new": skipped then, stored now; "lost": the other way round; "between": had no record of its own
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
    """A capture to read again: with its stored record, one that has none, or one that was skipped after reading."""

    url: str
    capture: Capture
    stored: dict[str, Any] | None
    is_between: bool = False  # no record is of this capture; `stored` is what was known of the page then


def reread(
    archive: Archive, now: datetime, *, source: str | None = None, profile: Any = None, workers: int = 1
) -> Iterator[Reread]:
    """Read every article's capture again, and every page that was skipped for what it says, in the order of the files.

    `profile` None reads each page with the profile it was stored with.
    """
    for batch in batches(_tasks(archive, source, profile), _BATCH):
        jobs = [_job(archive, task, profile) for task in batch]
        for task, reading in zip(batch, read_many(jobs, workers), strict=True):
            yield _compared(archive, task, reading, now, profile)


def apply(archive: Archive, found: Iterable[Reread], now: datetime) -> Iterator[Reread]:
    """Append the records of readings that differ to the files and tell the catalog. Call it with the lock held."""
    writer = RecordWriter(archive.store)
    watches: dict[str, Watch] = {}
    try:
        for batch in batches(found, _BATCH):
            with archive.catalog.transaction() as conn:
                for one in batch:
                    if one.record is not None and one.status in ("differs", "new", "between"):
                        _add(conn, writer, one.record, watches)
                writer.sync()  # the files first: the catalog never knows of a record that could be lost
            near.settle(archive.catalog)
            yield from batch
    finally:
        writer.close()


def _add(conn: Connection, writer: RecordWriter, record: dict[str, Any], watches: dict[str, Watch]) -> None:
    """Put a new reading into the history of its article under its extractor; a reading known already adds nothing.

    Readings of an article come in the order of their captures, and are decided on as they would have been then.
    """
    found = revision_of(record)
    everything = revisions.revisions_of(conn, found.article_id)
    history = sorted((one for one in everything if one.extractor == found.extractor), key=lambda one: one.first_seen)
    if any(known.record_id == found.record_id and known.content_hash == found.content_hash for known in history):
        return
    # The page may have been seen unchanged since the stored record was written.
    last_seen = max([found.last_seen, *(known.last_seen for known in everything if known.record_id == found.record_id)])
    found, record = replace(found, last_seen=last_seen), record | {"last_seen": rfc3339(last_seen)}
    earlier = [one for one in history if one.first_seen <= found.first_seen]
    later = next((one for one in history if one.first_seen > found.first_seen), None)
    if later is not None and later.content_hash == found.content_hash:  # read live by this extractor, and was so before
        decision: Decision = Same(replace(later, first_seen=found.first_seen))
    else:
        watch = watches.get(found.article_id, Watch())
        latest = earlier[-1] if earlier else None
        now, past = said_in(record), past_of(conn, latest, record["source"], watch, found.content_hash)
        decision = New(found) if latest is None else compare(found, latest, now, past)
        watches[found.article_id], _ = after_reading(watch, decision, None, now, found.first_seen)
    if isinstance(decision, New | Changed):
        number = max((one.number for one in history), default=0) + 1
        decision = replace(decision, revision=replace(found, number=number))
        record = record | {"revision": number, "revision_count": number}
        writer.append(record["capture"]["warc_file"], record)
    revisions.record(conn, decision, record, run=record["discovery"]["run"])


def _tasks(archive: Archive, source: str | None, profile: Any) -> Iterator[_Task]:
    query = ArticleQuery(source=source)
    kept = frontier.skipped(archive.catalog, "unread", source, kinds=("stored",))  # crawl --no-read
    unread = {one.url: captures.latest(archive.catalog, one.url) for one in kept}
    found = articles.records(archive.catalog, query, all_revisions=True)
    for _, records in groupby(found, key=lambda record: record["id"]):
        for task in _of_article(archive, list(records), profile):
            yield task
            if unread.get(task.url) == task.capture:
                del unread[task.url]  # read since
    yield from (_Task(url, capture, None) for url, capture in unread.items() if capture is not None)
    for skipped in frontier.skipped(archive.catalog, source=source):
        if skipped.reason not in READING_REASONS | FAILURES:
            continue
        capture = captures.latest(archive.catalog, skipped.url)
        if capture is not None:
            yield _Task(skipped.url, capture, None)


def _job(archive: Archive, task: _Task, profile: Any) -> ReadJob:
    """The job of a task, with the evidence the stored record was read with."""
    pages = () if task.is_between else named_pages(archive, task.stored)
    job = job_of(archive, task.capture, _rules(archive, task, profile), pages)
    return job if task.stored is None else replace(job, evidence=evidence_again(archive.catalog, task.stored))


def _of_article(archive: Archive, records: list[dict[str, Any]], profile: Any) -> list[_Task]:
    """The captures of an article's records, and in between those without a record that a new extractor has not read.

    An old extractor may have seen no change where the new one sees one: every payload is read once.
    """
    own: dict[str, dict[str, Any]] = {record["capture"]["warc_record_id"]: record for record in records}
    everything = captures.of_url(archive.catalog, records[0]["url"])
    tasks = [_Task(own[one.record_id]["url"], one, own[one.record_id]) for one in everything if one.record_id in own]
    wanted = profile or records[0]["extraction"]["profile"]
    known = revisions.revisions_of(archive.catalog, records[0]["id"], _extractor(archive, wanted))
    begins = min((one.first_seen for one in known), default=None)
    read = {task.capture.payload_digest for task in tasks}
    for one in everything:
        is_new = one.status == 200 and one.truncated is None and one.payload_digest not in read
        if is_new and one.media_type in HTML_TYPES and (begins is None or one.fetched_at < begins):
            read.add(one.payload_digest)
            shown = [record for record in records if parse_rfc3339(record["first_seen"]) <= one.fetched_at]
            tasks.append(_Task(records[0]["url"], one, (shown or records)[-1], is_between=True))
    return sorted(tasks, key=lambda task: task.capture.fetched_at)


def _extractor(archive: Archive, profile: str) -> str:
    """The identity of what would be read now."""
    from archive.extract import EXTRACTOR_VERSION, Evidence, config_hash

    given = with_lists(Evidence(), archive.lists)
    return f"{EXTRACTOR_VERSION} {profile} {config_hash(profile, given.filters, given.words)}"


def _rules(archive: Archive, task: _Task, profile: Any) -> Any:
    stored = task.stored["extraction"]["profile"] if task.stored else None
    source = source_of(archive, task.capture)
    return rules_for(archive, source.name if source else None, profile or stored)


def _compared(archive: Archive, task: _Task, reading: Reading | Exception, now: datetime, profile: Any) -> Reread:
    before = task.stored["word_count"] if task.stored else None
    article_id = task.stored["id"] if task.stored else None
    if isinstance(reading, Exception):
        return Reread(task.url, article_id, "failed", words_before=before, reason=str(reading))
    source = source_of(archive, task.capture)
    rules = _rules(archive, task, profile)
    if task.stored is None or task.is_between:
        reading, pages = followed(archive, task.capture, reading, rules)
    else:
        pages = named_pages(archive, task.stored)
    outcome = judge(reading.extraction, rules, source.languages if source else ())
    if outcome is not None:
        status: Status = "lost" if task.stored and not task.is_between else "same"
        return Reread(task.url, article_id, status, words_before=before, reason=outcome.reason)
    record = _record(archive, task, reading, pages, now)
    after = record["word_count"]
    if task.stored is None:
        return Reread(task.url, record["id"], "new", words_after=after, record=record)
    if task.is_between:
        return Reread(task.url, article_id, "between", (), before, after, record=record)
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


def _record(
    archive: Archive, task: _Task, reading: Reading, pages: tuple[Capture, ...], now: datetime
) -> dict[str, Any]:
    extraction, stored = reading.extraction, task.stored
    own = stored if not task.is_between else None
    found = Revision(
        article_id=stored["id"] if stored else _new_id(archive, task.capture),
        number=stored["revision"] if stored else 1,
        content_hash=content_hash(extraction.article),
        simhash=simhash(extraction.article.text),
        extractor=extractor_of(extraction),
        record_id=task.capture.record_id,
        first_seen=parse_rfc3339(own["first_seen"]) if own else task.capture.fetched_at,
        last_seen=parse_rfc3339(own["last_seen"]) if own else task.capture.fetched_at,
    )
    return build_record(
        extraction,
        task.capture,
        found,
        (discovery_of(stored) if stored else None) or reading.discovery,
        replace(_circumstances(archive, stored, task.capture, now), pages=pages),
        reading.rights,
    )


def _new_id(archive: Archive, capture: Capture) -> str:
    with archive.catalog.reading() as conn:
        return revisions.id_for(conn, capture.target_uri, capture.payload_digest)


def _circumstances(archive: Archive, stored: dict[str, Any] | None, capture: Capture, now: datetime) -> Circumstances:
    if stored is not None:
        return circumstances_of(stored, now)
    source = source_of(archive, capture)
    return Circumstances(read_at=now, run=capture.run, tags=source.tags if source else ())
