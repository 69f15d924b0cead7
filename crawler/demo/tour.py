"""The tour: The Daily Example crawled twice, with a night in between, and what that showed.

`prepare` makes the archive's folder, `tour` serves, crawls (each crawl is a process of its own: Twisted's reactor runs
once in a process) and gathers a `Shown`; `shown_lines` says it in words. What a folder of an earlier tour holds
is replaced, what anybody else's holds never is.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import crawler
from archive.errors import Interrupted, PortInUse, RunFailed, UsageError
from crawler.demo.publisher import MORNING, NEXT_MORNING
from crawler.demo.server import DemoServer, run_demo

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.catalog.outcomes import Skipped
    from archive.model import Run

MARKER = ".pressmark-demo"
SLOW_SECONDS = 5.0
LARGE_BYTES = 6 << 20
EXAMPLES = 2  # URLs shown for each reason

SETTINGS = """\
# The settings of the tour: small limits, so that "too slow" and "too large" happen within a minute.
[archive]
name = "daily-example"

[crawl]
contact = "demo@localhost.example"
allow_private = true          # The Daily Example is on loopback
timeout = "2s"
max_size = "3MB"
retries = 1
retry_wait = "1s"
disk_min_free = "100MB"
"""

OutcomeCounts = Mapping[tuple[str, str | None], int]


@dataclass(frozen=True, slots=True)
class Crawled:
    """One crawl of the tour: how its URLs ended, and those that were left out or failed."""

    run: Run
    outcomes: OutcomeCounts
    left: tuple[Skipped, ...]
    requests: int  # as the publisher counted them
    bytes: int  # that it sent


@dataclass(frozen=True, slots=True)
class Shown:
    """What the tour showed. `cleaned` counts the blocks left out of the articles' texts, by label."""

    folder: Path
    seconds: float
    crawls: tuple[Crawled, ...]
    articles: int
    changed: tuple[tuple[str, str], ...]  # (article id, headline) of stories with more than one revision
    cleaned: Mapping[str, int]
    injected: int  # pieces of injected text found
    hijacked: int  # articles they were found in
    files: int
    records: int
    problems: tuple[str, ...] = field(default=())


def prepare(folder: Path) -> None:
    """Make an empty archive for the tour. Raises UsageError where the folder holds something that is not a tour's."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).is_file():
            raise UsageError(
                f"{folder} is not empty and was not made by pressmark demo; it is left as it is",
                hint="pressmark demo --dir another-folder",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("Made by pressmark demo, and replaced by the next one.\n", "utf-8")
    for name in ("warc", "records", "runs"):
        (folder / name).mkdir()
    (folder / "pressmark.toml").write_text(SETTINGS, "utf-8")


def tour(
    folder: Path, say: Callable[[str], None], *, progress: str = "none", only: Sequence[str] = (), port: int = 0
) -> Shown:
    """Serve The Daily Example, crawl it at two moments into `folder` (see `prepare`), and look at what is there.

    `say` is told what is being done; `only` names the sources, all by default; `port` 0 takes a free one. Raises
    RunFailed where a crawl does, PortInUse where another process listens on `port`.
    """
    started = monotonic()
    crawls: list[Crawled] = []
    with ExitStack() as stack:
        try:
            demo = stack.enter_context(run_demo(port, slow_seconds=SLOW_SECONDS, large_bytes=LARGE_BYTES))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            hint = f"pressmark demo --port {port + 10}, or without --port"
            raise PortInUse(f"port {port} is in use by another process", hint=hint) from error
        demo.write_sources(folder)
        say(f"The Daily Example is open on this machine: {demo.home} and {len(demo.hosts) - 1} more hosts")
        which = tuple(only) or ("--all",)
        for moment, options in ((MORNING, which), (NEXT_MORNING, (*which, "--refetch"))):
            demo.move_to(moment)
            command = " ".join(("crawl", *options))
            say(f"It is {moment:%A %d %B %Y, %H:%M} there:  pressmark -C {folder} {command}")
            crawls.append(_crawl(folder, demo, options, progress, say))
    return _look(folder, tuple(crawls), monotonic() - started)


def _crawl(
    folder: Path, demo: DemoServer, options: Sequence[str], progress: str, say: Callable[[str], None]
) -> Crawled:
    from archive.archive import open_archive
    from archive.catalog import outcomes, runs

    served = len(demo.log)
    python = [sys.executable, "-m", "crawler.cli"]
    command = [*python, "-C", str(folder), "--progress", progress, "crawl", *options]
    with subprocess.Popen(command, env=_environment(), stdout=subprocess.PIPE, text=True, encoding="utf-8") as crawl:
        try:
            told = crawl.communicate()[0]
        except KeyboardInterrupt:  # the crawl ends cleanly, then the tour does
            crawl.terminate()
            crawl.communicate()
            raise Interrupted(
                f"the tour was stopped; {folder}/ holds what was crawled by then", hint="pressmark demo begins anew"
            ) from None
    if crawl.returncode:
        raise RunFailed(
            f"the crawl of the tour ended with exit code {crawl.returncode}", hint=" ".join(["pressmark", *command[3:]])
        )
    for line in told.splitlines():
        if not line.startswith("Next:"):
            say(f"  {line}")
    with open_archive(folder) as archive:
        run = runs.list_runs(archive.catalog, limit=1)[0]
        return Crawled(
            run=run,
            outcomes=outcomes.outcomes_of_run(archive.catalog, run.run_id),
            left=tuple(outcomes.skipped(archive.catalog, run=run.run_id)),
            requests=len(demo.log) - served,
            bytes=sum(one.size_bytes for one in demo.log[served:]),
        )


def _environment() -> dict[str, str]:
    """Ours, and this very code also where it runs from a folder that is not installed; no settings from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRESSMARK_")}
    here = str(Path(crawler.__file__).resolve().parent.parent)
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, (here, kept.get("PYTHONPATH"))))}


# -- looking at what is there


def _look(folder: Path, crawls: tuple[Crawled, ...], seconds: float) -> Shown:
    from archive.archive import open_archive
    from archive.catalog import articles
    from archive.catalog.articles import ArticleQuery
    from archive.custody.verify import verify_files

    with open_archive(folder) as archive:
        rows = articles.list_articles(archive.catalog, ArticleQuery())
        cleaned, pieces, pages = _cleaned(archive)
        reports = list(verify_files(archive.store.path(name) for name in archive.store.warc_files()))
    return Shown(
        folder=folder,
        seconds=seconds,
        crawls=crawls,
        articles=len(rows),
        changed=tuple(
            (row.article_id, row.headline or row.url)
            for row in sorted(rows, key=lambda row: -(row.words or 0))  # stories before notices
            if row.revision > 1
        ),
        cleaned=cleaned,
        injected=pieces,
        hijacked=pages,
        files=len(reports),
        records=sum(report.records for report in reports),
        problems=tuple(f"{report.file.name}: {problem.message}" for report in reports for problem in report.problems),
    )


def _cleaned(archive: Archive) -> tuple[Counter[str], int, int]:
    """Read the articles' captures once more, from the WARC files: what was left out of their texts, and why."""
    from archive.catalog import articles, captures
    from archive.catalog.articles import ArticleQuery
    from archive.model import ReadingRules
    from archive.reading.read import Reading, job_of
    from archive.reading.readers import read_many

    records = list(articles.records(archive.catalog, ArticleQuery()))
    found = [captures.by_record_id(archive.catalog, record["capture"]["warc_record_id"]) for record in records]
    jobs = [job_of(archive, capture, ReadingRules()) for capture in found if capture is not None]
    labels: Counter[str] = Counter()
    for reading in read_many(jobs):
        if isinstance(reading, Reading):
            labels.update(block.label for block in reading.extraction.blocks if not block.kept)
    # What was injected is as the records have it: some of it is found by what the crawl knew besides the page.
    injected = [len(spans) for record in records if (spans := record["integrity"]["spans"])]
    return labels, sum(injected), len(injected)


# -- in words


def shown_lines(shown: Shown) -> Iterator[str]:
    """Say what the tour showed: how URLs ended in each crawl, why, what was cleaned, whether all of it verifies."""
    yield ""
    yield from _table(shown.crawls)
    for number, crawl in zip(("first", "second"), shown.crawls, strict=False):
        for kind in ("skipped", "failed"):
            yield from _reasons(crawl, kind, f"{kind} in the {number} crawl")
    if shown.changed:
        yield f"changed overnight: {len(shown.changed)} stories have a second revision"
        for article_id, headline in shown.changed[:3]:
            yield f"  {article_id}  {headline}"
    left = sum(shown.cleaned.values())
    labels = " · ".join(f"{count} {label}" for label, count in Counter(shown.cleaned).most_common(10))
    yield f"cleaned: {left} blocks were left out of the texts of {shown.articles} articles"
    yield f"  {labels}"
    if shown.injected:
        yield f"  {shown.injected} pieces of injected text found on {shown.hijacked} pages of a hijacked site"
    state = "every digest is right" if not shown.problems else f"{len(shown.problems)} PROBLEMS"
    yield f"verified: {shown.files} WARC files, {shown.records} records, {state}"
    for problem in shown.problems[:5]:
        yield f"  {problem}"
    yield f"The whole tour took {shown.seconds:.0f} s; the archive stays in {shown.folder}/"
    yield from _where_next(shown)


def _table(crawls: Sequence[Crawled]) -> Iterator[str]:
    rows: tuple[tuple[str, Sequence[int]], ...] = (
        ("articles stored", [_count(crawl, "stored", "new") for crawl in crawls]),
        ("articles changed", [_count(crawl, "stored", "changed") for crawl in crawls]),
        ("unchanged", [_count(crawl, "unchanged") for crawl in crawls]),
        ("moved (redirects)", [_count(crawl, "moved") for crawl in crawls]),
        ("skipped", [_count(crawl, "skipped") for crawl in crawls]),
        ("failed", [_count(crawl, "failed") for crawl in crawls]),
        ("listings read", [_count(crawl, "listed") for crawl in crawls]),
        ("requests", [crawl.requests for crawl in crawls]),
        ("kilobytes sent to us", [round(crawl.bytes / 1000) for crawl in crawls]),
    )
    yield f"{'':<24}{'1st crawl':>10}{'2nd crawl':>11}"
    for title, (first, second) in rows:
        yield f"{title:<24}{first:>10,}{second:>11,}"


def _count(crawl: Crawled, kind: str, reason: str | None = None) -> int:
    return sum(n for (one, why), n in crawl.outcomes.items() if one == kind and reason in (None, why))


def _reasons(crawl: Crawled, kind: str, title: str) -> Iterator[str]:
    by_reason: dict[str, list[Skipped]] = {}
    for one in crawl.left:
        if one.kind == kind:
            by_reason.setdefault(one.reason or "", []).append(one)
    if not by_reason:
        return
    yield f"{title}:"
    for reason, found in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        shown = ", ".join(_path(one.url) for one in found[:EXAMPLES])
        more = f" and {len(found) - EXAMPLES} more" if len(found) > EXAMPLES else ""
        yield f"  {len(found):>3} {reason.replace('_', ' '):<20} {shown}{more}"


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}"


def _where_next(shown: Shown) -> Iterator[str]:
    here = f"pressmark -C {shown.folder}"
    robots = next((one.url for crawl in shown.crawls for one in crawl.left if one.reason == "robots"), None)
    yield "Look around:"
    yield f"  {here} articles"
    if shown.changed:
        yield f"  {here} article diff {shown.changed[0][0]}"
    if robots:
        yield f"  {here} why {robots}"
    yield f"  {here} skipped --run last"
    yield f"  {here} warc verify"
    if shutil.which("pressmark") is None:  # run by its path, as `make demo` does
        yield f"(`pressmark` is not on your PATH yet:  . {Path(sys.prefix) / 'bin' / 'activate'})"
