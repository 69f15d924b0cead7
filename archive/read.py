"""Reading: from a capture in a WARC file to an Extraction, a judgement, and a record beside the WARC.

`read_capture` takes a file and an offset and needs nothing else, so it runs in a worker process, from a live crawl
and from a re-extraction alike. `judge` says whether a page is stored; it is pure. `RecordWriter` appends records.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.errors import NotFound, WarcDamaged
from archive.http import Head
from archive.jsonl import JsonLines
from archive.model import (
    NO_LISTS,
    Capture,
    Claims,
    Discovery,
    Extraction,
    Outcome,
    Page,
    ReadingLists,
    ReadingRules,
    Revision,
)
from archive.provenance import Fields, discovery_from
from archive.rights import UNKNOWN, Rights, rights_of
from archive.store import LocalStore
from archive.words import word_measure as word_measure

if TYPE_CHECKING:
    from sqlalchemy import Connection  # noqa: TID251 - the type of a transaction that is handed through

    from archive.archive import Archive
    from archive.extract import Evidence
    from archive.extract.filters import Filters
    from archive.extract.word_list import WordList
    from archive.record import Circumstances
    from archive.revisions import Decision, Past
    from archive.warc.reader import KeptResponse
    from archive.watch import Watch, Watched

HTML_TYPES = frozenset(("text/html", "application/xhtml+xml"))
# Reasons `judge` gives: a re-extraction looks at these pages again.
READING_REASONS = frozenset(
    ("bot_wall", "consent", "soft_404", "empty_extraction", "paywall", "not_article", "too_short", "wrong_language",
     "no_date")
)  # fmt: skip
_WALLS = {"bot_wall": "bot_wall", "consent": "consent", "soft_404": "soft_404", "empty": "empty_extraction"}
_OPEN_FILES = 4
_PAST_TEXTS = 3  # of a page: enough to see a block that shows something else each time
_OTHER_TEXTS = 20  # of its source: enough to know the furniture
_RULES = ReadingRules()


@dataclass(frozen=True, slots=True)
class ReadJob:
    """What a worker needs to read a capture: places, not bytes. Everything in it can be pickled.

    For a revisit `payload_file` and `payload_offset` say where the record with the payload is. `claims` None takes
    those that were kept in the WARC with the exchange.
    """

    root: str
    warc_file: str
    offset: int
    rules: ReadingRules = _RULES
    payload_file: str | None = None
    payload_offset: int | None = None
    claims: Claims | None = None
    evidence: Evidence | None = None  # what the archive knows from elsewhere
    lists: ReadingLists = NO_LISTS
    pages: tuple[ReadJob, ...] = ()  # the further pages of an article on several


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a capture gave: the Extraction, and how we had come to the page as the WARC tells it."""

    extraction: Extraction
    discovery: Discovery | None
    fetched_at: datetime | None
    rights: Rights = UNKNOWN


def read_capture(job: ReadJob) -> Reading:
    """Read a capture from its file, joined with the further pages the job names. The same bytes, job and version give
    the same Extraction. Raises NotFound, WarcDamaged.
    """
    from archive.extract.joined import join

    first = _read_one(job)
    others = [_read_one(_page_job(job, page)).extraction for page in job.pages]
    return replace(first, extraction=join(first.extraction, others))


def _page_job(first: ReadJob, page: ReadJob) -> ReadJob:
    """A further page is read as its first was, with what is known of the site; copies are of the whole story."""
    from archive.extract import Evidence

    site = Evidence(first.evidence.site_profile) if first.evidence else None
    return replace(page, rules=first.rules, lists=first.lists, evidence=site)


def _read_one(job: ReadJob) -> Reading:
    from archive.extract import Evidence, extract
    from archive.warc.judged import inexact_records

    kept = load_kept(job)
    evidence = with_lists(job.evidence or Evidence(), job.lists)
    extraction = extract(kept.page, evidence, job.rules.profile)
    proofs = inexact_records(LocalStore(Path(job.root)).find(job.warc_file)).get(job.offset)
    if proofs:
        extraction = replace(extraction, warnings=(*extraction.warnings, f"bytes not as received: {', '.join(proofs)}"))
    return Reading(extraction, kept.discovery, kept.page.seen_at, rights_of(kept.head, kept.page.body, kept.fields))


def with_lists(evidence: Evidence, lists: ReadingLists) -> Evidence:
    """The evidence with the user's lists, read once a process, and again where a file's time has changed."""
    if lists.filters:
        evidence = replace(evidence, filters=_filters(_dated(lists.filters)))
    return replace(evidence, words=_words(_dated(lists.words))) if lists.words else evidence


def _dated(paths: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((path, Path(path).stat().st_mtime_ns) for path in paths)


@lru_cache(maxsize=4)
def _filters(lists: tuple[tuple[str, int], ...]) -> Filters:
    from archive.extract.filters import read_filters

    return read_filters(_texts(lists))


@lru_cache(maxsize=4)
def _words(lists: tuple[tuple[str, int], ...]) -> WordList:
    from archive.extract.word_list import read_words

    return read_words(_texts(lists))


def _texts(lists: tuple[tuple[str, int], ...]) -> Iterator[tuple[str, str]]:
    return ((Path(path).name, Path(path).read_text("utf-8-sig", "replace")) for path, _ in lists)


def job_of(archive: Archive, capture: Capture, rules: ReadingRules, pages: Sequence[Capture] = ()) -> ReadJob:
    """The job that reads a capture, with the further `pages` of its story; for a revisit with the place of the record
    it refers to.

    A capture of another archive in the same catalog is read from that archive's folder.
    """
    from archive.originals import payload_holder, root_of

    holder = payload_holder(archive, capture)
    return ReadJob(
        root=root_of(archive, capture),
        warc_file=capture.warc_file,
        offset=capture.warc_offset,
        rules=rules,
        lists=archive.lists,
        payload_file=holder.warc_file if holder else None,
        payload_offset=holder.warc_offset if holder else None,
        pages=tuple(job_of(archive, page, rules) for page in pages),
    )


def rules_for(archive: Archive, source: str | None, profile: Any = None) -> ReadingRules:
    """The rules of a source, where its sources.toml is known, with another profile where one is given."""
    known = archive.sources.get(source or "")
    rules = known.extract if known else ReadingRules()
    return rules if profile is None else ReadingRules(profile, rules.min_words, rules.require_date)


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page as the WARC tells it: the Page a reading starts from, how it was found, its head and its metadata."""

    page: Page
    discovery: Discovery | None
    head: Head
    fields: Fields


def load_page(job: ReadJob) -> tuple[Page, Discovery | None, datetime | None]:
    """Return the Page a reading starts from, how it was found, and when it was fetched. Raises as `read_capture`."""
    kept = load_kept(job)
    return kept.page, kept.discovery, kept.page.seen_at


def load_kept(job: ReadJob) -> KeptPage:
    """Return a capture's page with all that stands around it. Raises as `read_capture`."""
    from archive.warc.reader import read_exchange_block

    store = LocalStore(Path(job.root))
    kept, metadata = _read_with_metadata(store.find(job.warc_file), job.offset)
    url = kept.record.target_uri or ""
    discovery = discovery_from(metadata, url)
    head, body = kept.head, kept.body
    if job.payload_file is not None and job.payload_offset is not None:
        payload = read_exchange_block(store.find(job.payload_file), job.payload_offset)
        # A 304 repeats only the fields that changed (RFC 9111 section 3.2): the type is the payload's own.
        head, body = payload.head, payload.body
    elif kept.record.warc_type == "revisit":
        raise NotFound(f"{job.warc_file} at byte {job.offset} is a revisit; the record with its payload is not known")
    claims = job.claims or (discovery.claims if discovery else Claims())
    page = Page(
        url=url,
        body=body,
        http_charset=head.charset,
        media_type=head.media_type or "text/html",
        http_last_modified=kept.head.value("last-modified") or head.value("last-modified"),
        seen_at=kept.record.date,
        claims=claims,
    )
    return KeptPage(page, discovery, head, metadata)


def _read_with_metadata(path: Path, offset: int) -> tuple[KeptResponse, Fields]:
    """The response at an offset and the fields of the metadata record that follows it; none where it has none."""
    from archive.warc.reader import read_kept, records_from
    from archive.warc.records import parse_warc_fields

    records = records_from(path, offset)
    first = next(records, None)
    if first is None:
        raise WarcDamaged(f"{path.name}: no record at byte {offset}, the file ends there")
    kept = read_kept(first)
    try:
        for record in records:
            if first.record_id not in record.values("WARC-Concurrent-To"):
                break
            if record.warc_type == "metadata":
                return kept, parse_warc_fields(record.block)
    except WarcDamaged:
        pass  # what follows is not this capture; it may be being written right now
    return kept, ()


def readable(status: int | None, media_type: str | None, payload_bytes: int) -> Outcome | None:
    """Say why a response is not even read, or None if it should be. Pure; before a worker is asked."""
    if status is None or not 200 <= status < 300:
        return Outcome("failed", "http_error", {"status": str(status or "none")})
    if media_type is not None and media_type not in HTML_TYPES:
        return Outcome("skipped", "mime", {"media_type": media_type})
    return Outcome("skipped", "empty_extraction", {"payload_bytes": "0"}) if payload_bytes == 0 else None


def judge(extraction: Extraction, rules: ReadingRules, languages: Sequence[str] = ()) -> Outcome | None:
    """Say why a page that was read is not stored as an article, or None if it is. Pure.

    Walls, consent pages, soft 404s and pages without text are never stored; a paywalled teaser with text is, and says
    so in page_type. A page that declares itself an article is never too short.
    """
    article = extraction.article
    kind = article.page_type
    if kind in _WALLS:
        return Outcome("skipped", _WALLS[kind], _evidence(extraction))
    words = word_measure(article.text)
    if kind == "section" and not extraction.declares_article:
        return Outcome("skipped", "not_article", {"page_type": kind, "words": str(words)})
    if not article.text.strip():
        return Outcome("skipped", "paywall" if kind == "paywall" else "empty_extraction", _evidence(extraction))
    if words < rules.min_words and not extraction.declares_article:
        return Outcome("skipped", "too_short", {"words": str(words), "min_words": str(rules.min_words)})
    if rules.require_date and article.date_published is None:
        return Outcome("skipped", "no_date", {})
    if languages and article.language and not _speaks(article.language, languages):
        return Outcome("skipped", "wrong_language", {"language": article.language, "wanted": ", ".join(languages)})
    return None


def _speaks(language: str, wanted: Sequence[str]) -> bool:
    primary = language.lower().split("-")[0]
    return any(primary == one.lower().split("-")[0] for one in wanted)


def _evidence(extraction: Extraction) -> dict[str, str]:
    """What the reading saw: its warnings, and the blocks that gave the page away."""
    detail: dict[str, str] = {"page_type": extraction.article.page_type}
    if extraction.warnings:
        detail["warnings"] = "; ".join(extraction.warnings)
    return detail


def decide_record(
    conn: Connection,
    reading: Reading,
    capture: Capture,
    discovery: Discovery | None,
    circumstances: Circumstances,
    watch: Watch,
    *,
    afresh: bool = False,
) -> tuple[Decision, dict[str, Any], Watched]:
    """Return what a reading is to the history of its page, its record, and the page's watch with what was found.

    `afresh`: as if this very capture had no record. A process that died may have written it, and not what it means.
    New and Changed records are appended (`RecordWriter`) and made durable, then told to the catalog
    (`archive.catalog.articles.record`); of the others only the catalog hears.
    """
    from archive.catalog import articles, near
    from archive.changes import said_by
    from archive.extract.duplicates import simhash
    from archive.record import build_record
    from archive.revisions import content_hash, decide, extractor_of
    from archive.watch import after_reading

    extraction = reading.extraction
    extractor = extractor_of(extraction)
    own = capture.record_id if afresh else None
    latest = articles.latest_revision(conn, capture.target_uri, extractor, without=own)
    past = past_of(conn, latest, capture.source, watch, content_hash(extraction.article))
    decision = decide(
        extraction,
        latest,
        capture.fetched_at,
        article_id=articles.id_for(conn, capture.target_uri, capture.payload_digest),
        record_id=capture.record_id,
        simhash=simhash(extraction.article.text),
        past=past,
    )
    revision = decision.revision
    alike = near.first_like(conn, revision.article_id, revision.simhash, extraction.article.text)
    circumstances = replace(circumstances, duplicate_of=alike)
    how_found = discovery or reading.discovery
    record = build_record(extraction, capture, revision, how_found, circumstances, reading.rights)
    now = said_by(extraction.article, hijacked=extraction.integrity.verdict == "hijacked")
    before = past.said[0] if past.said else None
    return decision, record, after_reading(watch, decision, before, now, capture.fetched_at)


def past_of(conn: Connection, latest: Revision | None, source: str | None, watch: Watch, shown: str) -> Past:
    """What the archive knows of a page's past under the extractor of `latest`; `shown` is the hash of its text now.

    Furniture are lines that stand in two or more of the source's other new articles. Of a page that says the same
    only its last text is looked at: most pages do, and this is done while others wait.
    """
    from archive.catalog import articles
    from archive.changes import said_in
    from archive.revisions import Past
    from archive.watch import with_facts

    if latest is None:
        return Past()
    is_same = latest.content_hash == shown and watch.unsettled is None
    records, hashes = articles.past_texts(conn, latest, 1 if is_same else _PAST_TEXTS)
    said = [said_in(record) for record in records]
    said[:1] = [with_facts(one, watch.touched) for one in said[:1]]
    others = [] if is_same else articles.texts_of_others(conn, latest.article_id, source, _OTHER_TEXTS)
    lines = Counter(line for text in others for line in {line.strip() for line in text.split("\n")})
    furniture = frozenset(line for line, count in lines.items() if count > 1)
    return Past(tuple(said), hashes, watch.unsettled, watch.episodes, furniture)


def read_again(
    conn: Connection,
    reading: Reading,
    capture: Capture,
    discovery: Discovery | None,
    circumstances: Circumstances,
    watch: Watch,
) -> tuple[Decision, dict[str, Any]] | None:
    """Return the decision and record of a second reading of a capture, or None where it says what the first said.

    It takes the place of the first under the same number: the later line of the records file counts.
    """
    from archive.catalog import articles
    from archive.extract.duplicates import simhash
    from archive.record import build_record
    from archive.revisions import Changed, New, content_hash, extractor_of

    article = reading.extraction.article
    known = articles.latest_revision(conn, capture.target_uri, extractor_of(reading.extraction))
    if known is None or known.record_id != capture.record_id:
        decision, record, _ = decide_record(conn, reading, capture, discovery, circumstances, watch)
        return (decision, record) if isinstance(decision, New | Changed) else None
    revision = replace(known, content_hash=content_hash(article), simhash=simhash(article.text))
    how_found = discovery or reading.discovery
    record = build_record(reading.extraction, capture, revision, how_found, circumstances, reading.rights)
    stored = articles.record_of(conn, known.article_id, number=known.number, extractor=known.extractor) or {}
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
