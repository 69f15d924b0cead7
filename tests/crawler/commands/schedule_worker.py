"""`pressmark schedule run` with shorter waits, as a process: python -m tests.crawler.commands.schedule_worker FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

from crawler.config.config_file import load_settings
from crawler.crawl.session import location_of
from crawler.timers.worker import Worker

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    settings = load_settings(folder)
    place = location_of(folder, settings)
    Worker(
        folder, place, settings, say=lambda line: print(line, flush=True), look_seconds=0.5, first_backoff=0.5
    ).work()
