"""Where a source begins: its own URLs as discoveries. Pure."""

from __future__ import annotations

from datetime import datetime

from archive.model import Discovery, FoundBy, Source
from archive.urls import canonical_url


def seeds(source: Source, at: datetime) -> tuple[Discovery, ...]:
    """Return a source's own URLs: listings, but for a fixed list of articles (kind "urls").

    A bounded crawl begins with pages that are read for their links and as articles too: they are listings here.
    """
    found_by: FoundBy = "urls" if source.kind == "urls" else "seed"
    is_listing = source.kind != "urls"
    return tuple(Discovery(canonical_url(url), source.name, found_by, at, is_listing=is_listing) for url in source.urls)
