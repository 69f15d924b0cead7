"""Crawl, let every tool read what was written, print what came of it. Exit code 1 where one disagrees.

    python -m tests.oracles [--real-pages FOLDER] [--only pywb,warcio] [--jwarc JAR] [--keep FOLDER]

`--real-pages` names a folder with crawl/serve_pages.py and extraction/, and crawls that, too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from archive.warc.captures import build_index
from tests.oracles import readers
from tests.oracles.environments import ToolFailed
from tests.oracles.readers import Collection, Oracle, Verdict
from tests.oracles.replay import pywb

PROJECT = Path(__file__).resolve().parent.parent.parent
ORACLES: dict[str, Oracle] = {
    "pressmark": readers.pressmark,
    "warcio": readers.warcio,
    "fastwarc": readers.fastwarc,
    "warcio.js": readers.warcio_js,
    "cdxj-indexer": readers.cdxj_indexer,
    "wacz": readers.wacz,
    "pywb": pywb,
}
_SHOWN = 12


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.oracles", description="Do independent readers agree with us?"
    )
    parser.add_argument("--real-pages", type=Path, metavar="FOLDER", help="a folder with crawl/serve_pages.py")
    parser.add_argument("--only", default=",".join(ORACLES), metavar="A,B", help="these tools; default: all")
    parser.add_argument("--jwarc", type=Path, metavar="JAR", help="jwarc's jar; it is not on PyPI")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="work there and leave everything behind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pressmark-oracles-") as temporary:
        root = (options.keep or Path(temporary)).resolve()  # of the environments; the next run finds them there
        root.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix="run-", dir=root))
        failed = 0
        for collection in _collections(work, options.real_pages):
            size = sum(path.stat().st_size for path in collection.warcs)
            print(f"\n{collection.name}: {len(collection.warcs)} WARC files, {size:,} bytes", flush=True)
            asked = {name: ORACLES[name] for name in options.only.split(",")}
            for name, oracle in asked.items():
                failed += _print(_asked(name, oracle, collection, root))
            failed += _print(readers.jwarc(collection, options.jwarc))
    return 1 if failed else 0


def _asked(name: str, oracle: Oracle, collection: Collection, root: Path) -> Verdict:
    try:
        return oracle(collection, root)
    except ToolFailed as error:
        return Verdict(name, differences=[str(error)])


def _print(verdict: Verdict) -> bool:
    """Print one; return whether it disagrees."""
    if verdict.skipped:
        print(f"  skipped   {verdict.tool}: {verdict.skipped}", flush=True)
        return False
    print(f"  {'agrees   ' if verdict.agrees else 'DISAGREES'} {verdict.tool}: {verdict.did}")
    for reason, count in verdict.explained.items():
        print(f"            {count:,} explained: {reason}")
    for difference in verdict.differences[:_SHOWN]:
        print(f"            {difference}")
    if len(verdict.differences) > _SHOWN:
        print(f"            … {len(verdict.differences) - _SHOWN:,} more")
    sys.stdout.flush()
    return not verdict.agrees


# -- what is read


def _collections(root: Path, bench: Path | None) -> Iterator[Collection]:
    _pressmark(root, "demo", "--dir", str(root / "daily-example"))
    yield _collected("The Daily Example", root / "daily-example")
    if bench is not None:
        os.environ["PRESSMARK_BENCH"] = str(bench.resolve())
        from tests.real_pages import RealPages, archive_for

        folder = root / "served"
        folder.mkdir()
        with RealPages(folder) as site:
            archive = archive_for(site.sources, folder / "real-pages")
            for more in ((), ("--refetch",)):
                _pressmark(root, "-C", str(archive), "crawl", "--all", "--progress", "none", *more)
        yield _collected("real pages", archive)


def _collected(name: str, archive: Path) -> Collection:
    warcs = tuple(sorted(archive.glob("warc/**/*.warc.gz")))
    wacz, cdxj = archive.with_suffix(".wacz"), archive.with_suffix(".cdxj")
    _pressmark(archive, "export", "--force", str(wacz))
    cdxj.write_bytes(b"".join(sorted(line for path in warcs for line in build_index(path, path.name).splitlines(True))))
    return Collection(name.replace(" ", "-"), warcs, cdxj, wacz)


def _pressmark(folder: Path, *words: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "crawler.cli", *words]
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
