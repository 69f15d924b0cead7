"""`pressmark warc seal` and `warc verify --seals`: proof that closed files are as they were."""

from __future__ import annotations

from typing import Any

import typer

from archive.commands.shared import location_of, now, with_listing
from archive.console.listing import Listing, print_listing
from archive.console.output import next_step, note, plural, say, size
from archive.errors import VerificationFailed
from archive.folder.store import LocalStore


@with_listing
def seal(context: typer.Context, *, listing: Listing) -> None:
    """Seal the closed WARC files that have no seal yet: digests of all records, chained from file to file."""
    from archive.custody.seal import seal as make

    store = LocalStore(location_of(context).root)
    made, damaged = make(store, now())
    rows = [
        {
            "file": one.file,
            "records": len(one.leaves),
            "bytes": one.size_bytes,
            "root": one.root,
            "chain": one.chain,
            "sealed_at": one.sealed_at,
        }
        for one in made
    ]
    print_listing(rows, ("records", "bytes", "root", "file"), listing, total=len(rows))
    if not listing.for_programs:
        say(f"{plural(len(made), 'file')} sealed" if made else "nothing to seal: every closed file has its seal")
        if made:
            say(f"head of the chain: sha256:{made[-1].chain}")
            note("note it elsewhere, or have it time-stamped: it vouches for everything sealed so far")
            next_step(f"pressmark warc verify --seals --head sha256:{made[-1].chain}")
    if damaged:
        raise VerificationFailed(damaged[0].message, hint=damaged[0].hint, context=tuple(map(str, damaged[1:10])))


def check_seals(context: typer.Context, head: str | None, listing: Listing) -> None:
    """Compare every sealed file with its seal, and the seals with one another. Raises VerificationFailed."""
    from archive.custody.seal import verify_seals

    found = verify_seals(LocalStore(location_of(context).root), head)
    rows: list[dict[str, Any]] = [
        {"file": one.file, "offset": one.offset, "severity": "error", "code": one.code, "message": one.message}
        for one in found.problems
    ]
    print_listing(rows, ("file", "offset", "code", "message"), listing, total=len(rows))
    if not listing.for_programs:
        counted = f"{plural(found.seals, 'seal')} compared: {plural(found.records, 'record')}, {size(found.size_bytes)}"
        say(f"{counted}, {plural(len(rows), 'problem')}", f"head of the chain: sha256:{found.head}")
        if found.unsealed:
            note(f"{plural(len(found.unsealed), 'closed file')} without a seal: pressmark warc seal")
    if rows:
        first = found.problems[0]
        where = "" if first.offset is None else f" (at byte {first.offset:,})"
        raise VerificationFailed(f"{first.file}: {first.message}{where}", hint="pressmark warc verify --seals --json")
