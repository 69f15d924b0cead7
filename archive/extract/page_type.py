"""What kind of page it is. A wall is never an article."""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import re
from dataclasses import dataclass

from archive.model import PageType

_BOT_WALL = re.compile(
    r"verify (?:that )?you are (?:a )?human|are you a robot|checking your browser|just a moment\.\.\.|enable javascript and cookies to continue|"
    r"unusual traffic from your|complete the security check|access to this page has been denied|pardon our interruption|"
    r"attention required! \| cloudflare|ddos protection by|press (?:&|and) hold to confirm|请完成安全验证|人机验证|访问过于频繁|"
    r"bitte bestätigen sie, dass sie kein roboter|vérifiez que vous êtes humain|request unsuccessful\. incapsula",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue to|we (?:and our (?:\d+ )?partners )?(?:use|store).{0,40}cookies|accept all|alle akzeptieren|zustimmen und weiter|"
    r"mit werbung und tracking|tout accepter|aceptar (?:todo|y continuar)|accetta tutti|privacy (?:settings|choices)",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"\b404\b|page (?:not found|cannot be found|can.t be found|does not exist|no longer (?:exists|available))|seite (?:wurde )?nicht gefunden|"
    r"page introuvable|página no encontrada|pagina non trovata|页面不存在|找不到(?:该|此)?(?:页面|網頁)|ページが見つかりません|페이지를 찾을 수 없",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"subscribe (?:now )?to (?:continue|read|keep reading)|to (?:continue|keep) reading|already a subscriber|this (?:article|content|story) is "
    r"(?:for|only available to|exclusive to) (?:our )?(?:subscribers|members)|for subscribers only|create (?:a )?free account to|"
    r"weiterlesen mit|jetzt (?:abonnieren|weiterlesen)|nur für abonnenten|réservé aux abonnés|il vous reste .{0,12}% de cet article|"
    r"contenido exclusivo para suscriptores|suscríbete para|abbonati per|有料会員|会員限定|この記事は有料|付费阅读|订阅后",
    re.IGNORECASE,
)


_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True, slots=True)
class Signs:
    """What the decision looks at."""

    text: str  # kept text
    page_text: str  # all visible text
    title: str
    headline: str
    json_ld_types: frozenset[str]
    og_type: str
    free: bool | None
    link_share: float  # of the visible characters
    link_blocks: int  # blocks that are mostly one link of headline length
    images: int
    player: str | None
    url_path: str
    declares_article: bool


def page_type(signs: Signs) -> tuple[PageType, str]:
    """Return (type, reason)."""
    words = weight(signs.text)
    visible = signs.page_text[:5000]
    shown = weight(visible) + len(signs.page_text[5000:]) // 6
    if not signs.page_text.strip():
        return "empty", "no visible text"
    if shown < 400:
        match = _BOT_WALL.search(signs.title + "\n" + visible)
        if match:
            return "bot_wall", match[0]
    if words < 250:
        match = _NOT_FOUND.search(signs.title + "\n" + signs.headline) or (
            _NOT_FOUND.search(visible[:400]) if shown < 120 else None
        )
        if match and not signs.declares_article:
            return "soft_404", match[0]
        match = _CONSENT.search(visible) if shown < 500 and not signs.declares_article else None
        if match and (words < 40 or match[0] in signs.text):
            return "consent", match[0]
    match = _PAYWALL.search(signs.page_text) if words < 250 else None
    if match and (signs.free is False or (words < 120 and signs.declares_article)):
        return "paywall", match[0]
    if signs.free is False and words < 60:
        return "paywall", "isAccessibleForFree is false"
    if "liveblogposting" in signs.json_ld_types:
        return "live_blog", "LiveBlogPosting"
    return _by_shape(signs, words)


def _by_shape(signs: Signs, words: int) -> tuple[PageType, str]:
    kinds = signs.json_ld_types
    if words < 150:
        if kinds & {"videoobject"} and (signs.og_type.startswith("video") or not signs.declares_article):
            return "video", "VideoObject"
        if signs.og_type.startswith("video") or (signs.player == "video" and not signs.declares_article and words < 80):
            return "video", signs.og_type or "player"
        if kinds & {"audioobject", "podcastepisode", "radioepisode"} or signs.og_type.startswith("music"):
            return "audio", "AudioObject"
        if kinds & {"imagegallery", "mediagallery"} or (signs.images >= 8 and signs.declares_article):
            return "gallery", f"{signs.images} images"
    if not signs.declares_article:
        if kinds & {"collectionpage", "searchresultspage"}:
            return "section", "CollectionPage"
        if signs.link_blocks >= 12 and signs.link_share > 0.55 and words < 400:
            return "section", f"{signs.link_blocks} linked headlines"
        if signs.url_path in ("", "/") and signs.link_blocks >= 8:
            return "section", "front page"
    if not signs.text.strip():
        return ("section", "only links") if signs.link_blocks >= 12 else ("empty", "no text found")
    return "article", ""


def weight(text: str) -> int:
    """Words; for scripts without spaces, characters / 2."""
    wide = 0 if text.isascii() else len(_WIDE.findall(text))
    return wide // 2 + len(text.split()) if wide else len(text.split())
