"""Headings as words: when two are the same, what part of one is the site's name, what its parts are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Set
from functools import lru_cache
from urllib.parse import unquote

from archive.addresses import parts_of

_SEPARATOR = re.compile(r"\s+[|–—\-•·:»«›/~]+\s+|\s*[|｜»›ㅣ]\s*|\s*[_＿]+\s*|\s+::\s+")
_DENSE_SEPARATOR = re.compile(r"\s*(?!(?<=\d)-\d)[|｜»›ㅣ_＿–—\-]+\s*")  # scripts without spaces put none around it
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_GERMAN = str.maketrans({"ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "ae", "Ö": "oe", "Ü": "ue"})  # in addresses
_BETWEEN = re.compile(r"[-_+ ,.]+")
_ENDING = re.compile(r"\.\w{2,5}$")
_WORDS = re.compile(r"\w+")


@lru_cache(maxsize=4096)
def norm(text: str) -> str:
    """Letters and digits only, case folded: two headings with the same norm are the same heading."""
    return " ".join(words_of(text))


@lru_cache(maxsize=1024)  # of a page's short lines, which several readers take apart
def words_of(text: str) -> tuple[str, ...]:
    """The words and numbers of a text, case folded."""
    return tuple(_WORDS.findall(text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()))


def same_words(text: str, plain: str) -> bool:
    """Whether a text of the length of a headline has the norm `plain`."""
    first = text[:1]
    # What follows a letter may change it where it is a combining mark; those begin at U+0300.
    if first.isascii() and first.isalnum() and first.lower() != plain[:1] and text[1:2] < "\u0300":
        return False
    # Compatibility characters may become several; in ASCII the norm is never longer than the text.
    return len(text) < 400 and (len(text) >= len(plain) or not text.isascii()) and norm(text) == plain


def is_site(part: str, names: Set[str]) -> bool:
    """Whether a part of a title is the site's name: equal to one, or a few words around one."""
    plain = norm(part)
    if plain in names:
        return True
    squashed = plain.replace(" ", "")
    if len(squashed) < 3 or len(plain.split()) > 5:
        return False
    return any(
        (len(name) >= 4 and (name in squashed and len(name) * 2.5 >= len(squashed)))
        or (len(squashed) >= 4 and squashed in name and len(squashed) * 2 >= len(name))
        for name in (known.replace(" ", "") for known in names)
    )


def without_site(text: str, names: Set[str]) -> str:
    """Drop the site's name from the ends of a title, and what stands beyond it."""
    parts = _spans(text, _SEPARATOR)
    first, last = 0, len(parts)
    while last - first > 1 and is_site(text[slice(*parts[last - 1])], names):
        last -= 1
    while last - first > 1 and is_site(text[slice(*parts[first])], names):
        first += 1
    if (first, last) == (0, len(parts)):
        return text
    return text[parts[first][0] : parts[last - 1][1]].strip()


def beginnings_and_ends(text: str) -> Iterator[tuple[str, str]]:
    """The beginnings ("head") and ends ("tail") of a title that is cut by separators into up to seven parts."""
    parts = _spans(text, _DENSE_SEPARATOR if _DENSE.search(text) else _SEPARATOR)
    if 1 < len(parts) <= 7:
        for at in range(1, len(parts)):
            yield text[parts[0][0] : parts[at - 1][1]].strip(), "head"
            yield text[parts[at][0] : parts[-1][1]].strip(), "tail"


def _spans(text: str, separator: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where the parts of a title begin and end; blank ones are no parts."""
    cuts = [0, *(at for match in separator.finditer(text) for at in match.span()), len(text)]
    return [(start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=True) if text[start:end].strip()]


def slug_words(url: str) -> tuple[str, ...]:
    """The words of the wordiest part of an address's path."""
    wordiest: list[str] = []
    for part in unquote(parts_of(url).path).split("/"):
        words = [word for word in _BETWEEN.split(folded(_ENDING.sub("", part))) if len(word) > 1 and not word.isdigit()]
        wordiest = max(wordiest, words, key=len)
    return tuple(wordiest)


def folded(text: str) -> str:
    """A text as addresses write it: no case, no accents, German umlauts as two letters."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.translate(_GERMAN)).casefold()
    return "".join(letter for letter in parts if not unicodedata.combining(letter))
