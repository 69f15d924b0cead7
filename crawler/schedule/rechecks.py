"""When a known article is looked at again, and what its absence looks like. Pure: the caller owns the clock.

Looks become rarer as a text grows older: the pauses of `recheck` in sources.toml count from its last change, and after
the last of them every pause is twice the one before, so an article costs a handful of requests in a year. Where a
listing says that a story was changed (`updated`, `lastmod`) it is looked at then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from archive.model import Discovery, Outcome
from archive.revisions.watch import AbsenceKind, Watch

_DATED = ("feed", "sitemap", "news-sitemap")  # the listings that say when an entry was changed
_MANY = 4  # of so few entries all may well have been edited
LOOK_AGAIN = timedelta(minutes=15)  # at a page that was not there, before that is believed


def next_recheck(
    first_seen: datetime, last_change: datetime | None, last_checked: datetime, policy: Sequence[float]
) -> datetime | None:
    """Return when an article is due again: the first step of the policy behind the last look. None: never.

    `policy`: ages of the text in seconds, ascending. Steps that were missed are not made up for; two looks are
    at least the first step apart.
    """
    if not policy:
        return None
    since = max(first_seen, last_change or first_seen)
    age = (last_checked - since).total_seconds()
    step = next((step for step in policy if step > age), None)
    if step is None:
        step = policy[-1]
        while step <= age:
            step *= 2
    return max(since + timedelta(seconds=step), last_checked + timedelta(seconds=policy[0]))


def due_again(watch: Watch, checked_at: datetime, policy: Sequence[float]) -> datetime | None:
    """When an article with this watch is due again after a look. A first look at an absence is soon followed up."""
    if not policy:
        return None
    absence = watch.absence
    if absence is not None and not absence.believed:
        return checked_at + max(LOOK_AGAIN, timedelta(seconds=policy[0]))
    since = watch.changed_at or checked_at
    return next_recheck(since, absence.since if absence else None, checked_at, policy)


def told_as_changed(
    later: Iterable[Discovery], named: Iterable[Discovery], fresh: Collection[str]
) -> dict[str, datetime]:
    """Articles to look at now, and when their listing says they were changed.

    `later`: known pages that were modified later than we heard before; `named`: all that the same listings name, of
    which `fresh` are new to us. A listing that says it of most of its entries at once gives the time of its own making.
    """
    told = [(one, one.claims.modified) for one in later if not one.is_listing and one.found_by in _DATED]
    known = Counter(one.via for one in named if one.url not in fresh)
    many = Counter(one.via for one, _ in told)
    return {
        one.url: at
        for one, at in told
        if at is not None and (many[one.via] < _MANY or 2 * many[one.via] <= known[one.via])
    }


def absence_of(outcome: Outcome, url: str, listings: frozenset[str] = frozenset()) -> AbsenceKind | None:
    """What an outcome says of an article that was there before; None where it says nothing of the kind.

    A server that is down, a bot wall, a robots.txt that cannot be read for now: none of them.
    """
    detail = outcome.detail
    match outcome.kind, outcome.reason:
        case "failed", "gone":
            return "gone"
        case "failed", "http_error" if detail.get("status") == "451":
            return "gone"
        case "skipped", "soft_404":
            return "soft_404"
        case "skipped", "paywall":
            return "paywalled"
        case "skipped", "robots" if detail.get("line"):
            return "robots"
        case (("moved" | "skipped"), ("redirect" | "redirect_offsite")):
            to = detail.get("to", "")
            return "redirected" if outcome.kind == "skipped" or leads_away(url, to, listings) else None
    return None


def leads_away(url: str, target: str, listings: frozenset[str] = frozenset()) -> bool:
    """Whether a redirect leads from an article to a page of lists: the home page, a section, a listing we know."""
    if target in listings:
        return True
    here, there = (urlsplit(one).path.strip("/").split("/") for one in (url, target))
    if there == [""]:
        return True
    return len(there) < len(here) and here[: len(there)] == there and "." not in there[-1]
