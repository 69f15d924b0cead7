"""The files a page shows itself with: style sheets, images and fonts, of an HTML page or of a style sheet. Pure.

What a reader's browser would ask for to paint the page: `<link>`, `<img>` with every candidate of its `srcset`,
`<picture>`, posters, icons, `url()` and `@import` in styles. Scripts, frames, audio and video are no requisites.
Candidates: HTML Standard 4.2.4 (link types) and 4.8.4.2 (srcset); CSS Syntax 3 (url tokens).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from archive.errors import UrlError
from archive.model import Discovery
from archive.urls import canonical_url
from crawler.discovery.listing import Seen
from crawler.discovery.markup import base_url, decode_html, parse_html

MAX_REQUISITES = 200  # of one page or style sheet
_STYLED_LINKS = frozenset(("stylesheet", "icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon"))
_PRELOADED = frozenset(("style", "image", "font"))
_ADDRESSES = {  # attributes that name one file, by element
    "img": ("src", "data-src", "data-lazy-src", "data-original"),
    "image": ("href", "{http://www.w3.org/1999/xlink}href", "xlink:href"),
    "input": ("src",),
    "video": ("poster",),
    "body": ("background",),
    "table": ("background",),
    "td": ("background",),
}
_SETS = ("srcset", "data-srcset", "data-lazy-srcset", "imagesrcset")
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CSS_ADDRESS = re.compile(
    r"""url\(\s*(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|([^\s"'()][^\s"'()]*))\s*\)"""
    r"""|@import\s+(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)')""",
    re.IGNORECASE,
)
_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))")
_CANDIDATE = re.compile(r"\s*,*\s*(\S+?)(?:,+(?=\s|$)|(?=\s|$))(?:\s+[^,\s(]+(?:\([^)]*\))?)*\s*")


def page_requisites(body: bytes, seen: Seen, *, charset: str | None = None) -> tuple[Discovery, ...]:
    """The requisites of an HTML page, style sheets first, each URL once, at most `MAX_REQUISITES`."""
    tree = parse_html(body, charset)
    if tree is None:
        return ()
    return _discoveries([*_linked(tree), *_shown(tree)], base_url(tree, seen.url), seen)


def style_requisites(body: bytes, seen: Seen, *, charset: str | None = None) -> tuple[Discovery, ...]:
    """The requisites of a style sheet: what it imports, its images and fonts."""
    return _discoveries(_in_style(decode_html(body, charset)), seen.url, seen)


def _linked(tree: Any) -> Iterator[str]:
    for node in tree.iter("link"):
        kinds = (node.get("rel") or "").lower().split()
        if _STYLED_LINKS.intersection(kinds) or ("preload" in kinds and (node.get("as") or "").lower() in _PRELOADED):
            yield node.get("href") or ""
            yield from _candidates(node.get("imagesrcset") or "")
    for node in tree.iter("style"):
        yield from _in_style(node.text or "")


def _shown(tree: Any) -> Iterator[str]:
    for node in tree.iter(etree.Element):
        for name in _ADDRESSES.get(node.tag, ()):
            yield node.get(name) or ""
        if node.tag in ("img", "source"):
            for name in _SETS:
                yield from _candidates(node.get(name) or "")
        style = node.get("style")
        if style and "url(" in style.lower():
            yield from _in_style(style)


def _candidates(srcset: str) -> Iterator[str]:
    """The addresses of a srcset; a comma inside an address (as image services have them) does not end it."""
    for found in _CANDIDATE.finditer(srcset):
        yield found[1]


def _in_style(text: str) -> Iterator[str]:
    for found in _CSS_ADDRESS.finditer(_CSS_COMMENT.sub(" ", text)):
        yield _CSS_ESCAPE.sub(_unescaped, next(filter(None, found.groups()), ""))


def _unescaped(found: re.Match[str]) -> str:
    if not found[1]:
        return found[2]
    code = int(found[1], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "�"


def _discoveries(addresses: Iterable[str], base: str, seen: Seen) -> tuple[Discovery, ...]:
    found: dict[str, Discovery] = {}
    for address in addresses:
        url = _address(address, base)
        if url is None or url in found or url == seen.url:
            continue
        found[url] = Discovery(url, seen.source, "requisite", seen.seen_at, seen.url, seen.depth + 1)
        if len(found) >= MAX_REQUISITES:
            break
    return tuple(found.values())


def _address(address: str, base: str) -> str | None:
    """The file's URL as the page has it: a query is never shortened, since replay looks for this very address."""
    text = address.strip()
    if not text or text.startswith("#") or text[:5].lower() == "data:":
        return None
    try:
        return canonical_url(text, base, keep_tracking=True)
    except UrlError:
        return None
