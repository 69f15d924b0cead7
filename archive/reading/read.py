"""Reading: from a capture in a WARC file to an Extraction.

`read_capture` takes a file and an offset and needs nothing else, so it runs in a worker process, from a live crawl
and from a re-extraction alike. Order: reading, the user's lists, jobs, the page that a reading starts from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.errors import NotFound, WarcDamaged
from archive.folder.store import LocalStore
from archive.http.messages import Head
from archive.model import NO_LISTS, Capture, Claims, Discovery, Extraction, Page, ReadingLists, ReadingRules, Source
from archive.records.provenance import Fields, discovery_from
from archive.records.rights import UNKNOWN, Rights, rights_of

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.extract import Evidence
    from archive.extract.labels.filters import Filters
    from archive.extract.word_list import WordList
    from archive.warc.reader import KeptResponse

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
    from archive.extract.labels.filters import read_filters

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
    from archive.reading.originals import payload_holder, root_of

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


def source_of(archive: Archive, capture: Capture) -> Source | None:
    """The entry of sources.toml a capture belongs to: of its source's name then, or of whose its URL is now."""
    from archive.catalog import owners

    known = archive.sources.get(capture.source or "")
    if known is None and archive.sources:
        known = archive.sources.get(owners.owner(archive.catalog, capture.target_uri) or "")
    return known


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
