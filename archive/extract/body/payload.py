"""The text a page carries in its scripts and does not show: JSON-LD's articleBody, or HTML inside a JSON string.

Order: `add_payload`, where to look, how a payload is cut. Taken only where the page itself shows next to nothing of
it, or its beginning, because what a reader saw comes first and a payload can be another story, or a summary.
Pure; searches no script unless the page is without text.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import accumulate

from lxml import etree, html

from archive.extract.body.json_story import json_story
from archive.extract.pieces import Piece, pieces_of

_LEAST, _MOST = 400, 400_000  # characters; shorter payloads are teasers
_PROBE = 25
_QUOTE = re.compile(r'(?<!\\)"')
_MARKUP = re.compile(r"</?(?:p|div|h[1-6]|br|li)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?。！？](?:\s|$|</|\")")
_MOST_STRINGS = 40
_MOST_PROBES = 60
_ENDS = tuple('.!?。！？।؟”"»')  # of a sentence; "…" is that of a teaser
_SHOWN = 0.2  # of the probes: the page shows the story; below it they are chance
_TEASER = 0.5  # so much more of it than its beginning is shown that the rest stands elsewhere on the page


def add_payload(
    pieces: list[Piece], chosen: dict[int, float], ld_body: str, source: str, headline: str | None = None
) -> None:
    """Add to `pieces` and to those `chosen` what the page does not show of the article, if it shows little of it.

    `ld_body` is JSON-LD's articleBody, `source` the page's markup with its scripts.
    """
    kept = [pieces[at] for at in chosen]
    unseen = _unseen(pieces, kept, ld_body, source, headline or "")
    cut = _cut(unseen, kept)
    if cut is not None:
        del chosen[cut.order]
    for at, piece in enumerate(unseen, len(pieces)):
        piece.order = at
    pieces.extend(unseen)
    chosen.update((piece.order, 0.5) for piece in unseen)


def _unseen(pieces: list[Piece], kept: list[Piece], ld_body: str, source: str, headline: str) -> list[Piece]:
    kept_chars = sum(len(piece.key) for piece in kept)
    wants_ld_body = len(ld_body) >= _LEAST and kept_chars * 2 < len(ld_body)
    wants_script = kept_chars < 200
    if not wants_ld_body and not wants_script:
        return []
    shown = "".join(piece.key for piece in pieces)
    if wants_ld_body and _share_in(ld_body, shown) < _TEASER:
        return _behind(_pieces_from(ld_body), kept)
    if wants_script and len(shown) < 2000:
        found = _longest_markup(source) or json_story(source, headline)
        if len(found) >= _LEAST and _share_in(found, shown) < _SHOWN:
            return _pieces_from(found)
    return []


def _share_in(payload: str, shown: str) -> float:
    """How many of probes into the payload are among what the page shows."""
    key = "".join(_MARKUP.sub("", payload).split())
    step = max(2 * _PROBE, len(key) // _MOST_PROBES)
    probes = [key[at : at + _PROBE] for at in range(0, max(1, len(key) - _PROBE), step)]
    return sum(probe in shown for probe in probes) / len(probes)


def _behind(payload: list[Piece], kept: list[Piece]) -> list[Piece]:
    """The pieces of a story without its beginning, as far as that is in the text already: the teaser of the rest."""
    begins = _shown_until("".join(piece.key for piece in payload), kept)
    found: list[Piece] = []
    for piece in payload:
        size = len(piece.key)
        if begins < size:
            found.append(_without(piece, begins) if begins > 0 else piece)
        begins -= size
    return found


def _shown_until(story: str, kept: list[Piece]) -> int:
    """How much of a story's letters the text has, but for a paragraph that it has not to its end."""
    for piece in reversed(kept):
        if len(piece.key) >= 2 * _PROBE:
            probe = piece.key[-_PROBE:] if piece.key.endswith(_ENDS) else piece.key[:_PROBE]
            at = story.find(probe)
            if at >= 0:
                return at + (_PROBE if piece.key.endswith(_ENDS) else 0)
    return 0


def _cut(unseen: list[Piece], kept: list[Piece]) -> Piece | None:
    """The paragraph of the text that the first unseen piece has to its end."""
    first = unseen[0].key if unseen else ""
    begun = (piece for piece in reversed(kept) if len(piece.key) >= 2 * _PROBE and not piece.key.endswith(_ENDS))
    return next((piece for piece in begun if first.startswith(piece.key[:_PROBE])), None)


def _without(piece: Piece, begun: int) -> Piece:
    """The piece from behind its first `begun` characters that are no white space."""
    at = next(at for at, count in enumerate(accumulate(not char.isspace() for char in piece.text)) if count == begun)
    text = piece.text[at + 1 :].strip()
    return replace(piece, text=text, key=text.replace(" ", ""))


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


def _pieces_from(payload: str) -> list[Piece]:
    """Cut the payload, HTML or plain lines, into pieces whose path starts with `script`."""
    lines = (
        payload
        if _MARKUP.search(payload)
        else "".join(f"<p>{line if _TAG.search(line) else _escaped(line)}</p>" for line in payload.split("\n"))
    )
    try:
        root = html.fragment_fromstring(lines, create_parent="script-text")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return []
    for node in list(root.iter("script", "style", "iframe", "figure", "svg")):
        node.drop_tree()
    return pieces_of(root)


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;")
