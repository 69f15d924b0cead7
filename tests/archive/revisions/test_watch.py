"""What is remembered of a page between two looks, and when an absence is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from archive.model import Revision
from archive.revisions.changes import Said
from archive.revisions.decide import New, Unsettled
from archive.revisions.watch import (
    Absence,
    Watch,
    Watched,
    after_absence,
    after_presence,
    after_reading,
    watch_of,
    watch_values,
    with_facts,
)
from archive.times import rfc3339

NOW = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def kinds(watched: Watched) -> list[str]:
    return [one.kind for one in watched[1]]


@pytest.mark.parametrize("kind", ["gone", "redirected", "soft_404"])
def test_what_may_be_a_passing_fault_is_believed_at_the_second_look(kind: str) -> None:
    first = after_absence(Watch(), kind, NOW, {"status": "404"})  # type: ignore[arg-type]
    assert kinds(first) == [] and first[0].absence == Absence(kind, NOW)  # type: ignore[arg-type]
    second = after_absence(first[0], kind, NOW + HOUR, {"status": "404"})  # type: ignore[arg-type]
    assert kinds(second) == [kind]
    assert second[1][0].detail == {"status": "404", "since": "2026-11-22T07:20:00Z", "looks": "2"}
    assert kinds(after_absence(second[0], kind, NOW + 2 * HOUR, {})) == []  # type: ignore[arg-type]  # told once


@pytest.mark.parametrize(
    ("kind", "detail"),
    [("gone", {"status": "410"}), ("gone", {"status": "451"}), ("robots", {"line": "3"}), ("paywalled", {})],
)
def test_the_publisher_s_own_word_is_believed_at_once(kind: str, detail: dict[str, str]) -> None:
    assert kinds(after_absence(Watch(), kind, NOW, detail)) == [kind]  # type: ignore[arg-type]


def test_a_fault_that_passed_was_none_and_a_return_is_told() -> None:
    missed, _ = after_absence(Watch(), "gone", NOW, {"status": "404"})
    assert after_presence(missed) == (Watch(), ())
    believed, _ = after_absence(missed, "gone", NOW + HOUR, {"status": "404"})
    back = after_presence(believed)
    assert kinds(back) == ["returned"] and back[0] == Watch()
    assert back[1][0].detail == {"after": "gone", "since": "2026-11-22T07:20:00Z"}


def test_two_kinds_of_absence_are_two_looks_at_one() -> None:
    missed, _ = after_absence(Watch(), "gone", NOW, {"status": "404"})
    assert kinds(after_absence(missed, "redirected", NOW + HOUR, {"to": "https://news.example/"})) == ["redirected"]


def test_a_page_behind_a_wall_is_there_as_it_was() -> None:
    walled, _ = after_absence(Watch(), "paywalled", NOW, {})
    assert after_presence(walled) == (walled, ())


def test_everything_remembered_comes_back_from_json() -> None:
    watch = Watch(NOW, Unsettled("h", 2, 6), 1, Absence("gone", NOW, 2, True), {"authors": ["A"], "modified": None}, 3)
    assert watch_of(watch_values(watch)) == watch
    assert watch_values(Watch()) == {} and watch_of(None) == Watch()


def test_dates_seen_since_a_record_are_what_is_compared_next() -> None:
    said = Said("H", "text", ("Anna",), "2026", None)
    assert with_facts(said, None) == said
    later = with_facts(said, {"authors": ["Ben"], "published": "2026", "modified": "2027"})
    assert (later.authors, later.modified, later.text) == (("Ben",), "2027", "text")


@pytest.mark.parametrize(
    ("published", "modified", "stands_since"),
    [
        (None, None, NOW),
        (NOW - 2 * HOUR, None, NOW),  # of today; a page in another zone may mean now
        (NOW + 2 * HOUR, None, NOW),
        (NOW - 30 * HOUR, None, NOW - 30 * HOUR),
        (NOW - 9000 * HOUR, None, NOW - 72 * HOUR),  # three days: the next step of the default policy is thirty
        (NOW - 9000 * HOUR, NOW - 40 * HOUR, NOW - 40 * HOUR),
    ],
)
def test_an_old_story_is_not_new_because_we_see_it_for_the_first_time(
    published: datetime | None, modified: datetime | None, stands_since: datetime
) -> None:
    first = New(Revision("a_1", 1, "0", 0, "x", "<urn:uuid:1>", NOW, NOW))
    dates = [one and rfc3339(one) for one in (published, modified)]
    watch, found = after_reading(Watch(), first, None, Said("H", "text", (), *dates), NOW)
    assert (watch.changed_at, found) == (stands_since, ())
