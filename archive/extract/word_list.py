"""Lists of words a user watches for: a page on which one stands is suspect. Pure.

A list only raises suspicion. It takes nothing out of a text, calls no page hijacked, and a page that is doubted or
hijacked already only gets the reason. Order: `read_words`, `suspected`, what a whole word is.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from archive.extract.injection import plain
from archive.model import LISTED, Integrity

MAX_REASONS = 10
_COMMENT = re.compile(r"(?:^|\s)#.*")
# Thai, Lao, Myanmar, Khmer, kana, Han; and Hangul, whose words carry their particles with them.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]"
)


@dataclass(frozen=True, slots=True)
class Term:
    """A listed term as it is written, as it is looked for, and the line of the list it stands in ("words.txt:4")."""

    said: str
    sought: str
    line: str


@dataclass(frozen=True, slots=True)
class WordList:
    """The terms of all lists, each once. The digest covers names and lines, too: the reasons tell them."""

    digest: str = ""
    terms: tuple[Term, ...] = ()


NO_WORDS = WordList()


def read_words(lists: Iterable[tuple[str, str]]) -> WordList:
    """Read lists, given as (name, text): a term a line; what follows a "#" is a comment."""
    terms: dict[str, Term] = {}
    digest = hashlib.sha256()
    for name, text in lists:
        digest.update(f"{name}\n{text}\n".encode("utf-8", "surrogatepass"))
        for number, line in enumerate(text.split("\n"), 1):
            said = " ".join(_COMMENT.sub("", line).split())
            if sought := " ".join(plain(said).split()):
                terms.setdefault(sought, Term(said, sought, f"{name}:{number}"))
    return WordList(digest.hexdigest()[:12], tuple(terms.values()))


def suspected(found: Integrity, listed: WordList, *zones: str) -> Integrity:
    """The integrity of a page whose title, headline and text are `zones`: clean becomes suspect where a term stands."""
    if not listed.terms:
        return found
    text = "\n".join(" ".join(plain(line).split()) for zone in zones for line in zone.split("\n"))
    standing = [term for term in listed.terms if term.sought in text]  # nearly always none: looked at first
    seen = [(times, term) for term in standing if (times := _times(term.sought, text))]
    if not seen:
        return found
    seen.sort(key=lambda one: -one[0])
    reasons = tuple(_reason(times, term) for times, term in seen[:MAX_REASONS])
    if len(seen) > MAX_REASONS:
        reasons = (*reasons, f"{LISTED}and {len(seen) - MAX_REASONS} more of them")
    verdict = "suspect" if found.verdict == "clean" else found.verdict
    return replace(found, verdict=verdict, reasons=(*found.reasons, *reasons))


def _reason(times: int, term: Term) -> str:
    return f'{LISTED}"{term.said}", {times} time{"s" * (times > 1)} ({term.line})'


def _times(sought: str, text: str) -> int:
    """How often a term stands by itself; in scripts without spaces, how often it stands at all."""
    times, at = 0, text.find(sought)
    while at >= 0:
        end = at + len(sought)
        before, after = text[max(0, at - 1) : at], text[end : end + 1]
        inside = (_joins(before) and _joins(sought[0])) or (_joins(sought[-1]) and _joins(after))
        times += not inside
        at = text.find(sought, at + 1 if inside else end)
    return times


def _joins(char: str) -> bool:
    """Whether a character makes one word with a letter beside it: letters, marks and figures of scripts with spaces."""
    return char != "" and unicodedata.category(char)[0] in "LMN" and not _UNSPACED.match(char)
