"""Log lines: where they go, and that machines can read them."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from crawler.config.values import LogSettings, Settings
from crawler.crawl.logs import JsonLines, log_settings
from tests.crawler.cli_harness import LOOPBACK, NO_DELAY, in_a_process, new_archive
from tests.crawler.tiny_site import article, feed_of, tiny_site


@pytest.mark.parametrize(("verbose", "level"), [(0, "WARNING"), (1, "INFO"), (2, "DEBUG"), (5, "DEBUG")])
def test_each_v_says_more_on_stderr(verbose: int, level: str) -> None:
    assert log_settings(Settings(), verbose) == {"LOG_LEVEL": level, "LOG_FILE": None}


def test_a_log_file_gets_what_its_level_says() -> None:
    settings = Settings(log=LogSettings(file="news.log", level="info"))
    assert log_settings(settings, 0) == {"LOG_LEVEL": "INFO", "LOG_FILE": "news.log"}


def test_a_json_line_is_one_object_with_its_traceback() -> None:
    try:
        raise ValueError('a "quoted"\nmessage')
    except ValueError:
        record = logging.LogRecord("crawler", logging.ERROR, __file__, 1, "page %s", ("漢",), sys.exc_info())
    line = JsonLines("r1").format(record)
    assert "\n" not in line
    values = json.loads(line)
    assert (values["level"], values["logger"], values["message"]) == ("error", "crawler", "page 漢")
    assert values["run"] == "r1"
    assert values["at"].endswith("+00:00")
    assert 'ValueError: a "quoted"' in values["traceback"]


def test_every_line_of_a_crawl_is_json_where_that_is_asked_for(tmp_path: Path) -> None:
    with tiny_site({"/a": article("A", "Boat one came in.")}) as site:
        site.pages["/rss.xml"] = feed_of(site.url, ["/a"])
        sources = NO_DELAY + f'[[source]]\nname = "tiny"\nkind = "feed"\nurl = "{site.url}/rss.xml"\n'
        said = in_a_process(new_archive(tmp_path, sources, LOOPBACK), "--log-format", "json", "-vv", "crawl", "tiny")
    lines = [json.loads(line) for line in said.err.splitlines() if not line.startswith("crawl run=")]
    assert said.code == 0 and len(lines) > 5
    assert {tuple(line)[:5] for line in lines} == {("at", "level", "logger", "run", "message")}
    assert lines[-1]["run"] and lines[-1]["run"] in said.out + str(list(tmp_path.glob("news/runs/*")))
