"""The catalog from the files alone, what a comparison finds, and what a crash leaves."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.archive import open_archive
from archive.catalog import archives, articles, captures, dump, frontier, open_catalog, revisions, runs
from archive.errors import ConfigError, DatabaseUnreachable, NotFound, UsageError
from archive.folder.location import ArchiveLocation, locate
from archive.folder.store import LocalStore
from archive.model import ReadingRules, Source
from archive.reading.read import job_of, read_capture
from archive.recovery.left_behind import recover
from archive.recovery.rebuild import check, rebuild
from archive.runs.runlog import RunLog, run_line
from tests.archive.small_archive import START, Step, crash, crawl, location, opened, page

NOW = START + timedelta(days=1)


def contents(archive) -> dict[str, list[dict[str, object]]]:
    return {table: list(dump.rows(archive.catalog, table)) for table in dump.COMPARED}


def test_a_rebuilt_catalog_is_equal_row_by_row(copy):
    with open_archive(copy) as archive:
        before = contents(archive)
    (copy.root / "catalog.sqlite3").unlink()
    with open_archive(copy, renew=True) as archive:
        done = rebuild(archive, NOW)
        assert contents(archive) == before
        assert articles.count(archive.catalog, articles.ArticleQuery(text="水位")) == 1
    assert (done.captures, done.records, done.articles, done.runs, done.urls) == (7, 3, 2, 2, 5)
    assert not done.problems


def test_a_rebuild_that_is_stopped_leaves_a_catalog_that_says_so(copy):
    def stopped(line: str) -> None:
        if line.startswith("records"):
            raise KeyboardInterrupt

    with open_archive(copy) as archive:
        before = contents(archive)
        with pytest.raises(KeyboardInterrupt):
            rebuild(archive, NOW, progress=stopped)
    with pytest.raises(DatabaseUnreachable, match="half made"), open_archive(copy):
        pass
    with open_archive(copy, renew=True) as archive:
        rebuild(archive, NOW)
    with open_archive(copy) as archive:
        assert contents(archive) == before


def test_an_unchanged_page_is_seen_longer_after_a_rebuild_too(copy):
    with open_archive(copy) as archive:
        rebuild(archive, NOW)
        row = articles.by_url(archive.catalog, "https://news.example/2026/river")
        assert row.last_seen - row.first_seen == timedelta(hours=1)


def test_a_url_without_an_outcome_is_due_again_after_a_rebuild(copy):
    log = next((copy.root / "runs").glob("*T08*"))
    lines = log.read_bytes().splitlines(keepends=True)
    extra = json.loads(lines[1]) | {"url": "https://news.example/new"}
    log.write_bytes(b"".join([*lines[:2], json.dumps(extra).encode() + b"\n", *lines[2:]]))
    with open_archive(copy) as archive:
        rebuild(archive, NOW)
        assert frontier.outcome_of(archive.catalog, "https://news.example/new").state == "due"
        assert frontier.outcome_of(archive.catalog, "https://news.example/gone").state == "done"


def test_comparing_finds_no_difference_in_an_archive_as_it_was_written(copy):
    with open_archive(copy) as archive:
        assert check(archive, NOW)[0] == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("DELETE FROM captures WHERE status = 404", ("captures", "missing", ())),
        ("UPDATE captures SET warc_offset = 7 WHERE status = 404", ("captures", "changed", ("warc_offset",))),
        ("UPDATE articles SET headline = 'x' WHERE language = 'zh'", ("articles", "changed", ("headline",))),
        ("UPDATE revisions SET content_hash = 'x' WHERE number = 2", ("revisions", "changed", ("content_hash",))),
        ("UPDATE urls SET outcome_reason = 'x' WHERE url LIKE '%gone'", ("urls", "changed", ("outcome_reason",))),
        ("UPDATE runs SET exit_code = 9 WHERE run_id LIKE '%07-%'", ("runs", "changed", ("exit_code",))),
        ("UPDATE runs SET run_id = 'x' WHERE run_id LIKE '%07-%'", ("runs", "missing", ())),
    ],
)
def test_comparing_finds_what_was_changed_in_the_catalog(copy, statement, expected):
    with sqlite3.connect(copy.root / "catalog.sqlite3") as database:
        database.execute(statement)
    database.close()
    with open_archive(copy) as archive:
        found = check(archive, NOW)[0]
    assert expected in [(one.table, one.kind, one.fields) for one in found]


def test_a_damaged_place_costs_the_capture_in_it_alone_and_is_named(copy):
    with open_archive(copy) as archive:
        before = list(captures.iterate(archive.catalog))
        hit = before[1]
        path = copy.root / hit.warc_file
        data = bytearray(path.read_bytes())
        data[hit.warc_offset + hit.warc_length // 2] ^= 0xFF
        path.write_bytes(data)
        done = rebuild(archive, NOW)
        assert {one.record_id for one in captures.iterate(archive.catalog)} == {
            one.record_id for one in before if one is not hit
        }
    assert f"record at byte {hit.warc_offset}" in done.problems[0]


def test_a_file_that_was_cut_gives_what_is_left_of_it_and_is_named(copy):
    warc = sorted((copy.root / "warc").rglob("*.warc.gz"))[0]
    warc.write_bytes(warc.read_bytes()[:-1300])  # into the last response
    with open_archive(copy) as archive:
        done = rebuild(archive, NOW)
    assert done.captures == 6
    assert done.problems and warc.name in done.problems[0]


def test_recovery_closes_the_file_and_gives_the_catalog_what_it_lacks(tmp_path):
    crash(tmp_path)
    with opened(tmp_path) as archive:
        run = runs.get(archive.catalog, "last")
        with archive.catalog.transaction() as conn:
            conn.exec_driver_sql("DELETE FROM captures WHERE status = 404")
            conn.exec_driver_sql("DELETE FROM revisions")
            conn.exec_driver_sql("DELETE FROM articles")
        opened_file = next((tmp_path / "warc").rglob("*.open"))
        with opened_file.open("ab") as file:
            file.write(opened_file.read_bytes()[:200])
        found = recover(archive, NOW)
        assert (found.captures_added, found.records_added, found.torn_bytes) == (1, 2, 200)
        assert found.runs_closed == (run.run_id,)
        assert archive.store.open_files() == []
        assert articles.count(archive.catalog) == 2
        assert recover(archive, NOW).is_empty


def test_recovery_drops_captures_the_file_does_not_hold(tmp_path):
    crash(tmp_path)
    with opened(tmp_path) as archive:
        path = next((tmp_path / "warc").rglob("*.open"))
        capture = captures.latest(archive.catalog, "https://news.example/logo.png")
        path.write_bytes(path.read_bytes()[: capture.warc_offset + 30])
        found = recover(archive, NOW)
        assert found.captures_dropped == 1
        assert captures.latest(archive.catalog, "https://news.example/logo.png") is None
        assert captures.latest(archive.catalog, "https://news.example/gone") is not None


def test_a_run_that_could_not_tell_the_catalog_that_it_began_is_told_by_the_next(tmp_path):
    """As where the disk was full: its log stood, and the catalog had no room."""
    crash(tmp_path)
    with opened(tmp_path) as archive:
        recover(archive, NOW)
        late = replace(runs.get(archive.catalog, "last"), run_id="2026-11-22T09-00-00-ffff", ended_at=None)
        with RunLog(tmp_path / "runs" / f"{late.run_id}.jsonl") as log:
            log.append(run_line(late))
        assert check(archive, NOW)[0] != []
        assert recover(archive, NOW).runs_closed == (late.run_id,)
        assert check(archive, NOW)[0] == []


def test_an_archive_that_lost_its_catalog_is_not_taken_for_a_new_one(tmp_path):
    """Else a crawl would fetch everything again, and write it down as new."""
    with opened(tmp_path) as archive:
        crawl(archive, [Step("https://news.example/a", page("A", "word " * 60))])
    (tmp_path / "catalog.sqlite3").unlink()
    with pytest.raises(NotFound) as caught:
        open_archive(location(tmp_path), create=True).__enter__()
    assert caught.value.hint == "pressmark db rebuild"
    assert not (tmp_path / "catalog.sqlite3").exists()
    with open_archive(location(tmp_path), renew=True) as archive:
        assert rebuild(archive, NOW).captures == 1
    with open_archive(location(tmp_path), create=True) as archive:
        assert articles.count(archive.catalog) == 1


def test_an_archive_is_found_from_a_folder_inside_it(tmp_path, monkeypatch):
    monkeypatch.delenv("PRESSMARK_DB__URL", raising=False)
    (tmp_path / "pressmark.toml").write_text('[archive]\nname = "daily"\ndir = "kept"\n')
    inside = tmp_path / "warc" / "2026"
    inside.mkdir(parents=True)
    found = locate(inside)
    assert (found.name, found.root) == ("daily", (tmp_path / "kept").resolve())
    assert found.db_url == f"sqlite:///{found.root / 'catalog.sqlite3'}"
    monkeypatch.setenv("PRESSMARK_DB__URL", "postgresql://h/news")
    assert locate(inside).db_url == "postgresql://h/news"
    (tmp_path / "pressmark.toml").write_text('\ufeff[archive]\nname = "weekly"\n', "utf-8")
    assert locate(inside).name == "weekly"
    (tmp_path / "pressmark.toml").write_text('[archive]\nname = "daily"\nname = "weekly"\n')
    with pytest.raises(ConfigError) as error:
        locate(inside)
    assert error.value.context == ('pressmark.toml:3: "name" is set twice in this table',)


def test_no_archive_is_an_error_with_a_way_out(tmp_path):
    with pytest.raises(NotFound) as error:
        locate(tmp_path)
    assert "pressmark init" in error.value.hint


def test_a_catalog_of_another_kind_gives_the_same_answers(copy, postgres_database):
    with open_archive(copy) as archive:
        before = contents(archive)
        catalog = open_catalog(postgres_database)
        try:
            other = replace(archive, catalog=catalog, sources={"news": Source("news", "feed", ())})
            rebuild(other, NOW)
            assert contents(other) == before
        finally:
            catalog.close()


def test_a_page_read_twice_after_a_crash_is_still_one_revision(tmp_path):
    step = [Step("https://news.example/a", page("A", "word " * 60))]
    with opened(tmp_path) as archive:
        crawl(archive, step)
        records = next((tmp_path / "records").rglob("*.jsonl"))
        records.write_bytes(records.read_bytes() * 2)  # written again because the catalog did not know
        rebuild(archive, NOW)
        row = articles.list_articles(archive.catalog)[0]
        assert len(revisions.revisions_of(archive.catalog, row.article_id)) == 1


def test_two_archives_of_one_catalog_are_rebuilt_and_read_together(tmp_path):
    first, second = tmp_path / "one", tmp_path / "two"
    first.mkdir()
    second.mkdir()
    with opened(first) as archive:
        crawl(archive, [Step("https://news.example/a", page("A", "word " * 60))])
        other = replace(archive, name="two", root=second, store=LocalStore(second))
        crawl(other, [Step("https://news.example/b", page("B", "term " * 60))], START + timedelta(hours=1))
        before = contents(archive)
        assert check(archive, NOW)[0] == []
        rebuild(archive, NOW)
        assert contents(archive) == before
        capture = captures.latest(archive.catalog, "https://news.example/b")
        assert read_capture(job_of(archive, capture, ReadingRules())).extraction.article.headline == "B"
        shutil.rmtree(second)
        with pytest.raises(NotFound, match='"two"'):
            rebuild(archive, NOW)
        assert contents(archive) == before
        assert rebuild(archive, NOW, partial=True).problems == []  # it was asked to forget them
        assert articles.count(archive.catalog) == 1


def renamed(root: Path, name: str) -> ArchiveLocation:
    """The folder under another name, as its files alone tell where it is: the name is the folder's."""
    place = root.rename(root.with_name(name))
    return replace(location(place), name=name)


def test_an_archive_whose_folder_was_renamed_finds_its_files(tmp_path):
    (tmp_path / "news").mkdir()
    with opened(tmp_path / "news") as archive:
        crawl(archive, [Step("https://news.example/a", page("A", "word " * 60))])
    with open_archive(renamed(tmp_path / "news", "paper")) as archive:
        capture = captures.latest(archive.catalog, "https://news.example/a")
        assert read_capture(job_of(archive, capture, ReadingRules())).extraction.article.headline == "A"
        assert check(archive, NOW)[0] == []
        crawl(archive, [Step("https://news.example/b", page("B", "term " * 60))], START + timedelta(hours=1))
    with open_archive(renamed(tmp_path / "paper", "gazette")) as archive:
        assert check(archive, NOW)[0] == []
        assert rebuild(archive, NOW).captures == 2


def test_a_copy_of_an_archive_is_of_itself_while_the_original_goes_on(tmp_path):
    (tmp_path / "news").mkdir()
    with opened(tmp_path / "news") as archive:
        crawl(archive, [Step("https://news.example/a", page("A", "word " * 60))])
    shutil.copytree(tmp_path / "news", tmp_path / "copy")
    with opened(tmp_path / "news") as archive:
        crawl(archive, [Step("https://news.example/b", page("B", "term " * 60))], START + timedelta(hours=1))
    with open_archive(replace(location(tmp_path / "copy"), name="copy")) as archive:
        assert check(archive, NOW)[0] == []
        assert rebuild(archive, NOW).captures == 1


def test_a_catalog_that_took_a_renamed_folder_for_another_archive_is_made_right_by_a_rebuild(tmp_path):
    (tmp_path / "news").mkdir()
    with opened(tmp_path / "news") as archive:
        crawl(archive, [Step("https://news.example/a", page("A", "word " * 60))])
    moved = renamed(tmp_path / "news", "paper")
    with open_archive(moved) as archive, archive.catalog.transaction() as conn:
        archives.register(conn, "paper", str(moved.root), NOW)
    with open_archive(moved) as archive:
        assert check(archive, NOW)[0] != []
        rebuild(archive, NOW)
        assert check(archive, NOW)[0] == []
        assert archives.roots(archive.catalog) == {"paper": str(moved.root)}


def test_an_archive_elsewhere_is_not_taken_for_one_whose_files_lie_here(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two" / "warc").mkdir(parents=True)
    with opened(tmp_path / "one") as archive:
        crawl(archive, [Step("https://news.example/a", page("A", "word " * 60))])
    (tmp_path / "one" / "warc").rename(tmp_path / "kept")  # as on another machine: the folder is not there
    shutil.move(tmp_path / "one" / "catalog.sqlite3", tmp_path / "two" / "catalog.sqlite3")
    shutil.rmtree(tmp_path / "one")
    with open_archive(replace(location(tmp_path / "two"), name="two")) as archive:
        assert archive.name == "two"


@pytest.mark.services
def test_two_archives_of_one_name_are_not_taken_for_one(tmp_path, postgres_database):
    """As two machines have them that share a catalog: each at a folder called news."""
    for place in ("vega", "deneb"):
        (tmp_path / place / "news").mkdir(parents=True)
    first, second = (
        replace(location(tmp_path / place / "news"), db_url=postgres_database) for place in ("vega", "deneb")
    )
    with open_archive(first, create=True) as archive:
        crawl(archive, [Step("https://news.example/a", page("A", "word " * 60))])
    with pytest.raises(UsageError, match=f'another archive "news", in {first.root}') as caught:
        open_archive(second, create=True).__enter__()
    with open_archive(second) as archive, pytest.raises(UsageError, match="another archive"):
        check(archive, NOW)
    assert "under [archive] in pressmark.toml" in (caught.value.hint or "")
    with open_archive(replace(second, name="deneb"), create=True) as archive:
        crawl(archive, [Step("https://news.example/b", page("B", "term " * 60))], START + timedelta(hours=1))
        assert check(archive, NOW)[0] == []
    with open_archive(first, create=True) as archive:
        assert check(archive, NOW)[0] == []


@pytest.mark.services
def test_two_machines_with_one_folder_are_told_apart_by_their_files(tmp_path, postgres_database):
    """Two machines have their archives at the same place; on one machine they are there in turn."""
    place, away = tmp_path / "news", tmp_path / "elsewhere"
    here = replace(location(place), db_url=postgres_database)
    place.mkdir()
    with open_archive(here, create=True) as archive:
        crawl(archive, [Step("https://news.example/a", page("A", "word " * 60))])
    place.rename(away)
    place.mkdir()
    for asked in ({"create": True}, {"renew": True}):
        with pytest.raises(
            UsageError, match=f'another archive "news", in {place} of .*, whose files are not'
        ) as caught:
            open_archive(here, **asked).__enter__()
    assert caught.value.context[0].startswith("the last: warc/2026/11/22/news-")
    with open_archive(replace(here, name="second"), create=True) as archive:  # as the hint says
        crawl(archive, [Step("https://news.example/b", page("B", "term " * 60))], START + timedelta(hours=1))
        assert archive.name == "second"
        with pytest.raises(NotFound, match='also describes "news", whose files are not here'):
            rebuild(archive, NOW)
    place.rename(tmp_path / "second")
    away.rename(place)
    other = pytest.raises(NotFound, match='also describes "second", whose files are not here')
    with open_archive(here, create=True) as archive, other:  # the first one is known as ever
        check(archive, NOW)  # what the other machine has is no difference
    shutil.rmtree(place / "warc")  # a backup was restored that knew nothing of the last file
    with pytest.raises(UsageError, match="another archive"):
        open_archive(here, renew=True).__enter__()
    with open_archive(here, renew=True, forget=True) as archive:
        assert rebuild(archive, NOW, partial=True).captures == 0
    with open_archive(here, create=True):
        pass
