"""`pressmark warc view|import`: pages as they were, and files of other tools that hold some."""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive.commands.shared import AsJson, archive_of, location_of, now, with_listing
from archive.console.listing import Listing, print_listing
from archive.console.output import heading, next_step, note, plural, say, size
from archive.console.typed import typed_command
from archive.errors import NotFound, UsageError
from archive.times import parse_moment, rfc3339

if TYPE_CHECKING:
    from archive.answers.replay import View
    from archive.archive import Archive
    from archive.custody.imports import Imported


def view(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="The page.")],
    at: Annotated[str | None, typer.Option("--at", metavar="WHEN", help="Nearest to then, not the newest.")] = None,
    payload: Annotated[bool, typer.Option("-p", "--payload", help="Only the payload, decoded.")] = False,
    raw: Annotated[bool, typer.Option("-P", "--raw", help="Only the payload, as it was sent.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the capture of a page nearest to a time: what it was, and where its bytes are."""
    from archive.answers.replay import view as look

    if payload + raw + as_json > 1:
        raise UsageError("only one of -p, -P and --json can be given", hint="leave out all but one")
    with archive_of(context) as archive:
        found = look(archive, url, _moment(at) if at else None)
    if payload or raw:
        if not found.has_body:
            raise NotFound(f"{found.capture.record_id} is a revisit; the record with its payload is not known")
        sys.stdout.flush()
        sys.stdout.buffer.write(found.body if payload else found.entity)
    elif as_json:
        print_listing([_row(found)], (), Listing("nl"))
    else:
        _print(found)


def _moment(text: str) -> datetime:
    digits = re.fullmatch(r"(\d{8})(\d{6})", text.strip())  # as replay addresses and CDXJ write it
    return parse_moment(f"{digits[1]}T{digits[2]}" if digits else text, now(), "--at")


def _row(found: View) -> dict[str, Any]:
    return {
        **asdict(found.capture),
        "path": str(found.path),
        "body_bytes": len(found.body) if found.has_body else None,
        "problems": list(found.problems),
        "captures": [rfc3339(moment) for moment in found.times],
    }


def _print(found: View) -> None:
    capture = found.capture
    heading(capture.target_uri)
    status = "no status" if capture.status is None else str(capture.status)
    what = f"{capture.record_type} · {status} · {found.head.media_type or 'no type'}"
    body = f"{len(found.body):,} bytes" if found.has_body else "its payload is not known"
    say(f"{rfc3339(capture.fetched_at)} · {what} · {body}" + (" · truncated" if capture.truncated else ""))
    say(f"{capture.warc_file} at byte {capture.warc_offset:,}, record {capture.record_id}")
    if found.payload_of:
        say(f"the same as {found.payload_of}")
    for problem in found.problems:
        say(f"! {problem}")
    first, last = rfc3339(found.times[0]), rfc3339(found.times[-1])
    say(f"{plural(len(found.times), 'capture')} of it" + (f", {first} to {last}" if len(found.times) > 1 else ""))
    next_step(f"pressmark warc view {capture.target_uri} -p", f"pressmark why {capture.target_uri}")


@with_listing
def import_(
    context: typer.Context,
    *,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="WARC, ARC (also .gz) or WACZ files of any tool.")
    ],
    link: Annotated[bool, typer.Option("--link/--copy", help="Link the files, or copy them (the default).")] = False,
    read: Annotated[bool, typer.Option("--read", help="Read their pages into articles, too.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that read.")] = 1,
    listing: Listing,
) -> None:
    """Make files of other tools part of the archive: readable, verifiable and exportable like its own."""
    from archive.archive import open_archive, writing
    from archive.catalog import archives
    from archive.custody.imports import import_files
    from archive.recovery.left_behind import recover

    moment = now()
    location = location_of(context)
    done: list[Imported] = []
    with (
        writing(location.root, command=typed_command(), now=moment),
        open_archive(location, create=True) as archive,
    ):
        recover(archive, moment)
        with archive.catalog.transaction() as conn:
            archives.register(conn, archive.name, str(archive.root), moment)
        try:
            for one in import_files(archive, files, moment, link=link):
                done.append(one)  # noqa: PERF402 - one by one: the next file may raise
        finally:  # what came before a file that cannot be imported is told too
            _print_imported(done, listing)
        if read:
            _read(archive, [one.warc_file for one in done], moment, workers)
    if not listing.for_programs and done:
        files_ = " ".join(one.warc_file for one in done[:3])
        later = "pressmark articles" if read else f"pressmark warc import {shlex.join(map(str, files[:3]))} --read"
        next_step(f"pressmark warc audit {files_}", "pressmark warc view URL", later)


def _read(archive: Archive, warc_files: list[str], moment: datetime, workers: int) -> None:
    """Read what was imported, as a run of its own, and say what it gave."""
    from archive.catalog import captures
    from archive.commands.files import close_run, open_run
    from archive.reading.first_reading import read_first

    found = [one for name in warc_files for one in captures.in_file(archive.catalog, archive.name, name)]
    run = open_run(archive, moment, "import")
    outcomes = Counter(
        (one.outcome.kind, one.outcome.reason) for one in read_first(archive, found, moment, run, workers=workers)
    )
    counts: Counter[str] = Counter()
    for (kind, _), count in outcomes.items():
        counts[kind] += count
    close_run(archive, run, counts)
    said = " · ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items())) or "no pages"
    note(f"{plural(counts.total(), 'page')} read: {said}")
    for kind in ("skipped", "failed"):
        reasons = [(count, reason or "") for (one, reason), count in outcomes.items() if one == kind]
        if reasons:
            listed = " · ".join(
                f"{count} {reason.replace('_', ' ')}" for count, reason in sorted(reasons, reverse=True)
            )
            note(f"  {kind:8} {listed}")


def _print_imported(done: list[Imported], listing: Listing) -> None:
    rows = [
        {
            "file": one.warc_file,
            "how": one.how,
            "captures": one.captures,
            "inexact": one.inexact,
            "unfound": list(one.unfound),
            "bytes": one.size_bytes,
            "source": one.source,
        }
        for one in done
    ]
    print_listing(rows, ("how", "captures", "bytes", "file"), listing, total=len(rows))
    if not listing.for_programs:
        captures = sum(one.captures for one in done)
        total = size(sum(one.size_bytes for one in done))
        inexact = sum(one.inexact for one in done)
        doubts = f", {inexact:,} not as received (pressmark warc audit says why)" if inexact else ""
        say(f"{plural(len(done), 'file')} imported: {plural(captures, 'new capture')}, {total}{doubts}")
        for one in done:
            for url in one.unfound:
                say(f"! listed as a page, but in none of the files: {url}")
