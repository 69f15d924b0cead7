"""Writing timers where the machine looks for them, and taking them away: the doing part.

A `Place` is one of four: units of the system or of a user, /etc/cron.d, or a user's crontab. Each can say what it
would write (`texts`), write it, say whether it holds something for an archive, and take that away.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from archive.errors import MissingExtra, NotFound, UsageError
from crawler.timers import cron, systemd
from crawler.timers.job import Job, is_of

_SYSTEM_UNITS = Path("/etc/systemd/system")
_CRON_D = Path("/etc/cron.d")


class Place(Protocol):
    """Where a timer can stand. `title` names it for people; `private`: its jobs run as the user we are."""

    @property
    def title(self) -> str: ...

    @property
    def private(self) -> bool: ...

    def texts(self, job: Job) -> Mapping[str, str]:
        """What would be written, by the path or the command that takes it."""
        ...

    def write(self, job: Job) -> list[str]:
        """Write and start it; return what a person has to do or know still. Raises UsageError, MissingExtra."""
        ...

    def remove(self, folder: Path) -> list[str]:
        """Take away what stands here for an archive; return the paths (none: there was nothing)."""
        ...

    def holds(self, folder: Path) -> str | None:
        """Where the timer of an archive stands here; None where there is none."""
        ...

    def is_taken(self, name: str, folder: Path) -> bool:
        """Whether a name belongs to another archive's timer here."""
        ...


@dataclass(frozen=True, slots=True)
class Units:
    """systemd units, of the system or of the user we are."""

    system: bool

    @property
    def title(self) -> str:
        return f"systemd timer of the {'system' if self.system else 'user'}"

    @property
    def private(self) -> bool:
        return not self.system

    @property
    def folder(self) -> Path:
        if self.system:
            return _SYSTEM_UNITS
        return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"

    def texts(self, job: Job) -> Mapping[str, str]:
        return {
            str(self.folder / f"{job.name}.service"): systemd.service(job, system=self.system),
            str(self.folder / f"{job.name}.timer"): systemd.timer(job),
        }

    def write(self, job: Job) -> list[str]:
        for path, text in self.texts(job).items():
            _put(Path(path), text)
        failed = self._systemctl("daemon-reload") or self._systemctl("enable", "--now", f"{job.name}.timer")
        todo = []
        if failed:
            todo.append(
                f"systemctl did not take it ({failed}); later: {' '.join(self._command)} enable --now {job.name}.timer"
            )
        elif not self.system and not _lingers():
            todo.append(f"it stops when you log out; to keep it going: loginctl enable-linger {_user()}")
        return todo

    def remove(self, folder: Path) -> list[str]:
        found = list(self._ours(folder))
        for path in found:
            if path.suffix == ".timer":
                self._systemctl("disable", "--now", path.name)
        for path in found:
            path.unlink(missing_ok=True)
        if found:
            self._systemctl("daemon-reload")
        return [str(path) for path in found]

    def holds(self, folder: Path) -> str | None:
        return next((str(path) for path in self._ours(folder) if path.suffix == ".timer"), None)

    def is_taken(self, name: str, folder: Path) -> bool:
        path = self.folder / f"{name}.timer"
        return path.is_file() and not is_of(_text(path), folder)

    def _ours(self, folder: Path) -> Iterator[Path]:
        for path in sorted(self.folder.glob("pressmark-*")):
            if path.suffix in (".timer", ".service") and path.is_file() and is_of(_text(path), folder):
                yield path

    @property
    def _command(self) -> tuple[str, ...]:
        return ("systemctl",) if self.system else ("systemctl", "--user")

    def _systemctl(self, *words: str) -> str | None:
        """Run systemctl; return why it failed, or None."""
        if shutil.which("systemctl") is None:
            return "there is no systemctl here"
        done = subprocess.run([*self._command, *words], capture_output=True, text=True, check=False, timeout=60)
        return None if done.returncode == 0 else " ".join(done.stderr.split()) or f"exit code {done.returncode}"


@dataclass(frozen=True, slots=True)
class CronFile:
    """A file in /etc/cron.d."""

    title: str = "/etc/cron.d"
    private: bool = False

    def texts(self, job: Job) -> Mapping[str, str]:
        return {str(self._path(job.name)): cron.entry(job, user_field=True)}

    def write(self, job: Job) -> list[str]:
        for path, text in self.texts(job).items():
            _put(Path(path), text)
        return []

    def remove(self, folder: Path) -> list[str]:
        found = self._ours(folder)
        for path in found:
            path.unlink(missing_ok=True)
        return [str(path) for path in found]

    def holds(self, folder: Path) -> str | None:
        return next((str(path) for path in self._ours(folder)), None)

    def is_taken(self, name: str, folder: Path) -> bool:
        path = self._path(name)
        return path.is_file() and not is_of(_text(path), folder)

    @staticmethod
    def _path(name: str) -> Path:
        return _CRON_D / name.replace(".", "-")  # cron reads no file with a dot in its name

    @staticmethod
    def _ours(folder: Path) -> list[Path]:
        return [path for path in sorted(_CRON_D.glob("pressmark-*")) if is_of(_text(path), folder)]


@dataclass(frozen=True, slots=True)
class Crontab:
    """The crontab of the user we are."""

    title: str = "crontab of the user"
    private: bool = True

    def texts(self, job: Job) -> Mapping[str, str]:
        return {"crontab -": cron.entry(job)}

    def write(self, job: Job) -> list[str]:
        self._put(cron.with_entry(self._current(), job))
        return []

    def remove(self, folder: Path) -> list[str]:
        before = self._current()
        if not is_of(before, folder):
            return []
        self._put(cron.without_entry(before, folder))
        return ["crontab"]

    def holds(self, folder: Path) -> str | None:
        return "crontab" if is_of(self._current(), folder) else None

    def is_taken(self, name: str, folder: Path) -> bool:
        return False  # entries have no names

    @staticmethod
    def _current() -> str:
        """The crontab as it is; "" where there is none, or no cron."""
        if shutil.which("crontab") is None:
            return ""
        done = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False, timeout=60)
        return done.stdout if done.returncode == 0 else ""

    @staticmethod
    def _put(text: str) -> None:
        if shutil.which("crontab") is None:
            raise MissingExtra("there is no cron here", hint="pressmark schedule run, or schedule install --systemd")
        done = subprocess.run(["crontab", "-"], input=text, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise UsageError(f"crontab refuses the entry: {' '.join(done.stderr.split())}")


def place_of(*, use_systemd: bool | None, system: bool | None) -> Place:
    """The place that was asked for; what was not said is found out: systemd where it runs, the system's as root."""
    if system is None:
        system = os.geteuid() == 0
    if use_systemd is None:
        use_systemd = Path("/run/systemd/system").is_dir()
        if not use_systemd and shutil.which("crontab") is None:
            raise NotFound(
                "neither systemd nor cron runs here", hint="pressmark schedule run, or say --systemd or --cron"
            )
    return Units(system) if use_systemd else CronFile() if system else Crontab()


def all_places() -> Sequence[Place]:
    """Everywhere a timer may stand."""
    return (Units(True), Units(False), CronFile(), Crontab())


def owner_of(folder: Path) -> str:
    """Whose the folder is: as whom a job of the system runs, so that its files stay theirs."""
    uid = folder.stat().st_uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def _lingers() -> bool:
    return (Path("/var/lib/systemd/linger") / _user()).exists()


def _put(path: Path, text: str) -> None:
    """Write a file so that no half of it is ever seen."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.new")
        draft.write_text(text, "utf-8")
        draft.chmod(0o644)
        draft.replace(path)
    except PermissionError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="as root, or --user") from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
