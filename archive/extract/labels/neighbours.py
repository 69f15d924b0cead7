"""Stories of their own that a page shows: the next ones of an endless page, or nothing but a row of them.

Such a story stands in an <article> of its own, under a heading that leads to another address.
Order: `of_neighbours`, `stories_elsewhere`, where a heading leads.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import html

from archive.addresses import joined
from archive.extract.elements import Elements
from archive.extract.pieces import Piece


def of_neighbours(
    pieces: list[Piece], kept: Iterable[int], headline_node: html.HtmlElement | None, url: str
) -> set[int]:
    """Which of the `kept` orders are of other stories; none where the page's headline leads to another address, too."""
    if headline_node is None:
        return set()
    around = {headline_node, *headline_node.iterancestors()}
    if not any(node.tag == "article" for node in around) or _leads_away(headline_node, url):
        return set()
    known: dict[html.HtmlElement, bool] = {}
    found: set[int] = set()
    for at in kept:
        box = _box(pieces[at].node, around)
        if box is not None:
            if box not in known:
                known[box] = _is_story(box, str(headline_node.tag), url)
            if known[box]:
                found.add(at)
    return found


def stories_elsewhere(headline_node: html.HtmlElement | None, elements: Elements, url: str) -> int:
    """How many stories with addresses of their own a page shows; 0 where its headline is not that of one of them."""
    if headline_node is None or not _leads_away(headline_node, url):
        return 0
    headings = (next(box.iter("h1", "h2", "h3"), None) for box in elements.named("article"))
    return len({heading for heading in headings if heading is not None and _leads_away(heading, url)})


def _box(node: html.HtmlElement, around: set[html.HtmlElement]) -> html.HtmlElement | None:
    """The outermost <article> around an element that stands beside the page's own, and not in it."""
    box: html.HtmlElement | None = None
    up: html.HtmlElement | None = node
    while up is not None and up not in around:
        if up.tag == "article":
            box = up
        up = up.getparent()
    return None if up is not None and _in_article(up) else box


def _in_article(node: html.HtmlElement) -> bool:
    return node.tag == "article" or any(outer.tag == "article" for outer in node.iterancestors())


def _is_story(box: html.HtmlElement, tag: str, url: str) -> bool:
    heading = next(box.iter(tag), None)
    return heading is not None and _leads_away(heading, url)


def _leads_away(heading: html.HtmlElement, url: str) -> bool:
    """Whether a heading is, or stands in, a link to another page."""
    links = [*heading.iter("a"), *(outer for outer in heading.iterancestors("a"))]
    targets = [joined(url, link.get("href") or "").partition("#")[0] for link in links]
    return any(target and target.rstrip("/") != url.partition("#")[0].rstrip("/") for target in targets)
