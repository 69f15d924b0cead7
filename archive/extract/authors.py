"""Who wrote it: people, apart from agencies, organisations and job titles.

`find_authors` gathers candidates (JSON-LD, meta, microdata, rel=author, what a reader sees) and chooses.
"""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html

from archive.extract.bylines import is_byline, is_name, is_person, is_written_as_name, names_in
from archive.extract.candidates import Candidate, origin_of
from archive.extract.index import Index
from archive.extract.jsonld import Node, texts, types_of
from archive.extract.pieces import Piece
from archive.model import Author, Origin

_META = {"author": 0.8, "article:author": 0.75, "dc.creator": 0.75, "dcterms.creator": 0.75, "dc.contributor": 0.4, "parsely-author": 0.85,
         "sailthru.author": 0.85, "byl": 0.85, "authors": 0.8, "article.author": 0.8, "cxenseparse:author": 0.8, "citation_author": 0.85,
         "twitter:creator": 0.1, "og:article:author": 0.75, "article:author:name": 0.85, "creator": 0.6, "byline": 0.8, "mediator_author": 0.7,
         "og:author": 0.75, "dc:creator": 0.75, "shareaholic:article_author_name": 0.8, "rbauthors": 0.8, "article_author": 0.8}  # fmt: skip
_NOT_BYLINE = re.compile(
    r"bio|desc|avatar|image|img|photo|social|follow|comment|related|recommend|more|footer|widget|share|list|about|popular|box-text",
    re.IGNORECASE,
)
_BOX = re.compile(r"auth?or[\w-]*(?:bio|box|about|info|desc|card|profile|footer)|(?:bio|about|box|info|meta)[\w-]*auth?or")
_AUTHOR_PAGE = re.compile(r"/(?:authors?|autor(?:en|es|a)?|auteurs?)/")
_OF_OTHERS = re.compile(r"comment|related|recommend|popular|recent[_-]|read-?more|most-?read", re.IGNORECASE)

_ORGANISATIONS = {"organization", "newsmediaorganization", "corporation", "localbusiness"}
# "Posted on 5 March 2024 by Ada Sample": the name stands after the date.
_BYLINE_LATE = re.compile(
    r"(?<=[\d!?|])[\s,|·•●]+(?:[Bb]y|[Vv]on|[Pp]ar|[Pp]or|di|door)\s+(?=[A-ZÀ-Þ])|(?<=M)\s+by\s+(?=[A-ZÀ-Þ])"
)
_SIGNED = re.compile(  # under a story, where a bare "by" may be anybody's
    r"\s*(?:(?:autor(?:in|en)?|authors?|auteur|autore|text|texte|testo|texto|words|tekst)\s*[:：]|(?:written|verfasst|geschrieben)\s+(?:by|von)\b)",
    re.IGNORECASE,
)
_PREFIX_ONLY = re.compile(
    r"(?:written |posted |published |text |story |article |words |reviewed |recipe )?(?:by|von|par|por|di|de|door|av|af|text|texte|autor(?:in)?|author|auteur|written|from|"
    r"作者|記者|记者|文)\s*[:：]?",
    re.IGNORECASE,
)
_JOINER = re.compile(r"(?:[,;&+/|•·]|and|und|et|y|e|och|og|en|with|mit|,\s*and)", re.IGNORECASE)


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
                is_site = all(name.casefold() in site for name in named)
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
    for values, value_from, weight in _visible(pieces, index, headline_node):
        add(values, value_from, weight, lenient=value_from not in ("visible", "author-box"))
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
    signed = [c for c in candidates if c.value_from in _SEEN and c.weight >= _SIGNING]
    if winner.value_from in _SEEN or not signed:
        return winner
    names = [name.casefold() for name in winner.value]
    if any(name in text for text in (piece.text.casefold() for piece in pieces) for name in names):
        return winner
    return _best(signed)


_SEEN = frozenset(("microdata", "rel=author", "author-link", "byline", "visible", "author-box"))
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


def _visible(
    pieces: list[Piece],
    index: Index,
    headline_node: html.HtmlElement | None,
) -> Iterator[tuple[list[str], str, float]]:
    """Bylines a reader sees, the nearer to the headline the better."""
    order = index.order
    head = order.get(headline_node, -1) if headline_node is not None else -1

    def near(node: html.HtmlElement) -> bool:
        at = order.get(node, -1)
        return head < at < head + 150 or head - 40 < at < head

    around = set(headline_node.iterancestors()) if headline_node is not None else set()

    def together(nodes: list[html.HtmlElement]) -> list[html.HtmlElement]:
        return _together([(order[node], node) for node in nodes if not _is_of_others(node, around)], head)

    micro: list[str] = []
    rel: list[str] = []
    links: list[str] = []
    for node in together(index.microdata) or index.microdata[:1]:
        inner = node.xpath(".//*[@itemprop='name']")
        shown = inner[0] if len(inner) else node
        micro.extend(_lines_to_names(shown.get("content") or _short(shown)))
    for node in together(index.rel_author) or index.rel_author[:1]:
        rel.extend(_lines_to_names(_short(node)))
    for node in together(index.author_links):
        links.extend(_lines_to_names(_short(node)))
    named = _named_bylines(index, around)
    marked = [(found, 0.72 if near(node) else 0.5) for node, found in named]
    if micro:
        yield micro, "microdata", 0.8
    if rel:
        yield rel[:6], "rel=author", 0.66
    if links:
        yield links[:6], "author-link", 0.7
    for found, weight in marked:
        yield found, "byline", weight
    yield from _written(pieces, order, head)
    for found in _boxed(index, around):
        yield found, "author-box", 0.42


def _boxed(index: Index, around: set[html.HtmlElement]) -> Iterator[list[str]]:
    """Who is introduced under a story: the first box about an author; the only person whose page is linked."""
    for node in index.bylines:
        names = f"{node.get('class') or ''} {node.get('id') or ''}".lower()
        if _BOX.search(names) and not _is_of_others(node, around):
            found = _lines_to_names(_short(node))
            if found:
                yield found
                break
    links = [node for node in index.author_links if _AUTHOR_PAGE.search((node.get("href") or "").lower())]
    linked = {tuple(_lines_to_names(_short(node))) for node in links if not _is_of_others(node, around)} - {()}
    if len(linked) == 1:
        yield list(*linked)


_APART = 16  # elements between the links to two authors of one story, at most


def _together(placed: list[tuple[int, html.HtmlElement]], head: int) -> list[html.HtmlElement]:
    """Of elements that name an author, those nearest to the headline and next to each other: others are of other stories."""
    after = [one for one in placed if head < one[0] < head + 150]
    run = after or [one for one in placed if head - 40 < one[0] < head]
    end = next((at for at in range(1, len(run)) if run[at][0] - run[at - 1][0] > _APART), len(run))
    return [node for _, node in run[:end]]


def _named_bylines(index: Index, around: set[html.HtmlElement]) -> Iterator[tuple[html.HtmlElement, list[str]]]:
    """Elements whose class or id is a byline's, with the names in them; at most five."""
    given = 0
    for node in index.bylines:
        names = f"{node.get('class') or ''} {node.get('id') or ''} {node.get('data-testid') or ''}"
        if not _NOT_BYLINE.search(names) and not _is_of_others(node, around):
            found = _lines_to_names(_short(node))
            if found:
                yield node, found
                given += 1
                if given == 5:
                    return


def _is_of_others(node: html.HtmlElement, around: set[html.HtmlElement]) -> bool:
    """Whether an element, short of those `around` the headline, says that readers or other stories are named in it."""
    up = node.getparent()
    while up is not None and up not in around:
        if _OF_OTHERS.search(f"{up.get('class') or ''} {up.get('id') or ''}"):
            return True
        up = up.getparent()
    return False


def _written(
    pieces: list[Piece], order: dict[html.HtmlElement, int], head: int
) -> Iterator[tuple[list[str], str, float]]:
    """Short lines that read as a byline, "By A. Writer", after the headline."""
    given = 0
    announced = ""
    for piece in pieces:
        at = order.get(piece.node, 0)
        line = piece.text if len(piece.text) <= _LINE else _first_line(piece.node)
        if at < head or not line:
            continue
        if given >= 3:
            break
        text = f"{announced.rstrip(' :：')}: {line}" if announced else line
        announced = piece.text if _PREFIX_ONLY.fullmatch(piece.text) else ""
        if at > head + 150 and not _SIGNED.match(text):
            continue
        late = _BYLINE_LATE.search(text)
        if late:
            text = text[late.start() :].strip(" ,|")
        if is_byline(text):
            found = [name for name in names_in(text.split("|")[0]) if is_person(name) and is_written_as_name(name)]
            if found:
                given += 1
                yield found, "visible", 0.62 if at <= head + 150 else 0.45


_LINE = 140  # characters of a byline, at most


def _first_line(node: html.HtmlElement) -> str:
    """The line that ends in the first <br> of a paragraph; "" where it is long, or there is none."""
    said = node.text or ""
    for child in node:
        if child.tag == "br" or len(said) > _LINE:
            break
        said += "".join(child.itertext()) + (child.tail or "")
    else:
        return ""
    return " ".join(said.split()) if len(said) <= _LINE else ""


def _lines_to_names(text: str) -> list[str]:
    """Names in the text nodes of a byline: the first that names somebody, and those joined to it."""
    found: list[str] = []
    open_ended = True
    for line in text.split("\n"):
        bare = line.strip(" \u00a0:-–—•·|")
        if not bare or _PREFIX_ONLY.fullmatch(bare):
            continue
        if _JOINER.fullmatch(bare):
            open_ended = True
            continue
        if not open_ended and found:
            break
        names = [name for name in names_in(line) if is_name(name) and is_written_as_name(name)]
        if not names:
            if found:
                break
            continue
        found.extend(names)
        open_ended = line.rstrip().endswith((",", "&", " and", " und", " y", " et"))
    return found


def _short(node: html.HtmlElement) -> str:
    parts: list[str] = []
    size = 0
    for part in node.itertext():
        clean = " ".join(part.split())
        if clean:
            parts.append(clean)
            size += len(clean)
            if size > 300:
                break
    return "\n".join(parts) if size <= 300 else "\n".join(parts[:2])[:120]
