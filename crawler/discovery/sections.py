"""Section pages and front pages: which links are articles, and which are navigation. Pure; never raises.

Each link is scored by what a reader sees: the shape of its URL, how long its text is, and where it stands (in a
heading, in an article, in a menu). The tables below are the whole of the rule. `page_links` gives every link, for
bounded crawls.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from archive.errors import UrlError
from archive.model import Claims, LinkRules, Source
from archive.urls import canonical_url, same_site
from crawler.discovery.listing import Entry, Listing, Seen, discover, read_language, read_title
from crawler.discovery.markup import base_url, parse_html

ARTICLE_SCORE = 3.0
MAX_LINKS = 10_000
_DEFAULT_RULES = LinkRules()

# -- the rule, as tables

_DATE = re.compile(
    r"(?:19|20)\d\d[-/_.]?(?:0?[1-9]|1[0-2]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/_.]?(?:0[1-9]|[12]\d|3[01])(?!\d)"
    r"|/(?:19|20)\d\d/(?:0?[1-9]|1[0-2])/",
    re.IGNORECASE,
)
# A number of five digits, a hash, or a mix of letters and digits no one would type ("clymn8zyrp9o").
_ID = re.compile(
    r"(?:^|[^0-9])\d{5,}(?:[^0-9]|$)|(?:^|[-_.~])[0-9a-f]{8,}(?:$|[-_.])|-(?:a|art|id|b)?\d{4,}(?:$|\.)"
    r"|^(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{10,}$"
)
_ID_QUERY = re.compile(
    r"(?:^|&)(?:\w*id|p|no|idx\w*|aid|oid|nid|article|story|num|idxno|newsid|key)=[\w-]*\d", re.IGNORECASE
)
_PAGE_FILE = re.compile(r"\.(?:s?html?|php|aspx?|jsp|ece|story)$", re.IGNORECASE)
_INDEX_FILE = re.compile(r"^(?:index|default|home|main|list(?:_\d+)?)\.\w+$", re.IGNORECASE)
_NOT_ARTICLE_WORDS = """
    tag tags topic topics thema themen category categories kategorie categoria section sections ressort author
    authors autor autoren person people search suche buscar login signin sign-in register registration signup
    account konto profile user users subscribe subscription subscriptions abo abos newsletter newsletters
    contact contacts kontakt contacto impressum imprint privacy privacy-policy datenschutz datenschutzerklaerung
    terms agb tos legal cookies cookie about about-us ueber-uns help hilfe faq jobs careers karriere
    stellenmarkt shop store rss feed feeds archive archives archiv page advertise advertising mediadaten werbung
    e-paper epaper sitemap wp-login wp-admin comments comment share print forum podcasts apps app games
    horoscope horoskop wetter weather tv-programm gewinnspiele events kalender calendar logout donate spenden
"""
_NOT_ARTICLE = frozenset(_NOT_ARTICLE_WORDS.split())
# Of these, names that publishers also put before their articles: "/thema/.../497533355", "/comment/opinion/article/30".
_SOMETIMES_WORDS = """
    topic topics thema themen category categories kategorie categoria section sections ressort comment comments archive
    archives archiv games events jobs help app apps podcasts forum shop page
"""
_SOMETIMES = frozenset(_SOMETIMES_WORDS.split())
_ARTICLE_WORDS = frozenset(("article", "articles", "artikel", "articulo", "story", "stories", "meldung", "news-story"))
_CHROME_WORDS = re.compile(
    r"(?:^|[-_\s])(?:nav|navi|navbar|navigation|menu|footer|breadcrumbs?|social|share|sharing|login|cookies?|consent|newsletter|"
    r"subscribe|paging|pagination|pager|toolbar|topbar|masthead|sitelinks|skip|tags|tagcloud|legal|imprint|lang|languages|sponsored|"
    r"advert|advertisement|ads|promo|partner|hidden)(?:$|[-_\s])",
    re.IGNORECASE,
)
_TEASER_WORDS = re.compile(
    r"(?:^|[-_\s])(?:teaser|story|stories|article|articles|card|headline|entry|post|news|newslist|title|item)",
    re.IGNORECASE,
)
_ZONES = {"nav": -7.0, "footer": -6.0, "aside": -1.0, "menu": -7.0, "form": -3.0, "article": 2.0, "main": 1.0}
_ROLES = {"navigation": -7.0, "contentinfo": -6.0, "banner": -2.0, "menu": -7.0, "menubar": -7.0, "search": -3.0,
          "complementary": -1.0, "main": 1.0, "article": 2.0}  # fmt: skip
_HEADINGS = frozenset(("h1", "h2", "h3", "h4"))
_BLOCKS = frozenset(("ul", "ol", "dl", "nav", "table", "div", "section", "p", "td", "header", "footer"))


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page: absolute canonical URL, what it says (text, or its picture's), how it scored and why."""

    url: str
    text: str
    score: float
    why: tuple[str, ...] = ()


def read_section(
    html: bytes | str, seen: Seen, rules: LinkRules = _DEFAULT_RULES, *, charset: str | None = None
) -> Listing:
    """Return the links of a front or section page that lead to articles, in the order of the page.

    With `rules.css` these are all links the selector gives; otherwise those that score ARTICLE_SCORE. `charset` is
    that of the HTTP header, for undecoded bytes. The link's text is kept as the claim of a title.
    """
    root = parse_html(html, charset)
    if root is None:
        return Listing(problems=("not an HTML page",))
    base = base_url(root, seen.url)
    problems: list[str] = []
    if rules.css is None:
        chosen = [link for link in score_links(root, base, seen.url) if link.score >= ARTICLE_SCORE]
    else:
        chosen = _selected(root, base, rules.css, problems)
    if len(chosen) > rules.max:
        problems.append(f"{len(chosen) - rules.max} links over links.max = {rules.max} are left")
    entries = (Entry(link.url, Claims(title=link.text or None)) for link in chosen[: rules.max])
    discoveries, more, _ = discover(entries, seen, "section")
    return _described(root, discoveries, (*problems, *more))


def page_links(html: bytes | str, seen: Seen, source: Source, *, charset: str | None = None) -> Listing:
    """Return every link of a page that stays on the source's site, each URL once: what a bounded crawl follows."""
    root = parse_html(html, charset)
    if root is None:
        return Listing(problems=("not an HTML page",))
    base = base_url(root, seen.url)
    own = canonical_or_none(seen.url)
    urls = (found for _, found in _anchors(root, base) if found != own and same_site(found, source))
    discoveries, problems, _ = discover(map(Entry, urls), seen, "link")
    return _described(root, discoveries, tuple(problems))


def score_links(root: Any, base: str, url: str) -> list[Link]:
    """Score every link of a parsed page, each URL once, with the best of its places; for tests and `source test`."""
    own = canonical_or_none(url)
    places = _Places()
    best: dict[str, Link] = {}
    for element, found in _anchors(root, base):
        if found == own:
            continue
        text = _text_of(element)
        score, why = _score(element, found, text, places)
        link = Link(found, text, score, why)
        old = best.get(found)
        if old is None:
            best[found] = link
            continue
        # A picture and a headline lead to the same article: the text of one, the place of the other.
        better = link if (link.score, _width(link.text)) > (old.score, _width(old.text)) else old
        best[found] = replace(better, text=max(link.text, old.text, key=_width))
    return list(best.values())


def canonical_or_none(url: str, base: str | None = None) -> str | None:
    """The canonical URL, or None for mailto:, javascript: and the like."""
    try:
        return canonical_url(url, base)
    except UrlError:
        return None


# -- links of a page


def _anchors(root: Any, base: str) -> Iterator[tuple[Any, str]]:
    for count, element in enumerate(root.iter("a", "area")):
        if count >= MAX_LINKS:
            return
        href = (element.get("href") or "").strip()
        if not href or href.startswith("#"):
            continue
        found = canonical_or_none(href, base)
        if found:
            yield element, found


def _selected(root: Any, base: str, css: str, problems: list[str]) -> list[Link]:
    from cssselect import HTMLTranslator, SelectorError

    try:
        places = root.xpath(HTMLTranslator().css_to_xpath(css))
    except (SelectorError, etree.XPathError) as error:
        problems.append(f'links.css = "{css}" is no CSS selector ({error})')
        return []
    found: dict[str, Link] = {}
    for place in places:
        for element, url in _anchors(place, base):
            text = _text_of(element)
            if url not in found or _width(text) > _width(found[url].text):
                found[url] = Link(url, text, 0.0, ("css",))
    if not places:
        problems.append(f'links.css = "{css}" matches nothing on this page')
    return list(found.values())


def _text_of(element: Any) -> str:
    text = read_title(" ".join("".join(element.itertext()).split()).replace("<", "‹"))
    if text:
        return text
    for picture in element.iter("img"):
        if picture.get("alt"):
            return read_title(picture.get("alt")) or ""
    return read_title(element.get("title") or element.get("aria-label")) or ""


def _described(root: Any, discoveries: Any, problems: tuple[str, ...]) -> Listing:
    title = next((read_title("".join(found.itertext())) for found in root.iter("title")), None)
    return Listing(discoveries, problems, title, read_language(root.get("lang")))


# -- the score


def _score(element: Any, url: str, text: str, places: _Places) -> tuple[float, tuple[str, ...]]:
    shape, why = shape_score(url)
    width = _width(text)
    said = 3.0 if width >= 50 else 2.0 if width >= 22 else 1.0 if width >= 14 else -1.0 if width < 8 else 0.0
    stands, place = places.score(element)
    if any(child.tag in _HEADINGS for child in element.iter()) and "heading" not in place:
        stands, place = stands + 3.0, (*place, "heading")
    rel = (element.get("rel") or "").lower()
    paid = -5.0 if "sponsored" in rel or "ugc" in rel else 0.0
    return shape + said + stands + paid, (*why, f"text {width}", *place)


@lru_cache(maxsize=8192)
def shape_score(url: str) -> tuple[float, tuple[str, ...]]:
    """What a URL alone says: dates, slugs and numbers are articles'; short words and listings' names are not."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    segments = [segment for segment in path.lower().split("/") if segment]
    if not segments or (len(segments) == 1 and _INDEX_FILE.match(segments[0])):
        return (2.0, ("id",)) if _ID_QUERY.search(parts.query) else (-4.0, ("home",))
    last = segments[-1]
    stem = _PAGE_FILE.sub("", last)
    score = 0.0
    why: list[str] = []
    if _DATE.search(path):
        score, why = score + 3.0, [*why, "date"]
    # A title before a number: "/new-car-announced/497533355".
    titled = segments[-2] if stem.isdigit() and len(segments) > 1 else stem
    words = [word for word in re.split(r"[-_+\s]+", titled) if word]
    if len(words) >= 4 or (len(words) == 3 and len(titled) >= 16):
        score, why = score + 2.0, [*why, "slug"]
    if _ID.search(stem) or _ID_QUERY.search(parts.query) or any(_ID.search(segment) for segment in segments[-2:-1]):
        score, why = score + 2.0, [*why, "id"]
    if last != stem and not _INDEX_FILE.match(last):
        score, why = score + 1.0, [*why, "file"]
    if _ARTICLE_WORDS & set(segments[:-1]):
        score, why = score + 1.0, [*why, "article path"]
    listing = _NOT_ARTICLE & {*segments[:-1], stem}
    if listing:
        strong = bool({"date", "id"} & set(why)) or len(words) >= 5
        strong = strong and listing <= _SOMETIMES and stem not in listing
        score, why = score - (1.0 if strong else 4.0), [*why, "listing"]
    elif not why and len(words) <= 2:
        score, why = score - 2.0, ["short"]
    return score, tuple(why)


class _Places:
    """Scores where a link stands, remembering every element on the way up."""

    def __init__(self) -> None:
        self._known: dict[Any, tuple[float, tuple[str, ...]]] = {}
        self._menus: dict[Any, bool] = {}

    def score(self, element: Any) -> tuple[float, tuple[str, ...]]:
        chain: list[Any] = []
        at = element.getparent()
        while at is not None and at not in self._known:
            chain.append(at)
            at = at.getparent()
        score, why = self._known[at] if at is not None else (0.0, ())
        for node in reversed(chain):
            for points, word in _marks(node, why):
                score, why = score + points, (*why, word)
            self._known[node] = (score, why)
        if self._in_menu(element) and "heading" not in why:
            score, why = score - 2.0, (*why, "list of short links")
        return max(score, -10.0), why

    def _in_menu(self, element: Any) -> bool:
        """Whether the nearest block with other links holds mostly short ones: a menu by another name."""
        block = element.getparent()
        for _ in range(4):
            if block is None or block.tag == "body":
                return False
            if block.tag in _BLOCKS:
                known = self._menus.get(block)
                if known is None and (links := [a for _, a in zip(range(200), block.iter("a"), strict=False)])[3:]:
                    widths = sorted(_width(" ".join("".join(a.itertext()).split())) for a in links)
                    known = self._menus[block] = widths[len(widths) // 2] < 14 and widths[len(widths) * 3 // 4] < 22
                if known is not None:
                    return known
            block = block.getparent()
        return False


def _marks(node: Any, why: tuple[str, ...]) -> Iterator[tuple[float, str]]:
    """What one element on the way to a link says of it; each kind of mark counts once."""
    tag = node.tag if isinstance(node.tag, str) else ""
    if tag in _ZONES and tag not in why:
        yield _ZONES[tag], tag
    if tag == "header" and "article" not in why and "main" not in why and "header" not in why:
        yield -2.0, "header"
    if tag in _HEADINGS and "heading" not in why:
        yield 3.0, "heading"
    role = (node.get("role") or "").strip().lower()
    if role in _ROLES and role not in why and tag not in _ZONES:
        yield _ROLES[role], role
    if tag in ("body", "html"):
        return
    names = f"{node.get('class') or ''} {node.get('id') or ''}"
    if len(names) > 1:
        if "chrome" not in why and _CHROME_WORDS.search(names):
            yield -3.0, "chrome"
        if "teaser" not in why and _TEASER_WORDS.search(names):
            yield 1.0, "teaser"


def _width(text: str) -> int:
    """Length in columns: a CJK character says as much as two or three letters, so it counts double."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
