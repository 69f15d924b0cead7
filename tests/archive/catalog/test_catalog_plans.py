"""Questions asked all the time use an index, however many URLs are done. The plans are asked, not the clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, text

from archive.catalog import Catalog, articles, captures, frontier, owners, revisions
from archive.catalog.frontier import Acknowledged
from archive.model import Discovery, Outcome, Source

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@contextmanager
def statements(catalog: Catalog) -> Iterator[list[tuple[str, Any]]]:
    said: list[tuple[str, Any]] = []

    def hear(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        said.append((statement, parameters[0] if many else parameters))

    event.listen(catalog.engine, "before_cursor_execute", hear)
    yield said
    event.remove(catalog.engine, "before_cursor_execute", hear)


def plans(catalog: Catalog, said: list[tuple[str, Any]]) -> list[str]:
    """How the database finds rows for each statement, where it has to look for any."""
    sqlite = catalog.engine.dialect.name == "sqlite"
    lines = []
    with catalog.reading() as conn:
        if not sqlite:
            conn.execute(text("SET LOCAL enable_seqscan = off"))  # a scan is then left only where no index fits
            conn.execute(text("SET LOCAL enable_bitmapscan = off"))
        for statement, parameters in said:
            if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE")):
                asked = f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{statement}"
                rows = conn.exec_driver_sql(asked, parameters).all()
                lines += [f"{row[-1]}  <- {statement}" for row in rows]
    return lines


def test_leasing_renewing_and_ending_never_look_at_what_is_done(catalog: Catalog) -> None:
    found = [Discovery(f"https://h{n % 9}.example/{n}", "s", "feed", NOW) for n in range(90)]
    with statements(catalog) as said:
        with catalog.transaction() as conn:
            frontier.add(conn, found, NOW)
            frontier.add(conn, found, NOW)
        leases = frontier.lease(catalog, "w1", now=NOW, seconds=60, limit=20, per_host=3, sources=["s"])
        assert len(leases) == 20
        with catalog.transaction() as conn:
            frontier.renew(conn, "w1", NOW, 60)
            ends = [Acknowledged(one.url, Outcome("stored"), "r", NOW, due_again_at=NOW) for one in leases[:5]]
            frontier.acknowledge(conn, ends)
            frontier.release(conn, "w1")
        frontier.pending(catalog, ["s"], NOW)
    found_by = plans(catalog, said)
    for_done = ("urls_outcome", "urls_found")
    looks = [line for line in found_by if _is_scan(line, "urls", "line") or any(name in line for name in for_done)]
    assert looks == []
    assert any("due_at LIMIT" in line and "urls_due" in line.partition("  <- ")[0] for line in found_by)


def test_making_due_and_asking_what_became_use_an_index(catalog: Catalog) -> None:
    with statements(catalog) as said:
        with catalog.transaction() as conn:
            frontier.add(conn, [Discovery("https://a.example/rss", "s", "seed", NOW, is_listing=True)], NOW, due=False)
            frontier.make_due(conn, urls=["https://h1.example/1"], now=NOW)
            assert frontier.make_due(conn, listings=True, now=NOW) == 1
        frontier.outcome_of(catalog, "https://h1.example/1")
        frontier.outcomes_of_run(catalog, "r")
    assert [line for line in plans(catalog, said) if _is_scan(line, "urls", "line")] == []


def test_whose_urls_are_is_asked_of_listings_and_of_what_was_named_alone(catalog: Catalog) -> None:
    found = [Discovery(f"https://h.example/{n}", "s", "feed", NOW) for n in range(90)]
    feed = Discovery("https://h.example/rss", "s", "seed", NOW, is_listing=True)
    with catalog.transaction() as conn:
        frontier.add(conn, [*found, feed], NOW)
    with statements(catalog) as said:
        assert owners.left_over(catalog, Source("s", "feed", ()), "news") == [(feed.url, True)]
        assert owners.strange(catalog, found, ["s"], "news") == []
    found_by = plans(catalog, said)
    small = catalog.is_shared  # PostgreSQL takes any index of a table that is
    whole = () if small else ("urls_outcome", "urls_found")
    assert [line for line in found_by if _is_scan(line, "urls") or any(name in line for name in whole)] == []


def test_captures_and_articles_are_found_by_index(catalog: Catalog) -> None:
    with statements(catalog) as said:
        captures.payload_holder(catalog, "sha1:A")
        captures.latest(catalog, "https://a.example/")
        captures.nearest(catalog, "example,a)/", NOW)
        captures.in_file(catalog, "news", "warc/x")
        captures.by_record_id(catalog, "<urn:uuid:1>")
        revisions.latest_revision(catalog, "https://a.example/", "1")
        revisions.revisions_of(catalog, "a_1")
        articles.get(catalog, "a_1")
        articles.list_articles(catalog)
        articles.list_articles(catalog, articles.ArticleQuery(run="r"))
        revisions.record_of(catalog, "a_1")
        list(articles.records(catalog, articles.ArticleQuery(run="r"), all_revisions=True))
        frontier.skipped(catalog, source="s")
    assert [line for line in plans(catalog, said) if _is_scan(line, "captures", "articles", "revisions")] == []


def _is_scan(line: str, *tables: str) -> bool:
    """A look at every row. The partial indexes of due and leased URLs hold few, so going through those is none."""
    plan = line.partition("  <- ")[0]
    few = ("urls_due", "urls_leased", "urls_listings", "articles_listed")
    scan = any(f"SCAN {table}" in plan or f"Seq Scan on {table}" in plan for table in tables)
    return scan and not any(name in plan for name in few)
