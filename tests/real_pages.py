"""Real publications on loopback: `serve_pages.py` of the shared bench, in a process of its own, for tests that have it.

The bench lies beside the project (`../shared/bench`) or where PRESSMARK_BENCH says; it is no part of the distribution.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BENCH = Path(os.environ.get("PRESSMARK_BENCH", PROJECT.parent / "shared" / "bench"))
SERVER = BENCH / "crawl" / "serve_pages.py"


@dataclass(frozen=True)
class Served:
    url: str
    status: int
    size_bytes: int
    sha256: str
    page: str | None


class RealPages:
    """The server, while the `with` block runs. `served()` is its log."""

    def __init__(self, folder: Path, *, publications: int = 30, limit: int = 300) -> None:
        self.folder = folder
        self.sources = folder / "sources-of-server.toml"
        self._log = folder / "served.jsonl"
        self.port = _free_port()
        self._command = [sys.executable, str(SERVER), "--data", str(BENCH / "extraction"), "--port", str(self.port),
                         "--publications", str(publications), "--limit", str(limit),
                         "--log", str(self._log), "--sources", str(self.sources)]  # fmt: skip

    def __enter__(self) -> RealPages:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        found = re.match(r"serving (\d+) pages", said)
        if found is None:
            raise RuntimeError(f"serve_pages.py did not start: {said!r}")
        self.pages = int(found[1])
        threading.Thread(target=self._process.stdout.read, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def served(self) -> list[Served]:
        with self._log.open() as lines:
            rows = [json.loads(line) for line in lines]
        return [Served(row["url"], row["status"], row["bytes"], row["sha256"], row["page"]) for row in rows]


def archive_for(sources: Path, folder: Path, *, db_url: str | None = None) -> Path:
    """Make an archive that crawls these sources; addresses on loopback are allowed explicitly."""
    folder.mkdir(parents=True)
    database = f'[db]\nurl = "{db_url}"\n' if db_url else ""
    (folder / "pressmark.toml").write_text(
        '[crawl]\ncontact = "desk@example.org"\nallow_private = true\ndisk_min_free = "1MB"\n' + database
    )
    (folder / "sources.toml").write_text(sources.read_text())
    return folder


def pressmark(
    archive: Path, *arguments: str, check: bool = True, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    done = subprocess.run(
        command_line(archive, *arguments), cwd=PROJECT, capture_output=True, text=True, timeout=timeout
    )
    if check and done.returncode != 0:
        raise AssertionError(f"pressmark {' '.join(arguments)} gave {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


def command_line(archive: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "crawler.cli", "-C", str(archive), *arguments]


def records(archive: Path) -> Iterator[dict[str, object]]:
    """Every record of the archive, from the files alone."""
    for path in sorted(archive.glob("records/**/*.jsonl")):
        with path.open() as lines:
            yield from map(json.loads, lines)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
