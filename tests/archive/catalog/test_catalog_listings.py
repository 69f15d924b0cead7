"""What is due, listing by listing: exact, by index, and the same after a rebuild."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from archive.catalog import Catalog, frontier, listings
from archive.catalog.frontier import Acknowledged
from archive.model import Discovery, Distrust, ListingState, Outcome
from archive.runs.runlog import distrusted_line, distrusted_of, polled_line, polled_of
from tests.archive.catalog.test_catalog_plans import _is_scan, plans, statements

NOW = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FEED, SITEMAP, STORY = "https://a.example/rss", "https://a.example/sitemap.xml", "https://a.example/story"


def seen(url: str, source: str = "a", *, listing: bool = True, depth: int = 0) -> Discovery:
    return Discovery(url, source, "seed", NOW, depth=depth, is_listing=listing)


@pytest.fixture
def asked(catalog: Catalog) -> Catalog:
    """A feed due in an hour, a sitemap in two, a story that is done, and another source with a page for later."""
    with catalog.transaction() as conn:
        found = [seen(FEED), seen(SITEMAP), seen(STORY, listing=False), seen("https://b.example/1", "b", listing=False)]
        frontier.add(conn, found, NOW)
        ends = {FEED: NOW + HOUR, SITEMAP: NOW + 2 * HOUR, STORY: None, "https://b.example/1": NOW + 3 * HOUR}
        outcome = Outcome("listed")
        frontier.acknowledge(conn, [Acknowledged(url, outcome, "r1", NOW, due_again_at=at) for url, at in ends.items()])
    return catalog


def test_what_is_due_and_since_when_by_listing_and_by_page(asked: Catalog) -> None:
    assert listings.due(asked, NOW) == {}
    assert listings.due(asked, NOW + HOUR) == {"a": listings.DueSource(NOW + HOUR, NOW + HOUR)}
    assert listings.due(asked, NOW + 4 * HOUR) == {
        "a": listings.DueSource(NOW + HOUR, NOW + HOUR),
        "b": listings.DueSource(None, NOW + 3 * HOUR),
    }
    assert listings.next_due(asked, ["a", "b"]) == NOW + HOUR
    assert listings.next_due(asked, ["b"]) == NOW + 3 * HOUR
    assert listings.next_due(asked, ["c"]) is None


def test_what_a_worker_holds_is_not_due_and_what_a_dead_one_held_is(asked: Catalog) -> None:
    later = NOW + HOUR
    assert [one.url for one in frontier.lease(asked, "w", now=later, seconds=60, limit=9, per_host=9)] == [FEED]
    assert listings.due(asked, later) == {}
    ended = later + MINUTE
    assert listings.due(asked, ended + MINUTE) == {"a": listings.DueSource(None, ended)}


def test_a_queue_that_looks_due_too_early_is_looked_through(asked: Catalog) -> None:
    """`queues.due_at` may be too early, e.g. after the earliest URL was made due later; `due` must be exact."""
    with asked.transaction() as conn:
        listings.plan(conn, "a", "every 5h", {FEED: NOW + 5 * HOUR, SITEMAP: None})
    assert listings.due(asked, NOW + 4 * HOUR) == {"b": listings.DueSource(None, NOW + 3 * HOUR)}
    assert listings.planned(asked) == {"a": "every 5h"}
    with asked.transaction() as conn:
        listings.plan(conn, "a", "every 1h", {SITEMAP: NOW + MINUTE})
    assert listings.due(asked, NOW + MINUTE) == {"a": listings.DueSource(NOW + MINUTE, NOW + MINUTE)}


def test_a_listing_can_be_made_due_sooner_never_later(asked: Catalog) -> None:
    with asked.transaction() as conn:
        listings.hasten(conn, {FEED: NOW + 3 * HOUR, SITEMAP: NOW + MINUTE, STORY: NOW})
    assert listings.next_due(asked, ["a"]) == NOW + MINUTE
    assert [one.due_at for one in listings.of_source(asked, "a")] == [NOW + MINUTE, NOW + HOUR]


STATE = ListingState(FEED, "a", NOW, 5400.0, 2.0, 900.0, 7, 20, 3, "sha256:1", NOW - HOUR, 2, 1, 4)


def test_what_was_learned_comes_back_from_the_catalog_and_from_a_line_of_the_log(asked: Catalog) -> None:
    long = "https://a.example/" + "x" * 3000
    distrust = Distrust("a.example", NOW, NOW + 30 * 24 * HOUR, FEED, "304 though there was more")
    with asked.transaction() as conn:
        listings.put(conn, [replace(STATE, new=1), replace(STATE, url=long)])
        listings.put(conn, [STATE])
        listings.distrusted(conn, [replace(distrust, reason="an older one"), distrust])
    assert listings.states(asked, [FEED, long, STORY]) == {FEED: STATE, long: replace(STATE, url=long)}
    assert listings.distrusted_hosts(asked, NOW) == {"a.example": distrust}
    assert listings.distrusted_hosts(asked, NOW + 31 * 24 * HOUR) == {}
    assert polled_of(polled_line(STATE)) == STATE
    assert distrusted_of(distrusted_line(distrust)) == distrust
    assert [(one.url, one.due_at, one.state) for one in listings.of_source(asked, "a")] == [
        (FEED, NOW + HOUR, STATE),
        (SITEMAP, NOW + 2 * HOUR, None),
    ]


def test_a_listing_that_says_the_same_again_has_named_its_pages_again(asked: Catalog) -> None:
    story = Discovery("https://a.example/new", "a", "feed", NOW, via=FEED, depth=1)
    with asked.transaction() as conn:
        frontier.add(conn, [story], NOW)
        listings.put(conn, [replace(STATE, failures=0.0, read_at=NOW, asked_at=NOW + HOUR)])
    found = frontier.outcome_of(asked, story.url)
    assert found is not None and found.last_seen == NOW + HOUR
    with asked.transaction() as conn:  # read again at two, without that page in it; asked again at three
        listings.put(conn, [replace(STATE, failures=0.0, read_at=NOW + 2 * HOUR, asked_at=NOW + 3 * HOUR)])
    found = frontier.outcome_of(asked, story.url)
    assert found is not None and found.last_seen == NOW


def test_asking_what_is_due_uses_an_index_however_much_waits(catalog: Catalog) -> None:
    found = [seen(f"https://h{n % 9}.example/{n}", f"s{n % 3}", listing=n % 10 == 0) for n in range(900)]
    with catalog.transaction() as conn:
        frontier.add(conn, found, NOW)
        frontier.acknowledge(
            conn, [Acknowledged(one.url, Outcome("listed"), "r", NOW, due_again_at=NOW + HOUR) for one in found]
        )
    with statements(catalog) as said:
        listings.due(catalog, NOW + 2 * HOUR)
        listings.next_due(catalog, ["s1"])
        frontier.pending(catalog, ["s1"], NOW)
        frontier.lease(catalog, "w", now=NOW + 2 * HOUR, seconds=60, limit=9, per_host=3)
        listings.states(catalog, [FEED])
        listings.of_source(catalog, "s1")
    found_by = [line.partition("  <- ")[0] for line in plans(catalog, said)]
    assert [line for line in found_by if _is_scan(line, "urls", "line", "listings")] == []
    if catalog.engine.dialect.name == "sqlite":
        assert [line for line in found_by if "SCAN urls" in line and "urls_leased" not in line] == []
        seeks = [line for line in found_by if "urls_due (" in line and "priority=?" in line]
        assert any("SEARCH line" in line and "due_at<?" in line for line in seeks), found_by  # leasing
        assert any("SEARCH urls" in line for line in seeks)  # asking what is due


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """200,000 pages that wait for a later time on twenty hosts, and 2,000 listings."""
    from archive.catalog import open_catalog

    catalog = open_catalog(f"sqlite:///{tmp_path_factory.mktemp('large') / 'catalog.sqlite3'}")
    with catalog.transaction() as conn:
        frontier.add(conn, [seen(f"https://h{n % 20}.example/l{n}", f"s{n % 20}") for n in range(2000)], NOW)
        conn.exec_driver_sql("UPDATE urls SET state = 'due', due_at = due_at + 3600000000")
        columns = "urlkey, host, source, is_listing, found_by, depth, found_at, last_seen, state, due_at, attempts"
        conn.exec_driver_sql(
            f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 100) "
            f"INSERT INTO urls (url, priority, {columns}) SELECT url || '/' || i, 1, {columns} FROM urls, n".replace(
                "is_listing, found_by", "is_listing, found_by", 1
            )
        )
        conn.exec_driver_sql("UPDATE urls SET is_listing = 0 WHERE priority = 1")
    yield catalog
    catalog.close()


def test_with_two_hundred_thousand_pages_waiting_an_answer_takes_milliseconds(large: Catalog) -> None:
    def best(ask: Callable[[], object]) -> float:
        times = []
        for _ in range(3):
            started = time.process_time()
            ask()
            times.append(time.process_time() - started)
        return min(times)

    assert best(lambda: listings.due(large, NOW)) < 0.03
    assert best(lambda: frontier.pending(large, None, NOW)) < 0.03
