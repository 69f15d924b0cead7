"""What a page is called: the candidate the visible heading confirms, without the site's name."""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from lxml import html

from archive.extract.candidates import Candidate, origin_of
from archive.extract.elements import Elements, text_of
from archive.extract.jsonld import Node, first_text
from archive.model import Origin

_SEPARATOR = re.compile(r"\s+[|–—\-•·:»«›/~]+\s+|\s*[|｜»›]\s*|\s*[_＿]+\s*|\s+::\s+")
_META = {"og:title": 0.75, "twitter:title": 0.7, "title": 0.55, "dc.title": 0.7, "dcterms.title": 0.7, "headline": 0.75,
         "parsely-title": 0.75, "sailthru.title": 0.75, "citation_title": 0.8, "cxenseparse:title": 0.7, "fulltitle": 0.7, "hdl": 0.8}  # fmt: skip


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
    if text.isascii() and text[:1].isalnum() and text[0].lower() != plain[:1]:
        return False
    # Compatibility characters may become several; in ASCII the norm is never longer than the text.
    return len(text) < 400 and (len(text) >= len(plain) or not text.isascii()) and norm(text) == plain


def find_headline(
    *,
    articles: list[Node],
    metas: list[tuple[str, str]],
    title: str,
    elements: Elements,
    site_names: list[str],
) -> tuple[str | None, html.HtmlElement | None, Origin | None]:
    """Return (headline, the element that shows it, origin)."""
    candidates, headings = gather(articles, metas, title, elements, site_names)
    if not candidates:
        return None, None, None
    winner, confidence = _vote(candidates, len([1 for node, _ in headings if node.tag == "h1"]))
    node = next((node for node, text in headings if norm(text) == norm(winner.value)), None)
    if node is None:
        wanted = norm(winner.value)
        node = next(
            (node for node, text in headings if wanted in norm(text) or (len(text) > 15 and norm(text) in wanted)), None
        )
    return winner.value, node, origin_of(winner, candidates, confidence)


def gather(
    articles: list[Node], metas: list[tuple[str, str]], title: str, elements: Elements, site_names: list[str]
) -> tuple[list[Candidate[str]], list[tuple[html.HtmlElement, str]]]:
    """Return (every heading the page offers, the visible headings)."""
    names = {norm(name) for name in site_names if name and norm(name)}
    candidates: list[Candidate[str]] = []

    def add(text: str | None, value_from: str, weight: float) -> None:
        clean = " ".join((text or "").split())
        if not clean or not norm(clean) or len(clean) > 400 or is_site(clean, names):
            return
        short = without_site(clean, names)
        if norm(short) and short != clean:
            candidates.append(Candidate(short, value_from, weight))
            weight -= 0.3
        candidates.append(Candidate(clean, value_from, weight))

    headings = visible_headings(elements)
    for rank, (shown, text) in enumerate(headings):
        add(text, str(shown.tag), (0.8 if shown.tag == "h1" else 0.45) - 0.05 * min(rank, 4))
    for rank, node in enumerate(articles[:3]):
        add(first_text(node.get("headline")) or first_text(node.get("name")), "json-ld", 0.75 - 0.15 * rank)
    for name, content in metas:
        if name in _META:
            add(content, name, _META[name])
    add(title, "title", 0.5)
    return candidates, headings


def is_site(part: str, names: set[str]) -> bool:
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


def visible_headings(elements: Elements) -> list[tuple[html.HtmlElement, str]]:
    """The page's h1 elements and first h2s with their text, h1 first."""
    found: list[tuple[html.HtmlElement, str]] = []
    for tag, most in (("h1", 6), ("h2", 4)):
        for node in elements.named(tag):
            text = text_of(node)
            if text:
                found.append((node, text))
                most -= 1
                if not most:
                    break
    return found


def without_site(text: str, names: set[str]) -> str:
    """Drop the site's name from the ends of a title, and what stands beyond it."""
    spans = [(m.start(), m.end()) for m in _SEPARATOR.finditer(text)]
    if not spans:
        return text
    bounds = [
        (0, spans[0][0]),
        *[(spans[i][1], spans[i + 1][0]) for i in range(len(spans) - 1)],
        (spans[-1][1], len(text)),
    ]
    parts = [(start, end) for start, end in bounds if text[start:end].strip()]
    first, last = 0, len(parts)
    while last - first > 1 and is_site(text[slice(*parts[last - 1])], names):
        last -= 1
    while last - first > 1 and is_site(text[slice(*parts[first])], names):
        first += 1
    if (first, last) == (0, len(parts)):
        return text
    return text[parts[first][0] : parts[last - 1][1]].strip()


# How much a place adds to a wording, fitted on one half of the sites and checked on the other (docs/reading.md).
_PLACES = {"h1": 1.3, "h2": 0.5, "json-ld": 0.6, "og:title": 0.5, "twitter:title": 0.1, "title": 0.4}
_OTHER_PLACE = 0.3
_USUAL_WEIGHT = {"h1": 0.8, "h2": 0.45, "json-ld": 0.75, "og:title": 0.75, "twitter:title": 0.7, "title": 0.5}


def _vote(candidates: list[Candidate[str]], h1_count: int) -> tuple[Candidate[str], float]:
    places: dict[str, dict[str, float]] = {}
    for candidate in candidates:
        found = places.setdefault(norm(candidate.value), {})
        found[candidate.value_from] = max(found.get(candidate.value_from, -9.0), candidate.weight)

    def score(plain: str) -> float:
        total = 0.0
        for place, weight in places[plain].items():
            total += _PLACES.get(place, _OTHER_PLACE) + 1.5 * (weight - _USUAL_WEIGHT.get(place, weight))
        if h1_count == 1 and "h1" in places[plain]:
            total += 0.15
        # A wording that stands inside a longer one (a <title> with more around it) is confirmed by it.
        if len(plain) > 15 and any(plain != other and plain in other for other in places):
            total += 0.3
        if len(plain) < 12 and not re.search(r"[\u3040-\u9fff\uac00-\ud7af]", plain):
            total -= 0.4
        return total

    winner = max(candidates, key=lambda candidate: score(norm(candidate.value)))
    # Of the same heading written twice, the visible one is what readers saw.
    same = [candidate for candidate in candidates if norm(candidate.value) == norm(winner.value)]
    shown = next((candidate for candidate in same if candidate.value_from in ("h1", "h2")), winner)
    return shown, min(1.0, score(norm(winner.value)) / 3)
