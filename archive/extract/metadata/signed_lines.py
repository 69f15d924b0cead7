"""Lines that read as a byline where their readers see them: "By Ada Sample", "5 March 2024 | Ada Sample", "Written by:". Pure.

Order: `signed_lines`, the lines, whom one names.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import html

from archive.extract.metadata.bylines import announces, is_byline, is_name, is_person, is_written_as_name, names_in
from archive.extract.pieces import Piece

NEAR = 150  # elements behind the headline: what is a byline there may be anybody's further on
_BESIDE = 16  # elements before the headline and behind it: a name beside a date is who wrote it
_LINE, _LABEL = 140, 24  # characters of a byline and of what announces one, at most
_MOST = 3

# "Posted on 5 March 2024 by Ada Sample": the name stands after the date.
_BYLINE_LATE = re.compile(
    r"(?<=[\d!?|])[\s,|·•●]+(?:[Bb]y|[Vv]on|[Pp]ar|[Pp]or|di|door)\s+(?=[A-ZÀ-Þ])|(?<=M)\s+by\s+(?=[A-ZÀ-Þ])"
)
_LATE_WORDS = ("by ", "By ", "von ", "Von ", "par ", "Par ", "por ", "Por ", "di ", "door ")
# The name stands behind a date and a sign, and nothing else stands in the line.
_DATED = re.compile(
    r"^[^\n]{0,20}?(?:\d{1,2}[./]\s?\d{1,2}[./]\s?(?:20)?\d\d|\d{1,2}\.?\s+[^\W\d_]{3,10}\.?\s+20\d\d|[^\W\d_]{3,10}\.?\s+\d{1,2},?\s+20\d\d|20\d\d-\d\d-\d\d)"
    r"(?:[\s,|–-]{1,3}\d{1,2}[:.]\d\d(?:\s*(?:Uhr|[ap]\.?m\.?))?)?\s*[|,–·•-]\s*(?:Redaktion:\s*)?([^\d|(]{5,60})(?:\([^()]*\))?$"
)
_SIGNED = re.compile(  # under a story, where a bare "by" may be anybody's
    r"\s*(?:(?:autor(?:in|en)?|authors?|auteur|autore|text|texte|testo|texto|words|tekst)\s*[:：]|(?:written|verfasst|geschrieben)\s+(?:by|von)\b)",
    re.IGNORECASE,
)
_INITIALS = frozenset("aAtTwWvVgG")  # of what `_SIGNED` finds
_EXPLICIT = re.compile(  # what makes a single word the name of somebody
    r"\s*(?:(?:posted|written|published|geschrieben|verfasst|erstellt|veröffentlicht|publié|écrit|escrito|publicado|scritto)\s+(?:by|von|par|por|da)\s|(?:autor(?:in)?|author|auteur|autore)\s*:|(?:by|von|par|por):? \S+(?: \S+)?$)",
    re.IGNORECASE,
)


def signed_lines(
    pieces: list[Piece], order: dict[html.HtmlElement, int], head: int
) -> Iterator[tuple[list[str], str, float]]:
    """Yield (names, place, weight) of up to three short lines near the headline; further on only of what is clearly signed."""
    found = (_signature(line, piece.node, at) for piece, line, at in _lines(pieces, order, head))
    yield from islice(filter(None, found), _MOST)


def _lines(pieces: list[Piece], order: dict[html.HtmlElement, int], head: int) -> Iterator[tuple[Piece, str, int]]:
    """Yield (piece, line, elements behind the headline), a line that only announces a name together with the next one."""
    announced = ""
    for piece in pieces:
        at = order.get(piece.node, 0) - head
        if at < -_BESIDE:
            continue
        line = piece.text if len(piece.text) <= _LINE else _first_line(piece, at <= NEAR)
        if not line:
            continue
        text = f"{announced.rstrip(' :：')}: {line}" if announced else line
        announced = line if len(line) <= _LABEL and announces(line) else ""
        if at <= NEAR or (text[0] in _INITIALS and _SIGNED.match(text)):
            yield piece, text, at


def _first_line(piece: Piece, is_near: bool) -> str:
    """The line that ends in the first <br> of a paragraph; "" where it is no byline, is long, or there is none."""
    beginning = piece.text[:_LINE]
    if not (
        is_byline(beginning) or _late(beginning) if is_near else beginning[0] in _INITIALS and _SIGNED.match(beginning)
    ):
        return ""
    said = piece.node.text or ""
    for child in piece.node:
        if child.tag == "br" or len(said) > _LINE:
            break
        said += "".join(child.itertext()) + (child.tail or "")
    else:
        return ""
    return " ".join(said.split()) if len(said) <= _LINE else ""


def _late(text: str) -> re.Match[str] | None:
    """Where a byline begins behind a date; looking for it costs more than looking for its words."""
    return _BYLINE_LATE.search(text) if any(word in text for word in _LATE_WORDS) else None


def _signature(line: str, node: html.HtmlElement, at: int) -> tuple[list[str], str, float] | None:
    """Whom a line names as who wrote the story, as `signed_lines` gives them; None where it is no byline."""
    dated = _DATED.match(line) if abs(at) < _BESIDE else None
    beside = _people(dated[1]) if dated else []
    if len(beside) == 1:
        return beside, "visible", 0.6
    late = _late(line)
    if late:
        line = line[late.start() :].strip(" ,|")
    if not is_byline(line):
        return None
    said = line.split("|")[0]
    people = _people(said)
    if people:
        return _cut(people, node), "visible", 0.62 if at <= NEAR else 0.45
    pen_names = _pen_names(said) if at <= NEAR and _EXPLICIT.match(line) else []
    return (pen_names, "byline", 0.62) if pen_names else None


def _people(said: str) -> list[str]:
    return [name for name in names_in(said) if is_person(name) and is_written_as_name(name)]


def _pen_names(said: str) -> list[str]:
    """The first name, where it is one or two words and no more than a name: "Posted by Ada"."""
    return [name for name in names_in(said)[:1] if is_name(name) and name[0].isupper() and len(name.split()) < 3]


def _cut(names: list[str], node: html.HtmlElement) -> list[str]:
    """The names without what another element says right behind them: a paper, the place a story begins with."""
    parts = [part for text in node.itertext() for part in names_in(text) if is_person(part)]
    return [next((part for part in parts if name.startswith(f"{part} ")), name) for name in names]
