"""Claims to JSON and back: what a listing said of a URL, as it stands in a column."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from archive.model import Claims


def as_claims(claims: Claims) -> dict[str, Any]:
    """The claims that were made; what a listing did not say is left out."""
    said = {
        "title": claims.title,
        "published": claims.published and claims.published.astimezone(UTC).isoformat(),
        "modified": claims.modified and claims.modified.astimezone(UTC).isoformat(),
        "language": claims.language,
        "rank": claims.rank,
    }
    return {name: value for name, value in said.items() if value is not None}


def read_claims(said: Mapping[str, Any] | None) -> Claims:
    """The claims as they were; times in UTC."""
    if not said:
        return Claims()
    return Claims(
        title=said.get("title"),
        published=_time(said.get("published")),
        modified=_time(said.get("modified")),
        language=said.get("language"),
        rank=said.get("rank"),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
