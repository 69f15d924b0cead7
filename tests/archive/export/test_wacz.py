"""A WACZ holds the WARC files as they are, an index that finds every capture, and every page with its text."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from archive.catalog import captures
from archive.catalog.articles import ArticleQuery
from archive.errors import UsageError
from archive.export import Dataset, Options, export, manifest_path
from archive.warc.cdxj import parse_cdxj
from archive.warc.reader import read_exchange_block
from tests.archive import small_archive
from tests.archive.warc_samples import NOON


def written(archive: Archive, out: Path, **query: Any) -> tuple[Dataset, zipfile.ZipFile]:
    done = export(archive, out, ArticleQuery(**{"limit": None} | query), NOON, dedup="none")
    return done, zipfile.ZipFile(out)


@pytest.fixture
def wacz(tmp_path: Path) -> Any:
    place = small_archive.build(tmp_path / "news")
    with small_archive.opened(place.root) as archive:
        done, zipped = written(archive, tmp_path / "news.wacz")
        yield archive, done, zipped


def lines(zipped: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in zipped.read(name).splitlines()]


def test_the_package_names_every_file_with_its_digest(wacz: Any) -> None:
    _, done, zipped = wacz
    package = json.loads(zipped.read("datapackage.json"))
    assert package["profile"] == "data-package" and package["wacz_version"] == "1.1.1"
    named = {one["path"]: one for one in package["resources"]}
    assert set(named) | {"datapackage.json", "datapackage-digest.json"} == set(zipped.namelist())
    assert all(re.fullmatch(r"[-a-z0-9._/]+", one["name"]) for one in named.values())  # the standard's grammar
    for path, one in named.items():
        content = zipped.read(path)
        assert one["hash"] == "sha256:" + hashlib.sha256(content).hexdigest() and one["bytes"] == len(content)
    digest = json.loads(zipped.read("datapackage-digest.json"))
    assert digest["hash"] == "sha256:" + hashlib.sha256(zipped.read("datapackage.json")).hexdigest()
    assert all(info.compress_type == zipfile.ZIP_STORED for info in zipped.infolist())
    assert done.sha256 == hashlib.sha256(Path(done.path).read_bytes()).hexdigest() and done.warc_files == 2
    assert json.loads(manifest_path(Path(done.path)).read_text())["files"][0]["format"] == "wacz"


def test_warc_files_are_as_they_are_in_the_archive(wacz: Any) -> None:
    archive, _, zipped = wacz
    for name in archive.store.warc_files():
        assert zipped.read("archive/" + Path(name).name) == archive.store.path(name).read_bytes()


def test_every_capture_is_found_by_the_index(wacz: Any, tmp_path: Path) -> None:
    archive, _, zipped = wacz
    packed = zipped.read("indexes/index.cdx.gz")
    content = gzip.decompress(packed).decode()
    found = [parse_cdxj(line) for line in content.splitlines()]
    assert content.splitlines() == sorted(content.splitlines())
    assert {(one.url, one.offset) for one in found} == {
        (one.target_uri, one.warc_offset) for one in captures.iterate(archive.catalog)
    }
    zipped.extractall(tmp_path / "out")
    for one in found:
        assert read_exchange_block(tmp_path / "out/archive" / one.filename, one.offset).record.target_uri == one.url
    first, *places = zipped.read("indexes/index.idx").decode().splitlines()
    assert json.loads(first.removeprefix("!meta "))["filename"] == "index.cdx.gz"
    for place in places:
        where = json.loads(place.split(" ", 2)[2])
        part = packed[where["offset"] : where["offset"] + where["length"]]
        assert gzip.decompress(part).decode().startswith(" ".join(place.split(" ")[:2]))


def test_every_article_is_a_page_with_its_text(wacz: Any) -> None:
    archive, done, zipped = wacz
    head, *pages = lines(zipped, "pages/pages.jsonl")
    assert head["format"] == "json-pages-1.0" and head["hasText"] is True
    assert done.records == len(pages) == 2 and done.left_out == 0
    for page in pages:
        capture = captures.latest(archive.catalog, page["url"])
        times = [one.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ") for one in captures.of_url(archive.catalog, page["url"])]
        assert page["ts"] in times and capture is not None
    assert any("六" not in page["text"] and "长江" in page["text"] for page in pages)
    assert any("six million" in page["text"] for page in pages)


def test_a_query_takes_the_files_that_hold_its_pages_and_what_they_refer_to(tmp_path: Path) -> None:
    place = small_archive.build(tmp_path / "news")
    with small_archive.opened(place.root) as archive:
        first, second = archive.store.warc_files()
        done, zipped = written(archive, tmp_path / "zh.wacz", language="zh")
        assert done.warc_files == 1 and zipped.namelist()[1] == "archive/" + Path(first).name
        done, zipped = written(archive, tmp_path / "en.wacz", language="en")
        assert done.warc_files == 2  # the second holds a revisit of what is in the first
        done, zipped = written(archive, tmp_path / "none.wacz", language="fr")
        assert (done.records, done.warc_files) == (0, 0)
        archive.store.path(second).rename(archive.store.path(second + ".open"))
        done, zipped = written(archive, tmp_path / "open.wacz")
        assert (done.records, done.left_out, done.warc_files) == (1, 1, 1)


def test_a_missing_index_is_made_from_the_file(tmp_path: Path) -> None:
    place = small_archive.build(tmp_path / "news")
    with small_archive.opened(place.root) as archive:
        index = archive.store.path(archive.store.cdxj_path_of(archive.store.warc_files()[0]))
        before = index.read_bytes()
        index.unlink()
        written(archive, tmp_path / "news.wacz")
        assert index.read_bytes() == before


def test_what_a_wacz_cannot_be_is_said(tmp_path: Path) -> None:
    place = small_archive.build(tmp_path / "news")
    with small_archive.opened(place.root) as archive:
        for out, options in ((Path("-"), Options()), (tmp_path / "x.wacz", Options(("url",)))):
            with pytest.raises(UsageError, match="a WACZ is a zip"):
                export(archive, out, ArticleQuery(), NOON, format_name="wacz", options=options)
    assert not (tmp_path / "x.wacz").exists()
