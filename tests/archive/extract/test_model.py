"""The trees of the body model give what a walk from their roots gives."""

import math
import random
from typing import Any

import numpy as np
import pytest

from archive.extract.body.model import among_likes, body_model, model_of


def _tree(raw: dict[str, Any], chance: random.Random, leaves: int) -> int:
    """Add a tree with so many leaves; a leaf's children are itself."""
    at = len(raw["feature"])
    for key, value in (
        ("feature", 0),
        ("threshold", 0.0),
        ("left", at),
        ("right", at),
        ("value", chance.uniform(-1, 1)),
    ):
        raw[key].append(value)
    if leaves > 1:
        raw["feature"][at], raw["threshold"][at] = chance.randrange(3), chance.uniform(-1, 1)
        on_the_left = chance.randrange(1, leaves)
        raw["left"][at] = _tree(raw, chance, on_the_left)
        raw["right"][at] = _tree(raw, chance, leaves - on_the_left)
    return at


def _walked(raw: dict[str, Any], row: list[float]) -> float:
    total = 0.0
    for root in raw["roots"]:
        at = root
        while raw["left"][at] != at:
            at = raw["left" if row[raw["feature"][at]] <= raw["threshold"][at] else "right"][at]
        total += raw["value"][at]
    return 1 / (1 + math.exp(-total))


@pytest.mark.parametrize("sizes", [(1,), (4, 1, 7), (15, 2, 15, 3)])
def test_trees_of_any_sizes_answer_as_a_walk_does(sizes: tuple[int, ...]) -> None:
    chance = random.Random(len(sizes))
    raw: dict[str, Any] = {key: [] for key in ("feature", "threshold", "left", "right", "value")}
    raw |= {"names": ["a", "b", "c"], "roots": []}
    for leaves in sizes:
        raw["roots"].append(_tree(raw, chance, leaves))
    table = np.random.default_rng(1).uniform(-1, 1, (1200, 3)).astype(np.float32)
    expected = [_walked(raw, row) for row in table.tolist()]
    assert model_of(raw).likelihood(table) == pytest.approx(expected, abs=1e-9)


def test_the_shipped_model_asks_for_columns_it_has() -> None:
    model = body_model()
    assert model.asked and max(model.asked) < len(model.names)


def test_pieces_of_one_kind_are_drawn_together_the_longer_ones_more() -> None:
    likely, likes = [0.9, 0.9, 0.2, 0.4, 0.1], np.array([0, 0, 0, 1, 1])
    drawn = among_likes(likely, likes, [100, 100, 100, 50, 50]).tolist()
    assert 0.8 < drawn[0] == drawn[1] < 0.9
    assert 0.2 < drawn[2] < 0.4
    assert drawn[3:] == pytest.approx([0.4, 0.1])  # two are no kind
    assert among_likes(likely, likes, [100, 100, 10_000, 50, 50])[2] < drawn[2]
    assert among_likes([0.9, 0.9, 0.9, 0.2], np.zeros(4, dtype=int), [100, 100, 100, 60])[3] == pytest.approx(
        0.2
    )  # a line
    assert among_likes([], np.zeros(0, dtype=int), []).tolist() == []
