"""What the log of a run says, told to the catalog: `db rebuild` tells it every line, recovery the lines behind the last
commit, which are on disk while the catalog does not know them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from archive.model import Discovery
from archive.runs.runlog import LogLine, discovery_of, distrusted_of, event_of, outcome_of, polled_of, run_of
from archive.times import parse_rfc3339

if TYPE_CHECKING:
    from archive.catalog import Connection
    from archive.catalog.frontier import Acknowledged


@dataclass(frozen=True, slots=True)
class Told:
    """How many lines began a run, were URLs the catalog did not know, outcomes, or the end of a run."""

    runs: int = 0
    urls: int = 0
    outcomes: int = 0
    ends: int = 0

    def __add__(self, other: Told) -> Told:
        runs, urls = self.runs + other.runs, self.urls + other.urls
        return Told(runs, urls, self.outcomes + other.outcomes, self.ends + other.ends)


def tell(conn: Connection, lines: Iterable[LogLine], run_id: str) -> Told:
    """Put lines of a run's log into the catalog, in their order; the captures they name have to be there."""
    told = Told()
    for kind, group in groupby(lines, key=lambda line: line.get("type")):
        if kind in _TELLERS:
            told += _TELLERS[kind](conn, list(group), run_id)
    return told


def _run(conn: Connection, lines: list[LogLine], run_id: str) -> Told:
    from archive.catalog import runs

    runs.open_run(conn, run_of(lines[-1]))
    return Told(runs=1)


def _end(conn: Connection, lines: list[LogLine], run_id: str) -> Told:
    from archive.catalog import runs

    last = lines[-1]
    ended_at = parse_rfc3339(last["ended_at"])
    counts = last.get("counts") or None
    runs.close_run(conn, run_id, ended_at, exit_code=last.get("exit_code"), reason=last.get("reason"), counts=counts)
    return Told(ends=1)


def _discovered(conn: Connection, lines: list[LogLine], run_id: str) -> Told:
    from archive.catalog import frontier

    new = 0
    for at, group in groupby(map(discovery_of, lines), key=lambda found: found.found_at):
        new += frontier.add(conn, list(group), at).new
    return Told(urls=new)


def _claimed(conn: Connection, lines: list[LogLine], run_id: str) -> Told:
    from archive.catalog import owners

    for at, group in groupby(map(discovery_of, lines), key=lambda found: found.found_at):
        owners.claim(conn, list(group), at)
    return Told()


def _outcomes(conn: Connection, lines: list[LogLine], run_id: str) -> Told:
    from archive.catalog import frontier, tallies

    unknown = frontier.unknown(conn, (line["url"] for line in lines))
    for found in _unlisted(lines, unknown):
        frontier.add(conn, [found], found.found_at)
    results = [_acknowledged(conn, line, run_id) for line in lines]
    frontier.acknowledge(conn, results)
    tallies.add_outcomes(conn, results)
    for line in lines:
        if line["kind"] == "unchanged" and line["reason"] != "unstable":
            _seen_again(conn, line)
    return Told(urls=len(unknown), outcomes=len(lines))


def _unlisted(lines: Iterable[LogLine], unknown: set[str]) -> Iterator[Discovery]:
    """URLs no listing named: typed by a person, or a redirect's target."""
    left = set(unknown)
    for line in lines:
        if line["url"] in left:
            left.discard(line["url"])
            yield Discovery(line["url"], line.get("source") or "", "seed", parse_rfc3339(line["at"]))


def _acknowledged(conn: Connection, line: LogLine, run_id: str) -> Acknowledged:
    from archive.catalog import captures
    from archive.catalog.frontier import Acknowledged, Validators

    outcome = outcome_of(line)
    capture = captures.by_record_id(conn, line["record_id"]) if line.get("record_id") else None
    again = line.get("due_again_at")
    return Acknowledged(
        url=line["url"],
        outcome=outcome,
        run=run_id,
        now=parse_rfc3339(line["at"]),
        article_id=line.get("article_id"),
        validators=Validators.after(outcome, capture),
        due_again_at=parse_rfc3339(again) if again else None,
        is_recheck=bool(line.get("recheck")),
        watch=line.get("watch"),
    )


def _seen_again(conn: Connection, line: LogLine) -> None:
    from archive.catalog import captures, revisions

    capture = captures.by_record_id(conn, line["record_id"]) if line.get("record_id") else None
    at = parse_rfc3339(line["at"])
    if line.get("article_id") is not None:
        revisions.seen_again(conn, line["article_id"], capture.fetched_at if capture else at, at)


def _profiles(conn: Connection, lines: list[LogLine], run_id: str) -> Told:
    from archive.catalog import profiles

    for line in lines:
        profiles.put(conn, line["profile"], line["digest"], parse_rfc3339(line["at"]), run_id)
    return Told()


def _events(conn: Connection, lines: list[LogLine], run_id: str) -> Told:
    from archive.catalog import events

    events.put(conn, [event_of(line, run_id) for line in lines])
    return Told()


def _polled(conn: Connection, lines: list[LogLine], run_id: str) -> Told:
    """What asking a listing taught; of each the last line counts."""
    from archive.catalog import listings

    listings.put(conn, [polled_of(line) for line in lines])
    return Told()


def _distrusted(conn: Connection, lines: list[LogLine], run_id: str) -> Told:
    from archive.catalog import listings

    listings.distrusted(conn, [distrusted_of(line) for line in lines])
    return Told()


_TELLERS: dict[object, Callable[[Connection, list[LogLine], str], Told]] = {
    "run": _run,
    "discovered": _discovered,
    "claimed": _claimed,
    "outcome": _outcomes,
    "profile": _profiles,
    "event": _events,
    "polled": _polled,
    "distrusted": _distrusted,
    "end": _end,
}
