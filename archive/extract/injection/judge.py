"""The judge of one page: what of it its publisher did not write, with the evidence. Pure.

`inspect` runs on the pieces before the metadata is read, so that a poisoned title does not become the headline;
`cleanse` runs on the labelled blocks and gives the text without injections, the marked text and the Integrity.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from lxml import html

from archive.extract.injection import inline
from archive.extract.injection.copies import Copies, Copy, Edit, align, find_copy
from archive.extract.injection.links import is_platform, site_of
from archive.extract.injection.passages import FAR, Passage, judge_passages
from archive.extract.injection.promotion import promotion
from archive.extract.injection.signs import HAN, TOKEN, Mark, plain, words
from archive.extract.injection.tokens import Token, Zones, find_tokens, foreign_title, occurrences
from archive.extract.injection.traces import Traces
from archive.extract.pieces import Piece
from archive.model import Block, Integrity, Span

_TITLES = ("og:title", "twitter:title", "title", "dc.title", "headline", "parsely-title", "sailthru.title")
_SAYINGS = ("keywords", "description", "og:description", "twitter:description", *_TITLES)
_EDGES = " \t-–—_|｜:：¥·»«›"


@dataclass(frozen=True, slots=True)
class Findings:
    """What `inspect` saw; handed on to `cleanse`."""

    zones: Zones
    tokens: tuple[Token, ...] = ()
    title_kinds: tuple[str, ...] = ()  # evidence that the <title> is not the publisher's
    title: str = ""  # the title to read on with
    metas: tuple[tuple[str, str], ...] = ()  # the metas to read on with
    anchors: tuple[tuple[html.HtmlElement, str, str, str], ...] = ()  # (block element, text, site, href)
    traces: Traces = field(default_factory=Traces)

    @property
    def cloaked(self) -> bool:
        return len(self.title_kinds) >= 2


@dataclass(frozen=True, slots=True)
class Cleansed:
    """The text without injections, and what was found."""

    blocks: list[Block]
    text: str
    text_marked: str | None
    headline: str | None
    integrity: Integrity


def inspect(
    url: str, title: str, metas: list[tuple[str, str]], body: html.HtmlElement, pieces: list[Piece], traces: Traces
) -> Findings:
    """Weigh title, menus, foot and sentences of a page against each other."""
    prose = [piece.text for piece in pieces if _is_prose(piece)]
    links, anchors = _links(body, traces)
    zones = Zones(
        title=title,
        metas=tuple(dict.fromkeys(value for name, value in metas if name in _SAYINGS and value != title)),
        links=tuple(links),
        short=tuple(piece.text for piece in pieces if len(piece.text) < 120 and not _is_prose(piece)),
        headings=_headings(body) or tuple(piece.text[:80] for piece in pieces[:60] if piece.link_density < 0.5)[:30],
        names=_names(url, metas),
    )
    tokens = tuple(find_tokens(zones, prose)) if prose else ()
    kinds = _title_kinds(zones, "\n".join(prose), tokens, traces)
    found = Findings(zones, tokens, kinds, title, tuple(metas), tuple(anchors), traces)
    return _disarmed(found)


def _is_prose(piece: Piece) -> bool:
    size = len(piece.key)
    return (size >= 45 or (size >= 16 and bool(HAN.match(piece.key)))) and piece.link_density < 0.4


def _headings(body: html.HtmlElement) -> tuple[str, ...]:
    found: list[str] = []
    for node in body.iter("h1", "h2"):
        text = " ".join("".join(node.itertext()).split())
        if text:
            found.append(text)
        if len(found) >= 8:
            break
    return tuple(found)


def _links(
    body: html.HtmlElement, traces: Traces
) -> tuple[list[tuple[str, str]], list[tuple[html.HtmlElement, str, str, str]]]:
    links: list[tuple[str, str]] = []
    anchors: list[tuple[html.HtmlElement, str, str, str]] = []
    for node in body.iter("a"):
        href = (node.get("href") or "").strip()
        text = " ".join("".join(node.itertext()).split())
        if not text or not href:
            continue
        if len(text) < 40 and len(links) < 1500:
            links.append((text, href))
        if href[:4].lower() == "http" or href[:2] == "//":
            site = site_of(href)
            if site and site not in traces.own and not is_platform(site):
                anchors.append((node, text, site, href))
    return links, anchors[:1500]


def _names(url: str, metas: list[tuple[str, str]]) -> tuple[str, ...]:
    wanted = (
        "og:site_name",
        "application-name",
        "twitter:site",
        "apple-mobile-web-app-title",
        "publisher",
        "author",
        "copyright",
    )
    names = [value for name, value in metas if name in wanted]
    host = ""
    for value in (url, *(value for name, value in metas if name == "og:url")):
        try:
            host = (urlsplit(value).hostname or "").removeprefix("www.")
        except ValueError:
            continue
        names.extend(label for label in host.split(".")[:-1] if len(label) > 2)
    return tuple(name for name in names if name)


def _title_kinds(zones: Zones, prose: str, tokens: tuple[Token, ...], traces: Traces) -> tuple[str, ...]:
    kinds: list[str] = []
    if foreign_title(zones):
        kinds.append("title: has nothing in common with the headings")
    if traces.coded_title:
        kinds.append("coded: written in numeric entities")
    if traces.script_title is not None:
        kinds.append("robots: another title for crawlers than for people")
    if traces.redirect_to:
        kinds.append(f"redirect: visitors from searches go to {site_of(traces.redirect_to)}")
    if traces.overlay:
        kinds.append(f"overlay: a page of {site_of(traces.overlay)} covers this one")
    if kinds and any(token.proven for token in tokens):
        kinds.append("token: its words are put into the text")
    return tuple(kinds)


def _disarmed(found: Findings) -> Findings:
    """Title and metas without what was injected."""
    proven = [token.text for token in found.tokens if token.proven]
    overrun = bool(proven) and foreign_title(found.zones)
    if overrun or (found.cloaked and any(kind[:5] in ("title", "robot", "coded") for kind in found.title_kinds)):
        poison = {plain(found.title)}
        metas = tuple((name, value) for name, value in found.metas if name not in _TITLES or plain(value) not in poison)
        return replace(found, title=found.traces.script_title or "", metas=metas)
    if proven and occurrences(proven, found.title):
        metas = tuple((name, _without(value, proven) if name in _TITLES else value) for name, value in found.metas)
        return replace(found, title=_without(found.title, proven), metas=metas)
    return found


def _without(text: str, tokens: list[str]) -> str:
    marks = occurrences(tokens, text)
    if not marks:
        return text
    for start, end in reversed(marks):
        text = text[:start] + text[end:]
    return " ".join(text.split()).strip(_EDGES)


# -- the text


def cleanse(
    found: Findings,
    blocks: list[Block],
    pieces: list[Piece],
    text_labels: frozenset[str],
    headline: str | None,
    copies: Copies,
) -> Cleansed:
    """Take out of the kept blocks what is proven to be injected, and say so."""
    blocks = [_promoted(block) if block.label in text_labels else block for block in blocks]
    kept = [at for at, block in enumerate(blocks) if block.label in text_labels]
    dropped, doubted = _passages(found, blocks, pieces, frozenset(kept))
    stay = [at for at in kept if at not in dropped]
    raw = [" ".join(blocks[at].text.split()) for at in stay]
    marks, flags = _inline(found, pieces, stay, raw)
    copy = find_copy(copies, "\n".join(raw))
    if copy is not None:
        _aligned(found, raw, marks, flags, copy[0].text, copy[0].source)
    named = _headline(found, headline, copy[0] if copy is not None else None)
    return _assembled(
        found, blocks, kept, dropped, doubted, dict(zip(stay, marks, strict=True)), flags, headline, named
    )


def _promoted(block: Block) -> Block:
    line = promotion(block.text)
    return block if line is None else replace(block, label=line[0], rule=line[1], evidence=line[2])


def _headline(found: Findings, headline: str | None, copy: Copy | None) -> list[Span]:
    """What was put into the headline, with the copy's headline where that has the rest of its words."""
    proven = [token.text for token in found.tokens if token.proven]
    marks = occurrences(proven, headline or "")
    if not marks or headline is None:
        return []
    raw = headline[marks[0][0] : marks[0][1]]
    left = words(_without(headline, proven))
    title = words(copy.title) if copy is not None else []
    if copy is not None and len(left) >= 3 and sum(word in title for word in left) * 10 >= len(left) * 9:
        return [Span(raw, -1, -1, "headline", ("headline: stands in it",), "redacted", copy.title, copy.source)]
    return [Span(raw, -1, -1, "headline", ("headline: stands in it",), "redacted")]


def _passages(
    found: Findings, blocks: list[Block], pieces: list[Piece], kept: frozenset[int]
) -> tuple[dict[int, tuple[str, tuple[str, ...]]], dict[int, tuple[str, tuple[str, ...]]]]:
    by_block: dict[html.HtmlElement, list[tuple[str, str, str]]] = {}
    owners = {piece.node for piece in pieces} if found.anchors else set()
    for node, text, site, href in found.anchors:
        owner: html.HtmlElement | None = node
        while owner is not None and owner not in owners:
            owner = owner.getparent()
        if owner is not None:
            by_block.setdefault(owner, []).append((site, text, href))
    seen: list[Passage] = []
    near = {other for at in kept for other in range(at - 3, at + 4)}
    for at, piece in enumerate(pieces):
        if at not in near:
            seen.append(FAR)
            continue
        links = tuple(link for link in by_block.get(piece.node, ()) if link[1] in piece.text) if by_block else ()
        own = max(0, piece.link_chars - sum(len(text.replace(" ", "")) for _, text, _ in links))
        seen.append(Passage(blocks[at].text, links, own, at in kept, blocks[at].path))
    verdicts = judge_passages(seen, " ".join(found.zones.headings))
    dropped = {at: (_named(name, kinds), kinds) for at, (name, kinds, proven) in verdicts.items() if proven}
    doubted = {at: (name, kinds) for at, (name, kinds, proven) in verdicts.items() if not proven}
    return dropped, doubted


def _named(name: str, kinds: tuple[str, ...]) -> str:
    """A paragraph that only is off the topic and offers something may as well be an advertisement the paper sold."""
    seen = {kind.split(":", 1)[0] for kind in kinds}
    return "promotion" if name == "spam_para" and seen == {"topic", "offer"} else name


def _inline(
    found: Findings, pieces: list[Piece], stay: list[int], raw: list[str]
) -> tuple[list[list[Mark]], list[list[Mark]]]:
    """Marks that are proven, and such that are only suspected, for each block."""
    marks: list[list[Mark]] = [[] for _ in raw]
    flags: list[list[Mark]] = [[] for _ in raw]
    proven = {token.text: token for token in found.tokens if token.proven}
    for at, text in enumerate(raw):
        for start, end in occurrences(list(proven), text):
            token = next(
                (
                    proven[key]
                    for key in sorted(proven, key=len, reverse=True)
                    if plain(text[start:end]).startswith(key)
                ),
                None,
            )
            evidence = token.evidence if token is not None else ("token: of the title",)
            marks[at].append(Mark(start, end, "inline_token", evidence, "redacted"))
    _contacts(raw, marks, flags)
    _anchors(found, pieces, stay, raw, marks, flags)
    _invisible(raw, marks)
    return marks, flags


def _contacts(raw: list[str], marks: list[list[Mark]], flags: list[list[Mark]]) -> None:
    found = [(at, *contact) for at, text in enumerate(raw) for contact in inline.contacts(text)]
    times = Counter(raw[at][start:end] for at, start, end, _ in found)
    for at, start, end, kinds in found:
        said = raw[at][start:end]
        if times[said] >= 2:
            kinds = (*kinds, f"repeats: {times[said]} times")
        real = [kind for kind in kinds if kind != "edge"]
        if len(real) >= 2 and any(kind[:8] == "sentence" for kind in real):
            marks[at].append(Mark(start, end, "inline_contact", tuple(real), "redacted"))
        else:
            flags[at].append(Mark(start, end, "inline_contact", tuple(real), "flagged"))


def _anchors(
    found: Findings,
    pieces: list[Piece],
    stay: list[int],
    raw: list[str],
    marks: list[list[Mark]],
    flags: list[list[Mark]],
) -> None:
    owners: dict[html.HtmlElement, list[int]] = {}
    for at, block in enumerate(stay):
        owners.setdefault(pieces[block].node, []).append(at)
    anchors: list[inline.Anchor] = []
    used: set[tuple[int, int]] = set()
    for node, text, site, href in found.anchors:
        owner: html.HtmlElement | None = node
        while owner is not None and owner not in owners:
            owner = owner.getparent()
        for at in owners.get(owner, ()) if owner is not None else ():
            start = raw[at].find(text)
            while start >= 0 and (at, start) in used:
                start = raw[at].find(text, start + 1)
            if start >= 0:
                used.add((at, start))
                if len(text) * 2 < len(raw[at]) and len(text) < 60:
                    anchors.append(inline.Anchor(at, text, site, href, start, start + len(text)))
                break
    for anchor, kinds in inline.anchor_evidence(anchors, raw).items():
        said = {kind.split(":", 1)[0] for kind in kinds}
        proven = len(said) >= 2 and bool(said & {"opaque", "scattered", "script"})
        mark = Mark(
            anchor.start,
            anchor.end,
            "inline_anchor",
            (*kinds, f"link: {anchor.site}"),
            "redacted" if proven else "flagged",
        )
        (marks if proven else flags)[anchor.block].append(mark)


def _invisible(raw: list[str], marks: list[list[Mark]]) -> None:
    for at, text in enumerate(raw):
        marks[at].extend(inline.invisible_marks(text))
    shown = [(at, mark) for at, text in enumerate(raw) for mark in inline.disguised(text)]
    # One disguised word may be a slip of a keyboard; two kinds, or the same in two places, are none.
    if len(shown) >= 2 or any(len(mark.evidence) >= 2 for _, mark in shown):
        for at, mark in shown:
            marks[at].append(mark)
    glossed = [(at, mark) for at, text in enumerate(raw) for mark in inline.glosses(text)]
    # One or two are how a paper helps with a rare character.
    if len({raw[at][mark.start - 1] for at, mark in glossed}) >= 4:
        for at, mark in glossed:
            marks[at].append(mark)


def _aligned(
    found: Findings, raw: list[str], marks: list[list[Mark]], flags: list[list[Mark]], copy: str, source: str
) -> None:
    """Let a clean copy confirm suspicions, name substitutions, and give back the wording it has."""
    joined = "\n".join(raw)
    starts = [0]
    for text in raw:
        starts.append(starts[-1] + len(text) + 1)
    edits = [edit for edit in align(joined, copy) if edit.tight or edit.close]
    said = Counter(_squash(joined[edit.start : edit.end]) for edit in edits if edit.tight)
    title = _squash(" ".join((found.zones.title, *found.zones.metas)))
    shown = _squash(" ".join(found.zones.headings))
    for edit in edits:
        at = max(index for index, start in enumerate(starts[:-1]) if start <= edit.start)
        start, end = edit.start - starts[at], edit.end - starts[at]
        key = _squash(joined[edit.start : edit.end])
        if not key:
            continue
        known = [mark for mark in marks[at] if mark.start < end and start < mark.end and mark.action == "redacted"]
        if known:
            _restore(marks[at], known, start, end, raw[at], edit, source)
            continue
        if not edit.tight:
            continue
        doubts = [
            mark
            for mark in flags[at]
            if start <= mark.start + 2 and mark.end <= end + 2 and mark.start < end and start < mark.end
        ]
        kinds = [f"copy: {source} has {edit.original!r} here" if edit.original else f"copy: {source} has nothing here"]
        if doubts:
            kinds.extend(kind for mark in doubts for kind in mark.evidence)
        before = raw[at][:start].rstrip()[-1:] or "\n"
        if said[key] >= 2 and (edit.original or (before.isalnum() or before in ",，、“\"('（《「")):
            kinds.append(f"repeats: put in {said[key]} places")
        elif len(key) >= 3 and key in title and key not in shown and len(key) <= 40:
            kinds.append("title: stands in the title, and not in the copy")
        if len(kinds) >= 2 and key not in _squash(copy):
            name = doubts[0].injection_class if doubts else "inline_token"
            for mark in doubts:
                flags[at].remove(mark)
            end = _with_glue(raw[at], start, end)
            marks[at].append(
                Mark(
                    start,
                    end,
                    name,
                    tuple(dict.fromkeys(kinds)),
                    "redacted",
                    edit.original or None,
                    source if edit.original else None,
                )
            )


def _restore(marks: list[Mark], known: list[Mark], start: int, end: int, text: str, edit: Edit, source: str) -> None:
    """Give the first of the marks in a difference what the copy has in its place."""
    rest = text[start:end]
    for mark in reversed(known):
        rest = rest[: max(0, mark.start - start)] + rest[max(0, mark.end - start) :]
    original = edit.original
    left = TOKEN.findall(rest)
    if left:  # what the text itself still has of the copy's words
        said = TOKEN.findall(original)
        if said[: len(left)] == left:
            original = original.split(left[-1], 1)[1].strip()
        elif said[-len(left) :] == left:
            original = original.rsplit(left[0], 1)[0].strip()
    if original:
        marks[marks.index(known[0])] = replace(known[0], restored=original, restored_from=source)


def _with_glue(text: str, start: int, end: int) -> int:
    return end + 1 if text[end : end + 1] in (":", "：", "_") and HAN.match(text[start:end]) else end


def _squash(text: str) -> str:
    return "".join(words(text))


# -- putting it together


def _assembled(
    found: Findings,
    blocks: list[Block],
    kept: list[int],
    dropped: dict[int, tuple[str, tuple[str, ...]]],
    doubted: dict[int, tuple[str, tuple[str, ...]]],
    marks: dict[int, list[Mark]],
    flags: list[list[Mark]],
    headline: str | None,
    named: list[Span],
) -> Cleansed:
    out = list(blocks)
    clean: list[str] = []
    marked: list[str] = []
    spans: list[Span] = []
    offset = 0
    touched = False
    real = _is_invisible_attack(blocks, marks)
    for at in sorted({*kept, *dropped}):
        raw = " ".join(blocks[at].text.split())
        if at in dropped:
            name, kinds = dropped[at]
            out[at] = replace(blocks[at], label="injected", rule=name, evidence="; ".join(kinds))
            if at in kept:
                spans.append(Span(raw, offset, offset + len(raw), name, kinds, "dropped"))
                marked.append(f"⟦{raw}⟧")
                touched = True
            else:
                spans.append(Span(raw, -1, -1, name, kinds, "dropped"))
                continue
        else:
            text, shown, mine = _applied(raw, marks[at], offset, real)
            spans.extend(mine)
            touched = touched or any(span.action == "redacted" for span in mine)
            if text != raw:
                out[at] = replace(blocks[at], text=text)
            if text:
                clean.append(text)
            marked.append(shown)
        offset += len(raw) + 1
    extra, reasons = _beside(found)
    spans.extend((*named, *extra))
    proven = [token.text for token in found.tokens if token.proven]
    title = _without(headline, proven) if headline and proven else headline
    integrity = _integrity(tuple(spans), reasons, doubted, flags, found)
    return Cleansed(
        out, "\n".join(clean), "\n".join(marked) if touched or spans else None, title or headline, integrity
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


def _is_invisible_attack(blocks: list[Block], marks: dict[int, list[Mark]]) -> bool:
    """Whether invisible characters were scattered over the words, rather than set by an editor or a converter."""
    inside = 0
    kinds: set[str] = set()
    for at, found in marks.items():
        text = " ".join(blocks[at].text.split())
        mine = [mark for mark in found if mark.injection_class == "zero_width"]
        if mine:
            inside += inline.within_words(mine, text)
            kinds |= {text[mark.start] for mark in mine if text[mark.start] in "\u200b\u200c\u200d\u2060\u180e"}
    return inside >= 3 and len(kinds) >= 2


def _beside(found: Findings) -> tuple[list[Span], list[str]]:
    """What was injected beside the text: hidden payloads and the title."""
    spans: list[Span] = []
    reasons: list[str] = []
    for block in found.traces.hidden:
        if block.is_spam:
            seen = (f"hidden: {block.how}", f"links: {block.links} to {', '.join(block.sites[:5])}")
            name = "hidden_block" if block.how not in ("comment", "noscript", "template") else "noscript_comment"
            spans.append(Span(block.text, -1, -1, name, seen, "dropped"))
    proven = [token for token in found.tokens if token.proven]
    title = found.zones.title
    kinds = found.title_kinds if found.cloaked else proven[0].evidence if proven and foreign_title(found.zones) else ()
    if title and kinds and (proven or any(kind[:5] in ("title", "robot", "coded") for kind in kinds)):
        own = set(words(title))
        said = [meta for meta in found.zones.metas if len(own & set(words(meta))) * 2 >= len(set(words(meta)))]
        spans.extend(Span(text, -1, -1, "title_cloak", kinds, "dropped") for text in (title, *said))
    if found.cloaked:
        reasons.append("title_cloak: " + "; ".join(found.title_kinds))
    return spans, reasons


def _integrity(
    spans: tuple[Span, ...],
    reasons: list[str],
    doubted: dict[int, tuple[str, tuple[str, ...]]],
    flags: list[list[Mark]],
    found: Findings,
) -> Integrity:
    counted = Counter(span.injection_class for span in spans if span.injection_class != "promotion")
    said = [f"{name}: {times} found" for name, times in counted.items() if name != "title_cloak"]
    said.extend(reasons)
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
        if not token.proven and len(token.evidence) >= 2
    ]
    return Integrity("suspect", tuple(doubts[:10]), spans) if doubts else Integrity()


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
