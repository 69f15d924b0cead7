"""JSON lines that survive a crash: append, flush, make durable; a line torn by kill -9 is cut when the file is opened.

Records and run logs are both such files. One line is one value; a file is never rewritten, only appended to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from archive.errors import NotFound, VerificationFailed, cannot_write

_TAIL_BYTES = 1 << 16


def dump_line(value: Mapping[str, Any]) -> bytes:
    """Return a value as one line of UTF-8 with its line end. A lone surrogate, which UTF-8 lacks, is escaped."""
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return line.encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode() + b"\n"


class JsonLines:
    """An append-only file of JSON lines. `cut_bytes` says how much of a torn last line was cut at opening.

    `append_many` gives the lines to the kernel in one write; `sync` makes them durable. Raises DiskFull, with the
    file cut back to its last whole line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise cannot_write(f"write {path}", error) from error
        self.size, self.cut_bytes = _cut_torn_tail(self._fd)
        self._synced = self.size

    def append_many(self, values: Iterable[Mapping[str, Any]]) -> None:
        data = memoryview(b"".join(map(dump_line, values)))
        try:
            done = 0
            while done < len(data):
                done += os.write(self._fd, data[done:])
        except OSError as error:
            os.ftruncate(self._fd, self.size)
            raise cannot_write(f"write {self.path}", error) from error
        self.size += len(data)

    def append(self, value: Mapping[str, Any]) -> None:
        self.append_many((value,))

    def sync(self) -> None:
        """Make everything appended so far durable. Cheap when nothing is new."""
        if self._synced < self.size:
            try:
                os.fdatasync(self._fd)
            except OSError as error:
                raise cannot_write(f"write {self.path}", error) from error
            self._synced = self.size

    def close(self) -> None:
        """Sync and close. May be called twice."""
        if self._fd >= 0:
            try:
                self.sync()
            finally:
                os.close(self._fd)
                self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _cut_torn_tail(fd: int) -> tuple[int, int]:
    """Cut what stands behind the last line end. Return the size left and the number of bytes cut."""
    size = at = os.fstat(fd).st_size
    while at > 0:
        start = max(0, at - _TAIL_BYTES)
        end = os.pread(fd, at - start, start).rfind(b"\n")
        if end >= 0:
            at = start + end + 1
            break
        at = start
    if at < size:
        os.ftruncate(fd, at)
    return at, size - at


def read_json_lines(path: Path, problems: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """Give the values of a file in order; a torn last line is left out, as it was never acknowledged.

    A line inside that is no JSON object is added to `problems` and left out, or raises VerificationFailed where no
    list is given. Raises NotFound.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(f"no file {path}") from error
    with file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            value = _object(line)
            if value is not None:
                yield value
                continue
            problem = f"{path.name}:{number}: not a JSON object"
            if problems is None:
                raise VerificationFailed(problem, hint="the WARC files are not touched by this: pressmark extract")
            problems.append(problem)


def json_lines_from(path: Path, offset: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Give the whole lines from a byte on, each with where the next begins: for following a file that grows."""
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            value = _object(line)
            if value is not None:
                yield value, offset


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
