"""Keeping what a cloaking check saw: a run of its own, every exchange in the WARC with the guise it was asked in."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from archive.archive import open_archive, writing
from archive.catalog import archives, captures, runs
from archive.folder.location import ArchiveLocation
from archive.model import Capture, Exchange
from archive.recovery.left_behind import recover
from archive.runs.runlog import RunLog, end_line, run_line
from archive.times import utc_now
from archive.warc.writer import WarcInfo, WarcWriter
from crawler.crawl.rows import new_run
from crawler.identity import software

if TYPE_CHECKING:
    from crawler.config.config_file import Settings
    from crawler.looks.cloak import Guise


class CloakKeeper:
    """Use as a context manager; `keep` writes an exchange. `files` and `kept` say what was written, after the end."""

    def __init__(self, location: ArchiveLocation, settings: Settings, source: str) -> None:
        self._location, self._settings, self._source = location, settings, source
        self._open = ExitStack()
        self._captures: list[Capture] = []
        self.files: list[str] = []

    @property
    def kept(self) -> int:
        return len(self._captures)

    def __enter__(self) -> CloakKeeper:
        command = f"pressmark source test {self._source} --cloak"
        self._run = new_run(self._settings, utc_now(), kind="cloak", command=command)
        with ExitStack() as stack:
            lock = writing(self._location.root, command=command, now=utc_now(), run=self._run.run_id)
            stack.enter_context(lock)
            self._archive = stack.enter_context(open_archive(self._location, create=True))
            recover(self._archive, utc_now())
            self._log = RunLog(self._archive.store.path(self._archive.store.runs_path(self._run.run_id)))
            self._log.append(run_line(self._run))
            with self._archive.catalog.transaction() as conn:
                archives.register(conn, self._archive.name, str(self._archive.root), utc_now())
                runs.open_run(conn, self._run)
            settings = self._settings
            info = WarcInfo(
                self._archive.name, self._run.run_id, software(), settings.crawl.contact, self._run.settings_digest
            )
            self._writer = WarcWriter(self._archive.store, info, clock=utc_now)
            self._open = stack.pop_all()
        return self

    def keep(self, guise: Guise, exchange: Exchange) -> None:
        """Write an exchange. Raises DiskFull."""
        capture = self._writer.write(exchange, metadata=[("guise", guise)], source=self._source)
        if capture is not None:
            self._captures.append(capture)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open:
            self.files = self._writer.close()
            ended = utc_now()
            counts = {"captures": self.kept}
            run = replace(
                self._run, ended_at=ended, exit_code=0 if kind is None else 1, reason="finished", counts=counts
            )
            self._log.append(end_line(run))
            self._log.close()
            with self._archive.catalog.transaction() as conn:
                captures.insert(conn, self._captures)
                runs.close_run(conn, run.run_id, ended, exit_code=run.exit_code, reason=run.reason, counts=counts)
