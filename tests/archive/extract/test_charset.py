"""Every label of the WHATWG standard, labels that lie, no label at all, and text that was encoded twice."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webencodings import LABELS

from archive.extract.charset import mojibake
from archive.extract.charset.decoding import decode, whatwg_name
from archive.extract.charset.legacy import decode_legacy
from archive.extract.charset.mojibake import mended

GERMAN = "Größe, Ärger und Übermut: „Fünf Straßen“"
LATIN = "Größe, Ärger und Übermut"
RUSSIAN = "Правительство приняло решение о новой дороге в Сибири"
CHINESE = "市政府星期二决定重新开放河边的旧浴场"
TRADITIONAL = "市議會星期二決定重新開放河邊的舊浴場"
JAPANESE = "市議会は火曜日、川沿いの古い浴場を再開することを決めた"
KOREAN = "시의회는 화요일 강가의 오래된 수영장을 다시 열기로 했다"
SAMPLES = {
    "big5": TRADITIONAL, "gb18030": CHINESE, "euc-jp": JAPANESE, "iso-2022-jp": JAPANESE, "shift_jis": JAPANESE, "euc-kr": KOREAN,
    "hz-gb-2312": CHINESE, "iso-2022-kr": KOREAN, "ibm866": RUSSIAN, "iso-8859-5": RUSSIAN, "koi8-r": RUSSIAN, "koi8-u": "Уряд ухвалив рішення про нову дорогу",
    "windows-1251": RUSSIAN, "x-mac-cyrillic": RUSSIAN, "iso-8859-6": "قررت البلدية يوم الثلاثاء", "windows-1256": "قررت البلدية يوم الثلاثاء",
    "iso-8859-7": "Ο δήμος αποφάσισε την Τρίτη", "windows-1253": "Ο δήμος αποφάσισε την Τρίτη", "iso-8859-8": "העירייה החליטה ביום שלישי",
    "iso-8859-8-i": "העירייה החליטה ביום שלישי", "windows-1255": "העירייה החליטה ביום שלישי", "windows-874": "เทศบาลตัดสินใจเมื่อวันอังคาร",
    "iso-8859-2": "Żółte łąki i śnieg", "windows-1250": "Żółte łąki i śnieg", "iso-8859-16": "Żółte łąki și țară", "iso-8859-3": "Ĝis revido ĉiuj ŝipoj",
    "iso-8859-4": "Šķūņi un ģimenes", "windows-1257": "Šķūņi un ģimenes", "iso-8859-13": "Šķūņi un ģimenes", "iso-8859-10": "Þú ert á Íslandi, Čáhci",
    "iso-8859-14": "Ŵyr a ŷd yng Nghymru", "iso-8859-15": "Cœur à 5 €", "windows-1254": "İstanbul’da güneşli bir sabah", "windows-1258": "Đưng ta ở đâu".replace("ở", "o"),
    "macintosh": GERMAN, "windows-1252": GERMAN, "utf-8": JAPANESE, "utf-16le": JAPANESE, "utf-16be": JAPANESE,
}  # fmt: skip
_PYTHON = {"iso-8859-8-i": "iso-8859-8", "x-mac-cyrillic": "mac-cyrillic", "macintosh": "mac-roman", "windows-874": "cp874",
           "shift_jis": "cp932", "euc-kr": "cp949", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "hz-gb-2312": "hz", "iso-2022-kr": "iso2022_kr"}  # fmt: skip
ENCODINGS = sorted(SAMPLES)


def encoded(text: str, name: str) -> bytes:
    return text.encode(_PYTHON.get(name, name))


@settings(deadline=None)
@given(label=st.sampled_from(sorted(LABELS)), spaces=st.sampled_from(["", " ", "\t"]), upper=st.booleans())
def test_every_label_of_the_standard_decodes_what_is_written_in_it(label: str, spaces: str, upper: bool) -> None:
    said = spaces + (label.upper() if upper else label) + spaces
    name = whatwg_name(said)
    if name is None:
        assert LABELS[label] == "replacement"  # browsers refuse it, and Python has no codec
        return
    found = decode(encoded(SAMPLES[name], name), said)
    assert (found.text, found.charset, found.charset_from) == (SAMPLES[name], name, "http")


def test_every_encoding_of_the_standard_has_a_sample() -> None:
    assert {whatwg_name(label) for label in LABELS} - {None} == set(SAMPLES)


@pytest.mark.parametrize("name", [name for name in ENCODINGS if not name.startswith("utf")])
def test_every_legacy_encoding_is_read_by_the_label_in_the_page(name: str) -> None:
    page = f'<html><head><meta charset="{name}"></head><body>{SAMPLES[name]}</body></html>'
    found = decode(encoded(page, name))
    assert (found.charset, found.charset_from) == (name, "meta")
    assert SAMPLES[name] in found.text


@pytest.mark.parametrize(
    ("name", "raw", "text"),
    [
        ("gb18030", b"\x80", "€"),
        ("gb18030", b"\xfe\x59", "龴"),
        ("euc-jp", b"\xad\xa1\xad\xea", "①㈱"),
        ("euc-jp", b"\xa1\xc1", "～"),
        ("iso-2022-jp", b"\x1b$B-!\x1b(I6E\x1b(B.", "①ｶﾅ."),
        ("koi8-u", b"\xae", "ў"),
        ("big5", b"\xa3\xe1", "€"),
        ("big5", b"\xf9\xd6", "碁"),
    ],
)
def test_what_browsers_know_and_python_does_not(name: str, raw: bytes, text: str) -> None:
    assert decode_legacy(raw, name) == text


@settings(deadline=None)
@given(raw=st.binary(max_size=60), name=st.sampled_from(ENCODINGS))
def test_no_bytes_stop_a_decoder(raw: bytes, name: str) -> None:
    assert isinstance(decode_legacy(raw, name), str)


@pytest.mark.parametrize("name", ["iso-2022-jp", "iso-2022-kr", "utf-16le", "utf-16be"])
def test_what_would_pass_for_ascii_is_found_without_a_label(name: str) -> None:
    page = f"<!DOCTYPE html><html><head><title>Town</title></head><body><p>{SAMPLES[name]}</p></body></html>"
    found = decode(encoded(page, name))
    assert (found.charset, found.charset_from) == (name, "detected")
    assert SAMPLES[name] in found.text


def twice(text: str, code_page: str = "cp1252") -> str:
    """`text` in UTF-8, taken for a code page; the places it leaves empty are the bytes themselves."""
    return "".join(
        char if (char := bytes((byte,)).decode(code_page, "ignore")) else chr(byte) for byte in text.encode("utf-8")
    )


@pytest.mark.parametrize("text", [GERMAN, "l’été à Noël coûte 5 €", RUSSIAN, CHINESE, JAPANESE, "Żółte łąki i śnieg"])
def test_text_that_was_encoded_twice_is_put_right_and_says_so(text: str) -> None:
    found = decode(f'<meta charset="utf-8"><p>{twice(text)}</p>'.encode())
    assert f"<p>{text}</p>" in found.text
    assert found.warnings[0].endswith("letters were encoded twice")


def test_cyrillic_that_was_encoded_twice_over_a_cyrillic_code_page_is_put_right() -> None:
    assert mended(twice(RUSSIAN, "cp1251"))[0] == RUSSIAN


@pytest.mark.parametrize(
    "text",
    [
        GERMAN * 3,
        RUSSIAN * 9,
        "Рівне і Рік " * 30,
        "“CORAÇÃO” IRMÃ” AMANHÃ… ÀS" * 3,
        "«Â» est une lettre, «Ã» aussi",
        "L’ÂME – « ÂGE »",
        "NESCAFÉ® " * 9,
        JAPANESE,
    ],
)
def test_honest_text_is_left_alone(text: str) -> None:
    assert mended(text) == (text, 0)


def test_one_broken_word_on_a_page_about_encodings_stays() -> None:
    text = "Wer „MÃ¼ller“ liest, sieht UTF-8, das für Latin-1 gehalten wurde."
    assert mended(text) == (text, 0)


def test_every_letter_that_was_encoded_twice_begins_as_is_looked_for_first() -> None:
    tails = (*map(chr, range(0x80, 0xC0)), *mojibake._SOFT)
    pairs = [chr(lead) + tail for lead in range(0xC2, 0xF5) for tail in tails]
    assert [pair for pair in pairs if not mojibake._MAY_BE_LATIN.search(pair.encode())] == []
