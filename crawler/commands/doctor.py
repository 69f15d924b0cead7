"""`pressmark doctor`: what could be wrong here, and the command that mends it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive.console.listing import Listing, print_listing
from archive.console.output import next_step, paint, plural, say
from archive.console.typed import as_typed
from archive.errors import NotFound
from archive.times import utc_now
from crawler.commands.shared import folder_of, globals_of

if TYPE_CHECKING:
    from crawler.doctor import Finding

_SIGNS = {"ok": "ok", "note": "–", "warning": "!", "problem": "✕"}
_COLOURS = {"ok": "green", "note": "dim", "warning": "yellow", "problem": "red"}


def doctor(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As a JSON array.")] = False
) -> None:
    """Check this machine and this archive, and name what mends each problem. Exit code 1 where there is one."""
    from crawler.doctor import examine, is_well

    findings = examine(_folder(context), utc_now())
    if as_json:
        print_listing([asdict(one) for one in findings], (), Listing(shape="json"))
    else:
        for one in findings:
            sign = paint(f"{_SIGNS[one.level]:<3}", _COLOURS[one.level], sys.stdout)
            print(f"{sign}{one.check:<15} ", end="")
            say(one.says)
            if one.mend and one.level != "ok":
                say(f"{'':<19}→ {as_typed(one.mend)}")
        _summary(findings)
    if not is_well(findings):
        raise typer.Exit(1)


def _folder(context: typer.Context) -> Path | None:
    """The archive's folder; None where the command was not given one and stands in none."""
    try:
        return folder_of(context)
    except NotFound:
        if globals_of(context).folder is not None:
            raise
        return None


def _summary(findings: Sequence[Finding]) -> None:
    problems = [one for one in findings if one.level == "problem"]
    warnings = sum(one.level == "warning" for one in findings)
    say(f"{plural(len(findings), 'check')}: {plural(len(problems), 'problem')}, {plural(warnings, 'warning')}")
    mends = [one.mend for one in problems if one.mend]
    if mends:
        next_step(mends[0])
    elif not any(one.check == "settings" for one in findings):
        next_step("pressmark init news")
