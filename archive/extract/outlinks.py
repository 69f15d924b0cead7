"""Where a page's links lead: absolute addresses without fragments, in the order of the page, each once. Pure."""

from __future__ import annotations

import re

from archive.addresses import ABSOLUTE, base_of, joined
from archive.extract.elements import Elements

MAX_OUTLINKS = 500
_FROM_ROOT = re.compile(r"/(?!/)[^\s?#;\\]*(?:\?[^\s#]+)?(?=#|$)", re.ASCII)


def outlinks(url: str, base_href: str | None, elements: Elements) -> tuple[str, ...]:
    """The first 500 addresses the links of a page lead to."""
    base, origin = _base(url, base_href)
    found: dict[str, None] = {}
    for href in dict.fromkeys(href for _, href in elements.links):  # a picture and its headline lead to one page
        if href[0] == "#" or href[:11].lower() == "javascript:":
            continue
        target = _joined(base, origin, href)
        if target:
            found[target] = None
            if len(found) >= MAX_OUTLINKS:
                break
    return tuple(found)


def _base(url: str, base_href: str | None) -> tuple[str, str]:
    """The address that links are relative to, and its scheme and host where these are plain."""
    base = base_of(url, base_href)
    plain = ABSOLUTE.match(base)
    return base, "/".join(plain[0].split("/", 3)[:3]) if plain else ""


def _joined(base: str, origin: str, href: str) -> str:
    """`href` as an absolute address without its fragment; "" for what is none."""
    plain = ABSOLUTE.match(href)
    if plain is not None:
        return plain[0]
    if origin and "/." not in href:
        plain = _FROM_ROOT.match(href)
        if plain is not None:
            return origin + plain[0]
    return joined(base, href).split("#", 1)[0]
