"""Advertising among the blocks of the text: what a filter list hides, and small boxes that are named as such.

`without_adverts` relabels them before anything judges the text, so that a sold advertisement is never called injected.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache

from lxml import html

from archive.extract.labels.filters import Filters, Hidden
from archive.extract.pieces import Piece
from archive.model import Block, Label

_STEPS = 8
_MAX_BOX = 900  # characters of text that a box with the name of an advertisement may hold
_NAMES: tuple[tuple[Label, re.Pattern[str]], ...] = (
    ("sponsored", re.compile(r"sponsor(?:ed|en)?|sponsored-?content|native-?ads?|advertorial|promoted|promotion|paid", re.I)),
    ("ad", re.compile(r"ads?|advert|adverts|advertisement|advertisements|adsbygoogle|taboola|outbrain|trc|mgid|revcontent|gpt|dfp|werbung|anzeige|reklame|publicite", re.I)),
)  # fmt: skip
# Words beside which the name of an advertisement means none: "no-ads", "has-sponsor", "below-ad".
_NOT = frozenset(
    ("no", "not", "non", "free", "less", "without", "with", "has", "have", "is", "hide", "hidden", "after", "before",
     "below", "above", "between", "under", "next", "to", "off", "block", "blocker", "around", "pre", "post")
)  # fmt: skip


def without_adverts(
    blocks: list[Block], pieces: list[Piece], text_labels: frozenset[str], filters: Filters, host: str
) -> list[Block]:
    """The blocks, those of the text that are advertising with a label that says so."""
    kept = [at for at in range(len(pieces)) if blocks[at].label in text_labels]
    if not kept:
        return blocks
    body = pieces[kept[0]].node.getroottree().getroot()
    hidden = Hidden(filters, body, host) if filters.digest else None
    verdicts: dict[html.HtmlElement, tuple[Label, str, str] | None] = {}
    found: dict[int, tuple[html.HtmlElement, tuple[Label, str, str]]] = {}
    for at in kept:
        node: html.HtmlElement | None = pieces[at].node
        for _ in range(_STEPS):
            if node is None or node.tag in ("body", "html", "main", "article"):
                break
            if node not in verdicts:
                verdicts[node] = _verdict(node, hidden)
            if (verdict := verdicts[node]) is not None:
                found[at] = (node, verdict)
                break
            node = node.getparent()
    return _relabelled(blocks, found, sum(len(blocks[at].text) for at in kept)) if found else blocks


def _verdict(node: html.HtmlElement, hidden: Hidden | None) -> tuple[Label, str, str] | None:
    rule = hidden.by(node) if hidden is not None else None
    if rule is not None:
        return "ad", "filter", f"{rule.line} ##{rule.selector}"
    names = f"{node.get('class') or ''} {node.get('id') or ''}"
    return _named(names) if len(names) > 1 else None


@lru_cache(maxsize=8192)
def _named(names: str) -> tuple[Label, str, str] | None:
    for name in names.split()[:12]:
        parts = [part for part in re.split(r"[_-]+|(?<=[a-z])(?=[A-Z])", name) if part]
        # A long name is an anchor made of a heading ("conducting-ad-hoc-analysis").
        if len(parts) > 3 or _NOT & {part.lower() for part in parts}:
            continue
        for label, pattern in _NAMES:
            if any(pattern.fullmatch(part) for part in parts) or pattern.fullmatch(name):
                return label, "named", name
    return None


def _relabelled(
    blocks: list[Block], found: dict[int, tuple[html.HtmlElement, tuple[Label, str, str]]], total: int
) -> list[Block]:
    """What holds most of the text is not an advertisement, whatever it is called."""
    by_box: Counter[html.HtmlElement] = Counter()
    by_rule: Counter[str] = Counter()
    for at, (node, (_, _, evidence)) in found.items():
        by_box[node] += len(blocks[at].text)
        by_rule[evidence] += len(blocks[at].text)
    out = list(blocks)
    for at, (node, (label, rule, evidence)) in found.items():
        listed = rule == "filter" and by_rule[evidence] * 2 <= total
        if listed or (rule == "named" and by_box[node] <= _MAX_BOX and by_box[node] * 4 <= total):
            out[at] = replace(blocks[at], label=label, rule=rule, evidence=evidence)
    return out
