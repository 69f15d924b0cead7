"""Catalog: a database engine and its transactions. Questions and answers are functions in the files beside.

Order: the object, opening it (with the schema's version checked), each database's own settings, errors in our words.
"""

from __future__ import annotations

import importlib.util
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from sqlalchemy import URL, Connection, Engine, create_engine, delete, event, insert, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from archive import errors
from archive.catalog import search
from archive.catalog.tables import SCHEMA_VERSION, meta, metadata

BUSY_SECONDS = 30.0
_ATTEMPTS = 8  # of a transaction that others' keep crossing
_CROSSED = ("40001", "40P01")  # serialization failure, deadlock: PostgreSQL ends one so that the others can go on
Result = TypeVar("Result")
REBUILD = "pressmark db rebuild"
_HALF_MADE = "half_made"  # a row of `meta` from the beginning of a rebuild to its end
_SCHEMA_LOCK = 0x7072_6573  # any constant: of two processes that open an empty database, one creates the tables


class Catalog:
    """What the files hold, as questions can be asked of it. Safe to share between threads, not across a fork."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def name(self) -> str:
        """The database as a person may read it: without the password."""
        return _described(self.engine.url)

    @property
    def is_shared(self) -> bool:
        """Whether archives of other folders may be in it: a SQLite file belongs to the folder it lies in."""
        return self.engine.dialect.name != "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection that writes: everything or nothing. One writer at a time in SQLite.

        Raises DatabaseUnreachable, DiskFull or ArchiveLocked (another writer for BUSY_SECONDS) in the database's name.
        """
        with self._speaking() as conn, conn.begin():
            yield conn

    def attempt(self, work: Callable[[Connection], Result]) -> Result:
        """Do `work` in a transaction, and once more from its beginning where another worker's transaction crossed it.

        Workers that share a PostgreSQL database write rows of the same tables in orders of their own, so that two may
        wait for each other: the server ends one of them. `work` must change nothing but the database. Raises as
        `transaction`.
        """
        attempts = 0
        while True:
            attempts += 1
            try:
                with self.transaction() as conn:
                    return work(conn)
            except DBAPIError as error:
                if attempts == _ATTEMPTS or getattr(error.orig, "sqlstate", None) not in _CROSSED:
                    raise
                time.sleep(random.uniform(0.01, 0.1))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that reads one consistent state and never waits for writers."""
        with self._speaking() as conn:
            conn.execution_options(pressmark_reading=True)
            with conn.begin():
                yield conn

    def clear(self, then: Callable[[Connection], object] = lambda conn: None) -> None:
        """Forget everything, as `db rebuild` does before it reads the files again; `then` belongs to the transaction.

        Until `made_whole`, the catalog is half made and opens for a rebuild only, whoever dies in between.
        """
        with self.transaction() as conn:
            _drop(conn)
            _create(conn)
            conn.execute(insert(meta).values(name=_HALF_MADE, value="yes"))
            then(conn)

    def made_whole(self) -> None:
        """Say that the catalog has what the files have."""
        with self.transaction() as conn:
            conn.execute(delete(meta).where(meta.c.name == _HALF_MADE))

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _speaking(self) -> Iterator[Connection]:
        try:
            with self.engine.connect() as conn:
                yield conn
        except DBAPIError as error:
            raise _in_our_words(error, self.engine.url) from error


@contextmanager
def connection(place: Catalog | Connection) -> Iterator[Connection]:
    """The connection itself, or a reading one of the catalog: for questions that take either."""
    if isinstance(place, Connection):
        yield place
    else:
        with place.reading() as conn:
            yield conn


def open_catalog(url: str, *, create: bool = True, renew: bool = False) -> Catalog:
    """Open "sqlite:///path" or "postgresql://user:password@host:port/database".

    Missing tables are made if `create`, else NotFound. Tables of another schema version, and those of a rebuild that is
    not at its end, raise DatabaseUnreachable with the hint to rebuild; for the rebuild itself `renew` drops the former
    and takes the latter. Raises MissingExtra without psycopg, UsageError for another kind of URL.
    """
    parsed = _parsed(url)
    engine = _sqlite(parsed, create) if parsed.drivername == "sqlite" else _postgresql(parsed)
    catalog = Catalog(engine)
    try:
        _prepare(catalog, create, renew)
    except BaseException:
        catalog.close()
        raise
    return catalog


def set_aside(url: str) -> Path:
    """Give a damaged SQLite catalog another name, for a new one to be made in its place; return that name."""
    path = Path(_parsed(url).database or "")
    aside = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(aside)
        for ending in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
    except OSError as error:
        raise errors.cannot_write(f"rename {path}", error) from error
    return aside


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # without its cause, which may repeat a password
        raise errors.UsageError(
            "the database address cannot be read", hint="use sqlite:///catalog.sqlite3 or postgresql://host/database"
        ) from None
    kind = parsed.drivername.split("+")[0]
    if kind == "sqlite":
        return parsed.set(drivername="sqlite")
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise errors.UsageError(
        f'the catalog cannot be in a "{kind}" database', hint="use sqlite:///path or postgresql://host/database"
    )


def _sqlite(url: URL, create: bool) -> Engine:
    path = Path(url.database or ":memory:")
    if not create and not path.exists():
        raise errors.NotFound(f"there is no catalog at {path}", hint=REBUILD)
    read_only = path.exists() and not _may_write(path)
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(_only_read(url, path) if read_only else url, connect_args=arguments)
    event.listen(engine, "connect", partial(_set_up_sqlite, read_only=read_only))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _may_write(path: Path) -> bool:
    """A write-ahead log wants files of its own beside the database: the folder counts, too."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _only_read(url: URL, path: Path) -> URL:
    """The address of a catalog in a folder we may not write: a backup, a snapshot, an archive of another user.

    Without a log, or with an empty one, nobody writes it: then SQLite needs no files beside it (`immutable`). With one
    it reads along, where the writer's shared memory is there (https://sqlite.org/wal.html#read_only_databases).
    """
    log = path.with_name(path.name + "-wal")
    idle = {} if log.exists() and log.stat().st_size else {"immutable": "1"}
    return url.set(database=f"file:{quote(str(path.resolve()))}", query={"mode": "ro", "uri": "true", **idle})


def _set_up_sqlite(dbapi: Any, _record: Any, *, read_only: bool) -> None:
    dbapi.isolation_level = None  # the driver must not open transactions by itself: see _begin_sqlite
    if not read_only:
        _write_ahead(dbapi)
    for pragma in (
        # The file stays consistent after a crash; the last commits may be missing and come again from the WARC.
        "synchronous = NORMAL",
        f"busy_timeout = {int(BUSY_SECONDS * 1000)}",
        "cache_size = -32000",
        "temp_store = MEMORY",
    ):
        dbapi.execute(f"PRAGMA {pragma}").close()


def _write_ahead(dbapi: Any) -> None:
    """Make the database's journal a write-ahead log, which it stays.

    SQLite answers SQLITE_BUSY at once, busy timeout or not, where another connection is changing the same thing
    (https://sqlite.org/pragma.html#pragma_journal_mode), as any two processes do that open a new archive together.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            dbapi.execute("PRAGMA journal_mode = WAL").close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(conn: Connection) -> None:
    # A transaction that reads first and then writes fails at once, busy timeout or not, if another wrote in between.
    reads = conn.get_execution_options().get("pressmark_reading")
    conn.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _postgresql(url: URL) -> Engine:
    if importlib.util.find_spec("psycopg") is None:
        raise errors.MissingExtra(
            "a catalog in PostgreSQL needs psycopg, which is not installed", hint="pip install 'pressmark[postgres]'"
        )
    return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})


def _prepare(catalog: Catalog, create: bool, renew: bool) -> None:
    found, half_made = _version(catalog)
    if found == str(SCHEMA_VERSION):
        if half_made and not renew:
            raise errors.DatabaseUnreachable(
                f"{catalog.name} is half made: it is being made again from the files, or that was interrupted",
                hint=f"wait for it, or once more: {REBUILD}",
            )
        return
    if found is not None and not renew:
        raise errors.DatabaseUnreachable(
            f"{catalog.name} has schema version {found}, this version of pressmark needs {SCHEMA_VERSION}", hint=REBUILD
        )
    if found is None and not create:
        raise errors.NotFound(f"{catalog.name} holds no catalog", hint=REBUILD)
    with catalog.transaction() as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
        if found is not None:
            _drop(conn)
        if found is not None or not inspect(conn).has_table(meta.name):
            _create(conn)


def _version(catalog: Catalog) -> tuple[str | None, bool]:
    """The version of the tables that are there, and whether a rebuild has begun and not ended."""
    with catalog.reading() as conn:
        if not inspect(conn).has_table(meta.name):
            return None, False
        said = {row.name: row.value for row in conn.execute(select(meta.c.name, meta.c.value))}
        return said.get("schema_version") or "unknown", _HALF_MADE in said


def _create(conn: Connection) -> None:
    metadata.create_all(conn)
    search.create(conn)
    conn.execute(insert(meta).values(name="schema_version", value=str(SCHEMA_VERSION)))


def _drop(conn: Connection) -> None:
    search.drop(conn)
    metadata.drop_all(conn)


def _described(url: URL) -> str:
    if url.drivername == "sqlite":
        database = url.database or "in memory"
        return f"the catalog {unquote(database.removeprefix('file:')) if url.query.get('uri') else database}"
    host = url.host or url.query.get("host") or "localhost"
    return f'PostgreSQL at {host}:{url.port or 5432}, database "{url.database or url.username or ""}"'


def _in_our_words(error: DBAPIError, url: URL) -> errors.PressmarkError | DBAPIError:
    """What a person can act on. A mistake of ours (wrong SQL, a broken constraint) stays what it is."""
    if url.drivername == "sqlite":
        return _sqlite_words(error, url)
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == "53100" or "No space left" in str(error.orig):
        return errors.DiskFull(f"no room left at {_described(url)}")
    # Without a state no server answered; 08 is a lost connection, 28 and 3D a user or database it does not know,
    # 53 a lack of resources, 57P a server that stops. https://postgresql.org/docs/current/errcodes-appendix.html
    is_operational = type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout") and not state
    if error.connection_invalidated or is_operational or state.startswith(("08", "28", "3D", "53", "57P")):
        return errors.DatabaseUnreachable(
            f"cannot reach {_described(url)} ({_first_line(error.orig)})", hint=_way_back(url, str(error.orig))
        )
    return error


def _way_back(url: URL, said: str) -> str:
    """The next step. A failed login has no SQLSTATE in psycopg's words, so that a missing database is known by them."""
    if "database" in said and "does not exist" in said:
        return f"createdb -h {url.host or 'localhost'} {url.database}, then pressmark db rebuild fills it"
    return "fetched pages are safe in warc/; once it is back, the next crawl tells it what it missed"


def _sqlite_words(error: DBAPIError, url: URL) -> errors.PressmarkError | DBAPIError:
    name = getattr(error.orig, "sqlite_errorname", "")
    where = _described(url)
    if name.startswith("SQLITE_FULL"):
        return errors.DiskFull(f"no room left for {where}", hint="free some space, then run this again")
    if name.startswith("SQLITE_BUSY"):
        return errors.ArchiveLocked(f"{where} has been locked by another process for {BUSY_SECONDS:.0f} s")
    if name.startswith("SQLITE_READONLY"):
        return errors.NotWritable(
            f"{where} is read-only here: it can be asked, and this command writes to it",
            hint="run it as the user whom the folder belongs to, where it can be written",
        )
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR")):
        return errors.DatabaseUnreachable(f"{where} cannot be used ({error.orig})")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return errors.CatalogDamaged(f"{where} is damaged ({error.orig})", hint=REBUILD)
    return error


def _first_line(error: BaseException | None) -> str:
    """The server's or driver's own reason; psycopg never puts the password there."""
    lines = str(error).strip().splitlines()
    return lines[0].rsplit("failed: ", 1)[-1] if lines else "no reason given"
