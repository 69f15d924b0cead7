"""One reading of one page, step by step."""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import gc
import hashlib
import re
from dataclasses import replace

from archive.addresses import parts_of
from archive.extract import injection, language
from archive.extract.body import choice as body
from archive.extract.body.features import hopeless, measure
from archive.extract.body.model import among_likes, body_model
from archive.extract.body.payload import add_payload
from archive.extract.elements import text_of
from archive.extract.evidence import NO_EVIDENCE, Evidence
from archive.extract.labels import asian
from archive.extract.labels.adverts import without_adverts
from archive.extract.labels.blocks import label_blocks
from archive.extract.labels.filters import NO_FILTERS, Filters
from archive.extract.live import find_entries, looks_live
from archive.extract.metadata.credits import find_agency
from archive.extract.metadata.facts import Metadata, find_metadata
from archive.extract.outlinks import outlinks
from archive.extract.page import Parsed, read_page
from archive.extract.page_type import Signs, page_type
from archive.extract.pieces import Piece, pieces_of
from archive.extract.word_list import NO_WORDS, WordList, suspected
from archive.model import TEXT_LABELS, Article, Author, Block, Entry, Extraction, Origin, Page, PageType

EXTRACTOR_VERSION = f"5 (trafilatura {body.TRAFILATURA_VERSION})"
PROFILES = ("precision", "balanced", "recall")
_LIVE = re.compile(r"\blive\b|live-?(?:blog|ticker)|\bticker\b|\ben direct\b|\ben vivo\b|\bem direto\b|\bao vivo\b|\bin diretta\b|"
                   r"минута за минутой|онлайн|直播|实时|實時|ライブ|速報|실시간|بث مباشر|مباشر", re.IGNORECASE)  # fmt: skip
_COLLECT_AFTER = 200_000  # objects more than were freed; the largest pages have some 100,000 at a time
_TEXTLESS: frozenset[str] = frozenset(("bot_wall", "consent", "soft_404", "empty"))


def config_hash(profile: str, filters: Filters = NO_FILTERS, words: WordList = NO_WORDS) -> str:
    """A short digest of the settings that decide a reading: extractor version, profile, filter lists and word lists."""
    said = f"{EXTRACTOR_VERSION}|{profile}" + (f"|{filters.digest}" if filters.digest else "")
    said += f"|words {words.digest}" if words.digest else ""
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def warm_up() -> None:
    """Load what is loaded once per process, so that the first page costs what the others cost.

    What is loaded stays; the garbage collector need not look through it again for every few pages. A reading itself
    leaves nothing for it (no object of it holds itself), so that it need not look in the middle of each page either.
    """
    language.warm_up()
    extract(Page("https://warm.example/up", b"<html lang=en><body><article><h1>Warm up</h1><p>One page.</p></article>"))
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


def extract(page: Page, evidence: Evidence = NO_EVIDENCE, profile: str = "balanced") -> Extraction:
    """Read `page` (content-decoded bytes) into an Extraction. Raises ValueError for an unknown profile only."""
    if profile not in PROFILES:
        raise ValueError(f"profile {profile!r} is none of {', '.join(PROFILES)}")
    parsed = read_page(page)
    pieces = pieces_of(parsed.body)
    found = injection.inspect(
        page.url, parsed.title, parsed.metas, parsed.elements, pieces, parsed.traces, evidence.past
    )
    parsed.title, parsed.metas = found.title, list(found.metas)
    facts = find_metadata(page, parsed, pieces)
    if facts.headline is None and found.zones.title and not parsed.title:  # the <title> was not the publisher's
        facts = replace(facts, headline=asian.headline_above_source(pieces))
    labelled, signed = _labelled(page, parsed, facts, pieces, evidence.filters, profile)
    clean = injection.cleanse(found, labelled, pieces, TEXT_LABELS, facts.headline, evidence.copies, evidence.earlier)
    section = facts.section or injection.without_strings(asian.section_of_trail(pieces), found)
    facts = replace(facts, headline=clean.headline, authors=facts.authors or signed, section=section)
    article, origins = _article(page, parsed, _said(facts, found), pieces, clean)
    integrity = suspected(clean.integrity, evidence.words, found.zones.title, article.headline or "", article.text)
    return Extraction(
        article=article, blocks=tuple(clean.blocks), origins=origins, charset=parsed.decoded.charset,
        charset_from=parsed.decoded.charset_from, tool="pressmark", version=EXTRACTOR_VERSION, profile=profile,
        config_hash=config_hash(profile, evidence.filters, evidence.words), next_page=facts.next_page,
        integrity=integrity, text_marked=clean.text_marked,
        outlinks=outlinks(page.url, parsed.base_href, parsed.elements), title_parts=found.title_parts, doubts=clean.doubts,
        site_profile=evidence.site_profile.digest if evidence.site_profile else None, compared_with=evidence.compared,
        declares_article=facts.declares_article, warnings=tuple(parsed.warnings),
    )  # fmt: skip


def _labelled(
    page: Page, parsed: Parsed, facts: Metadata, pieces: list[Piece], filters: Filters, profile: str
) -> tuple[list[Block], tuple[Author, ...]]:
    """Return (every piece with its label, who signed parts of the text)."""
    chosen = _choose(parsed, facts, pieces, profile)
    add_payload(pieces, chosen, facts.ld_body, parsed.decoded.text)
    hidden = [text for node in parsed.hidden if (text := text_of(node))]
    hidden.extend(trace.text for trace in parsed.traces.hidden)
    labelled, signed = asian.signed_parts(label_blocks(pieces, chosen, facts, hidden), TEXT_LABELS)
    return without_adverts(labelled, pieces, TEXT_LABELS, filters, parts_of(page.url).netloc), signed


def _article(
    page: Page, parsed: Parsed, facts: Metadata, pieces: list[Piece], clean: injection.Cleansed
) -> tuple[Article, dict[str, Origin]]:
    """The article, and where its fields come from: what needs the text is decided here."""
    origins = dict(facts.origins)
    lang, confidence, lang_origin = language.find_language(clean.text or facts.headline or "", facts.declared_languages)
    if lang_origin is not None:
        origins["language"] = lang_origin
    facts = replace(facts, published=asian.zoned(facts.published, lang), modified=asian.zoned(facts.modified, lang))
    kind, reason, entries = _kind(page, parsed, facts, pieces, clean)
    origins["page_type"] = Origin(reason or "default", 0.9 if reason else 0.7)
    source = asian.source_line(pieces)
    credited = (source, Origin("source-line", 0.9)) if source else find_agency(clean.blocks, facts.authors)
    if credited is not None:
        source, origins["republished_from"] = credited
    article = Article(
        headline=facts.headline, description=facts.description, text="" if kind in _TEXTLESS else clean.text,
        authors=facts.authors, publisher=facts.publisher, section=facts.section, keywords=facts.keywords,
        date_published=facts.published, date_modified=facts.modified, language=lang,
        language_declared=facts.declared_languages[0][0] if facts.declared_languages else None, language_confidence=confidence,
        images=facts.images, canonical_url=facts.canonical, amp_url=facts.amp, is_accessible_for_free=facts.free, license=facts.license,
        republished_from=source, page_type=kind, entries=entries,
    )  # fmt: skip
    return article, origins


def _said(facts: Metadata, found: injection.Findings) -> Metadata:
    """The facts without what was put into description and keywords."""
    description = injection.said_by_publisher(facts.description, found)
    keywords = tuple(kept for word in facts.keywords if (kept := injection.said_by_publisher(word, found)))
    lost = {name for name, kept in (("description", description), ("keywords", keywords)) if not kept}
    origins = {name: origin for name, origin in facts.origins.items() if name not in lost}
    return replace(facts, description=description, keywords=keywords, origins=origins)


def _kind(
    page: Page, parsed: Parsed, facts: Metadata, pieces: list[Piece], clean: injection.Cleansed
) -> tuple[PageType, str, tuple[Entry, ...]]:
    """Return (the page's type, why, the entries of a live blog).

    An article that names itself live and is made of timed entries is a live blog, too.
    """
    kind, reason = page_type(_signs(page, parsed, facts, pieces, clean.blocks, clean.text))
    named = bool(_LIVE.search(f"{parsed.title}\n{facts.headline or ''}\n{parts_of(page.url).path}"))
    if kind != "live_blog" and not (kind == "article" and named):
        return kind, reason, ()
    # Where a page was injected into, its JSON-LD was too: then only what was cleansed counts.
    updates = facts.updates if clean.integrity.verdict == "clean" else ()
    found = find_entries(parsed.body, pieces, clean.blocks, updates, facts.published, page.url)
    if kind == "live_blog":
        return kind, reason, found
    return ("live_blog", f"{len(found)} timed entries", found) if looks_live(found, clean.text) else (kind, reason, ())


def _choose(parsed: Parsed, facts: Metadata, pieces: list[Piece], profile: str) -> dict[int, float]:
    """The orders of the pieces that are the text, with how likely each is."""
    if not pieces:
        return {}
    lost = hopeless(pieces)
    wanted = [at for at in range(len(pieces)) if at not in lost]
    model = body_model()
    table, likes = measure(
        pieces, facts.headline, facts.headline_node, facts.description, facts.declares_article, wanted,
        model.asked,
    )  # fmt: skip
    sizes = [len(pieces[at].key) for at in wanted]
    likely = among_likes(model.likelihood(table), likes, sizes).tolist()
    return body.choose(parsed.root, pieces, dict(zip(wanted, likely, strict=True)), profile)


def _signs(page: Page, parsed: Parsed, facts: Metadata, pieces: list[Piece], blocks: list[Block], text: str) -> Signs:
    total = sum(len(piece.key) for piece in pieces)
    linked = sum(piece.link_chars for piece in pieces)
    address = parts_of(page.url)
    listed = [
        piece.text
        for piece, block in zip(pieces, blocks, strict=False)
        if block.label in TEXT_LABELS and piece.link_density > 0.8 and len(piece.text) > 25
    ]
    return Signs(
        text=text, page_text="\n".join(piece.text for piece in pieces), title=parsed.title, headline=facts.headline or "",
        json_ld_types=facts.json_ld_types, og_type=facts.og_type, free=facts.free, link_share=linked / total if total else 0.0,
        link_blocks=sum(1 for piece in pieces if piece.link_density > 0.8 and len(piece.text) > 25),
        figures=parsed.elements.named("figure"), player=parsed.has_player, is_front=address.path in ("", "/") and not address.query, is_prose=_is_prose(pieces, blocks),
        declares_article=facts.declares_article, markup=parsed.decoded.text,
        listed=len(listed), listed_share=sum(map(len, listed)) / max(1, len(text)),
    )  # fmt: skip


def _is_prose(pieces: list[Piece], blocks: list[Block]) -> bool:
    """Whether the text is paragraphs that follow each other; on a page of lists a linked headline stands over each."""
    prose = [
        at
        for at, (piece, block) in enumerate(zip(pieces, blocks, strict=False))
        if block.label in TEXT_LABELS and len(piece.key) >= 80 and piece.link_density < 0.3
    ]
    if len(prose) < 2:
        return False
    between = sum(1 for piece in pieces[prose[0] : prose[-1]] if piece.link_density > 0.8 and len(piece.text) > 25)
    return between * 2 < len(prose)
