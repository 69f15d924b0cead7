"""What a page says outside its story: its title, menu, foot and metas, against its headings. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from lxml import html

from archive.extract.elements import text_of
from archive.extract.injection.signs import grams, plain, words

PART = re.compile(r"\s*[|｜»›·•¥￥$_＿–—]+\s*|\s+[-:]\s+|-(?=[\u3040-\u9fff])|\s*[(（,，]\s*")
_MAX_LINKS = 1500


@dataclass(frozen=True)
class Zones:
    """What a page says outside its story. What only a doubted page is asked for is made when it is asked for."""

    title: str
    metas: tuple[str, ...]  # keywords, description and the titles in metas
    anchors: Sequence[tuple[html.HtmlElement, str]] = field(repr=False)  # every <a> with an address, and that
    short: tuple[str, ...]  # short pieces of menu, trail and foot
    headings: tuple[str, ...]  # the visible headings
    names: tuple[str, ...]  # the names the site gives itself
    cloak: str = ""  # how the title was put there, where scripts or codings show that it was

    @cached_property
    def links(self) -> tuple[tuple[str, str], ...]:
        """(text, href) of short links."""
        said = ((text_of(node), href) for node, href in self.anchors)
        return tuple(islice((one for one in said if 0 < len(one[0]) < 40), _MAX_LINKS))

    @cached_property
    def plain_title(self) -> str:
        return plain(self.title)

    @cached_property
    def title_grams(self) -> set[str]:
        return grams(self.title)

    @cached_property
    def shown(self) -> set[str]:
        """The grams of the headings."""
        return grams(" ".join(self.headings))


def title_parts(title: str) -> tuple[str, ...]:
    """What the separators of a <title> leave: headline, section, names."""
    return tuple(part.strip(" :：") for part in PART.split(plain(title)) if part.strip(" :："))


def foreign_title(zones: Zones, token: str = "") -> bool:
    """Whether the <title>, without `token`, has (nearly) no word in common with the headings."""
    if not zones.headings or is_name(zones.title, zones.names):
        return False
    own, shown = zones.title_grams, zones.shown
    rest = grams(zones.plain_title.replace(token, " ")) if token else own
    if len(own) < 2 or not rest:
        return False
    return len(rest & shown) * 5 <= len(rest) and (bool(token) or len(rest & shown) <= 1)


def remainder_absent(zones: Zones, token: str, low: str) -> bool:
    """Whether hardly a word of the rest of the title is in the story."""
    rest = grams(zones.plain_title.replace(token, " "))
    return len(rest) >= 2 and sum(1 for gram in rest if gram in low) * 3 <= len(rest)


def is_name(text: str, names: tuple[str, ...]) -> bool:
    squashed = "".join(words(text))
    if not squashed:
        return True
    known = ["".join(words(name)) for name in names]
    return any(len(name) >= 3 and (name in squashed or squashed in name) for name in known)


def is_heading(token: str, zones: Zones) -> bool:
    return any(token in plain(heading) for heading in zones.headings)
