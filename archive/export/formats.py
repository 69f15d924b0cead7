"""The formats of an export: each takes records and a file, writes, and returns how many there were."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from archive.console.listing import csv_cell, flatten
from archive.errors import UsageError
from archive.export.markup import markdown, tei_corpus
from archive.jsonl import dump_line
from archive.records.record_shape import ArticleRecord

if TYPE_CHECKING:
    from archive.export import Options

Record = dict[str, Any]
# Objects without fixed keys stay one cell of JSON.
_WHOLE = ("origins", "integrity", "blocks", "entries", "pages")


def write_jsonl(records: Iterable[Record], out: IO[bytes], options: Options) -> int:
    """JSON lines, UTF-8; keys in the order of the schema."""
    check_fields(options.fields)
    count = 0
    for count, record in enumerate(records, 1):  # noqa: B007 - the last number is the answer
        out.write(dump_line(chosen(record, options.fields)))
    return count


def write_jsonl_gz(records: Iterable[Record], out: IO[bytes], options: Options) -> int:
    """The same, compressed. No name and no time in the gzip header: the same records give the same bytes."""
    with gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=0) as packed:
        return write_jsonl(records, packed, options)  # type: ignore[arg-type]


def write_csv(records: Iterable[Record], out: IO[bytes], options: Options) -> int:
    """A header line, then a line a record; objects become `capture.warc_file`, lists are joined by "; "."""
    check_fields(options.fields)
    names = list(options.fields or csv_header())
    text = io.TextIOWrapper(out, encoding="utf-8-sig" if options.bom else "utf-8", errors="replace", newline="")
    try:
        table = csv.writer(text, lineterminator="\n")
        table.writerow(names)
        count = 0
        for count, record in enumerate(records, 1):  # noqa: B007
            flat = flat_record(record)
            table.writerow([csv_cell(flat.get(name, _at(record, name))) for name in names])
        return count
    finally:
        text.flush()
        text.detach()


def write_markdown(records: Iterable[Record], out: IO[bytes], options: Options) -> int:
    """A zip with one Markdown file for each article, named by its id. The same records give the same bytes."""
    _whole_records(options)
    count = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for count, record in enumerate(records, 1):  # noqa: B007 - the last number is the answer
            revision = f"-r{record['revision']}" if record["revision"] > 1 else ""
            member = zipfile.ZipInfo(f"{record['id']}{revision}.md")
            member.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(member, markdown(record).encode(errors="replace"))
    return count


def write_tei(records: Iterable[Record], out: IO[bytes], options: Options) -> int:
    """One TEI P5 corpus, written as it comes."""
    _whole_records(options)
    count = 0
    for piece, articles in tei_corpus(records, "News articles"):
        out.write(piece)
        count += articles
    return count


def _whole_records(options: Options) -> None:
    if options.fields or options.bom:
        raise UsageError("a document is made of the whole record: without --fields and --bom")


def csv_header() -> list[str]:
    """All columns of a CSV export, in the order of the schema."""
    names: list[str] = []
    for name, info in ArticleRecord.model_fields.items():
        inner = getattr(info.annotation, "model_fields", None)
        key = info.alias or name
        if inner is None or key in _WHOLE:
            names.append(key)
        else:
            names += [f"{key}.{part}" for part in inner]
    return names


def flat_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with objects of fixed keys taken apart. Authors are their names, the rest of them is in the JSON."""
    whole = {name: value for name, value in record.items() if name in _WHOLE}
    flat = flatten({name: value for name, value in record.items() if name not in _WHOLE}) | whole
    flat["authors"] = [author["name"] for author in record.get("authors") or ()]
    return flat


def chosen(record: Record, fields: Sequence[str]) -> Record:
    """The fields asked for, under their dotted names; the whole record where none are."""
    return {name: _at(record, name) for name in fields} if fields else record


def check_fields(fields: Sequence[str]) -> None:
    """Raise UsageError for a field no record has."""
    from difflib import get_close_matches

    known = csv_header()
    tops = list(dict.fromkeys(name.split(".")[0] for name in known))
    for name in fields:
        if name not in known and name not in tops and not name.startswith(("origins.", "integrity.")):
            close = get_close_matches(name, [*tops, *known], 1)
            raise UsageError(
                f'records have no field "{name}"',
                hint=f'did you mean "{close[0]}"?' if close else "pressmark schema article",
            )


def _at(record: Mapping[str, Any], name: str) -> Any:
    value: Any = record
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
