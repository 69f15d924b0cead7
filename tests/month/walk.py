"""Living through a month: what `crawl --due` would do every five minutes, in one process, by the month's clock.

    python -m tests.month.walk FOLDER CLOCK START END WORKERS

Twisted's reactor runs once in a process, so a `Walk` is good for one call of `through`. A walk that is killed goes on
where the clock stands when it is started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings
from scrapy.utils.reactor import install_reactor

from archive.archive import open_archive
from archive.times import another_clock
from crawler.config.config_file import load_settings, load_sources
from crawler.crawl.session import CrawlOptions, Session, location_of
from crawler.health.watching import after_run
from crawler.schedule.due import Due, due_now
from crawler.settings import TWISTED_REACTOR
from crawler.spiders.news import NewsSpider
from tests.month.script import Script
from tests.month.world import Clock

ROOT = Path(__file__).resolve().parents[2]
TICK = timedelta(minutes=5)  # what `pressmark schedule install` writes


class Walk:
    """Goes through a month from one moment with something due to the next."""

    def __init__(self, folder: Path, clock: Clock, start: datetime, workers: int = 0) -> None:
        self._clock, self._start = clock, start
        settings = load_settings(folder, env={})
        reading = settings.reading.model_copy(update={"workers": workers})  # 0: in this process, which is quicker
        self._settings = settings.model_copy(update={"reading": reading})
        self._sources = load_sources(folder / "sources.toml")
        self._location = location_of(folder, self._settings)
        self._moment, self._began = clock.now, monotonic()
        self.runs = 0
        self.complaints: list[str] = []

    def through(self, end: datetime, after: Callable[[datetime], None] = lambda moment: None) -> None:
        """Live until `end`; `after` is called when a run is over."""
        install_reactor(TWISTED_REACTOR)
        from twisted.internet import reactor

        loop = asyncio.get_event_loop()
        failed: list[BaseException] = []

        async def live() -> None:
            try:
                while self._moment < end:
                    await self._tick(after)
            except BaseException as error:
                failed.append(error)
            finally:
                reactor.callLater(0, reactor.stop)  # type: ignore[attr-defined]

        with another_clock(self._now):
            loop.call_soon(lambda: loop.create_task(live()))
            reactor.run()  # type: ignore[attr-defined]
        if failed:
            raise failed[0]

    def _now(self) -> datetime:
        """The tick, and the seconds that have really passed since."""
        return self._moment + timedelta(seconds=monotonic() - self._began)

    async def _tick(self, after: Callable[[datetime], None]) -> None:
        tick, due = self._moment, self._due()
        if due.sources:
            self._clock.move_to(tick)
            self.runs += 1
            await self._run(due)
            self.complaints += after_run(self._location, self._settings, self._sources, self._now())
            after(tick)
            due = self._due()
        following = tick + TICK
        if not due.sources and due.next_at is not None:
            ticks = math.ceil((due.next_at - self._start) / TICK)
            following = max(following, self._start + ticks * TICK)
        self._moment, self._began = following, monotonic()

    def _due(self) -> Due:
        with open_archive(self._location, create=True) as archive:
            return due_now(archive, self._sources, self._now())

    async def _run(self, due: Due) -> None:
        project = Settings()
        project.setmodule("crawler.settings", priority="project")
        options = CrawlOptions(command="pressmark crawl --due", progress="none", due=True, missed=due.missed)
        session = Session(self._location, self._settings, due.sources, options)
        await AsyncCrawlerRunner(project).crawl(NewsSpider, session=session)
        if session.error is not None and session.error.code not in ("run-failed", "robots"):
            raise session.error


def live_through(
    folder: Path, clock: Path, script: Script, kills: int, chance: random.Random, told: Callable[[str], object]
) -> int:
    """Walk through the month in a process of its own, killed and started again so often; return how many runs ended.

    The kills come at random moments of the month. After every second one pages are read in processes of their own for a
    while, and these are killed, too.
    """
    words = [sys.executable, "-m", "tests.month.walk", str(folder), str(clock), *map(_iso, (script.start, script.end))]
    moments = sorted(script.start + chance.random() * (script.end - script.start) for _ in range(kills))
    runs, day, workers = 0, -1, 0
    while True:
        walk = subprocess.Popen(
            [*words, str(workers)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert walk.stdout is not None
        if workers:
            threading.Timer(chance.uniform(4, 12), walk.kill).start()
            threading.Thread(target=_kill_readers, args=(walk, random.Random(runs)), daemon=True).start()
        for line in walk.stdout:
            runs += 1
            moment = datetime.fromisoformat(line.strip())
            if moments and moment >= moments[0]:
                moments.pop(0)
                threading.Timer(chance.uniform(0, 3), walk.kill).start()
            today = (moment - script.start).days
            if today != day:
                day = today
                told(f"day {day + 1} of {script.days}")
        if walk.wait() == 0:
            return runs
        if walk.returncode != -signal.SIGKILL:
            raise SystemExit(f"the walk ended with {walk.returncode}")
        workers = 0 if workers else len(moments) % 2


def _kill_readers(walk: subprocess.Popen[str], chance: random.Random) -> None:
    """While it lives, kill -9 one of its reading processes every few seconds."""
    while walk.poll() is None:
        time.sleep(chance.uniform(2, 6))
        readers = [pid for pid in _descendants(walk.pid) if b"multiprocessing" in _proc(pid, "cmdline")]
        if readers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(readers), signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    parents = {
        int(path.name): int(stat.rpartition(b")")[2].split()[1])
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and (stat := _proc(int(path.name), "stat"))
    }
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _proc(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _iso(moment: datetime) -> str:
    return moment.isoformat()


def write_settings(folder: Path, sources: str) -> None:
    """An archive's folder, with a sink for alarms that appends them to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sources.toml").write_text(sources, encoding="utf-8")
    sink = f"cat >> '{folder / 'alarms.jsonl'}'; echo >> '{folder / 'alarms.jsonl'}'"
    settings = '[crawl]\ncontact = "desk@example.org"\nallow_private = true\nretries = 0\ndisk_min_free = "1MB"\n'
    (folder / "pressmark.toml").write_text(f'{settings}[alerts]\ncommand = "{sink}"\n', encoding="utf-8")


def alarms_told(path: Path) -> list[dict[str, str]]:
    """The alarms that the sink of `ALERTS` wrote, in order."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()] if path.exists() else []


if __name__ == "__main__":
    folder, clock, start, end, workers = sys.argv[1:]
    walk = Walk(Path(folder), Clock(Path(clock)), datetime.fromisoformat(start), int(workers))
    walk.through(datetime.fromisoformat(end), lambda moment: print(moment.isoformat(), flush=True))
    for line in walk.complaints:
        print(line, file=sys.stderr)
