"""What kind of change is it? Edits as newspapers make them, in several languages and scripts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive.revisions.change_words import is_correction_note, is_furniture, is_stamp
from archive.revisions.changes import KINDS, Change, Said, classify

EN = "The harbour of Norden will be dredged next spring, the council decided.\nFour ships ran aground last winter."
DE = "Der Hafen von Norden wird im Frühjahr ausgebaggert, beschloss der Rat.\nVier Schiffe liefen auf Grund."
ZH = "记者从市水务局获悉，受连日降雨影响，长江中游水位持续上涨。\n目前堤防总体平稳，未发生重大险情。"
JA = "市は来年春に港の浚渫を行うことを決めた。\n昨冬、四隻の船が座礁した。"
RU = "Гавань Нордена углубят весной, решил совет.\nПрошлой зимой четыре судна сели на мель."
LONG = "\n".join(f"Paragraph {n} of a long story about the harbour, with a good many words in it." for n in range(20))


def kinds(before: str, after: str, **more: object) -> tuple[str, ...]:
    return classify(Said("Harbour", before), replace(Said("Harbour", after), **more)).kinds  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [EN, DE, ZH, JA, RU, LONG, ""])
def test_the_same_words_are_no_change_however_they_are_set(text: str) -> None:
    assert kinds(text, text) == ()
    assert kinds(text, text.replace(" ", "\u00a0").replace("\n", "\n\n")) == ()
    assert kinds("“So” it’s – said", '"So" it\'s - said') == ()


@pytest.mark.parametrize(
    ("before", "after", "old", "new"),
    [
        (EN, EN, "dredged", "dregded"),
        (EN, EN, "spring,", "spring"),
        (EN, EN, "council", "counsil"),
        (DE, DE, "Frühjahr", "Frühajhr"),
        (DE, DE, "ausgebaggert", "ausgebagert"),
        (ZH, ZH, "连日", "连曰"),
        (JA, JA, "座礁", "坐礁"),
        (RU, RU, "углубят", "углубят,"),
    ],
)
def test_a_slip_of_the_pen_is_a_typo_and_minor(before: str, after: str, old: str, new: str) -> None:
    change = classify(Said("H", before.replace(old, new)), Said("H", after))
    assert change.kinds == ("typo",)
    assert change.is_minor and change.is_new_text


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (EN, "Four", "Five"),
        (EN, "Four ships", "14 ships"),
        (EN, "will be", "will not be"),
        (EN, "Norden", "Rotterdam"),
        (EN.replace("Four", "4 million"), "million", "billion"),
        (DE, "wird im", "wird nicht im"),
        (DE, "Vier", "Drei"),
        (ZH, "未发生", "发生"),
        (ZH.replace("平稳", "三处"), "三", "五"),
        (JA, "四隻", "六隻"),
        (RU, "решил", "не решил"),
    ],
)
def test_numbers_names_and_negations_are_never_a_typo(text: str, old: str, new: str) -> None:
    assert kinds(text, text.replace(old, new)) == ("substance",)


@pytest.mark.parametrize(
    "note",
    [
        "Correction: An earlier text gave the wrong year.",
        "This article was amended on 12 May 2026 to say that four ships ran aground.",
        "An earlier version of this story misspelt the mayor's name.",
        "Korrektur: In einer früheren Fassung stand, der Rat habe gestern getagt.",
        "Anmerkung: In einer früheren Version dieses Artikels hieß es, fünf Schiffe seien betroffen.",
        "Rectificatif : le conseil s'est réuni mardi.",
        "Fe de errores: el consejo se reunió el martes.",
        "Errata corrige: il consiglio si è riunito martedì.",
        "Уточнение: в предыдущей версии говорилось о пяти судах.",
        "【訂正】記事中の「五隻」は「四隻」の誤りでした。",
        "（更正）此前版本误写为五艘。",
        "更正：会议于周二举行。",
        "정정: 기사에서 다섯 척을 네 척으로 바로잡습니다.",
        "تصحيح: اجتمع المجلس يوم الثلاثاء.",
        "Düzeltme: Haberde beş gemi yazılmıştı.",
        "Sprostowanie: rada zebrała się we wtorek.",
        "Đính chính: hội đồng họp hôm thứ Ba.",
    ],
)
def test_a_correction_note_is_known_in_many_languages(note: str) -> None:
    assert kinds(EN, f"{EN}\n{note}") == ("correction",)
    assert kinds(EN, f"{note}\n{EN.replace('Four', 'Five')}") == ("correction", "substance")
    assert kinds(f"{EN}\n{note}", f"{EN}\n{note}") == ()


@pytest.mark.parametrize(
    "line",
    [
        "Corrections officers said the prison was full and that more than four hundred men slept on its floors.",
        "The correction of the river's course took ten years.",
        "Die Korrektur des Flusslaufs dauerte zehn Jahre, und sie kostete am Ende mehr als vier Millionen Mark im Jahr.",
        "The market corrected sharply on Tuesday.",
        "修正主義をめぐる議論が国会で続いている。",
    ],
)
def test_news_about_corrections_is_no_correction_note(line: str) -> None:
    assert not is_correction_note(line)


@pytest.mark.parametrize(
    "line",
    ["Updated 12 May 2026, 9:30", "Stand: 12.05.2026, 10:30 Uhr", "Mis à jour le 12/05/2026 à 9h30", "Обновлено: 12.05.2026, 09:30",
     "更新时间：2026-05-12 09:30", "最終更新 2026年5月12日 09時30分", "입력 2026.05.12 09:30"],
)  # fmt: skip
def test_a_stamp_in_the_text_is_only_a_date(line: str) -> None:
    assert is_stamp(line)
    change = classify(Said("H", EN), Said("H", f"{line}\n{EN}"))
    assert change.kinds == ("date",) and not change.is_new_text


@pytest.mark.parametrize(
    "line", ["Updated figures for 2019 show growth", "Published in 1848, the book made him famous at once."]
)
def test_a_sentence_with_a_year_is_no_stamp(line: str) -> None:
    assert not is_stamp(line)


@pytest.mark.parametrize(
    "line",
    ["Read more: Lions eat zebra", "Lesen Sie auch: Pegel der Elbe sinkt", "À lire aussi : le port fermé", "Baca juga: Kapal karam",
     "相关阅读：长江水位", "関連記事", "Читайте также: Суд да дело", "1,234 views", "12 comments", "Xem thêm: Tàu mắc cạn"],
)  # fmt: skip
def test_furniture_that_leaked_into_the_text_makes_no_revision(line: str) -> None:
    assert is_furniture(line)
    change = classify(Said("H", EN), Said("H", f"{EN}\n{line}"))
    assert change.kinds == ("boilerplate",) and not change.is_new_text


@pytest.mark.parametrize(
    "line", ["Share prices fell in London on Monday.", "Comments by the mayor angered the fishermen."]
)
def test_a_sentence_that_begins_like_furniture_is_none(line: str) -> None:
    assert kinds(EN, f"{EN}\n{line}") == ("substance",)


def test_lines_that_stand_on_other_pages_are_furniture() -> None:
    before, after = Said("H", EN), Said("H", f"{EN}\nThe Norden Weekend: forty recipes.")
    assert classify(before, after).kinds == ("substance",)
    assert classify(before, after, frozenset(("The Norden Weekend: forty recipes.",))).kinds == ("boilerplate",)


def test_a_wall_a_loss_and_a_hijack_are_the_chief_thing() -> None:
    short = "\n".join(LONG.split("\n")[:3])
    assert kinds(LONG, short) == ("gutted", "substance")
    assert kinds(LONG, short, page_type="paywall")[:2] == ("paywalled", "gutted")
    assert kinds(LONG, LONG, page_type="paywall") == ("paywalled",)
    assert kinds(LONG, LONG.replace("harbour", "⟦…⟧"), hijacked=True)[0] == "hijacked"
    assert kinds("A short note.", "Another.") == ("substance",)  # too short to be gutted
    assert kinds("\n".join(LONG.split("\n")[:3]), LONG) == ("substance",)


def test_the_head_of_an_article_is_compared_apart_from_its_text() -> None:
    first = Said("Norden dredges", EN, ("Anna Berg",), "2026-05-11T08:00:00Z", None)
    assert classify(first, replace(first, headline="Norden will dredge")).kinds == ("headline",)
    assert classify(first, replace(first, modified="2026-05-11T09:00:00Z")).kinds == ("date",)
    assert classify(first, replace(first, authors=("Anna Berg", "Ben Ude"))).kinds == ("author",)
    both = classify(first, replace(first, authors=(), modified="2026-05-11T09:00:00Z"))
    assert both.kinds == ("author", "date") and both.is_minor and not both.is_new_text
    everything = classify(
        first, Said("Norden will dredge", EN.replace("Four", "Five"), modified="2026-05-12T00:00:00Z")
    )
    assert everything.kinds == ("substance", "headline", "author", "date")
    assert [kind for kind in KINDS if kind in everything.kinds] == list(everything.kinds)


def test_only_is_said_of_what_stands_alone():
    assert Change(("date",)).in_words == "only the date"
    assert Change(("substance", "headline", "date")).in_words == "text changed, new headline, the date"
