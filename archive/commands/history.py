"""`pressmark article history|diff` and `gone`: what became of a story since it was first seen."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive.commands.shared import AsJson, archive_of, with_listing
from archive.console.listing import Listing, dump, print_listing
from archive.console.output import heading, next_step, note, paint, plural, safe, say
from archive.errors import NotFound

if TYPE_CHECKING:
    from archive.answers.history import Gone, Step
    from archive.archive import Archive
    from archive.catalog.articles import ArticleRow
    from archive.revisions.diff import Diff

article_app = typer.Typer(no_args_is_help=True, help="One article: what it says, its history, what changed.")

ArticleId = Annotated[str, typer.Argument(metavar="ID", help="The id of an article, or its URL.")]
Minor = Annotated[bool, typer.Option("--minor", help="Small changes, too: slips mended, dates, authors, furniture.")]


class Unit(StrEnum):
    words = "words"
    chars = "chars"


def record_of_revision(archive: Archive, row: ArticleRow, number: int | None) -> dict[str, Any]:
    """The record of a revision, None for the current one. Raises NotFound."""
    from archive.catalog.revisions import record_of

    record = record_of(archive.catalog, row.article_id, number=number)
    if record is None:
        raise NotFound(f"{row.article_id} has no revision {number}", hint=f"pressmark article history {row.article_id}")
    return record


@article_app.command("history")
@with_listing
def history(
    context: typer.Context,
    *,
    article: ArticleId,
    minor: Minor = False,
    everything: Annotated[bool, typer.Option("--all", help="Also as other extractors read it.")] = False,
    listing: Listing,
) -> None:
    """List the revisions of an article, what kind of change each is, and what else happened to its page.

    In the order of time; of many the newest.
    """
    from archive.answers.history import steps_of
    from archive.answers.lookup import find_article

    with archive_of(context) as archive:
        row = find_article(archive, article)
        steps = steps_of(archive, row.article_id)
    told = steps if everything else _of_one_reading(steps, row.extractor)
    shown = [step for step in told if minor or not step.is_minor]
    rows = [_step_row(step) for step in shown]
    newest = rows[-listing.row_limit :] if listing.row_limit else rows
    several = len({row["extractor"] for row in rows if row["extractor"]}) > 1
    columns = ("revision", "first_seen", "last_seen", "change", "added", "removed", *["extractor"] * several, "title")
    print_listing(newest, columns, listing, total=len(rows))
    if not listing.for_programs:
        _history_end(row, told, len(told) - len(shown), len(steps) - len(told))


def _of_one_reading(steps: list[Step], extractor: str) -> list[Step]:
    """The steps without what other extractors read while this one did: the same texts, once more."""
    begins = min(step.at for step in steps if step.revision and step.revision.extractor == extractor)
    return [one for one in steps if not one.revision or one.revision.extractor == extractor or one.at < begins]


def _history_end(row: ArticleRow, steps: list[Step], hidden: int, of_others: int) -> None:
    revisions = sum(step.revision is not None for step in steps)
    left_out = f" · {plural(hidden, 'small change')} not shown (--minor)" if hidden else ""
    left_out += f" · {of_others:,} as other extractors read it not shown (--all)" if of_others else ""
    note(plural(revisions, "revision") + f" of {row.article_id}" + left_out)
    if revisions > 1:
        next_step(f"pressmark article diff {row.article_id}")


def _step_row(step: Step) -> dict[str, Any]:
    revision, event, record = step.revision, step.event, step.record or {}
    capture = record.get("capture") or {}
    kinds = step.change.kinds if step.change else (event.kind,) if event else ()
    return {
        "revision": revision.number if revision else None,
        "first_seen": step.at,
        "last_seen": revision.last_seen if revision else None,
        "change": step.in_words,
        "kinds": list(kinds),
        "words": record.get("word_count"),
        "added": step.words_added,
        "removed": step.words_removed,
        "title": record.get("headline"),
        "detail": dict(event.detail) if event else None,
        "content_hash": revision.content_hash if revision else None,
        "extractor": revision.extractor if revision else None,
        "warc_record_id": revision.record_id if revision else event.after if event else None,
        "warc_file": capture.get("warc_file"),
        "warc_offset": capture.get("warc_offset"),
    }


@article_app.command("diff")
def diff(
    context: typer.Context,
    article: ArticleId,
    before: Annotated[int | None, typer.Argument(metavar="[REV1]", min=1, help="The older one.")] = None,
    after: Annotated[int | None, typer.Argument(metavar="[REV2]", min=1, help="Default: the newest.")] = None,
    unit: Annotated[Unit, typer.Option("--by", help="Compare word by word or character by character.")] = Unit.words,
    minor: Minor = False,
    as_json: AsJson = False,
) -> None:
    """Show what changed between two revisions: title, dates and authors first, then the text.

    Without numbers it is the last change of more than a slip.
    """
    from archive.answers.lookup import find_article
    from archive.revisions.changes import classify, said_in
    from archive.revisions.diff import diff_records

    with archive_of(context) as archive:
        row = find_article(archive, article)
        pair, skipped = _pair(archive, row, before, after, minor=minor)
        if pair is None:
            note(_nothing(row, skipped))
            if as_json:
                print(dump(None))
            return
        old, new = (record_of_revision(archive, row, number) for number in pair)
    found, change = diff_records(old, new, unit.value), classify(said_in(old), said_in(new))
    if as_json:
        known = {"id": row.article_id, "before": pair[0], "after": pair[1], "kinds": list(change.kinds)}
        print(dump(known | found.as_dict(), indent=2))
        return
    heading(f"{row.article_id}  revision {pair[0]} → {pair[1]}  {change.in_words}")
    _print_diff(found if minor else found.without_minor_fields())
    note(f"+{found.words_added} −{found.words_removed} words" + (" (minor)" if change.is_minor else ""))
    if skipped:
        note(f"{plural(skipped, 'later small change')} not shown (--minor)")


def _pair(
    archive: Archive, row: ArticleRow, before: int | None, after: int | None, *, minor: bool
) -> tuple[tuple[int, int] | None, int]:
    """The two revisions to compare, if there are two, and how many small changes after them were passed over."""
    from archive.answers.history import steps_of

    if before is not None or after is not None:
        newest = after or row.revision
        alone = before is None or (after is None and before == newest)  # of the newest: what it changed
        oldest = newest - 1 if alone else before
        return ((oldest, newest) if oldest else None), 0
    steps = [
        one for one in steps_of(archive, row.article_id) if one.revision and one.revision.extractor == row.extractor
    ]
    passed = 0
    for earlier, later in zip(reversed(steps[:-1]), reversed(steps), strict=False):
        assert earlier.revision is not None and later.revision is not None
        if minor or not later.is_minor:
            return (earlier.revision.number, later.revision.number), passed
        passed += 1
    return None, passed


def _nothing(row: ArticleRow, skipped: int) -> str:
    if skipped:
        return f"{row.article_id} has only small changes (--minor shows them)"
    return f"{row.article_id} has one revision; nothing has changed since {row.first_seen:%Y-%m-%d %H:%M}"


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
    return paint(f"{begin}{safe(text)}{end}", colour, sys.stdout)


def _shortened(text: str, around: int) -> str:
    shown = safe(text)
    return shown if len(shown) <= 2 * around else f"{shown[:around]} … {shown[-around:]}"


@with_listing(times=True)
def gone(
    context: typer.Context,
    *,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this source.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what has come back since.")] = False,
    listing: Listing,
) -> None:
    """List articles that are no longer where they were: taken down, redirected, walled off, forbidden."""
    from archive.answers.history import disappeared
    from archive.answers.lookup import find_source

    with archive_of(context) as archive:
        source = find_source(archive, source)
        found = disappeared(archive, source=source, since=listing.since, until=listing.until, with_returned=everything)
    rows = [_gone_row(one) for one in found]
    print_listing(rows, ("gone_since", "kind", "source", "id", "returned", "title"), listing, total=len(rows))
    if not listing.for_programs:
        note(f"{plural(len(rows), 'article')} gone" if rows else "0 articles gone: everything is where it was")
        if rows and rows[0]["id"]:
            next_step(f"pressmark article show {rows[0]['id']}", f"pressmark article history {rows[0]['id']}")


def _gone_row(one: Gone) -> dict[str, Any]:
    from archive.revisions.watch import IN_WORDS
    from archive.times import parse_rfc3339

    event = one.event
    return {
        "gone_since": parse_rfc3339(one.since) if one.since else event.at,
        "kind": event.kind,
        "meaning": IN_WORDS.get(event.kind),
        "at": event.at,
        "returned": one.returned,
        "source": event.source,
        "id": event.article_id,
        "title": one.title,
        "url": event.url,
        "detail": dict(event.detail),
        "before": event.before,
        "after": event.after,
        "run": event.run,
    }
