"""Scrapy's own commands work in the folder of an archive, as they do in any Scrapy project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from crawler.demo import DemoServer, run_demo
from tests.crawler.cli_harness import LOOPBACK, NO_DELAY, Said, new_archive, pressmark, process_environment


def scrapy(folder: Path, *words: str) -> Said:
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", *words],
        cwd=folder,
        env=process_environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return new_archive(tmp_path, settings=LOOPBACK)


def test_scrapy_list_prints_the_one_spider(archive: Path) -> None:
    said = scrapy(archive, "list")
    assert (said.code, said.out) == (0, "news\n"), said.all


def test_scrapy_crawl_news_stores_the_articles_of_a_source(archive: Path) -> None:
    with run_demo() as demo:
        source = f'[[source]]\nname = "daily"\nkind = "feed"\nurl = "{demo.home}/sport/atom.xml"\n'
        other = '[[source]]\nname = "other"\nkind = "feed"\nurl = "http://127.0.0.1:1/never-asked.xml"\n'
        (archive / "sources.toml").write_text(NO_DELAY + source + other, "utf-8")
        said = scrapy(archive, "crawl", "news", "-a", "source=daily")
        asked = [one.url for one in demo.log]
    assert said.code == 0, said.all
    found = pressmark(archive, "articles", "--json").json()
    assert [row["title"] for row in found] == ["Lantern Street eight win the spring regatta by a bow ball"]
    assert len(asked) == 3  # robots.txt, the feed, the article
    (run,) = pressmark(archive, "run", "list", "--json").json()
    assert (run["command"], run["ended"]) == ("scrapy crawl news -a source=daily", "ok")


def test_scrapy_shell_fetches_a_page_without_keeping_it(archive: Path) -> None:
    with run_demo() as demo:
        said = _shell(archive, demo, "response.status")
    assert (said.code, said.out.strip()) == (0, "200"), said.all
    assert not list(archive.glob("warc/**/*.warc.gz*"))


def _shell(archive: Path, demo: DemoServer, expression: str) -> Said:
    return scrapy(archive, "shell", f"{demo.home}/sport/2026/05/spring-regatta.html", "-c", expression)
