"""Wire: the bytes of one response as they came, in memory while small and on disk when large."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import IO

Bytes = bytes | bytearray | memoryview  # what can be hashed, compressed and written without a copy
SPOOL_BYTES = 1 << 20
_PIECE_BYTES = 1 << 18


class Wire:
    """An append-only run of bytes. Over `spool_bytes` they live in an unnamed temporary file.

    Write while receiving, then only read. `chunks(start)` may be called again and again.
    """

    __slots__ = ("_file", "_memory", "_spool_bytes", "size")

    def __init__(self, data: bytes | memoryview = b"", *, spool_bytes: int = SPOOL_BYTES) -> None:
        self._memory: Bytes = data  # bytes that are never added to are never copied
        self._file: IO[bytes] | None = None
        self._spool_bytes = spool_bytes
        self.size = len(data)

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self._file is None:
            if not isinstance(self._memory, bytearray):
                self._memory = bytearray(self._memory)
            self._memory += data
            if self.size > self._spool_bytes:
                self._file = tempfile.TemporaryFile(prefix="pressmark-")  # noqa: SIM115 - closed by close()
                self._file.write(self._memory)
                self._memory = b""
        else:
            self._file.write(data)

    def chunks(self, start: int = 0, piece_bytes: int = _PIECE_BYTES) -> Iterator[bytes]:
        """Give the bytes from `start` to the end, in pieces."""
        if self._file is None:
            if start == 0 and 0 < self.size <= piece_bytes:
                yield bytes(self._memory)
                return
            for at in range(start, self.size, piece_bytes):
                yield bytes(self._memory[at : at + piece_bytes])
            return
        self._file.flush()
        at = start
        # pread leaves the file's position alone: several readings may run at once, and writing goes on at the end.
        while at < self.size and (piece := os.pread(self._file.fileno(), min(piece_bytes, self.size - at), at)):
            at += len(piece)
            yield piece

    def views(self) -> Iterator[Bytes]:
        """The same from the start, without a copy of what is in memory: to be looked at before anything is added."""
        if self._file is not None:
            yield from self.chunks()
        elif self.size:
            yield memoryview(self._memory)

    def getvalue(self) -> bytes:
        """All bytes at once; for tests and small bodies."""
        return bytes(self._memory) if self._file is None else b"".join(self.chunks())

    @property
    def in_memory(self) -> bool:
        return self._file is None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._memory = b""

    def __len__(self) -> int:
        return self.size
