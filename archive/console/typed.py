"""Commands as they have to be typed where the reader stands: with -C, where the archive was named so; and the one that
was typed, for locks and run logs.

A next step that is copied and says "no archive here" is worse than none.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

_COMMAND = re.compile(r"(?<![\w./-])pressmark (?=[a-z])(?!(?:init|demo)\b)")
_FOLDER = re.compile(r"-C.*|--dir(?:=.*)?")
_folder: Path | None = None
_arguments: tuple[str, ...] = ()


def set_folder(folder: Path | None) -> None:
    """Say, for this process, which folder -C named; None: the archive is where the reader stands."""
    global _folder
    _folder = folder


def set_arguments(arguments: Sequence[str]) -> None:
    """Say what this process was asked to do."""
    global _arguments
    _arguments = tuple(arguments)


def typed_command() -> str:
    """What was typed, without the folder, which may be another tomorrow: "pressmark crawl herald --refetch"."""
    words = list(_arguments)
    for at, word in enumerate(words):
        if _FOLDER.fullmatch(word):
            del words[at : at + (2 if word in ("-C", "--dir") else 1)]
            break
    return " ".join(("pressmark", *map(shlex.quote, words)))


def as_typed(text: str) -> str:
    """Return a text with each command in it as it has to be typed: "pressmark -C news articles"."""
    return text if _folder is None else _COMMAND.sub(lambda _: f"pressmark -C {shlex.quote(str(_folder))} ", text)
