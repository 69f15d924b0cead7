"""Filter lists hide what they say on the sites they say, and advertising boxes are told by their names."""

from __future__ import annotations

import pytest

from archive.extract import Evidence, config_hash, extract
from archive.extract.labels.filters import MAX_GENERIC, Filters, read_filters
from archive.model import Extraction, Page

LIST = """[Adblock Plus 2.0]
! a comment
||ads.example^$third-party
##.shop-box
###offer
##div[data-slot^="x-"]
daily.example,~sport.daily.example##.partner
daily.example#@#.teaser
##.teaser
##aside.mild
##.box:has-text(Buy)
daily.example#?#.a:-abp-contains(b)
##+js(nowebrtc)
"""
STORY = "".join(
    f"<p>The harbour office said on {day} that the new ferry will call at the northern islands from April on.</p>"
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday")
)
BOX = "Our friends at the boat shop have oars, ropes and lamps for every kind of weather this spring."


def read(box: str, filters: Filters, host: str = "www.daily.example") -> Extraction:
    html = f"<html lang=en><title>New ferry</title><body><article><h1>New ferry</h1>{STORY}{box}{STORY}</article>"
    return extract(Page(f"https://{host}/ferry", html.encode()), Evidence(filters=filters))


@pytest.fixture(scope="module")
def filters() -> Filters:
    return read_filters([("list.txt", LIST)])


@pytest.mark.parametrize(
    ("box", "host", "line"),
    [
        (f'<div class="shop-box big"><p>{BOX}</p></div>', "www.daily.example", "list.txt:4 ##.shop-box"),
        (f'<div id="offer"><p>{BOX}</p></div>', "other.example", "list.txt:5 ###offer"),
        (f'<div data-slot="x-9"><p>{BOX}</p></div>', "other.example", 'list.txt:6 ##div[data-slot^="x-"]'),
        (f'<div class="partner"><p>{BOX}</p></div>', "www.daily.example", "list.txt:7 ##.partner"),
        (f'<div class="partner"><p>{BOX}</p></div>', "sport.daily.example", None),
        (f'<div class="partner"><p>{BOX}</p></div>', "other.example", None),
        (f'<div class="teaser"><p>{BOX}</p></div>', "www.daily.example", None),
        (f'<div class="teaser"><p>{BOX}</p></div>', "other.example", "list.txt:9 ##.teaser"),
        (f'<div class="mild"><p>{BOX}</p></div>', "other.example", None),
    ],
)
def test_a_rule_hides_a_box_on_its_sites_and_names_its_line(
    filters: Filters, box: str, host: str, line: str | None
) -> None:
    found = read(box, filters, host)
    (block,) = [block for block in found.blocks if block.text == BOX]
    assert (block.evidence if block.label == "ad" else None) == line
    assert (BOX in found.article.text) is (line is None)
    assert found.integrity.verdict == "clean"


def test_what_is_no_rule_of_ours_is_counted_and_left(filters: Filters) -> None:
    assert filters.ignored == 3
    many = read_filters([("many.txt", "\n".join(f'##a[href*="{number}"]' for number in range(MAX_GENERIC + 5)))])
    assert (len(many.generic), many.ignored) == (MAX_GENERIC, 5)


def test_a_rule_that_hides_most_of_the_text_is_not_believed() -> None:
    found = read("", read_filters([("bad.txt", "##p")]))
    assert "harbour office" in found.article.text


def test_the_lists_are_part_of_the_settings_of_a_reading(filters: Filters) -> None:
    assert read("", filters).config_hash == config_hash("balanced", filters) != config_hash("balanced")


@pytest.mark.parametrize(
    ("names", "is_ad"),
    [("sponsored-content", True), ("trc_related_container", True), ("story no-ads", False), ("has-ad", False), ("shadow", False)],
)  # fmt: skip
def test_a_small_box_with_the_name_of_an_advertisement_is_one(names: str, is_ad: bool) -> None:
    found = read(f'<div class="{names}"><p>{BOX}</p></div>', Filters())
    assert (BOX not in found.article.text) is is_ad
