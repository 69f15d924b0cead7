"""What a perfect archive would say of The Daily Example: the expected reading of each story and outcome of each URL.

`readings(moment, hosts)` gives what a page says at a moment; `expectations(hosts)` what a crawl at `MORNING` and a
second one at `NEXT_MORNING`, asking for everything again, should report. Both follow from the same data files the
pages are made of, so they cannot drift from what is served.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from crawler.demo.hijack import BRAND, BRAND_LONG, injected
from crawler.demo.pages import page_path
from crawler.demo.publisher import HOME, MORNING, NEXT_MORNING, ODD
from crawler.demo.stories import Piece, Story, load_outlets, load_stories, story_at

Outcome = Literal["stored", "unchanged", "changed", "skipped", "failed", "moved", "part", "absent"]
_IN_TEXT = ("p", "h2", "quote", "list", "table", "entry")
_NOT_IN_TEXT = ("ad", "promo")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a perfect reading of a story's page gives. `text` has one paragraph, item or row a line.

    Of a hijacked page, headline and text are those the paper wrote: what a reading may mark as lost, never guess.
    Compare with white space folded: the papers use ideographic spaces.
    """

    url: str
    outlet: str
    key: str
    page_type: str
    language: str
    headline: str
    authors: tuple[str, ...]
    published: datetime
    modified: datetime | None
    section: str
    credit: str
    text: str
    must: tuple[str, ...]  # whole paragraphs that must be in the text
    must_not: tuple[str, ...]  # words on the page that must not
    charset: str = "utf-8"  # WHATWG name
    hijacked: bool = False
    injected: int = 0  # words of the text lost to the brand


@dataclass(frozen=True, slots=True)
class Expected:
    """The outcome of a URL in the first and in the second crawl.

    `stored` is new; `unchanged` the same text (a 304, the same bytes, or only chrome and dates differ); `changed` a
    new revision; `part` a further page of a story; `absent` not yet listed. `reason` is that of the outcome.
    """

    url: str
    first: Outcome
    second: Outcome
    first_reason: str = ""
    second_reason: str = ""
    second_status: int = 0  # of a story asked for conditionally in the second crawl; 0 where it says nothing
    listed: bool = True  # found through the sources of sources_toml(); else known only by its URL


def readings(moment: datetime, hosts: Mapping[str, str]) -> list[Reading]:
    """Return the reading of every story published and standing at `moment`, by outlet and key."""
    found = (story_at(story, moment) for story in load_stories())
    return [_reading(story, hosts, moment) for story in found if isinstance(story, Story)]


def expectations(hosts: Mapping[str, str]) -> list[Expected]:
    """Return the expected outcome of every URL the sources lead to, stories first."""
    return [*(found for story in load_stories() for found in _of_story(story, hosts)), *_of_odd_paths(hosts)]


def furniture(hosts: Mapping[str, str]) -> list[str]:
    """Return the URLs of front pages, sections and pages of the house: fetched perhaps, never stored as articles."""
    outlets = load_outlets().values()
    found = [hosts[o.key] + path for o in outlets for path in o.pages if not path.endswith("*")]
    sections = [f"{hosts[o.key]}/{section}/" for o in outlets for section in o.sections]
    return [*(f"{hosts[o.key]}/" for o in outlets), *sections, *found]


def moved_between(kind: str) -> list[str]:
    """Return the keys of the stories with a change of a kind: "rewrite", "typo", "touch" or "gone"."""
    return [s.key for s in load_stories() if any(change.kind == kind for change in s.changes)]


def _reading(story: Story, hosts: Mapping[str, str], moment: datetime) -> Reading:
    outlet = load_outlets()[story.outlet]
    pieces = [piece for piece in story.pieces if piece.kind in _IN_TEXT]
    lines = [line for piece in pieces for line in _lines(piece)]
    taken = outlet.hijacked_from is not None and moment >= outlet.hijacked_from and not story.never_hijacked
    text = "\n".join(lines)
    noise = [piece.plain for piece in story.pieces if piece.kind in _NOT_IN_TEXT]
    return Reading(
        url=hosts[story.outlet] + story.path,
        outlet=story.outlet,
        key=story.key,
        page_type=story.page_type,
        language=outlet.language,
        headline=story.headline,
        authors=story.authors,
        published=story.published,
        modified=story.modified,
        section=outlet.sections.get(story.section, ""),
        credit=story.credit,
        text=text,
        must=tuple(piece.plain for piece in pieces if piece.kind == "p"),
        must_not=(*outlet.chrome, *noise, *((BRAND, BRAND_LONG) if taken else ())),
        charset="gb18030" if story.charset == "gb2312" else story.charset,
        hijacked=taken,
        injected=injected(text) if taken else 0,
    )


def _lines(piece: Piece) -> Iterator[str]:
    if piece.rows:
        yield from (" ".join(row) for row in piece.rows)
    else:
        yield piece.plain


def _of_story(story: Story, hosts: Mapping[str, str]) -> Iterator[Expected]:
    url = hosts[story.outlet] + story.path
    first, first_reason = _outcome(story, MORNING)
    second, second_reason = _outcome(story, NEXT_MORNING)
    if story.published > MORNING:
        first, first_reason = "absent", ""
    elif second == "stored" == first:
        second = _second(story)
    status = _second_status(story) if first == "stored" else 0
    yield Expected(url, first, second, first_reason, second_reason, status, story.listed or story.outlet == ODD)
    for page in range(2, len(story.pages) + 1):
        yield Expected(hosts[story.outlet] + page_path(story, page), "part", "part", listed=False)


def _outcome(story: Story, moment: datetime) -> tuple[Outcome, str]:
    standing = story_at(story, moment)
    if not isinstance(standing, Story):
        return "failed", "http_error"
    if story.behaviour == "forbidden":
        return "failed", "http_error"
    if story.behaviour == "slow":
        return "failed", "timeout"
    if story.behaviour == "cut":
        return "failed", "disconnect"
    match story.page_type:
        case "article" | "live_blog":
            return "stored", ""
        case "paywall":
            return "skipped", "paywall"
        case _:
            return "skipped", "not_article"


def _second(story: Story) -> Outcome:
    kinds = {change.kind for change in story.changes if MORNING < change.at <= NEXT_MORNING}
    taken = load_outlets()[story.outlet].hijacked_from is not None and not story.never_hijacked
    return "changed" if kinds & {"rewrite", "typo"} or taken else "unchanged"


def _second_status(story: Story) -> int:
    standing = story_at(story, NEXT_MORNING)
    if not isinstance(standing, Story):
        return standing
    dynamic = load_outlets()[story.outlet].validators == "none"
    same = standing == story_at(story, MORNING) and not dynamic and _second(story) == "unchanged"
    return 304 if same else 200


def _of_odd_paths(hosts: Mapping[str, str]) -> Iterator[Expected]:
    odd = hosts[ODD]
    table: tuple[tuple[str, tuple[Outcome, str]], ...] = (
        ("/old/clock-winder", ("moved", "")),
        ("/r/1", ("moved", "")),
        ("/r/loop", ("failed", "redirects")),
        ("/out", ("skipped", "redirect_offsite")),
        ("/missing/page", ("failed", "http_error")),
        ("/gone/fair-1998", ("failed", "http_error")),
        ("/large/ledger", ("skipped", "size")),
        ("/files/minutes.pdf", ("skipped", "mime")),
        ("/private/desk", ("skipped", "robots")),
    )
    for path, (kind, reason) in table:
        yield Expected(odd + path, kind, kind, reason, reason)


__all__ = ["HOME", "Expected", "Reading", "expectations", "furniture", "moved_between", "readings"]
