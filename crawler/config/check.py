"""TOML with line numbers, and pydantic's complaints in the words of our messages. Pure.

`toml_lines` finds where keys stand (tomllib does not say); `complaints` turns a ValidationError into one sentence each.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from archive.toml import parse_toml
from crawler.config.values import without_password

Path = tuple[str | int, ...]

_KEY_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_OPENERS = {'"""': '"""', "'''": "'''", '"': '"', "'": "'"}


@dataclass(frozen=True, slots=True)
class Toml:
    """A TOML file, read: its values, and the line of every table and key."""

    data: dict[str, Any]
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int | None:
        """The line of a key, or of the nearest thing around it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
            inside = [line for known, line in self.lines.items() if known[:end] == path[:end]]
            if inside:  # [a.b] without an [a]; the first of [[a]]
                return min(inside)
        return None


def read_toml(text: str) -> Toml:
    """Read TOML. Raises TomlError with the line of the first mistake."""
    return Toml(parse_toml(text), toml_lines(text))


def toml_lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) of every table and key of a valid TOML text; array tables carry their index."""
    found: dict[Path, int] = {}
    arrays: dict[Path, int] = {}
    table: Path = ()
    at, line = 0, 1
    while at < len(text):
        end = _statement_end(text, at)
        statement = text[at:end]
        stripped = statement.lstrip()
        here = line + statement[: len(statement) - len(stripped)].count("\n")
        if stripped.startswith("["):
            table = _table(stripped, arrays)
            found.setdefault(table, here)
        elif stripped and not stripped.startswith("#"):
            found.setdefault(table + _keys(stripped), here)
        line += statement.count("\n")
        at = end
    return found


def _statement_end(text: str, at: int) -> int:
    """The end of the statement at `at`: the line's, unless a string or bracket goes on."""
    depth = 0
    while at < len(text):
        char = text[at]
        if char == "#":
            newline = text.find("\n", at)
            at = len(text) if newline < 0 else newline
            continue
        opener = next((quotes for quotes in _OPENERS if text.startswith(quotes, at)), None)
        if opener:
            at = _string_end(text, at + len(opener), opener)
            continue
        if char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
        elif char == "\n" and depth <= 0:
            return at + 1
        at += 1
    return at


def _string_end(text: str, at: int, closer: str) -> int:
    while at < len(text):
        if text[at] == "\\" and closer[0] == '"':
            at += 2
        elif text.startswith(closer, at):
            at += len(closer)
            while len(closer) == 3 and text[at : at + 1] == closer[0]:  # """a"" ends in up to five quotes
                at += 1
            return at
        else:
            at += 1
    return at


def _keys(text: str) -> Path:
    """The dotted key a statement begins with."""
    found: list[str] = []
    at = 0
    while matched := _KEY_PART.match(text, at):
        found.append(next(part for part in matched.groups() if part is not None))
        at = matched.end()
        if text[at : at + 1] != ".":
            break
        at += 1
    return tuple(found)


def _table(text: str, arrays: dict[Path, int]) -> Path:
    """The path of a [table] or [[array table]] header, with the indices of the arrays it is in."""
    is_array = text.startswith("[[")
    names = _keys(text.lstrip("["))
    path: Path = ()
    for count, name in enumerate(names, 1):
        path = (*path, name)
        if is_array and count == len(names):
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path = (*path, arrays[path])
    return path


# -- complaints


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with the value at a path, e.g. 'delay must be a number ≥ 0 (got "fast")'."""

    path: Path
    message: str


def complaints(
    error: ValidationError,
    model: type[BaseModel],
    name: Callable[[Path], str],
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> list[Complaint]:
    """Return one complaint per place, in the file's words. `name` writes a path as the reader knows it.

    `elsewhere` says of keys that people look for here where they belong.
    """
    found: dict[Path, Complaint] = {}
    for problem in error.errors(include_url=False):
        path = tuple(part for part in problem["loc"] if not _is_branch(part))
        if path in found:  # the branches of a union complain of one value each
            continue
        found[path] = Complaint(path, _message(problem, path, model, name, elsewhere))
    return list(found.values())


def _is_branch(part: object) -> bool:
    return isinstance(part, str) and ("[" in part or part.startswith(("literal", "constrained", "function-", "tuple")))


def _message(
    problem: Any, path: Path, model: type[BaseModel], name: Callable[[Path], str], elsewhere: Mapping[str, str]
) -> str:
    kind, context = problem["type"], problem.get("ctx") or {}
    if kind == "extra_forbidden":
        key = str(path[-1])
        other = f" — it belongs in {elsewhere[key]}" if key in elsewhere else ""
        return f'unknown key "{key}"{_where(path, name)}{other or did_you_mean(key, known_keys(model, path[:-1]))}'
    if kind == "missing":
        return f'"{path[-1]}" is missing{_where(path, name)}'
    got = f" (got {shown(problem['input'])})"
    if kind == "value_error":
        return f"{name(path)} {context['error']}{got}"
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"])
        near = did_you_mean(str(problem["input"]), choices)
        return f"{name(path)} must be {_either(choices)}{got}{near}"
    return f"{name(path)} {_expectation(kind, context, problem['msg'])}{got}"


def _expectation(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind.startswith("bool"):
        return "must be true or false"
    if kind.startswith(("int", "float", "decimal")):
        return "must be a whole number" if kind.startswith("int") else "must be a number"
    if kind.startswith("string_pattern"):
        return "must be letters, digits, '-', '_' and '.'"
    if kind.startswith("string"):
        return "must be text"
    if kind.startswith(("tuple", "list")):
        return "must be a list"
    if kind.startswith(("model", "dict")):
        return "must be a table"
    for bound, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
        if bound in context:
            return f"must be {sign} {context[bound]}"
    return message[:1].lower() + message[1:]


def _where(path: Path, name: Callable[[Path], str]) -> str:
    around = name(path[:-1]).replace(": ", ", ")
    return f" in {around}" if around else ""


def _either(choices: list[str]) -> str:
    quoted = [f'"{choice}"' for choice in choices]
    return " or ".join(quoted) if len(quoted) < 3 else ", ".join(quoted[:-1]) + " or " + quoted[-1]


def shown(value: object) -> str:
    """A value as it would stand in the file, short and without passwords."""
    try:
        text = json.dumps(without_password(value), ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def did_you_mean(word: str, choices: list[str]) -> str:
    """— did you mean "schedule"?", or nothing where no choice is near."""
    near = difflib.get_close_matches(word.lower(), [choice.lower() for choice in choices], 1, 0.6)
    if not near:
        return ""
    meant = next(choice for choice in choices if choice.lower() == near[0])
    return f' — did you mean "{meant}"?'


def known_keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys a model takes at a path."""
    at: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        field = at.model_fields.get(part) if isinstance(at, type) and issubclass(at, BaseModel) else None
        at = _model_of(field.annotation) if field else None
        if at is None:
            return []
    return list(at.model_fields)


def _model_of(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _model_of(part)
        if found is not None:
            return found
    return None
