"""What commands share: the archive they are asked about, and the options of every listing.

`with_listing` gives a command --json --nl --csv -t --fields --limit (and --since --until), gathered in one value.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive.console.listing import Listing, Shape
from archive.errors import NotFound, UsageError
from archive.times import parse_span, utc_now

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.folder.location import ArchiveLocation, Locate

_locate: Locate | None = None

AsJson = Annotated[bool, typer.Option("--json", help="As one JSON object.")]
Fields = Annotated[str | None, typer.Option(metavar="A,B", help="Only these fields, in this order.")]
Since = Annotated[str | None, typer.Option(metavar="WHEN", help="7d, 36h, 2026, 2026-11 or 2026-11-01.")]
Until = Annotated[str | None, typer.Option(metavar="WHEN", help="Up to then, without it.")]
_MOST = 10**15  # rows: a limit that databases take


def set_locate(function: Locate) -> None:
    """Say how an archive is found: the crawler's configuration knows more than this package does."""
    global _locate
    _locate = function


def folder_of(context: typer.Context) -> Path:
    """The folder of -C/--dir, or the one we are in. Raises NotFound for one that is not there."""
    given = getattr(context.find_root().obj, "folder", None)
    folder = Path(given) if given is not None else Path.cwd()
    if not folder.is_dir():
        raise NotFound(f"no folder {folder}", hint=f"pressmark init {folder}")
    return folder


def location_of(context: typer.Context) -> ArchiveLocation:
    """Where the archive is that a command is asked about. Raises NotFound, ConfigError."""
    from archive.folder.location import locate

    return (_locate or locate)(folder_of(context))


@contextmanager
def archive_of(context: typer.Context, *, create: bool = False) -> Iterator[Archive]:
    """The archive, open, for a `with`."""
    from archive.archive import open_archive

    with open_archive(location_of(context), create=create) as archive:
        yield archive


def limit_of(asked: int | None) -> int | None:
    """The number behind --limit; one that no database knows is as good as none."""
    return None if asked is None or asked > _MOST else asked


def fields_of(asked: str | None) -> tuple[str, ...]:
    """The names behind --fields; none where it is not given. Raises UsageError where it names nothing."""
    names = tuple(name.strip() for name in (asked or "").split(",") if name.strip())
    if asked is not None and not names:
        raise UsageError("--fields names no field", hint="leave it out for all of them")
    return names


def now() -> datetime:
    """The one clock of the commands."""
    return utc_now()


_SHAPES: dict[str, Any] = {
    "as_json": Annotated[bool, typer.Option("--json", help="As a JSON array.")],
    "as_lines": Annotated[bool, typer.Option("--nl", help="As JSON lines.")],
    "as_csv": Annotated[bool, typer.Option("--csv", help="As CSV.")],
    "as_table": Annotated[bool, typer.Option("-t", "--table", help="As a table, also in a pipe.")],
    "fields": Fields,
    "limit": Annotated[
        int | None,
        typer.Option("-n", "--limit", min=0, help="At most so many rows; people get 20."),
    ],
}
_TIMES: dict[str, Any] = {
    "since": Since,
    "until": Until,
}


def with_listing(function: Callable[..., Any] | None = None, *, times: bool = False) -> Callable[..., Any]:
    """Give a command the options every listing shares; it gets them as `listing`, a `Listing`."""
    if function is None:
        return lambda inner: with_listing(inner, times=times)
    options = _SHAPES | (_TIMES if times else {})

    @wraps(function)
    def command(**given: Any) -> Any:
        shared = {name: given.pop(name, None) for name in options}
        return function(**given, listing=_listing(shared))

    own = inspect.signature(function, eval_str=True)
    kept = [parameter for name, parameter in own.parameters.items() if name != "listing"]
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if name.startswith("as_") else None,
            annotation=annotation,
        )
        for name, annotation in options.items()
    ]
    signature = own.replace(parameters=[one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in kept] + added)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
    command.is_listing = True  # type: ignore[attr-defined]
    del command.__wrapped__
    return command


def _listing(given: dict[str, Any]) -> Listing:
    flags: dict[str, Shape] = {"as_json": "json", "as_lines": "nl", "as_csv": "csv", "as_table": "table"}
    chosen = [shape for name, shape in flags.items() if given[name]]
    if len(chosen) > 1:
        raise UsageError("only one of --json, --nl, --csv and --table can be given", hint="leave out all but one")
    fields = fields_of(given["fields"])
    since, until = parse_span(given.get("since"), given.get("until"), now())
    return Listing(
        shape=chosen[0] if chosen else "auto",
        fields=fields,
        limit=limit_of(given["limit"]),
        since=since,
        until=until,
    )
