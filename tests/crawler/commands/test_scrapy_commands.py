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


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("news", "-a", "source=dayly"), 'no source "dayly" in sources.toml', 'did you mean "daily"?'),
        (("news", "-a", "sorce=daily"), 'news takes no argument "sorce"', 'did you mean "source"?'),
        (("nws",), 'there is no spider "nws"', "scrapy crawl news -a source=NAME"),
        (("news", "-a", "dir=nowhere"), "no archive in nowhere", "pressmark init"),
    ],
)
def test_what_scrapy_crawl_cannot_do_it_says_as_pressmark_does(
    archive: Path, words: tuple[str, ...], message: str, hint: str
) -> None:
    (archive / "sources.toml").write_text('[[source]]\nname = "daily"\nurl = "http://127.0.0.1:1/"\n', "utf-8")
    folder = archive.parent if "dir=nowhere" in words else archive
    (folder / "scrapy.cfg").write_text("[settings]\ndefault = crawler.settings\n", "utf-8")
    said = scrapy(folder, "crawl", *words)
    assert said.code in (2, 5) and "Traceback" not in said.all, said.all
    assert said.err.splitlines()[0].startswith("error[") and message in said.err and hint in said.err


def test_a_scrapy_crawl_that_fails_says_so(archive: Path) -> None:
    (archive / "sources.toml").write_text('[[source]]\nname = "daily"\nurl = "http://127.0.0.1:1/"\n', "utf-8")
    (archive / "pressmark.toml").write_text(LOOPBACK + "retries = 0\n", "utf-8")
    said = scrapy(archive, "crawl", "news", "-a", "source=daily")
    assert (said.code, "error[run-failed]" in said.err) == (9, True), said.all


def test_scrapy_shell_fetches_a_page_without_keeping_it(archive: Path) -> None:
    with run_demo() as demo:
        said = _shell(archive, demo, "response.status")
    assert (said.code, said.out.strip()) == (0, "200"), said.all
    assert not list(archive.glob("warc/**/*.warc.gz*"))


def _shell(archive: Path, demo: DemoServer, expression: str) -> Said:
    return scrapy(archive, "shell", f"{demo.home}/sport/2026/05/spring-regatta.html", "-c", expression)
