"""Articles: the questions a reader asks of what was read; each is shown by its current revision.

Order: values, asking for one (`get`, `by_url`), asking for many (`list_articles`, `records`), "did you mean". Their
revisions, and how both are written: revisions.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from archive.catalog import names, near, search
from archive.catalog.columns import among, bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.revisions import as_known, known_records
from archive.catalog.tables import articles, revisions
from archive.errors import UrlError
from archive.urls import urlkey

_A, _R = articles.c, revisions.c
_PAGE = 500
_LOOKED_AT = 200  # of the newest articles, before all hits of a search are sorted
_NEWEST_FIRST = (_A.listed_at.desc(), _A.article_id)


@dataclass(frozen=True, slots=True)
class ArticleQuery:
    """Which articles: all conditions given hold. `since` and `until` bound when they were published or first seen."""

    text: str | None = None  # words, "quoted phrases", -unwanted
    source: str | None = None
    language: str | None = None
    section: str | None = None  # in whatever case
    author: str | None = None  # words of a name, in whatever case
    run: str | None = None  # that stored a text of it, the current one or another
    cluster: str | None = None  # of near-duplicates; its name
    allowed_for: str | None = None  # an agent of archive.records.rights.AI_AGENTS, or "all"; unknown rights are none
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article as lists show it: its current revision."""

    article_id: str
    url: str
    urlkey: str
    source: str | None
    headline: str | None
    authors: str | None  # names, separated by ", "
    language: str | None
    section: str | None
    page_type: str | None
    date_published: datetime | None
    words: int | None
    first_seen: datetime
    last_seen: datetime
    revision: int
    extractor: str
    run: str | None


def get(place: Catalog | Connection, article_id: str) -> ArticleRow | None:
    with connection(place) as conn:
        row = conn.execute(select(*_LISTED).where(_A.article_id == article_id)).first()
        return None if row is None else _listed(row)


def by_url(place: Catalog | Connection, url: str) -> ArticleRow | None:
    """Return the article at a URL or urlkey."""
    key = bounded(urlkey(url) if "://" in url else url)
    with connection(place) as conn:
        row = conn.execute(select(*_LISTED).where(_A.urlkey == key)).first()
        return None if row is None else _listed(row)


def headlines(place: Catalog | Connection, article_ids: Sequence[str]) -> dict[str, str | None]:
    """Return the headlines of articles, by id."""
    with connection(place) as conn:
        asked = select(_A.article_id, _A.headline).where(among(conn, _A.article_id, article_ids))
        return {row.article_id: row.headline for row in conn.execute(asked)}


def list_articles(place: Catalog | Connection, query: ArticleQuery = ArticleQuery()) -> list[ArticleRow]:
    """Return the articles a query finds, the newest first."""
    with connection(place) as conn:
        ids = _among_newest(conn, query)
        if ids is None:
            shown = _matching(conn, select(_A.article_id), query).order_by(*_NEWEST_FIRST)
            ids = conn.execute(shown.limit(query.limit).offset(query.offset)).scalars().all()
        asked = select(*_LISTED).where(among(conn, _A.article_id, ids)).order_by(*_NEWEST_FIRST)
        return [_listed(row) for row in conn.execute(asked)]


def _among_newest(conn: Connection, query: ArticleQuery) -> Sequence[str] | None:
    """The ids a search lists, if the newest articles hold as many as it wants: so it does for words many have.

    Looked up one by one, they answer in a fraction of the time that sorting all the hits takes.
    """
    bounds = ArticleQuery(source=query.source, since=query.since, until=query.until)
    newest = _filtered(conn, select(_A.article_id, _A.search_row), bounds)
    looked_at = newest.order_by(*_NEWEST_FIRST).limit(_LOOKED_AT).subquery("newest")
    is_hit = search.hit_among(conn, query.text, looked_at) if query.text else None
    if is_hit is None or query.limit is None:
        return None
    asked = select(_A.article_id).where(_A.article_id.in_(select(looked_at.c.article_id).where(is_hit)))
    rest = _filtered(conn, asked, replace(query, text=None)).order_by(*_NEWEST_FIRST)
    ids = conn.execute(rest.limit(query.limit).offset(query.offset)).scalars().all()
    return ids if len(ids) == query.limit else None


def count(place: Catalog | Connection, query: ArticleQuery = ArticleQuery()) -> int:
    """Return how many articles a query finds, whatever its limit."""
    counted = select(func.count()).select_from(articles)
    with connection(place) as conn:
        without = search.left_out(conn, counted, query.text) if query.text and _goes_through_hits(query) else None
        if without is not None:
            anything = replace(query, text=None)
            return count(conn, anything) - int(conn.execute(_filtered(conn, without, anything)).scalar_one())
        found: int = conn.execute(_matching(conn, counted, query)).scalar_one()
        return found


def _matching(conn: Connection, asked: Select[Any], query: ArticleQuery) -> Select[Any]:
    """As `_filtered`, for answers that look at every hit."""
    if not query.text or not _goes_through_hits(query):
        return _filtered(conn, asked, query)
    return search.joined(conn, _filtered(conn, asked, replace(query, text=None)), query.text)


def _goes_through_hits(query: ArticleQuery) -> bool:
    """Whether SQLite begins with the hits of a search: not where an index finds the few articles that fit the rest.

    It would ask the whole search again for each of these.
    """
    few = (query.source, query.run, query.cluster)
    return all(one is None for one in few) and (query.since is None or query.until is None)


def by_source(place: Catalog | Connection) -> dict[str | None, int]:
    """Return how many articles each source has."""
    asked = select(_A.source, func.count().label("held")).group_by(_A.source).order_by(_A.source)
    with connection(place) as conn:
        return {row.source: row.held for row in conn.execute(asked)}


def records(
    place: Catalog | Connection, query: ArticleQuery = ArticleQuery(), *, all_revisions: bool = False
) -> Iterator[dict[str, Any]]:
    """Give the records a query finds, as of now, in the order of (listed time, id), oldest first; never all in memory.

    `all_revisions`: each revision under the article's extractor, instead of its current one.
    """
    matching = and_(_R.article_id == _A.article_id, _R.extractor == _A.extractor)
    if not all_revisions:
        matching = and_(matching, _R.number == _A.revision)
    with connection(place) as conn:
        asked = _filtered(conn, known_records().join(articles, matching), query)
        asked = asked.order_by(_A.listed_at, _A.article_id, _R.number).limit(query.limit).offset(query.offset)
        rows = conn.execution_options(yield_per=_PAGE).execute(asked)
        yield from map(as_known, rows)


def closest(place: Catalog | Connection, asked: str, *, limit: int = 3) -> list[ArticleRow]:
    """Return articles someone may have meant by an id, URL or headline that is not there; the likeliest first."""
    with connection(place) as conn:
        candidates = _candidates(conn, asked)
    rated = [(_likeness_to(row, asked.casefold()), row) for row in candidates]
    rated = sorted((pair for pair in rated if pair[0] >= 0.5), key=lambda pair: (-pair[0], pair[1].article_id))
    return [row for _, row in rated[:limit]]


def _candidates(conn: Connection, asked: str) -> list[ArticleRow]:
    """Candidates, by indexes: ids that begin alike, headlines with a word of it, URLs below; else the newest."""
    begins = asked[:5].casefold()
    prefix = and_(_A.article_id >= begins, _A.article_id < begins + "\U0010ffff")
    queries: list[Select[Any]] = [select(*_LISTED).where(prefix)]
    key = _key_of(asked)
    if key is not None:
        queries += [select(*_LISTED).where(_A.urlkey >= key).order_by(_A.urlkey)]
        queries += [select(*_LISTED).where(_A.urlkey < key).order_by(_A.urlkey.desc())]
    words = [found for word in asked.split()[:6] if (found := search.condition(conn, word)) is not None]
    queries += [select(*_LISTED).where(or_(*words))] if words else []
    queries += [select(*_LISTED).order_by(_A.listed_at.desc())]
    rows = (row for query in queries for row in conn.execute(query.limit(200)))
    return list({row.article_id: _listed(row) for row in rows}.values())


def _key_of(asked: str) -> str | None:
    try:
        return bounded(urlkey(asked)) if "://" in asked else None
    except UrlError:
        return None


def _likeness_to(row: ArticleRow, low: str) -> float:
    """How like its id, headline or URL is to what was asked, whichever is likest."""
    told = (row.article_id, (row.headline or "").casefold(), row.url)
    return max(SequenceMatcher(None, low, one, autojunk=False).ratio() if one else 0.0 for one in told)


def _filtered(conn: Connection, asked: Select[Any], query: ArticleQuery) -> Select[Any]:
    for column, wanted in ((_A.source, query.source), (_A.language, query.language)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    if query.run is not None:
        asked = asked.where(_A.article_id.in_(select(_R.article_id).where(_R.run == query.run)))
    if query.section is not None:
        asked = asked.where(among(conn, _A.section, names.sections_named(conn, query.section)))
    if query.author is not None:
        asked = asked.where(among(conn, _A.authors, names.bylines_of(conn, query.author)))
    if query.cluster is not None:
        asked = asked.where(_A.article_id.in_(near.members(conn, query.cluster)))
    if query.allowed_for is not None:
        asked = asked.where(_is_allowed(query.allowed_for))
    if query.since is not None:
        asked = asked.where(_A.listed_at >= query.since)
    if query.until is not None:
        asked = asked.where(_A.listed_at < query.until)
    found = search.condition(conn, query.text) if query.text else None
    return asked if found is None else asked.where(found)


def _is_allowed(agent: str) -> ColumnElement[bool]:
    """Nothing of what is reserved concerns this agent; what is reserved for all of them does."""
    if agent == "all":
        return _A.reserved == ""
    return and_(*(_A.reserved.not_like(f"% {word} %") for word in (agent, "noai", "tdm")))


_LISTED = tuple(articles.c[name] for name in ArticleRow.__dataclass_fields__)


def _listed(row: Row[Any]) -> ArticleRow:
    return ArticleRow(**row._mapping)
