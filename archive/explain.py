"""Why: what became of a URL and how we know. The page is read again from its bytes, block by block with reasons.

`explain` gathers, `lines` says it in words; `pressmark why` prints those, a web page would show the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from archive.archive import Archive
from archive.errors import NotFound, PressmarkError
from archive.further import named_pages
from archive.lookup import as_url, find_story
from archive.model import Block, Capture, Extraction, Outcome, ReadingRules
from archive.read import job_of, judge, load_page, read_capture, readable, rules_for
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
            "because": because(self),
            "integrity": self.record["integrity"] if self.record else None,
            "blocks": [_block_values(block) for block in self.reading.blocks] if self.reading else None,
            "reading_problem": self.reading_problem,
            "would_be": {"outcome": self.would_be.kind, "reason": self.would_be.reason} if self.would_be else None,
        }


def explain(archive: Archive, asked: str, *, with_blocks: bool = False) -> Explanation:
    """Gather what is known of an article id or URL; `with_blocks` reads the page again. Raises NotFound."""
    from archive.catalog import articles, captures

    story, article = _known(archive, asked)
    url = story.url if story else article.url if article else asked
    record = articles.record_of(archive.catalog, article.article_id) if article else None
    found = story.captures if story else tuple(captures.of_url(archive.catalog, as_url(url) or url))
    told = _told(story, article, record)
    result = Explanation(url=url, captures=tuple(found), record=record, **told)
    if story is None and article is None and result.capture is not None:
        result = replace(result, would_be=_judged(archive, result, result.capture))
    if not with_blocks or result.capture is None:
        return result
    reading, problem = _read(archive, result)
    return replace(result, reading=reading, reading_problem=problem)


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
    return load_page(job_of(archive, explanation.capture, ReadingRules()))[0].body


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


def lines(one: Explanation, *, with_blocks: bool = False) -> Iterator[str]:
    """Say an explanation in words, one line each."""
    yield _headline(one)
    if one.record is not None:
        yield f"  article     {one.article_id}  {one.record['headline'] or '(no headline)'}"
    if one.found_in or one.found_by:
        depth = f" (depth {one.depth})" if one.depth is not None else ""
        yield f"  found in    {one.found_in or ('-' if one.depth else SOURCES_FILE)}{depth}" + (
            f"  as {one.found_by}" if one.found_by else ""
        )
    yield from _rule_lines(one.outcome)
    yield from _capture_lines(one.captures)
    if one.would_be is not None:
        yield f"  read now    {one.would_be.kind} {one.would_be.reason}, by the default rules"
        yield from _rule_lines(one.would_be)
    if one.next_look is not None:
        yield f"  next look   {one.next_look:%Y-%m-%d %H:%M:%SZ}, or with the first run behind that"
    if with_blocks and one.reading is not None:
        yield from _block_lines(one.reading.blocks)
    yield from _integrity_lines(one.record)
    yield from _span_lines(one.record)
    if one.reading_problem:
        yield f"  reading     {one.reading_problem}"
    if reasons := because(one):
        yield "stored because: " + " · ".join(reasons)


# One line on what can be done about a reason; the reasons themselves are in docs/outcomes.md.
_TO_CHANGE = {
    "robots": "this rule is the publisher's; it is not overridden by any setting",
    "offsite": "the host is not in this source: pressmark source edit {source} (same_host, hosts)",
    "redirect_offsite": "the host is not in this source: pressmark source edit {source} (same_host, hosts)",
    "url_filter": "pressmark source edit {source} (include, exclude)",
    "depth": "pressmark source edit {source} (depth)",
    "limit": "run again, or pressmark source edit {source} (limit)",
    "too_short": "pressmark source edit {source} (extract.min_words)",
    "wrong_language": "pressmark source edit {source} (languages)",
    "no_date": "pressmark source edit {source} (extract.require_date)",
    "not_article": "pressmark why URL --text shows how the page was read",
    "empty_extraction": "pressmark why URL --html out.html shows the page as it came",
    "private_address": "crawl.allow_private = true in pressmark.toml, if this is your own network",
    "timeout": "the next run tries it again",
    "reading_timeout": "reading.timeout in pressmark.toml, then pressmark extract",
    "dns": "the next run tries it again",
    "server_error": "the next run tries it again",
    "too_old": "pressmark source edit {source} (since)",
}


def to_change(one: Explanation) -> str | None:
    """What can be done about a URL that was not stored."""
    if one.outcome is None or one.outcome.reason is None:
        return None
    said = _TO_CHANGE.get(one.outcome.reason)
    return said.format(source=one.source or "NAME").replace("URL", one.url) if said else None


def _headline(one: Explanation) -> str:
    if one.outcome is None:
        state = "STORED" if one.record else "KEPT, NEVER CRAWLED" if one.captures else "NOT YET FETCHED"
        return f"{state}   {one.url}"
    reason = f" {one.outcome.reason}" if one.outcome.reason else ""
    at = f"   {one.at:%Y-%m-%d %H:%M:%SZ}" if one.at else ""
    run = f"  run {one.run}" if one.run else ""
    source = f"  source {one.source}" if one.source else ""
    return f"{one.outcome.kind.upper()}{reason}{at}{run}{source}"


def _rule_lines(outcome: Outcome | None) -> Iterator[str]:
    detail = dict(outcome.detail) if outcome else {}
    if outcome is not None and outcome.reason == "robots" and "rule" in detail:
        line, record = detail.pop("line", None), detail.pop("record", None)
        where = f" line {line}" if line else ""
        yield f'  rule        robots.txt{where}: "{detail.pop("rule")}"' + (f"  (record {record})" if record else "")
    for name, value in detail.items():
        yield f"  {name.replace('_', ' '):<11} {value}"


def _capture_lines(found: tuple[Capture, ...], most: int = 5) -> Iterator[str]:
    for one in found[-most:]:
        what = "unchanged (revisit)" if one.record_type == "revisit" else one.media_type or "unknown type"
        cut = f", cut by {one.truncated}" if one.truncated else ""
        yield (
            f"  captured    {one.fetched_at:%Y-%m-%d %H:%M:%SZ}  {one.status or 'no status'} {what}, "
            f"{one.payload_bytes:,} bytes{cut}  {one.warc_file} at {one.warc_offset}"
        )
    if len(found) > most:
        yield f"              … {len(found) - most} earlier captures"


def _block_lines(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        tag = block.path.rsplit("/", 1)[-1] or "-"
        text = " ".join(block.text.split())
        shown = text if len(text) <= 60 else text[:59] + "…"
        state = "KEPT    " if block.kept else "DROPPED "
        evidence = f" {block.evidence}" if block.evidence else ""
        why = f"{block.label}" + ("" if block.kept and not block.evidence else f" · {block.rule}{evidence}")
        yield f"  {state}{tag:<10} {shown}   [{why}]"


def _integrity_lines(record: dict[str, Any] | None) -> Iterator[str]:
    """What the verdict rests on, one reason a line; nothing for a clean page."""
    if record is None or record["integrity"]["verdict"] == "clean":
        return
    yield f"  integrity   {record['integrity']['verdict']}"
    for reason in record["integrity"]["reasons"]:
        yield f"              {reason}"


def _span_lines(record: dict[str, Any] | None, most: int = 12) -> Iterator[str]:
    """What the publisher did not write, each string once: what was done, where, on which evidence."""
    spans: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for span in record["integrity"]["spans"] if record is not None else ():
        spans.setdefault((span["raw"], span["injection_class"]), []).append(span)
    for (raw, name), found in list(spans.items())[:most]:
        text = " ".join(raw.split())
        places = [str(span["start"]) for span in found if span["start"] >= 0]
        where = f"at {', '.join(places[:6])}{' …' if len(places) > 6 else ''}" if places else "beside the text"
        yield f"  INJECTED  {text if len(text) <= 60 else text[:59] + '…'}   [{name}, {found[0]['action']}, {where}]"
        for kind in found[0]["evidence"]:
            yield f"              {kind}"
        for restored, source in {(s["restored"], s["restored_from"]) for s in found if s["restored"]}:
            yield f"              stood there: {restored}  (from {source})"
    if len(spans) > most:
        yield f"              … {len(spans) - most} more strings (--json)"


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
        from archive.witnesses import evidence_again

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
