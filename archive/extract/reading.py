"""One reading of one page, step by step."""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from archive.extract import body, injection, language
from archive.extract.blocks import TEXT_LABELS, label_blocks
from archive.extract.features import hopeless, measure
from archive.extract.metadata import Metadata, find_metadata
from archive.extract.model import body_model
from archive.extract.page import Parsed, read_page
from archive.extract.page_type import Signs, page_type
from archive.extract.payload import add_payload
from archive.extract.pieces import Piece, pieces_of
from archive.model import Article, Extraction, Origin, Page, PageType

EXTRACTOR_VERSION = f"1 (trafilatura {body.TRAFILATURA_VERSION})"
PROFILES = ("precision", "balanced", "recall")
_MAX_OUTLINKS = 500
_TEXTLESS: frozenset[str] = frozenset(("bot_wall", "consent", "soft_404", "empty"))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the archive knows from elsewhere. The same page and evidence always give the same reading."""

    site_profile: None = None  # repeated blocks of the site; not learned yet
    copies: injection.Copies = injection.NO_COPIES  # clean copies of stories, from clean hosts


def config_hash(profile: str) -> str:
    """A short digest of what besides the page decides a reading: extractor version and profile."""
    return hashlib.sha256(f"{EXTRACTOR_VERSION}|{profile}".encode()).hexdigest()[:12]


def warm_up() -> None:
    """Load what is loaded once per process, so that the first page costs what the others cost."""
    language.warm_up()
    extract(Page("https://warm.example/up", b"<html lang=en><body><article><h1>Warm up</h1><p>One page.</p></article>"))


def extract(page: Page, evidence: Evidence = Evidence(), profile: str = "balanced") -> Extraction:
    """Read `page` (content-decoded bytes) into an Extraction. Raises ValueError for an unknown profile only."""
    if profile not in PROFILES:
        raise ValueError(f"profile {profile!r} is none of {', '.join(PROFILES)}")
    parsed = read_page(page)
    pieces = pieces_of(parsed.body)
    found = injection.inspect(page.url, parsed.title, parsed.metas, parsed.body, pieces, parsed.traces)
    parsed.title, parsed.metas = found.title, list(found.metas)
    facts = find_metadata(page, parsed, pieces)
    chosen = _choose(parsed, facts, pieces, profile)
    add_payload(pieces, chosen, facts.ld_body, parsed.decoded.text)
    hidden = [text for node in parsed.hidden if (text := " ".join("".join(node.itertext()).split()))]
    hidden.extend(trace.text for trace in parsed.traces.hidden)
    labelled = label_blocks(pieces, chosen, facts, hidden)
    clean = injection.cleanse(found, labelled, pieces, TEXT_LABELS, facts.headline, evidence.copies)
    blocks, text = clean.blocks, clean.text
    facts = replace(facts, headline=clean.headline)
    kind, reason = page_type(_signs(page, parsed, facts, pieces, text))
    origins = dict(facts.origins)
    lang, confidence, lang_origin = language.find_language(text or facts.headline or "", facts.declared_languages)
    if lang_origin is not None:
        origins["language"] = lang_origin
    origins["page_type"] = Origin(reason or "default", 0.9 if reason else 0.7)
    article = _article(facts, "" if kind in _TEXTLESS else text, kind, lang, confidence)
    return Extraction(
        article=article, blocks=tuple(blocks), origins=origins, charset=parsed.decoded.charset, charset_from=parsed.decoded.charset_from,
        tool="pressmark", version=EXTRACTOR_VERSION, profile=profile, config_hash=config_hash(profile), next_page=facts.next_page,
        integrity=clean.integrity, text_marked=clean.text_marked,
        outlinks=_outlinks(page, parsed), declares_article=facts.declares_article, warnings=tuple(parsed.warnings),
    )  # fmt: skip


def _choose(parsed: Parsed, facts: Metadata, pieces: list[Piece], profile: str) -> dict[int, float]:
    """The orders of the pieces that are the text, with how likely each is."""
    if not pieces:
        return {}
    wanted = set(range(len(pieces))) - hopeless(pieces)
    rows = measure(
        pieces, facts.headline, facts.headline_node, facts.description, facts.ld_body, facts.declares_article, wanted
    )
    likely = dict(zip(rows, body_model().likelihood(list(rows.values())), strict=True))
    return body.choose(parsed.root, pieces, likely, profile)


def _article(facts: Metadata, text: str, kind: PageType, lang: str | None, confidence: float | None) -> Article:
    return Article(
        headline=facts.headline, description=facts.description, text=text, authors=facts.authors, publisher=facts.publisher,
        section=facts.section, keywords=facts.keywords, date_published=facts.published, date_modified=facts.modified, language=lang,
        language_declared=facts.declared_languages[0][0] if facts.declared_languages else None, language_confidence=confidence,
        images=facts.images, canonical_url=facts.canonical, amp_url=facts.amp, is_accessible_for_free=facts.free, license=facts.license,
        page_type=kind,
    )  # fmt: skip


def _signs(page: Page, parsed: Parsed, facts: Metadata, pieces: list[Piece], text: str) -> Signs:
    total = sum(len(piece.key) for piece in pieces)
    linked = sum(piece.link_chars for piece in pieces)
    return Signs(
        text=text, page_text="\n".join(piece.text for piece in pieces), title=parsed.title, headline=facts.headline or "",
        json_ld_types=facts.json_ld_types, og_type=facts.og_type, free=facts.free, link_share=linked / total if total else 0.0,
        link_blocks=sum(1 for piece in pieces if piece.link_density > 0.8 and len(piece.text) > 25),
        images=sum(1 for _ in parsed.body.iter("img")), player=parsed.has_player, url_path=urlsplit(page.url).path,
        declares_article=facts.declares_article,
    )  # fmt: skip


def _outlinks(page: Page, parsed: Parsed) -> tuple[str, ...]:
    try:
        base = urljoin(page.url, parsed.base_href) if parsed.base_href else page.url
    except ValueError:
        base = page.url
    found: dict[str, None] = {}
    for node in parsed.root.iter("a"):
        href = (node.get("href") or "").strip()
        if not href or href[0] == "#" or href[:11].lower() == "javascript:":
            continue
        try:
            url = urljoin(base, href).split("#", 1)[0]
        except ValueError:
            continue
        if url[:7] == "http://" or url[:8] == "https://":
            found[url] = None
            if len(found) >= _MAX_OUTLINKS:
                break
    return tuple(found)
