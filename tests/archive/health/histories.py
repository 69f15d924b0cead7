"""Sources by the hour, made by hand: a paper that prints by day more than by night, and less on Sundays."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from archive.health.history import HOUR, Listing, SourceHistory, floor

NOW = datetime(2026, 11, 20, 15, 20, tzinfo=UTC)  # a Friday
FEED = "https://paper.example/rss.xml"
Counts = dict[str, dict[datetime, int]]


def rate(hour: datetime, per_day: float) -> float:
    """How many articles this hour of the week brings on average."""
    by_day = 2.0 if 6 <= hour.hour < 20 else 0.25
    weekend = 0.5 if hour.weekday() >= 5 else 1.15
    return per_day / 24 * by_day * weekend * 0.78


def poisson(chance: random.Random, mean: float) -> int:
    count, left = 0, chance.expovariate(1.0)
    while left < mean:
        count, left = count + 1, left + chance.expovariate(1.0)
    return count


class Paper:
    """A source as the tallies know it. `at(hour, counts)` may change an hour before it is counted."""

    def __init__(self, per_day: float = 60, *, weeks: float = 8, seed: int = 1, now: datetime = NOW) -> None:
        self.now = now
        self.counts: Counts = {}
        self.new: dict[datetime, int] = {}
        self._chance = random.Random(seed)
        self.per_day = per_day
        hour = floor(now) - timedelta(weeks=weeks)
        self.began = hour
        self.changes: list[Callable[[datetime, dict[str, int]], None]] = []

    def changed(self, change: Callable[[datetime, dict[str, int]], None]) -> Paper:
        self.changes.append(change)
        return self

    def history(self, **more: object) -> SourceHistory:
        hour = self.began
        while hour <= self.now:
            new = poisson(self._chance, rate(hour, self.per_day))
            counts = {
                "listing listed": 1,
                "page stored new": new,
                "page unchanged not_modified": 2,
                "read": new,
                "read words 17": new - new // 3,
                "read words 18": new // 3,
                "read no_byline": new // 5,
            }
            for change in self.changes:
                change(hour, counts)
            for what, count in counts.items():
                if count:
                    self.counts.setdefault(what, {})[hour] = count
            if counts.get("page stored new"):
                self.new[hour] = counts["page stored new"]
            hour += HOUR
        last = max(self.new, default=None)
        answers = sum(1 for hour in self.counts.get("listing listed", {}) if last is None or hour > last)
        listing = Listing(FEED, self.new, last, answers)
        given: dict[str, object] = {"listings": (listing,), "asked_at": self.now - HOUR / 2} | more
        return SourceHistory("paper", self.now, self.counts, **given)  # type: ignore[arg-type] - the fields a test names
