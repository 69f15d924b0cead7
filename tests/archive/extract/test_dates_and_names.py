"""Dates and bylines as the world writes them."""

from __future__ import annotations

from datetime import datetime

import pytest

from archive.extract import extract
from archive.extract.metadata import dates
from archive.extract.metadata.bylines import is_name, is_person, names_in
from archive.extract.metadata.moments import read_moment
from archive.model import Moment, Page


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
        ("By Ada Sample December 2, 2025", ["Ada Sample"]),
        ("Ada Sample on Tuesday", ["Ada Sample"]),
        ("ByAda Sample", ["Ada Sample"]),
        ("Ein Artikel von Anna Muster | 27.01.2022 - 12:45", ["Anna Muster"]),
        ("Interview: Anna Muster", ["Anna Muster"]),
        ("Text und Interview: Anna Muster", ["Anna Muster"]),
        ("Anna Muster Illustration von Bert Beispiel", ["Anna Muster"]),
        ("Ada Sample, Head of Gardens, Plant Expert & Garden Educator", ["Ada Sample"]),
        ("Ada Sample - https://ada.example/", ["Ada Sample"]),
        ("ada@daily.example", []),
        ("ada.sample", ["Ada Sample"]),
        ("daily.info", []),
    ],
)
def test_a_byline_gives_its_names(byline: str, names: list[str]) -> None:
    assert [name for name in names_in(byline) if is_person(name)] == names


@pytest.mark.parametrize(
    "name", ["Editorial Team", "Reuters", "5 March 2024", "Read more", "Privacy Policy", "admin", "示例日报"]
)
def test_an_organisation_or_a_phrase_is_no_person(name: str) -> None:
    assert not is_person(name)


@pytest.mark.parametrize("name", ["20 Dec", "Sat", "NOC Admin", "wordpressadmin", "No Author", "Jobs"])
def test_labels_dates_and_accounts_of_the_system_are_no_name(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize("name", ["Redaktion", "ORF.at", "98 Buck Social", "The Local"])
def test_a_newsroom_or_a_site_can_be_one(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "body",
    [
        "<div class=meta><div>By</div><div>Ada Sample</div><div>3 min</div></div>{}",  # the label is an element of its own
        "<p>Fernmouth | By Ada Sample | 5 March 2024</p>{}",
        "{}<div class=box><p>Written by Ada Sample</p></div>",  # under the story
        "<p class=author>Ada Sample</p><p class=author>and make an impact</p>{}",  # words of a sentence name nobody
        "<p class=author><a href=/x>Bluesky</a></p><p class=author>Ada Sample</p>{}",  # nor does a place to follow her
    ],
)
def test_a_byline_is_found_however_it_is_set(body: str) -> None:
    story = "".join(
        f"<p>Paragraph {n} of the report was read aloud, and the council listened to all of it.</p>" for n in range(40)
    )
    page = f"<html lang=en><body><h1>Ferry runs until midnight</h1>{body.format(story)}</body></html>"
    article = extract(Page(url="https://daily.example/story", body=page.encode())).article
    assert [author.name for author in article.authors] == ["Ada Sample"]


def test_a_newsroom_is_the_author_where_the_page_names_nobody_else() -> None:
    page = (
        "<html lang=de><body><h1>Fähre bis Mitternacht</h1><p class=author>Redaktion</p><p>"
        + "Der Rat tagte lange. " * 30
    )
    article = extract(Page(url="https://daily.example/story", body=page.encode())).article
    assert [author.name for author in article.authors] == ["Redaktion"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2024-03-05T23:00:00-05:00", "2024-03-05T01:00:00-05:00", True),  # on the page's own clock
        ("2024-03-05T23:00:00-05:00", "2024-03-06T12:00:00+00:00", True),  # in UTC
        ("2024-03-05T23:00:00-05:00", "2024-03-05T12:00:00+00:00", True),  # each on its own clock
        ("2024-03-06T04:00:00+00:00", "2024-03-05T12:00:00+00:00", False),  # the same moment in UTC is of another day
    ],
)
def test_moments_are_of_one_day_by_their_own_clock_or_in_utc(one: str, other: str, same: bool) -> None:
    moments = [Moment(datetime.fromisoformat(written), "second", "stated") for written in (one, other)]
    assert dates._same_day(*moments) is same
