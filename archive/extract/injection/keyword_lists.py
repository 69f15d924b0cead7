"""Lists of keywords in a text: in one block, or in a run of short ones. Pure."""

from __future__ import annotations

import re
from collections import Counter

from archive.extract.injection.links import is_opaque
from archive.extract.injection.signs import HAN, words
from archive.extract.injection.story import FAR, Passage, Story, Verdict

_LINKED_RUN = 4  # links to foreign sites in a run of short blocks that is judged as a list
_ITEM = re.compile(r"\s*[|｜,，、/·•;；\n]\s*|\s{2,}")
_HAS_ITEMS = re.compile(r"[|｜,，、/·•;；\n]")
_STOP = re.compile(r"[.!?。！？]")


def keywords(passage: Passage, story: Story) -> Verdict | None:
    text = passage.text
    if ". " in text or not (_HAS_ITEMS.search(text) or "  " in text or len(passage.links) >= 4):
        return None  # sentences, or one item: nearly always
    if _STOP.search(text[:-1]):
        return None
    items = [item for item in (part.strip() for part in _ITEM.split(passage.text)) if item]
    linked = [text for _, text, _ in passage.links if text]
    if len(linked) >= 4:
        items = linked
    if len(items) < 5:
        return None
    short = sum(1 for item in items if len(item) <= 30 and len(words(item)) <= 8)
    if short < len(items) * 0.8 or sum(char.isdigit() for char in passage.text) * 5 > len(passage.text):
        return None
    counted = Counter(item.casefold() for item in items)
    again = sum(1 for times in counted.values() if times > 1)
    repeats = len(items) - len(counted)
    kinds: list[str] = []
    wordy = sum(len(item) >= (3 if HAN.search(item) else 6) for item in items) * 5 >= len(items) * 4
    listed = wordy and len(items) >= 8 and repeats >= 1
    if (repeats >= 2 and repeats * 6 >= len(items) and ((again >= 2 and wordy) or len(linked) >= 4)) or listed:
        kinds.append(f"repeats: {repeats} of {len(items)} items stand there before")
    sites = {site for site, _, _ in passage.links}
    if len(sites) >= 2 and len(passage.links) >= 4 and passage.own_links == 0:
        kinds.append(f"links: {len(passage.links)} to {len(sites)} foreign sites")
    where: dict[str, set[str]] = {}
    for site, text, _ in passage.links:
        where.setdefault(text.casefold(), set()).add(site)
    if any(len(found) > 1 for found in where.values()):
        kinds.append("scattered: the same words link different sites")
    numbered = sum(1 for _, _, href in passage.links if is_opaque(href))
    if numbered >= 4 and numbered == len(passage.links) and len(sites) >= 2:
        kinds.append("opaque: bare numbers at several foreign sites")
    if listed and len(passage.about) >= 5 and story.overlap(passage) <= (0.2 if repeats * 2 >= len(items) else 0.1):
        kinds.append("topic: its words are not of the story")
    return Verdict("keyword_list", tuple(kinds), len(kinds) >= 2) if kinds else None


def runs(passages: list[Passage], story: Story) -> dict[int, Verdict]:
    """Keyword lists whose items are blocks of their own: runs of short blocks, judged as one."""
    found: dict[int, Verdict] = {}
    run: list[int] = []
    if sum(len(passage.links) for passage in passages) < _LINKED_RUN:
        return found
    for at, passage in enumerate([*passages, FAR]):
        if (passage.kept or passage.near_text) and len(passage.text) <= 40 and not _STOP.search(passage.text):
            run.append(at)
            continue
        if len(run) >= 5:
            items = [passages[one] for one in run]
            whole = Passage(
                "\n".join(item.text for item in items),
                tuple(link for item in items for link in item.links),
                sum(item.own_links for item in items),
                any(item.kept for item in items),
                items[0].path,
            )
            whole.about = set[str]().union(*(item.about for item in items))
            verdict = keywords(whole, story.without(items)) if len(whole.links) >= _LINKED_RUN else None
            if verdict is not None and verdict.proven:
                found.update((one, verdict) for one in run)
        run = []
    return found
