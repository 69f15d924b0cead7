"""What belongs to an injected string: its longer forms, its second names, what shares a word with it. Pure.

All of it stands on strings that are proven already.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from archive.extract.injection.signs import UNSPACED, grams, plain
from archive.extract.injection.weighing import Token, places_of
from archive.extract.injection.zones import Zones


def longer(tokens: list[Token], zones: Zones, low: str) -> list[Token]:
    """Proven strings with the word that keeps following them, where menu, foot or repetition say it belongs to them."""
    places = plain("\n".join((zones.title, *zones.metas, *zones.short)))
    out: list[Token] = []
    for token in tokens:
        if token.proven:
            forms = _unspaced_forms if UNSPACED.match(token.text) else _spaced_forms
            out += [Token(text, (*token.evidence, told), True) for text, told in forms(token.text, places, low)]
    return out


def _unspaced_forms(text: str, places: str, low: str) -> Iterator[tuple[str, str]]:
    """Longer forms with the evidence for them, where words have no spaces: menu, foot or title must have them."""
    tails = {match[1] for match in re.finditer(re.escape(text) + r"([^\W\d_]{1,4})", low)}
    starts = {tail[:size] for tail in tails for size in range(1, len(tail) + 1)}
    for start in sorted(starts):
        if text + start in places:
            yield text + start, "family: its longer form is in menu, foot or title"


def _spaced_forms(text: str, places: str, low: str) -> Iterator[tuple[str, str]]:
    """Longer forms with the evidence for them, where words have spaces."""
    after = Counter(match[1] for match in re.finditer(re.escape(text) + r"( [^\W\d_]+)", low))
    for tail, times in after.items():
        last = tail.strip()
        alone = len(re.findall(rf"(?<!\w){re.escape(last)}(?!\w)", low)) > low.count(text + tail)
        if text + tail in places or (times >= 3 and len(last) > 3 and not alone):
            yield text + tail, f"family: followed {times} times"


def siblings(tokens: list[Token], low: str) -> list[Token]:
    """Strings all over the sentences that share a rare word with a proven one: a second name of what is sold.

    Such a string always is the same, stands between ever different words, and its word stands nowhere else.
    """
    proven = [token.text for token in tokens if token.proven and " " in token.text]
    if not proven:
        return []
    rest = re.sub("|".join(map(re.escape, sorted(proven, key=len, reverse=True))), "\n", low)
    out: list[Token] = []
    for word in dict.fromkeys(word for text in proven for word in text.split() if len(word) > 4):
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


def kin(tokens: list[Token], places: list[str], low: str) -> list[Token]:
    """Strings of menu, foot and metas inside sentences that share a word with a proven one."""
    known = {gram for token in tokens if token.proven for gram in grams(token.text)}
    out: list[Token] = []
    for place in dict.fromkeys(place.strip() for place in places):
        said = places_of(place, low) if 5 < len(place) < 50 else []
        if len(said) >= 2 and known & grams(place) and not any(token.text == place for token in tokens):
            out.append(
                Token(place, ("zones: in menu, foot or metas", "kinship: shares a word with a proven one"), True)
            )
    return out


def families(tokens: list[Token]) -> list[Token]:
    """Longer and shorter forms of a proven token are proven with it."""
    proven = [token.text for token in tokens if token.proven]
    out: list[Token] = []
    for token in tokens:
        if not token.proven and any(_is_form(token.text, other) for other in proven):
            out.append(Token(token.text, (*token.evidence, f"family: of {proven[0]!r}"), True))
        else:
            out.append(token)
    return out


def _is_form(text: str, proven: str) -> bool:
    return text.startswith(proven) or (proven.startswith(text) and len(text) * 2 > len(proven))
