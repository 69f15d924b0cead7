"""What the rules judge: frozen values, made by ask.py from the catalog, or by hand in a test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
LOOK_BACK = timedelta(weeks=8)

GOOD_LISTING = ("listing listed", "listing unchanged", "listing moved")
NEW = ("page stored new", "page stored unread")


@dataclass(frozen=True, slots=True)
class Listing:
    """A feed, sitemap or section page. `new` has the hours in which it named URLs nobody had seen, and how many."""

    url: str
    new: Mapping[datetime, int]
    last_new_at: datetime | None
    answers_since: int = 0  # good answers (200, 304) after it last brought something new


@dataclass(frozen=True, slots=True)
class Named:
    """What one kind of listing named in the time `coverage` looks at, and what became of it."""

    found_by: str
    urls: int
    captured: int
    failed: int
    waiting: int


@dataclass(frozen=True, slots=True)
class SameText:
    """The text that most of the newest articles share."""

    cluster: str
    articles: int
    of: int  # the newest articles in all
    url: str  # of one of them


@dataclass(frozen=True, slots=True)
class SourceHistory:
    """Eight weeks of a source. `counts` has, for each "what" of the tallies, the hours (UTC, whole) with its count."""

    source: str
    now: datetime
    counts: Mapping[str, Mapping[datetime, int]] = field(default_factory=dict)
    listings: tuple[Listing, ...] = ()
    named: tuple[Named, ...] = ()
    same_text: SameText | None = None
    asked_at: datetime | None = None  # when its listings were asked last
    due_at: datetime | None = None  # when they should be asked next; None: manual, or paused

    @property
    def began_at(self) -> datetime | None:
        """The first hour we know of."""
        return min((hour for hours in self.counts.values() for hour in hours), default=None)

    def total(self, whats: Iterable[str], begin: datetime, end: datetime) -> int:
        """How many of some sorts (exact, or all that begin so) there were from `begin` up to `end`."""
        return sum(within(hours, begin, end) for hours in self._chosen(whats))

    def newest(self, whats: Iterable[str], least: int, most: timedelta) -> datetime:
        """The hour from which on at least `least` of these happened; at most `most` ago."""
        chosen = list(self._chosen(whats))
        stop, hour, found = self.now - most, floor(self.now), 0
        while hour > stop:
            found += sum(hours.get(hour, 0) for hours in chosen)
            if found >= least:
                break
            hour -= HOUR
        return hour

    def names(self, whats: Iterable[str]) -> list[str]:
        """Which sorts those are, of the ones there were."""
        asked = tuple(whats)
        return [what for what in self.counts if any(what == one or what.startswith(f"{one} ") for one in asked)]

    def _chosen(self, whats: Iterable[str]) -> Iterator[Mapping[datetime, int]]:
        return (self.counts[what] for what in self.names(whats))


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended; `exit_code` None with `ended_at`: its process was gone."""

    run_id: str
    ended_at: datetime
    exit_code: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class MachineHistory:
    """What concerns all sources: disk, and the last crawls, the newest first."""

    now: datetime
    free_bytes: int
    least_bytes: int  # crawl.disk_min_free
    written_bytes: int = 0  # in the last seven days
    runs: tuple[RunEnd, ...] = ()


def floor(moment: datetime) -> datetime:
    """The beginning of its hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def within(hours: Mapping[datetime, int], begin: datetime, end: datetime) -> int:
    """How many in the hours that start from `begin` on and before `end`; looked up where they are few."""
    hour = floor(begin)
    first = hour if hour == begin else hour + HOUR
    few = -((first - end) // HOUR)
    if few >= len(hours):
        return sum(count for at, count in hours.items() if begin <= at < end)
    return sum(hours.get(first + n * HOUR, 0) for n in range(few))
