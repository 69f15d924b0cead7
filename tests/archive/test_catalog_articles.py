from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from archive.catalog import Catalog, articles
from archive.catalog.articles import ArticleQuery
from archive.model import Article, Extraction
from archive.revisions import decide

NOW = datetime(2026, 11, 22, 7, 20, 11, 123456, tzinfo=UTC)
URL = "https://herald.example/politik/haushalt"


def read(text: str, headline: str = "Haushalt", version: str = "1") -> Extraction:
    return Extraction(Article(headline, text=text), (), {}, "utf-8", "http", "pressmark", version, "balanced", "c0")


def keep(
    catalog: Catalog,
    text: str,
    at: datetime = NOW,
    *,
    url: str = URL,
    headline: str = "Haushalt",
    version: str = "1",
    **more: Any,
) -> str:
    extraction = read(text, headline, version)
    with catalog.transaction() as conn:
        name = articles.id_for(conn, url, f"sha1:{text[:8]}")
        latest = articles.latest_revision(conn, url, f"{version} balanced c0")
        decision = decide(
            extraction, latest, at, article_id=name, record_id=f"<urn:uuid:{at:%H%M%S}>", simhash=(1 << 64) - 2
        )
        record = {"url": url, "headline": headline, "text": text, "source": "herald", "language": "de"} | more
        articles.record(conn, decision, record, run="r1")
    return name


def test_a_changed_text_is_a_revision_and_the_same_text_is_none(catalog: Catalog) -> None:
    hour = timedelta(hours=1)
    name = keep(catalog, "Der Bundestag hat beschlossen.")
    assert keep(catalog, "Der Bundestag hat beschlossen.", NOW + hour) == name
    assert keep(catalog, "Der Bundestag hat nicht beschlossen.", NOW + 2 * hour) == name
    one, two = articles.revisions_of(catalog, name)
    assert (one.number, one.first_seen, one.last_seen, one.simhash) == (1, NOW, NOW + hour, (1 << 64) - 2)
    assert (two.number, two.first_seen) == (2, NOW + 2 * hour)
    [row] = articles.list_articles(catalog)
    assert (row.revision, row.first_seen, row.last_seen) == (2, NOW, NOW + 2 * hour)
    found = articles.record_of(catalog, name)
    assert found is not None and found["text"] == "Der Bundestag hat nicht beschlossen."
    assert [r["text"] for r in articles.records(catalog)] == ["Der Bundestag hat nicht beschlossen."]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("国务院发布新闻报道", "新闻"),
        ("国务院发布新闻报道", "闻"),
        ("国务院发布新闻报道", "道"),
        ("国务院发布新闻报道", "新闻报"),
        ("国務院は東京で発表した", "東京"),
        ("서울에서 열린 회의", "서울"),
        ("รัฐบาลไทยประกาศ", "ไทย"),
        ("Ein Café in Zürich", "cafe zurich"),
        ("Ein Cafe in Zurich", "Café"),
        ("Der iPhone15发布会", "发布"),
    ],
)
def test_search_finds_words_of_every_script(catalog: Catalog, text: str, asked: str) -> None:
    name = keep(catalog, text)
    keep(catalog, "Something else 事情 entirely", url="https://herald.example/else")
    assert [row.article_id for row in articles.list_articles(catalog, ArticleQuery(asked))] == [name]
