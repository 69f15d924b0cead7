"""The further pages of a story on several: those a record names, or those an archive has where none are named yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from archive.archive import Archive
from archive.errors import NotFound, UrlError, WarcDamaged
from archive.model import Capture, ReadingRules
from archive.reading.acceptance import HTML_TYPES
from archive.reading.read import Reading, job_of, read_capture
from archive.urls import canonical_url


def named_pages(archive: Archive, record: Mapping[str, Any] | None) -> tuple[Capture, ...]:
    """The captures of the further pages of a record; one that is not in the catalog any more is left out."""
    from archive.catalog import captures

    said = record.get("pages") or () if record else ()
    found = (captures.by_record_id(archive.catalog, page["warc_record_id"]) for page in said)
    return tuple(one for one in found if one is not None)


def followed(
    archive: Archive, capture: Capture, reading: Reading, rules: ReadingRules
) -> tuple[Reading, tuple[Capture, ...]]:
    """The reading of a page joined with the pages it goes on to, as far as the archive has them; and their captures.

    Of several captures of a page the one nearest in time to the first page counts.
    """
    from archive.extract.joined import MAX_PAGES, goes_on, join

    extractions, found = [reading.extraction], [capture]
    while len(found) < MAX_PAGES:
        page = _behind(archive, extractions[-1].next_page, found)
        if page is None:
            break
        try:
            extraction = read_capture(job_of(archive, page, rules)).extraction
        except (NotFound, WarcDamaged):
            break
        if not goes_on(extractions, extraction):
            break
        extractions.append(extraction)
        found.append(page)
    return replace(reading, extraction=join(extractions[0], extractions[1:])), tuple(found[1:])


def _behind(archive: Archive, address: str | None, before: list[Capture]) -> Capture | None:
    """The capture of the next page; None where there is none, or it is among those before."""
    from archive.catalog import captures

    if address is None:
        return None
    try:
        url = canonical_url(address)
    except UrlError:
        return None
    if any(one.target_uri == url for one in before):
        return None
    at = before[0].fetched_at
    kept = [
        one
        for one in captures.of_url(archive.catalog, url)
        if one.status == 200 and one.truncated is None and one.media_type in HTML_TYPES
    ]
    return min(kept, key=lambda one: (abs(one.fetched_at - at), one.record_id), default=None)
