"""Where an archive is: its folder, its catalog, its name, as pressmark.toml or the folder itself says."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from archive.errors import ConfigError, NotFound
from archive.model import NO_LISTS, ReadingLists, Source
from archive.toml import TomlError, parse_toml

CONFIG_NAME = "pressmark.toml"
CATALOG_NAME = "catalog.sqlite3"


NO_SOURCES: Mapping[str, Source] = MappingProxyType({})  # nobody said which there are


@dataclass(frozen=True, slots=True)
class ArchiveLocation:
    """Where an archive is: its folder, the database of its catalog, its name; its sources and lists, where known."""

    root: Path
    db_url: str
    name: str
    sources: Mapping[str, Source] = field(default_factory=lambda: NO_SOURCES)
    lists: ReadingLists = NO_LISTS


Locate = Callable[[Path], ArchiveLocation]


def locate(folder: Path) -> ArchiveLocation:
    """Find the archive of `folder`: the nearest folder upwards with a pressmark.toml, or one that holds warc/.

    Reads only what an archive needs ([archive] dir and name, [db] url, PRESSMARK_DB__URL); the crawler's configuration
    checks the rest. Raises NotFound, ConfigError.
    """
    start = folder.resolve()
    for place in (start, *start.parents):
        if (place / CONFIG_NAME).is_file():
            return _configured(place)
    if (start / "warc").is_dir():
        return ArchiveLocation(start, _db_url(start, None), _name_of(start))
    raise no_archive(folder)


def no_archive(folder: Path) -> NotFound:
    """The complaint; with the archives below: who has just typed `pressmark init news` stands one folder too high."""
    below = sorted(path.parent.name for path in folder.glob(f"*/{CONFIG_NAME}"))[:6]
    others = f", or one of: {', '.join(below[1:])}" if below[1:] else ""
    hint = f"cd {below[0]}{others}" if below else "pressmark init, or name the folder: pressmark -C FOLDER …"
    return NotFound(f"no archive in {folder} or above it (no {CONFIG_NAME})", hint=hint)


def _configured(place: Path) -> ArchiveLocation:
    path = place / CONFIG_NAME
    try:
        config = parse_toml(path.read_text("utf-8-sig"))
    except TomlError as error:
        problem = f"{CONFIG_NAME}:{error.line}: {error}"
        raise ConfigError("1 problem", context=(problem,), hint="pressmark config check") from error
    except UnicodeDecodeError as error:
        problem = f"{CONFIG_NAME}: not UTF-8 text (byte {error.start}): save it as UTF-8"
        raise ConfigError("1 problem", context=(problem,), hint="pressmark config check") from error
    root = (place / str(_get(config, "archive", "dir") or ".")).resolve()
    name = str(_get(config, "archive", "name") or _name_of(root))
    return ArchiveLocation(root, _db_url(root, _get(config, "db", "url")), name, lists=_lists(place, config))


def _lists(place: Path, config: Mapping[str, Any]) -> ReadingLists:
    """The lists a configuration names, relative to its folder. Raises ConfigError for those that cannot be read."""
    found: dict[str, list[Path]] = {}
    for key in ("filters", "words"):
        configured = _get(config, "reading", key)
        found[key] = [place / str(name) for name in configured] if isinstance(configured, list) else []
    said = [f"reading.{key}: no file {path}" for key, paths in found.items() for path in paths if not path.is_file()]
    said += [f"reading.words: {path} is not UTF-8" for path in found["words"] if path.is_file() and not _is_utf8(path)]
    if said:
        context = tuple(f"{place / CONFIG_NAME}: {one}" for one in said)
        raise ConfigError(f"{len(said)} problem" + "s" * (len(said) > 1), context=context)
    return ReadingLists(**{key: tuple(str(path.resolve()) for path in paths) for key, paths in found.items()})


def _is_utf8(path: Path) -> bool:
    """A word in another charset would be looked for and never found."""
    try:
        path.read_text("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _get(config: Mapping[str, Any], table: str, key: str) -> Any:
    found = config.get(table)
    return found.get(key) if isinstance(found, dict) else None


def _db_url(root: Path, configured: Any) -> str:
    return str(os.environ.get("PRESSMARK_DB__URL") or configured or f"sqlite:///{root / CATALOG_NAME}")


def _name_of(root: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", root.name) or "archive"
