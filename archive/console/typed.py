"""Commands as they have to be typed where the reader stands: with -C, where the archive was named so.

A next step that is copied and says "no archive here" is worse than none.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

_COMMAND = re.compile(r"(?<![\w./-])pressmark (?=[a-z])(?!(?:init|demo)\b)")
_folder: Path | None = None


def set_folder(folder: Path | None) -> None:
    """Say, for this process, which folder -C named; None: the archive is where the reader stands."""
    global _folder
    _folder = folder


def as_typed(text: str) -> str:
    """Return a text with each command in it as it has to be typed: "pressmark -C news articles"."""
    return text if _folder is None else _COMMAND.sub(lambda _: f"pressmark -C {shlex.quote(str(_folder))} ", text)
