"""Near-duplicates over the whole archive: the index of fingerprints, and the clusters of articles that say the same.

Two articles are near when their SimHashes differ in at most NEAR bits and, as a second witness, their sketches say that
at least half of their passages are shared; a cluster is all that hangs together by such pairs. So clusters depend on
what the archive holds now and not on the order it came in, and an article of another text leaves its cluster.
A cluster is named after the smallest id in it; the name changes when a smaller one joins.

Order: asking (`near`, `cluster_of`, `members`), placing what is new (`settle`), the two witnesses (pure).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import combinations
from struct import pack, unpack
from typing import Any
from zlib import crc32

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, insert, or_, select, text, update

from archive.catalog import search
from archive.catalog.columns import among
from archive.catalog.engine import Catalog, connection
from archive.catalog.tables import articles, fingerprints, near_due, revisions
from archive.catalog.upsert import upsert

NEAR = 7  # bits; unrelated news of one language comes as near as this about once in a million pairs
MAX_DISTANCE = 11
MIN_WORDS = 20  # shorter texts are alike by their form, not by what they say
RESEMBLANCE = 0.5

_BANDS, _BAND_BITS = 4, 16
_SHINGLE_WORDS = 3
_SKETCH = 32
_MAX_CHARS = 20_000
_BATCH = 200
_LOCK = 0x6E65_6172  # any constant: one process at a time places articles in PostgreSQL
_F = fingerprints.c
_BAND_COLUMNS = (_F.band0, _F.band1, _F.band2, _F.band3)


@dataclass(frozen=True, slots=True)
class Near:
    """An article whose current text has a fingerprint near the one asked for."""

    article_id: str
    simhash: int  # 64 bits
    distance: int
    cluster: str | None


def near(place: Catalog | Connection, simhash: int, distance: int = NEAR) -> list[Near]:
    """Return the articles whose SimHash differs from this one in at most `distance` (0 … 11) bits, the nearest first.

    Only fingerprints are compared: whoever needs certainty compares the texts. Nothing is missed up to `distance`; the
    fingerprint of an article that is being stored is here a moment after its record.
    """
    if not 0 <= distance <= MAX_DISTANCE:
        raise ValueError(f"near-duplicates are indexed up to {MAX_DISTANCE} bits, not {distance}")
    with connection(place) as conn:
        found = _candidates(conn, simhash, distance)
    rows = [Near(row.article_id, row.simhash % (1 << 64), apart, row.cluster) for row, apart in found]
    return sorted(rows, key=lambda one: (one.distance, one.article_id))


def cluster_of(place: Catalog | Connection, article_id: str) -> str | None:
    """Return the name of the cluster an article is in; None where nothing says the same."""
    return clusters_of(place, [article_id]).get(article_id)


def first_like(place: Catalog | Connection, article_id: str, simhash: int, said: str) -> str | None:
    """Return the article that said this before `article_id` did: of those near it, the one seen first."""
    with connection(place) as conn:
        candidates = [(row, apart) for row, apart in _candidates(conn, simhash, NEAR) if row.article_id != article_id]
        if not candidates or not (drawn := sketch(said)):
            return None
        alike = [row.article_id for row, _ in candidates if resemblance(row.sketch, drawn) >= RESEMBLANCE]
        asked = select(articles.c.article_id).where(among(conn, articles.c.article_id, alike))
        return conn.execute(asked.order_by(articles.c.first_seen, articles.c.article_id).limit(1)).scalar()


def clusters_of(place: Catalog | Connection, names: Iterable[str]) -> dict[str, str]:
    """Return the clusters of those of the articles that are in one, by their ids."""
    with connection(place) as conn:
        inside = among(conn, _F.article_id, names) & _F.cluster.is_not(None)
        rows = conn.execute(select(_F.article_id, _F.cluster).where(inside))
        return {row.article_id: row.cluster for row in rows}


def members(place: Catalog | Connection, cluster: str) -> list[str]:
    """Return the ids of the articles of a cluster, in their order; none for an unknown name."""
    with connection(place) as conn:
        return list(conn.execute(select(_F.article_id).where(_F.cluster == cluster).order_by(_F.article_id)).scalars())


def counted(place: Catalog | Connection) -> tuple[int, int]:
    """Return how many clusters there are, and how many articles are in one."""
    asked = text("SELECT count(DISTINCT cluster), count(*) FROM fingerprints WHERE cluster IS NOT NULL")
    with connection(place) as conn:
        clusters, inside = conn.execute(asked).one()
        return clusters, inside


# -- placing what is new


def due(conn: Connection, article_id: str) -> None:
    """Say that an article shows another text than before; `settle` places it."""
    statement = upsert(conn, near_due).values(article_id=article_id, changes=1)
    more = {"changes": near_due.c.changes + 1}  # writes the row, so that a settle under way does not forget us
    conn.execute(statement.on_conflict_do_update(index_elements=["article_id"], set_=more))


def settle(catalog: Catalog) -> int:
    """Place every article that `due` named, in transactions of their own; return how many. Any time, from anywhere.

    Not in the transaction that stores the article: two processes that store copies at the same time would not see each
    other's. In a transaction of their own they can take turns, without holding up who fetches.
    """
    with catalog.reading() as conn:
        if conn.execute(select(near_due.c.article_id).limit(1)).first() is None:
            return 0
    done = 0
    while True:
        with catalog.transaction() as conn:
            if conn.dialect.name == "postgresql":
                conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            names = list(
                conn.execute(select(near_due.c.article_id).order_by(near_due.c.article_id).limit(_BATCH)).scalars()
            )
            if names:
                conn.execute(delete(near_due).where(among(conn, near_due.c.article_id, names)))
                _place_all(conn, names)
        done += len(names)
        if len(names) < _BATCH:
            return done


def _place_all(conn: Connection, names: Sequence[str]) -> None:
    current = and_(
        revisions.c.article_id == articles.c.article_id,
        revisions.c.extractor == articles.c.extractor,
        revisions.c.number == articles.c.revision,
    )
    asked = select(articles.c.article_id, revisions.c.simhash, revisions.c.record).join(revisions, current)
    shown = {row.article_id: row for row in conn.execute(asked.where(among(conn, articles.c.article_id, names)))}
    known = {row.article_id: row for row in conn.execute(select(fingerprints).where(among(conn, _F.article_id, names)))}
    for name in names:
        row = shown.get(name)
        drawn = sketch(row.record.get("text") or "") if row is not None and row.simhash else b""
        before = known.get(name)
        if before is not None and row is not None and (before.simhash, before.sketch) == (row.simhash, drawn):
            continue
        if before is not None:
            _take_out(conn, before)
        if row is not None and drawn:
            _put_in(conn, name, row.simhash, drawn)


def _put_in(conn: Connection, article_id: str, signed: int, drawn: bytes) -> None:
    """Add a fingerprint, and join the clusters of all that is near."""
    neighbours = _neighbours(conn, signed, drawn)
    clusters = {one.cluster for one in neighbours if one.cluster}
    loose = [one.article_id for one in neighbours if not one.cluster]
    cluster = _name_or_none([article_id, *loose, *map(_first_of, clusters)])
    _rename(conn, clusters, loose, cluster)
    bands = {column.name: band for column, band in zip(_BAND_COLUMNS, _bands(signed), strict=True)}
    row = {"article_id": article_id, "simhash": signed, "sketch": drawn, "cluster": cluster, **bands}
    conn.execute(insert(fingerprints).values(row))


def _take_out(conn: Connection, row: Any) -> None:
    """Remove a fingerprint; what it held together falls apart."""
    conn.execute(delete(fingerprints).where(_F.article_id == row.article_id))
    if row.cluster is None:
        return
    if len(_components(_neighbours(conn, row.simhash, row.sketch))) == 1:  # what it touched still hangs together
        _rename(conn, [row.cluster], [], _name_or_none(members(conn, row.cluster)))
        return
    for component in _components(conn.execute(select(fingerprints).where(_F.cluster == row.cluster)).all()):
        names = [one.article_id for one in component]
        _rename(conn, [], names, _name_or_none(names))


def _rename(conn: Connection, clusters: Collection[str], loose: Sequence[str], name: str | None) -> None:
    which: list[ColumnElement[bool]] = []
    if others := [one for one in clusters if one != name]:
        which.append(_F.cluster.in_(others))
    if loose:
        which.append(among(conn, _F.article_id, loose))
    if which:
        conn.execute(update(fingerprints).where(or_(*which)).values(cluster=name))


def _components(rows: Sequence[Any]) -> list[list[Any]]:
    """What hangs together of these fingerprints. Equal ones are compared once."""
    groups: dict[tuple[int, bytes], list[Any]] = {}
    for row in rows:
        groups.setdefault((row.simhash, row.sketch), []).append(row)
    leader = {key: key for key in groups}

    def find(key: tuple[int, bytes]) -> tuple[int, bytes]:
        while leader[key] != key:
            leader[key] = key = leader[leader[key]]
        return key

    for one, other in combinations(groups, 2):
        if ((one[0] ^ other[0]) % (1 << 64)).bit_count() <= NEAR and resemblance(one[1], other[1]) >= RESEMBLANCE:
            leader[find(one)] = find(other)
    found: dict[tuple[int, bytes], list[Any]] = {}
    for key, group in groups.items():
        found.setdefault(find(key), []).extend(group)
    return list(found.values())


def _first_of(cluster: str) -> str:
    return "a_" + cluster.removeprefix("c_")


def _name_or_none(names: Sequence[str]) -> str | None:
    return "c_" + min(names).removeprefix("a_") if len(names) > 1 else None


# -- the first witness: SimHash, by bands


def _neighbours(conn: Connection, signed: int, drawn: bytes) -> list[Any]:
    found = _candidates(conn, signed % (1 << 64), NEAR)
    return [row for row, _ in found if resemblance(row.sketch, drawn) >= RESEMBLANCE]


def _candidates(conn: Connection, simhash: int, distance: int) -> list[tuple[Any, int]]:
    """Rows within a distance. Of four bands, one differs in at most a quarter of the bits: all such are looked up."""
    probes = {f"keys{n}": list(_around(band, distance // _BANDS)) for n, band in enumerate(_bands(simhash))}
    found: dict[str, int] = {}
    for article_id, signed in conn.execute(_BY_BAND, probes):
        apart = ((signed ^ simhash) % (1 << 64)).bit_count()
        if apart <= distance:
            found[article_id] = apart
    if not found:
        return []
    rows = conn.execute(select(fingerprints).where(among(conn, _F.article_id, found)))
    return [(row, found[row.article_id]) for row in rows]


def _bands(simhash: int) -> list[int]:
    return [simhash >> (_BAND_BITS * n) & 0xFFFF for n in range(_BANDS)]


def _around(band: int, bits: int) -> Iterable[int]:
    """A band, and all that differ from it in at most `bits` (0 … 2) bits."""
    for count in range(bits + 1):
        for places in combinations(range(_BAND_BITS), count):
            yield band ^ sum(1 << place for place in places)


def _by_band() -> Any:
    first, *others = [
        select(_F.article_id, _F.simhash).where(column.in_(bindparam(f"keys{n}", expanding=True)))
        for n, column in enumerate(_BAND_COLUMNS)
    ]
    return first.union_all(*others)


_BY_BAND = _by_band()


# -- the second witness: a sketch of the passages


def sketch(said: str) -> bytes:
    """Return the 32 smallest hashes of three words each, as sorted 32-bit numbers; empty for a text too short.

    Broder's bottom-k sketch (1997): the share that two sketches have in common estimates the share of passages that
    two texts have in common. Pure; the same text gives the same sketch everywhere.
    """
    words = search.segment(said[:_MAX_CHARS]).split()
    if len(words) < MIN_WORDS:
        return b""
    shingles = {" ".join(words[at : at + _SHINGLE_WORDS]) for at in range(len(words) - _SHINGLE_WORDS + 1)}
    # CRC alone is linear; the multiplication spreads what differs in a letter (Knuth's multiplicative hashing).
    hashes = {crc32(one.encode("utf-8", "surrogatepass")) * 0x9E37_79B1 >> 8 & 0xFFFF_FFFF for one in shingles}
    smallest = nsmallest(_SKETCH, hashes)
    return pack(f"<{len(smallest)}I", *smallest)


def resemblance(one: bytes, other: bytes) -> float:
    """Return about which share (0 … 1) of their passages two sketched texts have in common."""
    if one == other:
        return 1.0 if one else 0.0
    mine, theirs = (set(unpack(f"<{len(drawn) // 4}I", drawn)) for drawn in (one, other))
    smallest = nsmallest(_SKETCH, mine | theirs)
    return sum(value in mine and value in theirs for value in smallest) / len(smallest) if smallest else 0.0
