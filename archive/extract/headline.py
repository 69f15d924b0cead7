"""What a page is called: the candidate the visible heading confirms, without the site's name."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from lxml import html

from archive.extract.candidates import Candidate, origin_of
from archive.extract.jsonld import Node, first_text
from archive.model import Origin

_SEPARATOR = re.compile(r"\s+[|–—\-•·:»«›/~]+\s+|\s*[|｜»›]\s*|\s*[_＿]+\s*|\s+::\s+")
_META = {"og:title": 0.75, "twitter:title": 0.7, "title": 0.55, "dc.title": 0.7, "dcterms.title": 0.7, "headline": 0.75,
         "parsely-title": 0.75, "sailthru.title": 0.75, "citation_title": 0.8, "cxenseparse:title": 0.7, "fulltitle": 0.7, "hdl": 0.8}  # fmt: skip


def norm(text: str) -> str:
    """Letters and digits only, case folded: two headings with the same norm are the same heading."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def find_headline(
    *,
    articles: list[Node],
    metas: list[tuple[str, str]],
    title: str,
    body: html.HtmlElement,
    site_names: list[str],
) -> tuple[str | None, html.HtmlElement | None, Origin | None]:
    """Return (headline, the element that shows it, origin)."""
    names = {norm(name) for name in site_names if name and norm(name)}
    candidates: list[Candidate[str]] = []

    def add(text: str | None, value_from: str, weight: float) -> None:
        clean = " ".join((text or "").split())
        if clean and norm(clean) and norm(clean) not in names and len(clean) <= 400:
            candidates.append(Candidate(clean, value_from, weight))
            short = without_site(clean, names, body_title=title)
            if short != clean and norm(short):
                candidates.append(Candidate(short, value_from, weight))

    headings = visible_headings(body)
    for rank, (node, text) in enumerate(headings):
        add(text, f"{node.tag}", (0.8 if node.tag == "h1" else 0.45) - 0.05 * min(rank, 4))
    for rank, node in enumerate(articles[:3]):
        add(first_text(node.get("headline")) or first_text(node.get("name")), "json-ld", 0.75 - 0.15 * rank)
    for name, content in metas:
        if name in _META:
            add(content, name, _META[name])
    add(title, "title", 0.5)
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


def visible_headings(body: html.HtmlElement) -> list[tuple[html.HtmlElement, str]]:
    """The page's h1 elements and first h2s with their text, h1 first."""
    found: list[tuple[html.HtmlElement, str]] = []
    for tag, most in (("h1", 6), ("h2", 4)):
        for node in body.iter(tag):
            text = " ".join("".join(node.itertext()).split())
            if text:
                found.append((node, text))
                most -= 1
                if not most:
                    break
    return found


def without_site(text: str, names: set[str], body_title: str = "") -> str:
    """Drop the parts before or after a separator that are the site's name or a short tail beside a longer part."""
    parts = _SEPARATOR.split(text)
    if len(parts) < 2:
        return text
    joined = [part for part in parts if part.strip()]
    kept = [part for part in joined if norm(part) not in names]
    if kept and len(kept) < len(joined):
        # Cut the string itself, so that separators inside the headline stay.
        start = text.find(kept[0])
        end = text.rfind(kept[-1]) + len(kept[-1])
        return text[start:end].strip()
    return text


def _vote(candidates: list[Candidate[str]], h1_count: int) -> tuple[Candidate[str], float]:
    support: Counter[str] = Counter()
    places: dict[str, set[str]] = {}
    for candidate in candidates:
        places.setdefault(norm(candidate.value), set()).add(candidate.value_from)
    for key, found in places.items():
        support[key] = len(found)

    def score(candidate: Candidate[str]) -> float:
        key = norm(candidate.value)
        total = candidate.weight + 0.3 * min(3, support[key] - 1)
        if "h1" in places[key]:
            total += 0.35 if h1_count == 1 else 0.25
        if len(candidate.value) < 12 and not re.search(r"[\u3040-\u9fff\uac00-\ud7af]", candidate.value):
            total -= 0.2
        return total

    winner = max(candidates, key=score)
    # Of the same heading written twice, the visible one is what readers saw.
    same = [c for c in candidates if norm(c.value) == norm(winner.value)]
    shown = next((c for c in same if c.value_from in ("h1", "h2")), winner)
    return shown, min(1.0, score(winner) / 2)
