"""What a publisher did not write is found by its structure, and nothing else is touched."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.extract import Evidence, extract
from archive.extract.injection import Copy, index_copies, restored_text, signs
from archive.extract.injection.contacts import _ACCOUNT, _BARE, _BARE_PHONE, contacts
from archive.extract.injection.copies import align, find_copies
from archive.extract.injection.disguise import disguised, glosses, invisible_marks, veiled
from archive.extract.injection.kin import siblings
from archive.extract.injection.links import site_of
from archive.extract.injection.styles import hiding, hiding_rules
from archive.extract.injection.tokens import occurrences
from archive.extract.injection.weighing import Token
from archive.model import Extraction, Page

STORY = (
    "The harbour office said on Monday that the new ferry will call at the northern islands three times a week from April.",
    "Residents of the islands had asked for the service for years, and the council agreed to pay half of its costs until 2027.",
    "“We can send our children to the school in town again,” said a fisherman who has lived on the largest island all his life.",
    "The old ferry was taken out of service after a storm damaged its engine, and no yard was willing to repair it.",
    "A second ship may follow in summer if enough passengers use the first one, the harbour office said.",
)
NO_EVIDENCE = Evidence()
HEADLINE = "New ferry for the northern islands"


def read(*paragraphs: str, title: str = HEADLINE, head: str = "", evidence: Evidence = NO_EVIDENCE) -> Extraction:
    body = "".join(part if part.startswith("<") else f"<p>{part}</p>" for part in paragraphs)
    page = f'<html lang=en><meta charset="utf-8"><title>{title}</title>{head}<body><article><h1>{HEADLINE}</h1>{body}</article>'
    return extract(Page("https://daily.example/ferry", page.encode()), evidence)


@pytest.mark.parametrize(
    ("style", "how"),
    [
        ("display:none", "display:none"),
        ("position:absolute; left:-9999px", "off-screen"),
        ("text-indent:-5000px", "off-screen"),
        ("font-size:0;line-height:0", "zero-size text"),
        ("color:#fff;background:#ffffff", "same colour"),
        ("height:0;overflow:hidden", "clipped away"),
        ("clip:rect(0,0,0,0)", "clipped away"),
        ("overflow:hidden", None),
        ("color:#333", None),
        ("height:100%;overflow:hidden", None),
        ("font-size:1.2em", None),
        ("margin-left:-10px", None),
    ],
)
def test_a_style_hides_what_no_reader_could_see(style: str, how: str | None) -> None:
    assert hiding(style) == how


def test_a_sheet_hides_by_its_plain_rules_and_not_by_those_for_some_screens() -> None:
    sheet = ".a{display:none}@media print{.b{display:none}} .c .d{display:none} #e{position:absolute;left:-999em} .f{color:red}"
    assert hiding_rules(sheet, {".a", ".b", ".d", "#e", ".f"}) == {".a": "display:none", "#e": "off-screen"}
    assert hiding_rules(sheet, {"#e", ".g"}) == {"#e": "off-screen"}


def test_names_of_sites_know_second_levels() -> None:
    assert site_of("https://news.a.co.uk/x") == "a.co.uk"
    assert site_of("//cdn.a.com/x") == "a.com"
    assert site_of("/x") == site_of("mailto:a@b.c") == ""


def test_an_honest_page_is_clean_and_has_no_marked_text() -> None:
    found = read(*STORY)
    assert found.integrity.verdict == "clean"
    assert found.text_marked is None
    assert found.article.text == "\n".join(STORY)


def test_offsets_of_a_span_point_at_its_raw_text() -> None:
    spam = "最新的优惠活动正在进行,欢迎大家前来咨询,二十四小时在线客服为您服务,名额有限先到先得,立即注册领取礼金。"
    found = read(*STORY[:2], spam, *STORY[2:])
    assert found.integrity.verdict == "hijacked"
    raw = "\n".join((*STORY[:2], spam, *STORY[2:]))
    assert [raw[span.start : span.end] for span in found.integrity.spans] == [spam]
    assert found.text_marked is not None and f"⟦{spam}⟧" in found.text_marked
    assert found.article.text == "\n".join(STORY)


def test_a_quotation_in_another_script_is_no_injection() -> None:
    quote = "“我们希望轮渡能够长期运营下去,这样孩子们就可以每天回家,老人们也可以去医院看病。”"
    assert read(*STORY[:2], quote, *STORY[2:]).integrity.verdict == "clean"


def test_invisible_marks_go_and_joiners_stay_where_a_script_needs_them() -> None:
    assert [mark.start for mark in invisible_marks("fer\u200bry")] == [3]
    assert not invisible_marks("می\u200cخواهم")
    assert not invisible_marks("👩\u200d🚀 flies")


def test_look_alike_letters_in_several_words_are_a_disguise() -> None:
    assert [mark.evidence for mark in disguised("buy сhеар рills now")] == [
        ("mixed: 2 words in letters of two scripts",)
    ]
    assert not disguised("Компания Apple открыла магазин")


def test_pinyin_is_a_gloss_only_after_the_character_and_with_a_tone() -> None:
    assert len(glosses("他来自亳(bó)州,在上海(Shanghai)工作")) == 1


def test_one_gloss_helps_readers_and_many_are_a_pattern() -> None:
    text = "他来自亳(bó)州,多年来一直在当地从事教育工作,学生和家长们都非常尊敬这位热心的老师。"
    many = "这(zhè)位老师来(lái)自亳州,多(duō)年来一直在当(dāng)地从事教(jiào)育工作,学生和家长们都非常尊敬他。"
    assert read(text, text.replace("老师", "校长")).integrity.verdict == "clean"
    assert read(many, text).integrity.verdict == "hijacked"


@pytest.mark.parametrize(
    "text",
    [
        "The portal (www.tickets.example) sells them, the office said.",
        "Call (call 1-800-555-0100) if you need help, the office said.",
        "The study (an online casino founded it) was small.",
        "The class [MapperIgnoreSource(nameof(Player.Ruleset))] is new in this version.",
    ],
)
def test_addresses_in_brackets_are_how_papers_write(text: str) -> None:
    assert not contacts(text)


def test_a_framed_contact_inside_a_sentence_is_an_insertion() -> None:
    (found,) = contacts("民警立即▲加微信abc1234领奖▲赶往现场。")
    assert {kind.split(":")[0] for kind in found[2]} == {"contact", "frame", "sentence"}


def test_tokens_are_found_with_the_separator_glued_to_them_and_only_as_words() -> None:
    text = "推动北极星:工作,北极星团队"
    assert [text[a:b] for a, b in occurrences(["北极星"], text)] == ["北极星:", "北极星"]
    text = "Moon Bets and moonlight, Moon BetsMoon Bets"
    assert [text[a:b] for a, b in occurrences(["moon bets", "moon"], text)] == ["Moon Bets", "Moon Bets", "Moon Bets"]


def test_a_name_the_headline_has_is_never_redacted() -> None:
    found = read(
        *(text.replace("harbour office", "Northline Ferries") for text in STORY),
        title="Northline Ferries - the ferry line",
    )
    assert found.integrity.spans == ()


def test_a_clean_copy_gives_back_the_words_that_were_overwritten() -> None:
    broken = [text.replace("ferry", "Moon Bets").replace("islands", "Moon Bets") for text in STORY]
    copies = index_copies([Copy("other.example", "\n".join(STORY)), Copy("elsewhere", "Something else. " * 40)])
    found = read(*broken, evidence=Evidence(copies=copies))
    assert found.integrity.verdict == "hijacked"
    assert "Moon Bets" not in found.article.text
    assert {span.restored for span in found.integrity.spans} == {"ferry", "islands"}
    assert {span.restored_from for span in found.integrity.spans} == {"other.example"}
    assert restored_text(found.article.text, found.text_marked, found.integrity.spans) == "\n".join(STORY)


def test_a_copy_that_says_it_shorter_takes_nothing_away() -> None:
    copies = index_copies([Copy("other.example", "\n".join((*STORY[:2], STORY[2].replace("in town ", ""), STORY[4])))])
    found = read(*STORY, evidence=Evidence(copies=copies))
    assert found.integrity.verdict == "clean"
    assert found.article.text == "\n".join(STORY)


def test_an_alignment_names_what_differs_between_equal_stretches() -> None:
    one = "the new ferry will call at the lucky shop northern islands"
    (edit,) = align(one, "the new ferry will call at the northern islands")
    assert one[edit.start : edit.end] == "lucky shop" and edit.original == "" and edit.tight


def test_no_copy_is_found_for_another_story() -> None:
    copies = index_copies([Copy("x", "Completely different words about the weather in the mountains this week. " * 5)])
    assert find_copies(copies, "\n".join(STORY)) == []


def test_a_title_for_robots_and_a_redirect_are_a_hijack_and_the_headline_stays() -> None:
    scripts = (
        "<script>if(navigator.userAgent.indexOf('spider')==-1){document.title='New ferry for the northern islands'}</script>"
        "<script>if(/google|bing/.test(document.referrer)){location.href='https://elsewhere.example/'}</script>"
    )
    found = read(*STORY, title="Brassmoon slots and roulette online", head=scripts)
    assert found.integrity.verdict == "hijacked"
    assert found.article.headline == HEADLINE
    assert "Brassmoon slots and roulette online" in {span.raw for span in found.integrity.spans}


def test_words_that_sound_like_spam_are_never_a_reason() -> None:
    text = (
        "Online casino, viagra, payday loan and replica watches were the words the hackers had hidden, the office said."
    )
    found = read(*STORY, text)
    assert found.integrity.verdict == "clean" and text in found.article.text


_OFFER = (
    "Reparamos lavadoras y neveras a domicilio, presupuesto en 24 horas y sin pagar nada hasta que todo funcione bien."
)
_LIST = "cheap ferries here | <b>gold watches</b> shop | quick cash now | gold watches shop | lucky wheels club | quick cash now | paper mill experts | slim pills store"


@pytest.mark.parametrize(
    ("paragraph", "verdict"),
    [
        (_OFFER, "hijacked"),
        (f"„{_OFFER}“", "suspect"),  # what is quoted may be in any language: only topic and figures are left
        (_OFFER.replace(" en 24 horas", ""), "clean"),  # another language and another topic are one thing
    ],
)
def test_an_offer_in_another_language_is_put_there(paragraph: str, verdict: str) -> None:
    found = read(*STORY[:2], paragraph, *STORY[2:])
    assert found.integrity.verdict == verdict
    assert (paragraph in found.article.text) == (verdict == "clean")


def test_a_list_of_ever_new_things_is_no_collection_of_offers() -> None:
    items = (
        "Wool blankets: made of 100 % merino, in twelve colours from 49 € upwards, woven by hand in small mills.",
        "Kettles: quick boiling models with thermostats from 35 € keep water hot, whistle loudly, look splendid.",
        "Garden shears: forged steel blades, ash handles, 25 € with sharpening stone, suitable for hedges and roses.",
        "Lamps: dimmable bulbs, brass stands, linen shades for 80 €, bright enough when reading novels at night.",
    )
    found = read(*items)
    assert found.integrity.verdict == "clean"
    assert all(item in found.article.text for item in items)


def test_a_list_of_keywords_that_says_things_twice_is_none_of_the_story() -> None:
    found = read(*STORY[:2], f"<p>{_LIST}</p>", *STORY[2:])
    assert [span.injection_class for span in found.integrity.spans] == ["keyword_list"]
    assert "gold watches" not in found.article.text


def test_words_laced_with_invisible_marks_are_taken_out_and_a_laced_text_is_left() -> None:
    laced = "\u200b".join("lucky wheels")
    put = [f"{text[: text.index(' ', 40)]} {laced}{text[text.index(' ', 40) :]}" for text in STORY[:2]]
    found = read(*put, *STORY[2:])
    assert found.article.text == "\n".join(STORY)
    guarded = read(*("\u200b".join(text) for text in STORY))
    assert guarded.article.text == "\n".join(STORY)


def test_a_name_in_the_title_is_followed_by_signs_and_stays() -> None:
    names = [text.replace("the harbour office", "Skipper Nine", 1) for text in STORY]
    said = "Skipper Nine, founded in 1990, sails. Skipper Nine’s crew is young. The crew of Skipper Nine is proud of Skipper Nine."
    found = read(*names, said, said.replace("1990", "1991"), title=f"Skipper Nine - {HEADLINE}")
    assert found.integrity.verdict == "clean"
    assert "Skipper Nine’s crew" in found.article.text


SIMPLE = [char for char in map(chr, range(0x10000)) if not signs._NOT_SIMPLE.search(char)]


@given(text=st.text(st.sampled_from(SIMPLE), max_size=12))
@settings(max_examples=40)
def test_of_simple_letters_comparing_needs_lower_case_only(text: str) -> None:
    assert signs.plain(text) == unicodedata.normalize("NFKC", text).casefold()


def test_every_simple_letter_compares_as_the_standards_say() -> None:
    assert [char for char in SIMPLE if unicodedata.normalize("NFKC", char).casefold() != char.lower()] == []
    assert not any(signs.INVISIBLE.match(char) or unicodedata.combining(char) for char in SIMPLE)


@example("tg: +1 23 456 78 9")
@given(said=st.from_regex(_BARE, fullmatch=True))
@settings(max_examples=20)
def test_every_way_to_reach_somebody_has_what_is_looked_for_first(said: str) -> None:
    assert _ACCOUNT.search(said) or _BARE_PHONE.search(said)


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://news.a.co.uk/x/y", "a.co.uk"),
        ("//cdn.a.com/x", "a.com"),
        ("HTTP://A.com", "a.com"),
        ("https://me@a.com:8080/x", "a.com"),
        ("http:///x", ""),
        ("/x//b.com/y", ""),
        ("mailto:me@a.com", ""),
    ],
)
def test_a_link_goes_to_the_site_of_its_host(address: str, site: str) -> None:
    assert site_of(address) == site


def test_second_names_of_what_is_sold_come_in_one_order_in_every_process() -> None:
    names = ("bravos", "casino", "deltas", "eagles", "falcon")
    sentences = (
        f"the {other} {name} tower {at} of them" for name in names for at, other in enumerate(("old", "new", "tall"))
    )
    found = siblings([Token(" ".join(names), ("site: proven",), True)], "\n".join(sentences))
    assert [token.text for token in found] == [f"{name} tower" for name in names]


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ("他们也去新葡京\u200b里吃饭", {"去新葡京": 2}),
        ("他们也去新\u200b葡京里吃饭", {"去新葡京": 2}),
        ("他们也去新葡京里吃饭", {}),
    ],
    ids=["a mark right behind it", "a mark in it", "no mark"],
)
def test_a_string_is_veiled_where_no_place_of_it_is_without_a_mark(second: str, found: dict[str, int]) -> None:
    assert veiled(["大家都去新\u200b葡京玩了一天", second]) == found
