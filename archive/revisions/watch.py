"""Watching a page over the years: what rechecks must remember of it between two looks, and the events they find. Pure.

A `Watch` goes with every article's URL through the frontier and the run's log, so that neither a killed process nor a
lost catalog forgets a first look. In order: the values, what a reading means (`after_reading`), what an absence
means (`after_absence`), a presence (`after_presence`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from archive.revisions.changes import Said
from archive.revisions.decide import Changed, Decision, New, Same, Unsettled, Unstable
from archive.times import parse_rfc3339, rfc3339

AbsenceKind = Literal["gone", "redirected", "soft_404", "robots", "paywalled"]
EventKind = Literal[
    "gone", "redirected", "soft_404", "robots", "paywalled", "returned", "unstable", "settled", "touched", "boilerplate"
]
DISAPPEARANCES: tuple[EventKind, ...] = ("gone", "redirected", "soft_404", "robots", "paywalled")
IN_WORDS: Mapping[str, str] = {  # by EventKind
    "gone": "the page is no longer there",
    "redirected": "leads to another page",
    "soft_404": "an error page in its place",
    "robots": "robots.txt does not allow it any more",
    "paywalled": "behind a paywall since",
    "returned": "there again",
    "unstable": "shows now one text, now another",
    "settled": "shows one text again",
    "touched": "dates or authors changed",
    "boilerplate": "only furniture of the page changed",
}
# One look is enough where the publisher says it in so many words; else a passing fault may look the same.
_BELIEVED_AT_ONCE: frozenset[AbsenceKind] = frozenset(("robots", "paywalled"))
_FINAL_STATUS = frozenset(("410", "451"))
LOOKS = 2
_FRESH, _KEPT_AGE = timedelta(days=1), timedelta(days=3)
MOST_TOUCHES = 5  # events about one revision's dates and furniture; a page that changes them always has no more


@dataclass(frozen=True, slots=True)
class Absence:
    """A page that is not there: since when, by which capture, how often we looked, and whether we believe it."""

    kind: AbsenceKind
    since: datetime
    looks: int = 1
    believed: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """See the module. `changed_at`: since when the text stands so; `touched`: dates and authors since its record."""

    changed_at: datetime | None = None
    unsettled: Unsettled | None = None
    episodes: int = 0
    absence: Absence | None = None
    touched: Mapping[str, Any] | None = None
    touches: int = 0
    pages: int = 0  # further pages of a story on several

    @property
    def is_restless(self) -> bool:
        return self.unsettled is not None

    @property
    def must_be_read(self) -> bool:
        """Whether the same bytes may be another text: of a page that flaps, or of a story that goes on elsewhere."""
        return self.is_restless or self.pages > 0


@dataclass(frozen=True, slots=True)
class Finding:
    """An event, before it is known of which URL and by which captures."""

    kind: EventKind
    detail: Mapping[str, str]


Watched = tuple[Watch, tuple[Finding, ...]]


def watch_values(watch: Watch) -> dict[str, Any]:
    """The watch, ready for JSON; what it does not know is left out."""
    values = asdict(watch)
    for holder, name in ((values, "changed_at"), (values["absence"] or {}, "since")):
        if holder.get(name) is not None:
            holder[name] = rfc3339(holder[name])
    return {name: value for name, value in values.items() if value}


def watch_of(values: Mapping[str, Any] | None) -> Watch:
    """Read what `watch_values` wrote."""
    given = dict(values or {})
    if "changed_at" in given:
        given["changed_at"] = parse_rfc3339(given["changed_at"])
    if "unsettled" in given:
        given["unsettled"] = Unsettled(**given["unsettled"])
    if "absence" in given:
        given["absence"] = Absence(**given["absence"] | {"since": parse_rfc3339(given["absence"]["since"])})
    return Watch(**given)


def facts_of(said: Said) -> dict[str, Any]:
    """What stands around a text and makes no revision."""
    return {"authors": list(said.authors), "published": said.published, "modified": said.modified}


def with_facts(said: Said, touched: Mapping[str, Any] | None) -> Said:
    """What a revision says, with the dates and authors as they were last seen."""
    if touched is None:
        return said
    given = dict(touched)
    return replace(
        said, authors=tuple(given["authors"]), published=given.get("published"), modified=given.get("modified")
    )


# -- readings


def after_reading(watch: Watch, decision: Decision, before: Said | None, now: Said, at: datetime) -> Watched:
    """The watch after a page was read, and what was found.

    `before` is what was last seen of the story, `now` what the page says; `at` when it was fetched.
    """
    watch, found = _seen(watch, is_walled=now.page_type == "paywall")
    watch, settled = _after_decision(watch, decision, _stands_since(now, at) if isinstance(decision, New) else at)
    found += settled
    if isinstance(decision, Changed) and "paywalled" in decision.change.kinds:
        watch, walled = after_absence(watch, "paywalled", at, {"change": decision.change.in_words})
        found += walled
    if isinstance(decision, Same) and decision.change.kinds and before is not None:
        watch, touched = _touched(watch, decision, before, now)
        found += touched
    return watch, found


def _stands_since(said: Said, at: datetime) -> datetime:
    """Since when a text stands there that was first seen `at`: as its page dates it, but at most three days.

    So the stories of years, found in a sitemap, are not looked at again as if they were written now. What is said to be
    of the last day is new: dates without an hour, and hours without a zone, are not to be trusted more closely.
    """
    dated = max((parse_rfc3339(one) for one in (said.published, said.modified) if one), default=at)
    return at if at - dated < _FRESH else max(dated, at - _KEPT_AGE)


def _after_decision(watch: Watch, decision: Decision, at: datetime) -> Watched:
    if isinstance(decision, Unstable):
        began = watch.unsettled is None
        watch = replace(watch, unsettled=decision.unsettled, episodes=watch.episodes + began)
        return watch, (Finding("unstable", {"why": decision.why or "returning"}),) if began else ()
    still = decision.unsettled if isinstance(decision, Changed) else None
    settled = (Finding("settled", {}),) if watch.unsettled is not None and still is None else ()
    watch = replace(watch, unsettled=still)
    if isinstance(decision, New | Changed):
        watch = replace(watch, changed_at=at, touched=None, touches=0)
    return watch, settled


def _touched(watch: Watch, decision: Same, before: Said, now: Said) -> Watched:
    if watch.touches >= MOST_TOUCHES:
        return watch, ()
    old, new = facts_of(before), facts_of(now)
    names = [name for name in old if old[name] != new[name]]
    both = (("before", old), ("after", new))
    detail = {f"{name}_{which}": _written(facts[name]) for name in names for which, facts in both}
    kind: EventKind = "touched" if names else "boilerplate"
    watch = replace(watch, touched=new if names else watch.touched, touches=watch.touches + 1)
    return watch, (Finding(kind, detail | {"change": decision.change.in_words}),)


def _written(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else value or ""


# -- there, or not


def after_presence(watch: Watch) -> Watched:
    """The watch after the server said that the page is as we know it: 304, or the same bytes."""
    return _seen(watch, is_walled=True)


def after_absence(watch: Watch, kind: AbsenceKind, at: datetime, detail: Mapping[str, str]) -> Watched:
    """The watch after a look that did not find the story, and the event if it is believed now.

    404, redirects and error pages with status 200 are looked at twice; 410 and 451, robots.txt and paywalls are
    the publisher's word.
    """
    before = watch.absence
    if before is not None and before.believed and before.kind == kind:
        return watch, ()
    looks = before.looks + 1 if before is not None and not before.believed else 1
    since = before.since if before is not None and not before.believed else at
    believed = kind in _BELIEVED_AT_ONCE or detail.get("status") in _FINAL_STATUS or looks >= LOOKS
    watch = replace(watch, absence=Absence(kind, since, looks, believed))
    event = Finding(kind, {**detail, "since": rfc3339(since), "looks": str(looks)})
    return watch, (event,) if believed else ()


def _seen(watch: Watch, *, is_walled: bool) -> Watched:
    """The page is there; behind a wall it is there as it was, if it was there then."""
    absence = watch.absence
    if absence is None or (absence.kind == "paywalled" and is_walled):
        return watch, ()
    detail = {"after": absence.kind, "since": rfc3339(absence.since)}
    return replace(watch, absence=None), (Finding("returned", detail),) if absence.believed else ()
