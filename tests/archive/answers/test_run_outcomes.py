"""A run says what it did, also when later runs have found otherwise; and what was left out leads to its bytes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archive.answers.run_outcomes import outcomes_of_run, skipped_in_run
from archive.catalog import articles, captures, outcomes
from archive.catalog.articles import ArticleQuery
from tests.archive.small_archive import FIRST, HARBOUR, START, Step, crawl, opened, page

LOST = "https://news.example/gone"
STORY = FIRST[0].url


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory):
    """What the first run did not find is there in the second, and a story it stored is another then."""
    (root := tmp_path_factory.mktemp("of-run") / "news").mkdir()
    with opened(root) as archive:
        first = crawl(archive, FIRST)
        again = [Step(LOST, page("It is back", HARBOUR)), Step(STORY, page("Changed", HARBOUR.replace("four", "six")))]
        second = crawl(archive, again, START + timedelta(hours=1))
        yield archive, first, second


def test_what_an_earlier_run_left_out_is_known_after_the_next(two_runs):
    archive, first, second = two_runs
    assert [(one.url, one.reason) for one in skipped_in_run(archive, first)][1:2] == [(LOST, "http_error")]
    assert LOST not in {one.url for one in outcomes.skipped(archive.catalog)} and not skipped_in_run(archive, second)
    assert outcomes_of_run(archive, first) == {
        ("failed", "http_error"): 1, ("skipped", "mime"): 1, ("skipped", "not_article"): 1, ("stored", "new"): 2,
    }  # fmt: skip


def test_what_a_run_stored_is_listed_though_it_was_changed_since(two_runs):
    archive, first, second = two_runs
    stored = [
        {row.url for row in articles.list_articles(archive.catalog, ArticleQuery(run=run))} for run in (first, second)
    ]
    assert stored == [{STORY, FIRST[1].url}, {STORY, LOST}]


def test_what_was_left_out_names_the_bytes_it_was_judged_by(two_runs):
    archive, first, _ = two_runs
    for found in (skipped_in_run(archive, first), outcomes.skipped(archive.catalog)):
        for one in found:
            capture = captures.by_record_id(archive.catalog, one.record_id)
            assert capture is not None and capture.target_uri == one.url
            assert capture.status == (404 if one.url == LOST else 200)


def test_a_run_whose_log_is_elsewhere_is_told_by_the_catalog(two_runs):
    archive, _, second = two_runs
    log = archive.store.path(archive.store.runs_path(second))
    aside = log.rename(log.with_suffix(".aside"))
    try:
        assert outcomes_of_run(archive, second) == {("stored", "new"): 2} and skipped_in_run(archive, second) == []
    finally:
        aside.rename(log)
