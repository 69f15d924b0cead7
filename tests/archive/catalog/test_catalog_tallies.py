"""What health looks back on: counted once, in both databases the same, and again by a rebuild."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from archive.catalog import Catalog, frontier, histories, tallies
from archive.catalog.frontier import Acknowledged
from archive.catalog.tables import fingerprints
from archive.model import Discovery, Outcome
from tests.archive.catalog.test_catalog_plans import plans, statements

NOW = datetime(2026, 11, 22, 7, 20, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEED, BASE = "https://h.example/rss.xml", "https://h.example/"


def fill(catalog: Catalog) -> None:
    """A feed asked at 05:20, 06:20 and 07:20, that named two, one and no new pages."""
    feed = Discovery(FEED, "h", "seed", NOW - 3 * HOUR, is_listing=True)
    pages = [Discovery(f"{BASE}{n}", "h", "feed", NOW - (2 - n // 2) * HOUR, via=FEED) for n in range(3)]
    ends = [Outcome("stored", "new"), Outcome("failed", "timeout"), Outcome("stored", "new")]
    with catalog.transaction() as conn:
        frontier.add(conn, [feed, *pages], NOW)
        for back in range(3):
            done = [Acknowledged(FEED, Outcome("listed"), "r", NOW - back * HOUR)]
            frontier.acknowledge(conn, done)
            tallies.add_outcomes(conn, done)
        done = [
            Acknowledged(one.url, end, "r", one.found_at, article_id=f"a_{n}" if end.kind == "stored" else None)
            for n, (one, end) in enumerate(zip(pages, ends, strict=True))
        ]
        frontier.acknowledge(conn, done)
        tallies.add_outcomes(conn, done)


def test_outcomes_are_counted_by_source_and_hour(catalog: Catalog) -> None:
    fill(catalog)
    hour = NOW.replace(minute=0, second=0)
    assert tallies.hours(catalog, "h", NOW - 9 * HOUR) == [
        (hour - 2 * HOUR, "listing listed", 1), (hour - 2 * HOUR, "page failed timeout", 1),
        (hour - 2 * HOUR, "page stored new", 1), (hour - HOUR, "listing listed", 1),
        (hour - HOUR, "page stored new", 1), (hour, "listing listed", 1),
    ]  # fmt: skip
    assert tallies.totals(catalog, "h", hour - HOUR) == {"listing listed": 1}
    with catalog.transaction() as conn:
        assert tallies.drop_before(conn, ["h"], hour) == 5
    assert len(tallies.hours(catalog, "h", NOW - 9 * HOUR)) == 1 and tallies.hours(catalog, "x", NOW - HOUR) == []


def test_readings_are_counted_by_what_they_have_and_lack(catalog: Catalog) -> None:
    def record(words: int, authors: list[str], published: str | None, verdict: str) -> dict[str, object]:
        return {
            "source": "h", "word_count": words, "authors": authors, "date_published": published,
            "integrity": {"verdict": verdict}, "capture": {"fetched_at": "2026-11-22T07:20:11.5Z"},
        }  # fmt: skip

    with catalog.transaction() as conn:
        tallies.add_readings(conn, [record(400, ["A"], "2026", "clean"), record(410, [], None, "hijacked")])
        tallies.add_readings(
            conn, [record(0, ["A"], "2026", "clean"), {**record(9, [], None, "clean"), "source": None}]
        )
    assert tallies.totals(catalog, "h", NOW - HOUR) == {
        "read": 3, "read hijacked": 1, "read no_byline": 1, "read no_date": 1, "read words 0": 1, "read words 17": 2,
    }  # fmt: skip


def test_what_listings_named_and_what_became_of_it(catalog: Catalog) -> None:
    fill(catalog)
    hour = NOW.replace(minute=0, second=0)
    assert histories.sources(catalog) == ["h"] and histories.listings(catalog, "h") == [FEED]
    assert histories.new_by_listing(catalog, "h", NOW - 9 * HOUR) == {FEED: {hour - 2 * HOUR: 2, hour - HOUR: 1}}
    [row] = histories.named(catalog, "h", NOW - 9 * HOUR, NOW)
    assert tuple(row) == ("feed", 3, 2, 1, 0)
    assert histories.good_answers(catalog, FEED, NOW - 9 * HOUR) == 0


def test_what_a_rule_refused_was_never_to_be_captured(catalog: Catalog) -> None:
    found = [Discovery(f"{BASE}{n}", "h", "feed", NOW, via=FEED) for n in range(3)]
    with catalog.transaction() as conn:
        frontier.add(conn, found, NOW, outcomes={found[0].url: Outcome("skipped", "robots")}, run="r")
    [row] = histories.named(catalog, "h", NOW - HOUR, NOW + HOUR)
    assert tuple(row) == ("feed", 2, 0, 0, 2)


def test_the_text_that_most_articles_share(catalog: Catalog) -> None:
    fill(catalog)
    assert histories.same_text(catalog, "h", NOW - 9 * HOUR) == (2, None)
    with catalog.transaction() as conn:
        for name in ("a_0", "a_2", "a_elsewhere"):
            bands = {f"band{n}": 0 for n in range(4)}
            row = {"article_id": name, "simhash": 0, "sketch": b"", "cluster": "c_0", **bands}
            conn.execute(fingerprints.insert().values(row))
    total, row = histories.same_text(catalog, "h", NOW - 9 * HOUR)
    assert (total, tuple(row or ())) == (2, ("c_0", 2, f"{BASE}0"))


def test_health_asks_by_index(catalog: Catalog) -> None:
    with statements(catalog) as said:
        fill(catalog)
        for ask in (histories.new_by_listing, histories.same_text, tallies.hours, tallies.totals):
            ask(catalog, "h", NOW)
        histories.named(catalog, "h", NOW, NOW)
        histories.listings(catalog, "h")
        histories.good_answers(catalog, FEED, NOW)
    scans = [line for line in plans(catalog, said) if "SCAN urls" in line.partition("  <- ")[0] or "Seq Scan" in line]
    assert [line for line in scans if "urls_listings" not in line.partition("  <- ")[0]] == []
