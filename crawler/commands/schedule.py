"""`pressmark schedule`: crawls that come by themselves. What is due when, and who starts what is due."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive.commands.shared import with_listing
from archive.console.listing import Listing, print_listing
from archive.console.output import next_step, note, say
from archive.errors import Interrupted, NotFound, NotWritable, UsageError
from archive.times import utc_now
from crawler.commands.shared import folder_of, globals_of, settings_of, sources_of

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.model import Source
    from crawler.timers.install import Place
    from crawler.timers.job import Job

app = typer.Typer(no_args_is_help=True, help="Crawls that come by themselves: what is due when, and who starts it.")

_SYSTEMD = typer.Option("--systemd/--cron", help="As a systemd timer, or in cron. Default: what runs here.")
_SYSTEM = typer.Option("--system/--user", help="For the machine, or for you. Default: for you, as root the machine.")
_YES = typer.Option("-y", "--yes", help="Do not ask.")


# -- list


@app.command("list")
@with_listing
def list_(context: typer.Context, listing: Listing) -> None:
    """List the sources with their schedules: when each was asked last, and is due next."""
    from archive.archive import open_archive
    from crawler.crawl.session import location_of
    from crawler.schedule.due import replan
    from crawler.schedule.rules import local_zone
    from crawler.timers.starters import started_by

    folder, sources, now = folder_of(context), sources_of(context), utc_now()
    with open_archive(location_of(folder, settings_of(context)), create=True) as archive:
        try:
            replan(archive, sources, now)
        except NotWritable:
            note("read-only here: the times are those of the schedules before sources.toml was edited")
        rows = [_row(archive, source, now) for source in sources]
    if not listing.for_programs and not listing.fields:
        rows = [row | {key: _clock(row[key]) for key in ("last", "next")} for row in rows]
    if listing.limit is None:
        listing = replace(listing, limit=len(sources))
    print_listing(rows, ("name", "schedule", "in_words", "last", "next", "state", "listings"), listing, total=len(rows))
    if listing.for_programs:
        return
    starters = started_by(folder)
    nobody = "nobody yet (pressmark schedule install, or schedule run)"
    note(f"started by: {', '.join(starters) or nobody}; times are {now.astimezone(local_zone()):%Z}")
    next_step(_next(rows, bool(starters)))


def _next(rows: list[dict[str, Any]], is_started: bool) -> str:
    if not rows:
        return "pressmark source add URL"
    if is_started:
        return "pressmark run list"
    return "pressmark crawl --due" if any(row["state"] == "due" for row in rows) else "pressmark schedule install"


def _row(archive: Archive, source: Source, now: datetime) -> dict[str, Any]:
    from archive.catalog import listings
    from crawler.schedule.rules import in_words, parse_schedule

    found = listings.of_source(archive.catalog, source.name)
    asked = [one.asked_at for one in found if one.asked_at is not None]
    times = [one.due_at for one in found if one.due_at is not None]
    if source.paused or parse_schedule(source.schedule) is None:
        due_at, state = None, "paused" if source.paused else "manual"
    else:
        due_at = min(times, default=now)
        state = "due" if due_at <= now else "waiting"
    intervals = sorted(one.state.interval_seconds for one in found if one.state is not None)
    return {
        "name": source.name,
        "schedule": source.schedule,
        "in_words": in_words(source.schedule),
        "last": max(asked, default=None),
        "next": due_at,
        "state": state,
        "listings": len(found),
        "failing": sum(1 for one in found if one.state is not None and one.state.failures),
        "shortest_interval_seconds": intervals[0] if intervals else None,
        "longest_interval_seconds": intervals[-1] if intervals else None,
    }


def _clock(at: datetime | None) -> str:
    from crawler.schedule.rules import local_zone

    return f"{at.astimezone(local_zone()):%Y-%m-%d %H:%M}" if at else "–"


# -- install, remove


@app.command()
def install(
    context: typer.Context,
    *,
    use_systemd: Annotated[bool | None, _SYSTEMD] = None,
    system: Annotated[bool | None, _SYSTEM] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be written.")] = False,
    yes: Annotated[bool, _YES] = False,
) -> None:
    """Have this machine run `pressmark crawl --due` every five minutes. Shows what it writes before it does."""
    from crawler.timers.install import place_of
    from crawler.timers.job import EVERY_MINUTES

    place = place_of(use_systemd=use_systemd, system=system)
    job = _job(context, place)
    for path, text in place.texts(job).items():
        say(f"# {path}", text)
    if secret := [name for name in sorted(os.environ) if name.startswith("PRESSMARK_")]:
        note(f"{', '.join(secret)} set here will not be set there: put them into {job.environment_file}")
    if dry_run:
        note("nothing was written")
        return
    _confirm(f"Write this to {place.title}?", yes)
    todo = place.write(job)
    say(f"Wrote {' and '.join(place.texts(job))}: runs `pressmark crawl --due` every {EVERY_MINUTES} min")
    for line in todo:
        note(line)
    next_step("pressmark schedule list", "pressmark run list")


@app.command()
def remove(context: typer.Context, *, yes: Annotated[bool, _YES] = False) -> None:
    """Take away what `schedule install` wrote for this archive, wherever it stands."""
    from crawler.timers.install import all_places

    folder = folder_of(context)
    found = [(place, where) for place in all_places() if (where := place.holds(folder))]
    if not found:
        raise NotFound(f"nothing on this machine runs {folder} by itself", hint="pressmark schedule install")
    for place, where in found:
        say(f"{place.title}: {where}")
    _confirm("Remove?", yes)
    for place, _ in found:
        for path in place.remove(folder):
            say(f"Removed {path}" if path != "crontab" else "Removed the entry from your crontab")


def _job(context: typer.Context, place: Place) -> Job:
    from crawler.crawl.session import location_of
    from crawler.timers.install import owner_of
    from crawler.timers.job import job_of

    folder = folder_of(context).resolve()
    location = location_of(folder, settings_of(context))
    return job_of(
        folder,
        location.name,
        _written(location.root, location.db_url),
        lambda name: place.is_taken(name, folder),
        None if place.private else owner_of(folder),
    )


def _written(root: Path, db_url: str) -> tuple[Path, ...]:
    """The folders a crawl writes in, besides the one with pressmark.toml."""
    base = Path(db_url.removeprefix("sqlite:///")).parent if db_url.startswith("sqlite:///") else root
    return (root, base.resolve())


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("there is nobody to ask", hint="add -y, or look first with --dry-run")
    if not typer.confirm(question, err=True):
        raise Interrupted("nothing was changed")


# -- run


@app.command()
def run(context: typer.Context) -> None:
    """Stay, and crawl whatever is due when it is due. Ctrl-C or SIGTERM stops cleanly; twice, at once."""
    from crawler.crawl.session import location_of
    from crawler.timers.worker import Worker

    folder, settings = folder_of(context).resolve(), settings_of(context)
    quiet = globals_of(context).quiet
    Worker(folder, location_of(folder, settings), settings, say=lambda line: None if quiet else _log(line)).work()


def _log(line: str) -> None:
    """A line of a process that runs for long: with its time, and at once."""
    print(f"{utc_now():%Y-%m-%d %H:%M:%SZ}  {line}", file=sys.stderr, flush=True)
