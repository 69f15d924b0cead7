"""Verify WARC files: many at once, over processes, and across files (what a revisit refers to must exist)."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from pathlib import Path

from archive.warc.check import Problem, Reference, Report, check_file

__all__ = ["Problem", "Report", "check_file", "usual_workers", "verify_files"]

_START_BYTES = 1 << 26  # one process checks about that much while another one starts


def usual_workers(paths: Sequence[Path]) -> int:
    """How many processes check these files soonest: one for each core, as far as they have enough to do."""
    enough = sum(path.stat().st_size for path in paths if path.exists()) // _START_BYTES
    return max(1, min(os.cpu_count() or 1, len(paths), enough))


def verify_files(
    paths: Iterable[Path], workers: int = 1, *, deep: bool = True, checked: Callable[[Report], None] = lambda _: None
) -> Iterator[Report]:
    """Check files and yield a Report for each as it is ready.

    A file with a revisit whose original has not been seen yet is held back until it has, or until the end, where
    it gets a problem "refers-to"; `checked` is called with every report at once. Record ids must be unique over all
    files. Raises NotFound.
    """
    seen: dict[str, Path] = {}
    waiting: list[Report] = []
    for report in _checked(list(paths), workers, deep):
        checked(report)
        own = _note_ids(report, seen)
        waiting.append(own)
        ready = [item for item in waiting if not _missing(item, seen)]
        waiting = [item for item in waiting if _missing(item, seen)]
        yield from ready
    for report in waiting:
        lost = (_refers_to_problem(item) for item in _missing(report, seen))
        yield replace(report, problems=(*report.problems, *lost))


def _checked(paths: list[Path], workers: int, deep: bool) -> Iterator[Report]:
    if workers <= 1 or len(paths) <= 1:
        for path in paths:
            yield check_file(path, deep)
        return
    # Spawned, not forked: the caller may be a writer with locks and threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(paths)), mp_context=context) as pool:
        # The large ones first, so that no process is left alone with one in the end.
        paths = sorted(paths, key=lambda path: -path.stat().st_size if path.exists() else 0)
        for done in as_completed([pool.submit(partial(check_file, path, deep)) for path in paths]):
            yield done.result()


def _note_ids(report: Report, seen: dict[str, Path]) -> Report:
    twice = sorted(record_id for record_id in report.ids if record_id in seen)
    for record_id in report.ids:
        seen.setdefault(record_id, report.file)
    if not twice:
        return report
    found = (Problem(0, item, "duplicate-id", f"record id is also in {seen[item]}") for item in twice)
    return replace(report, problems=(*report.problems, *found))


def _missing(report: Report, seen: dict[str, Path]) -> list[Reference]:
    return [item for item in report.references if item.refers_to not in seen]


def _refers_to_problem(item: Reference) -> Problem:
    message = f"WARC-Refers-To names {item.refers_to}, which is in none of these files"
    return Problem(item.offset, item.record_id, "refers-to", message)
