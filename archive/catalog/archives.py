"""Archives: the folders a catalog describes. Many machines may write folders of their own into one catalog."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import archives
from archive.catalog.upsert import upsert


def register(conn: Connection, name: str, root: str, now: datetime) -> None:
    """Say where the files of an archive are, e.g. ("news", "/data/news"); again, if they moved."""
    statement = upsert(conn, archives).values(name=name, root=root, seen_at=now)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"root": root, "seen_at": now}))


def roots(place: Catalog | Connection) -> dict[str, str]:
    """Return the root of each archive by its name."""
    with connection(place) as conn:
        rows = conn.execute(select(archives.c.name, archives.c.root).order_by(archives.c.name))
        return {row.name: row.root for row in rows}
