"""What looking for injected text costs, as a share of the CPU time that the rest of reading takes.

    python benchmarks/integrity.py --pages DIR [--count N]

DIR holds .html or .html.gz files. Each page is read twice and the second time counts; the clock runs in the four places
where reading looks for hidden payloads, for injected strings, for blocks and marks, and for advertisements. One
process, CPU time, so that other work on the machine matters little; read the ratios.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from archive.extract import injection, page, reading
from archive.model import Page

STAGES: tuple[tuple[ModuleType, str], ...] = (
    (page, "take_traces"),
    (injection, "inspect"),
    (injection, "cleanse"),
    (reading, "without_adverts"),
)


def main() -> None:
    options = _options()
    paths = sorted(options.pages.iterdir())[: options.count]
    pages = [Page("https://news.example/story", _content(path)) for path in paths]
    spent: dict[str, float] = defaultdict(float)
    for room, name in STAGES:
        setattr(room, name, _clocked(getattr(room, name), name, spent))
    reading.warm_up()
    shares: list[float] = []
    whole = 0.0
    per_stage: dict[str, float] = defaultdict(float)
    for one in pages:
        reading.extract(one)
        spent.clear()
        before = time.process_time()
        reading.extract(one)
        seconds = time.process_time() - before
        looking = sum(spent.values())
        shares.append(looking / (seconds - looking))
        whole += seconds
        for name, took in spent.items():
            per_stage[name] += took
    looking = sum(per_stage.values())
    each = 1e3 / len(pages)
    print(f"{len(pages)} pages, {whole * each:.1f} ms of CPU each, {looking * each:.1f} ms of it for integrity")
    print(f"on top of the rest: mean {looking / (whole - looking):.1%}, median {statistics.median(shares):.1%}")
    for name, seconds in sorted(per_stage.items(), key=lambda one: -one[1]):
        print(f"  {name:16} {seconds * each:5.2f} ms a page")


def _clocked(work: Callable[..., Any], name: str, spent: dict[str, float]) -> Callable[..., Any]:
    def clocked(*given: Any, **named: Any) -> Any:
        before = time.process_time()
        try:
            return work(*given, **named)
        finally:
            spent[name] += time.process_time() - before

    return clocked


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, required=True, help="a folder of .html or .html.gz files")
    parser.add_argument("--count", type=int, help="only the first so many")
    return parser.parse_args()


if __name__ == "__main__":
    main()
