"""The words of a text, and how long it is in scripts with spaces between words and in those without. Pure."""

from __future__ import annotations

import re

# Thai, Lao, Myanmar, Khmer, kana, Han. Korean has spaces.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
)
# For `str.translate` of ASCII: what is of no word becomes a space. Cutting there is four times faster than looking for
# words.
ONLY_WORDS = "".join(sign if sign.isalnum() or sign == "_" else " " for sign in map(chr, range(128)))


def word_measure(text: str) -> int:
    """Return how long a text is in words; two characters of a script without spaces count as one."""
    unspaced = len(_UNSPACED.findall(text))
    spaced = len(_UNSPACED.sub(" ", text).split()) if unspaced else len(text.split())
    return spaced + unspaced // 2
