"""Full-text search that finds Chinese, Japanese, Korean, Thai, accented and plain words.

`segment` turns text into words both databases index as they are: SQLite in an FTS5 table, PostgreSQL in a tsvector we
write ourselves. Neither database's own idea of a word is used, so both give the same answers in every locale.
Order: words, queries for people, the index (create, put, and what a query means in it).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    column,
    func,
    literal_column,
    not_,
    select,
    table,
    text,
)

from archive.catalog.tables import articles

# One token per character from scripts without spaces (and Hangul, whose words carry particles): the character and its
# follower; the last of a run stands alone. So any part of a run is a prefix, a token or a phrase.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf"  # Thai, Lao, Myanmar, Khmer, Tai
    "\u1100-\u11ff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u303c\u3041-\u3096\u3099\u309a\u309d-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f"
    "\ua9e0-\ua9fe\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\U0001aff0-\U0001b16f\U00020000-\U0003ffff]+"
)
# Marks that searchers leave out: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels and tatweel.
# Not the marks of Indic scripts or kana, which make other words.
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]"
)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_QUERY_PART = re.compile(r'(?P<minus>-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')

# tsvector keeps positions up to 16,383, lexemes up to 2,046 bytes, and a megabyte in all.
_MAX_POSITION = 16_383
_MAX_PER_LEXEME = 255
_MAX_TOKEN_CHARS = 200
_MAX_VECTOR_BYTES = 900_000


def segment(text: str) -> str:
    """Return the words of a text as they are indexed: folded (NFKC, case, accents), separated by spaces. Pure.

    "Pegel der Elbe" gives "pegel der elbe"; "新闻报道" gives "新闻 闻报 报道 道". Letters, digits and marks make words.
    """
    return " ".join(_tokens(text))


def fold(text: str) -> str:
    """The same text without what searchers leave out: width, case, accents."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = _MARKS.sub("", unicodedata.normalize("NFD", folded)) if not folded.isascii() else folded
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


def _tokens(text: str) -> Iterator[str]:
    for word in fold(text).translate(_SEPARATED).split():
        if word.isascii():
            yield word[:_MAX_TOKEN_CHARS]
        else:
            yield from _parts(word)


def _parts(word: str) -> Iterator[str]:
    at = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > at:
            yield word[at : run.start()][:_MAX_TOKEN_CHARS]
        yield from _pairs(run.group())
        at = run.end()
    if at < len(word):
        yield word[at:][:_MAX_TOKEN_CHARS]


class _Separated(dict[int, int]):
    """For str.translate: letters, digits and marks as they are, all else a space; learnt as characters are met."""

    def __missing__(self, point: int) -> int:
        category = unicodedata.category(chr(point))
        self[point] = point if category[0] in "LNM" or category == "Co" else 0x20
        return self[point]


_SEPARATED = _Separated()


def _pairs(run: str) -> Iterator[str]:
    yield from (run[at : at + 2] for at in range(len(run)))


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand next to each other. `is_prefix`: the last one may go on."""

    words: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What a person asked for: all of `wanted`, none of `unwanted`."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()


def read_query(asked: str) -> Query:
    """Read words (all must be there), "quoted phrases", -unwanted and begin*. Pure; nothing is an error.

    Quotes of other scripts count as quotes; a quote left open ends with the query; signs alone are left out.
    """
    wanted: list[Term] = []
    unwanted: list[Term] = []
    plain = re.sub("[“”„‟«»「」『』＂]", '"', asked)
    for part in _QUERY_PART.finditer(plain):
        term = _term(part["word"] if part["phrase"] is None else part["phrase"])
        if term is not None:
            (unwanted if part["minus"] else wanted).append(term)
    return Query(tuple(wanted), tuple(unwanted))


def _term(asked: str) -> Term | None:
    words = segment(asked).split()
    if not words:
        return None
    is_prefix = asked.rstrip().endswith("*")
    if _UNSPACED.fullmatch(words[-1]):
        # The last character may be followed by others on the page: it is the end of the pair before, or a beginning.
        if len(words) > 1 and len(words[-1]) == 1 and words[-2].endswith(words[-1]) and len(words[-2]) == 2:
            words.pop()
        elif len(words[-1]) == 1:
            is_prefix = True
    return Term(tuple(words), is_prefix)


def create(conn: Connection) -> None:
    """Make the empty index."""
    if conn.dialect.name == "sqlite":
        # Our tokens hold ASCII letters and digits or other scripts, so "ascii" takes them whole. Contentless: the
        # text is in the records. An index entry is never changed: a new revision gets a new row, and old ones, which
        # no article names any more, are never given back.
        conn.execute(text("CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5(words, content='', tokenize='ascii')"))
    else:
        conn.execute(text('CREATE TABLE search (article_id text COLLATE "C" PRIMARY KEY, words tsvector NOT NULL)'))
        conn.execute(text("CREATE INDEX search_words ON search USING gin (words)"))


def drop(conn: Connection) -> None:
    conn.execute(text("DROP TABLE IF EXISTS search"))


def put(conn: Connection, article_id: str, texts: Sequence[str | None]) -> int | None:
    """Index the texts of an article, instead of what was indexed before. Return its row in SQLite."""
    words = segment("\n".join(filter(None, texts)))
    if conn.dialect.name == "sqlite":
        return conn.execute(text("INSERT INTO search (words) VALUES (:words)"), {"words": words}).lastrowid
    conn.execute(
        text(
            "INSERT INTO search (article_id, words) VALUES (:id, CAST(:words AS tsvector)) "
            "ON CONFLICT (article_id) DO UPDATE SET words = excluded.words"
        ),
        {"id": article_id, "words": _vector(words.split())},
    )
    return None


def condition(conn: Connection, asked: str) -> ColumnElement[bool] | None:
    """The condition on `articles` that a query means; None where it asks for nothing."""
    query = read_query(asked)
    if query.wanted:
        return _found(conn, _match(conn, query))
    if query.unwanted:
        return not_(_found(conn, _match(conn, Query(query.unwanted), joint="or")))
    return None


def joined(conn: Connection, chosen: Select[Any], asked: str) -> Select[Any]:
    """`chosen`, a selection of `articles`, of those that a query means: for answers that look at every hit.

    SQLite then goes through the hits as its index gives them, instead of collecting them all first.
    """
    query = read_query(asked)
    if conn.dialect.name == "sqlite" and query.wanted:
        return _join(chosen, _match(conn, query))
    found = condition(conn, asked)
    return chosen if found is None else chosen.where(found)


def left_out(conn: Connection, chosen: Select[Any], asked: str) -> Select[Any] | None:
    """`chosen` of those that a query leaves out, where that is all it asks for and they are quicker to look at."""
    query = read_query(asked)
    if conn.dialect.name != "sqlite" or query.wanted or not query.unwanted:
        return None
    return _join(chosen, _match(conn, Query(query.unwanted), joint="or"))


def hit_among(conn: Connection, asked: str, few: Subquery) -> ColumnElement[bool] | None:
    """The condition that a row of `few`, with a column search_row, is what a query means; None where it says nothing.

    Each is looked up by itself in SQLite's index. For a beginning of words each look would gather the rows of all words
    that begin so: there they are gathered once, those of the span of `few`.
    """
    query = read_query(asked)
    if conn.dialect.name != "sqlite" or query == Query():
        return None
    row = few.c.search_row
    match = _match(conn, query) if query.wanted else _match(conn, Query(query.unwanted), joint="or")
    hits = select(_FTS5.c.rowid).where(_FTS5.c.search.match(match))
    if any(term.is_prefix for term in query.wanted + query.unwanted):
        first, last = (select(end(row)).scalar_subquery() for end in (func.min, func.max))
        is_hit: ColumnElement[bool] = row.in_(hits.where(_FTS5.c.rowid >= first, _FTS5.c.rowid <= last))
    else:
        is_hit = hits.where(_FTS5.c.rowid == row).correlate(few).exists()
    return is_hit if query.wanted else ~is_hit


def _join(chosen: Select[Any], match: str) -> Select[Any]:
    return chosen.where(_FROM_HITS, _FTS5.c.search.match(match))


_FTS5 = table("search", column("rowid"), column("search"))
# The sum keeps SQLite from starting with the articles and looking up each of them in the index.
_FROM_HITS = articles.c.search_row == _FTS5.c.rowid + literal_column("0")


def _found(conn: Connection, match: str) -> ColumnElement[bool]:
    if conn.dialect.name == "sqlite":
        return articles.c.search_row.in_(select(_FTS5.c.rowid).where(_FTS5.c.search.match(match)))
    rows = text("SELECT article_id FROM search WHERE words @@ CAST(:wanted AS tsquery)").bindparams(wanted=match)
    return articles.c.article_id.in_(rows)


def _match(conn: Connection, query: Query, joint: Literal["and", "or"] = "and") -> str:
    """The query in the database's own words: all of `wanted` (or any of it) and none of `unwanted`."""
    if conn.dialect.name == "sqlite":
        wanted = _fts5(query.wanted, f" {joint.upper()} ")
        return f"({wanted}) NOT ({_fts5(query.unwanted, ' OR ')})" if query.unwanted else wanted
    wanted = _tsquery(query.wanted, " & " if joint == "and" else " | ")
    return f"({wanted}) & !({_tsquery(query.unwanted, ' | ')})" if query.unwanted else wanted


def _fts5(terms: Sequence[Term], joint: str) -> str:
    """Every word in quotes, so that nothing typed is syntax. https://sqlite.org/fts5.html, section 3"""
    return joint.join(
        "(" + " + ".join(f'"{word}"' for word in term.words) + ("*" * term.is_prefix) + ")" for term in terms
    )


def _tsquery(terms: Sequence[Term], joint: str) -> str:
    return joint.join(
        "(" + " <-> ".join(f"'{word}'" for word in term.words) + (":*" * term.is_prefix) + ")" for term in terms
    )


def _vector(words: Sequence[str]) -> str:
    """A tsvector as text: each word with its places. Words too far on have none left: found, but not in phrases."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words, 1):
        at = places.setdefault(word, [])
        if place <= _MAX_POSITION and len(at) < _MAX_PER_LEXEME:
            at.append(place)
    parts, size = [], 0
    for word, at in places.items():
        size += len(word.encode()) + 2 * len(at) + 8
        if size > _MAX_VECTOR_BYTES:
            break
        parts.append(f"'{word}'" + (":" + ",".join(map(str, at)) if at else ""))
    return " ".join(parts)
