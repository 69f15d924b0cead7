"""The catalog: what the files hold, as a database to ask. Derived: `pressmark db rebuild` makes it again.

`Catalog` is an engine and its transactions. What can be asked and told stands in a file by noun, as functions that
take a Catalog (to ask) or a Connection of `Catalog.transaction()` (to tell): archives, frontier, captures, articles,
revisions, runs; search has the words. Callers own the clock; all times are aware and in UTC.
"""

from sqlalchemy import Connection

from archive.catalog.engine import Catalog, connection, open_catalog, set_aside
from archive.catalog.tables import SCHEMA_VERSION

__all__ = ["SCHEMA_VERSION", "Catalog", "Connection", "connection", "open_catalog", "set_aside"]
