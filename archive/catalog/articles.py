"""Articles and their revisions: what was read, and the questions a reader asks of it.

Order: values, telling (`record`), asking for one (`get`, `latest_revision`, `revisions_of`, `record_of`), asking for
many (`list_articles`, `records`), "did you mean".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, or_, select, update

from archive import revisions as deciding
from archive.catalog import near, search
from archive.catalog.columns import among, bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import articles, revisions
from archive.catalog.upsert import upsert
from archive.errors import UrlError
from archive.model import Revision
from archive.record import is_clean
from archive.revisions import Changed, Decision, New, Same
from archive.rights import reserved
from archive.times import parse_rfc3339
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
    section: str | None = None
    run: str | None = None
    cluster: str | None = None  # of near-duplicates; its name
    allowed_for: str | None = None  # an agent of archive.rights.AI_AGENTS, or "all"; unknown rights are none
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = 50
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


def id_for(conn: Connection, url: str, payload_digest: str | None) -> str:
    """Return the id of the article at a URL: the known one, or the one a first capture with this digest gives it."""
    key = urlkey(url)
    known = conn.execute(select(_A.article_id).where(_A.urlkey == bounded(key))).scalar()
    return known or deciding.article_id(key, payload_digest)


def record(conn: Connection, decision: Decision, record: Mapping[str, Any], *, run: str | None = None) -> None:
    """Carry out a decision about a reading. `record` is its pressmark.article/1; idempotent.

    The article shows the revision seen last; an older page, or one read again, changes the lists only if it is that.
    """
    revision = decision.revision
    _put_revision(conn, decision, record, run)
    known = conn.execute(select(articles).where(_A.article_id == revision.article_id)).first()
    if known is None:
        row = _article_row(revision, record, run)
        row["search_row"] = search.put(conn, revision.article_id, _searched(record))
        conn.execute(insert(articles).values(row))
        near.due(conn, revision.article_id)
    else:
        conn.execute(
            update(articles)
            .where(_A.article_id == revision.article_id)
            .values(_newer(conn, known, decision, record, run))
        )


def seen_again(conn: Connection, article_id: str, seen_at: datetime, read_at: datetime) -> None:
    """An unchanged page widens the time in which its revision was seen: the one known of at `read_at`."""
    shown = _shown_at(conn, article_id, seen_at, read_at)
    if shown is not None and shown[0].last_seen < seen_at:
        record(conn, Same(replace(shown[0], last_seen=seen_at)), shown[1])


def _shown_at(
    conn: Connection, article_id: str, seen_at: datetime, read_at: datetime
) -> tuple[Revision, dict[str, Any]] | None:
    """The revision an archive knew of at a time: the last one seen first before it, and read before it."""
    asked = select(revisions).where(_R.article_id == article_id, _R.first_seen <= seen_at)
    found = [
        (row.first_seen, row.record["extraction"]["at"], row)
        for row in conn.execute(asked)
        if parse_rfc3339(row.record["extraction"]["at"]) <= read_at
    ]
    if not found:
        return None
    row = max(found, key=lambda one: one[:2])[2]
    return _revision(row), row.record


def latest_revision(
    place: Catalog | Connection, url: str, extractor: str | None = None, *, without: str | None = None
) -> Revision | None:
    """Return the last revision of the article at a URL or urlkey; under an extractor, or else the one it shows.

    `without`: not the revision of this capture, which may have been recorded by a process that died.
    """
    key = bounded(urlkey(url) if "://" in url else url)
    asked = select(revisions).join(articles, _A.article_id == _R.article_id).where(_A.urlkey == key)
    wanted = _A.extractor if extractor is None else extractor
    if without is not None:
        asked = asked.where(_R.record_id != without)
    with connection(place) as conn:
        row = conn.execute(asked.where(_R.extractor == wanted).order_by(_R.number.desc()).limit(1)).first()
        return None if row is None else _revision(row)


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


def revisions_of(place: Catalog | Connection, article_id: str, extractor: str | None = None) -> list[Revision]:
    """Return the revisions of an article in order; of all extractors, or of one."""
    asked = select(revisions).where(_R.article_id == article_id).order_by(_R.extractor, _R.number)
    if extractor is not None:
        asked = asked.where(_R.extractor == extractor)
    with connection(place) as conn:
        return [_revision(row) for row in conn.execute(asked)]


def record_of(
    place: Catalog | Connection, article_id: str, *, number: int | None = None, extractor: str | None = None
) -> dict[str, Any] | None:
    """Return the pressmark.article/1 record of an article's current revision, or of the one named."""
    wanted = (
        _R.article_id == _A.article_id,
        _R.extractor == (_A.extractor if extractor is None else extractor),
    )
    asked = select(_R.record).join(articles, and_(*wanted)).where(_A.article_id == article_id)
    if number is not None:
        asked = asked.where(_R.number == number)
    elif extractor is None:
        asked = asked.where(_R.number == _A.revision)
    with connection(place) as conn:
        found: dict[str, Any] | None = conn.execute(asked.order_by(_R.number.desc()).limit(1)).scalar()
        return found


def record_read_from(place: Catalog | Connection, record_id: str) -> dict[str, Any] | None:
    """Return the record that was read from a capture; the first written where there are several extractors'."""
    asked = select(_R.record).where(_R.record_id == record_id).order_by(_R.first_seen, _R.extractor).limit(1)
    with connection(place) as conn:
        found: dict[str, Any] | None = conn.execute(asked).scalar()
        return found


def last_clean(place: Catalog | Connection, url: str, before: datetime | None = None) -> dict[str, Any] | None:
    """Return the record of the newest revision of the page at a URL that shows nothing, seen before a time."""
    asked = select(_R.record).join(articles, _A.article_id == _R.article_id)
    asked = asked.where(_A.urlkey == bounded(urlkey(url)), _R.verdict.in_(("clean", "suspect")))
    if before is not None:
        asked = asked.where(_R.first_seen < before)
    with connection(place) as conn:
        rows = conn.execution_options(yield_per=8).execute(asked.order_by(_R.first_seen.desc())).scalars()
        return next(filter(is_clean, rows), None)


def past_texts(conn: Connection, latest: Revision, most: int) -> tuple[list[dict[str, Any]], frozenset[str]]:
    """Return the last records up to a revision, the newest first, and the hashes of all before it."""
    mine = and_(_R.article_id == latest.article_id, _R.extractor == latest.extractor, _R.number <= latest.number)
    records = conn.execute(select(_R.record).where(mine).order_by(_R.number.desc()).limit(most)).scalars().all()
    hashes = conn.execute(select(_R.content_hash).where(mine, _R.number != latest.number)).scalars()
    return list(records), frozenset(hashes) - {latest.content_hash}


def texts_of_others(conn: Connection, article_id: str, source: str | None, most: int) -> list[str]:
    """Return the texts of the source's newest other articles."""
    asked = (
        select(_R.record)
        .join(articles, and_(_R.article_id == _A.article_id, _R.extractor == _A.extractor, _R.number == _A.revision))
        .where(_A.source == source, _A.article_id != article_id)
        .order_by(_A.listed_at.desc())
    )
    return [record["text"] for record in conn.execute(asked.limit(most)).scalars()]


def headlines(place: Catalog | Connection, article_ids: Sequence[str]) -> dict[str, str | None]:
    """Return the headlines of articles, by id."""
    with connection(place) as conn:
        asked = select(_A.article_id, _A.headline).where(among(conn, _A.article_id, article_ids))
        return {row.article_id: row.headline for row in conn.execute(asked)}


def list_articles(place: Catalog | Connection, query: ArticleQuery = ArticleQuery()) -> list[ArticleRow]:
    """Return the articles a query finds, the newest first."""
    with connection(place) as conn:
        names = _among_newest(conn, query)
        if names is None:
            shown = _matching(conn, select(_A.article_id), query).order_by(*_NEWEST_FIRST)
            names = conn.execute(shown.limit(query.limit).offset(query.offset)).scalars().all()
        asked = select(*_LISTED).where(among(conn, _A.article_id, names)).order_by(*_NEWEST_FIRST)
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
    names = conn.execute(rest.limit(query.limit).offset(query.offset)).scalars().all()
    return names if len(names) == query.limit else None


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
    place: Catalog | Connection, query: ArticleQuery = ArticleQuery(limit=None), *, all_revisions: bool = False
) -> Iterator[dict[str, Any]]:
    """Give the records a query finds, in the order of (listed time, id), oldest first; never all in memory.

    `all_revisions`: each revision under the article's extractor, instead of its current one.
    """
    matching = and_(_R.article_id == _A.article_id, _R.extractor == _A.extractor)
    if not all_revisions:
        matching = and_(matching, _R.number == _A.revision)
    with connection(place) as conn:
        asked = _filtered(conn, select(_R.record).join(articles, matching), query)
        asked = asked.order_by(_A.listed_at, _A.article_id, _R.number).limit(query.limit).offset(query.offset)
        rows = conn.execution_options(yield_per=_PAGE).execute(asked)
        yield from rows.scalars()


def closest(place: Catalog | Connection, asked: str, *, limit: int = 3) -> list[ArticleRow]:
    """Return articles someone may have meant by an id, URL or headline that is not there; the likeliest first."""
    with connection(place) as conn:
        candidates = _candidates(conn, asked)
    low = asked.casefold()
    rated = [
        (
            max(
                _likeness(low, row.article_id), _likeness(low, (row.headline or "").casefold()), _likeness(low, row.url)
            ),
            row,
        )
        for row in candidates
    ]
    rated = sorted((pair for pair in rated if pair[0] >= 0.5), key=lambda pair: (-pair[0], pair[1].article_id))
    return [row for _, row in rated[:limit]]


def _candidates(conn: Connection, asked: str) -> list[ArticleRow]:
    """Candidates, by indexes: ids that begin alike, headlines with a word of it, URLs below; else the newest."""
    found: dict[str, ArticleRow] = {}
    begins = asked[:5].casefold()
    prefix = and_(_A.article_id >= begins, _A.article_id < begins + "\U0010ffff")
    queries: list[Select[Any]] = [select(*_LISTED).where(prefix)]
    key = _key_of(asked)
    if key is not None:
        queries += [select(*_LISTED).where(_A.urlkey >= key).order_by(_A.urlkey)]
        queries += [select(*_LISTED).where(_A.urlkey < key).order_by(_A.urlkey.desc())]
    words = [search.condition(conn, word) for word in asked.split()[:6]]
    queries += (
        [select(*_LISTED).where(or_(*(word for word in words if word is not None)))]
        if any(w is not None for w in words)
        else []
    )
    queries += [select(*_LISTED).order_by(_A.listed_at.desc())]
    for query in queries:
        found |= {row.article_id: _listed(row) for row in conn.execute(query.limit(200))}
    return list(found.values())


def _key_of(asked: str) -> str | None:
    try:
        return bounded(urlkey(asked)) if "://" in asked else None
    except UrlError:
        return None


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if other else 0.0


def _filtered(conn: Connection, asked: Select[Any], query: ArticleQuery) -> Select[Any]:
    equal = ((_A.source, query.source), (_A.language, query.language), (_A.section, query.section), (_A.run, query.run))
    for column, wanted in equal:
        if wanted is not None:
            asked = asked.where(column == wanted)
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


def _put_revision(conn: Connection, decision: Decision, record: Mapping[str, Any], run: str | None) -> None:
    revision = decision.revision
    seen: dict[str, Any] = {"first_seen": revision.first_seen, "last_seen": revision.last_seen}
    statement = upsert(conn, revisions)
    if isinstance(decision, New | Changed):
        seen |= {"record": dict(record), "record_id": revision.record_id, "content_hash": revision.content_hash}
        seen |= {"simhash": _signed(revision.simhash)} | _judged(record)
    keys = ["article_id", "extractor", "number"]
    row = _revision_row(revision) | {"run": run, "record": dict(record)} | _judged(record)
    conn.execute(statement.values(row).on_conflict_do_update(index_elements=keys, set_=seen))


def _judged(record: Mapping[str, Any]) -> dict[str, Any]:
    return {"host": record.get("host"), "verdict": (record.get("integrity") or {}).get("verdict")}


def _newer(
    conn: Connection, known: Row[Any], decision: Decision, record: Mapping[str, Any], run: str | None
) -> dict[str, Any]:
    revision = decision.revision
    seen = {
        "first_seen": min(known.first_seen, revision.first_seen),
        "last_seen": max(known.last_seen, revision.last_seen),
    }
    if not isinstance(decision, New | Changed) or revision.last_seen < known.last_seen:
        return seen
    row = _article_row(replace(revision, first_seen=seen["first_seen"]), record, run) | seen
    row["search_row"] = search.put(conn, revision.article_id, _searched(record))
    near.due(conn, revision.article_id)
    return {name: value for name, value in row.items() if name not in ("article_id", "urlkey")}


def _article_row(revision: Revision, record: Mapping[str, Any], run: str | None) -> dict[str, Any]:
    published = _time(record.get("date_published"))
    return {
        "article_id": revision.article_id,
        "url": record["url"],
        "urlkey": bounded(record.get("url_key") or urlkey(record["url"])),
        "source": record.get("source"),
        "headline": record.get("headline"),
        "authors": ", ".join(author["name"] for author in record.get("authors") or ()) or None,
        "language": record.get("language"),
        "section": record.get("section"),
        "page_type": record.get("page_type"),
        "date_published": published,
        "listed_at": published or revision.first_seen,
        "words": record.get("word_count"),
        "reserved": reserved(record.get("rights")),
        "first_seen": revision.first_seen,
        "last_seen": revision.last_seen,
        "extractor": revision.extractor,
        "revision": revision.number,
        "run": run,
    }


def _searched(record: Mapping[str, Any]) -> list[str | None]:
    authors = [author["name"] for author in record.get("authors") or ()]
    return [record.get("headline"), record.get("description"), *authors, record.get("text")]


def _time(text: str | None) -> datetime | None:
    """A time of a record: RFC 3339, or a date alone, which is its midnight in UTC."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


_LISTED = tuple(articles.c[name] for name in ArticleRow.__dataclass_fields__)
_REVISION = tuple(Revision.__dataclass_fields__)


def _listed(row: Row[Any]) -> ArticleRow:
    return ArticleRow(**row._mapping)


def _revision(row: Row[Any]) -> Revision:
    values = {name: row._mapping[name] for name in _REVISION}
    return Revision(**values | {"simhash": values["simhash"] % (1 << 64)})


def _revision_row(revision: Revision) -> dict[str, Any]:
    values = {name: getattr(revision, name) for name in _REVISION}
    return values | {"simhash": _signed(revision.simhash)}


def _signed(simhash: int) -> int:
    return simhash - (1 << 64) if simhash >= 1 << 63 else simhash
