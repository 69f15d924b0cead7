"""Which capture a revisit stands for. Ours name its record; other tools may name its address and time only, its
payload, or (for a 304) nothing at all.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from archive.archive import Archive
from archive.errors import NotFound, UrlError, WarcDamaged
from archive.folder.store import LocalStore
from archive.model import Capture

_SAME_MOMENT = timedelta(seconds=1)  # a WARC-Refers-To-Date may lack the fraction its record's date has


def root_of(archive: Archive, capture: Capture) -> str:
    """The folder that holds a capture's file: one catalog may describe several archives."""
    from archive.catalog import archives

    own = capture.archive in ("", archive.name)
    return str(archive.root) if own else archives.roots(archive.catalog).get(capture.archive, str(archive.root))


def payload_holder(archive: Archive, capture: Capture) -> Capture | None:
    """The capture with the payload of a revisit; a revisit may refer to one that itself is a revisit.

    None for a response, which holds its own, and where the payload is not in the archive.
    """
    seen: set[str] = set()
    holder: Capture | None = capture
    while holder is not None and holder.record_type == "revisit" and holder.record_id not in seen:
        seen.add(holder.record_id)
        holder = original_of(archive, holder)
    return holder if holder is not None and holder.record_type == "response" and holder is not capture else None


def original_of(archive: Archive, revisit: Capture) -> Capture | None:
    """The capture a revisit refers to: by record id, else by address and time, by payload, or the last page before."""
    from archive.catalog import captures

    named = captures.by_record_id(archive.catalog, revisit.refers_to) if revisit.refers_to else None
    by_content = _by_payload if revisit.payload_digest else _page_before
    return named or _by_address(archive, revisit) or by_content(archive, revisit)


def _by_address(archive: Archive, revisit: Capture) -> Capture | None:
    """By WARC-Refers-To-Target-URI and -Date, which the catalog does not know: they are in the record."""
    from archive.catalog import captures
    from archive.warc.reader import read_record
    from archive.warc.record_stream import parse_date

    try:
        record = read_record(LocalStore(Path(root_of(archive, revisit))).find(revisit.warc_file), revisit.warc_offset)
        uri, date = record.value("WARC-Refers-To-Target-URI"), parse_date(record.value("WARC-Refers-To-Date"))
        found = captures.of_url(archive.catalog, uri.strip("<>")) if uri and date else []
    except (NotFound, WarcDamaged, UrlError):
        return None
    near = (one for one in found if date and abs(one.fetched_at - date) < _SAME_MOMENT)
    return next((one for one in near if _holds(one, revisit)), None)


def _by_payload(archive: Archive, revisit: Capture) -> Capture | None:
    from archive.catalog import captures

    return captures.payload_holder(archive.catalog, revisit.payload_digest or "", archive=revisit.archive)


def _page_before(archive: Archive, revisit: Capture) -> Capture | None:
    """What a 304 without a word about its original confirmed can only be the page we had then."""
    from archive.catalog import captures

    if revisit.status != 304:
        return None
    found = captures.of_url(archive.catalog, revisit.urlkey)
    before = [one for one in found if one.fetched_at < revisit.fetched_at]
    return next((one for one in reversed(before) if _holds(one, revisit) and one.status == 200), None)


def _holds(one: Capture, revisit: Capture) -> bool:
    """Whether a capture has a payload, in the same archive: a folder has to be complete by itself."""
    return one.record_type == "response" and one.archive == revisit.archive
