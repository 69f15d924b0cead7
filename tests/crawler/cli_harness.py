"""Running `pressmark` as a person does: in a folder, with words; what it printed, and its exit code."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.cli import main
from tests.crawler.forked import run_forked

_MAIN = "import sys; from crawler.cli import main; sys.exit(main(sys.argv[1:]))"
PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err

    def json(self) -> Any:
        return json.loads(self.out)


def pressmark(folder: Path, *words: str) -> Said:
    """Run a command in this process, standing in `folder`."""
    out, err = io.StringIO(), io.StringIO()
    with _standing_in(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(words))
    return Said(code, out.getvalue(), err.getvalue())


def in_a_process(folder: Path, *words: str, **environment: str) -> Said:
    """Run a command in a process of its own, which begins with everything loaded (tests/crawler/forked.py)."""
    return as_program(folder, _MAIN, *words, **environment)


def as_program(folder: Path, program: str, *words: str, **environment: str) -> Said:
    """Run Python code that way: `python -c PROGRAM WORDS`."""
    if sys.platform != "linux":  # elsewhere a process that has loaded libraries may not be forked
        return _started(folder, ["-c", program, *words], environment)
    done = run_forked(folder, program, words, process_environment(**environment), 100)
    return Said(done.returncode, done.stdout, done.stderr)


def as_typed(folder: Path, *words: str, **environment: str) -> Said:
    """Run a command as the shell does."""
    return _started(folder, ["-m", "crawler.cli", *words], environment)


def _started(folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> Said:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=process_environment(**environment),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def process_environment(**more: str) -> dict[str, str]:
    """The environment of a process that runs this very code from any folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRESSMARK_")}
    return {**kept, "PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "utf-8", **more}


@contextlib.contextmanager
def _standing_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def new_archive(folder: Path, sources: str = "", settings: str = "") -> Path:
    """An archive made by `pressmark init`, with more appended to its two files."""
    said = pressmark(folder, "init", "news", "--contact", "desk@example.org")
    assert said.code == 0, said.all
    made = folder / "news"
    if settings:  # tables are there already, so settings come as whole files
        (made / "pressmark.toml").write_text(settings, "utf-8")
    if sources:
        (made / "sources.toml").write_text(sources, "utf-8")
    return made


READ_HERE = "[reading]\nworkers = 0\n"  # where it is no matter which process reads: starting one takes a second
LOOPBACK = '[crawl]\nallow_private = true\ncontact = "desk@example.org"\ntimeout = "5s"\n'
NO_DELAY = '[defaults]\nschedule = "manual"\ndelay = 0.0\n\n'
