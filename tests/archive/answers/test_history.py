"""The history of an article: its revisions and what else was found out, in the order of time."""

from __future__ import annotations

from archive.answers.history import steps_of
from archive.archive import open_archive
from archive.catalog import articles, events, revisions
from archive.folder.location import ArchiveLocation
from archive.model import Event

URL = "https://news.example/2026/harbour"


def test_what_was_found_at_the_time_of_a_revision_stands_behind_it(copy: ArchiveLocation) -> None:
    with open_archive(copy) as archive:
        row = articles.by_url(archive.catalog, URL)
        assert row is not None
        first, second = revisions.revisions_of(archive.catalog, row.article_id)
        found = Event(row.url, second.first_seen, "correction", {}, row.article_id)
        with archive.catalog.transaction() as conn:
            events.put(conn, [found])
        steps = steps_of(archive, row.article_id)
    assert [step.revision or step.event for step in steps] == [first, second, found]
