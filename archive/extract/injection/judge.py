"""The judge of one page: what of its text its publisher did not write, with the evidence. Pure.

`cleanse` runs on the labelled blocks and gives the text without injections, the marked text and the Integrity. What the
page looks like besides its text is in findings; marks inside blocks in marking; clean copies in aligning; the
verdict in result.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from lxml import html

from archive.extract.elements import text_of
from archive.extract.injection.aligning import compare_with_copy, lacking
from archive.extract.injection.copies import Copies, Copy, agreed, align, find_copies
from archive.extract.injection.findings import Findings, without
from archive.extract.injection.marking import Placed, inline_marks, placed_anchors
from archive.extract.injection.passages import judge_passages
from archive.extract.injection.promotion import promotion
from archive.extract.injection.result import Cleansed, Sifted, assembled
from archive.extract.injection.signs import Charge, names_of, words
from archive.extract.injection.story import FAR, Passage
from archive.extract.injection.tokens import occurrences
from archive.extract.pieces import Piece
from archive.model import Block, Span

_CHROME_STORIES = 5  # of one site that share a line before it is taken for furniture


def cleanse(
    found: Findings,
    blocks: list[Block],
    pieces: list[Piece],
    text_labels: frozenset[str],
    headline: str | None,
    copies: Copies,
    earlier: Copy | None = None,
) -> Cleansed:
    """Take out of the kept blocks what is proven to be injected, and say so.

    `copies` are texts of others; `earlier` is this page's own text in an earlier, clean capture.
    """
    blocks = [_promoted(block) if block.label in text_labels else block for block in blocks]
    kept = [at for at, block in enumerate(blocks) if block.label in text_labels]
    chrome, put_there = _repeated(found, blocks, kept)
    if chrome:
        blocks = [chrome.get(at, block) for at, block in enumerate(blocks)]
        kept = [at for at in kept if at not in chrome]
    anchors = placed_anchors(found, pieces)
    dropped, doubted = _passages(found, blocks, pieces, frozenset(kept), anchors)
    dropped |= put_there
    lines = {at: " ".join(blocks[at].text.split()) for at in sorted({*kept, *dropped})}
    others = find_copies(copies, "\n".join(lines[at] for at in kept if at not in dropped))
    for copy in ([earlier] if earlier is not None else []) + [one for one in others[:1] if one.trusted]:
        dropped |= lacking(copy, blocks, [at for at in kept if at not in dropped], doubted)
    sifted = Sifted(blocks, lines, kept, dropped, doubted)
    marks = inline_marks(found, pieces, sifted.stay, [lines[at] for at in sifted.stay], anchors)
    joined = "\n".join(marks.lines)
    if earlier is not None:
        compare_with_copy(found, marks, earlier, align(joined, earlier.text), is_earlier=True)
    told = agreed(joined, others)
    if told is not None:
        compare_with_copy(found, marks, *told)
    named = _headline(found, headline, earlier or (told[0] if told is not None else None))
    return assembled(found, sifted, marks, headline, named)


def _promoted(block: Block) -> Block:
    line = promotion(block.text)
    return block if line is None else replace(block, label=line[0], rule=line[1], evidence=line[2])


def _repeated(found: Findings, blocks: list[Block], kept: list[int]) -> tuple[dict[int, Block], dict[int, Charge]]:
    """Blocks of the text that stand in many stories of the site are none of this one: chrome, or put there.

    Put there are those of a site known to be hijacked that came no earlier than that. Returns both, by number.
    """
    site = found.past.site
    chrome: dict[int, Block] = {}
    put_there: dict[int, Charge] = {}
    for at in kept if site is not None and site.blocks else ():
        seen = site.stories_with(blocks[at].text) if site is not None else None
        if site is None or seen is None or blocks[at].label == "headline":
            continue
        told = f"site: in {seen.stories} different stories"
        if seen.is_new and site.first_hijacked is not None and seen.first >= site.first_hijacked.at:
            put_there[at] = ("spam_para", (told, f"history: on no page before {seen.first}, {seen.before} stories"))
        elif seen.stories >= _CHROME_STORIES:
            chrome[at] = replace(blocks[at], label="chrome", rule="site-repeated", evidence=told)
    return chrome, put_there


def _headline(found: Findings, headline: str | None, copy: Copy | None) -> list[Span]:
    """What was put into the headline, with the copy's headline where that has the rest of its words."""
    proven = [token.text for token in found.tokens if token.proven]
    marks = occurrences(proven, headline or "")
    if not marks or headline is None:
        return []
    raw = headline[marks[0][0] : marks[0][1]]
    left = words(without(headline, proven))
    title = words(copy.title) if copy is not None else []
    restored: tuple[str, str] | tuple[()] = ()
    if copy is not None and len(left) >= 3 and sum(word in title for word in left) * 10 >= len(left) * 9:
        restored = (copy.title, copy.source)
    told = ("headline: proven, and in the headline too",)
    return [Span(raw, -1, -1, "headline", told, "redacted", *restored)]


def _passages(
    found: Findings, blocks: list[Block], pieces: list[Piece], kept: frozenset[int], anchors: list[Placed]
) -> tuple[dict[int, Charge], dict[int, Charge]]:
    by_block: defaultdict[html.HtmlElement, list[Placed]] = defaultdict(list)
    for placed in anchors:
        by_block[placed.owner].append(placed)
    seen = [FAR] * len(pieces)
    profile = found.past.site
    near = {other for at in kept for other in range(at - 3, at + 4)}
    for at in near.intersection(range(len(pieces))):
        piece = pieces[at]
        links = tuple(
            (one.site, said, one.href)
            for one in by_block.get(piece.node, ())
            if (said := text_of(one.node)) and said in piece.text
        )
        own = max(0, piece.link_chars - sum(len(text.replace(" ", "")) for _, text, _ in links))
        elsewhere = profile.host_with(blocks[at].text) if profile is not None and at in kept else None
        again = blocks[at].rule == "repeated"
        seen[at] = Passage(blocks[at].text, links, own, at in kept, blocks[at].path, True, elsewhere, again)
    verdicts = judge_passages(seen, " ".join(found.zones.headings))
    dropped = {at: (_named(name, kinds), kinds) for at, (name, kinds, proven) in verdicts.items() if proven}
    doubted = {at: (name, kinds) for at, (name, kinds, proven) in verdicts.items() if not proven}
    return dropped, doubted


def _named(name: str, kinds: tuple[str, ...]) -> str:
    """A paragraph that only is off the topic and offers something may as well be an advertisement the paper sold."""
    return "promotion" if name == "spam_para" and names_of(kinds) <= {"topic", "offer", "commas"} else name
