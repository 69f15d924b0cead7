"""The dates a reader sees: <time>, microdata, elements named for a date, short lines.

Order: `shown_dates`, which elements date other stories, lines, what stands in and before an element.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from lxml import html

from archive.extract.metadata.index import Index
from archive.extract.pieces import Piece

_MODIFIED_WORDS = re.compile(
    r"updat|modif|aktualis|stand:|geändert|mis à jour|màj|actualiz|aggiornat|atualiz|обновл|更新|修改|수정|bijgewerkt|"
    r"zaktualizowan|oppdatert|uppdaterad|opdateret|last edit",
)
_PUBLISHED_WORDS = re.compile(
    r"publi[sckqz]|posted|veröffentlicht|erschienen|erstellt|pubblicat|gepubliceerd|geplaatst|опубликован|发布|發布|發佈|公開|掲載|등록|입력|written on|first published|"
    r"mis en ligne|objavljeno|yayın|date:|datum\b|vom\b|written:",
)
_LABELS = re.compile(f"{_MODIFIED_WORDS.pattern}|{_PUBLISHED_WORDS.pattern}", re.IGNORECASE)
_FIRST_WORDS = re.compile(
    r"(?:first|originally) (?:published|posted)|ursprünglich|zuerst (?:erschienen|veröffentlicht)|erstmals (?:erschienen|veröffentlicht)|"
    r"erstveröffentlich|publi[ée] initialement|publicad[oa] originalmente|pubblicato originariamente|oorspronkelijk gepubliceerd",
)
_YEAR = re.compile(r"(?<!\d)(?:(?:19|20)\d{2}(?!\d)|\d{1,2}[./]\d{1,2}[./]\d{2}(?!\d))")
_DATE_NAMES = re.compile(
    r"publish|pubdate|pub[-_]?time|date|time-?stamp|posted|byline|dateline|entry-meta|post-meta|meta-?info|fecha|datum|article-?info|"
    r"article-?time|(?:^|[-_\s])time(?:$|[-_\s])|created|writedate|regist|source",
)


def shown_dates(
    pieces: list[Piece],
    index: Index,
    headline_node: html.HtmlElement | None,
) -> Iterator[tuple[str, str, float, bool]]:
    """Yield (text with a date, where it stands, weight, whether it says when the page was changed); best just after the headline."""
    order = index.order
    head = order.get(headline_node, 0) if headline_node is not None else 0

    def nearness(node: html.HtmlElement) -> float:
        at = order.get(node, 10**6) - head
        return 0.13 - at / 1500 if 0 <= at < 60 else 0.06 if -30 < at < 200 else 0.0

    shown = [(node, _short(node)) for node in index.dates]
    listed = _listed(shown)
    below = (
        node for node, visible in shown if 0 <= order.get(node, -1) - head < _RIGHT_BELOW and _DIGIT.search(visible)
    )
    first = next(below, None)

    def weight(node: html.HtmlElement, usual: float) -> float:
        elsewhere = (node is not first and _kind(node) in listed) or _is_of_others(node)
        return usual + nearness(node) - (_ELSEWHERE if elsewhere else 0.0)

    for node, visible in shown:
        prop = node.get("itemprop") or node.get("property") or ""
        names = f"{node.get('class') or ''} {node.get('id') or ''} {prop}"
        if "date" in prop.lower():
            stated = node.get("content") or node.get("datetime") or visible
            yield stated, f"microdata:{prop}", weight(node, 0.75), "modif" in prop.lower()
            continue
        stated = node.get("datetime") or node.get("data-timestamp") or node.get("data-datetime") or ""
        is_time = node.tag == "time" and bool(stated)
        if not is_time and not (
            _DIGIT.search(visible) and _DATE_NAMES.search(names.lower() + (" time" if node.tag == "time" else ""))
        ):
            continue
        is_update = bool(_MODIFIED_WORDS.search(f"{names} {visible[:60]} {_before(node)}".lower()))
        if is_time:
            usual = 0.82 if node.get("pubdate") is not None else 0.62
            yield stated, "time", weight(node, usual), is_update
        else:
            certain = weight(node, 0.52)
            parts = _labelled_parts(visible)
            for part in parts:
                low = part[:60].lower()
                changed = is_update if len(parts) == 1 else bool(_MODIFIED_WORDS.search(low))
                yield part, "visible", certain, changed and not _PUBLISHED_WORDS.search(low)
    yield from _lines(pieces, order, head)


_DIGIT = re.compile(r"\d")
_ELSEWHERE = 0.2  # what a date of another story weighs less
_RIGHT_BELOW = 30  # elements after the headline
_OF_OTHERS = re.compile("comment|related|recommend")
_LISTED = 3  # different dates in elements of one kind


def _listed(shown: list[tuple[html.HtmlElement, str]]) -> set[tuple[str, ...]]:
    """The kinds of elements that date one story after another: lists of other stories, readers' comments."""
    said: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for node, visible in shown:
        if _DIGIT.search(visible):
            said[_kind(node)].add(visible)
    return {kind for kind, dates in said.items() if len(dates) >= _LISTED}


def _is_of_others(node: html.HtmlElement) -> bool:
    """Whether a box of readers' comments or of other stories is close around an element."""
    return any(up.tag == "blockquote" or _names_others(up.get("class") or "") for up in islice(node.iterancestors(), 5))


@lru_cache(maxsize=4096)
def _names_others(names: str) -> bool:
    return _OF_OTHERS.search(names.lower()) is not None


def _kind(node: html.HtmlElement) -> tuple[str, ...]:
    parent = node.getparent()
    return (str(node.tag), node.get("class") or "", (parent.get("class") or "") if parent is not None else "")


def _lines(
    pieces: list[Piece], order: dict[html.HtmlElement, int], head: int
) -> Iterator[tuple[str, str, float, bool]]:
    """Short lines with a year in them, wherever they stand."""
    dated = list(islice(_dated_lines(pieces, order, head), _MOST_LINES))
    listed = _listed([(piece.node, text) for piece, text, _, _ in dated if len(piece.text) <= _LINE])
    first = next((piece for piece, _, _, at in dated if 0 <= at < _RIGHT_BELOW), None)
    for piece, text, weight, _ in dated:
        if len(piece.key) > 60:
            weight -= 0.1
        if piece.link_density > 0.5:
            weight -= 0.15
        if _kind(piece.node) in listed and piece is not first:
            weight -= _ELSEWHERE
        for part in _labelled_parts(text):
            low = part[:80].lower()
            published = bool(_PUBLISHED_WORDS.search(low))
            changed = bool(_MODIFIED_WORDS.search(low)) and not published
            certain = max(weight + 0.1 * published, _SAID_FIRST if _FIRST_WORDS.search(low) else 0.0)
            yield part, "line", certain, changed


_MOST_LINES = 61
_LINE = 140  # characters
_SAID_FIRST = 0.7  # "originally published on", wherever it stands


def _dated_lines(
    pieces: list[Piece], order: dict[html.HtmlElement, int], head: int
) -> Iterator[tuple[Piece, str, float, int]]:
    """Yield (piece, what of it may be a date, weight by its place, elements after the headline)."""
    for piece in pieces:
        text = piece.text
        beginning = text[:160]
        if not _may_have_year(beginning) or not _YEAR.search(beginning) or "©" in text or "opyright" in text:
            continue
        at = order.get(piece.node, 0) - head
        if len(text) <= _LINE:
            yield piece, text, 0.65 - at / 1500 if 0 <= at < 80 else 0.45 if -30 < at < 0 else 0.3, at
        elif len(text) <= 4000 and 0 <= at < 80:
            yield piece, text[:80], 0.28, at  # a dateline at the head of the first paragraph


def _may_have_year(text: str) -> bool:
    """Whether `_YEAR` is worth looking for, which takes many times longer."""
    return "20" in text or "19" in text or text.count(".") > 1 or text.count("/") > 1


def _labelled_parts(text: str) -> list[str]:
    """A line, cut where it says of one date that it was published and of another that it was changed."""
    if len(_YEAR.findall(text)) < 2:
        return [text]
    cuts = [match.start() for match in _LABELS.finditer(text[:400])]
    if len(cuts) < 2:
        return [text]
    parts = [text[start:end] for start, end in zip([0, *cuts[1:]], [*cuts[1:], len(text)], strict=True)]
    return [part for part in parts if _YEAR.search(part)]


def _before(node: html.HtmlElement) -> str:
    """What stands right before an element, or in the one before it: "Updated:"."""
    parent = node.getparent()
    previous = node.getprevious()
    said = (previous.tail if previous is not None else parent.text if parent is not None else "") or ""
    if not said.strip() and previous is not None:
        label = _short(previous)
        said = "" if any(map(str.isdigit, label)) else label
    return said[-40:]


def _short(node: html.HtmlElement) -> str:
    """The text of an element of one line; "" for longer ones."""
    parts: list[str] = []
    size = -1
    for part in map(str.strip, node.itertext()):
        if part:
            parts.append(part)
            size += len(part) + 1
            if size > 160:
                return ""
    return " ".join(parts)
