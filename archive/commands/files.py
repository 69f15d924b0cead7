"""`pressmark extract`, `export`, `db rebuild|check`, `schema`: from the files, to other files."""

from __future__ import annotations

import os
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive.commands.choosing import AllowedFor, ByAuthor, InLanguage, InSection, InSource, OfCluster, OfRun, query_of
from archive.commands.shared import (
    Since,
    Until,
    archive_of,
    fields_of,
    limit_of,
    location_of,
    now,
    with_listing,
)
from archive.console.listing import Listing, print_listing
from archive.console.output import next_step, note, passing, plural, say, size
from archive.console.typed import typed_command
from archive.errors import CatalogDamaged, Interrupted, UsageError, VerificationFailed
from archive.times import parse_span

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.folder.location import ArchiveLocation
    from archive.reading.reread import Reread
    from archive.recovery.rebuild import Rebuilt

db_app = typer.Typer(no_args_is_help=True, help="The catalog: made again from the files, or compared with them.")


class Profile(StrEnum):
    precision = "precision"
    balanced = "balanced"
    recall = "recall"


class Dedup(StrEnum):
    keep_first = "keep-first"
    none = "none"


class SchemaName(StrEnum):
    article = "article"
    skipped = "skipped"


@with_listing
def extract(
    context: typer.Context,
    *,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only what this source holds.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All sources.")] = False,
    profile: Annotated[Profile | None, typer.Option(help="Default: the one each page was read with.")] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Only say what would differ (the default).")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Add what differs as new rows.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that read.")] = 1,
    listing: Listing,
) -> None:
    """Read pages again from the WARC files, without network, and compare with what is stored."""
    if apply and compare:
        raise UsageError("--compare only looks and --apply writes", hint="give one of them")
    if source and everything:
        raise UsageError("--source and --all exclude each other", hint="give one of them")
    from archive.answers.lookup import find_source

    with archive_of(context) as archive:
        source = find_source(archive, source)
        counts: Counter[str] = Counter()
        chosen = profile.value if profile else None
        found = _reread(context, archive, apply, source, chosen, workers)
        differing = (one.as_row() for one in _counting(found, counts) if one.status != "same")
        columns = ("status", "id", "words_before", "words_after", "fields", "reason", "url")
        print_listing(differing, columns, listing)
        for _ in differing:  # count on behind the last line shown
            pass
    if not listing.for_programs:
        _extract_end(counts, apply, source)


def _reread(
    context: typer.Context, archive: Archive, apply: bool, source: str | None, profile: str | None, workers: int
) -> Iterator[Reread]:
    from archive.reading.reread import apply as apply_all
    from archive.reading.reread import reread

    moment = now()
    found = reread(archive, moment, source=source, profile=profile, workers=workers)
    if not apply:
        yield from found
        return
    from archive.archive import writing
    from archive.recovery.left_behind import recover

    with writing(archive.root, command=typed_command(), now=moment):
        recover(archive, moment)
        run = open_run(archive, moment)
        counts: Counter[str] = Counter()
        exit_code = Interrupted.exit_code  # until the last page is read, also where the reader of the listing has gone
        try:
            yield from _counting(apply_all(archive, found, moment), counts)
            exit_code = 0
        except KeyboardInterrupt:
            said = f"stopped after {plural(counts.total(), 'page')}; what was added stays"
            raise Interrupted(said, hint="pressmark extract --apply goes on with the rest") from None
        finally:
            close_run(archive, run, counts, exit_code)


def _counting(found: Iterator[Reread], counts: Counter[str]) -> Iterator[Reread]:
    for one in found:
        counts[one.status] += 1
        yield one


def _extract_end(counts: Counter[str], apply: bool, source: str | None) -> None:
    total = counts.total()
    said = {"differs": "differ", "new": "would be stored", "between": "read by this extractor for the first time"}
    said |= {"lost": "would be skipped", "failed": "could not be read"}
    if apply:
        said |= {"differs": "added as new rows", "new": "stored", "lost": "kept, though they would be skipped now"}
    parts = [f"{counts[status]:,} {words}" for status, words in said.items() if counts[status]]
    note(f"{plural(total, 'page')} read again: " + (" · ".join(parts) or "no difference"))
    if not apply and (counts["differs"] or counts["new"] or counts["between"]):
        next_step("pressmark extract --apply" + (f" --source {source}" if source else ""))


def open_run(archive: Archive, moment: datetime, kind: str = "extract") -> str:
    """Begin a run that reads without network, in its log and in the catalog; return its id."""
    from archive.catalog import runs
    from archive.model import Run
    from archive.runs.runlog import RunLog, run_line

    run_id = f"{moment:%Y-%m-%dT%H-%M-%S}"
    run = Run(run_id, kind, moment, typed_command(), _version(), "", os.getpid(), socket.gethostname())
    with RunLog(archive.store.path(archive.store.runs_path(run_id))) as log:
        log.append(run_line(run))
    with archive.catalog.transaction() as conn:
        runs.open_run(conn, run)
    return run_id


def close_run(archive: Archive, run_id: str, counts: Counter[str], exit_code: int = 0) -> None:
    """End it."""
    from dataclasses import replace

    from archive.catalog import runs
    from archive.runs.runlog import RunLog, end_line

    moment = now()
    with archive.catalog.transaction() as conn:
        runs.close_run(conn, run_id, moment, exit_code=exit_code, counts=counts)
    run = runs.get(archive.catalog, run_id)
    if run is not None:
        with RunLog(archive.store.path(archive.store.runs_path(run_id))) as log:
            log.append(end_line(replace(run, ended_at=moment)))


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pressmark")
    except PackageNotFoundError:
        return "0 (not installed)"


def export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write; - for stdout.")],
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="jsonl, jsonl.gz, csv, markdown (a zip), tei or wacz. Default: what the name ends in.",
        ),
    ] = None,
    query: Annotated[str | None, typer.Option(metavar="WORDS", help="Only articles that hold these words.")] = None,
    source: InSource = None,
    lang: InLanguage = None,
    section: InSection = None,
    author: ByAuthor = None,
    run: OfRun = None,
    cluster: OfCluster = None,
    allowed_for: AllowedFor = None,
    since: Since = None,
    until: Until = None,
    fields: Annotated[
        str | None, typer.Option(metavar="A,B", help="Only these: url,headline,capture.warc_file …")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("-n", "--limit", min=0, help="At most so many records, the oldest.")
    ] = None,
    dedup: Annotated[Dedup, typer.Option(help="Leave out records of equal headline and text.")] = Dedup.keep_first,
    all_revisions: Annotated[bool, typer.Option("--all-revisions", help="Not only the current ones.")] = False,
    bom: Annotated[bool, typer.Option("--bom", help="CSV with a byte order mark, for spreadsheets.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is no export of ours.")] = False,
) -> None:
    """Write records to a file others can use, with a manifest that names its digest."""
    from archive.export import Options, manifest_path
    from archive.export import export as write

    moment = now()
    begin, end = parse_span(since, until, moment)
    options = Options(fields_of(fields), bom)
    with archive_of(context) as archive:
        asked = query_of(
            archive,
            words=query,
            source=source,
            lang=lang,
            section=section,
            author=author,
            run=run,
            cluster=cluster,
            allowed_for=allowed_for,
            since=begin,
            until=end,
            limit=limit_of(limit),
        )
        done = write(
            archive,
            out,
            asked,
            moment,
            format_name=format_name,
            options=options,
            dedup=dedup.value,
            all_revisions=all_revisions,
            force=force,
        )
    left_out = f"{plural(done.duplicates, 'duplicate')} left out"
    if done.left_out:
        left_out += f", {plural(done.left_out, 'page')} of files still being written left out"
    if str(out) == "-":
        print(f"{plural(done.records, 'article')} · {left_out}", file=sys.stderr)
        return
    what = (
        f"{plural(done.warc_files, 'WARC file')}, WACZ 1.1.1" if done.format == "wacz" else "schema pressmark.article/1"
    )
    say(
        f"{plural(done.records, 'article')} → {out} ({size(done.size_bytes)}, {what}) · {left_out}"
        f" · sha256 {done.sha256}",
        f"manifest: {manifest_path(out)}",
    )
    if not done.records:
        next_step("pressmark articles")


@db_app.command("rebuild")
def rebuild_(
    context: typer.Context,
    partial: Annotated[
        bool, typer.Option("--partial", help="Forget what the catalog has of files and archives that are not here.")
    ] = False,
) -> None:
    """Make the catalog again from the WARC files, the records and the run logs."""
    from archive.archive import writing
    from archive.catalog import set_aside

    moment, location = now(), location_of(context)
    with writing(location.root, command=typed_command(), now=moment):
        try:
            where, done = _rebuilt(location, moment, partial=partial)
        except CatalogDamaged as error:
            note(f"{error.message}: it is kept as {set_aside(location.db_url).name}")
            where, done = _rebuilt(location, moment, partial=partial)
    _print_rebuilt(done, f"Rebuilt {where}")
    if done.problems:
        raise VerificationFailed(
            f"{plural(len(done.problems), 'problem')} in the files; all that is whole is in the catalog",
            context=tuple(done.problems[:20]),
            hint="pressmark warc verify",
        )
    next_step("pressmark articles", "pressmark db check")


def _rebuilt(location: ArchiveLocation, moment: datetime, *, partial: bool) -> tuple[str, Rebuilt]:
    """Rebuild the catalog, and return its name with what was read. Raises CatalogDamaged, Interrupted."""
    from archive.archive import open_archive
    from archive.recovery.left_behind import recover
    from archive.recovery.rebuild import rebuild

    with open_archive(location, renew=True, forget=partial) as archive:
        where = archive.catalog.name
        recover(archive, moment)
        try:
            return where, rebuild(archive, moment, partial=partial, progress=passing)
        except KeyboardInterrupt:
            said = f"stopped: {where} is half made, and says so until it is whole; the files are untouched"
            raise Interrupted(said, hint="pressmark db rebuild") from None


def _print_rebuilt(done: Rebuilt, what: str) -> None:
    passing("")
    say(
        f"{what} from {plural(done.warc_files, 'WARC file')}: {plural(done.captures, 'capture')}, "
        f"{plural(done.articles, 'article')} from {plural(done.records, 'record')}, "
        f"{plural(done.runs, 'run')}, {plural(done.urls, 'URL')} with {plural(done.outcomes, 'outcome')}"
    )


@db_app.command("check")
@with_listing
def check_(context: typer.Context, *, listing: Listing) -> None:
    """Compare the catalog with the files, row by row. Exit code 7 where they differ."""
    from archive.recovery.rebuild import check

    with archive_of(context) as archive:
        found, done = check(archive, now(), progress=passing)
    rows = [{"table": one.table, "kind": one.kind, "key": one.key, "fields": list(one.fields)} for one in found]
    print_listing(rows, ("table", "kind", "fields", "key"), listing, total=len(rows))
    if not listing.for_programs:
        _print_rebuilt(done, "Compared the catalog with what can be read")
    if found or done.problems:
        raise VerificationFailed(
            f"the catalog and the files differ in {plural(len(found), 'row')}"
            if found
            else f"{plural(len(done.problems), 'problem')} in the files",
            context=tuple(done.problems[:20]),
            hint="pressmark db rebuild" if found else "pressmark warc verify",
        )
    if not listing.for_programs:
        note("no difference")


def schema(
    name: Annotated[SchemaName, typer.Argument(help="Which record.")] = SchemaName.article,
) -> None:
    """Print the JSON Schema of a record."""
    from archive.records.record_shape import schema_path, schema_text

    path = schema_path(name.value)
    sys.stdout.write(path.read_text("utf-8") if path.exists() else schema_text(name.value))
