"""sources.toml, changed without losing a comment: a source added, removed, paused.

tomlkit keeps what stands there; the file is replaced in one step.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit

from archive.errors import NotFound, UsageError, cannot_write
from archive.model import LinkRules, ReadingRules, Source
from crawler.config.check import did_you_mean, read_toml, toml_lines
from crawler.config.sources_file import check_sources, config_error
from crawler.units import show_duration

_DEFAULT = Source("default", "auto", ())


def add_source(path: Path, source: Source, also: Iterable[str] = ()) -> int:
    """Add a source at the end of sources.toml; return its line.

    Only what differs from Pressmark's defaults is written, so that [defaults] holds for the rest; keys in `also`
    ("delay") are written in any case. Raises UsageError where the name is taken, ConfigError for what is no TOML.
    """
    document = _document(path)
    if any(table.get("name") == source.name for table in _tables(document)):
        raise UsageError(f'there is a source "{source.name}" already', hint=f"pressmark source show {source.name}")
    text = tomlkit.dumps(document).rstrip("\n")
    text = f"{text}\n\n" if text else ""
    line = text.count("\n") + 1
    _replace(path, text + "[[source]]\n" + tomlkit.dumps(source_table(source, also)))
    return line


def remove_source(path: Path, name: str) -> None:
    """Take a source out of sources.toml. What was archived of it stays. Raises NotFound."""
    document = _document(path)
    lines = tomlkit.dumps(document).splitlines(keepends=True)
    start, end = _rows_of("".join(lines), _index(document, name))
    while end > start + 1 and end < len(lines) and lines[end - 1].lstrip()[:1] in ("#", ""):
        end -= 1  # comments above the next table are the next table's
    _replace(path, "".join(lines[:start] + lines[end:]))


def set_paused(path: Path, name: str, paused: bool) -> None:
    """Pause or resume a source. Raises NotFound."""
    document = _document(path)
    index = _index(document, name)
    table = _tables(document)[index]
    if "paused" in table:
        table["paused"] = paused
        return _replace(path, tomlkit.dumps(document))
    if paused:
        # Under the name, for tomlkit would put it behind a [source.links], where it means another thing.
        text = tomlkit.dumps(document)
        row = read_toml(text).lines["source", index, "name"]
        lines = text.splitlines(keepends=True)
        lines[row - 1] = lines[row - 1].rstrip("\n") + "\n"
        _replace(path, "".join([*lines[:row], "paused = true\n", *lines[row:]]))
    return None


def source_table(source: Source, also: Iterable[str] = ()) -> Any:
    """A source as a tomlkit table: what differs from Pressmark's defaults, and the keys of `also` in any case."""
    table = tomlkit.table()
    for key, value, default in _rows(source):
        if value != default or key in also:
            table.add(key, value if not isinstance(value, dict) else _inline(value))
    return table


def _rows(source: Source) -> list[tuple[str, Any, Any]]:
    links = {k: v for k, v in (("css", source.links.css), ("max", source.links.max)) if v != getattr(LinkRules(), k)}
    rules = ReadingRules()
    extract = {
        key: getattr(source.extract, key)
        for key in ("profile", "min_words", "require_date")
        if getattr(source.extract, key) != getattr(rules, key)
    }
    since = show_duration(source.since_seconds) if source.since_seconds is not None else None
    rows: list[tuple[str, Any, Any]] = [
        ("name", source.name, None),
        ("kind", source.kind, None),
        ("url", source.urls[0] if len(source.urls) == 1 else list(source.urls), []),
        ("schedule", source.schedule, _DEFAULT.schedule),
        ("delay", source.delay_seconds, _DEFAULT.delay_seconds),
        ("languages", list(source.languages), []),
        ("capture", source.capture, _DEFAULT.capture),
        ("include", list(source.include), []),
        ("exclude", list(source.exclude), []),
        ("since", since, None),
        ("depth", source.depth, _DEFAULT.depth),
        ("limit", source.limit, None),
        ("same_host", source.same_host, _DEFAULT.same_host),
        ("hosts", list(source.hosts), []),
        ("recheck", [show_duration(seconds) for seconds in source.recheck_seconds], []),
        ("links", links, {}),
        ("extract", extract, {}),
        ("tags", list(source.tags), []),
        ("language", source.language, None),
        ("paused", source.paused, False),
    ]
    return [row for row in rows if row[1] is not None]


def _inline(values: Mapping[str, Any]) -> Any:
    table = tomlkit.inline_table()
    table.update(values)
    return table


def _document(path: Path) -> Any:
    try:
        return tomlkit.parse(path.read_text("utf-8-sig")) if path.exists() else tomlkit.document()
    except (tomlkit.exceptions.ParseError, UnicodeDecodeError) as error:
        raise config_error(check_sources(path) or (f"{path.name}: {error}",)) from error


def _tables(document: Any) -> Any:
    tables = document.get("source", [])
    return tables if isinstance(tables, list) else []


def _index(document: Any, name: str) -> int:
    names = [str(table.get("name")) for table in _tables(document)]
    if name in names:
        return names.index(name)
    near = did_you_mean(name, names).removeprefix(" — ")
    raise NotFound(f'no source "{name}" in sources.toml', hint=near or "pressmark source list")


def _rows_of(text: str, index: int) -> tuple[int, int]:
    """The rows (from 0, end exclusive) of the n-th [[source]] with its own tables, up to the next header."""
    lines = toml_lines(text)
    rows = text.splitlines()
    headers = sorted({line - 1 for line in lines.values() if rows[line - 1].lstrip().startswith("[")})
    start = lines["source", index] - 1
    ends = [row for row in headers if row > start and not re.match(r"\s*\[+\s*source\s*\.", rows[row])]
    return start, ends[0] if ends else len(rows)


def _replace(path: Path, text: str) -> None:
    """Write a file in one step: a reader sees the old or the new one, never half of it."""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        target = Path(temporary)
        target.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        target.replace(path)
    except OSError as error:
        raise cannot_write(f"write {path}", error) from error
