"""`pressmark warc ls|cat|verify|index`: the files themselves. Works on any WARC file, in an archive or not."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive.commands.shared import location_of, with_listing
from archive.console.listing import Listing, print_listing
from archive.console.output import next_step, note, passing, plural, say, size
from archive.errors import NotFound, UsageError, VerificationFailed, WarcDamaged

if TYPE_CHECKING:
    from archive.custody.verify import Report
    from archive.warc.reader import Record

warc_app = typer.Typer(no_args_is_help=True, help="The WARC files themselves: list, print, verify, repair.")

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE…]", help="WARC files, folders of them, or names in the archive. Default: all of the archive."
    ),
]
_REPAIRED = (
    "torn",
    "gzip",
    "not-gzip",
    "trailing-bytes",
    "compressed-bytes",
    "shared-member",
    "content-length",
    "record-end",
)
_STATUSES = re.compile(r"^(\d{3})(?:-(\d{3}))?$")


@warc_app.command("ls")
@with_listing
def ls(
    context: typer.Context,
    *,
    files: Files = None,
    type_: Annotated[str | None, typer.Option("-T", "--type", metavar="TYPE", help="response, revisit …")] = None,
    mime: Annotated[str | None, typer.Option("-m", "--mime", metavar="MIME", help="text/html, or image/")] = None,
    status: Annotated[
        str | None, typer.Option("-S", "--status", metavar="200-300", help="HTTP status or range.")
    ] = None,
    by_file: Annotated[bool, typer.Option("--files", help="One row for each file, not for each record.")] = False,
    listing: Listing,
) -> None:
    """List the records of WARC files; with --csv, an inventory of the archive. Exit code 7 if a file is damaged."""
    wanted = _statuses(status)
    if by_file:
        if type_ or mime or wanted:
            raise UsageError("--files lists whole files", hint="leave out --type, --mime and --status")
        _list_files(chosen_files(context, files), listing)
        return
    counts = {"records": 0}
    damaged: list[WarcDamaged] = []
    paths = chosen_files(context, files)

    def rows() -> Iterator[dict[str, Any]]:
        for path in paths:
            try:
                for row in _record_rows(path):
                    if _fits(row, type_, mime, wanted):
                        counts["records"] += 1
                        yield row
            except WarcDamaged as error:  # the other files are listed all the same
                damaged.append(error)

    found = rows()
    print_listing(found, ("offset", "type", "status", "mime", "date", "bytes", "uri"), listing)
    for _ in found if not listing.for_programs else ():
        pass
    if not listing.for_programs:
        shown = min(counts["records"], listing.row_limit or 0)
        more = f", {counts['records'] - shown:,} not shown (--limit)" if shown < counts["records"] else ""
        note(plural(counts["records"], "record") + more)
        next_step(f"pressmark warc cat {paths[0].name} --offset N", f"pressmark warc verify {paths[0].name}")
    if damaged:
        first = damaged[0]
        first.context = (*first.context, *(error.message for error in damaged[1:10]))
        raise first


def _list_files(paths: Sequence[Path], listing: Listing) -> None:
    from archive.custody.inventory import entry_of

    entries = [entry_of(path) for path in paths]
    columns = ("records", "responses", "revisits", "bytes", "first", "file")
    print_listing((asdict(entry) for entry in entries), columns, listing, total=len(entries))
    damaged = [entry.damage for entry in entries if entry.damage]
    if damaged:
        raise WarcDamaged(damaged[0], context=tuple(damaged[1:10]), hint="pressmark warc verify")


def _statuses(asked: str | None) -> range | None:
    if asked is None:
        return None
    found = _STATUSES.match(asked)
    if found is None:
        raise UsageError(f'--status "{asked}" is no HTTP status', hint="--status 200, or --status 300-399")
    return range(int(found[1]), int(found[2] or found[1]) + 1)


def _fits(row: dict[str, Any], type_: str | None, mime: str | None, statuses: range | None) -> bool:
    return (
        (type_ is None or row["type"] == type_.lower())
        and (mime is None or (row["mime"] or "").startswith(mime.lower()))
        and (statuses is None or (row["status"] is not None and row["status"] in statuses))
    )


def _record_rows(path: Path) -> Iterator[dict[str, Any]]:
    from archive.warc.reader import iter_records

    for record in iter_records(path):
        yield _row(record, path)


def _row(record: Record, path: Path) -> dict[str, Any]:
    status, mime = None, record.value("Content-Type")
    if record.warc_type in ("response", "revisit") and (mime or "").startswith("application/http"):
        head = _head(record)
        status, mime = head.status, head.media_type
    return {
        "file": path.name,
        "offset": record.offset,
        "length": record.length,
        "type": record.warc_type,
        "status": status,
        "mime": mime.split(";")[0].strip() if mime else None,
        "date": record.date,
        "bytes": record.wire.size,
        "uri": record.target_uri,
        "record_id": record.record_id,
        "payload_digest": record.value("WARC-Payload-Digest"),
        "truncated": record.value("WARC-Truncated"),
    }


def _head(record: Record) -> Any:
    from archive.http.messages import Head, ResponseReader

    reader = ResponseReader()
    for piece in record.wire.chunks():
        reader.feed(piece)
        if reader.head is not None:
            return reader.head
    reader.eof()
    return reader.head or Head(b"", None, b"", (), 0)


@warc_app.command("cat")
def cat(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A WARC file.")],
    offset: Annotated[int, typer.Option("--offset", min=0, help="Where the record begins, as `warc ls` says.")],
    header: Annotated[bool, typer.Option("-w", "--header", help="Only the WARC header.")] = False,
    payload: Annotated[bool, typer.Option("-p", "--payload", help="Only the payload, decoded.")] = False,
    raw: Annotated[bool, typer.Option("-P", "--raw", help="Only the payload, as it was sent.")] = False,
) -> None:
    """Print one record: its WARC header and its block, byte for byte."""
    from archive.warc.reader import read_kept, read_record

    if header + payload + raw > 1:
        raise UsageError("only one of -w, -p and -P can be given", hint="leave out all but one")
    record = read_record(path_of(context, file), offset)
    out = sys.stdout.buffer
    sys.stdout.flush()
    if payload or raw:
        is_http = (record.value("Content-Type") or "").startswith("application/http")
        kept = read_kept(record, max_bytes=1 << 40) if is_http else None
        out.write((kept.body if payload else kept.entity) if kept else record.block)
        return
    out.write("".join(f"{name}: {value}\r\n" for name, value in record.headers).encode() + b"\r\n")
    if not header:
        for piece in record.wire.chunks():
            out.write(piece)


@warc_app.command("verify")
@with_listing
def verify(
    context: typer.Context,
    *,
    files: Files = None,
    deep: Annotated[bool, typer.Option("--deep/--quick", help="Digests too, or structure only.")] = True,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that check. Default: one per core, if it pays.")
    ] = None,
    seals: Annotated[bool, typer.Option("--seals", help="Only compare the archive with its seals.")] = False,
    head: Annotated[
        str | None, typer.Option(metavar="DIGEST", help="With --seals: a head of the chain noted earlier.")
    ] = None,
    listing: Listing,
) -> None:
    """Check files for every problem: gzip, structure, digests, references. Exit code 7 if there is one."""
    from archive.custody.verify import usual_workers, verify_files

    if seals:
        from archive.commands.seals import check_seals

        if files:
            raise UsageError("--seals checks the whole archive", hint="leave out the files")
        check_seals(context, head, listing)
        return
    if head:
        raise UsageError("--head goes with --seals", hint=f"pressmark warc verify --seals --head {head}")
    paths = chosen_files(context, files)
    with _Progress(paths) as progress:
        reports = list(verify_files(paths, workers or usual_workers(paths), deep=deep, checked=progress.checked))
    rows = [row for report in reports for row in _problem_rows(report)]
    print_listing(rows, ("file", "offset", "severity", "code", "message"), listing, total=len(rows))
    bad = [report for report in reports if not report.ok]
    if not listing.for_programs:
        _verified(reports, rows, deep)
    if bad:
        raise _damaged(bad)


class _Progress:
    """How much has been checked and how fast, on a terminal and until the end."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files, self._bytes = len(paths), sum(path.stat().st_size for path in paths if path.exists())
        self._done_files = self._done_bytes = 0
        self._began = time.monotonic()

    def __enter__(self) -> _Progress:
        passing(f"checking {plural(self._files, 'file')}, {size(self._bytes)}")
        return self

    def checked(self, report: Report) -> None:
        self._done_files += 1
        self._done_bytes += report.size_bytes
        rate = self._done_bytes / max(0.001, time.monotonic() - self._began)
        done = f"{self._done_files:,} of {plural(self._files, 'file')}"
        passing(f"{done}, {size(self._done_bytes)} of {size(self._bytes)} checked, {size(int(rate))}/s")

    def __exit__(self, *_: object) -> None:
        passing("")


def _problem_rows(report: Report) -> Iterator[dict[str, Any]]:
    for problem in report.problems:
        yield {
            "file": report.file.name,
            "offset": problem.offset,
            "severity": "error" if problem.is_error else "warning",
            "code": problem.code,
            "message": problem.message,
            "record_id": problem.record_id,
        }


def _verified(reports: Sequence[Report], rows: list[dict[str, Any]], deep: bool) -> None:
    records = sum(report.records for report in reports)
    total = sum(report.size_bytes for report in reports)
    errors = sum(row["severity"] == "error" for row in rows)
    found = f"{plural(errors, 'problem')}, {plural(len(rows) - errors, 'warning')}"
    what = "verified" if not errors else "checked"
    how = "" if deep else " (quick: no digests)"
    say(f"{plural(len(reports), 'file')} {what}{how}: {plural(records, 'record')}, {size(total)}, {found}")


def _damaged(bad: Sequence[Report]) -> VerificationFailed:
    """One sentence for what is wrong with the first file, and how much of it is whole."""
    first = bad[0]
    problem = next(problem for problem in first.problems if problem.is_error)
    context = [f"{plural(first.records, 'record')} of it can be read; `pressmark warc ls` lists them"]
    context += [f"{report.file.name} has problems too" for report in bad[1:10]]
    return WarcDamaged(
        f"{first.file.name}: {problem.message} (at byte {problem.offset:,})",
        context=tuple(context),
        hint=f"pressmark warc repair {first.file} -o FIXED.warc.gz writes what is whole to a new file"
        if first.records and problem.code in _REPAIRED
        else f"pressmark warc verify {first.file} --json lists all of them",
    )


@warc_app.command("index")
def index(
    context: typer.Context,
    files: Files = None,
    write: Annotated[bool, typer.Option("--write", help="Write NAME.cdxj beside each file, not to stdout.")] = False,
) -> None:
    """Index WARC files as CDXJ, sorted as `LC_ALL=C sort` does, one line per capture."""
    from archive.warc.captures import build_index

    paths = chosen_files(context, files)
    if not write:
        sys.stdout.flush()
        sys.stdout.buffer.writelines(merge(*(build_index(path, path.name).splitlines(keepends=True) for path in paths)))
        return
    for path in paths:
        content = build_index(path, path.name)
        target = path.with_name(re.sub(r"\.warc(\.gz)?$", "", path.name) + ".cdxj")
        target.write_bytes(content)
        count = content.count(b"\n")
        say(f"{target}: {plural(count, 'capture')}")


def archive_files(context: typer.Context) -> list[Path]:
    from archive.folder.store import LocalStore

    location = location_of(context)
    store = LocalStore(location.root)
    names = store.warc_files()
    if not names:
        raise NotFound(f"no WARC files in {location.root}", hint="pressmark crawl")
    return [store.path(name) for name in names]


def chosen_files(context: typer.Context, files: Sequence[Path] | None) -> list[Path]:
    """The files named (of a folder, all below it), or all of the archive. Raises NotFound."""
    from archive.folder.store import files_below

    if not files:
        return archive_files(context)
    return [path for file in files for path in (files_below(file) if file.is_dir() else [path_of(context, file)])]


def path_of(context: typer.Context, file: Path) -> Path:
    """The file itself, or one of that name in the archive: what records say in `warc_file` can be typed anywhere."""
    if file.exists():
        return file
    from archive.errors import PressmarkError
    from archive.folder.store import LocalStore

    try:
        store = LocalStore(location_of(context).root)
        name = file.as_posix()
        if "/" not in name:
            name = next((one for one in store.warc_files(include_open=True) if one.endswith("/" + name)), name)
        return store.find(name)
    except PressmarkError as error:
        raise NotFound(f"no WARC file {file}", hint="pressmark warc verify names those of the archive") from error
