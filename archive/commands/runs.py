"""`pressmark run list|show|log`: what was done when, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive.commands.shared import AsJson, archive_of, with_listing
from archive.console.listing import Listing, dump, print_listing
from archive.console.output import next_step, note, plural, say
from archive.errors import NotFound, TimeLimit
from archive.health.findings import lasting

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.model import Run

run_app = typer.Typer(no_args_is_help=True, help="What was done when, and how it ended.")

RunId = Annotated[str, typer.Argument(metavar="RUN", help='A run\'s id or its beginning; "last" for the newest.')]


@run_app.command("list")
@with_listing(times=True)
def list_(
    context: typer.Context,
    *,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="crawl, fetch or extract.")] = None,
    listing: Listing,
) -> None:
    """List runs, the newest first."""
    from archive.catalog.runs import list_runs

    with archive_of(context) as archive:
        found = [
            run
            for run in list_runs(archive.catalog, limit=None, kind=kind)
            if (listing.since is None or run.started_at >= listing.since)
            and (listing.until is None or run.started_at < listing.until)
        ]
    columns = ("run", "kind", "started", "seconds", "ended", "counts")
    shown = [_row(run) for run in found]
    if not listing.for_programs and not listing.fields:
        shown = [{**row, "counts": _counts(row["counts"])} for row in shown]
    print_listing(shown, columns, listing, total=len(found))
    if not listing.for_programs:
        note(plural(len(found), "run"))
        next_step(f"pressmark run show {found[0].run_id}" if found else "pressmark crawl")


def _row(run: Run) -> dict[str, Any]:
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
    return {
        "run": run.run_id,
        "kind": run.kind,
        "started": run.started_at,
        "seconds": round(seconds, 1) if seconds is not None else None,
        "ended": _ending(run),
        "counts": dict(run.counts),
        "command": run.command,
        "version": run.version,
        "settings_digest": run.settings_digest,
        "pid": run.pid,
        "host": run.host,
        "ended_at": run.ended_at,
        "exit_code": run.exit_code,
        "reason": run.reason,
    }


def _ending(run: Run) -> str:
    from archive.runs.run_process import is_gone

    if run.ended_at is None:
        return "died" if is_gone(run) else "running"
    if run.exit_code is None:
        return run.reason or "died"
    why = f" ({run.reason})" if run.reason and run.reason != "finished" else ""
    return ("ok" if run.exit_code == 0 else f"exit {run.exit_code}") + why


def _counts(counts: dict[str, Any]) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in counts.items() if count)


@run_app.command("show")
def show(context: typer.Context, run: RunId, as_json: AsJson = False) -> None:
    """Show a run: what it did, and what became of its URLs by reason."""
    from archive.answers.lookup import find_run
    from archive.answers.run_outcomes import outcomes_of_run

    with archive_of(context) as archive:
        found = find_run(archive, run)
        outcomes = outcomes_of_run(archive, found.run_id)
        files = _files(archive, found.run_id)
    row = _row(found)
    listed = [{"kind": kind, "reason": reason, "urls": count} for (kind, reason), count in outcomes.items()]
    if as_json:
        print(dump(row | {"outcomes": listed, "files": files}, indent=2))
        return
    say(f"run {found.run_id}  {found.kind}  {_ending(found)}")
    say(f"  started     {found.started_at:%Y-%m-%d %H:%M:%SZ} on {found.host}, pid {found.pid}")
    if found.ended_at:
        say(f"  ended       {found.ended_at:%Y-%m-%d %H:%M:%SZ}, after {row['seconds']:,} s")
    say(f"  command     {found.command}", f"  version     {found.version}, settings {found.settings_digest}")
    if found.counts:
        say(f"  counts      {_counts(dict(found.counts))}")
    for one in listed:
        say(f"  {one['kind']:<11} {one['urls']:,}" + (f" {one['reason']}" if one["reason"] else ""))
    for file in files:
        say(f"  wrote       {file}")
    next_step(f"pressmark articles --run {found.run_id}", f"pressmark skipped --run {found.run_id}")


def _files(archive: Archive, run_id: str) -> list[str]:
    from archive.catalog.captures import iterate

    return list(dict.fromkeys(one.warc_file for one in iterate(archive.catalog, archive=archive.name, run=run_id)))


@run_app.command("log")
def log(
    context: typer.Context,
    run: RunId,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until the run ends.")] = False,
    as_lines: Annotated[bool, typer.Option("--nl", help="As JSON lines, as they are kept.")] = False,
) -> None:
    """Print what a run did, URL by URL."""
    from archive.answers.lookup import find_run
    from archive.runs.runlog import read_run_log

    with archive_of(context) as archive:
        found = find_run(archive, run)
        path = archive.store.path(archive.store.runs_path(found.run_id))
    if not path.exists():
        raise NotFound(f"the log of run {found.run_id} is not at {path}")
    for line in _followed(path, found) if follow else read_run_log(path, []):
        if as_lines:
            print(dump(line), flush=follow)
        else:
            say(_said(line))


@run_app.command("stop")
def stop(
    context: typer.Context,
    run: RunId,
    wait: Annotated[float, typer.Option(metavar="SECONDS", help="How long to wait for its end.")] = 60.0,
) -> None:
    """Stop a run as Ctrl-C would: what it has fetched is kept, what is left is resumed later."""
    from archive.answers.lookup import find_run
    from archive.runs.run_process import end_of_process, interrupt

    with archive_of(context) as archive:
        found = find_run(archive, run)
    if found.ended_at is not None:
        say(f"run {found.run_id} has ended already ({_ending(found)})")
        return
    interrupt(found)
    say(f"asked run {found.run_id} (pid {found.pid}) to stop")
    if not end_of_process(found.pid, wait):
        raise TimeLimit(
            f"run {found.run_id} has not ended after {wait:.0f} s",
            hint=f"pressmark run stop {found.run_id} again, or wait",
        )
    say("it has ended")
    next_step(f"pressmark run show {found.run_id}", f"pressmark crawl --resume {found.run_id}")


def _followed(path: Path, run: Run, wait_seconds: float = 0.5) -> Iterator[dict[str, Any]]:
    """The lines there are and those to come, up to the end of the run or of its process."""
    from archive.jsonl import json_lines_from
    from archive.runs.run_process import is_gone

    offset = 0
    while True:
        gone = is_gone(run)  # asked first, so that its last lines are read in any case
        for line, after in json_lines_from(path, offset):
            offset = after
            yield line
            if line.get("type") == "end":
                return
        if gone:
            return
        time.sleep(wait_seconds)


def _said(line: dict[str, Any]) -> str:
    kind = line.get("type")
    at = str(line.get("at") or line.get("started_at") or line.get("ended_at") or "")[:19].replace("T", " ")
    if kind == "outcome":
        reason = f" {line['reason']}" if line.get("reason") else ""
        return f"{at}  {line['kind'] + reason:<24} {line['url']}"
    if kind == "discovered":
        return f"{at}  {'found by ' + line['found_by']:<24} {line['url']}"
    if kind == "claimed":
        return f"{at}  {'source ' + line['source']:<24} {line['url']}, and what was found through it"
    if kind == "run":
        return f"{at}  run {line['run_id']}: {line['command']}"
    if kind == "end":
        counts = _counts(line.get("counts") or {})
        return f"{at}  end of the run, exit code {line.get('exit_code')}" + (f": {counts}" if counts else "")
    if kind == "polled":
        at = str(line["asked_at"])[:19].replace("T", " ")
        again = f"every {lasting(timedelta(seconds=line['interval_seconds']))}" + (
            ", failing" if line.get("failures") else ""
        )
        return f"{at}  listing, asked {again}  {line['url']}"
    if kind == "event":
        return f"{at}  {'event ' + line['kind']:<24} {line['url']}"
    if kind == "profile":
        return f"{at}  learned what pages of {line['host']} have in common"
    if kind == "distrusted":
        return f"{at}  {line['host']} is asked without conditions until {str(line['until'])[:10]}: {line['reason']}"
    return f"{at}  {line['words']}" if line.get("words") else dump(line)
