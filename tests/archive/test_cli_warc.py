"""The commands about WARC files, as someone types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from archive import cli
from archive.archive import ArchiveLocation
from tests.archive import small_archive

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def built(tmp_path: Path) -> ArchiveLocation:
    root = tmp_path / "news"
    root.mkdir()
    (root / "pressmark.toml").write_text('[archive]\nname = "news"\n')
    return small_archive.build(root)


@pytest.fixture
def run(built: ArchiveLocation, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(built.root)
    monkeypatch.delenv("PRESSMARK_DB__URL", raising=False)

    def type_(*words: str) -> tuple[int, str, str]:
        code = cli.main(words)
        out, err = capfd.readouterr()
        return code, out, err

    return type_


def first_file(built: ArchiveLocation) -> Path:
    return sorted((built.root / "warc").rglob("*.warc.gz"))[0]


def test_repair_says_what_it_left_out(run: Run, built: ArchiveLocation) -> None:
    file = first_file(built)
    file.write_bytes(file.read_bytes()[:-20])
    code, out, err = run("warc", "repair", file.name, "-o", "fixed.warc.gz")
    assert code == 0 and "record cut off" in out and "1 place left out" in out and "15 records → fixed.warc.gz" in out
    assert "Next:  pressmark warc verify fixed.warc.gz" in err
    code, out, err = run("warc", "repair", file.name, "-o", "fixed.warc.gz", "--json")
    assert code == 2 and json.loads(err)["message"] == "fixed.warc.gz is there already"
    rows = json.loads(run("warc", "repair", file.name, "-o", "again.warc.gz", "--json")[1])
    assert [row["action"] for row in rows] == ["left out"]


def test_audit_finds_nothing_in_ours_and_names_what_it_finds(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("warc", "audit")
    assert code == 0 and "2 files audited: 23 records, 0 findings" in out
    (tmp_path / "theirs.warc").write_bytes(
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:x:1>\r\nWARC-Date: 2026-11-22T12:00:00Z\r\n"
        b"Content-Type: application/http\r\nContent-Length: 25\r\n\r\nHTTP/1.0 200\r\nX: b'y'\r\n\r\n\r\n\r\n"
    )
    code, out, err = run("warc", "audit", str(tmp_path / "theirs.warc"), "--json")
    assert code == 7 and {row["code"] for row in json.loads(out)} == {
        "no-warcinfo", "header-repr", "forged-status-line", "no-requests",
    }  # fmt: skip
    assert "theirs.warc" in json.loads(err)["message"]
