"""Every behaviour of the adversary, over TCP and TLS, in one real crawl: what was kept is what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import cycle, islice
from pathlib import Path

import pytest

from archive.custody.audit import audit
from archive.custody.verify import check_file
from archive.http.wire import Wire
from archive.model import Exchange
from tests.archive.warc_samples import closed_file
from tests.crawler.adversary import BEHAVIOURS, HEAD_LIMIT, WIRE_LIMIT, Adversary, Behaviour
from tests.crawler.recording import Job, Result, crawl

CASES = [(name, tls) for name in BEHAVIOURS for tls in (False, True)]
IDS = [f"{name}-{'tls' if tls else 'tcp'}" for name, tls in CASES]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Result], Adversary]]:
    with Adversary() as server:
        pem = tmp_path_factory.mktemp("ca") / "ca.pem"
        server.authority.cert_pem.write_to_path(str(pem))
        jobs = [
            Job(
                f"{name} {tls}",
                server.url(name, tls=tls, host=one.host),
                one.method,
                {"dont_redirect": True} | one.meta,
                one.request_body,
            )
            for name, one in sorted(
                BEHAVIOURS.items(), key=lambda item: item[1].truncated != "time"
            )  # the slow ones first
            for tls in (False, True)
        ]
        jobs += [Job("followed", server.url("redirect")), Job("loop", server.url("redirect-loop"))]
        settings = {"DOWNLOAD_MAXSIZE": WIRE_LIMIT, "PRESSMARK_IDLE_TIMEOUT": 4, "DOWNLOAD_TIMEOUT": 30}
        settings["PRESSMARK_DECODED_BYTES"] = 1 << 20
        results, _ = crawl(jobs, settings, {"SSL_CERT_FILE": str(pem)})
        yield results, server


def _expected_response(one: Behaviour, size: int) -> bytes:
    if not one.forever:
        return one.response[:size] if one.truncated == "length" else one.response
    start = one.response
    return start + bytes(islice(cycle(one.forever), max(0, size - len(start)))) if size > len(start) else start[:size]


@pytest.mark.parametrize(("name", "tls"), CASES, ids=IDS)
def test_the_kept_response_is_what_the_server_sent(
    name: str, tls: bool, crawled: tuple[dict[str, Result], Adversary]
) -> None:
    one, kept = BEHAVIOURS[name], crawled[0][f"{name} {tls}"].kept
    assert len(kept) == 1
    exchange = kept[0]
    if name == "endless-interim":
        assert exchange["response"] == b"" and len(b"".join(exchange["interim"])) > WIRE_LIMIT - 100
    else:
        assert exchange["response"] == _expected_response(one, len(exchange["response"]))
        assert b"".join(exchange["interim"]) == one.interim
    if one.truncated == "length" and "past-the-readers" in name:
        assert len(exchange["response"]) >= HEAD_LIMIT
    elif one.truncated == "length" and name != "endless-interim":
        assert len(exchange["response"]) == WIRE_LIMIT
    assert exchange["truncated"] == one.truncated
    if one.truncated or one.note:
        assert any((one.note or "") in note for note in exchange["notes"]), exchange["notes"]


@pytest.mark.parametrize(("name", "tls"), CASES, ids=IDS)
def test_the_kept_request_is_what_the_server_received(
    name: str, tls: bool, crawled: tuple[dict[str, Result], Adversary]
) -> None:
    exchange = crawled[0][f"{name} {tls}"].kept[0]
    assert exchange["request"] in crawled[1].requests[name, tls]
    assert exchange["request"].endswith(b"\r\n\r\n" + BEHAVIOURS[name].request_body)
    assert exchange["method"] == BEHAVIOURS[name].method
    assert exchange["target_uri"] == crawled[1].url(name, tls=tls, host=BEHAVIOURS[name].host)


@pytest.mark.parametrize(("name", "tls"), CASES, ids=IDS)
def test_the_spider_gets_the_page_or_the_reason(
    name: str, tls: bool, crawled: tuple[dict[str, Result], Adversary]
) -> None:
    one, result = BEHAVIOURS[name], crawled[0][f"{name} {tls}"]
    assert result.error == one.error, result.message
    assert result.meta["capture"].record_id.startswith("<urn:test:")
    if one.error is None:
        assert result.status == one.status
        assert one.body is None or result.body == one.body
        assert one.flag is None or any(flag.startswith(one.flag) for flag in result.flags), result.flags
        assert one.flag is not None or result.flags == [] or one.body is None
    if one.truncated:
        assert result.meta["exchange_truncated"] == one.truncated


def test_a_tls_exchange_names_its_protocol_and_cipher(crawled: tuple[dict[str, Result], Adversary]) -> None:
    plain, secured = crawled[0]["plain False"].kept[0], crawled[0]["plain True"].kept[0]
    assert (plain["protocols"], plain["cipher"]) == (("http/1.1",), None)
    assert secured["protocols"] == ("http/1.1", "tls/1.3")
    assert secured["cipher"].startswith("TLS_")
    assert plain["ip_address"] == secured["ip_address"] == "127.0.0.1"
    assert plain["started_at"].utcoffset().total_seconds() == 0


def test_every_field_reaches_the_spider_but_the_content_encoding(crawled: tuple[dict[str, Result], Adversary]) -> None:
    assert crawled[0]["duplicated-headers False"].headers[b"X-A"] == [b"1", b"2", b"1"]
    assert crawled[0]["latin1-header False"].headers[b"X-City"] == [b"M\xfcnchen"]
    page = crawled[0]["gzip False"]
    assert b"Content-Encoding" not in page.headers and page.kind == "HtmlResponse"


def test_each_hop_of_a_redirect_is_an_exchange_of_its_own(crawled: tuple[dict[str, Result], Adversary]) -> None:
    followed, loop = crawled[0]["followed"], crawled[0]["loop"]
    assert [kept["target_uri"] for kept in followed.kept] == [crawled[1].url("redirect"), crawled[1].url("plain")]
    assert [kept["response"] for kept in followed.kept] == [
        BEHAVIOURS["redirect"].response,
        BEHAVIOURS["plain"].response,
    ]
    assert followed.status == 200 and loop.error == "IgnoreRequest"
    assert [kept["response"] for kept in loop.kept] == [BEHAVIOURS["redirect-loop"].response] * 4


def test_connections_are_kept_alive(crawled: tuple[dict[str, Result], Adversary]) -> None:
    requests = sum(map(len, crawled[1].requests.values()))
    assert len(CASES) <= requests and len(crawled[1].peers) < requests


def test_the_adversary_has_sixty_behaviours_and_more() -> None:
    assert len(BEHAVIOURS) >= 60


def test_the_file_of_it_all_verifies_and_the_audit_finds_nothing_made_up(
    crawled: tuple[dict[str, Result], Adversary], tmp_path: Path
) -> None:
    names = [one.name for one in fields(Exchange) if one.name != "response"]
    rows = [row for result in crawled[0].values() for row in result.kept]
    kept = [Exchange(**{name: row[name] for name in names}, response=Wire(row["response"])) for row in rows]
    path = closed_file(tmp_path, *kept)
    report, audited = check_file(path), audit(path)
    assert report.problems == () and report.records > 3 * len(CASES) * 0.9
    assert audited.exact and {finding.code for finding in audited.findings} == {"no-head"}
