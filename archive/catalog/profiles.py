"""Site profiles: what a host's pages have in common, in every version that a reading was given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import profiles
from archive.catalog.upsert import upsert

_P = profiles.c


def put(conn: Connection, profile: dict[str, Any], digest: str, learned_at: datetime, run: str | None) -> None:
    """Write a version of a host's profile (its JSON values); one that is known already stays as it is."""
    row = {"host": profile["host"], "digest": digest, "learned_at": learned_at, "run": run, "profile": profile}
    row["hijacked"] = profile["first_hijacked"] is not None
    conn.execute(upsert(conn, profiles).values(row).on_conflict_do_nothing(index_elements=["host", "digest"]))


def newest(place: Catalog | Connection, host: str) -> dict[str, Any] | None:
    """Return the newest profile of a host, as JSON values."""
    asked = select(_P.profile).where(_P.host == host).order_by(_P.learned_at.desc(), _P.digest).limit(1)
    with connection(place) as conn:
        found: dict[str, Any] | None = conn.execute(asked).scalar()
        return found


def by_digest(place: Catalog | Connection, host: str, digest: str) -> dict[str, Any] | None:
    """Return the version of a host's profile that a reading names."""
    with connection(place) as conn:
        asked = select(_P.profile).where(_P.host == host, _P.digest == digest)
        found: dict[str, Any] | None = conn.execute(asked).scalar()
        return found


def injected_elsewhere(place: Catalog | Connection, host: str, limit: int = 200) -> dict[str, str]:
    """Return the hashes of blocks that were put into the pages of other hosts, with a host each; the newest first."""
    asked = select(_P.host, _P.profile).where(_P.hijacked, _P.host != host).order_by(_P.learned_at.desc(), _P.host)
    found: dict[str, str] = {}
    with connection(place) as conn:
        for other, profile in conn.execute(asked.limit(100)):
            found |= {name: other for name in profile["injected"] if name not in found}
            if len(found) >= limit:
                break
    return dict(sorted(found.items())[:limit])
