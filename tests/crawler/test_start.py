"""What a crawl loads: its start is waited for each time, so it takes along nothing that it does not use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.crawler.cli_harness import LOOPBACK, NO_DELAY, new_archive, process_environment
from tests.crawler.tiny_site import article, feed_of, tiny_site

PROGRAM = """
import sys
from crawler.cli import main
if __name__ == "__main__":
    code = main(["crawl", "--all", "--progress", "none"])
    print("loaded:", *sys.modules)
    raise SystemExit(code)
"""
READING = {"archive.extract.reading", "trafilatura", "py3langid", "numpy"}  # what reading processes load
UNASKED = {"aiohttp", "scrapy.extensions.remote_control", "scrapy.extensions.telnet", "scrapy.extensions.feedexport"}


def test_a_crawl_loads_neither_what_its_readers_do_nor_scrapy_s_own_extensions(tmp_path: Path) -> None:
    with tiny_site({"/a": article("A", "One boat.")}) as site:
        site.pages["/rss.xml"] = feed_of(site.url, ["/a"])
        source = f'[[source]]\nname = "tiny"\nkind = "feed"\nurl = "{site.url}/rss.xml"\n'
        folder = new_archive(tmp_path, NO_DELAY + source, LOOPBACK)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=folder, env=process_environment(), capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
    assert done.returncode == 0 and "1 article stored" in done.stdout, done
    loaded = set(done.stdout.partition("loaded: ")[2].split())
    assert "scrapy.crawler" in loaded
    assert sorted(loaded & (READING | UNASKED)) == []
