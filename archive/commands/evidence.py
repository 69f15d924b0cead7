"""`pressmark warc repair|audit`: what damage left whole, and whether records are what went over the wire."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive.commands.shared import now, with_listing
from archive.commands.warc import Files, chosen_files, path_of
from archive.console.listing import Listing, print_listing
from archive.console.output import next_step, plural, say, size
from archive.errors import VerificationFailed

if TYPE_CHECKING:
    from archive.custody.audit import Audit
    from archive.custody.repair import Repaired


@with_listing
def repair(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The damaged WARC file. It is only read.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT", help="The new file: .warc.gz or .warc.")],
    listing: Listing,
) -> None:
    """Write every whole record of a damaged file to a new one, and say what was left out and where."""
    from archive.custody.repair import repair as write

    done = write(path_of(context, file), out, now())
    rows = [
        {
            "action": note.action,
            "offset": note.offset,
            "bytes": note.size_bytes,
            "reason": note.reason,
            "record_id": note.record_id,
        }
        for note in done.notes
    ]
    print_listing(rows, ("action", "offset", "bytes", "reason"), listing, total=len(rows))
    if not listing.for_programs:
        say(_repaired(done))
        next_step(f"pressmark warc verify {out}")


def _repaired(done: Repaired) -> str:
    parts = [f"{plural(done.records, 'record')} → {done.out} ({done.copied:,} copied as they lay there)"]
    left_out = done.count("left out")
    lost = f"{plural(left_out, 'place')} left out ({size(done.left_out_bytes)})"
    parts.append(lost if left_out else "nothing left out")
    parts += [f"{done.count(action):,} {action}" for action in ("mended", "doubtful") if done.count(action)]
    return " · ".join(parts)


@with_listing
def audit(
    context: typer.Context,
    *,
    files: Files = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that look, one file each.")] = 1,
    listing: Listing,
) -> None:
    """Say whether records can be what went over the wire, or what a tool made of it. Exit code 7 if one cannot."""
    from archive.custody.audit import audit_files

    audits = list(audit_files(chosen_files(context, files), workers))
    rows = [row for one in audits for row in _finding_rows(one)]
    print_listing(rows, ("file", "certainty", "code", "count", "offset", "message"), listing, total=len(rows))
    inexact = [one for one in audits if not one.exact]
    if not listing.for_programs:
        records = sum(one.records for one in audits)
        say(f"{plural(len(audits), 'file')} audited: {plural(records, 'record')}, {plural(len(rows), 'finding')}")
    if inexact:
        wrote = f", written by {inexact[0].software}" if inexact[0].software else ""
        proven = next(item for item in inexact[0].findings if item.certainty == "proven")
        raise VerificationFailed(
            f"{inexact[0].file.name}{wrote}: {proven.message} ({plural(proven.count, 'record')}, "
            f"first at byte {proven.offsets[0]:,})",
            context=tuple(f"{one.file.name} has findings too" for one in inexact[1:10]),
            hint="docs/warc.md says what each finding means",
        )


def _finding_rows(one: Audit) -> list[dict[str, object]]:
    return [
        {
            "file": one.file.name,
            "software": one.software,
            "certainty": item.certainty,
            "code": item.code,
            "count": item.count,
            "offset": item.offsets[0],
            "message": item.message,
            "uri": item.target_uri,
            "offsets": list(item.offsets),
        }
        for item in one.findings
    ]
