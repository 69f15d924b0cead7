"""Every piece of the page with its label and the rule that gave it. `article.text` is made of the kept ones.

The one rule on the headline: the block that shows the headline is labelled so and not repeated in the text.
"""

from __future__ import annotations

import re

from lxml import html

from archive.extract.headline import norm
from archive.extract.pieces import Piece, tag_path
from archive.model import Block, Label

_ZONES: tuple[tuple[Label, re.Pattern[str]], ...] = (
    ("nav", re.compile(r"\bnav|menu|breadcrumb|pagination|pager\b|skip-link", re.I)),
    ("footer", re.compile(r"footer|colophon|copyright", re.I)),
    ("comment", re.compile(r"comment|disqus|discussion", re.I)),
    ("newsletter", re.compile(r"newsletter|subscribe|signup|sign-up", re.I)),
    ("consent", re.compile(r"cookie|consent|gdpr", re.I)),
    ("paywall-notice", re.compile(r"paywall|piano|regwall", re.I)),
    ("sponsored", re.compile(r"sponsor|outbrain|taboola|native-ad", re.I)),
    ("ad", re.compile(r"(?:^|[\s_-])ads?(?:$|[\s_-])|advert|banner|werbung|anzeige", re.I)),
    ("related", re.compile(r"related|recommend|read-?more|more-stories|most-|popular|trending|teaser", re.I)),
    ("promo", re.compile(r"promo|social|share|app-", re.I)),
)  # fmt: skip
TEXT_LABELS: frozenset[str] = frozenset(("standfirst", "body", "subheading", "quote", "list", "table"))


def label_blocks(
    pieces: list[Piece],
    chosen: set[int],
    headline: str | None,
    headline_node: html.HtmlElement | None,
    hidden: list[str],
) -> list[Block]:
    """A block for each piece in document order, then one for each hidden subtree."""
    wanted = norm(headline or "")
    blocks: list[Block] = []
    paths: dict[html.HtmlElement, str] = {}
    for piece in pieces:
        path = paths.get(piece.node)
        if path is None:
            path = paths[piece.node] = tag_path(piece.node)
        label, rule, evidence = _label(piece, chosen, wanted, headline_node, path)
        blocks.append(Block(piece.text, label, rule, evidence, path))
    for text in hidden:
        blocks.append(Block(text, "hidden", "not-displayed", "hidden, display:none or visibility:hidden"))
    return blocks


def text_of(blocks: list[Block]) -> str:
    """The article's text: the kept body-like blocks, one paragraph a line."""
    return "\n".join(" ".join(block.text.split()) for block in blocks if block.label in TEXT_LABELS)


def _label(
    piece: Piece, chosen: set[int], wanted: str, headline_node: html.HtmlElement | None, path: str
) -> tuple[Label, str, str]:
    if wanted and (piece.node is headline_node or (len(piece.text) < 400 and norm(piece.text) == wanted)):
        return "headline", "same-as-headline", ""
    if piece.order in chosen:
        return _kind(path), "main-text", "trafilatura"
    tags = path.split("/")
    if "figcaption" in tags:
        return "caption", "figcaption", ""
    return _left_out(piece, tags)


def _kind(path: str) -> Label:
    tags = path.split("/")
    last = tags[-1]
    if last in ("h1", "h2", "h3", "h4", "h5", "h6"):
        return "subheading"
    if "figcaption" in tags:
        return "caption"
    if "blockquote" in tags:
        return "quote"
    if "li" in tags[-3:] or last in ("dt", "dd"):
        return "list"
    if last in ("td", "th", "caption") or "td" in tags[-2:]:
        return "table"
    return "body"


def _left_out(piece: Piece, tags: list[str]) -> tuple[Label, str, str]:
    for tag, label in (("nav", "nav"), ("footer", "footer")):
        if tag in tags:
            return label, "tag", tag  # type: ignore[return-value]
    node: html.HtmlElement | None = piece.node
    steps = 0
    while node is not None and steps < 12:
        names = f"{node.get('class') or ''} {node.get('id') or ''}"
        if names != " ":
            for label, pattern in _ZONES:
                match = pattern.search(names)
                if match:
                    return label, "named", match[0]
        node = node.getparent()
        steps += 1
    if piece.link_density > 0.5:
        return "related", "link-density", f"{piece.link_density:.2f} > 0.5"
    return "chrome", "outside-main-text", ""
