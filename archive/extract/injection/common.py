"""Words that say nothing about what a text is about, the languages in Latin letters they tell apart, and scripts. Pure."""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from archive.extract.injection.signs import grams

_TABLE = {
    "en": "the and that with for from was were are have has had this they their there which would been will more than about when what who into after over also only other some could should these those them your because where through while before during between most such every each even like just then very being both still under against without within many much same here does away back right again well made make take said says year years first last time people plus ever",
    "de": "der die und das den dem des ein eine einen einem einer eines ist nicht mit auf sich auch für von bei aus nach wie wird werden wurde wurden sind haben hatte noch nur aber oder wenn weil über mehr kann können unter durch zwischen während dass sein seine ihre ihrer ihren diese dieser dieses diesem jetzt heute schon immer ohne gegen sowie unsere unser unseren unserer deine alle alles damit dann hier doch sehr beim vom zum zur jahr jahre jahren bereits möglich soll sollen muss müssen gibt worden waren weiter",
    "fr": "les des une est dans pour par sur avec que qui plus pas sont aux cette ces son ses leur leurs mais comme être été fait tout tous toute toutes sans même entre après avant aussi encore depuis contre dont elle elles ils nous vous votre vos notre très bien deux peut jour ans ainsi alors lors avait avoir était sous chez",
    "es": "los las una del para por con que más como pero sus este esta estos estas entre cuando también hasta desde sobre todo todos todas muy sin ser son fue era han hay porque donde después antes ahora otro otra otros cada dos años ante según contra durante puede tiene",
    "it": "gli una del della delle dei degli nel nella per con che non più come sono anche alla alle dal dalla questo questa questi ma tra dopo prima stato stata essere hanno aveva suo sua loro ancora sempre tutto tutti dove quando senza ogni anni",
    "pt": "dos das uma para por com que não mais como mas seu sua seus suas este esta entre quando também até desde sobre todo todos muito sem ser são foi era têm pelo pela depois antes agora cada anos onde pode tem",
    "nl": "het een van dat met voor niet zijn ook maar naar bij uit over nog door meer dan wordt worden werd werden heeft hebben deze dit hun onder tussen tijdens omdat jaar geen wel",
    "pl": "nie się jest oraz dla przez jak ale już tym tego być było były jego jej ich który która które przed między także tylko może bardzo jeszcze roku",
    "sv": "och att det som för med den inte till från har var hade ett sig eller efter under mellan också vara blir blev när",
    "id": "yang dan dengan untuk dari dalam tidak ini itu pada akan juga oleh ada bisa lebih sudah saat setiap para atau kami anda bagi secara hari sekarang",
    "vi": "và của là các được cho trong với không có một người những này khi từ đã để nhiều cũng như ngay trên đến vào số tại",
    "tr": "bir ve için ile olarak daha çok olan gibi kadar sonra ama var yok değil her bu ise",
    "ro": "și este din care pentru mai sunt fost după prin despre dar sau când această acest",
}  # fmt: skip
_LANGUAGES = {name: frozenset(words.split()) for name, words in _TABLE.items()}
_WORD = re.compile(r"[^\W\d_]+")
# As `grams` writes words: the first six letters of those with four or more.
COMMON = frozenset(word[:6] for words in _LANGUAGES.values() for word in words if len(word) > 3)
_KANA = re.compile("[\u3040-\u309f]")
_SMALL_KANA = re.compile("[\u3040-\u309f]{2}")


def about(text: str) -> set[str]:
    """What a text is about, for comparing: its `grams` without the words that stand in every text."""
    found = grams(text) - COMMON
    if text.isascii():
        return found
    return {gram for gram in found if not _SMALL_KANA.fullmatch(gram)} if _KANA.search(text) else found


@lru_cache(maxsize=512)
def latin_language(text: str) -> str:
    """The language of a text in Latin letters by its small words; "" where they do not tell."""
    words = _WORD.findall(text.casefold())
    if len(words) < 8:
        return ""
    hits = sorted(((sum(map(known.__contains__, words)), name) for name, known in _LANGUAGES.items()), reverse=True)
    (most, name), (second, _) = hits[:2]
    return name if most >= 3 and most * 12 >= len(words) and most >= second * 2 else ""


_BEYOND_LATIN = re.compile("[^\x00-\u024f\u2010-\u205e]")  # punctuation belongs to every script


def is_beyond_latin(text: str) -> bool:
    """Whether a text has letters of another script than the Latin one."""
    return _BEYOND_LATIN.search(text) is not None


@lru_cache(maxsize=8192)
def script_of_letter(char: str) -> str:
    """The script of a letter; "" for what is no letter."""
    if not char.isalpha():
        return ""
    if char < "\u0250":
        return "latin"
    if "\u3040" <= char <= "\u30ff":
        return "kana"
    if "\u3400" <= char <= "\u9fff":
        return "han"
    if "\uac00" <= char <= "\ud7a3":
        return "hangul"
    return "cyrillic" if "\u0400" <= char <= "\u04ff" else "other"


_LETTER_WEIGHT = {"kana": 3, "han": 3, "hangul": 3}  # one of them says as much as three of an alphabet


def script_of(text: str) -> str:
    """The script most letters of a text are in: "han", "kana", "hangul", "latin", "cyrillic", "other" or ""."""
    if not is_beyond_latin(text):
        return "latin" if any(map(str.isalpha, text)) else ""
    counted: Counter[str] = Counter()
    for char, times in Counter(text).items():
        script = script_of_letter(char)
        if script:
            counted[script] += times * _LETTER_WEIGHT.get(script, 1)
    if not counted:
        return ""
    if counted["kana"] * 5 > sum(counted.values()):
        return "kana"
    return counted.most_common(1)[0][0]
