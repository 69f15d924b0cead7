"""Fit the weights of archive/extract/metadata/headline.py, and say how they do on sites they were not fitted on.

    python benchmarks/train_headline.py --bench PATH/bench/extraction

Prints the table to put there. A page is a choice between its wordings (conditional logit): the likelihood of the
expected one is made as large as it gets, with a penalty on large weights. Folds are cut by site, three times.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from archive.extract.metadata.facts import site_names_of
from archive.extract.metadata.headline import gather, signs
from archive.extract.page import read_page
from archive.model import Page

FOLDS, CUTS, PENALTY, STEPS, SMALLEST = 5, ("", "b", "c"), 3.0, 400, 0.16
Row = dict[str, float]
Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choice:
    """One page: the signs of its wordings, and which of them are right."""

    rows: list[Row]
    right: list[bool]
    site: str
    is_news: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True)
    options = parser.parse_args()
    sys.path.insert(0, str(options.bench))
    import extract_bench as bench

    pages = [page for page in bench.load_pages(options.bench) if page.get("title")]
    choices = [choice(page, options.bench, bench) for page in pages]
    # Imported pages may have an address that says nothing, or none.
    bare = [{**page, "url": None, "site": one.site} for page, one in zip(pages, choices, strict=True)]
    choices += [choice(page, options.bench, bench) for page in bare]
    names = sorted({sign for one in choices for row in one.rows for sign in row})
    held_out = [judge(choices, names, cut) for cut in CUTS]
    print(
        f"{len(choices)} pages; the right wording is among those offered on {share(any(c.right) for c in choices):.3f}"
    )
    for right in held_out:
        news = share(one for one, page in zip(right, choices, strict=True) if page.is_news)
        half = len(pages)
        print(f"held-out: {share(right[:half]):.3f}, without addresses {share(right[half:]):.3f}; {news:.3f} news")
    for name, weight in zip(names, fit(choices, names), strict=True):
        if abs(weight) >= SMALLEST:
            print(f'    "{name}": {weight:.2f},')


def choice(page: dict[str, Any], folder: Path, bench: ModuleType) -> Choice:
    raw = (folder / page["html"]).read_bytes()
    source = Page(url=page.get("url") or "", body=gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    parsed = read_page(source)
    articles, names = site_names_of(source, parsed)
    wordings, around = gather(source.url, articles, parsed.metas, parsed.title, parsed.elements, names)
    wanted = bench.norm_title(page["title"])
    return Choice(
        [signs(wording, around) for wording in wordings],
        [bench.norm_title(wording.text) == wanted for wording in wordings],
        page.get("site") or urlsplit(source.url).netloc or page["id"],
        page["news"],
    )


def judge(choices: list[Choice], names: list[str], cut: str) -> list[bool]:
    """Whether each page is read right by weights fitted on other sites."""
    right = [False] * len(choices)
    folds = [zlib.crc32(f"{cut}{one.site}".encode()) % FOLDS for one in choices]
    for fold in range(FOLDS):
        weights = fit([one for one, its in zip(choices, folds, strict=True) if its != fold], names)
        for at, one in enumerate(choices):
            if folds[at] == fold and one.rows:
                right[at] = one.right[int(np.argmax(_table(one.rows, names) @ weights))]
    return right


def fit(choices: list[Choice], names: list[str]) -> Weights:
    """Weights that make the right wordings likely, by Adam's method."""
    known = [one for one in choices if any(one.right)]
    table = np.vstack([_table(one.rows, names) for one in known])
    right = np.concatenate([np.array(one.right, float) for one in known])
    starts = np.cumsum([0, *(len(one.rows) for one in known[:-1])])
    page = np.repeat(np.arange(len(known)), [len(one.rows) for one in known])
    weights, mean, spread = (np.zeros(len(names)) for _ in range(3))
    for step in range(1, STEPS + 1):
        scores = table @ weights
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[page])
        likely = odds / np.add.reduceat(odds, starts)[page]
        wanted = odds * right / np.add.reduceat(odds * right, starts)[page]
        slope = table.T @ (likely - wanted) + PENALTY * weights
        mean = 0.9 * mean + 0.1 * slope
        spread = 0.999 * spread + 0.001 * slope**2
        weights = weights - 0.05 * (mean / (1 - 0.9**step)) / (np.sqrt(spread / (1 - 0.999**step)) + 1e-8)
    return weights


def _table(rows: list[Row], names: list[str]) -> NDArray[np.float64]:
    return np.array([[row.get(name, 0.0) for name in names] for row in rows])


def share(values: Any) -> float:
    return float(np.mean(list(values)))


if __name__ == "__main__":
    main()
