"""Whose words and pictures a page says they are: the agency of a text, the photographer of an image. Pure.

An agency is named where newspapers name it: in brackets behind the place at the head of the text, alone in brackets at
its end, in a line of its own ("Quelle: dpa"), as the author. A name inside a sentence is a quotation, no credit.
Order: `find_agency`, `caption_and_credit`.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import html

from archive.model import TEXT_LABELS, Author, Block, Origin

_AGENCIES = (
    "Reuters|Thomson Reuters|The Associated Press|Associated Press|AP|AFP|Agence France-Presse|dpa(?:-infocom|-AFX)?|APA|Xinhua|EFE|Agencia EFE|ANSA|Adnkronos|LaPresse|"
    "TASS|ТАСС|RIA Novosti|РИА Новости|Interfax|Интерфакс|Kyodo(?: News)?|Jiji(?: Press)?|Yonhap|PTI|IANS|ANI|PA Media|Press Association|The Canadian Press|Canadian Press|AAP|"
    "Australian Associated Press|NTB|Ritzau|STT|Belga|ANP|Lusa|Agência Lusa|Agência Brasil|PAP|ČTK|MTI|Agerpres|Keystone-SDA|KEYSTONE-SDA|SDA|sda|KNA|epd|SID|Europa Press|Télam|Notimex|"
    "Anadolu(?: Agency| Ajansı)?|AA|UPI|United Press International|Bloomberg|Ukrinform|Укринформ|Укрінформ|Prensa Latina|Bernama|Antara|新华社|新華社|中新社|中央社|共同通信(?:社)?|時事通信(?:社)?|연합뉴스|뉴시스"
)  # fmt: skip
_NAME = rf"(?<![\w-])(?P<agency>{_AGENCIES})(?![\w-])"
_MORE = rf"(?:\s*[/,&+;]\s*(?:(?:{_AGENCIES})|[\w. ]{{2,24}}))*"
_HEAD = re.compile(rf"^(?P<place>[^()\[\]]{{0,60}})[(\[]\s*(?:[^()\[\]]{{0,24}}[/,]\s*)?{_NAME}{_MORE}\s*[)\]]")
_DASH = re.compile(rf"^[A-ZÄÖÜ][\w .,'’/-]{{1,50}},?\s+{_NAME}\s*[-–—]\s")
_CJK_HEAD = re.compile(
    r"^[(（【\[]?\s*(?:本报|据)?\s*(?P<agency>新华社|新華社|中新社|中央社|共同通信|時事通信)[^。]{0,24}(?:电|電|讯|訊|】|）|\)|\])"
)
_TAIL = re.compile(rf"[(\[]\s*(?:[\w. ]{{1,24}}\s*[/,]\s*)*{_NAME}{_MORE}\s*[)\]]\s*\.?$")
_LINE = re.compile(
    rf"^(?:sources?|quellen?|fonte|fuente|bron|źródło|kilde|källa|lähde|zdroj|forrás|sursa|kaynak|источник|джерело|πηγή|from|by|von|par|avec|con información de|with (?:files|reporting) from|"
    rf"mit material (?:von|der)|erstellt mit|©|\(c\)|copyright(?: ©)?(?: \d{{4}})?)\s*[:：]?\s*(?:[\w. ]{{1,24}}\s*[/,]\s*)*{_NAME}{_MORE}\.?$",
    re.I,
)  # fmt: skip
_ALONE = re.compile(rf"^{_NAME}{_MORE}$")
_WHOLE = re.compile(rf"^(?:{_AGENCIES})$")
_ANNOUNCED = re.compile(
    r"^(?:(?:credits?|crédits?|photo(?:graph)?|foto|image|bild)(?: (?:by|credit|von|de))?\W*)+(?=\S)", re.I
)
_FIRST, _LAST, _SHORT = 4, 4, 90


def find_agency(blocks: Sequence[Block], authors: Sequence[Author]) -> tuple[str, Origin] | None:
    """The agency a text is credited to, and where the page says so; the first one of several."""
    kept = [block.text for block in blocks if block.label in TEXT_LABELS]
    for text in kept[:_FIRST]:
        match = _HEAD.match(text) or _DASH.match(text) or _CJK_HEAD.match(text)
        if match:
            return match["agency"], Origin("dateline", 0.9)
    for text in reversed(kept[-_LAST:]):
        match = _LINE.match(text) if len(text) < _SHORT else None
        match = match or _TAIL.search(text[-60:]) or (_ALONE.match(text) if len(text) < 40 else None)
        if match:
            return match["agency"], Origin("credit-line", 0.9)
    named = next((author.name for author in authors if _WHOLE.match(author.name)), None)
    if named is not None:
        return named, Origin("authors", 0.8)
    for block in blocks:
        if block.label in ("byline", "dateline", "legal") and (
            match := _LINE.match(block.text) or _ALONE.match(block.text)
        ):
            return match["agency"], Origin("byline", 0.8)
    return None


_CREDIT_NAME = re.compile(r"credit|copyright|photographer|quelle|source|fotograf|attribution", re.I)
_CREDIT = re.compile(
    r"(?:^|[\s.(\[|–—-])(?:(?:photo(?:graph)?s?|image|picture|foto|bild|illustration|grafik|credit|crédit(?: photo)?|copyright|写真|撮影|图片来源|圖片來源|图|사진|фото)"
    r"\s*(?:credit|by|von|de|di|courtesy of)?\s*[:：/=]\s*|©\s*|\(c\)\s*)(?P<credit>(?:(?-i:\b[A-ZÄÖÜ])\.|[^.。|()\[\]]){2,80})[)\].]*$",
    re.I,
)


def caption_and_credit(under: html.HtmlElement) -> tuple[str | None, str | None]:
    """What a picture shows and who made it, from the words under it: by a named element, or a mark before the name."""
    words = " ".join("".join(under.itertext()).split())
    for node in under.iter():
        own = " ".join("".join(node.itertext()).split())
        names = f"{node.get('class') or ''} {node.get('itemprop') or ''}"
        if node is not under and own and own != words and _CREDIT_NAME.search(names):
            rest = words.removesuffix(own).strip() if words.endswith(own) else words.replace(own, "", 1).strip()
            marked = _CREDIT.search(own)
            return rest or None, _bare(marked["credit"] if marked else own)
    if words.lower().startswith("credit"):
        return None, _bare(words)
    match = _CREDIT.search(words)
    if match:
        return words[: match.start()].strip(" ([|–—-") or None, _bare(match["credit"])
    return words or None, None


def _bare(credit: str) -> str | None:
    """The name without the word that announces it, however often it stands there."""
    return _ANNOUNCED.sub("", credit).strip(" ()[]|:") or None
