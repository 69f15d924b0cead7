"""What a record tells of the tool that wrote it: whether its bytes can be those that went over the wire. Pure.

Some faults one record proves; others a server could have made, and only that every record of a file has them tells.
`response_facts` and `request_facts` read one record, `judge_file` looks at all responses of a file together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes, urlsplit

from archive.http.codings import decode_content
from archive.http.messages import Head, ResponseReader, entity_pieces
from archive.warc.check import digest_over_chunks
from archive.warc.digests import same_digest
from archive.warc.reader import body_codings
from archive.warc.record_stream import RawRecord

Certainty = Literal["proven", "likely"]
Fault = tuple[str, Certainty, str]  # code, how sure, in words
# Faults that, proven, say that the bytes of a response are not those that were received.
NOT_THE_WIRE = frozenset(
    (
        "forged-status-line", "made-up-head", "header-repr", "collapsed-headers", "lost-chunks", "decoded-body",
        "unmarked-cut", "block-digest", "payload-digest",
    )
)  # fmt: skip
_START_BYTES = 1 << 18
_SEEN_BYTES = 1 << 16
_MANY = 20  # responses that make a habit of a tool out of what one server may do
_COOKIE_ATTRIBUTES = ("path=", "expires=", "max-age=", "domain=", "samesite=", "secure", "httponly")
_REPR = re.compile(rb"""^\[?b(['"]).*\1\]?$""", re.DOTALL)
_CHUNK_LINE = re.compile(rb"[ \t]*[0-9A-Fa-f]{1,16}[ \t]*(?:;[^\n]*)?\r?\n")
# What tools write into the pages they keep.
_TOOL_MARKS = re.compile(
    rb"<!-- Mirrored from [^>]{1,400} by HTTrack|<!-- saved from url=\(\d{4}\)|<!--\s+Page saved with SingleFile"
    rb"|<!-- BEGIN WAYBACK TOOLBAR INSERT"
)
_HEX_SHA1 = re.compile(r"sha-?1:[0-9a-f]{40}$", re.IGNORECASE)
_BINARY_HTTP = re.compile(rb"HTTP/[23](\.0)?$", re.IGNORECASE)
_PSEUDO_FIELDS = (b"status:", b"method:", b"path:", b"authority:", b"scheme:")
_TITLE_CASE = re.compile(rb"^[A-Z][a-z0-9]*(?:-[A-Z0-9][a-z0-9]*)*$")
# Names servers write in capitals; a tool that writes every name in title case spells them so.
_RESPELT = frozenset((b"Etag", b"Www-Authenticate", b"X-Xss-Protection", b"Cf-Ray", b"Nel", b"Content-Md5", b"P3P"))


@dataclass(frozen=True, slots=True)
class ResponseFacts:
    """One response as far as it matters here. `faults` are those the record itself proves."""

    offset: int
    record_id: str
    target: str
    faults: tuple[Fault, ...]
    http_1_0: bool
    bare_reason: bool
    names_wire: bool  # says in WARC-Protocol how its bytes travelled
    chunked: bool | None  # None: not said to be; False: said to be, and there are no chunks
    decodes: bool | None  # None: no content coding; False: one is named, and the body is not so coded
    length: Literal["fits", "shorter", "longer"] | None  # against Content-Length; None where nothing can be said
    title_case: bool
    respelt: bool
    repeats: bool
    dated: bool  # has a Date field
    concurrent: frozenset[str]


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """A request, what it belongs to, and what is wrong with it."""

    offset: int
    record_id: str
    target: str
    concurrent: frozenset[str]
    method: str
    faults: tuple[Fault, ...]


def response_facts(raw: RawRecord, offset: int) -> ResponseFacts:
    """Read the block of a response record."""
    reader = ResponseReader()
    start = b""
    for piece in entity_pieces(raw.wire.chunks(), reader):
        start += piece[: _START_BYTES - len(start)]
    head = reader.head or Head(b"", None, b"", (), 0)
    truncated = raw.value("WARC-Truncated") is not None
    names = [name for name, _ in head.fields]
    codings = [coding for coding in head.tokens("content-encoding") if coding != "identity"]
    decoded = decode_content(start, codings, max_bytes=_SEEN_BYTES)
    names_wire = raw.value("WARC-Protocol") is not None
    return ResponseFacts(
        offset=offset,
        record_id=raw.value("WARC-Record-ID") or "",
        target=raw.value("WARC-Target-URI") or "",
        faults=(*_response_faults(raw, head), *(() if names_wire else _body_faults(decoded.body))),
        http_1_0=head.version == b"HTTP/1.0",
        bare_reason=head.status is not None and not head.reason.strip(),
        names_wire=names_wire,
        chunked=None if truncated or "chunked" not in head.tokens("transfer-encoding") else _has_chunks(raw, reader),
        decodes=None if truncated or not codings or not start else _decodes(decoded.problems),
        length=None if truncated else _length(head, reader),
        title_case=bool(names) and all(_TITLE_CASE.match(name) for name in names),
        respelt=any(name in _RESPELT for name in names),
        repeats=len({name.lower() for name in names}) < len(names),
        dated=any(name.lower() == b"date" for name in names),
        concurrent=frozenset(raw.values("WARC-Concurrent-To")),
    )


def _response_faults(raw: RawRecord, head: Head) -> Iterator[Fault]:
    protocols = [value.lower() for value in raw.values("WARC-Protocol")]
    later = next((value for value in protocols if value in ("h2", "h3", "http/2", "http/3", "http/2.0")), None)
    if later:
        yield "made-up-head", "proven", f"it travelled as {later}, which has no text: the head is the tool's"
    elif any(not name and value.startswith(_PSEUDO_FIELDS) for name, value in head.fields):
        yield "made-up-head", "proven", "it has a field like :status, which HTTP/2 has and no text can have"
    elif _BINARY_HTTP.match(head.version) and not protocols:
        yield "made-up-head", "likely", f"it calls itself {head.version.decode('latin-1')}, which has no text"
    if head.status is None:
        yield "no-head", "likely", "the block does not begin with a status line"
    for name, value in head.fields:
        if _REPR.match(value):
            yield "header-repr", "proven", f"the value of {name.decode('latin-1')} is a Python literal: {value[:40]!r}"
        if name.lower() == b"set-cookie" and _joined_cookies(value):
            yield "collapsed-headers", "proven", "several Set-Cookie fields are joined into one, which HTTP has not"
    yield from _digest_faults(raw, head)


def _body_faults(body: bytes) -> Iterator[Fault]:
    """Publishers, too, put pages online that were saved so: only asked where nothing says how the bytes travelled."""
    mark = _TOOL_MARKS.search(body)
    if mark:
        yield "altered-body", "likely", f"the page holds what a tool writes into it: {mark[0][:70]!r}"


def _joined_cookies(value: bytes) -> bool:
    """A cookie has each attribute once (RFC 6265, section 4.1); two cookies joined by a comma have them twice."""
    attributes = [part.strip().lower() for part in re.split(r"[;,]", value.decode("latin-1"))]
    return b"," in value and any(sum(part.startswith(name) for part in attributes) > 1 for name in _COOKIE_ATTRIBUTES)


def _digest_faults(raw: RawRecord, head: Head) -> Iterator[Fault]:
    stated = raw.value("WARC-Block-Digest")
    if stated:
        same = same_digest(stated, raw.wire.chunks())
        yield from _form_faults("block", stated, same)
        if same is False:
            yield "block-digest", "proven", "the block does not have its digest"
    stated = raw.value("WARC-Payload-Digest")
    if not stated:
        return
    same = same_digest(stated, entity_pieces(raw.wire.chunks(), ResponseReader()))
    yield from _form_faults("payload", stated, same)
    if same is not False:
        return
    if digest_over_chunks(raw, stated):
        yield "digest-over-chunks", "proven", "the payload digest is over the chunked bytes, not over the payload"
    elif _digest_over_decoded(raw, head, stated):
        yield "digest-over-decoded", "proven", "the payload digest is over the body without its content coding"
    else:
        yield "payload-digest", "proven", "the payload does not have its digest"


def _form_faults(of: str, stated: str, same: bool | None) -> Iterator[Fault]:
    if same is None:
        yield "digest-unknown", "likely", f"the {of} digest is of no form that can be checked: {stated[:60]}"
    elif _HEX_SHA1.match(stated):
        words = "SHA-1 in base 16, where nearly all others write base 32: equal payloads are not found by text"
        yield "digest-form", "likely", f"the {of} digest is {words}"


def _digest_over_decoded(raw: RawRecord, head: Head, stated: str) -> bool:
    codings = body_codings(head)
    if not codings or raw.wire.size > _START_BYTES * 16:
        return False
    entity = b"".join(entity_pieces(raw.wire.chunks(), ResponseReader()))
    return same_digest(stated, [decode_content(entity, codings, max_bytes=1 << 26).body]) is True


def _has_chunks(raw: RawRecord, reader: ResponseReader) -> bool:
    at = (reader.head.size_bytes if reader.head else 0) + sum(map(len, reader.interim))
    return _CHUNK_LINE.match(next(raw.wire.chunks(at), b"")[:_SEEN_BYTES]) is not None


def _decodes(problems: Sequence[str]) -> bool | None:
    if any("is not known" in problem for problem in problems):
        return None
    return not any("the body is not" in problem for problem in problems)


def _length(head: Head, reader: ResponseReader) -> Literal["fits", "shorter", "longer"] | None:
    stated = set(head.tokens("content-length"))
    if head.tokens("transfer-encoding") or len(stated) != 1 or not next(iter(stated)).isdigit():
        return None
    if reader.framing != "length":
        return None
    if reader.excess_bytes:
        return "longer"
    return "fits" if reader.complete else "shorter"


def request_facts(raw: RawRecord, offset: int) -> RequestFacts:
    """Read the block of a request record and compare it with what it says it asked for."""
    block = b"".join(raw.wire.chunks())
    lines = block.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    method, _, rest = lines[0].partition(b" ")
    asked, _, version = rest.rpartition(b" ")
    target = (raw.value("WARC-Target-URI") or "").strip("<>")
    hosts = [line.partition(b":")[2].strip() for line in lines[1:] if line.lower().startswith(b"host:")]
    return RequestFacts(
        offset=offset,
        record_id=raw.value("WARC-Record-ID") or "",
        target=raw.value("WARC-Target-URI") or "",
        concurrent=frozenset(raw.values("WARC-Concurrent-To")),
        method=method.decode("latin-1").upper(),
        faults=tuple(_request_faults(asked, version, hosts, target)),
    )


def _request_faults(asked: bytes, version: bytes, hosts: Sequence[bytes], target: str) -> Iterator[Fault]:
    if not version.upper().startswith(b"HTTP/"):
        yield "request-line", "proven", f"no request line: {(asked + b' ' + version)[:60]!r}"
        return
    if _BINARY_HTTP.match(version):
        yield (
            "made-up-request",
            "proven",
            f"no client writes {version.decode('latin-1')} in text: the request is the tool's",
        )
    try:
        parts = urlsplit(target)
        wanted, host = _origin_form(target), parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return
    found = _origin_form(asked.decode("latin-1")) if b"://" in asked else unquote_to_bytes(asked.split(b"#")[0])
    if found != wanted and asked != b"*":
        yield "request-target", "proven", f"the request line asks for {asked[:80]!r}, the record is of {target[:120]}"
    if not hosts:
        yield "request-host", "likely", "the request has no Host field, which every client sends"
    elif not _same_host(hosts[0].decode("latin-1"), host, port):
        yield "request-host", "proven", f"the request's Host is {hosts[0][:60]!r}, the record is of {host}"


def _origin_form(url: str) -> bytes:
    """Path and query as they are asked for, escapes undone: how they are escaped is the client's choice."""
    rest = url.split("://", 1)[1] if "://" in url else url
    at = min((rest.index(mark) for mark in "/?" if mark in rest), default=len(rest))
    path = rest[at:].split("#", 1)[0]
    return unquote_to_bytes(path if path.startswith("/") else "/" + path)


def _same_host(field: str, host: str, port: int) -> bool:
    said = re.search(r":(\d{1,5})$", field)
    name = field[: said.start()] if said else field
    return _ascii(name) == _ascii(host) and (int(said[1]) == port if said else port in (80, 443))


def _ascii(host: str) -> str:
    host = host.strip("[]").lower()
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def judge_file(
    responses: Sequence[ResponseFacts], bodiless: frozenset[str] = frozenset()
) -> Iterator[tuple[ResponseFacts, Fault]]:
    """What all responses of a file tell together. `bodiless`: ids of answers to HEAD, which have no body to judge."""
    silent = [one for one in responses if not one.names_wire]
    if silent and all(one.http_1_0 and one.bare_reason for one in silent):
        words = "every response of the file is HTTP/1.0 without a reason: no two servers agree so, a tool wrote it"
        yield from ((one, ("forged-status-line", "likely" if len(silent) < 2 else "proven", words)) for one in silent)
    if len(silent) >= _MANY and not any(one.dated for one in silent):
        words = "no response of the file has a Date field, which nearly every server sends: heads were made or cut"
        yield silent[0], ("no-dates", "likely", words)
    with_bodies = [one for one in responses if one.record_id not in bodiless]
    yield from _lost_codings(with_bodies)
    if len(silent) >= _MANY and all(one.title_case and not one.repeats for one in silent):
        respelt = next((one for one in silent if one.respelt), None)
        if respelt:
            words = "every header name is in title case and none is there twice: they were parsed and written anew"
            yield respelt, ("normalised-headers", "likely", words)


def _lost_codings(responses: Sequence[ResponseFacts]) -> Iterator[tuple[ResponseFacts, Fault]]:
    any_chunks = any(one.chunked for one in responses)
    any_decodes = any(one.decodes for one in responses)
    for one in responses:
        if one.chunked is False and not any_chunks:
            yield one, ("lost-chunks", "proven", "it says it came in chunks; in no such response of the file are any")
        if one.decodes is False and (one.length in ("shorter", "longer") or one.chunked is False):
            yield one, ("decoded-body", "proven", "its content coding was taken off: neither label nor length fits")
        elif one.decodes is False and not any_decodes:
            yield one, ("decoded-body", "likely", "its body is not coded as it says, and none in the file is")
        elif one.length == "shorter":
            yield one, ("unmarked-cut", "proven", "its body is shorter than Content-Length and not marked as truncated")
        elif one.length == "longer":
            yield one, ("longer-body", "likely", "its body is longer than Content-Length: changed, or not its own")
