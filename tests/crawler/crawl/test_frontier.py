"""How many articles may still be fetched, and what is remembered of a page for the next time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from archive.catalog.frontier import ARTICLE, RECHECK, Validators
from archive.model import Capture, Outcome, Source
from crawler.crawl.frontier import Quota

AT = datetime(2026, 5, 11, 8, tzinfo=UTC)
CAPTURE = Capture(
    record_id="<urn:uuid:1>",
    record_type="response",
    target_uri="http://daily.example/a",
    urlkey="example,daily)/a",
    fetched_at=AT,
    status=200,
    media_type="text/html",
    payload_digest="sha1:AAAA",
    payload_bytes=3111,
    warc_file="warc/a.warc.gz",
    warc_offset=0,
    warc_length=900,
    archive="news",
    run="r",
    etag='"7"',
    last_modified="Mon, 11 May 2026 07:00:00 GMT",
)


# -- Quota


def source(name: str, limit: int | None = None, rechecks: int = 200) -> Source:
    return Source(name, "feed", (), limit=limit, recheck_limit=rechecks)


def test_without_limits_every_article_may_be_fetched() -> None:
    quota = Quota([source("daily")])
    assert all(quota.take("daily", ARTICLE) for _ in range(1000))
    assert (quota.open_sources(), quota.is_used_up) == (["daily"], False)


def test_a_source_s_limit_closes_that_source_only() -> None:
    quota = Quota([source("daily", 2, rechecks=0), source("bote")])
    assert not quota.is_used_up
    assert [quota.take("daily", ARTICLE) for _ in range(3)] == [True, True, False]
    assert quota.is_used_up
    assert quota.take("bote", ARTICLE)
    assert quota.open_sources() == ["bote"]


def test_the_run_s_limit_counts_the_articles_of_all_sources() -> None:
    quota = Quota([source("daily"), source("bote")], 2)
    taken = [quota.take("daily", ARTICLE), quota.take("bote", RECHECK), quota.take("daily", ARTICLE)]
    assert taken == [True, True, False]
    assert (quota.open_sources(), quota.is_used_up) == ([], True)


def test_an_article_refused_by_its_source_is_not_counted_for_the_run() -> None:
    quota = Quota([source("daily", 1), source("bote")], 2)
    assert [quota.take(name, ARTICLE) for name in ("daily", "daily", "bote")] == [True, False, True]


def test_rechecks_have_a_budget_of_their_own_and_take_nothing_from_new_articles() -> None:
    quota = Quota([source("daily", limit=3, rechecks=2)])
    assert [quota.take("daily", RECHECK) for _ in range(3)] == [True, True, False]
    assert quota.closed == [("daily", RECHECK)]
    assert [quota.take("daily", ARTICLE) for _ in range(4)] == [True, True, True, False]
    assert quota.open_sources() == []


def test_a_small_limit_is_the_limit_of_rechecks_too() -> None:
    quota = Quota([source("daily", limit=1, rechecks=200)])
    assert [quota.take("daily", RECHECK) for _ in range(2)] == [True, False]


# -- Validators


@pytest.mark.parametrize("outcome", [Outcome("stored", "new"), Outcome("listed"), Outcome("unchanged", "same_text")])
def test_what_we_hold_is_asked_for_conditionally_with_what_came_with_it(outcome: Outcome) -> None:
    assert Validators.after(outcome, CAPTURE) == Validators(
        '"7"', "Mon, 11 May 2026 07:00:00 GMT", "<urn:uuid:1>", "sha1:AAAA", AT
    )


@pytest.mark.parametrize("outcome", [Outcome("skipped", "paywall"), Outcome("failed", "reading")])
def test_a_page_that_was_left_is_asked_for_in_full_the_next_time(outcome: Outcome) -> None:
    assert Validators.after(outcome, CAPTURE) is None


def test_a_304_an_error_and_a_cut_page_leave_the_validators_as_they_were() -> None:
    unchanged = Outcome("unchanged", "not_modified")
    assert Validators.after(unchanged, replace(CAPTURE, status=304)) is None
    assert Validators.after(unchanged, None) is None
    assert Validators.after(Outcome("stored", "new"), replace(CAPTURE, truncated="length")) is None
