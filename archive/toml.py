"""TOML as people write it: what is wrong with a file, in a sentence and with its line."""

from __future__ import annotations

import re
import tomllib
from typing import Any


class TomlError(ValueError):
    """A text that is no TOML, with the line."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def parse_toml(text: str) -> dict[str, Any]:
    """Read TOML. Raises TomlError with the line of the first mistake."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        matched = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", said)
        line = int(matched[1]) if matched and matched[1] else text.count("\n") + (not text.endswith("\n"))
        raise TomlError(_in_our_words(re.sub(r" \(at .*\)$", "", said), text.split("\n")[line - 1]), line) from error
    except RecursionError as error:
        raise TomlError("nested too deeply", 1) from error


def _in_our_words(said: str, line: str) -> str:
    """What is wrong with a line; Python's words where they are clear."""
    if said == "Cannot overwrite a value":
        return f'"{line.split("=")[0].strip()}" is set twice in this table'
    if said.startswith("Cannot declare") and said.endswith("twice"):
        return f"{line.strip()} stands twice; one of them takes all its settings"
    return said
