"""Strings put before or over words of the text, all over a page: the ledger of one page.

A candidate comes from a place of the page that is not the story (zones.py) and stands inside sentences as well; it is
weighed (weighing.py), and where one is proven, what belongs to it is looked for (kin.py).
"""

from __future__ import annotations

import re
from collections import Counter

from archive.extract.injection.kin import families, kin, longer, siblings
from archive.extract.injection.signs import HAN, TOKEN, UNSPACED, plain
from archive.extract.injection.weighing import NO_PAST, Past, Token, weigh
from archive.extract.injection.zones import PART, Zones

_MAX_PROSE = 120_000


def find_tokens(zones: Zones, prose: list[str], past: Past = NO_PAST) -> list[Token]:
    """The strings of `zones` that were put into the sentences of `prose` (one entry a paragraph)."""
    body = "\n".join(prose)[:_MAX_PROSE]
    low = next((low for low in (plain(body), body.lower()) if len(low) == len(body)), body)
    accused = [text for text in past.site.accused if text in low] if past.site is not None else []
    found = _weighed([*accused, *_candidates(PART.split(zones.plain_title), low)], zones, low, past)
    if not any(token.proven for token in found.values()):
        return list(found.values())
    places = _places_beside(zones)
    fresh = [candidate for candidate in _candidates(places, low) if candidate not in found]
    found |= _weighed(fresh, zones, low, past)
    found |= {token.text: token for token in kin(list(found.values()), places, low)}
    found |= {token.text: token for token in siblings(list(found.values()), low)}
    return families([*found.values(), *longer(list(found.values()), zones, low)])


def _weighed(candidates: list[str], zones: Zones, low: str, past: Past) -> dict[str, Token]:
    weighed = ((candidate, weigh(candidate, zones, low, past)) for candidate in dict.fromkeys(candidates))
    return {candidate: token for candidate, token in weighed if token is not None}


def _places_beside(zones: Zones) -> list[str]:
    """What menus say more than once, and the parts of what stands in metas, menu, trail and foot."""
    counted = Counter(plain(text) for text, _ in zones.links)
    places = [text for text, times in counted.items() if times >= 2 and 2 < len(text) < 40][:40]
    said = (part for text in (*zones.metas, *zones.short) for part in PART.split(plain(text))[:12])
    return places + [part for part in said if 2 < len(part) < 60]


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
