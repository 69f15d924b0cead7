"""The elements of a tree, walked once: all readers of a page ask here for its links, headings or images."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from operator import attrgetter

from lxml import html

_TAG = attrgetter("tag")


class Elements:
    """The elements at and below `root` in document order. As long as this lives, lxml makes none of them anew."""

    def __init__(self, root: html.HtmlElement) -> None:
        self.all: list[html.HtmlElement] = list(root.iter())
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        for at, tag in enumerate(map(_TAG, self.all)):
            self._places[tag].append(at)

    def named(self, *tags: str) -> list[html.HtmlElement]:
        """The elements with one of these tags, in document order."""
        places = [at for tag in tags if tag in self._places for at in self._places[tag]]
        if len(tags) > 1:
            places.sort()
        return [self.all[at] for at in places]

    @cached_property
    def links(self) -> list[tuple[html.HtmlElement, str]]:
        """Each <a> with an address, and the address without white space around it."""
        return [(node, address) for node in self.named("a") if (address := (node.get("href") or "").strip())]


def text_of(node: html.HtmlElement) -> str:
    """All text in an element, each run of white space a single space."""
    text = "".join(node.itertext()) if len(node) else node.text
    return " ".join(text.split()) if text else ""
