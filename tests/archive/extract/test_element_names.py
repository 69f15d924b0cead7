"""The words of families, found in all names of a page at once, are those a search of each name finds."""

import re

import pytest

from archive.extract.element_names import FAMILIES, SIGN, alternatives, learn, named_for

NAMES = (
    *(
        "nav",
        "subnav",
        "main-nav__item",
        "main_nav",
        "pager",
        "pagers",
        "ad",
        "ads",
        "x_ads-y",
        "head",
        "lg:ad",
        "adverts",
    ),
    *(
        "foot",
        "foot_note",
        "foot-note",
        "footer",
        "bio",
        "biography",
        "box",
        "box-text",
        "toc",
        "dek",
        "deck",
        "readmore",
    ),
    *(
        "read-more",
        "most-read",
        "list-item",
        "listitems",
        "POST_Content",
        "date-published",
        "byline",
        "ad-author",
        "p",
        "",
    ),
    *("main-nav ad", "ad ads", "entry ad", "\u0130ad", "sign-up signup"),
)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_name_is_of_the_families_whose_words_stand_in_it(family: str) -> None:
    pattern = re.compile(alternatives(family))
    learn(NAMES)
    for name in NAMES:
        assert bool(named_for(name) & SIGN[family]) == bool(pattern.search(name.lower())), name


def test_every_family_has_a_sign_of_its_own() -> None:
    assert sum(SIGN.values()).bit_count() == len(FAMILIES)
    assert named_for("post-content ads") == SIGN["good"] | SIGN["ad"] | SIGN["zone ad"]


def test_a_name_nobody_learned_is_looked_at_alone() -> None:
    assert named_for("never-seen-before-sidebar") & SIGN["side"]
