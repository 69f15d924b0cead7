"""Rules about what comes: is the source asked, does it bring what it usually brings, do we get what it names?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.console.output import plural
from archive.health.findings import Figure, Finding, State, lasting
from archive.health.history import GOOD_LISTING, HOUR, LOOK_BACK, NEW, SourceHistory, floor, within
from archive.health.statistics import few, median, quantile, spread

BAD, WARN = 1e-5, 1e-3  # looked at every hour, a source as usual is called bad about once in ten years
WINDOWS = tuple(timedelta(hours=hours) for hours in (3, 6, 12, 24, 48, 96, 168))
MIN_WEEKS, MIN_DAYS = 3, 7
MIN_ANSWERS = 3
MIN_NAMED = 20


@dataclass(frozen=True, slots=True)
class Usual:
    """What usually came in a span that ends at this hour: of the weekday, or of any where the weeks are too few."""

    mean: float
    variance: float
    spans: int
    unit: str  # "weeks" or "days"

    def __str__(self) -> str:
        return f"{self.mean:.0f} ({'median' if self.unit == 'weeks' else 'lower quarter'} of {self.spans} {self.unit})"


def asked(history: SourceHistory) -> Finding:
    """Are its listings asked when their schedule says so?"""
    if history.asked_at is None:
        return _finding(history, "asked", "ok", "never asked yet", {}, f"pressmark crawl {history.source}")
    figures = {"hours_ago": round((history.now - history.asked_at) / HOUR, 1)}
    words = f"asked {lasting(history.now - history.asked_at)} ago"
    if history.due_at is None or history.due_at >= history.now:
        return _finding(history, "asked", "ok", words, figures)
    interval = max(history.due_at - history.asked_at, HOUR / 2)
    late = history.now - history.due_at
    state: State = "bad" if late > max(4 * interval, 6 * HOUR) else "warn" if late > max(interval, 2 * HOUR) else "ok"
    if state != "ok":
        words += f", {lasting(late)} later than its schedule says: no crawl is running"
    return _finding(history, "asked", state, words, figures, "pressmark crawl --due")


def silence(history: SourceHistory) -> Finding:
    """Fewer new articles than this weekday and hour usually bring."""
    new: dict[datetime, int] = {}
    for what in history.names(NEW):
        for hour, count in history.counts[what].items():
            new[hour] = new.get(hour, 0) + count
    found = [_silence_in(history, new, window) for window in WINDOWS]
    known = [one for one in found if one is not None]
    if not known:
        return _finding(history, "silence", "ok", _unknown(history))
    one = min(known, key=lambda one: (max(one.chance, 1e-9), -one.window))  # the surest; of those, what says most
    state: State = "bad" if one.chance < BAD else "warn" if one.chance < WARN else "ok"
    if state == "ok":
        one = next((one for one in reversed(known) if one.window <= timedelta(days=1)), known[0])
    words = f"{plural(one.came, 'new article')} in {lasting(one.window)}; usually {one.usual}"
    figures: dict[str, Figure] = {"new": one.came, "usual": round(one.usual.mean, 1), "hours": one.window // HOUR}
    return _finding(history, "silence", state, words, figures, f"pressmark source test {history.source}")


@dataclass(frozen=True, slots=True)
class _Span:
    """What came in a window that ends now, and how likely so little is."""

    window: timedelta
    came: int
    usual: Usual
    chance: float


def _silence_in(history: SourceHistory, new: Mapping[datetime, int], window: timedelta) -> _Span | None:
    usual = _usual(history, new, window)
    if usual is None or not _listened(history, floor(history.now) - window, floor(history.now)):
        return None
    came = within(new, floor(history.now) - window, history.now)
    return _Span(window, came, usual, few(came, usual.mean, usual.variance))


def _usual(history: SourceHistory, series: Mapping[datetime, int], window: timedelta) -> Usual | None:
    """What earlier spans brought that ended at the same hour; of those in which the source answered."""
    begin, end = floor(history.now) - window, floor(history.now)
    weeks = _spans(history, series, begin, end, timedelta(weeks=1), back=timedelta(weeks=1))
    if len(weeks) >= MIN_WEEKS:
        return Usual(median(weeks), spread(weeks), len(weeks), "weeks")
    days = _spans(history, series, begin, end, timedelta(days=1), back=max(window, timedelta(days=1)))
    if len(days) >= MIN_DAYS:  # among them a weekend, so the lower quarter, and not the middle, is what to expect
        return Usual(quantile(days, 0.25), spread(days), len(days), "days")
    return None


def _spans(
    history: SourceHistory,
    series: Mapping[datetime, int],
    begin: datetime,
    end: datetime,
    step: timedelta,
    *,
    back: timedelta,
) -> list[int]:
    """What came in the spans that lie `back` and then ever a `step` more before this one."""
    began = history.began_at
    found: list[int] = []
    while began is not None and back <= LOOK_BACK and begin - back >= began:
        if _listened(history, begin - back, end - back):
            found.append(within(series, begin - back, end - back))
        back += step
    return found


def _listened(history: SourceHistory, begin: datetime, end: datetime) -> bool:
    """Whether its listings answered in each quarter of a span: what came while nobody asked is not known."""
    parts = min(4, (end - begin) // HOUR)
    part = (end - begin) / parts
    return all(history.total(GOOD_LISTING, begin + n * part, begin + (n + 1) * part) for n in range(parts))


def _unknown(history: SourceHistory) -> str:
    began = history.began_at
    if began is not None and history.now - began > timedelta(days=MIN_DAYS + 1):
        return "its listings did not answer often enough to say"
    have = lasting(history.now - began) if began else "none"
    return f"too little history to say ({have}; {MIN_DAYS + 1} days are needed)"


def stale_feed(history: SourceHistory) -> Finding:
    """Listings that answer well, and bring nothing new any more."""
    worst: tuple[float, str, dict[str, Figure]] | None = None
    for one in history.listings:
        if one.last_new_at is None or one.answers_since < MIN_ANSWERS:
            continue
        still = floor(history.now) - floor(one.last_new_at)
        window = min(still, WINDOWS[-1])
        usual = _usual(history, one.new, window) if window >= WINDOWS[0] else None
        if usual is None:
            continue
        chance = few(0, usual.mean, usual.variance)
        words = (
            f"{one.url} has named nothing new for {lasting(history.now - one.last_new_at)}, in "
            f"{plural(one.answers_since, 'good answer')}; usually {usual.mean:.0f} in that time"
        )
        figures: dict[str, Figure] = {
            "url": one.url,
            "hours": round(still / HOUR),
            "answers": one.answers_since,
            "usual": usual.mean,
        }
        if worst is None or chance < worst[0]:
            worst = chance, words, {**figures, "usual": round(usual.mean, 1)}
    if worst is None or worst[0] >= WARN:
        count = plural(len(history.listings), "listing")
        return _finding(history, "stale_feed", "ok", f"{count}, none still for longer than usual")
    state: State = "bad" if worst[0] < BAD else "warn"
    return _finding(history, "stale_feed", state, worst[1], worst[2], f"pressmark source test {history.source}")


def coverage(history: SourceHistory) -> Finding:
    """What feeds, sitemaps and sections name, against what was captured of it."""
    urls = sum(one.urls for one in history.named)
    captured = sum(one.captured for one in history.named)
    failed = sum(one.failed for one in history.named)
    waiting = sum(one.waiting for one in history.named)
    figures: dict[str, Figure] = {
        "named": urls, "captured": captured, "failed": failed, "waiting": waiting,
    }  # fmt: skip
    figures |= {f"captured_of_{one.found_by}": round(one.captured / one.urls, 3) for one in history.named if one.urls}
    if urls < MIN_NAMED:
        return _finding(history, "coverage", "ok", f"{plural(urls, 'URL')} named in 7 days until 6 h ago", figures)
    share = captured / urls
    state: State = "bad" if share < 0.5 else "warn" if share < 0.85 else "ok"
    parts = [f"{one.captured} of {one.urls} by {one.found_by}" for one in history.named if one.urls]
    words = f"{share:.0%} of what was named in 7 days is captured ({', '.join(parts)})"
    mend = None
    if state != "ok":
        words += f"; {failed} failed, {waiting} not fetched yet"
        mend = "pressmark skipped --failed --source" if failed > waiting else "pressmark crawl"
    return _finding(history, "coverage", state, words, figures, mend and f"{mend} {history.source}")


def same_text(history: SourceHistory) -> Finding:
    """One text under many URLs: a wall or an error page that nobody recognised."""
    found = history.same_text
    if found is None or found.articles < 2:
        return _finding(history, "same_text", "ok", "no text is shared by many of the newest articles")
    share = found.articles / max(1, found.of)
    state: State = "ok"
    if found.articles >= 4 and share >= 0.15:
        state = "bad" if found.articles >= 6 and share >= 0.3 else "warn"
    words = f"{found.articles} of the {found.of} newest articles have the same text, e.g. {found.url}"
    figures: dict[str, Figure] = {"articles": found.articles, "of": found.of, "cluster": found.cluster}
    return _finding(history, "same_text", state, words, figures, f"pressmark articles --cluster {found.cluster}")


def _finding(
    history: SourceHistory,
    rule: str,
    state: State,
    words: str,
    figures: Mapping[str, Figure] | None = None,
    mend: str | None = None,
) -> Finding:
    return Finding(history.source, rule, state, words, figures or {}, mend)
