"""`pressmark schedule run`: one process that lives for years and starts a crawl whenever something is due.

A crawl is a child process, `pressmark crawl --due`: Twisted's reactor runs once in a process, and whatever a crawl does
to its memory ends with it. The worker writes nothing of the archive but its own row, so kill -9 of it harms nothing:
its child ends by itself, and the next worker goes on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from archive.archive import Archive, open_archive
from archive.catalog import runs
from archive.errors import ConfigError, PressmarkError
from archive.folder.location import ArchiveLocation
from archive.folder.lock import WORKER_LOCK_NAME, ArchiveLock
from archive.model import Run, Source
from archive.runs.runlog import RunLog, end_line, run_line
from archive.times import rfc3339, utc_now
from crawler.config.config_file import Settings, load_sources
from crawler.crawl.rows import new_run, write_row
from crawler.schedule.due import Due, due_now
from crawler.timers.job import FINE

if TYPE_CHECKING:
    from types import FrameType

COMMAND = "pressmark schedule run"
_LOOK_SECONDS = 60.0  # at most: sources.toml may have been edited, or another process may have crawled
_BEAT_SECONDS = 30.0
_FIRST_BACKOFF, _LONGEST_BACKOFF = 60.0, 3600.0


def backoff_seconds(failures: int) -> float:
    """How long to wait after so many failed children in a row: a minute, two, four … an hour. Pure."""
    return min(_FIRST_BACKOFF * 2.0 ** min(failures - 1, 20), _LONGEST_BACKOFF) if failures else 0.0


@dataclass(slots=True)
class Child:
    """A crawl that was started: what was due for it, and how it ended."""

    due: Due
    process: subprocess.Popen[bytes]
    started: float
    signalled: int = 0


class Worker:
    """See the module. `say` prints a line for people; tests pass shorter waits."""

    def __init__(
        self,
        folder: Path,
        location: ArchiveLocation,
        settings: Settings,
        *,
        say: Callable[[str], None],
        look_seconds: float = _LOOK_SECONDS,
        first_backoff: float = _FIRST_BACKOFF,
    ) -> None:
        self._folder, self._location, self._settings, self._say = folder, location, settings, say
        self._look_seconds, self._backoff_scale = look_seconds, first_backoff / _FIRST_BACKOFF
        self._wake = threading.Event()
        self._signals = 0
        self._failures = 0
        self._sources: tuple[Source, ...] = ()
        self._complaint = ""
        self._done_since: Mapping[str, datetime] = {}
        self._beaten = 0.0
        self.run = new_run(settings, self.clock(), kind="schedule", command=COMMAND)

    @staticmethod
    def clock() -> datetime:
        return utc_now()

    def work(self) -> None:
        """Go on until SIGTERM or SIGINT; the second one ends a running crawl at once. Raises ArchiveLocked."""
        root = self._location.root
        lock = ArchiveLock(root, command=COMMAND, started=self.clock(), run=self.run.run_id, name=WORKER_LOCK_NAME)
        with lock, open_archive(self._location, create=True) as archive:
            self._log = RunLog(archive.store.path(archive.store.runs_path(self.run.run_id)))
            before = [signal.signal(one, self._stop) for one in (signal.SIGTERM, signal.SIGINT)]
            try:
                self._begin(archive)
                while not self._signals:
                    self._turn(archive)
            finally:
                self._end(archive)
                for one, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
                    signal.signal(one, handler)

    # -- one turn: look, crawl, wait

    def _turn(self, archive: Archive) -> None:
        try:
            due = due_now(archive, self._read_sources(), self.clock())
            self._beat(archive)
        except PressmarkError as error:  # the database is away, or the disk is full: it may come back
            self._failed(None, f"{error.code}: {error.message}")
            self._rest(self._backoff())
            return
        fresh = {name: at for name, at in due.since.items() if self._done_since.get(name) != at}
        if not fresh:  # nothing, or only what the last crawl could not take: it is looked at again a little later
            self._done_since = {}
            self._rest(self._look_seconds if due.sources else self._seconds_to(due.next_at))
            return
        self._crawl(archive, due)
        self._done_since = due.since
        self._rest(self._backoff())

    def _read_sources(self) -> tuple[Source, ...]:
        """The sources as they stand now; while sources.toml has mistakes, as they were."""
        try:
            self._sources = load_sources(self._folder / "sources.toml")
            self._complaint = ""
        except ConfigError as error:
            complaint = "; ".join(error.context) or error.message
            if complaint != self._complaint:
                self._complaint = complaint
                self._note("config", f"sources.toml is as it was before: {complaint}")
        return self._sources

    def _crawl(self, archive: Archive, due: Due) -> None:
        command = [sys.executable, "-m", "crawler.cli", "-C", str(self._folder), "--quiet", "--progress", "none"]
        # A session of its own: Ctrl-C in a terminal reaches only us, and we ask the crawl to stop, once.
        process = subprocess.Popen([*command, "crawl", "--due"], start_new_session=True, env=_environment())
        child = Child(due, process, monotonic())
        names = ", ".join(source.name for source in due.sources)
        self._note("started", f"crawling what is due of {names}", pid=process.pid, sources=sorted(due.since))
        while process.poll() is None:
            self._wake.wait(1.0)
            self._wake.clear()
            self._pass_on(child)
            if monotonic() - self._beaten > _BEAT_SECONDS:
                self._beat(archive)
        self._judge(archive, child)

    def _pass_on(self, child: Child) -> None:
        while child.signalled < min(self._signals, 2):
            child.signalled += 1
            child.process.send_signal(signal.SIGTERM)

    def _judge(self, archive: Archive, child: Child) -> None:
        code, seconds = child.process.returncode, round(monotonic() - child.started, 1)
        if code in (0, *FINE) or self._signals:
            self._failures = 0
            words = self._ended_in_words(archive, child.process.pid, code, seconds)
            self._note("ended", words, pid=child.process.pid, exit_code=code, seconds=seconds)
            return
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        self._failed(archive, f"pressmark crawl --due ended with {how} after {seconds:g} s", child.process.pid, code)

    def _ended_in_words(self, archive: Archive, pid: int, code: int, seconds: float) -> str:
        try:
            run = self._crawl_of(archive, pid)
        except PressmarkError as error:
            return f"ended after {seconds:g} s; {error.message}"
        if run is None:
            return "nothing was crawled: another run had the archive, or had done it"
        return f"crawled in {seconds:g} s" + (f", exit code {code}: pressmark run show {run.run_id}" if code else "")

    @staticmethod
    def _crawl_of(archive: Archive, pid: int) -> Run | None:
        newest = runs.list_runs(archive.catalog, limit=5, kind="crawl")
        return next((run for run in newest if run.pid == pid), None)

    def _failed(self, archive: Archive | None, what: str, pid: int | None = None, code: int | None = None) -> None:
        """Write the failure down; a child that came as far as a run of its own has a row already."""
        self._failures += 1
        words = f"{what}; tried again after {self._backoff():g} s"
        self._note("failed", words, pid=pid, exit_code=code)
        if archive is None:
            return
        try:
            if pid is None or self._crawl_of(archive, pid) is None:
                row = new_run(self._settings, self.clock(), kind="skipped", command="pressmark crawl --due")
                write_row(archive, row, words, code)
        except PressmarkError as error:
            self._note("failed", f"{error.code}: {error.message}")

    # -- waiting

    def _backoff(self) -> float:
        return backoff_seconds(self._failures) * self._backoff_scale

    def _seconds_to(self, at: datetime | None) -> float:
        if at is None:
            return self._look_seconds
        return min(max((at - self.clock()).total_seconds(), 0.2), self._look_seconds)

    def _rest(self, seconds: float) -> None:
        until = monotonic() + seconds
        while not self._signals and (left := until - monotonic()) > 0:
            self._wake.wait(min(left, _BEAT_SECONDS))
            self._wake.clear()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self._wake.set()

    # -- the worker's own row

    def _begin(self, archive: Archive) -> None:
        self._log.append(run_line(self.run))
        with archive.catalog.transaction() as connection:
            runs.open_run(connection, self.run)
        self._say(f"looking after {self._folder}, pid {os.getpid()}; Ctrl-C stops")

    def _beat(self, archive: Archive) -> None:
        self._beaten = monotonic()
        try:
            with archive.catalog.transaction() as connection:
                runs.heartbeat(connection, self.run.run_id, self.clock())
        except PressmarkError as error:
            self._note("failed", f"{error.code}: {error.message}")

    def _note(self, what: str, words: str, **more: Any) -> None:
        self._say(words)
        self._log.append({"type": what, "at": rfc3339(self.clock()), "words": words, **more})

    def _end(self, archive: Archive) -> None:
        now = self.clock()
        ended = replace(self.run, ended_at=now, exit_code=0, reason="stopped")
        self._log.append(end_line(ended))
        self._log.close()
        with archive.catalog.transaction() as connection:
            runs.close_run(connection, ended.run_id, now, exit_code=0, reason=ended.reason)
        self._say("stopped")


def _environment() -> dict[str, str]:
    """Where this program runs from a bare folder, its child has to find it from anywhere."""
    project = str(Path(__file__).resolve().parent.parent.parent)
    known = os.environ.get("PYTHONPATH", "")
    path = known if project in known.split(os.pathsep) else os.pathsep.join(filter(None, (project, known)))
    return {**os.environ, "PYTHONPATH": path}
