"""WarcWriter: exchanges in, WARC files out. One gzip member per record, one write per exchange, then durable.

The order of the file: what a caller needs first, then how files are opened, rolled and closed.
"""

from __future__ import annotations

import re
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from archive.errors import UrlError
from archive.folder.store import LocalStore
from archive.http.wire import Bytes, Wire
from archive.model import Capture, Exchange
from archive.urls import urlkey
from archive.warc.ahead import Ahead, Begun, pack_draft
from archive.warc.cdxj import cdxj_line, sorted_index
from archive.warc.digests import Payload, read_payload
from archive.warc.output import OutputFile, disk_error, write_whole
from archive.warc.packing import Packed
from archive.warc.records import (
    Draft,
    RevisitOf,
    WarcInfo,
    end_record,
    exchange_records,
    outcome_record,
    safe_uri,
    warcinfo_record,
)

__all__ = ["Payload", "RevisitOf", "WarcInfo", "WarcWriter", "read_payload"]

Durability = Literal["interval", "record"]
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


class WarcWriter:
    """Writes one file at a time, ARCHIVE-RUN-TIMESTAMP-SERIAL-TOKEN.warc.gz, made at the first write.

    `write` may be called from one thread while another calls `sync`. With durability "interval" the caller calls
    `sync` (a timer, 1 s) before it acknowledges anything; with "record" every `write` is durable when it returns.
    Raises DiskFull with the file cut back to its last whole exchange.
    """

    def __init__(
        self,
        store: LocalStore,
        info: WarcInfo,
        *,
        roll_bytes: int = 1_000_000_000,
        roll_seconds: float = 3600 * 24,
        durability: Durability = "interval",
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._info = store, info
        self._roll_bytes, self._roll_seconds = roll_bytes, roll_seconds
        self._durability, self._clock = durability, clock
        self._lock = threading.RLock()
        self._ahead = Ahead()
        self._output: OutputFile | None = None
        self._file = ""
        self._warcinfo_id = ""
        self._opened_at = datetime.min.replace(tzinfo=UTC)
        self._serial = 0
        self._records = 0  # of the open file
        self._token = secrets.token_hex(4)  # two writers of one run on one second never share a name
        self._index: list[str] = []
        self._closed: list[str] = []
        self._closed_bytes = 0

    def write(
        self,
        exchange: Exchange,
        *,
        revisit: RevisitOf | None = None,
        metadata: Sequence[tuple[str, str]] = (),
        source: str | None = None,
        payload: Payload | None = None,
    ) -> Capture | None:
        """Write the records of one exchange. Returns its Capture, or None where no byte of a response came.

        `metadata` are further fields of the metadata record in the standard's words: `via`, `hopsFromSeed`,
        `outlink` (repeated). `payload` is what `read_payload` gave, where the caller had to know it. Raises DiskFull;
        ValueError for a truncated exchange given as a revisit.
        """
        try:
            block = None if revisit else self._ahead.begin(exchange.response)
            payload = payload or read_payload(exchange.response, exchange.method)
            return self._write(exchange, payload, block, revisit, metadata, source)
        except OSError as error:  # large bodies go through temporary files
            raise disk_error(Path(tempfile.gettempdir()), error) from error

    def _write(
        self,
        exchange: Exchange,
        payload: Payload,
        block: Begun | None,
        revisit: RevisitOf | None,
        metadata: Sequence[tuple[str, str]],
        source: str | None,
    ) -> Capture | None:
        with self._lock:
            output = self._ready()
            drafts = exchange_records(
                exchange, payload, warcinfo_id=self._warcinfo_id, revisit=revisit, metadata=metadata, source=source
            )
            packed = _packed(drafts, block)
            offset = output.size
            output.append(_joined(packed, offset))
            self._records += len(packed)
            if self._durability == "record":
                output.sync()
            if not exchange.response.size:
                return None
            capture = self._capture(exchange, payload, drafts[0], revisit, source, offset, packed[0].size)
            self._index.append(cdxj_line(capture))
            return capture

    def annotate(self, capture: Capture, fields: Sequence[tuple[str, str]]) -> None:
        """Write what became of a capture: a metadata record that refers to it. Raises DiskFull."""
        with self._lock:
            output = self._ready()
            record = outcome_record(capture, fields, self._clock(), self._warcinfo_id)
            output.append(pack_draft(record).pieces(output.size))
            self._records += 1

    def sync(self) -> None:
        """Make everything written so far durable. Cheap when nothing is new. Raises DiskFull."""
        with self._lock:
            output = self._output
            if output is None or output.synced >= output.size:
                return
            fd, size = output.duplicate(), output.size
        output.sync_copy(fd, size)  # outside the lock: the disk may be slow, and writing goes on

    @property
    def written_bytes(self) -> int:
        """Compressed bytes written by this writer, over all its files."""
        return self._closed_bytes + (self._output.size if self._output else 0)

    def close(self) -> list[str]:
        """Finish the open file and return the names of all files this writer wrote. May be called twice."""
        with self._lock:
            try:
                self._finish()
            finally:
                self._ahead.close()
            return list(self._closed)

    # -- files

    def _ready(self) -> OutputFile:
        now = self._clock()
        if self._output and self._is_full(self._output, now):
            self._finish()
        if self._output is None:
            self._output = self._open(now)
        return self._output

    def _is_full(self, output: OutputFile, now: datetime) -> bool:
        return output.size >= self._roll_bytes or (now - self._opened_at).total_seconds() >= self._roll_seconds

    def _open(self, now: datetime) -> OutputFile:
        parts = (self._info.archive, self._info.run, f"{now.astimezone(UTC):%Y%m%d%H%M%S}", f"{self._serial:05d}")
        name = "-".join(_NOT_IN_NAMES.sub("_", part) for part in (*parts, self._token))
        file = self._store.warc_path(now, name)
        record = warcinfo_record(self._info, file.rsplit("/", 1)[-1], now)
        output = OutputFile(self._store.path(file), [b"".join(pack_draft(record).pieces(0))])
        self._records = 1
        self._file, self._warcinfo_id, self._opened_at = file, record.record_id, now
        self._serial += 1
        self._index = []
        return output

    def _finish(self) -> None:
        output, self._output = self._output, None
        if output is None:
            return
        index_path = self._store.path(self._store.cdxj_path_of(self._file))
        last = pack_draft(end_record(self._warcinfo_id, self._records, self._clock(), closed_by="writer"))
        try:
            output.close(last.pieces(output.size), lambda: write_whole(index_path, sorted_index(self._index)))
        finally:
            self._closed_bytes += output.size
        self._closed.append(self._file)
        self._index = []

    def _capture(
        self,
        exchange: Exchange,
        payload: Payload,
        main: Draft,
        revisit: RevisitOf | None,
        source: str | None,
        offset: int,
        length: int,
    ) -> Capture:
        target = safe_uri(exchange.target_uri)
        return Capture(
            record_id=main.record_id,
            record_type="revisit" if revisit else "response",
            target_uri=target,
            urlkey=key_of(target),
            fetched_at=exchange.started_at.astimezone(UTC),
            status=payload.head.status,
            media_type=payload.head.media_type,
            payload_digest=payload.digest,
            payload_bytes=payload.size,
            warc_file=self._file,
            warc_offset=offset,
            warc_length=length,
            archive=self._info.archive,
            run=self._info.run,
            source=source,
            truncated=exchange.truncated,
            refers_to=revisit.record_id if revisit else None,
            etag=payload.head.value("etag"),
            last_modified=payload.head.value("last-modified"),
            wire_exact=is_wire_exact(exchange.truncated),
        )


def key_of(target_uri: str) -> str:
    """The SURT key, or the URI itself where it has none: an exchange is kept whatever its address looks like."""
    try:
        return urlkey(target_uri).replace(" ", "%20")
    except UrlError:
        return target_uri or "-"


def is_wire_exact(truncated: str | None) -> bool:
    """A connection the server closed early is kept as received; a limit of ours cuts."""
    return truncated not in ("length", "time")


def _packed(drafts: list[Draft], block: Begun | None) -> list[Packed]:
    """The members of an exchange, in order. Only the first has the block, which may be being compressed still."""
    others = [pack_draft(draft) for draft in drafts[1:]]
    return [block.finish(drafts[0]) if block else pack_draft(drafts[0]), *others]


def _joined(packed: list[Packed], offset: int) -> Iterator[Bytes]:
    """Small exchanges go out in one write; the pieces of a large one as they are. They begin at `offset`."""
    if any(isinstance(member.data, Wire) for member in packed):
        yield from _placed(packed, offset)
    else:
        yield b"".join(_placed(packed, offset))


def _placed(packed: list[Packed], offset: int) -> Iterator[Bytes]:
    for member in packed:
        yield from member.pieces(offset)
        offset += member.size
