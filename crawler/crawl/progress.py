"""What a run shows while it goes: bars on a terminal, one line every ten seconds elsewhere, JSON lines on request.

A watcher only reads the ledger's counts; a run without one behaves the same.
"""

from __future__ import annotations

import json
import sys
from time import monotonic
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from crawler.crawl.ledger import Ledger

LINE_SECONDS = 10.0
Style = Literal["auto", "bar", "plain", "json", "none"]
_SHOWN = ("stored", "unchanged", "skipped", "failed")


class Watcher(Protocol):
    def update(self, ledger: Ledger) -> None: ...

    def close(self) -> None: ...


def watcher(style: Style, run_id: str, out: IO[str] | None = None) -> Watcher:
    """Return the watcher for a style; "auto" is bars on a terminal and lines elsewhere. Progress goes to stderr."""
    out = out or sys.stderr
    if style == "auto":
        style = "bar" if out.isatty() else "plain"
    if style == "bar":
        return _Bars(run_id, out)
    if style == "none":
        return _Silent()
    return _Lines(run_id, out, as_json=style == "json")


class _Silent:
    def update(self, ledger: Ledger) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Nothing was opened."""


class _Lines:
    """`crawl run=… done=12 total=20 stored=9 unchanged=0 skipped=2 failed=1 eta_s=41`, every ten seconds."""

    def __init__(self, run_id: str, out: IO[str], *, as_json: bool) -> None:
        self._run_id, self._out, self._as_json = run_id, out, as_json
        self._started = self._said = monotonic()

    def update(self, ledger: Ledger) -> None:
        if monotonic() - self._said < LINE_SECONDS:
            return
        self._said = monotonic()
        facts = _facts(self._run_id, ledger, monotonic() - self._started)
        if self._as_json:
            self._out.write(json.dumps(facts) + "\n")
        else:
            self._out.write("crawl " + " ".join(f"{key}={value}" for key, value in facts.items()) + "\n")
        self._out.flush()

    def close(self) -> None:
        """Lines need no end."""


def _facts(run_id: str, ledger: Ledger, seconds: float) -> dict[str, Any]:
    counts = ledger.counts
    done, total = counts["done"], max(counts["done"], counts["queued"])
    facts: dict[str, Any] = {"run": run_id, "done": done, "total": total}
    facts.update({name: counts[name] for name in _SHOWN})
    if done and total > done:
        facts["eta_s"] = round((total - done) * seconds / done)
    return facts


class _Bars:
    """A bar with the counts, and under it the headline that was read last; fits a terminal of 80 columns."""

    def __init__(self, run_id: str, out: IO[str]) -> None:
        from rich.console import Console, Group
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.text import Text

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=14),
            MofNCompleteColumn(),
            TextColumn("{task.fields[words]}"),
            TimeRemainingColumn(compact=True),
        )
        self._fetch = self._progress.add_task(" fetch", total=None, words="")
        self._last = Text("", no_wrap=True, overflow="ellipsis")
        self._live = Live(Group(self._progress, self._last), console=Console(file=out), transient=True)
        self._live.start()

    def update(self, ledger: Ledger) -> None:
        counts = ledger.counts
        words = " · ".join(f"{name} {counts[name]}" for name in _SHOWN if counts[name])
        total = max(counts["done"], counts["queued"])
        self._progress.update(self._fetch, completed=counts["done"], total=total, words=words)
        self._last.plain = f" last: {ledger.last}" if ledger.last else ""

    def close(self) -> None:
        self._live.stop()
