"""The `pressmark` command: its global options, and the table of its commands.

Nothing heavy is imported here or at the top of any file of commands, so that `pressmark --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive import cli as asking
from archive.console.exits import run_app
from archive.console.output import set_color, set_quiet
from archive.console.typed import set_folder
from crawler.commands import config, crawl, demo, doctor, fetch, health, init, schedule, source
from crawler.commands.shared import SOURCES_FILE, Globals, Progress, installed_version

if TYPE_CHECKING:
    from archive.folder.location import ArchiveLocation

START, CRAWL, ASK, KEEP = "Start", "Crawl", "Ask", "Keep and hand on"
# The order in which --help shows what archive/cli.py brings; what is not named here comes last.
_ASKING = {
    "run": CRAWL, "articles": ASK, "article": ASK, "gone": ASK, "skipped": ASK, "why": ASK,
    "extract": KEEP, "warc": KEEP, "export": KEEP, "db": KEEP, "schema": KEEP,
}  # fmt: skip


class LogFormat(StrEnum):
    text = "text"
    json = "json"


app = typer.Typer(
    name="pressmark",
    help="A newspaper archive that can prove what it holds.",
    epilog="First steps: pressmark demo · pressmark init news · cd news · pressmark source add URL · pressmark crawl",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pressmark {installed_version()}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def pressmark(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Option("-C", "--dir", help="The archive's folder. Default: the nearest one with a pressmark.toml."),
    ] = None,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, help="Say more; -vv shows where errors came from.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say only what went wrong.")] = False,
    log_format: Annotated[LogFormat | None, typer.Option(help="How log lines are written.")] = None,
    progress: Annotated[Progress, typer.Option(help="How a running command shows where it is.")] = Progress.auto,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    set_color(False if no_color else None)
    set_quiet(quiet)
    set_folder(folder)
    context.obj = Globals(
        folder=folder,
        verbose=verbose,
        quiet=quiet,
        log_format=log_format.value if log_format else None,
        progress="none" if quiet and progress is Progress.auto else progress.value,
    )
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


# -- the table of commands, in the order of --help

app.command("demo", rich_help_panel=START)(demo.demo)
app.command("init", rich_help_panel=START)(init.init)
app.command("doctor", rich_help_panel=START)(doctor.doctor)
app.add_typer(config.app, name="config", rich_help_panel=START)
app.command("fetch", rich_help_panel=CRAWL)(fetch.fetch)
app.add_typer(source.app, name="source", rich_help_panel=CRAWL)
app.command("crawl", rich_help_panel=CRAWL)(crawl.crawl)
app.command("health", rich_help_panel=CRAWL)(health.health)
app.command("metrics", rich_help_panel=CRAWL)(health.metrics)
app.add_typer(schedule.app, name="schedule", rich_help_panel=CRAWL)


def _mount(other: typer.Typer) -> None:
    """Take over the commands of another app, sorted into our panels."""
    order = list(_ASKING)

    def place(info: Any) -> int:
        return order.index(info.name) if info.name in order else len(order)

    for command in sorted(other.registered_commands, key=place):
        command.rich_help_panel = _ASKING.get(command.name or "", KEEP)
        app.registered_commands.append(command)
    for group in sorted(other.registered_groups, key=place):
        group.rich_help_panel = _ASKING.get(group.name or "", KEEP)
        app.registered_groups.append(group)


_mount(asking.app)


def _locate(folder: Path) -> ArchiveLocation:
    """Where an archive is, with its sources, for the commands that only ask. Raises NotFound, ConfigError."""
    from archive.folder.location import CONFIG_NAME, locate
    from crawler.config.sources_file import LazySources

    found = locate(folder)
    places = [place for place in (folder.resolve(), *folder.resolve().parents) if (place / CONFIG_NAME).is_file()]
    return replace(found, sources=LazySources(places[0] / SOURCES_FILE)) if places else found


asking.set_locate(_locate)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code (the table at the top of archive/errors.py)."""
    return run_app(_invoke, argv)


@cache
def command() -> Any:
    """The commands as typer runs them. Made once, as that takes as long as many a command."""
    return typer.main.get_command(app)


def _invoke(args: list[str], prog_name: str, standalone_mode: bool = False) -> int:
    """Run without typer's own handling of errors, which would turn Ctrl-C and a closed pipe into codes of its own."""
    try:
        with command().make_context(prog_name, args) as context:
            result = context.command.invoke(context)
    except Exception as error:
        if type(error).__name__ != "NoArgsIsHelpError":  # a group named alone; typer has no public name for it
            raise
        typer.echo(str(error))
        return 2
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    sys.exit(main())
