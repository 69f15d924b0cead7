"""Promotion lines left among the paragraphs: which label they get, and by which rule. Pure.

A rule looks at one short block as a whole, from its first word to its last: a sentence of the story that mentions a
commission or an app goes on after those words, a notice does not. Nothing here ever says "hijacked".
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re

from archive.extract.injection.copy_tails import COPY_TAILS
from archive.model import Label

MAX_CHARS = 220
_TABLE: tuple[tuple[Label, str, str], ...] = (
        ("affiliate", "affiliate-note",
         r"^(?:\W*(?:we|this (?:article|post|page|story)|the publisher|if you (?:buy|click|purchase)|when you (?:buy|click|purchase)|products? (?:featured|linked)|links? marked)\b.{0,120}\b(?:earn|receive|get|contains?|include)\b.{0,60}\b(?:commission|affiliate links?)\b.{0,90}"
         r"|(?:本文|文章|本页|本頁).{0,16}(?:推广链接|推廣連結|佣金|返利).{0,40}|\W*(?:mit (?:einem )?\W{0,3}(?:stern|sternchen)?.{0,30}gekennzeichnet|diese[rs]? (?:artikel|beitrag|seite) enthält).{0,80}(?:provision|affiliate).{0,80})$"),
        ("promo", "app-prompt",
         r"^(?:(?:download|get|open|install|try)\b.{0,40}\b(?:app|app store|google play)\b.{0,40}|get the full experience in our app\W*|.{0,30}\b(?:on|in) the app store (?:and|&|or) google play\W*|(?:打开|下载|打開|下載).{0,6}(?:app|客户端|客戶端).{0,20}|jetzt .{0,20}app (?:herunterladen|laden)\W*|アプリ(?:を|で).{0,20}(?:ダウンロード|開く|読む)\W*|앱.{0,10}(?:다운로드|열기)\W*)$"),
        ("chrome", "player",
         r"^(?:video player is loading\W*|now playing:? .{0,80}|(?:current time )?\d{1,2}:\d\d ?/ ?(?:duration )?\d{1,2}:\d\d.{0,20}|skip ad\W*|视频加载中.{0,20}|自动播放.{0,20}|your browser does not support .{0,40}|this video (?:can ?not|could not) be played\W*)$"),
        ("promo", "copy-tail",
         r"^(?:(?:read|find|see) (?:more|the (?:full|original) (?:story|article))\b.{0,40}(?:at|on)\b.{0,30}:?\s*https?://\S+|更多精彩(?:内容|內容).{0,40}|(?:quelle|lesen sie mehr(?: dazu)? (?:auf|unter)|en savoir plus sur|leer más en|fonte)\s*:?\s*https?://\S+)$"),
        ("consent", "consent-notice",
         r"^(?:(?:we|this (?:site|website)) (?:and our \d+ partners )?(?:use|uses|store)\b.{0,60}\b(?:cookies|information on your device)\b.{0,140}|(?:accept|reject) all(?: cookies)?\W*|manage (?:preferences|cookies|consent)\W*|(?:本网站|本站|我们).{0,6}使用\s*cookies?.{0,80}|我知道了)$"),
        ("newsletter", "newsletter-prompt",
         r"^(?:(?:enter|your) (?:your )?e-?mail(?: address)?\b.{0,60}|输入邮箱.{0,40}|订阅.{0,20}(?:速递|通讯|邮件|新闻).{0,10})$"),
        ("sponsored", "sponsored-label",
         r"^(?:sponsored(?: (?:content|links?|post|by .{1,40}))?|paid (?:content|post|partnership)|promoted(?: (?:content|stories))?|推广|推廣|赞助内容|猜你喜欢|you may like|around the web|from our partners)\W*$"),
)  # fmt: skip
_LINES = tuple((label, rule, re.compile(pattern, re.IGNORECASE)) for label, rule, pattern in (*_TABLE, *COPY_TAILS))
_ANY = re.compile("|".join(f"(?:{pattern.pattern})" for _, _, pattern in _LINES), re.IGNORECASE)


def promotion(text: str) -> tuple[Label, str, str] | None:
    """(label, rule, evidence) for a block that as a whole is a promotion line; None for any other."""
    if len(text) > MAX_CHARS or not _ANY.match(text):
        return None
    for label, rule, pattern in _LINES:
        if pattern.match(text):
            return label, rule, text[:60]
    return None
