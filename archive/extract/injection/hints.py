"""How a story is written, and what a paragraph that is not of it shows: another language, other commas, offers. Pure.

A hint is one kind of evidence, and never enough: a quotation may be in another language, a notice have other commas.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from archive.extract.injection.common import latin_language

_HALF_COMMA = re.compile(r"[\u3040-\u9fff],(?=[\u3040-\u9fff])")
_FULL_COMMA = re.compile("[，、]")
_QUOTED = re.compile(r"[\"“”„«»「『]")
_OFFER = re.compile(
    r"\d+\s*%|24\s*/\s*7|\b24\s*h|[$€£¥￥]\s*\d|\d\s*[$€£￥]|\d+\s*(?:元|小时|小時|時間|分钟|hours|stunden|horas|heures|ore|시간)|百分百|二十四小时",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SAMPLE = 6000  # characters of a story that show its manner


@dataclass(frozen=True, slots=True)
class Manner:
    """The language of a story in Latin letters ("" for another or an unclear one), and whether its commas are wide."""

    language: str = ""
    wide_commas: bool = False

    def against(self, text: str, doubted: bool) -> list[str]:
        """The kinds of evidence that a paragraph is not of this hand.

        Another language and another topic are one thing, so the language only tells where more was found (`doubted`).
        """
        kinds: list[str] = []
        if (
            doubted
            and self.language
            and not _QUOTED.search(text)
            and (other := latin_language(text)) not in ("", self.language)
        ):
            kinds.append(f"language: {other} in a text of {self.language}")
        if self.wide_commas and len(_HALF_COMMA.findall(text)) >= 2 and not _FULL_COMMA.search(text):
            kinds.append("commas: half as wide as those of the text")
        return kinds


@lru_cache(maxsize=4)  # asked for each doubted paragraph of a story
def manner_of(body: str, script: str) -> Manner:
    """How a story is written."""
    sample = body[:_SAMPLE]
    if script == "latin":
        return Manner(latin_language(sample))
    if script in ("han", "kana"):
        wide = len(_FULL_COMMA.findall(sample))
        return Manner(wide_commas=wide >= 5 and wide >= 2 * len(_HALF_COMMA.findall(sample)))
    return Manner()


def offers(text: str) -> int:
    """How much the figures of a paragraph look like an offer: 2 as of one, 1 where a share alone may be, 0 not."""
    found = _OFFER.findall(text)
    shares = sum(figure.endswith("%") for figure in found)
    return 2 if len(found) > shares or (shares and len(_NUMBER.findall(text)) > 1) else min(shares, 1)


def has_figures_of_offer(text: str) -> bool:
    return _OFFER.search(text) is not None
