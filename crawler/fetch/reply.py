"""What came back for one request, and the limits it came under."""

from __future__ import annotations

from dataclasses import dataclass, field

from archive.http import Head
from archive.model import Truncation
from archive.wire import Wire

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
