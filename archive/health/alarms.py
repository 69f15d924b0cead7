"""Which findings are news: an alarm opens once and clears once. Pure; book.py keeps what was decided.

An alarm opens when a rule reaches the level, and clears when the rule has found nothing for FINE_FOR, seen at least
twice. In between, a mere warning keeps it open: what wavers around a limit is told once and not every hour.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from archive.health.findings import Figure, Finding, State, lasting, rank

FINE_FOR = timedelta(minutes=10)
Key = tuple[str, str]  # source, rule


@dataclass(frozen=True, slots=True)
class Standing:
    """An open alarm. `fine_since`: since when its rule has found nothing; None while it does."""

    source: str
    rule: str
    opened_at: datetime
    words: str
    fine_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is told, once: that something is wrong since `opened_at`, or is no longer."""

    event: Literal["opened", "cleared"]
    source: str
    rule: str
    at: datetime
    opened_at: datetime
    words: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    mend: str | None = None

    def __str__(self) -> str:
        if self.event == "cleared":
            lasted = lasting(self.at - self.opened_at)
            return f"{self.source}: {self.rule} is as usual again after {lasted}: {self.words}"
        return f"{self.source}: {self.rule}: {self.words}" + (f" → {self.mend}" if self.mend else "")


def decide(
    standing: Mapping[Key, Standing],
    findings: Iterable[Finding],
    now: datetime,
    *,
    level: State = "bad",
    watched: Collection[str] | None = None,
) -> tuple[dict[Key, Standing], list[Alarm]]:
    """Return the alarms that are open after these findings, and what is news. Findings of other sources change nothing.

    `watched`: all sources there are; alarms of one that was removed or paused clear at once. None: nothing is known.
    """
    after, news = dict(standing), list[Alarm]()
    for one in findings:
        key = one.source, one.rule
        known = after.get(key)
        if known is None:
            if rank(one.state) >= rank(level) and one.explained_by is None:
                after[key] = Standing(one.source, one.rule, now, one.words)
                news.append(Alarm("opened", one.source, one.rule, now, now, one.words, one.figures, one.mend))
        elif one.state != "ok":
            after[key] = replace(known, fine_since=None)
        elif known.fine_since is None:
            after[key] = replace(known, fine_since=now)
        elif now - known.fine_since >= FINE_FOR:
            del after[key]
            news.append(Alarm("cleared", one.source, one.rule, now, known.opened_at, one.words, one.figures))
    for key, known in list(after.items()):
        if watched is not None and known.source not in watched:
            del after[key]
            words = "the source is not watched any more"
            news.append(Alarm("cleared", known.source, known.rule, now, known.opened_at, words))
    return after, news
