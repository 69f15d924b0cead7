"""The integrity report: hijacked and suspect hosts and pages, since when, with which terms and to which sites.

`hosts` and `pages` give values from the catalog; `pressmark integrity report` prints them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archive.catalog import integrity as asking
from archive.errors import NotFound
from archive.times import parse_rfc3339

if TYPE_CHECKING:
    from archive.catalog import Catalog

_MOST = 8
_NAME = re.compile(r"\b[\w-]+(?:\.[\w-]+)+\b")


@dataclass(frozen=True, slots=True)
class DoubtedPage:
    """A page that was called suspect or hijacked; `since` is its first such capture."""

    url: str
    host: str
    article_id: str
    verdict: str  # the worst it was called
    now: str | None  # what its newest reading says
    since: datetime
    since_record: str
    clean_until: datetime | None  # its last clean capture before that
    reasons: tuple[str, ...]
    terms: tuple[str, ...]
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoubtedHost:
    """A host with such pages. `since` is its first hijacked capture, or the first suspect one where none is."""

    host: str
    verdict: str
    hijacked: int  # pages
    suspect: int
    stories: int  # kept of the host in all
    since: datetime
    since_record: str
    last_seen: datetime
    clean_until: datetime | None
    clean_record: str | None
    classes: tuple[str, ...]
    terms: tuple[str, ...]  # strings put in on most pages
    links: tuple[str, ...]  # foreign sites they lead to


def hosts(catalog: Catalog, host: str | None = None) -> Iterator[DoubtedHost]:
    """Give the doubted hosts in the order of their names."""
    for name, group in groupby(asking.doubted(catalog, host), key=lambda record: str(record["host"])):
        yield _host(catalog, name, list(group))


def known_host(catalog: Catalog, asked: str) -> str:
    """The host that is meant by a name, with or without port, or by a URL. Raises NotFound where none of it is kept."""
    name = (urlsplit(asked if "//" in asked else f"//{asked}").hostname or asked).lower()
    if not asking.pages_of(catalog, name):
        raise NotFound(f"no story of {name} is kept", hint="pressmark integrity report")
    return name


def pages(catalog: Catalog, host: str | None = None) -> Iterator[DoubtedPage]:
    """Give the doubted pages, host by host, those that were hit first before the others."""
    for name, group in groupby(asking.doubted(catalog, host), key=lambda record: str(record["host"])):
        by_page: dict[str, list[dict[str, Any]]] = {}
        for record in group:
            by_page.setdefault(record["id"], []).append(record)
        for records in by_page.values():
            yield _page(catalog, name, records)


@dataclass(slots=True)
class _Tally:
    terms: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)

    def add(self, record: Mapping[str, Any]) -> None:
        spans = record["integrity"]["spans"]
        self.terms.update({span["raw"].strip(" :：_")[:60] for span in spans if len(span["raw"]) <= 60})
        self.classes.update({span["injection_class"] for span in spans})
        told = (record["integrity"]["reasons"], *(span["evidence"] for span in spans))
        self.links.update({site for evidence in told for site in _sites(evidence)})


def _sites(evidence: Iterable[str]) -> Iterator[str]:
    for kind in (part for said in evidence for part in said.removeprefix("title_cloak: ").split("; ")):
        if kind.startswith(("link: ", "links: ", "redirect: ", "overlay: ")):
            yield from _NAME.findall(kind.split(": ", 1)[1])


def _most(counted: Counter[str]) -> tuple[str, ...]:
    return tuple(name for name, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_MOST])


def _worst(records: Iterable[Mapping[str, Any]]) -> str:
    return "hijacked" if any(one["integrity"]["verdict"] == "hijacked" for one in records) else "suspect"


def _first(records: list[dict[str, Any]], verdict: str) -> dict[str, Any]:
    found = (record for record in records if record["integrity"]["verdict"] == verdict)
    return min(found, key=lambda record: parse_rfc3339(record["capture"]["fetched_at"]))


def _host(catalog: Catalog, name: str, records: list[dict[str, Any]]) -> DoubtedHost:
    verdict, tally = _worst(records), _Tally()
    for record in records:
        tally.add(record)
    first = _first(records, verdict)
    since = parse_rfc3339(first["capture"]["fetched_at"])
    clean = asking.last_clean(catalog, name, since)
    bad = {record["id"] for record in records if record["integrity"]["verdict"] == "hijacked"}
    return DoubtedHost(
        host=name,
        verdict=verdict,
        hijacked=len(bad),
        suspect=len({record["id"] for record in records} - bad),
        stories=asking.pages_of(catalog, name),
        since=since,
        since_record=first["capture"]["warc_record_id"],
        last_seen=max(parse_rfc3339(record["last_seen"]) for record in records),
        clean_until=clean[0] if clean else None,
        clean_record=clean[1] if clean else None,
        classes=_most(tally.classes),
        terms=_most(tally.terms),
        links=_most(tally.links),
    )


def _page(catalog: Catalog, host: str, records: list[dict[str, Any]]) -> DoubtedPage:
    verdict, tally = _worst(records), _Tally()
    for record in records:
        tally.add(record)
    first, last = _first(records, verdict), records[-1]
    return DoubtedPage(
        url=last["url"],
        host=host,
        article_id=last["id"],
        verdict=verdict,
        now=asking.shown_verdict(catalog, last["id"]),
        since=parse_rfc3339(first["capture"]["fetched_at"]),
        since_record=first["capture"]["warc_record_id"],
        clean_until=_clean_until(catalog, last["url"], first),
        reasons=tuple(last["integrity"]["reasons"]),
        terms=_most(tally.terms),
        links=_most(tally.links),
    )


def _clean_until(catalog: Catalog, url: str, first: Mapping[str, Any]) -> datetime | None:
    from archive.catalog import revisions

    record = revisions.last_clean(catalog, url, parse_rfc3339(first["capture"]["fetched_at"]))
    return parse_rfc3339(record["last_seen"]) if record else None
