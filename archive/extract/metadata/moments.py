"""One date string, read with its time and zone. Pure.

Order: `read_moment`, `read_otherwise` (the month first or last), what each way of writing a date needs. Months are known
by name in the languages news is written in; nothing here needs a locale library.
"""

# ruff: noqa: E501 - tables of words are read by row

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from archive.model import Moment, Precision

_MONTHS: dict[str, int] = {}
for _number, _names in enumerate(
    (
        "january jan januar jänner enero ene janvier janv gennaio gen janeiro januari styczeń stycznia leden ledna január "
        "ianuarie январь января янв січня ocak tammikuu tammikuuta ιανουαρίου ιαν يناير जनवरी januára sausio janvāris jaanuar siječnja",
        "february feb februar febr febrero février févr fév fevrier febbraio febb fevereiro fev februari luty lutego únor února február "
        "februarie февраль февраля фев лютого şubat helmikuu helmikuuta φεβρουαρίου φεβ فبراير फरवरी veljače",
        "march mar märz mrz marzo mars março marco maart mrt marzec marca březen března március martie март марта мар березня "
        "mart maaliskuu maaliskuuta μαρτίου μαρ مارس मार्च ožujka marts",
        "april apr abril abr avril avr aprile abr kwiecień kwietnia duben dubna április aprilie апрель апреля апр квітня nisan huhtikuu "
        "huhtikuuta απριλίου απρ أبريل ابريل अप्रैल travnja",
        "may mai mayo maggio mag maio mei maj maja květen května május май мая травня mayıs toukokuu toukokuuta μαΐου μαϊ مايو मई svibnja",
        "june jun juni junio juin giugno giu junho czerwiec czerwca červen června június iunie июнь июня июн червня haziran kesäkuu "
        "kesäkuuta ιουνίου ιουν يونيو जून lipnja",
        "july jul juli julio juillet juil luglio lug julho lipiec lipca červenec července július iulie июль июля июл липня "
        "temmuz heinäkuu heinäkuuta ιουλίου ιουλ يوليو जुलाई srpnja",
        "august aug agosto ago août aout agosto augustus sierpień sierpnia srpen srpna augusztus август августа авг серпня ağustos "
        "elokuu elokuuta αυγούστου αυγ أغسطس अगस्त kolovoza",
        "september sept sep septiembre set septembre settembre sett setembro wrzesień września září szeptember septembrie "
        "сентябрь сентября сен сент вересня eylül syyskuu syyskuuta σεπτεμβρίου σεπ سبتمبر सितंबर rujna",
        "october oct oktober okt octubre octobre ottobre ott outubro out październik października říjen října október octombrie "
        "октябрь октября окт жовтня ekim lokakuu lokakuuta οκτωβρίου οκτ أكتوبر अक्टूबर listopada",
        "november nov noviembre novembre novembro listopad listopadu noiembrie ноябрь ноября ноя листопада kasım marraskuu "
        "marraskuuta νοεμβρίου νοε نوفمبر नवंबर studenog",
        "december dec dezember dez diciembre dic décembre déc decembre dicembre dezembro grudzień grudnia prosinec prosince "
        "decembrie декабрь декабря дек грудня aralık joulukuu joulukuuta δεκεμβρίου δεκ ديسمبر दिसंबर prosinca",
    ),
    1,
):
    for _name in _names.split():
        _MONTHS.setdefault(_name, _number)
_MONTHS["listopada"] = 11  # Polish and Czech; Croatian October loses

_ZONES = {
    "utc": 0, "gmt": 0, "z": 0, "bst": 60, "cet": 60, "cest": 120, "mez": 60, "mesz": 120, "msk": 180, "ist": 330,
    "est": -300, "edt": -240, "et": -300, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
    "jst": 540, "kst": 540, "hkt": 480, "sgt": 480, "pkt": 300, "aest": 600, "aedt": 660, "sast": 120, "eat": 180,
}  # fmt: skip
_ISO = re.compile(
    r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s,]{1,3}(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*"
    r"(Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}\b|[+-]\d{2}\b)?)?"
)
_COMPACT = re.compile(
    r"(?<!\d)((?:19|20)\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:T?([01]\d|2[0-3])([0-5]\d)([0-5]\d)?)?(?!\d)"
)
_CJK = re.compile(
    r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日号號일]?(?:[^\d]{0,8}?(上午|下午|午前|午後|오전|오후)?\s*(\d{1,2})\s*[:時时시点點]\s*(\d{2})(?:\s*[:分분]\s*(\d{2})\b)?)?"
)
_YEAR_FIRST = re.compile(r"(?<!\d)((?:19|20)\d{2})[./](\d{1,2})[./](\d{1,2})(?!\d)")
_NUMERIC = re.compile(r"(?<![\d.])(\d{1,2})([./-])(\d{1,2})\2((?:19|20)\d{2}|\d{2})(?!\d)")
_DAY_MONTH = re.compile(
    r"(?<!\d)(\d{1,2})(?:\.|st|nd|rd|th|º|er|ª)?\s*(?:de\s+|of\s+|d['’])?[\s./-]?([^\W\d_]{3,14})\.?,?\s*(?:de\s+|del\s+)?[\s./-]?,?\s*((?:19|20)\d{2})",
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,14})\.?\s+(\d{1,2})(?:st|nd|rd|th)?\s*,?\s+(?:at\s+)?((?:19|20)\d{2})")
_TIME = re.compile(
    r"(?<![\d:.])(\d{1,2})(?:[:.h]|\s*[:h]\s*)(\d{2})(?::(\d{2}))?\s*(a\.?m\.?|p\.?m\.?|uhr)?\s*\(?\s*([A-Z]{1,4}\b|[+-]\d{2}:?\d{2}\b)?",
    re.IGNORECASE,
)


def month_of(word: str) -> int | None:
    """The number of a month, 1 to 12, by its name or its short form in a language we know; None for other words."""
    return _MONTHS.get(word.lower())


@lru_cache(maxsize=1024)  # a page says its dates in several places
def read_moment(text: str, *, day_first: bool = True) -> Moment | None:
    """Read the first date in `text`; None where there is none. A date without a zone is taken as UTC, and says so."""
    text = text.strip()[:200]
    if not text:
        return None
    if text.isdigit() and len(text) in (10, 13):
        return _epoch(int(text[:10]))
    for reader in (_iso, _cjk, _year_first, _named, _compact):
        found = reader(text)
        if found is not None:
            return found
    return _numeric(text, day_first)


def read_otherwise(text: str, *, day_first: bool) -> Moment | None:
    """What a date in figures says where the month stands in the other place; None where that is nothing else."""
    if not _NUMERIC.search(text):
        return None
    other = read_moment(text, day_first=not day_first)
    return other if other != read_moment(text, day_first=day_first) else None


def _epoch(seconds: int) -> Moment | None:
    if not 631152000 <= seconds <= 4102444800:
        return None
    return Moment(datetime.fromtimestamp(seconds, UTC), "second")


def _zone(mark: str | None) -> timezone | None:
    if not mark:
        return None
    known = _ZONES.get(mark.lower())
    if known is not None:
        return timezone(timedelta(minutes=known)) if known else UTC
    match = re.fullmatch(r"([+-])(\d{2}):?(\d{2})?", mark)
    if match is None or int(match[2]) > 15:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes))


def _moment(
    year: int, month: int, day: int, clock: tuple[int, int, int | None] | None = None, zone: timezone | None = None
) -> Moment | None:
    precision: Precision = "day" if clock is None else "minute" if clock[2] is None else "second"
    hour, minute, second = clock or (0, 0, 0)
    try:
        at = datetime(year, month, day, tzinfo=zone or UTC)
    except ValueError:
        return None
    if year in (1, 9999):  # systems write them for "never"; other zones may not have them
        return None
    if clock is not None:
        if hour == 24:
            hour = 0
        if hour > 23 or minute > 59 or (second or 0) > 60:
            return Moment(at, "day", "assumed")
        at = at.replace(hour=hour, minute=minute, second=min(second or 0, 59))
    return Moment(at, precision, "stated" if zone is not None else "assumed")


def _clock_after(text: str, at: int) -> tuple[tuple[int, int, int | None] | None, timezone | None]:
    """A time of day within the next few words."""
    match = _TIME.search(text, at, at + 40)
    if match is None:
        return None, None
    hour = int(match[1])
    half = (match[4] or "").lower().replace(".", "")
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    return (hour, int(match[2]), int(match[3]) if match[3] else None), _zone(match[5])


def _iso(text: str) -> Moment | None:
    match = _ISO.search(text)
    if match is None:
        return None
    clock = (int(match[4]), int(match[5]), int(match[6]) if match[6] else None) if match[4] else None
    zone = _zone(match[7])
    if clock is not None and zone is None:
        tail = re.match(r"\s*([AP]M)?\s*\(?([A-Z]{2,4})\)?", text[match.end() :])
        if tail:
            zone = _zone(tail[2])
            if tail[1] == "PM" and clock[0] < 12:
                clock = (clock[0] + 12, clock[1], clock[2])
    return _moment(int(match[1]), int(match[2]), int(match[3]), clock, zone)


def _compact(text: str) -> Moment | None:
    match = _COMPACT.search(text)
    if match is None:
        return None
    clock = (int(match[4]), int(match[5]), int(match[6]) if match[6] else None) if match[4] else None
    zone = None
    tail = re.match(r"\s*(Z|[+-]\d{2}:?\d{2})\b", text[match.end() :])
    if tail and clock:
        zone = _zone(tail[1])
    return _moment(int(match[1]), int(match[2]), int(match[3]), clock, zone)


def _cjk(text: str) -> Moment | None:
    match = _CJK.search(text)
    if match is None:
        return None
    clock = None
    if match[5]:
        hour = int(match[5])
        if match[4] in ("下午", "午後", "오후") and hour < 12:
            hour += 12
        clock = (hour, int(match[6]), int(match[7]) if match[7] else None)
    return _moment(int(match[1]), int(match[2]), int(match[3]), clock)


def _year_first(text: str) -> Moment | None:
    match = _YEAR_FIRST.search(text)
    if match is None:
        return None
    clock, zone = _clock_after(text, match.end())
    return _moment(int(match[1]), int(match[2]), int(match[3]), clock, zone)


def _named(text: str) -> Moment | None:
    for match in _DAY_MONTH.finditer(text):
        month = month_of(match[2])
        if month:
            clock, zone = _clock_after(text, match.end())
            return _moment(int(match[3]), month, int(match[1]), clock, zone)
    for match in _MONTH_DAY.finditer(text):
        month = month_of(match[1])
        if month:
            clock, zone = _clock_after(text, match.end())
            return _moment(int(match[3]), month, int(match[2]), clock, zone)
    return None


def _numeric(text: str, day_first: bool) -> Moment | None:
    match = _NUMERIC.search(text)
    if match is None:
        return None
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if year < 100:
        year += 2000 if year < 60 else 1900
    # A dotted date is day first everywhere; with slashes America differs.
    if second > 12 or (first <= 12 and not day_first and match[2] != "."):
        first, second = second, first
    clock, zone = _clock_after(text, match.end())
    return _moment(year, second, first, clock, zone)
