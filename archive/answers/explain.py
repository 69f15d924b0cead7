"""Why: what became of a URL and how we know. The page is read again from its bytes, block by block with reasons.

`explain` gathers; explain_lines.py says it in words, for `pressmark why`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from archive.answers.lookup import as_url, find_story
from archive.archive import Archive
from archive.errors import ConfigError, NotFound, PressmarkError
from archive.folder.location import NO_SOURCES
from archive.model import Block, Capture, Extraction, Outcome, ReadingRules
from archive.reading.acceptance import judge, readable
from archive.reading.further import named_pages
from archive.reading.read import job_of, load_kept, read_capture, rules_for
from archive.times import rfc3339

if TYPE_CHECKING:
    from archive.catalog.articles import ArticleRow
    from archive.catalog.frontier import UrlStory

SOURCES_FILE = "sources.toml"  # where an address is from that no listing named


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of a URL. `reading` is None where there is no page to read, or it was not asked for."""

    url: str
    outcome: Outcome | None  # None: seen, and never fetched
    at: datetime | None
    run: str | None
    source: str | None
    found_by: str | None
    found_in: str | None
    depth: int | None
    article_id: str | None
    record: dict[str, Any] | None
    captures: tuple[Capture, ...]
    next_look: datetime | None = None  # when it is asked for again by itself
    resting: str | None = None  # why it is not, though it was to be
    reading: Extraction | None = None
    reading_problem: str | None = None
    would_be: Outcome | None = None  # what a reading makes of a page that no crawl has asked for: an imported one

    @property
    def capture(self) -> Capture | None:
        """The capture the article was read from, or the newest one."""
        if self.record is not None:
            wanted = self.record["capture"]["warc_record_id"]
            return next((one for one in self.captures if one.record_id == wanted), None) or _newest(self.captures)
        return _newest(self.captures)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        kind, reason, detail = (
            (self.outcome.kind, self.outcome.reason, dict(self.outcome.detail)) if self.outcome else (None, None, {})
        )
        return {
            "url": self.url,
            "outcome": kind,
            "reason": reason,
            "detail": detail,
            "at": rfc3339(self.at) if self.at else None,
            "run": self.run,
            "source": self.source,
            "found_by": self.found_by,
            "found_in": self.found_in,
            "depth": self.depth,
            "article_id": self.article_id,
            "captures": [_capture_values(one) for one in self.captures],
            "next_look": rfc3339(self.next_look) if self.next_look else None,
            "resting": self.resting,
            "because": because(self),
            "integrity": self.record["integrity"] if self.record else None,
            "blocks": [_block_values(block) for block in self.reading.blocks] if self.reading else None,
            "reading_problem": self.reading_problem,
            "would_be": {"outcome": self.would_be.kind, "reason": self.would_be.reason} if self.would_be else None,
        }


def explain(archive: Archive, asked: str, *, with_blocks: bool = False) -> Explanation:
    """Gather what is known of an article id or URL; `with_blocks` reads the page again. Raises NotFound."""
    from archive.catalog import captures, revisions

    story, article = _known(archive, asked)
    url = story.url if story else article.url if article else asked
    record = revisions.record_of(archive.catalog, article.article_id) if article else None
    found = story.captures if story else tuple(captures.of_url(archive.catalog, as_url(url) or url))
    told = _told(story, article, record)
    result = Explanation(url=url, captures=tuple(found), record=record, **told)
    if result.next_look is not None and (why := _resting(archive, result.source)) is not None:
        result = replace(result, next_look=None, resting=why)
    if story is None and article is None and result.capture is not None:
        result = replace(result, would_be=_judged(archive, result, result.capture))
    if not with_blocks or result.capture is None:
        return result
    reading, problem = _read(archive, result)
    return replace(result, reading=reading, reading_problem=problem)


def _resting(archive: Archive, source: str | None) -> str | None:
    """Why nothing of a source is asked for by itself; None where it is, or where nobody knows."""
    if archive.sources is NO_SOURCES or source is None:
        return None
    try:
        known = archive.sources.get(source)
    except ConfigError:
        return None  # the commands that need sources.toml tell its mistakes
    if known is None:  # another archive of a shared catalog may well have it
        return None if archive.catalog.is_shared else f'{SOURCES_FILE} has no source "{source}"'
    return f'source "{source}" is paused (pressmark source resume {source})' if known.paused else None


def _known(archive: Archive, asked: str) -> tuple[UrlStory | None, ArticleRow | None]:
    """What the catalog tells of it; nothing for a page that is only kept, as a cloaking check keeps pages."""
    from archive.catalog import captures

    try:
        return find_story(archive, asked)
    except NotFound:
        url = as_url(asked)
        if url is None or not captures.of_url(archive.catalog, url):
            raise
        return None, None


def _judged(archive: Archive, one: Explanation, capture: Capture) -> Outcome:
    """What `warc import --read` makes of a capture; it keeps no outcomes, and the same bytes always give the same."""
    outcome = readable(capture.status, capture.media_type, capture.payload_bytes)
    if outcome is not None:
        return outcome
    reading, problem = _read(archive, one)
    if reading is None:
        return Outcome("failed", "reading", {"error": problem or ""})
    return judge(reading, rules_for(archive, None)) or Outcome("stored", "unread")


def raw_html(archive: Archive, explanation: Explanation) -> bytes:
    """The body of the page as the publisher sent it, content codings taken off. Raises NotFound without a capture."""
    if explanation.capture is None:
        raise NotFound(f"no bytes of {explanation.url} are kept")
    return load_kept(job_of(archive, explanation.capture, ReadingRules())).page.body


def because(one: Explanation) -> list[str]:
    """The reasons a page was stored, each with its number."""
    record = one.record
    if record is None:
        return []
    reasons = [f"{record['word_count']:,} words"]
    if record["language"]:
        reasons.append(f"language {record['language']}")
    if record["date_published"]:
        reasons.append(f"date from {record['date_published_from'] or 'the page'}")
    else:
        reasons.append("no date on the page")
    if record["page_type"] != "article":
        reasons.append(f"kind of page: {record['page_type']}")
    if record["integrity"]["verdict"] != "clean":
        reasons.append(f"integrity {record['integrity']['verdict']}")
    if record["duplicate_of"]:
        reasons.append(f"near-duplicate of {record['duplicate_of']}")
    return reasons


def _told(story: UrlStory | None, article: ArticleRow | None, record: dict[str, Any] | None) -> dict[str, Any]:
    discovery = (record or {}).get("discovery") or {}
    if story is not None:
        return {
            "outcome": story.outcome,
            "at": story.outcome_at,
            "run": story.run,
            "source": story.source,
            "found_by": story.found_by,
            "found_in": story.via,
            "depth": story.depth,
            "article_id": article.article_id if article else story.article_id,
            "next_look": story.due_at if story.outcome is not None else None,
        }
    return {
        "outcome": None,
        "at": article.last_seen if article else None,
        "run": article.run if article else None,
        "source": article.source if article else None,
        "found_by": discovery.get("kind"),
        "found_in": discovery.get("via"),
        "depth": discovery.get("depth"),
        "article_id": article.article_id if article else None,
    }


def _read(archive: Archive, one: Explanation) -> tuple[Extraction | None, str | None]:
    capture = one.capture
    if capture is None:
        return None, None
    profile = one.record["extraction"]["profile"] if one.record else None
    pages = named_pages(archive, one.record)
    job = job_of(archive, capture, rules_for(archive, one.source, profile), pages)
    if one.record is not None:
        from archive.reading.witnesses import evidence_again

        job = replace(job, evidence=evidence_again(archive.catalog, one.record))
    try:
        reading = read_capture(job)
    except PressmarkError as error:
        return None, error.message
    return reading.extraction, _version_note(one.record, reading.extraction)


def _version_note(record: dict[str, Any] | None, extraction: Extraction) -> str | None:
    if record is None:
        return None
    then = record["extraction"]["version"]
    if then == extraction.version:
        return None
    return f"the record was read by version {then}, the blocks above by {extraction.version}"


def _newest(found: tuple[Capture, ...]) -> Capture | None:
    return max(found, key=lambda one: one.fetched_at, default=None)


def _capture_values(one: Capture) -> dict[str, Any]:
    return {
        "record_id": one.record_id,
        "record_type": one.record_type,
        "fetched_at": rfc3339(one.fetched_at),
        "status": one.status,
        "media_type": one.media_type,
        "payload_digest": one.payload_digest,
        "payload_bytes": one.payload_bytes,
        "truncated": one.truncated,
        "warc_file": one.warc_file,
        "warc_offset": one.warc_offset,
        "warc_length": one.warc_length,
    }


def _block_values(block: Block) -> dict[str, Any]:
    return {
        "kept": block.kept,
        "label": block.label,
        "rule": block.rule,
        "evidence": block.evidence,
        "path": block.path,
        "text": block.text,
    }
