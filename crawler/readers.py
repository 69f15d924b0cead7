"""Readers: the worker processes that read pages, kept warm, replaced when one dies."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from archive.read import Reading, ReadJob, read_capture

SECONDS_PER_PAGE = 60.0


class ReadingFailed(Exception):
    """A page could not be read; the message says why. Its capture is kept and can be read again."""


class Readers:
    """A pool of processes; `read` gives the Reading of a capture. Raises ReadingFailed, and only that.

    With 0 workers pages are read in this process, one after the other, while nothing else happens.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["archive.read", "archive.extract"])
        self._pool = self._new_pool()

    async def read(self, job: ReadJob) -> Reading:
        if self._pool is None:
            return read_within_limit(job)
        for _ in range(2):
            pool = self._pool
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, read_within_limit, job)
            except BrokenProcessPool:
                # Another page may have killed the worker that was to read ours, so each gets a second try.
                if pool is self._pool:
                    self._pool = self._new_pool()
        raise ReadingFailed("the reading process died on this page twice")

    def _new_pool(self) -> ProcessPoolExecutor | None:
        if not self._workers:
            return None
        return ProcessPoolExecutor(self._workers, mp_context=self._context, initializer=_start_worker)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def read_within_limit(job: ReadJob) -> Reading:
    """Read in a worker process, for at most SECONDS_PER_PAGE. Raises ReadingFailed, which can cross processes."""
    signal.signal(signal.SIGALRM, _give_up)
    signal.setitimer(signal.ITIMER_REAL, SECONDS_PER_PAGE)
    try:
        return read_capture(job)
    except TimeoutError:
        raise ReadingFailed(f"reading took longer than {SECONDS_PER_PAGE:.0f} s") from None
    except Exception as error:
        raise ReadingFailed(f"{type(error).__name__}: {error}") from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _give_up(number: int, frame: object) -> None:
    raise TimeoutError


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the crawler; it ends its readers itself
    threading.Thread(target=_end_with_crawler, daemon=True).start()
    from archive.extract import warm_up

    warm_up()


def _end_with_crawler() -> None:
    """Leave when the crawler is gone: after kill -9 nobody else would end us, and we hold its standard output open."""
    crawler = multiprocessing.parent_process()
    if crawler is not None:
        crawler.join()
        os._exit(0)
