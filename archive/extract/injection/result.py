"""Putting it together: the text without its marks, the marked text, the spans and the verdict. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from archive.extract.injection.disguise import within_words
from archive.extract.injection.findings import Findings, mostly_of, without
from archive.extract.injection.signs import Charge, Mark, Marks, words
from archive.model import Block, Integrity, Span

# What no honest page was seen with; alone it proves nothing, and nothing is taken out for it.
_ODD_ALONE = ("robots: ", "redirect: ", "overlay: ")


@dataclass(frozen=True, slots=True)
class Cleansed:
    """The text without injections, and what was found."""

    blocks: list[Block]
    text: str
    text_marked: str | None
    headline: str | None
    integrity: Integrity
    doubts: tuple[Span, ...] = ()  # what one kind of evidence speaks against: the site's profile may know more


@dataclass(frozen=True, slots=True)
class Sifted:
    """The blocks of a page by number: which are of the text, and what speaks against those that go or are doubted."""

    blocks: list[Block]
    lines: dict[int, str]  # of the blocks of the text and of those that go, in the page's order
    kept: list[int]  # of the text as labelled
    dropped: dict[int, Charge]
    doubted: dict[int, Charge]

    @property
    def stay(self) -> list[int]:
        return [at for at in self.kept if at not in self.dropped]


def assembled(found: Findings, sifted: Sifted, marks: Marks, headline: str | None, named: list[Span]) -> Cleansed:
    """Put the result together; `marks` are on the blocks that stay, `named` is what was put into the headline."""
    by_block = dict(zip(sifted.stay, marks.proven, strict=True))
    out, clean, marked, spans = list(sifted.blocks), list[str](), list[str](), list[Span]()
    offset = 0
    real = _is_invisible_attack(sifted.lines, by_block)
    for at, raw in sifted.lines.items():
        if at in sifted.dropped:
            name, kinds = sifted.dropped[at]
            out[at] = replace(sifted.blocks[at], label="injected", rule=name, evidence="; ".join(kinds))
            if at not in sifted.kept:
                spans.append(Span(raw, -1, -1, name, kinds, "dropped"))
                continue
            spans.append(Span(raw, offset, offset + len(raw), name, kinds, "dropped"))
            marked.append(f"⟦{raw}⟧")
        else:
            text, shown, mine = _applied(raw, by_block[at], offset, real)
            spans.extend(mine)
            if text != raw:
                out[at] = replace(sifted.blocks[at], text=text)
            clean += [text] if text else []
            marked.append(shown)
        offset += len(raw) + 1
    extra, reasons = _beside(found)
    spans.extend((*named, *extra))
    proven = [token.text for token in found.tokens if token.proven]
    return Cleansed(
        out,
        "\n".join(clean),
        "\n".join(marked) if spans else None,
        (without(headline, proven) if headline else None) or headline,
        _integrity(tuple(spans), reasons, sifted.doubted, marks.suspected, found),
        _doubts(found, sifted, marks),
    )


def _applied(raw: str, marks: list[Mark], offset: int, named: bool) -> tuple[str, str, list[Span]]:
    """One block's text without its marks, with them shown, and the spans."""
    clean: list[str] = []
    shown: list[str] = []
    spans: list[Span] = []
    last = 0
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        if mark.start < last:
            continue
        clean.append(raw[last : mark.start])
        shown.append(raw[last : mark.start])
        said = raw[mark.start : mark.end]
        if mark.action == "redacted" or mark.injection_class == "pinyin_gloss":
            shown.append(f"⟦{said}⟧")
        if mark.injection_class != "zero_width" or named:
            spans.append(
                Span(
                    said,
                    offset + mark.start,
                    offset + mark.end,
                    mark.injection_class,
                    mark.evidence,
                    mark.action,
                    mark.restored,
                    mark.restored_from,
                )
            )
        last = mark.end
    if not spans and last == 0:
        return raw, raw, []
    text = "".join((*clean, raw[last:]))
    return re.sub(r" {2,}", " ", text).strip(), "".join((*shown, raw[last:])), spans


def _is_invisible_attack(lines: dict[int, str], marks: dict[int, list[Mark]]) -> bool:
    """Whether invisible characters were scattered over the words, rather than set by an editor or a converter."""
    inside = 0
    kinds: set[str] = set()
    for at, found in marks.items():
        text = lines[at]
        mine = [mark for mark in found if mark.injection_class == "zero_width"]
        if mine:
            inside += within_words(mine, text)
            kinds |= {text[mark.start] for mark in mine if text[mark.start] in "\u200b\u200c\u200d\u2060\u180e"}
    return inside >= 3 and len(kinds) >= 2


def _beside(found: Findings) -> tuple[list[Span], list[str]]:
    """What was injected beside the text: hidden payloads and the title."""
    spans: list[Span] = []
    reasons: list[str] = []
    for block in found.traces.hidden:
        seen = (f"hidden: {block.how}", f"links: {block.links} to {', '.join(block.sites[:5])}")
        name = "hidden_block" if block.how not in ("comment", "noscript", "template") else "noscript_comment"
        spans.append(Span(block.text, -1, -1, name, seen, "dropped"))
    proven = [token for token in found.tokens if token.proven]
    title = found.zones.title
    kinds = found.title_kinds if found.cloaked else proven[0].evidence if proven and found.overrun else ()
    if title and kinds and (proven or any(kind[:5] in ("title", "robot", "coded") for kind in kinds)):
        own = set(words(title))
        said = [meta for meta in found.zones.metas if mostly_of(own, meta)]
        spans.extend(Span(text, -1, -1, "title_cloak", kinds, "dropped") for text in (title, *said))
    if found.cloaked:
        reasons.append("title_cloak: " + "; ".join(found.title_kinds))
    return spans, reasons


def _integrity(
    spans: tuple[Span, ...],
    reasons: list[str],
    doubted: dict[int, Charge],
    flags: list[list[Mark]],
    found: Findings,
) -> Integrity:
    counted = Counter(span.injection_class for span in spans if span.injection_class != "promotion")
    said = [f"{name}: {times} found" for name, times in counted.items() if name != "title_cloak"]
    said.extend(reasons)
    if said and found.past.site is not None and (since := found.past.site.since()):
        said.append(f"site: hijacked {since}")
    if said and found.past.earlier_at:
        said.append(f"earlier: clean in the capture of {found.past.earlier_at}")
    if said:
        return Integrity("hijacked", tuple(said), spans)
    doubts = [f"promotion: {'; '.join(span.evidence)}" for span in spans if span.injection_class == "promotion"]
    doubts += [
        f"{name}: {'; '.join(kinds)}" for name, kinds in doubted.values() if len(kinds) >= 2 or kinds[0][:5] == "link:"
    ]
    doubts += [
        f"{mark.injection_class}: {'; '.join(mark.evidence)}"
        for marks in flags
        for mark in marks
        if mark.injection_class == "inline_contact"
    ]
    doubts += [
        f"{token.text}: {'; '.join(token.evidence)}"
        for token in found.tokens
        if not token.proven and len(token.evidence) >= 2 and not token.may_be_news
    ]
    doubts += [f"title_cloak: {kind}" for kind in found.title_kinds if kind.startswith(_ODD_ALONE)]
    return Integrity("suspect", tuple(doubts[:10]), spans) if doubts else Integrity()


def _doubts(found: Findings, sifted: Sifted, marks: Marks) -> tuple[Span, ...]:
    """What is suspected and was left in the text, as spans without places."""
    spans = [
        Span(text[mark.start : mark.end], -1, -1, mark.injection_class, mark.evidence, "flagged")
        for text, suspected in zip(marks.lines, marks.suspected, strict=True)
        for mark in suspected
    ]
    doubted = sifted.doubted.items()
    spans += [Span(sifted.blocks[at].text, -1, -1, name, kinds, "flagged") for at, (name, kinds) in doubted]
    tokens = (token for token in found.tokens if not token.proven)
    spans += [Span(token.text, -1, -1, "inline_token", token.evidence, "flagged") for token in tokens]
    return tuple(spans)


def restored_headline(headline: str | None, spans: tuple[Span, ...]) -> str | None:
    """The headline a clean copy gave where injected words were taken out of the page's own."""
    return next((span.restored for span in spans if span.injection_class == "headline" and span.restored), headline)


def restored_text(text: str, marked: str | None, spans: tuple[Span, ...]) -> str:
    """The text with the wording a clean copy gave put where it was overwritten; `text` where nothing was restored."""
    if marked is None or not any(span.restored for span in spans):
        return text
    shown = iter(span.restored or "" for span in spans if span.start >= 0 and span.injection_class != "zero_width")
    filled = re.sub(r"⟦[^⟧]*⟧", lambda _: next(shown, ""), marked)
    lines = (re.sub(r" {2,}", " ", line).strip() for line in filled.split("\n"))
    return "\n".join(line for line in lines if line)
