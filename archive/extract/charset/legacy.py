"""Legacy encodings as browsers read them, where Python's codecs read less or otherwise. Pure.

`decode_legacy` is Python's codec for a WHATWG name (https://encoding.spec.whatwg.org/), with a second try for the
bytes it does not know and a table for those it maps elsewhere. Compared with a browser over all pairs of bytes;
what is left is in docs/reading.md, "Charsets".
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

_CODEC = {
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "windows-1252": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "x-mac-cyrillic": "mac-cyrillic",
    "macintosh": "mac-roman",
    "windows-874": "cp874",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    # Browsers show nothing of these two, because old attacks hid in them; an archive reads what was written.
    "hz-gb-2312": "hz",
    "iso-2022-kr": "iso2022_kr",
}
_GB18030_2022 = dict(zip(
    "\ue5e5\ue78d\ue78e\ue78f\ue790\ue791\ue792\ue793\ue794\ue795\ue796\ue7c7\ue81e\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864",
    "\u3000︐︒︑︓︔︕︖︗︘︙ḿ龴龵龶龷龸龹龺龻", strict=True,
))  # fmt: skip
_ELSEWHERE: dict[str, dict[int, str] | dict[int, int]] = {
    "gb18030": str.maketrans(_GB18030_2022),  # characters that had private places before the standard of 2005
    "euc-jp": str.maketrans("〜‖−¢£¬", "～∥－￠￡￢"),  # as Windows maps them
    "koi8-u": str.maketrans("╝╬", "ўЎ"),
}
_ESCAPE = re.compile(rb"\x1b(\$[@B]|\([BJI])")


def decode_legacy(body: bytes, name: str) -> str:
    """The text of `body` in the encoding of this WHATWG name; bytes that mean nothing in it become U+FFFD."""
    if name == "iso-2022-jp":
        return _iso_2022_jp(body)
    try:
        text = body.decode(_CODEC.get(name, name), _SECOND_TRY.get(name, "replace"))
    except (LookupError, UnicodeError):
        return body.decode("cp1252", "replace")
    table = _ELSEWHERE.get(name)
    return text.translate(table) if table else text


def _iso_2022_jp(body: bytes) -> str:
    """By its escapes, two bytes as EUC-JP has them: Python's own codec lacks half-width kana and row 13."""
    out: list[str] = []
    mode = b"(B"
    for at, part in enumerate(_ESCAPE.split(body)):
        if at % 2:
            mode = part
        elif mode[:1] == b"$":
            # Line breaks and blanks end nothing here: they stand for themselves.
            out.extend(
                decode_legacy(run.translate(_HIGH), "euc-jp") if high else run.decode("ascii", "replace")
                for high, run in _runs(part)
            )
        else:
            kana = mode == b"(I"
            out.append(part.translate(_HIGH).decode("cp932", "replace") if kana else part.decode("ascii", "replace"))
    return "".join(out)


_HIGH = bytes(byte | 0x80 if 0x21 <= byte <= 0x7E else byte for byte in range(256))
_RUNS = re.compile(rb"([\x21-\x7e]+)|([^\x21-\x7e]+)")


def _runs(part: bytes) -> list[tuple[bool, bytes]]:
    return [(bool(match[1]), match[0]) for match in _RUNS.finditer(part)]


# -- a second try for what Python's codec does not know


def _handler(name: str, second: Callable[[bytes], str]) -> str:
    def handle(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        pair = error.object[error.start : error.start + 2]
        try:
            return second(pair), error.start + 2
        except (UnicodeDecodeError, ValueError, LookupError):
            return "\ufffd", error.start + 1

    codecs.register_error(name, handle)
    return name


def _row_13(pair: bytes) -> str:
    """Two bytes of EUC-JP as Shift_JIS has them: NEC's and IBM's characters, which every Japanese browser shows."""
    row, cell = pair[0] - 0xA1, pair[1] - 0xA1
    if not (0 <= row < 94 and 0 <= cell < 94):
        raise ValueError(pair)
    lead = row // 2 + (0x81 if row < 62 else 0xC1)
    trail = cell + 0x9F if row % 2 else cell + 0x40 + (cell >= 63)
    return bytes((lead, trail)).decode("cp932")


_SECOND_TRY = {
    "euc-jp": _handler("pressmark-euc-jp", _row_13),
    "big5": _handler("pressmark-big5", lambda pair: {b"\xa3\xe1": "€"}[pair]),
    "gb18030": _handler("pressmark-gb18030", lambda pair: _euro(pair)),
}


def _euro(pair: bytes) -> str:
    """0x80 is the euro sign of Windows' GBK; the byte behind it is one of its own."""
    if pair[0] != 0x80:
        raise ValueError(pair)
    return "€" + pair[1:].decode("ascii")
