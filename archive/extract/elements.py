"""The elements of a tree, walked once: all readers of a page ask here for its links, headings, names or styles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from operator import attrgetter

from lxml import html

_TAG = attrgetter("tag")
# The attributes that readers ask for by name. Reading all of an element's at once costs as much as asking for two.
_HELD = ("class", "id", "style", "hidden", "href", "rel", "itemprop", "property", "role", "data-testid")


class Elements:
    """The elements at and below `root` in document order. As long as this lives, lxml makes none of them anew."""

    def __init__(self, root: html.HtmlElement, before: Elements | None = None) -> None:
        """`before`: those of the same tree before some were taken out of it, whose tags and attributes are known."""
        self.all: list[html.HtmlElement] = list(root.iter())
        self._before = before
        self._tagged: defaultdict[str, list[html.HtmlElement]] = defaultdict(list)
        self._held: dict[str, list[tuple[html.HtmlElement, str]]] = {name: [] for name in _HELD}
        if before is None:
            self._read()

    def _read(self) -> None:
        tagged, held = self._tagged, self._held
        for node, tag in zip(self.all, map(_TAG, self.all), strict=True):
            tagged[tag].append(node)
            for name, value in node.items():
                if name in held:
                    held[name].append((node, value))

    @cached_property
    def order(self) -> dict[html.HtmlElement, int]:
        """Where each element stands."""
        return dict(zip(self.all, range(len(self.all)), strict=True))

    def _of_tag(self, tag: str) -> list[html.HtmlElement]:
        if self._before is None:
            return self._tagged.get(tag, [])
        left = self.order
        return [node for node in self._before._of_tag(tag) if node in left]

    def named(self, *tags: str) -> list[html.HtmlElement]:
        """The elements with one of these tags, in document order."""
        found = [nodes for tag in tags if (nodes := self._of_tag(tag))]
        if len(found) < 2:
            return found[0] if found else []
        return sorted((node for nodes in found for node in nodes), key=self.order.__getitem__)

    def customized(self) -> list[html.HtmlElement]:
        """The elements of a site's own making, which have a hyphen in their tags, in document order."""
        return self.named(*(tag for tag in self._tagged if "-" in tag))

    def holding(self, name: str) -> list[tuple[html.HtmlElement, str]]:
        """The elements with an attribute of this name (one of `_HELD`), and its value, in document order."""
        if self._before is None:
            return self._held[name]
        left = self.order
        return [one for one in self._before.holding(name) if one[0] in left]

    @cached_property
    def links(self) -> list[tuple[html.HtmlElement, str]]:
        """Each <a> with an address, and the address without white space around it."""
        held = self.holding("href")
        return [(node, address) for node, said in held if node.tag == "a" and (address := said.strip())]


def text_of(node: html.HtmlElement) -> str:
    """All text in an element, each run of white space a single space."""
    text = "".join(node.itertext()) if len(node) else node.text
    return one_line(text) if text else ""


def one_line(text: str) -> str:
    """`text` with each run of white space a single space, without soft hyphens: they are no part of a word."""
    return " ".join((text if text.isascii() else text.replace("\u00ad", "")).split())


def with_all_around(nodes: Iterable[html.HtmlElement]) -> set[html.HtmlElement]:
    """The nodes and all elements around them."""
    found: set[html.HtmlElement] = set()
    for node in nodes:
        up: html.HtmlElement | None = node
        while up is not None and up not in found:
            found.add(up)
            up = up.getparent()
    return found
