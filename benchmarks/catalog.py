"""A large catalog, generated: how long the questions take that are asked all the time.

    python benchmarks/catalog.py [--urls 2000000] [--articles 500000] [--database sqlite|postgresql] [--keep FOLDER]

Prints the median and the slowest of each question, and the CPU time of the median one, beside its limit, and how much
the asking process grew. A folder given with --keep is filled once and used again. Exit code 1 where a median exceeds
its limit. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


from archive.archive import Archive
from archive.catalog import Catalog, articles, frontier, listings, near, open_catalog, search, tallies
from archive.catalog import tables as of
from archive.catalog.articles import ArticleQuery
from archive.catalog.frontier import ARTICLE, LISTING, Acknowledged
from archive.extract.duplicates import simhash
from archive.folder.store import LocalStore
from archive.health import judge_source
from archive.health.ask import source_history
from archive.model import Discovery, ListingState, Outcome, Source
from crawler.schedule.due import due_now

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
SOURCES, HOSTS = 50, 60
BATCH = 5000
WORDS = 150  # of an article's text
DUE, LATER = 5000, 300_000
LISTINGS = SOURCES * 4


def vocabulary(size: int = 40_000) -> tuple[list[str], list[float]]:
    """Words whose frequencies fall as those of a language do (Zipf)."""
    chance = random.Random(1)
    syllables = ["ka", "ri", "mo", "tel", "an", "der", "is", "ver", "un", "sta", "nor", "den", "li", "gra", "pol"]
    words = list(dict.fromkeys("".join(chance.choices(syllables, k=chance.randint(1, 5))) for _ in range(size * 3)))
    return words[:size], [1 / (rank + 5) for rank in range(len(words[:size]))]


def watched() -> list[Source]:
    """The sources, as sources.toml would name them."""
    return [
        Source(f"s{n:02}", "feed", tuple(_listing(at) for at in range(n, LISTINGS, SOURCES))) for n in range(SOURCES)
    ]


def _listing(n: int) -> str:
    return f"https://h{n % HOSTS}.example/rss-{n}.xml"


class Filler:
    """Fills an empty catalog, table by table, the same each time."""

    def __init__(self, catalog: Catalog, url_count: int, article_count: int) -> None:
        self.catalog, self.url_count, self.article_count = catalog, url_count, article_count
        self.chance = random.Random(7)
        self.words, self.weights = vocabulary()
        self.pool = self.chance.choices(self.words, self.weights, k=4_000_000)

    def fill(self) -> None:
        for table, rows in (
            (of.hosts, self._hosts()), (of.urls, self._urls()), (of.queues, self._queues()),
            (of.listings, self._listings()), (of.plans, self._plans()), (of.tallies, self._tallies()),
        ):  # fmt: skip
            self._put(table, rows)
        self._articles()
        if self.catalog.engine.dialect.name == "postgresql":
            with self.catalog.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.execute(text("VACUUM ANALYZE"))

    def _put(self, table: Table, rows: Iterator[dict[str, Any]]) -> None:
        done, started = 0, time.monotonic()
        for batch in _batches(rows):
            with self.catalog.transaction() as conn:
                conn.execute(insert(table), batch)
            done += len(batch)
        print(f"  {table.name}: {done:,} rows in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

    def _hosts(self) -> Iterator[dict[str, Any]]:
        yield from ({"host": f"h{n}.example"} for n in range(HOSTS))

    def _urls(self) -> Iterator[dict[str, Any]]:
        step = timedelta(days=730) / self.url_count
        share = self.url_count // max(1, self.article_count)
        for n in range(self.url_count):
            found = NOW - step * (self.url_count - n)
            has_article = n % share == 0
            state, due_at = self._when(n)
            source, host, is_listing = n % SOURCES, n % HOSTS, n < LISTINGS
            yield {
                "url": _listing(n) if is_listing else f"https://h{host}.example/{found:%Y/%m/%d}/story-{n}.html",
                "urlkey": f"example,h{host})/{found:%Y/%m/%d}/story-{n}.html",
                "host": f"h{host}.example", "source": f"s{source:02}", "is_listing": is_listing,
                "found_by": "feed", "via": f"https://h{host}.example/rss-{n % 4}.xml", "depth": 1, "found_at": found,
                "last_seen": found, "state": state, "due_at": due_at,
                "priority": LISTING if is_listing else ARTICLE, "attempts": 0,
                "outcome_kind": "stored" if has_article else "skipped",
                "outcome_reason": "new" if has_article else "not_article", "outcome_at": found, "run": f"r{n // 5000}",
                "article_id": f"a_{n:010}" if has_article else None,
                "record_id": f"<urn:uuid:{n:032x}>", "payload_digest": f"sha256:{n:064x}", "captured_at": found,
            }  # fmt: skip

    def _when(self, n: int) -> tuple[str, datetime | None]:
        left = self.url_count - n
        if n < LISTINGS:
            return "due", NOW + timedelta(minutes=n - LISTINGS // 2)
        if left <= DUE:
            return "due", NOW - timedelta(seconds=left)
        return ("due", NOW + timedelta(minutes=left % 40_000 + 1)) if left <= DUE + LATER else ("done", None)

    def _queues(self) -> Iterator[dict[str, Any]]:
        some_due = (*range(LISTINGS), *range(self.url_count - DUE, self.url_count))
        pairs = {(n % HOSTS, n % SOURCES) for n in some_due}
        yield from ({"host": f"h{h}.example", "source": f"s{s:02}", "due_at": NOW} for h, s in sorted(pairs))

    def _listings(self) -> Iterator[dict[str, Any]]:
        for n in range(LISTINGS):
            state = ListingState(_listing(n), f"s{n % SOURCES:02}", NOW - timedelta(hours=1), 3600.0, polls=9)
            yield asdict(state)

    def _plans(self) -> Iterator[dict[str, Any]]:
        yield from ({"source": source.name, "schedule": source.schedule} for source in watched())

    def _tallies(self) -> Iterator[dict[str, Any]]:
        whats = ("listing listed", "page stored new", "page unchanged not_modified", "page skipped not_article",
                 "read", "read words 15", "read words 16", "read no_byline")  # fmt: skip
        for source in range(SOURCES):
            for back in range(8 * 7 * 24):
                hour = NOW - timedelta(hours=back)
                for what in whats:
                    yield {"source": f"s{source:02}", "hour": hour, "what": what, "count": self.chance.randint(1, 9)}

    def _articles(self) -> None:
        share, started = self.url_count // max(1, self.article_count), time.monotonic()
        step = timedelta(days=730) / self.article_count
        for first in range(0, self.article_count, BATCH):
            rows: dict[str, list[dict[str, Any]]] = {"a": [], "r": [], "f": [], "c": []}
            with self.catalog.transaction() as conn:
                for n in range(first, min(first + BATCH, self.article_count)):
                    self._article(conn, n, n * share, NOW - step * (self.article_count - n), rows)
                for table, name in (
                    (of.articles, "a"),
                    (of.revisions, "r"),
                    (of.fingerprints, "f"),
                    (of.captures, "c"),
                ):
                    conn.execute(insert(table), rows[name])
        took = time.monotonic() - started
        print(f"  articles: {self.article_count:,} with their text in {took:.0f} s", file=sys.stderr, flush=True)

    def _article(self, conn: Any, n: int, url: int, at: datetime, rows: dict[str, list[dict[str, Any]]]) -> None:
        begin = self.chance.randrange(len(self.pool) - WORDS)
        said = " ".join(self.pool[begin : begin + WORDS])
        name, host = f"a_{url:010}", url % HOSTS
        address = f"https://h{host}.example/{at:%Y/%m/%d}/story-{url}.html"
        key = f"example,h{host})/{at:%Y/%m/%d}/story-{url}.html"
        headline = " ".join(self.pool[begin : begin + 7])
        common = {"article_id": name, "first_seen": at, "last_seen": at, "run": f"r{url // 5000}", "extractor": "1 x"}
        row = search.put(conn, name, [headline, said])
        rows["a"].append(common | {
            "url": address, "urlkey": key, "source": f"s{url % SOURCES:02}", "headline": headline, "language": "de",
            "section": "politik", "page_type": "article", "date_published": at, "listed_at": at, "words": WORDS,
            "revision": 1, "search_row": row,
        })  # fmt: skip
        value = self.chance.getrandbits(64)
        signed = value - (1 << 64) if value >= 1 << 63 else value
        record = {"id": name, "url": address, "headline": headline, "text": said, "source": f"s{url % SOURCES:02}"}
        rows["r"].append(common | {
            "number": 1, "content_hash": f"{n:032x}", "simhash": signed, "record_id": f"<urn:uuid:{url:032x}>",
            "record": record,
        })  # fmt: skip
        rows["f"].append({
            "article_id": name, "simhash": signed, "sketch": self.chance.randbytes(128),
            "cluster": f"c_{url // 10:010}" if n % 10 == 0 else None,
            **{f"band{band}": value >> 16 * band & 0xFFFF for band in range(4)},
        })  # fmt: skip
        rows["c"].append({
            "record_id": f"<urn:uuid:{url:032x}>", "record_type": "response", "target_uri": address, "urlkey": key,
            "fetched_at": at, "status": 200, "media_type": "text/html", "payload_digest": f"sha256:{url:064x}",
            "payload_bytes": 60_000, "warc_file": f"warc/{at:%Y/%m/%d}/news.warc.gz", "warc_offset": n * 9000,
            "warc_length": 9000, "archive": "news", "run": f"r{url // 5000}", "source": f"s{url % SOURCES:02}",
            "wire_exact": True,
        })  # fmt: skip


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass(frozen=True)
class Question:
    name: str
    limit_ms: float
    ask: Callable[[int], Any]
    times: int = 30


def questions(catalog: Catalog, folder: Path) -> Iterator[Question]:
    """What is asked all the time. Each gets the number of the turn, so that no answer is only remembered."""
    words, _ = vocabulary()
    leased: list[Any] = []
    once = time.time_ns()  # so that what is new is new in a catalog that was asked before
    with catalog.transaction() as conn:
        frontier.release(conn, "w")
    sources = watched()
    archive = Archive(folder, LocalStore(folder), catalog, "news", {source.name: source for source in sources})
    most = {(source.name, ARTICLE): 40 for source in sources}

    def lease(turn: int) -> None:
        now = NOW + timedelta(seconds=turn)
        leased.append(frontier.lease(catalog, "w", now=now, seconds=120, limit=64, per_host=8, run="r"))

    def end(turn: int) -> None:
        done = [
            Acknowledged(one.url, Outcome("stored", "new"), "r", NOW, due_again_at=NOW)
            for one in leased[turn % len(leased)]
        ]
        with catalog.transaction() as conn:
            frontier.acknowledge(conn, done)
            tallies.add_outcomes(conn, done)

    def add(turn: int) -> None:
        made = [Discovery(f"https://h{n}.example/new/{once}-{turn}-{n}", "s01", "feed", NOW) for n in range(40)]
        known = [Discovery(f"https://h{n % HOSTS}.example/x/story-{n}.html", "s01", "feed", NOW) for n in range(60)]
        with catalog.transaction() as conn:
            frontier.add(conn, made + known, NOW, due=False)

    def ask_due(turn: int) -> None:
        assert due_now(archive, sources, NOW + timedelta(seconds=turn)).sources

    def due(turn: int) -> None:
        with catalog.transaction() as conn:
            frontier.make_due(conn, source=f"s{turn % SOURCES:02}", listings=True, now=NOW)

    def found(asked: str | None, **more: Any) -> None:
        query = ArticleQuery(text=asked, limit=20, **more)
        if articles.count(catalog, query):
            articles.list_articles(catalog, query)

    def year_ago(turn: int) -> datetime:
        return NOW - timedelta(days=365, minutes=turn)

    def story(turn: int) -> str:
        chance = random.Random(turn)
        return " ".join(chance.choices(words[:5000], k=400))

    def place(turn: int) -> None:
        said = story(turn)
        value, drawn = simhash(said), near.sketch(said)
        signed = value - (1 << 64) if value >= 1 << 63 else value
        with catalog.transaction() as conn:
            near._put_in(conn, f"a_zz{once}-{turn}", signed, drawn)

    chance = random.Random(5)
    fingerprint = [chance.getrandbits(64) for _ in range(100)]
    yield Question(
        "crawl --due: what is due", 50, lambda turn: due_now(archive, sources, NOW + timedelta(seconds=turn))
    )
    yield Question("schedule list: when each was asked last", 50, lambda turn: listings.last_asked(catalog))
    yield Question("crawl --due: a source's listings are due", 50, due)
    yield Question("crawl --due: the next batch (64 URLs)", 50, lease)
    yield Question("64 outcomes", 50, end)
    yield Question("100 URLs of a listing, 40 new", 100, add)
    yield Question("what is still to do", 50, lambda turn: frontier.pending(catalog, None, NOW, most=most))
    yield Question("articles: the newest 20", 200, lambda turn: found(None))
    yield Question("articles: of a source", 200, lambda turn: found(None, source=f"s{turn % SOURCES:02}"))
    week = NOW - timedelta(days=7)
    yield Question("articles WORD, in nearly all of them", 200, lambda turn: found(words[turn % 3]))
    yield Question("articles WORD, in a third", 200, lambda turn: found(words[30 + turn]))
    yield Question("articles WORD, in a hundredth", 200, lambda turn: found(words[800 + turn]))
    yield Question("articles WORD --until 1 year ago", 200, lambda turn: found(words[turn % 3], until=year_ago(turn)))
    yield Question("articles WORD WORD", 200, lambda turn: found(f"{words[20 + turn]} {words[40 + turn]}"))
    yield Question("articles WORD -WORD", 200, lambda turn: found(f"{words[60 + turn]} -{words[20 + turn]}"))
    yield Question("articles -WORD", 200, lambda turn: found(f"-{words[turn]}"))
    yield Question('articles "WORD WORD"', 200, lambda turn: found(f'"{words[turn]} {words[turn + 1]}"'))
    yield Question("articles WOR*", 200, lambda turn: found(f"{words[800 + turn][:5]}*"))
    yield Question("articles WORD --source", 200, lambda turn: found(words[turn], source="s08"))
    yield Question("articles WORD --lang, of none", 200, lambda turn: found(words[turn], language="en"))
    yield Question("articles WORD --lang, of all", 200, lambda turn: found(words[turn], language="de"))
    yield Question("articles --lang, of none", 200, lambda turn: found(None, language="en"))
    yield Question("articles WORD --since 7d", 200, lambda turn: found(words[30 + turn], since=week))
    yield Question("near: within 7 bits", 10, lambda turn: near.near(catalog, fingerprint[turn], 7))
    yield Question("near: an article is placed", 10, place)
    yield Question("health of one source", 100, lambda turn: judge_source(source_history(catalog, f"s{turn:02}", NOW)))


def resident() -> float:
    """Memory of this process now, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def ask_all(catalog: Catalog, folder: Path) -> bool:
    """Print the table; whether all limits were kept."""
    well, before = True, 0.0
    print(f"{'question':<46} {'median':>9} {'of it CPU':>9} {'slowest':>9} {'limit':>8}")
    for question in questions(catalog, folder):
        question.ask(0)
        before = before or resident()
        walls, works = [], []
        for turn in range(1, question.times + 1):
            started, worked = time.perf_counter(), time.process_time()
            question.ask(turn)
            walls.append((time.perf_counter() - started) * 1000)
            works.append((time.process_time() - worked) * 1000)
        median = statistics.median(walls)
        well = well and median <= question.limit_ms
        print(
            f"{question.name:<46} {median:6.1f} ms {statistics.median(works):6.1f} ms {max(walls):6.1f} ms "
            f"{question.limit_ms:5.0f} ms" + ("" if median <= question.limit_ms else "  EXCEEDED"),
            flush=True,
        )
    print(f"memory: {before:.0f} MB after the first question, {resident():.0f} MB after the last")
    return well


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--urls", type=int, default=2_000_000)
    parser.add_argument("--articles", type=int, default=500_000)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder / 'catalog.sqlite3'}"
        if given.database == "postgresql":
            from tests.services import postgres

            url = stack.enter_context(postgres())
        elif given.database != "sqlite":
            url = given.database
        folder.mkdir(parents=True, exist_ok=True)
        catalog = open_catalog(url)
        stack.callback(catalog.close)
        if not articles.count(catalog):
            print(f"filling {catalog.name} …", file=sys.stderr, flush=True)
            Filler(catalog, given.urls, given.articles).fill()
        print(f"{re.sub('the catalog .*', 'SQLite', catalog.name)}: {given.urls:,} URLs, {given.articles:,} articles")
        return 0 if ask_all(catalog, folder) else 1


if __name__ == "__main__":
    sys.exit(main())
