"""ARC files, made here byte by byte: what is in them comes into the archive, and nothing of them is lost."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.answers.replay import view
from archive.archive import Archive
from archive.catalog import captures
from archive.catalog.articles import ArticleQuery
from archive.custody.audit import audit
from archive.custody.imports import Imported, import_files
from archive.custody.verify import check_file
from archive.errors import WarcDamaged
from archive.export import export
from archive.recovery.rebuild import check
from archive.warc.arc import documents
from archive.warc.reader import Record, iter_records
from archive.warc.records import parse_warc_fields
from tests.archive import small_archive
from tests.archive.warc_samples import NOON, chunked, head

PAGE = small_archive.page("Bridge closed", small_archive.HARBOUR.replace("harbour", "bridge"))
HTML = head("200 OK", "Content-Type: text/html; charset=utf-8", f"Content-Length: {len(PAGE)}") + PAGE
FRAMED = head("200 OK", "Content-Type: text/html", "Transfer-Encoding: chunked") + chunked(PAGE)
FIELDS_1 = b"URL IP-address Archive-date Content-type Archive-length"
FIELDS_2 = b"URL IP-address Archive-date Content-type Result-code Checksum Location Offset Filename Archive-length"
META = b'<?xml version="1.0"?>\n<arcmetadata><arc:software>Heritrix 1.14.4</arc:software></arcmetadata>\n'

VERSION_1 = b"1 1 InternetArchive\n" + FIELDS_1 + b"\n" + META
VERSION_2 = b"2 0 Example\n" + FIELDS_2 + b"\n"
OLD: list[tuple[bytes, bytes]] = [
    (b"filedesc://old.arc 0.0.0.0 20081120100000 text/plain", VERSION_1),
    (b"dns:other.example 192.0.2.9 20081120100001 text/dns", b"20081120100001\nother.example. 60 IN A 192.0.2.7\n"),
    (b"http://other.example/robots.txt 192.0.2.7 20081120100002 text/plain", head("404 Not Found") + b"no"),
    (b"http://other.example/story 192.0.2.7 20081120100003 text/html", HTML),
    (b"http://other.example/framed 192.0.2.7 20081120100004 text/html", FRAMED),
    (b"http://other.example/a b?q=M\xfcnchen 0.0.0.0 20081120100005 text/html; charset=latin-1", HTML),
    (b"http://other.example/nothing 192.0.2.7 200811201045 no-type", b""),
]
NEW: list[tuple[bytes, bytes]] = [
    (b"filedesc://new.arc 0.0.0.0 20081120100000 text/plain 200 - - 0 new.arc", VERSION_2),
    (b"http://other.example/story 192.0.2.7 20081120100003 text/html 200 1f3a - 209 new.arc", HTML),
]


def arc(kept: Sequence[tuple[bytes, bytes]], packed: bool = False) -> bytes:
    """The file: each document is its line with the length, its bytes, and a line end."""
    whole = [line + b" %d\n" % len(block) + block + b"\n" for line, block in kept]
    return b"".join(gzip.compress(one, mtime=0) if packed else one for one in whole)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    (tmp_path / "news").mkdir()
    with small_archive.opened(small_archive.build(tmp_path / "news").root) as opened:
        yield opened


def written(tmp_path: Path, kept: Sequence[tuple[bytes, bytes]] = OLD, name: str = "old.arc.gz") -> Path:
    (tmp_path / name).write_bytes(arc(kept, packed=name.endswith(".gz")))
    return tmp_path / name


def imported(archive: Archive, path: Path, link: bool = False) -> tuple[Imported, list[Record]]:
    (one,) = import_files(archive, [path], NOON, link=link)
    return one, list(iter_records(archive.store.path(one.warc_file)))


@pytest.mark.parametrize("name", ["old.arc", "old.arc.gz"])
def test_an_arc_file_becomes_a_warc_file_and_stays_beside_it(archive: Archive, tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name=name)
    one, records = imported(archive, path)
    assert (one.warc_file, one.how, one.captures) == ("warc/2026/11/22/old.warc.gz", "converted", 5)
    kept = archive.store.path("warc/2026/11/22/" + name)
    assert kept.read_bytes() == path.read_bytes() and not kept.samefile(path)
    info = dict(parse_warc_fields(records[0].block))
    assert info["convertedFrom"] == name and info["arcVersion"] == "1 1 InternetArchive"
    assert info["convertedFromSha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    report = check_file(archive.store.path(one.warc_file))
    assert report.problems == () and report.records == len(OLD) + 1


def test_the_documents_are_found_shown_and_exported_like_our_own(archive: Archive, tmp_path: Path) -> None:
    imported(archive, written(tmp_path))
    for url in ("http://other.example/story", "http://other.example/framed", "http://other.example/a b?q=München"):
        found = view(archive, url)
        assert found.body == PAGE and found.capture.status == 200 and found.has_body, url
    assert view(archive, "http://other.example/story").capture.fetched_at.isoformat() == "2008-11-20T10:00:03+00:00"
    assert check(archive, NOON)[0] == []  # a rebuild would give the same catalog
    assert export(archive, tmp_path / "all.wacz", ArticleQuery(), NOON).warc_files == 3


@pytest.mark.parametrize(
    ("kept", "name"), [(OLD, "old.arc"), (OLD, "old.arc.gz"), (NEW, "new.arc"), (NEW, "new.arc.gz")]
)
def test_the_arc_file_can_be_made_again_from_the_warc_file(
    archive: Archive, tmp_path: Path, kept: list[tuple[bytes, bytes]], name: str
) -> None:
    path = written(tmp_path, kept, name)
    _, records = imported(archive, path)
    again = [
        (record.value("ARC-Header-Line") or "").encode("utf-8" if index != 6 or kept is NEW else "latin-1")
        + b"\n"
        + record.block
        for index, record in enumerate(records)
        if index
    ]
    whole = path.read_bytes()
    assert b"\n".join(again) + b"\n" == (gzip.decompress(whole) if name.endswith(".gz") else whole)


def test_warcio_reads_the_same_documents_from_the_arc_as_from_our_warc(archive: Archive, tmp_path: Path) -> None:
    kept = [one for one in OLD if b" b?" not in one[0] and b"/nothing" not in one[0]]  # it takes neither
    path = written(tmp_path, kept)
    one, _ = imported(archive, path)

    def said(file: Path) -> list[tuple[str, str, bytes]]:
        with file.open("rb") as stream:
            return [
                (record.rec_headers.get_header("WARC-Target-URI"), record.rec_headers.get_header("WARC-Date"),
                 record.content_stream().read())
                for record in ArchiveIterator(stream, arc2warc=True)
                if record.rec_type in ("response", "resource") and "filedesc" not in record.rec_headers.get_header("WARC-Target-URI")
            ]  # fmt: skip

    theirs, ours = said(path), said(archive.store.path(one.warc_file))
    assert [one[0] for one in ours] == [one[0] for one in theirs] and len(ours) == len(kept) - 1
    assert [one[2] for one in ours] == [one[2] for one in theirs]


def test_what_is_no_http_is_a_resource_with_its_own_type(archive: Archive, tmp_path: Path) -> None:
    _, records = imported(archive, written(tmp_path))
    kinds = [(record.warc_type, record.value("Content-Type")) for record in records[1:4]]
    assert kinds == [
        ("resource", "text/plain"), ("resource", "text/dns"), ("response", "application/http; msgtype=response"),
    ]  # fmt: skip
    assert [record.value("WARC-IP-Address") for record in records[5:7]] == ["192.0.2.7", None]
    assert records[7].value("WARC-Date") == "2008-11-20T10:45:00Z" and records[7].block == b""


def test_the_same_arc_file_always_gives_the_same_records(archive: Archive, tmp_path: Path) -> None:
    path = written(tmp_path)
    first, records = imported(archive, path)
    again, _ = imported(archive, path)
    assert (again.how, again.captures, again.warc_file) == ("already there", 0, first.warc_file)
    (tmp_path / "other").mkdir()
    with small_archive.opened(tmp_path / "other") as other:
        _, elsewhere = imported(other, path)
    assert [one.record_id for one in records] == [one.record_id for one in elsewhere]
    assert len({one.record_id for one in records}) == len(records)


def test_the_original_can_be_linked(archive: Archive, tmp_path: Path) -> None:
    path = written(tmp_path)
    one, _ = imported(archive, path, link=True)
    assert one.how == "converted" and archive.store.path("warc/2026/11/22/old.arc.gz").samefile(path)
    assert captures.of_url(archive.catalog, "http://other.example/story")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (arc(OLD[:-1])[:-40], "block ends after"),
        (arc(OLD, packed=True)[:-5], "cut off"),
        (arc(OLD[1:]), "no version block"),
        (arc(OLD).replace(b" 20081120100003 text/html ", b" 20081341100003 text/html "), "no line of a document"),
        (arc(OLD).replace(b"404 Not Found", b"404 Not"), "no line of a document"),
        (b"<html>", "has no end"),
    ],
)
def test_a_damaged_arc_file_is_refused_with_the_place(
    archive: Archive, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / ("bad.arc.gz" if content.startswith(b"\x1f\x8b") else "bad.arc")
    path.write_bytes(content)
    before = sorted(archive.root.rglob("*"))
    with pytest.raises(WarcDamaged, match=words) as refused:
        list(import_files(archive, [path], NOON))
    assert "at byte" in refused.value.message and sorted(archive.root.rglob("*")) == before


def test_an_arc_file_with_all_documents_in_one_member_is_read(tmp_path: Path) -> None:
    (tmp_path / "one.arc.gz").write_bytes(gzip.compress(arc(OLD)))
    assert [one.block.getvalue() for one in documents(tmp_path / "one.arc.gz")] == [block for _, block in OLD]


def test_audit_sees_that_the_original_was_changed_or_taken_away(archive: Archive, tmp_path: Path) -> None:
    one, _ = imported(archive, written(tmp_path))
    path = archive.store.path(one.warc_file)
    assert audit(path).exact
    original = path.with_name("old.arc.gz")
    original.write_bytes(original.read_bytes()[:-1] + b"\1")
    assert "changed-since-import" in [finding.code for finding in audit(path).findings]
    original.unlink()
    assert "original-missing" in [finding.code for finding in audit(path).findings]


def test_a_converted_file_is_on_the_disk_before_it_has_its_name(
    archive: Archive, tmp_path: Path, synced: list[tuple[int, int]]
) -> None:
    one, _ = imported(archive, written(tmp_path))
    there = archive.store.path(one.warc_file).stat()
    assert (there.st_ino, there.st_size) in synced
