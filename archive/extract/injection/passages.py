"""Whole blocks in the text that are not of the story: lists of keywords, foreign paragraphs, linked paragraphs. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from archive.extract.injection.signs import HAN, TOKEN, plain, words

_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_ITEM = re.compile(r"\s*[|｜,，、/·•;；\n]\s*|\s{2,}")
_STOP = re.compile(r"[.!?。！？]")
_OFFER = re.compile(r"\d+\s*%|24\s*/\s*7|\b24\s*h|[$€£¥￥]\s*\d|\d+\s*(?:元|小时|小時|時間|分钟|hours|stunden|horas|heures|ore|시간)|百分百|二十四小时", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Passage:
    """A block as the judge of passages sees it."""

    text: str
    links: tuple[tuple[str, str, str], ...]  # (site, words, href) of its links to foreign sites
    own_links: int
    kept: bool
    path: str
    near_text: bool = True  # among or next to kept blocks


def script_of(text: str) -> str:
    """The script most letters of a text are in: "han", "kana", "hangul", "latin", "cyrillic", "other" or ""."""
    counted: Counter[str] = Counter()
    for char in text:
        if not char.isalpha():
            continue
        if char < "\u0250":
            counted["latin"] += 1
        elif "\u3040" <= char <= "\u30ff":
            counted["kana"] += 3
        elif "\u3400" <= char <= "\u9fff":
            counted["han"] += 3
        elif "\uac00" <= char <= "\ud7a3":
            counted["hangul"] += 3
        elif "\u0400" <= char <= "\u04ff":
            counted["cyrillic"] += 1
        else:
            counted["other"] += 1
    if not counted:
        return ""
    if counted["kana"] * 5 > sum(counted.values()):
        return "kana"
    return counted.most_common(1)[0][0]


def judge_passages(passages: list[Passage], headings: str) -> dict[int, tuple[str, tuple[str, ...], bool]]:
    """Block number to (class, kinds of evidence, proven)."""
    kept = [passage for passage in passages if passage.kept]
    body = "\n".join(passage.text for passage in kept)
    main = script_of(body)
    found: dict[int, tuple[str, tuple[str, ...], bool]] = {}
    grams = [_grams(passage.text) for passage in passages]
    story: Counter[str] = Counter()
    for at, passage in enumerate(passages):
        if passage.kept:
            story.update(grams[at])
    story.update(_grams(headings))
    sizes = Counter(plain(passage.text) for passage in kept if len(passage.text) > 40)
    foreign_paragraphs = 0
    for at, passage in enumerate(passages):
        if not (passage.kept or passage.near_text):
            continue
        verdict = _keywords(passage) or _linked(passage, grams[at], story) or _foreign(passage, main, grams[at], story)
        if verdict is not None:
            foreign_paragraphs += verdict[0] == "foreign_block"
            found[at] = verdict
    # A text in two languages has as much of the other one; a payload is a few paragraphs.
    if foreign_paragraphs > 4 or foreign_paragraphs * 4 > max(4, len(kept)):
        found = {at: verdict for at, verdict in found.items() if verdict[0] != "foreign_block"}
    # What says the same as a proven one is another copy of it.
    proven = {plain(passages[at].text) for at, verdict in found.items() if verdict[2]}
    for at, passage in enumerate(passages):
        if at not in found and passage.kept and sizes.get(plain(passage.text), 0) > 1 and plain(passage.text) in proven:
            found[at] = ("spam_para", ("copy: of a proven block",), True)
    return found


def _grams(text: str) -> set[str]:
    found = words(text)
    out = {one + other for one, other in zip(found, found[1:], strict=False) if HAN.match(one) and HAN.match(other)}
    return out | {word[:6] for word in found if len(word) > 3 and not HAN.match(word)}


def _overlap(own: set[str], story: Counter[str], kept: bool) -> float:
    """The share of a block's words that the rest of the story has too."""
    if not own:
        return 1.0
    return sum(1 for gram in own if story[gram] > (1 if kept else 0)) / len(own)


def _keywords(passage: Passage) -> tuple[str, tuple[str, ...], bool] | None:
    items = [item for item in (part.strip() for part in _ITEM.split(passage.text)) if item]
    linked = [text for _, text, _ in passage.links if text]
    if len(linked) >= 4:
        items = linked
    if len(items) < 5 or _STOP.search(passage.text[:-1]):
        return None
    short = sum(1 for item in items if len(item) <= 30 and len(words(item)) <= 8)
    if short < len(items) * 0.8:
        return None
    different = {item.casefold() for item in items}
    kinds: list[str] = []
    repeats = len(items) - len(different)
    if repeats >= 2 and repeats * 6 >= len(items):
        kinds.append(f"repeats: {repeats} of {len(items)} items stand there before")
    sites = {site for site, _, _ in passage.links}
    if len(sites) >= 2 and len(passage.links) >= 4 and passage.own_links == 0:
        kinds.append(f"links: {len(passage.links)} to {len(sites)} foreign sites")
    where: dict[str, set[str]] = {}
    for site, text, _ in passage.links:
        where.setdefault(text.casefold(), set()).add(site)
    if any(len(found) > 1 for found in where.values()):
        kinds.append("scattered: the same words link different sites")
    if repeats >= 3 and any(times >= 3 for times in Counter(item.casefold() for item in items).values()):
        kinds.append("stuffed: one item three times or more")
    if not kinds:
        return None
    return "keyword_list", tuple(kinds), len(kinds) >= 2


def _linked(passage: Passage, own: set[str], story: Counter[str]) -> tuple[str, tuple[str, ...], bool] | None:
    """A paragraph that as a whole is a link to the front page of a foreign site, and shares no word with the story."""
    if len(passage.links) != 1 or passage.own_links:
        return None
    _, text, href = passage.links[0]
    if len(text) < 25 or len(text) * 10 < len(passage.text) * 9:
        return None
    kinds: list[str] = []
    if re.fullmatch(r"https?://[^/]+/?", href):
        kinds.append("link: the whole paragraph leads to the front page of a foreign site")
    overlap = _overlap(own, story, passage.kept)
    if overlap < 0.12:
        kinds.append(f"topic: {overlap:.0%} of its words are in the story")
    return ("spam_para", tuple(kinds), len(kinds) >= 2) if kinds else None


def _foreign(passage: Passage, main: str, own: set[str], story: Counter[str]) -> tuple[str, tuple[str, ...], bool] | None:
    text = passage.text
    if len(text) < 25 or not main:
        return None
    script = script_of(text)
    if script in ("", main) or {script, main} <= {"han", "kana"}:
        return None
    if sum(char.isalpha() for char in text) < len(text) * 0.5 or len(TOKEN.findall(text)) < 8:
        return None
    strange = sum(1 for char in text if char.isalpha() and script_of(char) == main)
    if strange > 2 or text[:1] in "\"“”‘「『〝«'*(（[【©＃#@" or "http" in text[:12] or re.search(r"[“”\"].{20,}[“”\"]", text):
        return None
    kinds = [f"script: {script} in a text of {main}"]
    overlap = _overlap(own, story, passage.kept)
    if overlap < 0.1:
        kinds.append(f"topic: {overlap:.0%} of its words are in the story")
    if _OFFER.search(text):
        kinds.append("offer: numbers as of an offer")
    return "foreign_block", tuple(kinds), len(kinds) >= 2
