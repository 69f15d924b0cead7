"""The text a page carries in its scripts and does not show: JSON-LD's articleBody, or HTML inside a JSON string.

Order: `add_payload`, where to look, how a payload is cut. Taken only where the page itself shows next to nothing of
it, because what a reader saw comes first and a payload can be another story, or a summary. Pure; searches no script
unless the page is without text.
"""

from __future__ import annotations

import json
import re

from lxml import etree, html

from archive.extract.pieces import Piece, pieces_of

_LEAST, _MOST = 400, 400_000  # characters; shorter payloads are teasers
_PROBE = 25
_QUOTE = re.compile(r'(?<!\\)"')
_MARKUP = re.compile(r"</?(?:p|div|h[1-6]|br|li)\b[^>]*>", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?。！？](?:\s|$|</|\")")
_MOST_STRINGS = 40
_MOST_PROBES = 60


def add_payload(pieces: list[Piece], chosen: dict[int, float], ld_body: str, source: str) -> None:
    """Add to `pieces` and to those `chosen` the article's text where the page shows next to nothing of it.

    `ld_body` is JSON-LD's articleBody, `source` the page's markup with its scripts.
    """
    unseen = _unseen(pieces, sum(len(pieces[at].key) for at in chosen), ld_body, source)
    pieces.extend(unseen)
    chosen.update((piece.order, 0.5) for piece in unseen)


def _unseen(pieces: list[Piece], kept_chars: int, ld_body: str, source: str) -> list[Piece]:
    wants_ld_body = len(ld_body) >= _LEAST and kept_chars * 2 < len(ld_body)
    wants_script = kept_chars < 200
    if not wants_ld_body and not wants_script:
        return []
    shown = "".join(piece.key for piece in pieces)
    if wants_ld_body and not _stands_in(ld_body, shown):
        return _pieces_from(ld_body, len(pieces))
    if wants_script and len(shown) < 2000:
        found = _longest_markup(source)
        if found and not _stands_in(found, shown):
            return _pieces_from(found, len(pieces))
    return []


def _stands_in(payload: str, shown: str) -> bool:
    """Whether a fifth of probes into the payload are among what the page shows."""
    key = "".join(_MARKUP.sub("", payload).split())
    step = max(2 * _PROBE, len(key) // _MOST_PROBES)
    probes = [key[at : at + _PROBE] for at in range(0, max(1, len(key) - _PROBE), step)]
    return sum(probe in shown for probe in probes) * 5 >= len(probes)


def _longest_markup(source: str) -> str:
    """The longest JSON string of the page's scripts that is prose in paragraphs of HTML."""
    strings: list[str] = []
    for after in source.split("<script")[1:]:
        # Between unescaped quotes stand strings, and what is between strings; the latter is no HTML.
        strings.extend(part for part in _QUOTE.split(after.partition("</script")[0]) if _LEAST <= len(part) <= _MOST)
    for part in sorted(strings, key=len, reverse=True)[:_MOST_STRINGS]:
        try:
            text = str(json.loads(f'"{part}"', strict=False))
        except ValueError:
            continue
        if len(_MARKUP.findall(text)) >= 2 and len(_SENTENCE.findall(text)) >= 3:
            return text
    return ""


def _pieces_from(payload: str, first: int) -> list[Piece]:
    """Cut the payload, HTML or plain lines, into pieces whose path starts with `script`."""
    lines = payload if _MARKUP.search(payload) else "".join(f"<p>{_escaped(line)}</p>" for line in payload.split("\n"))
    try:
        root = html.fragment_fromstring(lines, create_parent="script-text")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return []
    for node in list(root.iter("script", "style", "iframe", "figure", "svg")):
        node.drop_tree()
    found = pieces_of(root)
    for piece in found:
        piece.order += first
    return found


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;")
