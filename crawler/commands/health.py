"""`pressmark health` and `pressmark metrics`: is every source as it usually is?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive.commands.shared import with_listing
from archive.console.listing import Listing, print_listing
from archive.console.output import next_step, note, paint, plural, say
from archive.console.typed import as_typed
from archive.errors import UsageError
from archive.times import utc_now
from crawler.commands.shared import folder_of, settings_of, sources_of

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.health import Finding
    from archive.model import Source
    from crawler.config.config_file import Settings

_SIGNS = {"ok": ("●", "green"), "warn": ("◐", "yellow"), "bad": ("✕", "red")}


@with_listing
def health(
    context: typer.Context,
    *,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: all sources.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is as usual.")] = False,
    alert: Annotated[bool, typer.Option("--alert", help="Tell what is news, as [alerts] says.")] = False,
    textfile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all metrics there, for node-exporter.")
    ] = None,
    listing: Listing,
) -> None:
    """Compare each source with its own past. Exit code 1 where something is bad.

    Programs get one row for every rule; people see what is not as usual.
    """
    from archive.health import worst
    from archive.health.book import write_whole
    from crawler.config.sources_file import find_source
    from crawler.health.watching import failures, findings, measured, sound_alarms, watched

    if textfile is not None and not textfile.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {textfile.parent}", hint=f"mkdir -p {textfile.parent}")
    sources, settings, now = sources_of(context), settings_of(context), utc_now()
    chosen = [find_source(sources, name) for name in names] if names else watched(sources)
    with _archive(context, settings) as archive:
        found = list(findings(archive, settings, chosen, now))
        _show(found, chosen, listing, everything=everything)
        if alert:
            told = sound_alarms(archive, settings, sources, found, now)
            for sink, alarm in told.delivered:
                note(f"told {sink}: {alarm.event} {alarm.source} {alarm.rule}")
            for line in failures(told):
                say(f"warning[alerts]: {line}", out=sys.stderr)
        if textfile is not None:
            write_whole(textfile, measured(archive, settings, sources, now))
    if worst(found) == "bad":
        raise typer.Exit(1)


def _show(found: Sequence[Finding], chosen: Sequence[Source], listing: Listing, *, everything: bool) -> None:
    if listing.for_programs:
        print_listing([_row(one) for one in found], ("source", "rule", "state", "words"), listing)
        return
    order = {source.name: place for place, source in enumerate(chosen)}
    shown = [one for one in found if everything or one.state != "ok"]
    for name in sorted({one.source for one in shown}, key=lambda name: order.get(name, -1)):
        for one in (one for one in shown if one.source == name):
            _print_finding(one)
    bad, warn = ({one.source for one in found if one.state == state} for state in ("bad", "warn"))
    note(f"{plural(len(chosen), 'source')}: {len(bad)} bad, {len(warn - bad)} to look at, the rest as usual")
    wrong = [one.mend for one in shown if one.mend and one.state != "ok" and one.explained_by is None]
    mends = [mend for mend in wrong if mend.startswith("pressmark ")]
    next_step(mends[0] if mends else "pressmark run list" if everything else "pressmark health --all")


def _print_finding(one: Finding) -> None:
    sign, colour = _SIGNS[one.state]
    print(f"{paint(sign, colour, sys.stdout)} ", end="")
    say(f"{one.source:<20} {one.rule:<11} {one.words}")
    if one.explained_by is not None:
        say(f"{'':<34}because of: {one.explained_by.replace('_', ' ')}")
    elif one.mend and one.state != "ok":
        say(f"{'':<34}→ {as_typed(one.mend)}")


def _row(one: Finding) -> dict[str, Any]:
    values = asdict(one)
    return {name: values[name] for name in ("source", "rule", "state", "words", "mend", "explained_by", "figures")}


def metrics(
    context: typer.Context,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Serve /metrics there until stopped, e.g. 127.0.0.1:9400.")
    ] = None,
) -> None:
    """Print the archive's metrics for Prometheus, or serve them."""
    from crawler.health.metrics_server import address_of, serve
    from crawler.health.watching import measured

    settings = settings_of(context)

    def text() -> str:
        with _archive(context, settings) as archive:
            return measured(archive, settings, sources_of(context), utc_now())

    if listen is None:
        sys.stdout.write(text())
        return
    host, port = address_of(listen)
    serve(host, port, text, ready=lambda url: say(f"metrics at {url} · Ctrl-C stops", out=sys.stderr))


@contextmanager
def _archive(context: typer.Context, settings: Settings) -> Iterator[Archive]:
    from archive.archive import open_archive
    from crawler.crawl.session import location_of

    with open_archive(location_of(folder_of(context), settings), create=True) as archive:
        yield archive
