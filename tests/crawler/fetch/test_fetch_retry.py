"""When a failed fetch is tried again."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime

import pytest
from scrapy import Request
from scrapy.exceptions import CannotResolveHostError, DownloadFailedError, DownloadTimeoutError
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawler.fetch.dial import Proxy, TunnelRefused
from crawler.fetch.guard import AddressRefused
from crawler.fetch.retry import RetryMiddleware, backoff_seconds, parse_retry_after, worth_retrying

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_the_wait_grows_and_is_capped() -> None:
    assert [backoff_seconds(attempt) for attempt in (1, 2, 3, 4, 9)] == [10, 40, 160, 600, 600]


def test_jitter_only_ever_adds_up_to_half() -> None:
    assert backoff_seconds(1, jitter=1.0) == 15
    assert backoff_seconds(2, jitter=0.5) == 50


def test_retry_after_is_a_lower_bound_and_capped() -> None:
    assert backoff_seconds(1, 120) == 120
    assert backoff_seconds(2, 3) == 40
    assert backoff_seconds(1, 86400) == 600


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Sunday, 22-Nov-26 12:02:00 GMT", 120.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        (None, None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "worth"),
    [
        (DownloadTimeoutError(), True),
        (DownloadFailedError(), True),
        (_caused(CannotResolveHostError(), socket.gaierror(socket.EAI_AGAIN, "try again")), True),
        (_caused(CannotResolveHostError(), socket.gaierror(socket.EAI_NONAME, "no such name")), False),
        (_caused(DownloadFailedError(), ssl.SSLCertVerificationError()), False),
        (_caused(DownloadFailedError(), TunnelRefused(Proxy("http", "p", 1), 407, "auth")), False),
        (_caused(DownloadFailedError(), TunnelRefused(Proxy("http", "p", 1), 503, "busy")), True),
        (AddressRefused("a", ("10.0.0.1",), "private address"), False),
        (ValueError(), False),
    ],
)
def test_what_waiting_can_help_is_tried_again(error: Exception, worth: bool) -> None:
    assert worth_retrying(error) is worth


@pytest.fixture
def retry() -> RetryMiddleware:
    return RetryMiddleware.from_crawler(get_crawler())


def test_a_failed_page_comes_back_later_and_twice_at_most(retry: RetryMiddleware) -> None:
    request, waits = Request("http://news.example/", priority=5), []
    for attempt in (2, 3):
        again = retry.process_exception(request, DownloadTimeoutError())
        assert again is not None and again.meta["attempt"] == attempt and again.dont_filter
        waits.append(again.meta["not_before"] - time.monotonic())
        request = again
    assert 9 < waits[0] <= 15 and 39 < waits[1] <= 60
    assert request.meta["download_fail_on_dataloss"] is False
    assert retry.process_exception(request, DownloadTimeoutError()) is None


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520, 524])
def test_a_passing_error_page_is_tried_again(retry: RetryMiddleware, status: int) -> None:
    request = Request("http://news.example/")
    again = retry.process_response(request, Response(request.url, status=status, headers={"Retry-After": "100"}))
    assert isinstance(again, Request) and 99 < again.meta["not_before"] - time.monotonic() <= 100


@pytest.mark.parametrize("status", [200, 301, 304, 401, 403, 404, 410, 451, 501, 505])
def test_a_lasting_answer_stands(retry: RetryMiddleware, status: int) -> None:
    response = Response("http://news.example/", status=status)
    assert retry.process_response(Request(response.url), response) is response


def test_a_request_may_say_that_it_is_not_to_be_tried_again(retry: RetryMiddleware) -> None:
    request = Request("http://news.example/", meta={"dont_retry": True})
    assert retry.process_exception(request, DownloadTimeoutError()) is None
