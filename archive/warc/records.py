"""An Exchange as WARC records, before they are compressed. Pure.

response or revisit, then request, then metadata: the later ones point back to the first by WARC-Concurrent-To, so a
crash between them leaves nothing that points into the void. Rules: WARC 1.1 (ISO 28500:2017), sections 5 and 6.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from archive.http.wire import Bytes, Wire
from archive.model import Capture, Exchange
from archive.warc.digests import Payload, digest_of, sha1_digest

Fields = tuple[tuple[str, str], ...]
RevisitProfile = Literal["identical-payload-digest", "server-not-modified"]
FILE_RECORDS = "fileRecords"
FILE_END = ("fileEnd", FILE_RECORDS)  # a warcinfo says with it how the file will end
PROFILE_URL = "http://netpreserve.org/warc/1.1/revisit/"
RECORD_END = b"\r\n\r\n"
_UUID4_FIXED = 0x4 << 76 | 0x8 << 60
_UUID4_FREE = (1 << 128) - 1 ^ 0xF << 76 ^ 0xC << 60
_UNSAFE = {code: f"%{code:02X}" for code in (*range(0x21), 0x7F)}
_LINE_BREAKS = {13: " ", 10: " ", 0: " "}


@dataclass(frozen=True, slots=True)
class WarcInfo:
    """What the first record of every file says about how it was made."""

    archive: str
    run: str
    software: str
    contact: str | None
    settings_digest: str
    robots: str = "obeyed"
    extra: Fields = ()


@dataclass(frozen=True, slots=True)
class RevisitOf:
    """The earlier, durable record a revisit stands for."""

    record_id: str
    target_uri: str
    fetched_at: datetime
    profile: RevisitProfile


@dataclass(frozen=True, slots=True)
class Draft:
    """A record to be written. The block is `block` itself, or the first `block_bytes` of a Wire."""

    record_type: str
    record_id: str
    fields: Fields
    block: bytes | Wire

    @property
    def head(self) -> bytes:
        lines = [f"{name}: {value}\r\n" for name, value in self.fields]
        return ("WARC/1.1\r\n" + "".join(lines) + "\r\n").encode(errors="backslashreplace")

    def pieces(self) -> Iterator[Bytes]:
        yield self.head
        if isinstance(self.block, bytes):
            yield self.block
        else:
            yield from self.block.views()
        yield RECORD_END


def new_record_id() -> str:
    """A random UUID (RFC 9562, version 4), written as `uuid.uuid4()` would, in half the time."""
    name = f"{int.from_bytes(os.urandom(16)) & _UUID4_FREE | _UUID4_FIXED:032x}"
    return f"<urn:uuid:{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}>"


@lru_cache(maxsize=8)  # the records of an exchange share theirs
def warc_date(moment: datetime) -> str:
    """WARC 1.1 allows fractions; we keep microseconds, always in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def warcinfo_record(info: WarcInfo, warc_name: str, moment: datetime) -> Draft:
    """The record that opens a file. `warc_name` is the name the file will have once closed."""
    fields: list[tuple[str, str]] = [
        ("software", info.software),
        ("format", "WARC File Format 1.1"),
        ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
        ("isPartOf", info.run),
        ("archive", info.archive),
        ("robots", info.robots),
        ("settingsDigest", info.settings_digest),
    ]
    if info.contact:
        fields.append(("operator", info.contact))
    fields.append(FILE_END)
    block = warc_fields([*fields, *info.extra])
    head = (("WARC-Filename", warc_name),)
    return _draft("warcinfo", new_record_id(), moment, head, "application/warc-fields", block, sha1_digest(block))


def note_record(fields: Sequence[tuple[str, str]], moment: datetime) -> Draft:
    """A metadata record about the file it is in: what was done to it after it was written."""
    block = warc_fields(fields)
    return _draft("metadata", new_record_id(), moment, (), "application/warc-fields", block, sha1_digest(block))


def end_record(warcinfo_id: str, records: int, moment: datetime, *, closed_by: str) -> Draft:
    """The record that ends a file and counts those before it: a file cut between two records is no whole one then."""
    head = (("WARC-Warcinfo-ID", warcinfo_id), ("WARC-Refers-To", warcinfo_id))
    block = warc_fields([(FILE_RECORDS, str(records)), ("closedBy", closed_by)])
    return _draft("metadata", new_record_id(), moment, head, "application/warc-fields", block, sha1_digest(block))


def exchange_records(
    exchange: Exchange,
    payload: Payload,
    *,
    warcinfo_id: str,
    revisit: RevisitOf | None,
    metadata: Sequence[tuple[str, str]],
    source: str | None,
) -> list[Draft]:
    """The records of one exchange, in the order they are written. The first is what others refer to."""
    drafts: list[Draft] = []
    shared = _shared_fields(exchange, warcinfo_id)
    if exchange.response.size:
        main = _revisit(exchange, payload, revisit, shared) if revisit else _response(exchange, payload, shared)
        drafts.append(main)
    if exchange.request:
        head = (*shared, *_concurrent(drafts), *_wire_fields(exchange))
        block = exchange.request
        kind = "application/http; msgtype=request"
        drafts.append(_draft("request", new_record_id(), exchange.started_at, head, kind, block, sha1_digest(block)))
    block = warc_fields(_metadata_fields(exchange, payload, revisit, metadata, source))
    head = (*shared, *_concurrent(drafts))
    kind = "application/warc-fields"
    drafts.append(_draft("metadata", new_record_id(), exchange.started_at, head, kind, block, sha1_digest(block)))
    return drafts


def outcome_record(capture: Capture, fields: Sequence[tuple[str, str]], moment: datetime, warcinfo_id: str) -> Draft:
    """What became of a capture, said after its exchange was written: a metadata record that refers to it."""
    head = (
        ("WARC-Target-URI", safe_uri(capture.target_uri)),
        ("WARC-Warcinfo-ID", warcinfo_id),
        ("WARC-Refers-To", capture.record_id),
    )
    block = warc_fields(fields)
    return _draft("metadata", new_record_id(), moment, head, "application/warc-fields", block, sha1_digest(block))


def _response(exchange: Exchange, payload: Payload, shared: Fields) -> Draft:
    head = (*shared, *_wire_fields(exchange), *_payload_fields(payload))
    if exchange.truncated:
        head += (("WARC-Truncated", exchange.truncated),)
    block = exchange.response
    kind = "application/http; msgtype=response"
    return _draft("response", new_record_id(), exchange.started_at, head, kind, block, digest_of(block.views()))


def _revisit(exchange: Exchange, payload: Payload, of: RevisitOf, shared: Fields) -> Draft:
    """An identical payload keeps the HTTP head only; a 304 has nothing else to keep and stays whole."""
    if exchange.truncated:
        raise ValueError("a truncated response is never written as a revisit")
    head = (
        *shared,
        ("WARC-Profile", PROFILE_URL + of.profile),
        ("WARC-Refers-To", of.record_id),
        ("WARC-Refers-To-Target-URI", safe_uri(of.target_uri)),
        ("WARC-Refers-To-Date", warc_date(of.fetched_at)),
        *_wire_fields(exchange),
        *_payload_fields(payload),
    )
    block: bytes = (
        b"".join(exchange.response.chunks()) if of.profile == "server-not-modified" else _head_of(exchange, payload)
    )
    if len(block) < exchange.response.size:
        head += (("WARC-Truncated", "length"),)
    kind = "application/http; msgtype=response"
    return _draft("revisit", new_record_id(), exchange.started_at, head, kind, block, sha1_digest(block))


def _head_of(exchange: Exchange, payload: Payload) -> bytes:
    size = payload.interim_bytes + payload.head.size_bytes
    head = b""
    for piece in exchange.response.chunks():
        head += piece[: size - len(head)]
        if len(head) >= size:
            break
    return head


def _shared_fields(exchange: Exchange, warcinfo_id: str) -> Fields:
    return (("WARC-Target-URI", safe_uri(exchange.target_uri)), ("WARC-Warcinfo-ID", warcinfo_id))


def _wire_fields(exchange: Exchange) -> Fields:
    """How the bytes travelled: address, protocols (one line each), cipher."""
    fields: list[tuple[str, str]] = []
    if exchange.ip_address:
        fields.append(("WARC-IP-Address", exchange.ip_address))
    fields.extend(("WARC-Protocol", protocol) for protocol in exchange.protocols)
    if exchange.cipher:
        fields.append(("WARC-Cipher-Suite", exchange.cipher))
    return tuple(fields)


def _payload_fields(payload: Payload) -> Fields:
    return (("WARC-Payload-Digest", payload.digest),) if payload.digest else ()


def _concurrent(drafts: list[Draft]) -> Fields:
    return (("WARC-Concurrent-To", drafts[0].record_id),) if drafts else ()


def _metadata_fields(
    exchange: Exchange,
    payload: Payload,
    revisit: RevisitOf | None,
    metadata: Sequence[tuple[str, str]],
    source: str | None,
) -> list[tuple[str, str]]:
    fields = [("source", source)] if source is not None else []
    fields.append(("fetchTimeMs", str(exchange.fetch_ms)))
    fields.append(("method", exchange.method))
    if revisit:  # the block no longer tells, and the capture must be the same when read back
        fields.append(("payloadBytes", str(payload.size)))
    fields.extend(metadata)
    # JSON of the Latin-1 reading: a person can read it, and the bytes come back exactly.
    fields.extend(("interimResponse", json.dumps(head.decode("latin-1"))) for head in exchange.interim)
    fields.extend(("note", note) for note in exchange.notes)
    return fields


def _draft(
    kind: str, record_id: str, moment: datetime, head: Fields, content_type: str, block: bytes | Wire, digest: str
) -> Draft:
    fields = (
        ("WARC-Type", kind),
        ("WARC-Record-ID", record_id),
        ("WARC-Date", warc_date(moment)),
        *[field if field[1].isprintable() else (field[0], _one_line(field[1])) for field in head],
        ("WARC-Block-Digest", digest),
        ("Content-Type", content_type),
        ("Content-Length", str(len(block))),
    )
    return Draft(kind, record_id, fields, block)


def safe_uri(uri: str) -> str:
    """A URI for a header line: white space and control characters percent-encoded, other scripts as they are."""
    return uri if uri.isprintable() and " " not in uri else uri.translate(_UNSAFE)


def _one_line(value: str) -> str:
    return value if value.isprintable() else value.translate(_LINE_BREAKS)


def warc_fields(fields: Sequence[tuple[str, str]]) -> bytes:
    """An application/warc-fields block. Line breaks in values become spaces: the format has no way to keep them."""
    return "".join(f"{name}: {_one_line(value)}\r\n" for name, value in fields).encode(errors="backslashreplace")


def parse_warc_fields(block: bytes) -> Fields:
    """Read an application/warc-fields block, folded lines joined."""
    fields: list[tuple[str, str]] = []
    for line in block.decode(errors="replace").replace("\r\n", "\n").split("\n"):
        if line[:1] in (" ", "\t") and fields:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}".strip())
            continue
        name, colon, value = line.partition(":")
        if colon:
            fields.append((name.strip(), value.strip()))
    return tuple(fields)
