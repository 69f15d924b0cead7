"""Printing: listings for people and programs, messages, and errors with their exit codes.

Order: text that is safe on a terminal; listings (table, plain, JSON, JSON lines, CSV); the end lines of a command;
`run_app`, which turns whatever a command raises into `error[code]: …`, `hint: …` and an exit code.
A person on a terminal gets tables and colour, a pipe gets plain text; NO_COLOR and --no-color are obeyed.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import IO, Any, Literal

from archive import garbage
from archive.errors import Interrupted, NotFound, PressmarkError, UsageError, cannot_write
from archive.times import rfc3339
from archive.typed import as_typed, set_folder

Row = Mapping[str, Any]
Shape = Literal["auto", "table", "json", "nl", "csv"]
DEFAULT_LIMIT = 20
_MAX_CELL = 60
_NARROWEST = 8
_TYPED_NEXT = ("ID", "RUN", "OFFSET", "NAME")  # columns that the next command takes: half of them is of no use
_BETWEEN_COLUMNS = 3  # a space around a line that SIMPLE_HEAD does not draw
# Control characters, and those that turn the direction of a whole line: a headline must not drive the terminal.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]")


def safe(text: str) -> str:
    """Return text of strangers as it may be shown on a terminal: controls become U+FFFD; line ends and tabs stay."""
    return _UNSAFE.sub("\ufffd", text.replace("\r\n", "\n"))


def cell_width(text: str) -> int:
    """How many columns a text takes: two for East Asian wide characters."""
    from rich.cells import cell_len

    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int) -> str:
    """Cut a text to `width` columns, with … where it was cut."""
    if cell_width(text) <= width:
        return text
    from rich.cells import set_cell_size

    return set_cell_size(text, width - 1).rstrip() + "…"


# -- listings


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


# -- messages


_color: bool | None = None  # None: as NO_COLOR and the terminal say


def set_color(wanted: bool | None) -> None:
    """--no-color, for this process."""
    global _color
    _color = wanted


def use_color(out: IO[str]) -> bool:
    if _color is not None:
        return _color
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, out: IO[str]) -> str:
    """Text in a colour, where colour is wanted: "bold", "red", "green", "yellow", "dim"."""
    codes = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "dim": "2"}
    return f"\x1b[{codes[style]}m{text}\x1b[0m" if use_color(out) else text


def say(*lines: str, out: IO[str] | None = None) -> None:
    """Print lines made of strangers' text safely."""
    for line in lines:
        print(safe(line), file=out or sys.stdout)


def heading(line: str) -> None:
    """Print a line that stands above others."""
    print(paint(safe(line), "bold", sys.stdout))


_quiet = False


def set_quiet(wanted: bool) -> None:
    """--quiet, for this process: no notes, no next steps."""
    global _quiet
    _quiet = wanted


def next_step(*commands: str) -> None:
    """The last line of a command: what to do next. On the error stream, so that data on stdout stays data."""
    if _quiet:
        return
    out = sys.stderr if not sys.stdout.isatty() else sys.stdout
    say("Next:  " + as_typed("     ".join(commands)), out=out)


def passing(line: str) -> None:
    """Nothing blocks silently: on a terminal, a line that the next one (or "") takes the place of."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


def note(line: str) -> None:
    """Counts and the like: for people, beside the data."""
    if _quiet:
        return
    say(line, out=sys.stderr if not sys.stdout.isatty() else sys.stdout)


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return "1 article", "16 articles"; thousands are grouped."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def size(size_bytes: int) -> str:
    """Return "84 kB", "1.1 MB": powers of ten, as ls --si."""
    value, unit = float(size_bytes), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"


# -- errors


def run_app(app: Callable[..., Any], argv: Sequence[str] | None = None) -> int:
    """Run a typer app and return its exit code; print what went wrong on stderr, never a traceback without -vv."""
    garbage.expect_none()
    _take_every_script(sys.stdout)
    set_folder(None)
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = any(word in ("--json", "--nl") for word in arguments)
    try:
        code = _invoke(app, list(arguments))
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        # `| head` has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, Exception) as error:
        return _render(error, as_json=as_json, verbose=_is_very_verbose(arguments))


def _take_every_script(out: IO[str]) -> None:
    """Files and pipes get UTF-8 whatever the locale; a terminal of another charset shows "?" for what it cannot.

    Without this a Latin-1 locale ended every listing at the first headline in another script.
    """
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(encoding=None if out.isatty() else "utf-8", errors="replace")


def _invoke(app: Callable[..., Any], arguments: list[str]) -> Any:
    """Call a typer app without typer's own handling of errors, which turns a closed pipe and Ctrl-C into codes of its
    own; any other callable with the arguments, as typer would.
    """
    import typer

    if not isinstance(app, typer.Typer):
        return app(args=arguments, prog_name="pressmark", standalone_mode=False)
    command = _command_of(app)
    usage_error: Any = typer.BadParameter.__mro__[1]  # typer has no public name for it
    try:
        with command.make_context("pressmark", arguments) as context:
            return command.invoke(context)
    except usage_error as error:
        if type(error).__name__ != "NoArgsIsHelpError":
            raise
        print(error.format_message())
        return 2


@cache
def _command_of(app: Any) -> Any:
    """The commands as typer runs them. Made once, as that takes as long as many a command."""
    import typer

    return typer.main.get_command(app)


def _is_very_verbose(arguments: Sequence[str]) -> bool:
    short = sum(len(word) - 1 for word in arguments if re.fullmatch("-v+", word))
    return short + arguments.count("--verbose") >= 2


def _render(error: BaseException, *, as_json: bool, verbose: bool) -> int:
    known = in_our_words(error)
    if known is None:
        return int(getattr(error, "exit_code", 0))
    if verbose:
        traceback.print_exception(error)
    print_error(known, as_json=as_json)
    return known.exit_code


def print_error(error: PressmarkError, *, as_json: bool = False) -> None:
    """Print `error[code]: message`, its context and its hint to stderr; or the same as one JSON object."""
    out = sys.stderr
    if as_json:
        print(dump(error.as_dict()), file=out)
        return
    print(paint(f"error[{error.code}]:", "red", out) + " " + safe(error.message), file=out)
    for line in error.context:
        print("  " + safe(as_typed(line)), file=out)
    if error.hint:
        print("  " + paint("hint:", "bold", out) + " " + safe(as_typed(error.hint)), file=out)


def in_our_words(error: BaseException) -> PressmarkError | None:
    """Any exception as one of ours; None for a plain exit."""
    if isinstance(error, PressmarkError):
        return error
    if type(error).__name__ == "Exit":
        return None
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return Interrupted("stopped; what was finished by then stays")
    if hasattr(error, "format_message"):
        return _usage(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return cannot_write(f"write {error.filename or 'here'}", error)
    if isinstance(error, FileNotFoundError):
        return NotFound(f"no file {error.filename}")
    if isinstance(error, PermissionError | IsADirectoryError | NotADirectoryError):
        return UsageError(f"cannot use {error.filename or 'a file'}: {error.strerror}")
    return PressmarkError(
        f"{type(error).__name__}: {error}",
        hint="this is a fault in pressmark; run it again with -vv to see where, and please report that",
    )


def _usage(error: Any) -> UsageError:
    """A usage error of the command line, with what may have been meant."""
    message = error.format_message().strip().split(" Did you mean")[0].split(" (Did you mean")[0].rstrip(".")
    context = error.ctx
    path = context.command_path if context else "pressmark"
    if found := re.search(r"No such command ['\"](.+)['\"]", message):
        close = _close_commands(found[1], context)
        hint = f"did you mean: {', '.join(close)} ?" if close else f"see {path} --help"
        return UsageError(f'{path} has no command "{found[1]}"', hint=hint)
    if found := re.search(r"No such option:? ['\"]?(-{1,2}[^\s'\"]+)", message):
        options = [name for item in context.command.params for name in (*item.opts, *item.secondary_opts)]
        close = get_close_matches(found[1], options, 2, 0.5)
        hint = f"did you mean {' or '.join(close)} ?" if close else f"see {path} --help"
        return UsageError(f"{path} has no option {found[1]}", hint=hint)
    return UsageError(message[:1].lower() + message[1:], hint=f"see {path} --help")


def _close_commands(typed: str, context: Any) -> list[str]:
    """Commands of that spelling, wherever they are: `pressmark verify` is `pressmark warc verify`."""
    here = context.command_path
    root = context.find_root()
    paths = dict(_command_paths(root.command, root.info_name or "pressmark"))
    own = [path for path in paths if path.rsplit(" ", 1)[0] == here]
    close = get_close_matches(typed, [path.rsplit(" ", 1)[1] for path in own], 2, 0.6)
    return [path for path in paths if path.rsplit(" ", 1)[-1] == typed] or [f"{here} {name}" for name in close]


def _command_paths(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, child in getattr(command, "commands", {}).items():
        yield f"{path} {name}", child
        yield from _command_paths(child, f"{path} {name}")
