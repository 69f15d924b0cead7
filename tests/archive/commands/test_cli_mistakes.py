"""What a new user mistypes or meets: the message, the hint and the exit code; never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive import cli
from archive.archive import writing
from archive.console.listing import Listing, print_listing
from archive.console.output import fit, safe, size


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (("articels",), 2, 'pressmark has no command "articels"', "pressmark articles"),
        (("verify",), 2, 'pressmark has no command "verify"', "pressmark warc verify"),
        (("article", "shwo", "x"), 2, 'pressmark article has no command "shwo"', "pressmark article show"),
        (("articles", "--sorce", "x"), 2, "pressmark articles has no option --sorce", "--source"),
        (("articles", "--since", "yesterday"), 2, '--since "yesterday" is not a time', "--since 7d"),
        (("articles", "--table", "--csv"), 2, "only one of --json", "leave out"),
        (("articles", "--fields", "titel"), 2, 'no field "titel"', 'did you mean "title"?'),
        (("articles", "--limit", "many"), 2, "--limit", "--help"),
        (("article", "show"), 2, "missing argument", "--help"),
        (("article", "show", "a_nothing"), 5, 'no article "a_nothing"', "pressmark articles"),
        (("article", "show", "https://news.example/2026/harbor"), 5, "no article", 'pressmark articles "norden"'),
        (("article", "show", "https://news.example/2026/harbour", "-r", "9"), 5, "has no revision 9", "history"),
        (("why", "https://elsewhere.example/"), 5, "no article, URL or run", "pressmark articles"),
        (("run", "show", "2030"), 5, 'no run "2030"', "pressmark run list"),
        (("articles", "--run", "2030"), 5, 'no run "2030"', "pressmark run list"),
        (("-C", "/nowhere/at/all", "articles"), 5, "no folder /nowhere/at/all", "pressmark init"),
        (("warc", "ls", "nothing.warc.gz"), 5, "no WARC file nothing.warc.gz", "pressmark warc verify"),
        (("warc", "ls", "x", "-S", "ok"), 2, '--status "ok"', "--status 200"),
        (("articles", "--lang", "german"), 2, '--lang "german" is no code of a language', "--lang de"),
        (("export", "a.jsonl", "--lang", "german"), 2, "is no code of a language", "--lang de"),
        (("articles", "--section", "politiks"), 5, 'no article has the section "politiks"', "--fields section"),
        (("articles", "--author", "ana berg"), 5, 'no article has the author "ana berg"', 'did you mean "Anna Berg"?'),
        (("export", "a.jsonl", "--author", "zzz"), 5, "no article has the author", "--fields authors,title"),
        (("articles", "-ferry"), 2, "pressmark articles has no option -f", "pressmark articles -- wanted -unwanted"),
        (("articles", "¿ 😀 ?"), 2, '"¿ 😀 ?" has no word to look for', "letters and digits"),
        (("export", "a.jsonl", "--query", ""), 2, '"" has no word to look for', "letters and digits"),
        (("export", "a.jsonl", "--lang", ""), 2, "is no code of a language", "--lang de"),
        (("export", "a.jsonl", "--since", ""), 2, '--since "" is not a time', "--since 7d"),
        (("export", "a.jsonl", "--fields", ","), 2, "--fields names no field", "leave it out"),
        (("export", "a.jsonl", "--run", ""), 5, 'no run ""', "pressmark run list"),
        (("articles", "--until", "9999-12-31T23:59-05:00"), 2, "is not a time", "--until 7d"),
        (("import", "x.warc"), 2, 'no command "import"', "pressmark warc import"),
        (("skipped", "--source", ""), 5, 'no source ""', "did you mean"),
        (("articles", "--source", "new"), 5, 'no source "new"', 'did you mean "news"?'),
        (("skipped", "--source", "zzz"), 5, 'no source "zzz"', "pressmark source list"),
        (("gone", "--source", "zzz"), 5, 'no source "zzz"', "pressmark source list"),
        (("extract", "--source", "zzz"), 5, 'no source "zzz"', "pressmark source list"),
        (("export", "a.jsonl", "--source", "zzz"), 5, 'no source "zzz"', "pressmark source list"),
        (("articles", "--since", "2026", "--until", "2025-12"), 2, '--until "2025-12" is not after', "--until is"),
        (("export", "a.parquet"), 2, "there is no Parquet export yet", "--format jsonl"),
        (("export", "a.warc.gz"), 2, "no export format is known by the ending of a.warc.gz", ".jsonl.gz"),
        (("export", "a.jsonl", "--format", "xml"), 2, 'no export format "xml"', "--format jsonl"),
        (("export", "nowhere/a.jsonl"), 2, "there is no folder nowhere", "mkdir -p nowhere"),
        (("export", "pressmark.toml", "--format", "csv"), 2, "pressmark.toml is there already", "--force"),
        (("extract", "--apply", "--compare"), 2, "--compare only looks", "one of them"),
        (("extract", "--profile", "best"), 2, "best", "--help"),
    ],
)
def test_a_mistake_gets_a_message_a_hint_and_its_exit_code(run, words, code, message, hint):
    found, _, err = run(*words)
    first, *rest = err.splitlines()
    assert (found, first.split(":")[0][:6]) == (code, "error[")
    assert message.lower() in err.lower()
    assert any("hint:" in line and hint in line for line in rest), err
    assert "Traceback" not in err


def test_programs_get_their_errors_as_json(run):
    code, _, err = run("article", "show", "a_nothing", "--json")
    assert code == 5
    assert json.loads(err)["error"] == "not-found" and json.loads(err)["exit_code"] == 5


def test_the_closest_article_is_named(run, built):
    code, _, err = run("article", "show", "https://news.example/2026/harbor")
    assert code == 5 and "closest: a_" in err and "(Norden dredges its harbour)" in err


def test_an_empty_folder_says_how_to_begin(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["articles"]) == 5
    assert "pressmark init" in capfd.readouterr().err


def test_a_writing_command_waits_for_no_one_and_names_who_writes(built, monkeypatch, capfd):
    monkeypatch.chdir(built.root)
    with writing(built.root, command="pressmark crawl --due", now=datetime(2026, 11, 22, 7, 20, 11, tzinfo=UTC)):
        assert cli.main(["db", "rebuild"]) == 6
        err = capfd.readouterr().err
        assert f"pid {os.getpid()} (pressmark crawl --due, started 07:20:11" in err and "reading works" in err
        assert cli.main(["articles"]) == 0


def test_a_damaged_file_is_exit_code_7_with_where_it_is_damaged(built, tmp_path, monkeypatch, capfd):
    file = sorted((built.root / "warc").rglob("*.warc.gz"))[0]
    cut = tmp_path / "cut.warc.gz"
    cut.write_bytes(file.read_bytes()[:-100])
    assert cli.main(["warc", "verify", str(cut)]) == 7
    err = capfd.readouterr().err
    assert "error[warc-damaged]: cut.warc.gz:" in err and "can be read" in err
    page = tmp_path / "page.warc.gz"
    page.write_bytes(b"<html>not a WARC</html>")
    assert cli.main(["warc", "ls", str(page)]) == 7
    assert "error[warc-damaged]" in capfd.readouterr().err


def test_a_catalog_that_differs_is_exit_code_7(built, tmp_path, monkeypatch, capfd):
    shutil.copytree(built.root, tmp_path / "copy")
    next((tmp_path / "copy" / "records").rglob("*T07*.jsonl")).unlink()
    monkeypatch.chdir(tmp_path / "copy")
    assert cli.main(["db", "check"]) == 7
    out, err = capfd.readouterr()
    assert "extra" in out and "pressmark db rebuild" in err


def test_a_reader_that_stops_early_is_no_error(built):
    code = "import sys; from archive.cli import main; sys.exit(main(['-C', sys.argv[1], 'run', 'log', 'last', '--nl']))"
    root = Path(cli.__file__).parents[1]
    words = [sys.executable, "-c", code, str(built.root)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root) as process:
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (0, b"")


def test_a_fault_of_ours_is_told_without_a_traceback_unless_asked(built, monkeypatch, capfd):
    monkeypatch.chdir(built.root)

    def broken(*_, **__):
        raise ZeroDivisionError("ouch")

    monkeypatch.setattr("archive.catalog.articles.list_articles", broken)
    assert cli.main(["articles"]) == 1
    err = capfd.readouterr().err
    assert "error[unexpected]: ZeroDivisionError: ouch" in err and "-vv" in err and "Traceback" not in err
    assert cli.main(["-vv", "articles"]) == 1
    assert "Traceback" in capfd.readouterr().err


def test_a_headline_cannot_drive_the_terminal(capsys):
    assert safe("a\x1b[2Jb\u202ec") == "a\ufffd[2Jb\ufffdc"
    print_listing([{"title": "a\x1b]0;x\x07\nb"}], ("title",), Listing())
    assert capsys.readouterr().out == "TITLE\na\ufffd]0;x\ufffd b\n"


def test_long_wide_text_is_cut_by_columns():
    assert fit("长江中游水位上涨", 9) == "长江中游…"
    assert fit("short", 9) == "short"


@pytest.mark.parametrize(("given", "said"), [(7, "7 B"), (84_200, "84 kB"), (1_100_000, "1.1 MB"), (999_600, "1.0 MB")])
def test_sizes_are_told_as_people_say_them(given, said):
    assert size(given) == said
