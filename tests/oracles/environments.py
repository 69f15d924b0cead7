"""Throw-away environments: one for each tool, so that neither its licence nor its dependencies touch ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOREIGN = Path(__file__).resolve().parent / "foreign"
_SECONDS = 600


class ToolFailed(Exception):
    """A tool ended in another way than it should; the message has its last words."""


@dataclass(frozen=True)
class Environment:
    """A folder with a tool in it. `python` is its interpreter, `programs` where its commands are."""

    folder: Path
    packages: str  # as installed, with versions

    @property
    def programs(self) -> Path:
        return self.folder / "bin"

    def run(self, *command: str | Path, cwd: Path | None = None, codes: Sequence[int] = (0,)) -> str:
        """Run one of its commands and return what it printed. Raises ToolFailed for another exit code."""
        program = [str(self.programs / command[0]), *map(str, command[1:])]
        return run(program, cwd or self.folder, codes)


def run(command: Sequence[str], cwd: Path, codes: Sequence[int] = (0,)) -> str:
    """Run a command and return its output. Raises ToolFailed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode not in codes:
        raise ToolFailed(f"{' '.join(command)[:200]} gave {done.returncode}: {(done.stderr or done.stdout)[-600:]}")
    return done.stdout


def python_environment(root: Path, name: str, *packages: str) -> Environment:
    """A fresh virtual environment with these packages from PyPI; one that is in `root` already is taken as it is."""
    folder = root / name
    if not (folder / "ready").exists():
        run([sys.executable, "-m", "venv", "--clear", str(folder)], root)
        run([str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", *packages], root)
        (folder / "ready").touch()
    listed = run([str(folder / "bin/pip"), "--disable-pip-version-check", "list", "--format=freeze"], root)
    versions = dict(line.lower().replace("_", "-").split("==", 1) for line in listed.splitlines() if "==" in line)
    return Environment(folder, ", ".join(f"{one} {versions.get(one.lower(), '?')}" for one in packages))


def node_environment(root: Path, name: str, package: str) -> Environment | None:
    """The same with a package from npm; None where there is no Node.js."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    folder = root / name
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", package], folder)
        (folder / "bin").mkdir(exist_ok=True)
        (folder / "ready").touch()
    for script in FOREIGN.glob("*.mjs"):  # Node looks for packages beside the script
        shutil.copy(script, folder)
    version = run(["node", "-p", f"require('./node_modules/{package}/package.json').version"], folder).strip()
    return Environment(folder, f"{package} {version}")
