"""What waits in the queues, without walking through it: an index seek for each queue and priority.

Joined or grouped by the database itself, the same questions go through every URL that waits for a later time.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, TextClause, bindparam, select, text

from archive.catalog.columns import UtcTime
from archive.catalog.tables import PRIORITIES, queues, urls


def earliest(conn: Connection, *chosen: ColumnElement[bool]) -> dict[tuple[str, int], datetime]:
    """The earliest due time over the chosen queues, by source and priority."""
    found: dict[tuple[str, int], datetime] = {}
    for source, priority, at in _ask(conn, _EARLIEST, chosen, {}):
        if at is not None:
            found[source, priority] = min(at, found.get((source, priority), at))
    return found


def due_counts(conn: Connection, now: datetime) -> dict[tuple[str, int], int]:
    """How many URLs are due now, by source and priority."""
    found: dict[tuple[str, int], int] = {}
    for source, priority, count in _ask(conn, _COUNT, (queues.c.due_at <= now,), {"now": now}):
        found[source, priority] = found.get((source, priority), 0) + count
    return found


def _ask(
    conn: Connection, statements: dict[str, Any], chosen: tuple[ColumnElement[bool], ...], given: dict[str, Any]
) -> list[Any]:
    asked = select(queues.c.host, queues.c.source).where(*chosen)
    rows = [(host, source, priority) for host, source in conn.execute(asked) for priority in PRIORITIES]
    if not rows:
        return []
    return list(conn.execute(statements[conn.dialect.name], {"queues": json.dumps(rows), **given}))


def _statements(value: str, kind: Any, *binds: Any) -> dict[str, Any]:
    """`value`, a subquery over one queue and priority, for all of them: in SQLite's words, and in PostgreSQL's."""
    host, source, priority = (f"json_extract(queue.value, '$[{n}]')" for n in range(3))
    sqlite = f"""SELECT {source} AS source, {priority} AS priority, (SELECT {{}}) AS value
        FROM json_each(:queues) AS queue"""
    condition = "FROM urls WHERE state = 'due' AND host = {} AND urls.source = {} AND priority = {}"
    postgresql = """SELECT queue ->> 1 AS source, CAST(queue ->> 2 AS integer) AS priority, (SELECT {}) AS value
        FROM json_array_elements(CAST(:queues AS json)) AS queue"""
    texts = {
        "sqlite": sqlite.format(value.format(condition.format(host, source, priority))),
        "postgresql": postgresql.format(
            value.format(condition.format("queue ->> 0", "queue ->> 1", "CAST(queue ->> 2 AS integer)"))
        ),
    }
    columns = {"source": urls.c.source.type, "priority": urls.c.priority.type, "value": kind}
    found: dict[str, Any] = {}
    for name, statement in texts.items():
        clause: TextClause = text(statement).bindparams(*binds)
        found[name] = clause.columns(**columns)
    return found


_EARLIEST = _statements("due_at {} ORDER BY due_at LIMIT 1", UtcTime)
# In the order of the index, so that no database takes another one for it.
_DUE_LINE = "count(*) FROM (SELECT due_at {} AND due_at <= :now ORDER BY due_at LIMIT 1000000) AS counted"
_COUNT = _statements(_DUE_LINE, Integer, bindparam("now", type_=UtcTime))
