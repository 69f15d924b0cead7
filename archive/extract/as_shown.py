"""What a parser reads otherwise than a browser shows it, put right in the tree before anything reads it. Pure.

Order: `as_shown` (shadow trees in the place of what they are drawn over, the words for browsers without frames, ruby
without its readings), `name_blocks` (elements of a site's own making as the blocks they are), `name_written` (styles
that keep line breaks). Each looks at a page only where its tags are in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree, html

from archive.extract.pieces import BLOCK_TAGS

_READINGS = ("rt", "rp", "rtc")  # how the word before is read, and its brackets: beside the text, not in it
_OF_RUBY = frozenset((*_READINGS, "rb", "ruby"))
_WRITTEN = re.compile(r"white-space(?:-collapse)?\s*:\s*(?:pre\b|preserve|break-spaces)")
_LINES = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "figcaption", "summary", "dt", "button", "label"))
_NO_TEXT = frozenset(("br", "img", "wbr", "picture", "template", "slot", "link", "meta", "source", "svg"))


def as_shown(root: html.HtmlElement) -> None:
    """Put right what browsers show otherwise than the parser's tree has it."""
    _open_shadows(root)
    if root.find(".//ruby") is not None:
        _drop_readings(root)
    if root.find("body") is None:
        _open_noframes(root)


def name_blocks(nodes: Iterable[html.HtmlElement]) -> None:
    """Make elements of a site's own making (`<x-story>`) blocks where they stand among blocks and hold something.

    Their style sheets say so, which nobody reads here; in a line of text they are words, as everywhere in HTML.
    """
    lines: dict[html.HtmlElement, bool] = {}  # whether text stands in an element, beside what else is in it
    for node in nodes:
        above = node.getparent()
        if above is None or (above.tag not in BLOCK_TAGS and "-" not in str(above.tag)):
            continue
        if above not in lines:
            lines[above] = _is_line(above)
        if not lines[above] and _holds_text(node):
            node.set("class", " ".join((str(node.tag), node.get("class") or "")).strip())
            node.tag = "div"


def name_written(styled: Iterable[tuple[html.HtmlElement, str]]) -> None:
    """Make elements whose own style shows line breaks as they are written what HTML has for that: `<pre>`."""
    for node, style in styled:
        if "white-space" in style and _WRITTEN.search(style.lower()) and node.tag in ("div", "p", "section"):
            node.tag = "pre"


def _is_line(element: html.HtmlElement) -> bool:
    """Whether an element is a paragraph or holds bare words or inline elements with words."""
    if element.tag in _LINES or (element.text or "").strip():
        return True
    return any(
        (child.tail or "").strip()
        or (
            child.tag not in BLOCK_TAGS
            and child.tag not in _NO_TEXT
            and "-" not in str(child.tag)
            and _holds_text(child)
        )
        for child in element
    )


def _holds_text(element: html.HtmlElement) -> bool:
    return any(text and not text.isspace() for text in element.itertext())


def _open_shadows(root: html.HtmlElement) -> None:
    first: dict[html.HtmlElement, html.HtmlElement] = {}  # of each element; browsers take no other
    for template in root.iter("template"):
        host = template.getparent()
        if host is not None and (template.get("shadowrootmode") or template.get("shadowroot")):
            first.setdefault(host, template)
    for host, template in reversed(first.items()):  # inner ones before those around them
        _open_shadow(template, host)


def _open_shadow(template: html.HtmlElement, host: html.HtmlElement) -> None:
    """A shadow tree is shown in the place of what its element holds, and that in its slots."""
    slots: dict[str, html.HtmlElement] = {}
    for slot in list(template.iter("slot")):
        slots.setdefault(slot.get("name") or "", slot)
        slot.tag = "span"  # an element that draws nothing itself
    filled: set[str] = set()
    if "" in slots and (host.text or "").strip():
        _fill(slots, filled, "").text = host.text
        host.text = None
    for child in list(host):
        name = child.get("slot") or ""
        if child is template or name not in slots:
            continue
        tail, child.tail = child.tail, None
        _fill(slots, filled, name).append(child)
        if tail and "" in slots:
            _add_text(_fill(slots, filled, ""), tail)
    template.tag = "div"


def _fill(slots: dict[str, html.HtmlElement], filled: set[str], name: str) -> html.HtmlElement:
    """The slot, without what it shows where nothing is put into it."""
    slot = slots[name]
    if name not in filled:
        filled.add(name)
        slot.text = None
        del slot[:]
    return slot


def _add_text(element: html.HtmlElement, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def _drop_readings(root: html.HtmlElement) -> None:
    """Readings that are not closed hold the words behind them: those stay."""
    for node in list(root.iter(*_READINGS)):
        node.text = None
        for child in list(node):
            if child.tag not in _OF_RUBY:
                node.remove(child)
            else:
                child.tail = None
    etree.strip_tags(root, *_READINGS)


def _open_noframes(root: html.HtmlElement) -> None:
    """A page of frames has no text but that for browsers without them, which parsers take for plain characters."""
    words = "".join(node.text or "" for node in root.iter("noframes"))
    if words.strip():
        inner = html.document_fromstring("<html><body>" + words + "</body></html>")
        body = inner.find("body")
        if body is not None:
            root.append(body)
