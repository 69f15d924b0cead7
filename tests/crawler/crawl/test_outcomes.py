"""What a status or a failure means for its URL."""

from __future__ import annotations

import pytest
from scrapy import exceptions

from archive.model import Outcome
from crawler.crawl.outcomes import PASSING, is_redirect, outcome_of_failure, outcome_of_status
from crawler.fetch.guard import AddressRefused
from crawler.fetch.handler import BadResponse
from crawler.fetch.robots import RobotsDenied

URL = "http://daily.example/a"


def test_a_page_that_came_has_to_be_read_before_it_has_an_outcome() -> None:
    assert outcome_of_status(200) is None


def test_a_304_is_unchanged() -> None:
    assert outcome_of_status(304) == Outcome("unchanged", "not_modified")


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, "gone"), (410, "gone"), (401, "http_error"), (403, "http_error"), (204, "http_error"), (206, "http_error"),
     (300, "http_error"), (429, "server_error"), (500, "server_error"), (503, "server_error"), (522, "server_error")],
)  # fmt: skip
def test_every_other_status_is_a_failure_that_names_it(status: int, reason: str) -> None:
    assert outcome_of_status(status) == Outcome("failed", reason, {"status": str(status)})


def test_what_a_server_could_not_do_now_is_tried_again_but_not_what_is_gone() -> None:
    assert "server_error" in PASSING
    assert not {"gone", "http_error", "robots", "private_address"} & set(PASSING)


def test_the_redirects_to_follow_are_the_five_of_rfc_9110() -> None:
    assert [status for status in range(100, 600) if is_redirect(status)] == [301, 302, 303, 307, 308]


def test_robots_txt_skips_a_url_and_the_outcome_cites_the_line_and_the_record() -> None:
    denied = RobotsDenied(URL, line=3, rule="Disallow: /a", record_id="<urn:uuid:1>")
    detail = {"rule": "Disallow: /a", "line": "3", "record": "<urn:uuid:1>"}
    assert outcome_of_failure(denied) == Outcome("skipped", "robots", detail)


def test_a_site_closed_because_its_robots_txt_fails_has_failed_and_is_tried_again() -> None:
    denied = RobotsDenied(URL, why="answered 503", temporary=True, record_id="<urn:uuid:1>")
    found = outcome_of_failure(denied)
    assert (found.kind, found.reason) == ("failed", "server_error")
    assert found.reason in PASSING
    assert found.detail == {"error": "robots.txt answered 503", "record": "<urn:uuid:1>"}


def test_an_address_of_a_private_network_is_a_failure_that_names_the_address() -> None:
    found = outcome_of_failure(AddressRefused("intranet.example", ("10.0.0.7",), "private network"))
    assert (found.kind, found.reason) == ("failed", "private_address")
    assert "10.0.0.7" in found.detail["error"]


def test_a_response_that_is_not_http_says_what_was_wrong_with_it() -> None:
    found = outcome_of_failure(BadResponse(URL, ("no status line",)))
    assert (found.kind, found.reason) == ("failed", "bad_response")
    assert "no status line" in found.detail["error"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (exceptions.DownloadTimeoutError("30 s"), "timeout"),
        (exceptions.CannotResolveHostError("no such host"), "dns"),
        (exceptions.DownloadConnectionRefusedError("refused"), "refused"),
        (exceptions.UnsupportedURLSchemeError("ftp"), "scheme"),
        (exceptions.ResponseDataLossError("cut"), "truncated"),
        (exceptions.DownloadFailedError("reset"), "connection"),
    ],
)
def test_each_way_a_download_fails_has_its_reason(error: BaseException, reason: str) -> None:
    assert outcome_of_failure(error) == Outcome("failed", reason, {"error": str(error)})


def test_an_error_nobody_foresaw_is_kept_by_its_type_on_one_line() -> None:
    found = outcome_of_failure(ZeroDivisionError("division\n   by zero"))
    assert found == Outcome("failed", "error", {"error": "ZeroDivisionError: division by zero"})


def test_a_long_error_is_cut_so_that_it_fits_in_a_row() -> None:
    assert len(outcome_of_failure(exceptions.DownloadFailedError("x" * 9000)).detail["error"]) == 300
