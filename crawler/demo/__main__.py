"""Serve The Daily Example until interrupted: `python -m crawler.demo [--port 8800] [--next-morning]`."""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import ExitStack

from archive.console.exits import print_error
from archive.errors import PortInUse
from crawler.demo import MORNING, NEXT_MORNING, run_demo


def main(arguments: list[str] | None = None) -> int:
    """Print each paper's address and serve; Ctrl-C ends it. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m crawler.demo", description="Serve The Daily Example on loopback.")
    parser.add_argument("--port", type=int, default=8800)
    parser.add_argument("--next-morning", action="store_true", help="the papers as they are a day later")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        try:
            demo = stack.enter_context(run_demo(options.port, NEXT_MORNING if options.next_morning else MORNING))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            used = PortInUse(f"cannot listen on port {options.port} ({why})", hint="another one: --port 8801")
            print_error(used)
            return used.exit_code
        for key, base in demo.hosts.items():
            print(f"{base}/  {key}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(f"answered {len(demo.log)} requests")
    return 0


if __name__ == "__main__":
    sys.exit(main())
