"""Who wrote it: people, apart from agencies, organisations and job titles.

`find_authors` gathers candidates (JSON-LD, meta elements, what a reader sees: `signatures.py`) and chooses.
"""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html

from archive.extract.metadata.bylines import is_name, is_person, names_in
from archive.extract.metadata.candidates import Candidate, origin_of
from archive.extract.metadata.index import Index
from archive.extract.metadata.jsonld import Node, texts, types_of
from archive.extract.metadata.signatures import PERSONS_ONLY, PLACES, signatures
from archive.extract.pieces import Piece
from archive.model import Author, Origin

_META = {"author": 0.8, "article:author": 0.75, "dc.creator": 0.75, "dcterms.creator": 0.75, "dc.contributor": 0.4, "parsely-author": 0.85,
         "sailthru.author": 0.85, "byl": 0.85, "authors": 0.8, "article.author": 0.8, "cxenseparse:author": 0.8, "citation_author": 0.85,
         "twitter:creator": 0.1, "og:article:author": 0.75, "article:author:name": 0.85, "creator": 0.6, "byline": 0.8, "mediator_author": 0.7,
         "og:author": 0.75, "dc:creator": 0.75, "shareaholic:article_author_name": 0.8, "rbauthors": 0.8, "article_author": 0.8}  # fmt: skip
_ORGANISATIONS = {"organization", "newsmediaorganization", "corporation", "localbusiness"}


def find_authors(
    *,
    articles: list[Node],
    nodes: list[Node],
    metas: list[tuple[str, str]],
    pieces: list[Piece],
    index: Index,
    headline_node: html.HtmlElement | None,
    site_names: list[str],
) -> tuple[tuple[Author, ...], Origin | None]:
    """Return (authors, origin). An organisation is the author only where the page names no person."""
    site = {name.casefold() for name in site_names if name}
    candidates: list[Candidate[tuple[str, ...]]] = []

    def add(found: list[str], value_from: str, weight: float, *, lenient: bool = False) -> None:
        people = _unique(name for name in found if is_person(name) and name.casefold() not in site)
        if people:
            candidates.append(Candidate(people, value_from, weight))
        elif lenient:
            named = _unique(name for name in found if is_name(name))
            if named:
                is_site = all(name.casefold() in site for name in named) and not any(map(is_person, named))
                candidates.append(Candidate(named, value_from, weight * (0.25 if is_site else 0.5)))

    by_id = {str(node["@id"]): node for node in nodes if "@id" in node and "name" in node}
    for rank, node in enumerate(articles[:3]):
        people, organisations = _json_ld_people(node.get("author") or node.get("creator"), by_id)
        add(people, "json-ld", 1.0 - 0.15 * rank, lenient=True)
        add(organisations, "json-ld:organization", 0.7 - 0.15 * rank, lenient=True)
    by_name: dict[str, list[str]] = {}
    for name, content in metas:
        if name in _META:
            by_name.setdefault(name, []).extend(names_in(content))
    for name, values in by_name.items():
        add(values, name, _META[name], lenient=True)
    add(_labelled(metas), "twitter:label", 0.8, lenient=True)
    add(_lone_person(articles, nodes), "json-ld:person", 0.55)
    for values, value_from, weight in signatures(pieces, index, headline_node):
        add(values, value_from, weight, lenient=value_from not in PERSONS_ONLY)
    if not candidates:
        return (), None
    winner = _shown(_best(candidates), candidates, pieces)
    winner = _whole(winner, candidates)
    return tuple(Author(name) for name in winner.value), origin_of(winner, candidates, winner.weight * 0.95)


def _best(candidates: list[Candidate[tuple[str, ...]]]) -> Candidate[tuple[str, ...]]:
    return max(candidates, key=lambda c: (_score(c, candidates), -candidates.index(c)))


def _shown(
    winner: Candidate[tuple[str, ...]], candidates: list[Candidate[tuple[str, ...]]], pieces: list[Piece]
) -> Candidate[tuple[str, ...]]:
    """The winner, or who signs for the reader where the page shows nobody of that name: systems know who posted a text."""
    signed = [c for c in candidates if c.value_from in PLACES and c.weight >= _SIGNING]
    if winner.value_from in PLACES or not signed:
        return winner
    names = [name.casefold() for name in winner.value]
    if any(name in text for text in (piece.text.casefold() for piece in pieces) for name in names):
        return winner
    return _best(signed)


_SIGNING = 0.6


def _whole(
    winner: Candidate[tuple[str, ...]], candidates: list[Candidate[tuple[str, ...]]]
) -> Candidate[tuple[str, ...]]:
    """The winner, or a place that names more people beside all of its: many sites' systems know one author of several."""
    known = {name.casefold() for name in winner.value}
    fuller = [c for c in candidates if c.weight >= _SURE and known < {name.casefold() for name in c.value}]
    return max(fuller, key=lambda c: c.weight, default=winner)


_SURE = 0.71


def _lone_person(articles: list[Node], nodes: list[Node]) -> list[str]:
    """The only person of a graph whose article names no author."""
    if any(node.get("author") for node in articles):
        return []
    persons = {name for node in nodes if "person" in types_of(node) for name in texts(node.get("name"))[:1]}
    return list(persons) if len(persons) == 1 else []


def _labelled(metas: list[tuple[str, str]]) -> list[str]:
    """The pair twitter:label1 "Written by" and twitter:data1 "Ada Sample"."""
    values = dict(reversed(metas))
    for number in ("1", "2"):
        label = values.get(f"twitter:label{number}", "")
        if re.search(r"written|verfasst|author|autor|escrito|écrit|scritto|geschreven|skriv", label, re.IGNORECASE):
            return names_in(values.get(f"twitter:data{number}", "").split("@")[0])
    return []


def _score(candidate: Candidate[tuple[str, ...]], candidates: list[Candidate[tuple[str, ...]]]) -> float:
    mine = {name.casefold() for name in candidate.value}
    support = {c.value_from for c in candidates if c is not candidate and mine & {n.casefold() for n in c.value}}
    return candidate.weight + 0.12 * min(3, len(support - {candidate.value_from}))


def _json_ld_people(value: object, by_id: dict[str, Node]) -> tuple[list[str], list[str]]:
    """Return (people, organisations) of an author property."""
    if isinstance(value, list):
        both = [_json_ld_people(item, by_id) for item in value[:40]]
        return [name for people, _ in both for name in people], [name for _, others in both for name in others]
    if isinstance(value, dict):
        if "name" not in value and str(value.get("@id")) in by_id:
            value = by_id[str(value.get("@id"))]
        names = [name for text in texts(value.get("name")) for name in names_in(text)]
        return ([], names) if types_of(value) & _ORGANISATIONS and "person" not in types_of(value) else (names, [])
    if isinstance(value, str):
        return names_in(value), []
    return [], []


def _unique(names: Iterator[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(name.casefold(), name)
    return tuple(list(seen.values())[:30])
