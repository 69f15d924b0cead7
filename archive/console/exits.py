"""How a command ends: whatever it raises becomes `error[code]: …`, `hint: …` on stderr and an exit code.

Order: `run_app`, printing an error, any exception as one of ours, what may have been meant by a mistyped command.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from typing import IO, Any

from archive.console import garbage
from archive.console.listing import dump
from archive.console.output import paint, safe
from archive.console.typed import as_typed, set_arguments, set_folder
from archive.errors import Interrupted, NotFound, PressmarkError, UsageError, cannot_write


def run_app(app: Callable[..., Any], argv: Sequence[str] | None = None) -> int:
    """Run a typer app and return its exit code; print what went wrong on stderr, never a traceback without -vv."""
    garbage.expect_none()
    _take_every_script(sys.stdout)
    set_folder(None)
    arguments = list(sys.argv[1:] if argv is None else argv)
    set_arguments(arguments)
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
        arguments = [item.metavar for item in context.command.params if item.param_type_name == "argument"]
        if len(found[1]) == 2 and "WORDS" in arguments:
            hint = f"a word that is not to be there: {path} -- wanted -unwanted"
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
