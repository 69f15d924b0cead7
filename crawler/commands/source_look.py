"""`pressmark source add` and `source test`: the two that look at a site before they say anything."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archive.console.listing import dump
from archive.console.output import next_step, note, say, use_color
from archive.errors import ForbiddenByRobots, Interrupted, SiteUnreachable, UsageError
from archive.times import utc_now
from crawler.commands.shared import SOURCES_FILE, AsJson, SourceName, folder_of, globals_of, settings_of, sources_of

if TYPE_CHECKING:
    from archive.model import Source
    from crawler.config.config_file import Settings
    from crawler.looks.cloak import Seen
    from crawler.looks.look import Look
    from crawler.looks.trial import Trial
    from crawler.looks.visitor import Manners, Visit


class Kind(StrEnum):
    auto = "auto"
    feed = "feed"
    sitemap = "sitemap"
    section = "section"
    crawl = "crawl"
    urls = "urls"


# -- add


def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="A home page, section, feed or sitemap.")],
    name: Annotated[str | None, typer.Option(help="Its name; default: from the host.")] = None,
    kind: Annotated[
        Kind, typer.Option(help="How its articles are found; auto looks for feeds and sitemaps.")
    ] = Kind.auto,
    schedule: Annotated[
        str | None, typer.Option(help='"every 30m", "daily 06:00", "adaptive", cron, "manual".')
    ] = None,
    lang: Annotated[str | None, typer.Option(help="Keep only articles in this language; several with commas.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look only; write nothing.")] = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Add it also where the look found nothing to read.")] = False,
) -> None:
    """Look at a site and add it to sources.toml."""
    from crawler.config.sources_edit import add_source
    from crawler.config.sources_file import find_source
    from crawler.looks.look import look_at, source_for

    folder, settings, sources = folder_of(context), settings_of(context), sources_of(context)
    wanted = checked_url(url)
    chosen = _chosen_options(name, schedule, lang, sources)
    also = [key for key, given in (("schedule", schedule), ("languages", lang)) if given is not None]
    now = utc_now()
    with _watching(context) as on_request:
        look = look_at(wanted, manners_of(settings, _delay(folder)), now, on_request)
    _report(look, now, quiet=globals_of(context).quiet)
    doubt = _doubt(look)
    if doubt is not None and not yes:
        _ask_all_the_same(look, doubt, dry_run=dry_run)
    source = source_for(look, taken=[one.name for one in sources], kind=kind.value, **chosen)
    source = _not_twice(source, sources)
    if dry_run:
        say(f"Would add source '{source.name}' ({_facts(look, source)}); nothing was written (--dry-run)")
        return
    line = add_source(folder / SOURCES_FILE, source, also)
    source = find_source(sources_of(context), source.name)  # with what [defaults] says
    say(f"Added source '{source.name}' ({_facts(look, source)}) to {SOURCES_FILE}:{line}")
    next_step(f"pressmark crawl {source.name} --limit 20")


def checked_url(url: str) -> str:
    """The canonical form of a typed address; "news.example" gets its scheme. Raises UrlError."""
    from archive.urls import canonical_url

    bare = (
        "://" not in url
        and not url.startswith(("/", "."))
        and "." in url.split("/")[0]
        and ":" not in url.split("/")[0]
    )
    return canonical_url(f"https://{url}" if bare else url)


def _chosen_options(
    name: str | None, schedule: str | None, lang: str | None, sources: tuple[Source, ...]
) -> dict[str, Any]:
    """The options, checked before anything is asked of the site. Raises UsageError."""
    from pydantic import TypeAdapter, ValidationError

    from crawler.config.values import Language, Name, Schedule

    def checked(option: str, kind: Any, value: str) -> Any:
        try:
            return TypeAdapter(kind).validate_python(value)
        except ValidationError as error:
            message = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise UsageError(f'{option} "{value}" {message}', hint="pressmark source add --help") from None

    if name is not None:
        checked("--name", Name, name)
        if any(one.name == name for one in sources):
            raise UsageError(f'there is a source "{name}" already', hint=f"pressmark source show {name}")
    if schedule is not None:
        checked("--schedule", Schedule, schedule)
    languages = tuple(checked("--lang", Language, part) for part in (lang or "").split(",") if part.strip())
    return {"name": name, "schedule": schedule, "languages": languages}


def manners_of(settings: Settings, delay_seconds: float) -> Manners:
    """How the settings say we visit."""
    from crawler.identity import user_agent
    from crawler.looks.visitor import Manners

    crawl = settings.crawl
    return Manners(
        agent=user_agent(settings),
        delay_seconds=delay_seconds,
        timeout_seconds=min(crawl.timeout, 30.0),
        allow_private=crawl.allow_private,
        tls_verify=crawl.tls_verify,
    )


def _delay(folder: Path) -> float:
    """Seconds between requests, as [defaults] of sources.toml says."""
    import tomllib

    from crawler.config.values import DefaultsEntry

    path = folder / SOURCES_FILE
    defaults = tomllib.loads(path.read_text("utf-8-sig")).get("defaults", {}) if path.exists() else {}
    return DefaultsEntry.model_validate(defaults).delay


@contextmanager
def _watching(context: typer.Context) -> Iterator[Callable[[str], None]]:
    """Show on a terminal which page is being asked for; elsewhere only with -v."""
    given = globals_of(context)
    out = sys.stderr
    if given.quiet or not (out.isatty() or given.verbose):
        yield lambda url: None
        return
    if not out.isatty() or given.verbose:
        yield lambda url: say(f"  GET {url}", out=out)
        return
    from rich.console import Console

    with Console(file=out, no_color=not use_color(out)).status("looking …") as status:
        yield lambda url: status.update(f"GET {url}")


def _report(look: Look, now: datetime, *, quiet: bool) -> None:
    """Print what was found. Raises ForbiddenByRobots or SiteUnreachable where there is no page to judge by."""
    from crawler.commands.looked import look_lines

    if look.home.denied is not None:
        raise forbidden(look.home)
    if not quiet and look.home.ok:
        say(*look_lines(look, now))


def forbidden(visit: Visit) -> ForbiddenByRobots:
    """robots.txt does not let us fetch a page: with the line that says so."""
    from urllib.parse import urlsplit

    parts = urlsplit(visit.url)
    rule = visit.denied
    if rule is None or rule.line is None:
        return ForbiddenByRobots(
            f"{parts.hostname} cannot be crawled now: {visit.problem}",
            hint="try again later; without its robots.txt nothing is fetched from a site",
        )
    return ForbiddenByRobots(
        f"robots.txt of {parts.netloc} does not allow our agent to fetch {parts.path or '/'} "
        f'(line {rule.line}: "{rule.rule}")',
        context=("nothing was fetched but robots.txt",),
        hint=f"this rule is the publisher's and is not overridden; see {parts.scheme}://{parts.netloc}/robots.txt",
    )


def _doubt(look: Look) -> str | None:
    """Why adding the source would probably be of no use; None where all is well."""
    if not look.home.ok:
        return f"{look.url} gave no page: {look.home.problem}"
    if not look.choice.chosen:
        return "no feed, no sitemap and no links to articles were found"
    if look.samples and not any(one.words for one in look.samples):
        return "none of the sample articles could be read"
    return None


def _ask_all_the_same(look: Look, doubt: str, *, dry_run: bool) -> None:
    """On a terminal, let the user decide. Raises SiteUnreachable elsewhere, Interrupted on no."""
    hint = look.home.hint or f"check the address, or add it all the same: pressmark source add {look.url} -y"
    if dry_run or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise SiteUnreachable(doubt, hint=hint)
    say(doubt, out=sys.stderr)
    if not typer.confirm("Add it all the same?", err=True):
        raise Interrupted("nothing was added")


def _not_twice(source: Source, sources: tuple[Source, ...]) -> Source:
    """The source without the addresses that another one has. Raises UsageError where that leaves none."""
    owners = {url: other.name for other in reversed(sources) for url in other.urls}
    own = tuple(url for url in source.urls if url not in owners)
    if not own:
        name = owners[source.urls[0]]
        raise UsageError(f'source "{name}" has this already: {source.urls[0]}', hint=f"pressmark source show {name}")
    for url in source.urls:
        if url in owners:
            note(f"  left out     {url}: source '{owners[url]}' has it")
    return replace(source, urls=own)


def _facts(look: Look, source: Source) -> str:
    from crawler.commands.looked import kind_words

    return f'kind = {kind_words(source, look.listings)}, schedule = "{source.schedule}"'


# -- test


def test(
    context: typer.Context,
    name: SourceName,
    count: Annotated[int, typer.Option("--n", "-n", min=0, max=50, help="How many articles to try.")] = 5,
    show_robots: Annotated[
        bool, typer.Option("--show-robots", help="Show robots.txt and what it says of our URLs.")
    ] = False,
    cloak: Annotated[
        bool,
        typer.Option("--cloak", help="Ask for articles as browser, as crawler and from a search; keep all."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Try a source: read its listings and a few articles, keep nothing. Exit code 9 if nothing could be read."""
    from crawler.commands.looked import robots_lines, trial_lines
    from crawler.config.sources_file import find_source
    from crawler.looks.trial import try_source

    settings = settings_of(context)
    source = find_source(sources_of(context), name)
    manners = manners_of(settings, source.delay_seconds)
    now = utc_now()
    with _watching(context) as on_request:
        trial = try_source(source, manners, now, 0 if show_robots else count, on_request)
    reached = [sample.url for sample in trial.samples if sample.failure is None]
    if cloak and reached:
        _cloak(context, reached, manners, source.name, as_json=as_json)
        return
    if as_json:
        print(dump(_trial_value(trial), indent=2))
    else:
        say(*(robots_lines(trial, source, manners.agent) if show_robots else trial_lines(trial, now)))
    if not show_robots:
        _verdict(trial, source)
        if not as_json:
            next_step(f"pressmark crawl {name} --limit 20")


def _cloak(context: typer.Context, urls: list[str], manners: Manners, source: str, *, as_json: bool) -> None:
    """Ask for the articles in each guise, keep every exchange, and say what differs."""
    from crawler.crawl.session import location_of
    from crawler.looks.cloak import look
    from crawler.looks.cloak_keeper import CloakKeeper

    settings = settings_of(context)
    with CloakKeeper(location_of(folder_of(context), settings), settings, source) as keeper, _watching(context) as said:
        found = look(urls, manners, keeper.keep, said)
    if as_json:
        print(dump([asdict(one) | {"seen": [_seen_value(seen) for seen in one.seen]} for one in found], indent=2))
        return
    for one in found:
        say(f"{'CLOAKED' if one.cloaked else 'differs' if one.differences else 'same   '}  {one.url}")
        say(*(f"           {line}" for line in one.differences))
    bad = sum(one.cloaked for one in found)
    pages = f"{len(found)} page{'s' * (len(found) != 1)}"
    say(f"{pages} asked for in 3 guises, {bad} cloaked; {keeper.kept} exchanges kept ({', '.join(keeper.files)})")
    next_step(f"pressmark why {found[0].url}" if found else f"pressmark source test {source}")


def _seen_value(seen: Seen) -> dict[str, Any]:
    return asdict(seen) | {"sites": sorted(seen.sites), "fingerprint": f"{seen.fingerprint:016x}"}


def _verdict(trial: Trial, source: Source) -> None:
    """Raise what keeps the source from giving anything: robots.txt, or a site that gives no page."""
    if any(one.readable for one in trial.samples) or (not trial.samples and trial.admitted):
        return
    problems = [one.problem for one in trial.listings if one.problem] + [
        one.failure for one in trial.samples if one.failure
    ]
    if any(one and one.startswith("robots.txt") for one in problems):
        raise ForbiddenByRobots(
            f'robots.txt leaves nothing of source "{source.name}" to fetch',
            hint=f"pressmark source test {source.name} --show-robots",
        )
    hint = next((one.hint for one in trial.listings if one.hint), None) or f"pressmark source edit {source.name}"
    raise SiteUnreachable(
        f'source "{source.name}" gave nothing to read: {problems[0] if problems else "no articles"}', hint=hint
    )


def _trial_value(trial: Trial) -> dict[str, Any]:
    value = asdict(trial)
    value["robots"] = {
        origin: {"status": visit.status, "problem": visit.failure} for origin, (_, visit) in trial.robots.items()
    }
    return value
