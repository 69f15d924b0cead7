"""Witnesses: what the archive can say of a page besides its bytes, gathered as Evidence for a reading.

In order: the profile of its site, its own text in its last clean capture, copies of the story on other hosts; then
`evidence_again`, the same witnesses for a record that names them, so that a re-reading is the same reading.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from archive.catalog import near, profiles, revisions
from archive.extract import Evidence
from archive.extract.injection import Copy, index_copies
from archive.extract.site_profile import SiteProfile, profile_from
from archive.records.recorded import is_clean
from archive.urls import authority_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.catalog import Catalog, Connection

MAX_COPIES = 3


def profile_of(place: Catalog | Connection, host: str) -> SiteProfile:
    """The newest profile of a host; an empty one where nothing was learned yet."""
    found = profiles.newest(place, host)
    return SiteProfile(host) if found is None else profile_from(found)


def earlier_copy(place: Catalog | Connection, url: str, before: datetime) -> Copy | None:
    """The page's own text in its last clean capture before a time."""
    record = revisions.last_clean(place, url, before)
    return _copy(record, trusted=True) if record is not None else None


def copies_of(place: Catalog | Connection, url: str, fingerprint: int) -> list[Copy]:
    """Near-duplicates of a text on other hosts, the nearest first; trusted are those of hosts never seen hijacked."""
    own = authority_of(url)
    found: list[Copy] = []
    hosts = {own}
    # Overwritten words move a text further than an editor does.
    for one in near.near(place, fingerprint, near.MAX_DISTANCE):
        record = revisions.record_of(place, one.article_id)
        if record is None or not is_clean(record) or authority_of(record["url"]) in hosts:
            continue
        host = authority_of(record["url"])
        hosts.add(host)
        found.append(_copy(record, trusted=profile_of(place, host).first_hijacked is None))
        if len(found) >= MAX_COPIES:
            break
    return found


def evidence_again(place: Catalog | Connection, record: Mapping[str, Any]) -> Evidence:
    """The evidence a record was read with; what is not in the catalog any more is left out, and the reading says so."""
    reading = record["extraction"]
    digest = reading.get("site_profile")
    values = profiles.by_digest(place, authority_of(record["url"]), digest) if digest else None
    earlier: Copy | None = None
    copies: list[Copy] = []
    for record_id in reading.get("compared_with") or ():
        other = revisions.record_read_from(place, record_id)
        if other is None:
            continue
        if other["url_key"] == record["url_key"]:
            earlier = _copy(other, trusted=True)
        else:
            clean = profile_of(place, authority_of(other["url"])).first_hijacked is None
            copies.append(_copy(other, trusted=clean))
    return Evidence(profile_from(values) if values else None, index_copies(copies), earlier)


def _copy(record: Mapping[str, Any], *, trusted: bool) -> Copy:
    capture = record["capture"]
    return Copy(
        source=capture["warc_record_id"],
        text=record["text"],
        title=record["headline"] or "",
        host=authority_of(record["url"]),
        trusted=trusted,
        at=capture["fetched_at"],
    )
