"""Where Scrapy's and our own log lines go, and how they look: for people as text, for machines as JSON lines."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.config import Settings

_LEVELS = {0: "WARNING", 1: "INFO"}


def log_settings(settings: Settings, verbose: int) -> dict[str, object]:
    """Return Scrapy's settings for [log] and -v: warnings on stderr, or in `log.file` what `log.level` says."""
    level = settings.log.level.upper() if settings.log.file else _LEVELS.get(verbose, "DEBUG")
    return {"LOG_LEVEL": level, "LOG_FILE": settings.log.file}


def write_json_lines() -> None:
    """Have every handler of the root logger write JSON lines: at (UTC), level, logger, message."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines())


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
