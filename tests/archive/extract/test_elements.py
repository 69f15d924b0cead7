"""A tree walked once, the words looked for in lower case, and tags that are too long."""

import re

import pytest
from lxml import html

from archive.extract import element_names
from archive.extract.body import frame
from archive.extract.elements import Elements, text_of
from archive.extract.labels import blocks
from archive.extract.metadata import index, shown_dates, signatures
from archive.extract.page import MAX_ATTRIBUTES, read_page
from archive.model import Page

PAGE = '<body><h2>One</h2><h1>Two <b>and</b>\n a half</h1><a href=" /x ">A</a><a name=y>B</a><h2>Three</h2></body>'


def test_elements_of_several_tags_come_in_document_order() -> None:
    elements = Elements(html.document_fromstring(PAGE))
    assert [text_of(node) for node in elements.named("h1", "h2")] == ["One", "Two and a half", "Three"]
    assert elements.named("video") == []


def test_a_link_is_what_has_an_address() -> None:
    assert [address for _, address in Elements(html.document_fromstring(PAGE)).links] == ["/x"]


def test_what_was_taken_out_of_a_tree_is_not_among_what_is_left_of_it() -> None:
    root = html.document_fromstring(
        "<body><a href=/1 rel=next>1</a><p id=x><a href=/2>2</a></p><h1>H</h1><a href=/3>3</a>"
    )
    served = Elements(root)
    served.named("p")[0].drop_tree()
    left = Elements(root, served)
    assert [address for _, address in left.links] == ["/1", "/3"]
    assert left.named("p") == [] and [node.tag for node in left.named("h1", "a")] == ["a", "h1", "a"]
    assert [said for _, said in left.holding("rel")] == ["next"] and left.holding("id") == []


@pytest.mark.parametrize("name", ["SideBar", "postContent", "Main-NAV", "Author_Byline"])
def test_a_name_says_the_same_in_capitals(name: str) -> None:
    assert frame.named(name) == frame.named(name.lower()) != (False, ())
    assert element_names.named_for(name) == element_names.named_for(name.lower())


def test_what_is_searched_in_lower_case_is_written_in_lower_case() -> None:
    found = [*(re.compile(element_names.alternatives(family)) for family in element_names.FAMILIES), index._AUTHOR_HREF]
    found += [
        shown_dates._MODIFIED_WORDS,
        shown_dates._PUBLISHED_WORDS,
        shown_dates._DATE_NAMES,
        shown_dates._OF_OTHERS,
    ]
    found += [signatures._NOT_BYLINE, signatures._BOX, signatures._OF_OTHERS, signatures._AUTHOR_PAGE]
    for pattern in found:
        plain = re.sub(r"\\[A-Za-z]", "", pattern.pattern)
        assert plain == plain.lower() and not pattern.flags & re.IGNORECASE


def test_the_evidence_of_a_name_is_written_as_the_page_writes_it() -> None:
    assert blocks._zone("Main Site-FOOTER", "") == ("footer", "FOOTER")


def test_only_a_tag_of_too_many_attributes_loses_them() -> None:
    crowded = "".join(f" a{number}=1" for number in range(MAX_ATTRIBUTES + 1))
    picture = "data:image/png;base64," + "A" * 20_000
    markup = f'<p>One</p><img src="{picture}"><div{crowded}>Two</div><p id=three>Three</p>'
    body = read_page(Page("https://daily.example/a", markup.encode())).body
    assert [node.get("src") for node in body.iter("img")] == [picture]
    assert [dict(node.attrib) for node in body.iter("div") if node.text == "Two"] == [{}]
    assert [node.get("id") for node in body.iter("p")] == [None, "three"]
