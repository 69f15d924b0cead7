"""XHTML, which is XML, in the words of HTML, for the one parser of all pages. Pure.

HTML takes CDATA for a comment, and knows no prefixes. Self-closed elements and `xml:lang` it is forgiven anyway.
"""

from __future__ import annotations

import re
from html import escape

XHTML = "application/xhtml+xml"
_NAMESPACE = re.compile(
    rb"<(?:([\w.-]+):)?html\b[^>]{0,2000}?xmlns(?::([\w.-]+))?\s*=\s*[\"']http://www\.w3\.org/1999/xhtml[\"']"
)
_CDATA = b"<![CDATA["
_RAW = re.compile(rb"<(/?)(?:script|style)\b[^<>]{0,2000}>", re.IGNORECASE)


def as_html(source: bytes) -> bytes:
    """`source`, where it is XHTML, without the prefix of its elements and with its CDATA as plain characters."""
    named = _NAMESPACE.search(source[:4000])
    if named is None:
        return source
    if named[1] and named[1] == named[2]:
        source = re.sub(rb"<(/?)%b:" % re.escape(named[1]), rb"<\1", source)
    return _plain(source) if _CDATA in source else source


def _plain(source: bytes) -> bytes:
    """`source` with its CDATA as plain characters, but in scripts and styles: there it hides nothing from HTML."""
    parts: list[bytes] = []
    last = 0
    is_raw = False
    for tag in _RAW.finditer(source):
        if bool(tag[1]) == is_raw and not tag[0].endswith(b"/>"):
            part = source[last : tag.end()]
            parts.append(part if is_raw else _characters(part))
            last, is_raw = tag.end(), not is_raw
    return b"".join((*parts, source[last:] if is_raw else _characters(source[last:])))


def _characters(markup: bytes) -> bytes:
    before, *sections = markup.split(_CDATA)
    return before + b"".join(
        escape(inside.decode("utf-8", "replace"), quote=False).encode() + behind
        for inside, _, behind in (section.partition(b"]]>") for section in sections)
    )
