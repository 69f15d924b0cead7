"""Rules about shares: of errors, walls, pages that read badly, hijacked pages; against the same source before.

Each takes the newest dozen or so of what it counts, by whole hours: a busy source is judged within the hour, a slow
one as soon as it can be. What was usual is the share in the eight weeks before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.health.findings import Finding, State, rank
from archive.health.history import LOOK_BACK, SourceHistory, floor
from archive.health.statistics import many

BAD, WARN = 1e-5, 1e-3
MOST_BACK = timedelta(days=7)
_NEEDED = 30  # readings before, to say what is usual
_LEAST_SHARE = 0.02  # where nothing went wrong before, one of fifty is what may
_ASKED = ("listing", "page stored", "page unchanged", "page moved", "page skipped", "page failed")
_ERRORS = (
    "server_error", "http_error", "timeout", "dns", "refused", "connection", "truncated", "bad_response", "error",
)  # fmt: skip
_WALLS = ("page skipped bot_wall", "page skipped consent", "page skipped soft_404", "page skipped paywall")
_READ = ("page stored", "page unchanged same_text", "page skipped")
_TEXTLESS = ("page skipped empty_extraction", "page skipped too_short")


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the newest are of a sort, and what share of those before was."""

    count: int
    of: int
    usual: float
    known: int  # how many there were before
    needed: int = 0  # fewer before tell nothing of what is usual

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0

    @property
    def chance(self) -> float:
        """How likely so many are, were all as usual."""
        return many(self.count, self.of, max(_LEAST_SHARE, self.usual))

    def state(self, bad: float = 0.3, warn: float = 0.15) -> State:
        """Bad or warn where the share is more than so much above the usual, and chance does not explain it."""
        if self.known < self.needed:
            return "ok"
        more = self.share - self.usual
        if more >= bad and self.chance < BAD:
            return "bad"
        return "warn" if more >= warn and self.chance < WARN else "ok"

    def told(self, what: str) -> str:
        """E.g. "9 of the newest 12 are walls (usually 2 %)"."""
        before = f"usually {self.usual:.0%}" if self.known >= max(1, self.needed) else "too few before to compare with"
        return f"{self.count} of the newest {self.of} {what} ({before})"


def errors(history: SourceHistory) -> Finding:
    """Answers that are errors, or none at all; a listing that robots.txt forbids counts as one."""
    bad = [f"{kind} failed {reason}" for kind in ("listing", "page") for reason in _ERRORS]
    bad += ["listing failed gone", "listing skipped"]
    found = _share(history, bad, _ASKED, least=6)
    if not found.of:
        return _finding(history, "errors", "ok", "nothing was asked in 7 days", found)
    reasons = _commonest(history, bad, found)
    words = found.told("requests failed") + (f": {reasons}" if reasons else "")
    return _finding(
        history, "errors", found.state(), words, found, f"pressmark skipped --failed --source {history.source}"
    )


def walls(history: SourceHistory) -> Finding:
    """Pages that show a bot wall, a consent page, a paywall without text, or an error with status 200."""
    found = _share(history, _WALLS, _READ, least=10)
    reasons = _commonest(history, _WALLS, found)
    words = found.told("pages are walls") + (f": {reasons}" if reasons else "")
    return _finding(history, "walls", found.state(), words, found, f"pressmark skipped --source {history.source}")


def layout(history: SourceHistory) -> Finding:
    """Pages without text, byline or date where they had them, or far shorter: the site is built in another way now."""
    parts = {
        "without text": _share(history, _TEXTLESS, _READ, least=12, needed=_NEEDED),
        "without a byline": _share(history, ("read no_byline",), ("read words",), least=12, needed=_NEEDED),
        "without a date": _share(history, ("read no_date",), ("read words",), least=12, needed=_NEEDED),
        "far shorter": _shorter(history),
    }
    words, worst = "read as usual", max(parts.values(), key=lambda one: rank(one.state()))
    told = [found.told(f"pages are {name}") for name, found in parts.items() if found.state() != "ok"]
    if told:
        words = "; ".join(told)
    mend = f"pressmark extract --source {history.source} --profile recall --compare"
    return _finding(history, "layout", worst.state(), words, worst, mend)


def integrity(history: SourceHistory) -> Finding:
    """Pages with text that others put there."""
    found = _share(history, ("read hijacked",), ("read words",), least=12)
    suspect = _share(history, ("read suspect",), ("read words",), least=12)
    state = found.state(bad=0.2, warn=0.05)
    if state == "ok" and found.count and not found.usual:
        state = "warn"
    words = found.told("hold injected text") + (f", {suspect.count} more may" if suspect.count else "")
    return _finding(history, "integrity", state, words, found, f"pressmark articles --source {history.source}")


def _shorter(history: SourceHistory) -> Share:
    """Texts shorter than nine of ten were before: usually a tenth of them."""
    steps = {int(what.split()[-1]): what for what in history.names(("read words",))}
    begin = history.newest(("read words",), 12, MOST_BACK)
    before = {step: history.total([what], floor(history.now) - LOOK_BACK, begin) for step, what in steps.items()}
    seen, line = 0, 0
    for step in sorted(before):
        seen, line = seen + before[step], step
        if seen > sum(before.values()) / 10:
            break
    return _share(
        history, [what for step, what in steps.items() if step < line], ("read words",), least=12, needed=_NEEDED
    )


def _share(history: SourceHistory, some: Sequence[str], of: Sequence[str], *, least: int, needed: int = 0) -> Share:
    begin = history.newest(of, least, MOST_BACK)
    start = floor(history.now) - LOOK_BACK
    known = history.total(of, start, begin)
    usual = history.total(some, start, begin) / known if known else 0.0
    end = _end(history)
    return Share(history.total(some, begin, end), history.total(of, begin, end), usual, known, needed)


def _end(history: SourceHistory) -> datetime:
    return history.now + timedelta(microseconds=1)  # a count of the hour that begins now is of the past


def _commonest(history: SourceHistory, some: Iterable[str], found: Share) -> str:
    """E.g. "8 timeout, 2 server error"; nothing where there is none."""
    if not found.count:
        return ""
    begin = history.newest(_ASKED, 6, MOST_BACK)
    counts: dict[str, int] = {}
    for what in history.names(some):
        reason = what.split(" ")[-1].replace("_", " ")
        counts[reason] = counts.get(reason, 0) + history.total([what], begin, _end(history))
    told = sorted(((count, reason) for reason, count in counts.items() if count), reverse=True)
    return ", ".join(f"{count} {reason}" for count, reason in told[:3])


def _finding(
    history: SourceHistory, rule: str, state: State, words: str, found: Share, mend: str | None = None
) -> Finding:
    figures = {"count": found.count, "of": found.of, "share": round(found.share, 3), "usual": round(found.usual, 3)}
    return Finding(history.source, rule, state, words, figures, mend)
