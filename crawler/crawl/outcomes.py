"""What a response or a failure means for its URL. Pure: values in, an Outcome out."""

from __future__ import annotations

from scrapy import exceptions

from archive.model import Outcome
from crawler.fetch.guard import AddressRefused
from crawler.fetch.handler import BadResponse
from crawler.fetch.robots import RobotsDenied

_REDIRECTS = frozenset((301, 302, 303, 307, 308))

# Failures that time may mend: these pages are tried again by the next run.
PASSING = ("timeout", "dns", "refused", "connection", "truncated", "server_error", "reading", "error")

# Scrapy's download errors, first match wins.
_FAILURES: tuple[tuple[type[BaseException], str], ...] = (
    (exceptions.DownloadTimeoutError, "timeout"),
    (exceptions.CannotResolveHostError, "dns"),
    (exceptions.DownloadConnectionRefusedError, "refused"),
    (exceptions.UnsupportedURLSchemeError, "scheme"),
    (exceptions.ResponseDataLossError, "truncated"),
    (exceptions.DownloadFailedError, "connection"),
)


def is_redirect(status: int) -> bool:
    """Whether `Location` is to be followed (RFC 9110 section 15.4)."""
    return status in _REDIRECTS


def outcome_of_status(status: int) -> Outcome | None:
    """Return the outcome of a page by its status alone; None where the page has to be read."""
    if status == 200:
        return None
    if status == 304:
        return Outcome("unchanged", "not_modified")
    if status in (404, 410):
        return Outcome("failed", "gone", {"status": str(status)})
    reason = "server_error" if status >= 500 or status == 429 else "http_error"
    return Outcome("failed", reason, {"status": str(status)})


def outcome_of_failure(error: BaseException) -> Outcome:
    """Return the outcome of a URL whose exchange gave no page."""
    if isinstance(error, RobotsDenied) and error.temporary:  # RFC 9309 section 2.3.1.4: closed until it answers
        detail = {"error": str(error), "record": error.record_id or ""}
        return Outcome("failed", "server_error", {key: value for key, value in detail.items() if value})
    if isinstance(error, RobotsDenied):
        detail = {"rule": error.rule or "", "line": str(error.line or ""), "record": error.record_id or ""}
        return Outcome("skipped", "robots", {key: value for key, value in detail.items() if value})
    if isinstance(error, AddressRefused):
        return Outcome("failed", "private_address", {"error": str(error)})
    if isinstance(error, BadResponse):
        return Outcome("failed", "bad_response", {"error": str(error)})
    for kind, reason in _FAILURES:
        if isinstance(error, kind):
            return Outcome("failed", reason, {"error": _line(error)})
    return Outcome("failed", "error", {"error": f"{type(error).__name__}: {_line(error)}"})


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
