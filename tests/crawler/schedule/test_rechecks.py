"""When a known article is due again, and which outcomes mean that it is not there any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.model import Claims, Discovery, Outcome
from archive.revisions.watch import Absence, Watch
from crawler.config.values import RECHECK
from crawler.schedule.rechecks import LOOK_AGAIN, absence_of, due_again, leads_away, next_recheck, told_as_changed

NOW = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def looks(days: float, run_every: timedelta = 5 * MINUTE) -> list[timedelta]:
    """The ages at which an article that never changes is looked at, by runs at fixed times."""
    found, at, last = [], NOW, NOW
    while at < NOW + days * DAY:
        at += run_every
        due = next_recheck(NOW, None, last, RECHECK)
        if due is not None and due <= at:
            found.append(at - NOW)
            last = at
    return found


def test_looks_become_rarer_as_a_text_grows_older() -> None:
    assert looks(40) == [15 * MINUTE, HOUR, 3 * HOUR, DAY, 3 * DAY, 30 * DAY]


def test_behind_the_last_step_each_pause_is_twice_the_one_before() -> None:
    assert looks(400, DAY) == [DAY, 3 * DAY, 30 * DAY, 60 * DAY, 120 * DAY, 240 * DAY]


def test_a_change_begins_the_steps_again() -> None:
    changed = NOW + 10 * DAY
    assert next_recheck(NOW, changed, changed, RECHECK) == changed + 15 * MINUTE


def test_steps_that_were_missed_are_not_made_up_for() -> None:
    assert next_recheck(NOW, None, NOW + 2 * HOUR, RECHECK) == NOW + 3 * HOUR
    assert next_recheck(NOW, None, NOW + 3 * HOUR - MINUTE, RECHECK) == NOW + 3 * HOUR + 14 * MINUTE


def test_without_a_policy_nothing_is_due_again() -> None:
    assert next_recheck(NOW, None, NOW, ()) is None
    assert due_again(Watch(NOW), NOW, ()) is None


@given(st.floats(0, 5e8), st.floats(0, 5e8))
def test_the_next_look_is_later_than_the_last_by_the_first_step_at_least(age: float, change: float) -> None:
    checked = NOW + timedelta(seconds=max(age, change))
    due = next_recheck(NOW, NOW + timedelta(seconds=change), checked, RECHECK)
    assert due is not None and due - checked >= timedelta(seconds=RECHECK[0])


def test_a_first_look_at_an_absence_is_soon_followed_up_and_then_it_grows_rare_too() -> None:
    old = NOW - 300 * DAY
    assert due_again(Watch(old, absence=Absence("gone", NOW)), NOW, RECHECK) == NOW + LOOK_AGAIN
    assert due_again(Watch(old, absence=Absence("gone", NOW, 2, True)), NOW + HOUR, RECHECK) == NOW + 3 * HOUR


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome("failed", "gone", {"status": "404"}), "gone"),
        (Outcome("failed", "http_error", {"status": "451"}), "gone"),
        (Outcome("failed", "http_error", {"status": "403"}), None),
        (Outcome("failed", "timeout"), None),
        (Outcome("failed", "server_error", {"status": "503"}), None),
        (Outcome("skipped", "soft_404"), "soft_404"),
        (Outcome("skipped", "paywall"), "paywalled"),
        (Outcome("skipped", "bot_wall"), None),
        (Outcome("skipped", "robots", {"rule": "Disallow: /", "line": "2"}), "robots"),
        (Outcome("skipped", "robots", {"record": "<urn:uuid:1>"}), None),  # robots.txt could not be read, for now
        (Outcome("moved", "redirect", {"to": "https://n.example/"}), "redirected"),
        (Outcome("moved", "redirect", {"to": "https://n.example/politics/2026/b"}), None),
        (Outcome("skipped", "redirect_offsite", {"to": "https://parked.example/"}), "redirected"),
        (Outcome("unchanged", "not_modified"), None),
    ],
)
def test_an_absence_is_what_says_that_the_story_went(outcome: Outcome, kind: str | None) -> None:
    assert absence_of(outcome, "https://n.example/politics/2026/a") == kind


@pytest.mark.parametrize(
    ("target", "away"),
    [
        ("https://n.example/", True),
        ("https://n.example", True),
        ("https://n.example/politics/", True),
        ("https://n.example/politics/2026", True),
        ("https://www.n.example/?from=a", True),
        ("https://n.example/sport/", False),  # no way to know
        ("https://n.example/politics/2026/a.html", False),
        ("https://n.example/politics/2026/a-new-slug", False),
    ],
)
def test_a_redirect_to_a_page_of_lists_leads_away(target: str, away: bool) -> None:
    assert leads_away("https://n.example/politics/2026/a", target) is away


def test_a_listing_we_know_is_no_article() -> None:
    assert leads_away("https://n.example/2026/a", "https://n.example/sport/", frozenset(("https://n.example/sport/",)))


def named(count: int, via: str = "https://news.example/atom.xml") -> list[Discovery]:
    """Entries of a listing, each said to be changed now."""
    told = Claims(modified=NOW)
    return [Discovery(f"{via}/{n}", "news", "feed", NOW, via=via, depth=1, claims=told) for n in range(count)]


def test_an_entry_that_is_said_to_be_changed_is_looked_at_one_of_many_or_one_of_few() -> None:
    feed, small = named(20), named(2, "https://news.example/small.xml")
    assert told_as_changed([feed[3], *small], [*feed, *small], ()) == {one.url: NOW for one in (feed[3], *small)}
    assert told_as_changed(feed[:10], feed, ()).keys() == {one.url for one in feed[:10]}


def test_a_listing_that_says_it_of_most_entries_gives_the_time_of_its_own_making() -> None:
    feed = named(20)
    assert told_as_changed(feed[:11], feed, ()) == {}
    assert told_as_changed(feed[:10], feed, {one.url for one in feed[10:]}) == {}  # ten of the ten we know


def test_sections_and_parts_of_an_index_say_nothing_of_articles() -> None:
    [one] = named(1)
    assert told_as_changed([replace(one, found_by="section"), replace(one, is_listing=True)], [one], ()) == {}
