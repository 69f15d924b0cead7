"""Is a page stored as an article, and if not, why? Pure.

`readable` looks at the response before it is read, `judge` at what reading it gave. Their reasons: docs/outcomes.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archive.model import Extraction, Outcome, ReadingRules
from archive.words import word_measure

if TYPE_CHECKING:
    pass

HTML_TYPES = frozenset(("text/html", "application/xhtml+xml"))
# Reasons `judge` gives: a re-extraction looks at these pages again.
READING_REASONS = frozenset(
    ("bot_wall", "consent", "soft_404", "empty_extraction", "paywall", "not_article", "too_short", "wrong_language",
     "no_date")
)  # fmt: skip
_WALLS = {"bot_wall": "bot_wall", "consent": "consent", "soft_404": "soft_404", "empty": "empty_extraction"}


def readable(status: int | None, media_type: str | None, payload_bytes: int) -> Outcome | None:
    """Say why a response is not even read, or None if it should be. Pure; before a worker is asked."""
    if status is None or not 200 <= status < 300:
        return Outcome("failed", "http_error", {"status": str(status or "none")})
    if media_type is not None and media_type not in HTML_TYPES:
        return Outcome("skipped", "mime", {"media_type": media_type})
    return Outcome("skipped", "empty_extraction", {"payload_bytes": "0"}) if payload_bytes == 0 else None


def judge(extraction: Extraction, rules: ReadingRules, languages: Sequence[str] = ()) -> Outcome | None:
    """Say why a page that was read is not stored as an article, or None if it is. Pure.

    Walls, consent pages, soft 404s and pages without text are never stored; a paywalled teaser with text is, and says
    so in page_type. A page that declares itself an article is never too short.
    """
    article = extraction.article
    kind = article.page_type
    if kind in _WALLS:
        return Outcome("skipped", _WALLS[kind], _evidence(extraction))
    words = word_measure(article.text)
    if kind == "section" and not extraction.declares_article:
        return Outcome("skipped", "not_article", {"page_type": kind, "words": str(words)})
    if not article.text.strip():
        return Outcome("skipped", "paywall" if kind == "paywall" else "empty_extraction", _evidence(extraction))
    if words < rules.min_words and not extraction.declares_article:
        return Outcome("skipped", "too_short", {"words": str(words), "min_words": str(rules.min_words)})
    if rules.require_date and article.date_published is None:
        return Outcome("skipped", "no_date", {})
    if languages and article.language and not _speaks(article.language, languages):
        return Outcome("skipped", "wrong_language", {"language": article.language, "wanted": ", ".join(languages)})
    return None


def _speaks(language: str, wanted: Sequence[str]) -> bool:
    primary = language.lower().split("-")[0]
    return any(primary == one.lower().split("-")[0] for one in wanted)


def _evidence(extraction: Extraction) -> dict[str, str]:
    """What the reading saw: its warnings, and the blocks that gave the page away."""
    detail: dict[str, str] = {"page_type": extraction.article.page_type}
    if extraction.warnings:
        detail["warnings"] = "; ".join(extraction.warnings)
    return detail
