"""Rows of runs: how one begins, and those that stand for what was not done (a slot that was skipped, or missed)."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from archive.catalog import runs
from archive.model import Run
from archive.runs.runlog import RunLog, end_line, run_line
from crawler.identity import versions

if TYPE_CHECKING:
    from archive.archive import Archive
    from crawler.config.config_file import Settings


def new_run(settings: Settings, now: datetime, *, kind: str, command: str) -> Run:
    """A run of this process that begins now; nothing is written yet."""
    digest = hashlib.sha256(settings.model_dump_json(exclude={"db", "alerts"}).encode()).hexdigest()[:16]
    return Run(
        run_id=f"{now:%Y-%m-%dT%H-%M-%S}-{secrets.token_hex(2)}",
        kind=kind,
        started_at=now,
        command=command,
        version=versions(),
        settings_digest=digest,
        pid=os.getpid(),
        host=socket.gethostname(),
    )


def write_row(archive: Archive, run: Run, reason: str, exit_code: int | None = None) -> None:
    """Write a run that ended as it began: to a log of its own, then to the catalog. Needs no lock."""
    ended = replace(run, ended_at=run.started_at, heartbeat_at=run.started_at, reason=reason, exit_code=exit_code)
    with RunLog(archive.store.path(archive.store.runs_path(run.run_id))) as log:
        log.append_many((run_line(run), end_line(ended)))
    with archive.catalog.transaction() as connection:
        runs.open_run(connection, ended)
