"""Ways to reach somebody that were put between the words of a sentence. Pure."""

# ruff: noqa: E501 - patterns are read by row

from __future__ import annotations

import re

from archive.extract.injection.signs import HAN

_DOMAIN = r"(?:https?://)?(?:www\.)?[a-z0-9][a-z0-9-]{1,30}(?:\.[a-z0-9-]{2,20}){1,2}(?:/[\w./-]*)?"
_ID = r"(?:@[A-Za-z0-9_]{4,24}|\+\d[\d ().-]{6,16}\d|(?=[A-Za-z_-]*\d)[A-Za-z0-9+][A-Za-z0-9_-]{4,20})"
# Ways to reach somebody off the page; alone they only say "contact", the brackets around them are the structure.
_CHANNEL = r"(?:加?\s*(?:微信|薇信|威信|vx|wx|v信|qq|扣扣|飞机|纸飞机|电报|客服)|q\s?q|we\s?chat|whats\s?app|tele\s?gram|tg|line|kakao(?:talk)?|카톡|카카오톡|텔레그램|텔레|ライン|skype|viber|signal|加v|加q)"
_BRACKETS = (("【", "】"), ("▲", "▲"), ("★", "★"), ("☆", "☆"), ("◆", "◆"), ("●", "●"), ("■", "■"), ("▼", "▼"), ("「", "」"), ("《", "》"),
             ("[", "]"), ("(", ")"), ("（", "）"), (">>>", "<<<"), ("<<<", ">>>"), ("***", "***"), ("〔", "〕"), ("〖", "〗"), ("{", "}"), ("~", "~"), ("→", "←"), ("✆", "✆"), ("♥", "♥"))  # fmt: skip
_DECORATED = frozenset(("▲", "★", "☆", "◆", "●", "■", "▼", ">>>", "<<<", "***", "〖", "✆", "♥", "→", "【"))
_BRACKETED = re.compile(
    "|".join(
        rf"{re.escape(one)}[^\n{re.escape(one[0])}{re.escape(other[0])}]{{4,70}}?{re.escape(other)}"
        for one, other in _BRACKETS
    )
)
_REACH = re.compile(rf"(?<![A-Za-z])(?:{_CHANNEL})\s*(?:号|號|id)?\s*[:：]?\s*({_ID})", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<!\w)(?:call|dial|text|tel|phone|致电|拨打|热线|電話|전화)\s*[:：.]?\s*\+?\d[\d\s()./-]{6,}\d", re.IGNORECASE
)
# The same without signs around it, between two words of a sentence.
_ACCOUNT = re.compile(r"[@\d](?:[\w-]{4}|(?<=[^\W\d]\d|[+-]\d))")  # in every `_ID`, and found much faster
_BARE_PHONE = re.compile(rf"\((?:{_PHONE.pattern})\)", re.IGNORECASE)
_BARE = re.compile(rf"(?:{_REACH.pattern})|{_BARE_PHONE.pattern}", re.IGNORECASE)
_PLACE = re.compile(rf"(?<![A-Za-z0-9.@-]){_DOMAIN}(?![A-Za-z0-9@])", re.IGNORECASE)


def contacts(text: str) -> list[tuple[int, int, tuple[str, ...]]]:
    """Bracketed or decorated insertions that hold a way to reach somebody: (start, end, kinds of evidence)."""
    found: list[tuple[int, int, tuple[str, ...]]] = []
    for match in _BRACKETED.finditer(text):
        inner = match[0]
        kinds: list[str] = []
        opened = next(one for one, _ in _BRACKETS if inner.startswith(one))
        place = _PLACE.search(inner) if opened in _DECORATED or opened == "[" else None
        if _ACCOUNT.search(inner) and (reach := _REACH.search(inner)):
            kinds.append(f"contact: {reach[0]}")
        # Papers put addresses into round brackets all the time; set off by signs they are an advertisement.
        elif place and (
            opened in _DECORATED or (opened == "[" and place[0].startswith("www.") and inner[1:-1] == place[0])
        ):
            kinds.append(f"contact: {place[0]}")
        else:
            continue
        before, after = text[: match.start()].rstrip(), text[match.end() :].lstrip()
        if opened in _DECORATED or (opened == "[" and place):
            kinds.append(f"frame: set off by {opened!r}")
        if before and after and before[-1] not in "。！？.!?\n":
            kinds.append("sentence: in the middle of one")
        elif (before or after) and opened in "【▲★☆◆●■▼✆♥〖":
            kinds.append("sentence: glued to one")
        elif not before or not after:
            kinds.append("edge")
        found.append((match.start(), match.end(), tuple(kinds)))
    return found


def bare_contacts(text: str) -> list[tuple[int, int, tuple[str, ...]]]:
    """Ways to reach somebody that stand between two words of a sentence without a sign that sets them off."""
    found: list[tuple[int, int, tuple[str, ...]]] = []
    for match in _BARE.finditer(text) if _ACCOUNT.search(text) or ("(" in text and _BARE_PHONE.search(text)) else ():
        before, after = text[: match.start()].rstrip(), text[match.end() :].lstrip()
        if before and after and before[-1].isalnum() and (after[0].isalpha() or HAN.match(after[0])):
            found.append((match.start(), match.end(), (f"contact: {match[0]}", "between: two words of a sentence")))
    return found
