"""The main text: which pieces of the page trafilatura would take. The only importer of trafilatura.

trafilatura gets a copy of the cleared tree and no metadata work; what it answers is matched back to our own pieces, so
that the text we keep is always text of the page.
"""

from __future__ import annotations

import logging
from copy import deepcopy

from lxml import etree, html

from archive.extract.pieces import Piece

import trafilatura  # isort: skip
from trafilatura import bare_extraction

TRAFILATURA_VERSION: str = trafilatura.__version__
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def main_text(root: html.HtmlElement, profile: str) -> str:
    """What trafilatura takes for the text of the page; empty where it finds nothing."""
    tree = deepcopy(root)
    try:
        document = bare_extraction(
            tree,
            fast=True,
            include_comments=False,
            include_tables=True,
            with_metadata=False,
            favor_precision=profile == "precision",
            favor_recall=profile == "recall",
        )
    except (etree.LxmlError, ValueError, TypeError, AttributeError, RecursionError, IndexError, KeyError):
        return ""
    return str(getattr(document, "text", None) or "")


def matched(pieces: list[Piece], text: str) -> set[int]:
    """The orders of the pieces that make up `text`."""
    key = "".join(text.split())
    lines = {"".join(line.split()).lstrip("-•") for line in text.split("\n")}
    found: set[int] = set()
    cursor = 0
    for piece in pieces:
        wanted = piece.key.replace("\n", "")
        if not wanted:
            continue
        if len(wanted) < 25:
            if wanted in lines and key.find(wanted, max(0, cursor - 200), cursor + 3000) >= 0:
                found.add(piece.order)
                at = key.find(wanted, cursor, cursor + 3000)
                cursor = at + len(wanted) if at >= 0 else cursor
            continue
        at = key.find(wanted, cursor)
        if at < 0:
            at = key.find(wanted)
        if at < 0 and len(wanted) >= 60:
            head, tail = key.find(wanted[:30], cursor), key.find(wanted[-30:], cursor)
            at = head if head >= 0 and tail >= 0 and abs(tail - head) < 2 * len(wanted) else -1
        if at >= 0:
            found.add(piece.order)
            cursor = at + len(wanted)
    return found
