"""The mistakes a new user makes, one after the other: what is said, what to do about it, and the exit code.

The numbers are those of the list of messages in docs; where a message belongs to a command of a later edition, it
is not here.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawler.cli_harness import LOOPBACK, NO_DELAY, READ_HERE, Said, in_a_process, new_archive, pressmark
from tests.crawler.tiny_site import Page, Site, article, feed_of, tiny_site

ELSEWHERE = "http://consent.tracker.example/wall"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with tiny_site({"/robots.txt": Page("User-agent: *\nDisallow: /archive/\n")}) as served:
        served.pages["/story"] = article("River rises again", "The river rose by forty centimetres overnight.")
        served.pages["/moved"] = Page("", 302, {"Location": ELSEWHERE})
        served.pages["/rss.xml"] = feed_of(served.url, ["/story", "/moved", "/archive/old"])
        yield served


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Path:
    """An archive of one run over the site."""
    text = f'{NO_DELAY}[[source]]\nname = "herald"\nkind = "feed"\nurl = "{site.url}/rss.xml"\n'
    news = new_archive(tmp_path_factory.mktemp("mistakes"), text, READ_HERE + LOOPBACK)
    said = in_a_process(news, "crawl", "herald")
    assert said.code == 0, said.all
    return news


@pytest.fixture
def copied(crawled: Path, tmp_path: Path) -> Path:
    """The same archive, to be damaged."""
    return Path(shutil.copytree(crawled, tmp_path / "news"))


def assert_error(said: Said, code: int, *texts: str) -> None:
    assert said.code == code, said.all
    assert "Traceback" not in said.all
    for text in texts:
        assert text in said.err, f"{text!r} is not in:\n{said.err}"


# -- 1


@pytest.mark.parametrize("command", [["source", "add"], ["crawl"]])
def test_1_an_address_with_a_slip_in_its_scheme(tmp_path: Path, command: list[str]) -> None:
    said = pressmark(new_archive(tmp_path), *command, "htp://news.example/")
    assert_error(
        said,
        2,
        'error[bad-url]: "htp://news.example/" is not a web address (scheme "htp")',
        "hint: did you mean https://news.example/ ?",
    )


@pytest.mark.parametrize("typed", ["https://", "https:///path", "mailto:desk@news.example", "https://news example/"])
def test_1_other_things_that_are_no_addresses(tmp_path: Path, typed: str) -> None:
    assert_error(pressmark(new_archive(tmp_path), "source", "add", typed), 2, "error[bad-url]")


def test_1_an_address_without_its_scheme_is_understood(tmp_path: Path) -> None:
    said = pressmark(new_archive(tmp_path), "source", "add", "news.invalid")
    assert_error(said, 9, "error[unreachable]: https://news.invalid/ gave no page")


# -- 2


def test_2_a_page_that_robots_txt_forbids(tmp_path: Path, site: Site) -> None:
    before = len(site.asked)
    said = pressmark(new_archive(tmp_path, NO_DELAY, LOOPBACK), "source", "add", f"{site.url}/archive/")
    host = site.url.removeprefix("http://")
    assert_error(
        said,
        9,
        f"error[robots]: robots.txt of {host} does not allow our agent to fetch /archive/ "
        '(line 2: "Disallow: /archive/")',
        "nothing was fetched",
        "hint: ",
    )
    assert site.asked[before:] == ["/robots.txt"]


def test_2_among_other_urls_it_is_a_row_with_its_rule(crawled: Path, site: Site) -> None:
    assert "/archive/old" not in site.asked
    rows = pressmark(crawled, "skipped", "--reason", "robots", "--json").json()
    assert [row["url"] for row in rows] == [f"{site.url}/archive/old"]
    told = pressmark(crawled, "why", f"{site.url}/archive/old").out
    assert "SKIPPED robots" in told
    assert "Disallow: /archive/" in told
    assert "not overridden by any setting" in told


# -- 3


def test_3_mistakes_in_the_configuration_are_told_all_at_once(tmp_path: Path) -> None:
    text = (
        "[defaults]\n\n"
        '[[source]]\nname = "herald"\nkind = "feed"\nurl = "https://herald.example/rss.xml"\n'
        'shedule = "every 1h"\ndelay = "fast"\n'
    )
    news = new_archive(tmp_path, text)
    for command in (["source", "list"], ["crawl", "--all"], ["config", "check"]):
        assert_error(
            pressmark(news, *command),
            4,
            "error[config]: 2 problems",
            'sources.toml:7: unknown key "shedule" in source "herald" — did you mean "schedule"?',
            "sources.toml:8: ",
            'must be a number ≥ 0 (got "fast")',
        )


# -- 4


def test_4_an_archive_that_another_process_writes(copied: Path) -> None:
    holder = {
        "pid": 4121,
        "command": "pressmark crawl --due",
        "started": "2026-11-22T07:20:11+00:00",
        "host": "vega",
        "run": "2026-11-22T07-20",
    }
    with (copied / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(holder))
        file.flush()
        said = in_a_process(copied, "crawl", "herald")
        asked = pressmark(copied, "articles", "--json")
    assert_error(
        said,
        6,
        "error[locked]: this archive is being written by pid 4121 "
        "(pressmark crawl --due, started 07:20:11 on host vega)",
        "reading works meanwhile",
        "hint: wait, or pressmark run stop 2026-11-22T07-20",
    )
    assert asked.code == 0
    assert len(asked.json()) == 1


# -- 6


def test_6_an_article_id_with_a_slip_names_the_closest(crawled: Path) -> None:
    known = pressmark(crawled, "articles", "--json").json()[0]["id"]
    wrong = known[:-1] + ("x" if known[-1] != "x" else "y")
    assert_error(
        pressmark(crawled, "article", "show", wrong),
        5,
        f'error[not-found]: no article "{wrong}"',
        f"closest: {known} (River rises again)",
        "hint: pressmark articles",
    )


@pytest.mark.parametrize(
    "command",
    [
        ["why", "https://never.example/seen"],
        ["run", "show", "1999-01-01"],
        ["source", "show", "heralt"],
        ["crawl", "heralt"],
        ["article", "history", "a_zzzzzz"],
    ],
)
def test_6_nothing_of_that_name(crawled: Path, command: list[str]) -> None:
    assert_error(pressmark(crawled, *command), 5, "error[not-found]", "hint: ")


# -- 7


def test_7_a_warc_file_that_is_cut_off(copied: Path) -> None:
    (file,) = copied.glob("warc/**/*.warc.gz")
    file.write_bytes(file.read_bytes()[:-400])
    said = pressmark(copied, "warc", "verify")
    assert_error(said, 7, "error[warc-damaged]", file.name, "hint: ")
    assert re.search(r"\d+ .*records", said.err)


def test_7_a_file_that_is_no_warc_at_all(tmp_path: Path) -> None:
    (tmp_path / "page.warc.gz").write_text("<html><body>not found</body></html>")
    said = pressmark(new_archive(tmp_path), "warc", "verify", str(tmp_path / "page.warc.gz"))
    assert_error(said, 7, "error[warc-damaged]", "page.warc.gz")


# -- 8


def test_8_an_export_there_is_not_names_one_there_is_and_no_package_that_would_not_help(crawled: Path) -> None:
    said = pressmark(crawled, "export", "out.parquet", "--format", "parquet")
    assert_error(said, 2, "error[usage]: there is no Parquet export yet", "--format jsonl")
    assert "pip install" not in said.err


# -- 10


def test_9_a_port_that_another_process_listens_on(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = pressmark(tmp_path, "demo", "--dir", str(tmp_path / "demo"), "--port", str(port))
    assert_error(said, 13, f"error[port]: port {port} is in use by another process", f"demo --port {port + 10}")


@pytest.mark.parametrize("command", [["crawl", "herald"], ["articles"], ["skipped"], ["why", "a_zzzzzz"]])
def test_10_a_database_that_does_not_answer(crawled: Path, command: list[str]) -> None:
    said = in_a_process(crawled, *command, PRESSMARK_DB__URL="postgresql://news:hunter2@127.0.0.1:1/news")
    assert_error(
        said,
        8,
        "error[db]: cannot reach PostgreSQL at 127.0.0.1:1",
        'database "news"',
        "the next crawl tells it what it missed",
    )
    assert "hunter2" not in said.all


# -- 11


def test_11_a_redirect_that_leaves_the_source(crawled: Path, site: Site) -> None:
    rows = pressmark(crawled, "skipped", "--reason", "redirect_offsite", "--json").json()
    assert [row["url"] for row in rows] == [f"{site.url}/moved"]
    told = pressmark(crawled, "why", f"{site.url}/moved").out
    assert "SKIPPED redirect_offsite" in told
    assert ELSEWHERE in told
    assert "302" in told
    assert "pressmark source edit herald" in told


# -- commands of later editions


@pytest.mark.parametrize("command", ["serve", "replay"])
def test_a_command_that_does_not_exist_yet_is_a_usage_error(tmp_path: Path, command: str) -> None:
    assert_error(pressmark(tmp_path, command), 2, f'pressmark has no command "{command}"')


def test_a_mistake_in_sources_toml_keeps_nobody_from_reading(crawled: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(crawled, folder)
    (name,) = {row["source"] for row in pressmark(folder, "articles", "--json").json()}
    (folder / "sources.toml").write_text('[[source]]\nname = "a"\nshedule = 3\n')
    for words in (["articles"], ["articles", "--source", name], ["export", "a.jsonl"], ["skipped"], ["db", "check"]):
        assert pressmark(folder, *words).code == 0, words
    for words in (["extract"], ["crawl"], ["source", "list"]):  # what a source wants of its pages is in there
        said = pressmark(folder, *words)
        assert said.code == 4 and 'did you mean "schedule"?' in said.err, words
