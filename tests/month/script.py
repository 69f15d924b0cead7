"""What happens in the month: stories, and the events that change them or break their papers. Pure, by a seed.

`write_script` gives twelve papers with all their stories; a Story knows its Events, and what a reader must say of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from tests.month import prose

Edit = Literal["headline", "substance", "correction", "typo", "date_only", "paywalled", "gutted"]
Loss = Literal["404", "410", "home", "section", "soft_404"]
Trouble = Literal["outage", "stale_feed", "layout", "hijack"]

START = datetime(2026, 5, 1, tzinfo=UTC)
DAYS = 30
EDITS: tuple[Edit, ...] = (
    "substance",
    "headline",
    "correction",
    "typo",
    "date_only",
    "substance",
    "paywalled",
    "gutted",
)
LOSSES: tuple[Loss, ...] = ("404", "410", "home", "section", "soft_404")
_HOURS = (6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
_AGES = (0.2, 0.5, 2.0, 5.0, 20.0, 40.0, 90.0, 150.0)  # hours after publication that edits come


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to a story at a moment."""

    at: datetime
    kind: Edit | Loss


@dataclass(frozen=True, slots=True)
class Story:
    path: str
    headline: str
    author: str
    published: datetime
    paragraphs: tuple[str, ...]
    seed: int
    events: tuple[Event, ...] = ()
    flapping: bool = False  # its second paragraph is another one every other hour


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which something is wrong with a paper."""

    kind: Trouble
    begin: datetime
    end: datetime

    def holds(self, now: datetime) -> bool:
        return self.begin <= now < self.end


@dataclass(frozen=True, slots=True)
class Paper:
    """A publication. `feed`: its listing; RSS does not tell of edits, Atom does for the newest, a sitemap for all.

    `tags`: how honest its ETags are; `redesigned`: when its pages get another layout.
    """

    key: str
    name: str
    feed: Literal["rss", "atom", "sitemap"]
    tags: Literal["honest", "none", "always_304", "ever_new"]
    stories: tuple[Story, ...] = ()
    troubles: tuple[Period, ...] = ()
    redesigned: datetime | None = None

    def in_trouble(self, kind: Trouble, now: datetime) -> bool:
        return any(one.kind == kind and one.holds(now) for one in self.troubles)


@dataclass(frozen=True, slots=True)
class Script:
    papers: tuple[Paper, ...]
    start: datetime = START
    days: int = DAYS
    by_path: dict[tuple[str, str], Story] = field(default_factory=dict)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=self.days)


def write_script(
    seed: int = 1, *, days: int = DAYS, papers: int = 12, stories_a_day: float = 3.0, start: datetime = START
) -> Script:
    """The whole month. The same arguments give the same month."""
    made = tuple(_paper(seed, number, days, stories_a_day, start) for number in range(papers))
    by_path = {(paper.key, story.path): story for paper in made for story in paper.stories}
    return Script(made, start, days, by_path)


def _paper(seed: int, number: int, days: int, stories_a_day: float, start: datetime) -> Paper:
    random = Random(f"{seed}/{number}")
    key = f"paper{number:02}"
    stories = tuple(_stories(random, days, stories_a_day, start))
    tags: dict[int, Literal["honest", "none", "always_304", "ever_new"]] = {3: "always_304", 4: "ever_new", 5: "none"}
    return Paper(
        key=key,
        name=f"The {prose.headline(random).split()[-1]} Paper {number}",
        feed=("rss", "sitemap", "atom")[number % 3],
        tags=tags.get(number, "honest"),
        stories=stories,
        troubles=_troubles(number, days, start),
        redesigned=start + timedelta(days=days * 0.4) if number == 6 else None,
    )


def _troubles(number: int, days: int, start: datetime) -> tuple[Period, ...]:
    """One trouble each for four papers, after the two weeks that a habit takes to be known."""

    def period(kind: Trouble, begin: float, end: float) -> tuple[Period, ...]:
        return (Period(kind, start + timedelta(days=days * begin), start + timedelta(days=days * end)),)

    match number:
        case 7:
            return period("outage", 0.60, 0.64)
        case 8:
            return period("stale_feed", 0.55, 0.85)
        case 9:
            return period("layout", 0.60, 0.72)
        case 10:
            return period("hijack", 0.66, 0.84)
        case _:
            return ()


def _stories(random: Random, days: int, stories_a_day: float, start: datetime) -> Iterator[Story]:
    serial = 0
    for day in range(-2, days):  # what stands in the listings on the first day was written before it
        at_weekend = (start + timedelta(days=day)).weekday() >= 5
        count = max(1, round(stories_a_day * (0.5 if at_weekend else 1.0) + random.uniform(-0.4, 0.4)))
        for hour in sorted(random.sample(_HOURS, min(count, len(_HOURS)))):
            published = start + timedelta(days=day, hours=hour, minutes=random.randrange(60))
            yield _story(random, published, serial)
            serial += 1


def _story(random: Random, published: datetime, serial: int) -> Story:
    headline, seed = prose.headline(random), random.randrange(1 << 30)
    words = "-".join(headline.lower().replace("'", "").split()[:6])
    story = Story(
        path=f"/{'town' if serial % 2 else 'county'}/{published:%Y/%m/%d}/{words}-{serial}.html",
        headline=headline,
        author=prose.author(random),
        published=published,
        paragraphs=prose.paragraphs(random, random.randint(6, 9)),
        seed=seed,
    )
    events, flapping = _events(random, story, serial)
    return Story(story.path, headline, story.author, published, story.paragraphs, seed, events, flapping)


def _events(random: Random, story: Story, serial: int) -> tuple[tuple[Event, ...], bool]:
    """Every third story is edited, every twentieth lost, every thirtieth flaps."""
    if serial % 30 == 7:
        return (), True
    if serial % 20 == 13:
        at = story.published + timedelta(hours=random.choice(_AGES[2:]))
        return (Event(at, LOSSES[serial // 20 % len(LOSSES)]),), False
    if serial % 3:
        return (), False
    at = story.published + timedelta(hours=random.choice(_AGES) * random.uniform(0.8, 1.2))
    kind = EDITS[serial // 3 % len(EDITS)]
    events = [Event(at, kind)]
    if kind in ("headline", "typo") and random.random() < 0.5:
        events.append(Event(at + timedelta(hours=random.choice((3.0, 30.0))), "substance"))
    return tuple(events), False
