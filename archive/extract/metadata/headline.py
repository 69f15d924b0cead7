"""Which of a page's wordings is its headline: every wording with the signs that speak for it, weighed.

Order: the choice, the wordings a page offers, the signs of one. The weights are fitted by
`benchmarks/train_headline.py`, which also says how the choice does on sites it was not fitted on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from lxml import html

from archive.addresses import parts_of
from archive.extract.elements import Elements, text_of
from archive.extract.metadata.candidates import Candidate, origin_of
from archive.extract.metadata.jsonld import Node, first_text
from archive.extract.metadata.titles import beginnings_and_ends, folded, is_site, norm, slug_words, without_site
from archive.model import Origin

# What a sign is worth, in log-odds. "in …" are the places a wording stands in; the rest is explained at `signs`.
WEIGHTS = {
    "in h1": 0.92, "in h1 later": 1.30, "in h1 in chrome": 0.27, "tail of h1": 1.60, "in h2": 0.75,
    "in h2 later": -1.13, "in json-ld": 0.46, "in json-ld later": -0.67, "in og:title": 0.66,
    "in twitter:title": 0.17, "in meta": 0.41, "in title": -0.84, "heads": 0.52, "agree": 1.46, "like h1": 1.34,
    "like title": 1.41, "has slug": 0.73, "slug has": 0.84, "only h1": 0.79, "main": 0.41, "linked": -0.53,
    "links home": -1.31, "short": -0.98, "one word": -0.78, "full stop": -0.69, "names site": -1.12,
    "more than site cut": -1.20,
}  # fmt: skip
_META_TITLES = frozenset(
    ("title", "dc.title", "dcterms.title", "headline", "parsely-title", "sailthru.title", "citation_title",
     "cxenseparse:title", "fulltitle", "hdl")
)  # fmt: skip
_SOCIAL = ("og:title", "twitter:title")
_LONGEST = 400
_LONG_ENOUGH = 25  # letters of a heading that says something
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # scripts that say as much in fewer letters
_DENSITY = 2.5
_SOFT_HYPHEN = "\u00ad"
_CHROME = frozenset(("nav", "footer", "aside", "header"))


@dataclass(slots=True)
class Wording:
    """One wording, wherever the page has it. `shown` is the heading a reader sees it in."""

    text: str
    places: dict[str, str] = field(default_factory=dict)  # kind of place: as a record names it
    shown: html.HtmlElement | None = None
    is_main: bool = False  # shown inside <article> or <main>
    is_linked: bool = False
    links_home: bool = False  # as logos do


@dataclass(frozen=True, slots=True)
class Surrounding:
    """What a wording is compared with."""

    first_h1: str
    title: str
    h1_count: int
    slug: tuple[str, ...]  # the words of the page's address
    site_names: frozenset[str]


def find_headline(
    *,
    url: str,
    articles: list[Node],
    metas: list[tuple[str, str]],
    title: str,
    elements: Elements,
    site_names: list[str],
) -> tuple[str | None, html.HtmlElement | None, Origin | None]:
    """Return (headline, the element that shows it, origin). The origin's confidence is the choice's own likelihood."""
    wordings, around = gather(url, articles, metas, title, elements, site_names)
    if all(is_site(wording.text, around.site_names) for wording in wordings):
        return None, None, None
    likely = likelihoods([signs(wording, around) for wording in wordings])
    best = max(range(len(wordings)), key=likely.__getitem__)
    candidates = [
        Candidate(wording.text, place, likely[at])
        for at, wording in enumerate(wordings)
        for place in wording.places.values()
    ]
    winner = next(one for one in candidates if one.value == wordings[best].text)
    return winner.value, _shown(wordings, best), origin_of(winner, candidates, likely[best])


def likelihoods(rows: list[dict[str, float]]) -> list[float]:
    """How likely each of the wordings with these signs is the headline; they sum to one."""
    scores = [sum(WEIGHTS.get(sign, 0.0) * worth for sign, worth in row.items()) for row in rows]
    most = max(scores)
    odds = [math.exp(score - most) for score in scores]
    return [one / sum(odds) for one in odds]


def _shown(wordings: list[Wording], best: int) -> html.HtmlElement | None:
    """The heading that shows the wording, or one that shows more or less of it."""
    if wordings[best].shown is not None:
        return wordings[best].shown
    wanted = norm(wordings[best].text)
    for wording in wordings:
        if wording.shown is not None:
            plain = norm(wording.text)
            if wanted in plain or (len(plain) > 15 and plain in wanted):
                return wording.shown
    return None


# -- the wordings a page offers


def gather(
    url: str,
    articles: list[Node],
    metas: list[tuple[str, str]],
    title: str,
    elements: Elements,
    site_names: list[str],
) -> tuple[list[Wording], Surrounding]:
    """Return (every wording the page offers, those of headings first; what they are compared with)."""
    found: dict[str, Wording] = {}
    first_h1, h1_count = _add_headings(found, elements)
    _add_claims(found, articles, metas, title)
    names = frozenset(plain for name in site_names if (plain := norm(name)))
    return list(found.values()), Surrounding(norm(first_h1), norm(title), h1_count, slug_words(url), names)


def _add(found: dict[str, Wording], text: str | None, kind: str, place: str) -> Wording | None:
    clean = " ".join((text or "").replace(_SOFT_HYPHEN, "").split())
    plain = norm(clean) if len(clean) <= _LONGEST else ""
    if not plain:
        return None
    wording = found.setdefault(plain, Wording(clean))
    wording.places.setdefault(kind, place)
    return wording


def _add_headings(found: dict[str, Wording], elements: Elements) -> tuple[str, int]:
    """Add what h1 and h2 elements say; return (the first h1's text, how many there are)."""
    h1_texts = []
    for tag, most in (("h1", 6), ("h2", 4)):
        for rank, (node, text) in enumerate(_headings(elements, tag, most)):
            in_chrome, is_main, link = _stands(node)
            wording = _add(found, text, f"{tag} in chrome" if in_chrome else f"{tag} later" if rank else tag, tag)
            if tag == "h1":
                h1_texts.append(text)
                for part, kind in _h1_parts(node):
                    _show(_add(found, part, kind, tag), node)
            if wording is not None:
                wording.is_main |= is_main
                wording.is_linked |= link is not None
                wording.links_home |= link is not None and _is_home(link.get("href") or "")
                _show(wording, node)
    return (h1_texts or [""])[0], len(h1_texts)


def _add_claims(found: dict[str, Wording], articles: list[Node], metas: list[tuple[str, str]], title: str) -> None:
    """Add what JSON-LD, meta elements and <title> say, and the beginnings and ends of these."""
    whole = [("title", title)]
    for rank, article in enumerate(articles[:3]):
        name = first_text(article.get("headline")) or first_text(article.get("name"))
        _add(found, name, "json-ld later" if rank else "json-ld", "json-ld")
        whole.extend([("json-ld", name)] if name and not rank else [])
    for name, content in dict(reversed(metas)).items():
        if name in _META_TITLES:
            _add(found, content, "meta", name)
        elif name in _SOCIAL:
            _add(found, content, name, name)
            whole.append((name, content))
    _add(found, title, "title", "title")
    for place, text in whole:
        for part, kind in beginnings_and_ends(" ".join(text.split())):
            _add(found, part, f"{kind} of {place}", place)


def _show(wording: Wording | None, node: html.HtmlElement) -> None:
    if wording is not None and wording.shown is None:
        wording.shown = node


def _headings(elements: Elements, tag: str, most: int) -> Iterator[tuple[html.HtmlElement, str]]:
    texts = ((node, text_of(node)) for node in elements.named(tag))
    return islice(((node, text) for node, text in texts if text), most)


def _stands(node: html.HtmlElement) -> tuple[bool, bool, html.HtmlElement | None]:
    """Whether a heading stands in the site's chrome, whether in the page's main part, and the link in or around it."""
    around = [str(outer.tag) for outer in node.iterancestors()]
    mains = [at for at, tag in enumerate(around) if tag in ("article", "main")]
    is_main = bool(mains) or any(outer.get("role") == "main" for outer in node.iterancestors())
    # A <header> inside an article is the article's.
    chrome = (at for at, tag in enumerate(around) if tag in _CHROME)
    in_chrome = any(around[at] != "header" or not any(main > at for main in mains) for at in chrome)
    outer = next(node.iterancestors("a"), None)
    return in_chrome, is_main, outer if outer is not None else node.find(".//a")


def _is_home(href: str) -> bool:
    """Whether a link leads to a site's own front page: "/", "https://daily.example"."""
    parts = parts_of(href)
    return parts.path == "/" or bool(parts.netloc and not parts.path)


def _h1_parts(node: html.HtmlElement) -> Iterator[tuple[str, str]]:
    """What a heading of several elements says without its first ones (a kicker, a date), and without its last ones."""
    while len(node) == 1 and not (node.text or "").strip() and not (node[0].tail or "").strip():
        node = node[0]
    pieces = [node.text or ""]
    for child in node:
        if isinstance(child.tag, str):
            pieces.append("".join(child.itertext()))
        pieces.append(child.tail or "")
    pieces = [plain for piece in pieces if (plain := " ".join(piece.split()))]
    if 1 < len(pieces) <= 5:
        for at in range(1, len(pieces)):
            yield " ".join(pieces[:at]), "head of h1"
            yield " ".join(pieces[at:]), "tail of h1"


# -- the signs of one wording


def signs(wording: Wording, around: Surrounding) -> dict[str, float]:
    """What speaks for or against a wording, by name; a missing sign is 0.

    "in …": a place it stands in. "heads": log of 1 + the longer texts it begins. "tail of h1": an h1 of several
    elements without its first ones. "agree": log of 1 + its places. "like …": words shared with the first h1 and the
    <title>, of all their words. "has slug", "slug has": share of the address's words that stand in it, and of its words
    that stand in the address. "short": how much of 25 letters is missing. "links home": as logos do.
    """
    plain = norm(wording.text)
    words = plain.split()
    heads = sum(1 for kind in wording.places if kind.startswith("head of "))
    found = {f"in {kind}": 1.0 for kind in wording.places if not kind.startswith(("head of ", "tail of "))}
    found["tail of h1"] = float("tail of h1" in wording.places)
    found["heads"] = math.log1p(heads)
    found["agree"] = math.log1p(len(wording.places))
    found["like h1"] = _alike(plain, around.first_h1)
    found["like title"] = _alike(plain, around.title)
    weight = len(plain) * (_DENSITY if _DENSE.search(plain) else 1.0)
    found["short"] = max(0.0, (_LONG_ENOUGH - weight) / _LONG_ENOUGH)
    found["one word"] = float(len(words) < 2 and not _DENSE.search(plain))
    found["full stop"] = float(wording.text.endswith("."))
    found["only h1"] = float(around.h1_count == 1 and "h1" in wording.places)
    found["main"] = float(wording.is_main)
    found["linked"] = float(wording.is_linked)
    found["links home"] = float(wording.links_home)
    found["names site"] = float(any(len(name) >= 4 and name in plain for name in around.site_names))
    found["more than site cut"] = float(without_site(wording.text, around.site_names) != wording.text)
    if len(around.slug) >= 2:
        own = [word for word in folded(plain).split() if len(word) > 1]
        if own:
            found["slug has"] = sum(1 for word in own if word in around.slug) / len(own)
            found["has slug"] = sum(1 for word in around.slug if word in own) / len(around.slug)
    return {sign: worth for sign, worth in found.items() if worth}


def _alike(one: str, other: str) -> float:
    """Words two texts share, of all their words; pairs of letters in scripts that put no spaces."""
    if one == other:
        return float(bool(one))
    mine, theirs = set(_units(one)), set(_units(other))
    both = len(mine | theirs)
    return len(mine & theirs) / both if both else 0.0


def _units(plain: str) -> Iterable[str]:
    return [plain[at : at + 2] for at in range(len(plain) - 1)] if _DENSE.search(plain) else plain.split()
