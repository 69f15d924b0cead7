"""Names as people type them: of the sections, authors and languages there are; whatever their case, accents, width.

The databases fold letters each in its own way, and SQLite only those of English. So the names there are get compared
here, and rows are then asked for by the names as they stand.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, select

from archive.catalog.engine import Catalog, connection
from archive.catalog.search import fold, segment
from archive.catalog.tables import articles

BETWEEN_AUTHORS = ", "  # in `articles.authors`


def sections(place: Catalog | Connection) -> list[str]:
    """Return the names of all sections. Looks at every article."""
    return _distinct(place, articles.c.section)


def authors(place: Catalog | Connection) -> list[str]:
    """Return the names of all authors. Looks at every article."""
    bylines = _distinct(place, articles.c.authors)
    return list(dict.fromkeys(name for byline in bylines for name in byline.split(BETWEEN_AUTHORS)))


def languages(place: Catalog | Connection) -> list[str]:
    """Return the languages of articles. Looks at every article."""
    return _distinct(place, articles.c.language)


def sections_named(place: Catalog | Connection, asked: str) -> list[str]:
    """Return the sections of this name, as the pages write them: "Local" and "LOCAL" for "local"."""
    wanted = _plain(asked)
    return [name for name in sections(place) if _plain(name) == wanted]


def bylines_of(place: Catalog | Connection, asked: str) -> list[str]:
    """Return what `articles.authors` says of articles by an author whose name has these words next to each other."""
    wanted = f" {segment(asked)} "
    bylines = _distinct(place, articles.c.authors) if wanted.strip() else []
    return [one for one in bylines if any(wanted in f" {segment(name)} " for name in one.split(BETWEEN_AUTHORS))]


def _plain(name: str) -> str:
    return " ".join(fold(name).split())


def _distinct(place: Catalog | Connection, column: ColumnElement[str | None]) -> list[str]:
    asked = select(column).where(column.is_not(None)).distinct().order_by(column)
    with connection(place) as conn:
        return [name for name in conn.execute(asked).scalars() if name]
