"""`pressmark warc repair`: what damage left whole, in a new file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive.commands.shared import now, with_listing
from archive.commands.warc import path_of
from archive.output import Listing, next_step, plural, print_listing, say, size

if TYPE_CHECKING:
    from archive.repair import Repaired


@with_listing
def repair(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The damaged WARC file. It is only read.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT", help="The new file: .warc.gz or .warc.")],
    listing: Listing,
) -> None:
    """Write every whole record of a damaged file to a new one, and say what was left out and where."""
    from archive.repair import repair as write

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
