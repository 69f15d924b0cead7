"""Whose host a link goes to: the page's own, a well-known platform, or a foreign one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from lxml import html

from archive.addresses import host_of
from archive.extract.elements import text_of

# Second-level labels under which countries give names away ("co.uk", "com.cn").
Link = tuple[str, str, str]  # of a link to a foreign site: the site, the words, the address
_SECOND = frozenset(("co", "com", "org", "net", "gov", "ac", "edu", "or", "ne", "go", "gob", "gouv", "nom", "in"))
# Platforms that honest pages link from everywhere. The list only ever excuses a link.
_PLATFORMS = frozenset((
    "facebook", "fb", "twitter", "x", "t", "instagram", "linkedin", "pinterest", "whatsapp", "wa", "telegram",
    "reddit", "tumblr", "youtube", "youtu", "google", "goo", "apple", "microsoft", "weibo", "qq", "wechat", "weixin",
    "line", "naver", "kakao", "xing", "threads", "bsky", "mastodon", "flipboard", "getpocket", "tiktok", "douban",
    "zhihu", "baidu", "hatena", "feedly", "spotify", "vk", "ok", "addtoany", "addthis", "sharethis", "disqus",
    "wikipedia", "wikimedia", "archive", "github", "w3", "schema", "gov", "amazon", "adobe", "cloudflare", "yahoo",
    "bing", "msn", "gstatic",
))  # fmt: skip


_PLAIN_HOST = re.compile(r"(?:https?:)?//([a-z0-9.-]+)(?![^/?#])", re.IGNORECASE | re.ASCII)


def site_of(url: str) -> str:
    """The registered name a URL belongs to ("news.a.co.uk/x" gives "a.co.uk"); "" for a relative or broken one."""
    if url[:2] != "//" and url[:4].lower() != "http":
        return ""
    end = url.find("/", 8)
    return _site_of(url if end < 0 else url[:end])


@lru_cache(maxsize=4096)  # the links of a page lead to few hosts
def _site_of(origin: str) -> str:
    plain = _PLAIN_HOST.match(origin)
    if plain is not None:
        return _registered(plain[1])
    return _registered(host_of(origin))


@lru_cache(maxsize=8192)
def _registered(host: str) -> str:
    labels = host.lower().rstrip(".").split(".")
    if len(labels) < 2:
        return ""
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


def is_platform(site: str) -> bool:
    """Whether a site is a platform that any page may link."""
    return site.split(".", 1)[0] in _PLATFORMS or ".gov" in site or ".edu" in site


def own_sites(urls: Iterable[str]) -> frozenset[str]:
    """The sites that belong to the page: of its addresses, style sheets, scripts and pictures."""
    return frozenset(site for url in urls if url and (site := site_of(url.strip())))


def is_foreign(site: str, own: frozenset[str]) -> bool:
    """Whether the site a link goes to is neither the page's own nor a platform; "" is the page's own."""
    return bool(site) and site not in own and not is_platform(site)


def foreign_links(node: html.HtmlElement, own: frozenset[str]) -> list[Link]:
    """(site, text, href) of the links in `node` that go to sites which are neither the page's own nor platforms."""
    found: list[Link] = []
    for link in node.iter("a"):
        href = (link.get("href") or "").strip()
        site = site_of(href)
        if is_foreign(site, own):
            found.append((site, text_of(link), href))
    return found


def is_opaque(href: str) -> bool:
    """Whether an address is a bare number on a host."""
    return re.search(r"^https?://[^/]+/\d+(?:\.html?)?/?$", href) is not None
