"""The stories of The Daily Example: data files in, frozen values out.

A story is a file `site/OUTLET/NAME.txt`: TOML between two `+++` lines, then the text in pieces parted by empty
lines. In order: the nouns (Piece, Change, Story, Outlet), `load_outlets`, `load_stories`, `story_at` (what the clock
makes of a story), and the little markup:

    ## words        a sub-heading             > words            a quote
    - words         items of a list           | a | b |          rows of a table
    !image FILE | caption | credit            !entry 09:40 | title   (live blog; paragraphs follow)
    !ad words       !promo words (path)       !embed words       !page   (the next page begins)
    [words](path)   a link inside a paragraph
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

SITE: Traversable = files("crawler.demo") / "site"
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a story. `kind`: p, h2, quote, list, table, image, entry, ad, promo, embed or page.

    `text` is the paragraph, caption or title; `rows` the cells of a table or the items of a list (one cell each);
    `extra` the credit of an image, the time of an entry, the path of a promotion; `file` an image's name.
    """

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    extra: str = ""
    file: str = ""

    @property
    def plain(self) -> str:
        """The words a reader sees, links unwrapped."""
        return _LINK.sub(r"\1", self.text)


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to a story at a moment: new words, a new date, or a status instead of a page."""

    at: datetime
    kind: str  # "rewrite", "typo", "touch", "gone"
    headline: str | None = None
    swap: tuple[tuple[str, str], ...] = ()
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A story as it stands at one moment. `published` keeps the outlet's own offset."""

    key: str
    outlet: str
    path: str
    section: str
    headline: str
    published: datetime
    pieces: tuple[Piece, ...]
    standfirst: str = ""
    authors: tuple[str, ...] = ()
    modified: datetime | None = None
    keywords: tuple[str, ...] = ()
    credit: str = ""  # the agency or paper the text was taken from
    page_type: str = "article"
    json_ld: str = "full"  # full, graph, missing, broken
    opengraph: bool = True
    charset: str = "utf-8"  # as labelled; gb2312 is sent as GBK, as most pages with this label are
    coding: str = ""  # "gzip": sent content-encoded to who accepts it
    chunked: bool = False
    behaviour: str = ""  # flaky, busy, slow, odd_headers, cut
    listed: bool = True
    never_hijacked: bool = False
    changes: tuple[Change, ...] = ()

    @property
    def pages(self) -> tuple[tuple[Piece, ...], ...]:
        """The pieces of each page; one tuple for most stories."""
        pages: list[list[Piece]] = [[]]
        for piece in self.pieces:
            if piece.kind == "page":
                pages.append([])
            else:
                pages[-1].append(piece)
        return tuple(map(tuple, pages))


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publication with a host of its own: names, sections and the small bits of HTML that make its look."""

    key: str
    address: str  # where Linux can give each outlet its own
    name: str
    language: str
    direction: str
    sections: Mapping[str, str]
    validators: str  # both, etag, weak, modified, none
    date_text: str  # e.g. "{day} {month} {year}, {hour}:{minute}"
    html: Mapping[str, str]
    months: tuple[str, ...] = ()
    templates: str = ""  # the outlet whose templates it shares
    publisher: str = ""
    robots: bool = True  # False: no robots.txt, so everything is allowed (RFC 9309 2.3.1.3)
    hijacked_from: datetime | None = None
    stale_feeds: Mapping[str, datetime] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)  # path ("*" at its end: any) to "Title: words"
    chrome: tuple[str, ...] = ()  # words of the page that are no article's


@cache
def load_outlets() -> Mapping[str, Outlet]:
    """Return every outlet by key, in the order of their addresses."""
    found = []
    for folder in SITE.iterdir():
        table = folder / "outlet.toml"
        if folder.is_dir() and table.is_file():
            found.append(_outlet(folder.name, tomllib.loads(table.read_text("utf-8"))))
    return {outlet.key: outlet for outlet in sorted(found, key=lambda o: int(o.address.rsplit(".", 1)[1]))}


@cache
def load_stories() -> tuple[Story, ...]:
    """Return every story as first written, by outlet and file name. Raises KeyError where a field is missing."""
    return tuple(
        read_story(outlet, name.removesuffix(".txt"), (SITE / outlet / name).read_text("utf-8"))
        for outlet in load_outlets()
        for name in sorted(entry.name for entry in (SITE / outlet).iterdir())
        if name.endswith(".txt")
    )


def read_story(outlet: str, key: str, text: str) -> Story:
    """Return the story written in a file's text."""
    _, head, body = text.split("+++", 2)
    table: dict[str, Any] = tomllib.loads(head)
    changes = tuple(
        Change(**{**change, "swap": tuple((old, new) for old, new in change.get("swap", ()))})
        for change in table.pop("changes", ())
    )
    table |= {name: tuple(table.get(name, ())) for name in ("authors", "keywords")}
    return Story(key=key, outlet=outlet, pieces=tuple(_pieces(body)), changes=changes, **table)


def story_at(story: Story, now: datetime) -> Story | int:
    """Return the story as it stands at `now`, or the HTTP status that stands in its place.

    404 before it is published and after it was taken away; 410 where the publisher says it is gone for good.
    """
    if now < story.published:
        return 404
    for change in story.changes:
        if change.at > now:
            continue
        if change.status is not None:
            return change.status
        story = _changed(story, change)
    return story


def _changed(story: Story, change: Change) -> Story:
    offset = story.published.tzinfo
    return replace(
        story,
        headline=change.headline or story.headline,
        modified=change.at.astimezone(offset),
        standfirst=_swapped(story.standfirst, change.swap),
        pieces=tuple(_swapped_piece(piece, change.swap) for piece in story.pieces),
    )


def _swapped_piece(piece: Piece, swap: tuple[tuple[str, str], ...]) -> Piece:
    rows = tuple(tuple(_swapped(cell, swap) for cell in row) for row in piece.rows)
    return replace(piece, text=_swapped(piece.text, swap), rows=rows)


def _swapped(text: str, swap: tuple[tuple[str, str], ...]) -> str:
    for old, new in swap:
        text = text.replace(old, new)
    return text


def _outlet(key: str, table: dict[str, Any]) -> Outlet:
    table |= {name: tuple(table.get(name, ())) for name in ("months", "chrome")}
    return Outlet(key=key, **table)


def _pieces(body: str) -> Iterator[Piece]:
    for part in re.split(r"\n\s*\n", body.strip()):
        lines = [line.strip() for line in part.splitlines()]
        first = lines[0]
        if first.startswith("!"):
            yield _special(first)
        elif first.startswith("## "):
            yield Piece("h2", first[3:])
        elif first.startswith("> "):
            yield Piece("quote", " ".join(line.removeprefix("> ") for line in lines))
        elif first.startswith("- "):
            yield Piece("list", rows=tuple((line[2:],) for line in lines))
        elif first.startswith("|"):
            yield Piece("table", rows=tuple(tuple(c.strip() for c in line.strip("|").split("|")) for line in lines))
        else:
            yield Piece("p", " ".join(lines))


def _special(line: str) -> Piece:
    word, _, rest = line[1:].partition(" ")
    fields = [part.strip() for part in rest.split("|")] + ["", ""]
    match word:
        case "image":
            return Piece("image", fields[1], extra=fields[2], file=fields[0])
        case "entry":
            return Piece("entry", fields[1], extra=fields[0])
        case "promo":
            return Piece("promo", fields[0], extra=fields[1])
        case _:
            return Piece(word, rest.strip())


def linked(text: str, link: str) -> Iterator[tuple[str, str | None]]:
    """Give the parts of a paragraph as (words, path or None). `link` stands before each path, e.g. "" or a base."""
    at = 0
    for match in _LINK.finditer(text):
        yield text[at : match.start()], None
        yield match[1], link + match[2]
        at = match.end()
    yield text[at:], None
