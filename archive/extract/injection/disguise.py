"""Words in disguise: invisible marks, letters of another script, glosses in brackets. Pure."""

from __future__ import annotations

import itertools
import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict

from archive.extract.injection.signs import INVISIBLE, UNSPACED, Mark

_TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
_GLOSS = re.compile(
    rf"[(（](?<=[\u3400-\u9fff].)\s*([a-zü{_TONES}]{{1,7}}(?:\s+[a-zü{_TONES}]{{1,7}})?)\s*[)）]", re.IGNORECASE
)
_JOINED_SCRIPT = re.compile("[\u0600-\u06ff\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1800-\u18af]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u07ff]")
_EMOJI = re.compile("[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]")
_CYRILLIC_LOOKS = frozenset("аеорсухіјѕԁһВЕКМНОРСТХІАaɑ")
_PLAIN = str.maketrans("аеорсухіјѕԁһВЕКМНОРСТХІАɑ", "aeopcyxijsdhBEKMHOPCTXIAa")
_MOST_BREAKS = 2000
_NO_WIDTH = "\u200b-\u200d\u2060\ufeff"
_LACED = re.compile(
    rf"(?<![\w{_NO_WIDTH}])[^\W_](?: ?[{_NO_WIDTH}]{{1,3}} ?[{_NO_WIDTH}]{{0,3}}[^\W_]){{5,}}(?![\w{_NO_WIDTH}])"
)
_GREEK_OR_CYRILLIC = re.compile("[\u0370-\u04ff]")


def invisible_marks(text: str) -> list[Mark]:
    """Invisible characters inside or between words. Where a script needs joiners, and in emoji, they stay."""
    if not INVISIBLE.search(text):
        return []
    found: list[Mark] = []
    runs_left = _RIGHT_TO_LEFT.search(text) is not None
    for match in INVISIBLE.finditer(text):
        at = match.start()
        near = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
        if match[0] in "\u200c\u200d" and (_JOINED_SCRIPT.search(near) or _EMOJI.search(near)):
            continue
        if match[0] in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e" and runs_left:
            continue
        name = unicodedata.name(match[0], f"U+{ord(match[0]):04X}").lower()
        found.append(Mark(at, at + 1, "zero_width", (f"invisible: {name}",), "normalised"))
    return found


def within_words(marks: list[Mark], text: str) -> int:
    """How many invisible marks (soft hyphens aside) stand between two letters."""
    return sum(
        1
        for mark in marks
        if text[mark.start] not in "\u00ad\ufeff\u200e\u200f"
        and 0 < mark.start < len(text) - 1
        and text[mark.start - 1].isalpha()
        and text[mark.end].isalpha()
    )


def veiled(blocks: list[str]) -> dict[str, int]:
    """Strings of a script without spaces that are never written without invisible marks in or right behind them.

    Returns each with how often it stands there, twice at least. No editor breaks one and the same word each time.
    """
    joined = "\n".join(blocks)
    if not INVISIBLE.search(joined) or not UNSPACED.search(joined):
        return {}
    parts = INVISIBLE.split(joined)
    breaks = sorted(set(itertools.accumulate(map(len, parts[:-1]))))
    text = "".join(parts)
    counted = {said: _veiled_times(said, text, breaks) for said in _broken_strings(text, breaks)}
    found = {said: times for said, times in counted.items() if times >= 2}
    return {
        said: times
        for said, times in found.items()
        if not any(said != other and said in other and found[other] == times for other in found)
    }


def _broken_strings(text: str, breaks: list[int]) -> list[str]:
    """The strings of 3 to 8 letters with a break in them, and in or right behind them in a second place."""
    places: defaultdict[str, set[int]] = defaultdict(set)
    broken: dict[str, None] = {}
    for at in breaks[:_MOST_BREAKS]:
        for start in range(max(0, at - 10), at):
            for end in range(max(at - 2, start + 3), min(len(text), start + 8) + 1):
                places[text[start:end]].add(start)
                if end > at:
                    broken[text[start:end]] = None
    return [said for said in broken if len(places[said]) >= 2 and all(map(UNSPACED.match, said))]


def _veiled_times(said: str, text: str, breaks: list[int]) -> int:
    """How often a string stands in a text, 0 if anywhere without a break in or right behind it."""
    times = 0
    for match in re.finditer(re.escape(said), text):
        behind = bisect_right(breaks, match.start())
        if behind == len(breaks) or breaks[behind] >= match.end() + 3:
            return 0
        times += 1
    return times


def laced(blocks: list[str]) -> list[tuple[int, Mark]]:
    """Words whose letters are nearly all parted by invisible marks: a spelling that filters do not see.

    Twice at least, and in little of the text: whoever laces all of it guards it against copying.
    """
    found = [
        (at, match)
        for at, text in enumerate(blocks)
        if INVISIBLE.search(text) and not _JOINED_SCRIPT.search(text)
        for match in _LACED.finditer(text)
    ]
    much = sum(len(match[0]) for _, match in found) * 5 > sum(map(len, blocks))
    if len(found) < 2 or much:
        return []
    kinds = ("invisible: marks between all of its letters", f"repeats: {len(found)} such words")
    return [(at, Mark(match.start(), match.end(), "inline_token", kinds, "redacted")) for at, match in found]


def may_be_mixed(text: str) -> bool:
    """Whether a text has letters of which some look like Latin ones."""
    return _GREEK_OR_CYRILLIC.search(text) is not None


def mixed_words(text: str) -> list[tuple[int, int]]:
    """Words in which letters of one script stand in for look-alikes of another ("Vіаgrа")."""
    if not may_be_mixed(text):
        return []
    found: list[tuple[int, int]] = []
    for match in re.finditer(r"[^\W\d_\u200b-\u2060]+(?:[\u200b-\u200f\u2060\ufeff][^\W\d_]+)*", text):
        word = match[0]
        latin = sum("a" <= char.lower() <= "z" for char in word)
        looks = sum(char in _CYRILLIC_LOOKS and char > "\u0370" for char in word)
        other = sum("\u0370" <= char <= "\u04ff" for char in word)
        if latin >= 1 and other and looks == other and len(word) >= 3:
            found.append(match.span())
    return found


def disguised(text: str) -> list[Mark]:
    """Runs of words in letters of two scripts: look-alikes in several words, or with invisible marks in them."""
    spans = mixed_words(text)
    found: list[Mark] = []
    at = 0
    while at < len(spans):
        start, end = spans[at]
        words = 1
        # One plain word between two disguised ones belongs to them.
        while at + 1 < len(spans) and re.fullmatch(r"\s+(?:\w+\s+)?", text[end : spans[at + 1][0]]):
            at += 1
            end = spans[at][1]
            words += 1
        at += 1
        kinds = [f"mixed: {words} words in letters of two scripts"]
        if INVISIBLE.search(text[start:end]):
            kinds.append("invisible: marks inside")
        if words >= 2 or len(kinds) >= 2:
            found.append(Mark(start, end, "homoglyph", tuple(kinds), "redacted"))
    return found


def unveiled(text: str) -> tuple[str, list[int]]:
    """A text without invisible marks, look-alikes as the Latin letters they stand for; and where each letter was."""
    kept = [(char, at) for at, char in enumerate(text) if not INVISIBLE.match(char)]
    return "".join(char for char, _ in kept).translate(_PLAIN).lower(), [at for _, at in kept]


def same_string(blocks: list[str], disguises: list[tuple[int, Mark]]) -> list[tuple[int, Mark]]:
    """Every place of the strings that were found in disguise, whatever each place hides them with.

    The word that always goes before them belongs to them; a single word counts only where it is disguised itself.
    """
    shown = [unveiled(text) for text in blocks]
    names = {" ".join(unveiled(blocks[at][mark.start : mark.end])[0].split()) for at, mark in disguises}
    found: list[tuple[int, Mark]] = []
    for name in sorted(names, key=lambda one: (-len(one), one)):
        pattern = re.compile(r"(?<!\w)" + re.escape(name) + r"(?!\w)")
        places = [(at, match) for at, (text, _) in enumerate(shown) for match in pattern.finditer(text)]
        before = {
            text[: match.start()].split()[-1:][0]
            for at, match in places
            if (text := shown[at][0])[: match.start()].split()
        }
        lead = len(next(iter(before))) + 1 if len(before) == 1 and len(places) >= 3 else 0
        for at, match in places:
            where = shown[at][1]
            start, end = where[max(0, match.start() - lead)], where[match.end() - 1] + 1
            said = blocks[at][start:end]
            if " " in name or said.lower() != name:
                kinds = (
                    "mixed: a string written in letters of two scripts",
                    f"repeats: {len(places)} times, hidden differently",
                )
                found.append((at, Mark(start, end, "homoglyph", kinds, "redacted")))
    return found


def glosses(text: str) -> list[Mark]:
    """Pinyin in brackets after a Chinese character, with a tone mark."""
    found = (match for match in _GLOSS.finditer(text) if any(char in _TONES for char in match[1].lower()))
    return [
        Mark(*match.span(), "pinyin_gloss", (f"gloss: pinyin of {text[match.start() - 1]!r}",), "normalised")
        for match in found
    ]
