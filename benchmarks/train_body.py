"""Fit archive/extract/body_model.json, and say how it does on sites it was not fitted on.

    python benchmarks/train_body.py --bench PATH/bench/extraction [--write]

Needs lightgbm (not a dependency of Pressmark). Every piece of every page is labelled by the expected text: the share of
its 4-word shingles that stand in it. Folds are cut by site, so no page is judged by its own publisher's template.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from archive.extract import body
from archive.extract.features import NAMES, measure, with_column
from archive.extract.metadata import find_metadata
from archive.extract.page import read_page
from archive.extract.pieces import pieces_of
from archive.model import Page

SETTINGS = {
    "objective": "binary", "learning_rate": 0.1, "num_leaves": 8, "max_depth": 4, "min_data_in_leaf": 150,
    "lambda_l2": 20,
    "feature_fraction": 0.5, "bagging_fraction": 0.8, "bagging_freq": 1, "max_bin": 63, "num_threads": 2,
    "verbose": -1, "seed": 1,
}  # fmt: skip
ROUNDS, FOLDS, THRESHOLD = 150, 4, 0.45
OUT = Path(__file__).parents[1] / "archive" / "extract" / "body_model.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="write body_model.json fitted on all pages")
    options = parser.parse_args()
    sys.path.insert(0, str(options.bench))
    import extract_bench as bench

    pages = bench.load_pages(options.bench)
    sheets = [sheet(page, options.bench, bench) for page in pages]
    judge(pages, sheets, bench)
    if options.write:
        OUT.write_text(json.dumps(table(fit(sheets)), separators=(",", ":")) + "\n", encoding="utf-8")


def sheet(page: dict[str, Any], folder: Path, bench: ModuleType) -> dict[str, Any]:
    """Numbers, labels and weights of one page's pieces."""
    raw = (folder / page["html"]).read_bytes()
    source = Page(url=page.get("url") or "", body=gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    parsed = read_page(source)
    pieces = pieces_of(parsed.body)
    facts = find_metadata(source, parsed, pieces)
    table = measure(
        pieces,
        facts.headline,
        facts.headline_node,
        facts.description,
        facts.ld_body,
        facts.declares_article,
        range(len(pieces)),
    )
    voted = body.matched(pieces, body.main_text(parsed.root, "balanced"))
    labels, weights = label(page, [piece.text for piece in pieces], bench)
    site = page.get("domain") or urlsplit(page.get("url") or "").netloc or page["id"]
    return {
        "x": with_column(table, [at in voted for at in range(len(pieces))]), "y": np.array(labels),
        "w": np.array(weights), "site": site,
        "text": [piece.text for piece in pieces],
    }  # fmt: skip


def label(page: dict[str, Any], texts: list[str], bench: ModuleType) -> tuple[list[int], list[float]]:
    """1 in the text, 0 not, -1 unknown; the weight is the piece's share of the expected text."""
    if not page.get("text"):
        return by_segments(page, texts, bench)
    expected = bench.tokenize(page["text"])
    known = set(bench.shingles(expected))
    lines = {"".join(bench.tokenize(line)) for line in page["text"].split("\n")}
    labels, weights = [], []
    for text in texts:
        tokens = bench.tokenize(text)
        if len(tokens) >= 5:
            grams = list(bench.shingles(tokens).elements())
            labels.append(int(sum(gram in known for gram in grams) * 2 >= len(grams)))
        else:
            labels.append(int("".join(tokens) in lines) if tokens else -1)
        weights.append(len(tokens) / max(50, len(expected)))
    return labels, weights


def by_segments(page: dict[str, Any], texts: list[str], bench: ModuleType) -> tuple[list[int], list[float]]:
    wanted = [bench._squash(text) for text in page.get("with") or []]
    unwanted = [bench._squash(text) for text in page.get("without") or []]
    labels = []
    for text in map(bench._squash, texts):
        if any(segment in text for segment in wanted):
            labels.append(1)
        else:
            labels.append(0 if any(segment in text for segment in unwanted) else -1)
    return labels, [0.03] * len(texts)


def fit(sheets: list[dict[str, Any]]) -> Any:
    """Fit the trees on the labelled pieces of `sheets`."""
    import lightgbm

    x, y, w = (np.concatenate([sheet[key] for sheet in sheets if len(sheet["y"])]) for key in "xyw")
    use = (y >= 0) & (w > 0)
    return lightgbm.train(
        SETTINGS, lightgbm.Dataset(x[use], y[use], weight=w[use] / w[use].mean()), num_boost_round=ROUNDS
    )


def judge(pages: list[dict[str, Any]], sheets: list[dict[str, Any]], bench: ModuleType) -> None:
    """Print the scores of every page under the model that did not see its site."""
    folds = [zlib.crc32(sheet["site"].encode()) % FOLDS for sheet in sheets]
    scored = []
    for fold in range(FOLDS):
        model = fit([sheet for sheet, at in zip(sheets, folds, strict=True) if at != fold])
        for page, sheet, at in zip(pages, sheets, folds, strict=True):
            if at == fold:
                likely = model.predict(sheet["x"]) if len(sheet["y"]) else []
                kept = "\n".join(text for text, p in zip(sheet["text"], likely, strict=True) if p > THRESHOLD)
                scored.append(
                    bench.page_scores(
                        {**page, "title": None, "authors": None, "date": None, "language": None}, {"text": kept}
                    )
                )
    print(bench.report({"held-out sites": scored}))


def table(model: Any) -> dict[str, Any]:
    """The trees as parallel arrays; a leaf's children are itself."""
    arrays: dict[str, list[Any]] = {"feature": [], "threshold": [], "left": [], "right": [], "value": []}

    def add(node: dict[str, Any]) -> int:
        at = len(arrays["feature"])
        for key, value in (("feature", 0), ("threshold", 0.0), ("left", at), ("right", at), ("value", 0.0)):
            arrays[key].append(value)
        if "leaf_value" in node:
            arrays["value"][at] = round(node["leaf_value"], 5)
        else:
            arrays["feature"][at], arrays["threshold"][at] = node["split_feature"], float(f"{node['threshold']:.6g}")
            arrays["left"][at], arrays["right"][at] = add(node["left_child"]), add(node["right_child"])
        return at

    roots = [add(tree["tree_structure"]) for tree in model.dump_model()["tree_info"]]
    return {"names": [*NAMES, "trafilatura"], "depth": SETTINGS["max_depth"], "roots": roots, **arrays}


if __name__ == "__main__":
    main()
