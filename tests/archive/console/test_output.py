"""What is printed, on terminals of any width and charset."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archive.console.listing import shared_widths
from archive.console.typed import as_typed, set_arguments, set_folder, typed_command
from tests.archive import small_archive
from tests.crawler import cli_harness
from tests.crawler.cli_harness import pressmark

ARTICLES = [12, 16, 4, 5, 60]  # id, published, lang, words, title


@pytest.mark.parametrize("room", range(30, 130))
def test_an_id_is_whole_in_a_terminal_of_any_width_and_the_line_fits(room):
    widths = shared_widths(ARTICLES, room, whole=[True, False, False, False, False])
    assert widths[0] == 12
    assert sum(widths.values()) + 3 * (len(widths) - 1) <= room
    assert 4 in widths  # the title is what rows are known by


def test_columns_are_left_out_only_where_they_cannot_be_narrow():
    assert list(shared_widths(ARTICLES, 80, whole=[True, False, False, False, False])) == [0, 1, 2, 3, 4]
    assert list(shared_widths(ARTICLES, 40, whole=[True, False, False, False, False])) == [0, 1, 4]


@pytest.mark.parametrize("charset", ["latin-1", "ascii"])
def test_a_locale_that_lacks_a_script_does_not_end_a_listing(tmp_path, charset):
    root = tmp_path / "news"
    root.mkdir()
    small_archive.build(root)
    (root / "pressmark.toml").write_text('[archive]\nname = "news"\n')
    said = cli_harness.as_typed(root, "articles", PYTHONIOENCODING=charset, COLUMNS="80")
    assert (said.code, said.err.startswith("error")) == (0, False)
    assert "长江" in said.out, said.out  # a pipe gets UTF-8


def read_only(root: Path):
    """Run commands as somebody who may read a folder and not write it: also where the tests run as root."""
    for path in (root, *root.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []

    def said(*words: str) -> subprocess.CompletedProcess[str]:
        command = [*drop, sys.executable, "-m", "archive.cli", *words]
        environment = cli_harness.process_environment()
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)

    return said


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root writes everywhere without setpriv")
def test_who_may_only_read_an_archive_can_ask_it_everything(tmp_path):
    root = tmp_path / "news"
    root.mkdir()
    small_archive.build(root)
    (root / "pressmark.toml").write_text('[archive]\nname = "news"\n')
    said = read_only(root)
    try:
        for words in (["articles", "水位"], ["why", "https://news.example/2026/river"], ["db", "check"], ["extract"],
                      ["export", str(tmp_path / "a.jsonl")], ["warc", "verify"], ["gone"], ["run", "list"]):  # fmt: skip
            done = said(*words)
            assert done.returncode == 0, (words, done.stderr)
        assert "长江" in said("articles", "水位").stdout
        for words in (["db", "rebuild"], ["extract", "--apply"], ["export", "a.jsonl"]):
            done = said(*words)
            assert (done.returncode, done.stderr.startswith("error[not-writable]: cannot ")) == (3, True), (
                words,
                done.stderr,
            )
            assert "hint:" in done.stderr
    finally:
        for path in (root, *root.rglob("*")):
            path.chmod(0o755)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        (
            "pressmark articles     pressmark why URL",
            "pressmark -C 'my news' articles     pressmark -C 'my news' why URL",
        ),
        ("once it is back: pressmark db rebuild", "once it is back: pressmark -C 'my news' db rebuild"),
        ("pressmark init news, or: pressmark -C FOLDER …", "pressmark init news, or: pressmark -C FOLDER …"),
        ("a fault in pressmark; run it again", "a fault in pressmark; run it again"),
        ("edit my/pressmark now, or pressmark.toml", "edit my/pressmark now, or pressmark.toml"),
    ],
)
def test_a_next_step_can_be_typed_where_the_reader_stands(text, typed):
    assert as_typed(text) == text
    set_folder(Path("my news"))
    try:
        assert as_typed(text) == typed
    finally:
        set_folder(None)


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        ("crawl herald --refetch", "pressmark crawl herald --refetch"),
        ("-q -C /home/me/news crawl --all", "pressmark -q crawl --all"),
        ("--progress none --dir=news crawl", "pressmark --progress none crawl"),
        ("-Cnews extract --apply", "pressmark extract --apply"),
    ],
)
def test_what_was_typed_is_told_without_the_folder(words, typed):
    set_arguments(words.split())
    assert typed_command() == typed


def test_next_steps_and_hints_name_the_folder_that_was_named(tmp_path):
    root = tmp_path / "news"
    root.mkdir()
    small_archive.build(root)
    (root / "pressmark.toml").write_text('[archive]\nname = "news"\n')
    assert "Next:  pressmark -C news article show a_" in pressmark(tmp_path, "-C", "news", "articles").err
    assert "hint: pressmark -C news run list" in pressmark(tmp_path, "-C", "news", "articles", "--run", "x").err
    assert "Next:  pressmark article show a_" in pressmark(root, "articles").err
