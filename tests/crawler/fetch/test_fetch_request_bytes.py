"""The exact bytes of a request."""

from __future__ import annotations

import pytest
from scrapy import Request

from crawler.fetch.request_bytes import UnsafeRequest, authority, request_bytes, without_proxy_credentials


def test_a_plain_get_has_host_first_and_the_headers_in_their_own_order() -> None:
    request = Request("http://news.example/a?b=c", headers={"User-Agent": "Pressmark/1", "Accept": "*/*"})
    assert request_bytes(request) == (
        b"GET /a?b=c HTTP/1.1\r\nHost: news.example\r\nUser-Agent: Pressmark/1\r\nAccept: */*\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("url", "target", "host"),
    [
        ("http://news.example", b"/", b"news.example"),
        ("http://news.example/a#part", b"/a", b"news.example"),
        ("http://news.example?q=1", b"/?q=1", b"news.example"),
        ("https://news.example:443/", b"/", b"news.example"),
        ("http://news.example:443/", b"/", b"news.example:443"),
        ("http://[2001:db8::1]:8080/", b"/", b"[2001:db8::1]:8080"),
        ("http://user:secret@news.example/", b"/", b"news.example"),
        ("http://zeitung-münchen.example/straße", b"/stra%C3%9Fe", b"xn--zeitung-mnchen-osb.example"),
        ("http://news.example//double//slash", b"//double//slash", b"news.example"),
    ],
)
def test_the_target_is_in_origin_form_and_the_host_without_its_own_port(url: str, target: bytes, host: bytes) -> None:
    lines = request_bytes(Request(url)).split(b"\r\n")
    assert lines[0] == b"GET " + target + b" HTTP/1.1"
    assert lines[1] == b"Host: " + host
    assert authority(Request(url).url).encode() == host


def test_a_body_has_its_length_whatever_the_headers_say() -> None:
    request = Request(
        "http://news.example/", method="POST", body=b"a=1", headers={"Content-Length": "99", "Host": "other"}
    )
    assert request_bytes(request) == b"POST / HTTP/1.1\r\nHost: other\r\nContent-Length: 3\r\n\r\na=1"


def test_repeated_headers_stay_repeated() -> None:
    request = Request("http://news.example/", headers={"X-A": ["1", "2"]})
    assert b"X-A: 1\r\nX-A: 2\r\n" in request_bytes(request)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\x00b"])
def test_a_line_end_in_a_header_value_is_refused(value: str) -> None:
    with pytest.raises(UnsafeRequest):
        request_bytes(Request("http://news.example/", headers={"X-A": value}))


@pytest.mark.parametrize("name", ["X-A:", "X A", "X\r\nEvil", ""])
def test_a_header_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(UnsafeRequest):
        request_bytes(Request("http://news.example/", headers={name: "1"}))


def test_a_method_or_target_with_a_space_is_refused() -> None:
    with pytest.raises(UnsafeRequest):
        request_bytes(Request("http://news.example/", method="GET /x HTTP/1.1\r\nA:"))
    unsafe = Request("http://news.example/")
    unsafe._set_url("http://news.example/")
    with pytest.raises(UnsafeRequest):
        request_bytes(unsafe.replace(cls=_Raw))


class _Raw(Request):
    """A request whose URL was never made safe."""

    @property
    def url(self) -> str:
        return "http://news.example/a b"


def test_a_proxy_gets_the_absolute_form_and_the_credentials_which_the_archive_does_not() -> None:
    request = Request("http://news.example/a", headers={"Proxy-Authorization": "Basic c2VjcmV0"})
    assert b"c2VjcmV0" not in request_bytes(request)
    sent = request_bytes(request, via_proxy=True)
    assert sent.startswith(b"GET http://news.example/a HTTP/1.1\r\nHost: news.example\r\n")
    assert b"\r\nProxy-Authorization: Basic c2VjcmV0\r\n" in sent
    assert without_proxy_credentials(sent) == sent.replace(b"Basic c2VjcmV0", b"withheld")
