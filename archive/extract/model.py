"""How likely each piece belongs to the text: boosted decision trees over `features.NAMES`, kept as a small table.

The table (body_model.json) was fitted by benchmarks/train_body.py on the DEV pages and checked on sites it was not
fitted on. It is data: every split is a measure with a name and a threshold. numpy walks all trees at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class BodyModel:
    """Trees as parallel arrays; a leaf's children are itself, so every row may take `depth` steps."""

    names: tuple[str, ...]
    depth: int
    roots: Any
    feature: Any
    threshold: Any
    left: Any
    right: Any
    value: Any

    def likelihood(self, rows: list[list[float]]) -> list[float]:
        """A number 0 … 1 for each row."""
        if not rows:
            return []
        table = np.asarray(rows, dtype=np.float32).astype(np.float64)
        at = np.broadcast_to(self.roots, (len(rows), len(self.roots))).copy()
        line = np.arange(len(rows))[:, None]
        for _ in range(self.depth):
            goes_left = table[line, self.feature[at]] <= self.threshold[at]
            at = np.where(goes_left, self.left[at], self.right[at])
        score = self.value[at].sum(axis=1)
        return [float(x) for x in 1.0 / (1.0 + np.exp(-score))]


@lru_cache(maxsize=1)
def body_model() -> BodyModel:
    """The model, loaded once per process."""
    raw = json.loads(files("archive.extract").joinpath("body_model.json").read_text(encoding="utf-8"))
    return BodyModel(
        tuple(raw["names"]), raw["depth"], np.array(raw["roots"]), np.array(raw["feature"]), np.array(raw["threshold"]),
        np.array(raw["left"]), np.array(raw["right"]), np.array(raw["value"]),
    )  # fmt: skip
