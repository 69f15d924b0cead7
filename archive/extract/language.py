"""Which language the text is in: py3langid on the text, checked against what the page declares."""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from archive.model import Origin

_SAMPLE_CHARS = 2000
_FIRST_CHARS = 200, 700  # tell the language of nearly every text; the rest is read only in doubt
_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("hy", re.compile("[\u0530-\u058f]")),
    ("ta", re.compile("[\u0b80-\u0bff]")),
    ("te", re.compile("[\u0c00-\u0c7f]")),
    ("ml", re.compile("[\u0d00-\u0d7f]")),
    ("kn", re.compile("[\u0c80-\u0cff]")),
    ("gu", re.compile("[\u0a80-\u0aff]")),
    ("pa", re.compile("[\u0a00-\u0a7f]")),
    ("km", re.compile("[\u1780-\u17ff]")),
    ("lo", re.compile("[\u0e80-\u0eff]")),
    ("my", re.compile("[\u1000-\u109f]")),
    ("si", re.compile("[\u0d80-\u0dff]")),
)  # fmt: skip
_BEYOND_LATIN = re.compile("[^\x00-\u036f]")
_HAN = re.compile("[\u4e00-\u9fff]")
_ALIASES = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "cn": "zh", "jp": "ja", "kr": "ko", "gr": "el", "cz": "cs", "dk": "da",
            "se": "sv", "ua": "uk"}  # fmt: skip
_CONFUSED = ({"no", "da", "sv"}, {"hr", "sr", "bs", "sl"}, {"id", "ms"}, {"pt", "gl", "es", "ca"}, {"cs", "sk"}, {"ru", "uk", "bg", "be", "mk"}, {"ar", "fa", "ur"}, {"hi", "mr", "ne"}, {"de", "lb"}, {"nl", "af"}, {"en", "de", "fr", "es", "it", "nl", "pt"})  # fmt: skip


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def warm_up() -> None:
    """Load the model (0.2 s once per process)."""
    _identifier().classify("warm up")


def subtag(label: str | None) -> str | None:
    """The BCP-47 primary subtag of a language label, e.g. "en_GB" → "en"; None where it is none."""
    if not label:
        return None
    match = re.match(r"\s*([A-Za-z]{2,3})(?=$|[-_\s])", label)
    if match is None:
        return None
    tag = match[1].lower()
    return _ALIASES.get(tag, tag)


def find_language(text: str, declared: list[tuple[str, str]]) -> tuple[str | None, float | None, Origin | None]:
    """Return (language, confidence, origin) of `text`; `declared` are (label, value_from) in order of trust."""
    claims = [(tag, where) for label, where in declared if (tag := subtag(label))]
    losers = tuple((tag, where) for tag, where in claims)
    sample = text[:_SAMPLE_CHARS]
    by_script = _by_script(sample)
    if by_script is not None:
        return by_script, 0.99, Origin("script", 0.99, tuple(x for x in losers if x[0] != by_script))
    if len(sample) < 20:
        if not claims:
            return None, None, None
        return claims[0][0], 0.5, Origin(claims[0][1], 0.5, losers[1:])
    guess, confidence = _of_sample(sample, claims[0][0] if claims else None)
    if claims and claims[0][0] != guess:
        first = claims[0][0]
        related = any({first, guess} <= group for group in _CONFUSED[:-1])
        if confidence < 0.9 or len(sample) < 200 or (related and confidence < 0.9999 and len(sample) < 1000):
            return first, 0.6, Origin(claims[0][1], 0.6, ((guess, "text"), *losers[1:]))
    return guess, round(confidence, 3), Origin("text", round(confidence, 3), tuple(x for x in losers if x[0] != guess))


def _of_sample(sample: str, claimed: str | None) -> tuple[str, float]:
    """The language of a text by its beginning, and by more of it only where that is unsure or not what is claimed."""
    few, more = _FIRST_CHARS
    if claimed is not None and len(sample) > few:
        guess, confidence = _guess(sample[:few])
        if confidence >= 0.999 and guess == claimed:
            return guess, confidence
    guess, confidence = _guess(sample[:more])
    if len(sample) > more and (confidence < 0.99 or claimed not in (guess, None)):
        guess, confidence = _guess(sample)
    return guess, confidence


def _guess(sample: str) -> tuple[str, float]:
    guess, probability = _identifier().classify(sample)
    return _ALIASES.get(str(guess), str(guess)), float(probability)


def _by_script(sample: str) -> str | None:
    if not _BEYOND_LATIN.search(sample):
        return None
    letters = sum(map(str.isalpha, sample))
    if letters < 5 or len(_BEYOND_LATIN.findall(sample)) * 20 < letters:
        return None  # Latin script
    han = len(_HAN.findall(sample))
    for tag, pattern in _SCRIPTS:
        count = len(pattern.findall(sample))
        if tag == "ja" and count > 0.08 * letters and count + han > 0.5 * letters:
            return tag
        if tag != "ja" and count > 0.5 * letters:
            return tag
    if han > 0.5 * letters:
        return "zh"
    return None
