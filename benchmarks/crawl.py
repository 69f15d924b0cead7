"""What a crawl costs: bare Scrapy, ours without reading, ours with reading; the same pages, in one run.

    python benchmarks/crawl.py [--pages 2000] [--kib 60] [--memory-pages 10000]

Prints CPU milliseconds per page (all processes of the crawl, less start-up, which a small crawl tells), pages per
second, and the ratio to bare Scrapy (benchmarks/bare_scrapy.py). `--memory-pages` also crawls that many small pages
and prints how much the crawl process grew between page 1,000 and the last. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PORT = 8900
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE.parent)}
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Cost:
    cpu_seconds: float
    wall_seconds: float


def cost(command: list[str], cwd: Path, publisher: int) -> Cost:
    """Run a command and return what it and all processes it left behind cost. Raises SystemExit on failure."""
    started = time.monotonic()
    with (cwd / "output.txt").open("wb") as output:
        process = subprocess.Popen(command, cwd=cwd, stdout=output, stderr=output, env=_ENVIRONMENT)
    cpu, wall, failed = 0.0, 0.0, False
    while _children() - {publisher}:  # reading processes belong to a fork server; we are their reaper in the end
        pid, status, usage = os.wait4(-1, 0)
        cpu += usage.ru_utime + usage.ru_stime
        if pid == process.pid:
            wall, failed = time.monotonic() - started, status != 0
    if failed:
        raise SystemExit(f"{' '.join(command)[:200]} failed:\n{(cwd / 'output.txt').read_text()[-3000:]}")
    return Cost(cpu, wall)


def _children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


class GeneratedSite:
    """The publisher, in a session of its own, for as long as the block runs."""

    def __init__(self, pages: int, kib: int, folder: Path, hosts: int = 8) -> None:
        self.urls = [f"http://127.0.2.{i + 1}:{PORT}/rss.xml" for i in range(hosts)]
        self.sources = folder / f"sources-{pages}.toml"
        options = {"pages": pages, "kib": kib, "hosts": hosts, "port": PORT, "sources": self.sources}
        self._command = [sys.executable, str(HERE / "generated_site.py"), *(f"--{k}={v}" for k, v in options.items())]

    def __enter__(self) -> GeneratedSite:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        self.pid = self._process.pid
        while not self.sources.exists():
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def archive_for(site: GeneratedSite, folder: Path, name: str) -> Path:
    archive = folder / name
    archive.mkdir()
    settings = '[crawl]\ncontact = "bench@example.org"\nallow_private = true\nconcurrency_per_host = 2\n'
    (archive / "pressmark.toml").write_text(settings)
    (archive / "sources.toml").write_text(site.sources.read_text())
    return archive


def crawl_command(archive: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "crawler.cli", "-C", str(archive), "crawl", "--all", "--progress", "none", *options]


def measure(pages: int, kib: int, folder: Path) -> dict[str, Cost]:
    with GeneratedSite(pages, kib, folder) as site:
        bare = folder / f"bare-{pages}"
        bare.mkdir()
        unread, read = archive_for(site, folder, f"unread-{pages}"), archive_for(site, folder, f"read-{pages}")
        return {
            "bare Scrapy": cost([sys.executable, str(HERE / "bare_scrapy.py"), str(pages), *site.urls], bare, site.pid),
            "ours without reading": cost(crawl_command(unread, "--no-read"), unread, site.pid),
            "ours with reading": cost(crawl_command(read), read, site.pid),
        }


def print_table(small: dict[str, Cost], large: dict[str, Cost], few: int, many: int) -> None:
    reference = None
    print(f"{'':22} CPU ms/page  pages/s  CPU against bare Scrapy")
    for name, whole in large.items():
        per_page = (whole.cpu_seconds - small[name].cpu_seconds) / (many - few) * 1000
        rate = (many - few) / max(0.001, whole.wall_seconds - small[name].wall_seconds)
        reference = reference or per_page
        print(f"{name:22} {per_page:11.2f}  {rate:7.0f}  {per_page / reference:5.2f}")


def memory(pages: int, folder: Path) -> None:
    """Crawl many small pages and print how the crawl process grew after page 1,000."""
    with GeneratedSite(pages, 8, folder, hosts=8) as site:
        archive = archive_for(site, folder, "memory")
        with (archive / "output.txt").open("wb") as output:
            process = subprocess.Popen(
                crawl_command(archive, "--no-read"), cwd=archive, stdout=output, stderr=output, env=_ENVIRONMENT
            )
        at_thousand = last = 0
        while process.poll() is None:
            resident = _resident_bytes(process.pid)
            if not at_thousand and _captures(archive) >= 1000:
                at_thousand = resident
            last = resident or last
            time.sleep(0.2)
    grew = (last - at_thousand) / 2**20
    print(f"memory: {at_thousand >> 20} MB at page 1,000, {last >> 20} MB at page {pages:,}, grew by {grew:.1f} MB")


def _captures(archive: Path) -> int:
    try:
        with sqlite3.connect(f"file:{archive / 'catalog.sqlite3'}?mode=ro", uri=True) as database:
            return int(database.execute("SELECT count(*) FROM captures").fetchone()[0])
    except sqlite3.Error:
        return 0


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return 0


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=2000)
    arguments.add_argument("--kib", type=int, default=60)
    arguments.add_argument("--memory-pages", type=int, default=0)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if options.memory_pages:
            memory(options.memory_pages, folder)
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        few = max(100, options.pages // 10)
        small, large = measure(few, options.kib, folder), measure(options.pages, options.kib, folder)
        print_table(small, large, few, options.pages)


if __name__ == "__main__":
    main()
