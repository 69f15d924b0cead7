"""The HTTP reader: the same result however the bytes arrive, and a reading for whatever a server sends."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.http.messages import ResponseReader, parse_head
from tests.archive.warc_samples import chunked, samples


def reading(pieces: list[bytes], method: str, max_head: int = 400) -> dict[str, Any]:
    reader = ResponseReader(method, max_head_bytes=max_head)
    entity = b"".join(part for piece in pieces for part in reader.feed(piece))
    open_state = (reader.done, reader.complete)
    entity += b"".join(reader.eof())
    return {
        "entity": entity,
        "head": reader.head,
        "framing": reader.framing,
        "interim": reader.interim,
        "problems": reader.problems,
        "consumed": reader.consumed,
        "entity_bytes": reader.entity_bytes,
        "excess": reader.excess,
        "excess_bytes": reader.excess_bytes,
        "open": open_state,
        "complete": reader.complete,
        "keep_alive": reader.keep_alive,
    }


LINE_END = st.sampled_from([b"\r\n", b"\r\n", b"\n"])
STATUS = st.sampled_from(
    [b"HTTP/1.1 200 OK", b"HTTP/1.0 404 Not Found", b"http/1.1 200", b"HTTP/1.1 204 x", b"HTTP/1.1 304 y", b"ICY 200 OK",
     b"HTTP/1.1 103 Early", b"HTTP/1.1 100 Continue", b"HTTP/1.1 101 Switch", b"HTTP/1.1 abc", b"HTT", b"garbage"]
)  # fmt: skip
FIELD = st.sampled_from(
    [b"Content-Length: 5", b"content-length:12", b"Content-Length: x", b"Content-Length: " + b"9" * 5000, b"Content-Length: 5, 5",
     b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Connection: close", b"Connection: keep-alive",
     b"X-A: \xff\xe9", b" folded", b"no colon", b"Set-Cookie: a", b"set-cookie: b"]
)  # fmt: skip
BODY = st.one_of(
    st.binary(max_size=60),
    st.builds(
        chunked,
        st.binary(max_size=60),
        st.integers(1, 20),
        st.sampled_from([b"", b";a=b"]),
        st.sampled_from([b"", b"T: 1\r\n"]),
    ),
    st.sampled_from(
        [
            b"5\r\nabcdeX\r\n0\r\n\r\n",
            b"zz\r\nabc",
            b"3\nabc\n0\n\n",
            b"3\r\nabc\r\n0\r\nT: " + b"x" * 500 + b"\r\n\r\n",
            b"3;" + b"x" * 70_000 + b"\r\nabc\r\n0\r\n\r\n",
        ]
    ),
)


@st.composite
def wire_bytes(draw: st.DrawFn) -> bytes:
    """Messages as servers send them, good and bad, several in a row."""
    out = draw(st.sampled_from([b"", b"", b"\r\n", b"\n\r\n\r\n\r\n"]))
    for _ in range(draw(st.integers(1, 3))):
        end = draw(LINE_END)
        out += draw(STATUS) + end + b"".join(field + end for field in draw(st.lists(FIELD, max_size=4)))
        out += draw(st.sampled_from([end, end, b""])) + draw(BODY)
    return out


@given(wire_bytes(), st.lists(st.integers(0, 600), max_size=12), st.sampled_from(["GET", "HEAD"]))
def test_the_same_bytes_give_the_same_reading_however_they_arrive(data: bytes, cuts: list[int], method: str) -> None:
    whole = reading([data], method)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    assert reading([data[a:b] for a, b in itertools.pairwise(edges)], method) == whole
    few = data if len(data) < 3000 else data[:600]
    assert reading([few[at : at + 1] for at in range(len(few))], method) == reading([few], method)


@given(wire_bytes())
def test_no_byte_is_lost(data: bytes) -> None:
    seen = reading([data], "GET")
    assert sum(map(len, seen["interim"])) + seen["consumed"] + seen["excess_bytes"] == len(data)


@given(st.binary(max_size=200))
def test_anything_has_a_reading(data: bytes) -> None:
    reading([data], "GET")
    parse_head(data)


@pytest.mark.parametrize("name", samples())
def test_the_samples_arrive_in_any_pieces(name: str) -> None:
    sample = samples()[name]
    data = sample.response.getvalue()[:20_000]
    whole = reading([data], sample.method, 1 << 20)
    assert reading([data[at : at + 1] for at in range(len(data))], sample.method, 1 << 20) == whole
    assert reading([data[at : at + 977] for at in range(0, len(data), 977)], sample.method, 1 << 20) == whole


def test_the_end_is_known_without_waiting_for_the_connection_to_close() -> None:
    for name, ends in (
        ("plain", True),
        ("chunked", True),
        ("redirect", True),
        ("not modified", True),
        ("no http at all", False),
    ):
        reader = ResponseReader()
        reader.feed(samples()[name].response.getvalue())
        assert reader.done == ends, name


def test_an_endless_tail_is_counted_and_not_kept() -> None:
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    for _ in range(100):
        reader.feed(bytes(10_000))
    assert (reader.excess_bytes, len(reader.excess), reader.keep_alive) == (1_000_000, 1 << 16, False)


def test_endless_trailers_are_broken_off() -> None:
    reader = ResponseReader(max_head_bytes=1000)
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    for _ in range(1000):
        reader.feed(b"X-Trailer: on and on\r\n")
    reader.eof()
    assert "trailers longer than 1000 bytes" in reader.problems and not reader.complete


def test_a_number_too_long_for_a_number_is_a_problem() -> None:
    read = reading([b"HTTP/1.1 200 OK\r\nContent-Length: " + b"1" * 6000 + b"\r\n\r\nbody"], "GET", 8000)
    assert read["entity"] == b"body" and read["problems"][0].startswith("Content-Length is not a number")


def test_lists_and_charsets_of_a_head() -> None:
    head = parse_head(
        b"HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; Charset='Shift_JIS'\r\nVary: a, B\r\nvary:c\r\n\r\n"
    )
    assert (head.media_type, head.charset, head.tokens("Vary")) == ("text/html", "Shift_JIS", ["a", "b", "c"])
