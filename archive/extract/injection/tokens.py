"""Strings put before or over words of the text, all over a page: the ledger of one page.

A candidate comes from a place of the page that is not the story (its <title>, its menu, its foot) and stands inside
sentences as well. Honest names do that too, so each needs two kinds of evidence:

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
    kinship    it shares a word with a proven one
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from lxml import html

from archive.extract.elements import text_of
from archive.extract.injection.signs import HAN, TOKEN, UNSPACED, is_wide, plain, words
from archive.extract.injection.signs import grams as _grams

if TYPE_CHECKING:
    from archive.extract.site_profile import SiteProfile

_PART = re.compile(r"\s*[|｜»›·•¥￥$_＿–—]+\s*|\s+[-:]\s+|-(?=[\u3040-\u9fff])|\s*[(（,，]\s*")
_GLUE = ":：_"
_NEXT_WORD = re.compile(r" [^\W\d_]+")
_MAX_PROSE = 120_000
_MAX_LINKS = 1500
MIN_BEFORE = 5  # stories a site published without a string, before its being new says anything


@dataclass(frozen=True)
class Zones:
    """What a page says outside its story. What only a doubted page is asked for is made when it is asked for."""

    title: str
    metas: tuple[str, ...]  # keywords, description and the titles in metas
    anchors: Sequence[tuple[html.HtmlElement, str]] = field(repr=False)  # every <a> with an address, and that
    short: tuple[str, ...]  # short pieces of menu, trail and foot
    headings: tuple[str, ...]  # the visible headings
    names: tuple[str, ...]  # the names the site gives itself
    cloak: str = ""  # how the title was put there, where scripts or codings show that it was

    @cached_property
    def links(self) -> tuple[tuple[str, str], ...]:
        """(text, href) of short links."""
        said = ((text_of(node), href) for node, href in self.anchors)
        return tuple(islice((one for one in said if 0 < len(one[0]) < 40), _MAX_LINKS))

    @cached_property
    def plain_title(self) -> str:
        return plain(self.title)

    @cached_property
    def title_grams(self) -> set[str]:
        return _grams(self.title)

    @cached_property
    def shown(self) -> set[str]:
        """The grams of the headings."""
        return _grams(" ".join(self.headings))


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
        return {kind.split(":", 1)[0] for kind in self.evidence} <= {"part", "history", "earlier"}


def title_parts(title: str) -> tuple[str, ...]:
    """What the separators of a <title> leave: headline, section, names."""
    return tuple(part.strip(" :：") for part in _PART.split(plain(title)) if part.strip(" :："))


def foreign_title(zones: Zones, token: str = "") -> bool:
    """Whether the <title>, without `token`, has (nearly) no word in common with the headings."""
    if not zones.headings or _is_name(zones.title, zones.names):
        return False
    own, shown = zones.title_grams, zones.shown
    rest = _grams(zones.plain_title.replace(token, " ")) if token else own
    if len(own) < 2 or not rest:
        return False
    return len(rest & shown) * 5 <= len(rest) and (bool(token) or len(rest & shown) <= 1)


def _remainder_absent(zones: Zones, token: str, low: str) -> bool:
    """Whether hardly a word of the rest of the title is in the story."""
    rest = _grams(zones.plain_title.replace(token, " "))
    return len(rest) >= 2 and sum(1 for gram in rest if gram in low) * 3 <= len(rest)


def _is_name(text: str, names: tuple[str, ...]) -> bool:
    squashed = "".join(words(text))
    if not squashed:
        return True
    known = ["".join(words(name)) for name in names]
    return any(len(name) >= 3 and (name in squashed or squashed in name) for name in known)


def find_tokens(zones: Zones, prose: list[str], past: Past = NO_PAST) -> list[Token]:
    """The strings of `zones` that were put into the sentences of `prose` (one entry a paragraph)."""
    body = "\n".join(prose)[:_MAX_PROSE]
    low = next((low for low in (plain(body), body.lower()) if len(low) == len(body)), body)
    found: dict[str, Token] = {}
    accused = [text for text in past.site.accused if text in low] if past.site is not None else []
    for candidate in [*accused, *_candidates(_PART.split(zones.plain_title), low)]:
        token = _weigh(candidate, zones, low, True, past) if candidate not in found else None
        if token is not None:
            found[candidate] = token
    places: list[str] = []
    hijacked = any(token.proven for token in found.values())
    if hijacked:
        counted = Counter(plain(text) for text, _ in zones.links)
        places = [text for text, times in counted.items() if times >= 2 and 2 < len(text) < 40][:40]
        places += [
            part
            for text in (*zones.metas, *zones.short)
            for part in _PART.split(plain(text))[:12]
            if 2 < len(part) < 60
        ]
    for candidate in _candidates(places, low) if hijacked else ():
        token = _weigh(candidate, zones, low, hijacked, past) if candidate not in found else None
        if token is not None:
            found[candidate] = token
    kin = _kin(list(found.values()), places, low) if hijacked else []
    found.update((token.text, token) for token in kin)
    found.update((token.text, token) for token in _siblings(list(found.values()), low))
    return _families([*found.values(), *_longer(list(found.values()), zones, low)])


def _longer(tokens: list[Token], zones: Zones, low: str) -> list[Token]:
    """Proven strings with the word that keeps following them, where menu, foot or repetition say it belongs to them."""
    out: list[Token] = []
    if not any(token.proven for token in tokens):
        return out
    places = plain("\n".join((zones.title, *zones.metas, *zones.short)))
    for token in tokens:
        if not token.proven:
            continue
        if UNSPACED.match(token.text):
            tails = {match[1] for match in re.finditer(re.escape(token.text) + r"([^\W\d_]{1,4})", low)}
            starts = {tail[:size] for tail in tails for size in range(1, len(tail) + 1)}
            longer = (token.text + start for start in sorted(starts) if token.text + start in places)
            out.extend(
                Token(text, (*token.evidence, "family: its longer form is in menu, foot or title"), True)
                for text in longer
            )
            continue
        after = Counter(match[1] for match in re.finditer(re.escape(token.text) + r"( [^\W\d_]+)", low))
        for tail, times in after.items():
            last = tail.strip()
            alone = len(re.findall(rf"(?<!\w){re.escape(last)}(?!\w)", low)) > low.count(token.text + tail)
            if token.text + tail in places or (times >= 3 and len(last) > 3 and not alone):
                out.append(Token(token.text + tail, (*token.evidence, f"family: followed {times} times"), True))
    return out


def _siblings(tokens: list[Token], low: str) -> list[Token]:
    """Strings all over the sentences that share a rare word with a proven one: a second name of what is sold.

    Such a string always is the same, stands between ever different words, and its word stands nowhere else.
    """
    proven = [token.text for token in tokens if token.proven and " " in token.text]
    if not proven:
        return []
    rest = re.sub("|".join(map(re.escape, sorted(proven, key=len, reverse=True))), "\n", low)
    out: list[Token] = []
    for word in {word for text in proven for word in text.split() if len(word) > 4}:
        said = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", rest)]
        if len(said) < 3:
            continue
        whole = _common(rest, said, word)
        if " " in whole and rest.count(whole) * 4 >= len(said) * 3 and rest.count(whole) >= 3:
            places = [match.start() for match in re.finditer(re.escape(whole), rest)]
            before = {rest[max(0, at - 20) : at].split()[-1:][0] for at in places if rest[:at].split()[-1:]}
            if len(before) * 2 >= len(places):
                kinds = (f"kinship: shares {word!r} with a proven one", f"repeats: {len(places)} times as one string")
                out.append(Token(whole, kinds, True))
    return out


def _common(low: str, places: list[int], word: str) -> str:
    """The string around a word in most of its places: words are added to it while three of four places have them."""
    whole, starts = word, list(places)
    for side in ("right", "left") * 3:
        if side == "right":
            near = Counter(match[0] for at in starts if (match := re.compile(r" \w+").match(low, at + len(whole))))
        else:
            near = Counter(match[0] for at in starts if (match := re.search(r"\w+ $", low[max(0, at - 30) : at])))
        most = near.most_common(1)
        if not most or most[0][1] * 4 < len(places) * 3:
            continue
        if side == "left":
            starts = [at - len(most[0][0]) for at in starts if low[:at].endswith(most[0][0])]
            whole = most[0][0] + whole
        else:
            whole += most[0][0]
    return whole


def _kin(tokens: list[Token], places: list[str], low: str) -> list[Token]:
    """Strings of menu, foot and metas inside sentences that share a word with a proven one."""
    known = {gram for token in tokens if token.proven for gram in _grams(token.text)}
    out: list[Token] = []
    for place in dict.fromkeys(place.strip() for place in places):
        said = _places(place, low) if 5 < len(place) < 50 else []
        if len(said) >= 2 and known & _grams(place) and not any(token.text == place for token in tokens):
            out.append(
                Token(place, ("zones: in menu, foot or metas", "kinship: shares a word with a proven one"), True)
            )
    return out


def _candidates(places: list[str], low: str) -> list[str]:
    """Beginnings of what stands in the title, the menu or the foot that stand in the story too."""
    seen: dict[str, None] = {}
    for part in places[:200]:
        for start in _starts(part):
            if len(start) > 2 and start in low and any(char.isalpha() for char in start):
                seen[start] = None
    return list(seen)


def _starts(part: str) -> list[str]:
    """Beginnings of a part, longest first: of 3 … 12 characters, or of whole words."""
    part = part.strip(" :：,.，。;；-")
    if HAN.match(part):
        return [part[:size].rstrip(" :") for size in range(min(14, len(part)), 2, -1)]
    pieces = list(re.finditer(r"\S+", part) if UNSPACED.match(part) else TOKEN.finditer(part))[:6]
    ends = [piece.end() for piece in pieces if piece.end() >= (4 if UNSPACED.match(part) else 6)]
    return [part[:end] for end in reversed(ends)]


def _weigh(token: str, zones: Zones, low: str, weak_places: bool, past: Past = NO_PAST) -> Token | None:  # noqa: C901 - a row of tests, each a kind of evidence
    places = _places(token, low)
    if not places:
        return None
    kinds: list[str] = []
    size = len(token)
    wide = bool(UNSPACED.match(token))
    inside = [at for at in places if at > 0 and low[at - 1] not in "\n。！？!?;；:：."]
    known = _from_elsewhere(token, past, zones)
    if len(inside) * 2 < len(places) and not any(kind[:5] == "site:" for kind in known):
        return None
    name = _is_name(token, zones.names)
    in_title = token in zones.plain_title
    foreign = foreign_title(zones, token) and not name
    if in_title and foreign and len(places) >= 2:
        kinds.append("title: without it nothing of the title is in the headings")
        if _remainder_absent(zones, token, low):
            kinds.append("remainder: hardly a word of the rest of the title is in the story")
    if in_title and zones.cloak and not name and len(places) >= 2 and (foreign or not _is_heading(token, zones)):
        kinds.append(f"cloak: the title is {zones.cloak}")
    glued = sum(
        1
        for at in inside
        if low[at + size : at + size + 1] in (":", "：", "_") and low[at + size + 1 : at + size + 2].strip()
    )
    uniform = _uniform(token, inside, low, not _is_heading(token, zones))
    if in_title and not name and not kinds and _is_part(token, zones, uniform):
        kinds.append("part: stands in the title beside the headline, and is no name of the site")
    if uniform:
        kinds.append("uniform: always before a word, never before a sign, between ever different words")
    if wide and glued >= 2:
        kinds.append(f"separator: glued to the next word {glued} times")
    doubled = _doubled(token, low)
    if doubled:
        kinds.append(f"doubling: {doubled} times twice in a row")
    if not name and foreign and weak_places and (feet := _feet(token, zones)) >= 2:
        kinds.append(f"zones: in {feet} places of menu and foot")
    if bool(HAN.match(token)) != is_wide(low):
        kinds.append("script: not the script of the text")
    splits = _splits(token, inside, low) if wide or " " in token else 0
    if splits >= 2 and splits * 4 >= len(inside):
        kinds.append(f"splits: parts {splits} phrases that stand whole elsewhere")
    kinds.extend(known)
    if not kinds:
        return None
    strong = {kind.split(":", 1)[0] for kind in kinds}
    # Title, remainder and zones may all mean that a section or a shop is named so, and what is new may be news: those
    # need the string all over the sentences besides.
    weak = strong <= {"title", "remainder", "zones", "part", "history", "earlier"}
    shop = len(strong) < 3 and bool(zones.headings) and token in plain(zones.headings[0])
    placed = bool(strong & {"title", "part", "cloak", "separator", "doubling", "script", "site"})
    proven = placed and len(strong) >= 2 and not (weak and (len(inside) < 3 or shop or "remainder" not in strong))
    return Token(token, tuple(kinds), proven and (not name or bool(strong & {"doubling", "separator"})))


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
    elif past.site is not None and past.site.stories >= MIN_BEFORE and token in zones.plain_title:
        titled = next((one for part, one in past.site.titles.items() if token in plain(part)), None)
        if titled is None or titled.is_new:
            before = past.site.stories if titled is None else titled.before
            kinds.append(f"history: in no title of {before} stories before")
    if past.earlier and token not in past.earlier:
        kinds.append(f"earlier: the capture of {past.earlier_at} lacks it")
    return kinds


def _is_heading(token: str, zones: Zones) -> bool:
    return any(token in plain(heading) for heading in zones.headings)


def _feet(token: str, zones: Zones) -> int:
    """In how many places of menu and foot the token begins what is said."""
    hrefs = {href for text, href in zones.links if len(text) < len(token) + 14 and plain(text).startswith(token)}
    return max(len(hrefs), sum(1 for text in zones.short if plain(text).startswith(token)))


def _is_part(token: str, zones: Zones, doubted: bool) -> bool:
    """Whether the token is a part of its own in the title, beside what a heading has (or says, if `doubted`)."""
    parts = [part.strip(" :：") for part in _PART.split(zones.plain_title) if part.strip()]
    if len(parts) < 2 or token not in parts:
        return False
    shown = plain("\n".join(zones.headings))
    return any((part in shown and len(part) > 8) or (doubted and _says(part, shown)) for part in parts if part != token)


def _says(part: str, shown: str) -> bool:
    """Whether half of the words of a title's part are in the headings."""
    own = _grams(part)
    return len(own) >= 3 and len(own & _grams(shown)) * 2 >= len(own)


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


_BORDERED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


def _places(token: str, low: str) -> list[int]:
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


def _families(tokens: list[Token]) -> list[Token]:
    """Longer and shorter forms of a proven token are proven with it."""
    proven = [token for token in tokens if token.proven]
    if not proven:
        return tokens
    out: list[Token] = []
    for token in tokens:
        if not token.proven and any(
            token.text.startswith(other.text)
            or (other.text.startswith(token.text) and len(token.text) * 2 > len(other.text))
            for other in proven
        ):
            out.append(Token(token.text, (*token.evidence, f"family: of {proven[0].text!r}"), True))
        else:
            out.append(token)
    return out


def occurrences(tokens: list[str], text: str) -> list[tuple[int, int]]:
    """Where the tokens stand in `text`, longest first, with the separator glued to them."""
    if not tokens:
        return []
    low = text.lower()
    if len(low) != len(text):
        low = text
    ordered = sorted(set(tokens), key=lambda token: (-len(token), token))
    # The same string with invisible marks in it is still the same string.
    pattern = "|".join("[\u200b-\u200f\u2060\ufeff]?".join(map(re.escape, token)) for token in ordered)
    found: list[tuple[int, int]] = []
    for match in re.finditer(rf"(?:{pattern})(?P<tail>[:：_、]?)", low):
        start, end = match.span()
        tail = match["tail"]
        after = low[end : end + 1]
        if tail and not (tail in ":：_" and (after.strip() or HAN.match(low[start]))):
            end -= 1
        if not UNSPACED.match(low[start]):
            glued = bool(found) and found[-1][1] == start
            if start and low[start - 1].isalnum() and not glued:
                continue
            if low[end : end + 1].isalnum() and not any(low.startswith(token, end) for token in ordered):
                continue
        found.append((start, end))
    return found
