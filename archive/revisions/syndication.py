"""Whose story is it, when many papers print it? Pure: the records of a cluster in, the probable origin out.

Three witnesses, the surest first: a credit (a source the page states, an agency as author or in the dateline), a
canonical address that leads to another page, and who had it first. Probable, never certain: papers drop credits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

# Agencies as pages credit them; the first name is the one we give. Longer ones match before their parts.
_AGENCIES: dict[str, tuple[str, ...]] = {
    "Reuters": ("Reuters",), "AFP": ("AFP", "Agence France-Presse"), "AP": ("AP", "Associated Press"),
    "dpa": ("dpa", "Deutsche Presse-Agentur"), "APA": ("APA",), "SDA": ("Keystone-SDA", "SDA", "sda"),
    "epd": ("epd",), "KNA": ("KNA",), "SID": ("SID", "sid"), "EFE": ("EFE", "Agencia EFE"),
    "Europa Press": ("Europa Press",), "ANSA": ("ANSA",), "Lusa": ("Lusa",), "Belga": ("Belga",), "ANP": ("ANP",),
    "Ritzau": ("Ritzau",), "NTB": ("NTB",), "TT": ("TT",), "STT": ("STT",), "PAP": ("PAP",), "ČTK": ("ČTK", "CTK"),
    "TASR": ("TASR",), "MTI": ("MTI",), "PA Media": ("PA Media", "Press Association"), "AAP": ("AAP",),
    "Canadian Press": ("The Canadian Press", "Canadian Press"), "UPI": ("UPI",), "Interfax": ("Interfax", "Интерфакс"),
    "TASS": ("TASS", "ТАСС"), "RIA": ("РИА Новости",), "Ukrinform": ("Ukrinform", "Укринформ"),
    "Anadolu": ("Anadolu Agency", "Anadolu", "AA"), "PTI": ("PTI", "Press Trust of India"), "ANI": ("ANI",),
    "IANS": ("IANS",), "Bernama": ("Bernama", "BERNAMA"), "Antara": ("Antara", "ANTARA"),
    "Yonhap": ("Yonhap", "연합뉴스"),
    "Kyodo": ("Kyodo", "共同通信", "共同"), "Jiji": ("Jiji", "時事通信", "時事"),
    "Xinhua": ("Xinhua", "新华社", "新華社"),
    "China News Service": ("中新社", "中新网", "中国新闻网"), "CNA": ("中央社",), "SPA": ("SPA", "واس"),
}  # fmt: skip
_BY_NAME = {written.casefold(): name for name, forms in _AGENCIES.items() for written in forms}
_FORMS = "|".join(sorted((re.escape(form) for forms in _AGENCIES.values() for form in forms), key=len, reverse=True))
# A dateline: "BERLIN (dpa/AFP) – ", "(Reuters) - ", "MADRID, 22 nov (EFE).- ", "【時事】", "新华社北京11月22日电".
# The dash tells it from a sentence with an abbreviation in brackets.
_DATELINE = re.compile(
    rf"^[^.!?\n]{{0,60}}?[(（]\s*(?P<latin>{_FORMS})(?:\s*/\s*[\w-]+)*\s*[)）]\s*(?:\.?\s*[-–—:]|\n)"
    r"|^[^.!?。\n]{0,30}?[【\[(（](?:[^】\])）]{0,12}=)?(?P<cjk>共同通信|共同|時事通信|時事|新华社|新華社|中央社|연합뉴스)[】\])）]"
    r"|^(?:据)?(?P<chinese>新华社|新華社|中新社|中央社|中新网)"
)
_HEAD_CHARS = 120

Witness = Literal["credit", "canonical", "first"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a story probably comes from. `name`: an agency or a host; `article_id`: the copy of it we hold, if any."""

    name: str
    article_id: str | None
    witness: Witness
    evidence: str


def probable_origin(records: Sequence[Mapping[str, Any]]) -> Origin:
    """Return the origin of a cluster; `records` are its pressmark.article/1, at least one. Their order is of no matter.

    Raises ValueError for none.
    """
    if not records:
        raise ValueError("a cluster without articles")
    ordered = sorted(records, key=_came)
    return _credited(ordered) or _canonical(ordered) or _first(ordered)


def credit(record: Mapping[str, Any]) -> str | None:
    """Return the agency or source that a page credits for its text; None where it credits none."""
    stated = record.get("republished_from")
    names = [author["name"] for author in record.get("authors") or ()]
    for said in (stated, *names):
        if said and (agency := _agency_in(said)):
            return agency
    matched = _DATELINE.search((record.get("text") or "")[:_HEAD_CHARS])
    if matched:
        return _BY_NAME[str(matched["latin"] or matched["cjk"] or matched["chinese"]).casefold()]
    return str(stated) if stated else None


def _agency_in(said: str) -> str | None:
    """The agency that a byline or credit line names as a whole or between its separators: "dpa", "Reuters / AP"."""
    parts = re.split(r"\s*(?:[/|,;·]|\bund\b|\band\b|\bby\b|\bvon\b|[(（)）])\s*", said)
    return next((_BY_NAME[part.casefold()] for part in map(str.strip, parts) if part.casefold() in _BY_NAME), None)


def _credited(ordered: Sequence[Mapping[str, Any]]) -> Origin | None:
    credits = {record["id"]: found for record in ordered if (found := credit(record))}
    if not credits:
        return None
    name, count = min(Counter(credits.values()).items(), key=lambda one: (-one[1], one[0]))
    own = next((record["id"] for record in ordered if _is_by(record, name)), None)
    return Origin(name, own, "credit", f"{count} of {len(ordered)} articles credit {name}")


def _is_by(record: Mapping[str, Any], name: str) -> bool:
    """Whether an article stands on the agency's, or the credited source's, own site."""
    host = (record.get("host") or urlsplit(record["url"]).hostname or "").removeprefix("www.")
    publisher = (record.get("publisher") or "").casefold()
    return publisher == name.casefold() or host.split(".")[0] == name.casefold() or host == name.casefold()


def _canonical(ordered: Sequence[Mapping[str, Any]]) -> Origin | None:
    """The page that others call the canonical one."""
    pointed: Counter[str] = Counter()
    for record in ordered:
        to = record.get("canonical_url")
        if to and urlsplit(to).hostname != urlsplit(record["url"]).hostname:
            pointed[to] += 1
    if not pointed:
        return None
    url, count = min(pointed.items(), key=lambda one: (-one[1], one[0]))
    held = next((record["id"] for record in ordered if record["url"] == url), None)
    evidence = f"{count} of {len(ordered)} name {url} as canonical"
    return Origin(urlsplit(url).hostname or url, held, "canonical", evidence)


def _first(ordered: Sequence[Mapping[str, Any]]) -> Origin:
    one = ordered[0]
    return Origin(urlsplit(one["url"]).hostname or one["url"], one["id"], "first", f"had it first, at {_came(one)[0]}")


def _came(record: Mapping[str, Any]) -> tuple[str, str]:
    """When an article came: as published where that is known to the minute and not later than when we saw it."""
    seen = str(record["first_seen"])
    published = record.get("date_published") if record.get("date_published_precision") in ("minute", "second") else None
    return (min(str(published), seen) if published else seen), str(record["id"])
