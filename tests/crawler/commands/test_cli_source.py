"""`pressmark source`: a site is looked at and added, listed, tried, edited, paused, removed, imported, exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.demo.publisher import MORNING
from crawler.demo.server import DemoServer, run_demo
from tests.crawler.cli_harness import LOOPBACK, NO_DELAY, in_a_process, new_archive, pressmark

TWO_SOURCES = """\
[defaults]
delay = 0.0                  # a comment that stays

[[source]]
name = "herald"
kind = "feed"
url = "https://herald.example/rss.xml"
tags = ["en"]

# the second one
[[source]]
name = "bote"
kind = "sitemap"
url = "https://bote.example/sitemap.xml"
languages = ["de"]
"""


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoServer]:
    with run_demo(clock=MORNING, slow_seconds=0.5) as server:
        yield server


@pytest.fixture
def news(tmp_path: Path) -> Path:
    return new_archive(tmp_path, NO_DELAY, LOOPBACK)


# -- add


def test_add_finds_feed_and_sitemap_and_writes_them_down(news: Path, demo: DemoServer) -> None:
    said = pressmark(news, "source", "add", demo.home, "--name", "daily")
    assert said.code == 0, said.all
    assert f"Looking at {demo.home}/ (" in said.out
    assert "robots.txt   ok · 2 sitemaps · TDM reservation: none found" in said.out
    assert f"feed         {demo.home}/rss.xml" in said.out
    assert f"sitemap      {demo.home}/sitemap-news.xml" in said.out
    assert "(news)" in said.out
    assert "language     en" in said.out
    assert "3 of 3 articles extracted (title, date, " in said.out
    assert "Added source 'daily' (kind = feed + sitemap, schedule = \"manual\") to sources.toml:" in said.out
    assert "Next:  pressmark crawl daily --limit 20" in said.err
    shown = pressmark(news, "source", "show", "daily", "--json").json()
    assert shown["urls"] == [f"{demo.home}/rss.xml", f"{demo.home}/sitemap-news.xml"]


def test_add_makes_few_requests_and_obeys_robots(news: Path, demo: DemoServer) -> None:
    before = len(demo.log)
    said = pressmark(news, "source", "add", demo.hosts["bote"])
    asked = [one.url for one in demo.log[before:]]
    assert asked[0].endswith("/robots.txt")
    assert len(asked) <= 8
    assert f"({len(asked)} requests, robots.txt respected)" in said.out
    assert all(b"Pressmark/" in one.request and b"desk@example.org" in one.request for one in demo.log[before:])


def test_add_says_which_line_is_the_sources(news: Path, demo: DemoServer) -> None:
    said = pressmark(news, "source", "add", demo.home, "--name", "daily")
    line = int(said.out.rsplit("sources.toml:", 1)[1].split()[0])
    assert (news / "sources.toml").read_text().splitlines()[line - 1] == "[[source]]"


def test_add_of_a_feed_itself_takes_the_feed(news: Path, demo: DemoServer) -> None:
    said = pressmark(news, "source", "add", f"{demo.home}/rss.xml", "--name", "daily", "--lang", "en,de")
    assert "(kind = feed, " in said.out
    assert pressmark(news, "source", "show", "daily", "--json").json()["languages"] == ["en", "de"]


def test_add_keeps_the_kind_that_was_asked_for(news: Path, demo: DemoServer) -> None:
    pressmark(news, "source", "add", demo.home, "--name", "daily", "--kind", "crawl", "--schedule", "daily 06:00")
    shown = pressmark(news, "source", "show", "daily", "--json").json()
    assert (shown["kind"], shown["urls"], shown["schedule"]) == ("crawl", [f"{demo.home}/"], "daily 06:00")


def test_add_dry_run_writes_nothing(news: Path, demo: DemoServer) -> None:
    before = (news / "sources.toml").read_bytes()
    said = pressmark(news, "source", "add", demo.home, "--dry-run")
    assert said.code == 0
    assert "Would add source" in said.out
    assert (news / "sources.toml").read_bytes() == before


def test_add_of_what_is_there_already_is_refused(news: Path, demo: DemoServer) -> None:
    pressmark(news, "source", "add", demo.home, "--name", "daily")
    said = pressmark(news, "source", "add", demo.home, "--name", "again")
    assert said.code == 2
    assert 'source "daily" has this already' in said.err
    said = pressmark(news, "source", "add", demo.hosts["bote"], "--name", "daily")
    assert said.code == 2
    assert 'there is a source "daily" already' in said.err


def test_add_leaves_out_what_another_source_has(news: Path, demo: DemoServer) -> None:
    pressmark(news, "source", "add", f"{demo.home}/rss.xml", "--name", "feed")
    said = pressmark(news, "source", "add", demo.home, "--name", "daily")
    assert said.code == 0 and f"{demo.home}/rss.xml: source 'feed' has it" in said.err, said.all
    shown = pressmark(news, "source", "show", "daily", "--json").json()
    assert shown["urls"] == [f"{demo.home}/sitemap-news.xml"]
    assert "has it" not in pressmark(news, "config", "check").all


def test_add_asks_nothing_of_a_site_before_its_options_are_checked(news: Path, demo: DemoServer) -> None:
    before = len(demo.log)
    for option in (["--schedule", "hourly-ish"], ["--lang", "klingon!"], ["--name", "a b"]):
        said = pressmark(news, "source", "add", demo.home, *option)
        assert said.code == 2, option
        assert option[0] in said.err
    assert len(demo.log) == before


def test_add_of_a_private_address_is_refused_unless_allowed(tmp_path: Path, demo: DemoServer) -> None:
    strict = new_archive(tmp_path, NO_DELAY)
    before = len(demo.log)
    said = pressmark(strict, "source", "add", demo.home)
    assert said.code == 9
    assert "loopback address" in said.err
    assert "hint: crawl.allow_private = true in pressmark.toml" in said.err
    assert len(demo.log) == before


def test_add_of_a_site_that_is_not_there_adds_nothing_unless_told_so(news: Path) -> None:
    said = pressmark(news, "source", "add", "http://127.0.0.1:1/")
    assert said.code == 9
    assert "error[unreachable]" in said.err
    assert "refused the connection" in said.err
    assert pressmark(news, "source", "list", "--json").json() == []
    said = pressmark(news, "source", "add", "http://127.0.0.1:1/", "-y", "--name", "later")
    assert said.code == 0, said.all
    assert [one["name"] for one in pressmark(news, "source", "list", "--json").json()] == ["later"]


def test_add_makes_sources_toml_where_there_is_none(news: Path, demo: DemoServer) -> None:
    (news / "sources.toml").unlink()
    assert pressmark(news, "source", "list").code == 0
    said = pressmark(news, "source", "add", f"{demo.home}/private-look", "--kind", "section", "-y", "--name", "x")
    assert said.code == 0, said.all
    assert (news / "sources.toml").read_text().startswith("[[source]]")


# -- list, show


def test_list_is_a_table_for_people_and_json_for_programs(tmp_path: Path) -> None:
    news = new_archive(tmp_path, TWO_SOURCES)
    said = pressmark(news, "source", "list")
    assert [line.split()[0] for line in said.out.splitlines()] == ["NAME", "herald", "bote"]
    assert "2 sources" in said.err
    rows = pressmark(news, "source", "list", "--json").json()
    assert [(row["name"], row["kind"], row["state"]) for row in rows] == [
        ("herald", "feed", "active"),
        ("bote", "sitemap", "active"),
    ]
    assert pressmark(news, "source", "list", "--csv").out.startswith("name,kind,")


def test_show_of_a_name_that_is_nearly_right(tmp_path: Path) -> None:
    said = pressmark(new_archive(tmp_path, TWO_SOURCES), "source", "show", "heralt")
    assert said.code == 5
    assert 'did you mean "herald"?' in said.err


# -- test


def test_test_reads_listings_and_articles_and_keeps_nothing(tmp_path: Path, demo: DemoServer) -> None:
    text = f'{NO_DELAY}[[source]]\nname = "daily"\nkind = "feed"\nurl = "{demo.home}/rss.xml"\nexclude = ["/sport/"]\n'
    news = new_archive(tmp_path, text, LOOPBACK)
    said = pressmark(news, "source", "test", "daily", "--n", "2")
    assert said.code == 0, said.all
    assert f"feed         {demo.home}/rss.xml" in said.out
    assert "left out: " in said.out
    assert "url_filter" in said.out
    assert "2 of 2 articles extracted" in said.out
    assert list((news / "warc").rglob("*.warc*")) == []
    assert pressmark(news, "source", "test", "daily", "--n", "1", "--json").json()["samples"][0]["words"] > 20


def test_test_of_a_source_that_gives_nothing_says_why(tmp_path: Path, demo: DemoServer) -> None:
    text = f'{NO_DELAY}[[source]]\nname = "gone"\nkind = "feed"\nurl = "{demo.home}/no-such-feed.xml"\n'
    said = pressmark(new_archive(tmp_path, text, LOOPBACK), "source", "test", "gone")
    assert said.code == 9
    assert "HTTP 404" in said.err


def test_show_robots_shows_the_file_and_what_it_says_of_our_urls(tmp_path: Path, demo: DemoServer) -> None:
    url = f"{demo.hosts['odd']}/private/desk"
    text = f'{NO_DELAY}[[source]]\nname = "desk"\nkind = "section"\nurl = "{url}"\n'
    news = new_archive(tmp_path, text, LOOPBACK)
    said = pressmark(news, "source", "test", "desk", "--show-robots")
    assert said.code == 0, said.all
    assert f'forbidden by line 3: "Disallow: /private/"   {url}' in said.out
    said = pressmark(news, "source", "test", "desk")
    assert said.code == 9
    assert "pressmark source test desk --show-robots" in said.err


# -- edit, pause, remove


def test_edit_checks_what_the_editor_left(tmp_path: Path) -> None:
    news = new_archive(tmp_path, TWO_SOURCES)
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "[[source]]\\nname = 5\\n" >> "$1"\n')
    editor.chmod(0o755)
    said = in_a_process(news, "source", "edit", EDITOR=str(editor), VISUAL="")
    assert said.code == 4
    assert "sources.toml:" in said.err
    said = in_a_process(news, "source", "edit", EDITOR="true", VISUAL="")
    assert said.code == 4  # still wrong, and it can still be opened


def test_edit_without_an_editor_says_so(tmp_path: Path) -> None:
    news = new_archive(tmp_path, TWO_SOURCES)
    said = in_a_process(news, "source", "edit", EDITOR="no-such-editor", VISUAL="")
    assert said.code == 10
    assert "no-such-editor" in said.err


def test_pause_and_resume_keep_the_comments(tmp_path: Path) -> None:
    news = new_archive(tmp_path, TWO_SOURCES)
    assert pressmark(news, "source", "pause", "herald").code == 0
    assert "paused = true" in (news / "sources.toml").read_text()
    assert pressmark(news, "source", "list", "--json").json()[0]["state"] == "paused"
    assert pressmark(news, "source", "resume", "herald").code == 0
    assert "# a comment that stays" in (news / "sources.toml").read_text()
    assert pressmark(news, "source", "list", "--json").json()[0]["state"] == "active"


def test_remove_takes_only_the_source_and_shows_what_it_was(tmp_path: Path) -> None:
    news = new_archive(tmp_path, TWO_SOURCES)
    said = pressmark(news, "source", "remove", "herald")
    assert said.code == 0
    assert 'url = "https://herald.example/rss.xml"' in said.out
    left = (news / "sources.toml").read_text()
    assert "herald" not in left
    assert "# a comment that stays" in left
    assert "# the second one" in left


# -- import, export


def test_an_export_of_sources_writes_over_nothing_by_itself(tmp_path: Path) -> None:
    news = new_archive(tmp_path, TWO_SOURCES)
    said = pressmark(news, "source", "export", "sources.toml")  # meant was a list, of sources.toml
    assert said.code == 2 and "hint: another name, or --force" in said.err
    assert (news / "sources.toml").read_text("utf-8") == TWO_SOURCES
    (news / "old.opml").write_text("an older list")
    assert pressmark(news, "source", "export", "old.opml", "--force").code == 0
    assert (news / "old.opml").read_text("utf-8").startswith("<?xml")


@pytest.mark.parametrize("name", ["list.opml", "list.csv", "list.txt"])
def test_what_is_exported_can_be_imported(tmp_path: Path, name: str) -> None:
    news = new_archive(tmp_path, TWO_SOURCES)
    assert pressmark(news, "source", "export", str(tmp_path / name)).code == 0
    other = new_archive(tmp_path / "sub") if (tmp_path / "sub").mkdir() is None else tmp_path
    said = pressmark(other, "source", "import", str(tmp_path / name))
    assert said.code == 0, said.all
    assert "2 sources added" in said.out
    urls = [one["urls"] for one in pressmark(other, "source", "list", "--json").json()]
    assert urls == [["https://herald.example/rss.xml"], ["https://bote.example/sitemap.xml"]]
    said = pressmark(other, "source", "import", str(tmp_path / name))
    assert "0 sources added, 2 known already" in said.out


def test_import_takes_the_good_lines_and_names_the_others(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    (tmp_path / "list.txt").write_text("# papers\nhttps://a.example/\nftp://b.example/\n")
    said = pressmark(news, "source", "import", str(tmp_path / "list.txt"))
    assert said.code == 0
    assert "1 source added" in said.out
    assert "ftp://b.example/" in said.all


def test_import_of_nothing_is_an_error(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    assert pressmark(news, "source", "import", "missing.opml").code == 5
    (tmp_path / "empty.txt").write_text("\n")
    assert pressmark(news, "source", "import", str(tmp_path / "empty.txt")).code == 2


def test_a_long_address_does_not_push_the_name_out_of_the_table(tmp_path: Path) -> None:
    urls = ", ".join(f'"https://news.example/{"section" * 4}/{number}.xml"' for number in range(5))
    news = new_archive(tmp_path, f'[[source]]\nname = "herald"\nkind = "feed"\nurl = [{urls}]\n')
    said = in_a_process(news, "source", "list", "--table", COLUMNS="80")
    assert said.out.splitlines()[0].split()[:3] == ["NAME", "KIND", "SCHEDULE"]
    assert said.out.splitlines()[2].split()[:2] == ["herald", "feed"]
    assert max(map(len, said.out.splitlines())) <= 80
