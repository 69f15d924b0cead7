"""Files of other tools become part of the archive: unchanged, found by URL, verified and exported like our own."""

from __future__ import annotations

import gzip
import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.answers.replay import view
from archive.archive import Archive
from archive.catalog import articles, captures, revisions
from archive.catalog.articles import ArticleQuery
from archive.custody.audit import audit
from archive.custody.imports import Imported, import_files
from archive.custody.verify import check_file
from archive.errors import DigestMismatch, NotFound, UsageError, WarcDamaged
from archive.export import export
from archive.export.wacz import _with_originals
from archive.folder.store import LocalStore
from archive.http.wire import Wire
from archive.reading.first_reading import read_first
from archive.recovery.rebuild import check
from archive.warc.digests import read_payload
from archive.warc.writer import WarcWriter
from tests.archive import small_archive
from tests.archive.warc_samples import INFO, NOON, exchange, head

URL = "https://other.example/story"
PAGE = small_archive.page("Bridge closed", small_archive.HARBOUR.replace("harbour", "bridge"))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    (tmp_path / "news").mkdir()
    with small_archive.opened(small_archive.build(tmp_path / "news").root) as opened:
        yield opened


def theirs(tmp_path: Path, name: str = "crawl.warc.gz", packed: bool = True) -> Path:
    """A file as warcio writes it."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packed, warc_version="1.0")
    writer.write_record(writer.create_warcinfo_record(name, {"software": "other/1"}))
    headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
    writer.write_record(
        writer.create_warc_record(URL, "response", payload=io.BytesIO(PAGE), http_headers=headers,
                                  warc_headers_dict={"WARC-Date": "2026-11-20T10:00:00Z"})
    )  # fmt: skip
    (tmp_path / name).write_bytes(out.getvalue())
    return tmp_path / name


def imported(archive: Archive, *paths: Path, link: bool = False) -> list[Imported]:
    return list(import_files(archive, paths, NOON, link=link))


def test_a_file_is_copied_byte_for_byte_and_its_captures_are_found(archive: Archive, tmp_path: Path) -> None:
    path = theirs(tmp_path)
    (one,) = imported(archive, path)
    assert (one.warc_file, one.how, one.captures) == ("warc/2026/11/22/crawl.warc.gz", "copied", 1)
    assert archive.store.path(one.warc_file).read_bytes() == path.read_bytes()
    found = view(archive, URL)
    assert found.body == PAGE and found.capture.archive == "news" and found.capture.status == 200
    index = archive.store.path(archive.store.cdxj_path_of(one.warc_file)).read_text()
    assert '"filename": "crawl.warc.gz"' in index
    assert check(archive, NOON)[0] == []  # a rebuild would give the same catalog


def test_an_imported_file_is_exported_with_the_others(archive: Archive, tmp_path: Path) -> None:
    imported(archive, theirs(tmp_path))
    done = export(archive, tmp_path / "out.wacz", ArticleQuery(), NOON)
    assert "archive/crawl.warc.gz" in zipfile.ZipFile(tmp_path / "out.wacz").namelist() and done.warc_files == 3


def test_imported_pages_are_read_into_articles_and_a_rebuild_gives_the_same(archive: Archive, tmp_path: Path) -> None:
    (one,) = imported(archive, theirs(tmp_path))
    found = captures.in_file(archive.catalog, "news", one.warc_file)
    (read,) = read_first(archive, found, NOON, "2026-11-22T12-00-00")
    article = articles.by_url(archive.catalog, URL)
    assert read.outcome.kind == "stored" and article is not None and article.headline == "Bridge closed"
    record = revisions.record_of(archive.catalog, article.article_id)
    assert record is not None and record["capture"]["warc_file"] == one.warc_file and record["source"] is None
    assert archive.store.path("records/2026/11/22/crawl.jsonl").read_bytes().count(b"\n") == 1
    assert check(archive, NOON)[0] == []
    assert [again.outcome.kind for again in read_first(archive, found, NOON, "x")] == ["unchanged"]


def test_a_file_of_another_pressmark_archive_belongs_to_this_one(archive: Archive, tmp_path: Path) -> None:
    writer = WarcWriter(LocalStore(tmp_path), replace(INFO, archive="foreign"), clock=lambda: NOON)
    kept = writer.write(exchange(head() + b"x", target_uri=URL))
    (name,) = writer.close()
    (one,) = imported(archive, tmp_path / name)
    capture = captures.latest(archive.catalog, URL)
    assert one.how == "copied" and kept is not None and capture is not None
    assert (kept.archive, capture.archive, capture.record_id) == ("foreign", "news", kept.record_id)
    assert view(archive, URL).body == b"x" and check(archive, NOON)[0] == []


def test_importing_again_changes_nothing(archive: Archive, tmp_path: Path) -> None:
    path = theirs(tmp_path)
    (first,) = imported(archive, path)
    (again,) = imported(archive, path)
    assert (again.how, again.captures, again.warc_file) == ("already there", 0, first.warc_file)
    other = tmp_path / "elsewhere"
    other.mkdir()
    (third,) = imported(archive, theirs(other))  # the same name, other record ids
    assert third.how == "copied" and third.warc_file.startswith("warc/2026/11/22/crawl-")
    assert imported(archive, other / "crawl.warc.gz")[0].how == "already there"
    assert len(captures.of_url(archive.catalog, URL)) == 2


def test_a_copied_file_is_on_the_disk_before_it_has_its_name(
    archive: Archive, tmp_path: Path, synced: list[tuple[int, int]]
) -> None:
    (one,) = imported(archive, theirs(tmp_path))
    there = archive.store.path(one.warc_file).stat()
    assert (there.st_ino, there.st_size) in synced


def test_a_file_that_is_there_under_another_name_is_not_kept_twice(archive: Archive, tmp_path: Path) -> None:
    (first,) = imported(archive, theirs(tmp_path))
    renamed = (tmp_path / "crawl.warc.gz").rename(tmp_path / "copy of crawl.warc.gz")
    (again,) = imported(archive, renamed)
    assert (again.how, again.captures, again.warc_file) == ("already there", 0, first.warc_file)


def test_an_empty_file_is_refused_as_it_would_spoil_every_check(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "empty.warc.gz").touch()
    before = archive.store.warc_files()
    with pytest.raises(UsageError, match=r"empty\.warc\.gz is empty"):
        imported(archive, tmp_path / "empty.warc.gz")
    assert archive.store.warc_files() == before


def test_a_folder_is_imported_whole_but_for_what_is_no_web_archive(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "crawls" / "2020").mkdir(parents=True)
    theirs(tmp_path / "crawls" / "2020")
    (tmp_path / "crawls" / "readme.txt").write_text("how these were made")
    assert [one.how for one in imported(archive, tmp_path / "crawls")] == ["copied"]


def test_a_linked_file_is_the_same_file(archive: Archive, tmp_path: Path) -> None:
    path = theirs(tmp_path)
    (one,) = imported(archive, path, link=True)
    assert one.how == "linked" and archive.store.path(one.warc_file).samefile(path)
    assert view(archive, URL).body == PAGE


def test_plain_files_are_read_where_their_records_lie(archive: Archive, tmp_path: Path) -> None:
    (one,) = imported(archive, theirs(tmp_path, "crawl.warc", packed=False))
    assert one.warc_file == "warc/2026/11/22/crawl.warc" and view(archive, URL).body == PAGE


def test_records_that_share_a_member_are_packed_anew(archive: Archive, tmp_path: Path) -> None:
    plain = theirs(tmp_path, "plain.warc", packed=False).read_bytes()
    path = tmp_path / "one.warc.gz"
    path.write_bytes(gzip.compress(plain))
    with pytest.raises(UsageError, match="cannot be linked"):
        imported(archive, path, link=True)
    (one,) = imported(archive, path)
    assert one.how == "repacked" and view(archive, URL).body == PAGE
    assert check_file(archive.store.path(one.warc_file)).ok
    assert imported(archive, path)[0].how == "already there"


def wacz(tmp_path: Path, *, digest: str | None = None) -> Path:
    content = theirs(tmp_path).read_bytes()
    with zipfile.ZipFile(tmp_path / "crawl.wacz", "w") as zipped:
        zipped.writestr("archive/data.warc.gz", content)
        if digest:
            package = {"resources": [{"path": "archive/data.warc.gz", "hash": digest}]}
            zipped.writestr("datapackage.json", json.dumps(package))
    return tmp_path / "crawl.wacz"


def test_the_files_of_a_wacz_are_imported(archive: Archive, tmp_path: Path) -> None:
    (one,) = imported(archive, wacz(tmp_path))
    assert one.warc_file.endswith("/data.warc.gz") and one.source.endswith("crawl.wacz:archive/data.warc.gz")
    assert view(archive, URL).body == PAGE


def test_our_own_wacz_comes_back_as_it_was(archive: Archive, tmp_path: Path) -> None:
    export(archive, tmp_path / "news.wacz", ArticleQuery(), NOON)
    (tmp_path / "empty").mkdir()
    with small_archive.opened(tmp_path / "empty") as empty:
        done = imported(empty, tmp_path / "news.wacz")
        assert [one.captures for one in done] == [5, 2]
        for one in captures.iterate(archive.catalog):
            url, at = one.target_uri, one.fetched_at
            assert view(empty, url, at).body == view(archive, url, at).body


def test_a_wacz_that_went_out_and_came_back_goes_out_the_same(archive: Archive, tmp_path: Path) -> None:
    def package(name: str, of: Archive) -> tuple[list[dict[str, object]], dict[str, str], bytes]:
        export(of, tmp_path / name, ArticleQuery(), NOON)
        with zipfile.ZipFile(tmp_path / name) as zipped:
            pages = [json.loads(line) for line in zipped.read("pages/pages.jsonl").splitlines()][1:]
            resources = json.loads(zipped.read("datapackage.json"))["resources"]
            index = gzip.decompress(zipped.read("indexes/index.cdx.gz"))
        files = {one["path"]: one["hash"] for one in resources if one["path"].startswith("archive/")}
        return sorted(pages, key=lambda page: str(page["url"])), files, index

    sent = package("out.wacz", archive)
    (tmp_path / "empty").mkdir()
    with small_archive.opened(tmp_path / "empty") as other:
        done = imported(other, tmp_path / "out.wacz")
        assert all(one.unfound == () for one in done)
        found = [one for each in done for one in captures.in_file(other.catalog, "news", each.warc_file)]
        list(read_first(other, found, NOON, "2026-11-22T12-00-00"))
        pages, files, index = package("back.wacz", other)
        for page in pages:
            shown = view(other, str(page["url"]), datetime.fromisoformat(str(page["ts"])))
            assert shown.has_body and shown.body == view(archive, str(page["url"]), shown.capture.fetched_at).body
    assert (pages, files, index) == sent and len(pages) == 2


def test_pages_a_wacz_only_lists_are_named(archive: Archive, tmp_path: Path) -> None:
    path = wacz(tmp_path)
    lines = [
        {"format": "json-pages-1.0"},
        {"url": URL},
        {"url": "https://other.example/lost"},
        ["odd"],
        {"url": "http://"},
    ]
    with zipfile.ZipFile(path, "a") as zipped:
        zipped.writestr("pages/pages.jsonl", "\n".join(map(json.dumps, lines)))
    (one,) = imported(archive, path)
    assert one.unfound == ("https://other.example/lost", "http://")


def test_what_cannot_be_imported_leaves_nothing_behind(archive: Archive, tmp_path: Path) -> None:
    path = theirs(tmp_path)
    before = sorted(archive.root.rglob("*"))
    damaged = tmp_path / "damaged.warc.gz"
    damaged.write_bytes(path.read_bytes()[:-9])
    headless = tmp_path / "odd.warc"
    headless.write_bytes(gzip.decompress(path.read_bytes()).replace(b"WARC-Type: resp", b"WARC Type resp", 1))
    for name in ("x.arc.gz", "x.html"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "x.wacz").write_bytes(b"PK no zip")
    empty = tmp_path / "empty.wacz"
    zipfile.ZipFile(empty, "w").close()
    for file, error, words in (
        (damaged, WarcDamaged, "record cut off"),
        (headless, WarcDamaged, "header line"),
        (tmp_path / "x.arc.gz", WarcDamaged, "the line of a document has no end"),
        (tmp_path / "x.html", UsageError, "no WARC, ARC or WACZ"),
        (tmp_path / "none.warc", NotFound, "no file"),
        (tmp_path / "x.wacz", WarcDamaged, "no zip"),
        (empty, UsageError, "holds no WARC"),
        (wacz(tmp_path, digest="sha256:00"), DigestMismatch, "sha256:00"),
    ):
        with pytest.raises(error, match=words):
            imported(archive, file)
    with pytest.raises(UsageError, match="package"):
        imported(archive, wacz(tmp_path), link=True)
    assert sorted(archive.root.rglob("*")) == before


def test_an_import_that_was_killed_is_finished_by_the_next(archive: Archive, tmp_path: Path) -> None:
    path = theirs(tmp_path)
    target = archive.store.path("warc/2026/11/22/crawl.warc.gz")
    target.with_name(target.name + ".import").write_bytes(b"half of it")
    assert "crawl" not in "".join(archive.store.warc_files(include_open=True))
    assert imported(archive, path)[0].how == "copied" and view(archive, URL).body == PAGE
    with archive.catalog.transaction() as conn:  # killed between the file and the catalog
        captures.drop_past(conn, "news", "warc/2026/11/22/crawl.warc.gz", 0)
    assert captures.latest(archive.catalog, URL) is None
    (again,) = imported(archive, path)
    assert (again.how, again.captures) == ("already there", 1) and view(archive, URL).body == PAGE


# -- what an import finds out


def raw(kind: str, block: bytes, *fields: str, url: str = URL, at: str = "2026-11-20T10:00:00Z") -> bytes:
    """A record as some tool would write it, in a gzip member of its own."""
    named = {"warcinfo": "application/warc-fields"}.get(kind, f"application/http; msgtype={kind}")
    ident = f"<urn:uuid:{uuid.uuid4()}>"
    lines = ["WARC/1.1", f"WARC-Type: {kind}", f"WARC-Record-ID: {ident}", f"WARC-Date: {at}", f"Content-Type: {named}"]
    lines += [f"WARC-Target-URI: {url}"] if kind != "warcinfo" else []
    text = "\r\n".join([*lines, *fields, f"Content-Length: {len(block)}"]).encode() + b"\r\n\r\n"
    return gzip.compress(text + block + b"\r\n\r\n")


def file_of(tmp_path: Path, name: str, *records: bytes) -> Path:
    (tmp_path / name).write_bytes(raw("warcinfo", b"software: other/1\r\n") + b"".join(records))
    return tmp_path / name


def test_bytes_a_tool_made_up_are_marked_and_each_record_says_why(archive: Archive, tmp_path: Path) -> None:
    forged = b"HTTP/1.0 200\r\nContent-Type: text/html\r\n\r\n" + PAGE
    other = forged.replace(b"Bridge", b"Bridges")
    path = file_of(tmp_path, "forged.warc.gz", raw("response", forged), raw("response", other, url=URL + "/2"))
    (one,) = imported(archive, path)
    assert one.inexact == 2
    found = captures.in_file(archive.catalog, "news", one.warc_file)
    assert [capture.wire_exact for capture in found] == [False, False]
    assert all(read.outcome.kind == "stored" for read in read_first(archive, found, NOON, "2026-11-22T12-00-00"))
    article = articles.by_url(archive.catalog, URL)
    record = revisions.record_of(archive.catalog, article.article_id) if article else None
    assert record is not None and record["capture"]["wire_exact"] is False
    assert "bytes not as received: forged-status-line" in record["extraction"]["warnings"]
    assert check(archive, NOON)[0] == []  # the catalog can be made again: the judgement lies beside the file
    beside = json.loads(archive.store.path("warc/2026/11/22/forged.audit.json").read_text())
    assert (beside["software"], beside["how"], beside["imported_from"]) == ("other/1", "copied", str(path))
    assert {finding["code"] for finding in beside["findings"]} == {"forged-status-line", "no-requests"}


def test_audit_sees_that_an_imported_file_was_changed(archive: Archive, tmp_path: Path) -> None:
    (one,) = imported(archive, theirs(tmp_path, "crawl.warc", packed=False))
    path = archive.store.path(one.warc_file)
    assert audit(path).exact
    path.write_bytes(path.read_bytes().replace(b"WARC-Date: 2026-11-20", b"WARC-Date: 2026-11-19", 1))
    (finding,) = [finding for finding in audit(path).findings if finding.certainty == "proven"]
    assert finding.code == "changed-since-import" and "imported at 2026-11-22T12:00:00" in finding.message


def test_bytes_nobody_doubts_are_not_marked(archive: Archive, tmp_path: Path) -> None:
    (one,) = imported(archive, theirs(tmp_path))
    assert one.inexact == 0 and all(capture.wire_exact for capture in captures.of_url(archive.catalog, URL))


ORIGINAL = head("200 OK", "Content-Type: text/html; charset=utf-8") + PAGE
PAYLOAD = "WARC-Payload-Digest: " + str(read_payload(Wire(ORIGINAL), "GET").digest)
SAME = "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/server-not-modified"


@pytest.mark.parametrize(
    ("block", "fields", "found"),
    [
        (head(), [SAME, f"WARC-Refers-To-Target-URI: {URL}", "WARC-Refers-To-Date: 2026-11-20T10:00:00Z"], True),
        (head(), [SAME, PAYLOAD], True),
        (b"", [SAME, PAYLOAD], True),
        (head(), [SAME, PAYLOAD, "WARC-Refers-To: <urn:uuid:00000000-0000-4000-8000-000000000000>"], True),
        (head("304 Not Modified"), [NOT_MODIFIED], True),
        (head("304 Not Modified"), [NOT_MODIFIED, f"WARC-Refers-To-Target-URI: {URL}", "WARC-Refers-To-Date: 2026-11-20T10:00:00.4Z"], True),
        (head(), [SAME], False),
        (head(), [SAME, "WARC-Payload-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"], False),
        (head(), [SAME, "WARC-Refers-To-Target-URI: ::", "WARC-Refers-To-Date: yesterday"], False),
    ],
)  # fmt: skip
def test_a_revisit_that_names_no_record_is_resolved_where_it_can_be(
    archive: Archive, tmp_path: Path, block: bytes, fields: list[str], found: bool
) -> None:
    revisit = raw("revisit", block, *fields, at="2026-11-21T10:00:00Z")
    imported(archive, file_of(tmp_path, "second.warc.gz", revisit))  # whichever comes first
    imported(archive, file_of(tmp_path, "first.warc.gz", raw("response", ORIGINAL, PAYLOAD)))
    shown = view(archive, URL, datetime(2026, 11, 21, 10, tzinfo=UTC))
    assert (shown.capture.record_type, shown.has_body) == ("revisit", found)
    assert not found or shown.body == PAGE
    original = next(one for one in captures.of_url(archive.catalog, URL) if one.record_type == "response")
    assert not found or shown.payload_of == original.record_id


def test_a_wacz_of_pages_takes_along_what_unnamed_revisits_stand_for(archive: Archive, tmp_path: Path) -> None:
    (second,) = imported(archive, file_of(tmp_path, "second.warc.gz", raw("revisit", head(), SAME, PAYLOAD)))
    imported(archive, file_of(tmp_path, "first.warc.gz", raw("response", ORIGINAL, PAYLOAD)))
    assert _with_originals(archive, {second.warc_file}) == {second.warc_file, "warc/2026/11/22/first.warc.gz"}
