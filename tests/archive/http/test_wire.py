"""Wire: the bytes come back, from memory or from disk, whatever reads at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archive.http.wire import Wire


@given(st.lists(st.binary(max_size=300), max_size=12), st.integers(0, 700), st.integers(1, 50))
def test_what_was_written_is_read_from_memory_and_from_disk(parts: list[bytes], start: int, piece: int) -> None:
    whole = b"".join(parts)
    for spool in (1 << 20, 100):
        wire = Wire(spool_bytes=spool)
        for part in parts:
            wire.write(part)
        assert (wire.getvalue(), len(wire), wire.size) == (whole, len(whole), len(whole))
        assert b"".join(wire.chunks(start, piece)) == whole[start:]
        assert wire.in_memory == (len(whole) <= spool)
        wire.close()


def test_two_readings_and_writing_do_not_disturb_each_other() -> None:
    wire = Wire(spool_bytes=10)
    wire.write(b"0123456789" * 10)
    one, two = wire.chunks(0, 7), wire.chunks(50, 3)
    first = next(one) + next(two)
    wire.write(b"end")
    assert first == b"0123456012"
    assert wire.getvalue() == b"0123456789" * 10 + b"end"
    assert b"".join(one) == (b"0123456789" * 10 + b"end")[7:]


def test_a_wire_made_of_bytes_can_be_written_on() -> None:
    wire = Wire(b"abc", spool_bytes=4)
    wire.write(b"def")
    assert (wire.getvalue(), wire.in_memory) == (b"abcdef", False)
