"""Insertions inside a sentence that are not one string over the whole page: marks, glosses, contacts, links. Pure."""

# ruff: noqa: E501, PERF401 - patterns and evidence are read by row

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass

from archive.extract.injection.signs import HAN, INVISIBLE, UNSPACED, Mark, is_wide

_TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
_GLOSS = re.compile(
    rf"[(（](?<=[\u3400-\u9fff].)\s*([a-zü{_TONES}]{{1,7}}(?:\s+[a-zü{_TONES}]{{1,7}})?)\s*[)）]", re.IGNORECASE
)
_JOINED_SCRIPT = re.compile("[\u0600-\u06ff\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1800-\u18af]")
_EMOJI = re.compile("[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]")
_CYRILLIC_LOOKS = frozenset("аеорсухіјѕԁһВЕКМНОРСТХІАaɑ")
_PLAIN = str.maketrans("аеорсухіјѕԁһВЕКМНОРСТХІАɑ", "aeopcyxijsdhBEKMHOPCTXIAa")
_NO_WIDTH = "\u200b-\u200d\u2060\ufeff"
_LACED = re.compile(
    rf"(?<![\w{_NO_WIDTH}])[^\W_](?: ?[{_NO_WIDTH}]{{1,3}} ?[{_NO_WIDTH}]{{0,3}}[^\W_]){{5,}}(?![\w{_NO_WIDTH}])"
)
_WORD = re.compile(r"[^\W\d_]+")
_GREEK_OR_CYRILLIC = re.compile("[\u0370-\u04ff]")
_DOMAIN = r"(?:https?://)?(?:www\.)?[a-z0-9][a-z0-9-]{1,30}(?:\.[a-z0-9-]{2,20}){1,2}(?:/[\w./-]*)?"
_ID = r"(?:@[A-Za-z0-9_]{4,24}|\+\d[\d ().-]{6,16}\d|(?=[A-Za-z_-]*\d)[A-Za-z0-9+][A-Za-z0-9_-]{4,20})"
# Ways to reach somebody off the page; alone they only say "contact", the brackets around them are the structure.
_CHANNEL = r"(?:加?\s*(?:微信|薇信|威信|vx|wx|v信|qq|扣扣|飞机|纸飞机|电报|客服)|q\s?q|we\s?chat|whats\s?app|tele\s?gram|tg|line|kakao(?:talk)?|카톡|카카오톡|텔레그램|텔레|ライン|skype|viber|signal|加v|加q)"
_BRACKETS = (("【", "】"), ("▲", "▲"), ("★", "★"), ("☆", "☆"), ("◆", "◆"), ("●", "●"), ("■", "■"), ("▼", "▼"), ("「", "」"), ("《", "》"),
             ("[", "]"), ("(", ")"), ("（", "）"), (">>>", "<<<"), ("<<<", ">>>"), ("***", "***"), ("〔", "〕"), ("〖", "〗"), ("{", "}"), ("~", "~"), ("→", "←"), ("✆", "✆"), ("♥", "♥"))  # fmt: skip
_DECORATED = frozenset(("▲", "★", "☆", "◆", "●", "■", "▼", ">>>", "<<<", "***", "〖", "✆", "♥", "→", "【"))
_BRACKETED = re.compile(
    "|".join(
        rf"{re.escape(one)}[^\n{re.escape(one[0])}{re.escape(other[0])}]{{4,70}}?{re.escape(other)}"
        for one, other in _BRACKETS
    )
)
_REACH = re.compile(rf"(?<![A-Za-z])(?:{_CHANNEL})\s*(?:号|號|id)?\s*[:：]?\s*({_ID})", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<!\w)(?:call|dial|text|tel|phone|致电|拨打|热线|電話|전화)\s*[:：.]?\s*\+?\d[\d\s()./-]{6,}\d", re.IGNORECASE
)
# The same without signs around it, between two words of a sentence.
_ACCOUNT = re.compile(r"[@\d](?:[\w-]{4}|(?<=[^\W\d]\d|[+-]\d))")  # in every `_ID`, and found much faster
_BARE_PHONE = re.compile(rf"\((?:{_PHONE.pattern})\)", re.IGNORECASE)
_BARE = re.compile(rf"(?:{_REACH.pattern})|{_BARE_PHONE.pattern}", re.IGNORECASE)
_PLACE = re.compile(rf"(?<![A-Za-z0-9.@-]){_DOMAIN}(?![A-Za-z0-9@])", re.IGNORECASE)


def invisible_marks(text: str) -> list[Mark]:
    """Invisible characters inside or between words. Where a script needs joiners, and in emoji, they stay."""
    if not INVISIBLE.search(text):
        return []
    found: list[Mark] = []
    for match in INVISIBLE.finditer(text):
        at = match.start()
        near = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
        if match[0] in "\u200c\u200d" and (_JOINED_SCRIPT.search(near) or _EMOJI.search(near)):
            continue
        if match[0] in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e" and re.search("[\u0590-\u07ff]", text):
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
    breaks = set(itertools.accumulate(map(len, parts[:-1])))
    text = "".join(parts)
    counted: dict[str, int] = {}
    for at in sorted(breaks)[:400]:
        for start in range(max(0, at - 7), at):
            for end in range(max(at + 1, start + 3), start + 9):
                said = text[start:end]
                if len(said) == end - start and said not in counted and all(UNSPACED.match(char) for char in said):
                    counted[said] = _veiled_times(said, text, breaks)
    found = {said: times for said, times in counted.items() if times >= 2}
    return {
        said: times
        for said, times in found.items()
        if not any(said != other and said in other and found[other] == times for other in found)
    }


def _veiled_times(said: str, text: str, breaks: set[int]) -> int:
    """How often a string stands in a text, 0 if anywhere without a break in or right behind it."""
    places = [match.start() for match in re.finditer(re.escape(said), text)]
    whole = all(any(at < one < at + len(said) + 3 for one in breaks) for at in places)
    return len(places) if whole else 0


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
    """Runs of words written in letters of two scripts: look-alikes in several words, or with invisible marks in them."""
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
    """A text in plain letters: no invisible marks, look-alikes as the Latin letters they stand for; and where each was."""
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
    found: list[Mark] = []
    for match in _GLOSS.finditer(text):
        if any(char in _TONES for char in match[1].lower()):
            found.append(
                Mark(
                    match.start(),
                    match.end(),
                    "pinyin_gloss",
                    (f"gloss: pinyin of {text[match.start() - 1]!r}",),
                    "normalised",
                )
            )
    return found


def bare_contacts(text: str) -> list[tuple[int, int, tuple[str, ...]]]:
    """Ways to reach somebody that stand between two words of a sentence without a sign that sets them off."""
    found: list[tuple[int, int, tuple[str, ...]]] = []
    for match in _BARE.finditer(text) if _ACCOUNT.search(text) or _BARE_PHONE.search(text) else ():
        before, after = text[: match.start()].rstrip(), text[match.end() :].lstrip()
        if before and after and before[-1].isalnum() and (after[0].isalpha() or HAN.match(after[0])):
            found.append((match.start(), match.end(), (f"contact: {match[0]}", "between: two words of a sentence")))
    return found


def contacts(text: str) -> list[tuple[int, int, tuple[str, ...]]]:
    """Bracketed or decorated insertions that hold a way to reach somebody: (start, end, kinds of evidence)."""
    found: list[tuple[int, int, tuple[str, ...]]] = []
    for match in _BRACKETED.finditer(text):
        inner = match[0]
        kinds: list[str] = []
        opened = next(one for one, _ in _BRACKETS if inner.startswith(one))
        place = _PLACE.search(inner) if opened in _DECORATED or opened == "[" else None
        if _ACCOUNT.search(inner) and (reach := _REACH.search(inner)):
            kinds.append(f"contact: {reach[0]}")
        # Papers put addresses into round brackets all the time; set off by signs they are an advertisement.
        elif place and (
            opened in _DECORATED or (opened == "[" and place[0].startswith("www.") and inner[1:-1] == place[0])
        ):
            kinds.append(f"contact: {place[0]}")
        else:
            continue
        before, after = text[: match.start()].rstrip(), text[match.end() :].lstrip()
        if opened in _DECORATED or (opened == "[" and place):
            kinds.append(f"frame: set off by {opened!r}")
        if before and after and before[-1] not in "。！？.!?\n":
            kinds.append("sentence: in the middle of one")
        elif (before or after) and opened in "【▲★☆◆●■▼✆♥〖":
            kinds.append("sentence: glued to one")
        elif not before or not after:
            kinds.append("edge")
        found.append((match.start(), match.end(), tuple(kinds)))
    return found


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link to a foreign site inside a paragraph."""

    block: int
    text: str
    site: str
    href: str
    start: int
    end: int


def is_opaque(href: str) -> bool:
    """Whether an address is a bare number on a host."""
    return bool(re.search(r"^https?://[^/]+/\d+(?:\.html?)?/?$", href))


def anchor_evidence(anchors: list[Anchor], blocks: list[str]) -> dict[Anchor, tuple[str, ...]]:
    """The kinds of evidence against each foreign link: scattered, opaque, splits, script, topic."""
    where: dict[str, set[str]] = {}
    for anchor in anchors:
        where.setdefault(anchor.text.casefold(), set()).add(anchor.site)
    opaque = {anchor for anchor in anchors if is_opaque(anchor.href)}
    body = "\n".join(blocks)
    strange = _strange(anchors, blocks) if opaque else None
    out: dict[Anchor, tuple[str, ...]] = {}
    for anchor in anchors:
        kinds: list[str] = []
        text = blocks[anchor.block]
        if (
            anchor.start < 2
            or len(text) - anchor.end < 2
            or text[: anchor.start].rstrip()[-1:] in ("", "|", "•", "·", "\n")
        ):
            out[anchor] = ()
            continue
        if len(where[anchor.text.casefold()]) >= 2:
            kinds.append(f"scattered: the same words link {len(where[anchor.text.casefold()])} sites")
        crowd = opaque & strange if strange else set()
        if anchor in opaque and len({one.site for one in opaque}) >= 2 and len(opaque) * 2 > len(anchors):
            kinds.append("opaque: bare numbers at several foreign sites")
        elif anchor in crowd and len(crowd) >= 3 and len({one.site for one in crowd}) >= 2:
            kinds.append("opaque: bare numbers at several foreign sites")
            kinds.append(f"topic: {len(crowd)} such links, their words nowhere else in the story")
        if (" " in anchor.text or HAN.search(anchor.text)) and _parts(text, anchor.start, anchor.end, body):
            kinds.append("splits: parts words that stand whole elsewhere")
        if sum(map(str.isalpha, anchor.text)) > 3 and bool(HAN.search(anchor.text)) != is_wide(text):
            kinds.append("script: not the script of the sentence")
        if kinds and strange is None:
            strange = _strange(anchors, blocks)
        if kinds and strange and len(strange) >= 2 and anchor in strange and len(strange) * 3 >= len(anchors) * 2:
            kinds.append("topic: its words are nowhere else in the story")
        out[anchor] = tuple(kinds)
    return out


def _strange(anchors: list[Anchor], blocks: list[str]) -> set[Anchor]:
    """The links whose words are nowhere in the story but in links."""
    last = dict.fromkeys(range(len(blocks)), 0)
    parts: list[str] = []
    for anchor in sorted(anchors, key=lambda one: (one.block, one.start)):
        parts.append(blocks[anchor.block][last[anchor.block] : anchor.start])
        last[anchor.block] = max(last[anchor.block], anchor.end)
    parts.extend(blocks[at][end:] for at, end in last.items())
    rest = "\n".join(parts).casefold()
    return {anchor for anchor in anchors if not _words_in(anchor.text.casefold(), rest)}


def _words_in(text: str, low: str) -> bool:
    said = [text[:2]] if HAN.search(text) else [word for word in text.split() if len(word) > 3]
    return not said or any(word in low for word in said)


def _parts(text: str, start: int, end: int, body: str) -> bool:
    left, right = text[:start], text[end:]
    if HAN.match(left[-1:]) and HAN.match(right[:1]):
        pair = left[-2:] + right[:2]
        return len(pair) == 4 and pair.isalpha() and pair in body
    before, after = left.rsplit(None, 1)[-1:], right.split(None, 1)[:1]
    if not before or not after or len(before[0]) + len(after[0]) < 9:
        return False
    return f"{before[0]} {after[0]}" in body


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
