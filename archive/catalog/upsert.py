"""INSERT … ON CONFLICT: the same statement in both dialects of SQLAlchemy, which have a class each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    Insert = sqlite.Insert


def upsert(conn: Connection, table: Table) -> Insert:
    """Return an INSERT that knows on_conflict_do_update and on_conflict_do_nothing."""
    make: Any = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    statement: Insert = make(table)
    return statement
