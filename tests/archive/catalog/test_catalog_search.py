"""Full-text search: how words are cut, how queries are read, and that both databases find the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from archive.catalog import Catalog, articles, revisions
from archive.catalog.articles import ArticleQuery
from archive.catalog.search import Query, Term, read_query, segment
from archive.model import Revision
from archive.revisions.decide import New

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Der Pegel der Elbe", "der pegel der elbe"),
        ("新闻报道", "新闻 闻报 报道 道"),
        ("新闻，报道", "新闻 闻 报道 道"),
        ("ＡＢＣ ｶﾀｶﾅ", "abc カタ タカ カナ ナ"),
        ("がか", "がか か"),
        ("Straße ŁÓDŹ Ærø", "strasse lodz aero"),
        ("İstanbul ΆΘΗΝΑ Ёлка", "istanbul αθηνα елка"),
        ("الْعَرَبِيَّة שָׁלוֹם", "العربية שלום"),
        ("हिन्दी समाचार", "हिन्दी समाचार"),
        ("iPhone15发布", "iphone15 发布 布"),
        ("don't re-use 3.14 €5", "don t re use 3 14 5"),
        ("", ""),
        ("…—\x00", ""),
    ],
)
def test_text_is_cut_into_words(text: str, words: str) -> None:
    assert segment(text) == words


@pytest.mark.parametrize(
    ("asked", "wanted", "unwanted"),
    [
        ("Haushalt 2027", [Term(("haushalt",)), Term(("2027",))], []),
        ('"der Elbe" -Pegel', [Term(("der", "elbe"))], [Term(("pegel",))]),
        ("“der Elbe”", [Term(("der", "elbe"))], []),
        ('-"der Elbe', [], [Term(("der", "elbe"))]),
        ("Haus*", [Term(("haus",), True)], []),
        ("新", [Term(("新",), True)], []),
        ("新闻", [Term(("新闻",))], []),
        ("新闻报", [Term(("新闻", "闻报"))], []),
        ("abc新", [Term(("abc", "新"), True)], []),
        ("re-use", [Term(("re", "use"))], []),
        ('" - * AND ( ) "" NEAR:', [Term(("and",)), Term(("near",))], []),
        ("", [], []),
    ],
)
def test_queries_are_read_as_people_write_them(asked: str, wanted: list[Term], unwanted: list[Term]) -> None:
    assert read_query(asked) == Query(tuple(wanted), tuple(unwanted))


def keep(catalog: Catalog, name: str, text: str, **more: Any) -> None:
    revision = Revision(name, 1, "0", 0, "x", "<urn:uuid:1>", NOW, NOW)
    with catalog.transaction() as conn:
        revisions.record(conn, New(revision), {"url": f"https://a.example/{name}", "text": text} | more)


def find(catalog: Catalog, asked: str) -> set[str]:
    return {row.article_id for row in articles.list_articles(catalog, ArticleQuery(asked))}


def test_words_phrases_and_unwanted_words(catalog: Catalog) -> None:
    keep(catalog, "a_1", "Der Pegel der Elbe sinkt", headline="Fluss", authors=[{"name": "Jörg Weiß", "url": None}])
    keep(catalog, "a_2", "Die Elbe: der Pegel steigt")
    keep(catalog, "a_3", "北京新闻，中心发布")
    keep(catalog, "a_4", "新闻中心")
    assert find(catalog, "pegel elbe") == {"a_1", "a_2"}
    assert find(catalog, '"der elbe"') == {"a_1"}
    assert find(catalog, "elbe -steigt") == {"a_1"}
    assert find(catalog, "-elbe") == {"a_3", "a_4"}
    assert find(catalog, "jorg weiss fluss") == {"a_1"}
    assert find(catalog, "sin*") == {"a_1"} and find(catalog, "sin") == set()
    assert find(catalog, "闻中") == {"a_4"} and find(catalog, "中心") == {"a_3", "a_4"}
    assert find(catalog, "...") == {"a_1", "a_2", "a_3", "a_4"}


def test_a_new_text_replaces_the_old_in_the_index(catalog: Catalog) -> None:
    keep(catalog, "a_1", "Der Pegel sinkt")
    keep(catalog, "a_1", "Der Pegel steigt")
    assert find(catalog, "sinkt") == set() and find(catalog, "steigt") == {"a_1"}


def test_very_long_texts_are_found_to_the_end(catalog: Catalog) -> None:
    keep(catalog, "a_1", " ".join(f"wort{n}" for n in range(60_000)) + " ende " + "x" * 5000)
    assert find(catalog, "wort0") == {"a_1"} == find(catalog, '"wort7 wort8"')
    assert find(catalog, "wort16500") == {"a_1"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("a' \" \\ : & | ! ( ) * <-> 'b NEAR(a b) {x} ^y col:z")
@example('"" - -"" "- *')
@given(st.text(max_size=30))
def test_nothing_typed_is_an_error_and_a_text_is_found_by_itself(catalog: Catalog, asked: str) -> None:
    find(catalog, asked)
    if segment(asked):
        keep(catalog, "a_9", f"vor {asked} nach")
        assert find(catalog, '"' + asked.replace('"', " ").replace("*", " ") + '"') >= {"a_9"}


def test_words_of_many_articles_are_counted_and_listed_as_if_each_were_looked_at(catalog: Catalog) -> None:
    said: dict[str, tuple[datetime, str, set[str]]] = {}
    for n in range(450):  # more than are looked at one by one
        at = NOW - timedelta(hours=n * 7 % 450 // 2)  # in another order than they came, and two at a time
        has = {"all": True, "old": at < NOW - timedelta(hours=215), "odd": n % 3, "rare": n % 14 == 0}
        words = {word for word, is_there in has.items() if is_there}
        name, source = f"a_{n:03}", f"s{n % 4}"
        keep(catalog, name, " ".join(sorted(words)), source=source, date_published=at.isoformat())
        said[name] = (at, source, words)

    def expected(wanted: str, unwanted: str, source: str | None) -> list[str]:
        fitting = [
            (-at.timestamp(), name)
            for name, (at, of, words) in said.items()
            if (not wanted or any(fnmatch(word, wanted) for word in words))
            and unwanted not in words
            and source in (None, of)
        ]
        return [name for _, name in sorted(fitting)]

    for wanted, unwanted, whose in product(
        ("all", "old", "odd", "rare", "al*", "o*", ""), ("", "odd", "old"), (None, "s1", "s9")
    ):
        asked = f"{wanted} {unwanted and '-' + unwanted}".strip()
        query = ArticleQuery(asked, source=whose, limit=20)
        whole = expected(wanted, unwanted, whose)
        assert articles.count(catalog, query) == len(whole), asked
        for offset in (0, 15):
            found = articles.list_articles(catalog, replace(query, offset=offset))
            assert [row.article_id for row in found] == whole[offset : offset + 20], asked
        assert len(articles.list_articles(catalog, replace(query, limit=None))) == len(whole)
