"""What every command is told: the global options, and the folder, settings and sources they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive.commands.shared import AsJson
from archive.errors import NotFound

if TYPE_CHECKING:
    from archive.model import Source
    from crawler.config.config_file import Settings

__all__ = [
    "SOURCES_FILE",
    "AsJson",
    "Globals",
    "SourceName",
    "folder_of",
    "globals_of",
    "installed_version",
    "settings_of",
    "sources_of",
]  # fmt: skip

SOURCES_FILE = "sources.toml"

SourceName = Annotated[str, typer.Argument(metavar="NAME", help="The source's name in sources.toml.")]


class Progress(StrEnum):
    auto = "auto"
    bar = "bar"
    plain = "plain"
    json = "json"
    none = "none"


@dataclass(frozen=True, slots=True)
class Globals:
    """The options before the command: `pressmark -C news -v crawl`."""

    folder: Path | None = None
    verbose: int = 0
    quiet: bool = False
    log_format: str | None = None
    progress: str = "auto"


def globals_of(context: typer.Context) -> Globals:
    """The global options, from any command."""
    found = context.find_root().obj
    return found if isinstance(found, Globals) else Globals()


def folder_of(context: typer.Context) -> Path:
    """The archive's folder: the nearest one with a pressmark.toml, from -C or from where we are. Raises NotFound."""
    from crawler.config.config_file import find_folder

    here = globals_of(context).folder or Path.cwd()
    try:
        return find_folder(here)
    except NotFound as error:
        if globals_of(context).folder is not None:
            error.hint = f"pressmark init {here}"
        raise


def settings_of(context: typer.Context, overrides: Mapping[str, object] | None = None) -> Settings:
    """The settings of the archive, with what the command line says over them. Raises NotFound, ConfigError."""
    from crawler.config.config_file import load_settings

    given: dict[str, object] = dict(overrides or {})
    given["log.format"] = globals_of(context).log_format
    return load_settings(folder_of(context), overrides=given)


def sources_of(context: typer.Context) -> tuple[Source, ...]:
    """The sources of the archive; none where there is no sources.toml yet. Raises NotFound, ConfigError."""
    from crawler.config.config_file import load_sources

    path = folder_of(context) / SOURCES_FILE
    return load_sources(path) if path.exists() else ()


def installed_version() -> str:
    """The version of the installed package; "0 (not installed)" where it runs from a bare folder."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pressmark")
    except PackageNotFoundError:
        return "0 (not installed)"
