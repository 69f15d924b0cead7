"""Finding what a person means: an article by its id or URL, a run by its id, "last" or its beginning.

Raises NotFound with what is closest, as every command wants it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.archive import Archive
from archive.errors import NotFound, UrlError
from archive.model import Run
from archive.urls import canonical_url

if TYPE_CHECKING:
    from archive.catalog.articles import ArticleRow
    from archive.catalog.frontier import UrlStory


def find_article(archive: Archive, asked: str) -> ArticleRow:
    """Return the article with this id or URL. Raises NotFound naming the closest."""
    from archive.catalog import articles

    found = articles.get(archive.catalog, asked)
    url = as_url(asked)
    if found is None and url is not None:
        found = articles.by_url(archive.catalog, url)
    if found is None:
        raise not_found(archive, asked, "article")
    return found


def find_cluster(archive: Archive, asked: str) -> str:
    """Return the cluster of this name, or the one an article (id or URL) is in. Raises NotFound."""
    from archive.catalog import near

    if near.members(archive.catalog, asked):
        return asked
    if asked.startswith("c_"):
        raise NotFound(f'no cluster "{asked}"', hint="pressmark articles --fields id,cluster,title")
    article = find_article(archive, asked)
    found = near.cluster_of(archive.catalog, article.article_id)
    if found is None:
        raise NotFound(f"nothing else says what {article.article_id} says", hint="pressmark articles")
    return found


def find_story(archive: Archive, asked: str) -> tuple[UrlStory | None, ArticleRow | None]:
    """Return what the frontier and the articles know of an id or URL. Raises NotFound where neither knows it."""
    from archive.catalog import articles, frontier

    article = articles.get(archive.catalog, asked)
    url = article.url if article else as_url(asked)
    story = frontier.outcome_of(archive.catalog, url) if url else None
    if article is None and story is not None and story.article_id:
        article = articles.get(archive.catalog, story.article_id)
    if article is None and url is not None:
        article = articles.by_url(archive.catalog, url)
    if story is None and article is None:
        raise not_found(archive, asked, "article, URL or run")
    return story, article


def find_run(archive: Archive, asked: str) -> Run:
    """Return the run with this id or beginning of an id, or the newest by "last". Raises NotFound."""
    from archive.catalog import runs

    found = runs.get(archive.catalog, asked)
    if found is None:
        last = [run.run_id for run in runs.list_runs(archive.catalog, limit=3)]
        hint = "pressmark run list" if last else "there is no run yet: pressmark crawl"
        context = (f"the latest: {', '.join(last)}",) if last else ()
        raise NotFound(f'no run "{asked}"', hint=hint, context=context)
    return found


def find_source(archive: Archive, asked: str | None) -> str | None:
    """Return the name of a source that is listed, or was once, in whatever case. Raises NotFound with the nearest.

    A name nobody knows is a mistake: "0 articles" would look like an answer, and an export would write it down.
    """
    from difflib import get_close_matches

    from archive.catalog import frontier
    from archive.catalog.articles import ArticleQuery, list_articles

    if asked is None or frontier.has_source(archive.catalog, asked):
        return asked
    if asked in archive.sources or list_articles(archive.catalog, ArticleQuery(source=asked, limit=1)):
        return asked
    known = sorted({*archive.sources, *frontier.sources(archive.catalog)})
    same = [name for name in known if name.casefold() == asked.casefold()]
    if len(same) == 1:
        return same[0]
    close = get_close_matches(asked, known, 1) or [name for name in known if asked in name]
    raise NotFound(f'no source "{asked}"', hint=f'did you mean "{close[0]}"?' if close else "pressmark source list")


def find_section(archive: Archive, asked: str | None) -> str | None:
    """Return the name of a section some article is in, in whatever case. Raises NotFound with the nearest."""
    from archive.catalog import names

    if asked is None or names.sections_named(archive.catalog, asked):
        return asked
    raise _no_name("section", asked, names.sections(archive.catalog), "pressmark articles --fields section,title")


def find_author(archive: Archive, asked: str | None) -> str | None:
    """Return the name of an author, or words of one: "tarrow" for Ines Tarrow. Raises NotFound with the nearest."""
    from archive.catalog import names

    if asked is None or names.bylines_of(archive.catalog, asked):
        return asked
    raise _no_name("author", asked, names.authors(archive.catalog), "pressmark articles --fields authors,title")


def _no_name(what: str, asked: str, known: list[str], otherwise: str) -> NotFound:
    from difflib import get_close_matches

    by_lower = {name.casefold(): name for name in known}
    close = get_close_matches(asked.casefold(), by_lower, 1)
    hint = f'did you mean "{by_lower[close[0]]}"?' if close else otherwise
    return NotFound(f'no article has the {what} "{asked}"', hint=hint)


def as_url(asked: str) -> str | None:
    """The canonical URL someone typed, with or without its scheme; None for something else."""
    for typed in (asked, f"https://{asked}") if "://" not in asked and "." in asked else (asked,):
        try:
            return canonical_url(typed)
        except UrlError:
            continue
    return None


def not_found(archive: Archive, asked: str, what: str) -> NotFound:
    """The complaint, with the closest article where one is close."""
    from archive.catalog import articles

    try:
        near = articles.closest(archive.catalog, asked, limit=1)
    except UrlError:
        near = []
    if not near:
        return NotFound(f'no {what} "{asked}"', hint="pressmark articles")
    headline = near[0].headline or near[0].url
    word = next((word for word in headline.split() if len(word) > 4), headline)
    return NotFound(
        f'no {what} "{asked}"',
        context=(f"closest: {near[0].article_id} ({headline})",),
        hint=f'pressmark articles "{word.strip(",.:;!?").lower()}"',
    )
