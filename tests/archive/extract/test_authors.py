"""Whose name, of all on a page, is its author's."""

from __future__ import annotations

import json

import pytest

from archive.extract import extract
from archive.extract.metadata.bylines import is_name, is_person, names_in
from archive.model import Page

STORY = "".join(
    f"<p>The harbour master read paragraph {n} of the report aloud, and the council listened until the tide had turned.</p>"
    for n in range(6)
)
TALE = "The council sat until the tide had turned, and nobody on the quay knew what would become of the ferry. " * 2
LONG = STORY * 30  # so that what stands behind it is far from the headline


def authors(body: str, head: str = "") -> list[str]:
    page = f"<html lang=en><head>{head}</head><body>{body}</body></html>"
    article = extract(Page(url="https://daily.example/news/ferry", body=page.encode())).article
    return [author.name for author in article.authors]


def ld(*names: str) -> str:
    people = [{"@type": "Person", "name": name} for name in names]
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", "author": people})}</script>'


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("by Ada Sample ● December 23, 2025 ● 4 min read", ["Ada Sample"]),
        ("// By Ada Sample • Nov 11, 2020", ["Ada Sample"]),
        ("Ada Sample im Gespräch mit Ben Muster", ["Ada Sample", "Ben Muster"]),
    ],
)
def test_signs_around_a_byline_are_no_part_of_a_name(byline: str, names: list[str]) -> None:
    assert [name for name in names_in(byline) if is_person(name)][: len(names)] == names


@pytest.mark.parametrize("name", ["red", "この記事を書いた人", "Create Account", "CC BY", "Herausgeber", "Webmaster"])
def test_a_label_is_no_name(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize("name", ["Senior Analyst", "Technical Writer", "Recent Posts", "Fact Checked"])
def test_an_office_is_no_person(name: str) -> None:
    assert not is_person(name)


@pytest.mark.parametrize(
    "body",
    [
        f"<h1>Ferry</h1><p>Von Ada Sample<br>{TALE}</p>{{}}",  # the first line of a paragraph
        f"<h1>Ferry</h1><p><b>By Ada Sample</b><br>{TALE}</p>{{}}",
        "<h1>Ferry</h1><p>---- by Ada Sample</p>{}",
        "<h1>Ferry</h1><p>0 · by Ada Sample · Updated on 8 January 2026</p>{}",
        "<h1>Ferry</h1>{}<div><span><div>Written by</div><div>Ada Sample</div></span></div>",  # far below
        "<h1>Ferry</h1>{}<dl><dt>Autor</dt><dd>Ada Sample, </dd></dl>",
        "<h1>Ferry</h1><p><a href=/bio/ada>Ada Sample</a></p>{}",
        "<h1>Ferry</h1><p><a href=/about/editors/ada>Ada Sample</a></p>{}",
        "<h1>Ferry</h1><p><a href=/members/ada.8/>Ada Sample</a></p>{}",
        "<h1>Ferry</h1><ul><li><span class='user-name x1'>Ada Sample</span></ul>{}",
        "<h1>Ferry</h1>{}<div class='author-bio footer'><h3>Ada Sample</h3><p>She writes.</p></div>",
        "<h1>Ferry</h1>{}<p>More by <a href=/author/ada>Ada Sample</a></p>",
        "<h1>Ferry</h1>{}<p>Licence: <a href=https://creativecommons.org/licenses/by/4.0>Open Terms</a></p>"
        "<p>More by <a href=/author/ada>Ada Sample</a></p>",
    ],
)
def test_an_author_is_found_wherever_a_page_names_her(body: str) -> None:
    assert authors(body.format(LONG)) == ["Ada Sample"]


def test_names_in_boxes_of_comments_and_of_other_stories_are_not_the_storys() -> None:
    side = "<ul class=related-stories><li><span class=author>Kim Other</span></li></ul>"
    below = "<div class=author-box><b>Ada Sample</b></div>"
    said = "<section id=comments><p class=comment-meta><span class=author>Lee Reader</span></p></section>"
    assert authors(f"<h1>Ferry</h1>{side}{LONG}{below}{said}") == ["Ada Sample"]


def test_links_to_authors_that_stand_apart_are_of_other_stories() -> None:
    mine = "<p><a href=/author/ada>Ada Sample</a>, <a href=/author/ben>Ben Muster</a></p>"
    theirs = "".join(
        f"<div><div><div><h2><i>Night bus {n}</i></h2><p><u>It</u> <u>stops</u> <u>at</u> <u>ten</u></p><p><s>old</s><em>now</em></p>"
        f"<p><b>And</b> <b>so</b> <b>on</b></p><p><a href=/author/{n}>Kim Other</a></p></div></div></div>"
        for n in range(3)
    )
    assert authors(f"<h1>Ferry</h1>{mine}{theirs}{STORY}") == ["Ada Sample", "Ben Muster"]


def test_who_signs_for_the_reader_goes_before_an_account_the_page_does_not_show() -> None:
    body = f"<h1>Ferry</h1><p>By: Ada Sample</p>{STORY}"
    assert authors(body, ld("Lee Uploader")) == ["Ada Sample"]
    assert authors(f"{body}<p>Picked by Lee Uploader</p>", ld("Lee Uploader")) == ["Lee Uploader"]  # shown: believed


def test_a_place_that_names_more_people_beside_all_of_the_winners_is_the_whole_byline() -> None:
    body = f"<h1>Ferry</h1><p class=byline>By Ada Sample, Ben Muster and Kim Other</p>{STORY}"
    assert authors(body, ld("Ada Sample")) == ["Ada Sample", "Ben Muster", "Kim Other"]


def test_a_pen_name_that_several_places_give_goes_before_an_office() -> None:
    head = "<meta name=twitter:label1 content='Written by'><meta name=twitter:data1 content=Ada>"
    body = f"<h1>Ferry</h1><p class=author>Founder Daily</p><p><a href=/author/ada>Ada</a></p>{STORY}"
    assert authors(body, head) == ["Ada"]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("<div>04.02.2022 | 13:10 Uhr | Ada Sample</div>", ""),
        ("", "<div>25.10.2022 - Ada Sample</div>"),
        ("<div>05.02.2020 - Redaktion: Ada Sample (Pressesprecherin)</div>", ""),
        ("<p>By Ada Sample</p>", ""),
    ],
)
def test_a_name_behind_a_date_at_the_headline_is_the_authors(above: str, below: str) -> None:
    assert authors(f"{above}<h1>Ferry</h1>{below}{STORY}") == ["Ada Sample"]


def test_other_words_behind_a_date_are_no_name() -> None:
    assert authors(f"<h1>Ferry</h1><div>25.10.2022 - 13:10 Uhr | Politik</div>{STORY}") == []
    assert authors(f"<h1>Ferry</h1>{LONG}<div>25.10.2022 - Ada Sample</div>") == []  # another story's


@pytest.mark.parametrize(
    "line",
    [
        "Eine Kolumne von Ada Sample",
        "Rédigé par Ada Sample",
        "Escrito por: Ada Sample",
        "A cura di Ada Sample",
        "Guest post by Ada Sample",
    ],
)
def test_bylines_begin_in_many_words(line: str) -> None:
    assert authors(f"<h1>Ferry</h1><p>{line}</p>{STORY}") == ["Ada Sample"]


def test_a_single_word_is_a_name_where_a_byline_says_so() -> None:
    assert authors(f"<h1>Ferry</h1><p>Posted by Ada 21.10.2019</p>{STORY}") == ["Ada"]
    assert authors(f"<h1>Ferry</h1><p>By Ada</p>{STORY}") == ["Ada"]
    assert authors(f"<h1>Ferry</h1><p>By ferry and bus, then on foot to the harbour</p>{STORY}") == []


def test_who_reviewed_or_edited_a_story_did_not_write_it() -> None:
    def by(role: str, slug: str, name: str) -> str:
        return f"<div><span>{role} by:</span> <a href=/author/{slug}>{name}</a></div>"

    both = by("Written", "ada", "Ada Sample") + by("Fact Checked", "ben", "Ben Muster")
    assert authors(f"<h1>Ferry</h1>{both}{STORY}") == ["Ada Sample"]
    assert authors(f"<h1>Ferry</h1>{by('Reviewed', 'ben', 'Ben Muster')}{STORY}") == []


def test_people_a_story_links_to_and_quotes_did_not_write_it() -> None:
    told = f"<p><a href=/people/kim-other>Kim Other</a> said: {TALE}</p>"
    assert authors(f"<h1>Ferry</h1>{told}<p>By Ada Sample</p>{STORY}") == ["Ada Sample"]
    quoted = "<figure><blockquote>It floats.</blockquote><div class=quote-author>Kim Other</div></figure>"
    assert authors(f"<h1>Ferry</h1>{quoted}{STORY}") == []


def test_a_name_ends_where_its_element_does() -> None:
    line = "<p>3 May 2022 by <a href=/team>Ada Sample</a> <span>Harbour Review</span></p>"
    assert authors(f"<h1>Ferry</h1>{line}{STORY}") == ["Ada Sample"]


def test_a_site_named_for_a_person_is_written_by_her() -> None:
    head = ld("Ada Sample") + "<meta property=og:site_name content='Ada Sample'>"
    aside = f"{LONG}<div class=quote-author>Kim Other</div>"
    assert authors(f"<h1>Ferry</h1><p class=author>Ada Sample</p>{aside}", head) == ["Ada Sample"]
