"""A lease says how its URL was found; this gives it back as the Discovery it was."""

from __future__ import annotations

from archive.catalog.frontier import Lease
from archive.model import Discovery


def found(lease: Lease) -> Discovery:
    """The discovery that a lease came from."""
    return Discovery(
        url=lease.url,
        source=lease.source,
        found_by=lease.found_by,
        found_at=lease.found_at,
        via=lease.via,
        depth=lease.depth,
        is_listing=lease.is_listing,
        claims=lease.claims,
    )
