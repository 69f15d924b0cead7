"""Which address is the next page of a story, and which is another story, a list or the comments."""

from __future__ import annotations

import pytest
from lxml import html

from archive.extract.elements import Elements
from archive.extract.metadata.next_page import find_next_page, is_next

HOST = "https://daily.example"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("/town/baths.html", "/town/baths.html?page=2"),
        ("/town/baths?page=2", "/town/baths?page=3"),
        ("/town/baths", "/town/baths?page=1"),  # counted from 0
        ("/town/baths/", "/town/baths/2/"),
        ("/town/baths", "/town/baths/page/2"),
        ("/stadt/bad.html", "/stadt/bad-seite2.html"),
        ("/town/baths.html", "/town/baths_2.html"),
        ("/town/baths_2.html", "/town/baths_3.html"),
        ("/town/baths-1.html", "/town/baths-2.html"),
        ("/miasto/laznia,nId,522", "/miasto/laznia,nId,522,nPack,2"),
        ("/town/baths?id=7", "/town/baths?id=7&p=2"),
    ],
)
def test_the_same_address_one_page_on_is_the_next_page(url: str, target: str) -> None:
    assert is_next(HOST + url, HOST + target)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("/town/baths", "/town/bridge"),
        ("/town/baths", "/town/baths-2"),  # a second story of that name
        ("/?p=123", "/?p=125"),
        ("/town/baths?page=2", "/town/baths?page=1"),
        ("/town/baths?page=2", "/town/baths?page=4"),
        ("/town/baths", "https://other.example/town/baths?page=2"),
        ("/town/baths", "/town/baths?comments=2"),
        ("/2026/05/10/baths", "/2026/05/11/baths"),
    ],
)
def test_another_address_is_not(url: str, target: str) -> None:
    assert not is_next(HOST + url, target if "://" in target else HOST + target)


def found(url: str, body: str, rel_next: str | None = None) -> str | None:
    return find_next_page(HOST + url, HOST + url, rel_next, Elements(html.document_fromstring(f"<body>{body}</body>")))


def test_a_link_that_is_marked_as_the_next_page_need_not_say_so() -> None:
    assert found("/baths", '<p>Story.</p><a rel="next" href="?page=2">Into the water</a>') == f"{HOST}/baths?page=2"
    assert found("/baths", '<p>Story.</p><a href="?page=2">Into the water</a>') is None


@pytest.mark.parametrize(
    "words", ["2", "Next page", "Weiter", "Page suivante", "下一页", "次へ", "Следующая страница", "»"]
)
def test_a_pager_names_the_next_page_by_number_or_in_words(words: str) -> None:
    assert found("/baths", f'<p>Story.</p><a href="?page=2">{words}</a>') == f"{HOST}/baths?page=2"


def test_a_pager_of_comments_is_none_of_the_story() -> None:
    assert found("/baths", '<div class="comments"><a rel="next" href="?page=2">Next</a></div>') is None


def test_two_numbered_stories_are_two_stories_unless_their_beginning_is_linked() -> None:
    assert found("/news-12.html", "", "/news-13.html") is None
    assert found("/news-2.html", '<a href="/news.html">1</a>', "/news-3.html") == f"{HOST}/news-3.html"


def test_a_page_number_need_not_end_its_address() -> None:
    here, there = "/baths?from=story", "/baths?page=2&from=story"
    assert found(here, f'<a rel="next" href="{there}">Next</a>') == HOST + there
