"""A block is compressed on another core while its digests are computed and the head of its record is made.

The head of a record holds the digests of what follows it, so it cannot be compressed first; but nothing of the block
depends on it. libdeflate and hashlib both let other threads run.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from archive.http.wire import Wire
from archive.warc.deflating import is_packed_already
from archive.warc.packing import Packed, Rest, pack, pack_both, pack_pieces, pack_rest
from archive.warc.records import RECORD_END, Draft

_WHOLE_BYTES = 8 << 20  # records up to this are compressed in one go, which is faster and smaller
_WORTH_BYTES = 1 << 15  # handing a block over costs as much as compressing a quarter of this


@dataclass(frozen=True, slots=True)
class Begun:
    """A block, looked at and perhaps being compressed already."""

    packed_already: bool
    rest: Future[Rest] | None = None

    def finish(self, draft: Draft) -> Packed:
        """The member of the record that has the block. Raises what went wrong on the other core."""
        if self.rest is not None:
            return pack_both(draft.head, self.rest.result())
        return pack_draft(draft, packed_already=self.packed_already)


class Ahead:
    """One thread, started with the first block that is worth it and gone after `close`; then it may begin again."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._cores = len(os.sched_getaffinity(0))

    def begin(self, wire: Wire) -> Begun:
        """Begin to compress a block, where that pays. It must stay as it is until `finish`."""
        if wire.size > _WHOLE_BYTES:
            return Begun(packed_already=False)
        packed_already = is_packed_already(wire)
        if packed_already or wire.size < _WORTH_BYTES or self._cores < 2:
            return Begun(packed_already)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "warc-compress")
        return Begun(packed_already, self._pool.submit(_compressed, wire))

    def close(self) -> None:
        """Wait for the thread to end."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def pack_draft(draft: Draft, *, packed_already: bool | None = None) -> Packed:
    """The member of a record; a large one is never all in memory."""
    if len(draft.block) > _WHOLE_BYTES:
        return pack_pieces(draft.pieces())
    return pack(b"".join(draft.pieces()), packed_already=packed_already)


def _compressed(wire: Wire) -> Rest:
    return pack_rest(b"".join((*wire.views(), RECORD_END)))
