"""Readers: worker processes that read captures, kept warm, held to a time for each page, replaced when one dies.

Reading is pure and has no clock, so its process is held to one. Order: `Readers` (the processes), `read_many` (for
reading again), `read_within` (what runs in a process).

All of them are forked from one server process that has loaded everything (archive/reading/reader_server.py): that
takes a second, once, and a further reader takes milliseconds and little memory.

A page's time is kept twice. After `seconds` of the clock an alarm ends the reading by an exception, and the process
reads on. Code that an exception cannot reach (one long call into a library) is ended by the kernel when it has used
two seconds of processor time more: then the process is gone, and all pages it and its siblings had in hand are read
again one at a time, so that the page to blame is alone when it happens again.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver

from archive.reading.read import Reading, ReadJob, read_capture

SECONDS_PER_PAGE = 60.0
FAILURES = frozenset(("reading", "reading_timeout"))  # reasons of a ReadingFailed
_GRACE_SECONDS = 2.0


class ReadingFailed(Exception):
    """A page could not be read; the message says why. Its capture is kept and can be read again.

    `reason` is that of an Outcome: "reading_timeout" where its time ran out, "reading" for anything else.
    """

    def __init__(self, message: str, reason: str = "reading") -> None:
        super().__init__(message, reason)  # both, or it could not be pickled
        self.reason = reason

    def __str__(self) -> str:
        return str(self.args[0])


class Readers:
    """Processes that read captures. Every failure of a page is a ReadingFailed, and no other page's.

    With 0 workers `read` reads in this process, one page after the other, while nothing else happens.
    """

    def __init__(self, workers: int, seconds: float = SECONDS_PER_PAGE) -> None:
        self.seconds = seconds
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["archive.reading.reader_server"])
        self._workers = workers
        self._pool = self._new_pool(workers) if workers else None
        self._alone: ProcessPoolExecutor | None = None
        self._one_at_a_time = threading.Lock()

    def expect(self) -> None:
        """A page is on its way: begin to load what reads it, without waiting for that."""
        if self._pool is not None:
            forkserver.ensure_running()

    async def read(self, job: ReadJob) -> Reading:
        """The Reading of a capture. Raises ReadingFailed."""
        pool = self._pool
        if pool is None:
            return _read_here(job, self.seconds)
        try:
            # In a thread: the first pages wait until the server has loaded, and nobody else should.
            return await asyncio.wrap_future(await asyncio.to_thread(self._submit, pool, job))
        except BrokenProcessPool:
            self._replace(pool)
            return await asyncio.to_thread(self._read_alone, job)

    def read_all(self, jobs: Sequence[ReadJob]) -> list[Reading | Exception]:
        """The Readings of several captures, in their order; errors come back in their place."""
        pool = self._pool
        assert pool is not None
        return [self._result(pool, future, job) for job, future in [(job, self._submit(pool, job)) for job in jobs]]

    def close(self) -> None:
        for pool in (self._pool, self._alone):
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)

    def _result(self, pool: ProcessPoolExecutor, future: Future[Reading], job: ReadJob) -> Reading | Exception:
        try:
            return future.result()
        except BrokenProcessPool:
            self._replace(pool)
        except Exception as error:
            return error
        try:
            return self._read_alone(job)
        except ReadingFailed as error:
            return error

    def _read_alone(self, job: ReadJob) -> Reading:
        with self._one_at_a_time:
            if self._alone is None:
                self._alone = self._new_pool(1)
            pool, started = self._alone, time.monotonic()
            try:
                return self._submit(pool, job).result()
            except BrokenProcessPool:
                self._alone = None
        if time.monotonic() - started >= self.seconds:
            raise _too_long(self.seconds)
        raise ReadingFailed("the reading process died on this page twice")

    def _submit(self, pool: ProcessPoolExecutor, job: ReadJob) -> Future[Reading]:
        try:
            return pool.submit(read_within, job, self.seconds)
        except BrokenProcessPool as error:  # broken since it was looked up
            failed: Future[Reading] = Future()
            failed.set_exception(error)
            return failed

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        if broken is self._pool:
            self._pool = self._new_pool(self._workers)

    def _new_pool(self, workers: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(workers, mp_context=self._context, initializer=_start_worker)


_readers: Readers | None = None


def read_many(jobs: Sequence[ReadJob], workers: int = 1) -> list[Reading | Exception]:
    """Read several captures, over processes if there is more than one worker. Errors come back in their place.

    The processes are kept for the next call: starting the first costs a second.
    """
    global _readers
    if workers <= 1 or len(jobs) < 2:
        return [_try(job) for job in jobs]
    if _readers is None:
        _readers = Readers(workers)
    return _readers.read_all(jobs)


def _try(job: ReadJob) -> Reading | Exception:
    try:
        with _alarm(SECONDS_PER_PAGE):
            return read_capture(job)
    except TimeoutError:
        return _too_long(SECONDS_PER_PAGE)
    except Exception as error:  # one page must not stop the others; the caller says what happened to it
        return error


def _read_here(job: ReadJob, seconds: float) -> Reading:
    """Read in this process, which nothing may end: only the alarm holds the page to its time. Raises ReadingFailed."""
    try:
        with _alarm(seconds):
            return read_capture(job)
    except TimeoutError:
        raise _too_long(seconds) from None
    except Exception as error:
        raise ReadingFailed(f"{type(error).__name__}: {error}") from error


def read_within(job: ReadJob, seconds: float) -> Reading:
    """Read in a worker process, for at most so long. Raises ReadingFailed, which can cross processes."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # the kernel ends the process, whatever it is doing
    signal.setitimer(signal.ITIMER_PROF, seconds + min(seconds, _GRACE_SECONDS))
    try:
        return _read_here(job, seconds)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise TimeoutError after so long; does nothing outside the main thread, which alone hears signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _give_up(number: int, frame: object) -> None:
    raise TimeoutError


def _too_long(seconds: float) -> ReadingFailed:
    return ReadingFailed(f"reading took longer than {seconds:g} s", "reading_timeout")


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who reads; it ends its readers itself
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave when the parent is gone: after kill -9 nobody else would end us, and we hold its standard output open."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
