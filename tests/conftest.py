"""Fixtures for all tests: a private PostgreSQL, and an empty catalog on each database."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from archive.catalog import Catalog, open_catalog
from tests import services

# The suite starts hundreds of processes: where bytecode is not to be kept, each would compile all modules once more.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first. The two workers are then busy to the end, and the end is of short ones."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL of our own. Skips where it is not installed, fails there if services are required."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(services.postgres())
        except services.ServiceMissing as missing:
            if os.environ.get(services.REQUIRED) == "1":
                pytest.fail(f"{services.REQUIRED}=1, but {missing}")
            pytest.skip(str(missing))
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> str:
    """The URL of an empty database in that PostgreSQL. Emptied for each test: faster than a database for each."""
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        server.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return postgres_url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def catalog_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.sqlite3'}"
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture
def catalog(catalog_url: str) -> Iterator[Catalog]:
    """An empty catalog, once on SQLite and once on PostgreSQL."""
    opened = open_catalog(catalog_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_catalog(tmp_path: Path) -> Iterator[Catalog]:
    """An empty catalog on SQLite, for what needs no second database."""
    opened = open_catalog(f"sqlite:///{tmp_path / 'catalog.sqlite3'}")
    yield opened
    opened.close()
