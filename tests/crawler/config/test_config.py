"""Settings and sources: where values come from, and what is said of wrong ones."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import ConfigError, NotFound, UsageError
from archive.model import LinkRules, ReadingRules, Source
from archive.toml import TomlError
from crawler.config.check import read_toml, toml_lines
from crawler.config.config_file import (
    check_config,
    config_schema,
    find_folder,
    init_folder,
    load_settings,
    load_sources,
)
from crawler.config.sources_edit import add_source, remove_source, set_paused
from crawler.config.sources_file import find_source, named_twice
from crawler.config.values import Settings, SourceEntry, without_password
from tests.crawler.cli_harness import PROJECT

SOURCES = r"""# what we watch
[defaults]
schedule = "every 2h"        # "every 30m" | "daily 06:00"
delay = 1.5
extract = { profile = "precision", min_words = 30 }

# the feed
[[source]]                   # 1 feed
name = "example-news"
kind = "feed"
url  = "https://www.example-news.org/rss.xml"
tags = ["de", "national"]

[[source]]                   # 2 sitemap (news or index)
name = "daily-herald"
kind = "sitemap"
url  = "https://herald.example/sitemap-news.xml"
since = "48h"
include = ["^https://herald\\.example/20\\d\\d/"]
exclude = ["/live/", "/video/"]
extract = { min_words = 10 }

[[source]]                   # 3 section page(s)
name = "asahi-politics"
kind = "section"
url  = ["https://asahi.example/politics/", "https://asahi.example/world/"]
languages = ["ja"]
links = { css = "main a[href]", max = 60 }

# the small one
[[source]]                   # 4 bounded site crawl
name = "small-paper"
kind = "crawl"
url  = "https://smallpaper.example/"
schedule = "daily 03:30"
depth = 2
limit = 500
same_host = "subdomains"
recheck = ["1h", "6h", "24h", "7d"]
[source.links]
max = 10

[[source]]                   # 5 fixed list
name = "reading-list"
kind = "urls"
file = "urls.txt"
schedule = "manual"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sources.toml").write_text(SOURCES, "utf-8")
    (tmp_path / "urls.txt").write_text("# to read\nhttps://a.example/1#x\n\nhttps://b.example/2  # later\n", "utf-8")
    (tmp_path / "pressmark.toml").write_text(
        '[crawl]\nconcurrency = 4\ntimeout = "2m"\n\n[archive]\nrollover = "500MB"\n', "utf-8"
    )
    return tmp_path


# -- sources


def test_the_five_kinds_of_source_are_read(folder: Path) -> None:
    feed, sitemap, section, crawl, fixed = load_sources(folder / "sources.toml")
    assert (feed.name, feed.kind, feed.urls) == ("example-news", "feed", ("https://www.example-news.org/rss.xml",))
    assert (feed.schedule, feed.delay_seconds, feed.tags, feed.line) == ("every 2h", 1.5, ("de", "national"), 8)
    assert feed.extract == ReadingRules("precision", 30)
    assert (sitemap.since_seconds, sitemap.exclude) == (172800.0, ("/live/", "/video/"))
    assert sitemap.extract == ReadingRules("precision", 10)  # what is not said again is the defaults'
    assert section.links == LinkRules("main a[href]", 60)
    assert len(section.urls) == 2
    assert (crawl.schedule, crawl.depth, crawl.limit, crawl.links.max) == ("daily 03:30", 2, 500, 10)
    assert crawl.recheck_seconds == (3600.0, 21600.0, 86400.0, 604800.0)
    assert (fixed.urls, fixed.schedule) == (("https://a.example/1", "https://b.example/2"), "manual")


def test_all_problems_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(
        """[defaults]
delay = -1

[[source]]
name = "herald"
shedule = "every 2h"
kind = "sitmap"
url = "htp://herald.example/"
delay = "fast"

[[source]]
name = "herald"
url = "https://b.example/"
exclude = [
  "/ok/",
  "(",
]
since = "soon"
links = { css = "a[", max = 0 }
schedule = "sometimes"
recheck = ["1h", "x"]

[[source]]
url = "https://c.example/"
paused = "perhaps"

[[source]]
name = "no url"

[[source]]
name = "d"
file = "gone.txt"
kind = "urls"

[sorce]
""",
        "utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load_sources(path)
    assert caught.value.exit_code == 4
    assert caught.value.message == "17 problems"
    assert caught.value.context == (
        "sources.toml:2: defaults.delay must be a number ≥ 0 (got -1)",
        'sources.toml:6: unknown key "shedule" in source "herald" — did you mean "schedule"?',
        'sources.toml:7: source "herald": kind must be "auto", "feed", "sitemap", "section", "crawl" or "urls" (got "sitmap")'
        ' — did you mean "sitemap"?',
        'sources.toml:8: source "herald": url is not a web address — did you mean https://herald.example/ ? (got "htp://herald.example/")',
        'sources.toml:9: source "herald": delay must be a number ≥ 0 (got "fast")',
        'sources.toml:12: duplicate name "herald" (first in line 5)',
        'sources.toml:14: source "herald": exclude[1] is no regular expression: missing ), unterminated subpattern at character 1 (got "(")',
        'sources.toml:18: source "herald": since must be a duration like "30m", "6h", "7d" (got "soon")',
        'sources.toml:19: source "herald": links.css is no CSS selector (got "a[")',
        'sources.toml:19: source "herald": links.max must be ≥ 1 (got 0)',
        'sources.toml:20: source "herald": schedule is not understood: "sometimes" is none of "every 30m", "daily 06:00", "adaptive", '
        'cron "*/15 * * * *", "manual" (got "sometimes")',
        'sources.toml:21: source "herald": recheck[1] must be a duration like "30m", "6h", "7d" (got "x")',
        'sources.toml:23: "name" is missing in source 3',
        'sources.toml:25: source 3: paused must be true or false (got "perhaps")',
        "sources.toml:28: source \"no url\": name must be letters, digits, '-', '_' and '.' (got \"no url\")",
        'sources.toml:32: source "d": file "gone.txt" cannot be read (No such file or directory)',
        'sources.toml:35: unknown key "sorce" — did you mean "source"?',
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[source]]\nname = "a"\nurl = \n', "sources.toml:3: Invalid value"),
        ("[defaults]\ndelay = 1\ndelay = 2\n", 'sources.toml:3: "delay" is set twice in this table'),
        ("[defaults]\n[defaults]\n", "sources.toml:2: [defaults] stands twice; one of them takes all its settings"),
        ('[[source]\nname = "a"\n', "sources.toml:1: Expected ']]' at the end of an array declaration"),
        ('name = "a\n', "sources.toml:1: Illegal character"),
        ('[source]\nname = "a"\n', 'sources.toml:1: sources are written as "[[source]]"'),
        ("[[sources]]\n", 'sources.toml:1: unknown key "sources" — did you mean [[source]]?'),
        ('[[source]]\nname = "a"\n', 'sources.toml:2: "url" is missing in source "a"'),
        ("defaults = 3\n", "sources.toml:1: [defaults] must be a table"),
        (
            '[[source]]\nname = "a"\nurl = "https://a.example/"\nfile = "x"\n',
            'sources.toml:4: source "a": "file" goes with kind = "urls"',
        ),
        ('[[source]]\nname = "a"\nurl = 3\n', 'sources.toml:3: source "a": url must be a list (got 3)'),
        (
            '[[source]]\nname = "a"\nurl = "https://a.example/"\nsame_host = []\n',
            'sources.toml:4: source "a": same_host',
        ),
    ],
)
def test_each_mistake_has_its_line(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_sources(path)
    assert caught.value.context[0].startswith(problem)
    assert caught.value.message == "1 problem"


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_bytes(b"# \xff\n")
    with pytest.raises(ConfigError) as caught:
        load_sources(path)
    assert caught.value.context == ("sources.toml: not UTF-8 text (byte 2): save it as UTF-8",)


def test_a_wrong_line_in_a_list_of_urls_is_told(folder: Path) -> None:
    (folder / "urls.txt").write_text("https://a.example/\nwww.b.example/x\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_sources(folder / "sources.toml")
    assert caught.value.context == ('sources.toml:46: urls.txt:2: "www.b.example/x" is not a web address (no scheme)',)


def test_a_list_of_hosts_is_a_list_of_hosts(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(
        '[[source]]\nname = "a"\nurl = "https://a.example/"\nsame_host = ["A.example", "https://b.example/"]\n', "utf-8"
    )
    (source,) = load_sources(path)
    assert (source.same_host, source.hosts) == ("list", ("a.example", "b.example"))


def test_no_sources_file_points_to_init(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        load_sources(tmp_path / "sources.toml")
    assert caught.value.hint == "pressmark init"


def test_a_source_is_found_by_name_or_nearly(folder: Path) -> None:
    sources = load_sources(folder / "sources.toml")
    assert find_source(sources, "small-paper").kind == "crawl"
    with pytest.raises(NotFound) as caught:
        find_source(sources, "smal-paper")
    assert caught.value.hint == 'did you mean "small-paper"?'


# -- editing


def test_an_added_source_comes_last_and_nothing_else_changes(folder: Path) -> None:
    path = folder / "sources.toml"
    added = Source(
        "bote", "feed", ("https://bote.example/rss",), since_seconds=172800.0, links=LinkRules(max=5), tags=("de",), paused=True,
        recheck_seconds=(3600.0,), exclude=(r"\d+/x",), language="de",
    )  # fmt: skip
    line = add_source(path, added)
    assert path.read_text("utf-8").startswith(SOURCES)
    read = load_sources(path)[-1]
    assert (read.line, read.name, read.since_seconds, read.exclude) == (line, "bote", 172800.0, (r"\d+/x",))
    assert (read.links.max, read.tags, read.paused, read.recheck_seconds, read.language) == (
        5,
        ("de",),
        True,
        (3600.0,),
        "de",
    )
    assert (read.schedule, read.delay_seconds) == ("every 2h", 1.5)  # [defaults] hold for what was not said
    with pytest.raises(UsageError):
        add_source(path, added)


def test_what_was_said_is_written_even_where_it_is_our_default(folder: Path) -> None:
    path = folder / "sources.toml"
    add_source(path, Source("bote", "feed", ("https://bote.example/rss",)), also=("delay",))
    assert load_sources(path)[-1].delay_seconds == 2.0


def test_a_source_can_be_added_to_no_file(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    assert add_source(path, Source("a", "auto", ("https://a.example/", "https://a.example/b"))) == 1
    assert load_sources(path)[0].urls == ("https://a.example/", "https://a.example/b")


def test_pausing_touches_one_line(folder: Path) -> None:
    path = folder / "sources.toml"
    for name in ("small-paper", "example-news"):
        set_paused(path, name, True)
        assert find_source(load_sources(path), name).paused
        assert set(path.read_text("utf-8").splitlines()) - set(SOURCES.splitlines()) == {"paused = true"}
        set_paused(path, name, False)
        assert not find_source(load_sources(path), name).paused
        path.write_text(SOURCES, "utf-8")
    with pytest.raises(NotFound):
        set_paused(path, "gone", True)


def test_a_removed_source_takes_its_tables_and_no_comments_of_others(folder: Path) -> None:
    path = folder / "sources.toml"
    remove_source(path, "asahi-politics")
    remove_source(path, "small-paper")
    remove_source(path, "reading-list")
    text = path.read_text("utf-8")
    assert [source.name for source in load_sources(path)] == ["example-news", "daily-herald"]
    assert "# the small one" in text
    assert "# the feed\n[[source]]                   # 1 feed" in text
    assert "[source.links]" not in text
    with pytest.raises(NotFound):
        remove_source(path, "small-paper")


def test_editing_a_broken_file_tells_what_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text("[[source]\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        add_source(path, Source("a", "auto", ("https://a.example/",)))
    assert caught.value.context[0].startswith("sources.toml:1:")
    assert path.read_text("utf-8") == "[[source]\n"


# -- settings


def test_command_line_wins_over_environment_over_file_over_default(folder: Path) -> None:
    env = {
        "PRESSMARK_CRAWL__CONCURRENCY": "8",
        "PRESSMARK_CRAWL__ALLOW_PRIVATE": "true",
        "PRESSMARK_REQUIRE_SERVICES": "1",
        "HOME": "/",
    }
    found = load_settings(folder, env, {"crawl.retries": 5, "crawl.max_failures": None, "db.url": "sqlite:///x"})
    assert (found.crawl.concurrency, found.origin("crawl.concurrency")) == (8, "PRESSMARK_CRAWL__CONCURRENCY")
    assert (found.crawl.allow_private, found.crawl.timeout, found.origin("crawl.timeout")) == (
        True,
        120.0,
        "pressmark.toml:3",
    )
    assert (found.archive.rollover, found.origin("archive.rollover")) == (500_000_000, "pressmark.toml:6")
    assert (found.crawl.retries, found.origin("crawl.retries")) == (5, "command line")
    assert (found.crawl.max_failures, found.origin("crawl.max_failures")) == (None, "default")
    assert found.db.url == "sqlite:///x"


def test_a_folder_without_a_file_has_the_defaults(tmp_path: Path) -> None:
    found = load_settings(tmp_path, {})
    assert (found.crawl.disk_min_free, found.crawl.allow_private, found.archive.dedup) == (
        2_000_000_000,
        False,
        "revisit",
    )
    assert {origin for _, _, origin in found.rows()} == {"default"}


def test_settings_are_checked_all_at_once(folder: Path) -> None:
    (folder / "pressmark.toml").write_text(
        '[archive]\nrollover = "big"\ndedup = "revisits"\n[crawl]\nconcurrency = 0\ntimout = 3\ndelay = 1\n[crwl]\n[log]\nlevel = 3\n',
        "utf-8",
    )
    env = {"PRESSMARK_CRAWL__RETRIES": "x", "PRESSMARK_DB__ULR": "q"}
    with pytest.raises(ConfigError) as caught:
        load_settings(folder, env, {"crawl.max_redirects": -1})
    assert set(caught.value.context) == {
        'environment: unknown variable "PRESSMARK_DB__ULR" — did you mean "PRESSMARK_DB__URL"?',
        'pressmark.toml:2: archive.rollover must be a size like "500MB", "1GB" (got "big")',
        'pressmark.toml:3: archive.dedup must be "revisit" or "none" (got "revisits") — did you mean "revisit"?',
        "pressmark.toml:5: crawl.concurrency must be ≥ 1 (got 0)",
        'pressmark.toml:6: unknown key "timout" in [crawl] — did you mean "timeout"?',
        'pressmark.toml:7: unknown key "delay" in [crawl] — it belongs in sources.toml, in [defaults] or a [[source]]',
        'pressmark.toml:8: unknown key "crwl" — did you mean "crawl"?',
        'pressmark.toml:10: log.level must be "debug", "info", "warning" or "error" (got 3)',
        'PRESSMARK_CRAWL__RETRIES: crawl.retries must be a whole number (got "x")',
        "command line: crawl.max_redirects must be ≥ 0 (got -1)",
    }
    assert len(check_config(folder, env)) == 9


def test_a_table_that_is_no_table_is_told(folder: Path) -> None:
    (folder / "pressmark.toml").write_text("crawl = 3\n", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(folder, {"PRESSMARK_CRAWL__RETRIES": "1"})
    assert caught.value.context == ("pressmark.toml:1: [crawl] must be a table (got 3)",)


def test_a_password_is_never_shown(folder: Path) -> None:
    found = load_settings(folder, {"PRESSMARK_DB__URL": "postgresql://news:secret@db.internal/news"})
    assert found.db.url == "postgresql://news:secret@db.internal/news"
    assert "secret" not in str(found.rows())
    assert without_password("http://proxy.example:3128") == "http://proxy.example:3128"


def test_the_nearest_folder_above_is_the_archive(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    assert find_folder(folder / "a" / "b") == folder.resolve()
    (folder / "a" / "pressmark.toml").write_text("", "utf-8")
    assert find_folder(folder / "a" / "b") == (folder / "a").resolve()


def test_no_archive_anywhere_points_to_init(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        find_folder(tmp_path)
    assert caught.value.hint == "pressmark init, or name the folder: pressmark -C FOLDER …"


def test_a_new_folder_is_ready_and_valid(tmp_path: Path) -> None:
    made = init_folder(tmp_path / "news", 'ops"1"@example.org', "postgresql://db/news")
    assert [path.name for path in made] == ["warc", "records", "runs", "pressmark.toml", "sources.toml", "scrapy.cfg"]
    found = load_settings(tmp_path / "news", {})
    assert (found.crawl.contact, found.db.url) == ('ops"1"@example.org', "postgresql://db/news")
    assert load_sources(tmp_path / "news" / "sources.toml") == ()
    with pytest.raises(UsageError):
        init_folder(tmp_path / "news")


def test_every_default_shown_in_a_new_file_is_the_default(tmp_path: Path) -> None:
    init_folder(tmp_path)
    text = (tmp_path / "pressmark.toml").read_text("utf-8")
    shown = "\n".join(
        line.removeprefix("# ") if line.startswith("# ") and " = " in line else line for line in text.splitlines()
    )
    (tmp_path / "pressmark.toml").write_text(shown, "utf-8")
    found, default = load_settings(tmp_path, {}), load_settings(tmp_path / "none", {})
    examples = {"db.url", "crawl.contact", "crawl.user_agent", "crawl.proxy", "reading.workers"}
    examples |= {"reading.filters", "reading.words"}
    examples |= {f"alerts.{key}" for key in ("webhook", "command", "smtp", "mail_to", "heartbeat")}
    assert [row[:2] for row in found.rows() if row[0] not in examples] == [
        row[:2] for row in default.rows() if row[0] not in examples
    ]


def test_the_schemas_take_what_the_files_hold(folder: Path) -> None:
    schemas = config_schema()
    json.dumps(schemas)
    for name in ("sources.toml", "pressmark.toml"):
        jsonschema.validate(tomllib.loads((folder / name).read_text("utf-8")), schemas[name])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"source": [{"name": "a", "shedule": "x"}]}, schemas["sources.toml"])


# -- lines


def test_lines_are_found_through_strings_lists_and_dots() -> None:
    text = '''a = """
[b]
c = 1
"""  # not a table
d.e = [
  "]", # ]
  1,
]
"quoted key" = 1
[t . 'x.y']
f = {g = 1, h = "}"}
[[arr]]
[[arr.sub]]
k = \'\'\'it's\'\'\'
[[arr]]
[arr.table]
z = "\\\\"
'''
    read = read_toml(text)
    assert dict(read.lines) == {
        ("a",): 1, ("d", "e"): 5, ("quoted key",): 9, ("t", "x.y"): 10, ("t", "x.y", "f"): 11, ("arr", 0): 12, ("arr", 0, "sub", 0): 13,
        ("arr", 0, "sub", 0, "k"): 14, ("arr", 1): 15, ("arr", 1, "table"): 16, ("arr", 1, "table", "z"): 17,
    }  # fmt: skip
    assert read.line(("t", "x.y", "f", "g")) == 11


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab=\"'[]{}#.\n\\ 1,", max_size=60))
def test_any_text_is_toml_or_a_line(text: str) -> None:
    toml_lines(text)
    try:
        read_toml(text)
    except TomlError as error:
        assert 1 <= error.line <= text.count("\n") + 1


def test_a_filter_list_that_is_not_there_is_told_by_the_check(tmp_path: Path) -> None:
    (tmp_path / "pressmark.toml").write_text('[reading]\nfilters = ["easylist.txt"]\n')
    (problem,) = check_config(tmp_path)
    assert problem.endswith("easylist.txt") and "reading.filters: no file" in problem
    (tmp_path / "easylist.txt").write_text("##.ad\n")
    assert check_config(tmp_path) == ()


def test_a_feed_belongs_to_one_source_and_a_page_to_the_first_list_that_has_it(tmp_path: Path) -> None:
    feed = '[[source]]\nname = "{0}"\nkind = "feed"\nurl = "https://a.example/rss"\n{1}\n'
    pages = '[[source]]\nname = "{0}"\nkind = "urls"\nurl = ["https://a.example/1", "https://a.example/{0}"]\n'
    path = tmp_path / "sources.toml"
    path.write_text(
        feed.format("one", "paused = true") + feed.format("two", "") + pages.format("x") + pages.format("y")
    )
    found = {source.name: source.urls for source in load_sources(path)}
    assert found["one"] == found["two"] == ("https://a.example/rss",)
    assert (found["x"], found["y"]) == (("https://a.example/1", "https://a.example/x"), ("https://a.example/y",))
    path.write_text(feed.format("one", "") + feed.format("two", ""))
    assert [source.urls for source in load_sources(path)] == [("https://a.example/rss",), ()]
    said = 'source "two": https://a.example/rss is fetched for source "one", which names it, too'
    assert named_twice(path) == (f"sources.toml:6: {said}",)


def test_every_key_of_both_files_stands_in_the_handbook() -> None:
    told = (PROJECT / "docs" / "operating.md").read_text("utf-8")
    of_settings = [(section, key) for section, values in Settings() for key in type(values).model_fields]
    missing = [f"{one}.{key}" for one, key in of_settings if f"`{one}.{key}`" not in told and f"`.{key}`" not in told]
    missing += [key for key in SourceEntry.model_fields if f"`{key}`" not in told]
    assert missing == []
