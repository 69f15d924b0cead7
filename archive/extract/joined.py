"""A story on several pages, each read by itself, joined to one reading. Pure.

The first page says what the story is: headline, authors, dates, kind. Of the others come blocks, text, entries, images
and links. What they repeat (a standfirst at the head of every page) is labelled a duplicate. Order: `join`, `goes_on`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archive.extract.metadata.titles import norm
from archive.extract.outlinks import MAX_OUTLINKS
from archive.model import TEXT_LABELS, Block, Extraction, Image, Integrity

MAX_PAGES = 20
_REPEATED_FROM = 40  # characters; shorter lines are repeated honestly
_MOST_IMAGES = 50
_VERDICTS = ("clean", "suspect", "hijacked")
_WALLS = frozenset(("bot_wall", "consent", "soft_404", "empty", "section"))


def join(first: Extraction, others: Sequence[Extraction]) -> Extraction:
    """The story as one reading; `first` itself where there are no others."""
    if not others:
        return first
    pages, said = [first], _said(first)
    for number, other in enumerate(others, 2):
        fresh = _without_repeated(other, said, number)
        said |= _said(fresh)
        pages.append(fresh)
    article = replace(
        first.article,
        text="\n".join(page.article.text for page in pages if page.article.text),
        images=_images(pages),
        entries=tuple(entry for page in pages for entry in page.article.entries),
    )
    marked = any(page.text_marked is not None for page in pages)
    return replace(
        first,
        article=article,
        blocks=tuple(block for page in pages for block in page.blocks),
        integrity=_integrity(pages),
        text_marked="\n".join(page.text_marked or page.article.text for page in pages) if marked else None,
        next_page=pages[-1].next_page,
        outlinks=tuple(dict.fromkeys(link for page in pages for link in page.outlinks))[:MAX_OUTLINKS],
        warnings=tuple(dict.fromkeys(warning for page in pages for warning in page.warnings)),
    )


def goes_on(before: Sequence[Extraction], other: Extraction) -> bool:
    """Whether a page goes on with the story of the pages `before` it: same story, and something new."""
    first = before[0].article
    if other.article.page_type in _WALLS:
        return False
    canonical = other.article.canonical_url
    tied = (canonical is not None and canonical == first.canonical_url) or _same_headline(before[0], other)
    said = set[str]().union(*map(_said, before))
    return tied and bool(_said(other) - said)


def _same_headline(one: Extraction, other: Extraction) -> bool:
    left, right = norm(one.article.headline or ""), norm(other.article.headline or "")
    return not right or left in right or right in left


def _said(page: Extraction) -> set[str]:
    return {key for block in page.blocks if block.label in TEXT_LABELS and (key := "".join(block.text.split()))}


def _without_repeated(page: Extraction, said: set[str], number: int) -> Extraction:
    """The page with what stands on pages before it labelled so: long lines anywhere, any line above the first new one.

    The text of a page with injected words stays whole, because the places of these words count in it.
    """
    if page.integrity.spans or page.text_marked is not None:
        return page
    out: list[Block] = []
    at_head = True
    for block in page.blocks:
        key = "".join(block.text.split())
        is_text = block.label in TEXT_LABELS and bool(key)
        if is_text and key in said and (at_head or len(key) >= _REPEATED_FROM):
            evidence = f"page {number} repeats it"
            block = replace(block, label="duplicate", rule="repeated", evidence=evidence)
        elif is_text:
            at_head = False
        out.append(block)
    text = "\n".join(" ".join(block.text.split()) for block in out if block.label in TEXT_LABELS)
    return replace(page, blocks=tuple(out), article=replace(page.article, text=text))


def _images(pages: Sequence[Extraction]) -> tuple[Image, ...]:
    found: dict[str, Image] = {}
    for page in pages:
        for image in page.article.images:
            found.setdefault(image.url, image)
    return tuple(found.values())[:_MOST_IMAGES]


def _integrity(pages: Sequence[Extraction]) -> Integrity:
    """The worst verdict, and all spans counted from the start of the whole."""
    spans = []
    begins = 0
    for page in pages:
        spans += [replace(s, start=s.start + begins, end=s.end + begins) for s in page.integrity.spans]
        raw = page.article.text if page.text_marked is None else page.text_marked.replace("⟦", "").replace("⟧", "")
        begins += len(raw) + 1
    verdict = max((page.integrity.verdict for page in pages), key=_VERDICTS.index)
    reasons = tuple(dict.fromkeys(reason for page in pages for reason in page.integrity.reasons))
    return Integrity(verdict, reasons, tuple(spans))
