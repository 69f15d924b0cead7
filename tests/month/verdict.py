"""What a month's archive says, held against the script: edits, losses, alarms, and what it cost in requests."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archive.answers.history import Step, steps_of
from archive.archive import Archive
from archive.catalog import frontier
from tests.month.script import Event, Paper, Story
from tests.month.world import Month

SLACK = timedelta(minutes=4)  # a run lasts seconds; the next one begins minutes later
LOSS_EVENTS = {"404": "gone", "410": "gone", "home": "redirected", "section": "redirected", "soft_404": "soft_404"}
TROUBLE_RULES = {"outage": "errors", "stale_feed": "stale_feed", "layout": "layout", "hijack": "integrity"}


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of the script: when it was there to be seen, when it was found, and as what."""

    paper: str
    path: str
    event: Event
    looked_at: datetime
    found_at: datetime | None = None
    kinds: tuple[str, ...] = ()

    @property
    def is_in_time(self) -> bool:
        return self.found_at is not None and self.found_at <= self.looked_at + SLACK

    @property
    def is_right(self) -> bool:
        return self.found_at is not None and self.event.kind.removesuffix("_only") in self.kinds


@dataclass
class Verdict:
    """The figures of a month."""

    edits: list[Edit] = field(default_factory=list)
    losses: list[Edit] = field(default_factory=list)
    false_revisions: list[str] = field(default_factory=list)
    revisions: int = 0
    stories: int = 0
    missing: list[str] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    delays_seconds: list[float] = field(default_factory=list)  # from a change to its being found; or to the end


def judged(archive: Archive, month: Month) -> Verdict:
    """Compare every story of the month with its history in the archive."""
    verdict, end = Verdict(), month.clock.now
    looks = _looks(month)
    for paper in month.script.papers:
        for story in paper.stories:
            if story.published > end:
                continue
            known = frontier.outcome_of(archive.catalog, month.bases[paper.key] + story.path)
            verdict.stories += known is not None
            if known is None or known.article_id is None:
                if not paper.troubles and story.published < end - timedelta(hours=3):
                    verdict.missing.append(f"{paper.key}{story.path}")
                continue
            steps = steps_of(archive, known.article_id)
            _judge(verdict, paper, story, steps, looks.get((paper.key, story.path), []), end)
    verdict.requests = Counter(_kind(asked.path) for asked in month.log)
    return verdict


def _looks(month: Month) -> dict[tuple[str, str], list[datetime]]:
    """When each story was asked for."""
    found: dict[tuple[str, str], list[datetime]] = {}
    for asked in month.log:
        found.setdefault((asked.paper, asked.path), []).append(asked.at)
    return found


def _kind(path: str) -> str:
    return "robots.txt" if path == "/robots.txt" else "listings" if path in ("/feed.xml", "/") else "articles"


def _judge(
    verdict: Verdict, paper: Paper, story: Story, steps: list[Step], looks: list[datetime], end: datetime
) -> None:
    texts = [step for step in steps if step.revision is not None]
    verdict.revisions += len(texts)
    if not looks or not texts:
        return
    expected: set[datetime] = set()
    for event in story.events:
        after = looks[bisect_left(looks, event.at) :]
        if looks[0] < event.at < end and not after and event.kind not in LOSS_EVENTS:
            verdict.delays_seconds.append((end - event.at).total_seconds())
        if event.at <= looks[0] or not after:
            continue  # the first look saw it already, or there was none since
        if event.kind in LOSS_EVENTS:
            verdict.losses.append(_lost(paper, story, event, steps, after))
            continue
        step = next((one for one in steps if after[0] <= one.at <= after[0] + SLACK), None)
        edit = Edit(paper.key, story.path, event, after[0], step.at if step else None, _kinds(step))
        if _several(story, looks, event):
            continue  # two edits between two looks are one change to anybody who looks
        verdict.edits.append(edit)
        expected.add(after[0])
        if step is not None:
            verdict.delays_seconds.append((step.at - event.at).total_seconds())
    if paper.troubles or story.flapping:
        return  # what others wrote into it, and what flaps, is judged by alarms and by its being called unstable
    verdict.false_revisions += [
        f"{paper.key}{story.path} at {step.at:%d %H:%M}: {step.in_words}"
        for step in texts[1:]
        if not any(at <= step.at <= at + SLACK for at in _changes(story, looks))
    ]


def _changes(story: Story, looks: list[datetime]) -> Iterator[datetime]:
    for event in story.events:
        yield from looks[bisect_left(looks, event.at) :][:1]


def _several(story: Story, looks: list[datetime], event: Event) -> bool:
    """Whether another event of the story falls between the same two looks."""
    return sum(bisect_right(looks, one.at) == bisect_right(looks, event.at) for one in story.events) > 1


def _lost(paper: Paper, story: Story, event: Event, steps: list[Step], after: list[datetime]) -> Edit:
    """A loss is believed at the second look, unless the server says that it is final."""
    kind = LOSS_EVENTS[event.kind]
    step = next((one for one in steps if one.event is not None and one.event.kind == kind), None)
    second = after[1] if len(after) > 1 else after[0]
    return Edit(paper.key, story.path, event, second, step.at if step else None, (event.kind,) if step else ())


def _kinds(step: Step | None) -> tuple[str, ...]:
    if step is None:
        return ()
    if step.change is not None:
        return step.change.kinds
    event = step.event
    if event is None:
        return ()
    return ("date",) if event.kind == "touched" else (event.kind,)


def simpler_habits(month: Month, verdict: Verdict) -> dict[str, int]:
    """Requests for articles that simpler habits would have cost: all daily; all at an even pace, as fresh as ours.

    At an even pace an edit is found after half the pause in the mean and in the median, and a quarter of them after a
    quarter of it; an edit that nobody saw by the end is as old as it was then.
    """
    end = month.clock.now
    published = (story.published for paper in month.script.papers for story in paper.stories)
    seconds = sum((end - one).total_seconds() for one in published if one < end)
    delays = sorted(verdict.delays_seconds) or [43_200.0]
    pauses = {"mean": 2 * sum(delays) / len(delays)}
    pauses |= {f"{share:.0%} of edits": delays[int(share * len(delays))] / share for share in (0.5, 0.75)}
    found = {"every day (an edit is found after 12 h in the mean and the median)": round(seconds / 86_400)}
    for name, pause in pauses.items():
        found[f"every {pause / 3600:.1f} h, as fresh as ours by the {name}"] = round(seconds / pause)
    return found
