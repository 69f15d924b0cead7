"""`doctor` on what should go on by itself: late sources, leases of the dead, alarms nobody heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from archive.archive import open_archive
from archive.catalog import frontier, listings
from archive.catalog.frontier import Acknowledged
from archive.health.alarms import Alarm, Standing
from archive.health.book import Book, write
from archive.model import Discovery, ListingState, Outcome
from crawler.config.config_file import load_settings
from crawler.crawl.session import location_of
from crawler.doctor import examine
from tests.crawler.cli_harness import LOOPBACK, new_archive, pressmark

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
FEED = "https://paper.example/rss.xml"
SOURCES = f'[[source]]\nname = "paper"\nkind = "feed"\nurl = "{FEED}"\nschedule = "every 1h"\n'


def found(folder: Path) -> dict[str, tuple[str, str, str | None]]:
    return {one.check: (one.level, one.says, one.mend) for one in examine(folder, NOW)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = new_archive(tmp_path, SOURCES, LOOPBACK)
    with open_archive(location_of(made, load_settings(made)), create=True) as archive:
        listing = Discovery(FEED, "paper", "seed", NOW - timedelta(days=1), is_listing=True)
        with archive.catalog.transaction() as conn:
            frontier.add(conn, [listing], NOW)
            asked(conn, NOW - timedelta(hours=30))
    return made


def asked(conn: Connection, at: datetime) -> None:
    """The feed is asked at a time, and read."""
    frontier.acknowledge(conn, [Acknowledged(FEED, Outcome("listed"), "r", at)])
    listings.put(conn, [ListingState(FEED, "paper", at, 3600.0)])


def test_a_source_nobody_asks_is_named_with_what_starts_it(folder: Path) -> None:
    level, says, mend = found(folder)["schedules"]
    assert level == "warning" and says.startswith("paper was asked 30 h ago, 29 h later than its schedule says")
    assert mend is not None and "pressmark schedule install" in mend


def test_a_source_asked_in_time_is_well(folder: Path) -> None:
    opened = open_archive(location_of(folder, load_settings(folder)), create=False)
    with opened as archive, archive.catalog.transaction() as conn:
        asked(conn, NOW)
    assert found(folder)["schedules"][:2] == ("ok", "1 of 1 sources have one, none is late")


def test_a_listing_that_fails_and_waits_for_its_time_is_not_late(folder: Path) -> None:
    with open_archive(location_of(folder, load_settings(folder)), create=False) as archive:
        failed = Outcome("failed", "server_error")
        last, again = NOW - timedelta(hours=30), NOW + timedelta(hours=2)
        with archive.catalog.transaction() as conn:
            frontier.acknowledge(conn, [Acknowledged(FEED, failed, "r", last, due_again_at=again)])
    assert found(folder)["schedules"][0] == "ok"


def test_leases_of_the_dead_are_counted(folder: Path) -> None:
    assert found(folder)["leases"][0] == "ok"
    with open_archive(location_of(folder, load_settings(folder)), create=False) as archive:
        with archive.catalog.transaction() as conn:
            frontier.add(conn, [Discovery("https://paper.example/1", "paper", "feed", NOW)], NOW)
        frontier.lease(archive.catalog, "dead", now=NOW, seconds=-60, limit=5, per_host=5)
    level, says, mend = found(folder)["leases"]
    assert (level, says[:33], mend) == ("warning", "1 URLs are leased to workers that", "pressmark crawl --due")


def test_alarms_nobody_heard(folder: Path) -> None:
    assert found(folder)["alarms"][0] == "note"
    with (folder / "pressmark.toml").open("a") as settings:
        settings.write('[alerts]\ncommand = "true"\n')
    assert found(folder)["alarms"][:2] == ("ok", "none open")
    book = Book({("paper", "silence"): Standing("paper", "silence", NOW, "quiet")}, [])
    write(book, folder / "alerts.json")
    assert found(folder)["alarms"] == ("note", "1 open", "pressmark health")
    book.waiting = [("command", Alarm("opened", "paper", "silence", NOW, NOW, "quiet"))]
    write(book, folder / "alerts.json")
    assert found(folder)["alarms"] == ("warning", "1 could not be told yet (command)", "pressmark health --alert")


def test_every_finding_that_is_not_well_names_what_mends_it(folder: Path) -> None:
    assert [one.check for one in examine(folder, NOW) if one.level in ("warning", "problem") and not one.mend] == []


def test_settings_that_cannot_be_read_are_one_problem(tmp_path: Path) -> None:
    folder = new_archive(tmp_path)
    (folder / "pressmark.toml").write_text("[crawl]\n[crawl]\n")
    said = pressmark(folder, "doctor")
    assert said.code == 1 and said.out.count("✕") == 1, said.out
    assert "pressmark.toml:2: [crawl] stands twice" in said.out


def test_a_zone_that_is_none_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert found(folder)["clock"] == ("ok", "2026-11-22 07:00:00Z; times of day in schedules mean JST", None)
    monkeypatch.setenv("TZ", "Nowhere/Bad")
    level, says, _ = found(folder)["clock"]
    assert (level, "is no time zone" in says) == ("warning", True)


def test_mail_without_a_server_is_named(folder: Path) -> None:
    (folder / "pressmark.toml").write_text(LOOPBACK + '[alerts]\nmail_to = ["desk@example.org"]\n', "utf-8")
    assert found(folder)["alarms"][:2] == ("warning", "alerts.mail_to is set, and no alerts.smtp: no mail is sent")


def test_what_is_due_and_nobody_asks_for_is_told(folder: Path) -> None:
    with open_archive(folder) as archive, archive.catalog.transaction() as conn:
        frontier.make_due(conn, urls=[FEED], now=NOW)
    assert found(folder)["queue"][1] == "1 URLs due now, 0 with a worker, 0 later"
    assert pressmark(folder, "source", "pause", "paper").code == 0
    says = "1 URLs due now (1 of sources that are paused or not in sources.toml), 0 with a worker, 0 later"
    assert found(folder)["queue"][1] == says
