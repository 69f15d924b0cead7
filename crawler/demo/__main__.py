"""Serve The Daily Example until interrupted: `python -m crawler.demo [--port 8800] [--next-morning]`."""

from __future__ import annotations

import argparse
import threading

from crawler.demo import MORNING, NEXT_MORNING, run_demo


def main() -> None:
    """Print each paper's address and serve; Ctrl-C ends it."""
    parser = argparse.ArgumentParser(prog="python -m crawler.demo", description="Serve The Daily Example on loopback.")
    parser.add_argument("--port", type=int, default=8800)
    parser.add_argument("--next-morning", action="store_true", help="the papers as they are a day later")
    options = parser.parse_args()
    with run_demo(options.port, NEXT_MORNING if options.next_morning else MORNING) as demo:
        for key, base in demo.hosts.items():
            print(f"{base}/  {key}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(f"answered {len(demo.log)} requests")


if __name__ == "__main__":
    main()
