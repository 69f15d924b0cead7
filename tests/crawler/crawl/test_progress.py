"""What a run shows while it goes."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from crawler.crawl import progress
from crawler.crawl.progress import Style, watcher


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def ledger(**counts: int) -> Any:
    return SimpleNamespace(counts=Counter(counts), last="Oysters return to the harbour")


def shown(style: Style, out: io.StringIO, *moments: Any) -> str:
    watching = watcher(style, "r1", out)
    for moment in moments:
        watching.update(moment)
    watching.close()
    return out.getvalue()


@pytest.fixture
def every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line at each update, so that no test waits for ten seconds."""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)


@pytest.mark.usefixtures("every_time")
def test_a_line_says_how_far_the_run_is_and_what_became_of_the_pages() -> None:
    said = shown("plain", io.StringIO(), ledger(done=12, queued=12, stored=9, skipped=2, failed=1))
    assert said == "crawl run=r1 done=12 total=12 stored=9 unchanged=0 skipped=2 failed=1\n"


@pytest.mark.usefixtures("every_time")
def test_a_line_for_programs_is_json_with_the_same_facts() -> None:
    (line,) = shown("json", io.StringIO(), ledger(done=5, queued=20, stored=5)).splitlines()
    facts = json.loads(line)
    assert facts.pop("eta_s") >= 0
    assert facts == {"run": "r1", "done": 5, "total": 20, "stored": 5, "unchanged": 0, "skipped": 0, "failed": 0}


@pytest.mark.usefixtures("every_time")
def test_nobody_is_told_when_it_will_end_before_anything_is_done() -> None:
    assert "eta_s" not in shown("plain", io.StringIO(), ledger(done=0, queued=20))


def test_lines_come_every_ten_seconds_and_not_with_every_page() -> None:
    assert shown("plain", io.StringIO(), *[ledger(done=count) for count in range(50)]) == ""


def test_none_shows_nothing() -> None:
    assert shown("none", Terminal(), ledger(done=5, queued=9)) == ""


def test_auto_is_bars_on_a_terminal_and_lines_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    on_a_terminal = shown("auto", Terminal(), ledger(done=5, queued=9, stored=5))
    on_a_terminal = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", on_a_terminal)  # colours and cursor movements
    assert "stored 5" in on_a_terminal and "5/9" in on_a_terminal and "Oysters" in on_a_terminal
    assert shown("auto", io.StringIO(), ledger(done=5, queued=9)) == ""
