"""A crontab's entry for an archive, and a crontab with it put in, replaced or taken out. Pure. See crontab(5)."""

from __future__ import annotations

import shlex
from pathlib import Path

from crawler.timers.job import EVERY_MINUTES, WRITTEN_BY, Job, is_of

_END = "# end of pressmark archive"


def entry(job: Job, *, user_field: bool = False) -> str:
    """The lines of a crontab. `user_field`: for /etc/cron.d, where a line names whose job it is.

    Cron mails what a job prints; `--quiet` leaves only what went wrong.
    """
    env_file = shlex.quote(str(job.environment_file))
    assignments = [f"{name}={shlex.quote(value)}" for name, value in job.environment.items()]
    command = " ".join((*assignments, *map(shlex.quote, job.command)))
    shell = (
        f"cd {shlex.quote(str(job.folder))} && {{ if [ -r {env_file} ]; then set -a; . {env_file}; fi; {command}; }}"
    )
    line = shell.replace("%", "\\%")  # an unescaped % is a line end in a crontab
    who = f"{job.user} " if user_field else ""
    minutes = f"{job.minute}-59/{EVERY_MINUTES}"
    return "\n".join((WRITTEN_BY, job.mark, f"{minutes} * * * * {who}{line}", _END)) + "\n"


def with_entry(crontab: str, job: Job) -> str:
    """The crontab with the job's entry, in the place of an older one of the same archive."""
    rest = without_entry(crontab, job.folder)
    return rest + ("\n" if rest and not rest.endswith("\n") else "") + entry(job)


def without_entry(crontab: str, folder: Path) -> str:
    """The crontab without the entry of the archive in `folder`; every other line as it was."""
    kept: list[str] = []
    inside = False
    for line in crontab.splitlines(keepends=True):
        if is_of(line, folder):
            inside = True
            if kept and kept[-1].rstrip("\n") == WRITTEN_BY:
                kept.pop()
        if not inside:
            kept.append(line)
        inside = inside and line.rstrip("\n") != _END
    return "".join(kept)
