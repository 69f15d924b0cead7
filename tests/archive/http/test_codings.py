"""Content codings come off, in whatever state a server sends them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from archive.http.codings import decode_content

TEXT = b"".join(b"<p>Absatz %d: Der Pegel der Elbe ist gesunken.</p>\n" % n for n in range(4000))
LIMIT = 10_000_000


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(data) + engine.flush()


ENCODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "upper case": ("GZIP", gzip.compress),
    "gzip in two members": ("gzip", lambda data: gzip.compress(data[:1000]) + gzip.compress(data[1000:])),
    "deflate as the standard means it": ("deflate", zlib.compress),
    "deflate as some servers send it": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstandard.compress),
    "zstd without a size": ("zstd", lambda data: _zstd_streamed(data)),
    "identity": ("identity", bytes),
}


def _zstd_streamed(data: bytes) -> bytes:
    engine = zstandard.ZstdCompressor().compressobj()
    return engine.compress(data) + engine.flush()


@pytest.mark.parametrize("name", ENCODERS)
def test_a_body_comes_out_as_it_went_in(name: str) -> None:
    coding, encode = ENCODERS[name]
    for data in (TEXT, b"x", b""):
        decoded = decode_content(encode(data), [coding], max_bytes=LIMIT)
        assert (decoded.body, decoded.problems) == (data, ())
    assert decode_content(b"", [coding], max_bytes=LIMIT).problems == ()


def test_several_codings_come_off_last_first() -> None:
    data = brotli.compress(gzip.compress(TEXT))
    assert decode_content(data, ["gzip", "br"], max_bytes=LIMIT).body == TEXT


@pytest.mark.parametrize("name", [name for name in ENCODERS if name != "identity"])
def test_a_bomb_stops_at_the_limit(name: str) -> None:
    coding, encode = ENCODERS[name]
    decoded = decode_content(encode(bytes(50_000_000)), [coding], max_bytes=100_000)
    assert (len(decoded.body), decoded.problems) == (100_000, ("body cut at 100000 bytes",))


@pytest.mark.parametrize("name", [name for name in ENCODERS if name != "identity"])
def test_a_cut_stream_gives_what_came_before(name: str) -> None:
    coding, encode = ENCODERS[name]
    data = encode(TEXT)
    decoded = decode_content(data[: len(data) * 3 // 4], [coding], max_bytes=LIMIT)
    assert TEXT.startswith(decoded.body) and len(decoded.body) > 1000
    assert any("cut off" in problem for problem in decoded.problems)


@pytest.mark.parametrize("name", ["gzip", "deflate as the standard means it", "br", "zstd"])
def test_a_broken_stream_gives_what_came_before(name: str) -> None:
    coding, encode = ENCODERS[name]
    data = bytearray(encode(TEXT))
    data[len(data) * 3 // 4 :] = b"\xff" * 400
    decoded = decode_content(bytes(data), [coding], max_bytes=LIMIT)
    assert decoded.problems and decoded.body[:1000] == TEXT[:1000]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_wrongly_labelled_body_is_returned_as_it_is(coding: str) -> None:
    for page in (b"<!doctype html><p>plain</p>", "日本語の新聞".encode(), TEXT):
        decoded = decode_content(page, [coding], max_bytes=LIMIT)
        assert decoded.body == page
        assert decoded.problems == (f"Content-Encoding says {coding}, the body is not",)


def test_an_unknown_coding_is_left_on() -> None:
    decoded = decode_content(b"abc", ["sdch"], max_bytes=LIMIT)
    assert decoded.body == b"abc" and "sdch" in decoded.problems[0]


def test_bytes_after_a_gzip_stream_are_said_and_left() -> None:
    decoded = decode_content(gzip.compress(TEXT) + b"tail", ["gzip"], max_bytes=LIMIT)
    assert decoded.body == TEXT and decoded.problems == ("4 bytes after the end of the gzip stream",)
    assert decode_content(gzip.compress(TEXT) + bytes(512), ["gzip"], max_bytes=LIMIT).problems == ()


@given(
    st.binary(max_size=300), st.lists(st.sampled_from(["gzip", "deflate", "br", "zstd", "identity", "?"]), max_size=3)
)
def test_any_bytes_under_any_label_have_a_reading(data: bytes, codings: list[str]) -> None:
    assert len(decode_content(data, codings, max_bytes=1000).body) <= 1000


@given(st.binary(max_size=60), st.integers(0, 200), st.sampled_from(["gzip", "deflate", "br", "zstd"]))
def test_a_changed_byte_never_raises(tail: bytes, at: int, coding: str) -> None:
    encode = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstandard.compress}[
        coding
    ]
    data = bytearray(encode(TEXT[:500] + tail))
    data[at % len(data)] ^= 0x55
    decode_content(bytes(data), [coding], max_bytes=LIMIT)
