"""ARC, the format before WARC (Internet Archive, 1996; versions 1 and 2): reading it, and making WARC records of it.

An ARC document is a line (address, IP address, date, type, … length) and the bytes as they came. A conversion keeps
both: the bytes are the block, the line stands in `ARC-Header-Line`, the version block is a record of its own. What
ARC never had (requests, digests, ids) is left out or computed, and the same file always gives the same records.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

from archive.errors import WarcDamaged
from archive.http.wire import Wire
from archive.warc.digests import digest_of, read_payload, sha256_of
from archive.warc.members import MemberError, MemberReader
from archive.warc.packing import pack_pieces
from archive.warc.record_stream import RecordError, RecordStream, is_plain
from archive.warc.records import Draft, Fields, safe_uri, warc_date, warc_fields

# URL IP-address Archive-date Content-type [Result-code Checksum Location Offset Filename] Archive-length
_LINE = re.compile(rb"^([A-Za-z][A-Za-z0-9+.-]*:.*?) (\S+) (\d{12,17}) (.*?) ?(\d{1,15})$")
_MAX_LINE_BYTES = 1 << 16
_PIECE_BYTES = 1 << 18
_HTTP = (b"http://", b"https://")


@dataclass(frozen=True, slots=True)
class Document:
    """One document of an ARC file. `offset` is that of its gzip member (of its line in a plain file)."""

    offset: int
    line: bytes  # as it stands, without its line end
    url: str
    ip_address: str | None
    date: datetime
    media_type: str | None
    block: Wire

    @property
    def is_version_block(self) -> bool:
        return self.url.startswith("filedesc:")


def documents(path: Path) -> Iterator[Document]:
    """All documents of an ARC file, the version block first. Raises WarcDamaged with the offset of the first fault."""
    with path.open("rb") as file:
        at, size = 0, os.fstat(file.fileno()).st_size
        plain, first = is_plain(file.fileno()), True
        try:
            while at < size:
                member = None if plain else MemberReader(file.fileno(), at)
                stream = _Stream(member.read if member else partial(file.read, _PIECE_BYTES))
                while not stream.at_end():
                    at = at if member else stream.position
                    document = stream.next_document(at)
                    if first and not document.is_version_block:
                        raise RecordError("not-arc", f"the first document is no version block: {document.line[:60]!r}")
                    first = False
                    yield document
                at = member.end or size if member else size
        except (RecordError, MemberError) as error:
            message = f"{path.name}: ARC document at byte {at:,}: {error.message}"
            raise WarcDamaged(message, hint="only a whole ARC file can be imported") from error


class _Stream(RecordStream):
    """Cuts decompressed bytes into documents; line ends between them belong to none."""

    def at_end(self) -> bool:
        while not super().at_end():
            if self._buffer[self._at] not in b"\r\n":
                return False
            self._at += 1
        return True

    def next_document(self, offset: int) -> Document:
        """Read one. Raises RecordError, MemberError."""
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            if self._left > _MAX_LINE_BYTES or not self._fill():
                raise RecordError("header", "the line of a document has no end")
        line = self._take(end + 1 - self._at).rstrip(b"\r\n")
        found = _LINE.match(line)
        date = _date(found[3]) if found else None
        if found is None or date is None:
            raise RecordError("header", f"no line of a document: {line[:80]!r}")
        return Document(
            offset=offset,
            line=line,
            url=_text(found[1]),
            ip_address=_text(found[2]) if found[2] not in (b"0.0.0.0", b"-") else None,
            date=date,
            media_type=_text(found[4].split(b" ", 1)[0]) or None,
            block=self._take_block(int(found[5])),
        )


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _date(digits: bytes) -> datetime | None:
    try:
        moment = datetime.strptime((digits + b"00")[:14].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment.replace(microsecond=int(digits[14:17]) * 1000) if len(digits) == 17 else moment


# -- as WARC


def convert(path: Path, out: IO[bytes], now: datetime, *, arc_name: str, warc_name: str) -> int:
    """Write the documents of an ARC file as a WARC file; return how many there were. Raises WarcDamaged, OSError.

    The first record names the ARC file and its SHA-256, so that nobody takes the new file for the original.
    """
    sha256 = sha256_of(path)
    info_id, count = _record_id(sha256, "warcinfo"), 0
    for count, document in enumerate(documents(path), 1):
        if count == 1:
            _write(out, _info_record(arc_name, sha256, document, info_id, warc_name, now))
        _write(out, _record(document, sha256, count, info_id))
    if not count:
        raise WarcDamaged(f"{path.name} holds no ARC document")
    return count


def _write(out: IO[bytes], draft: Draft) -> None:
    for piece in pack_pieces(draft.pieces()).pieces(out.tell()):
        out.write(piece)


def _record_id(sha256: str, which: str) -> str:
    """The same for the same document of the same file, whoever converts it."""
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'sha256:{sha256}#{which}')}>"


def _info_record(name: str, sha256: str, first: Document, ident: str, warc_name: str, now: datetime) -> Draft:
    fields = [
        ("software", "pressmark (made from an ARC file)"),
        ("format", "WARC File Format 1.1"),
        ("convertedFrom", name),
        ("convertedFromSha256", sha256),
        ("arcVersion", _text(first.block.getvalue()[:_MAX_LINE_BYTES].split(b"\n", 1)[0].strip())),
    ]
    block = Wire(warc_fields(fields))
    head = (("WARC-Filename", warc_name),)
    return _draft("warcinfo", ident, warc_date(now), head, "application/warc-fields", block)


def _record(document: Document, sha256: str, number: int, info_id: str) -> Draft:
    is_http = document.line.lower().startswith(_HTTP)
    head: list[tuple[str, str]] = [("WARC-Target-URI", safe_uri(document.url)), ("WARC-Warcinfo-ID", info_id)]
    if document.ip_address:
        head.append(("WARC-IP-Address", document.ip_address))
    payload = read_payload(document.block).digest if is_http else None
    if payload:
        head.append(("WARC-Payload-Digest", payload))
    head.append(("ARC-Header-Line", _text(document.line)))
    kind = "application/http; msgtype=response" if is_http else document.media_type or "application/octet-stream"
    ident = _record_id(sha256, str(number))
    date = document.date.strftime("%Y-%m-%dT%H:%M:%SZ" if not document.date.microsecond else "%Y-%m-%dT%H:%M:%S.%fZ")
    return _draft("response" if is_http else "resource", ident, date, tuple(head), kind, document.block)


def _draft(kind: str, ident: str, date: str, head: Fields, content_type: str, block: Wire) -> Draft:
    fields = (
        ("WARC-Type", kind),
        ("WARC-Record-ID", ident),
        ("WARC-Date", date),
        *head,
        ("WARC-Block-Digest", digest_of(block.chunks())),
        ("Content-Type", content_type),
        ("Content-Length", str(block.size)),
    )
    return Draft(kind, ident, fields, block)
