"""What a rule says of a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

State = Literal["ok", "warn", "bad"]
Figure = float | int | str | None
ARCHIVE = "(archive)"  # in the place of a source: what concerns all of them

_ORDER: tuple[State, ...] = ("ok", "warn", "bad")


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's judgement of one source. `words` are for people, `figures` for programs; `mend` is what to do next.

    `explained_by`: the rule that says why, where one thing is the consequence of another; such a finding is no alarm of
    its own.
    """

    source: str
    rule: str
    state: State
    words: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    mend: str | None = None
    explained_by: str | None = None


def worst(findings: Iterable[Finding]) -> State:
    """The worst state among findings; "ok" for none."""
    return max((one.state for one in findings), key=_ORDER.index, default="ok")


def rank(state: State) -> int:
    """0 for "ok", 2 for "bad"."""
    return _ORDER.index(state)


def lasting(span: timedelta) -> str:
    """How long, as people say it: "40 min", "14 h", "3 days"."""
    minutes = max(0, round(span.total_seconds() / 60))
    if minutes < 90:
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{hours} h" if hours < 72 else f"{round(hours / 24)} days"
