"""sources.toml, read into Source values: all problems at once, each with its line. Changes: sources_edit.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from archive.errors import ConfigError, NotFound, UrlError
from archive.model import LinkRules, ReadingRules, Source
from archive.toml import TomlError
from archive.urls import canonical_url
from crawler.config.check import Complaint, Toml, complaints, did_you_mean, read_toml
from crawler.config.values import DefaultsEntry, SourceEntry

_MERGED_TABLES = ("links", "extract")


def load_sources(path: Path) -> tuple[Source, ...]:
    """Return the sources of a sources.toml, in its order.

    Raises ConfigError with all problems in `context` ("sources.toml:14: ..."), NotFound where there is no such file.
    """
    if not path.is_file():
        raise NotFound(f"no file {path}", hint="pressmark init")
    sources, problems = _read(path)
    if problems:
        raise config_error(problems)
    return tuple(source for source, _ in _each_its_own(sources))


def named_twice(path: Path) -> tuple[str, ...]:
    """Return what is no mistake, and never what was meant: feeds that an earlier source has, each with its line."""
    found = ((source, twice) for source, twice in _each_its_own(_read(path)[0]) if source.kind != "urls")
    return tuple(
        f'{path.name}:{source.line}: source "{source.name}": {url} is fetched for source "{owner}", which names it, too'
        for source, twice in found
        for url, owner in twice.items()
    )


def check_sources(path: Path) -> tuple[str, ...]:
    """Return all problems of a sources.toml."""
    return _read(path)[1]


def find_source(sources: tuple[Source, ...], name: str) -> Source:
    """Return the source of a name. Raises NotFound, with the nearest name."""
    for source in sources:
        if source.name == name:
            return source
    near = did_you_mean(name, [source.name for source in sources]).removeprefix(" — ")
    raise NotFound(f'no source "{name}" in sources.toml', hint=near or "pressmark source list")


class LazySources(Mapping[str, Source]):
    """The sources of a file by name, read when somebody asks for one: a mistake in it keeps nobody from what does not
    need it. None where there is no such file.

    Any access raises ConfigError for a file with mistakes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _by_name(self) -> dict[str, Source]:
        return {source.name: source for source in load_sources(self._path)} if self._path.is_file() else {}

    def __getitem__(self, name: str) -> Source:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


def unlisted_source(path: Path, name: str, url: str) -> Source:
    """Return a source that sources.toml does not name, with its [defaults]: a site given on the command line."""
    defaults = _defaults(read_toml(path.read_text("utf-8-sig")), []) if path.is_file() else {}
    entry = SourceEntry.model_validate(_merged(defaults, {"name": name, "kind": "auto", "url": url}))
    return _as_source(entry, (url,), None)


# -- reading


def _read(path: Path) -> tuple[tuple[Source, ...], tuple[str, ...]]:
    try:
        toml = read_toml(path.read_text("utf-8-sig"))
    except TomlError as error:
        return (), (f"{path.name}:{error.line}: {error}",)
    except UnicodeDecodeError as error:
        return (), (f"{path.name}: not UTF-8 text (byte {error.start}): save it as UTF-8",)
    except OSError as error:
        return (), (f"{path.name}: cannot be read ({error.strerror})",)
    problems = _top_level(toml)
    defaults = _defaults(toml, problems)
    entries = toml.data.get("source", [])
    sources: list[Source] = []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        problems.append(Complaint(("source",), 'sources are written as "[[source]]" with double brackets'))
        entries = []
    for index, entry in enumerate(entries):
        source = _source(index, entry, defaults, toml, path.parent, problems)
        if source:
            sources.append(source)
    _names(entries, toml, problems)
    found = sorted(((toml.line(problem.path) or 0, problem.message) for problem in problems), key=lambda row: row[0])
    return tuple(sources), tuple(f"{path.name}:{line or 1}: {message}" for line, message in found)


def _top_level(toml: Toml) -> list[Complaint]:
    known = ["defaults", "source"]
    meant = {"sources": "[[source]]", "default": "[defaults]"}
    return [
        Complaint(
            (key,),
            f'unknown key "{key}"' + (f" — did you mean {meant[key]}?" if key in meant else did_you_mean(key, known)),
        )
        for key in toml.data
        if key not in known
    ]


def _defaults(toml: Toml, problems: list[Complaint]) -> dict[str, Any]:
    given = toml.data.get("defaults", {})
    if not isinstance(given, dict):
        problems.append(Complaint(("defaults",), "[defaults] must be a table"))
        return {}
    try:
        DefaultsEntry.model_validate(given)
    except ValidationError as error:
        found = complaints(error, DefaultsEntry, lambda path: ".".join(map(str, ("defaults", *path))))
        problems.extend(Complaint(("defaults", *problem.path), problem.message) for problem in found)
        # What is wrong here is told once, not again for every source.
        bad = {problem.path[0] for problem in found if problem.path}
        return {key: value for key, value in given.items() if key not in bad}
    return dict(given)


def _source(
    index: int, entry: dict[str, Any], defaults: dict[str, Any], toml: Toml, folder: Path, problems: list[Complaint]
) -> Source | None:
    label = f'source "{entry["name"]}"' if isinstance(entry.get("name"), str) else f"source {index + 1}"

    def name(path: tuple[str | int, ...]) -> str:
        return label if not path else f"{label}: {_dotted(path)}"

    found: list[Complaint] = []
    try:
        read = SourceEntry.model_validate(_merged(defaults, entry))
    except ValidationError as error:
        found = complaints(error, SourceEntry, name)
    else:
        urls = _urls(read, folder, label, found)
        if not found:
            return _as_source(read, urls, toml.line(("source", index)))
    problems.extend(Complaint(("source", index, *problem.path), problem.message) for problem in found)
    return None


def _dotted(path: tuple[str | int, ...]) -> str:
    if path == ("url", 0):
        return "url"  # mostly the only one, and written without brackets
    text = ".".join(f"[{part}]" if isinstance(part, int) else part for part in path)
    return text.replace(".[", "[")


def _merged(defaults: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**defaults, **entry}
    for key in _MERGED_TABLES:
        if isinstance(defaults.get(key), dict) and isinstance(entry.get(key), dict):
            merged[key] = {**defaults[key], **entry[key]}
    return merged


def _urls(entry: SourceEntry, folder: Path, label: str, problems: list[Complaint]) -> tuple[str, ...]:
    if entry.file is None:
        if not entry.url:
            problems.append(Complaint(("name",), f'"url" is missing in {label}'))
        return entry.url
    if entry.kind != "urls":
        problems.append(Complaint(("file",), f'{label}: "file" goes with kind = "urls" only'))
        return entry.url
    path = folder / entry.file
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        problems.append(Complaint(("file",), f'{label}: file "{entry.file}" cannot be read ({why})'))
        return entry.url
    found = list(entry.url)
    for number, line in enumerate(text.splitlines(), 1):
        url = re.sub(r"(?:^|\s)#.*$", "", line).strip()
        try:
            found += [canonical_url(url)] if url else []
        except UrlError as error:
            problems.append(Complaint(("file",), f"{entry.file}:{number}: {error.message}"))
    return tuple(dict.fromkeys(found))


def _names(entries: list[dict[str, Any]], toml: Toml, problems: list[Complaint]) -> None:
    first: dict[str, int] = {}
    for index, entry in enumerate(entries):
        name = entry.get("name")
        if not isinstance(name, str):
            continue
        if name in first:
            line = toml.line(("source", first[name], "name"))
            problems.append(Complaint(("source", index, "name"), f'duplicate name "{name}" (first in line {line})'))
        first.setdefault(name, index)


def _each_its_own(sources: Iterable[Source]) -> Iterator[tuple[Source, dict[str, str]]]:
    """Leave each address to the first source that names it and is not paused: it is fetched once, whoever names it.

    Gives each source with the addresses that are its own, and those that are another's, with whose.
    """
    owners: dict[str, str] = {}
    for source in sources:
        own = {canonical_url(url): url for url in source.urls}
        twice = {} if source.paused else {url: owners[key] for key, url in own.items() if key in owners}
        if not source.paused:
            owners |= {key: source.name for key in own if key not in owners}
        yield replace(source, urls=tuple(url for url in source.urls if url not in twice)) if twice else source, twice


def _as_source(entry: SourceEntry, urls: tuple[str, ...], line: int | None) -> Source:
    same_host, hosts = entry.same_host, entry.hosts
    if not isinstance(same_host, str):  # a list says both: only these
        same_host, hosts = "list", (*same_host, *hosts)
    return Source(
        name=entry.name,
        kind=entry.kind,
        urls=urls,
        schedule=entry.schedule,
        delay_seconds=entry.delay,
        languages=entry.languages,
        capture=entry.capture,
        include=entry.include,
        exclude=entry.exclude,
        since_seconds=entry.since,
        depth=entry.depth,
        limit=entry.limit,
        same_host=same_host,
        hosts=hosts,
        recheck_seconds=entry.recheck,
        recheck_limit=entry.recheck_limit,
        links=LinkRules(entry.links.css, entry.links.max),
        extract=ReadingRules(entry.extract.profile, entry.extract.min_words, entry.extract.require_date),
        tags=entry.tags,
        language=entry.language,
        paused=entry.paused,
        line=line,
    )


def config_error(problems: tuple[str, ...], hint: str = "pressmark config check") -> ConfigError:
    """All problems as one error: "2 problems", one line each."""
    count = len(problems)
    return ConfigError(f"{count} problem{'' if count == 1 else 's'}", context=problems, hint=hint)
