"""Fit archive/extract/body/body_model.json, and say how it does on sites it was not fitted on.

    python benchmarks/train_body.py --bench PATH/bench/extraction [--write]

Needs lightgbm (not a dependency of Pressmark). Every piece of every page is labelled by the expected text: the share of
its 4-word shingles that stand in it; a piece too short for shingles of its own is labelled by the ones it makes with
its neighbours. Folds are cut by site, so no page is judged by its own publisher's template.
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

from archive.extract.body import choice as body
from archive.extract.body.features import NAMES, hopeless, measure
from archive.extract.body.model import among_likes
from archive.extract.body.payload import add_payload
from archive.extract.labels.blocks import label_blocks, text_of
from archive.extract.metadata.facts import find_metadata
from archive.extract.page import read_page
from archive.extract.pieces import pieces_of
from archive.model import Page

SETTINGS = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "max_depth": 6, "min_data_in_leaf": 80,
    "lambda_l2": 20, "feature_fraction": 0.2, "bagging_fraction": 0.8, "bagging_freq": 1, "max_bin": 63,
    "path_smooth": 30, "num_threads": 1, "verbose": -1, "seed": 1,
}  # fmt: skip
ROUNDS, FOLDS = 250, 4
OUT = Path(__file__).parents[1] / "archive" / "extract" / "body" / "body_model.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="write body_model.json fitted on all pages")
    parser.add_argument("--out", type=Path, help="write the held-out texts there, for `extract_bench.py compare`")
    parser.add_argument("--cut", default="", help="another word cuts the sites into other folds")
    parser.add_argument("--unjudged", action="store_true", help="fit only, without the judging on held-out sites")
    options = parser.parse_args()
    sys.path.insert(0, str(options.bench))
    import extract_bench as bench

    pages = bench.load_pages(options.bench)
    sheets = [sheet(page, options.bench, bench) for page in pages]
    if not options.unjudged:
        texts = judge(pages, sheets, bench, options.cut)
        if options.out:
            lines = (json.dumps({"id": name, "text": text}) + "\n" for name, text in sorted(texts.items()))
            options.out.write_text("".join(lines), encoding="utf-8")
    if options.write:
        OUT.write_text(json.dumps(table(fit(sheets)), separators=(",", ":")) + "\n", encoding="utf-8")


def sheet(page: dict[str, Any], folder: Path, bench: ModuleType) -> dict[str, Any]:
    """Numbers, labels and weights of one page's pieces."""
    raw = (folder / page["html"]).read_bytes()
    source = Page(url=page.get("url") or "", body=gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    parsed = read_page(source)
    pieces = pieces_of(parsed.body)
    facts = find_metadata(source, parsed, pieces)
    lost = hopeless(pieces)
    at = [one for one in range(len(pieces)) if one not in lost]
    table, likes = measure(pieces, facts.headline, facts.headline_node, facts.description, facts.declares_article, at)
    labels, weights = label(page, [piece.text for piece in pieces], bench)
    site = page.get("domain") or urlsplit(page.get("url") or "").netloc or page["id"]
    return {
        "x": table,
        "y": np.array([labels[i] for i in at]), "w": np.array([weights[i] for i in at]), "site": site,
        "at": at, "likes": likes, "pieces": pieces, "facts": facts, "source": parsed.decoded.text, "root": parsed.root,
    }  # fmt: skip


def label(page: dict[str, Any], texts: list[str], bench: ModuleType) -> tuple[list[int], list[float]]:
    """1 in the text, 0 not, -1 unknown; the weight is the piece's share of the expected text."""
    if not page.get("text"):
        return by_segments(page, texts, bench)
    expected = bench.tokenize(page["text"])
    known = set(bench.shingles(expected))
    lines = {"".join(bench.tokenize(line)) for line in page["text"].split("\n")}
    tokens = [bench.tokenize(text) for text in texts]
    labels = []
    for words in tokens:
        if len(words) >= 5:
            grams = list(bench.shingles(words).elements())
            labels.append(int(sum(gram in known for gram in grams) * 2 >= len(grams)))
        else:
            labels.append(int("".join(words) in lines) if words else -1)
    # Two rounds: the first knows a short neighbour by its own words only, the second by the first.
    for settled in (False, True):
        for at, words in enumerate(tokens):
            if words and len(words) < 8:
                labels[at] = beside_neighbours(tokens, labels, at, known, settled)
    return labels, [len(words) / max(50, len(expected)) for words in tokens]


def beside_neighbours(
    tokens: list[list[str]], labels: list[int], at: int, known: set[tuple[str, ...]], settled: bool
) -> int:
    """The label of a short piece by the shingles that reach into the kept pieces before and after it."""
    left: list[str] = []
    for other in range(at - 1, max(-1, at - 5), -1):
        if labels[other] == 1 and len(left) < 3:
            left = tokens[other][len(left) - 3 :] + left
    right: list[str] = []
    for other in range(at + 1, min(len(tokens), at + 5)):
        if len(right) < 3 and (labels[other] == 1 or (not settled and len(tokens[other]) < 8)):
            right += tokens[other][: 3 - len(right)]
    words = left + tokens[at] + right
    end = len(left) + len(tokens[at])
    starts = range(max(0, len(left) - 3), min(end, len(words) - 3))
    grams = [tuple(words[start : start + 4]) for start in starts]
    return int(sum(gram in known for gram in grams) >= 0.45 * len(grams)) if grams else labels[at]


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


def judge(pages: list[dict[str, Any]], sheets: list[dict[str, Any]], bench: ModuleType, cut: str) -> dict[str, str]:
    """Print the scores of every page under the model that did not see its site; return the texts by page id."""
    folds = [zlib.crc32(f"{cut}{sheet['site']}".encode()) % FOLDS for sheet in sheets]
    scored = []
    texts: dict[str, str] = {}
    for fold in range(FOLDS):
        model = fit([sheet for sheet, at in zip(sheets, folds, strict=True) if at != fold])
        for page, sheet, at in zip(pages, sheets, folds, strict=True):
            if at == fold:
                texts[page["id"]] = read(sheet, model)
                unscored = dict.fromkeys(("title", "authors", "date", "language"))
                scored.append(bench.page_scores({**page, **unscored}, {"text": texts[page["id"]]}))
    print(bench.report({"held-out sites": scored}))
    return texts


def read(sheet: dict[str, Any], model: Any) -> str:
    """The text of a page as the extractor would give it, were this its model."""
    pieces, facts, at = list(sheet["pieces"]), sheet["facts"], sheet["at"]
    likely: list[float] = []
    if at:
        likely = among_likes(model.predict(sheet["x"]), sheet["likes"], [len(pieces[one].key) for one in at]).tolist()
    chosen = body.choose(sheet["root"], pieces, dict(zip(at, likely, strict=True)), "balanced")
    add_payload(pieces, chosen, facts.ld_body, sheet["source"])
    return text_of(label_blocks(pieces, chosen, facts, []))


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
    return {"names": list(NAMES), "depth": SETTINGS["max_depth"], "roots": roots, **arrays}


if __name__ == "__main__":
    main()
