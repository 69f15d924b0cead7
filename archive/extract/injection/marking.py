"""Marks on the text of each block: injected strings, contacts, links, invisible characters. Pure.

`inline_marks` gives what is proven and what is only suspected, block by block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from typing import NamedTuple

from lxml import html

from archive.extract.elements import text_of
from archive.extract.injection import disguise
from archive.extract.injection.anchors import Anchor, anchor_evidence
from archive.extract.injection.contacts import bare_contacts, contacts
from archive.extract.injection.findings import Findings
from archive.extract.injection.links import is_opaque
from archive.extract.injection.signs import HAN, INVISIBLE, Mark, Marks, names_of, plain
from archive.extract.injection.tokens import occurrences
from archive.extract.pieces import Piece

# Kinds of evidence one of which a link must have: the others are found with links in honest texts as well.
_STRUCTURE = frozenset(("opaque", "scattered", "script", "site"))


class Placed(NamedTuple):
    """A link to a foreign site, and the element of the piece it stands in."""

    owner: html.HtmlElement
    node: html.HtmlElement
    site: str
    href: str


def placed_anchors(found: Findings, pieces: list[Piece]) -> list[Placed]:
    """The links to foreign sites that stand in pieces, in the order of the page."""
    owners = {piece.node for piece in pieces} if found.anchors else set()
    placed: list[Placed] = []
    for node, site, href in found.anchors:
        owner = _above(node, owners)
        if owner is not None:
            placed.append(Placed(owner, node, site, href))
    return placed


def _above(node: html.HtmlElement, known: Container[html.HtmlElement]) -> html.HtmlElement | None:
    """The first of the `known` elements from a node upwards."""
    up: html.HtmlElement | None = node
    while up is not None and up not in known:
        up = up.getparent()
    return up


def inline_marks(
    found: Findings, pieces: list[Piece], stay: list[int], lines: list[str], anchors: list[Placed]
) -> Marks:
    """The marks on the lines of the blocks that stay, which have these numbers among the pieces."""
    marks = Marks(lines, [[] for _ in lines], [[] for _ in lines])
    _tokens(found, marks)
    _contacts(marks)
    _anchors(found, anchors, pieces, stay, marks)
    _invisible(lines, marks.proven)
    return marks


def _tokens(found: Findings, marks: Marks) -> None:
    proven = {token.text: token for token in found.tokens if token.proven}
    longest_first = sorted(proven, key=len, reverse=True)
    for at, text in enumerate(marks.lines) if proven else ():
        for start, end in occurrences(list(proven), text):
            said = plain(text[start:end])
            key = next((key for key in longest_first if said.startswith(key)), None)
            evidence = proven[key].evidence if key is not None else ("token: of the title",)
            marks.proven[at].append(Mark(start, end, "inline_token", evidence, "redacted"))


def _contacts(marks: Marks) -> None:
    found = [(at, *contact) for at, text in enumerate(marks.lines) for contact in contacts(text)]
    times = Counter(marks.lines[at][start:end] for at, start, end, _ in found)
    proven = False
    for at, start, end, kinds in found:
        said = marks.lines[at][start:end]
        if times[said] >= 2:
            kinds = (*kinds, f"repeats: {times[said]} times")
        real = [kind for kind in kinds if kind != "edge"]
        if len(real) >= 2 and any(kind[:8] == "sentence" for kind in real):
            marks.proven[at].append(Mark(start, end, "inline_contact", tuple(real), "redacted"))
            proven = True
        else:
            marks.suspected[at].append(Mark(start, end, "inline_contact", tuple(real), "flagged"))
    _bare_contacts(marks, proven)


def _bare_contacts(marks: Marks, proven: bool) -> None:
    """Those without a frame count where one with a frame is proven on the page, or where they stand all over it."""
    found = [(at, *contact) for at, text in enumerate(marks.lines) for contact in bare_contacts(text)]
    times = Counter(marks.lines[at][start:end].casefold() for at, start, end, _ in found)
    for at, start, end, kinds in found:
        if any(mark.start < end and start < mark.end for mark in marks.proven[at]):
            continue
        said = times[marks.lines[at][start:end].casefold()]
        more = ["company: others with a frame are on the page"] if proven else []
        more += [f"repeats: {said} times, each between two words"] if said >= 3 else []
        if more:
            marks.suspected[at] = [mark for mark in marks.suspected[at] if mark.end <= start or end <= mark.start]
            marks.proven[at].append(Mark(start, end, "inline_contact", (*kinds, *more), "redacted"))


def _anchors(found: Findings, placed: list[Placed], pieces: list[Piece], stay: list[int], marks: Marks) -> None:
    weighed = anchor_evidence(_short_anchors(placed, pieces, stay, marks.lines), marks.lines) if placed else {}
    company = _company(weighed)
    for anchor, own in weighed.items():
        kinds = (*own, *_linked_all_over(found, anchor.site), *company.get(anchor, ()))
        proven = _is_proven(kinds)
        told = (*kinds, f"link: {anchor.site}")
        mark = Mark(anchor.start, anchor.end, "inline_anchor", told, "redacted" if proven else "flagged")
        (marks.proven if proven else marks.suspected)[anchor.block].append(mark)


def _short_anchors(placed: list[Placed], pieces: list[Piece], stay: list[int], lines: list[str]) -> list[Anchor]:
    """The links that are a small part of the line they stand in, each at a place of its own."""
    owners: dict[html.HtmlElement, list[int]] = {}
    for at, block in enumerate(stay):
        owners.setdefault(pieces[block].node, []).append(at)
    anchors: list[Anchor] = []
    used: set[tuple[int, int]] = set()
    for piece, node, site, href in placed:
        owner = _above(piece, owners)
        text = text_of(node) if owner is not None else ""
        for at in owners[owner] if owner is not None and text else ():
            start = lines[at].find(text)
            while start >= 0 and (at, start) in used:
                start = lines[at].find(text, start + 1)
            if start >= 0:
                used.add((at, start))
                if len(text) * 2 < len(lines[at]) and len(text) < 60:
                    anchors.append(Anchor(at, text, site, href, start, start + len(text)))
                break
    return anchors


def _is_proven(kinds: Iterable[str]) -> bool:
    names = names_of(kinds)
    return len(names) >= 2 and bool(names & _STRUCTURE)


def _company(weighed: dict[Anchor, tuple[str, ...]]) -> dict[Anchor, tuple[str, ...]]:
    """More against the links of a page on which others are proven: the same site, and addresses made alike."""
    proven = {anchor for anchor, kinds in weighed.items() if _is_proven(kinds)}
    sites = {anchor.site for anchor in proven}
    told = {anchor: (f"company: {anchor.site} is that of a proven link",) for anchor in weighed if anchor.site in sites}
    alike = ("opaque: a bare number, as theirs",)
    return {
        anchor: (*kinds, *(alike if is_opaque(anchor.href) else ()))
        for anchor, kinds in told.items()
        if anchor not in proven
    }


def _linked_all_over(found: Findings, site: str) -> tuple[str, ...]:
    """Evidence of the site's other stories against a link: many of them link there, and none did before."""
    seen = found.past.site.links.get(site) if found.past.site is not None else None
    if found.past.site is None or seen is None or seen.stories < 3 or not seen.is_new:
        return ()
    kinds = [f"site: linked from {seen.stories} different stories, from none of {seen.before} before {seen.first}"]
    first = found.past.site.first_hijacked
    if first is not None and seen.first >= first.at:
        kinds.append("history: only since the site was hijacked")
    return tuple(kinds)


def _invisible(raw: list[str], marks: list[list[Mark]]) -> None:
    joined = "\n".join(raw)
    if joined.isascii():
        return
    beyond_ascii = [(at, text) for at, text in enumerate(raw) if not text.isascii()]
    if INVISIBLE.search(joined):
        _veiled(raw, beyond_ascii, marks)
    shown = (
        [(at, mark) for at, text in beyond_ascii for mark in disguise.disguised(text)]
        if disguise.may_be_mixed(joined)
        else []
    )
    # One disguised word may be a slip of a keyboard; two kinds, or the same in two places, are none.
    if len(shown) >= 2 or any(len(mark.evidence) >= 2 for _, mark in shown):
        for at, mark in (*shown, *disguise.same_string(raw, shown)):
            marks[at].append(mark)
    glossed = [(at, mark) for at, text in beyond_ascii for mark in disguise.glosses(text)] if HAN.search(joined) else []
    # One or two are how a paper helps with a rare character.
    if len({raw[at][mark.start - 1] for at, mark in glossed}) >= 4:
        for at, mark in glossed:
            marks[at].append(mark)


def _veiled(raw: list[str], beyond_ascii: list[tuple[int, str]], marks: list[list[Mark]]) -> None:
    """Marks on invisible characters, and on what is only ever written with them."""
    for at, text in beyond_ascii:
        marks[at].extend(disguise.invisible_marks(text))
    veiled = disguise.veiled(raw)
    for at, text in enumerate(raw) if veiled else ():
        for start, end in occurrences(list(veiled), text):
            times = max(veiled.get(plain(text[start:end]).rstrip(":_"), 0), 2)
            kinds = ("invisible: marks inside it", f"repeats: {times} times, never without such marks")
            marks[at].append(Mark(start, end, "inline_token", kinds, "redacted"))
    for at, mark in disguise.laced(raw):
        marks[at].append(mark)
