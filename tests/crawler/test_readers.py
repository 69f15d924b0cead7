"""The processes that read pages: what goes wrong in one is an error of that page, and no other page notices."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.read import ReadJob
from crawler import readers
from crawler.readers import Readers, ReadingFailed, read_within_limit


@pytest.fixture
def pool() -> Iterator[Readers]:
    opened = Readers(1)
    yield opened
    opened.close()


def test_a_page_that_cannot_be_read_says_why_across_the_processes(pool: Readers, tmp_path: Path) -> None:
    with pytest.raises(ReadingFailed, match=r"NotFound|FileNotFoundError|WarcDamaged"):
        asyncio.run(pool.read(ReadJob(str(tmp_path), "warc/nothing.warc.gz", 0)))


def test_a_reader_that_was_killed_is_replaced_and_the_page_gets_a_second_try(pool: Readers, tmp_path: Path) -> None:
    job = ReadJob(str(tmp_path), "warc/nothing.warc.gz", 0)
    with pytest.raises(ReadingFailed):
        asyncio.run(pool.read(job))
    assert pool._pool is not None
    (reader,) = pool._pool._processes
    os.kill(reader, signal.SIGKILL)
    with pytest.raises(ReadingFailed) as found:
        asyncio.run(pool.read(job))
    assert "died" not in str(found.value)  # it was read by the new process, and failed for its own reason


def test_a_page_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "SECONDS_PER_PAGE", 0.2)
    os.mkfifo(tmp_path / "endless.warc.gz")  # opening it waits for a writer that never comes
    with pytest.raises(ReadingFailed, match="reading took longer than"):
        read_within_limit(ReadJob(str(tmp_path), "endless.warc.gz", 0))
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_without_workers_a_page_is_read_in_this_process(tmp_path: Path) -> None:
    here = Readers(0)
    with pytest.raises(ReadingFailed, match=r"NotFound|FileNotFoundError|WarcDamaged"):
        asyncio.run(here.read(ReadJob(str(tmp_path), "warc/nothing.warc.gz", 0)))
    assert here._pool is None
    here.close()
