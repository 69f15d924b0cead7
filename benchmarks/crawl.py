"""What a crawl costs: bare Scrapy, ours without reading, ours with reading; the same pages, in one run.

    python benchmarks/crawl.py [--pages 2000] [--kib 60] [--memory-pages 10000]

Prints CPU milliseconds per page (all processes of the crawl, start-up taken off by a second, small crawl), pages per second and
the ratio to bare Scrapy. `--memory-pages` also crawls that many small pages and prints how much the crawl process grew
between page 1,000 and the last.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PORT = 8900


@dataclass(frozen=True)
class Cost:
    cpu_seconds: float
    wall_seconds: float


def cost(command: list[str], cwd: Path) -> Cost:
    """Run a command and return what it and its children cost. Raises on failure."""
    started = time.monotonic()
    with (cwd / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, stdout=output, stderr=output, env={**os.environ, "PYTHONPATH": str(HERE.parent)}
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)[:200]} failed:\n{(cwd / 'output.txt').read_text()[-3000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - started)


class GeneratedSite:
    """The publisher, in a process of its own, for as long as the block runs."""

    def __init__(self, pages: int, kib: int, folder: Path, hosts: int = 8) -> None:
        self.urls = [f"http://127.0.2.{i + 1}:{PORT}/rss.xml" for i in range(hosts)]
        self.sources = folder / f"sources-{pages}.toml"
        self._command = [sys.executable, str(HERE / "generated_site.py"), f"--pages={pages}", f"--kib={kib}", f"--hosts={hosts}", f"--port={PORT}", f"--sources={self.sources}"]  # fmt: skip

    def __enter__(self) -> GeneratedSite:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout
        self._process.stdout.readline()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def archive_for(site: GeneratedSite, folder: Path, name: str) -> Path:
    archive = folder / name
    archive.mkdir()
    (archive / "pressmark.toml").write_text('[crawl]\ncontact = "bench@example.org"\nallow_private = true\n')
    (archive / "sources.toml").write_text(site.sources.read_text())
    return archive


def ours(archive: Path, *options: str) -> Cost:
    command = [
        sys.executable,
        "-m",
        "crawler.cli",
        "-C",
        str(archive),
        "crawl",
        "--all",
        "--progress",
        "none",
        *options,
    ]
    return cost(command, archive)


def measure(pages: int, kib: int, folder: Path) -> dict[str, Cost]:
    with GeneratedSite(pages, kib, folder) as site:
        bare = folder / f"bare-{pages}"
        bare.mkdir()
        return {
            "bare Scrapy": cost([sys.executable, str(HERE / "bare_scrapy.py"), str(pages), *site.urls], bare),
            "ours without reading": ours(archive_for(site, folder, f"unread-{pages}"), "--no-read"),
            "ours with reading": ours(archive_for(site, folder, f"read-{pages}")),
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
        command = [
            sys.executable,
            "-m",
            "crawler.cli",
            "-C",
            str(archive),
            "crawl",
            "--all",
            "--no-read",
            "--progress",
            "none",
        ]
        with (archive / "output.txt").open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, env={**os.environ, "PYTHONPATH": str(HERE.parent)}
            )
        at_thousand, last = 0, 0
        while process.poll() is None:
            kept = sum(path.stat().st_size for path in archive.glob("warc/**/*.warc.gz*"))
            resident = _resident_bytes(process.pid)
            done = kept // 2400  # a page and its request take about this much
            if done >= 1000 and not at_thousand:
                at_thousand = resident
            last = resident or last
            time.sleep(0.2)
        print(
            f"memory: {at_thousand >> 20} MB at page 1,000, {last >> 20} MB at page {pages:,}, grew {(last - at_thousand) / 2**20:.1f} MB"
        )


def _resident_bytes(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGESIZE")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=2000)
    arguments.add_argument("--kib", type=int, default=60)
    arguments.add_argument("--memory-pages", type=int, default=0)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        few = max(100, options.pages // 10)
        small, large = measure(few, options.kib, folder), measure(options.pages, options.kib, folder)
        print_table(small, large, few, options.pages)
        if options.memory_pages:
            memory(options.memory_pages, folder)


if __name__ == "__main__":
    main()
