"""pressmark.toml: found, read, checked, made. Every problem is told at once, with its line and what was meant.

The order is command line > environment (PRESSMARK_DB__URL) > pressmark.toml > default. For sources.toml see
crawler.config.sources_file and crawler.config.sources_edit; the keys of both are in crawler.config.values.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from archive.errors import ConfigError, UsageError, cannot_write
from archive.folder.location import locate, no_archive
from archive.toml import TomlError
from crawler.config.check import Toml, complaints, did_you_mean, read_toml
from crawler.config.sources_edit import add_source, remove_source, set_paused
from crawler.config.sources_file import check_sources, config_error, find_source, load_sources
from crawler.config.values import DefaultsEntry, Settings, SourcesFile

__all__ = [
    "Settings",
    "add_source",
    "check_config",
    "config_schema",
    "find_folder",
    "find_source",
    "init_folder",
    "load_settings",
    "load_sources",
    "remove_source",
    "set_paused",
]
SETTINGS_FILE = "pressmark.toml"
SOURCES_FILE = "sources.toml"
_OF_SOURCES = dict.fromkeys(DefaultsEntry.model_fields, "sources.toml, in [defaults] or a [[source]]")
FOLDERS = ("warc", "records", "runs")
_ENV_PREFIX = "PRESSMARK_"
_KEYS = tuple(
    f"{section}.{key}"
    for section, field in Settings.model_fields.items()
    for key in field.annotation.model_fields  # type: ignore[union-attr]
)


def find_folder(start: Path) -> Path:
    """Return the nearest folder, `start` or above it, that has a pressmark.toml. Raises NotFound."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    raise no_archive(start)


def load_settings(
    folder: Path, env: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Return the settings of an archive's folder; a folder without pressmark.toml has the defaults.

    `env` defaults to the process's. `overrides` are dotted keys of the command line ("crawl.concurrency": 4); None
    means "not given". Raises ConfigError with all problems in `context`.
    """
    settings, problems = _settings(folder, os.environ if env is None else env, overrides or {})
    if settings is None or problems:
        raise config_error(problems)
    return settings


def check_config(folder: Path, env: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return all problems of pressmark.toml, the environment and sources.toml: what `config check` prints."""
    _, problems = _settings(folder, os.environ if env is None else env, {})
    sources = folder / SOURCES_FILE
    return (*problems, *_missing_lists(folder, problems), *(check_sources(sources) if sources.exists() else ()))


def _missing_lists(folder: Path, problems: Sequence[str]) -> tuple[str, ...]:
    """The filter lists that are named and not there; nothing where the file cannot be read anyway."""
    if problems or not (folder / SETTINGS_FILE).is_file():
        return ()
    try:
        locate(folder)
    except ConfigError as error:
        return error.context
    return ()


def config_schema() -> dict[str, dict[str, Any]]:
    """The JSON Schemas of both files, by file name."""
    return {SETTINGS_FILE: Settings.model_json_schema(), SOURCES_FILE: SourcesFile.model_json_schema()}


# -- reading


def _settings(
    folder: Path, env: Mapping[str, str], overrides: Mapping[str, object]
) -> tuple[Settings | None, tuple[str, ...]]:
    problems: list[str] = []
    toml = _file(folder / SETTINGS_FILE, problems)
    merged: dict[str, Any] = json.loads(json.dumps(toml.data, default=str))
    origins: dict[str, str] = {}
    for section, values in merged.items():
        if isinstance(values, dict):
            origins |= {f"{section}.{key}": _at(toml, (section, key)) for key in values}
    for name, value in sorted(env.items()):
        key = _env_key(name)
        if key is None:
            continue
        if key not in _KEYS:
            problems.append(f'environment: unknown variable "{name}"{did_you_mean(name, _env_names())}')
            continue
        _put(merged, origins, key, value, name)
    for key, given in overrides.items():
        if given is not None:
            _put(merged, origins, key, given, "command line")
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        found = complaints(error, Settings, _named, _OF_SOURCES)
        for complaint in sorted(found, key=lambda complaint: toml.line(complaint.path) or 0):
            origin = origins.get(".".join(map(str, complaint.path[:2])))
            problems.append(f"{origin or _at(toml, complaint.path)}: {complaint.message}")
        return None, tuple(problems)
    settings._origins = origins
    return settings, tuple(problems)


def _file(path: Path, problems: list[str]) -> Toml:
    try:
        return read_toml(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return Toml({}, {})
    except TomlError as error:
        problems.append(f"{path.name}:{error.line}: {error}")
    except UnicodeDecodeError as error:
        problems.append(f"{path.name}: not UTF-8 text (byte {error.start}): save it as UTF-8")
    except OSError as error:
        problems.append(f"{path.name}: cannot be read ({error.strerror})")
    return Toml({}, {})


def _put(merged: dict[str, Any], origins: dict[str, str], key: str, value: object, origin: str) -> None:
    section, _, name = key.partition(".")
    if not isinstance(merged.get(section, {}), dict):
        return  # the file's own mistake is told by validation
    merged.setdefault(section, {})[name] = value
    origins[key] = origin


def _env_key(name: str) -> str | None:
    """ "PRESSMARK_DB__URL" is "db.url"; other variables, also ours without "__", are no settings."""
    if not name.startswith(_ENV_PREFIX) or "__" not in name:
        return None
    return name.removeprefix(_ENV_PREFIX).lower().replace("__", ".")


def _env_names() -> list[str]:
    return [_ENV_PREFIX + key.upper().replace(".", "__") for key in _KEYS]


def _named(path: tuple[str | int, ...]) -> str:
    if len(path) == 1:
        return f"[{path[0]}]"
    return ".".join(map(str, path))


def _at(toml: Toml, path: tuple[str | int, ...]) -> str:
    line = toml.line(path)
    return f"{SETTINGS_FILE}:{line}" if line else SETTINGS_FILE


# -- making


def init_folder(folder: Path, contact: str | None = None, db_url: str | None = None) -> tuple[Path, ...]:
    """Make an archive's folder: both files with their comments, and the folders. Returns what was made.

    Raises UsageError where there is an archive already, DiskFull where nothing can be written.
    """
    if (folder / SETTINGS_FILE).exists():
        raise UsageError(f"{folder} is an archive already", hint=f"pressmark -C {folder} source add URL")
    made: list[Path] = []
    try:
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
            made.append(folder / name)
        texts = {SETTINGS_FILE: _settings_text(contact, db_url), SOURCES_FILE: SOURCES_TEXT, "scrapy.cfg": SCRAPY_TEXT}
        for name, text in texts.items():
            path = folder / name
            if not path.exists():  # a sources.toml brought along is taken as it is
                path.write_text(text, "utf-8")
                made.append(path)
    except OSError as error:
        raise cannot_write(f"write to {folder}", error, hint="choose a folder you may write to") from error
    return tuple(made)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML basic string


def _settings_text(contact: str | None, db_url: str | None) -> str:
    contact_line = f"contact = {_quoted(contact)}" if contact else '# contact = "you@example.org"'
    url_line = f"url = {_quoted(db_url)}" if db_url else '# url = "postgresql://user@host/news"'
    return SETTINGS_TEXT.replace("@CONTACT@", contact_line).replace("@URL@", url_line)


SETTINGS_TEXT = """\
# Pressmark's settings. Lines that begin with "#" show the default.
# The environment (PRESSMARK_CRAWL__CONCURRENCY=4) and the command line win over this file;
# `pressmark config show --origin` tells where each value came from.

[archive]
# rollover = "1GB"            # a WARC file is closed at this size
# dedup = "revisit"           # a payload we hold already becomes a revisit record; "none" keeps it again

[db]                          # the catalog: can be rebuilt from the files at any time
@URL@

[crawl]
@CONTACT@
# user_agent = "Pressmark/0.1 (+you@example.org)"
# concurrency = 16            # requests at once, over all hosts; one at a time on each
# timeout = "60s"
# retries = 2                 # after the first attempt
# retry_wait = "10s"          # before the first of them; four times as long before each next
# max_size = "50MB"           # a larger response is cut there, and marked as cut
# disk_min_free = "2GB"       # a run stops when less is free
# allow_private = false       # addresses that are not public are refused
# proxy = "http://proxy.example:3128"

[reading]
# workers = 2                 # processes that read pages; default: one per core, less one
# filters = ["easylist.txt"]  # lists in EasyList's syntax; what they hide is labelled "ad"
# words = ["words.txt"]       # lists of your own, a term a line; a page with one is "suspect", its text stays

[serve]
# port = 8400

[log]
# level = "info"
# format = "text"             # or "json"

[alerts]                      # told once when a source is not as usual, and once when it is again
# webhook = "https://chat.example/hooks/..."
# command = "logger -t pressmark"
# mail_to = ["you@example.org"]
# smtp = "smtp://user:password@mail.example:587"
# heartbeat = "https://watch.example/ping/..."  # asked after each crawl that ended well
"""

SCRAPY_TEXT = """\
# Lets Scrapy's own commands work here: scrapy list, scrapy crawl news -a source=NAME, scrapy shell URL
[settings]
default = crawler.settings
"""

SOURCES_TEXT = """\
# What to crawl. `pressmark source add URL` writes here; `pressmark config check` checks it.

[defaults]
schedule = "every 1h"         # "every 30m" | "daily 06:00" | "adaptive" | cron "*/15 * * * *" | "manual"
delay = 2.0                   # seconds between requests to one host; a larger Crawl-delay wins
# languages = ["de"]          # keep only these; empty keeps all

# [[source]]
# name = "example-news"
# kind = "auto"               # auto | feed | sitemap | section | crawl | urls
# url  = "https://www.example-news.org/"
"""
