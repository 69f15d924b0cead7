"""HTTP/1.x responses from bytes: the head, the framing, the entity. Pure, and one for crawler and archive.

`ResponseReader` is fed bytes as they arrive and says where the message ends, so the crawler knows when to stop; the
archive feeds it with the blocks of WARC records. It is lenient: whatever a server sent has a reading, and what was
wrong with it stands in `problems`. Rules: RFC 9112.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

MAX_HEAD_BYTES = 1 << 20
_STATUS_LINE = re.compile(rb"^(HTTP/\d+(?:\.\d+)?|ICY)[ \t]+(\d{3})(?:[ \t]+(.*))?$", re.DOTALL | re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"^[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?$", re.DOTALL)
_LINE_LIMIT = 1 << 16
_SHORT_LINE = 1 << 6
_MAX_EXCESS = 1 << 16
_HEAD_PIECE = 1 << 14
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_BLANK = b"\r\n"

Framing = Literal["none", "length", "chunked", "close"]


@dataclass(frozen=True, slots=True)
class Head:
    """A status line and its fields, names and values as sent (unfolded, stripped of optional white space)."""

    version: bytes
    status: int | None
    reason: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    size_bytes: int  # with the blank line
    problems: tuple[str, ...] = ()

    def values(self, name: str) -> list[str]:
        """All values of a field, in order, decoded as UTF-8 or else Latin-1."""
        wanted = name.lower().encode()
        size = len(wanted)  # most names differ in length already
        return [_text(value) for key, value in self.fields if len(key) == size and key.lower() == wanted]

    def value(self, name: str) -> str | None:
        """The first value of a field, or None."""
        return next(iter(self.values(name)), None)

    def tokens(self, name: str) -> list[str]:
        """The comma-separated members of a list field, lower case, of all its lines."""
        return [token.strip().lower() for line in self.values(name) for token in line.split(",") if token.strip()]

    @property
    def media_type(self) -> str | None:
        """The media type of Content-Type in lower case, without parameters."""
        value = self.value("content-type")
        return value.split(";")[0].strip().lower() or None if value else None

    @property
    def charset(self) -> str | None:
        """The charset parameter of Content-Type, as written."""
        found = re.search(r"charset\s*=\s*[\"']?([^\s\"';,]+)", self.value("content-type") or "", re.IGNORECASE)
        return found.group(1) if found else None


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def parse_head(raw: bytes) -> Head:
    """Return the head that `raw` is (up to and with its blank line). Never raises: see `problems`."""
    problems: list[str] = []
    lines = raw.replace(b"\r\n", b"\n").strip(b"\r\n").split(b"\n")
    matched = _STATUS_LINE.match(lines[0].strip())
    if matched is None:
        return Head(b"", None, b"", (), len(raw), ("no status line",))
    fields: list[tuple[bytes, bytes]] = []
    for line in lines[1:]:
        if line[:1] in (b" ", b"\t") and fields:  # obs-fold, RFC 9112 section 5.2
            name, value = fields[-1]
            fields[-1] = (name, (value + b" " + line.strip()).strip())
            continue
        name, colon, value = line.partition(b":")
        if not colon:
            problems.append("header line without a colon")
            continue
        fields.append((name.strip(), value.strip()))
    return Head(matched[1].upper(), int(matched[2]), matched[3] or b"", tuple(fields), len(raw), tuple(problems))


class ResponseReader:
    """Finds the end of one response in a stream of bytes and takes its transfer coding off.

    Feed it with `feed`; it returns the entity bytes (transfer-decoded, still content-encoded) that became known.
    `done` turns true at the end of the message; bytes fed beyond it are counted in `excess_bytes`, and the first
    64 KiB of them kept in `excess`. Call `eof` when the connection has closed: `complete` then says whether the
    message had ended by its own framing. `consumed` counts the bytes of the final response (blank lines before it
    included), and `interim` holds the 1xx heads before it, as sent. However the bytes are cut up, the result is the
    same.
    """

    def __init__(self, method: str = "GET", *, max_head_bytes: int = MAX_HEAD_BYTES) -> None:
        self.method = method.upper()
        self.head: Head | None = None
        self.framing: Framing = "none"
        self.interim: list[bytes] = []
        self.problems: list[str] = []
        self.consumed = 0
        self.entity_bytes = 0
        self.excess = b""
        self.excess_bytes = 0
        self.done = False
        self.complete = False
        self._max_head_bytes = max_head_bytes
        self._buffer = bytearray()
        self._left = 0  # bytes of the body or of the chunk still to come
        self._chunk: Literal["size", "data", "end", "trailer", "broken"] = "size"
        self._scanned = 0
        self._trailer_bytes = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as received; return the entity bytes they gave."""
        if self.head is not None or len(data) <= _HEAD_PIECE:
            return self._feed(data)
        given: list[bytes] = []
        at = 0
        while self.head is None and not self.done and at < len(data):  # so that a long body is not copied with its head
            given += self._feed(data[at : at + _HEAD_PIECE])
            at += _HEAD_PIECE
        return given + self._feed(data[at:])

    def _feed(self, data: bytes) -> list[bytes]:
        if self.done:
            self._exceed(data)
            return []
        if self.head is None:
            self._buffer += data
            if not self._read_heads():
                return []
            data = bytes(self._buffer)
            self._buffer.clear()
            if self.done:
                self._exceed(data)
                return []
        return self._body(data) if data else []

    def eof(self) -> list[bytes]:
        """The connection has closed. Returns entity bytes that were held back, if any."""
        if self.done:
            return []
        if self.head is None:
            if not self._buffer:
                self._end(complete=False)
                return []
            raw = bytes(self._buffer)
            self._buffer.clear()
            self._take_head(raw, problem="connection closed inside the head")
            self._end(complete=False)
            return []
        if self.framing == "close":
            self._end(complete=True)
            return []
        self.problems.append(
            "connection closed inside the chunked body"
            if self.framing == "chunked"
            else f"connection closed {self._left} bytes before Content-Length"
        )
        self.consumed += len(self._buffer)
        self._end(complete=False)
        return []

    @property
    def keep_alive(self) -> bool:
        """Whether the connection can carry another exchange after this one."""
        if not (self.done and self.complete and self.head) or self.framing == "close" or self.excess:
            return False
        options = self.head.tokens("connection")
        return "close" not in options and (self.head.version != b"HTTP/1.0" or "keep-alive" in options)

    # -- heads

    def _read_heads(self) -> bool:
        while True:
            if self._no_http():
                self._take_head(b"", problem="no status line")
                return True
            end = self._head_end()
            if (end or len(self._buffer)) > self._max_head_bytes:
                raw = bytes(self._buffer[: self._max_head_bytes])
                del self._buffer[: self._max_head_bytes]
                self._take_head(raw, problem=f"head longer than {self._max_head_bytes} bytes")
                self._end(complete=False)
                return True
            if end is None:
                return False
            raw = bytes(self._buffer[:end])
            del self._buffer[:end]
            self._scanned = 0
            head = parse_head(raw)
            if head.status is not None and 100 <= head.status < 200 and head.status != 101:
                self.interim.append(raw)
                continue
            self._take_head(raw, head=head)
            return True

    def _no_http(self) -> bool:
        lead = self._blank_bytes()
        start = bytes(self._buffer[lead : lead + 5]).upper()
        return not (start.startswith(b"ICY ") or b"HTTP/".startswith(start) or b"ICY ".startswith(start[:4]))

    def _head_end(self) -> int | None:
        found = _HEAD_END.search(self._buffer, max(self._blank_bytes(), self._scanned - 3))
        self._scanned = len(self._buffer)
        return found.end() if found else None

    def _blank_bytes(self) -> int:
        """Line ends before the status line are skipped, as RFC 9112 section 2.2 asks of lenient readers."""
        if not self._buffer.startswith((b"\r", b"\n")):
            return 0
        return len(self._buffer) - len(self._buffer.lstrip(_BLANK))

    def _take_head(self, raw: bytes, problem: str | None = None, head: Head | None = None) -> None:
        self.head = head or (parse_head(raw) if raw else Head(b"", None, b"", (), 0, ()))
        self.problems.extend(self.head.problems)
        if problem and problem not in self.problems:
            self.problems.append(problem)
        self.consumed += len(raw)
        self._frame(self.head)

    def _frame(self, head: Head) -> None:
        """RFC 9112 section 6.3, and where a server breaks it, what browsers do."""
        if head.status is None:
            self.framing = "close"
            return
        if self.method == "HEAD" or head.status in (204, 304) or 100 <= head.status < 200:
            self._end(complete=True)
            return
        coding = head.tokens("transfer-encoding")
        if coding:
            self.framing = "chunked" if coding[-1] == "chunked" else "close"
            return
        lengths = head.tokens("content-length")
        if not lengths:
            self.framing = "close"
            return
        first = lengths[0]
        if len(set(lengths)) > 1:
            self.problems.append(f"Content-Length given with different values: {', '.join(sorted(set(lengths)))[:80]}")
        if not first.isascii() or not first.isdigit() or len(first) > 18:
            self.problems.append(f"Content-Length is not a number: {first[:40]}")
            self.framing = "close"
            return
        self.framing, self._left = "length", int(first)
        if self._left == 0:
            self._end(complete=True)

    # -- bodies

    def _body(self, data: bytes) -> list[bytes]:
        if self.framing == "chunked":
            return self._chunks(data)
        if self.framing == "length":
            taken = data[: self._left]
            self._left -= len(taken)
            self.consumed += len(taken)
            self.entity_bytes += len(taken)
            if self._left == 0:
                self._end(complete=True)
                self._exceed(data[len(taken) :])
            return [taken]
        self.consumed += len(data)
        self.entity_bytes += len(data)
        return [data]

    def _chunks(self, data: bytes) -> list[bytes]:
        given: list[bytes] = []
        if self._buffer:  # the beginning of a line
            data = b"".join((self._buffer, data))
            self._buffer.clear()
        at = 0
        while not self.done and at < len(data):
            if self._chunk == "broken":
                given.append(data[at:])
                at = len(data)
            elif self._chunk == "data":
                piece = data[at : at + self._left]
                given.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if self._left == 0:
                    self._chunk = "end"
            else:
                end = _line_end(data, at)
                if (end if end >= 0 else len(data)) - at > _LINE_LIMIT:
                    self._break("chunk line longer than 64 KiB")
                    continue
                if end < 0:
                    break
                if not self._chunk_line(bytes(data[at:end]).rstrip(b"\r")):
                    continue  # read again as broken, from the same place
                at = end + 1
        self.consumed += at
        if self.done:
            self._exceed(data[at:])
        else:
            self._buffer += data[at:]
        self.entity_bytes += sum(map(len, given))
        return given

    def _chunk_line(self, line: bytes) -> bool:
        if self._chunk == "end":
            if line:
                self._break("no line end after a chunk")
                return False
            self._chunk = "size"
        elif self._chunk == "size":
            matched = _CHUNK_SIZE.match(line)
            if matched is None:
                self._break(f"chunk size is not a number: {line[:20]!r}")
                return False
            self._left = int(matched[1], 16)
            self._chunk = "data" if self._left else "trailer"
        elif line:
            self._trailer_bytes += len(line)
            if self._trailer_bytes > self._max_head_bytes:
                self._break(f"trailers longer than {self._max_head_bytes} bytes")
                return False
        else:
            self._end(complete=True)
        return True

    def _break(self, problem: str) -> None:
        self.problems.append(problem)
        self._chunk = "broken"
        self.framing = "chunked"

    def _exceed(self, data: bytes) -> None:
        """Count bytes after the end; a server that never stops must not fill our memory."""
        self.excess_bytes += len(data)
        self.excess += data[: _MAX_EXCESS - len(self.excess)]

    def _end(self, *, complete: bool) -> None:
        self.done, self.complete = True, complete


def _line_end(data: bytes, start: int) -> int:
    """Where the line that begins at `start` ends, or -1. Most are short, and a view of bytes cannot be searched."""
    for size in (_SHORT_LINE, _LINE_LIMIT + 2):
        found = bytes(data[start : start + size]).find(b"\n")
        if found >= 0:
            return start + found
    return -1


def entity_pieces(pieces: Iterable[bytes], reader: ResponseReader) -> Iterator[bytes]:
    """Feed `reader` and give the entity as it comes, so that large bodies need no memory."""
    for piece in pieces:
        yield from reader.feed(piece)
    yield from reader.eof()
