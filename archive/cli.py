"""The commands that need no network, as one typer app. `crawler.cli` takes them over and adds those that crawl.

Nothing heavy is imported here: a command imports what it needs when it is called, so that --help answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from archive.commands import articles, captures, evidence, files, history, integrity, runs, seals, warc
from archive.commands.shared import set_locate
from archive.console.exits import run_app
from archive.console.output import set_color
from archive.console.typed import set_folder

__all__ = ["app", "main", "set_locate"]

app = typer.Typer(
    name="pressmark",
    help="A newspaper archive that can prove what it holds.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


@dataclass(frozen=True, slots=True)
class Globals:
    """The options before the command."""

    folder: Path | None = None
    verbose: int = 0


@app.callback()
def _globals(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Option("-C", "--dir", metavar="DIR", help="The archive. Default: the nearest with a pressmark.toml."),
    ] = None,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="Say more; -vv shows tracebacks.")] = 0,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour; NO_COLOR works too.")] = False,
) -> None:
    if no_color:
        set_color(False)
    set_folder(folder)
    context.obj = Globals(folder, verbose)


app.command("why")(articles.why)
app.command("articles")(articles.articles)
app.add_typer(history.article_app, name="article")
app.command("gone")(history.gone)
app.command("skipped")(articles.skipped)
app.add_typer(runs.run_app, name="run")
app.command("extract")(files.extract)
app.command("export")(files.export)
warc.warc_app.command("view")(captures.view)
warc.warc_app.command("import")(captures.import_)
warc.warc_app.command("repair")(evidence.repair)
warc.warc_app.command("audit")(evidence.audit)
warc.warc_app.command("seal")(seals.seal)
app.add_typer(warc.warc_app, name="warc")
app.add_typer(files.db_app, name="db")
app.add_typer(integrity.integrity_app, name="integrity")
app.command("schema")(files.schema)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code (see archive.errors)."""
    return run_app(app, argv)


if __name__ == "__main__":
    sys.exit(main())
