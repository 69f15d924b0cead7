"""What a site's pages have in common is learned from readings, kept as a value, and speaks as evidence for others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.extract import Evidence, extract
from archive.extract.injection import Copy, index_copies
from archive.extract.injection.copies import agreed, find_copies
from archive.extract.site_profile import (
    Learner,
    PageTraits,
    Sighting,
    SiteProfile,
    block_hash,
    profile_from,
    profile_values,
    traits_of,
)
from archive.model import Extraction, Page
from crawler.demo.weekly import BRAND, TAKEN_OVER, WeeklyStory, hit, stories

START = datetime(2026, 5, 1, tzinfo=UTC)
HOST = "weekly.example"


def page_of(story: WeeklyStory, paragraphs: tuple[str, ...], title: str | None = None) -> Page:
    text = "".join(f"<p>{one}</p>" for one in paragraphs)
    html = f"<html lang=en><title>{title or story.headline}</title><body><article><h1>{story.headline}</h1>{text}</article>"
    return Page(f"https://{HOST}{story.path}", html.encode())


def learn(learner: Learner, page: Page, number: int, profile: SiteProfile | None = None) -> Extraction:
    found = extract(page, Evidence(profile))
    at = START + timedelta(hours=number)
    learner.add(traits_of(found, page.url, at, f"<urn:uuid:{number}>"))
    return found


@pytest.fixture(scope="module")
def clean() -> SiteProfile:
    """Twelve clean stories."""
    learner = Learner(SiteProfile(HOST))
    for number, story in enumerate(stories()[:12]):
        learn(learner, page_of(story, story.paragraphs), number)
    return learner.profile()


@pytest.fixture(scope="module")
def hijacked(clean: SiteProfile) -> SiteProfile:
    """Then four of those that are hit hard."""
    learner = Learner(clean)
    strong = [story for story in stories()[12:] if hit(story, TAKEN_OVER).in_title][:4]
    for number, story in enumerate(strong, 20):
        title = f"{BRAND} | Goldfin Palace Online Slots - Official Site"
        assert learn(learner, page_of(story, hit(story, TAKEN_OVER).paragraphs, title), number).integrity.spans
    return learner.profile()


def test_a_profile_is_the_same_after_the_file_and_its_digest_names_it(hijacked: SiteProfile) -> None:
    again = profile_from(profile_values(hijacked))
    assert again == hijacked
    assert again.digest == hijacked.digest != replace(hijacked, stories=99).digest


def test_a_profile_of_another_version_is_refused(clean: SiteProfile) -> None:
    with pytest.raises(ValueError, match="version 0"):
        profile_from(profile_values(clean) | {"version": 0})


def test_since_when_a_site_is_hijacked_is_between_two_captures(clean: SiteProfile, hijacked: SiteProfile) -> None:
    assert clean.since() is None and clean.stories == 12
    assert hijacked.last_clean is not None and hijacked.last_clean.record_id == "<urn:uuid:11>"
    assert hijacked.first_hijacked is not None and hijacked.first_hijacked.record_id == "<urn:uuid:20>"
    assert "since the capture of 2026-05-01T20:00:00Z <urn:uuid:20>" in (hijacked.since() or "")


def test_one_insertion_that_no_page_could_prove_alone_is_proven_by_the_site(hijacked: SiteProfile) -> None:
    story = stories()[0]
    paragraphs = (story.paragraphs[0], story.paragraphs[1].replace(" the ", f" {BRAND} the ", 1), *story.paragraphs[2:])
    page = page_of(story, paragraphs)
    assert extract(page).integrity.verdict == "clean"
    found = extract(page, Evidence(hijacked))
    (span,) = found.integrity.spans
    assert (span.raw, found.article.text) == (BRAND, "\n".join(story.paragraphs))
    assert {kind.split(":")[0] for kind in span.evidence} >= {"site", "history"}
    assert found.site_profile == hijacked.digest


def test_an_honest_page_of_the_hijacked_site_reads_as_without_the_profile(hijacked: SiteProfile) -> None:
    for story in stories()[:6]:
        page = page_of(story, story.paragraphs)
        with_it, without = extract(page, Evidence(hijacked)), extract(page)
        assert (with_it.article, with_it.integrity) == (without.article, without.integrity)


def test_what_the_profile_said_proves_nothing_to_the_profile(hijacked: SiteProfile) -> None:
    learner = Learner(hijacked)
    story = stories()[0]
    paragraphs = (story.paragraphs[0], story.paragraphs[1].replace(" the ", f" {BRAND} the ", 1), *story.paragraphs[2:])
    learn(learner, page_of(story, paragraphs), 30, hijacked)
    assert learner.profile().tokens[BRAND.lower()].proven == hijacked.tokens[BRAND.lower()].proven


def test_a_line_in_five_stories_is_chrome_and_no_hijack() -> None:
    line = "Write to the editor at the old ferry house, and please put a stamp on the letter."
    learner = Learner(SiteProfile(HOST))
    for number, story in enumerate(stories()[:5]):
        learn(learner, page_of(story, (*story.paragraphs, line)), number)
    found = extract(page_of(stories()[6], (*stories()[6].paragraphs, line)), Evidence(learner.profile()))
    (block,) = [block for block in found.blocks if block.text == line]
    assert (block.label, block.rule) == ("chrome", "site-repeated")
    assert found.integrity.verdict == "clean"


def test_a_line_that_many_stories_have_since_the_site_was_hijacked_was_put_there(hijacked: SiteProfile) -> None:
    assert hijacked.first_hijacked is not None
    line = "Thousands of readers have already registered there and never looked back."
    story = stories()[30]
    page = page_of(story, (*story.paragraphs, line))

    def label_of_line(first: str, before: int) -> str:
        seen = Sighting(4, first, before)
        found = extract(page, Evidence(replace(hijacked, blocks={block_hash(line): seen})))
        (block,) = (one for one in found.blocks if one.text == line)
        assert (line in found.article.text) == (block.label == "body")
        return block.label

    since = hijacked.first_hijacked.at
    assert label_of_line(since, before=12) == "injected"
    assert label_of_line(since, before=1) == "body"  # the site had published too little to know it as new
    assert label_of_line("2026-01-01T00:00:00Z", before=12) == "body"  # it came before


def test_one_story_under_two_addresses_counts_once() -> None:
    learner = Learner(SiteProfile(HOST))
    for number in range(8):
        page = page_of(stories()[0], stories()[0].paragraphs)
        learn(learner, replace(page, url=f"https://{HOST}/copy-{number}"), number)
    repeated = learner.profile().stories_with(stories()[0].paragraphs[1])
    assert repeated is None


def test_a_line_with_another_number_is_the_same_line() -> None:
    assert block_hash("Page views: 1,204") == block_hash("Page views: 7")


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=120))
def test_memory_is_bounded_and_what_is_frequent_stays(numbers: list[int]) -> None:
    learner = Learner(SiteProfile(HOST))
    for place, number in enumerate(numbers):
        blocks = ("always", *(f"{number}-{one}" for one in range(60)))
        at = f"2026-05-01T00:00:{place % 60:02}Z"
        learner.add(PageTraits(f"/{place}", at, "r", place * 0x9E3779B97F4A7C15 % 2**64, "clean", (), (), blocks, ()))
    profile = learner.profile()
    assert len(profile.blocks) <= 160
    assert profile.blocks["always"].stories >= min(len(numbers), 4) - 1


def test_a_sighting_says_whether_enough_was_published_before_it() -> None:
    assert Sighting(1, "2026-05-01T00:00:00Z", before=5).is_new
    assert not Sighting(9, "2026-05-01T00:00:00Z", before=4).is_new


def test_a_copy_counts_from_a_clean_host_or_where_two_hosts_agree() -> None:
    story = stories()[2]
    text, original = "\n".join(hit(story, TAKEN_OVER).paragraphs), "\n".join(story.paragraphs)
    one, other = (Copy(f"c{n}", original, host=f"h{n}.example", trusted=False) for n in (1, 2))
    liar = Copy("c3", original.replace("the", "thee"), host="h3.example", trusted=False)

    def told(*copies: Copy) -> list[str]:
        found = agreed(text, find_copies(index_copies(copies), text))
        return [text[edit.start : edit.end] for edit in found[1]] if found else []

    assert told(replace(one, trusted=True))
    assert told(one) == []
    assert told(one, replace(other, host=one.host)) == []
    assert BRAND in told(one, other)
    assert set(told(one, liar)) <= set(told(replace(one, trusted=True)))


def test_a_block_put_into_another_host_is_put_here_too_where_it_is_off_the_topic(clean: SiteProfile) -> None:
    spam = (
        "Fortuna brings roulette, baccarat and blackjack tables, loyalty points, generous jackpots, prompt withdrawals."
    )
    story = stories()[14]
    page = page_of(story, (*story.paragraphs[:3], spam, *story.paragraphs[3:]))
    assert extract(page, Evidence(clean)).integrity.verdict == "clean"
    told = replace(
        clean, elsewhere={block_hash(spam): "other.example", block_hash(story.paragraphs[2]): "sister.example"}
    )
    found = extract(page, Evidence(profile_from(profile_values(told))))
    assert found.article.text == "\n".join(story.paragraphs)
    (span,) = found.integrity.spans
    assert (span.raw, [kind.split(":")[0] for kind in span.evidence]) == (spam, ["elsewhere", "topic"])
    assert traits_of(found, page.url, START, "r").injected == ()
