"""An explanation in words: what `pressmark why` prints, and what can be done about a reason. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archive.answers.explain import SOURCES_FILE, Explanation, because
from archive.model import Block, Capture, Outcome


def lines(one: Explanation, *, with_blocks: bool = False) -> Iterator[str]:
    """Say an explanation in words, one line each."""
    yield _headline(one)
    if one.record is not None:
        yield f"  article     {one.article_id}  {one.record['headline'] or '(no headline)'}"
    if one.found_in or one.found_by:
        depth = f" (depth {one.depth})" if one.depth is not None else ""
        where = one.found_in or ("-" if one.depth else SOURCES_FILE)
        yield f"  found in    {where}{depth}" + (f"  as {one.found_by}" if one.found_by else "")
    yield from _rule_lines(one.outcome)
    yield from _capture_lines(one.captures)
    if one.would_be is not None:
        yield f"  read now    {one.would_be.kind} {one.would_be.reason}, by the default rules"
        yield from _rule_lines(one.would_be)
    if one.resting is not None:
        yield f"  next look   none by itself: {one.resting}"
    elif one.next_look is not None:
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
    "unlisted": "pressmark source edit {source} (url, file): what is named again is due again",
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
        for restored, source in dict.fromkeys((s["restored"], s["restored_from"]) for s in found if s["restored"]):
            yield f"              stood there: {restored}  (from {source})"
    if len(spans) > most:
        yield f"              … {len(spans) - most} more strings (--json)"
