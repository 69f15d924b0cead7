"""`pressmark articles`, `article show|history|diff`, `skipped`, `why`: asking what is kept."""

from __future__ import annotations

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive.commands.shared import AsJson, archive_of, with_listing
from archive.errors import NotFound, UsageError
from archive.output import Listing, dump, heading, next_step, note, paint, plural, print_listing, say

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.catalog.articles import ArticleQuery, ArticleRow
    from archive.diff import Diff

article_app = typer.Typer(no_args_is_help=True, help="One article: what it says, its history, what changed.")

ArticleId = Annotated[str, typer.Argument(metavar="ID", help="The id of an article, or its URL.")]
_MOST_OF_A_CLUSTER = 200  # records that are read to say where a story comes from
_COLUMNS = ("id", "published", "lang", "words", "title")


class Unit(StrEnum):
    words = "words"
    chars = "chars"


@with_listing(times=True)
def articles(
    context: typer.Context,
    *,
    query: Annotated[
        str | None,
        typer.Argument(metavar="[QUERY]", help='Words to find: all of them; "a phrase", -without, begin*.'),
    ] = None,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this source.")] = None,
    lang: Annotated[str | None, typer.Option(metavar="CODE", help="Only in this language: de, zh, ar …")] = None,
    section: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this section.")] = None,
    run: Annotated[str | None, typer.Option(metavar="RUN", help='Only what this run stored; or "last".')] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ID|URL", help="Only what says the same as this article, or this cluster.")
    ] = None,
    listing: Listing,
) -> None:
    """List articles, the newest first; or find those that hold words."""
    from archive.catalog import near
    from archive.catalog.articles import ArticleQuery, count, list_articles
    from archive.lookup import find_cluster, find_run

    with archive_of(context) as archive:
        asked = ArticleQuery(
            text=query,
            source=source,
            language=lang,
            section=section,
            run=find_run(archive, run).run_id if run else None,
            cluster=find_cluster(archive, cluster) if cluster else None,
            since=listing.since,
            until=listing.until,
            limit=listing.row_limit,
        )
        total = count(archive.catalog, asked)
        found = list_articles(archive.catalog, asked)
        clusters = near.clusters_of(archive.catalog, (row.article_id for row in found))
        rows = [_article_row(row, clusters.get(row.article_id)) for row in found]
        print_listing(rows, _COLUMNS, listing, total=total)
        if not listing.for_programs:
            _articles_end(archive, asked, rows, total)


def _articles_end(archive: Archive, asked: ArticleQuery, rows: list[dict[str, Any]], total: int) -> None:
    from archive.catalog.articles import count

    if rows and asked.cluster is not None:
        _cluster_end(archive, asked.cluster, total)
    elif rows:
        note(plural(total, "article"))
        next_step(f"pressmark article show {rows[0]['id']}", f"pressmark why {rows[0]['id']} --text")
    elif count(archive.catalog):
        note("0 articles fit that")
        next_step("pressmark articles")
    else:
        note("0 articles: nothing is stored yet")
        next_step("pressmark crawl", "pressmark skipped")


def _cluster_end(archive: Archive, cluster: str, total: int) -> None:
    """Say whose story it is."""
    from archive.catalog import near
    from archive.catalog.articles import record_of
    from archive.syndication import probable_origin

    names = near.members(archive.catalog, cluster)[:_MOST_OF_A_CLUSTER]
    origin = probable_origin([found for name in names if (found := record_of(archive.catalog, name))])
    held = f" ({origin.article_id})" if origin.article_id else ""
    note(f"{cluster}: {plural(total, 'article')} that say the same")
    note(f"probably from {origin.name}{held}: {origin.evidence}")
    next_step(f"pressmark article show {origin.article_id or names[0]}")


def _article_row(row: ArticleRow, cluster: str | None) -> dict[str, Any]:
    return {
        "id": row.article_id,
        "published": row.date_published,
        "lang": row.language,
        "words": row.words,
        "title": row.headline,
        "source": row.source,
        "section": row.section,
        "authors": row.authors,
        "url": row.url,
        "page_type": row.page_type,
        "revision": row.revision,
        "first_seen": row.first_seen,
        "last_seen": row.last_seen,
        "run": row.run,
        "cluster": cluster,
    }


@article_app.command("show")
def show(
    context: typer.Context,
    article: ArticleId,
    text: Annotated[bool, typer.Option("--text", help="Only the text.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The whole record.")] = False,
    as_markdown: Annotated[bool, typer.Option("--md", help="As Markdown.")] = False,
    revision: Annotated[int | None, typer.Option("-r", "--revision", min=1, help="An earlier revision.")] = None,
) -> None:
    """Show an article: its head, then its text."""
    from archive.lookup import find_article

    if text + as_json + as_markdown > 1:
        raise UsageError("only one of --text, --json and --md can be given", hint="leave out all but one")
    with archive_of(context) as archive:
        row = find_article(archive, article)
        record = _record(archive, row, revision)
    if as_json:
        print(dump(record, indent=2))
    elif text:
        say(record["text"])
    elif as_markdown:
        say(*_markdown(record))
    else:
        heading(record["headline"] or "(no headline)")
        say(*_facts(record), "", record["text"])
        next_step(f"pressmark why {row.article_id} --text", f"pressmark article history {row.article_id}")


def _record(archive: Archive, row: ArticleRow, number: int | None) -> dict[str, Any]:
    from archive.catalog.articles import record_of

    record = record_of(archive.catalog, row.article_id, number=number)
    if record is None:
        raise NotFound(f"{row.article_id} has no revision {number}", hint=f"pressmark article history {row.article_id}")
    return record


def _facts(record: dict[str, Any]) -> list[str]:
    capture, reading = record["capture"], record["extraction"]
    authors = ", ".join(author["name"] for author in record["authors"])
    values = [
        ("url", record["url"]),
        ("source", record["source"]),
        ("authors", authors),
        ("published", _when(record)),
        ("modified", record["date_modified"]),
        ("language", record["language"]),
        ("section", record["section"]),
        ("kind", record["page_type"] if record["page_type"] != "article" else None),
        ("integrity", record["integrity"]["verdict"]),
        ("words", f"{record['word_count']:,} ({record['char_count']:,} characters)"),
        ("revision", f"{record['revision']}, first seen {record['first_seen']}, last {record['last_seen']}"),
        ("bytes", f"{capture['warc_file']} at {capture['warc_offset']}, {capture['payload_digest']}"),
        ("read by", f"{reading['tool']} {reading['version']}, {reading['profile']}"),
    ]
    return [f"  {name:<10} {value}" for name, value in values if value]


def _when(record: dict[str, Any]) -> str | None:
    if not record["date_published"]:
        return None
    precision = record["date_published_precision"]
    return f"{record['date_published']} (to the {precision}, from {record['date_published_from'] or 'the page'})"


def _markdown(record: dict[str, Any]) -> list[str]:
    lines = [f"# {record['headline'] or record['url']}", ""]
    authors = ", ".join(author["name"] for author in record["authors"])
    facts = [fact for fact in (authors, record["date_published"], f"<{record['url']}>") if fact]
    lines += [" · ".join(facts), ""]
    for paragraph in record["text"].split("\n"):
        lines += [paragraph, ""]
    return lines[:-1]


@article_app.command("history")
@with_listing
def history(context: typer.Context, *, article: ArticleId, listing: Listing) -> None:
    """List the revisions of an article, and how much of the text changed."""
    from archive.catalog.articles import record_of, revisions_of
    from archive.diff import diff_records
    from archive.lookup import find_article

    with archive_of(context) as archive:
        row = find_article(archive, article)
        found = revisions_of(archive.catalog, row.article_id)
        rows: list[dict[str, Any]] = []
        before: tuple[str, dict[str, Any]] | None = None
        for one in found:
            record = record_of(archive.catalog, row.article_id, number=one.number, extractor=one.extractor) or {}
            same = before is not None and before[0] == one.extractor
            diff = diff_records(before[1], record) if same and before else None
            rows.append(_revision_row(one, record, diff))
            before = (one.extractor, record)
    columns = ("revision", "first_seen", "last_seen", "words", "added", "removed", "title")
    print_listing(rows, columns, listing, total=len(rows))
    if not listing.for_programs:
        note(plural(len(rows), "revision") + f" of {row.article_id}")
        if len(rows) > 1:
            next_step(f"pressmark article diff {row.article_id}")


def _revision_row(one: Any, record: dict[str, Any], diff: Diff | None) -> dict[str, Any]:
    return {
        "revision": one.number,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "words": record.get("word_count"),
        "added": diff.words_added if diff else None,
        "removed": diff.words_removed if diff else None,
        "title": record.get("headline"),
        "content_hash": one.content_hash,
        "extractor": one.extractor,
        "warc_record_id": one.record_id,
    }


@article_app.command("diff")
def diff(
    context: typer.Context,
    article: ArticleId,
    before: Annotated[int | None, typer.Argument(metavar="[REV1]", min=1, help="Default: the one before.")] = None,
    after: Annotated[int | None, typer.Argument(metavar="[REV2]", min=1, help="Default: the newest.")] = None,
    unit: Annotated[Unit, typer.Option("--by", help="Compare word by word or character by character.")] = Unit.words,
    as_json: AsJson = False,
) -> None:
    """Show what changed between two revisions: title, dates and authors first, then the text."""
    from archive.diff import diff_records
    from archive.lookup import find_article

    with archive_of(context) as archive:
        row = find_article(archive, article)
        newest = after or row.revision
        oldest = before if before is not None else newest - 1
        if oldest < 1:
            note(f"{row.article_id} has one revision; nothing has changed since {row.first_seen:%Y-%m-%d %H:%M}")
            if as_json:
                print(dump(None))
            return
        found = diff_records(_record(archive, row, oldest), _record(archive, row, newest), unit.value)
    if as_json:
        print(dump({"id": row.article_id, "before": oldest, "after": newest, **found.as_dict()}, indent=2))
        return
    heading(f"{row.article_id}  revision {oldest} → {newest}")
    _print_diff(found)
    note(f"+{found.words_added} −{found.words_removed} words" + (" (minor)" if found.is_minor else ""))


def _print_diff(found: Diff, around: int = 80) -> None:
    for change in found.fields:
        say(f"  {change.field:<15} {change.before or '–'} → {change.after or '–'}")
    parts: list[str] = []
    for piece in found.pieces:
        if piece.change == "same":
            parts.append(_shortened(piece.text, around))
        elif piece.change == "removed":
            parts.append(_signed("[−", piece.text, "−]", "red"))
        else:
            parts.append(_signed("{+", piece.text, "+}", "green"))
    if any(piece.change != "same" for piece in found.pieces):
        print("".join(parts))


def _signed(begin: str, text: str, end: str, colour: str) -> str:
    """Signs and colour: never colour alone."""
    from archive.output import safe

    return paint(f"{begin}{safe(text)}{end}", colour, sys.stdout)


def _shortened(text: str, around: int) -> str:
    from archive.output import safe

    shown = safe(text)
    return shown if len(shown) <= 2 * around else f"{shown[:around]} … {shown[-around:]}"


@with_listing(times=True)
def skipped(
    context: typer.Context,
    *,
    reason: Annotated[str | None, typer.Option(metavar="REASON", help="robots, offsite, too_short …")] = None,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this source.")] = None,
    run: Annotated[str | None, typer.Option(metavar="RUN", help='Only of this run; "last" for the last.')] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed, not what was left out.")] = False,
    listing: Listing,
) -> None:
    """List the URLs that were not stored, with the reason."""
    from archive.catalog.frontier import skipped as ask
    from archive.lookup import find_run

    with archive_of(context) as archive:
        run_id = find_run(archive, run).run_id if run else None
        found = [
            one
            for one in ask(archive.catalog, reason=reason, source=source, run=run_id)
            if (listing.since is None or one.at >= listing.since)
            and (listing.until is None or one.at < listing.until)
            and (not failed or one.kind == "failed")
        ]
    rows = (_skipped_row(one) for one in found)
    print_listing(rows, ("kind", "reason", "source", "at", "url"), listing, total=len(found))
    if not listing.for_programs:
        note(_reasons(found) or "0 URLs were left out")
        if found:
            next_step(f"pressmark why {found[0].url}")


def _skipped_row(one: Any) -> dict[str, Any]:
    """pressmark.skipped/1, with its kind."""
    values = asdict(one)
    return {
        "schema": "pressmark.skipped/1",
        "kind": values["kind"],
        "url": values["url"],
        "source": values["source"],
        "run": values["run"],
        "reason": values["reason"],
        "detail": values["detail"],
        "found_in": values["found_in"],
        "depth": values["depth"],
        "at": values["at"],
        "warc_record_id": values["record_id"],
    }


def _reasons(found: list[Any]) -> str:
    from collections import Counter

    counted = Counter((one.kind, one.reason) for one in found)
    parts = [f"{count:,} {reason or kind}" for (kind, reason), count in counted.most_common()]
    return plural(len(found), "URL") + ": " + " · ".join(parts) if parts else ""


def why(
    context: typer.Context,
    asked: Annotated[str, typer.Argument(metavar="URL|ID", help="A URL, or the id of an article.")],
    text: Annotated[bool, typer.Option("--text", help="Every block of the page, kept or dropped, and why.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the page as it came to a file; - for stdout.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explain what became of a URL, and how an article was read from its page."""
    from archive.explain import explain, lines, raw_html, to_change

    with archive_of(context) as archive:
        found = explain(archive, asked, with_blocks=text or as_json)
        body = raw_html(archive, found) if html else None
    if html is not None and body is not None:
        _write(html, body)
    if as_json:
        print(dump(found.as_dict(), indent=2))
    elif html is None or str(html) != "-":
        say(*lines(found, with_blocks=text))
        if change := to_change(found):
            say(f"  to change   {change}")
        if found.article_id:
            next_step(f"pressmark article show {found.article_id}")


def _write(path: Path, body: bytes) -> None:
    if str(path) == "-":
        sys.stdout.buffer.write(body)
        return
    path.write_bytes(body)
    note(f"{path}: {plural(len(body), 'byte')}, as the publisher sent them without the content coding")
