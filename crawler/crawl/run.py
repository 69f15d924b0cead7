"""One run: open a session, let Scrapy crawl, verify what was written, and say what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from archive.console import garbage
from archive.errors import DiskFull, Interrupted, PressmarkError
from archive.model import Source
from archive.recovery.left_behind import Recovery
from archive.warc.check import check_file
from crawler.crawl.limits import NOTHING_IS_DAMAGED, resume_hint
from crawler.crawl.logs import install_json_lines, log_settings

if TYPE_CHECKING:
    from scrapy.crawler import Crawler, CrawlerProcessBase

    from archive.folder.location import ArchiveLocation
    from crawler.config.config_file import Settings as PressmarkSettings
    from crawler.crawl.session import CrawlOptions, Session

MIN_PAGES = 5  # fewer say nothing of a source
TEXTLESS_SHARE = 0.3


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
    textless: tuple[tuple[str, int, int], ...]  # sources that gave strikingly many pages without text: name, of, all
    error: PressmarkError | None
    hijacked: tuple[tuple[str, int, bool], ...] = ()  # hosts with hijacked pages: name, pages, first seen in this run
    recovered: Recovery = field(default_factory=Recovery)  # what a run that died had left, and this one put in order


def crawl(
    location: ArchiveLocation, settings: PressmarkSettings, sources: Sequence[Source], options: CrawlOptions
) -> RunReport:
    """Crawl these sources into the archive at `location`, and return what happened.

    Raises ArchiveLocked, DatabaseUnreachable, DiskFull before anything is fetched; what stops a run later is in
    the report's `error`. Twisted's reactor runs once in a process, so this can be called once.
    """
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.settings import Settings

    from crawler.crawl.session import Session
    from crawler.spiders.news import NewsSpider

    started = monotonic()
    project = Settings()
    project.setmodule("crawler.settings", priority="project")  # also where no scrapy.cfg is near
    project.update(log_settings(settings, options.verbose), priority="cmdline")
    lines = install_json_lines(settings, options.verbose) if settings.log.format == "json" else None
    project.set("LOG_INSTALL_ROOT_HANDLER", lines is None, priority="cmdline")
    process = AsyncCrawlerProcess(project)
    session = Session(location, settings, sources, options)
    if lines is not None:
        lines.run = session.run.run_id
    start(process, process.create_crawler(NewsSpider), session)
    return _report(session, monotonic() - started)


def start(process: CrawlerProcessBase, crawler: Crawler, session: Session) -> None:
    """Let Scrapy crawl until the session is closed; what stopped it is in the session's `error`."""
    process.crawl(crawler, session=session)
    garbage.look_as_ever()
    with session.watchdog:
        process.start()
    if not session.closed:  # Ctrl-C twice: the reactor was left at once; what was fetched is made durable all the same
        session.error = Interrupted(
            "the run was stopped at once; everything fetched is kept", hint=resume_hint(session)
        )
        session.close("interrupted")


def _report(session: Session, seconds: float) -> RunReport:
    counts, reasons = dict(session.ledger.counts), dict(session.ledger.reasons)
    if isinstance(session.error, DiskFull) and session.error.hint is None:
        session.error.context = (*session.error.context, NOTHING_IS_DAMAGED)
        session.error.hint = f"free some space, then {resume_hint(session)}"
    return RunReport(
        run_id=session.run.run_id,
        seconds=seconds,
        counts=counts,
        reasons=reasons,
        files=tuple(_verified(session, name) for name in session.warc_files),
        textless=tuple(_textless(session)),
        error=session.error,
        hijacked=tuple(session.sites.hijacked()),
        recovered=session.recovered,
    )


def _textless(session: Session) -> Iterator[tuple[str, int, int]]:
    """Sources whose pages mostly gave no text: a changed layout, or pages that need JavaScript."""
    ledger = session.ledger
    for source, count in ledger.textless.items():
        read = ledger.read_pages[source]
        if read >= MIN_PAGES and count / read >= TEXTLESS_SHARE:
            yield source, count, read


def _verified(session: Session, name: str) -> WrittenFile:
    path = session.archive.store.path(name)
    report = check_file(path)
    problems = tuple(f"{problem.code} at {problem.offset}: {problem.message}" for problem in report.problems)
    return WrittenFile(name, path.stat().st_size, report.records, problems)
