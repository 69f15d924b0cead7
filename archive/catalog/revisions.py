"""Revisions of articles: what was read, told to the catalog, and asked for again.

Order: telling (`record`, `seen_again`), asking for revisions and their records (`known_records`: as of now), rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, select, update

from archive.catalog import near, search
from archive.catalog.columns import bounded
from archive.catalog.engine import Catalog, connection
from archive.catalog.names import BETWEEN_AUTHORS
from archive.catalog.tables import articles, revisions
from archive.catalog.upsert import upsert
from archive.model import Revision
from archive.records.recorded import is_clean
from archive.records.rights import reserved
from archive.revisions import decide as deciding
from archive.revisions.decide import Changed, Decision, New, Same
from archive.times import parse_rfc3339, rfc3339
from archive.urls import urlkey

_A, _R = articles.c, revisions.c


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


def revisions_of(place: Catalog | Connection, article_id: str, extractor: str | None = None) -> list[Revision]:
    """Return the revisions of an article in order; of all extractors, or of one."""
    asked = select(revisions).where(_R.article_id == article_id).order_by(_R.extractor, _R.number)
    if extractor is not None:
        asked = asked.where(_R.extractor == extractor)
    with connection(place) as conn:
        return [_revision(row) for row in conn.execute(asked)]


def known_records() -> Select[Any]:
    """The selection of records of `revisions`, for `as_known`: each with what has been learned of it since."""
    same = revisions.alias()
    count = select(func.count()).where(same.c.article_id == _R.article_id, same.c.extractor == _R.extractor)
    return select(_R.record, _R.first_seen, _R.last_seen, count.scalar_subquery().label("revision_count"))


def as_known(row: Row[Any]) -> dict[str, Any]:
    """The record of a row of `known_records` with the times its text was seen, and its revisions, as of now.

    A record is written when its text is new, and never changed: by itself it says that the text was seen once.
    """
    record: dict[str, Any] = row.record
    return record | {
        "first_seen": rfc3339(row.first_seen),
        "last_seen": rfc3339(row.last_seen),
        "revision_count": row.revision_count,
    }


def record_of(
    place: Catalog | Connection, article_id: str, *, number: int | None = None, extractor: str | None = None
) -> dict[str, Any] | None:
    """Return the pressmark.article/1 record of an article's current revision, or of the one named, as of now."""
    wanted = (
        _R.article_id == _A.article_id,
        _R.extractor == (_A.extractor if extractor is None else extractor),
    )
    asked = known_records().join(articles, and_(*wanted)).where(_A.article_id == article_id)
    if number is not None:
        asked = asked.where(_R.number == number)
    elif extractor is None:
        asked = asked.where(_R.number == _A.revision)
    with connection(place) as conn:
        row = conn.execute(asked.order_by(_R.number.desc()).limit(1)).first()
        return None if row is None else as_known(row)


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
        "authors": BETWEEN_AUTHORS.join(author["name"] for author in record.get("authors") or ()) or None,
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


_REVISION = tuple(Revision.__dataclass_fields__)


def _revision(row: Row[Any]) -> Revision:
    values = {name: row._mapping[name] for name in _REVISION}
    return Revision(**values | {"simhash": values["simhash"] % (1 << 64)})


def _revision_row(revision: Revision) -> dict[str, Any]:
    values = {name: getattr(revision, name) for name in _REVISION}
    return values | {"simhash": _signed(revision.simhash)}


def _signed(simhash: int) -> int:
    return simhash - (1 << 64) if simhash >= 1 << 63 else simhash
