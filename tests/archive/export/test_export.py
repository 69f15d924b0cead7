"""Exports: every format gives the records back, the manifest names the bytes, and nothing of the user's is lost."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import shutil
from datetime import timedelta

import jsonschema
import pytest

from archive.archive import open_archive
from archive.catalog.articles import ArticleQuery, list_articles, records
from archive.errors import NotWritable, UsageError
from archive.export import Options, export, manifest_path
from archive.export.formats import csv_header
from archive.extract import EXTRACTOR_VERSION
from archive.records.record_shape import json_schema
from archive.times import rfc3339
from tests.archive.small_archive import START, Step, crawl, opened, page

NOW = START + timedelta(days=1)
ALL = ArticleQuery()


def test_json_lines_hold_the_records_and_fit_the_schema(built, tmp_path):
    out = tmp_path / "articles.jsonl"
    with open_archive(built) as archive:
        done = export(archive, out, ALL, NOW)
        kept = list(records(archive.catalog, ALL))
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert lines == kept and done.records == 2
    for line in lines:
        jsonschema.Draft202012Validator(json_schema("article")).validate(line)


def test_an_export_says_how_long_a_text_has_been_seen(built, tmp_path):
    out = tmp_path / "articles.jsonl"
    with open_archive(built) as archive:
        export(archive, out, ArticleQuery(language="zh"), NOW)
        [river] = list_articles(archive.catalog, ArticleQuery(language="zh"))
    [line] = map(json.loads, out.read_text("utf-8").splitlines())
    assert (line["first_seen"], line["last_seen"]) == (rfc3339(river.first_seen), rfc3339(river.last_seen))
    assert line["first_seen"] < line["last_seen"], "an hour later the server said 304"


def test_compressed_lines_are_the_same_and_the_same_bytes_each_time(built, tmp_path):
    with open_archive(built) as archive:
        first = export(archive, tmp_path / "a.jsonl.gz", ALL, NOW)
        second = export(archive, tmp_path / "b.jsonl.gz", ALL, NOW + timedelta(days=1))
        export(archive, tmp_path / "a.jsonl", ALL, NOW)
    assert first.sha256 == second.sha256
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()) == (tmp_path / "a.jsonl").read_bytes()


def test_csv_has_one_column_for_each_part_and_comes_back(built, tmp_path):
    out = tmp_path / "a.csv"
    with open_archive(built) as archive:
        export(archive, out, ALL, NOW, options=Options(bom=True))
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(out.open(encoding="utf-8-sig", newline="")))
    assert list(rows[0]) == csv_header()
    harbour = next(row for row in rows if row["language"] == "en")
    assert harbour["capture.warc_file"].endswith(".warc.gz")
    assert harbour["authors"] == "Anna Berg" and harbour["tags"] == "de; national"
    assert harbour["text"].count("\n") == 4
    assert json.loads(harbour["origins"])["headline"]["value_from"] == "h1"


def test_fields_can_be_chosen_and_a_misspelt_one_is_named(built, tmp_path):
    with open_archive(built) as archive:
        export(archive, tmp_path / "a.jsonl", ALL, NOW, options=Options(("url", "capture.warc_offset")))
        line = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[0])
        assert list(line) == ["url", "capture.warc_offset"]
        with pytest.raises(UsageError) as error:
            export(archive, tmp_path / "b.csv", ALL, NOW, options=Options(("hedline",)))
    assert error.value.hint == 'did you mean "headline"?'
    assert list(tmp_path.glob("*b.csv*")) == []


def test_the_manifest_names_the_bytes(built, tmp_path):
    out = tmp_path / "a.jsonl"
    with open_archive(built) as archive:
        done = export(archive, out, ArticleQuery(source="news"), NOW)
    manifest = json.loads(manifest_path(out).read_text())
    assert manifest["schema"] == "pressmark.dataset/1"
    assert manifest["query"] == {"source": "news"} and manifest["all_revisions"] is False
    assert manifest["extractors"] == {f"pressmark {EXTRACTOR_VERSION} balanced": 2}
    assert manifest["files"] == [
        {
            "name": "a.jsonl",
            "format": "jsonl",
            "records": 2,
            "bytes": out.stat().st_size,
            "sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
        }
    ]
    assert done.sha256 == manifest["files"][0]["sha256"]


def test_the_same_story_under_two_addresses_is_kept_once_unless_asked(tmp_path):
    body = page("Same", "word " * 60)
    (tmp_path / "news").mkdir()
    with opened(tmp_path / "news") as archive:
        crawl(archive, [Step("https://news.example/a", body), Step("https://news.example/b", body)])
        once = export(archive, tmp_path / "once.jsonl", ALL, NOW)
        both = export(archive, tmp_path / "both.jsonl", ALL, NOW, dedup="none")
        crawl(archive, [Step("https://news.example/c", page("Other", "other " * 60))], START + timedelta(hours=2))
        two = export(archive, tmp_path / "two.jsonl", ArticleQuery(limit=2), NOW)
    assert (once.records, once.duplicates, both.records, both.duplicates) == (1, 1, 2, 0)
    assert (two.records, two.duplicates) == (2, 1), "a limit is of what is written"


def test_every_revision_can_be_had(built, tmp_path):
    with open_archive(built) as archive:
        done = export(archive, tmp_path / "a.jsonl", ALL, NOW, all_revisions=True)
    assert done.records == 3
    assert json.loads(manifest_path(tmp_path / "a.jsonl").read_text())["all_revisions"] is True


def test_a_file_of_the_users_is_not_written_over_and_an_export_of_ours_is(built, tmp_path):
    out = tmp_path / "mine.jsonl"
    out.write_text("mine")
    with open_archive(built) as archive:
        with pytest.raises(UsageError, match="is there already"):
            export(archive, out, ALL, NOW)
        assert out.read_text() == "mine"
        export(archive, out, ALL, NOW, force=True)
        export(archive, out, ALL, NOW)
    assert out.read_text() != "mine"


def test_a_link_leads_to_where_the_export_is_written_and_stays(built, tmp_path):
    (tmp_path / "disk").mkdir()
    out = tmp_path / "latest.jsonl"
    out.symlink_to(tmp_path / "disk" / "today.jsonl")
    with open_archive(built) as archive:
        done = export(archive, out, ALL, NOW)
    assert out.is_symlink() and (tmp_path / "disk" / "today.jsonl").stat().st_size == done.size_bytes
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["today.jsonl"]


def test_a_pipe_is_never_replaced_by_a_file(built, tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    with open_archive(built) as archive, pytest.raises(UsageError, match="a device or a pipe") as error:
        export(archive, tmp_path / "pipe.jsonl", ALL, NOW, force=True)
    assert error.value.hint == f"pressmark export - > {tmp_path}/pipe.jsonl"
    assert (tmp_path / "pipe.jsonl").is_fifo()


def test_names_that_are_no_text_or_too_long_are_told_as_such(built, tmp_path):
    odd = tmp_path / "caf\udce9.jsonl"  # a Latin-1 byte, as Python gives it
    with open_archive(built) as archive:
        export(archive, odd, ALL, NOW)
        for letters in (250, 400):
            with pytest.raises(NotWritable, match="File name too long"):
                export(archive, tmp_path / ("x" * letters + ".jsonl"), ALL, NOW)
    assert json.loads(manifest_path(odd).read_text())["files"][0]["name"] == odd.name


def test_a_format_we_lack_is_named_with_those_we_have(built, tmp_path):
    with open_archive(built) as archive:
        with pytest.raises(UsageError) as error:
            export(archive, tmp_path / "a", ALL, NOW, format_name="xml")
        assert error.value.hint == "--format jsonl, jsonl.gz, csv, markdown, tei, wacz"
        for name in ("a.parquet", "a.warc.gz", "a.xlsx"):
            with pytest.raises(UsageError):
                export(archive, tmp_path / name, ALL, NOW)
            assert not (tmp_path / name).exists()
    shutil.rmtree(tmp_path)
