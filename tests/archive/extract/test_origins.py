"""Every field of an article says where its value came from, and what the page says instead elsewhere."""

from __future__ import annotations

import json

from archive.extract import extract
from archive.model import Extraction, Image, Origin, Page

LD = {
    "@type": "NewsArticle",
    "headline": "Old harbour crane to come down",
    "author": {"@type": "Person", "name": "Ada Quill"},
    "publisher": {"@type": "Organization", "name": "The Daily Example"},
    "datePublished": "2026-05-10T17:05:00+01:00",
    "dateModified": "2026-05-11T08:00:00+01:00",
    "articleSection": "Town",
    "keywords": ["harbour", "cranes"],
    "isAccessibleForFree": True,
    "image": ["/crane.jpg", {"url": "/quay.jpg", "caption": "The quay", "creditText": "A. Lens"}],
}
STORY = "".join(
    f"<p>{text}</p>"
    for text in (
        "The harbour board said on Monday that the old crane will be taken down before winter, because the steel has rusted.",
        "Engineers measured the damage in August and found that a storm could bring the arm down on the quay (AP).",
        "The work is to begin in the first week of October and should take twelve days, the board said after its meeting.",
    )
)
PAGE = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Crane to go - The Daily Example</title>
<meta property="og:description" content="The steel has rusted through."><meta property="article:section" content="News">
<meta property="og:image" content="https://daily.example/share.jpg">
<link rel="canonical" href="/town/crane"><link rel="amphtml" href="/amp/crane"><link rel="license" href="/licence">
<script type="application/ld+json">{json.dumps(LD)}</script></head><body>
<article><h1>Old harbour crane to come down</h1>{STORY}
<figure><img src="/quay.jpg"><figcaption>The quay on Monday</figcaption></figure>
<figure><img src="/board.jpg"><figcaption>The board</figcaption></figure>
<p>Source: Reuters</p></article></body></html>"""


def read() -> Extraction:
    return extract(Page("https://daily.example/town/crane?from=home", PAGE.encode()))


def test_every_field_says_where_it_came_from() -> None:
    origins = read().origins
    assert {name: origin.value_from for name, origin in origins.items() if name not in ("headline", "page_type")} == {
        "description": "og:description", "authors": "json-ld", "publisher": "json-ld", "section": "json-ld",
        "keywords": "json-ld", "date_published": "json-ld", "date_modified": "json-ld", "language": "text",
        "images": "json-ld, og:image, figure", "canonical_url": "link canonical", "amp_url": "link amphtml",
        "license": "link license", "is_accessible_for_free": "json-ld", "republished_from": "credit-line",
    }  # fmt: skip
    assert {"headline", "page_type"} < origins.keys()
    assert all(0 < origin.confidence <= 1 for origin in origins.values())


def test_what_lost_is_kept_with_its_place() -> None:
    section: Origin = read().origins["section"]
    assert section.losers == (("News", "article:section"),)


def test_pictures_of_all_places_are_listed_once_and_shown_captions_win() -> None:
    at = "https://daily.example"
    assert read().article.images == (
        Image(f"{at}/crane.jpg"), Image(f"{at}/quay.jpg", "The quay on Monday", "A. Lens"), Image(f"{at}/share.jpg"),
        Image(f"{at}/board.jpg", "The board"),
    )  # fmt: skip
