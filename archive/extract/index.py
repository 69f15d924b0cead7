"""One walk over the page's elements: where each stands, and which are named like a byline or a date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from lxml import etree, html

_BYLINE = re.compile(
    r"author|byline|by-line|writer|autor|auteur|autore|reporter|journalist|creator|contributor|redact|redakt|skribent|vcard",
    re.IGNORECASE,
)
_DATE = re.compile(r"date|time|publish|posted|meta|datum|fecha|info|created|source", re.IGNORECASE)
_AUTHOR_HREF = re.compile(
    r"/(?:author|autor|auteur|journalist|contributor|reporter|writer|redakt)|/(?:people|profile|by|staff)/",
    re.IGNORECASE,
)
_MOST = 60
_STATED = etree.XPath(".//@itemprop/.. | .//@property/..")
_TESTED = etree.XPath(".//@data-testid/..")
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


def index_of(body: html.HtmlElement) -> Index:
    """Walk `body` once."""
    nodes = list(body.iter())
    index = Index({node: at for at, node in enumerate(nodes)})
    stated = {node: (node.get("itemprop") or node.get("property") or "").lower() for node in _STATED(body)}
    tested = set(_TESTED(body))
    for node in nodes:
        is_byline, is_date = _kinds(node.get("class") or "", node.get("id") or "")
        if tested and node in tested:
            more = _kinds(node.get("data-testid") or "", "")
            is_byline, is_date = is_byline or more[0], is_date or more[1]
        prop = stated.get(node, "")
        if is_byline and len(index.bylines) < _MOST:
            index.bylines.append(node)
        if (is_date or node.tag == "time" or "date" in prop) and len(index.dates) < _MOST:
            index.dates.append(node)
        if prop and prop.removeprefix("schema:") in ("author", "creator") and len(index.microdata) < 20:
            index.microdata.append(node)
    index.rel_author.extend(node for node in _RELATED(body) if _is_author(node))
    links = (node for node in body.iter("a") if _AUTHOR_HREF.search(node.get("href") or ""))
    index.author_links.extend(islice(links, _MOST))
    return index


def _is_author(node: html.HtmlElement) -> bool:
    said = node.get("rel") or ""
    return "author" in (said.split() if node.tag == "a" else said)


@lru_cache(maxsize=16384)
def _kinds(names: str, name: str) -> tuple[bool, bool]:
    """Whether a class and an id are named like a byline, and like a date."""
    both = f"{names} {name}"
    return bool(_BYLINE.search(both)), bool(_DATE.search(both))
