"""Every error Pressmark raises on purpose, with its code, its hint and the exit code of the command.

    PressmarkError
    ├── UsageError             2   what was typed cannot be done
    │   └── UrlError           2   not a web address
    ├── DiskFull               3   no room
    │   └── NotWritable        3   the folder cannot be written
    ├── ConfigError            4   pressmark.toml or sources.toml, all problems at once
    ├── NotFound               5   no such article, URL, run, source, file
    ├── ArchiveLocked          6   another process writes this archive
    ├── VerificationFailed     7   bytes are not what they should be
    │   ├── WarcDamaged        7   a WARC file is cut, torn or not a WARC
    │   └── DigestMismatch     7   a record's bytes differ from its digest
    ├── DatabaseUnreachable    8
    │   └── CatalogDamaged     8   its file is none of SQLite's, or not whole
    ├── RunFailed              9   a run stored nothing and everything failed
    │   ├── SiteUnreachable    9   the site gave no page
    │   └── ForbiddenByRobots  9   robots.txt leaves nothing to fetch
    ├── MissingExtra          10
    ├── Interrupted           11   stopped cleanly by the user
    ├── FailureLimit          12
    ├── PortInUse             13
    ├── SizeLimit             14
    └── TimeLimit             15

A message is one sentence that names the thing; `hint` is the next step, a command where there is one.
"""

from __future__ import annotations

import errno


class PressmarkError(Exception):
    """Base of all errors meant for a reader: `error[code]: message`, then context lines, then `hint:`."""

    code = "unexpected"
    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, context: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.context = context

    def as_dict(self) -> dict[str, object]:
        """The same error for `--json`: code, message, context, hint, exit_code."""
        return {
            "error": self.code,
            "message": self.message,
            "context": list(self.context),
            "hint": self.hint,
            "exit_code": self.exit_code,
        }


class UsageError(PressmarkError):
    code, exit_code = "usage", 2


class UrlError(UsageError):
    code = "bad-url"


class DiskFull(PressmarkError):
    code, exit_code = "disk-full", 3


class NotWritable(DiskFull):
    """There may be room, but not for this: another user's folder, a read-only file system, a name that is too long."""

    code = "not-writable"


def cannot_write(what: str, error: OSError, hint: str | None = None) -> DiskFull:
    """The error for something that could not be written: for want of room, or of the right to."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"cannot {what}: {error.strerror}", hint=hint)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT):
        hint = hint or "as the user the folder belongs to it can be; reading works as it is"
    return NotWritable(f"cannot {what}: {error.strerror}", hint=hint)


class ConfigError(PressmarkError):
    """All problems of the configuration at once; `context` has one `file:line: message` each."""

    code, exit_code = "config", 4


class NotFound(PressmarkError):
    code, exit_code = "not-found", 5


class ArchiveLocked(PressmarkError):
    code, exit_code = "locked", 6


class VerificationFailed(PressmarkError):
    code, exit_code = "verification", 7


class WarcDamaged(VerificationFailed):
    code = "warc-damaged"
    offset: int = 0  # where in the file, as far as it is known


class DigestMismatch(VerificationFailed):
    code = "digest"

    def __init__(self, record_id: str, expected: str, found: str) -> None:
        super().__init__(f"record {record_id} has digest {found}, its header says {expected}")
        self.record_id, self.expected, self.found = record_id, expected, found


class DatabaseUnreachable(PressmarkError):
    code, exit_code = "db", 8


class CatalogDamaged(DatabaseUnreachable):
    """A rebuild sets such a file aside and begins with a new one."""


class RunFailed(PressmarkError):
    code, exit_code = "run-failed", 9


class SiteUnreachable(RunFailed):
    code = "unreachable"


class ForbiddenByRobots(RunFailed):
    code = "robots"


class MissingExtra(PressmarkError):
    code, exit_code = "missing-extra", 10


class Interrupted(PressmarkError):
    code, exit_code = "interrupted", 11


class FailureLimit(PressmarkError):
    code, exit_code = "failure-limit", 12


class PortInUse(PressmarkError):
    code, exit_code = "port", 13


class SizeLimit(PressmarkError):
    code, exit_code = "size-limit", 14


class TimeLimit(PressmarkError):
    code, exit_code = "time-limit", 15
