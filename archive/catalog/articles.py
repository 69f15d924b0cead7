"""Articles and their revisions: what was read, and the questions a reader asks of it.

Order: values, telling (`record`), asking for one (`get`, `latest_revision`, `revisions_of`, `record_of`), asking for
many (`list_articles`, `records`), "did you mean".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, or_, select, update

from archive import revisions as deciding
from archive.catalog import search
from archive.catalog.columns import bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import articles, revisions
from archive.catalog.upsert import upsert
from archive.errors import UrlError
from archive.model import Revision
from archive.revisions import Changed, Decision, New
from archive.urls import urlkey

_A, _R = articles.c, revisions.c
_PAGE = 500


@dataclass(frozen=True, slots=True)
class ArticleQuery:
    """Which articles: all conditions given hold. `since` and `until` bound when they were published or first seen."""

    text: str | None = None  # words, "quoted phrases", -unwanted
    source: str | None = None
    language: str | None = None
    section: str | None = None
    run: str | None = None
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
    else:
        conn.execute(
            update(articles)
            .where(_A.article_id == revision.article_id)
            .values(_newer(conn, known, decision, record, run))
        )


def latest_revision(place: Catalog | Connection, url: str, extractor: str | None = None) -> Revision | None:
    """Return the last revision of the article at a URL or urlkey; under an extractor, or else the one it shows."""
    key = bounded(urlkey(url) if "://" in url else url)
    asked = select(revisions).join(articles, _A.article_id == _R.article_id).where(_A.urlkey == key)
    wanted = _A.extractor if extractor is None else extractor
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
    """Return the record of the newest revision of the page at a URL that was called clean, seen before a time."""
    asked = select(_R.record).join(articles, _A.article_id == _R.article_id)
    asked = asked.where(_A.urlkey == bounded(urlkey(url)), _R.verdict == "clean")
    if before is not None:
        asked = asked.where(_R.first_seen < before)
    with connection(place) as conn:
        found: dict[str, Any] | None = conn.execute(asked.order_by(_R.first_seen.desc()).limit(1)).scalar()
        return found


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A story's text as its near-duplicate fingerprint."""

    simhash: int
    article_id: str


def fingerprints(place: Catalog | Connection, limit: int = 20_000) -> list[Fingerprint]:
    """Return the fingerprints of the clean revisions seen last."""
    asked = select(_R.simhash, _R.article_id).where(_R.verdict == "clean").order_by(_R.first_seen.desc()).limit(limit)
    with connection(place) as conn:
        return [Fingerprint(row.simhash % (1 << 64), row.article_id) for row in conn.execute(asked)]


def list_articles(place: Catalog | Connection, query: ArticleQuery = ArticleQuery()) -> list[ArticleRow]:
    """Return the articles a query finds, the newest first."""
    with connection(place) as conn:
        asked = _filtered(conn, select(*_LISTED), query).order_by(_A.listed_at.desc(), _A.article_id)
        return [_listed(row) for row in conn.execute(asked.limit(query.limit).offset(query.offset))]


def count(place: Catalog | Connection, query: ArticleQuery = ArticleQuery()) -> int:
    """Return how many articles a query finds, whatever its limit."""
    with connection(place) as conn:
        found: int = conn.execute(_filtered(conn, select(func.count()).select_from(articles), query)).scalar_one()
        return found


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
        near = _near(conn, asked)
    low = asked.casefold()
    rated = [
        (
            max(
                _likeness(low, row.article_id), _likeness(low, (row.headline or "").casefold()), _likeness(low, row.url)
            ),
            row,
        )
        for row in near
    ]
    rated = sorted((pair for pair in rated if pair[0] >= 0.5), key=lambda pair: (-pair[0], pair[1].article_id))
    return [row for _, row in rated[:limit]]


def _near(conn: Connection, asked: str) -> list[ArticleRow]:
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
    if query.since is not None:
        asked = asked.where(_A.listed_at >= query.since)
    if query.until is not None:
        asked = asked.where(_A.listed_at < query.until)
    found = search.condition(conn, query.text) if query.text else None
    return asked if found is None else asked.where(found)


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
