"""`pressmark source`: what to crawl. Every change goes through crawler.config, which keeps comments and checks."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive.commands.shared import with_listing
from archive.console.listing import Listing, dump, print_listing
from archive.console.output import next_step, note, plural, say
from archive.errors import MissingExtra, NotFound, UsageError
from crawler.commands import source_look
from crawler.commands.shared import SOURCES_FILE, AsJson, SourceName, folder_of, sources_of

if TYPE_CHECKING:
    from archive.model import Source

app = typer.Typer(no_args_is_help=True, help="What to crawl: add, list, test, pause, import.")
app.command("add")(source_look.add)
app.command("test")(source_look.test)


class ExportFormat(StrEnum):
    opml = "opml"
    csv = "csv"
    txt = "txt"


# -- list, show


@app.command("list")
@with_listing
def list_(context: typer.Context, listing: Listing) -> None:
    """List the sources."""
    sources = sources_of(context)
    if listing.limit is None:
        listing = replace(listing, limit=len(sources))  # what one wrote oneself is shown whole
    columns = ("name", "kind", "schedule", "languages", "state", "urls")
    print_listing([_row(source) for source in sources], columns, listing, total=len(sources))
    if not sources:
        note("no sources yet")
        next_step("pressmark source add https://www.example-news.org")
    elif not listing.for_programs:
        note(plural(len(sources), "source"))
        next_step("pressmark crawl --all", f"pressmark source test {sources[0].name}")


def _row(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "kind": source.kind,
        "schedule": source.schedule,
        "languages": list(source.languages),
        "state": "paused" if source.paused else "active",
        "urls": list(source.urls) if len(source.urls) < 20 else [source.urls[0], f"… {len(source.urls) - 1} more"],
        "tags": list(source.tags),
        "line": source.line,
    }


@app.command()
def show(context: typer.Context, name: SourceName, as_json: AsJson = False) -> None:
    """Show one source: as it stands with its defaults."""
    from crawler.config.sources_edit import source_table
    from crawler.config.sources_file import find_source

    source = find_source(sources_of(context), name)
    if as_json:
        print(dump(asdict(source), indent=2))
        return
    import tomlkit

    say(f"# {SOURCES_FILE}:{source.line}", "[[source]]", tomlkit.dumps(source_table(source)).rstrip())
    next_step(f"pressmark source test {name}", f"pressmark crawl {name} --limit 20")


# -- edit, pause, resume, remove


@app.command()
def edit(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Where to begin.")] = None,
) -> None:
    """Open sources.toml in $VISUAL or $EDITOR, and check it afterwards."""
    from crawler.config.config_file import load_sources
    from crawler.config.sources_file import check_sources, find_source

    path = folder_of(context) / SOURCES_FILE
    line = None
    if name is not None and not check_sources(path):  # a file with mistakes is what one wants to edit
        line = find_source(load_sources(path), name).line
    before = path.read_bytes() if path.exists() else b""
    _open_editor(path, line)
    sources = load_sources(path)
    changed = path.read_bytes() != before
    say(f"{SOURCES_FILE} {'is changed and fine' if changed else 'is unchanged'}, {plural(len(sources), 'source')}")
    if changed:
        names = [source.name for source in sources]  # the one that was named may have another name now
        next_step(f"pressmark source test {name if name in names else (names or ['NAME'])[0]}")


def _open_editor(path: Path, line: int | None) -> None:
    import shutil

    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    if not command:
        command = [next((one for one in ("sensible-editor", "nano", "vi") if shutil.which(one)), "")]
    if not command[0] or shutil.which(command[0]) is None:
        raise MissingExtra(
            f"no editor found{f': {command[0]}' if command[0] else ''}", hint=f"set EDITOR, or edit {path}"
        )
    at = (
        [f"+{line}"]
        if line and Path(command[0]).name in ("vi", "vim", "nvim", "nano", "emacs", "micro", "sensible-editor")
        else []
    )
    done = subprocess.run([*command, *at, str(path)], check=False)
    if done.returncode:
        raise UsageError(
            f"{command[0]} ended with exit code {done.returncode}; {SOURCES_FILE} was not checked",
            hint="pressmark config check",
        )


@app.command()
def pause(context: typer.Context, name: SourceName) -> None:
    """Leave a source out of `crawl --all` and `--due`."""
    _set_paused(context, name, paused=True)
    say(f"Paused source '{name}'; what was archived of it stays")
    next_step(f"pressmark source resume {name}")


@app.command()
def resume(context: typer.Context, name: SourceName) -> None:
    """Take a paused source up again."""
    _set_paused(context, name, paused=False)
    say(f"Resumed source '{name}'")
    next_step(f"pressmark crawl {name}")


def _set_paused(context: typer.Context, name: str, *, paused: bool) -> None:
    from crawler.config.sources_edit import set_paused

    sources_of(context)  # a file with mistakes is not edited blindly
    set_paused(folder_of(context) / SOURCES_FILE, name, paused)


@app.command()
def remove(
    context: typer.Context,
    name: SourceName,
    keep_archive: Annotated[
        bool, typer.Option("--keep-archive", help="What was archived stays; it always does.")
    ] = True,
) -> None:
    """Take a source out of sources.toml. What was archived of it stays."""
    import tomlkit

    from crawler.config.sources_edit import remove_source, source_table
    from crawler.config.sources_file import find_source

    source = find_source(sources_of(context), name)
    remove_source(folder_of(context) / SOURCES_FILE, name)
    say(f"Removed source '{name}' from {SOURCES_FILE}: it is not asked for any more, what was archived stays. It was:")
    say("[[source]]", tomlkit.dumps(source_table(source)).rstrip())
    next_step("pressmark source list")


# -- import, export


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="An .opml, .csv or .txt list; - is stdin.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be added; write nothing.")] = False,
) -> None:
    """Add the sources of a list: OPML, CSV with a heading, or one URL a line. Nothing is fetched."""
    from crawler.config.sources_edit import add_source
    from crawler.discovery.imports import read_import

    path, sources = folder_of(context) / SOURCES_FILE, sources_of(context)
    known = {url for one in sources for url in one.urls}
    found = read_import(_read_list(file), [one.name for one in sources])
    fresh = [one for one in found.sources if not set(one.urls) <= known]
    for source in fresh:
        line = None if dry_run else add_source(path, source)
        say(
            f"  {'would add' if dry_run else 'added'} '{source.name}' ({source.kind}) {source.urls[0]}"
            + (f"   {SOURCES_FILE}:{line}" if line else "")
        )
    for problem in found.problems:
        note(f"  left out: {problem}")
    if not found.sources:
        raise UsageError(f"no source was found in {file}", hint="one URL a line is enough", context=found.problems[:5])
    twice = len(found.sources) - len(fresh)
    done = "to add" if dry_run else "added"
    left = plural(len(found.problems), "line")
    say(f"{plural(len(fresh), 'source')} {done}, {twice} known already, {left} left out")
    if fresh and not dry_run:
        next_step(f"pressmark source test {fresh[0].name}", "pressmark crawl --all --limit 20")


def _read_list(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    path = Path(file)
    if not path.is_file():
        raise NotFound(f"no file {file}", hint="pressmark source import FILE.opml")
    return path.read_bytes()


@app.command("export")
def export_(
    context: typer.Context,
    out: Annotated[str, typer.Argument(metavar="[FILE]", help="Where to; - is stdout.")] = "-",
    how: Annotated[
        ExportFormat | None, typer.Option("--format", help="opml, csv or txt; default: by the file's name, else opml.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write the sources as a list that `source import` and feed readers take."""
    from crawler.discovery.imports import to_csv, to_opml

    sources = sources_of(context)
    ending = Path(out).suffix.removeprefix(".").lower()
    chosen = how.value if how else ending if ending in set(ExportFormat) else "opml"
    text = {
        "opml": lambda: to_opml(sources),
        "csv": lambda: to_csv(sources),
        "txt": lambda: "".join(f"{url}\n" for one in sources for url in one.urls),
    }[chosen]()
    if out == "-":
        sys.stdout.write(text)
        return
    if Path(out).exists() and not force:  # it may be the list the sources came from, or sources.toml itself
        raise UsageError(f"{out} is there already", hint="another name, or --force")
    Path(out).write_text(text, "utf-8")
    say(f"{plural(len(sources), 'source')} → {out} ({chosen})")
