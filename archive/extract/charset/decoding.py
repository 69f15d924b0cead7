"""Which characters the bytes of a page are: HTTP charset, BOM, meta, detection, by the web's rules.

The labels are WHATWG's (https://encoding.spec.whatwg.org/#names-and-labels): gb2312 means gb18030, latin-1 means
windows-1252. A label that the bytes contradict is not believed, and the answer says so in its warnings.
"""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace

import webencodings

from archive.extract.charset.legacy import decode_legacy
from archive.extract.charset.mojibake import mended_utf8

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16le"), (codecs.BOM_UTF16_BE, "utf-16be"))
_META_TAG = re.compile(rb"<meta\b[^>]{0,600}?charset\s*=\s*[\"']?\s*([\w.:+-]+)", re.IGNORECASE)
_XML_DECLARATION = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_META_WINDOW_BYTES = 65536  # browsers look at 1024; pages put long comments and scripts before their meta
_SAMPLE_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a page, the WHATWG name of its encoding, and who said so."""

    text: str
    charset: str
    charset_from: str  # "http" | "bom" | "meta" | "detected" | "default"
    warnings: tuple[str, ...] = ()
    is_mended: bool = False  # the text says more than its bytes, which were encoded twice


def decode(body: bytes, http_charset: str | None = None) -> Decoded:
    """Return the text of `body` (content-decoded). Never raises: what cannot be read becomes U+FFFD.

    What was encoded twice is put right, with a warning.
    """
    found = _decode(body, http_charset)
    text, letters = mended_utf8(found.text, body) if found.charset == "utf-8" else (found.text, 0)
    if not letters:
        return found
    warning = f"{letters} letters were encoded twice"
    return replace(found, text=text, warnings=(*found.warnings, warning), is_mended=True)


def _decode(body: bytes, http_charset: str | None) -> Decoded:
    for bom, name in _BOMS:
        if body.startswith(bom):
            return Decoded(decode_legacy(body[len(bom) :], name), name, "bom")
    declared = _declared(body, http_charset)
    if not declared:
        return _undeclared(body)
    utf8 = _as_utf8(body)
    if declared[0][0].startswith("utf-16") and utf8 is not None and "\0" not in utf8:  # markup in UTF-16 is half zeros
        found = _decode(body, None)
        warning = f"charset {declared[0][0]} declared by http, bytes are {found.charset}"
        return replace(found, warnings=(*found.warnings, warning))
    for name, source in declared:
        if name == "utf-8":
            if utf8 is not None:
                return Decoded(utf8, name, source)
            continue
        if utf8 is not None and not utf8.isascii():
            # Real text in a legacy encoding is practically never valid UTF-8 with multi-byte characters in it.
            return Decoded(utf8, "utf-8", "detected", (f"charset {name} declared by {source}, bytes are utf-8",))
        text = decode_legacy(body, name)
        if _plausible(text):
            return Decoded(text, name, source)
    return _contradicted(body, declared)


def whatwg_name(label: str | None) -> str | None:
    """The WHATWG name of an encoding label, e.g. "latin-1" → "windows-1252"; None for labels nobody knows."""
    if not label:
        return None
    found = webencodings.lookup(label.strip().strip("\"'"))
    if found is None:
        found = webencodings.lookup(label.strip().lower().replace("_", "-").replace("cp-", "cp"))
    if found is None:
        return {"gb-2312": "gb18030", "utf8mb4": "utf-8", "cp949": "euc-kr", "cp932": "shift_jis"}.get(label.lower())
    if found.name == "replacement":
        return {"hz-gb-2312": "hz-gb-2312", "csiso2022kr": "iso-2022-kr", "iso-2022-kr": "iso-2022-kr"}.get(
            label.lower()
        )
    return {"gbk": "gb18030", "x-user-defined": "windows-1252"}.get(found.name, found.name)


def _declared(body: bytes, http_charset: str | None) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    http = whatwg_name(http_charset)
    if http:
        found.append((http, "http"))
    head = body[:_META_WINDOW_BYTES]
    match = _XML_DECLARATION.match(head) or _META_TAG.search(head)
    meta = whatwg_name(match[1].decode("ascii", "replace")) if match else None
    if meta:
        # A meta tag that can be read as ASCII cannot be UTF-16: the standard says UTF-8 then.
        found.append(("utf-8" if meta.startswith("utf-16") else meta, "meta"))
    return found


def _as_utf8(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        # A body cut in the middle of its last character is still UTF-8.
        if error.start >= len(body) - 4 and error.reason == "unexpected end of data":
            return body.decode("utf-8", "replace")
        return None


def _plausible(text: str) -> bool:
    """Whether a decoding left few characters unread: under one in 200 of those beyond ASCII."""
    bad = text.count("\ufffd")
    if not bad:
        return True
    beyond = sum(1 for char in text[:_SAMPLE_BYTES] if char > "\x7f")
    return bad <= 3 or bad * 50 < beyond


def _undeclared(body: bytes) -> Decoded:
    hidden = _seven_bits(body)
    if hidden is not None:
        return Decoded(decode_legacy(body, hidden), hidden, "detected")
    utf8 = _as_utf8(body)
    if utf8 is not None:
        return Decoded(utf8, "utf-8", "default" if utf8.isascii() else "detected")
    name = _detect(body)
    return Decoded(decode_legacy(body, name), name, "detected")


def _seven_bits(body: bytes) -> str | None:
    """The encodings whose bytes are valid UTF-8, too: those of escapes, and UTF-16, in which half of markup is zeros."""
    head = body[:_META_WINDOW_BYTES]
    if b"\x1b$" in head:
        return "iso-2022-kr" if b"\x1b$)C" in head else "iso-2022-jp"
    start = body[:400]
    if start.count(0) * 4 > len(start):
        return "utf-16le" if start[1::2].count(0) > start[::2].count(0) else "utf-16be"
    return None


def _contradicted(body: bytes, declared: list[tuple[str, str]]) -> Decoded:
    """Every label is contradicted: UTF-8 with a few broken bytes stays UTF-8, the rest is detected."""
    name, source = declared[0]
    text = decode_legacy(body, name)
    if name == "utf-8":
        good = sum(1 for char in text if char > "\x7f" and char != "\ufffd")
        bad = text.count("\ufffd")
        if bad * 4 <= good:
            return Decoded(text, name, source, (f"{bad} bytes are not utf-8",))
    detected = _detect(body)
    if detected == name:
        return Decoded(text, name, source, ("some bytes cannot be read",))
    warning = f"charset {name} declared by {source}, bytes read as {detected}"
    return Decoded(decode_legacy(body, detected), detected, "detected", (warning,))


# -- detection: read the bytes every way, and count what each language uses most

_COMMON = {
    "gb18030": set("的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家"),
    "big5": set("的一是不了人我在有他這為之大來以個中上們到說國和地也子時道出而要於就下得可你年生自會那後能對著事其里所去行過家"),
    "shift_jis": set("のにはをたがでてとしれさいるなかこもんらりっだくよあま年日月人大会一国者事で、。ーンスルトイラリ"),
    "euc-jp": set("のにはをたがでてとしれさいるなかこもんらりっだくよあま年日月人大会一国者事で、。ーンスルトイラリ"),
    "euc-kr": set("이다는에의을가고하지를은로기사한도리자서나일대해아어시과인정부전"),
    "windows-1251": set("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъіїєґ"),
    "koi8-r": set("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъ"),
    "iso-8859-7": set("αοιετσνηυρπκμλςάίόέήώθγδβχφω"),
    "windows-1255": set("יוהלאתרבמשנעקדחפםכגטזסצןףךץ"),
    "windows-1256": set("الينمرتوبةعدسفهكقحجشطصخضذءغظزثىأإآ"),
    "windows-874": set("านรอกเงมยลวดทตสปบคพ่้ีิัะหแไใโ"),
    "windows-1254": set("ıİşŞğĞçöüÇÖÜ"),
    "windows-1250": set("ąęłńóśźżćčěšřžýáíéůőűáéíóúöüţăâ"),
}  # fmt: skip
_MULTI_BYTE = {"gb18030", "big5", "shift_jis", "euc-jp", "euc-kr"}


def _detect(body: bytes) -> str:
    """The legacy encoding under which most characters beyond ASCII are everyday ones; windows-1252 if none is."""
    sample = re.sub(rb"<(script|style)\b.*?</\1\s*>|<[^>]*>", b" ", body[:_SAMPLE_BYTES], flags=re.DOTALL | re.I)
    best, best_score = "windows-1252", 0.30
    for name, common in _COMMON.items():
        text = decode_legacy(sample, name)
        beyond = [char for char in text.lower() if char > "\x7f"]
        if not beyond:
            continue
        bad = sum(1 for char in beyond if char == "\ufffd" or "\x80" <= char < "\xa0" or "\ue000" <= char < "\uf900")
        score = sum(1 for char in beyond if char in common) / len(beyond) - 4 * bad / len(beyond)
        if name in ("windows-1250", "windows-1254"):
            score -= 0.35  # their letters share places with western ones, so only clear cases count
        if name in _MULTI_BYTE:
            score += 0.12  # thousands of characters: the everyday ones are a smaller share
        if score > best_score:
            best, best_score = name, score
    return best
