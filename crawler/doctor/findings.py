"""What a check gives, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from crawler.config.config_file import Settings

Level = Literal["ok", "note", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` is a command, or what to do; None where there is nothing to do."""

    check: str
    level: Level
    says: str
    mend: str | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: the folder (None: none was found) with its settings (None: they cannot be read), and now."""

    folder: Path | None
    settings: Settings | None
    now: datetime


Check = Callable[[Patient], Iterator[Finding]]
