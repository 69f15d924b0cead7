"""What a page holds but does not show, taken out of its tree before anything reads it.

`take_traces` runs on the whole tree, before scripts and styles are dropped. It removes subtrees that only a reader of
markup would meet, and notes payloads in comments, <noscript> and <template>, and scripts that change the title or the
address for some visitors. Honest hidden things (menus, accordions, text for screen readers, lazy pictures) stay.
"""

# ruff: noqa: PERF401 - a row of finders

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

from lxml import html

from archive.extract.elements import Elements, text_of, with_all_around
from archive.extract.injection.links import Link, foreign_links, is_foreign, own_sites, site_of
from archive.extract.injection.styles import STEALTH, hiding, hiding_rules

MAX_HIDDEN = 60
_LINKS = re.compile(r"<a\s[^>]*?href\s*=\s*[\"']?(https?:[^\"'\s>]+)[^>]*>(.{1,200}?)</a>", re.S | re.I)
_TAGS = re.compile(r"<[^>]+>")
_TITLE_ENTITIES = re.compile(r"<title[^>]*>\s*((?:&#x?[0-9a-f]+;\s*){4,})", re.I)
_ROBOT_TITLE = re.compile(
    r"(?:userAgent.{0,200}(?:spider|bot|crawl)|(?:spider|bot|crawl).{0,200}userAgent).{0,200}document\.title\s*=",
    re.S | re.I,
)
_LOADED_TITLE = re.compile(r"document\.title\s*=\s*[\"']([^\"']{6,200})[\"']")
_ADDRESSED = (
    ("link", "href"), ("meta", "content"), ("script", "src"), ("img", "src"), ("img", "data-src"), ("base", "href"),
)  # fmt: skip
_SEARCHES = re.compile(r"baidu|google|bing|sogou|yahoo|naver|yandex|so\\?\.com", re.I)
_SENT_AWAY = re.compile(r"location(?:\.href|\.replace|\.assign)?\s*[=(]\s*[\"'](https?:[^\"']+)", re.I)
_WRITTEN_FRAME = re.compile(r"document\.write(?:ln)?\s*\(\s*[\"'].{0,80}?(<iframe\b[^>]{0,400}>)", re.S | re.I)


@dataclass(frozen=True, slots=True)
class HiddenBlock:
    """A payload that was not shown: its text, how it was hidden, and the foreign sites it links."""

    text: str
    how: str  # "off-screen", "display:none", "comment", "noscript", ...
    sites: tuple[str, ...]
    links: int


@dataclass(slots=True)
class Traces:
    """What was found besides the visible page."""

    hidden: list[HiddenBlock] = field(default_factory=list)
    own: frozenset[str] = frozenset()
    foreign: dict[html.HtmlElement, str] = field(default_factory=dict)  # the links to foreign sites, and these
    coded_title: bool = False  # <title> written in numeric entities though its charset could say it
    script_title: str | None = None  # the title a script shows to people, where robots get another
    redirect_to: str | None = None  # where visitors from a search engine are sent
    overlay: str | None = None  # a foreign page laid over this one


def take_traces(served: Elements, body: html.HtmlElement, source: str) -> Traces:
    """Note and remove what `body` hides by stealth; `source` is the decoded page."""
    links = [(node, site) for node, address in served.links if (site := site_of(address))]
    own = _own(served, links)
    traces = Traces(own=own, foreign={node: site for node, site in links if is_foreign(site, own)})
    _scripts(served, source, traces)
    _payloads(served, source, traces)
    _overlay(served, source, traces)
    _subtrees(served, body, traces)
    return traces


def _own(served: Elements, links: list[tuple[html.HtmlElement, str]]) -> frozenset[str]:
    said = (node.get(name) for tag, name in _ADDRESSED for node in served.named(tag))
    sites = set(own_sites(address for address in said if address and address[:4] == "http"))
    # A site linked many times from one page is its own or a sister, whatever it is called.
    counted = Counter(site for _, site in links)
    if counted:
        most, times = counted.most_common(1)[0]
        if times >= 8 and times * 3 >= sum(counted.values()):
            sites.add(most)
    return frozenset(sites)


def _scripts(served: Elements, source: str, traces: Traces) -> None:
    traces.coded_title = _has_coded_title(source)
    if "document.referrer" not in source and "document.title" not in source:
        return
    for node in served.named("script"):
        text = node.text or ""
        if len(text) > 20_000:
            continue
        if "document.title" in text and "userAgent" in text and _ROBOT_TITLE.search(text):
            said = _LOADED_TITLE.search(text)
            traces.script_title = said[1] if said else ""
        sent = _sent_away(text)
        if sent is not None and site_of(sent) not in traces.own:
            traces.redirect_to = sent


def _has_coded_title(source: str) -> bool:
    # The first tag is the page's title; finding it by its spelling is many times cheaper than a search in any case.
    at = source.find("<title", 0, 200_000)
    at = at if at >= 0 else source.find("<TITLE", 0, 200_000)
    return at >= 0 and bool(_TITLE_ENTITIES.match(source, at))


def _sent_away(script: str) -> str | None:
    """Where a script sends those whose referrer is a search engine; its name may stand before or behind the word."""
    at = script.find("document.referrer")
    while at >= 0:
        sent = _SENT_AWAY.search(script, at, at + 700)
        if sent is not None and _SEARCHES.search(script, max(0, at - 140), sent.start()):
            return sent[1]
        at = script.find("document.referrer", at + 1)
    return None


def _written_frames(source: str) -> list[html.HtmlElement]:
    """The frames that scripts write into the page."""
    found: list[html.HtmlElement] = []
    at = source.find("document.write")
    while at >= 0:
        written = _WRITTEN_FRAME.match(source, at, at + 700)
        if written is not None:
            found.append(html.fragment_fromstring(written[1].replace("\\", "")))
        at = source.find("document.write", at + 1)
    return found


def _payloads(served: Elements, source: str, traces: Traces) -> None:
    for node in served.named("noscript", "template"):
        links = foreign_links(node, traces.own) if len(node) else []
        text = text_of(node) if links else ""
        if links and is_payload(links, _all_links(node), text, False) and _mostly_links(links, text):
            _note(traces, text, str(node.tag), links)
    start = source.find("<!--")
    while start >= 0 and len(traces.hidden) < MAX_HIDDEN:
        end = source.find("-->", start)
        if end < 0:
            return
        if end - start < 20_000 and source.find("href", start, end) >= 0:
            _comment(source[start + 4 : end], traces)
        start = source.find("<!--", end)


def _comment(inner: str, traces: Traces) -> None:
    found = [(site_of(href), _TAGS.sub("", text).strip(), href) for href, text in _LINKS.findall(inner)]
    links = [link for link in found if is_foreign(link[0], traces.own)]
    text = " ".join(_TAGS.sub(" ", inner).split())
    if is_payload(links, inner.lower().count("<a "), text, False) and _mostly_links(links, text):
        _note(traces, text, "comment", links)


def _mostly_links(links: list[Link], text: str) -> bool:
    return sum(len(words) for _, words, _ in links) * 3 > len(text)


def _overlay(served: Elements, source: str, traces: Traces) -> None:
    """A foreign frame over the whole window, in the markup or written there by a script."""
    for frame in (*served.named("iframe"), *_written_frames(source)):
        site = site_of(frame.get("src") or "")
        if not site or site in traces.own:
            continue
        parent = frame.getparent()
        style = (
            ((frame.get("style") or "") + ";" + ((parent.get("style") or "") if parent is not None else ""))
            .replace(" ", "")
            .lower()
        )
        if "position:fixed" in style and "height:100" in style and "width:100" in style:
            traces.overlay = frame.get("src")


def _subtrees(served: Elements, body: html.HtmlElement, traces: Traces) -> None:
    # What a page hides without a foreign link in it is no payload, so only the rest is looked at.
    linking = with_all_around(traces.foreign) - {body, *body.iterancestors()}
    if not linking:
        return
    total: int | None = None
    taken: set[html.HtmlElement] = set()
    paragraphs: dict[html.HtmlElement, list[html.HtmlElement]] = {}
    for node, how in _hidden_in(served, linking)[:400]:
        if len(traces.hidden) >= MAX_HIDDEN or (taken and not taken.isdisjoint(node.iterancestors())):
            continue
        text = text_of(node)
        if not text:
            continue
        total = total if total is not None else sum(map(len, map(str.strip, body.itertext())))
        if len(text) * 2 > total:
            continue
        links = foreign_links(node, traces.own)
        # What a page shows later (menus, accordions, text for screen readers) carries no payload of foreign links.
        if links and _carries_payload(links, _all_links(node), text, how, in_article(node, paragraphs)):
            _note(traces, text, how, links)
            taken.add(node)
    for node in taken:
        node.drop_tree()


def _hidden_in(served: Elements, linking: set[html.HtmlElement]) -> list[tuple[html.HtmlElement, str]]:
    """The elements with foreign links in them that a page hides, and how."""
    found: list[tuple[html.HtmlElement, str]] = []
    for node in served.named("marquee"):
        if _small(node.get("height")) or _small(node.get("width")) or int(_number(node.get("scrollamount"))) >= 100:
            found.append((node, "marquee of no size"))
    found.extend(
        (node, how) for node, style in served.holding("style") if node in linking and (how := hiding(style)) is not None
    )
    found.extend((node, "hidden attribute") for node, _ in served.holding("hidden"))
    found.extend(_by_rule(served, linking))
    return [one for one in found if one[0] in linking]


def _carries_payload(links: list[Link], every: int, text: str, how: str, inside: bool) -> bool:
    """Whether what is hidden is a payload of links: by what it says, or by how it is hidden where it is all links."""
    if is_payload(links, every, text, inside):
        return True
    if how not in STEALTH or not (inside or how[:7] == "marquee") or len(links) != every or len(text) <= 12:
        return False
    return _mostly_links(links, text) or len({site for site, _, _ in links}) > 1


def _by_rule(served: Elements, linking: set[html.HtmlElement]) -> list[tuple[html.HtmlElement, str]]:
    """The elements that a rule of the page's own style sheets hides, and how."""
    sheets = [sheet.text for sheet in served.named("style") if sheet.text]
    classes = [(node, names.split()) for node, names in served.holding("class") if node in linking] if sheets else []
    ids = [(node, name) for node, name in served.holding("id") if node in linking] if sheets else []
    wanted = {"." + name for _, names in classes for name in names} | {"#" + name for _, name in ids}
    rules: dict[str, str] = {}
    for sheet in sheets:
        if len(rules) < 3000:
            rules.update(hiding_rules(sheet, wanted))
    if not rules:
        return []
    hidden = (
        (node, next((rules["." + name] for name in names if "." + name in rules), None)) for node, names in classes
    )
    found = [(node, how) for node, how in hidden if how is not None]
    found.extend((node, rules["#" + name]) for node, name in ids if "#" + name in rules)
    return found


def is_payload(links: list[Link], all_links: int, text: str, in_article: bool) -> bool:
    """Whether a block is a payload: words linked to foreign sites as no menu and no credit line links them.

    Nearly all of its links are foreign; and the same words go to different sites, or, inside the article, a crowd of
    sites is linked in little text.
    """
    named = [(site, words.casefold()) for site, words, _ in links if words]
    if len(named) < 2 or len(links) * 5 < all_links * 4:
        return False
    where: dict[str, set[str]] = {}
    for site, words in named:
        where.setdefault(words, set()).add(site)
    scattered = sum(1 for found in where.values() if len(found) > 1)
    repeated = len(named) - len(where)
    sites = len({site for site, _ in named})
    if scattered and (sites >= 3 or (scattered >= 2 and (repeated >= 2 or in_article))):
        return True
    deep = sum(1 for _, _, href in links if len(href.split("/", 3)[-1]) > 1 and href.count("/") >= 3)
    crowd = sites >= 3 and deep * 3 >= len(links) * 2 and _mostly_links(links, text)
    return (crowd and (in_article or repeated >= 1)) or (
        in_article and sites >= 2 and repeated >= 1 and _mostly_links(links, text)
    )


def _all_links(node: html.HtmlElement) -> int:
    return sum(1 for link in node.iter("a") if link.get("href"))


def in_article(node: html.HtmlElement, known: dict[html.HtmlElement, list[html.HtmlElement]]) -> bool:
    """Whether an element stands among the paragraphs of a text; `known` remembers these for each parent."""
    parent = node.getparent()
    if parent is None:
        return False
    if parent not in known:
        known[parent] = list(islice(filter(_is_paragraph, parent.iterchildren("p", "div", "section")), 3))
    return sum(1 for near in known[parent] if near is not node) >= 2


def _is_paragraph(node: html.HtmlElement) -> bool:
    if node.tag != "p" and len(node) > 4:
        return False
    words = "".join(node.itertext()).strip()
    return len(words) > 60 or (len(words) > 30 and words[0] > "\u2e80")


def _note(traces: Traces, text: str, how: str, links: list[Link]) -> None:
    if text:
        sites = tuple(sorted({site for site, _, _ in links}))
        traces.hidden.append(HiddenBlock(text[:4000], how, sites, len(links)))


def _small(value: str | None) -> bool:
    return value is not None and _number(value) <= 2 and value[:1].isdigit()


def _number(value: str | None) -> float:
    match = re.match(r"\d{1,6}", value or "")
    return float(match[0]) if match else 0.0
