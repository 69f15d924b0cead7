"""Audit names what other tools make of an exchange, and finds nothing in files of ours."""

from __future__ import annotations

import base64
import gzip
import hashlib
import uuid
from pathlib import Path

import pytest

from archive.custody.audit import Audit, audit, audit_files
from archive.errors import NotFound
from archive.http.wire import Wire
from archive.model import Exchange
from archive.warc.reader import iter_records
from tests.archive.warc_samples import NOON, PAGE, chunked, closed_file, head, samples
from tests.crawler.adversary import BEHAVIOURS

URL = "https://news.example/politik/elbe?id=7"
HTML = "Content-Type: text/html"
GOOD_REQUEST = b"GET /politik/elbe?id=7 HTTP/1.1\r\nHost: news.example\r\n\r\n"


def sha1(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def record(kind: str, block: bytes, *fields: str, url: str | None = URL) -> tuple[bytes, str]:
    """A record as a tool would write it, and its id."""
    ident = f"<urn:uuid:{uuid.uuid4()}>"
    lines = ["WARC/1.0", f"WARC-Type: {kind}", f"WARC-Record-ID: {ident}", "WARC-Date: 2026-11-22T12:00:00Z"]
    lines += [f"WARC-Target-URI: {url}"] if url else []
    if kind in ("request", "response"):
        lines.append(f"Content-Type: application/http; msgtype={kind}")
    lines += [*fields, f"Content-Length: {len(block)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n", ident


def pair(response: bytes, request: bytes = GOOD_REQUEST, *fields: str, url: str = URL) -> list[bytes]:
    answer, ident = record("response", response, *fields, url=url)
    return [answer, record("request", request, f"WARC-Concurrent-To: {ident}", url=url)[0]]


WARCINFO = record("warcinfo", b"software: Wget/1.21\r\n", url=None)[0]


def audited(tmp_path: Path, *records: bytes, warcinfo: bytes = WARCINFO) -> Audit:
    path = tmp_path / "theirs.warc.gz"
    path.write_bytes(b"".join(gzip.compress(one) for one in (warcinfo, *records) if one))
    return audit(path)


def found(done: Audit) -> dict[str, str]:
    return {finding.code: finding.certainty for finding in done.findings}


def test_a_faithful_file_of_another_tool_has_no_finding(tmp_path: Path) -> None:
    packed = gzip.compress(PAGE)
    done = audited(
        tmp_path,
        *pair(head("200 OK", HTML, f"Content-Length: {len(PAGE)}") + PAGE),
        *pair(head("200 OK", HTML, "Transfer-Encoding: chunked") + chunked(PAGE)),
        *pair(head("200 OK", HTML, "Content-Encoding: gzip", f"Content-Length: {len(packed)}") + packed),
        *pair(head("200 OK", "Content-Length: 9"), GOOD_REQUEST.replace(b"GET", b"HEAD")),
    )
    assert (done.findings, done.exact, done.records, done.software) == ((), True, 9, "Wget/1.21")


def test_nothing_is_found_in_files_of_ours(tmp_path: Path) -> None:
    ours = samples()
    assert found(audit(closed_file(tmp_path / "no-http", ours.pop("no http at all")))) == {"no-head": "likely"}
    assert audit(closed_file(tmp_path / "all", *ours.values())).findings == ()
    for name, one in ours.items():
        assert audit(closed_file(tmp_path / name.replace(" ", "-"), one)).findings == (), name


def test_nothing_proven_is_found_in_what_we_keep_of_a_misbehaving_server(tmp_path: Path) -> None:
    kept: list[Exchange] = []
    for name, one in BEHAVIOURS.items():
        url = f"http://localhost/{name}"
        request = f"{one.method} /{name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        kept.append(Exchange(url, one.method, NOON, 1, request, Wire(one.response), truncated=one.truncated))  # type: ignore[arg-type]
    done = audit(closed_file(tmp_path, *kept))
    assert [finding for finding in done.findings if finding.certainty == "proven"] == []
    assert set(found(done)) <= {"no-head"}


def test_a_file_like_that_of_scrapy_webarchive(tmp_path: Path) -> None:
    """It writes `HTTP/1.0 STATUS`, the path without its query, one value of each header, the body decoded."""
    forged = b"HTTP/1.0 200\r\nContent-Type: text/html\r\nContent-Length: 300\r\nEtag: x\r\n\r\n" + PAGE
    asked = b"GET /politik/elbe HTTP/1.0\r\nUser-Agent: Scrapy\r\n\r\n"
    done = audited(tmp_path, *pair(forged, asked), *pair(forged, asked))
    assert found(done) == {
        "forged-status-line": "proven",
        "request-target": "proven",
        "request-host": "likely",
        "longer-body": "likely",
    }
    assert all(finding.count == 2 for finding in done.findings) and not done.exact
    target = next(finding for finding in done.findings if finding.code == "request-target")
    assert "/politik/elbe'" in target.message and "?id=7" in target.message


@pytest.mark.parametrize(
    ("response", "code", "certainty"),
    [
        (head("200 OK", "Set-Cookie: a=1; Path=/, b=2; Path=/") + PAGE, "collapsed-headers", "proven"),
        (head("200 OK", "Server: b'nginx'") + PAGE, "header-repr", "proven"),
        (head("200 OK", "Server: [b'a', b'b']") + PAGE, "header-repr", "proven"),
        (head("200 OK", "Transfer-Encoding: chunked") + PAGE, "lost-chunks", "proven"),
        (head("200 OK", "Content-Encoding: gzip", "Content-Length: 300") + PAGE, "decoded-body", "proven"),
        (head("200 OK", "Content-Encoding: br") + PAGE, "decoded-body", "likely"),
        (head("200 OK", "Content-Length: 99999") + PAGE, "unmarked-cut", "proven"),
        (head("200 OK", "Content-Length: 20") + PAGE, "longer-body", "likely"),
        (b"HTTP/1.0 200\r\n\r\n" + PAGE, "forged-status-line", "likely"),
        (PAGE, "no-head", "likely"),
    ],
)
def test_each_infidelity_of_a_response_is_named(tmp_path: Path, response: bytes, code: str, certainty: str) -> None:
    done = audited(tmp_path, *pair(response))
    assert found(done) == {code: certainty}
    assert done.findings[0].offsets == (len(gzip.compress(WARCINFO)),) and done.findings[0].target_uri == URL


def test_one_cookie_with_a_comma_is_no_collapsed_header(tmp_path: Path) -> None:
    cookie = "Set-Cookie: a=1,2; Expires=Sun, 22 Nov 2026 12:00:00 GMT; Path=/; Secure"
    assert found(audited(tmp_path, *pair(head("200 OK", cookie) + PAGE))) == {}


def test_lost_chunks_are_told_from_one_server_that_sends_none(tmp_path: Path) -> None:
    framed = head("200 OK", "Transfer-Encoding: chunked") + chunked(PAGE)
    bare = head("200 OK", "Transfer-Encoding: chunked") + PAGE
    assert found(audited(tmp_path, *pair(framed), *pair(bare))) == {}
    assert found(audited(tmp_path, *pair(bare, GOOD_REQUEST, "WARC-Truncated: disconnect"))) == {}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"GET /politik/elbe HTTP/1.1\r\nHost: news.example\r\n\r\n", "request-target"),
        (b"GET / HTTP/1.1\r\nHost: news.example\r\n\r\n", "request-target"),
        (b"GET /politik/elbe?id=7 HTTP/1.1\r\nHost: cdn.example\r\n\r\n", "request-host"),
        (b"GET /politik/elbe?id=7 HTTP/1.1\r\nHost: news.example:8080\r\n\r\n", "request-host"),
        (b"GET /politik/elbe?id=7\r\nHost: news.example\r\n\r\n", "request-line"),
        (b"", "request-line"),
    ],
)
def test_a_request_for_something_else_is_named(tmp_path: Path, request_: bytes, code: str) -> None:
    assert found(audited(tmp_path, *pair(head() + PAGE, request_))) == {code: "proven"}


@pytest.mark.parametrize(
    ("url", "request_"),
    [
        (URL, b"GET https://news.example/politik/elbe?id=7 HTTP/1.1\r\nHost: news.example\r\n\r\n"),
        ("<" + URL + "#top>", GOOD_REQUEST),
        ("https://news.example:443/politik/elbe?id=7", GOOD_REQUEST),
        ("http://localhost:8080/a%20b", b"GET /a%20b HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"),
        ("https://zeitung.example/ü?q=ß", b"GET /%C3%BC?q=%C3%9F HTTP/1.1\r\nHost: ZEITUNG.example\r\n\r\n"),
        ("https://bücher.example", b"GET / HTTP/1.1\r\nHost: xn--bcher-kva.example\r\n\r\n"),
    ],
)
def test_a_request_that_fits_is_not_named(tmp_path: Path, url: str, request_: bytes) -> None:
    assert found(audited(tmp_path, *pair(head() + PAGE, request_, url=url))) == {}


def test_digests_over_the_wrong_bytes_are_named(tmp_path: Path) -> None:
    framed, packed = chunked(PAGE), gzip.compress(PAGE)
    in_chunks = head("200 OK", "Transfer-Encoding: chunked") + framed
    coded = head("200 OK", "Content-Encoding: gzip") + packed
    for block, digested, code in (
        (in_chunks, framed, "digest-over-chunks"),
        (coded, PAGE, "digest-over-decoded"),
        (coded, b"something else", "payload-digest"),
    ):
        done = audited(tmp_path, *pair(block, GOOD_REQUEST, f"WARC-Payload-Digest: {sha1(digested)}"))
        assert found(done) == {code: "proven"}
    done = audited(tmp_path, *pair(coded, GOOD_REQUEST, f"WARC-Block-Digest: {sha1(b'x')}"))
    assert found(done) == {"block-digest": "proven"}


def test_heads_of_http_2_are_made_up(tmp_path: Path) -> None:
    done = audited(tmp_path, *pair(head() + PAGE, GOOD_REQUEST, "WARC-Protocol: h2"))
    assert found(done) == {"made-up-head": "proven"}


def test_headers_that_were_all_written_anew_are_suspected(tmp_path: Path) -> None:
    anew = head("200 OK", "Content-Type: text/html", "Date: x", "Etag: x", "X-Xss-Protection: 1") + PAGE
    assert found(audited(tmp_path, *pair(anew))) == {}
    assert found(audited(tmp_path, *(one for _ in range(20) for one in pair(anew)))) == {"normalised-headers": "likely"}


def test_what_is_wrong_with_the_file_itself_is_named(tmp_path: Path) -> None:
    records = pair(head() + PAGE)
    assert found(audited(tmp_path, *records, warcinfo=b"")) == {"no-warcinfo": "proven"}
    assert found(audited(tmp_path, records[0])) == {"no-requests": "likely"}
    assert found(audited(tmp_path, *records, records[0])) == {}  # the request names its id
    assert found(audited(tmp_path, *records, pair(head() + PAGE)[0])) == {"untied-request": "likely"}
    assert found(audited(tmp_path, *records, pair(head() + PAGE, url=URL + "1")[0])) == {"no-request": "likely"}
    path = tmp_path / "theirs.warc.gz"
    whole = b"".join(gzip.compress(one) for one in (WARCINFO, *records))
    path.write_bytes(whole[:-30])
    assert "truncated-tail" in found(audit(path))
    path.write_bytes(gzip.compress(b"".join([WARCINFO, *records])))
    assert found(audit(path)) == {"shared-member": "proven"}
    path.write_bytes(whole[:300] + b"\0\0" + whole[302:])
    assert "damaged" in found(audit(path))
    plain = tmp_path / "theirs.warc"
    plain.write_bytes(b"".join([WARCINFO, *records]))
    assert audit(plain).findings == ()
    plain.write_bytes(plain.read_bytes()[:-40])
    assert "truncated-tail" in found(audit(plain))
    ours = closed_file(tmp_path / "ours", samples()["plain"])
    data, held = ours.read_bytes(), list(iter_records(ours))
    path.write_bytes(data[: held[-1].offset])  # between two records
    assert found(audit(path)) == {"truncated-tail": "proven"}
    path.write_bytes(data[: held[3].offset] + data[held[4].offset :])
    assert found(audit(path)) == {"damaged": "proven"}
    with pytest.raises(NotFound):
        audit(tmp_path / "none.warc")


# -- files as the tools of the field write them, with the defects they are known for


def test_a_file_like_that_of_warcprox(tmp_path: Path) -> None:
    """Its blocks are exact; its digests are hexadecimal unless it is told otherwise."""
    block = head("200 OK", HTML, f"Content-Length: {len(PAGE)}") + PAGE
    digests = (hashlib.sha1(block).hexdigest(), hashlib.sha1(PAGE).hexdigest())
    fields = (f"WARC-Block-Digest: sha1:{digests[0]}", f"WARC-Payload-Digest: sha1:{digests[1]}")
    done = audited(tmp_path, *pair(block, GOOD_REQUEST, *fields))
    assert found(done) == {"digest-form": "likely"} and done.findings[0].count == 2 and done.exact
    done = audited(tmp_path, *pair(block, GOOD_REQUEST, "WARC-Payload-Digest: sha1:12", "WARC-Block-Digest: blake3:00"))
    assert found(done) == {"digest-unknown": "likely"}


def test_a_file_like_that_of_httrack2warc(tmp_path: Path) -> None:
    """It knows no requests and only some fields of each head, and the pages have HTTrack's mark and its links."""
    page = PAGE.replace(b"<html", b"<!-- Mirrored from news.example/ by HTTrack Website Copier/3.x -->\n<html", 1)
    block = head("200 OK", HTML, f"Content-Length: {len(page)}") + page
    done = audited(tmp_path, *(record("response", block, url=f"{URL}{number}")[0] for number in range(20)))
    assert found(done) == {"no-requests": "likely", "no-dates": "likely", "altered-body": "likely"}
    marked = next(finding for finding in done.findings if finding.code == "altered-body")
    assert marked.count == 20 and "HTTrack" in marked.message


def test_a_mark_is_found_below_the_content_coding(tmp_path: Path) -> None:
    packed = gzip.compress(b"<!DOCTYPE html>\n<!-- saved from url=(0024)https://news.example/x -->" + PAGE)
    block = head("200 OK", HTML, "Content-Encoding: gzip", f"Content-Length: {len(packed)}") + packed
    assert found(audited(tmp_path, *pair(block))) == {"altered-body": "likely"}
    assert found(audited(tmp_path, *pair(block, GOOD_REQUEST, "WARC-Protocol: http/1.1"))) == {}  # the publisher's own


def test_a_file_like_that_of_a_browser(tmp_path: Path) -> None:
    """What travelled as HTTP/2 has no text: status lines, pseudo fields and requests are the tool's."""
    pseudo = b"HTTP/1.1 200 OK\r\n:status: 200\r\ncontent-type: text/html\r\n\r\n" + PAGE
    assert found(audited(tmp_path, *pair(pseudo))) == {"made-up-head": "proven"}
    asked = GOOD_REQUEST.replace(b"HTTP/1.1", b"HTTP/2")
    done = audited(tmp_path, *pair(b"HTTP/2 200\r\ncontent-type: text/html\r\n\r\n" + PAGE, asked))
    assert found(done) == {"made-up-head": "likely", "made-up-request": "proven"}
    ours = pair(b"HTTP/2 200\r\ncontent-type: text/html\r\n\r\n" + PAGE, GOOD_REQUEST, "WARC-Protocol: http/1.1")
    assert found(audited(tmp_path, *ours)) == {}  # a server may call itself so; how it travelled is known


def test_a_file_like_that_of_an_old_wget(tmp_path: Path) -> None:
    """Whole, but nothing ties requests to responses, and the last record ends with the disk."""
    block = head("200 OK", HTML, f"Content-Length: {len(PAGE)}") + PAGE
    untied = (record("request", GOOD_REQUEST)[0], record("response", block)[0])
    assert found(audited(tmp_path, *untied)) == {"untied-request": "likely"}
    path = tmp_path / "theirs.warc"
    path.write_bytes(b"".join([WARCINFO, *untied])[:-200])
    done = audit(path)
    assert found(done) == {"truncated-tail": "proven"} and done.records == 2


def test_files_are_audited_in_processes_and_told_in_order(tmp_path: Path) -> None:
    paths = []
    for name, block in (("b", head() + PAGE), ("a", b"HTTP/1.0 200\r\n\r\n" + PAGE), ("c", PAGE)):
        paths.append(tmp_path / f"{name}.warc")
        paths[-1].write_bytes(b"".join([WARCINFO, *pair(block)]))
    alone = list(audit_files(paths))
    assert list(audit_files(paths, workers=2)) == alone and [one.file for one in alone] == paths
    assert [set(found(one)) for one in alone] == [set(), {"forged-status-line"}, {"no-head"}]
