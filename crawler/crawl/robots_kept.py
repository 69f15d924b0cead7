"""The robots.txt an earlier run kept, as long as it holds (RFC 9309 section 2.4: a day)."""

from __future__ import annotations

from datetime import datetime, timedelta

from archive.archive import Archive
from archive.catalog import captures
from archive.errors import PressmarkError
from archive.model import ReadingRules
from archive.reading.read import job_of, load_kept
from crawler.fetch.robots import KNOWN_SECONDS, Kept


def kept_robots(archive: Archive, url: str, now: datetime) -> Kept | None:
    """Return the robots.txt at `url` as last kept; None where it is too old, or said nothing that holds.

    A redirect, a server's error and a cut answer are asked for again by every run.
    """
    capture = captures.latest(archive.catalog, url)
    if capture is None or capture.truncated or capture.target_uri != url:
        return None
    age = now - capture.fetched_at
    if not timedelta() <= age < timedelta(seconds=KNOWN_SECONDS):
        return None
    if capture.status is None or not (capture.status == 200 or 400 <= capture.status < 500) or capture.status == 429:
        return None
    try:
        body = load_kept(job_of(archive, capture, ReadingRules())).page.body
    except PressmarkError:  # the file is gone or damaged: the server will tell
        return None
    return Kept(capture.status, body, capture.record_id, age.total_seconds())
