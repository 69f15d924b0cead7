"""How we came to a page, as fields of the WARC metadata record and back. Pure.

The WARC alone must say what a reading needs besides the bytes: the listing's claims, which dates and headlines are
compared with, and the way to the page. `via` and `hopsFromSeed` are the standard's names (WARC 1.1, section 6.6),
and the letters of the latter are Heritrix's: L a link, E something embedded, R a redirect, which adds no depth.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, get_args

from archive.model import Claims, Discovery, FoundBy, Outcome
from archive.times import parse_rfc3339, rfc3339

Fields = tuple[tuple[str, str], ...]


def discovery_fields(discovery: Discovery) -> Fields:
    """Return the fields of a discovery: via, hopsFromSeed, foundBy, foundAt, claims (JSON)."""
    fields = [("via", discovery.via)] if discovery.via else []
    fields += [("hopsFromSeed", hops)] if (hops := _hops(discovery)) else []
    fields += [("foundBy", discovery.found_by), ("foundAt", rfc3339(discovery.found_at))]
    said = claims_values(discovery.claims)
    return (*fields, ("claims", json.dumps(said, ensure_ascii=False))) if said else tuple(fields)


def _hops(discovery: Discovery) -> str:
    """What kind of hop each step from the seed was; "" is the seed itself."""
    links = "L" * discovery.depth
    if discovery.found_by == "requisite":
        return links[:-1] + "E"
    return links + "R" * (discovery.found_by == "redirect")


def _depth(hops: str) -> int:
    """How many hops; a number is what earlier versions wrote."""
    return int(hops) if hops.isdecimal() else len(hops.replace("R", ""))


def outcome_fields(outcome: Outcome, outlinks: Iterable[str]) -> Fields:
    """Return the fields of what became of a capture: outcome, reason, detail (JSON), and where its page leads."""
    fields: list[tuple[str, str]] = [("outcome", outcome.kind)]
    if outcome.reason:
        fields.append(("reason", outcome.reason))
    if outcome.detail:
        fields.append(("detail", json.dumps(dict(outcome.detail), ensure_ascii=False)))
    return (*fields, *(("outlink", f"{url} L a/@href") for url in outlinks))


def discovery_from(fields: Iterable[tuple[str, str]], url: str) -> Discovery | None:
    """Return the discovery that metadata fields tell of; None where they tell of none (another tool's file)."""
    given = dict(fields)
    found_by = next((known for known in get_args(FoundBy) if known == given.get("foundBy")), None)
    found_at = _moment(given.get("foundAt"))
    if found_by is None or found_at is None:
        return None
    return Discovery(
        url=url,
        source=given.get("source", ""),
        found_by=found_by,
        found_at=found_at,
        via=given.get("via"),
        depth=_depth(given.get("hopsFromSeed", "")),
        claims=claims_from(_json(given.get("claims"))),
    )


def claims_values(claims: Claims) -> dict[str, Any]:
    """The claims that were made, ready for JSON; what a listing did not say is left out."""
    said = {
        "title": claims.title,
        "published": rfc3339(claims.published) if claims.published else None,
        "modified": rfc3339(claims.modified) if claims.modified else None,
        "language": claims.language,
        "rank": claims.rank,
        "link": claims.link,
    }
    return {name: value for name, value in said.items() if value is not None}


def claims_from(said: dict[str, Any] | None) -> Claims:
    """The claims as they were; times in UTC."""
    given = said or {}
    return Claims(
        title=given.get("title"),
        published=_moment(given.get("published")),
        modified=_moment(given.get("modified")),
        language=given.get("language"),
        rank=given.get("rank"),
        link=given.get("link"),
    )


def _moment(text: str | None) -> datetime | None:
    try:
        return parse_rfc3339(text) if text else None
    except ValueError:
        return None


def _json(text: str | None) -> dict[str, Any] | None:
    try:
        value = json.loads(text or "null")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
