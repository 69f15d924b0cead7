"""The words of a story, and its blocks as the judge of passages sees them. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from archive.extract.injection.common import about
from archive.extract.injection.links import Link

_COHERENT = 0.15  # of the words of a story's paragraphs are in others of it, at least


@dataclass
class Passage:
    """A block as the judge of passages sees it."""

    text: str
    links: tuple[Link, ...]
    own_links: int
    kept: bool
    path: str
    near_text: bool = True  # among or next to kept blocks
    elsewhere: str | None = None  # another host into whose pages the same block was put
    again: bool = False  # left out of the text because it stands there already

    @cached_property
    def about(self) -> set[str]:
        """What it is about, for comparing; most of what is not of the text is never asked."""
        return about(self.text)


FAR = Passage("", (), 0, False, "", False)  # stands for every block far from the text


class Story:
    """How often the story and its headings have each word."""

    def __init__(self, counted: Counter[str]) -> None:
        self.counted = counted
        self.often = {gram for gram, times in counted.items() if times > 1}

    def overlap(self, passage: Passage) -> float:
        """The share of a block's words that the rest of the story has too."""
        own = passage.about
        if not own:
            return 1.0
        return (len(own & self.often) if passage.kept else sum(map(self.counted.__contains__, own))) / len(own)

    def usual(self, kept: list[Passage]) -> float:
        """The overlap of the middle one of the longer paragraphs; 0.0 where it is small, as in lists of new things."""
        found = sorted(self.overlap(passage) for passage in kept if len(passage.about) > 7)
        middle = found[len(found) // 2] if found else 0.0
        return middle if middle >= _COHERENT else 0.0

    def without(self, passages: list[Passage]) -> Story:
        """What is left of the words of some of its blocks when these are taken out."""
        taken = Counter(itertools.chain.from_iterable(passage.about for passage in passages))
        return Story(+Counter({gram: self.counted[gram] - times for gram, times in taken.items()}))


class Verdict(NamedTuple):
    """What speaks against a block, as which class of injection, and whether that is enough."""

    name: str
    kinds: tuple[str, ...]
    proven: bool
