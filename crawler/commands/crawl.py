"""`pressmark crawl`: one run over sources, or over a site that is only named by its address."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

import typer

from archive.console.listing import dump
from archive.console.output import note, say
from archive.console.typed import as_typed, set_folder, typed_command
from archive.errors import ArchiveLocked, NotFound, UsageError
from archive.times import utc_now
from crawler.commands.shared import SOURCES_FILE, Progress, folder_of, globals_of, settings_of, sources_of

if TYPE_CHECKING:
    from archive.folder.location import ArchiveLocation
    from archive.model import Source
    from crawler.config.config_file import Settings
    from crawler.crawl.run import RunReport
    from crawler.schedule.due import Due

_T = TypeVar("_T", float, int)


def crawl(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME|URL]...", help="Sources, or a site.")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="All sources that are not paused.")] = False,
    due: Annotated[bool, typer.Option("--due", help="What is due by the sources' schedules, of NAMEs or all.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many articles.")] = None,
    depth: Annotated[int | None, typer.Option(min=0, help="For kind = crawl: how far from the seed.")] = None,
    since: Annotated[str | None, typer.Option(metavar="7d", help="Leave what listings say is older.")] = None,
    time_limit: Annotated[str | None, typer.Option(metavar="30m", help="Stop cleanly after so long.")] = None,
    size_limit: Annotated[str | None, typer.Option(metavar="1GB", help="Stop cleanly after so many bytes.")] = None,
    max_failures: Annotated[int | None, typer.Option(min=1, help="Stop when so many URLs have failed.")] = None,
    refetch: Annotated[bool, typer.Option("--refetch", help="Ask for known articles again, conditionally.")] = False,
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Go on with what a run left over.")] = None,
    read: Annotated[bool, typer.Option("--read/--no-read", help="Read pages now, or only keep them.")] = True,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that read pages.")] = None,
    progress: Annotated[Progress | None, typer.Option(help="How the run shows where it is.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one JSON object.")] = False,
) -> None:
    """Discover, fetch, keep and read: what is new since the last run.

    Every exchange is kept in warc/, every article in records/, and every URL gets an outcome. Ctrl-C stops cleanly.
    """
    from crawler.crawl.progress import Style
    from crawler.crawl.run import crawl as run_crawl
    from crawler.crawl.session import CrawlOptions, Session, location_of
    from crawler.health.watching import after_run, sign_of_life
    from crawler.units import read_duration, read_size

    _prepare_adhoc(context, names or [])
    folder, settings, everything = folder_of(context), settings_of(context), sources_of(context)
    location = replace(location_of(folder, settings), sources={source.name: source for source in everything})
    if resume is not None:
        _known_run(location, resume)
    found = _due(context, location, names or [], all_=all_, resume=resume) if due else None
    if found is not None and not found.sources:
        _say_next(found)
        _warn_of_alerts(sign_of_life(settings))
        return
    chosen = found.sources if found is not None else _chosen(context, names or [], all_=all_, resume=resume)
    chosen = [_adjusted(source, depth, since) for source in chosen]
    options = CrawlOptions(
        limit=limit,
        time_limit_seconds=_parsed(read_duration, time_limit, "--time-limit"),
        size_limit_bytes=_parsed(read_size, size_limit, "--size-limit"),
        max_failures=max_failures,
        refetch=refetch,
        resume=resume is not None,
        read=read,
        workers=workers,
        progress=cast(Style, progress.value if progress else globals_of(context).progress),
        verbose=globals_of(context).verbose,
        command=typed_command(),
        due=due,
        missed=found.missed if found is not None else (),
    )
    try:
        report = run_crawl(location, settings, chosen, options)
    except ArchiveLocked as error:
        if found is None:
            raise
        _skip(location, settings, found, options.command, error)
        return
    _show(report, as_json=as_json, quiet=globals_of(context).quiet)
    _warn_of_alerts(after_run(location, settings, everything, Session.clock()))
    if report.error is not None:
        raise report.error
    _warn_of_alerts(sign_of_life(settings))


def _warn_of_alerts(lines: Sequence[str]) -> None:
    for line in lines:
        say(f"warning[alerts]: {line}", out=sys.stderr)


def _known_run(location: ArchiveLocation, run: str) -> None:
    """Raise NotFound for a run that never was: resuming it would look like there was nothing left to do."""
    from archive.answers.lookup import find_run
    from archive.archive import open_archive

    with open_archive(location, create=True) as archive:
        find_run(archive, run)


def _chosen(context: typer.Context, names: Sequence[str], *, all_: bool, resume: str | None) -> list[Source]:
    """The sources that were asked for. Raises NotFound, UsageError."""
    sources = {source.name: source for source in sources_of(context)}
    if not sources and not any("://" in name for name in names):
        raise NotFound("sources.toml names no source", hint="pressmark source add URL")
    if names:
        return [_named(context, name, sources) for name in names]
    active = [source for source in sources.values() if not source.paused]
    if not all_ and resume is None and len(active) > 1:
        some = " ".join(list(sources)[:4])
        raise UsageError(f"which of {len(active)} sources?", hint=f"pressmark crawl --all, or name some: {some}")
    if not active:
        raise NotFound("all sources are paused", hint="pressmark source resume NAME")
    return active


def _named(context: typer.Context, name: str, sources: dict[str, Source]) -> Source:
    """A source by its name or one of its addresses; a site that is not listed is found out by the crawl."""
    from archive.urls import canonical_url
    from crawler.config.sources_file import find_source, unlisted_source
    from crawler.discovery.imports import source_name

    if name in sources or not ("/" in name or ":" in name):
        return find_source(tuple(sources.values()), name)
    url = canonical_url(name)
    known = [source for source in sources.values() if url in source.urls]
    return known[0] if known else unlisted_source(folder_of(context) / SOURCES_FILE, source_name(url, sources), url)


def _prepare_adhoc(context: typer.Context, names: Sequence[str]) -> None:
    """`pressmark crawl URL` works with no configuration: outside of an archive it makes one, named after the site."""
    from archive.urls import canonical_url, host_of
    from crawler.config.config_file import find_folder, init_folder

    given = globals_of(context)
    urls = [canonical_url(name) for name in names if "/" in name or ":" in name]
    if not urls or given.folder is not None:
        return
    try:
        find_folder(Path.cwd())
    except NotFound:
        folder = Path.cwd() / host_of(urls[0])
        if not (folder / "pressmark.toml").exists():
            init_folder(folder)
            say(f"Created {folder.name}/ for what is kept")
        context.find_root().obj = replace(given, folder=folder)
        set_folder(Path(folder.name))


# -- what is due


def _due(
    context: typer.Context, location: ArchiveLocation, names: Sequence[str], *, all_: bool, resume: str | None
) -> Due:
    """What is due of the named sources, or of all: asked without the lock. Raises NotFound, UsageError."""

    from archive.archive import open_archive
    from crawler.schedule.due import due_now

    if all_ or resume is not None:
        raise UsageError(f"--due and {'--all' if all_ else '--resume'} cannot both be", hint="pressmark crawl --due")
    sources = sources_of(context)
    known = {source.name: source for source in sources}
    chosen = [_named(context, name, known) for name in names] if names else sources
    with open_archive(location, create=True) as archive:
        return due_now(archive, chosen, utc_now())


def _say_next(found: Due) -> None:
    from crawler.schedule.rules import local_zone

    if found.next_at is None:
        note("nothing is due, and nothing will be: no source has a schedule that is not paused")
        return
    note(f"nothing is due; next at {found.next_at.astimezone(local_zone()):%Y-%m-%d %H:%M %Z}")


def _skip(location: ArchiveLocation, settings: Settings, found: Due, command: str, error: ArchiveLocked) -> None:
    """Another run has the archive: no fault of anyone, and a row in `run list`, one for each run in the way."""
    from archive.archive import open_archive
    from archive.catalog.runs import list_runs
    from crawler.crawl.rows import new_run, write_row

    reason = f"{', '.join(source.name for source in found.sources)}: {error.message}"
    with open_archive(location, create=True) as archive:
        if not any(run.reason == reason for run in list_runs(archive.catalog, limit=1, kind="skipped")):
            run = new_run(settings, utc_now(), kind="skipped", command=command)
            write_row(archive, run, reason, error.exit_code)
    note(f"skipped: {reason}")


def _adjusted(source: Source, depth: int | None, since: str | None) -> Source:
    from crawler.units import read_duration

    if depth is not None:
        source = replace(source, depth=depth)
    if since is not None:
        source = replace(source, since_seconds=_parsed(read_duration, since, "--since"))
    return source


def _parsed(read: Callable[[object], _T], text: str | None, option: str) -> _T | None:
    """Read an option's value. Raises UsageError in the words of the reader."""
    if text is None:
        return None
    try:
        return read(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}", hint=f'{option} takes a value like "30m", "2h" or "1GB"') from error


def _show(report: RunReport, *, as_json: bool, quiet: bool) -> None:
    from crawler.crawl.report import report_lines, report_values

    if as_json:
        say(dump(report_values(report)))
    elif not quiet:
        say(*map(as_typed, report_lines(report)))
