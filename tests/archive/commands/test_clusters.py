"""One agency story in three papers, from the page to `articles --cluster`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archive import cli
from archive.answers.lookup import find_cluster
from archive.archive import Archive
from archive.catalog import near
from archive.catalog.articles import by_url
from archive.catalog.revisions import record_of
from archive.errors import NotFound
from tests.archive.small_archive import HARBOUR, RIVER_ZH, Step, crawl, opened, page


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "news"
    root.mkdir()
    (root / "pressmark.toml").write_text('[archive]\nname = "news"\n')
    copies = [f"BERLIN (dpa) – {HARBOUR}", HARBOUR, f"{HARBOUR}\n© dpa 2026"]
    steps = [Step(f"https://news.example/{n}", page(f"Harbour {n}", text)) for n, text in enumerate(copies)]
    steps.append(Step("https://news.example/zh", page("长江", RIVER_ZH, lang="zh")))
    with opened(root) as archive:
        crawl(archive, steps)
    return root


def test_copies_are_kept_and_shown_as_one_story(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert cli.main(["articles", "--json"]) == 0
    rows = {row["url"].rpartition("/")[2]: row for row in json.loads(capfd.readouterr().out)}
    assert len(rows) == 4 and rows["zh"]["cluster"] is None
    [cluster] = {rows[name]["cluster"] for name in "012"}
    for asked in (cluster, rows["1"]["id"], rows["2"]["url"]):
        assert cli.main(["articles", "--cluster", asked, "--json"]) == 0
        assert {row["id"] for row in json.loads(capfd.readouterr().out)} == {rows[name]["id"] for name in "012"}
    assert cli.main(["articles", "--cluster", cluster]) == 0
    said = "".join(capfd.readouterr())
    assert f"{cluster}: 3 articles that say the same" in said
    assert "probably from dpa: 1 of 3 articles credit dpa" in said


def test_a_record_names_the_article_that_said_it_before(folder: Path) -> None:
    with opened(folder) as archive:
        url = "https://news.example/"
        first, second, third = (record_of(archive.catalog, near_id(archive, f"{url}{n}")) for n in range(3))
        assert first is not None and second is not None and third is not None
        assert [one["duplicate_of"] for one in (first, second, third)] == [None, first["id"], first["id"]]


def test_what_nobody_else_says_is_no_cluster(folder: Path) -> None:
    with opened(folder) as archive:
        with pytest.raises(NotFound, match="nothing else says what"):
            find_cluster(archive, "https://news.example/zh")
        with pytest.raises(NotFound, match='no cluster "c_none"'):
            find_cluster(archive, "c_none")
        assert near.counted(archive.catalog) == (1, 3)


def near_id(archive: Archive, url: str) -> str:

    row = by_url(archive.catalog, url)
    assert row is not None
    return row.article_id
