"""Everything a page says about itself in one pass, with the origin of every field."""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from lxml import html

from archive.addresses import base_of, host_of, joined
from archive.extract.metadata import authors, dates, headline
from archive.extract.metadata.candidates import Candidate, origin_of
from archive.extract.metadata.credits import caption_and_credit
from archive.extract.metadata.index import index_of
from archive.extract.metadata.jsonld import Node, articles_of, first_text, read_json_ld, texts, types_of
from archive.extract.metadata.next_page import find_next_page
from archive.extract.page import Parsed
from archive.extract.pieces import Piece
from archive.model import Author, Image, Moment, Origin, Page


@dataclass(frozen=True, slots=True)
class Metadata:
    """The fields of an Article that do not need its text."""

    headline: str | None
    headline_node: html.HtmlElement | None
    description: str | None
    authors: tuple[Author, ...]
    publisher: str | None
    section: str | None
    keywords: tuple[str, ...]
    published: Moment | None
    modified: Moment | None
    declared_languages: list[tuple[str, str]]
    images: tuple[Image, ...]
    canonical: str | None
    amp: str | None
    free: bool | None
    license: str | None
    next_page: str | None
    updates: tuple[Node, ...]  # JSON-LD liveBlogUpdate, compared with what is visible
    json_ld_types: frozenset[str]
    og_type: str
    declares_article: bool
    ld_body: str  # JSON-LD articleBody, compared with what is visible, never taken on its own word
    origins: dict[str, Origin]


def find_metadata(page: Page, parsed: Parsed, pieces: list[Piece]) -> Metadata:
    """Gather and weigh what the page says. Pure."""
    nodes = read_json_ld(parsed.json_ld)
    articles = articles_of(nodes)
    article: Node = articles[0] if articles else {}
    metas: dict[str, str] = {}
    for name, content in parsed.metas:
        metas.setdefault(name, content)
    base = base_of(page.url, parsed.base_href)
    stated: dict[str, Origin] = {}
    publisher = _picked(
        "publisher",
        [(first_text(article.get("publisher")), "json-ld"), (metas.get("og:site_name"), "og:site_name")],
        stated,
    )
    site_names = _site_names(publisher, metas, nodes, page.url)
    title, node, title_origin = headline.find_headline(
        url=page.url, articles=articles, metas=parsed.metas, title=parsed.title, elements=parsed.elements,
        site_names=site_names,
    )  # fmt: skip
    index = index_of(parsed.elements)
    people, people_origin = authors.find_authors(
        articles=articles,
        nodes=nodes,
        metas=parsed.metas,
        pieces=pieces,
        index=index,
        headline_node=node,
        site_names=site_names,
    )
    published, modified, origins = dates.find_dates(
        articles=articles, nodes=nodes, metas=parsed.metas, pieces=pieces, index=index, headline_node=node, url=page.url,
        day_first=_day_first(parsed, page.url), bound=_bound(page), last_modified=page.http_last_modified,
        claimed=page.claims.published,
    )  # fmt: skip
    origins = {**stated, **origins}
    if title_origin:
        origins["headline"] = title_origin
    if people_origin:
        origins["authors"] = people_origin
    kinds = frozenset(kind for item in nodes for kind in types_of(item))
    og_type = metas.get("og:type", "").lower()
    rels = {rel: href for names, href, _ in reversed(parsed.links) for rel in names.split()}
    return Metadata(
        headline=title, headline_node=node,
        description=_picked("description", [
            (metas.get("og:description"), "og:description"), (metas.get("description"), "meta description"),
            (first_text(article.get("description")), "json-ld"),
        ], origins),
        authors=people, publisher=publisher,
        section=_picked("section", [
            (first_text(article.get("articleSection")), "json-ld"), (metas.get("article:section"), "article:section"),
        ], origins),
        keywords=_keywords(article, metas, parsed.metas, origins),
        published=published, modified=modified, declared_languages=_languages(article, parsed, metas),
        images=_images(article, parsed, base, origins),
        canonical=_picked("canonical_url", [
            (_link(base, rels.get("canonical")), "link canonical"), (_link(base, metas.get("og:url")), "og:url"),
        ], origins),
        amp=_picked("amp_url", [(_link(base, rels.get("amphtml")), "link amphtml")], origins),
        free=_free(article, metas, origins),
        license=_picked("license", [
            (_link(base, rels.get("license")), "link license"), (first_text(article.get("license")), "json-ld"),
            (metas.get("dcterms.license"), "dublin core"),
        ], origins),
        next_page=find_next_page(page.url, base, rels.get("next"), parsed.elements),
        updates=_updates(nodes),
        json_ld_types=kinds, og_type=og_type,
        declares_article=bool(articles) or og_type.startswith("article") or og_type.endswith(":article"),
        ld_body=max((first_text(item.get("articleBody")) or "" for item in articles[:3]), key=len, default=""),
        origins=origins,
    )  # fmt: skip


def site_names_of(page: Page, parsed: Parsed) -> tuple[list[Node], list[str]]:
    """The articles that JSON-LD describes, and what the site is called, as `find_metadata` sees them."""
    nodes = read_json_ld(parsed.json_ld)
    articles = articles_of(nodes)
    metas = dict(reversed(parsed.metas))
    publisher = first_text(articles[0].get("publisher")) if articles else None
    return articles, _site_names(publisher or metas.get("og:site_name"), metas, nodes, page.url)


def _bound(page: Page) -> datetime | None:
    return page.seen_at


def _site_names(publisher: str | None, metas: dict[str, str], nodes: list[Node], url: str) -> list[str]:
    names = [publisher or "", metas.get("og:site_name", ""), metas.get("application-name", ""), metas.get("twitter:site", "").lstrip("@"),
             metas.get("al:ios:app_name", ""), metas.get("apple-mobile-web-app-title", "")]  # fmt: skip
    for node in nodes[:100]:
        if types_of(node) & {"website", "newsmediaorganization", "organization"}:
            names.extend(texts(node.get("name"))[:1])
    host = host_of(url).removeprefix("www.")
    if host:
        labels = host.split(".")
        names.extend((host, *(label for label in labels[:-1] if len(label) > 3 or label == labels[0])))
    return [name for name in names if name]


def _day_first(parsed: Parsed, url: str) -> bool:
    lang = (parsed.html_lang or "").lower().replace("_", "-")
    host = host_of(url)
    if lang.startswith("en-") and lang != "en-us":
        return True
    if lang.startswith("en") or not lang:
        return bool(host) and host.rsplit(".", 1)[-1] in (
            "uk",
            "au",
            "nz",
            "in",
            "ie",
            "za",
            "de",
            "fr",
            "it",
            "es",
            "nl",
        )
    return True


def _languages(article: Node, parsed: Parsed, metas: dict[str, str]) -> list[tuple[str, str]]:
    found = [(parsed.html_lang or "", "html@lang"), (first_text(article.get("inLanguage")) or "", "json-ld"),
             (metas.get("og:locale", ""), "og:locale"), (metas.get("content-language", ""), "content-language"),
             (metas.get("dc.language", ""), "dc.language")]  # fmt: skip
    return [entry for entry in found if entry[0]]


def _picked(name: str, places: list[tuple[str | None, str]], origins: dict[str, Origin]) -> str | None:
    """The value of the first place that gives one; where it came from is noted, and what the others say instead."""
    given = [Candidate(value, place, 0.8) for value, place in places if value]
    if not given:
        return None
    agreeing = sum(one.value == given[0].value for one in given) - 1
    origins[name] = origin_of(given[0], given, 0.8 + 0.1 * agreeing - 0.1 * (len(given) - 1 - agreeing))
    return given[0].value


def _keywords(
    article: Node, metas: dict[str, str], all_metas: list[tuple[str, str]], origins: dict[str, Origin]
) -> tuple[str, ...]:
    tags = [value for name, value in all_metas if name == "article:tag"]
    listed = texts(metas.get("news_keywords") or metas.get("keywords") or "")
    places = ((texts(article.get("keywords")), "json-ld"), (tags, "article:tag"), (listed, "meta keywords"))
    found, place = next(((values, place) for values, place in places if values), ([], ""))
    if found:
        losers = tuple((", ".join(values), other) for values, other in places if values and values != found)
        origins["keywords"] = Origin(place, 0.8, losers)
    if len(found) == 1:
        found = [part.strip() for part in found[0].replace("，", ",").replace(";", ",").split(",")]
    return tuple(dict.fromkeys(word for word in found if word))[:50]


_TIERS = {"true": True, "false": False, "free": True, "locked": False, "paid": False, "premium": False}


def _free(article: Node, metas: dict[str, str], origins: dict[str, Origin]) -> bool | None:
    said = str(article.get("isAccessibleForFree", "")).lower().rsplit("/", 1)[-1]
    for value, place in ((said, "json-ld"), (metas.get("article:content_tier", "").lower(), "article:content_tier")):
        if value in _TIERS:
            origins["is_accessible_for_free"] = Origin(place, 0.8)
            return _TIERS[value]
    return None


def _updates(nodes: list[Node]) -> tuple[Node, ...]:
    """The entries of the live blogs of a page."""
    said = [node.get("liveBlogUpdate") for node in nodes if "liveblogposting" in types_of(node)]
    lists = [value if isinstance(value, list) else [value] for value in said]
    return tuple(entry for entries in lists for entry in entries if isinstance(entry, dict))


def _link(base: str, href: str | None) -> str | None:
    return (joined(base, href) or None) if href else None


def _source(image: html.HtmlElement) -> str | None:
    """Where a picture is; what stands in for one that a script loads later is none."""
    src = image.get("src") or ""
    later = image.get("data-src") or image.get("data-original") or image.get("data-lazy-src")
    return later if later and (not src or src.startswith("data:") or "placeholder" in src) else src or None


_MOST_IMAGES = 50


def _images(article: Node, parsed: Parsed, base: str, origins: dict[str, Origin]) -> tuple[Image, ...]:
    """Every picture once, in the order of the places that name it; a caption on the page goes before one in JSON-LD."""
    found: dict[str, Image] = {}
    places: list[str] = []
    for place, given in (
        ("json-ld", _described_images(article, base)),
        ("og:image", _og_images(parsed, base)),
        ("figure", _figures(parsed, base)),
    ):
        for image in islice(given, _MOST_IMAGES):
            said = found.get(image.url, image)
            found[image.url] = Image(image.url, image.caption or said.caption, image.credit or said.credit)
            places.append(place)
    if places:
        origins["images"] = Origin(", ".join(dict.fromkeys(places)), 0.8)
    return tuple(found.values())[:_MOST_IMAGES]


def _described_images(article: Node, base: str) -> Iterator[Image]:
    value = article.get("image")
    for item in value if isinstance(value, list) else [value]:
        said = item if isinstance(item, dict) else {"url": item} if isinstance(item, str) else {}
        url = _link(base, str(said.get("url") or said.get("contentUrl") or ""))
        if url:
            yield Image(url, first_text(said.get("caption")), first_text(said.get("creditText") or said.get("author")))


def _og_images(parsed: Parsed, base: str) -> Iterator[Image]:
    for name, content in parsed.metas:
        if name in ("og:image", "og:image:url", "og:image:secure_url") and (url := _link(base, content)):
            yield Image(url)


def _figures(parsed: Parsed, base: str) -> Iterator[Image]:
    for figure in parsed.elements.named("figure"):
        image = figure.find(".//img")
        url = _link(base, _source(image)) if image is not None else None
        if url:
            under = figure.find(".//figcaption")
            yield Image(url, *(caption_and_credit(under) if under is not None else (None, None)))
