"""A page, decoded and parsed once: the tree without what is never text, and what was taken out of it first.

Order: `read_page` (bytes in, Parsed out), the budget that keeps hostile pages from costing more than others, and
the clearing of the tree. Scripts are most of the bytes of a news page; they are gone before anything walks it.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from lxml import etree, html

from archive.extract.as_shown import as_shown, name_blocks, name_written
from archive.extract.charset.decoding import Decoded, decode
from archive.extract.elements import Elements, one_line
from archive.extract.injection.traces import Traces, take_traces
from archive.extract.xhtml import XHTML, as_html
from archive.model import Page

MAX_TITLE_CHARS = 1000  # one that was never closed holds the whole page
MAX_BYTES = 8_000_000  # of markup handed to the parser; the WARC keeps all of it
MAX_NODES = 60_000  # elements walked; the largest honest news page we know has 19,000
MAX_DEPTH = 200  # deeper elements are dropped: recursion and ancestor walks stay bounded
MAX_JSON_BYTES = 2_000_000
MAX_ATTRIBUTES = 2000  # of one element; the parser compares each with all before it

_DROPPED = ("noscript", "svg", "template", "iframe", "object", "embed", "canvas", "math", "map",
            "audio", "video", "select", "datalist", "link", "base", "meta", "head", "frameset", "applet", "dialog",
            "input", "textarea")  # fmt: skip
_SWALLOWING = frozenset(("noscript", "object", "map", "select", "dialog", "template", "audio", "video"))
_CONTROLS = (*range(9), 11, 12, *range(14, 32))  # what XML cannot hold
_NO_CONTROLS = bytes.maketrans(bytes(_CONTROLS), b" " * len(_CONTROLS))
_LESS, _SLASH, _SMALL = ord("<"), ord("/"), 0x20  # the last makes a capital letter small
_LONG = 8000  # bytes; so many attributes cannot be shorter
_LONG_TAG = re.compile(rb"<([A-Za-z][A-Za-z0-9:-]{0,40})([^<>]{8000,})>?")
_NO_CHARACTER = re.compile(rb"\xef\xbf[\xbe\xbf]")  # U+FFFE and U+FFFF in UTF-8
# What comes after these is still of the page (HTML Standard 13.2.6.4.19 and following); libxml2 would stop there.
_ENDS = re.compile(rb"</(?:html|body)\s*>", re.IGNORECASE)
_NO_DISPLAY = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)")
_DEEP = etree.XPath("boolean(" + "*/" * 99 + "*/" + "*/" * 99 + "*)")
_TEXTS = etree.XPath(".//text()", smart_strings=False)
_PLAIN_ELEMENTS = etree.ElementDefaultClassLookup(element=html.HtmlElement)  # lxml.html's own lookup runs in Python
_BLANK = "<html><head></head><body></body></html>"


@dataclass(slots=True)
class Parsed:
    """One page, parsed. `body` is cleared; head facts and payloads are kept beside it."""

    decoded: Decoded
    root: html.HtmlElement
    body: html.HtmlElement
    elements: Elements  # of the cleared body
    title: str  # of <title>
    metas: list[tuple[str, str]]  # (name, property or itemprop in lower case; content)
    links: list[tuple[str, str, str]]  # (rel, href, hreflang)
    json_ld: list[str]
    html_lang: str | None
    base_href: str | None
    hidden: list[html.HtmlElement]  # subtrees the page itself does not show, taken out
    has_player: str | None = None  # "video" or "audio" where the page embeds one
    warnings: list[str] = field(default_factory=list)
    traces: Traces = field(default_factory=Traces)  # injected payloads the page does not show, taken out


def read_page(page: Page) -> Parsed:
    """Decode and parse `page`; never raises for any bytes."""
    warnings: list[str] = []
    raw = page.body
    if len(raw) > MAX_BYTES:
        warnings.append(f"page of {len(raw)} bytes cut at {MAX_BYTES}")
        raw = raw[:MAX_BYTES]
    decoded = decode(raw, page.http_charset)
    warnings.extend(decoded.warnings)
    source = _utf8(raw, decoded)
    if page.media_type == XHTML:
        source = as_html(source)
    root = _parse(source)
    as_shown(root)
    served = Elements(root)
    metas, links, base = _head_facts(served)
    json_ld = _json_payloads(served)
    title = one_line(next((node.text or "" for node in served.named("title")), ""))
    parsed = Parsed(
        decoded, root, _body_of(root), served, title[:MAX_TITLE_CHARS], metas, links, json_ld,
        root.get("lang") or root.get("xml:lang"), base,
        [], next((str(node.tag) for node in served.named("video", "audio")), None), warnings,
    )  # fmt: skip
    parsed.traces = take_traces(served, parsed.body, decoded.text)
    _clear(parsed, len(served.all))
    _take_hidden(parsed, served)
    name_blocks(served.customized())
    name_written(served.holding("style"))
    parsed.elements = Elements(parsed.body, served)
    return parsed


def _utf8(raw: bytes, decoded: Decoded) -> bytes:
    """The page in UTF-8: its own bytes where they are, and nothing in them could not be read."""
    if decoded.charset == "utf-8" and not decoded.is_mended and "\ufffd" not in decoded.text:
        return raw.removeprefix(BOM_UTF8)
    return decoded.text.encode("utf-8", "replace")


def _parse(source: bytes) -> html.HtmlElement:
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False)
    parser.set_element_class_lookup(_PLAIN_ELEMENTS)
    if any(map(source.__contains__, _CONTROLS)):
        source = source.translate(_NO_CONTROLS, b"\0")  # a browser shows nothing of it; "Pressm\0ark" is one word
    source = _endless(_NO_CHARACTER.sub(b" ", source) if b"\xef" in source else source)
    source = _uncrowded(source)
    try:
        root = html.document_fromstring(source or b" ", parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        root = html.document_fromstring(_BLANK, parser=parser)
    return root


def _endless(source: bytes) -> bytes:
    """`source` without what `_ENDS` finds, which takes four times longer to look at each "</" of a page."""
    signs = np.frombuffer(source + b"   ", dtype=np.uint8)
    at = np.flatnonzero(signs == _LESS)
    at = at[signs[at + 1] == _SLASH]
    first = signs[at + 2] | _SMALL
    ends = [
        end for start in at[(first == ord("h")) | (first == ord("b"))].tolist() if (end := _ENDS.match(source, start))
    ]
    cuts = [0, *(place for end in ends for place in end.span()), len(source)]
    return b"".join(source[start:end] for start, end in zip(cuts[::2], cuts[1::2], strict=True)) if ends else source


def _uncrowded(source: bytes) -> bytes:
    """`source`, with tags of too many attributes left bare."""
    parts: list[bytes] = []
    last = 0
    for start in _long_gaps(source):
        tag = _LONG_TAG.match(source, start)
        if tag is not None and tag[2].count(b"=") > MAX_ATTRIBUTES:
            parts.extend((source[last:start], b"<%b>" % tag[1]))
            last = tag.end()
    return b"".join((*parts, source[last:])) if parts else source


def _long_gaps(source: bytes) -> Iterator[int]:
    """Each "<" after which there may be no other for the length of a long tag: most are those of scripts."""
    half = _LONG // 2
    for at in range(0, len(source), half):
        if source.find(b"<", at, at + half) < 0:
            start = source.rfind(b"<", max(0, at - half), at)
            if start >= 0:
                yield start


def _body_of(root: html.HtmlElement) -> html.HtmlElement:
    body = root.find("body")
    if body is None:
        body = root.find(".//body")
    return root if body is None else body


def _head_facts(served: Elements) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]], str | None]:
    metas: list[tuple[str, str]] = []
    links: list[tuple[str, str, str]] = []
    base: str | None = None
    for node in served.named("meta", "link", "base"):
        if node.tag == "meta":
            content = node.get("content") or node.get("value")
            if content:
                for key in ("name", "property", "itemprop", "http-equiv"):
                    name = node.get(key)
                    if name:
                        metas.append((name.strip().lower(), one_line(content)))
        elif node.tag == "link":
            if node.get("rel") and node.get("href"):
                links.append((node.get("rel", "").lower(), node.get("href", "").strip(), node.get("hreflang") or ""))
        elif base is None and node.get("href"):
            base = node.get("href")
    return metas, links, base


def _json_payloads(served: Elements) -> list[str]:
    found: list[str] = []
    total = 0
    for node in served.named("script"):
        kind = (node.get("type") or "").lower()
        if "ld+json" in kind and node.text and total + len(node.text) <= MAX_JSON_BYTES:
            found.append(node.text)
            total += len(node.text)
    return found


def is_hidden(node: html.HtmlElement) -> bool:
    """Whether the page's own markup, without its style sheets, keeps this element from being shown."""
    if node.get("hidden") is not None and node.get("hidden") != "until-found":
        # React streams parts of a page in hidden divs named S:0, S:1 … and shows them by script; and what a paper
        # shows to its subscribers only is its story all the same.
        return not (node.get("id") or "").startswith("S:") and "paywall" not in (node.get("class") or "").split()
    style = (node.get("style") or "").lower()
    return _may_hide(style) and _NO_DISPLAY.search(style) is not None


def _clear(parsed: Parsed, count: int) -> None:
    """Take out of the tree what is never text and what is over the budget; it had `count` elements."""
    etree.strip_elements(parsed.root, "script", "style", with_tail=False)
    swallowing = [node for node in parsed.root.iter(*_SWALLOWING) if len(node)]
    whole = _Text(parsed.body)
    for node in swallowing[:40]:  # measuring costs a walk; hostile pages nest thousands
        size = _length(node)
        if size and whole.is_less(size * 2):
            node.tag = "div"  # an element closed in the wrong place took the page with it
    etree.strip_elements(parsed.root, *_DROPPED, with_tail=False)
    if count > MAX_NODES or _DEEP(parsed.body):
        _bound(parsed)


def _take_hidden(parsed: Parsed, served: Elements) -> None:
    """Take out what the page itself does not show."""
    whole = _Text(parsed.body)
    taken: set[html.HtmlElement] = set()
    for node in _hidden(served):
        around = set(node.iterancestors())
        if parsed.body not in around or not taken.isdisjoint(around):
            continue
        # Pages that wait for a script to show themselves hide all of their text: then nothing is hidden.
        if not whole.is_less(_length(node) * 2):
            taken.add(node)
            parsed.hidden.append(node)
    for node in parsed.hidden:
        node.drop_tree()


def _hidden(served: Elements) -> list[html.HtmlElement]:
    """The elements that their own markup hides, in document order."""
    suspects = {node for node, _ in served.holding("hidden")}
    suspects.update(node for node, style in served.holding("style") if _may_hide(style.lower()))
    return sorted(filter(is_hidden, suspects), key=served.order.__getitem__)


def _may_hide(style: str) -> bool:
    return "none" in style or "hidden" in style


def _length(node: html.HtmlElement) -> int:
    return sum(map(len, map(str.strip, _TEXTS(node))))


class _Text:
    """The text of an element, counted no further than somebody asks: most of what is hidden is little."""

    def __init__(self, node: html.HtmlElement) -> None:
        self._rest = node.itertext()
        self._said = 0

    def is_less(self, chars: int) -> bool:
        """Whether it is less than so many characters."""
        for text in self._rest if self._said < chars else ():
            self._said += len(text.strip())
            if self._said >= chars:
                break
        return self._said < chars


def _bound(parsed: Parsed) -> None:
    """Cut what is over the budget of elements, and of elements in elements."""
    count = 0
    cut: list[html.HtmlElement] = []
    depth = 0
    deepest = False
    for event, node in etree.iterwalk(parsed.body, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        count += 1
        if count > MAX_NODES:
            cut.append(node)
        elif depth == MAX_DEPTH:
            deepest = True
            cut.extend(node)
    if count > MAX_NODES:
        parsed.warnings.append(f"page of {count} elements read up to element {MAX_NODES}")
    if deepest:
        parsed.warnings.append(f"elements nested deeper than {MAX_DEPTH} left out")
    for node in reversed(cut):
        parent = node.getparent()
        if parent is not None:
            parent.remove(node)
