"""Log lines: where they go, and that machines can read them."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from crawler.config_values import LogSettings, Settings
from crawler.logs import JsonLines, log_settings


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
    line = JsonLines().format(record)
    assert "\n" not in line
    values = json.loads(line)
    assert (values["level"], values["logger"], values["message"]) == ("error", "crawler", "page 漢")
    assert values["at"].endswith("+00:00")
    assert 'ValueError: a "quoted"' in values["traceback"]
