"""Listings: rows printed for people (a table, plain text) and for programs (JSON, JSON lines, CSV).

Order: how a listing is asked for, printing it, values as JSON and as cells, tables. A person on a terminal gets a
table, a pipe gets plain text.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from itertools import islice
from typing import IO, Any, Literal

from archive.console.output import cell_width, fit, safe, use_color
from archive.errors import UsageError
from archive.times import rfc3339

Row = Mapping[str, Any]
Shape = Literal["auto", "table", "json", "nl", "csv"]
DEFAULT_LIMIT = 20
_MAX_CELL = 60
_NARROWEST = 8
_TYPED_NEXT = ("ID", "RUN", "OFFSET", "NAME")  # columns that the next command takes: half of them is of no use
_BETWEEN_COLUMNS = 3  # a space around a line that SIMPLE_HEAD does not draw


@dataclass(frozen=True, slots=True)
class Listing:
    """How a listing is to be printed: what --json --nl --csv -t --fields --limit say."""

    shape: Shape = "auto"
    fields: tuple[str, ...] = ()
    limit: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def for_programs(self) -> bool:
        return self.shape in ("json", "nl", "csv")

    @property
    def row_limit(self) -> int | None:
        """How many rows to ask for: all for programs, a screenful for people, unless --limit says otherwise."""
        if self.limit is not None:
            return self.limit
        return None if self.for_programs else DEFAULT_LIMIT


def print_listing(
    rows: Iterable[Row], columns: Sequence[str], how: Listing, *, total: int | None = None, out: IO[str] | None = None
) -> int:
    """Print rows and return how many. `columns` are the keys people see; programs get every key, unless --fields.

    Every row has the same keys. `total` (how many there are in all) gives people a "… more" line.
    Raises UsageError for a field no row has.
    """
    stream = out or sys.stdout
    given = iter(rows) if how.row_limit is None else islice(rows, how.row_limit)
    if how.for_programs:
        return _for_programs(given, columns, how, stream)
    listed = [_flat_row(row) for row in given]
    if not listed:
        return 0
    wanted = _chosen(listed[0], how.fields) if how.fields else [name for name in columns if name in listed[0]]
    cells = [[_cell(row.get(name)) for name in wanted] for row in listed]
    titles = [name.rsplit(".", 1)[-1].replace("_", " ").upper() for name in wanted]
    numeric = [all(isinstance(row.get(name), int | float | None) for row in listed) for name in wanted]
    if how.shape == "table" or stream.isatty():
        _print_table(titles, cells, numeric, stream)
    else:
        _print_plain(titles, cells, numeric, stream)
    if total is not None and total > len(listed):
        print(f"… {total - len(listed):,} more (--limit {min(total, len(listed) * 5)}, --json, --csv)", file=stream)
    return len(listed)


def _for_programs(rows: Iterator[Row], columns: Sequence[str], how: Listing, out: IO[str]) -> int:
    if how.shape == "csv":
        return _write_csv(rows, columns, how, out)
    count = 0
    for count, row in enumerate(rows, 1):
        value = {name: _lookup(row, name) for name in _chosen(row, how.fields)} if how.fields else row
        line = dump(value)
        if how.shape == "json":
            line = ("[\n " if count == 1 else ",\n ") + line
            out.write(line)
        else:
            out.write(line + "\n")
    if how.shape == "json":
        out.write("\n]\n" if count else "[]\n")
    return count


def _write_csv(rows: Iterator[Row], columns: Sequence[str], how: Listing, out: IO[str]) -> int:
    """RFC 4180 but for the line end, with a header line even where there are no rows."""
    writer = csv.writer(out, lineterminator="\n")
    names: list[str] = list(how.fields or columns)
    count = 0
    for count, row in enumerate(rows, 1):
        flat = _flat_row(row)
        if count == 1:
            names = _chosen(flat, how.fields) if how.fields else list(flat)
            writer.writerow(names)
        writer.writerow([csv_cell(flat.get(name)) for name in names])
    if not count:
        writer.writerow(names)
    return count


def dump(value: Any, indent: int | None = None) -> str:
    """JSON for people and programs: every script as it is, times as RFC 3339; lone surrogates escaped."""
    text = json.dumps(value, ensure_ascii=False, default=_json_value, indent=indent)
    return text if _encodable(text) else json.dumps(value, default=_json_value, indent=indent)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def csv_cell(value: Any) -> str:
    """A value in one cell: lists of plain values joined by "; ", anything deeper as JSON; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, list | tuple):
        if all(isinstance(item, str | int | float) for item in value):
            return "; ".join(map(str, value))
        return dump(value)
    return dump(value) if isinstance(value, Mapping) else str(value)


def flatten(row: Row, prefix: str = "", depth: int = 1) -> dict[str, Any]:
    """Objects inside become `capture.warc_file` keys, `depth` levels deep."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and depth > 0:
            flat.update(flatten(value, f"{prefix}{name}.", depth - 1) or {prefix + name: None})
        else:
            flat[prefix + name] = value
    return flat


def _flat_row(row: Row) -> dict[str, Any]:
    return flatten(row) if any(isinstance(value, Mapping) for value in row.values()) else dict(row)


def _lookup(row: Row, name: str) -> Any:
    value: Any = row
    if name in row:
        return row[name]
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _chosen(row: Row, fields: Sequence[str]) -> list[str]:
    known = [*row, *flatten(row)]
    for name in fields:
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f'did you mean "{close[0]}"?' if close else "there are: " + ", ".join(dict.fromkeys(known))
            raise UsageError(f'no field "{name}" in this listing', hint=hint)
    return list(fields)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:.2f}"
    text = value if isinstance(value, str) else csv_cell(value)
    return " ".join(safe(text).split())


def _print_table(titles: list[str], cells: list[list[str]], numeric: list[bool], out: IO[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=out, no_color=not use_color(out), highlight=False)
    shown: list[int] = []
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    natural = [max(cell_width(row[at]) for row in [titles, *cells]) for at in range(len(titles))]
    for at, width in shared_widths(natural, console.width, whole=[title in _TYPED_NEXT for title in titles]).items():
        justify: Literal["left", "right"] = "right" if numeric[at] else "left"
        table.add_column(titles[at], justify=justify, no_wrap=True, overflow="ellipsis", width=width)
        shown.append(at)
    for row in cells:
        table.add_row(*(Text(row[at]) for at in shown))
    console.print(table)


def shared_widths(natural: Sequence[int], room: int, whole: Sequence[bool] = ()) -> dict[int, int]:
    """Widths of the columns that fit into `room` together, by their place: the widest give way first, none below 8.

    A column that is to be `whole` keeps its width. Where even that does not fit, columns are left out, from the last
    but one leftwards: the last one mostly has the words that tell rows apart.
    """
    least = {at: width if whole and whole[at] else min(width, _NARROWEST) for at, width in enumerate(natural)}
    for at in range(len(natural) - 2, -1, -1):
        if sum(least.values()) + _BETWEEN_COLUMNS * (len(least) - 1) <= room:
            break
        if not (whole and whole[at]):
            del least[at]
    widths = {at: natural[at] for at in least}
    for_cells = room - _BETWEEN_COLUMNS * (len(least) - 1)
    while sum(widths.values()) > for_cells and any(widths[at] > least[at] for at in widths):
        widest = max((at for at in widths if widths[at] > least[at]), key=lambda at: (widths[at], -at))
        too_much = sum(widths.values()) - for_cells
        next_wide = max((width for width in widths.values() if width < widths[widest]), default=0)
        widths[widest] = max(least[widest], min(widths[widest] - 1, max(next_wide, widths[widest] - too_much)))
    return widths


def _print_plain(titles: list[str], cells: list[list[str]], numeric: list[bool], out: IO[str]) -> None:
    """Aligned by width on a terminal, two spaces between columns, nothing cut in the last one."""
    last = len(titles) - 1
    cut = [[text if at == last else fit(text, _MAX_CELL) for at, text in enumerate(row)] for row in cells]
    widths = [max(cell_width(row[at]) for row in [titles, *cut]) for at in range(len(titles))]
    for row in [titles, *cut]:
        line = [
            text.rjust(width - cell_width(text) + len(text)) if is_number else text + " " * (width - cell_width(text))
            for text, width, is_number in zip(row, widths, numeric, strict=True)
        ]
        print("  ".join(line).rstrip(), file=out)
