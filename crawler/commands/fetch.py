"""`pressmark fetch`: one URL through the whole path, and what came of it."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive.console.listing import dump
from archive.console.output import next_step, note, say
from archive.errors import NotFound
from crawler.commands.shared import folder_of, globals_of, settings_of

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.catalog.frontier import UrlStory
    from archive.folder.location import ArchiveLocation


class Show(StrEnum):
    text = "text"
    json = "json"
    html = "html"
    headers = "headers"


def fetch(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="The page's address.")],
    *,
    show: Annotated[Show, typer.Option(help="What to print of it.")] = Show.text,
    store: Annotated[bool, typer.Option("--store/--no-store", help="Keep it in the archive, or nowhere.")] = True,
) -> None:
    """Fetch, keep and read one page. robots.txt is obeyed; a page we hold is asked for again."""
    from archive.archive import open_archive
    from archive.model import Source
    from archive.urls import canonical_url, host_of
    from crawler.crawl.run import crawl
    from crawler.crawl.session import CrawlOptions

    page = canonical_url(url)
    with ExitStack() as stack:
        location = _location(context, stack, store=store)
        with open_archive(location, create=True) as archive:
            known = _story(archive, page)
            source = archive.sources.get(known.source) if known is not None else None
        if source is None:  # else what its entry says holds: how it is read, and when it is looked at again
            source = Source(known.source if known is not None else host_of(page), "urls", (page,), schedule="manual")
        source = replace(source, delay_seconds=0.0)
        options = CrawlOptions(only=(page,), progress="none", command=f"pressmark fetch {page}", kind="fetch")
        report = crawl(location, settings_of(context), [source], options)
        if report.error is not None and report.error.exit_code != 9:
            raise report.error
        with open_archive(location) as archive:
            _show(archive, page, show)
    if store and not globals_of(context).quiet:
        next_step(f"pressmark why {page}")


def _location(context: typer.Context, stack: ExitStack, *, store: bool) -> ArchiveLocation:
    """The archive, or with `--no-store` one that is gone when the command ends."""
    from archive.folder.location import ArchiveLocation
    from crawler.crawl.session import location_of

    if store:
        folder = folder_of(context)
        return location_of(folder, settings_of(context))
    root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pressmark-fetch-")))
    return ArchiveLocation(root, f"sqlite:///{root / 'catalog.sqlite3'}", "fetch")


def _story(archive: Archive, url: str) -> UrlStory | None:
    from archive.catalog.frontier import outcome_of

    return outcome_of(archive.catalog, url)


def _show(archive: Archive, url: str, show: Show) -> None:
    """Print what was fetched, following redirects to the page they led to. Raises NotFound where nothing came."""
    from archive.catalog import revisions
    from archive.model import ReadingRules
    from archive.reading.read import job_of, load_kept
    from archive.warc.reader import read_exchange_block

    story = _story(archive, url)
    for _ in range(10):
        if story is None or story.outcome is None or story.outcome.kind != "moved":
            break
        story = _story(archive, story.outcome.detail["to"])
    if story is None or story.outcome is None:
        raise NotFound(f"{url} was not fetched", hint=f"pressmark why {url}")
    reason = f" {story.outcome.reason}" if story.outcome.reason else ""
    note(f"{story.outcome.kind}{reason}  {story.url}")
    capture = story.captures[-1] if story.captures else None
    if show in (Show.html, Show.headers) and capture is not None:
        if show is Show.html:
            say(load_kept(job_of(archive, capture, ReadingRules())).page.body.decode("utf-8", "replace"))
        else:
            head = read_exchange_block(archive.store.find(capture.warc_file), capture.warc_offset).head
            say(*(f"{name.decode('latin-1')}: {value.decode('latin-1')}" for name, value in head.fields))
        return
    record = revisions.record_of(archive.catalog, story.article_id) if story.article_id else None
    if record is not None and record["integrity"]["verdict"] != "clean":
        note(f"{record['integrity']['verdict']}: {'; '.join(record['integrity']['reasons'])}")
    if record is None:
        detail = " · ".join(f"{key} {value}" for key, value in story.outcome.detail.items())
        raise NotFound(
            f"{story.url} gave no article: {story.outcome.kind}{reason}", context=(detail,) if detail else ()
        )
    say(dump(record, indent=2) if show is Show.json else f"{record['headline'] or ''}\n\n{record['text']}")
