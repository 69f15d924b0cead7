"""Where Scrapy's and our own log lines go, and how they look: for people as text, for machines as JSON lines."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.config.config_file import Settings

_LEVELS = {0: "WARNING", 1: "INFO"}


def log_settings(settings: Settings, verbose: int) -> dict[str, object]:
    """Return Scrapy's settings for [log] and -v: warnings on stderr, or in `log.file` what `log.level` says."""
    level = settings.log.level.upper() if settings.log.file else _LEVELS.get(verbose, "DEBUG")
    return {"LOG_LEVEL": level, "LOG_FILE": settings.log.file}


def install_json_lines(settings: Settings, verbose: int) -> JsonLines:
    """Write log lines as JSON: at (UTC), level, logger, run, message. Give the formatter, for the run's name.

    A handler of our own, in the place of Scrapy's: that one is installed anew with every crawler, as text.
    """
    asked = log_settings(settings, verbose)
    file = settings.log.file
    handler: logging.Handler = logging.FileHandler(file, encoding="utf-8") if file else logging.StreamHandler()
    handler.setLevel(str(asked["LOG_LEVEL"]))
    lines = JsonLines()
    handler.setFormatter(lines)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.NOTSET)
    return lines


class JsonLines(logging.Formatter):
    def __init__(self, run: str | None = None) -> None:
        super().__init__()
        self.run = run

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "logger": record.name, "run": self.run}
        line["message"] = record.getMessage()
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
