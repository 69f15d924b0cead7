"""Whose a URL is, as sources.toml says now; in both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from archive.catalog import Catalog, captures, frontier, listings, owners
from archive.catalog.frontier import Acknowledged, Validators
from archive.model import Capture, Discovery, FoundBy, ListingState, Outcome, Source

NOW = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
FEED, STORY, NEXT, OTHER = (f"https://a.example/{name}" for name in ("rss", "story", "story?page=2", "other"))


def found(url: str, source: str, by: FoundBy, via: str | None = None) -> Discovery:
    return Discovery(url, source, by, NOW, via, 0 if via is None else 1, is_listing=url == FEED)


def seed(source: str, url: str = FEED) -> Discovery:
    return found(url, source, "seed")


def kept(url: str, archive: str) -> Capture:
    record = f"<urn:uuid:{url}>"
    return Capture(record, "response", url, url, NOW, 200, "text/xml", "sha1:A", 1, "f.warc.gz", 0, 1, archive, "r1")


@pytest.fixture
def asked(catalog: Catalog) -> Catalog:
    """The feed of "old" gave a story that goes on, all captured by the archive "here"; another story has no feed."""
    rows = [
        seed("old"), found(STORY, "old", "feed", FEED), found(NEXT, "old", "next_page", STORY), found(OTHER, "old", "feed"),
    ]  # fmt: skip
    with catalog.transaction() as conn:
        frontier.add(conn, rows, NOW)
        captures.insert(conn, [kept(one.url, "here") for one in rows])
        held = {one.url: Validators(None, None, f"<urn:uuid:{one.url}>", "sha1:A", NOW) for one in rows}
        ends = [
            Acknowledged(url, Outcome("kept"), "r1", NOW, validators=held[url], due_again_at=LATER)
            for url in (FEED, STORY)
        ]
        frontier.acknowledge(conn, ends)
        listings.put(conn, [ListingState(FEED, "old", NOW, 3600.0)])
    return catalog


def sources(catalog: Catalog) -> dict[str, str]:
    stories = {url: frontier.outcome_of(catalog, url) for url in (FEED, STORY, NEXT, OTHER)}
    return {url: story.source for url, story in stories.items() if story is not None}


def claim(catalog: Catalog, *discoveries: Discovery) -> None:
    with catalog.transaction() as conn:
        owners.claim(conn, discoveries, LATER)


def test_a_claim_takes_along_what_was_found_through_the_address(asked: Catalog) -> None:
    claim(asked, seed("new"))
    assert sources(asked) == {FEED: "new", STORY: "new", NEXT: "new", OTHER: "old"}
    (feed,) = listings.of_source(asked, "new")
    assert (feed.due_at, feed.state and feed.state.source) == (LATER, "new")
    leased = frontier.lease(asked, "w", now=LATER, seconds=60, limit=9, per_host=9, sources=["new"])
    assert {one.url for one in leased} == {FEED, STORY, NEXT}


@pytest.mark.parametrize(
    ("listed", "archive", "one", "is_strange"),
    [
        (["new"], "here", seed("new"), True),
        (["new", "old"], "here", seed("new"), True),  # it moved
        (["old"], "here", seed("old"), False),  # it is theirs
        (["new"], "here", seed("typed"), False),  # no source of sources.toml
        (["new"], "elsewhere", seed("new"), False),  # another archive of the catalog fetches it
        (["new"], "here", found(STORY, "new", "feed", OTHER), True),  # whose it was is listed no more
        (["new", "old"], "here", found(STORY, "new", "feed", OTHER), False),  # who had it first keeps it
    ],
)
def test_who_has_a_claim(asked: Catalog, listed: list[str], archive: str, one: Discovery, is_strange: bool) -> None:
    assert owners.strange(asked, [one], listed, archive) == ([one] if is_strange else [])


def test_what_no_entry_leads_to_is_left_over_once_and_can_be_claimed_back(asked: Catalog) -> None:
    entry = Source("old", "feed", ("https://a.example/atom",))
    assert owners.left_over(asked, Source("old", "feed", (FEED,)), "here") == []
    assert owners.left_over(asked, entry, "elsewhere") == []
    assert owners.left_over(asked, entry, "here") == [(FEED, True)]
    with asked.transaction() as conn:
        frontier.acknowledge(conn, [Acknowledged(FEED, owners.UNLISTED, "r2", LATER)])
        assert frontier.make_due(conn, now=LATER, source="old", listings=True) == 0
    assert owners.left_over(asked, entry, "here") == []
    assert owners.strange(asked, [seed("old")], ["old"], "here") == [seed("old")]
    claim(asked, seed("old"))
    story = frontier.outcome_of(asked, FEED)
    assert story is not None and (story.state, story.due_at, story.outcome) == ("due", LATER, None)


def test_two_claims_on_parts_of_one_tree_come_to_the_same_in_any_order(asked: Catalog) -> None:
    both = [seed("new"), found(STORY, "hand", "urls")]
    claim(asked, *both)
    once = sources(asked)
    assert once == {FEED: "new", STORY: "hand", NEXT: "hand", OTHER: "old"}
    claim(asked, both[1])
    claim(asked, both[0])
    assert sources(asked) == once


def test_a_long_list_claims_what_is_not_its_own(sqlite_catalog: Catalog) -> None:
    pages = [found(f"https://a.example/{n}", "list", "urls") for n in range(600)]
    rows = [seed("feeds"), replace(pages[3], source="feeds"), replace(pages[4], is_listing=True), *pages[5:]]
    with sqlite_catalog.transaction() as conn:
        frontier.add(conn, rows, NOW)
        frontier.acknowledge(conn, [Acknowledged(pages[5].url, owners.UNLISTED, "r1", NOW)])
    assert owners.strange(sqlite_catalog, pages, ["list", "feeds"], "here") == [pages[3], pages[4], pages[5]]
