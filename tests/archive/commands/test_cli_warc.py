"""The commands about WARC files, as someone types them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from archive.folder.location import ArchiveLocation
from archive.warc.reader import iter_records
from tests.archive import small_archive
from tests.archive.conftest import Run
from tests.archive.warc_samples import closed_file, exchange, head


@pytest.fixture
def built(tmp_path: Path) -> ArchiveLocation:
    root = tmp_path / "news"
    root.mkdir()
    return small_archive.build_configured(root)


def first_file(built: ArchiveLocation) -> Path:
    return sorted((built.root / "warc").rglob("*.warc.gz"))[0]


def test_repair_says_what_it_left_out(run: Run, built: ArchiveLocation) -> None:
    file = first_file(built)
    file.write_bytes(file.read_bytes()[:-20])
    code, out, err = run("warc", "repair", file.name, "-o", "fixed.warc.gz")
    assert code == 0 and "record cut off" in out and "1 place left out" in out and "16 records → fixed.warc.gz" in out
    assert "Next:  pressmark warc verify fixed.warc.gz" in err
    code, out, err = run("warc", "repair", file.name, "-o", "fixed.warc.gz", "--json")
    assert code == 2 and json.loads(err)["message"] == "fixed.warc.gz is there already"
    rows = json.loads(run("warc", "repair", file.name, "-o", "again.warc.gz", "--json")[1])
    assert [row["action"] for row in rows] == ["left out"]


def test_audit_finds_nothing_in_ours_and_names_what_it_finds(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("warc", "audit")
    assert code == 0 and "2 files audited: 25 records, 0 findings" in out
    (tmp_path / "theirs.warc").write_bytes(
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:x:1>\r\nWARC-Date: 2026-11-22T12:00:00Z\r\n"
        b"Content-Type: application/http\r\nContent-Length: 25\r\n\r\nHTTP/1.0 200\r\nX: b'y'\r\n\r\n\r\n\r\n"
    )
    code, out, err = run("warc", "audit", str(tmp_path / "theirs.warc"), "--json")
    assert code == 7 and {row["code"] for row in json.loads(out)} == {
        "no-warcinfo", "header-repr", "forged-status-line", "no-requests",
    }  # fmt: skip
    assert "theirs.warc" in json.loads(err)["message"]


def test_view_shows_the_capture_nearest_to_a_time(run: Run) -> None:
    url = "https://news.example/2026/harbour"
    code, out, err = run("warc", "view", url)
    assert code == 0 and "2026-11-22T08:20:12Z · response · 200 · text/html" in out and "2 captures of it" in out
    assert f"pressmark warc view {url} -p" in err
    assert run("warc", "view", url, "-p")[1].encode() == small_archive.SECOND[0].body
    assert run("warc", "view", url, "--at", "2026-11-22T07:30", "-p")[1].encode() == small_archive.FIRST[0].body
    assert run("warc", "view", "news.example/2026/harbour", "--at", "20261122074900", "-P")[1].count("four") == 1
    row = json.loads(run("warc", "view", url, "--at", "2026-11-22", "--json")[1])
    assert row["warc_offset"] > 0 and row["status"] == 200 and len(row["captures"]) == 2


def test_view_of_a_revisit_shows_the_payload_it_stands_for(run: Run) -> None:
    url = "https://news.example/2026/river"
    assert "revisit · 304" in run("warc", "view", url)[1]
    assert run("warc", "view", url, "-p")[1].encode() == small_archive.FIRST[1].body


def test_view_says_what_is_not_there(run: Run) -> None:
    code, _, err = run("warc", "view", "https://news.example/none")
    assert code == 5 and "no capture of https://news.example/none" in err
    assert run("warc", "view", "https://news.example/2026/river", "--at", "soon")[0] == 2
    assert run("warc", "view", "https://news.example/2026/river", "-p", "-P")[0] == 2


def test_an_inventory_lists_every_record_of_the_archive(run: Run, built: ArchiveLocation) -> None:
    rows = list(csv.DictReader(io.StringIO(run("warc", "ls", "--csv")[1])))
    files = sorted((built.root / "warc").rglob("*.warc.gz"))
    assert len(rows) == 25 and {row["file"] for row in rows} == {file.name for file in files}
    files[0].write_bytes(files[0].read_bytes()[:-20])
    code, out, err = run("warc", "ls", "--csv")
    assert code == 7 and len(list(csv.DictReader(io.StringIO(out)))) == 24 and files[0].name in err


def test_an_inventory_by_file_says_what_is_in_each(run: Run, built: ArchiveLocation) -> None:
    assert run("warc", "ls", "--files")[0] == 0
    rows = list(csv.DictReader(io.StringIO(run("warc", "ls", "--files", "--csv")[1])))
    files = sorted((built.root / "warc").rglob("*.warc.gz"))
    assert [row["file"] for row in rows] == [file.name for file in files]
    assert [(row["records"], row["responses"], row["revisits"], row["hosts"]) for row in rows] == [
        ("17", "5", "0", "1"), ("8", "1", "1", "1"),
    ]  # fmt: skip
    assert [row["sha256"] for row in rows] == [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    assert rows[0]["first"] == "2026-11-22T07:20:12Z" and rows[0]["software"] == "pressmark/0.1"
    assert run("warc", "ls", "--files", "--type", "response")[0] == 2
    files[0].write_bytes(files[0].read_bytes()[:-20])
    code, out, err = run("warc", "ls", "--files", "--csv")
    assert code == 7 and "cut off" in out and files[0].name in err


def test_seals_are_made_and_compared(run: Run, built: ArchiveLocation) -> None:
    code, out, err = run("warc", "verify", "--seals")
    assert code == 0 and "0 seals compared" in out and "2 closed files without a seal" in err
    rows = json.loads(run("warc", "seal", "--json")[1])
    assert [row["records"] for row in rows] == [17, 8]
    assert "nothing to seal" in run("warc", "seal")[1]
    head = "sha256:" + rows[-1]["chain"]
    code, out, _ = run("warc", "verify", "--seals", "--head", head)
    assert code == 0 and "2 seals compared: 25 records" in out and head in out
    code, _, err = run("warc", "verify", "--seals", "--head", "sha256:00")
    assert code == 7 and "removed or made anew" in err
    file = first_file(built)
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    code, out, err = run("warc", "verify", "--seals", "--json")
    assert code == 7 and [row["code"] for row in json.loads(out)] == ["changed-bytes"] and file.name in err
    assert run("warc", "verify", "--seals", file.name)[0] == 2
    assert run("warc", "verify", "--head", "x")[0] == 2


def test_a_damaged_file_is_not_sealed_and_the_others_are(run: Run, built: ArchiveLocation) -> None:
    file = first_file(built)
    last = list(iter_records(file))[-1]
    file.write_bytes(file.read_bytes()[: last.offset])  # between two records, where gzip sees nothing
    code, out, err = run("warc", "seal")
    assert code == 7 and "1 file sealed" in out and file.name in err and "pressmark warc repair" in err


def test_import_says_what_became_of_each_file(run: Run, built: ArchiveLocation, tmp_path: Path) -> None:
    other = closed_file(tmp_path, exchange(head() + b"other", target_uri="https://other.example/a"))
    code, out, err = run("warc", "import", str(other))
    assert code == 0 and "1 file imported: 1 new capture" in out and "copied" in out
    assert "Next:  pressmark warc audit warc/" in err
    assert run("warc", "view", "https://other.example/a", "-p")[1] == "other"
    rows = json.loads(run("warc", "import", str(other), "--json")[1])
    assert [(row["how"], row["captures"]) for row in rows] == [("already there", 0)]
    (tmp_path / "cut.warc.gz").write_bytes(other.read_bytes()[:-5])
    code, out, err = run("warc", "import", str(other), str(tmp_path / "cut.warc.gz"))
    assert code == 7 and "already there" in out and "pressmark warc repair" in err
    assert run("warc", "verify")[0] == 0
    code, _, err = run("warc", "import", str(other), "--read")
    assert code == 0 and "1 page read: 1 skipped" in err and "import" in run("run", "show", "last")[1]


def test_records_behind_a_damaged_place_are_listed_and_the_way_out_is_named(run: Run, built: ArchiveLocation) -> None:
    file = first_file(built)
    records = list(iter_records(file))
    data = bytearray(file.read_bytes())
    data[records[3].offset + records[3].length // 2] ^= 0xFF
    file.write_bytes(data)
    code, out, err = run("warc", "ls", file.name, "--json")
    assert code == 7 and f"record at byte {records[3].offset}" in err
    left = [record.offset for record in records if record.offset != records[3].offset]
    assert [row["offset"] for row in json.loads(out)] == left
    code, out, err = run("warc", "verify", file.name)
    assert (
        code == 7 and f"hint: pressmark warc repair {file}" in err and f"{len(left)} records of it can be read" in err
    )


@pytest.mark.parametrize("command", ["ls", "verify"])
def test_a_folder_stands_for_the_files_below_it(run: Run, built: ArchiveLocation, tmp_path: Path, command: str) -> None:
    by_name = run("warc", command, *(str(path) for path in sorted((built.root / "warc").rglob("*.warc.gz"))), "--json")
    assert run("warc", command, str(built.root / "warc"), "--json") == by_name
    (tmp_path / "none").mkdir()
    code, _, err = run("warc", command, str(tmp_path / "none"))
    assert code == 5 and "no WARC files in" in err


def test_an_import_says_why_pages_were_left_out_and_so_does_why(
    run: Run, built: ArchiveLocation, tmp_path: Path
) -> None:
    (tmp_path / "theirs").mkdir()
    closed_file(tmp_path / "theirs", exchange(head() + b"other", target_uri="https://other.example/a"))
    code, _, err = run("warc", "import", str(tmp_path / "theirs"))
    assert code == 0 and f"pressmark warc import {tmp_path / 'theirs'} --read" in err
    code, _, err = run("warc", "import", str(tmp_path / "theirs"), "--read")
    assert code == 0 and "  skipped  1 " in err
    reason = err.split("  skipped  1 ")[1].splitlines()[0].replace(" ", "_")
    assert f"read now    skipped {reason}" in run("why", "https://other.example/a")[1]
    assert json.loads(run("why", "https://other.example/a", "--json")[1])["would_be"]["reason"] == reason


def test_verify_shows_on_a_terminal_how_far_it_is(built: ArchiveLocation) -> None:
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "archive.cli", "warc", "verify"]
    done = subprocess.run(command, cwd=built.root, stdout=subprocess.PIPE, stderr=terminal, env=_env())
    shown = os.read(screen, 10_000).decode()
    assert done.returncode == 0 and "verified" in done.stdout.decode()
    assert "2 of 2 files, " in shown and shown.rstrip().endswith("\x1b[K")


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}


def test_export_of_a_wacz_says_what_is_in_it(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("export", str(tmp_path / "news.wacz"))
    assert code == 0 and "2 articles" in out and "2 WARC files, WACZ 1.1.1" in out
    code, _, err = run("export", str(tmp_path / "x.wacz"), "--fields", "url")
    assert code == 2 and "a WACZ is a zip" in err
