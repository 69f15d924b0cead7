"""One WARC file being written: whole groups of records or nothing, visible to readers at once, then durable.

While open the file is called NAME.warc.gz.open and its writer holds the kernel's lock on it, so that recovery can
tell a file that is being written from one whose writer died.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from errno import EACCES, EPERM
from pathlib import Path

from archive.errors import DiskFull, cannot_write
from archive.folder.lock import close_in_children, try_lock
from archive.folder.store import OPEN_SUFFIX
from archive.http.wire import Bytes

_NEW_SUFFIX = ".new"  # for the instant before the file is locked and has its warcinfo


class OutputFile:
    """An append-only file that never keeps half of what `append` was given.

    Every method raises DiskFull when the disk is full, the quota used up, the folder read-only or gone. After a
    failure that leaves the file in doubt it takes nothing more: `broken` says why.
    """

    def __init__(self, closed_path: Path, first: Iterable[Bytes]) -> None:
        """Create the file, lock it, and let it appear with `first` (the warcinfo record) already in it."""
        self.closed_path = closed_path
        self.path = closed_path.with_name(closed_path.name + OPEN_SUFFIX)
        self.size = 0
        self.broken: DiskFull | None = None
        self._fd = -1
        self._synced = 0
        self._inode = 0
        new = closed_path.with_name(closed_path.name + _NEW_SUFFIX)
        try:
            make_folder(closed_path.parent)
            self._fd = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
            try_lock(self._fd)  # a file nobody else can know of yet
            self._inode = os.fstat(self._fd).st_ino
        except OSError as error:
            raise disk_error(closed_path, error) from error
        close_in_children(self)
        try:
            self.append(first)
            self._attempt(lambda: new.rename(self.path))
            self._attempt(lambda: sync_folder(self.path.parent))
        except DiskFull:
            self.close_in_child()
            new.unlink(missing_ok=True)
            raise

    def append(self, pieces: Iterable[Bytes]) -> None:
        """Write all pieces, or none: on an error the file is cut back to where it was."""
        if self.broken:
            raise self.broken
        start = self.size
        try:
            for piece in pieces:
                self._write(piece)
            if os.fstat(self._fd).st_nlink == 0:
                raise FileNotFoundError(2, "the file has been deleted", str(self.path))
        except BaseException as error:
            self._cut_back(start)
            if isinstance(error, OSError):
                raise disk_error(self.path, error) from error
            raise

    def _write(self, piece: Bytes) -> None:
        view = memoryview(piece)
        while view:
            written = os.write(self._fd, view)
            self.size += written
            view = view[written:]

    def _cut_back(self, size: int) -> None:
        try:
            os.ftruncate(self._fd, size)
            self.size = size
        except OSError as error:
            self.broken = disk_error(self.path, error)

    def sync(self) -> None:
        """Make what was appended durable. Nothing to do costs nothing."""
        if self._synced < self.size:
            self.sync_copy(self.duplicate(), self.size)

    def duplicate(self) -> int:
        """A second descriptor, so that a slow fdatasync needs no lock against `append`."""
        try:
            return os.dup(self._fd)
        except OSError as error:
            raise disk_error(self.path, error) from error

    @property
    def synced(self) -> int:
        return self._synced

    def sync_copy(self, fd: int, size: int) -> None:
        """fdatasync through `fd` (closed afterwards): the first `size` bytes are durable then."""
        try:
            if self.broken:
                raise self.broken
            os.fdatasync(fd)
            if self.path.stat().st_ino != self._inode:
                raise FileNotFoundError(2, "another file has taken its place", str(self.path))
        except FileNotFoundError as error:
            if not self.closed_path.exists():  # else: closed meanwhile, which syncs
                self.broken = disk_error(self.path, error)
                raise self.broken from error
        except OSError as error:
            # After a failed fsync the kernel may call lost pages clean: nothing more can be promised of this file.
            self.broken = disk_error(self.path, error)
            raise self.broken from error
        finally:
            os.close(fd)
        self._synced = max(self._synced, size)

    def close(self, last: Iterable[Bytes], before_rename: Callable[[], None]) -> None:
        """Append `last`, make durable, call `before_rename` (the index is written there), drop ".open"; unlock.

        With the index first, a file without ".open" always has its index; a crash between leaves an open file,
        which recovery finishes.
        """
        if self.broken:
            self.close_in_child()
            raise self.broken
        try:
            self.append(last)
            self._attempt(lambda: os.fsync(self._fd))
            self._synced = self.size
            before_rename()
            self._attempt(lambda: self.path.rename(self.closed_path))
            self._attempt(lambda: sync_folder(self.path.parent))
        finally:
            self.close_in_child()

    def close_in_child(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except OSError as error:
            raise disk_error(self.path, error) from error


def disk_error(path: Path, error: OSError) -> DiskFull:
    """The error a person reads: what could not be written and why."""
    if error.errno in (EACCES, EPERM):
        return cannot_write(f"write {path}", error)
    return DiskFull(
        f"cannot write {path}: {error.strerror or error}",
        hint="make room or restore the folder, then run again: nothing before the last complete record is damaged",
    )


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents, and make their names durable."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is either there with all of `data`, durable, or as it was before. Raises DiskFull."""
    draft = path.with_name(path.name + ".tmp")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise disk_error(path, error) from error
