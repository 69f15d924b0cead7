"""Which articles: the options that `articles` and `export` share, as one query.

A name nobody has is a mistake, as is an option with nothing behind it (a variable of a script that is not set): "0
articles", or all of them, would look like an answer, and an export would write it down.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.catalog.articles import ArticleQuery

InSource = Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only of this source.")]
InLanguage = Annotated[str | None, typer.Option("--lang", metavar="CODE", help="Only in this language: de, zh, ar …")]
InSection = Annotated[str | None, typer.Option("--section", metavar="NAME", help="Only of this section.")]
ByAuthor = Annotated[str | None, typer.Option("--author", metavar="NAME", help="Only by this author.")]
OfRun = Annotated[str | None, typer.Option("--run", metavar="RUN", help='Only what this run stored; or "last".')]
OfCluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ID|URL", help="Only what says the same as this article, or this cluster."),
]
AllowedFor = Annotated[
    str | None,
    typer.Option(
        "--allowed-for", metavar="AGENT", help="Only what was open to this AI agent when captured (GPTBot …), or all."
    ),
]


def query_of(
    archive: Archive,
    *,
    words: str | None,
    source: str | None,
    lang: str | None,
    section: str | None,
    author: str | None,
    run: str | None,
    cluster: str | None,
    allowed_for: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
) -> ArticleQuery:
    """Return what was asked for. Raises UsageError, and NotFound for a name that nothing has."""
    from archive.answers.lookup import find_author, find_cluster, find_run, find_section, find_source
    from archive.catalog.articles import ArticleQuery

    return ArticleQuery(
        text=_words_of(words),
        source=find_source(archive, source),
        language=_language_of(lang),
        section=find_section(archive, section),
        author=find_author(archive, author),
        run=find_run(archive, run).run_id if run is not None else None,
        cluster=find_cluster(archive, cluster) if cluster is not None else None,
        allowed_for=_agent_of(allowed_for),
        since=since,
        until=until,
        limit=limit,
    )


def _words_of(asked: str | None) -> str | None:
    """The words to look for. Raises UsageError where there are none: that would be no condition at all."""
    from archive.catalog.search import Query, read_query

    if asked is not None and read_query(asked) == Query():
        raise UsageError(f'"{asked}" has no word to look for', hint="letters and digits are found, signs are not")
    return asked


def _language_of(asked: str | None) -> str | None:
    """The code of --lang as records have it: "de" for DE and de-AT. Raises UsageError for a name."""
    code = asked.lower().replace("_", "-").split("-")[0] if asked is not None else None
    if code is not None and not re.fullmatch("[a-z]{2,3}", code):
        raise UsageError(f'--lang "{asked}" is no code of a language', hint="--lang de, en, zh … (ISO 639)")
    return code


def _agent_of(asked: str | None) -> str | None:
    """The agent of --allowed-for as it is known. Raises UsageError."""
    from archive.records.rights import AI_AGENTS, agent_named

    if asked is None or asked == "all":
        return asked
    agent = agent_named(asked)
    if agent is None:
        raise UsageError(
            f'--allowed-for "{asked}" is no agent we ask robots.txt about', hint=f"all, {', '.join(AI_AGENTS)}"
        )
    return agent
