"""Text that was encoded twice: UTF-8 bytes taken for a Windows code page, and the result written as UTF-8 again. Pure.

"MÃ¼ller" for "Müller", "itâ€™s" for "it’s", "РџСЂРё" for "При". Each broken letter is a sequence that no
language writes, and says by itself which letter it was. A few sequences may be a page about encodings; a page that is broken has many.
"""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import re

_LEAST = 3  # sequences of Latin letters
_LEAST_CYRILLIC = 24  # their halves are Cyrillic letters, so more is asked
_SOFT = "\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
_TAIL = f"\u0080-\u00bf{_SOFT}"
# Not é and ®, or É and ™, as in "NESCAFÉ®": of such leads these tails are no letter anybody writes.
_NO_SIGN = "(?<![\u00c4-\u00cf\u00d2-\u00df][\u00a9\u00ae])(?<!\u00c9\u2122)"
_LATIN = re.compile(f"[\u00c2-\u00df][{_TAIL}]{_NO_SIGN}|[\u00e0-\u00ef][{_TAIL}]{{2}}|[\u00f0-\u00f4][{_TAIL}]{{3}}")
# Not a capital before a closing quote or a dash, as in Portuguese capitals: "IRMÃ”, “CORAÇÃO”".
_HARD = re.compile(
    f"[\u00c2-\u00df][\u0080-\u00a9\u00ac-\u00ba\u00bc-\u00bf]{_NO_SIGN}|[\u00e0-\u00ef][\u0080-\u00bf\u20ac][{_TAIL}]"
)
# What every broken letter begins with, in UTF-8: found many times faster than the letters.
_MAY_BE_LATIN = re.compile(rb"\xc3[\x82-\xb4](?:[\xc2\xc5\xc6\xcb]|\xe2[\x80\x82\x84])")
_MAY_BE_CYRILLIC = "Р".encode()
_ASCII_TO_BLANK = bytes(0x20 if byte < 0x80 else byte for byte in range(256))
_ACCENTED = re.compile("[\u00c0-\u00ff]")
_CYRILLIC = re.compile("[РС][\u0080-\u009f\u0402\u0403\u0409-\u040b\u040f\u0452\u0453\u0459-\u045b\u045f\u0490\u00a0-\u00bb\u2013-\u203a\u20ac\u2116\u2122\u0451\u0454-\u0458\u0491\u0401\u0404-\u0407\u040c\u040e\u045c\u045e]")  # fmt: skip


def mended(text: str) -> tuple[str, int]:
    """The text with letters that were encoded twice put right, and how many there were; 0: nothing was changed."""
    codec = _taken_for(text.encode("utf-8", "replace"))
    return (text, 0) if codec is None else _put_right(text, codec)


def mended_utf8(text: str, body: bytes) -> tuple[str, int]:
    """The same for the text of UTF-8 bytes, which are quicker to look through."""
    codec = _taken_for(body)
    return (text, 0) if codec is None else _put_right(text, codec)


def _taken_for(body: bytes) -> str | None:
    """The code page that UTF-8 was taken for, as the text's runs beyond ASCII tell; None where it was not."""
    if not (_MAY_BE_LATIN.search(body) or (b"\xd0" in body and _MAY_BE_CYRILLIC in body)):
        return None
    runs = body.translate(_ASCII_TO_BLANK).split()
    rest = b" ".join(runs).decode("utf-8", "replace")
    if len(_HARD.findall(rest)) >= _LEAST or _nothing_else(rest):
        return "cp1252"
    pairs = len(_CYRILLIC.findall(rest)) if "Р" in rest else 0
    # Of honest Russian nearly all letters are these.
    letters = sum(map(rest.count, "аеинорст")) if pairs >= _LEAST_CYRILLIC else 0
    return "cp1251" if pairs >= _LEAST_CYRILLIC and letters * 4 < pairs else None


def _nothing_else(text: str) -> bool:
    """Whether all accented letters of a text are halves of such sequences: no honest page has several and no other."""
    pairs = _LATIN.findall(text)
    halves = sum(len(_ACCENTED.findall(pair)) for pair in pairs)
    return len(pairs) >= _LEAST and (len(_ACCENTED.findall(text)) - halves) * 10 < len(pairs)


def _put_right(text: str, codec: str) -> tuple[str, int]:
    count = 0

    def put_right(match: re.Match[str]) -> str:
        nonlocal count
        try:
            letter = _bytes(match[0], codec).decode("utf-8")
        except UnicodeError:
            return match[0]
        count += 1
        return letter

    return (_LATIN if codec == "cp1252" else _CYRILLIC).sub(put_right, text), count


def _bytes(text: str, codec: str) -> bytes:
    """As the code page has them; the places it leaves empty are the bytes themselves, as browsers read them."""
    return b"".join(bytes((ord(char),)) if ord(char) < 0xA0 else char.encode(codec) for char in text)
