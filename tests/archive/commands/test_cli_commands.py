"""Every command, as someone types it: what it prints, what a program gets, and where it leads."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
import typer

from archive import cli
from archive.archive import open_archive
from archive.catalog import revisions
from archive.catalog.articles import ArticleQuery, list_articles
from archive.catalog.revisions import record_of
from archive.console.output import cell_width
from archive.model import Revision
from archive.revisions.decide import New
from tests.archive import small_archive

HOUR = timedelta(hours=1)
# pydantic is not among them: typer itself uses it where an option has a default.
HEAVY = ("sqlalchemy", "trafilatura", "lxml", "scrapy", "twisted", "warcio", "feedparser", "zstandard", "brotli")


def commands(command=None, path="pressmark"):
    command = command or typer.main.get_command(cli.app)
    for name, child in getattr(command, "commands", {}).items():
        if hasattr(child, "commands"):
            yield from commands(child, f"{path} {name}")
        else:
            yield f"{path} {name}", child


LISTINGS = (
    "pressmark articles", "pressmark skipped", "pressmark gone", "pressmark article history", "pressmark run list", "pressmark extract",
    "pressmark warc ls", "pressmark warc verify", "pressmark warc repair", "pressmark warc audit", "pressmark warc seal", "pressmark warc import",
    "pressmark db check", "pressmark integrity report",
)  # fmt: skip


def test_every_command_and_every_option_is_documented():
    found = dict(commands())
    assert len(found) == 26
    for path, command in found.items():
        assert command.help and command.help.strip().endswith("."), path
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{path} {parameter.name}"


@pytest.mark.parametrize("path", LISTINGS)
def test_every_listing_has_the_same_options(path):
    options = {name for parameter in dict(commands())[path].params for name in parameter.opts}
    assert {"--json", "--nl", "--csv", "-t", "--table", "--fields", "--limit"} <= options


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from archive import cli\n"
        "assert cli.main(['--help']) == 0 and cli.main(['articles', '--help']) == 0\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    root = Path(cli.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize(
    "words",
    [
        ("articles",),
        ("skipped",),
        ("article", "history", "https://news.example/2026/harbour"),
        ("run", "list"),
        ("extract", "--all"),
        ("db", "check"),
        ("warc", "verify"),
    ],
)
def test_every_listing_is_read_by_programs(run, words):
    code, out, _ = run(*words, "--json")
    assert code == 0
    rows = json.loads(out)
    code, out, _ = run(*words, "--nl")
    assert [json.loads(line) for line in out.splitlines()] == rows
    code, out, _ = run(*words, "--csv")
    found = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and len(found) == len(rows)


def test_articles_lists_the_newest_and_says_what_next(run):
    code, out, err = run("articles")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split() == ["ID", "PUBLISHED", "LANG", "WORDS", "TITLE"]
    assert "长江中游水位上涨" in out and len(lines) == 3
    assert "2 articles" in err and "Next:  pressmark article show a_" in err


def test_columns_stand_under_each_other_whatever_the_script(run):
    _, out, _ = run("articles", "--fields", "title,words")
    lines = out.splitlines()
    assert len({cell_width(line) for line in lines}) == 1


def test_words_in_any_script_are_found(run):
    for words, title in (("水位", "长江"), ("harbour council", "Norden"), ("dredg*", "Norden")):
        _, out, _ = run("articles", words, "--nl")
        assert [title in json.loads(line)["title"] for line in out.splitlines()] == [True]
    code, out, err = run("articles", "nothinglikethis")
    assert (code, out) == (0, "") and "0 articles" in err


def test_words_need_no_quotes_and_those_behind_a_dash_are_unwanted(run):
    assert "Norden" in run("articles", "harbour", "council", "--nl")[1]
    assert "Norden" not in run("articles", "--nl", "--", "council", "-harbour")[1]


def test_what_articles_lists_is_what_an_export_of_the_same_choice_writes(run):
    for options in (("--author", "anna BERG", "--lang", "en"), ("--run", "last")):
        outputs = run("articles", *options, "--nl")[1], run("export", "-", *options)[1]
        listed, written = ({json.loads(line)["id"] for line in out.splitlines()} for out in outputs)
        assert listed and listed == written


def test_times_and_limits_narrow_a_listing(run):
    assert json.loads(run("articles", "--since", "2026-11-23", "--json")[1]) == []
    assert len(json.loads(run("articles", "--until", "2026-11-23", "--json")[1])) == 2
    _, out, _ = run("articles", "--limit", "1")
    assert "… 1 more (--limit 2, --json, --csv)" in out
    for words in (("articles", "harbour"), ("run", "list"), ("export", "-")):
        assert run(*words, "--limit", str(1 << 64))[0] == 0, "more than a database counts"
    assert len(json.loads(run("skipped", "--since", "2026-11-22T07:20:24", "--json")[1])) == 1


def test_what_was_left_out_is_told_in_the_shape_that_is_published(run):
    rows = json.loads(run("skipped", "--json")[1])
    schema = jsonschema.Draft202012Validator(json.loads(run("schema", "skipped")[1]))
    assert rows and [error.message for row in rows for error in schema.iter_errors(row)] == []


def test_a_language_is_known_in_any_spelling_of_its_code(run):
    for asked in ("zh", "ZH", "zh-Hans-CN", "zh_TW"):
        assert len(json.loads(run("articles", "--lang", asked, "--json")[1])) == 1, asked


def test_a_source_is_known_in_any_case_and_a_language_nothing_is_in_names_those_there_are(run):
    assert len(json.loads(run("articles", "--source", "NEWS", "--json")[1])) == 2
    code, _, err = run("articles", "--lang", "deu")
    assert code == 0 and "0 articles fit that; there are some in en, zh" in err


def test_a_reason_that_nothing_was_left_out_for_names_those_there_are(run):
    code, _, err = run("skipped", "--reason", "robotstxt")
    assert code == 0 and "0 URLs were left out for this reason; there are: 3 URLs: " in err


def test_an_article_is_shown_by_id_or_address(run):
    _, out, _ = run("articles", "--nl", "--fields", "id,url", "harbour")
    row = json.loads(out)
    for asked in (row["id"], row["url"], row["url"].removeprefix("https://")):
        code, out, _ = run("article", "show", asked)
        assert code == 0 and out.startswith("Norden dredges its harbour\n") and "six million" in out
    record = json.loads(run("article", "show", row["id"], "--json")[1])
    assert record["schema"] == "pressmark.article/1" and record["revision"] == 2
    assert json.loads(run("article", "show", row["id"], "--json", "-r", "1")[1])["revision"] == 1
    assert run("article", "show", row["id"], "--md")[1].startswith("# Norden dredges its harbour\n\nAnna Berg · ")
    assert run("article", "show", row["id"], "--text")[1] == record["text"] + "\n"


def test_of_many_revisions_the_newest_are_shown(run):
    _, out, _ = run("article", "history", "https://news.example/2026/harbour", "-n", "1")
    assert out.splitlines()[1].split()[0] == "2" and "… 1 more" in out


def test_a_diff_shows_signs_not_only_colours(run):
    code, out, err = run("article", "diff", "https://news.example/2026/harbour")
    assert code == 0 and "cost [−four−]{+six+} million" in out and "+1 −1 words" in err
    found = json.loads(run("article", "diff", "https://news.example/2026/harbour", "1", "2", "--json")[1])
    assert found["words_added"] == 1 and found["fields"] == []
    assert "one revision" in run("article", "diff", "https://news.example/2026/river")[2]
    for number in ("1", "2"):  # of two revisions: from the first to the newest; what the second changed
        found = json.loads(run("article", "diff", "https://news.example/2026/harbour", number, "--json")[1])
        assert (found["before"], found["after"]) == (1, 2)


def test_why_tells_the_reason_the_way_and_the_bytes(run):
    code, out, _ = run("why", "https://news.example/politics")
    assert code == 0
    assert out.startswith("SKIPPED not_article   2026-11-22 07:20:20Z  run 2026-11-22T07-20-11")
    assert "found in    https://news.example/rss.xml (depth 1)" in out
    assert "warc/2026/11/22/" in out


def test_why_shows_every_block_with_its_reason(run):
    _, out, _ = run("why", "https://news.example/2026/harbour", "--text")
    assert "KEPT    h1" in out and "DROPPED nav" in out and "stored because: 74 words · language en" in out
    found = json.loads(run("why", "https://news.example/2026/harbour", "--json")[1])
    assert found["outcome"] == "stored" and len(found["captures"]) == 2
    assert {block["kept"] for block in found["blocks"]} == {True, False}


def test_the_page_as_it_came_can_be_had(run, tmp_path):
    code, _, err = run("why", "https://news.example/2026/harbour", "--html", str(tmp_path / "out.html"))
    assert code == 0 and "bytes" in err
    expected = small_archive.SECOND[0].body
    assert (tmp_path / "out.html").read_bytes() == expected
    assert run("why", "https://news.example/2026/harbour", "--html", "-")[1].encode() == expected


def test_runs_are_listed_shown_and_logged(run):
    assert "stored 2 · skipped 2 · failed 1" in run("run", "list")[1]
    shown = run("run", "show", "last")[1]
    assert shown.startswith("run 2026-11-22T08-20-11  crawl  ok") and "wrote       warc/2026/" in shown
    assert json.loads(run("run", "show", "2026-11-22T07", "--json")[1])["outcomes"]
    log = run("run", "log", "last", "--nl")[1].splitlines()
    assert json.loads(log[0])["type"] == "run" and json.loads(log[-1])["type"] == "end"
    assert len(run("run", "log", "last", "-f")[1].splitlines()) == len(log)


def test_extract_finds_no_difference_in_an_archive_as_it_is(run):
    code, out, err = run("extract", "--compare")
    assert (code, out) == (0, "") and "4 pages read again: no difference" in err
    code, out, err = run("extract", "--profile", "recall")
    assert code == 0 and out.count("differs") == 3 and "Next:  pressmark extract --apply" in err


def test_warc_files_are_listed_and_their_records_printed(run, built):
    file = sorted((built.root / "warc").rglob("*.warc.gz"))[0]
    rows = json.loads(run("warc", "ls", str(file), "-T", "response", "-S", "200", "-m", "text/html", "--json")[1])
    assert [row["uri"] for row in rows] == [step.url for step in small_archive.FIRST[:3]]
    offset = str(rows[0]["offset"])
    whole = run("warc", "cat", file.name, "--offset", offset)[1]
    assert whole.startswith("WARC-Type: response\r\n")
    assert "HTTP/1.1 200 X\r\n" in whole
    assert run("warc", "cat", file.name, "--offset", offset, "-p")[1].encode() == small_archive.FIRST[0].body
    assert "HTTP/1.1" not in run("warc", "cat", file.name, "--offset", offset, "-w")[1]
    assert "records, 1 not shown" in run("warc", "ls", file.name, "-T", "response", "--limit", "4")[2]


def test_an_index_is_the_one_the_writer_wrote(run, built):
    file = sorted((built.root / "warc").rglob("*.warc.gz"))[0]
    index = file.with_name(file.name.replace(".warc.gz", ".cdxj"))
    assert run("warc", "index", str(file))[1].encode() == index.read_bytes()
    both = [path.read_bytes().splitlines() for path in sorted((built.root / "warc").rglob("*.cdxj"))]
    assert run("warc", "index")[1].encode().splitlines() == sorted([*both[0], *both[1]])


def test_verify_says_what_it_has_verified(run):
    code, out, _ = run("warc", "verify")
    assert code == 0 and "2 files verified: 25 records" in out and "0 problems" in out


def test_export_ends_with_counts_and_the_digest(run, tmp_path):
    code, out, _ = run("export", str(tmp_path / "a.jsonl"))
    assert code == 0 and out.startswith(f"2 articles → {tmp_path / 'a.jsonl'} (") and " · sha256 " in out
    code, out, err = run("export", "-", "--format", "csv", "--fields", "url,language")
    assert code == 0 and out.splitlines()[0] == "url,language" and "2 articles" in err


def test_schema_prints_what_is_published(run):
    assert json.loads(run("schema")[1])["$id"] == "urn:pressmark.article/1"
    assert json.loads(run("schema", "skipped")[1])["$id"] == "urn:pressmark.skipped/1"


def test_rebuild_and_check_say_what_they_read(built, tmp_path, monkeypatch, capfd):
    shutil.copytree(built.root, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    (tmp_path / "copy" / "catalog.sqlite3").unlink()
    assert cli.main(["articles"]) == 5
    assert "pressmark db rebuild" in capfd.readouterr().err
    assert cli.main(["db", "rebuild"]) == 0
    out, err = capfd.readouterr()
    assert "2 WARC files: 7 captures, 2 articles from 3 records, 2 runs, 5 URLs with 7 outcomes" in out
    assert "Next:" in err
    assert cli.main(["db", "check"]) == 0
    assert "no difference" in capfd.readouterr().err


@pytest.mark.parametrize("offset", [0, 8192])
def test_a_rebuild_sets_a_damaged_catalog_aside(built, tmp_path, monkeypatch, capfd, offset):
    shutil.copytree(built.root, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    catalog = Path("catalog.sqlite3")
    with catalog.open("r+b") as file:
        file.seek(offset)
        file.write(b"no database" * 3000)
    assert cli.main(["articles"]) == 8
    assert "is damaged" in capfd.readouterr().err
    assert cli.main(["db", "rebuild"]) == 0
    assert "it is kept as catalog.sqlite3.damaged" in capfd.readouterr().err
    assert Path("catalog.sqlite3.damaged").exists()
    assert cli.main(["db", "check"]) == 0


def test_extract_apply_is_a_run_of_its_own_and_survives_a_rebuild(built, tmp_path, monkeypatch, capfd):
    shutil.copytree(built.root, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    assert cli.main(["extract", "--apply", "--profile", "precision"]) == 0
    assert "3 added as new rows" in capfd.readouterr().err
    assert cli.main(["run", "list", "--kind", "extract"]) == 0
    assert "differs 3" in capfd.readouterr().out
    assert cli.main(["run", "show", "last"]) == 0
    assert "  command     pressmark extract --apply --profile precision\n" in capfd.readouterr().out
    assert cli.main(["article", "history", "https://news.example/2026/harbour"]) == 0
    told = capfd.readouterr()
    assert [line.split()[0] for line in told.out.splitlines()] == ["REVISION", "1", "2"], "an upgrade is no edit"
    assert "2 revisions of" in told.err and "2 as other extractors read it not shown (--all)" in told.err
    assert cli.main(["article", "history", "https://news.example/2026/harbour", "--all", "--json"]) == 0
    assert [row["revision"] for row in json.loads(capfd.readouterr().out)] == [1, 1, 2, 2]
    assert cli.main(["db", "check"]) == 0


def test_a_reading_that_is_stopped_ends_its_run(built, tmp_path, monkeypatch, capfd):
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    shutil.copytree(built.root, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setattr("archive.reading.reread._add", stopped)
    assert cli.main(["extract", "--apply", "--profile", "precision"]) == 11
    assert "hint: pressmark extract --apply goes on with the rest" in capfd.readouterr().err
    assert cli.main(["run", "show", "last"]) == 0
    assert "exit 11" in capfd.readouterr().out


def test_what_an_earlier_extractor_read_stays_in_the_history_until_all_is_read_again(
    built, tmp_path, monkeypatch, capfd
):
    shutil.copytree(built.root, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    with open_archive(tmp_path / "copy") as archive, archive.catalog.transaction() as conn:
        [row] = list_articles(conn, ArticleQuery(language="en"))
        record = record_of(conn, row.article_id) or {}
        new = Revision(
            row.article_id, 1, "other", 0, "9 balanced c9", "<urn:uuid:9>", row.last_seen + HOUR, row.last_seen + HOUR
        )
        revisions.record(conn, New(new), record | {"headline": "Read by another"})
    assert cli.main(["article", "history", row.article_id, "--nl"]) == 0
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(one["revision"], one["extractor"] == new.extractor) for one in told] == [(1, False), (2, False), (1, True)]
