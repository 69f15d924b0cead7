"""`pressmark config`: what the settings are, where each came from, and what is wrong with them."""

from __future__ import annotations

from typing import Annotated

import typer

from archive.console.listing import Listing, dump, print_listing
from archive.console.output import next_step, note, plural, say
from archive.errors import NotFound
from crawler.commands.shared import SOURCES_FILE, folder_of, settings_of

app = typer.Typer(no_args_is_help=True, help="What the settings are, where each came from, what is wrong with them.")


@app.command()
def show(
    context: typer.Context,
    origin: Annotated[bool, typer.Option("--origin", help="Where each value came from.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON array.")] = False,
) -> None:
    """Show every setting; passwords are hidden."""
    rows = [{"key": key, "value": value, "origin": where} for key, value, where in settings_of(context).rows()]
    columns = ("key", "value", "origin") if origin else ("key", "value")
    if as_json:
        print_listing(rows, columns, Listing(shape="json"))
        return
    shown = [{**row, "value": dump(row["value"]) if row["value"] is not None else "–"} for row in rows]
    print_listing(shown, columns, Listing(limit=len(shown)))


@app.command()
def check(context: typer.Context) -> None:
    """Check pressmark.toml and sources.toml, and tell every problem at once."""
    from archive.folder.location import locate
    from crawler.config.config_file import check_config, load_sources
    from crawler.config.sources_file import config_error, named_twice

    folder = folder_of(context)
    problems = check_config(folder)
    if problems:
        raise config_error(problems, hint="mend these lines, then once more: pressmark config check")
    locate(folder)  # the lists that are named are there
    if (folder / SOURCES_FILE).exists():
        count = len(load_sources(folder / SOURCES_FILE))
        say(f"{folder}: pressmark.toml and sources.toml are fine, {plural(count, 'source')}")
        for line in named_twice(folder / SOURCES_FILE):
            note(line)
    else:
        count = 0
        say(f"{folder}: pressmark.toml is fine; there is no {SOURCES_FILE}")
    next_step("pressmark source list" if count else "pressmark source add https://www.example-news.org")


@app.command()
def schema(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="sources.toml or pressmark.toml; both where left out.")
    ] = None,
) -> None:
    """Print the JSON Schema of the settings, for an editor's completion."""
    from crawler.config.config_file import config_schema

    schemas = config_schema()
    if file is None:
        print(dump(schemas, indent=2))
        return
    wanted = [name for name in schemas if file.removesuffix(".toml") == name.removesuffix(".toml")]
    if not wanted:
        raise NotFound(f'no schema "{file}"', hint=f"pressmark config schema {next(iter(schemas))}")
    print(dump(schemas[wanted[0]], indent=2))


@app.command()
def path(context: typer.Context) -> None:
    """Print where the settings of this archive are."""
    folder = folder_of(context)
    for name in ("pressmark.toml", SOURCES_FILE):
        print(folder / name)
        if not (folder / name).exists():
            note(f"{name} does not exist yet")
