"""The job: what a timer runs for one archive, with absolute paths, and the name it has on this machine. Pure but for
`job_of`, which looks at how this program was started.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

EVERY_MINUTES = 5
# Exit codes that say nothing against the next crawl, besides 0. 6: another run has the archive; 9, 12, 14, 15, 18:
# sites failed, or a limit was reached; 11: stopped cleanly.
FINE = (6, 9, 11, 12, 14, 15, 18)
ENVIRONMENT_FILE = "pressmark.env"
MARK = "# pressmark archive: "  # the line by which a unit or a crontab is known to be ours, and for which archive
WRITTEN_BY = "# Written by `pressmark schedule install`; `pressmark schedule remove` takes it away."


@dataclass(frozen=True, slots=True)
class Job:
    """What is run for an archive. `writes` are folders it has to write in; `user` is whose job it is (None: ours)."""

    name: str  # "pressmark-news"
    folder: Path
    command: tuple[str, ...]
    writes: tuple[Path, ...]
    user: str | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        return f"{MARK}{self.folder}"

    @property
    def environment_file(self) -> Path:
        """Where settings that are no one else's business stand: PRESSMARK_DB__URL=postgresql://…"""
        return self.folder / ENVIRONMENT_FILE

    @property
    def minute(self) -> int:
        """At which minutes of five: another one for each archive, so that those of a machine do not start together."""
        return int(_digest(self.folder), 16) % EVERY_MINUTES


def job_of(folder: Path, archive: str, writes: tuple[Path, ...], taken: Callable[[str], bool], user: str | None) -> Job:
    """The job of the archive in `folder`. `taken` says whether a name belongs to another archive on this machine."""
    folder = folder.resolve()
    name = f"pressmark-{re.sub(r'[^A-Za-z0-9_.-]+', '-', archive).strip('-.') or 'archive'}"
    if taken(name):
        name = f"{name}-{_digest(folder)[:6]}"
    program, environment = _program()
    command = (*program, "-C", str(folder), "--quiet", "--progress", "none", "crawl", "--due")
    return Job(name, folder, command, tuple(dict.fromkeys((folder, *writes))), user, environment)


def _digest(folder: Path) -> str:
    return hashlib.sha256(str(folder).encode()).hexdigest()


def _program() -> tuple[tuple[str, ...], dict[str, str]]:
    """How this program is started from anywhere: the script beside Python, or its module where it is not installed."""
    script = Path(sys.executable).with_name("pressmark")
    if script.is_file():
        return (str(script),), {}
    project = Path(__file__).resolve().parent.parent.parent
    return (sys.executable, "-m", "crawler.cli"), {"PYTHONPATH": str(project)}


def is_of(text: str, folder: Path) -> bool:
    """Whether a unit or crontab was written for the archive in `folder`."""
    return f"{MARK}{folder.resolve()}" in text.splitlines()
