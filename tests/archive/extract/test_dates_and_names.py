"""Dates and bylines as the world writes them."""

from __future__ import annotations

import pytest

from archive.extract.authors import is_person, names_in
from archive.extract.dates import read_moment


@pytest.mark.parametrize(
    ("written", "iso", "precision", "zone"),
    [
        ("2024-03-05T18:30:00+01:00", "2024-03-05T18:30:00+01:00", "second", "stated"),
        ("2024-03-05T18:30:00.123Z", "2024-03-05T18:30:00+00:00", "second", "stated"),
        ("2024-03-05 18:30", "2024-03-05T18:30:00+00:00", "minute", "assumed"),
        ("2024-03-05", "2024-03-05T00:00:00+00:00", "day", "assumed"),
        ("March 5, 2024 at 6:30 p.m. EST", "2024-03-05T18:30:00-05:00", "minute", "stated"),
        ("5. März 2024, 18:30 Uhr", "2024-03-05T18:30:00+00:00", "minute", "assumed"),
        ("5 mars 2024 à 18h30", "2024-03-05T18:30:00+00:00", "minute", "assumed"),
        ("5 de marzo de 2024", "2024-03-05T00:00:00+00:00", "day", "assumed"),
        ("5 марта 2024, 18:30", "2024-03-05T18:30:00+00:00", "minute", "assumed"),
        ("2024年3月5日 下午6:30", "2024-03-05T18:30:00+00:00", "minute", "assumed"),
        ("2024년 3월 5일 18:30", "2024-03-05T18:30:00+00:00", "minute", "assumed"),
        ("05.03.2024", "2024-03-05T00:00:00+00:00", "day", "assumed"),
        ("20240305183000", "2024-03-05T18:30:00+00:00", "second", "assumed"),
        ("1709659800", "2024-03-05T17:30:00+00:00", "second", "stated"),
    ],
)
def test_a_date_keeps_its_time_and_zone(written: str, iso: str, precision: str, zone: str) -> None:
    moment = read_moment(written)
    assert moment is not None
    assert (moment.at.isoformat(), moment.precision, moment.zone_from) == (iso, precision, zone)


@pytest.mark.parametrize("written", ["", "tomorrow", "2024-13-45", "99/99/2024", "Chapter 5"])
def test_what_is_no_date_is_none(written: str) -> None:
    assert read_moment(written) is None


def test_slashes_follow_the_page() -> None:
    american, british = read_moment("03/05/2024", day_first=False), read_moment("03/05/2024", day_first=True)
    assert american is not None
    assert british is not None
    assert (american.at.month, british.at.month) == (3, 5)


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Ada Sample and Ben Muster", ["Ada Sample", "Ben Muster"]),
        ("Von Anna Muster", ["Anna Muster"]),
        ("Par Anne Modèle et Jean Exemple", ["Anne Modèle", "Jean Exemple"]),
        ("Por Ana Ejemplo", ["Ana Ejemplo"]),
        ("ADA SAMPLE, SENIOR REPORTER", ["Ada Sample"]),
        ("作者：王小明", ["王小明"]),
        ("记者 王小明 李小红 报道", ["王小明", "李小红"]),
        ("김철수 기자", ["김철수"]),
        ("https://daily.example/author/ada", []),
    ],
)
def test_a_byline_gives_its_names(byline: str, names: list[str]) -> None:
    assert [name for name in names_in(byline) if is_person(name)] == names


@pytest.mark.parametrize("name", ["Editorial Team", "Reuters", "5 March 2024", "Read more", "admin", "示例日报"])
def test_an_organisation_or_a_phrase_is_no_person(name: str) -> None:
    assert not is_person(name)
