"""`pressmark integrity report`: which hosts and pages were found hijacked or suspect, since when, and with what."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from archive.commands.shared import archive_of, with_listing
from archive.console.listing import Listing, print_listing
from archive.console.output import next_step, note, plural, say

integrity_app = typer.Typer(no_args_is_help=True, help="What in the archive its publishers did not write.")

_HOSTS = ("host", "verdict", "hijacked", "suspect", "stories", "since", "clean_until", "terms", "links")
_PAGES = ("url", "verdict", "now", "since", "clean_until", "terms", "links")


@integrity_app.command("report")
@with_listing
def report(
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Argument(metavar="[HOST]", help="Only this host, page by page.")] = None,
    pages: Annotated[bool, typer.Option("--pages", help="Page by page.")] = False,
    listing: Listing,
) -> None:
    """List hijacked and suspect hosts: since which capture, with which terms and links to where."""
    from archive.answers import integrity

    with archive_of(context) as archive:
        by_page = pages or host is not None
        if host is not None:
            host = integrity.known_host(archive.catalog, host)
        rows: list[dict[str, Any]] = (
            [asdict(page) for page in integrity.pages(archive.catalog, host)]
            if by_page
            else [asdict(one) for one in integrity.hosts(archive.catalog)]
        )
    if not listing.for_programs:
        rows = [{**row, "terms": ", ".join(row["terms"][:3]), "links": ", ".join(row["links"][:3])} for row in rows]
    print_listing(rows, _PAGES if by_page else _HOSTS, listing, total=len(rows))
    if listing.for_programs:
        return
    if not rows:
        say(f"every reading of {host} is clean" if host else "every reading in the archive is clean")
        return
    note(plural(len(rows), "page" if by_page else "host"))
    next_step(f"pressmark why {rows[0]['url']}" if by_page else f"pressmark integrity report {rows[0]['host']}")
