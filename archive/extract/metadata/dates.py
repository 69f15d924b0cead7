"""When a page says it was published and changed: every date on it, and a choice.

A date after the page was seen, or before 1990, is refused. Order: `find_dates`, the places
that give dates (`shown_dates.py` has those a reader sees), the choice.
"""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

from lxml import html

from archive.addresses import parts_of
from archive.extract.metadata.candidates import Candidate, origin_of
from archive.extract.metadata.index import Index
from archive.extract.metadata.jsonld import Node, first_text
from archive.extract.metadata.moments import month_of, read_moment, read_otherwise
from archive.extract.metadata.shown_dates import shown_dates
from archive.extract.pieces import Piece
from archive.model import Moment, Origin

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_URL_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d{2})(?:([/_.-])(1[0-2]|0?[1-9])\2(3[01]|[12]\d|0?[1-9])|[/_-]?(1[0-2]|0[1-9])(3[01]|[12]\d|0[1-9]))(?!\d)"
)
_URL_MONTH = re.compile(r"/((?:19|20)\d{2})/(1[0-2]|0[1-9])(?=/)")
_URL_SERIAL = re.compile(r"(?<!\d)(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d\d{2,10}(?!\d)")
_URL_NAMED = re.compile(r"/((?:19|20)\d{2})/([a-z]{3,9})/(\d{1,2})/", re.IGNORECASE)

_PUBLISHED_METAS = {
    "article:published_time": 0.95, "og:article:published_time": 0.9, "datepublished": 0.92, "article:published": 0.9,
    "date": 0.66, "dc.date": 0.66, "dc.date.issued": 0.85, "dcterms.created": 0.8, "dcterms.date": 0.66, "dcterms.issued": 0.85,
    "pubdate": 0.85, "publishdate": 0.85, "publish-date": 0.85, "publish_date": 0.85, "publication_date": 0.85,
    "published_time": 0.85, "parsely-pub-date": 0.9, "sailthru.date": 0.85, "cxenseparse:recs:publishtime": 0.85,
    "article.published": 0.85, "date.issued": 0.8, "originalpublicationdate": 0.9, "og:published_time": 0.85,
    "article_date_original": 0.9, "created": 0.7, "article.created": 0.75, "datecreated": 0.8, "dc.date.created": 0.8,
    "citation_publication_date": 0.7, "citation_date": 0.7, "ptime": 0.8, "rnews:datepublished": 0.85, "bt:pubdate": 0.85,
    "article:post_date": 0.8, "shareaholic:article_published_time": 0.8, "displaydate": 0.8, "publicationdate": 0.85,
    "publish_time": 0.85, "firstpublishtime": 0.85, "_pubtime": 0.85, "weibo:article:create_at": 0.85, "og:release_date": 0.8,
    "video:release_date": 0.6, "dc:date": 0.66, "dc:created": 0.75, "prism.publicationdate": 0.8, "firstcreated": 0.8,
    "last-publish-date": 0.4, "release_date": 0.6, "time": 0.5, "timestamp": 0.5, "contentdate": 0.7,
}  # fmt: skip
_MODIFIED_METAS = {
    "article:modified_time": 0.95, "og:updated_time": 0.85, "datemodified": 0.92, "lastmod": 0.8, "last-modified": 0.6,
    "dcterms.modified": 0.85, "dc.date.modified": 0.85, "article:modified": 0.85, "revised": 0.7, "modified": 0.7,
    "article.updated": 0.85, "utime": 0.7, "modified_time": 0.8, "article_date_updated": 0.85, "dc.modified": 0.8,
    "last-modified-date": 0.7, "article:updated_time": 0.85, "updated_time": 0.8, "bt:moddate": 0.8,
}  # fmt: skip
# Names nobody listed: "w-published-date", "page.publishTime". Values that are no dates are refused anyway.
_PUBLISHED_META = re.compile(r"(?:^|[._:-])(?:first[._-]?)?pub(?:lish(?:ed)?|lication)?[._-]?(?:date|time|at|on)?$")
_MODIFIED_META = re.compile(r"(?:^|[._:-])(?:last[._-]?)?(?:modif(?:ied|ication)|updated?)[._-]?(?:date|time|at|on)?$")
_UNLISTED_META = 0.8


def find_dates(
    *,
    articles: list[Node],
    nodes: list[Node],
    metas: list[tuple[str, str]],
    pieces: list[Piece],
    index: Index,
    headline_node: html.HtmlElement | None,
    url: str,
    day_first: bool,
    bound: datetime | None,
    last_modified: str | None = None,
    claimed: datetime | None = None,
) -> tuple[Moment | None, Moment | None, dict[str, Origin]]:
    """Return (published, modified, origins). `bound` is when the page was seen: later dates are refused."""
    published: list[Candidate[Moment]] = []
    modified: list[Candidate[Moment]] = []
    doubtful: dict[int, Moment] = {}  # of a candidate's id: what it says where the month comes first, or last

    def add(to: list[Candidate[Moment]], text: str | None, value_from: str, weight: float) -> None:
        found = read_moment(text, day_first=day_first) if text else None
        if text is None or found is None or not _possible(found, bound):
            return
        to.append(Candidate(found, value_from, weight))
        other = read_otherwise(text, day_first=day_first)
        if other is not None and _possible(other, bound):
            doubtful[id(to[-1])] = other

    for node, weight, value_from in _dated_nodes(articles, nodes):
        add(published, first_text(node.get("datePublished")), value_from, weight)
        add(published, first_text(node.get("dateCreated")), f"{value_from}:dateCreated", weight - 0.25)
        add(modified, first_text(node.get("dateModified")), value_from, weight)
    for text, value_from, weight, is_update in (*_metas(metas), *shown_dates(pieces, index, headline_node)):
        add(modified if is_update else published, text, value_from, weight)
    for text in _url_dates(url):
        add(published, text, "url", 0.66)
    if claimed is not None:
        published.append(Candidate(Moment(claimed, "second"), "listing", 0.5))
    if last_modified and not modified:
        add(modified, last_modified, "http:last-modified", 0.2)
    certain = [one.value for one in (*published, *modified) if id(one) not in doubtful]
    published = _of_month(_settled(published, doubtful, certain), _URL_MONTH.search(parts_of(url).path))
    return _choose(published, _settled(modified, doubtful, certain))


def _of_month(published: list[Candidate[Moment]], month: re.Match[str] | None) -> list[Candidate[Moment]]:
    """The candidates of the month the address names, give or take a day, where one of them is well founded."""
    if month is None:
        return published
    start = datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC) - timedelta(hours=36)
    named = [one for one in published if start <= one.value.at < start + timedelta(days=34)]
    return named if any(one.weight >= _KNOWN for one in named) else published


def _possible(moment: Moment, bound: datetime | None) -> bool:
    return moment.at >= _EARLIEST and (bound is None or moment.at <= bound + timedelta(hours=26))


def _settled(
    candidates: list[Candidate[Moment]], doubtful: dict[int, Moment], certain: list[Moment]
) -> list[Candidate[Moment]]:
    """The candidates, those that can be read with the month first or last as the page's other dates say."""

    def settled(one: Candidate[Moment]) -> Candidate[Moment]:
        other = doubtful.get(id(one))
        if other is None or any(_same_day(one.value, known) for known in certain):
            return one
        return replace(one, value=other) if any(_same_day(other, known) for known in certain) else one

    return [settled(one) for one in candidates]


def _metas(metas: list[tuple[str, str]]) -> Iterator[tuple[str, str, float, bool]]:
    for name, content in metas:
        if name in _PUBLISHED_METAS:
            yield content, name, _PUBLISHED_METAS[name], False
        elif name in _MODIFIED_METAS:
            yield content, name, _MODIFIED_METAS[name], True
        elif _PUBLISHED_META.search(name):
            yield content, name, _UNLISTED_META, False
        elif _MODIFIED_META.search(name):
            yield content, name, _UNLISTED_META, True


def _dated_nodes(articles: list[Node], nodes: list[Node]) -> Iterator[tuple[Node, float, str]]:
    for rank, node in enumerate(articles[:4]):
        yield node, 1.0 - 0.1 * rank, "json-ld"
    if not articles:
        for node in nodes[:200]:
            yield node, 0.6, "json-ld:other"


def _url_dates(url: str) -> Iterator[str]:
    path = parts_of(url).path
    match = _URL_DATE.search(path)
    if match:
        yield f"{match[1]}-{int(match[3] or match[5]):02d}-{int(match[4] or match[6]):02d}"
    serial = _URL_SERIAL.search(path)
    if serial:
        yield f"{serial[1]}-{serial[2]}-{serial[3]}"
    named = _URL_NAMED.search(path)
    month = month_of(named[2]) if named else None
    if named and month:
        yield f"{named[1]}-{month:02d}-{int(named[3]):02d}"


def _choose(
    published: list[Candidate[Moment]], modified: list[Candidate[Moment]]
) -> tuple[Moment | None, Moment | None, dict[str, Origin]]:
    origins: dict[str, Origin] = {}
    latest = _vote(modified)
    if latest is not None:
        origins["date_modified"] = origin_of(latest, modified, latest.weight)
    best = _vote(_unstamped(published))
    if best is None or (best.weight < _GUESS and latest is not None and latest.weight >= _NEAR):
        return None, latest.value if latest else None, origins
    finer = _on_the_pages_clock(_finer(best, published), published)
    agreeing = sum(1 for other in published if _same_day(other.value, best.value)) - 1
    origins["date_published"] = origin_of(finer, published, best.weight * 0.85 + 0.05 * min(agreeing, 3))
    return finer.value, latest.value if latest else None, origins


def _unstamped(published: list[Candidate[Moment]]) -> list[Candidate[Moment]]:
    """The claims but those after the day shown near the headline, of days the page shows nowhere: when a system last touched it."""
    shown = [one for one in published if _witness(one.value_from) in ("seen", "url")]
    first = max(shown, key=lambda one: one.weight, default=None)
    if first is None or first.weight < _NEAR:
        return published
    days = {day for one in shown for day in _days(one.value)}
    latest = first.value.at + timedelta(hours=26)
    return [one for one in published if one.value.at <= latest or not days.isdisjoint(_days(one.value))]


def _vote(candidates: list[Candidate[Moment]]) -> Candidate[Moment] | None:
    """The candidate whose own weight and the agreement of other witnesses is largest; the first of equals."""
    witnesses: defaultdict[tuple[str, date], set[str]] = defaultdict(set)
    for candidate in candidates:
        for day in _days(candidate.value) if candidate.weight >= 0.4 else ():
            witnesses[day].add(_witness(candidate.value_from))
    best: Candidate[Moment] | None = None
    best_score = 0.0
    for candidate in candidates:
        support = set[str]().union(*(witnesses[day] for day in _days(candidate.value)))
        score = candidate.weight + 0.07 * min(3, len(support - {_witness(candidate.value_from)}))
        if score > best_score + 1e-9:
            best, best_score = candidate, score
    return best


def _witness(value_from: str) -> str:
    """Who says it: what a reader sees in one place may be an element, its attribute and a line, and is one witness."""
    return "seen" if value_from in ("visible", "time", "line") or value_from.startswith("microdata:") else value_from


def _same_day(one: Moment, other: Moment) -> bool:
    return not _days(one).isdisjoint(_days(other))


def _days(moment: Moment) -> frozenset[tuple[str, date]]:
    """The day on the page's own clock, and in UTC; moments that share one of them are of one day."""
    return frozenset((("page", moment.at.date()), ("utc", moment.at.astimezone(UTC).date())))


def _on_the_pages_clock(best: Candidate[Moment], published: list[Candidate[Moment]]) -> Candidate[Moment]:
    """A moment stated in UTC, with the offset of the clock that readers see it by: 02:41Z, shown as 22:41."""
    if best.value.at.utcoffset() or _FINENESS[best.value.precision] < 3 or best.value.zone_from != "stated":
        return best
    for other in published:
        shown = other.value
        is_clock = shown.zone_from == "assumed" and _FINENESS[shown.precision] >= 3
        if is_clock and _witness(other.value_from) == "seen" and other.weight >= _NEAR:
            ahead = shown.at.replace(second=0, microsecond=0) - best.value.at.replace(second=0, microsecond=0)
            if ahead in _OFFSETS:
                return replace(best, value=replace(best.value, at=best.value.at.astimezone(timezone(ahead))))
    return best


# Whole hours, and the half ones of Tehran, India, Adelaide and Newfoundland; not -12:00, which is a clock of twelve hours.
_OFFSETS = frozenset(timedelta(hours=hours) for hours in (*range(-11, 0), *range(1, 15), 3.5, 5.5, 9.5, -3.5))
_GUESS, _KNOWN, _NEAR = 0.35, 0.6, 0.55  # weights: a line anywhere; a label says so; near the headline
_FINENESS = {"year": 0, "month": 1, "day": 2, "minute": 3, "second": 4}


def _finer(best: Candidate[Moment], candidates: list[Candidate[Moment]]) -> Candidate[Moment]:
    """Of the candidates that mean the winner's day, the best one with a time and a stated zone."""

    def worth(candidate: Candidate[Moment]) -> tuple[bool, bool, float]:
        moment = candidate.value
        timed = _FINENESS[moment.precision] >= 3 and (moment.at.hour, moment.at.minute, moment.at.second) != (0, 0, 0)
        return (timed, timed and moment.zone_from == "stated", candidate.weight)

    if worth(best)[:2] == (True, True):
        return best
    return max((c for c in candidates if _same_day(c.value, best.value)), key=worth, default=best)
