from __future__ import annotations

from datetime import UTC, datetime, timedelta

from archive.catalog import Catalog, frontier
from archive.catalog.frontier import Acknowledged, Validators
from archive.model import Claims, Discovery, Outcome

NOW = datetime(2026, 11, 22, 7, 20, 11, 123456, tzinfo=UTC)


def seen(url: str, source: str = "herald", **more: object) -> Discovery:
    return Discovery(url, source, "feed", NOW, via="https://herald.example/rss.xml", **more)  # type: ignore[arg-type]


def take(catalog: Catalog, worker: str = "w1", *, now: datetime = NOW, limit: int = 10, per_host: int = 5, **more):  # type: ignore[no-untyped-def]
    return frontier.lease(catalog, worker, now=now, seconds=60, limit=limit, per_host=per_host, run="r", **more)


def test_a_url_goes_from_found_to_done(catalog: Catalog) -> None:
    claims = Claims(title="Bundestag beschließt", modified=NOW - timedelta(hours=1), rank=0)
    url = "https://herald.example/a"
    with catalog.transaction() as conn:
        added = frontier.add(conn, [seen(url, claims=claims), seen(url)], NOW)
        again = frontier.add(conn, [seen(url)], NOW + timedelta(hours=1))
    assert (added.new, added.known, added.new_urls) == (1, 0, (url,))
    assert (again.new, again.known) == (0, 1)
    [lease] = take(catalog)
    assert (lease.url, lease.host, lease.claims, lease.attempts) == (url, "herald.example", claims, 1)
    assert take(catalog) == []
    got = Validators('"e1"', None, "<urn:uuid:1>", "sha1:A", NOW)
    with catalog.transaction() as conn:
        frontier.acknowledge(conn, [Acknowledged(url, Outcome("stored"), "r1", NOW, "a_1", got)])
    story = frontier.outcome_of(catalog, url)
    assert story is not None
    assert (story.state, story.outcome, story.article_id, story.run) == ("done", Outcome("stored"), "a_1", "r1")
    assert frontier.outcomes_of_run(catalog, "r1") == {("stored", None): 1}
    assert frontier.pending(catalog, None, NOW).is_done
    with catalog.transaction() as conn:
        assert frontier.make_due(conn, source="herald", now=NOW) == 1
    [lease] = take(catalog)
    assert lease.validators == got
