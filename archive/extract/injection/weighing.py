"""What speaks against a string of title, menu or foot that stands inside sentences too. Pure.

Honest names do that as well, so each needs two kinds of evidence:

    title      the <title> has nothing in common with the story but this string
    zones      the same string fills several places of the menu, the trail or the foot
    separator  inside sentences it is glued to the next word by ":" or "_"
    doubling   it stands twice in a row
    splits     words which stand together elsewhere on the page stand around it
    script     it is in another script than the text
    site       it was proven in other stories of the site, or is suspected in many
    history    the site published many stories without it before
    earlier    an earlier capture of this page lacks it
    cloak      the title it stands in is another for crawlers, or hidden in numeric entities
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.extract.injection.signs import HAN, UNSPACED, grams, is_wide, names_of, plain
from archive.extract.injection.zones import Zones, foreign_title, is_heading, is_name, remainder_absent, title_parts

if TYPE_CHECKING:
    from archive.extract.site_profile import SiteProfile


_NEXT_WORD = re.compile(r" [^\W\d_]+")
_BORDERED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_MIN_BEFORE = 5  # stories a site published without a string, before its being new says anything


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a page besides the page: its site's profile, and its own text in an earlier clean capture."""

    site: SiteProfile | None = None
    earlier: str = ""  # as `plain` writes it
    earlier_at: str = ""


NO_PAST = Past()


@dataclass(frozen=True, slots=True)
class Token:
    """An injected string as written in the text, and the kinds of evidence against it."""

    text: str
    evidence: tuple[str, ...]
    proven: bool

    @property
    def may_be_news(self) -> bool:
        """Whether it only is new, or the name of a series: that says nothing against it."""
        return names_of(self.evidence) <= {"part", "history", "earlier"}


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A string of title, menu or foot, and how it stands in the sentences."""

    text: str
    zones: Zones
    low: str  # the sentences, as `plain` writes them
    places: list[int]
    inside: list[int]  # of the places, those within a sentence
    is_name: bool  # of the site
    is_foreign: bool  # without it nothing of the title is in the headings
    is_uniform: bool

    @property
    def in_title(self) -> bool:
        return self.text in self.zones.plain_title


def weigh(token: str, zones: Zones, low: str, past: Past = NO_PAST) -> Token | None:
    """Return a candidate with the evidence against it; None where there is none."""
    places = places_of(token, low)
    if not places:
        return None
    inside = [at for at in places if at > 0 and low[at - 1] not in "\n。！？!?;；:：."]
    known = _from_elsewhere(token, past, zones)
    if len(inside) * 2 < len(places) and not any(kind[:5] == "site:" for kind in known):
        return None
    name = is_name(token, zones.names)
    foreign = foreign_title(zones, token) and not name
    uniform = _uniform(token, inside, low, not is_heading(token, zones))
    seen = _Candidate(token, zones, low, places, inside, name, foreign, uniform)
    kinds = (*_of_title(seen), *_of_sentences(seen), *known)
    return Token(token, kinds, _is_proven(seen, kinds)) if kinds else None


def _of_title(seen: _Candidate) -> list[str]:
    if not seen.in_title:
        return []
    kinds: list[str] = []
    token, zones, often = seen.text, seen.zones, len(seen.places) >= 2
    if seen.is_foreign and often:
        kinds.append("title: without it nothing of the title is in the headings")
        if remainder_absent(zones, token, seen.low):
            kinds.append("remainder: hardly a word of the rest of the title is in the story")
    if zones.cloak and not seen.is_name and often and (seen.is_foreign or not is_heading(token, zones)):
        kinds.append(f"cloak: the title is {zones.cloak}")
    if not kinds and not seen.is_name and _is_part(token, zones, seen.is_uniform):
        kinds.append("part: stands in the title beside the headline, and is no name of the site")
    return kinds


def _of_sentences(seen: _Candidate) -> list[str]:
    kinds: list[str] = []
    token, low, wide = seen.text, seen.low, bool(UNSPACED.match(seen.text))
    if seen.is_uniform:
        kinds.append("uniform: always before a word, never before a sign, between ever different words")
    if wide and (glued := _glued(token, seen.inside, low)) >= 2:
        kinds.append(f"separator: glued to the next word {glued} times")
    if doubled := _doubled(token, low):
        kinds.append(f"doubling: {doubled} times twice in a row")
    if seen.is_foreign and (feet := _feet(token, seen.zones)) >= 2:
        kinds.append(f"zones: in {feet} places of menu and foot")
    if bool(HAN.match(token)) != is_wide(low):
        kinds.append("script: not the script of the text")
    splits = _splits(token, seen.inside, low) if wide or " " in token else 0
    if splits >= 2 and splits * 4 >= len(seen.inside):
        kinds.append(f"splits: parts {splits} phrases that stand whole elsewhere")
    return kinds


def _is_proven(seen: _Candidate, kinds: Sequence[str]) -> bool:
    """Whether two kinds of evidence that do not say the same speak against it, one of them by where it stands.

    Title, remainder and zones may all mean that a section or a shop is named so, and what is new may be news: those
    need the string all over the sentences besides.
    """
    strong = names_of(kinds)
    weak = strong <= {"title", "remainder", "zones", "part", "history", "earlier"}
    headings = seen.zones.headings
    shop = len(strong) < 3 and bool(headings) and seen.text in plain(headings[0])
    placed = bool(strong & {"title", "part", "cloak", "separator", "doubling", "script", "site"})
    if not placed or len(strong) < 2 or (seen.is_name and not strong & {"doubling", "separator"}):
        return False
    return not weak or (len(seen.inside) >= 3 and not shop and "remainder" in strong)


def _from_elsewhere(token: str, past: Past, zones: Zones) -> list[str]:
    """The kinds of evidence that the site's other pages and this page's earlier capture give."""
    kinds: list[str] = []
    seen = past.site.tokens.get(token) if past.site is not None else None
    if past.site is not None and seen is not None and seen.proven >= 2:
        kinds.append(f"site: proven in {seen.proven} different stories by {', '.join(seen.kinds)}")
        if seen.is_new:
            kinds.append(f"history: on no page before {seen.first}, {seen.before} stories")
        elif seen.proven > 2:
            kinds.append(f"crowd: in {seen.stories} stories of the site")
    elif past.site is not None and past.site.stories >= _MIN_BEFORE and token in zones.plain_title:
        titled = next((one for part, one in past.site.titles.items() if token in plain(part)), None)
        if titled is None or titled.is_new:
            before = past.site.stories if titled is None else titled.before
            kinds.append(f"history: in no title of {before} stories before")
    if past.earlier and token not in past.earlier:
        kinds.append(f"earlier: the capture of {past.earlier_at} lacks it")
    return kinds


def _glued(token: str, places: list[int], low: str) -> int:
    """How often a separator glues the token to the next word."""
    ends = (at + len(token) for at in places)
    return sum(1 for end in ends if low[end : end + 1] in (":", "：", "_") and low[end + 1 : end + 2].strip())


def _feet(token: str, zones: Zones) -> int:
    """In how many places of menu and foot the token begins what is said."""
    hrefs = {href for text, href in zones.links if len(text) < len(token) + 14 and plain(text).startswith(token)}
    return max(len(hrefs), sum(1 for text in zones.short if plain(text).startswith(token)))


def _is_part(token: str, zones: Zones, doubted: bool) -> bool:
    """Whether the token is a part of its own in the title, beside what a heading has (or says, if `doubted`)."""
    parts = title_parts(zones.title)
    if len(parts) < 2 or token not in parts:
        return False
    shown = plain("\n".join(zones.headings))
    return any((part in shown and len(part) > 8) or (doubted and _says(part, shown)) for part in parts if part != token)


def _says(part: str, shown: str) -> bool:
    """Whether half of the words of a title's part are in the headings."""
    own = grams(part)
    return len(own) >= 3 and len(own & grams(shown)) * 2 >= len(own)


def _uniform(token: str, places: list[int], low: str, apart: bool) -> bool:
    """Whether it always stands before a word and never before a sign, and always between other words.

    A name is followed by commas, full stops and endings, and the same few words go before it. `apart`: no heading has
    it, so that fewer places tell.
    """
    wide = UNSPACED.match(token) is not None
    if len(places) < 4 or len(places) < (5 if wide or (" " in token and not apart) else 4 if " " in token else 6):
        return False
    if not (apart or " " in token):
        return False
    before: set[str] = set()
    after: set[str] = set()
    # A longer form of the same string may follow it as often as not.
    tails = Counter(match[0] for at in places if (match := _NEXT_WORD.match(low, at + len(token))))
    longer = {tail for tail, times in tails.items() if times >= 3 and times * 5 >= len(places)}
    ends = 0  # places where a sign or the end of a line follows
    for at in places:
        end = at + len(token)
        if (match := _NEXT_WORD.match(low, end)) and match[0] in longer:
            end = match.end()
        sides = _wide_sides(low, at, end) if wide else _sides(low, at, end)
        if sides is None:
            ends += 1
            continue
        before.add(sides[0])
        after.add(sides[1])
    if ends * 12 > len(places):
        return False
    return len(before) * 4 >= len(places) * 3 and len(after) * 4 >= len(places) * 3


def _sides(low: str, at: int, end: int) -> tuple[str, str] | None:
    """The words before and after a place, None where a sign is between."""
    left, right = low[max(0, at - 30) : at].split()[-1:], low[end : end + 30].split()[:1]
    if not left or not right or low[end : end + 1] != " ":
        return None
    return (left[0], right[0]) if low[end + 1 : end + 2].isalnum() or low[end + 1 : end + 2] in '(„“"«#' else None


def _wide_sides(low: str, at: int, end: int) -> tuple[str, str] | None:
    """The pairs of letters before and after a place, where words have no spaces; a glued separator is no sign."""
    while end < len(low) and low[end] in ":：_、 ":
        end += 1
    left, right = low[max(0, at - 3) : at].strip()[-2:], low[end : end + 2]
    whole = len(left) == len(right) == 2 and all(UNSPACED.match(char) for char in left + right)
    return (left, right) if whole else None


def places_of(token: str, low: str) -> list[int]:
    """Where the token stands; where words have spaces, at their borders (or next to itself)."""
    found: list[int] = []
    anywhere = UNSPACED.match(token) is not None
    at = low.find(token)
    while at >= 0:
        end = at + len(token)
        if (
            anywhere
            or (low[at - 1 : at] not in _BORDERED and low[end : end + 1] not in _BORDERED)
            or low.endswith(token[-6:], 0, at)
        ):
            found.append(at)
            at = low.find(token, end)
        else:
            at = low.find(token, at + 1)
    return found


def _doubled(token: str, low: str) -> int:
    """How often the token stands twice in a row, with or without a separator between."""
    times = 0
    at = low.find(token)
    while at >= 0:
        end = at + len(token)
        second = end + 1 if low[end : end + 1] in (":", "：", "_") else end
        if low.startswith(token, second):
            times += 1
            at = low.find(token, second + len(token))
        else:
            at = low.find(token, at + 1)
    return times


def _splits(token: str, places: list[int], low: str) -> int:
    """How many different pairs of neighbours of the token stand side by side elsewhere."""
    found: set[str] = set()
    wide = is_wide(low[:4000])
    for at in places[:60]:
        end = at + len(token)
        while end < len(low) and low[end] in ":：_ ":
            end += 1
        if wide:
            left, right = low[max(0, at - 2) : at], low[end : end + 2]
            pair = left + right
            if len(pair) == 4 and pair.isalpha() and pair in low:
                found.add(pair)
            continue
        before, after = low[max(0, at - 30) : at].split()[-1:], low[end : end + 30].split()[:1]
        if before and after and len(before[0]) + len(after[0]) >= 9 and f"{before[0]} {after[0]}" in low:
            found.add(f"{before[0]} {after[0]}")
    return len(found)
