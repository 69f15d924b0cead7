"""The log of a run: what it was, every URL it saw, what became of each, how it ended. JSON lines in runs/RUN.jsonl.

The crawler writes it, `db rebuild` reads it: together with the WARC files and the records, it is all the catalog
knows. Kinds of line are told apart by "type"; the functions below make and read them. Times are RFC 3339 in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.jsonl import JsonLines, read_json_lines
from archive.model import Discovery, Distrust, Event, ListingState, Outcome, Run
from archive.records.provenance import claims_from, claims_values
from archive.times import parse_rfc3339, rfc3339

LogLine = dict[str, Any]


class RunLog(JsonLines):
    """The log of one run, open for appending. See archive.jsonl for what a crash leaves."""


def read_run_log(path: Path, problems: list[str] | None = None) -> Iterator[LogLine]:
    """Give the lines of a run's log in order. Raises NotFound; see `read_json_lines` for damaged lines."""
    return read_json_lines(path, problems)


def run_line(run: Run) -> LogLine:
    """{"type": "run", …}: the first line of a log."""
    return {"type": "run", **_run_values(run)}


def end_line(run: Run) -> LogLine:
    """{"type": "end", …}: the last line; without it a run did not end by itself."""
    values = _run_values(run)
    return {"type": "end", **{name: values[name] for name in ("run_id", "ended_at", "exit_code", "reason", "counts")}}


def discovered_line(discovery: Discovery) -> LogLine:
    """{"type": "discovered", …}: a URL seen in a listing. Claims that say nothing are null."""
    return {
        "type": "discovered",
        "url": discovery.url,
        "source": discovery.source,
        "found_by": discovery.found_by,
        "via": discovery.via,
        "depth": discovery.depth,
        "is_listing": discovery.is_listing,
        "claims": claims_values(discovery.claims) or None,
        "at": rfc3339(discovery.found_at),
    }


def claimed_line(discovery: Discovery) -> LogLine:
    """{"type": "claimed", …}: a known URL, with what was found through it, is another source's, or is asked again."""
    return {**discovered_line(discovery), "type": "claimed"}


def outcome_line(
    url: str,
    outcome: Outcome,
    at: datetime,
    *,
    source: str | None = None,
    record_id: str | None = None,
    article_id: str | None = None,
    due_again_at: datetime | None = None,
    is_recheck: bool = False,
    watch: Mapping[str, Any] | None = None,
) -> LogLine:
    """{"type": "outcome", …}: what became of a URL, with the capture and the article where there are any.

    `watch` is what rechecks have to remember (archive.revisions.watch); None keeps what was said of the URL before.
    """
    return {
        "type": "outcome",
        "url": url,
        "kind": outcome.kind,
        "reason": outcome.reason,
        "detail": dict(outcome.detail),
        "at": rfc3339(at),
        "record_id": record_id,
        "article_id": article_id,
        "source": source,
        "due_again_at": rfc3339(due_again_at) if due_again_at else None,
        "recheck": is_recheck,
        "watch": watch,
    }


def profile_line(profile: Mapping[str, Any], digest: str, learned_at: datetime) -> LogLine:
    """{"type": "profile", …}: what a host's pages have in common, as of this run, as values of SiteProfile."""
    return {"type": "profile", "host": profile["host"], "digest": digest, "at": rfc3339(learned_at), "profile": profile}


def event_line(event: Event) -> LogLine:
    """{"type": "event", …}: what was found out about a known article; the run is the log's own."""
    values = {name: value for name, value in asdict(event).items() if name != "run"}
    return {"type": "event", **values, "at": rfc3339(event.at), "detail": dict(event.detail)}


def polled_line(state: ListingState) -> LogLine:
    """{"type": "polled", …}: what was learned of a listing by asking it. The last line of a URL counts."""
    return {"type": "polled", **_values(state)}


def distrusted_line(found: Distrust) -> LogLine:
    """{"type": "distrusted", …}: a host is asked without conditions for a time."""
    return {"type": "distrusted", **_values(found)}


def polled_of(line: Mapping[str, Any]) -> ListingState:
    """The ListingState of a "polled" line."""
    return ListingState(**_given(line, "asked_at", "read_at"))


def distrusted_of(line: Mapping[str, Any]) -> Distrust:
    """The Distrust of a "distrusted" line."""
    return Distrust(**_given(line, "at", "until"))


def run_of(line: Mapping[str, Any], end: Mapping[str, Any] | None = None) -> Run:
    """The Run of a "run" line, with what its "end" line adds. Raises KeyError, ValueError for a foreign line."""
    closing = end or {}
    return Run(
        run_id=line["run_id"],
        kind=line["kind"],
        started_at=parse_rfc3339(line["started_at"]),
        command=line["command"],
        version=line["version"],
        settings_digest=line["settings_digest"],
        pid=line["pid"],
        host=line["host"],
        heartbeat_at=_moment(line.get("heartbeat_at")),
        ended_at=_moment(closing.get("ended_at", line.get("ended_at"))),
        exit_code=closing.get("exit_code", line.get("exit_code")),
        reason=closing.get("reason", line.get("reason")),
        counts=dict(closing.get("counts") or line.get("counts") or {}),
    )


def discovery_of(line: Mapping[str, Any]) -> Discovery:
    """The Discovery of a "discovered" or "claimed" line."""
    return Discovery(
        url=line["url"],
        source=line["source"],
        found_by=line["found_by"],
        found_at=parse_rfc3339(line["at"]),
        via=line.get("via"),
        depth=line.get("depth") or 0,
        is_listing=bool(line.get("is_listing")),
        claims=claims_from(line.get("claims")),
    )


def outcome_of(line: Mapping[str, Any]) -> Outcome:
    """The Outcome of an "outcome" line."""
    return Outcome(line["kind"], line.get("reason"), line.get("detail") or {})


def event_of(line: Mapping[str, Any], run_id: str | None = None) -> Event:
    """The Event of an "event" line."""
    return Event(
        url=line["url"],
        at=parse_rfc3339(line["at"]),
        kind=line["kind"],
        detail=line.get("detail") or {},
        article_id=line.get("article_id"),
        source=line.get("source"),
        before=line.get("before"),
        after=line.get("after"),
        run=run_id,
    )


def _run_values(run: Run) -> dict[str, Any]:
    return _values(run) | {"counts": dict(run.counts)}


def _values(value: Any) -> dict[str, Any]:
    return {name: _written(one) for name, one in asdict(value).items()}


def _given(line: Mapping[str, Any], *times: str) -> dict[str, Any]:
    return {name: _moment(value) if name in times else value for name, value in line.items() if name != "type"}


def _written(value: Any) -> Any:
    return rfc3339(value) if isinstance(value, datetime) else value


def _moment(text: str | None) -> datetime | None:
    return parse_rfc3339(text) if text else None
