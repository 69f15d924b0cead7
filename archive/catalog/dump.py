"""Every row of a table in the order of its key, for `db check`: two catalogs are compared row by row, not trusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import metadata

# What a rebuild must give back, and what of it: not how work is spread now (leases, queues), nor row numbers.
COMPARED: dict[str, tuple[str, ...]] = {
    "captures": ("*",),
    "articles": ("*", "-search_row"),
    "revisions": ("*",),
    "fingerprints": ("*",),
    "profiles": ("*",),
    "events": ("*",),
    "runs": ("*", "-heartbeat_at", "-committed_bytes"),
    "listings": ("*",),
    "distrust": ("*",),
    "urls": (
        "url", "urlkey", "source", "is_listing", "found_by", "via", "depth", "claims", "found_at",
        "outcome_kind", "outcome_reason", "outcome_detail", "outcome_at", "run", "article_id", "watch", "record_id",
        "etag", "last_modified", "payload_digest", "captured_at",
    ),
}  # fmt: skip


def rows(catalog: Catalog, table: str) -> Iterator[dict[str, Any]]:
    """Give the compared columns of every row of a table, in the order of its primary key."""
    found = metadata.tables[table]
    wanted = COMPARED[table]
    names = [column.name for column in found.columns] if "*" in wanted else list(wanted)
    names = [name for name in names if f"-{name}" not in wanted]
    asked = select(*(found.c[name] for name in names)).order_by(*found.primary_key.columns)
    with connection(catalog) as conn:
        for row in conn.execution_options(yield_per=500).execute(asked):
            yield dict(row._mapping)


def key_of(table: str, row: dict[str, Any]) -> tuple[Any, ...]:
    """The primary key of a row of `rows`."""
    return tuple(row[column.name] for column in metadata.tables[table].primary_key.columns)
