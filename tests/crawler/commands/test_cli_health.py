"""`pressmark health` and `metrics`, as a person, a script, Prometheus and a crawl use them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from archive.archive import open_archive
from archive.catalog.tables import tallies
from archive.health.metrics import FAMILIES
from crawler.config.config_file import load_settings
from crawler.crawl.session import location_of
from tests.archive.health.histories import Paper
from tests.crawler.cli_harness import (
    LOOPBACK,
    NO_DELAY,
    READ_HERE,
    in_a_process,
    new_archive,
    pressmark,
    process_environment,
)
from tests.crawler.health.test_alerts import OK, hook
from tests.crawler.tiny_site import Page, article, feed_of, tiny_site

SOURCES = NO_DELAY + '[[source]]\nname = "paper"\nkind = "feed"\nurl = "https://paper.example/rss.xml"\n'
SILENT = {"page stored new": 0, "read": 0, "read words 17": 0, "read words 18": 0, "read no_byline": 0}


def archive_with(folder: Path, settings: str = "", silent_hours: int = 0) -> Path:
    """An archive with eight weeks of a paper; for the last hours it may have been silent."""
    made = new_archive(folder, SOURCES, READ_HERE + LOOPBACK + settings)
    now = datetime.now(UTC)
    paper = Paper(200, now=now)
    if silent_hours:
        paper.changed(
            lambda hour, counts: counts.update(SILENT) if (now - hour).total_seconds() < silent_hours * 3600 else None
        )
    history = paper.history()
    rows = [
        {"source": "paper", "hour": hour, "what": what, "count": count}
        for what, hours in history.counts.items()
        for hour, count in hours.items()
    ]
    with (
        open_archive(location_of(made, load_settings(made)), create=True) as archive,
        archive.catalog.transaction() as conn,
    ):
        conn.execute(tallies.insert(), rows)
    return made


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive_with(tmp_path_factory.mktemp("silent"), silent_hours=30)


def test_a_source_as_usual_is_well(tmp_path: Path) -> None:
    said = pressmark(archive_with(tmp_path), "health")
    assert said.code == 0 and "1 source: 0 bad, 0 to look at, the rest as usual" in said.all and not said.out
    said = pressmark(tmp_path / "news", "health", "--all")
    assert re.search(r"● paper +silence +\d+ new articles in 24 h; usually \d+ \(median of 7 weeks\)", said.out)


def test_a_silent_source_is_bad_and_says_why_and_what_to_do(silent: Path) -> None:
    said = pressmark(silent, "health", "paper")
    assert said.code == 1
    assert re.search(r"✕ paper +silence +0 new articles in \d+ h; usually \d+ \(median of 7 weeks\)", said.out)
    assert "→ pressmark source test paper" in said.out and "Next:  pressmark source test paper" in said.all


def test_programs_get_every_rule(silent: Path) -> None:
    said = pressmark(silent, "health", "--json")
    rows = {(row["source"], row["rule"]): row for row in json.loads(said.out)}
    assert said.code == 1 and len(rows) == 11 and rows["paper", "silence"]["state"] == "bad"
    assert rows["paper", "silence"]["figures"]["new"] == 0 and rows["(archive)", "disk"]["state"] == "ok"
    listed = list(csv.DictReader(io.StringIO(pressmark(silent, "health", "--csv").out)))
    assert len(listed) == 11 and {row["state"] for row in listed} == {"ok", "bad"}


def test_a_name_nobody_knows(silent: Path) -> None:
    said = pressmark(silent, "health", "papier")
    assert said.code == 5 and 'no source "papier"' in said.err


def test_alert_tells_once_and_says_whom(tmp_path: Path) -> None:
    with hook() as web:
        made = archive_with(tmp_path, f'[alerts]\nwebhook = "{web.url}"\n', silent_hours=30)
        first, second = (pressmark(made, "health", "--alert") for _ in range(2))
        assert first.code == second.code == 1 and "told webhook: opened paper silence" in first.all
        assert "told" not in second.all and [one["rule"] for one in web.messages()] == ["silence"]
        assert pressmark(made, "config", "show").out.count("SECRET") == 0


def test_the_textfile_is_what_metrics_prints(silent: Path, tmp_path: Path) -> None:
    target = tmp_path / "pressmark.prom"
    assert pressmark(silent, "health", "--textfile", str(target)).code == 1
    nowhere = pressmark(silent, "health", "--textfile", str(tmp_path / "no" / "such.prom"))
    assert nowhere.code == 2 and f"mkdir -p {tmp_path / 'no'}" in nowhere.err
    families = {family.name: family for family in text_string_to_metric_families(target.read_text())}
    assert set(families) <= set(FAMILIES) and len(families) >= 9
    states = {tuple(one.labels.values()): one.value for one in families["pressmark_health_state"].samples}
    assert {value for key, value in states.items() if "silence" in key} == {2.0}
    said = pressmark(silent, "metrics").out
    assert {family.name for family in text_string_to_metric_families(said)} == set(families)


def test_every_metric_is_documented() -> None:
    told = (Path(__file__).parents[3] / "docs" / "health.md").read_text("utf-8")
    assert [name for name in FAMILIES if f"`{name}`" not in told] == []
    assert set(re.findall(r"`(pressmark_\w+)`", told)) == set(FAMILIES)


def test_prometheus_scrapes_until_ctrl_c(silent: Path) -> None:
    command = [sys.executable, "-m", "crawler.cli", "metrics", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, cwd=silent, env=process_environment(), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        found = re.search(r"metrics at (http://\S+)", process.stderr.readline())
        assert found is not None
        with urllib.request.urlopen(found[1], timeout=30) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert b"pressmark_health_state{" in answer.read()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(found[1].replace("/metrics", "/other"), timeout=30)
    finally:
        os.kill(process.pid, signal.SIGINT)
    assert process.wait(20) == 0


def test_a_port_in_use_and_no_port_at_all(silent: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = pressmark(silent, "metrics", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert said.code == 13 and "cannot listen on 127.0.0.1" in said.err
    said = pressmark(silent, "metrics", "--listen", "here")
    assert said.code == 2 and "pressmark metrics --listen 127.0.0.1:9400" in said.err


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('webhok = "x"', 'unknown key "webhok" in [alerts] — did you mean "webhook"?'),
        ('webhook = "chat.example"', "alerts.webhook must be an address like https://chat.example/hooks/…"),
        ('smtp = "smtp://mail.example"', 'alerts.smtp needs alerts.mail_to = ["you@example.org"]'),
        ('mail_to = "desk"', "must be an address like you@example.org"),
        ('mail_to = "d@x.example"\nsmtp = "mail.example:25"', "alerts.smtp must be an address like"),
        ('level = "red"', 'alerts.level must be "warn" or "bad"'),
    ],
)
def test_mistakes_in_alerts_are_told_by_line(tmp_path: Path, line: str, complaint: str) -> None:
    said = pressmark(new_archive(tmp_path, settings=f"[alerts]\n{line}\n"), "config", "check")
    assert said.code == 4 and complaint in said.all and "pressmark.toml:2" in said.all.replace(":3", ":2")


def test_a_password_in_a_mistake_is_not_shown(tmp_path: Path) -> None:
    said = pressmark(
        new_archive(tmp_path, settings='[alerts]\nsmtp = "smtp://me:hush@mail.example"\n'), "config", "check"
    )
    assert said.code == 4 and "hush" not in said.all


def test_a_heartbeat_is_sent_by_crawls_that_end_well_and_by_no_other(tmp_path: Path) -> None:
    story = {"/story": article("Story", "A boat came in.")}
    refusing = b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with tiny_site(story) as site, hook(OK, OK, refusing) as watcher:
        site.pages["/rss.xml"] = feed_of(site.url, story)
        sources = f'[[source]]\nname = "tiny"\nkind = "feed"\nschedule = "daily 06:00"\nurl = "{site.url}/rss.xml"\n'
        settings = LOOPBACK + f'[alerts]\nheartbeat = "{watcher.url}"\n'
        made = new_archive(tmp_path, NO_DELAY + sources, settings)
        assert in_a_process(made, "crawl", "tiny").code == 0
        sent = len(watcher.got)
        assert watcher.got[0].startswith(b"GET /hooks/SECRET ")
        nothing_due = pressmark(made, "crawl", "--due")
        failed = in_a_process(made, "crawl", "tiny", PRESSMARK_CRAWL__DISK_MIN_FREE="900TB")
        after = len(watcher.got)
        refused = pressmark(made, "crawl", "--due")
    assert (sent, nothing_due.code, after) == (1, 0, 2) and failed.code == 3, failed.all
    assert refused.code == 0 and "warning[alerts]: the heartbeat at 127.0.0.1 answered 404" in refused.err
    assert "SECRET" not in pressmark(made, "config", "show").out + refused.all


def test_a_crawl_ends_with_the_alarms_and_is_never_lost_for_them(tmp_path: Path) -> None:
    """The second crawl meets a webhook that refuses: the run is as it was, and the third one tells."""
    stories = {f"/story-{number}": article(f"Story {number}", f"Boat {number} came in.") for number in range(3)}
    refusing = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with tiny_site(stories) as site, hook(refusing, b"HTTP/1.1 204 Fine\r\nConnection: close\r\n\r\n") as web:
        site.pages["/rss.xml"] = feed_of(site.url, [*stories, *(f"/bad-{n}" for n in range(12))])
        for number in range(12):
            site.pages[f"/bad-{number}"] = Page("not for you", 403)
        sources = NO_DELAY + f'[[source]]\nname = "tiny"\nkind = "feed"\nurl = "{site.url}/rss.xml"\n'
        settings = READ_HERE + LOOPBACK + f'retries = 0\n[alerts]\nwebhook = "{web.url}"\n'
        made = new_archive(tmp_path, sources, settings)
        runs = [in_a_process(made, "crawl", "tiny") for _ in range(2)]
    assert [run.code for run in runs] == [0, 0], runs[0].err
    assert "warning[alerts]: alarms wait for the next run: the webhook at 127.0.0.1 answered 503" in runs[0].err
    assert "alerts" not in runs[1].err
    assert [(one["event"], one["rule"]) for one in web.messages()] == [("opened", "errors")] * 2
