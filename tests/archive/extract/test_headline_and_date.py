"""Which of the headings and dates a page offers are the story's."""

from __future__ import annotations

import json

import pytest

from archive.extract import extract
from archive.extract.metadata.headline import Surrounding, Wording, signs
from archive.model import Extraction, Page

STORY = "".join(
    f"<p>The harbour master read paragraph {n} of the report aloud, and the council listened until the tide had turned.</p>"
    for n in range(6)
)


def read(head: str, body: str, url: str = "https://daily.example/news/ferry-runs-until-midnight") -> Extraction:
    page = f"<html lang=en><head>{head}</head><body>{body}</body></html>"
    return extract(Page(url=url, body=page.encode()))


def published(head: str, body: str, url: str = "https://daily.example/story") -> str | None:
    found = read(head, body, url).article.date_published
    return found.at.isoformat() if found else None


def ld(**fields: str) -> str:
    node = {"@context": "https://schema.org", "@type": "NewsArticle", **fields}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


@pytest.mark.parametrize(
    ("head", "body"),
    [
        # the site's own name is the h1, as logos often are
        ("<title>Ferry runs until midnight | The Daily Example</title>",
         "<header><h1>The Daily Example</h1></header><main><h2>Ferry runs until midnight</h2>{}</main>"),
        # a heading of the menu for screen readers comes first
        ("<title>Ferry runs until midnight - News - Fernmouth</title>",
         "<nav><h1>Navigation and services</h1></nav><article><h2>Ferry runs until midnight</h2>{}</article>"),
        # <title> has the site's name behind a separator nobody could know as one
        ("<title>Ferry runs until midnight – Fernmouth Today</title>", "<main><h1>Ferry runs until midnight</h1>{}</main>"),
        # no h1 at all
        ("<title>Ferry runs until midnight | Daily</title><meta property=og:title content='Ferry runs until midnight'>",
         "<main>{}</main>"),
        # a kicker in the h1 that the page's own claims leave out
        ("<title>Ferry runs until midnight</title><meta property=og:title content='Ferry runs until midnight'>",
         "<main><h1><span>Harbour</span> Ferry runs until midnight</h1>{}</main>"),
    ],
)  # fmt: skip
def test_the_headline_is_what_most_of_the_page_calls_itself(head: str, body: str) -> None:
    assert read(head, body.format(STORY)).article.headline == "Ferry runs until midnight"


def test_a_story_about_the_paper_has_its_name_in_the_headline() -> None:
    head = "<title>Ten years of daily.example — daily.example</title><meta property=og:title content='Ten years of daily.example — daily.example'>"
    body = f"<h3>Ten years of daily.example</h3>{STORY}<h2>4 thoughts on “Ten years of daily.example”</h2>"
    url = "https://daily.example/notes/ten-years-of-daily-example/"
    assert read(head, body, url).article.headline == "Ten years of daily.example"


@pytest.mark.parametrize(
    ("href", "headline"),
    [
        ("https://daily.example/", "Ferry runs until midnight"),
        ("/", "Ferry runs until midnight"),
        ("#letters", "Our Letters"),
    ],
)
def test_a_heading_that_leads_to_the_front_page_is_a_logo(href: str, headline: str) -> None:
    body = f"<h1><a href='{href}'>Our Letters</a></h1><main><h2>Ferry runs until midnight</h2>{STORY}</main>"
    assert read("", body, "https://daily.example/view?id=8576").article.headline == headline


def test_a_headline_has_no_soft_hyphens() -> None:
    assert read("", f"<h1>Mes&shy;sen&shy;ger are no lawless space</h1>{STORY}").article.headline == (
        "Messenger are no lawless space"
    )


def test_titles_of_scripts_without_spaces_are_cut_without_spaces() -> None:
    head = "<title>港口渡轮将运行至午夜委员会作出决定-新示例网</title>"
    assert (
        read(head, f"<h1>港口渡轮将运行至午夜委员会作出决定</h1>{STORY}").article.headline
        == "港口渡轮将运行至午夜委员会作出决定"
    )


def test_the_origin_of_a_headline_says_how_likely_it_is_and_what_lost() -> None:
    head = "<title>Night ferry decided | Daily</title><meta property=og:title content='Night ferry decided'>"
    origin = read(head, f"<main><h1>Ferry runs until midnight</h1>{STORY}</main>").origins["headline"]
    assert 0.3 < origin.confidence < 1.0
    assert ("Night ferry decided", "og:title") in origin.losers


def test_a_stamp_of_the_system_is_not_the_day_a_reader_sees() -> None:
    touched = "2026-05-14T10:00:00+00:00"
    head = ld(headline="Ferry", datePublished=touched, dateModified=touched)
    assert published(head, f"<h1>Ferry</h1><p class=date>3 March 2024</p>{STORY}") == "2024-03-03T00:00:00+00:00"
    assert published(head, f"<h1>Ferry</h1><p class=date>14 May 2026</p>{STORY}") == touched


def test_a_date_of_numbers_is_read_as_the_rest_of_the_page_says() -> None:
    head = "<meta name=date content='11/01/2023 12:43:42'>"
    body = "<h1>Ferry</h1>{}" + STORY
    assert published(head, body.format("<p>Published: 1 November 2023</p>")) == "2023-11-01T12:43:42+00:00"
    assert published(head, body.format("<p>Published: 11 January 2023</p>")) == "2023-01-11T12:43:42+00:00"


def test_a_line_with_two_dates_gives_each_its_own_meaning() -> None:
    body = f"<h1>Ferry</h1><p class=date>Written: 2023-11-07 15:03 / Updated: 2023-11-09 08:00</p>{STORY}"
    article = read("", body).article
    assert article.date_published is not None
    assert article.date_modified is not None
    assert (article.date_published.at.day, article.date_modified.at.day) == (7, 9)


def test_one_place_a_reader_sees_is_one_witness_however_often_it_is_marked_up() -> None:
    teaser = "<div class=date><time class=date datetime=2025-12-04T12:00Z>4 December 2025</time></div>"
    body = f"{teaser}<h1>Ferry</h1><div class=meta><time datetime=2017-03-01T12:00Z>1 March 2017</time></div>{STORY}"
    assert published("", body) == "2017-03-01T12:00:00+00:00"


def test_a_month_in_the_address_tells_which_date_is_the_storys() -> None:
    body = f"<h1>Ferry</h1><p class=date>31 May 2016</p>{STORY}"
    head = ld(headline="Ferry", datePublished="2019-10-01T09:00:00Z", dateModified="2019-10-01T09:00:00Z")
    assert published(head, body, "https://daily.example/2019/10/ferry/") == "2019-10-01T09:00:00+00:00"


def test_a_label_before_a_date_says_that_it_is_the_last_change() -> None:
    article = read(
        "", f"<h1>Ferry</h1><div><b>Last updated:</b> <span class=date>3 March 2024</span></div>{STORY}"
    ).article
    assert (article.date_published, article.date_modified is not None) == (None, True)


def test_a_date_somewhere_is_no_guess_where_the_page_says_when_it_was_changed() -> None:
    far = STORY * 20 + "<ul><li>Budget night, 9 May 2020, and all that came after it in the harbour</li></ul>"
    head = "<meta property=article:modified_time content=2024-03-03T10:00:00Z>"
    assert published(head, f"<h1>Ferry</h1>{far}") is None


def test_a_line_that_says_when_the_page_was_changed_goes_before_a_date_somewhere() -> None:
    far = STORY * 20 + "<ul><li>Sample, Ada: Ports. 4 August 2014</li></ul>"
    assert published("", f"<h1>Ferry</h1><p>Last updated: 30 December 2016</p>{far}") is None


def test_elements_of_one_kind_with_several_dates_are_of_other_stories() -> None:
    others = "".join(
        f"<li><a href=/{n}>Night bus {n}</a> <span class=card-date>{n} June 2025</span></li>" for n in range(1, 5)
    )
    above = f"<p>3 March 2024</p><h1>Ferry</h1>{STORY * 14}<ul>{others}</ul>"
    assert published("", above) == "2024-03-03T00:00:00+00:00"
    same = f"<h1>Ferry</h1><li><span class=card-date>3 March 2024</span></li>{STORY}<ul>{others}</ul>"
    assert published("", same) == "2024-03-03T00:00:00+00:00"  # the first one right below the headline is the story's


def test_a_page_that_shows_an_earlier_day_right_below_its_headline_was_published_then() -> None:
    head = ld(headline="Ferry", datePublished="2022-10-24T12:40:59Z")
    assert published(head, f"<h1>Ferry</h1><p>8 October 2022</p>{STORY}") == "2022-10-08T00:00:00+00:00"
    assert published(head, f"<h1>Ferry</h1><p>30 October 2022</p>{STORY}") == "2022-10-24T12:40:59+00:00"
    both = f"<h1>Ferry</h1><p>8 October 2022</p>{STORY}<p>24 October 2022</p>"
    assert published(head, both) == "2022-10-24T12:40:59+00:00"


def test_days_in_the_cells_of_a_table_are_what_the_story_tells() -> None:
    cells = "".join(f"<tr><td>{month}/1/2013</td><td>{month * 7}</td></tr>" for month in range(1, 13))
    head = ld(headline="Ferry", datePublished="2025-02-12T23:21:00Z")
    table = f"<h1>Ferry</h1>{'<p>Monthly figures.</p>' * 30}<table>{cells}</table>{STORY}"
    assert published(head, table) == "2025-02-12T23:21:00+00:00"


def test_a_line_that_says_when_a_page_was_first_published_goes_before_the_one_at_the_headline() -> None:
    said = "<p>This article was originally published on 26 Sep 2019 but has been regularly updated.</p>"
    assert published("", f"<h1>Ferry</h1><p class=date>30 Sep 2022</p>{STORY}{said}") == "2019-09-26T00:00:00+00:00"


def test_a_date_in_what_a_story_quotes_is_not_the_storys() -> None:
    quoted = "<blockquote class=instagram-media><time datetime=2019-04-21T23:47:18Z>21 April</time></blockquote>"
    body = f"<h1>Ferry</h1>{STORY}{quoted}{STORY * 20}<div class=date>18.10.2019 16:06</div>"
    assert published("", body) == "2019-10-18T16:06:00+00:00"


def test_of_lines_with_dates_the_nearer_to_the_headline_is_the_storys() -> None:
    other = "<div class=card-date>27 April 2021</div>"
    body = f"<h1>Ferry</h1><p>28 April 2021</p>{STORY * 8}{other}{STORY}"
    assert published("", body) == "2021-04-28T00:00:00+00:00"


def test_a_date_on_a_comment_is_its_readers() -> None:
    said = "<div class=comment-meta><a href=#c1><time datetime=2019-08-24T03:36:11+02:00>24 August</time></a></div>"
    body = f"<h1>Ferry</h1><p>Out on 16 August 2019, one hour and four minutes</p>{STORY}{said}"
    assert published("", body) == "2019-08-16T00:00:00+00:00"


@pytest.mark.parametrize(
    ("number", "day"), [("A2026012914320005196", "2026-01-29"), ("AKR20260129081500056", "2026-01-29")]
)
def test_a_serial_number_that_begins_with_day_and_hour_is_a_date(number: str, day: str) -> None:
    url = f"https://daily.example/news/article/{number}"
    assert published("", f"<h1>Ferry</h1>{STORY}", url) == f"{day}T00:00:00+00:00"
    assert published("", f"<h1>Ferry</h1>{STORY}", "https://daily.example/news/A2026019914320005196") is None  # no day


@pytest.mark.parametrize(
    ("name", "day"), [("w-published-date", 3), ("page.publishTime", 3), ("first_publication_date", 3)]
)
def test_a_meta_element_nobody_listed_is_known_by_its_name(name: str, day: int) -> None:
    assert (
        published(f"<meta name={name} content=2024-03-0{day}>", f"<h1>Ferry</h1>{STORY}") == "2024-03-03T00:00:00+00:00"
    )


@pytest.mark.parametrize(
    ("shown", "at"),
    [
        ("3 May 2022 22:41", "2022-05-03T22:41:00-04:00"),
        ("4 May 2022 02:41", "2022-05-04T02:41:00+00:00"),
        ("4 May 2022 02:53", "2022-05-04T02:41:00+00:00"),  # no zone is twelve minutes off: another moment
        ("3 May 2022 14:41", "2022-05-04T02:41:00+00:00"),  # a clock of twelve hours that lost its "pm"
    ],
)
def test_a_moment_in_utc_is_told_by_the_clock_its_readers_see(shown: str, at: str) -> None:
    head = ld(headline="Ferry", datePublished="2022-05-04T02:41:00Z")
    assert published(head, f"<h1>Ferry</h1><p class=date>{shown}</p>{STORY}") == at


def test_the_words_of_the_address_are_signs_of_the_wording_that_has_them() -> None:
    around = Surrounding("", "", 0, ("ferry", "northern", "islands"), frozenset())
    found = signs(Wording("New ferry for islands"), around)
    assert (found["slug has"], found["has slug"]) == (2 / 4, 2 / 3)
    assert not {"slug has", "has slug"} & signs(Wording("A"), around).keys()
