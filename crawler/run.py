"""One run: open a session, let Scrapy crawl, verify what was written, and say what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from archive.errors import Interrupted, PressmarkError, RunFailed
from archive.model import Source
from archive.verify import verify_files

if TYPE_CHECKING:
    from crawler.config import Settings
    from crawler.session import CrawlOptions, Session


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A WARC file of this run; `problems` is empty when every record in it was verified."""

    name: str
    size_bytes: int
    records: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunReport:
    run_id: str
    seconds: float
    counts: Mapping[str, int]
    reasons: Mapping[tuple[str, str], int]
    files: tuple[WrittenFile, ...]
    error: PressmarkError | None


def crawl(folder: Path, settings: Settings, sources: Sequence[Source], options: CrawlOptions) -> RunReport:
    """Crawl these sources into the archive at `folder`, and return what happened.

    Raises ArchiveLocked, DatabaseUnreachable, DiskFull before anything is fetched; what stops a run later is in
    the report's `error`. Twisted's reactor runs once in a process, so this can be called once.
    """
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.utils.project import get_project_settings

    from crawler.session import Session
    from crawler.spiders.news import NewsSpider

    started = monotonic()
    process = AsyncCrawlerProcess(_project_settings(get_project_settings()))
    session = Session(folder, settings, sources, options)
    process.crawl(NewsSpider, session=session)
    process.start()
    return _report(session, monotonic() - started)


def _project_settings(settings: object) -> object:
    """Scrapy finds the project by scrapy.cfg; an installed pressmark runs where there is none."""
    settings.setmodule("crawler.settings", priority="project")  # type: ignore[attr-defined]
    return settings


def _report(session: Session, seconds: float) -> RunReport:
    counts, reasons = dict(session.ledger.counts), dict(session.ledger.reasons)
    return RunReport(
        run_id=session.run.run_id,
        seconds=seconds,
        counts=counts,
        reasons=reasons,
        files=tuple(_verified(session, name) for name in session.warc_files),
        error=session.error or _verdict(session),
    )


def _verified(session: Session, name: str) -> WrittenFile:
    path = session.archive.store.path(name)
    report = next(iter(verify_files([path], workers=1)))
    problems = tuple(f"{problem.code} at {problem.offset}: {problem.message}" for problem in report.problems)
    return WrittenFile(name, path.stat().st_size, report.records, problems)


def _verdict(session: Session) -> PressmarkError | None:
    """The error of a run that ended by itself: stopped by the user, or nothing but failures."""
    counts = session.ledger.counts
    resume = f"pressmark crawl --resume {session.run.run_id}"
    if session.reason == "shutdown":
        return Interrupted("the run was stopped; everything fetched is kept", hint=resume)
    if counts["failed"] and not counts["stored"] and not counts["unchanged"] and not counts["skipped"]:
        return RunFailed(
            f"nothing was stored: all {counts['failed']} URLs failed", hint="pressmark skipped --run last --failed"
        )
    return None
