"""HTML of listings, decoded and parsed once. Articles are read by archive.extract, with far more care."""

from __future__ import annotations

import codecs
import re
from typing import Any

from lxml import etree

from archive.addresses import base_of

# What browsers read where a page names an old subset (WHATWG Encoding Standard).
_WIDER: dict[str, str] = {
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874", "iso8859-11": "cp874",
}  # fmt: skip
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
# What comes after these is still of the page; libxml2 would stop there.
_ENDS = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def parse_html(html: bytes | str, charset: str | None = None) -> Any:
    """Return the root element of a page, or None where there is none. Never raises."""
    text = html if isinstance(html, str) else decode_html(html, charset)
    # Parsed as UTF-8 bytes: lxml refuses text that carries an XML encoding declaration.
    parser = etree.HTMLParser(encoding="utf-8", recover=True, remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = etree.fromstring(_ENDS.sub("", text.replace("\x00", "")).encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        return None
    return root if root is not None and isinstance(root.tag, str) else None


def base_url(root: Any, url: str) -> str:
    """What the links of the page at `url` are relative to: its first <base>, where that is an address."""
    return base_of(url, next((href for node in root.iter("base") if (href := node.get("href"))), None))


def decode_html(body: bytes, charset: str | None = None) -> str:
    """Decode a page by byte order mark, HTTP charset, meta charset, else UTF-8, else Windows-1252."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    meta = _META.search(body[:4096])
    for named in (charset, meta[1].decode("ascii") if meta else None):
        known = _codec(named)
        if known:
            return body.decode(known, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _codec(name: str | None) -> str | None:
    if not name:
        return None
    try:
        known = codecs.lookup(name.strip("\"' "))
    except (LookupError, ValueError):
        return None
    # Not every codec is a charset ("hex", "zlib"); and a page that says utf-16 in ASCII letters is not.
    if not known._is_text_encoding or known.name.startswith(
        ("utf-16", "utf-32", "utf-7", "idna", "punycode", "unicode", "raw")
    ):
        return None
    return _WIDER.get(known.name, known.name)


_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)


def without_doctype(xml: bytes) -> bytes:
    """XML without its document type declaration: entities, and with them every bomb made of them, are gone."""
    at = xml.upper().find(b"<!DOCTYPE")
    matched = _DOCTYPE.match(xml, at) if at >= 0 else None
    return xml[:at] + xml[matched.end() :] if matched else xml
