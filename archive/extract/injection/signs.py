"""The vocabulary of the judge: a `Mark` on the text, and the kinds of structural evidence that may support it.

Two independent kinds are needed before anything is taken out of a text; one alone only makes a page suspect.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from archive.words import ONLY_WORDS

Action = Literal["redacted", "dropped", "flagged", "normalised"]
Charge = tuple[str, tuple[str, ...]]  # the class of an injection, and the evidence for it: "kind: what was seen"

WIDE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
TOKEN = re.compile(rf"[{WIDE}]|[^\W{WIDE}]+")
_STEM = re.compile(r"(?<!\w)\w{4,6}")  # of a longer word its first six letters
UNSPACED = re.compile(f"[{WIDE}]")
HAN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
# Zero-width and other invisible marks. U+200C and U+200D join letters in some scripts, and U+200D joins emoji.
INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# Letters and signs that comparing only puts in lower case: nothing else of a text need be looked at one by one.
_SIMPLE = (
    "\x00-\x9f\xa1-\xa7\xa9\xab\xac\xae\xb0\xb1\xb6\xb7\xbb\xbf-\xde\xe0-\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e\u0180-\u01c3"
    "\u0400-\u0482\u048a-\u052f\u05d0-\u05ea\u2012-\u2016\u2018-\u2023\u2030\u2032\u203a\u20ac"
    "\u3001-\u3029\u3041-\u3096\u30a1-\u30fe\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
_NOT_SIMPLE = re.compile(f"[^{_SIMPLE}]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch start … end of one block's text that its publisher did not write."""

    start: int
    end: int
    injection_class: str
    evidence: tuple[str, ...]
    action: Action
    restored: str | None = None
    restored_from: str | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """The lines of a text, and for each of them the marks that are proven, and those that are only suspected."""

    lines: list[str]
    proven: list[list[Mark]]
    suspected: list[list[Mark]]


@lru_cache(maxsize=2048)  # the blocks of a page are compared again and again
def plain(text: str) -> str:
    """`text` for comparing: NFKC, no invisible marks, case folded."""
    if text.isascii() or not _NOT_SIMPLE.search(text):
        return text.lower()
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).casefold()


def names_of(evidence: Iterable[str]) -> set[str]:
    """The kinds of evidence that are there: two that differ are needed."""
    return {one.split(":", 1)[0] for one in evidence}


def words(text: str) -> list[str]:
    """The words of a text for comparing; in scripts without spaces its characters."""
    return TOKEN.findall(plain(text))


def grams(text: str) -> set[str]:
    """What a text is about, for comparing: the first six letters of longer words; in scripts without spaces pairs."""
    low = plain(text)
    if low.isascii():
        return {word[:6] for word in low.translate(ONLY_WORDS).split() if len(word) > 3}
    if not UNSPACED.search(low):
        return set(_STEM.findall(low))
    found = TOKEN.findall(low)
    pairs = {one + other for one, other in itertools.pairwise(found) if UNSPACED.match(one) and UNSPACED.match(other)}
    return pairs | {word[:6] for word in found if len(word) > 3 and not UNSPACED.match(word)}


def is_wide(text: str) -> bool:
    """Whether a text is mostly in a script without spaces between words."""
    text = text[:2000]  # the beginning tells
    return HAN.search(text) is not None and len(HAN.findall(text)) * 3 > sum(map(str.isalpha, text))
