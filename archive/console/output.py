"""What commands say: text that is safe on a terminal, colours, messages, numbers for people.

A person on a terminal gets colour, a pipe gets plain text; NO_COLOR and --no-color are obeyed. Rows are printed by
listing.py, errors by exits.py.
"""

from __future__ import annotations

import os
import re
import sys
from typing import IO

from archive.console.typed import as_typed

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
