"""Score our reading and the installed peers on the extraction benchmark; print the tables of docs/reading.md.

    python benchmarks/extraction.py --bench PATH/bench/extraction [--out DIR] [--peers NAMES] [--sample N] [--time]

PATH is the benchmark's folder (its README says what the numbers are). Needs no network.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

OURS = f"ours={sys.executable} -m archive.extract.worker"


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
    return 0


if __name__ == "__main__":
    sys.exit(main())
