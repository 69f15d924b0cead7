"""Many values in turn, so many at a time: for transactions and memory of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Give all values in lists of `size`, the last of what is left."""
    given = iter(values)
    while batch := list(islice(given, size)):
        yield batch
