"""A listed word makes a page suspect and does nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive.extract import Evidence, config_hash, extract
from archive.extract.word_list import MAX_REASONS, NO_WORDS, WordList, read_words, suspected
from archive.model import Extraction, Integrity, Page, Span

LIST = "# what we watch for\n\nroulette\nCasino  # as a word\nspin city\n"
TITLE = "Council votes on the casino by the harbour"
STORY = (
    "The council voted on Monday to let the old Casino by the harbour stay open for another four years.",
    "Neighbours had asked for an earlier closing hour; the operator of the casino offered a fence and two guards.",
    "Casinos pay a levy to the town, and the treasurer said that the levy paid for the new roof of the school.",
    "The mayor said that the next council may decide anew, and that no other house of this kind will be allowed.",
)

SPAM = "最新的优惠活动正在进行,欢迎大家前来咨询,二十四小时在线客服为您服务,名额有限先到先得,立即注册领取礼金。"


def read(words: WordList, *paragraphs: str, title: str = TITLE) -> Extraction:
    body = "".join(f"<p>{one}</p>" for one in paragraphs or STORY)
    html = f"<html lang=en><title>{title}</title><body><article><h1>{title}</h1>{body}</article></body></html>"
    return extract(Page("https://daily.example/town/casino", html.encode()), Evidence(words=words))


@pytest.fixture(scope="module")
def words() -> WordList:
    return read_words([("words.txt", LIST)])


def test_an_honest_story_is_suspect_with_the_list_and_only_that(words: WordList) -> None:
    without, found = read(NO_WORDS), read(words)
    assert without.integrity == Integrity()
    assert found.integrity == Integrity("suspect", ('listed word "Casino", 4 times (words.txt:4)',))
    assert found.integrity.shown == "clean"
    same = replace(found, integrity=without.integrity, config_hash=without.config_hash)
    assert same == without and "Casino by the harbour" in found.article.text


def test_a_hijacked_page_stays_hijacked_and_its_text_as_it_was(words: WordList) -> None:
    pages = [read(given, *STORY[:2], SPAM, *STORY[2:]) for given in (NO_WORDS, words)]
    before, after = (page.integrity for page in pages)
    assert before.verdict == after.verdict == "hijacked" and before.spans == after.spans
    assert after.reasons[: len(before.reasons)] == before.reasons
    assert after.reasons[len(before.reasons) :] == ('listed word "Casino", 4 times (words.txt:4)',)
    assert pages[0].article == pages[1].article and pages[0].text_marked == pages[1].text_marked


@pytest.mark.parametrize(
    ("term", "text", "times"),
    [
        ("casino", "Casino, casino's and CASINO-night; casinos and Kasino", 3),
        ("spin city", "in Spin\u00a0 City and spin citys", 1),
        ("bet", "a bet365 alphabet, bet.", 1),
        ("stra\u00dfe 7", "STRASSE 7, strasse 77", 1),
        ("\uff22\uff25\uff34", "bet", 1),
        ("\u0915\u0938", "\u0915\u0938\u093f \u0915\u0938", 1),  # a vowel sign goes on with the word
        ("\u592a\u9633\u57ce", "\u6fb3\u95e8\u592a\u9633\u57ce\u5a31\u4e50\u592a\u9633\u57ce", 2),
        ("bet365", "\u767b\u5f55bet365\u5b98\u7f51 bet3651", 1),
        ("\uce74\uc9c0\ub178", "\uce74\uc9c0\ub178\ub97c", 1),
        ("$100!", "win $100! now", 1),
        ("a-a", "xa-a-a", 1),
    ],
)
def test_whole_words_count_and_in_scripts_without_spaces_every_place(term: str, text: str, times: int) -> None:
    said = f'listed word "{term}", {times} time{"s" * (times > 1)} (a.txt:1)'
    assert suspected(Integrity(), read_words([("a.txt", term)]), "", text).reasons == (said,)


def test_part_of_a_word_is_no_word() -> None:
    listed = read_words([("a.txt", "casino")])
    assert suspected(Integrity(), listed, "casinos", "minicasino", "casino1") == Integrity()


@pytest.mark.parametrize("verdict", ["suspect", "hijacked"])
def test_a_doubted_page_only_gets_the_reason(verdict: str) -> None:
    span = Span("x", 0, 1, "inline_token", ("zones",), "redacted")
    found = suspected(Integrity(verdict, ("zones: 3",), (span,)), read_words([("a.txt", "bet")]), "bet")
    assert found == Integrity(verdict, ("zones: 3", 'listed word "bet", 1 time (a.txt:1)'), (span,))
    assert found.shown == verdict


def test_comments_and_repeats_are_no_terms_and_many_reasons_are_cut() -> None:
    listed = read_words([("a.txt", "# none\nC#\n  \nbet # why\n"), ("b.txt", "BET\nspin\n")])
    assert [(term.said, term.line) for term in listed.terms] == [
        ("C#", "a.txt:2"),
        ("bet", "a.txt:4"),
        ("spin", "b.txt:2"),
    ]
    many = read_words([("m.txt", "\n".join(f"w{number}" for number in range(13)))])
    reasons = suspected(Integrity(), many, " ".join(f"w{number}" for number in range(13)), "w12").reasons
    assert reasons[0] == 'listed word "w12", 2 times (m.txt:13)'
    assert len(reasons) == MAX_REASONS + 1 and reasons[-1] == "listed word and 3 more of them"


def test_the_lists_are_part_of_the_settings_of_a_reading(words: WordList) -> None:
    assert read(words).config_hash == config_hash("balanced", words=words) != config_hash("balanced")
    assert read_words([("other.txt", LIST)]).digest != words.digest
