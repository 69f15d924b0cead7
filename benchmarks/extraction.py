"""Score our reading and the installed peers on the extraction benchmark; print the tables of docs/reading.md.

    python benchmarks/extraction.py --bench PATH/bench/extraction [--out DIR] [--peers NAMES] [--sample N] [--time]

PATH is the benchmark's folder (its README says what the numbers are). Needs no network. Over all pages the scores are
compared with `FLOORS`: exit code 1 where one is below.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

OURS = f"ours={sys.executable} -m archive.extract.worker"
# What the shipped reader reached on these pages, cut to three places. A change may only raise them, or says in
# docs/reading.md what it gained for what it lost.
FLOORS = {
    "ALL": {"f1": 0.961, "seg_f1": 0.940, "title_norm": 0.885, "author_f1": 0.842, "date_day": 0.903, "language": 1.0},
    "NEWS": {"f1": 0.973, "seg_f1": 0.929, "title_norm": 0.900, "author_f1": 0.911, "date_day": 0.936, "language": 1.0},
}
MOST_POOR = {"f1_lt_50": 6, "f1_lt_80": 23}  # texts under .5 and under .8


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="folder of extract_bench.py")
    parser.add_argument("--out", type=Path, help="where predictions are kept (default: a temporary folder)")
    parser.add_argument("--peers", default="trafilatura", help="comma-separated names of peers.py")
    parser.add_argument("--sample", type=int, help="score a sample of this many pages")
    parser.add_argument("--time", action="store_true", help="measure CPU, interleaved, as ratios to the first peer")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        return run(options, options.out or Path(scratch))


def run(options: argparse.Namespace, out: Path) -> int:
    """Run the shared scorer; its tables go to standard output."""
    scorer = [sys.executable, str(options.bench / "extract_bench.py")]
    extractors = [part for name in options.peers.split(",") if name for part in ("--x", name)] + ["--x", OURS]
    sample = ["--sample", str(options.sample)] if options.sample else []
    first = subprocess.run(
        [
            *scorer,
            "time" if options.time else "run",
            *sample,
            *([] if options.time else ["--out", str(out)]),
            *extractors,
        ],
        check=False,
    )
    if first.returncode or options.time:
        return first.returncode
    for peer in filter(None, options.peers.split(",")):
        files = [str(out / "ours.jsonl"), str(out / f"{peer}.jsonl")]
        subprocess.run([*scorer, "compare", *files], check=False)
    if options.sample:
        return 0
    missed = below_floors(options.bench, out / "ours.jsonl")
    print("\n".join(missed) or "floors: none is missed")
    return 1 if missed else 0


def below_floors(bench: Path, predictions: Path) -> list[str]:
    """A line for each score of ours that fell below its floor."""
    sys.path.insert(0, str(bench))
    import extract_bench

    grouped = extract_bench.groups(extract_bench.score_file(extract_bench.load_pages(bench), predictions))
    scores = {group: extract_bench.aggregate(grouped[group]) for group in FLOORS}
    low = [
        f"{group} {name} is {scores[group][name]:.4f}, its floor {least}"
        for group, floors in FLOORS.items()
        for name, least in floors.items()
        if scores[group][name] < least
    ]
    poor = [
        f"{scores['ALL'][name]} texts with {name}, at most {most} before"
        for name, most in MOST_POOR.items()
        if scores["ALL"][name] > most
    ]
    return low + poor


if __name__ == "__main__":
    sys.exit(main())
