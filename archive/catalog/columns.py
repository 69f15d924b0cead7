"""How our values stand in a column: times, small JSON, text of strangers, and web addresses that fit an index.

Both databases give back what was put in: aware UTC times, the same JSON, the same text. SQLite has no time type, so
it keeps whole microseconds since 1970; PostgreSQL keeps `timestamptz`, which people can read in psql.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Dialect, Text, any_, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

# PostgreSQL refuses index entries over 2,704 bytes, in the middle of a batch. No newspaper has longer addresses for
# its articles, but a tracking redirect may, and one such link must not stop a crawl.
MAX_INDEXED_CHARS = 2000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def bounded(address: str) -> str:
    """Return the address itself, or, for a very long one, its beginning, "#" and the SHA-256 of all of it.

    A canonical URL has no fragment, so the two forms cannot be mistaken for each other.
    """
    if len(address) <= MAX_INDEXED_CHARS:
        return address
    return f"{address[: MAX_INDEXED_CHARS - 65]}#{hashlib.sha256(address.encode()).hexdigest()}"


def among(conn: Connection, column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """The condition `column IN values` as one parameter, so that thousands of values are one short statement."""
    listed = list(values)
    if conn.dialect.name == "sqlite":
        each = func.json_each(json.dumps(listed)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(cast(literal(listed, ARRAY(Text)), ARRAY(Text)))


class Key(TypeDecorator[str]):
    """Text we look up and sort by. In PostgreSQL by code point: faster, and the same order as in SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        wanted = TEXT(collation="C") if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(wanted)


class Words(TypeDecorator[str]):
    """Text a publisher or a server wrote. NUL and lone surrogates, which no database takes, become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (value.isascii() and "\x00" not in value):
            return value
        return value.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class UtcTime(TypeDecorator[datetime]):
    """An aware time, given back in UTC to the microsecond. A naive one is a bug of the caller: ValueError."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        wanted: TypeEngine[Any] = TIMESTAMP(timezone=True) if dialect.name == "postgresql" else BigInteger()
        return dialect.type_descriptor(wanted)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the catalog keeps aware times, got {value!r}")
        return value if dialect.name == "postgresql" else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else _EPOCH + value * _MICROSECOND


class Json(TypeDecorator[Any]):
    """A JSON value as text: key order, numbers and every character as given."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        # A lone surrogate cannot be UTF-8, but its escape can; so for the rare page that has one.
        return text if _is_unicode(text) else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
