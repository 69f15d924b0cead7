"""Near-duplicate fingerprints: SimHash of 64 bits over character n-grams (4; for Chinese, Japanese, Korean 2).

Charikar's SimHash as Manku, Jain and Das Sarma used it for web pages (WWW 2007). Two texts that say the same differ
in few bits. Pure Python; the same text gives the same number everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from hashlib import blake2b

_WIDE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_MAX_CHARS = 20_000


def simhash(text: str) -> int:
    """The fingerprint of `text`, 0 … 2**64 - 1; 0 for a text without letters or digits."""
    letters = "".join(char for char in unicodedata.normalize("NFKC", text[:_MAX_CHARS]).casefold() if char.isalnum())
    if not letters:
        return 0
    size = 2 if len(_WIDE.findall(letters)) * 3 > len(letters) else 4
    grams = Counter(letters[at : at + size] for at in range(max(1, len(letters) - size + 1)))
    # Bit counts are summed 16 bits apart in one long integer: sixty-four adders for the price of one.
    total = 0
    mass = 0
    for gram, count in grams.items():
        weight = min(count, 8)
        mass += weight
        total += _spread(_hash(gram)) * weight
    fingerprint = 0
    for bit in range(64):
        if ((total >> (bit * 32)) & 0xFFFFFFFF) * 2 > mass:
            fingerprint |= 1 << bit
    return fingerprint


def distance(one: int, other: int) -> int:
    """How many of the 64 bits differ; up to about 6 for near-duplicates of news length."""
    return (one ^ other).bit_count()


def _hash(gram: str) -> int:
    return int.from_bytes(blake2b(gram.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


_BYTE_SPREAD = tuple(sum(1 << (bit * 32) for bit in range(8) if byte >> bit & 1) for byte in range(256))


def _spread(value: int) -> int:
    total = 0
    for place in range(8):
        total |= _BYTE_SPREAD[(value >> (place * 8)) & 0xFF] << (place * 256)
    return total
