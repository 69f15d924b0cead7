"""Datasets: a frozen choice of records as a file others can use, with its manifest.

`export` writes the file and says what is in it. A format is one function in FORMATS at the bottom; adding one is
writing it, naming it there, and a row in docs/extending.md.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from archive.archive import Archive
from archive.console.listing import dump
from archive.errors import UsageError, cannot_write
from archive.export.formats import write_csv, write_jsonl, write_jsonl_gz, write_markdown, write_tei
from archive.times import rfc3339

if TYPE_CHECKING:
    from archive.catalog.articles import ArticleQuery

DATASET_SCHEMA = "pressmark.dataset/1"
WACZ = "wacz"  # whole WARC files and pages: not a format of records alone
_ENDINGS = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".txt": "jsonl", ".jsonl.gz": "jsonl.gz", ".csv": "csv",
    ".md.zip": "markdown", ".xml": "tei", ".wacz": WACZ, ".parquet": "parquet",
}  # fmt: skip
MANIFEST_SUFFIX = ".manifest.json"
Dedup = Literal["keep-first", "none"]
Record = dict[str, Any]
Writer = Callable[[Iterable[Record], IO[bytes], "Options"], int]


@dataclass(frozen=True, slots=True)
class Options:
    """How records are written. `fields` may name parts, e.g. "capture.warc_file"; none means all."""

    fields: tuple[str, ...] = ()
    bom: bool = False  # for spreadsheets that take UTF-8 for something else without one


@dataclass(slots=True)
class Dataset:
    """What an export wrote. `sha256` is of the file's bytes."""

    path: str
    format: str
    records: int = 0
    duplicates: int = 0
    size_bytes: int = 0
    sha256: str = ""
    warc_files: int = 0  # of a WACZ
    left_out: int = 0  # pages that could not go into a WACZ: their file is still being written, or elsewhere
    extractors: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)


def export(
    archive: Archive,
    out: Path,
    query: ArticleQuery,
    now: datetime,
    *,
    format_name: str | None = None,
    options: Options = Options(),
    dedup: Dedup = "keep-first",
    all_revisions: bool = False,
    force: bool = False,
) -> Dataset:
    """Write the records a query finds to `out` ("-" is stdout), with a manifest beside it.

    `dedup` "keep-first" leaves out records whose headline and text another one has; the oldest stays, and they do not
    count for the query's limit. The file appears under its name only when it is whole. Raises UsageError for a format
    we lack, or a file of the user's that is in the way; DiskFull.
    """
    from archive.catalog.articles import records

    name = format_name or format_of(out)
    writer = _writer(name) if name != WACZ else None
    dataset = Dataset(str(out), name)
    found = records(archive.catalog, replace(query, limit=None), all_revisions=all_revisions)
    chosen = islice(_counted(found, dataset, dedup), query.limit)
    if writer is None and (str(out) == "-" or options != Options()):
        raise UsageError("a WACZ is a zip of whole pages: it goes to a file, without --fields or --bom")
    if writer is not None and str(out) == "-":
        dataset.records = writer(chosen, sys.stdout.buffer, options)
        return dataset
    try:
        _check_free(out, force)
        if writer is None:
            _write_wacz(archive, chosen, out, now, dataset, every=not _query_values(replace(query, offset=0)))
        else:
            _write_whole(out, lambda file: writer(chosen, file, options), dataset)
        with _draft_of(manifest_path(out)) as draft:
            manifest = _manifest(archive, out, dataset, query, now, options, dedup, all_revisions)
            draft.write_text(dump(manifest, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise cannot_write(f"write {out}", error, hint="another place: pressmark export FOLDER/FILE") from error
    return dataset


def format_of(out: Path) -> str:
    """The format a file name asks for; JSON lines for one without an ending, or "-".

    Raises UsageError for an ending that is none of ours: JSON in a file named .warc or .xlsx would mislead.
    """
    name = out.name.lower()
    for ending, found in _ENDINGS.items():
        if name.endswith(ending):
            return found
    if Path(name).suffix:
        raise UsageError(
            f"no export format is known by the ending of {out.name}",
            hint=f"--format {', '.join([*FORMATS, WACZ])}; or a name that ends in {', '.join(_ENDINGS)}",
        )
    return "jsonl"


def manifest_path(out: Path) -> Path:
    return out.with_name(out.name + MANIFEST_SUFFIX)


def _writer(name: str) -> Writer:
    if name in FORMATS:
        return FORMATS[name]
    if name == "parquet":
        raise UsageError(
            "there is no Parquet export yet",
            hint="--format jsonl, which DuckDB, Polars and pandas read and write as Parquet",
        )
    raise UsageError(f'no export format "{name}"', hint=f"--format {', '.join([*FORMATS, WACZ])}")


def _counted(records: Iterable[Record], dataset: Dataset, dedup: Dedup) -> Iterator[Record]:
    seen: set[str] = set()
    for record in records:
        if dedup == "keep-first":
            if record["content_hash"] in seen:
                dataset.duplicates += 1
                continue
            seen.add(record["content_hash"])
        reading = record["extraction"]
        extractor = f"{reading['tool']} {reading['version']} {reading['profile']}"
        dataset.extractors[extractor] = dataset.extractors.get(extractor, 0) + 1
        source = record["source"] or ""
        dataset.sources[source] = dataset.sources.get(source, 0) + 1
        yield record


def _check_free(out: Path, force: bool) -> None:
    """A file we exported before may be replaced; one that has no manifest beside it is not ours."""
    if out.is_dir():
        raise UsageError(f"{out} is a folder", hint=f"pressmark export {out}/articles.jsonl")
    if out.exists() and not out.is_file():
        raise UsageError(f"{out} is a device or a pipe, not a file", hint=f"pressmark export - > {out}")
    if out.exists() and not force and not manifest_path(out).exists():
        raise UsageError(f"{out} is there already and is no export of ours", hint="another name, or --force")
    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}", hint=f"mkdir -p {out.parent}")


def _write_wacz(
    archive: Archive, records: Iterable[Record], out: Path, now: datetime, dataset: Dataset, *, every: bool
) -> None:
    from archive.export.wacz import write_wacz

    with _draft_of(out) as draft:
        done = write_wacz(archive, records, draft, now, every=every)
        dataset.records, dataset.left_out, dataset.warc_files = done.pages, done.left_out, len(done.warc_files)
        with draft.open("rb") as file:
            dataset.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            dataset.size_bytes = os.fstat(file.fileno()).st_size
            os.fsync(file.fileno())


def _write_whole(out: Path, write: Callable[[IO[bytes]], int], dataset: Dataset) -> None:
    with _draft_of(out) as draft:
        with draft.open("wb") as file:
            hashing = _Hashing(file)
            dataset.records = write(hashing)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        dataset.size_bytes, dataset.sha256 = hashing.size_bytes, hashing.digest.hexdigest()


@contextmanager
def _draft_of(out: Path) -> Iterator[Path]:
    """A file to write that takes the place of `out` once it is whole; where that is a link, of what it leads to."""
    place = out.resolve()
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        yield draft
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


class _Hashing(io.RawIOBase):
    """A file that knows the digest of what was written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self.digest = hashlib.sha256()
        self.size_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        self.size_bytes += len(data)
        return self._file.write(data)


def _manifest(
    archive: Archive,
    out: Path,
    dataset: Dataset,
    query: ArticleQuery,
    now: datetime,
    options: Options,
    dedup: Dedup,
    all_revisions: bool,
) -> dict[str, Any]:
    return {
        "schema": DATASET_SCHEMA,
        "record_schema": "pressmark.article/1",
        "created_at": rfc3339(now),
        "archive": archive.name,
        "query": _query_values(query),
        "all_revisions": all_revisions,
        "fields": list(options.fields) or None,
        "dedup": dedup,
        "duplicates_left_out": dataset.duplicates,
        "extractors": dataset.extractors,
        "sources": dataset.sources,
        "files": [
            {
                "name": out.name,
                "format": dataset.format,
                "records": dataset.records,
                "bytes": dataset.size_bytes,
                "sha256": dataset.sha256,
            }
        ],
    }


def _query_values(query: ArticleQuery) -> Mapping[str, Any]:
    values = {name: getattr(query, name) for name in query.__dataclass_fields__}
    said = {name: value for name, value in values.items() if value not in (None, 0)}
    return {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in said.items()}


FORMATS: dict[str, Writer] = {
    "jsonl": write_jsonl,
    "jsonl.gz": write_jsonl_gz,
    "csv": write_csv,
    "markdown": write_markdown,
    "tei": write_tei,
}
