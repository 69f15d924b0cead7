"""One walk over the page's elements: where each stands, and which are named like a byline or a date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import html

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
    index = Index()
    order = index.order
    for at, node in enumerate(body.iter()):
        order[node] = at
        get = node.get
        names = f"{get('class') or ''} {get('id') or ''} {get('data-testid') or ''}"
        is_byline, is_date = _kinds(names) if len(names) > 2 else (False, False)
        prop = get("itemprop") or get("property")
        if is_byline and len(index.bylines) < _MOST:
            index.bylines.append(node)
        if (is_date or node.tag == "time" or (prop and "date" in prop.lower())) and len(index.dates) < _MOST:
            index.dates.append(node)
        if prop and prop.lower().removeprefix("schema:") in ("author", "creator") and len(index.microdata) < 20:
            index.microdata.append(node)
        if node.tag == "a":
            _link(index, node)
        elif "author" in (get("rel") or ""):
            index.rel_author.append(node)
    return index


def _link(index: Index, node: html.HtmlElement) -> None:
    if "author" in (node.get("rel") or "").split():
        index.rel_author.append(node)
    if len(index.author_links) < _MOST and _AUTHOR_HREF.search(node.get("href") or ""):
        index.author_links.append(node)


@lru_cache(maxsize=16384)
def _kinds(names: str) -> tuple[bool, bool]:
    return bool(_BYLINE.search(names)), bool(_DATE.search(names))
