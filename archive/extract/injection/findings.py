"""What one page looks like before it is read: its zones, the strings put over its words, the poisoned title. Pure.

`inspect` runs on the pieces before the metadata is read, so that a poisoned title does not become the headline.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice

from lxml import html

from archive.addresses import host_of
from archive.extract.elements import Elements, text_of
from archive.extract.injection.links import site_of
from archive.extract.injection.signs import HAN, grams, plain, words
from archive.extract.injection.tokens import find_tokens, occurrences
from archive.extract.injection.traces import Traces
from archive.extract.injection.weighing import NO_PAST, Past, Token
from archive.extract.injection.zones import Zones, foreign_title, title_parts
from archive.extract.pieces import Piece

_TITLES = ("og:title", "twitter:title", "title", "dc.title", "headline", "parsely-title", "sailthru.title")
_SAYINGS = ("keywords", "description", "og:description", "twitter:description", *_TITLES)
_OF_TITLE = ("title", "robot", "coded")
_MAX_ANCHORS = 1500
_LONGEST = 5000  # characters of a heading, a description or a name; unclosed ones hold the whole page
_EDGES = " \t-–—_|｜:：¥·»«›"


@dataclass(frozen=True, slots=True)
class Findings:
    """What `inspect` saw; handed on to `cleanse`."""

    zones: Zones
    tokens: tuple[Token, ...] = ()
    title_kinds: tuple[str, ...] = ()  # evidence that the <title> is not the publisher's
    title: str = ""  # the title to read on with
    metas: tuple[tuple[str, str], ...] = ()  # the metas to read on with
    anchors: tuple[tuple[html.HtmlElement, str, str], ...] = ()  # (link, site, href) of those to foreign sites
    traces: Traces = field(default_factory=Traces)
    past: Past = NO_PAST

    @property
    def overrun(self) -> bool:
        """Whether injected strings are (nearly) all the <title> says."""
        proven = [token.text for token in self.tokens if token.proven]
        return bool(proven) and (foreign_title(self.zones) or _nothing_left(self.zones, proven))

    @property
    def title_parts(self) -> tuple[str, ...]:
        """The parts of the <title> as it was served."""
        return title_parts(self.zones.title)

    @property
    def cloaked(self) -> bool:
        return len(self.title_kinds) >= 2

    @property
    def poisoned(self) -> bool:
        """Whether the <title> is not the publisher's."""
        return self.overrun or (self.cloaked and any(kind[:5] in _OF_TITLE for kind in self.title_kinds))


def inspect(
    url: str,
    title: str,
    metas: list[tuple[str, str]],
    elements: Elements,
    pieces: list[Piece],
    traces: Traces,
    past: Past = NO_PAST,
) -> Findings:
    """Weigh title, menus, foot and sentences of a page against each other and against what is known of its site."""
    prose, short = _parted(pieces)
    zones = Zones(
        title=title,
        metas=tuple(dict.fromkeys(value[:_LONGEST] for name, value in metas if name in _SAYINGS and value != title)),
        anchors=elements.links,
        short=tuple(short),
        headings=_headings(elements) or _openings(pieces),
        names=_names(url, metas),
        cloak=_cloak(traces),
    )
    tokens = tuple(find_tokens(zones, prose, past)) if prose else ()
    kinds = _title_kinds(zones, "\n".join(prose), tokens, traces)
    anchors = tuple(
        islice(
            ((node, site, href) for node, href in elements.links if (site := traces.foreign.get(node))), _MAX_ANCHORS
        )
    )
    found = Findings(zones, tokens, kinds, title, tuple(metas), anchors, traces, past)
    return _disarmed(found)


def _parted(pieces: list[Piece]) -> tuple[list[str], list[str]]:
    """The sentences of a page, and what is short among the rest."""
    prose: list[str] = []
    short: list[str] = []
    for piece in pieces:
        size = len(piece.key)
        if (size >= 45 or (size >= 16 and HAN.match(piece.key))) and piece.link_chars * 5 < size * 2:
            prose.append(piece.text)
        elif len(piece.text) < 120:
            short.append(piece.text)
    return prose, short


def _openings(pieces: list[Piece]) -> tuple[str, ...]:
    return tuple(piece.text[:80] for piece in pieces[:60] if piece.link_density < 0.5)[:30]


def _headings(elements: Elements) -> tuple[str, ...]:
    found: list[str] = []
    for node in elements.named("h1", "h2"):
        text = text_of(node)[:_LONGEST]
        if text:
            found.append(text)
        if len(found) >= 8:
            break
    return tuple(found)


def _names(url: str, metas: list[tuple[str, str]]) -> tuple[str, ...]:
    wanted = (
        "og:site_name",
        "application-name",
        "twitter:site",
        "apple-mobile-web-app-title",
        "publisher",
        "author",
        "copyright",
    )
    names = [value for name, value in metas if name in wanted]
    host = ""
    for value in (url, *(value for name, value in metas if name == "og:url")):
        host = host_of(value).removeprefix("www.")
        names.extend(label for label in host.split(".")[:-1] if len(label) > 2)
    return tuple(name[:_LONGEST] for name in names if name)


def _cloak(traces: Traces) -> str:
    if traces.script_title is not None:
        return "another for crawlers than for people"
    return "written in numeric entities" if traces.coded_title and traces.redirect_to else ""


def _title_kinds(zones: Zones, prose: str, tokens: tuple[Token, ...], traces: Traces) -> tuple[str, ...]:
    kinds: list[str] = []
    if foreign_title(zones):
        kinds.append("title: has nothing in common with the headings")
    if traces.coded_title:
        kinds.append("coded: written in numeric entities")
    if traces.script_title is not None:
        kinds.append("robots: another title for crawlers than for people")
    if traces.redirect_to:
        kinds.append(f"redirect: visitors from searches go to {site_of(traces.redirect_to)}")
    if traces.overlay:
        kinds.append(f"overlay: a page of {site_of(traces.overlay)} covers this one")
    if kinds and any(token.proven for token in tokens):
        kinds.append("token: its words are put into the text")
    return tuple(kinds)


def _disarmed(found: Findings) -> Findings:
    """Title and metas without what was injected."""
    proven = [token.text for token in found.tokens if token.proven]
    if found.poisoned:
        poison = {plain(found.title)}
        metas = tuple((name, value) for name, value in found.metas if name not in _TITLES or plain(value) not in poison)
        return replace(found, title=found.traces.script_title or "", metas=metas)
    if proven and occurrences(proven, found.title):
        metas = tuple((name, without(value, proven) if name in _TITLES else value) for name, value in found.metas)
        return replace(found, title=without(found.title, proven), metas=metas)
    return found


def _nothing_left(zones: Zones, proven: list[str]) -> bool:
    """Whether a title that has injected strings shares no word with the headings once they are out of both."""
    rest = without(zones.title, proven)
    shown = {gram for heading in zones.headings for gram in grams(without(heading, proven))}
    return rest != zones.title and not grams(rest) & shown


def without_strings(text: str | None, found: Findings) -> str | None:
    """A short text of the page without what was proven to be put into it; None where nothing is left."""
    return without(text, [token.text for token in found.tokens if token.proven]) or None if text else None


def said_by_publisher(text: str | None, found: Findings) -> str | None:
    """A page's description or keyword without injected strings; None where it says what a poisoned title says."""
    if text and found.poisoned and mostly_of(set(words(found.zones.title)), text):
        return None
    return without_strings(text, found)


def mostly_of(own: set[str], text: str) -> bool:
    said = set(words(text))
    return len(own & said) * 2 >= len(said)


def without(text: str, tokens: list[str]) -> str:
    marks = occurrences(tokens, text)
    if not marks:
        return text
    for start, end in reversed(marks):
        text = text[:start] + text[end:]
    return " ".join(text.split()).strip(_EDGES)
