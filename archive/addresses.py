"""The addresses a page names and is named by, as they come: what is no address has no parts and leads nowhere. Pure.

A page's own address may come from a file of another tool, its links from anybody; none of them may stop a reading.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urljoin, urlsplit

# Addresses that joining leaves as they are, up to their fragment: nearly all, so that few need it.
ABSOLUTE = re.compile(r"https?://[\w.:-]+(?:/[^\s?#;\\]*(?:\?[^\s#]+)?)?(?=#|$)", re.ASCII)
_NO_PARTS = SplitResult("", "", "", "", "")


def parts_of(url: str) -> SplitResult:
    """The parts of an address; all of them empty for what is none ("http://[::1")."""
    try:
        return urlsplit(url)
    except ValueError:
        return _NO_PARTS


def host_of(url: str) -> str:
    """The host an address names, in lower case; "" for a relative address and for what is none."""
    return parts_of(url).hostname or ""


def joined(base: str, href: str) -> str:
    """`href`, relative to `base`, as an http(s) address with its fragment; "" for any other."""
    href = href.strip()
    plain = ABSOLUTE.match(href)
    if plain is not None and plain.end() == len(href):
        return href
    try:
        target = urljoin(base, href)
    except ValueError:
        return ""
    return target if target.startswith(("http://", "https://")) else ""


def base_of(url: str, base_href: str | None) -> str:
    """What the links of the page at `url` are relative to: its <base>, where that is an address."""
    return (joined(url, base_href) if base_href else "") or url
