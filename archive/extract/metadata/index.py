"""Where each element of the page stands, and which are named like a byline or a date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice

from lxml import html

from archive.extract.element_names import SIGN, learn, named_for
from archive.extract.elements import Elements

_AUTHOR_HREF = re.compile(
    r"/(?:author|autor|auteur|journalist|contributor|reporter|writer|redakt|editors/|byline|periodist|giornalist|blogger|"
    r"(?:people|profile?|by|bios?|staff|experts?|our-experts|columnist(?:as?|s)?|firmas?|members?)/)",
)
_LICENCE = "/licenses/"  # creativecommons.org/licenses/by/4.0
_MOST = 60
_MOST_AUTHORS = 20


@dataclass(slots=True)
class Index:
    """Elements by what their markup says; lists are in document order and bounded."""

    order: dict[html.HtmlElement, int] = field(default_factory=dict)
    bylines: list[html.HtmlElement] = field(default_factory=list)  # class or id of a byline
    microdata: list[html.HtmlElement] = field(default_factory=list)  # itemprop or property "author"
    rel_author: list[html.HtmlElement] = field(default_factory=list)
    author_links: list[html.HtmlElement] = field(default_factory=list)
    dates: list[html.HtmlElement] = field(default_factory=list)  # <time>, date properties, class or id of a date


def index_of(elements: Elements) -> Index:
    """Look through the elements of a body."""
    index = Index(elements.order)
    stated = {node: prop.lower() for name in ("property", "itemprop") for node, prop in elements.holding(name) if prop}
    bylines: set[html.HtmlElement] = set()
    dates = {node for node, prop in stated.items() if "date" in prop}
    dates.update(elements.named("time"))
    named = [one for name in ("class", "id", "data-testid") for one in elements.holding(name)]
    learn({said for _, said in named})
    for node, said in named:
        signs = named_for(said)
        if signs & SIGN["byline"]:
            bylines.add(node)
        if signs & SIGN["dated"]:
            dates.add(node)
    index.bylines.extend(_first(bylines, index.order, _MOST))
    index.dates.extend(_first(dates, index.order, _MOST))
    authors = {node for node, prop in stated.items() if prop.removeprefix("schema:") in ("author", "creator")}
    index.microdata.extend(_first(authors, index.order, _MOST_AUTHORS))
    index.rel_author.extend(node for node, said in elements.holding("rel") if _is_author(node, said))
    index.author_links.extend(_author_links(elements.links))
    return index


def _author_links(links: list[tuple[html.HtmlElement, str]]) -> list[html.HtmlElement]:
    if not _AUTHOR_HREF.search("\n".join([address for _, address in links]).lower()):
        return []  # most pages have none
    found = (node for node, address in links if _AUTHOR_HREF.search(address.lower()) and _LICENCE not in address)
    return list(islice(found, _MOST))


def _first(nodes: set[html.HtmlElement], order: dict[html.HtmlElement, int], most: int) -> list[html.HtmlElement]:
    return sorted(nodes, key=order.__getitem__)[:most]


def _is_author(node: html.HtmlElement, said: str) -> bool:
    return "author" in (said.split() if node.tag == "a" else said)
