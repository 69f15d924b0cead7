"""`pressmark articles`, `article show`, `skipped`, `why`: asking what is kept."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive.commands.choosing import AllowedFor, ByAuthor, InLanguage, InSection, InSource, OfCluster, OfRun, query_of
from archive.commands.history import ArticleId, article_app, record_of_revision
from archive.commands.shared import AsJson, archive_of, with_listing
from archive.console.listing import Listing, dump, print_listing
from archive.console.output import heading, next_step, note, plural, say
from archive.errors import UsageError
from archive.times import parse_rfc3339

if TYPE_CHECKING:
    from archive.archive import Archive
    from archive.catalog.articles import ArticleQuery, ArticleRow
    from archive.catalog.outcomes import Skipped

_MOST_OF_A_CLUSTER = 200  # records that are read to say where a story comes from
_PARTS_OF_A_SECOND = re.compile(r"\.\d+")
_ZONE = re.compile(r"[+-]\d\d:\d\d")
_ASSUMED = re.compile(r"^.*?([+-]\d\d:\d\d) assumed$")
_COLUMNS = ("id", "published", "lang", "words", "title")


@with_listing(times=True)
def articles(
    context: typer.Context,
    *,
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORDS", help="Words to find: all of them; '\"a phrase\"', 'wanted -unwanted', begin*."),
    ] = None,
    source: InSource = None,
    lang: InLanguage = None,
    section: InSection = None,
    author: ByAuthor = None,
    run: OfRun = None,
    cluster: OfCluster = None,
    allowed_for: AllowedFor = None,
    listing: Listing,
) -> None:
    """List articles, the newest first by when they were published (or seen first); or find those that hold words."""
    from archive.catalog import near
    from archive.catalog.articles import count, list_articles

    with archive_of(context) as archive:
        asked = query_of(
            archive,
            words=" ".join(query) if query else None,
            source=source,
            lang=lang,
            section=section,
            author=author,
            run=run,
            cluster=cluster,
            allowed_for=allowed_for,
            since=listing.since,
            until=listing.until,
            limit=listing.row_limit,
        )
        total = count(archive.catalog, asked)
        found = list_articles(archive.catalog, asked) if total else []
        clusters = near.clusters_of(archive.catalog, (row.article_id for row in found))
        rows = [_article_row(row, clusters.get(row.article_id)) for row in found]
        print_listing(rows, _COLUMNS, listing, total=total)
        if not listing.for_programs:
            _articles_end(archive, asked, rows, total)


def _articles_end(archive: Archive, asked: ArticleQuery, rows: list[dict[str, Any]], total: int) -> None:
    from archive.catalog.articles import count
    from archive.catalog.names import languages

    if rows and asked.cluster is not None:
        _cluster_end(archive, asked.cluster, total)
    elif rows:
        note(plural(total, "article"))
        next_step(f"pressmark article show {rows[0]['id']}", f"pressmark why {rows[0]['id']} --text")
    elif count(archive.catalog):
        there = f"; there are some in {', '.join(languages(archive.catalog))}" if asked.language else ""
        note("0 articles fit that" + there)
        next_step("pressmark articles")
    else:
        note("0 articles: nothing is stored yet")
        next_step("pressmark crawl", "pressmark skipped")


def _cluster_end(archive: Archive, cluster: str, total: int) -> None:
    """Say whose story it is."""
    from archive.catalog import near
    from archive.catalog.revisions import record_of
    from archive.revisions.syndication import probable_origin

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
    marked: Annotated[bool, typer.Option("--marked", help="Only the text, what was put into it in ⟦…⟧.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The whole record.")] = False,
    as_markdown: Annotated[bool, typer.Option("--md", help="As Markdown.")] = False,
    as_tei: Annotated[bool, typer.Option("--tei", help="As TEI XML.")] = False,
    revision: Annotated[int | None, typer.Option("-r", "--revision", min=1, help="An earlier revision.")] = None,
) -> None:
    """Show an article: its head, then its text."""
    from archive.answers.lookup import find_article
    from archive.export.markup import markdown, tei

    if text + marked + as_json + as_markdown + as_tei > 1:
        raise UsageError(
            "only one of --text, --marked, --json, --md and --tei can be given", hint="leave out all but one"
        )
    with archive_of(context) as archive:
        row = find_article(archive, article)
        record = record_of_revision(archive, row, revision)
    if as_json:
        print(dump(record, indent=2))
    elif text or marked:
        say(record["text_marked"] or record["text"] if marked else record["text"])
    elif as_markdown:
        print(markdown(record), end="")
    elif as_tei:
        print(tei(record).decode(), end="")
    else:
        heading(record["headline"] or "(no headline)")
        say(*_facts(record), "", record["text"])
        next_step(f"pressmark why {row.article_id} --text", f"pressmark article history {row.article_id}")


def _facts(record: dict[str, Any]) -> list[str]:
    capture, reading = record["capture"], record["extraction"]
    authors = ", ".join(author["name"] for author in record["authors"])
    first_seen, last_seen = (_PARTS_OF_A_SECOND.sub("", record[name]) for name in ("first_seen", "last_seen"))
    values = [
        ("url", record["url"]),
        ("source", record["source"]),
        ("authors", authors),
        ("published", _when(record)),
        ("modified", record["date_modified"]),
        ("taken from", record["republished_from"]),
        ("language", record["language"]),
        ("section", record["section"]),
        ("kind", record["page_type"] if record["page_type"] != "article" else None),
        ("integrity", _integrity(record)),
        ("words", f"{record['word_count']:,} ({record['char_count']:,} characters)"),
        ("revision", f"{record['revision']}, first seen {first_seen}, last {last_seen}"),
        ("bytes", f"{capture['warc_file']} at {capture['warc_offset']}, {capture['payload_digest']}"),
        ("read by", f"{reading['tool']} {reading['version']}, {reading['profile']}"),
    ]
    return [f"  {name:<10} {value}" for name, value in values if value]


def _integrity(record: dict[str, Any]) -> str:
    """The verdict, and how much was taken out of the text."""
    found = record["integrity"]
    if found["verdict"] == "clean":
        return "clean"
    out = sum(span["start"] >= 0 and span["action"] in ("redacted", "dropped") for span in found["spans"])
    gone = f", {plural(out, 'string')} taken out of the text (--marked shows them)" if out else ""
    return f"{found['verdict']}{gone}"


def _when(record: dict[str, Any]) -> str | None:
    if not record["date_published"]:
        return None
    precision = record["date_published_precision"]
    return f"{_there(record)} (to the {precision}, from {record['date_published_from'] or 'the page'})"


def _there(record: dict[str, Any]) -> str:
    """The time as the paper's readers have it, in the zone that it states or that was assumed; else in UTC."""
    said: str = record["date_published"]
    zone = record["date_published_zone"] or _ASSUMED.sub(r"\1", record["date_published_from"] or "")
    if not _ZONE.fullmatch(zone) or zone == "+00:00" or record["date_published_precision"] not in ("second", "minute"):
        return said
    return parse_rfc3339(said).astimezone(datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").tzinfo).isoformat()


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
    from archive.answers.lookup import find_run, find_source

    with archive_of(context) as archive:
        source = find_source(archive, source)
        run_id = find_run(archive, run).run_id if run is not None else None
        found = [
            one
            for one in _left(archive, reason, source, run_id)
            if (listing.since is None or one.at >= listing.since)
            and (listing.until is None or one.at < listing.until)
            and (not failed or one.kind == "failed")
        ]
        there = "" if found or not reason else _reasons(_left(archive, None, source, run_id))
    rows = (_skipped_row(one) for one in found)
    print_listing(rows, ("kind", "reason", "source", "at", "url"), listing, total=len(found))
    if not listing.for_programs:
        note(
            _reasons(found)
            or "0 URLs were left out" + (f" for this reason; there are: {there}" if reason and there else "")
        )
        if found:
            next_step(f"pressmark why {found[0].url}")


def _left(archive: Archive, reason: str | None, source: str | None, run_id: str | None) -> list[Skipped]:
    """What is left out now; or what a run left out, whatever later ones found out."""
    from archive.answers.run_outcomes import skipped_in_run
    from archive.catalog.outcomes import skipped

    if run_id is None:
        return skipped(archive.catalog, reason, source)
    left = skipped_in_run(archive, run_id)
    return [one for one in left if reason in (None, one.reason) and source in (None, one.source)]


def _skipped_row(one: Any) -> dict[str, Any]:
    """The `pressmark.skipped/1` record of a URL (archive/records/record_shape.py)."""
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
    from archive.answers.explain import explain, raw_html
    from archive.answers.explain_lines import lines, to_change

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
