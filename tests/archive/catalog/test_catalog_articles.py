from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from archive.catalog import Catalog, articles, revisions
from archive.catalog.articles import ArticleQuery
from archive.model import Article, Extraction
from archive.revisions.decide import Changed, decide
from archive.times import rfc3339

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
        name = revisions.id_for(conn, url, f"sha1:{hash(text)}")
        latest = revisions.latest_revision(conn, url, f"{version} balanced c0")
        decision = decide(
            extraction, latest, at, article_id=name, record_id=f"<urn:uuid:{at:%H%M%S}>", simhash=(1 << 64) - 2
        )
        record = {"url": url, "headline": headline, "text": text, "source": "herald", "language": "de"} | more
        revisions.record(conn, decision, record, run="r1")
    return name


def test_a_changed_text_is_a_revision_and_the_same_text_is_none(catalog: Catalog) -> None:
    hour = timedelta(hours=1)
    name = keep(catalog, "Der Bundestag hat beschlossen.")
    assert keep(catalog, "Der Bundestag hat beschlossen.", NOW + hour) == name
    assert keep(catalog, "Der Bundestag hat nicht beschlossen.", NOW + 2 * hour) == name
    one, two = revisions.revisions_of(catalog, name)
    assert (one.number, one.first_seen, one.last_seen, one.simhash) == (1, NOW, NOW + hour, (1 << 64) - 2)
    assert (two.number, two.first_seen) == (2, NOW + 2 * hour)
    [row] = articles.list_articles(catalog)
    assert (row.revision, row.first_seen, row.last_seen) == (2, NOW, NOW + 2 * hour)
    found = revisions.record_of(catalog, name)
    assert found is not None and found["text"] == "Der Bundestag hat nicht beschlossen."
    assert [r["text"] for r in articles.records(catalog)] == ["Der Bundestag hat nicht beschlossen."]


def test_a_record_tells_when_its_text_was_last_seen_and_how_many_there_are_as_of_now(catalog: Catalog) -> None:
    hour = timedelta(hours=1)
    name = keep(catalog, "eins", last_seen="as it was written", revision_count=1)
    keep(catalog, "eins", NOW + hour)
    keep(catalog, "zwei", NOW + 2 * hour, version="2", last_seen="as it was written", revision_count=1)
    keep(catalog, "drei", NOW + 3 * hour, version="2", last_seen="as it was written", revision_count=2)
    first = revisions.record_of(catalog, name, number=1, extractor="1 balanced c0") or {}
    assert (first["first_seen"], first["last_seen"]) == (rfc3339(NOW), rfc3339(NOW + hour))
    assert first["revision_count"] == 1, "the other extractor's are a history of their own"
    told = articles.records(catalog, all_revisions=True)
    assert [(one["text"], one["last_seen"], one["revision_count"]) for one in told] == [
        ("zwei", rfc3339(NOW + 2 * hour), 2), ("drei", rfc3339(NOW + 3 * hour), 2),
    ]  # fmt: skip


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


def test_a_reading_by_another_extractor_is_no_edit_and_is_shown(catalog: Catalog) -> None:
    hour = timedelta(hours=1)
    name = keep(catalog, "eins")
    keep(catalog, "zwei", NOW + hour)
    assert keep(catalog, "eins, besser gelesen", NOW, version="2") == name
    row = articles.get(catalog, name)
    assert row is not None and (row.extractor, row.revision) == ("1 balanced c0", 2)  # of an older page: not shown
    keep(catalog, "zwei, besser gelesen", NOW + hour, version="2")
    row = articles.get(catalog, name)
    assert row is not None and (row.extractor, row.revision, row.first_seen) == ("2 balanced c0", 2, NOW)
    assert [(one.extractor[0], one.number) for one in revisions.revisions_of(catalog, name)] == [
        ("1", 1), ("1", 2), ("2", 1), ("2", 2),
    ]  # fmt: skip
    assert revisions.record_of(catalog, name, number=1)["text"] == "eins, besser gelesen"  # type: ignore[index]
    old = revisions.record_of(catalog, name, extractor="1 balanced c0")
    assert old is not None and old["text"] == "zwei"
    latest = revisions.latest_revision(catalog, URL)
    assert latest is not None and (latest.extractor[0], latest.number) == ("2", 2)
    assert [one["text"] for one in articles.records(catalog, all_revisions=True)] == [
        "eins, besser gelesen", "zwei, besser gelesen",
    ]  # fmt: skip


def test_recording_again_changes_nothing(catalog: Catalog) -> None:
    keep(catalog, "eins")
    name = keep(catalog, "zwei", NOW + timedelta(hours=1))

    def all_of_it() -> object:
        return articles.list_articles(catalog), revisions.revisions_of(catalog, name), list(articles.records(catalog))

    before = all_of_it()
    latest = revisions.latest_revision(catalog, URL)
    assert latest is not None
    with catalog.transaction() as conn:
        record = {"url": URL, "headline": "Haushalt", "text": "zwei", "source": "herald", "language": "de"}
        revisions.record(conn, Changed(latest, latest), record, run="r1")
    assert all_of_it() == before


def test_lists_are_filtered_and_the_newest_first(catalog: Catalog) -> None:
    def at(hour: int) -> str:
        return f"2026-11-20T{hour:02}:00:00+01:00"

    one = keep(catalog, "a", url="https://a.example/1", date_published=at(8), section="Politik")
    two = keep(catalog, "b", url="https://a.example/2", date_published=at(9), language="zh")
    three = keep(catalog, "c", url="https://a.example/3", date_published=at(7), source="times")

    def ids(**asked: Any) -> list[str]:
        return [row.article_id for row in articles.list_articles(catalog, ArticleQuery(**asked))]

    assert ids() == [two, one, three] == ids(run="r1")
    assert (ids(source="times"), ids(language="zh"), ids(section="Politik"), ids(run="r9")) == (
        [three],
        [two],
        [one],
        [],
    )
    since = datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert ids(since=since) == [two, one] and ids(until=since) == [three]
    assert ids(limit=1, offset=1) == [one]
    assert articles.count(catalog, ArticleQuery(limit=1)) == 3
    row = articles.get(catalog, one)
    assert row is not None and row.date_published == since and row == articles.by_url(catalog, "https://A.example/1/")


def test_sections_and_authors_are_found_in_whatever_case(catalog: Catalog) -> None:
    def by(*names: str) -> list[dict[str, str]]:
        return [{"name": name} for name in names]

    one = keep(catalog, "a", url="https://a.example/1", section="Élections", authors=by("Zoë Łuk", "Ines Tarrow"))
    two = keep(catalog, "b", url="https://a.example/2", section="ÉLECTIONS", authors=by("Tobias Zoë", "Luk Berg"))
    keep(catalog, "c", url="https://a.example/3", section="Élections locales", authors=by("水無瀬 薫"))

    def ids(**asked: Any) -> set[str]:
        found = articles.list_articles(catalog, ArticleQuery(**asked))
        assert len(found) == articles.count(catalog, ArticleQuery(**asked))
        return {row.article_id for row in found}

    assert ids(section="elections") == ids(section=" élections ") == {one, two}
    assert ids(author="TARROW") == {one} and ids(author="zoe") == {one, two} and len(ids(author="水無瀬")) == 1
    assert ids(author="Zoe Luk") == {one}, "not the end of one name and the beginning of the next"
    assert ids(section="election") == ids(author="tar") == ids(author="?") == set()


def test_someone_who_mistypes_is_shown_what_is_near(catalog: Catalog) -> None:
    name = keep(catalog, "a", headline="Bundestag beschließt Haushalt 2027")
    keep(catalog, "b", url="https://herald.example/politik/wahl", headline="Pegel der Elbe sinkt")

    def near(asked: str) -> list[str]:
        return [row.article_id for row in articles.closest(catalog, asked)]

    assert near(name[:-2] + "zz")[0] == name
    assert near("Bundestag beschliesst Haushalt 2027")[0] == name
    assert near("https://herald.example/politik/haushal")[0] == name
    assert near("%%%") == [] == near("") == near("http://")


def test_a_record_keeps_every_character_and_number(catalog: Catalog) -> None:
    name = keep(catalog, "NUL \x00 \ud83d 新闻", headline="\x00", z={"b": 1.5, "a": [None, True, 10**20]})
    found = revisions.record_of(catalog, name)
    assert found is not None and found["text"] == "NUL \x00 \ud83d 新闻" and list(found["z"]) == ["b", "a"]
    assert found["z"]["a"] == [None, True, 10**20]
    assert revisions.record_of(catalog, "a_none") is None


def test_half_a_million_characters_of_records_come_in_pieces(catalog: Catalog) -> None:
    for number in range(30):
        keep(catalog, "x" * 20_000 + str(number), url=f"https://a.example/{number}")
    assert sum(1 for _ in articles.records(catalog)) == 30
