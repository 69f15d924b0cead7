"""Who wrote it: people, apart from agencies, organisations and job titles.

Order: `find_authors` gathers candidates (JSON-LD, meta, microdata, rel=author, visible byline); `names_in` reads a
byline in the languages news is written in; `is_person` refuses what is no name.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator

from lxml import html

from archive.extract.candidates import Candidate, origin_of
from archive.extract.jsonld import Node, texts, types_of
from archive.model import Author, Origin

_META = {"author": 0.8, "article:author": 0.75, "dc.creator": 0.75, "dcterms.creator": 0.75, "dc.contributor": 0.4, "parsely-author": 0.85,
         "sailthru.author": 0.85, "byl": 0.85, "authors": 0.8, "article.author": 0.8, "cxenseparse:author": 0.8, "citation_author": 0.85,
         "twitter:creator": 0.1, "og:article:author": 0.75, "article:author:name": 0.85, "creator": 0.6, "byline": 0.8, "mediator_author": 0.7,
         "og:author": 0.75, "dc:creator": 0.75, "rbauthors": 0.8, "article_author": 0.8}  # fmt: skip
_BYLINE_START = re.compile(
    r"^\s*(?:(?:written|posted|published|reported|words|story|text|article|report|review|interview|analysis|opinion|photos?)?\s*(?:and\s+\w+\s+)?"
    r"(?:by|von|par|por|di|de|da|door|av|af|od|от|автор|текст|przez|autor|autorin|auteur|autore|author|authors|text|texte|testo|texto|redaktion)"
    r"\b\s*[:：]?|作者|記者|记者|文[/／:：]|撰文|本報記者|本报记者|取材・文|執筆|글|기자)\s*[:：]?\s*",
    re.IGNORECASE,
)
_CJK_NAME = re.compile(
    r"(?:作者|記者|记者|撰文|撰稿|文)\s*[:：/／]?\s*([\u4e00-\u9fff·]{2,4}(?:[\s、,，]+[\u4e00-\u9fff·]{2,4}){0,4})(?=$|[\s/／|）)\]】,，。;；]|報導|报道)"
)
_KOREAN_NAME = re.compile(r"([\uac00-\ud7af]{2,4})\s*(?:기자|특파원|논설위원|선임기자)")
_SPLIT = re.compile(
    r"\s*(?:[;|&•·\n、，；/]|,(?!\s*(?:Jr|Sr|PhD|MD|II|III)\b)|\s(?:and|und|et|y|e|och|og|en|ja|i|und|и|та|ve|with|mit|avec|con)\s)\s*",
)
_NOISE = re.compile(
    r"https?:|www\.|@|\.(?:com|org|net|de|fr)\b|\b(?:staff|editor(?:s|ial)?|team|desk|admin(?:istrator)?|redaktion|redaktionen|redacción|redacao|redação|rédaction|"
    r"redazione|redactie|newsroom|reporters?|correspondents?|associated press|reuters|afp|dpa|bloomberg|press|agency|agentur|agence|"
    r"news|media|magazine|contributors?|guest|online|web|author|published|updated|posted|share|follow|subscribe|read more|min read|minutes?|"
    r"comments?|views|photo|video|more by|see all|all posts|click|profile|view|bio|about|email|twitter|facebook|sponsored|"
    r"january|february|march|april|june|july|august|september|october|november|december|copyright|rights)\b",
    re.IGNORECASE,
)
_TITLE_TAIL = re.compile(
    r"\s*(?:[,(|–—-]\s*(?:[^,]*\b(?:editor|reporter|correspondent|writer|columnist|professor|director|journalist|redakteur(?:in)?|"
    r"korrespondent(?:in)?|journaliste|reporterin|producer|analyst|staff|senior|chief|ceo|founder|contributor|special)\b.*|[A-Z]{2,5}\)?|"
    r"(?:for|für|pour|bbc|cnn|the)\b.*)|\s+(?:is|was|covers)\s.*|\bfor\s+the\s.*|\b(?:in|aus)\s+[A-Z][\w-]+$)$",
    re.IGNORECASE,
)
_LATIN_NAME = re.compile(r"^[^\W\d_][\w.'’\-]*(?:[\s\u00a0]+[^\W\d_(\"“][\w.'’\-\")”]*){1,5}$")
_BYLINE_NAMES = re.compile(
    r"author|byline|by-line|writer|autor|auteur|autore|reporter|journalist|creator|contributor|redacteur|skribent",
    re.IGNORECASE,
)
_NOT_BYLINE = re.compile(
    r"bio|desc|avatar|image|img|photo|social|follow|comment|related|recommend|more|footer|widget|share|list|about|popular|box-text",
    re.IGNORECASE,
)


def find_authors(
    *,
    articles: list[Node],
    nodes: list[Node],
    metas: list[tuple[str, str]],
    body: html.HtmlElement,
    headline_node: html.HtmlElement | None,
    site_names: list[str],
) -> tuple[tuple[Author, ...], Origin | None]:
    """Return (authors, origin). Organisations alone give no authors."""
    names = {name.casefold() for name in site_names if name}
    candidates: list[Candidate[tuple[str, ...]]] = []

    def add(found: list[str], value_from: str, weight: float) -> None:
        people = _unique(name for name in found if is_person(name) and name.casefold() not in names)
        if people:
            candidates.append(Candidate(people, value_from, weight))

    by_id = {str(node["@id"]): node for node in nodes if "@id" in node and "name" in node}
    for rank, node in enumerate(articles[:3]):
        add(_json_ld_people(node.get("author") or node.get("creator"), by_id), "json-ld", 1.0 - 0.15 * rank)
    by_name: dict[str, list[str]] = {}
    for name, content in metas:
        if name in _META:
            by_name.setdefault(name, []).extend(names_in(content))
    for name, values in by_name.items():
        add(values, name, _META[name])
    for values, value_from, weight in _visible(body, headline_node):
        add(values, value_from, weight)
    if not candidates:
        return (), None
    winner = max(candidates, key=lambda c: (_score(c, candidates), -candidates.index(c)))
    return tuple(Author(name) for name in winner.value), origin_of(winner, candidates, winner.weight * 0.95)


def _score(candidate: Candidate[tuple[str, ...]], candidates: list[Candidate[tuple[str, ...]]]) -> float:
    mine = {name.casefold() for name in candidate.value}
    support = {c.value_from for c in candidates if c is not candidate and mine & {n.casefold() for n in c.value}}
    return candidate.weight + 0.12 * min(3, len(support - {candidate.value_from}))


def _json_ld_people(value: object, by_id: dict[str, Node]) -> list[str]:
    if isinstance(value, list):
        return [name for item in value for name in _json_ld_people(item, by_id)]
    if isinstance(value, dict):
        if "name" not in value and str(value.get("@id")) in by_id:
            value = by_id[str(value.get("@id"))]
        if types_of(value) & {"organization", "newsmediaorganization", "corporation"}:
            return []
        return [name for text in texts(value.get("name")) for name in names_in(text)]
    if isinstance(value, str):
        return names_in(value)
    return []


def names_in(text: str) -> list[str]:
    """The names a byline gives, in order: "By A. Writer and B. Other, Chief Editor" → ["A. Writer", "B. Other"]."""
    text = " ".join(entities.unescape(text).replace("\u200b", "").split())
    if not text or len(text) > 300:
        return []
    chinese = _CJK_NAME.findall(text)
    if chinese:
        return [name for found in chinese for name in re.split(r"[\s、,，]+", found) if name]
    korean = _KOREAN_NAME.findall(text)
    if korean:
        return list(korean)
    text = _BYLINE_START.sub("", text)
    found: list[str] = []
    for part in _SPLIT.split(text):
        name = _TITLE_TAIL.sub("", _BYLINE_START.sub("", part.strip(" .:-–—*•\"'"))).strip(" .,:-–—()")
        if name.isupper() and len(name) > 5 and " " in name:
            name = name.title()
        if name:
            found.append(name)
    return found


def is_person(name: str) -> bool:
    """Whether a string can be the name of a person: two to six words, no digits, no organisation words."""
    if re.fullmatch(r"[\u4e00-\u9fff·]{2,6}|[\uac00-\ud7af]{2,5}|[\u3040-\u30ff\u4e00-\u9fff\s　]{2,10}", name):
        return not re.search(r"編輯|编辑|記者|记者|新聞|新闻|通訊|社$|報$|报$|网$|網$|部$|日报|기자|뉴스|編集", name)
    if len(name) > 60 or any(char.isdigit() for char in name):
        return False
    if _NOISE.search(name):
        return False
    return bool(_LATIN_NAME.match(name)) or bool(
        re.fullmatch(r"[\u0600-\u06ff\s]{5,40}|[\u0900-\u097f\s.]{5,40}|[\u0e00-\u0e7f\s]{5,40}", name)
    )


def _unique(names: Iterator[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for name in names:
        seen.setdefault(name.casefold(), name)
    return tuple(list(seen.values())[:30])


def _visible(body: html.HtmlElement, headline_node: html.HtmlElement | None) -> Iterator[tuple[list[str], str, float]]:
    """Bylines a reader sees, the nearer to the headline the better."""
    rel: list[str] = []
    micro: list[str] = []
    marked: list[tuple[list[str], float]] = []
    plain: list[str] = []
    since, after = 0, headline_node is None
    for node in body.iter():
        if node is headline_node:
            after, since = True, 0
        since += 1
        if not isinstance(node.tag, str):
            continue
        near = after and since < 120
        if "author" in (node.get("rel") or "").split():
            rel.extend(names_in(_short(node)))
        if "author" in (node.get("itemprop") or "").lower().split() or (node.get("property") or "").lower() in (
            "author",
            "schema:author",
        ):
            inner = node.xpath(".//*[@itemprop='name']")
            micro.extend(
                names_in(
                    inner[0].get("content") or _short(inner[0]) if len(inner) else node.get("content") or _short(node)
                )
            )
        names = f"{node.get('class') or ''} {node.get('id') or ''} {node.get('data-testid') or ''}"
        if names.strip() and _BYLINE_NAMES.search(names) and not _NOT_BYLINE.search(names):
            text = _short(node)
            if text and len(marked) < 12:
                found = names_in(text)
                if found and all(is_person(name) for name in found):
                    marked.append((found, 0.72 if near else 0.5))
        elif (
            near
            and not plain
            and node.tag in ("p", "span", "div", "a", "address", "small", "em", "i", "b", "strong", "li")
        ):
            text = _short(node)
            if text and len(text) < 120 and _BYLINE_START.match(text):
                found = names_in(text)
                if found and all(is_person(name) for name in found):
                    plain = found
    if micro:
        yield micro, "microdata", 0.8
    if rel:
        yield rel[:6], "rel=author", 0.62
    for found, weight in marked[:4]:
        yield found, "byline", weight
    if plain:
        yield plain, "visible", 0.6


def _short(node: html.HtmlElement) -> str:
    text = " ".join(part.strip() for part in node.itertext() if part.strip())
    return text if len(text) <= 200 else ""
