"""Opening a catalog: both databases, other versions, and every way it can be missing."""

from __future__ import annotations

import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread, Timer

import pytest
from sqlalchemy import text

from archive import errors
from archive.catalog import SCHEMA_VERSION, Catalog, archives, frontier, open_catalog
from archive.model import Discovery
from tests import services

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_catalog_is_there_again_after_it_was_closed(catalog_url: str) -> None:
    first = open_catalog(catalog_url)
    with first.transaction() as conn:
        archives.register(conn, "news", "/data", NOW)
    first.close()
    again = open_catalog(catalog_url, create=False)
    assert archives.roots(again) == {"news": "/data"}
    again.close()


def test_another_schema_version_asks_for_a_rebuild_and_a_rebuild_may_open_it(catalog_url: str) -> None:
    old = open_catalog(catalog_url)
    with old.transaction() as conn:
        archives.register(conn, "news", "/data", NOW)
        conn.execute(text("UPDATE meta SET value = '0' WHERE name = 'schema_version'"))
    old.close()
    with pytest.raises(errors.DatabaseUnreachable, match=f"version 0, .* needs {SCHEMA_VERSION}") as raised:
        open_catalog(catalog_url)
    assert raised.value.hint == "pressmark db rebuild"
    renewed = open_catalog(catalog_url, renew=True)
    assert archives.roots(renewed) == {}
    renewed.close()


def test_clear_forgets_everything_and_leaves_a_working_catalog(catalog: Catalog) -> None:
    for _ in range(2):
        with catalog.transaction() as conn:
            frontier.add(conn, [Discovery("https://a.example/", "s", "feed", NOW)], NOW)
        catalog.clear()
        assert frontier.outcome_of(catalog, "https://a.example/") is None


def test_a_catalog_that_is_half_made_opens_for_a_rebuild_only(catalog_url: str) -> None:
    catalog = open_catalog(catalog_url)
    catalog.clear(lambda conn: archives.register(conn, "news", "/data", NOW))  # and its process dies
    catalog.close()
    with pytest.raises(errors.DatabaseUnreachable, match="half made") as raised:
        open_catalog(catalog_url)
    assert "pressmark db rebuild" in (raised.value.hint or "")
    again = open_catalog(catalog_url, renew=True)
    assert archives.roots(again) == {"news": "/data"}  # what is to be read again is not forgotten
    again.made_whole()
    again.close()
    open_catalog(catalog_url).close()


def test_a_transaction_is_all_or_nothing(catalog: Catalog) -> None:
    with pytest.raises(ZeroDivisionError), catalog.transaction() as conn:
        archives.register(conn, "news", "/data", NOW)
        raise ZeroDivisionError
    assert archives.roots(catalog) == {}


def test_threads_that_open_an_empty_database_together_all_can_use_it(catalog_url: str) -> None:
    problems: list[BaseException] = []

    def use(name: str) -> None:
        try:
            opened = open_catalog(catalog_url)
            with opened.transaction() as conn:
                archives.register(conn, name, "/data", NOW)
            opened.close()
        except BaseException as error:
            problems.append(error)

    threads = [Thread(target=use, args=(f"a{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    opened = open_catalog(catalog_url)
    assert len(archives.roots(opened)) == 6
    opened.close()


def test_opening_waits_for_who_is_just_making_the_database(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "catalog.sqlite3", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")  # not yet a write-ahead log: SQLite itself would not wait here
    ending = Timer(0.2, other.close)
    ending.start()
    open_catalog(f"sqlite:///{tmp_path / 'catalog.sqlite3'}").close()
    assert ending.finished.is_set()


def test_readers_do_not_wait_for_a_writer(catalog: Catalog) -> None:
    with catalog.transaction() as conn:
        archives.register(conn, "news", "/data", NOW)
        assert archives.roots(catalog) == {}
    assert archives.roots(catalog) == {"news": "/data"}


def test_no_catalog_is_made_where_none_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    with pytest.raises(errors.NotFound):
        open_catalog(f"sqlite:///{path}", create=False)
    assert not path.exists()


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    path.write_bytes(b"not a database at all " * 100)
    with pytest.raises(errors.DatabaseUnreachable, match="damaged") as raised:
        open_catalog(f"sqlite:///{path}")
    assert raised.value.hint == "pressmark db rebuild"


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(errors.DatabaseUnreachable, match="cannot be used"):
        open_catalog(f"sqlite:///{tmp_path / 'no' / 'catalog.sqlite3'}")


def test_an_unreachable_server_is_named_without_the_password() -> None:
    port = services.free_port()
    with pytest.raises(errors.DatabaseUnreachable) as raised:
        open_catalog(f"postgresql://me:s3cret-word@127.0.0.1:{port}/news")
    said = f"{raised.value.as_dict()} {raised.value}"
    assert f"127.0.0.1:{port}" in said and '"news"' in said and "refused" in said
    assert "s3cret-word" not in said and "the next crawl tells it" in (raised.value.hint or "")


@pytest.mark.services
def test_an_unknown_database_is_unreachable_too(postgres_url: str) -> None:
    with pytest.raises(errors.DatabaseUnreachable, match=r'"nowhere".*does not exist') as raised:
        open_catalog(postgres_url.rsplit("/", 1)[0] + "/nowhere")
    assert (raised.value.hint or "").startswith("createdb -h 127.0.0.1 nowhere")


@pytest.mark.services
def test_a_server_that_stops_in_the_middle_is_unreachable_and_may_come_back(postgres_database: str) -> None:
    catalog = open_catalog(postgres_database)
    with pytest.raises(errors.DatabaseUnreachable), catalog.transaction() as conn:
        with open_catalog(postgres_database).transaction() as other:
            other.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                     "AND datname = current_database()")
            )  # fmt: skip
        archives.register(conn, "news", "/data", NOW)
    assert archives.roots(catalog) == {}
    catalog.close()


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(errors.MissingExtra) as raised:
        open_catalog("postgresql://127.0.0.1/news")
    assert raised.value.hint == "pip install 'pressmark[postgres]'"


@pytest.mark.parametrize(
    "url", ["mysql://root:s3cret@db/news", "catalog.sqlite3", "", "postgresql://me:s3cret@db:port/x"]
)
def test_other_addresses_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(errors.UsageError) as raised:
        open_catalog(url)
    assert "s3cret" not in f"{raised.value} {raised.value.hint}"


def test_a_writer_that_waits_too_long_is_told_who_it_waits_for(
    sqlite_catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_catalog(str(sqlite_catalog.engine.url))
    with other.transaction(), pytest.raises(errors.ArchiveLocked), sqlite_catalog.engine.connect() as conn:
        conn.connection.dbapi_connection.execute("PRAGMA busy_timeout = 1")  # type: ignore[union-attr]
        conn.close()
        with sqlite_catalog.transaction():
            pass
    other.close()
