"""How likely each piece belongs to the text: boosted decision trees over `features.NAMES`, kept as a small table.

The table (body_model.json) was fitted by benchmarks/train_body.py on the DEV pages and checked on sites it was not
fitted on. It is data: every split is a measure with a name and a threshold. All splits of all trees are looked at at
once, as QuickScorer does (Lucchese et al., SIGIR 2015): a split that goes right crosses out the leaves on its left,
and the first leaf left over is the one a walk would reach.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from archive.extract.pieces import LINE_CHARS

_AGREED = 0.3  # how far a piece's likelihood is drawn to that of its likes
_ALIKE = 3  # pieces; fewer say nothing of their kind
_SURE = 0.982  # no piece weighs more among its likes than one of this likelihood
_ROWS_AT_ONCE = 1000  # bounds the memory of a page of many pieces
_NO_SPLIT = (0, 0.0, 0)  # crosses out nothing; fills up the trees that have fewer splits than others


@dataclass(frozen=True, slots=True)
class BodyModel:
    """Trees as arrays over all splits: the first split of every tree, then the second of every tree, and so on."""

    names: tuple[str, ...]
    asked: frozenset[int]  # the columns that some split looks at
    feature: Any  # of each split: its column
    threshold: Any  # of each split: up to here it goes left
    crossed: Any  # of each split: the bits of the tree's leaves that are crossed out when it goes right
    value: Any  # of each tree and leaf, one after the other
    first: Any  # of each tree: where in `value` its leaves begin

    def likelihood(self, table: Any) -> list[float]:
        """A number 0 … 1 for each row of a float32 table with a column for each of `names`."""
        found: list[float] = []
        for start in range(0, len(table), _ROWS_AT_ONCE):
            found.extend(self._likelihood(np.ascontiguousarray(table[start : start + _ROWS_AT_ONCE].T)))
        return found

    def _likelihood(self, columns: Any) -> list[float]:
        goes_right = columns.take(self.feature, axis=0) > self.threshold
        crossed = (goes_right * self.crossed).reshape(-1, len(self.first), columns.shape[1])
        left_over = ~np.bitwise_or.reduce(crossed, axis=0)
        leaf = np.log2(left_over & (~left_over + 1)).astype(np.intp)  # the lowest bit is the leftmost leaf
        score = self.value.take(leaf + self.first).sum(axis=0)
        found: list[float] = (1.0 / (1.0 + np.exp(-score))).tolist()
        return found


def among_likes(likely: Any, likes: Any, sizes: Any) -> Any:
    """`likely`, each drawn to the mean of the pieces in like elements: of forty like items, all are text or none.

    `likes` numbers the kinds of elements, `sizes` are the characters of the pieces; all three are arrays over pieces.
    Lines and paragraphs are not drawn to each other: a request to subscribe stands in the same element as the story.
    """
    odds = np.clip(likely, 1 - _SURE, _SURE)
    odds = np.log(odds / (1 - odds))
    weights = np.sqrt(sizes)
    likes = 2 * likes + (weights > math.sqrt(LINE_CHARS))
    sums, masses, counts = (np.bincount(likes, held)[likes] for held in (weights * odds, weights, None))
    drawn = (1 - _AGREED) * odds + _AGREED * sums / np.maximum(masses, 1.0)
    return 1 / (1 + np.exp(-np.where(counts >= _ALIKE, drawn, odds)))


@lru_cache(maxsize=1)
def body_model() -> BodyModel:
    """The model, loaded once per process."""
    raw = json.loads(files("archive.extract.body").joinpath("body_model.json").read_text(encoding="utf-8"))
    return model_of(raw)


def model_of(raw: dict[str, Any]) -> BodyModel:
    """Build the model from the table: lists over the nodes of all trees, in which a leaf's children are itself."""
    trees = [_flat(raw, root) for root in raw["roots"]]
    most = max(len(values) for _, values in trees)
    deepest = max(len(tree) for tree, _ in trees)
    splits = [tree[at] if at < len(tree) else _NO_SPLIT for at in range(deepest) for tree, _ in trees]
    kind = next(kind for kind in (np.uint8, np.uint16, np.uint32, np.uint64) if np.iinfo(kind).bits >= most)
    return BodyModel(
        tuple(raw["names"]),
        frozenset(feature for feature, _, crossed in splits if crossed),
        np.array([feature for feature, _, _ in splits], dtype=np.intp),
        np.array([[_rounded_down(threshold)] for _, threshold, _ in splits], dtype=np.float32),
        np.array([[crossed] for _, _, crossed in splits], dtype=kind),
        np.array([values + [0.0] * (most - len(values)) for _, values in trees]).ravel(),
        np.arange(len(trees))[:, None] * most,
    )


def _flat(raw: dict[str, Any], root: int) -> tuple[list[tuple[int, float, int]], list[float]]:
    """The splits of a tree as (column, threshold, bits of the leaves on its left); its leaves, left to right."""
    splits: list[tuple[int, float, int]] = []
    values: list[float] = []

    def walk(at: int) -> int:
        """Bits of the leaves under a node."""
        left, right = raw["left"][at], raw["right"][at]
        if left == at:
            values.append(raw["value"][at])
            return 1 << (len(values) - 1)
        under_left = walk(left)
        splits.append((raw["feature"][at], raw["threshold"][at], under_left))
        return under_left | walk(right)

    walk(root)
    return splits or [_NO_SPLIT], values


def _rounded_down(threshold: float) -> Any:
    """The largest float32 that is not above: rows are float32, and no row may change sides."""
    near = np.float32(threshold)
    return near if near <= threshold else np.nextafter(near, np.float32(-np.inf))
