"""Events: told once, however often they are found; listed by what is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from archive.catalog import Catalog, events
from archive.model import Event
from archive.runs.runlog import event_line, event_of

NOW = datetime(2026, 11, 22, tzinfo=UTC)
URL = "https://news.example/a"


def event(kind: str, hours: int = 0, url: str = URL, **detail: str) -> Event:
    return Event(url, NOW + timedelta(hours=hours), kind, detail, "a_1", "news", "<b>", "<a>", "run")


def test_an_event_comes_back_as_it_was_told(catalog: Catalog) -> None:
    told = event("gone", status="410")
    with catalog.transaction() as conn:
        assert events.put(conn, [told]) == 1
    assert events.list_events(catalog) == [told]
    assert event_of(event_line(told), "run") == told


def test_a_state_that_holds_is_told_once_and_again_after_another(catalog: Catalog) -> None:
    found = [event("gone"), event("gone", 1), event("returned", 2), event("gone", 3), event("gone", 4)]
    with catalog.transaction() as conn:
        assert events.put(conn, found) == 3
        assert events.put(conn, [event("gone", 5), event("gone", 5, "https://news.example/b")]) == 1
    kinds = [one.kind for one in events.list_events(catalog) if one.url == URL]
    assert kinds == ["gone", "returned", "gone"]


def test_small_changes_are_told_by_what_they_say(catalog: Catalog) -> None:
    found = [event("touched", 1, modified_after="2026"), event("touched", 2, modified_after="2026")]
    with catalog.transaction() as conn:
        assert events.put(conn, found) == 1
        assert events.put(conn, [event("touched", 3, modified_after="2027")]) == 1


def test_events_are_asked_for_by_kind_source_article_and_time(catalog: Catalog) -> None:
    with catalog.transaction() as conn:
        events.put(conn, [event("gone"), event("unstable", 1), event("robots", 2, "https://news.example/b")])
    assert [one.kind for one in events.list_events(catalog, kinds=("gone", "robots"))] == ["robots", "gone"]
    assert len(events.list_events(catalog, since=NOW + timedelta(hours=1))) == 2
    assert len(events.list_events(catalog, until=NOW + timedelta(hours=1))) == 1
    assert events.list_events(catalog, source="other") == [] == events.list_events(catalog, article_id="a_2")
    assert len(events.list_events(catalog, limit=1)) == 1
