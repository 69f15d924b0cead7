"""Only what is new is fetched and read, whatever servers say of it: seven runs over honest and dishonest ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.archive import open_archive
from archive.catalog import listings
from archive.model import Claims, Discovery, ListingState, Source
from crawler.schedule.polls import Asked, Outcome, Polls
from tests.crawler.cli_harness import in_a_process, new_archive, pressmark
from tests.crawler.polled_site import PolledSite, polled_site

MODES = ("honest", "liar", "fickle", "busy")
RUNS = 6
pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Story:
    """An archive after six runs; before the last two every feed had gained a story."""

    folder: Path
    site: PolledSite
    states: dict[str, ListingState]
    due_at: dict[str, datetime]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with polled_site(**dict.fromkeys(MODES, 3)) as site:
        entries = "".join(
            f'[[source]]\nname = "{mode}"\nkind = "feed"\nurl = "{site.urls[mode]}/{mode}.xml"\n'
            'schedule = "adaptive"\ndelay = 0.0\n'
            for mode in MODES
        )
        settings = '[crawl]\nallow_private = true\ncontact = "desk@example.org"\nretries = 0\n[reading]\nworkers = 0\n'
        folder = new_archive(tmp_path_factory.mktemp("incremental"), entries, settings)
        for run in range(RUNS):
            if run == RUNS - 2:
                site.stories.update(dict.fromkeys(MODES, 4))
            said = in_a_process(folder, "crawl", "--all")
            assert said.code == 0, said.all
        with open_archive(folder) as archive:
            found = {mode: listings.of_source(archive.catalog, mode)[0] for mode in MODES}
        states = {mode: one.state for mode, one in found.items() if one.state is not None}
        yield Story(folder, site, states, {mode: one.due_at for mode, one in found.items() if one.due_at is not None})


def test_known_articles_are_not_fetched_again(story: Story) -> None:
    pages = [one.path for one in story.site.asked if not one.path.endswith((".xml", ".txt"))]
    assert sorted(pages) == sorted(f"/{mode}/{n}" for mode in MODES[:3] for n in range(1, 5))


def test_an_honest_server_is_asked_conditionally_and_proves_itself_after_three_304(story: Story) -> None:
    assert story.site.of("/honest.xml") == [
        (False, 200), (True, 304), (True, 304), (True, 304), (False, 200), (True, 304),
    ]  # fmt: skip
    assert (story.states["honest"].proofs, story.states["honest"].not_modified) == (1, 1)


def test_a_304_that_hides_new_entries_is_found_out_and_not_asked_for_again(story: Story) -> None:
    assert story.site.of("/liar.xml") == [
        (False, 200), (True, 304), (True, 304), (True, 304), (False, 200), (False, 200),
    ]  # fmt: skip
    with open_archive(story.folder) as archive:
        found = listings.distrusted_hosts(archive.catalog, datetime.now(UTC))
    (distrust,) = found.values()
    assert distrust.url.endswith("/liar.xml")
    assert distrust.reason == '1 new entries under the ETag "always-the-same" we held'
    assert distrust.until - distrust.at == timedelta(days=30)


def test_a_new_etag_on_old_bytes_is_treated_by_the_bytes(story: Story) -> None:
    assert [status for _, status in story.site.of("/fickle.xml")] == [200] * RUNS
    state = story.states["fickle"]
    assert (state.idle_etags, state.entries, state.new) == (1, 4, 1)
    outcomes = pressmark(story.folder, "why", state.url, "--json").all
    assert "same_bytes" in outcomes


def test_what_comes_makes_the_interval_and_a_wait_that_was_asked_for_is_kept(story: Story) -> None:
    # 1 h; three quiet askings; a quarter of the entries new; one more quiet asking
    assert story.states["fickle"].interval_seconds == pytest.approx(3600 * 1.5**3 * 0.7 * 1.5)
    assert story.states["busy"].failures == RUNS
    wait = story.due_at["busy"] - story.states["busy"].asked_at
    assert wait.total_seconds() == pytest.approx(32 * 3600, abs=60)  # 2^5 hours: more than its Retry-After asks for


def test_a_rebuild_gives_back_what_was_learned_and_when_everything_is_due(story: Story) -> None:
    said = pressmark(story.folder, "db", "check")
    assert said.code == 0, said.all
    said = pressmark(story.folder, "db", "rebuild")
    assert said.code == 0, said.all
    with open_archive(story.folder) as archive:
        found = {mode: listings.of_source(archive.catalog, mode)[0] for mode in MODES}
    assert {mode: one.state for mode, one in found.items()} == story.states
    assert {mode: one.due_at for mode, one in found.items()} == story.due_at
    assert "nothing is due" in pressmark(story.folder, "crawl", "--due").all


# -- the evidence, with a clock of our own

NOW = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
FEED = "https://a.example/rss"


def asking(etag: str | None, body: str | None, *, held: str = '"1"', at: datetime = NOW) -> Asked:
    from archive.catalog.frontier import Lease, Validators

    before = Validators(held, None, "<urn:1>", "sha1:1", NOW - timedelta(hours=9))
    lease = Lease(FEED, "a.example", "a", True, "seed", NOW, None, 0, Claims(), 1, NOW, before)
    outcome = Outcome("listed") if body else Outcome("unchanged", "not_modified")
    return Asked(lease, outcome, at, body_digest=body, etag=etag)


def entry(published: datetime | None) -> Discovery:
    return Discovery("https://a.example/1", "a", "feed", NOW, FEED, 1, claims=Claims(published=published))


@pytest.mark.parametrize(
    ("etag", "published", "lie"),
    [
        ('"1"', None, True),  # new entries under the ETag we hold: a conditional request would have got 304
        ('"2"', None, False),  # a new ETag: nothing speaks against the server
        ('"2"', NOW - timedelta(hours=3), True),  # out two hours before the 304 that did not show it
        ('"2"', NOW - timedelta(hours=1, minutes=10), False),  # ten minutes may be the publisher's own caches
        ('"2"', NOW - timedelta(days=2), False),  # older than what we hold: put in late, not hidden
    ],
)
def test_what_proves_a_304_wrong(tmp_path: Path, etag: str, published: datetime | None, lie: bool) -> None:
    folder = new_archive(tmp_path)
    with open_archive(folder) as archive:
        polls = Polls(archive.catalog, {"a": Source("a", "feed", (FEED,))}, NOW)
        polls.settle([asking('"1"', "sha256:1", at=NOW - timedelta(hours=9))], [], ())
        polls.settle([asking(None, None, at=NOW - timedelta(hours=1))], [], ())
        found = polls.settle([asking(etag, "sha256:2")], [entry(published)], {"https://a.example/1"})
        assert [one.host for one in found.distrusted] == (["a.example"] if lie else [])
        lease = asking(None, None).lease
        assert polls.may_ask_conditionally(lease, NOW + timedelta(days=29)) is not lie
        assert polls.may_ask_conditionally(lease, NOW + timedelta(days=31))


def test_a_part_that_its_index_says_has_changed_is_asked_after_a_quarter_of_its_interval(tmp_path: Path) -> None:
    part = Discovery(FEED, "a", "sitemap", NOW, depth=1, is_listing=True)
    with open_archive(new_archive(tmp_path)) as archive:
        polls = Polls(archive.catalog, {"a": Source("a", "sitemap", (FEED,), schedule="adaptive 8h-1d")}, NOW)
        polls.settle([asking('"1"', "sha256:1")], [], ())
        assert polls.hasten([part, entry(None)], NOW) == {FEED: NOW + timedelta(hours=2)}
        assert polls.hasten([part], NOW + timedelta(hours=7)) == {FEED: NOW + timedelta(hours=7)}


def test_a_feed_that_was_taken_out_of_sources_toml_is_not_due_again(tmp_path: Path) -> None:
    with open_archive(new_archive(tmp_path)) as archive:
        for urls, due in (((FEED,), True), (("https://a.example/other",), False)):
            polls = Polls(archive.catalog, {"a": Source("a", "feed", urls)}, NOW)
            found = polls.settle([asking('"1"', "sha256:1")], [], ())
            assert (found.due_again[FEED] is not None) is due
