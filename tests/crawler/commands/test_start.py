"""What a crawl loads: its start is waited for each time, so it takes along nothing that it does not use."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

from tests.crawler.cli_harness import LOOPBACK, NO_DELAY, as_program, new_archive, pressmark, process_environment
from tests.crawler.tiny_site import article, feed_of, tiny_site

PROGRAM = """
import gc, sys
from multiprocessing import forkserver
as_ever = gc.get_threshold()
from crawler.cli import main
if __name__ == "__main__":
    code = main(["crawl", "--all", "--progress", "none"])
    print("readers:", forkserver._forkserver._forkserver_pid is not None)
    print("garbage is looked for:", gc.get_threshold() == as_ever, gc.get_freeze_count() > 10_000)
    print("loaded:", *sys.modules)
    raise SystemExit(code)
"""
READING = {"archive.extract.reading", "trafilatura", "py3langid", "numpy"}  # what reading processes load
UNASKED = {"aiohttp", "scrapy.extensions.remote_control", "scrapy.extensions.telnet", "scrapy.extensions.feedexport"}


def test_a_crawl_loads_little_and_looks_for_garbage_only_in_what_comes_later(tmp_path: Path) -> None:
    with tiny_site({"/a": article("A", "One boat.")}) as site:
        site.pages["/rss.xml"] = feed_of(site.url, ["/a"])
        source = f'[[source]]\nname = "tiny"\nkind = "feed"\nurl = "{site.url}/rss.xml"\n'
        folder = new_archive(tmp_path, NO_DELAY + source, LOOPBACK)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=folder, env=process_environment(), capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        again = as_program(folder, PROGRAM)
    assert done.returncode == 0 and "1 article stored" in done.stdout, done
    assert "garbage is looked for: True True\n" in done.stdout
    loaded = set(done.stdout.partition("loaded: ")[2].split())
    assert "scrapy.crawler" in loaded
    assert sorted(loaded & (READING | UNASKED)) == []
    assert "readers: True\n" in done.stdout
    assert again.code == 0 and "readers: False\n" in again.out  # a run that finds only lists needs none


def test_a_command_that_loads_and_ends_looks_for_no_garbage(tmp_path: Path) -> None:
    gc.set_threshold(700)
    pressmark(tmp_path, "--version")
    assert gc.get_threshold()[0] >= 10_000
