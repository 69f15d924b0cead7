"""Links to foreign sites inside paragraphs, and what speaks against each of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from archive.extract.injection.links import is_opaque
from archive.extract.injection.signs import HAN, is_wide


@dataclass(frozen=True, slots=True)
class Anchor:
    """A link to a foreign site inside a paragraph."""

    block: int
    text: str
    site: str
    href: str
    start: int
    end: int


def anchor_evidence(anchors: list[Anchor], blocks: list[str]) -> dict[Anchor, tuple[str, ...]]:
    """The kinds of evidence against each foreign link: scattered, opaque, splits, script, topic."""
    where: dict[str, set[str]] = {}
    for anchor in anchors:
        where.setdefault(anchor.text.casefold(), set()).add(anchor.site)
    opaque = {anchor for anchor in anchors if is_opaque(anchor.href)}
    body = "\n".join(blocks)
    strange = _strange(anchors, blocks) if opaque else None
    out: dict[Anchor, tuple[str, ...]] = {}
    for anchor in anchors:
        kinds: list[str] = []
        text = blocks[anchor.block]
        if (
            anchor.start < 2
            or len(text) - anchor.end < 2
            or text[: anchor.start].rstrip()[-1:] in ("", "|", "•", "·", "\n")
        ):
            out[anchor] = ()
            continue
        if len(where[anchor.text.casefold()]) >= 2:
            kinds.append(f"scattered: the same words link {len(where[anchor.text.casefold()])} sites")
        crowd = opaque & strange if strange else set()
        if anchor in opaque and len({one.site for one in opaque}) >= 2 and len(opaque) * 2 > len(anchors):
            kinds.append("opaque: bare numbers at several foreign sites")
        elif anchor in crowd and len(crowd) >= 3 and len({one.site for one in crowd}) >= 2:
            kinds.append("opaque: bare numbers at several foreign sites")
            kinds.append(f"topic: {len(crowd)} such links, their words nowhere else in the story")
        if (" " in anchor.text or HAN.search(anchor.text)) and _parts(text, anchor.start, anchor.end, body):
            kinds.append("splits: parts words that stand whole elsewhere")
        if sum(map(str.isalpha, anchor.text)) > 3 and bool(HAN.search(anchor.text)) != is_wide(text):
            kinds.append("script: not the script of the sentence")
        if kinds and strange is None:
            strange = _strange(anchors, blocks)
        if kinds and strange and len(strange) >= 2 and anchor in strange and len(strange) * 3 >= len(anchors) * 2:
            kinds.append("topic: its words are nowhere else in the story")
        out[anchor] = tuple(kinds)
    return out


def _strange(anchors: list[Anchor], blocks: list[str]) -> set[Anchor]:
    """The links whose words are nowhere in the story but in links."""
    last = dict.fromkeys(range(len(blocks)), 0)
    parts: list[str] = []
    for anchor in sorted(anchors, key=lambda one: (one.block, one.start)):
        parts.append(blocks[anchor.block][last[anchor.block] : anchor.start])
        last[anchor.block] = max(last[anchor.block], anchor.end)
    parts.extend(blocks[at][end:] for at, end in last.items())
    rest = "\n".join(parts).casefold()
    return {anchor for anchor in anchors if not _words_in(anchor.text.casefold(), rest)}


def _words_in(text: str, low: str) -> bool:
    said = [text[:2]] if HAN.search(text) else [word for word in text.split() if len(word) > 3]
    return not said or any(word in low for word in said)


def _parts(text: str, start: int, end: int, body: str) -> bool:
    left, right = text[:start], text[end:]
    if HAN.match(left[-1:]) and HAN.match(right[:1]):
        pair = left[-2:] + right[:2]
        return len(pair) == 4 and pair.isalpha() and pair in body
    before, after = left.rsplit(None, 1)[-1:], right.split(None, 1)[:1]
    if not before or not after or len(before[0]) + len(after[0]) < 9:
        return False
    return f"{before[0]} {after[0]}" in body
