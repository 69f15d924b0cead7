"""Strings put before or over words of the text, all over a page: the ledger of one page.

A candidate comes from a place of the page that is not the story (its <title>, its menu, its foot) and stands inside
sentences as well. Honest names do that too, so each needs two kinds of evidence:

    title      the <title> has nothing in common with the story but this string
    zones      the same string fills several places of the menu, the trail or the foot
    separator  inside sentences it is glued to the next word by ":" or "_"
    doubling   it stands twice in a row
    splits     words which stand together elsewhere on the page stand around it
    script     it is in another script than the text
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass

from archive.extract.injection.signs import HAN, TOKEN, UNSPACED, is_wide, plain, words

_PART = re.compile(r"\s*[|｜»›·•¥￥$_＿–—]+\s*|\s+[-:]\s+|-(?=[\u3040-\u9fff])|\s*[(（,，]\s*")
_GLUE = ":：_"
_MAX_PROSE = 120_000


@dataclass(frozen=True, slots=True)
class Zones:
    """What a page says outside its story."""

    title: str
    metas: tuple[str, ...]  # keywords, description and the titles in metas
    links: tuple[tuple[str, str], ...]  # (text, href) of short links
    short: tuple[str, ...]  # short pieces of menu, trail and foot
    headings: tuple[str, ...]  # the visible headings
    names: tuple[str, ...]  # the names the site gives itself


@dataclass(frozen=True, slots=True)
class Token:
    """An injected string as written in the text, and the kinds of evidence against it."""

    text: str
    evidence: tuple[str, ...]
    proven: bool


def foreign_title(zones: Zones, token: str = "") -> bool:
    """Whether the <title>, without `token`, has (nearly) no word in common with the headings."""
    if not zones.headings or _is_name(zones.title, zones.names):
        return False
    own = _grams(zones.title)
    rest = _grams(plain(zones.title).replace(token, " ")) if token else own
    if len(own) < 2 or not rest:
        return False
    shown = _grams(" ".join(zones.headings))
    return len(rest & shown) * 5 <= len(rest) and (bool(token) or len(rest & shown) <= 1)


def _remainder_absent(zones: Zones, token: str, low: str) -> bool:
    """Whether hardly a word of the rest of the title is in the story."""
    rest = _grams(plain(zones.title).replace(token, " "))
    return len(rest) >= 2 and sum(1 for gram in rest if gram in low) * 3 <= len(rest)


def _grams(text: str) -> set[str]:
    found = words(text)
    wide = {one + other for one, other in itertools.pairwise(found) if HAN.match(one) and HAN.match(other)}
    return wide | {word[:6] for word in found if len(word) > 3 and not HAN.match(word)}


def _is_name(text: str, names: tuple[str, ...]) -> bool:
    squashed = "".join(words(text))
    if not squashed:
        return True
    known = ["".join(words(name)) for name in names]
    return any(len(name) >= 3 and (name in squashed or squashed in name) for name in known)


def find_tokens(zones: Zones, prose: list[str]) -> list[Token]:
    """The strings of `zones` that were put into the sentences of `prose` (one entry a paragraph)."""
    body = "\n".join(prose)[:_MAX_PROSE]
    low = next((low for low in (plain(body), body.lower()) if len(low) == len(body)), body)
    found: dict[str, Token] = {}
    for candidate in _candidates(_PART.split(plain(zones.title)), low):
        token = _weigh(candidate, zones, low, True)
        if token is not None:
            found[candidate] = token
    counted = Counter(plain(text) for text, _ in zones.links)
    places = [text for text, times in counted.items() if times >= 2 and 2 < len(text) < 40][:40]
    hijacked = any(token.proven for token in found.values())
    if hijacked:
        places += [
            part
            for text in (*zones.metas, *zones.short)
            for part in _PART.split(plain(text))[:12]
            if 2 < len(part) < 60
        ]
    for candidate in _candidates(places, low) if hijacked else ():
        token = _weigh(candidate, zones, low, hijacked) if candidate not in found else None
        if token is not None:
            found[candidate] = token
    kin = _kin(list(found.values()), places, low) if hijacked else []
    found.update((token.text, token) for token in kin)
    return _families([*found.values(), *_longer(list(found.values()), zones, low)])


def _longer(tokens: list[Token], zones: Zones, low: str) -> list[Token]:
    """Proven strings with the word that keeps following them, where menu, foot or repetition say it belongs to them."""
    out: list[Token] = []
    places = plain("\n".join((zones.title, *zones.metas, *zones.short)))
    for token in tokens:
        if not token.proven or HAN.match(token.text):
            continue
        after = Counter(match[1] for match in re.finditer(re.escape(token.text) + r"( [^\W\d_]+)", low))
        for tail, times in after.items():
            last = tail.strip()
            alone = len(re.findall(rf"(?<!\w){re.escape(last)}(?!\w)", low)) > low.count(token.text + tail)
            if token.text + tail in places or (times >= 3 and len(last) > 3 and not alone):
                out.append(Token(token.text + tail, (*token.evidence, f"family: followed {times} times"), True))
    return out


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


def _weigh(token: str, zones: Zones, low: str, weak_places: bool) -> Token | None:  # noqa: C901 - a row of tests, each a kind of evidence
    places = _places(token, low)
    if not places:
        return None
    kinds: list[str] = []
    size = len(token)
    wide = bool(UNSPACED.match(token))
    inside = [at for at in places if at > 0 and low[at - 1] not in "\n。！？!?;；:：."]
    if len(inside) * 2 < len(places):
        return None
    name = _is_name(token, zones.names)
    in_title = token in plain(zones.title)
    foreign = foreign_title(zones, token) and not name
    if in_title and foreign and len(places) >= 2:
        kinds.append("title: without it nothing of the title is in the headings")
        if _remainder_absent(zones, token, low):
            kinds.append("remainder: hardly a word of the rest of the title is in the story")
    glued = sum(
        1
        for at in inside
        if low[at + size : at + size + 1] in (":", "：", "_") and low[at + size + 1 : at + size + 2].strip()
    )
    if in_title and not name and not kinds and _is_part(token, zones):
        kinds.append("part: stands in the title beside the headline, and is no name of the site")
    if _uniform(token, inside, low):
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
    if not kinds:
        return None
    strong = {kind.split(":", 1)[0] for kind in kinds}
    # Title, remainder and zones may all mean that a section or a shop is named so: those need the string all over
    # the sentences besides.
    weak = strong <= {"title", "remainder", "zones", "part"}
    shop = len(strong) < 3 and bool(zones.headings) and token in plain(zones.headings[0])
    placed = bool(strong & {"title", "part", "separator", "doubling", "script"})
    proven = placed and len(strong) >= 2 and not (weak and (len(inside) < 3 or shop or "remainder" not in strong))
    return Token(token, tuple(kinds), proven and (not name or bool(strong & {"doubling", "separator"})))


def _feet(token: str, zones: Zones) -> int:
    """In how many places of menu and foot the token begins what is said."""
    hrefs = {href for text, href in zones.links if len(text) < len(token) + 14 and plain(text).startswith(token)}
    return max(len(hrefs), sum(1 for text in zones.short if plain(text).startswith(token)))


def _is_part(token: str, zones: Zones) -> bool:
    """Whether the token is a part of its own in the title, beside one that a heading has."""
    parts = [part.strip(" :：") for part in _PART.split(plain(zones.title)) if part.strip()]
    shown = plain("\n".join(zones.headings))
    return len(parts) > 1 and token in parts and any(part in shown for part in parts if part != token and len(part) > 8)


def _uniform(token: str, places: list[int], low: str) -> bool:
    """Whether it always stands before a word and never before a sign, and always between other words.

    A name is followed by commas, full stops and endings, and the same few words go before it.
    """
    if len(places) < 5 or " " not in token:
        return False
    before: set[str] = set()
    after: set[str] = set()
    for at in places:
        end = at + len(token)
        left, right = low[max(0, at - 30) : at].split()[-1:], low[end : end + 30].split()[:1]
        if (
            not left
            or not right
            or low[end : end + 1] != " "
            or not (low[end + 1 : end + 2].isalnum() or low[end + 1 : end + 2] in '(„“"«')
        ):
            return False
        before.add(left[0])
        after.add(right[0])
    return len(before) * 4 >= len(places) * 3 and len(after) * 4 >= len(places) * 3


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
