"""Whose a URL is: what sources.toml says now counts, not what it said when the URL was found.

A source that names an address has it, with what was found through it (`claim`); what no entry leads to any more is
nobody's (`left_over`) and ends as skipped, unlisted. In a catalog that several archives share, what another one
fetched last is left to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update

from archive.catalog.columns import among, bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.leases import bump_where
from archive.catalog.tables import ARTICLE, IS_LEASED, LISTING, captures, listings, urls
from archive.model import Discovery, Outcome, Source

_NAMED: tuple[str, ...] = ("seed", "urls")  # found by: what stood in sources.toml, or was typed
UNLISTED = Outcome("skipped", "unlisted")
_LONG = 500  # pages of a list
_U = urls.c


def is_unlisted() -> ColumnElement[bool]:
    """The condition that no entry of sources.toml leads to a URL any more. Never NULL."""
    return func.coalesce(_U.outcome_reason, "") == UNLISTED.reason


def strange(
    place: Catalog | Connection, discoveries: Iterable[Discovery], listed: Collection[str], archive: str
) -> list[Discovery]:
    """Return those of discoveries that name a known URL which is not their source's, or not as it is named now.

    `listed` are the sources of sources.toml: no other has a claim. What a listing names is left to the listed source
    that has it; what a source names itself never is.
    """
    first = {bounded(one.url): one for one in reversed([*discoveries]) if one.source in listed}
    if not first:
        return []
    lists, others = _lists_apart(first)
    with connection(place) as conn:
        named = among(conn, _U.url, [key for key in others if first[key].found_by in _NAMED])
        nobodys = or_(is_unlisted(), ~among(conn, _U.source, listed))
        wanted = [(others, or_(named, nobodys))]
        wanted += [(keys, or_(is_unlisted(), _U.source != name, _U.is_listing)) for name, keys in lists.items()]
        asked = (_not_of_others(archive).where(among(conn, _U.url, keys), which) for keys, which in wanted)
        found = {row.url: row for one in asked for row in conn.execute(one)}
    return [one for key, one in sorted(first.items()) if key in found and _differs(one, found[key])]


def _lists_apart(first: Mapping[str, Discovery]) -> tuple[dict[str, list[str]], list[str]]:
    """The keys of long fixed lists by source, of which the database gives only what differs; and all the others."""
    lists: dict[str, list[str]] = {}
    for key, one in first.items():
        if one.found_by == "urls" and not one.is_listing:
            lists.setdefault(one.source, []).append(key)
    lists = {source: keys for source, keys in lists.items() if len(keys) > _LONG}
    apart = {key for keys in lists.values() for key in keys}
    return lists, [key for key in first if key not in apart]


def _differs(one: Discovery, row: Row[Any]) -> bool:
    is_other = row.source != one.source or row.outcome_reason == UNLISTED.reason
    return is_other or (one.found_by in _NAMED and row.is_listing != one.is_listing)


def claim(conn: Connection, discoveries: Sequence[Discovery], now: datetime) -> None:
    """Give known URLs, with what was found through them, to the sources that name them now.

    They keep the time they are due at. What an entry names and is not due, or is another kind of page now, is due at
    once, as a new address is.
    """
    ours = {bounded(one.url): one for one in discoveries}
    rows = {row.url: row for row in conn.execute(select(urls).where(among(conn, _U.url, ours)))}
    by_source: dict[str, list[str]] = {}
    for key, row in sorted(rows.items()):
        _take_over(conn, key, ours[key], row, now)
        if row.source != ours[key].source:
            by_source.setdefault(row.source, []).append(key)
    for source, keys in by_source.items():
        children = _children(conn, source)
        for key in keys:
            _move(conn, [key, *_below(key, children, set(keys))], source, ours[key].source)
    bump_where(conn, among(conn, _U.url, rows))


def _take_over(conn: Connection, key: str, one: Discovery, row: Row[Any], now: datetime) -> None:
    at_rest = row.state == "done" and (one.is_listing or one.found_by in _NAMED)
    asked_anew = at_rest or row.outcome_reason == UNLISTED.reason or row.is_listing != one.is_listing
    values: dict[str, Any] = {
        "found_by": one.found_by, "via": one.via, "depth": one.depth, "is_listing": one.is_listing,
        "priority": LISTING if one.is_listing else ARTICLE if row.is_listing else row.priority,
    }  # fmt: skip
    if asked_anew and row.state != "leased":
        values |= {"state": "due", "due_at": now, "attempts": 0}
    if row.outcome_reason == UNLISTED.reason:  # what was its outcome before is in the logs
        values |= {"outcome_kind": None, "outcome_reason": None, "outcome_detail": None, "run": None}
    conn.execute(update(urls).where(_U.url == key).values(**values))


def _move(conn: Connection, keys: Sequence[str], before: str, source: str) -> None:
    conn.execute(update(urls).where(among(conn, _U.url, keys), _U.source.in_((before, source))).values(source=source))
    conn.execute(update(listings).where(among(conn, listings.c.url, keys)).values(source=source))
    bump_where(conn, among(conn, _U.url, keys))


def _children(conn: Connection, source: str) -> Mapping[str, list[str]]:
    """What was found through each URL of a source, by key."""
    found: dict[str, list[str]] = {}
    for key, via in conn.execute(select(_U.url, _U.via).where(_U.source == source, _U.via.is_not(None))):
        found.setdefault(bounded(via), []).append(key)
    return found


def _below(key: str, children: Mapping[str, list[str]], others: Collection[str]) -> list[str]:
    """All that was found through a URL, but not what was found through `others`."""
    found, left = {key: None}, [key]
    while left:
        more = [child for child in children.get(left.pop(), ()) if child not in found and child not in others]
        found.update(dict.fromkeys(more))
        left += more
    return [*found][1:]


def owner(place: Catalog | Connection, url: str) -> str | None:
    """Return the source whose a URL is now; None where the frontier does not know it."""
    with connection(place) as conn:
        found: str | None = conn.execute(select(_U.source).where(_U.url == bounded(url))).scalar()
        return found


def left_over(place: Catalog | Connection, source: Source, archive: str) -> list[tuple[str, bool]]:
    """Return what a source's entry led to once and does not any more, and whether it stood there itself.

    Those are listings (also those that only such a listing leads to), and for a fixed list pages, with what they
    redirect to. Articles that a listing named stay the source's.
    """
    chosen: ColumnElement[bool] = _U.is_listing  # by itself, it has an index
    if source.kind == "urls":
        chosen = or_(chosen, _U.found_by.in_(("urls", "redirect")))
    asked = _not_of_others(archive).where(_U.source == source.name, chosen, ~IS_LEASED)
    with connection(place) as conn:
        rows = {row.url: row for row in conn.execute(asked)}
    named = {bounded(url) for url in source.urls}
    roots = {key: _root(key, rows, named) for key in rows}
    gone = (row for key, row in sorted(rows.items()) if _is_gone(roots[key], rows, named))
    return [(row.long_url or row.url, row.via is None) for row in gone if row.outcome_reason != UNLISTED.reason]


def _root(key: str, rows: Mapping[str, Row[Any]], named: Collection[str]) -> str:
    """Where the way to a URL begins, or the last on it that is named still."""
    way = [key]
    while way[-1] not in named and way[-1] in rows and (via := rows[way[-1]].via) is not None:
        if bounded(via) in way:
            break
        way.append(bounded(via))
    return way[-1]


def _is_gone(root: str, rows: Mapping[str, Row[Any]], named: Collection[str]) -> bool:
    return root not in named and root in rows and rows[root].found_by in _NAMED


def _not_of_others(archive: str) -> Select[Any]:
    """URLs whose last good capture no other archive of a shared catalog holds."""
    columns = (_U.url, _U.long_url, _U.source, _U.is_listing, _U.found_by, _U.via, _U.outcome_reason)
    kept = captures.c.record_id == _U.record_id
    held = select(*columns).join_from(urls, captures, kept, isouter=True)
    return held.where(or_(captures.c.archive.is_(None), captures.c.archive == archive))
