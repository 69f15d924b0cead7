"""What came back for one request, and the limits it came under."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urldefrag

from archive.http.messages import Head
from archive.http.wire import Wire
from archive.model import Exchange, Truncation

EMPTY_HEAD = Head(b"", None, b"", (), 0, ())


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop receiving. `deadline` is the event loop's time; `wire_bytes` 0 means no limit.

    `entity_bytes` is how much of the body is held in memory for the crawler; the wire keeps all of it.
    """

    deadline: float
    idle_seconds: float
    wire_bytes: int
    entity_bytes: int


@dataclass(slots=True)
class Reply:
    """The final response as received: `wire` has its bytes, `entity` the transfer-decoded body in memory."""

    wire: Wire = field(default_factory=Wire)
    head: Head = EMPTY_HEAD
    interim: tuple[bytes, ...] = ()
    entity: bytes = b""
    entity_cut: bool = False
    head_whole: bool = False  # false where the head was cut, so that `head` is a guess from its start
    truncated: Truncation | None = None
    notes: tuple[str, ...] = ()
    ip_address: str | None = None
    protocols: tuple[str, ...] = ("http/1.1",)
    cipher: str | None = None
    first_byte_at: float | None = None  # the event loop's time


def exchange_of(url: str, method: str, data: bytes, reply: Reply, started_at: datetime, fetch_ms: int) -> Exchange:
    """The exchange to keep: what was asked (`data`, as sent) and what came."""
    return Exchange(
        target_uri=urldefrag(url)[0],
        method=method,
        started_at=started_at,
        fetch_ms=fetch_ms,
        request=data,
        response=reply.wire,
        interim=reply.interim,
        ip_address=reply.ip_address,
        protocols=reply.protocols,
        cipher=reply.cipher,
        truncated=reply.truncated,
        notes=reply.notes,
    )
