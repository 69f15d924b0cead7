"""Whose story a cluster is: by credit, by canonical address, or by who had it first."""

from __future__ import annotations

import random
from itertools import permutations
from typing import Any

import pytest

from archive.revisions.syndication import credit, probable_origin


def record(name: str, host: str, text: str = "Die Elbe steigt.", **more: Any) -> dict[str, Any]:
    return {
        "id": name, "url": f"https://{host}/a", "host": host, "text": text, "authors": [], "republished_from": None,
        "canonical_url": None, "publisher": None, "first_seen": "2026-11-22T08:00:00Z", "date_published": None,
        "date_published_precision": None,
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("BERLIN (dpa) – Die Elbe steigt.", "dpa"),
        ("Berlin (dpa/tmn) - Die Elbe steigt.", "dpa"),
        ("(Reuters) - The river rises.", "Reuters"),
        ("PARIS, Nov 22 (AFP) — La Seine monte.", "AFP"),
        ("Madrid, 22 nov (EFE).- El río sube.", "EFE"),
        ("新华社北京11月22日电 记者获悉", "Xinhua"),
        ("据新华社报道", "Xinhua"),
        ("【時事】東京都は", "Jiji"),
        ("東京（共同）政府は", "Kyodo"),
        ("(서울=연합뉴스) 김기자 기자", "Yonhap"),
        ("Members of Alcoholics Anonymous (AA) met on Sunday.", None),
        ("The airport (SPA) is closed. BERLIN (dpa) – no", None),
        ("Die Elbe steigt. Das meldet (dpa) - spät", None),
        ("", None),
    ],
)
def test_datelines_credit_agencies_and_sentences_do_not(text: str, agency: str | None) -> None:
    assert credit(record("a_1", "x.example", text)) == agency


@pytest.mark.parametrize(
    ("more", "agency"),
    [
        ({"authors": [{"name": "dpa"}]}, "dpa"),
        ({"authors": [{"name": "Anna Berg"}, {"name": "Reuters / AP"}]}, "Reuters"),
        ({"authors": [{"name": "Associated Press"}]}, "AP"),
        ({"authors": [{"name": "Ap Smith"}]}, None),
        ({"republished_from": "新华网"}, "新华网"),
        ({"republished_from": "新华社"}, "Xinhua"),
    ],
)
def test_authors_and_stated_sources_are_credits(more: dict[str, Any], agency: str | None) -> None:
    assert credit(record("a_1", "x.example", **more)) == agency


def test_the_agency_most_credit_is_the_origin_and_its_own_page_the_article() -> None:
    copies = [record("a_1", "herald.example", authors=[{"name": "AFP"}]), record("a_2", "times.example")]
    found = probable_origin(copies)
    assert (found.name, found.article_id, found.witness) == ("AFP", None, "credit")
    assert found.evidence == "1 of 2 articles credit AFP"
    own = record("a_3", "www.afp.example", publisher="AFP")
    assert probable_origin([*copies, own]).article_id == "a_3"


def test_a_canonical_address_elsewhere_is_the_origin() -> None:
    own = record("a_2", "times.example", canonical_url="https://times.example/a", first_seen="2026-11-22T09:00:00Z")
    copy = record("a_1", "herald.example", canonical_url="https://times.example/a")
    found = probable_origin([copy, own])
    assert (found.name, found.article_id, found.witness) == ("times.example", "a_2", "canonical")


def test_else_who_had_it_first_whatever_the_order() -> None:
    early = {"date_published": "2026-11-22T06:00:00Z", "date_published_precision": "minute"}
    by_day = {"date_published": "2026-11-22T00:00:00Z", "date_published_precision": "day"}
    copies = [record("a_1", "a.example"), record("a_2", "b.example", **early), record("a_3", "c.example", **by_day)]
    found = {probable_origin(list(order)) for order in permutations(copies)}
    [origin] = found
    assert (origin.article_id, origin.witness) == ("a_2", "first")
    random.shuffle(copies)
    with pytest.raises(ValueError, match="without articles"):
        probable_origin([])
