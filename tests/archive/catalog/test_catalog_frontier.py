"""The frontier on both databases: adding, leasing, giving back, outcomes, and what is still to do."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.catalog import Catalog, frontier
from archive.catalog.frontier import Acknowledged, Added, Lease, Validators
from archive.model import Claims, Discovery, Outcome
from archive.urls import authority_of

NOW = datetime(2026, 11, 22, 7, 20, 11, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STORED = Outcome("stored")


def seen(url: str, source: str = "herald", **more: Any) -> Discovery:
    return Discovery(url, source, "feed", NOW, via="https://herald.example/rss.xml", **more)


def add(catalog: Catalog, *found: Discovery, now: datetime = NOW, **more: Any) -> Added:
    with catalog.transaction() as conn:
        return frontier.add(conn, found, now, **more)


def take(catalog: Catalog, worker: str = "w1", *, now: datetime = NOW, **more: Any) -> list[Lease]:
    return frontier.lease(catalog, worker, now=now, **({"seconds": 60, "limit": 100, "per_host": 100} | more))


def end(catalog: Catalog, *urls: str, outcome: Outcome = STORED, now: datetime = NOW, **more: Any) -> int:
    with catalog.transaction() as conn:
        return frontier.acknowledge(conn, [Acknowledged(url, outcome, "r1", now, **more) for url in urls])


def on(host: str, count: int, start: int = 0) -> list[Discovery]:
    return [seen(f"https://{host}/{number}") for number in range(start, start + count)]


def urls_of(leases: list[Lease]) -> list[str]:
    return [lease.url for lease in leases]


def test_a_url_goes_from_found_to_done(catalog: Catalog) -> None:
    claims = Claims(title="Bundestag beschließt", modified=NOW - MINUTE, language="de", rank=0)
    url = "https://herald.example/a"
    assert add(catalog, seen(url, depth=1, claims=claims), seen(url)) == Added(1, 0, (url,))
    [lease] = take(catalog)
    assert (lease.url, lease.host, lease.source, lease.depth) == (url, "herald.example", "herald", 1)
    assert (lease.claims, lease.found_by, lease.found_at, lease.attempts) == (claims, "feed", NOW, 1)
    assert lease.until == NOW + MINUTE and lease.validators == Validators()
    assert take(catalog) == []
    got = Validators('"e1"', "Sun, 22 Nov 2026 07:00:00 GMT", "<urn:uuid:1>", "sha1:A", NOW)
    assert end(catalog, url, article_id="a_1", validators=got) == 1
    story = frontier.outcome_of(catalog, url)
    assert story is not None
    assert (story.state, story.outcome, story.outcome_at, story.run) == ("done", STORED, NOW, "r1")
    assert (story.article_id, story.record_id, story.leased_by, story.claims) == ("a_1", "<urn:uuid:1>", None, claims)
    assert frontier.pending(catalog, None, NOW).is_done


def test_a_known_url_is_not_reset_by_being_seen_again(catalog: Catalog) -> None:
    [url] = urls_of([*_leased_and_done(catalog)])
    later = NOW + MINUTE
    assert add(catalog, seen(url), now=later) == Added(0, 1)
    story = frontier.outcome_of(catalog, url)
    assert story is not None and (story.state, story.found_at, story.last_seen) == ("done", NOW, later)
    assert take(catalog, now=later) == []


def test_a_later_modified_claim_is_kept_and_told(catalog: Catalog) -> None:
    url = "https://herald.example/a"
    add(catalog, seen(url, claims=Claims(title="old", modified=NOW)))
    assert frontier.modified(catalog, [seen(url, claims=Claims(title="same", modified=NOW))]) == []
    newer = seen(url, claims=Claims(title="new", modified=NOW + MINUTE))
    assert frontier.modified(catalog, [newer, seen("https://herald.example/unknown", claims=newer.claims)]) == [newer]
    add(catalog, newer)
    assert frontier.modified(catalog, [newer]) == []
    story = frontier.outcome_of(catalog, url)
    assert story is not None and story.claims == newer.claims


def test_an_article_that_was_changed_since_we_looked_is_due_now(catalog: Catalog) -> None:
    """What waits for a later look only: not a page nobody wants again, nor one that was looked at since."""
    changed, looked_at, never, elsewhere = (one.url for one in on("herald.example", 4))
    add(catalog, *on("herald.example", 4))
    take(catalog)
    later, next_week = NOW + 10 * MINUTE, NOW + timedelta(days=7)
    end(catalog, changed, elsewhere, due_again_at=next_week, is_recheck=True)
    end(catalog, looked_at, due_again_at=next_week, is_recheck=True, now=NOW + 2 * MINUTE)
    end(catalog, never)
    assert take(catalog, now=later) == []
    with catalog.transaction() as conn:
        frontier.look_again(conn, dict.fromkeys((changed, looked_at, never), NOW + MINUTE), later)
    [lease] = take(catalog, now=later)
    assert lease.url == changed and lease.is_recheck


def test_a_discovery_with_an_outcome_is_done_at_once(catalog: Catalog) -> None:
    outcome = Outcome("skipped", "offsite", {"host": "other.example"})
    url = "https://other.example/x"
    add(catalog, seen(url, depth=1), outcomes={url: outcome}, run="r1")
    assert take(catalog) == []
    assert frontier.outcomes_of_run(catalog, "r1") == {("skipped", "offsite"): 1}
    [row] = frontier.skipped(catalog, "offsite", "herald", "r1", 10)
    assert (row.url, row.detail, row.found_in) == (url, {"host": "other.example"}, "https://herald.example/rss.xml")
    assert frontier.skipped(catalog, "robots") == []


def test_urls_that_are_not_due_wait_for_make_due(catalog: Catalog) -> None:
    add(catalog, seen("https://herald.example/rss", is_listing=True), due=False)
    assert take(catalog) == []
    with catalog.transaction() as conn:
        assert frontier.make_due(conn, listings=False, now=NOW) == 0
        assert frontier.make_due(conn, listings=True, now=NOW) == 1
        assert frontier.make_due(conn, listings=True, now=NOW) == 0
    assert urls_of(take(catalog)) == ["https://herald.example/rss"]


def test_make_due_takes_exactly_what_is_asked_for(catalog: Catalog) -> None:
    a, b, c = (f"https://herald.example/{name}" for name in "abc")
    add(catalog, seen(a), seen(b), seen(c, "times"))
    take(catalog)
    end(catalog, a, c)
    end(catalog, b, outcome=Outcome("failed", "timeout"))
    with catalog.transaction() as conn:
        assert frontier.make_due(conn, source="herald", outcomes=["failed"], now=NOW) == 1
    assert urls_of(take(catalog)) == [b]
    with catalog.transaction() as conn:
        assert frontier.make_due(conn, urls=[a, b, "https://unknown.example/"], now=NOW) == 1  # b is leased
    assert urls_of(take(catalog)) == [a]


def test_hosts_take_turns_and_listings_go_first(catalog: Catalog) -> None:
    add(catalog, *on("a.example", 5), *on("b.example", 5), seen("https://b.example/rss", is_listing=True))
    leases = take(catalog, limit=4)
    assert [lease.host for lease in leases] in (["b.example", "a.example"] * 2, ["a.example", "b.example"] * 2)
    assert next(lease for lease in leases if lease.host == "b.example").is_listing


def test_a_worker_never_holds_more_of_a_host_than_it_may(catalog: Catalog) -> None:
    add(catalog, *on("a.example", 9), *on("b.example", 9))
    assert Counter(lease.host for lease in take(catalog, per_host=2)) == {"a.example": 2, "b.example": 2}
    assert take(catalog, per_host=2) == []
    end(catalog, "https://a.example/0")
    assert [lease.host for lease in take(catalog, per_host=2)] == ["a.example"]


def test_two_sources_of_one_host_share_its_limit(catalog: Catalog) -> None:
    add(catalog, *on("a.example", 4), *(seen(f"https://a.example/t{n}", "times") for n in range(4)))
    assert len(take(catalog, per_host=3)) == 3


def test_all_hosts_are_served_before_one_is_served_again(catalog: Catalog) -> None:
    for number in range(6):
        add(catalog, *on(f"h{number}.example", 3))
    hosts: list[str] = []
    for turn in range(3):
        hosts += [lease.host for lease in take(catalog, now=NOW + turn * timedelta(seconds=1), limit=2, per_host=1)]
    assert len(set(hosts)) == 6


def test_a_host_is_leased_to_one_worker_at_a_time(catalog: Catalog) -> None:
    add(catalog, *on("a.example", 3), *on("b.example", 3))
    [first] = take(catalog, "w1", limit=1)
    others = take(catalog, "w2")
    assert {lease.host for lease in others} == {"a.example", "b.example"} - {first.host}
    assert [lease.host for lease in take(catalog, "w1")] == [first.host] * 2
    both = frontier.pending(catalog, None, NOW, worker="w1")
    assert (both.due, both.leased_by_me, both.leased_by_others) == (0, 3, 3)


def test_workers_that_ask_together_share_the_hosts(catalog: Catalog) -> None:
    for number in range(6):
        add(catalog, *on(f"h{number}.example", 4))
    assert len({lease.host for lease in take(catalog, "w1", per_host=1)}) == 6
    assert take(catalog, "w2", per_host=1) == []  # but now w1 knows that there are two
    end(catalog, *(f"https://h{number}.example/0" for number in range(6)))
    soon = NOW + timedelta(seconds=1)
    assert len({lease.host for lease in take(catalog, "w1", now=soon, per_host=1)}) == 3
    rested = NOW + timedelta(seconds=3)
    assert len({lease.host for lease in take(catalog, "w2", now=rested, per_host=2)}) == 3
    # w2 stops, and all is for w1 again
    with catalog.transaction() as conn:
        frontier.release(conn, "w2")
    assert len({lease.host for lease in take(catalog, "w1", now=rested, per_host=2)}) == 6


def test_a_host_rests_between_two_workers(catalog: Catalog) -> None:
    add(catalog, *on("a.example", 3))
    take(catalog, "w1", limit=1)
    end(catalog, "https://a.example/0")
    assert take(catalog, "w2", now=NOW + timedelta(seconds=2)) == []
    assert len(take(catalog, "w2", now=NOW + timedelta(seconds=2.1))) == 2


def test_only_the_sources_asked_for_are_leased(catalog: Catalog) -> None:
    add(catalog, *(seen(f"https://a.example/{n}", "herald") for n in range(3)), seen("https://a.example/t", "times"))
    assert urls_of(take(catalog, sources=["times"])) == ["https://a.example/t"]
    assert take(catalog, sources=["times"]) == [] == take(catalog, sources=[])
    assert frontier.pending(catalog, ["herald"], NOW).due == 3


def test_leases_that_ended_are_due_again_for_anyone(catalog: Catalog) -> None:
    add(catalog, *on("a.example", 2))
    assert len(take(catalog, "w1")) == 2
    assert take(catalog, "w2", now=NOW + MINUTE) == []
    again = take(catalog, "w2", now=NOW + 2 * MINUTE)
    assert [lease.attempts for lease in again] == [2, 2]


def test_a_heartbeat_keeps_leases_and_hosts(catalog: Catalog) -> None:
    add(catalog, *on("a.example", 2), *on("b.example", 1))
    take(catalog, "w1")
    end(catalog, "https://b.example/0")
    add(catalog, *on("b.example", 1, start=1))
    with catalog.transaction() as conn:
        assert frontier.renew(conn, "w1", NOW + MINUTE, 60) == 2
    late = NOW + MINUTE + timedelta(seconds=30)
    # a.example stays with w1; b.example, of which it holds nothing any more, is free.
    assert [lease.host for lease in take(catalog, "w2", now=late)] == ["b.example"]
    assert len(take(catalog, "w2", now=NOW + 3 * MINUTE)) == 3


def test_a_clean_stop_gives_everything_back_as_if_never_leased(catalog: Catalog) -> None:
    add(catalog, *on("a.example", 3))
    take(catalog, "w1")
    with catalog.transaction() as conn:
        assert frontier.release(conn, "w1") == 3
    assert [lease.attempts for lease in take(catalog, "w2")] == [1, 1, 1]


def test_an_outcome_counts_whoever_holds_the_lease_by_now(catalog: Catalog) -> None:
    add(catalog, *on("a.example", 1))
    [lease] = take(catalog, "w1")
    take(catalog, "w2", now=NOW + 2 * MINUTE)
    assert end(catalog, lease.url) == 1
    assert frontier.pending(catalog, None, NOW).is_done


def test_an_outcome_for_an_unknown_url_is_counted_out(catalog: Catalog) -> None:
    assert end(catalog, "https://never.example/added") == 0


def test_due_again_at_a_time_is_not_due_before(catalog: Catalog) -> None:
    add(catalog, *on("a.example", 2))
    urls = urls_of(take(catalog))
    end(catalog, urls[0], due_again_at=NOW + 60 * MINUTE)
    end(catalog, urls[1])
    left = frontier.pending(catalog, None, NOW)
    assert (left.due, left.is_done, frontier.waiting(catalog, NOW)) == (0, True, (1, NOW + 60 * MINUTE))
    assert take(catalog, now=NOW + 59 * MINUTE) == []
    story = frontier.outcome_of(catalog, urls[0])
    assert story is not None and story.outcome == STORED
    assert urls_of(take(catalog, now=NOW + 60 * MINUTE)) == [urls[0]]


def test_make_due_overtakes_a_later_time(catalog: Catalog) -> None:
    [lease] = _leased_and_done(catalog, due_again_at=NOW + 60 * MINUTE)
    with catalog.transaction() as conn:
        assert frontier.make_due(conn, urls=[lease.url], now=NOW) == 1
    assert urls_of(take(catalog)) == [lease.url]


def test_a_retry_keeps_the_validators_of_the_last_good_capture(catalog: Catalog) -> None:
    good = Validators('"e1"', None, "<urn:uuid:1>", "sha1:A", NOW)
    [lease] = _leased_and_done(catalog, validators=good, article_id="a_1")
    end(catalog, lease.url, outcome=Outcome("failed", "timeout"), due_again_at=NOW)
    [again] = take(catalog)
    assert (again.validators, again.attempts) == (good, 1)
    story = frontier.outcome_of(catalog, lease.url)
    assert story is not None and (story.article_id, story.outcome) == ("a_1", Outcome("failed", "timeout"))


def test_a_host_on_hold_is_left_alone_until_then(catalog: Catalog) -> None:
    add(catalog, *on("a.example", 1))
    with catalog.transaction() as conn:
        frontier.hold(conn, "a.example", NOW + 2 * MINUTE)
        frontier.hold(conn, "a.example", NOW + MINUTE)
    assert take(catalog, now=NOW + MINUTE) == []
    assert len(take(catalog, now=NOW + 2 * MINUTE)) == 1


def test_a_url_is_found_by_another_spelling_of_its_key(catalog: Catalog) -> None:
    add(catalog, seen("https://www.herald.example/a?x=1&b=2"))
    story = frontier.outcome_of(catalog, "https://herald.example/a?b=2&x=1")
    assert story is not None and story.url == "https://www.herald.example/a?x=1&b=2"
    assert frontier.outcome_of(catalog, "https://herald.example/b") is None


def test_a_very_long_url_and_the_text_of_strangers_do_no_harm(catalog: Catalog) -> None:
    # Random, so that PostgreSQL cannot squeeze it under its limit for index entries.
    url = "https://herald.example/" + "".join(chr(97 + (n * n * 7 + n // 3) % 26) for n in range(8000))
    claims = Claims(title="NUL \x00, half a smile \ud83d, 新闻 “quoted” \\u0000")
    add(catalog, seen(url, claims=claims), seen(url + "x"))
    leases = take(catalog)
    assert sorted(urls_of(leases)) == [url, url + "x"]
    assert {lease.url: lease.claims for lease in leases}[url] == claims
    assert (
        end(catalog, url, outcome=Outcome("failed", "http_error", {"why": "\x00"}), validators=Validators(etag="\x00"))
        == 1
    )
    story = frontier.outcome_of(catalog, url)
    assert story is not None and story.outcome == Outcome("failed", "http_error", {"why": "\x00"})


def test_a_naive_time_is_refused(catalog: Catalog) -> None:
    with pytest.raises(Exception, match="aware"):
        add(catalog, seen("https://a.example/"), now=datetime(2026, 11, 22))  # noqa: DTZ001


def test_ten_thousand_discoveries_are_a_few_statements(catalog: Catalog) -> None:
    found = [seen(f"https://h{n % 50}.example/{n}") for n in range(10_000)]
    from sqlalchemy import event

    statements: list[str] = []
    event.listen(catalog.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert add(catalog, *found).new == 10_000
    assert add(catalog, *found).known == 10_000
    assert len(statements) < 20


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nothing_is_lost_and_nothing_is_held_twice_whatever_workers_do(
    sqlite_catalog: Catalog, data: st.DataObject
) -> None:
    catalog = sqlite_catalog
    catalog.clear()
    now, known, held = NOW, set(), {}  # type: datetime, set[str], dict[str, tuple[str, datetime]]
    for _ in range(data.draw(st.integers(1, 14))):
        worker = data.draw(st.sampled_from(["w1", "w2"]))
        act = data.draw(st.sampled_from(["add", "take", "take", "end", "later", "release", "wait", "due"]))
        mine = sorted(url for url, (who, until) in held.items() if who == worker)
        if act == "add":
            found = on(data.draw(st.sampled_from(["a.example", "b.example"])), data.draw(st.integers(0, 4)))
            known |= {one.url for one in found}
            add(catalog, *found, now=now)
        elif act == "take":
            for lease in take(catalog, worker, now=now, limit=data.draw(st.integers(1, 5)), per_host=2):
                alive = {url: who for url, (who, until) in held.items() if until >= now}
                assert lease.url not in alive
                assert all(who == worker for url, who in alive.items() if authority_of(url) == lease.host)
                held[lease.url] = (worker, lease.until)
        elif act in ("end", "later") and mine:
            end(catalog, mine[0], now=now, due_again_at=now + MINUTE if act == "later" else None)
            del held[mine[0]]
        elif act == "release":
            with catalog.transaction() as conn:
                frontier.release(conn, worker)
            held = {url: lease for url, lease in held.items() if lease[0] != worker}
        elif act == "wait":
            now += data.draw(st.sampled_from([timedelta(seconds=30), 2 * MINUTE]))
        elif act == "due":
            with catalog.transaction() as conn:
                frontier.make_due(conn, now=now)
    # In the end everything that is due can be had by one patient worker.
    with catalog.transaction() as conn:
        frontier.make_due(conn, now=now)
    got = take(catalog, "w3", now=now + 60 * MINUTE)
    assert set(urls_of(got)) == known


def _leased_and_done(catalog: Catalog, **more: Any) -> list[Lease]:
    add(catalog, seen("https://herald.example/a"))
    leases = take(catalog)
    end(catalog, *urls_of(leases), **more)
    return leases


def test_known_articles_come_behind_new_ones_and_only_where_they_are_wanted(catalog: Catalog) -> None:
    old = [Discovery(f"https://a.example/old-{n}", "s", "feed", NOW) for n in range(3)]
    with catalog.transaction() as conn:
        frontier.add(conn, old, NOW)
        ends = [
            Acknowledged(one.url, Outcome("stored"), "r", NOW, "a_1", due_again_at=NOW, is_recheck=True) for one in old
        ]
        frontier.acknowledge(conn, ends)
        frontier.add(conn, [Discovery("https://a.example/new", "s", "feed", NOW)], NOW)
    later = NOW + MINUTE
    left = {("s", frontier.RECHECK): 2}
    assert frontier.pending(catalog, None, later, most=left).due == 3
    (only,) = frontier.lease(
        catalog, "w", now=later, seconds=60, limit=9, per_host=9, without=[("s", frontier.RECHECK)]
    )
    assert (only.url, only.is_recheck) == ("https://a.example/new", False)
    found = frontier.lease(catalog, "w", now=later, seconds=60, limit=9, per_host=9)
    assert {one.url for one in found} == {one.url for one in old} and all(one.is_recheck for one in found)


def test_what_somebody_asks_for_again_is_no_recheck(catalog: Catalog) -> None:
    with catalog.transaction() as conn:
        frontier.add(conn, [Discovery("https://a.example/old", "s", "feed", NOW)], NOW)
        again = Acknowledged(
            "https://a.example/old", Outcome("stored"), "r", NOW, due_again_at=NOW + MINUTE, is_recheck=True
        )
        frontier.acknowledge(conn, [again])
        assert frontier.make_due(conn, now=NOW, urls=["https://a.example/old"]) == 1
    (lease,) = frontier.lease(catalog, "w", now=NOW, seconds=60, limit=9, per_host=9)
    assert not lease.is_recheck


def test_a_watch_stays_until_another_is_told_and_comes_with_the_lease(catalog: Catalog) -> None:
    url = "https://a.example/old"
    with catalog.transaction() as conn:
        frontier.add(conn, [Discovery(url, "s", "feed", NOW)], NOW)
        for watch in ({"episodes": 1}, None):
            frontier.acknowledge(
                conn, [Acknowledged(url, Outcome("stored"), "r", NOW, "a_1", due_again_at=NOW, watch=watch)]
            )
    (lease,) = frontier.lease(catalog, "w", now=NOW, seconds=60, limit=9, per_host=9)
    assert (lease.watch, lease.article_id) == ({"episodes": 1}, "a_1")
