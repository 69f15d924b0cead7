"""The processes that read pages: what goes wrong in one is an error of that page, and no other page notices."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.extract import language
from archive.reading import readers
from archive.reading.read import ReadJob
from archive.reading.readers import Readers, ReadingFailed, read_many, read_within


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
    (reader,) = pool._pool._processes
    os.kill(reader, signal.SIGKILL)
    with pytest.raises(ReadingFailed) as found:
        asyncio.run(pool.read(job))
    assert "died" not in str(found.value)  # it was read by the new process, and failed for its own reason


def test_the_loop_goes_on_while_readers_load(pool: Readers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, submit = threading.Event(), pool._submit
    monkeypatch.setattr(pool, "_submit", lambda *words: submit(*words) if loaded.wait(30) else None)

    async def both() -> None:
        reading = asyncio.create_task(pool.read(ReadJob(str(tmp_path), "warc/nothing.warc.gz", 0)))
        await asyncio.sleep(0.05)
        loaded.set()  # never, if the loop were held up
        with pytest.raises(ReadingFailed):
            await reading

    asyncio.run(both())


def loaded_before_it_was_forked() -> bool:
    return "archive.reading.reader_server" in sys.modules and language._identifier.cache_info().misses == 1


def test_a_reader_begins_with_everything_loaded(pool: Readers) -> None:
    assert pool._pool is not None and pool._pool.submit(loaded_before_it_was_forked).result()


class Endless:
    """A folder's name that is never there: one call into C, which no exception reaches."""

    def __fspath__(self) -> str:
        return str(sum(range(10**13)))


def test_a_page_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless.warc.gz")  # opening it waits for a writer that never comes
    with pytest.raises(ReadingFailed, match=r"reading took longer than 0\.2 s") as found:
        read_within(ReadJob(str(tmp_path), "endless.warc.gz", 0), 0.2)
    assert found.value.reason == "reading_timeout"
    assert signal.getitimer(signal.ITIMER_REAL) == signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_a_page_that_hangs_in_a_library_is_ended_and_the_others_are_read(tmp_path: Path) -> None:
    endless = ReadJob(Endless(), "x.warc.gz", 0)  # type: ignore[arg-type]
    missing = ReadJob(str(tmp_path), "warc/nothing.warc.gz", 0)
    pool = Readers(2, seconds=0.5)
    try:
        first, *others = pool.read_all([endless, *[missing] * 4])
    finally:
        pool.close()
    assert isinstance(first, ReadingFailed)
    assert first.reason == "reading_timeout"
    assert all(isinstance(other, ReadingFailed) and "nothing.warc.gz" in str(other) for other in others)


def test_reading_again_gives_up_too_and_reads_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_many([ReadJob(str(tmp_path), "nothing.warc.gz", 0)])  # the first reading loads what all need
    monkeypatch.setattr(readers, "SECONDS_PER_PAGE", 0.5)
    os.mkfifo(tmp_path / "endless.warc.gz")
    first, second = read_many(
        [ReadJob(str(tmp_path), "endless.warc.gz", 0), ReadJob(str(tmp_path), "nothing.warc.gz", 0)]
    )
    assert isinstance(first, ReadingFailed)
    assert first.reason == "reading_timeout"
    assert isinstance(second, Exception)
    assert not isinstance(second, ReadingFailed)


def test_without_workers_a_page_is_read_in_this_process(tmp_path: Path) -> None:
    here = Readers(0)
    with pytest.raises(ReadingFailed, match=r"NotFound|FileNotFoundError|WarcDamaged"):
        asyncio.run(here.read(ReadJob(str(tmp_path), "warc/nothing.warc.gz", 0)))
    here.close()
