"""`pressmark demo`: The Daily Example on loopback, crawled twice as its clock moves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from archive.console.output import say
from archive.errors import VerificationFailed
from crawler.commands.shared import globals_of


def demo(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where the archive is made; an earlier demo's is replaced.")
    ] = Path("demo-archive"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the newspaper listens; 0: a free port.")] = 0,
) -> None:
    """Crawl a small newspaper on this machine twice and show what is kept. Needs no network; takes under a minute."""
    from crawler.demo.tour import prepare, shown_lines, tour

    given = globals_of(context)
    prepare(folder)
    progress = given.progress
    if progress == "auto":
        progress = "bar" if sys.stderr.isatty() else "none"
    shown = tour(folder, lambda line: None if given.quiet else say(line), progress=progress, port=port)
    say(*shown_lines(shown))
    if shown.problems:
        raise VerificationFailed(f"{len(shown.problems)} problems in the demo's archive", context=shown.problems[:5])
