"""Bylines as words: the names in one, and what can be a name. Pure.

Order: `names_in`, `is_byline`, what may be a person's name and what the name of any author.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import html as entities
import re
from functools import lru_cache

_BYLINE_START = re.compile(
    r"^[\s/|•·–—-]*(?:(?:texte?|words|fotos?|interview)\s+(?:und|and|et|y|e|&)\s+\w+\s*[:：]|(?:written|posted|published|reported|words|story|text|article|report|review|interview|analysis|opinion|photos?)?\s*(?:and\s+\w+\s+)?"
    r"(?:(?:eine?\s+)?(?:(?:gast|blog|fach)?-?\s?(?:artikel|beitrag|kommentar)|bericht|analyse|reportage|interview|text|kolumne|glosse|essay|porträt|rezension)\s+von|(?:geschrieben|verfasst|erstellt|veröffentlicht|gepostet)\s+von|(?:publié|posté|rédigé|écrit|proposé)e?\s+par|(?:publicad|escrit|postad)o\s+por|(?:scritto|pubblicato|inserito)\s+da|a\s+cura\s+di|(?:geschreven|geplaatst|gepubliceerd)\s+door|(?:guest\s+(?:post|blog)|column|essay|contributed|authored)\s+by|by|von|par|por|di|de|da|door|av|af|od|от|автор|текст|przez|oleh|penulis|yazan|yazar|írta|kirjoittanut|γράφει(?:\s+[οη])?|بقلم|نویسنده|מאת|autor|autorin|autoren|autores|auteurs|contributors?|written by|auteur|autore|author|authors|text|texte|testo|texto)"
    r"\b\s*[:：]?|(?:interview|reportage|protokoll|kommentar|analyse|words|redaktion)\s*[:：]|作者|記者|记者|文[/／:：]|撰文|本報記者|本报记者|取材・文|執筆|글|기자|เขียนโดย|ผู้เขียน|โดย|كتبت?\s*[:：])\s*[:：]?\s*",
    re.IGNORECASE,
)
_CJK_NAME = re.compile(
    r"(?:作者|記者|记者|撰文|撰稿|文)\s*[:：/／]?\s*([\u4e00-\u9fff·]{2,4}(?:[\s、,，]+[\u4e00-\u9fff·]{2,4}){0,4})(?=$|[\s/／|）)\]】,，。;；]|報導|报道)"
)
_KOREAN_NAME = re.compile(r"([\uac00-\ud7af]{2,4})\s*(?:기자|특파원|논설위원|선임기자)")
_SPLIT = re.compile(
    r"\s*(?:[;|&•·●∙⋅\n、，；/]|,(?!\s*(?:Jr|Sr|PhD|MD|II|III)\b)|\s(?:and|und|et|y|e|och|og|en|ja|i|und|и|та|ve|with|mit|avec|con|im Gespräch mit)\s)\s*",
)
_NOISE = re.compile(
    r"https?:|www\.|@|\.(?:com|org|net|de|fr)\b|\b(?:staff|editor(?:s|ial)?|team|desk|admin(?:istrator)?|redaktion|redaktionen|redacción|redacao|redação|rédaction|"
    r"redazione|redactie|newsroom|reporters?|correspondents?|associated press|reuters|afp|dpa|bloomberg|press|agency|agentur|agence|"
    r"news|media|magazine|contributors?|guest|online|web|author|published|updated|posted|share|follow|subscribe|read more|min read|minutes?|"
    r"comments?|views|photo|video|more by|see all|all posts|click|profile|view|bio|about|email|twitter|facebook|sponsored|"
    r"gmbh|inc|ltd|llc|verband|verein|institut[eo]?|university|foundation|stiftung|association|society|company|columnist|kommentare?|"
    r"analyst|specialist|manager|director|writer|expert|strategist|founder|gründer(?:in)?|checked|posts|topics|licen[cs]e|"
    r"january|february|march|april|june|july|august|september|october|november|december|copyright|rights)\b",
    re.IGNORECASE,
)
_TITLE_TAIL = re.compile(
    r"(?:\s*(?:[,(|]|\s[–—-]\s)\s*(?:[^,]*\b(?:editor|reporter|correspondent|writer|columnist|professor|director|journalist|redakteur(?:in)?|"
    r"korrespondent(?:in)?|journaliste|reporterin|producer|analyst|staff|senior|chief|ceo|founder|contributor|special)\b.*|(?-i:[A-Z]{2,5})\)?|"
    r"(?:for|für|pour|bbc|cnn|the)\b.*)|\s+(?:illustration(?:en|s)?|fotos?|photos?|photographs?|bild(?:er)?)\b.*|\s+(?:is|was|covers)\s.*|\bfor\s+the\s.*|\b(?:in|aus)\s+[A-Z][\w-]+$)$",
    re.IGNORECASE,
)
_LATIN_NAME = re.compile(r"^[^\W\d_][\w.'’\-]*(?:[\s\u00a0]+[^\W\d_(\"“][\w.'’\-\")”]*){1,5}$")
# Words of a name that are written small: "Ludwig van Beethoven", "Ana de la Torre".
_PARTICLES = frozenset((
    "von", "vom", "van", "der", "den", "de", "del", "della", "dello", "degli", "di", "da", "das", "dos", "do", "du",
    "des", "la", "le", "el", "al", "bin", "ibn", "ben", "bint", "abu", "y", "e", "i", "und", "and", "et", "of", "the",
    "for", "für", "zu", "zum", "zur", "ter", "ten", "te", "af", "av", "d", "l", "st", "san", "o", "a", "in", "på",
    "til",
))  # fmt: skip
_NETWORKS = frozenset(
    [
        "bluesky",
        "twitter",
        "facebook",
        "instagram",
        "linkedin",
        "mastodon",
        "threads",
        "whatsapp",
        "youtube",
        "telegram",
        "rss",
        "tiktok",
        "x",
        "xing",
    ]
)
# What stands behind the name in the same line: "Ada Sample December 2, 2025", "Ada Sample on Tuesday".
_DATE_TAIL = re.compile(
    r"[\s,|·•●∙⋅(–—-]*(?:\b(?:on|am|le|el|il|op|em|den)\s+)?(?:\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b[.,]?\s*|"
    r"\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag)\b[.,]?\s*)?"
    r"(?:\b[^\W\d_]{3,10}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19|20)\d\d|\b\d{1,2}[./]\d{1,2}[./]|\b\d{1,2}\.?\s+[^\W\d_]{3,10}\.?\s+(?:19|20)\d\d|"
    r"\b(?:19|20)\d\d[-./]\d|\b(?:on|am)\s+(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)\b).*$",
    re.IGNORECASE,
)
# After a name and a comma: what somebody is, and where. "Ada Sample, Head of Gardens, Plant Expert"
_OFFICE = re.compile(
    r"\s(?:of|at|bei|beim|chez)\s|(?:expert|specialist|educator|manager|dietitian|attorney|lawyer|engineer|consultant|coach|scientist|researcher|lecturer|"
    r"physician|nurse|therapist|planner|advis[eo]r|horticulturalist|curator|president|officer|redakteur(?:in)?|expert(?:e|in)|leiter(?:in)?)s?$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://\S+|\S+(?:@|\[at\]|\(at\))\S+", re.IGNORECASE)
_ADDRESS_ONLY = re.compile(r"https?:|//\S|www\.|@")
_ACCOUNT = re.compile(r"[a-z]{2,}[._](?!info$|online$|news$|blog$)[a-z]{4,}")  # "ada.sample", and no host
_GLUED = re.compile(r"(By|Von)(?=[A-ZÀ-Þ][a-zß-ÿ])")  # two elements without a space between
_REFUSED = re.compile(
    r"https?:|www\.|@|©|^(?:by|von|published|publiziert|posted|updated|share|follow|subscribe|read|comments?|views|photo|image|author|autor|"
    r"written|teilen|mehr|alle|all|more|profile|about|über|home|date|log ?in|sign (?:in|up)|create account|register|member list|herausgeber|publisher|webmaster|submitted|cc[ -]by|fotos?|bild(?:er)?|menu|email|e-mail|print|null|none|undefined|admin|"
    r"privacy|terms|learn|sponsored|authored|zeige|vom|post|keine|insights|artikel|afficher|ver|see|view|podcast|reply|no author|jobs|termine|kontakt|contact|"
    r"impressum|newsletter|この記事(?:を書いた人)?|red|\d{1,2}\.? [^\W\d_]{3,9}$|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?$)\b|"
    r"\d{3}|\d:\d\d|min(?:ute)?s? read|\badmin(?:istrator)?\b|wordpress",
    re.IGNORECASE,
)


def names_in(text: str) -> list[str]:
    """The names a byline gives, in order: "By A. Writer and B. Other, Chief Editor" → ["A. Writer", "B. Other"]."""
    return list(_names_in(text))


@lru_cache(maxsize=1024)  # a page names its authors in several places
def _names_in(text: str) -> tuple[str, ...]:
    text = " ".join(entities.unescape(text).replace("\u200b", "").split())
    if not text or len(text) > 300 or _ADDRESS_ONLY.match(text):
        return ()
    chinese = _CJK_NAME.findall(text)
    if chinese:
        return tuple(name for found in chinese for name in re.split(r"[\s、,，]+", found) if name)
    korean = _KOREAN_NAME.findall(text)
    if korean:
        return tuple(korean)
    text = _DATE_TAIL.sub("", _BYLINE_START.sub("", _unglued(_ADDRESS.sub("", text))))
    found: list[str] = []
    for part in _SPLIT.split(text):
        name = _TITLE_TAIL.sub("", _BYLINE_START.sub("", part.strip(" .:-–—*•\"'"))).strip(" .,:-–—()")
        if name.isupper() and len(name) > 5 and " " in name:
            name = name.title()
        elif _ACCOUNT.fullmatch(name):
            name = re.sub("[._]", " ", name).title()
        if name and not (found and _OFFICE.search(name)):
            found.append(name)
    return tuple(found)


def is_byline(line: str) -> bool:
    """Whether a line begins as bylines do, or names its reporters as Chinese, Japanese and Korean papers do."""
    if _BYLINE_START.match(_unglued(line)):
        return True
    return not line.isascii() and bool(_CJK_NAME.search(line) or _KOREAN_NAME.search(line))


@lru_cache(maxsize=4096)  # the pages of a site have the same short lines
def announces(line: str) -> bool:
    """Whether a line only begins as bylines do: a name has to follow."""
    start = _BYLINE_START.match(line)
    return not line[start.end() if start else 0 :].strip(" :：\u00a0")


def _unglued(line: str) -> str:
    glued = _GLUED.match(line)
    return f"{glued[1]} {line[glued.end() :]}" if glued else line


@lru_cache(maxsize=1024)
def is_person(name: str) -> bool:
    """Whether a string can be the name of a person: two to six words, no digits, no organisation words."""
    if re.fullmatch(r"[\u4e00-\u9fff·]{2,6}|[\uac00-\ud7af]{2,5}|[\u3040-\u30ff\u4e00-\u9fff\s　]{2,10}", name):
        return not re.search(
            r"[をがはにで]|編輯|编辑|報導|报道|報道|通讯员|摄影|攝影|記者|记者|新聞|新闻|通訊|社$|報$|报$|网$|網$|部$|日报|기자|뉴스|編集",
            name,
        )
    if len(name) > 60 or any(char.isdigit() for char in name):
        return False
    if _NOISE.search(name) or _REFUSED.search(name):
        return False
    return bool(_LATIN_NAME.match(name)) or bool(
        re.fullmatch(r"[\u0600-\u06ff\s]{5,40}|[\u0900-\u097f\s.]{5,40}|[\u0e00-\u0e7f\s]{5,40}", name)
    )


def is_name(name: str) -> bool:
    """Whether a string can name an author at all: a pen name, a team, an agency."""
    if name.casefold() in _NETWORKS or (" " in name and name.islower()):
        return False  # a place to follow somebody; words of a sentence
    return (
        2 <= len(name) <= 50 and any(c.isalpha() for c in name) and len(name.split()) <= 5 and not _REFUSED.search(name)
    )


def is_written_as_name(name: str) -> bool:
    """Whether no word but particles begins with a small letter: other lines are words of a sentence."""
    words = name.split()
    if len(words) < 2:
        return True
    return not (words and words[-1] in _PARTICLES) and not any(
        word[:1].islower()
        and word.strip("'’.,") not in _PARTICLES
        and not word.startswith(("d'", "d’", "l'", "l’", "al-", "el-"))
        for word in words
    )
