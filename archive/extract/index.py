"""Where each element of the page stands, and which are named like a byline or a date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from lxml import etree, html

from archive.extract.elements import Elements

_BYLINE = re.compile(
    r"author|byline|by-line|writer|autor|auteur|autore|reporter|journalist|creator|contributor|redact|redakt|skribent|vcard",
)
_DATE = re.compile(r"date|time|publish|posted|meta|datum|fecha|info|created|source")
_AUTHOR_HREF = re.compile(
    r"/(?:author|autor|auteur|journalist|contributor|reporter|writer|redakt)|/(?:people|profile|by|staff)/",
)
_MOST = 60
_STATED = etree.XPath(".//@itemprop/.. | .//@property/..")
_TESTED = etree.XPath(".//@data-testid/..")
_IDENTIFIED = etree.XPath(".//@id/..")
_RELATED = etree.XPath(".//@rel/..")


@dataclass(slots=True)
class Index:
    """Elements by what their markup says; lists are in document order and bounded."""

    order: dict[html.HtmlElement, int] = field(default_factory=dict)
    bylines: list[html.HtmlElement] = field(default_factory=list)  # class or id of a byline
    microdata: list[html.HtmlElement] = field(default_factory=list)  # itemprop or property "author"
    rel_author: list[html.HtmlElement] = field(default_factory=list)
    author_links: list[html.HtmlElement] = field(default_factory=list)
    dates: list[html.HtmlElement] = field(default_factory=list)  # <time>, date properties, class or id of a date


def index_of(elements: Elements, body: html.HtmlElement) -> Index:
    """Look through the `elements` of `body`."""
    index = Index({node: at for at, node in enumerate(elements.all)})
    stated = {node: (node.get("itemprop") or node.get("property") or "").lower() for node in _STATED(body)}
    named = {node: _kinds(names) for node in elements.all if (names := node.get("class"))}
    for ids in (_IDENTIFIED(body), _TESTED(body)):
        for node in ids:
            kinds = _kinds(f"{node.get('id') or ''} {node.get('data-testid') or ''}")
            if any(kinds):
                known = named.get(node, kinds)
                named[node] = (known[0] or kinds[0], known[1] or kinds[1])
    bylines = {node for node, (is_byline, _) in named.items() if is_byline}
    dates = {node for node, (_, is_date) in named.items() if is_date}
    dates.update(elements.named("time"), (node for node, prop in stated.items() if "date" in prop))
    index.bylines.extend(_first(bylines, index.order))
    index.dates.extend(_first(dates, index.order))
    authors = [node for node, prop in stated.items() if prop.removeprefix("schema:") in ("author", "creator")]
    index.microdata.extend(authors[:20])
    index.rel_author.extend(node for node in _RELATED(body) if _is_author(node))
    links = (node for node, address in elements.links if _AUTHOR_HREF.search(address.lower()))
    index.author_links.extend(islice(links, _MOST))
    return index


def _first(nodes: set[html.HtmlElement], order: dict[html.HtmlElement, int]) -> list[html.HtmlElement]:
    return sorted(nodes, key=order.__getitem__)[:_MOST]


def _is_author(node: html.HtmlElement) -> bool:
    said = node.get("rel") or ""
    return "author" in (said.split() if node.tag == "a" else said)


@lru_cache(maxsize=16384)
def _kinds(names: str) -> tuple[bool, bool]:
    """Whether a class or an id is named like a byline, and like a date."""
    low = names.lower()
    return bool(_BYLINE.search(low)), bool(_DATE.search(low))
