"""`pressmark init`, `config` and `doctor`: making an archive, knowing its settings, finding what is wrong."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crawler.cli_harness import in_a_process, new_archive, pressmark, process_environment

# -- init


def test_init_makes_both_files_and_says_what_is_where(tmp_path: Path) -> None:
    said = pressmark(tmp_path, "init", "news", "--contact", "ops@example.org")
    assert said.code == 0
    assert said.out == (
        "Created news/\n"
        "  pressmark.toml   settings           warc/ records/ runs/   what is kept (plain files)\n"
        "  sources.toml     what to crawl      catalog.sqlite3        index (safe to rebuild from the files)\n"
    )
    assert "Next:  pressmark source add https://www.example-news.org" in said.err
    assert {one.name for one in (tmp_path / "news").iterdir()} >= {"pressmark.toml", "sources.toml", "warc", "records"}
    assert 'contact = "ops@example.org"' in (tmp_path / "news/pressmark.toml").read_text()


def test_init_without_a_name_uses_this_folder(tmp_path: Path) -> None:
    assert pressmark(tmp_path, "init").code == 0
    assert (tmp_path / "pressmark.toml").is_file()


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    before = (news / "pressmark.toml").read_bytes()
    said = pressmark(tmp_path, "init", "news", "--contact", "other@example.org")
    assert said.code == 2
    assert "is an archive already" in said.err
    assert (news / "pressmark.toml").read_bytes() == before


def test_init_refuses_a_contact_nobody_could_write_to(tmp_path: Path) -> None:
    said = pressmark(tmp_path, "init", "news", "--contact", "ops at example")
    assert said.code == 2
    assert "--contact you@example.org" in said.err
    assert not (tmp_path / "news").exists()


def test_init_asks_for_the_contact_on_a_terminal(tmp_path: Path) -> None:
    screen, keyboard = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", "init", "news"],
        cwd=tmp_path,
        env=process_environment(TERM="dumb"),
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
    )
    os.close(keyboard)
    os.write(screen, b"not a contact\nops@example.org\n")
    shown = b""
    while chunk := _read(screen):
        shown += chunk
    assert process.wait(20) == 0
    assert b"Contact for the User-Agent [you@example.org]" in shown
    assert b"neither a mail address nor a web page" in shown
    assert 'contact = "ops@example.org"' in (tmp_path / "news/pressmark.toml").read_text()


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 1 << 16)
    except OSError:  # Linux says EIO when the other side has closed
        return b""


def test_init_with_a_database_that_does_not_answer_says_so_without_the_password(tmp_path: Path) -> None:
    said = pressmark(tmp_path, "init", "news", "--db", "postgresql://news:hunter2@127.0.0.1:1/news")
    assert said.code == 8
    assert "error[db]" in said.err
    assert "127.0.0.1:1" in said.err
    assert "hunter2" not in said.all


# -- config


def test_config_check_tells_every_problem_at_once(tmp_path: Path) -> None:
    news = new_archive(
        tmp_path, '[[source]]\nname = "a"\nkind = "fed"\nurl = "https://a.example/"\nshedule = "manual"\n'
    )
    (news / "pressmark.toml").write_text("[crawl]\nconcurency = 4\n")
    said = pressmark(news, "config", "check")
    assert said.code == 4
    assert "error[config]: 3 problems" in said.err
    assert 'pressmark.toml:2: unknown key "concurency"' in said.err
    assert 'did you mean "concurrency"?' in said.err
    assert 'sources.toml:5: unknown key "shedule" in source "a" — did you mean "schedule"?' in said.err
    assert "sources.toml:3:" in said.err
    assert "hint: mend these lines" in said.err


def test_config_check_is_quiet_about_what_is_fine(tmp_path: Path) -> None:
    said = pressmark(new_archive(tmp_path), "config", "check")
    assert said.code == 0
    assert "are fine, 0 sources" in said.out


def test_config_show_tells_where_each_value_came_from(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    said = in_a_process(news, "config", "show", "--origin", PRESSMARK_CRAWL__CONCURRENCY="4")
    lines = {line.split()[0]: line.split() for line in said.out.splitlines() if line.strip()}
    assert lines["crawl.concurrency"][1:] == ["4", "PRESSMARK_CRAWL__CONCURRENCY"]
    assert lines["crawl.contact"][2].startswith("pressmark.toml:")
    assert lines["crawl.timeout"][-1] == "default"


def test_config_show_hides_passwords(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    said = in_a_process(news, "config", "show", "--json", PRESSMARK_DB__URL="postgresql://u:hunter2@db.example/news")
    assert said.code == 0
    assert "hunter2" not in said.all
    assert {row["key"]: row["value"] for row in said.json()}["db.url"] == "postgresql://u:***@db.example/news"


def test_config_schema_is_json_schema_of_either_file(tmp_path: Path) -> None:
    assert "crawl" in pressmark(tmp_path, "config", "schema", "pressmark").json()["properties"]
    assert set(pressmark(tmp_path, "config", "schema").json()) == {"pressmark.toml", "sources.toml"}
    assert pressmark(tmp_path, "config", "schema", "other").code == 5


# -- doctor


def test_doctor_finds_a_new_archive_well(tmp_path: Path) -> None:
    said = pressmark(new_archive(tmp_path), "doctor")
    assert said.code == 0, said.all
    assert "0 problems" in said.out
    assert "schema version" in said.out


def test_doctor_works_outside_of_an_archive(tmp_path: Path) -> None:
    said = pressmark(tmp_path, "doctor")
    assert said.code == 0
    assert "pressmark init news" in said.err


def test_doctor_gives_json(tmp_path: Path) -> None:
    said = pressmark(new_archive(tmp_path), "doctor", "--json")
    found = {one["check"]: one for one in said.json()}
    assert found["python"]["level"] == "ok"
    assert set(found["catalog"]) == {"check", "level", "says", "mend"}


def test_doctor_names_what_mends_a_mistake_in_the_settings(tmp_path: Path) -> None:
    news = new_archive(tmp_path, '[[source]]\nname = "a"\n')
    said = pressmark(news, "doctor")
    assert said.code == 1
    assert "→ pressmark config check" in said.out


def test_doctor_names_who_writes_the_archive(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    with (news / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        holder = {
            "pid": 4121,
            "command": "pressmark crawl --all",
            "started": "2026-11-22T07:20:11+00:00",
            "host": "vega",
        }
        file.write(json.dumps(holder))
        file.flush()
        said = pressmark(news, "doctor")
    assert "being written by pid 4121 (pressmark crawl --all" in said.out
    assert said.code == 0
    assert "nobody writes this archive" in pressmark(news, "doctor").out  # the name left in the file means nothing


def test_doctor_sees_files_that_a_dead_process_left_open(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    (news / "warc/2026").mkdir()
    (news / "warc/2026/news-1.warc.gz.open").write_bytes(b"")
    said = pressmark(news, "doctor")
    assert "1 left open by a process that died" in said.out
    assert said.code == 0


def test_doctor_sees_files_from_the_future(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    file = news / "warc/news-1.warc.gz"
    file.write_bytes(b"")
    os.utime(file, (4_000_000_000, 4_000_000_000))
    said = pressmark(news, "doctor")
    assert said.code == 1
    assert "later than now" in said.out


def test_doctor_sees_a_full_disk(tmp_path: Path) -> None:
    news = new_archive(tmp_path, settings='[crawl]\ndisk_min_free = "900TB"\ncontact = "a@b.example"\n')
    said = pressmark(news, "doctor")
    assert said.code == 1
    assert "required (crawl.disk_min_free)" in said.out


@pytest.mark.parametrize("missing", ["catalog.sqlite3"])
def test_doctor_knows_how_a_lost_catalog_comes_back(tmp_path: Path, missing: str) -> None:
    news = new_archive(tmp_path)
    (news / missing).unlink()
    said = pressmark(news, "doctor")
    assert said.code == 1
    assert "pressmark db rebuild" in said.all


def test_init_says_that_the_folder_is_made_where_the_database_does_not_answer(tmp_path: Path) -> None:
    said = in_a_process(tmp_path, "init", "news", "--db", "postgresql://u:hunter2@127.0.0.1:1/news")
    assert said.code == 8 and "hunter2" not in said.all
    assert "news/ is made, and can be used as soon as the database answers" in said.err
    assert (tmp_path / "news/pressmark.toml").is_file()


def test_doctor_sees_a_database_that_does_not_answer(tmp_path: Path) -> None:
    news = new_archive(tmp_path)
    said = in_a_process(news, "doctor", PRESSMARK_DB__URL="postgresql://u:hunter2@127.0.0.1:1/news")
    assert said.code == 1
    assert "cannot reach PostgreSQL at 127.0.0.1:1" in said.out
    assert "hunter2" not in said.all
