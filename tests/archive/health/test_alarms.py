"""An alarm is told once when it opens and once when it clears; what is to be told survives a crash."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import DiskFull
from archive.health import Finding
from archive.health.alarms import FINE_FOR, Alarm, Standing, decide
from archive.health.book import Book, opened, read, write, write_whole
from archive.health.findings import State, lasting

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)


def finding(state: State, rule: str = "silence", *, because: str | None = None) -> Finding:
    return Finding("herald", rule, state, "0 new articles in 12 h", {"new": 0}, "look", because)


def run(*states: State, step: timedelta = HOUR) -> list[str]:
    """The news of a rule that was asked every hour, as "HOUR event"."""
    standing: dict[tuple[str, str], Standing] = {}
    told = []
    for turn, state in enumerate(states):
        standing, news = decide(standing, [finding(state)], NOW + turn * step)
        told += [f"{turn} {one.event}" for one in news]
    return told


def test_an_alarm_opens_once_and_clears_once() -> None:
    assert run("ok", "bad", "bad", "bad", "ok", "ok", "ok") == ["1 opened", "5 cleared"]


def test_what_wavers_around_a_limit_is_one_alarm() -> None:
    assert run("warn", "bad", "warn", "bad", "ok", "bad", "warn", "ok", "warn", "ok", "ok") == [
        "1 opened",
        "10 cleared",
    ]


def test_two_looks_in_one_minute_do_not_clear_it() -> None:
    assert run("bad", "ok", "ok", "ok", step=FINE_FOR / 4) == ["0 opened"]


def test_what_another_rule_explains_is_no_alarm_of_its_own_until_that_is_mended() -> None:
    standing, news = decide({}, [finding("bad", because="errors"), finding("bad", "errors")], NOW)
    assert [one.rule for one in news] == ["errors"]
    _, news = decide(standing, [finding("bad"), finding("ok", "errors")], NOW + HOUR)
    assert [(one.event, one.rule) for one in news] == [("opened", "silence")]


def test_warnings_open_alarms_where_that_is_asked_for() -> None:
    assert decide({}, [finding("warn")], NOW)[1] == [] and len(decide({}, [finding("warn")], NOW, level="warn")[1]) == 1


def test_alarms_of_a_source_that_was_removed_clear() -> None:
    standing, _ = decide({}, [finding("bad")], NOW)
    assert decide(standing, [], NOW + HOUR)[1] == []
    after, [news] = decide(standing, [], NOW + HOUR, watched=["times"])
    assert after == {} and news.event == "cleared" and "not watched" in news.words


@given(st.lists(st.sampled_from(["ok", "warn", "bad"]), max_size=40))
def test_opened_and_cleared_take_turns(states: list[State]) -> None:
    events = [line.split()[1] for line in run(*states)]
    assert events == ["opened", "cleared"] * (len(events) // 2) + ["opened"] * (len(events) % 2)


def test_the_book_gives_back_what_was_written(tmp_path: Path) -> None:
    standing, news = decide({}, [finding("bad")], NOW)
    standing, _ = decide(standing, [finding("ok")], NOW + HOUR)
    with opened(tmp_path) as (book, path):
        assert book == Book()
        write(Book(standing, [("mail", news[0])]), path)
    with opened(tmp_path) as (book, path):
        assert book == Book(standing, [("mail", news[0])])
    assert json.loads(path.read_text())["schema"] == "pressmark.alerts/1"
    assert [one.name for one in tmp_path.iterdir() if not one.name.endswith(".lock")] == ["alerts.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"standing": [{}], "waiting": []}', "\xff"])
def test_a_book_that_cannot_be_read_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "alerts.json").write_text(text, "latin-1")
    assert read(tmp_path / "alerts.json") == Book()


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "metrics.prom"
    write_whole(target, "one\n")
    with pytest.raises(DiskFull, match=r"cannot write .*Is a directory"):
        write_whole(tmp_path, "two\n")
    with pytest.raises(DiskFull, match="No such file"):
        write_whole(tmp_path / "none" / "x", "")
    assert target.read_text() == "one\n" and [one.name for one in tmp_path.iterdir()] == ["metrics.prom"]


def test_alarms_read_as_sentences() -> None:
    alarm = Alarm("opened", "herald", "silence", NOW, NOW, "0 new articles in 12 h", {}, "pressmark source test herald")
    assert str(alarm) == "herald: silence: 0 new articles in 12 h → pressmark source test herald"
    cleared = Alarm("cleared", "herald", "silence", NOW + 5 * HOUR, NOW, "9 new articles in 12 h")
    assert str(cleared) == "herald: silence is as usual again after 5 h: 9 new articles in 12 h"
    assert [lasting(timedelta(minutes=n)) for n in (5, 89, 90, 4320)] == ["5 min", "89 min", "2 h", "3 days"]
