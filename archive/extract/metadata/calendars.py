"""Dates of other calendars and in other figures, rewritten so that one reader of dates is enough. Pure.

Arabic-Indic, Persian, Indian, Thai and wide figures; Chinese numerals; the eras of Japan, the years of Taiwan's
republic, those of the Buddha in Thailand; months by their number in Vietnam and of two words in the Levant.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re

_ZEROS = "٠۰०০๐０"
_FIGURES = {ord(zero) + figure: str(figure) for zero in _ZEROS for figure in range(10)}
_NUMERALS = {numeral: str(figure) for figure, numeral in enumerate("〇一二三四五六七八九")}
_NUMERAL = "[〇一二三四五六七八九十]"
_IN_NUMERALS = re.compile(rf"([〇一二三四五六七八九]{{4}})年\s*({_NUMERAL}{{1,3}})月\s*({_NUMERAL}{{1,3}})日")
_BEGAN = {"令和": 2019, "平成": 1989, "昭和": 1926, "民國": 1912, "民国": 1912}  # the year that counts as the first
_ERA = re.compile(r"(令和|平成|昭和|民[國国])\s*(\d{1,3}|元)\s*年")
_THAI_MONTHS = (
    ("มกราคม", "ม.ค."), ("กุมภาพันธ์", "ก.พ."), ("มีนาคม", "มี.ค."), ("เมษายน", "เม.ย."), ("พฤษภาคม", "พ.ค."),
    ("มิถุนายน", "มิ.ย."), ("กรกฎาคม", "ก.ค."), ("สิงหาคม", "ส.ค."), ("กันยายน", "ก.ย."), ("ตุลาคม", "ต.ค."),
    ("พฤศจิกายน", "พ.ย."), ("ธันวาคม", "ธ.ค."),
)  # fmt: skip
_THAI_MONTH = {name: number for number, names in enumerate(_THAI_MONTHS, 1) for name in names}
_THAI = re.compile(
    rf"(\d{{1,2}})\s*({'|'.join(map(re.escape, _THAI_MONTH))})\s*(?:พ\.ศ\.|ค\.ศ\.)?\s*(\d{{4}})(?:\s*(?:เวลา)?\s*(\d{{1,2}})[:.](\d{{2}})\s*น\.)?"
)
_VIETNAMESE = re.compile(r"(\d{1,2})\s+tháng\s+(\d{1,2})\s*(?:,|năm)?\s+((?:19|20)\d{2})", re.IGNORECASE)
_LEVANT = re.compile(
    r"((?:تشرين|كانون) (?:الأول|الثاني))(?:\s*/\s*[\u0600-\u06ff]+)?"
)  # two words, often with Egypt's name
_LEVANT_MONTHS = {"تشرين الأول": "أكتوبر", "تشرين الثاني": "نوفمبر", "كانون الأول": "ديسمبر", "كانون الثاني": "يناير"}
_MAY_BE = re.compile("[٠-٩۰-۹०-९০-৯๐-๙０-９年\u0e00-\u0e7f]|tháng|تشرين|كانون")
_BUDDHIST = re.compile(r"(?<!\d)(\d{1,2}[/-]\d{1,2}[/-])(25[4-9]\d)(?!\d)")
_SINCE_BUDDHA = 543  # years


def gregorian(text: str) -> str:
    """`text` with its figures as 0 to 9 and its years as those of our era; text in ASCII is as it was."""
    if text.isascii() or not _MAY_BE.search(text):
        return text
    text = text.translate(_FIGURES)
    text = _IN_NUMERALS.sub(lambda found: f"{_figures(found[1])}年{_number(found[2])}月{_number(found[3])}日", text)
    text = _ERA.sub(lambda found: f"{_BEGAN[found[1]] + (1 if found[2] == '元' else int(found[2])) - 1}年", text)
    text = _VIETNAMESE.sub(r"\3-\2-\1", text)
    text = _LEVANT.sub(lambda found: _LEVANT_MONTHS[found[1]], text)
    if re.search("[\u0e00-\u0e7f]", text):
        text = _BUDDHIST.sub(lambda found: f"{found[1]}{int(found[2]) - _SINCE_BUDDHA}", _THAI.sub(_of_thailand, text))
    return text


def _figures(numerals: str) -> str:
    return "".join(map(_NUMERALS.__getitem__, numerals))


def _number(numerals: str) -> int:
    """A month or day: 十 is ten, 二十 twenty, 二十三 or 二三 twenty-three."""
    tens, ten, ones = numerals.partition("十")
    if not ten:
        return int(_figures(numerals))
    return 10 * int(_figures(tens) or 1) + int(_figures(ones.replace("十", "")) or 0)


def _of_thailand(found: re.Match[str]) -> str:
    year = int(found[3])
    day = f"{year - _SINCE_BUDDHA if year > 2400 else year}-{_THAI_MONTH[found[2]]:02d}-{int(found[1]):02d}"
    return f"{day} {int(found[4]):02d}:{found[5]}" if found[4] else day
