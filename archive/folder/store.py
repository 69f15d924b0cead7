"""Where an archive's files live. One folder today; the paths are relative and posix, so that any store can follow.

The layout is the one of docs/architecture: `warc/2026/11/22/NAME.warc.gz` (with `.open` behind it while it is
written), its index `NAME.cdxj` beside it, `records/2026/11/22/NAME.jsonl`, `runs/RUN.jsonl`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from archive.errors import NotFound, UsageError

WARC_SUFFIX = ".warc.gz"
OPEN_SUFFIX = ".open"  # a file that is being written, or was when its writer died
_WARC_SUFFIXES = (WARC_SUFFIX, ".warc")


class LocalStore:
    """The files under one local folder. Names are relative to it, with "/" between their parts."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def path(self, relative: str) -> Path:
        """Return the absolute path of a relative name. Raises UsageError for a name that leads outside the root."""
        parts = relative.split("/")
        if relative.startswith("/") or ".." in parts:
            raise UsageError(f'"{relative}" is not a name inside the archive {self.root}')
        return self.root.joinpath(*parts)

    def warc_path(self, moment: datetime, name: str) -> str:
        """Return "warc/2026/11/22/NAME.warc.gz" for the UTC day of `moment`."""
        return f"warc/{moment.astimezone(UTC):%Y/%m/%d}/{name}{WARC_SUFFIX}"

    def records_path_of(self, warc_file: str) -> str:
        """Return where the records read from `warc_file` are: "records/2026/11/22/NAME.jsonl"."""
        return "records/" + _stem(warc_file).removeprefix("warc/") + ".jsonl"

    def cdxj_path_of(self, warc_file: str) -> str:
        """Return the index beside a WARC file: "warc/2026/11/22/NAME.cdxj"."""
        return _stem(warc_file) + ".cdxj"

    def runs_path(self, run_id: str) -> str:
        """Return "runs/RUN.jsonl"."""
        return f"runs/{run_id}.jsonl"

    def find(self, warc_file: str) -> Path:
        """Return the existing file of that name, closed or still open. Raises NotFound.

        A writer may rename it between two looks: closed is tried first, then open, then closed once more.
        """
        closed = self.path(warc_file)
        opened = closed.with_name(closed.name + OPEN_SUFFIX)
        for candidate in (closed, opened, closed):
            if candidate.exists():
                return candidate
        raise NotFound(f"no WARC file {warc_file} in {self.root}")

    @property
    def is_empty(self) -> bool:
        """Whether no run has ever written here, and nothing was put here."""
        runs, files = self.root / "runs", self.root / "warc"
        return not any(runs.glob("*.jsonl")) and not any(files.rglob("*.warc*"))

    def warc_files(self, include_open: bool = False) -> list[str]:
        """Return the names of all WARC files, sorted; those still open under the name they will have."""
        found = {name for suffix in _WARC_SUFFIXES for name in self._below("warc", suffix)}
        return sorted(found | set(self.open_files())) if include_open else sorted(found)

    def open_files(self) -> list[str]:
        """Return the names, sorted and without ".open", of files that are written now or were left by a crash."""
        return sorted(name.removesuffix(OPEN_SUFFIX) for name in self._below("warc", WARC_SUFFIX + OPEN_SUFFIX))

    def _below(self, folder: str, suffix: str) -> list[str]:
        return [path.relative_to(self.root).as_posix() for path in (self.root / folder).rglob("*" + suffix)]


def files_below(folder: Path, suffixes: tuple[str, ...] = _WARC_SUFFIXES) -> list[Path]:
    """Return the WARC files in a folder of any layout, sorted. Raises NotFound where there is none."""
    found = sorted(path for path in folder.rglob("*") if path.name.lower().endswith(suffixes) and path.is_file())
    if not found:
        raise NotFound(f"no WARC files in {folder}", hint=f"names end in {', '.join(suffixes)}")
    return found


def _stem(warc_file: str) -> str:
    warc_file = warc_file.removesuffix(OPEN_SUFFIX)
    for suffix in _WARC_SUFFIXES:
        if warc_file.endswith(suffix):
            return warc_file.removesuffix(suffix)
    return warc_file
