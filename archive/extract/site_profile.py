"""What a site's pages have in common, over its stories and over time: a value, and how it is learned. Pure.

Order: Sighting and SiteProfile (frozen, versioned by digest, handed to `extract` as evidence), PageTraits and
`traits_of` (what one reading teaches), Learner (bounded: the most frequent and the newest are kept), the file form.

    learner = Learner(profile)
    learner.add(traits_of(extraction, page_url, at, record_id))
    profile = learner.profile()

Stories are told apart by the fingerprint of their text, so one story under two addresses counts once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from archive.extract.duplicates import distance, simhash
from archive.model import Extraction, Span
from archive.times import rfc3339

PROFILE_VERSION = 1
MIN_BEFORE = 5  # stories without something, before its being new says anything
MANY = 3  # different stories that make a repetition
_SAME_STORY_BITS = 8
_KEPT_STORIES = 4
_CAPS = {"titles": 24, "tokens": 48, "blocks": 160, "links": 96, "injected": 64}
_MIN_BLOCK = 12


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something seen on a site: in how many different stories, since when, and how many stories lacked it before."""

    stories: int
    first: str  # RFC 3339: of the first capture with it
    before: int
    proven: int = 0  # stories in which two kinds of evidence proved it to be injected
    kinds: tuple[str, ...] = ()  # the kinds of evidence seen against it on single pages
    of: tuple[int, ...] = ()  # fingerprints of the first few of those stories

    @property
    def is_new(self) -> bool:
        """Whether the site had published enough without it."""
        return self.before >= MIN_BEFORE


@dataclass(frozen=True, slots=True)
class Moment:
    """A capture in the site's history."""

    at: str
    record_id: str


@dataclass(frozen=True)
class SiteProfile:
    """The learned profile of one host. `digest` names this very version of it."""

    host: str
    stories: int = 0
    titles: Mapping[str, Sighting] = field(default_factory=dict)  # parts of <title> beside the headline
    tokens: Mapping[str, Sighting] = field(default_factory=dict)  # strings in sentences that something speaks against
    blocks: Mapping[str, Sighting] = field(default_factory=dict)  # hashes of blocks in the text
    links: Mapping[str, Sighting] = field(default_factory=dict)  # foreign sites linked from sentences
    injected: Mapping[str, Sighting] = field(default_factory=dict)  # hashes of whole blocks proven to be put there
    elsewhere: Mapping[str, str] = field(default_factory=dict)  # the same of other hosts, with a host each
    hijacked: int = 0  # stories called hijacked
    last_clean: Moment | None = None  # the last clean capture before the first hijacked one; the newest while none is
    first_hijacked: Moment | None = None

    @cached_property
    def digest(self) -> str:
        """The name of this version: two profiles with one digest are equal."""
        raw = json.dumps(profile_values(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @cached_property
    def accused(self) -> Mapping[str, Sighting]:
        """The strings proven in two different stories or more: a page of this site may be asked for them."""
        return {text: seen for text, seen in self.tokens.items() if seen.proven >= 2}

    @cached_property
    def verdicts(self) -> tuple[object, ...]:
        """What another reading of a page would be told: where this changed, pages are worth a second look."""
        repeated = frozenset(name for name, seen in self.blocks.items() if seen.stories >= MANY)
        strange = frozenset(name for name, seen in self.links.items() if seen.stories >= MANY and seen.is_new)
        return frozenset(self.accused), repeated, strange, self.first_hijacked

    def stories_with(self, text: str) -> Sighting | None:
        """In which stories of the site a block stands in the text; None where only in one, or unknown."""
        seen = self.blocks.get(block_hash(text)) if len(text) >= _MIN_BLOCK else None
        return seen if seen is not None and seen.stories >= MANY else None

    def host_with(self, text: str) -> str | None:
        """Another host into whose pages this very block was put."""
        return self.elsewhere.get(block_hash(text)) if self.elsewhere and len(text) >= _MIN_BLOCK else None

    def since(self) -> str | None:
        """When the site was hijacked, in words; None where it is not known to be."""
        if self.first_hijacked is None:
            return None
        after = f", after the clean one of {self.last_clean.at} {self.last_clean.record_id}" if self.last_clean else ""
        return f"since the capture of {self.first_hijacked.at} {self.first_hijacked.record_id}{after}"


def block_hash(text: str) -> str:
    """The name of a block by its words, digits aside: a counter or a date in a line makes no other line."""
    said = "".join(char for char in text.casefold() if char.isalpha())
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:12]


# -- learning


@dataclass(frozen=True, slots=True)
class PageTraits:
    """What the reading of one page teaches about its site."""

    url: str
    at: str
    record_id: str
    fingerprint: int
    verdict: str
    titles: tuple[str, ...]
    tokens: tuple[tuple[str, tuple[str, ...], bool], ...]  # (string, kinds of evidence, proven)
    blocks: tuple[str, ...]
    links: tuple[str, ...]
    injected: tuple[str, ...] = ()


def traits_of(extraction: Extraction, url: str, at: datetime, record_id: str) -> PageTraits:
    """What a reading teaches."""
    found = extraction.integrity
    tokens: dict[str, tuple[tuple[str, ...], bool]] = {}
    for span in extraction.doubts:
        if span.injection_class == "inline_token":
            tokens.setdefault(_token(span.raw), (_kinds(span.evidence), False))
    for span in found.spans:
        if span.injection_class in ("inline_token", "headline") and span.action == "redacted":
            kinds = _kinds(span.evidence)
            known = tokens.get(_token(span.raw))
            # What the profile said must not prove itself: only what the page itself, or a copy of it, shows counts.
            own = tuple(kind for kind in kinds if kind not in ("site", "history", "family", "headline"))
            proven = len(own) >= 2 or bool(known and known[1])
            tokens[_token(span.raw)] = (tuple(sorted({*kinds, *(known[0] if known else ())})), proven)
    anchors = (span for span in (*found.spans, *extraction.doubts) if span.injection_class == "inline_anchor")
    linked = {kind[6:] for span in anchors for kind in span.evidence if kind[:6] == "link: "}
    return PageTraits(
        url=url,
        at=rfc3339(at),
        record_id=record_id,
        fingerprint=simhash(extraction.article.text),
        verdict=found.shown,
        titles=_title_parts(extraction),
        tokens=tuple((text, *said) for text, said in sorted(tokens.items()) if len(text) > 1),
        blocks=tuple(dict.fromkeys(block_hash(block.text) for block in extraction.blocks if _countable(block))),
        links=tuple(sorted(linked)),
        injected=tuple({block_hash(span.raw): None for span in found.spans if _is_block(span)}),
    )


def _is_block(span: Span) -> bool:
    proven = span.injection_class in ("spam_para", "keyword_list", "foreign_block") and span.action == "dropped"
    return proven and len(span.raw) >= _MIN_BLOCK and not any(kind[:10] == "elsewhere:" for kind in span.evidence)


def _countable(block: Any) -> bool:
    repeats = block.rule in ("site-repeated", "site-injected")
    return len(block.text) >= _MIN_BLOCK and block.label != "headline" and (block.kept or repeats)


def _token(raw: str) -> str:
    return _storable(raw.casefold().strip(" :：_、"))


def _storable(text: str) -> str:
    """Without what no database takes, so that a profile is the same after the catalog."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _kinds(evidence: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind.split(":", 1)[0] for kind in evidence))


def _title_parts(extraction: Extraction) -> tuple[str, ...]:
    headline = (extraction.article.headline or "").casefold()
    found: dict[str, None] = {}
    for part in extraction.title_parts:
        if len(part) > 1 and part.casefold() not in headline:
            found[_storable(part.casefold())] = None
    return tuple(found)[:6]


class Learner:
    """Adds pages to a profile. Memory is bounded: each table keeps its most frequent and its newest entries."""

    def __init__(self, profile: SiteProfile) -> None:
        self._start = profile
        self._stories = profile.stories
        self._tables: dict[str, dict[str, Sighting]] = {name: dict(getattr(profile, name)) for name in _CAPS}
        self._hijacked, self._last_clean, self._first = profile.hijacked, profile.last_clean, profile.first_hijacked
        self._bad: set[str] = set()
        self._seen: dict[str, PageTraits] = {}
        self.changed = False

    def add(self, page: PageTraits, *, known: bool = False) -> None:
        """Learn from a page; `known` where the site's count has its story already. A page again replaces nothing."""
        self.changed = True
        again = page.url in self._seen or known
        self._seen[page.url] = page
        for name in ("titles", "blocks", "links", "injected"):
            for text in getattr(page, name):
                self._note(name, text, page, again)
        for text, kinds, proven in page.tokens:
            self._note("tokens", text, page, again, kinds, proven)
        self._judged(page)
        if not again:
            self._stories += 1
        for name, cap in _CAPS.items():
            if len(self._tables[name]) > cap * 4:
                self._tables[name] = _bounded(self._tables[name], cap * 2)

    def profile(self, elsewhere: Mapping[str, str] | None = None) -> SiteProfile:
        """The profile as learned so far, with what is known to be put into other hosts (None: what it knew)."""
        tables = {name: _bounded(self._tables[name], cap) for name, cap in _CAPS.items()}
        return SiteProfile(
            self._start.host, self._stories, **tables, hijacked=self._hijacked, last_clean=self._last_clean,
            first_hijacked=self._first, elsewhere=self._start.elsewhere if elsewhere is None else dict(elsewhere),
        )  # fmt: skip

    def _judged(self, page: PageTraits) -> None:
        here = Moment(page.at, page.record_id)
        if page.verdict == "hijacked":
            self._hijacked += page.url not in self._bad
            self._bad.add(page.url)
            if self._first is None or page.at < self._first.at:
                self._first = here
            return
        before = self._first is None or page.at < self._first.at
        if page.verdict == "clean" and before and (self._last_clean is None or page.at >= self._last_clean.at):
            self._last_clean = here

    def _note(
        self, name: str, text: str, page: PageTraits, again: bool, kinds: tuple[str, ...] = (), proven: bool = False
    ) -> None:
        table = self._tables[name]
        seen = table.get(text)
        if seen is None:
            before = self._stories - (1 if again and self._stories else 0)
            table[text] = Sighting(1, page.at, before, int(proven), tuple(sorted(kinds)), (page.fingerprint,))
            return
        same = any(distance(page.fingerprint, one) <= _SAME_STORY_BITS for one in seen.of)
        more = not same and not (again and len(seen.of) >= _KEPT_STORIES)
        table[text] = Sighting(
            seen.stories + more,
            min(seen.first, page.at),
            seen.before,
            # A second look may prove in the only story what the first one doubted.
            min(seen.proven + (proven and (more or seen.proven < len(seen.of))), seen.stories + more),
            tuple(sorted({*seen.kinds, *kinds})),
            (*seen.of, page.fingerprint) if more and len(seen.of) < _KEPT_STORIES else seen.of,
        )


def _bounded(table: Mapping[str, Sighting], cap: int) -> dict[str, Sighting]:
    """At most `cap` entries: three quarters for the most frequent, the rest for the newest; in the order of names."""
    if len(table) <= cap:
        return dict(sorted(table.items()))
    frequent = sorted(table, key=lambda name: (-table[name].proven, -table[name].stories, name))[: cap * 3 // 4]
    rest = sorted(table.keys() - set(frequent), key=lambda name: (table[name].first, name), reverse=True)
    return {name: table[name] for name in sorted((*frequent, *rest[: cap - len(frequent)]))}


# -- the file form


def profile_values(profile: SiteProfile) -> dict[str, Any]:
    """The profile as JSON values; `profile_from` reads them."""
    tables = {name: {text: _written(seen) for text, seen in getattr(profile, name).items()} for name in _CAPS}
    moments = {
        name: [found.at, found.record_id] if (found := getattr(profile, name)) else None
        for name in ("last_clean", "first_hijacked")
    }
    head = {"version": PROFILE_VERSION, "host": profile.host, "stories": profile.stories, "hijacked": profile.hijacked}
    return head | moments | tables | {"elsewhere": dict(profile.elsewhere)}


def profile_from(values: Mapping[str, Any]) -> SiteProfile:
    """The profile of a file's values. Raises KeyError, ValueError for foreign ones."""
    if values["version"] != PROFILE_VERSION:
        raise ValueError(f"a site profile of version {values['version']}, not {PROFILE_VERSION}")
    clean, first = (Moment(*values[name]) if values[name] else None for name in ("last_clean", "first_hijacked"))
    titles, tokens, blocks, links, injected = (
        {text: _read(row) for text, row in values[name].items()} for name in _CAPS
    )
    host, stories, hijacked = values["host"], values["stories"], values["hijacked"]
    elsewhere = dict(values["elsewhere"])
    return SiteProfile(host, stories, titles, tokens, blocks, links, injected, elsewhere, hijacked, clean, first)


def _written(seen: Sighting) -> list[Any]:
    return [seen.stories, seen.first, seen.before, seen.proven, list(seen.kinds), [f"{one:x}" for one in seen.of]]


def _read(row: list[Any]) -> Sighting:
    stories, first, before, proven, kinds, of = row
    return Sighting(stories, first, before, proven, tuple(kinds), tuple(int(one, 16) for one in of))
