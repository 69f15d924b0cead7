"""A process of its own for the tests of test_catalog_processes.py: `python -m tests.archive.catalog.catalog_worker WHAT URL NAME`.

Each line it prints is JSON with the machine's monotonic time, so that the lines of several workers can be put in order.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from archive.catalog import Catalog, frontier, open_catalog
from archive.catalog.frontier import Acknowledged
from archive.model import Discovery, Outcome


def crawl(catalog: Catalog, name: str) -> None:
    """Lease, hold for a moment, acknowledge, until nothing is left."""
    while not frontier.pending(catalog, None, _now()).is_done:
        # Long, as nobody dies here: on a busy machine a short lease ends before its URLs are acknowledged.
        leases = frontier.lease(catalog, name, now=_now(), seconds=30, limit=7, per_host=3)
        _say("took", urls=[lease.url for lease in leases], hosts=sorted({lease.host for lease in leases}))
        time.sleep(0.01)
        _say("ends", hosts=sorted({lease.host for lease in leases}))
        with catalog.transaction() as conn:
            frontier.acknowledge(
                conn, [Acknowledged(one.url, Outcome("stored"), name, _now()) for one in leases], rest_seconds=0
            )


def hang(catalog: Catalog, name: str) -> None:
    """Lease, and never come back."""
    leases = frontier.lease(catalog, name, now=_now(), seconds=1, limit=5, per_host=5)
    _say("took", urls=[lease.url for lease in leases])
    time.sleep(600)


def add(catalog: Catalog, name: str) -> None:
    """Add ten URLs in a transaction, again and again."""
    for batch in range(100_000):
        found = [Discovery(f"https://{name}.example/{batch}/{n}", "s", "feed", _now()) for n in range(10)]
        with catalog.transaction() as conn:
            for one in found:
                frontier.add(conn, [one], _now())
        _say("kept", batch=batch)


def meet(catalog: Catalog, name: str) -> None:
    """Add the same URLs as others do at the same time, and lease and acknowledge some in between."""
    for batch in range(8):
        found = [Discovery(f"https://h{n % 5}.example/{batch}/{n}", "s", "feed", _now()) for n in range(60)]
        with catalog.transaction() as conn:
            added = frontier.add(conn, found if name < "w2" else found[::-1], _now())
        leases = frontier.lease(catalog, name, now=_now(), seconds=60, limit=20, per_host=10)
        with catalog.transaction() as conn:
            frontier.renew(conn, name, _now(), 60)
            frontier.acknowledge(conn, [Acknowledged(one.url, Outcome("stored"), name, _now()) for one in leases])
        _say("added", new=list(added.new_urls))


def _say(what: str, **more: Any) -> None:
    print(json.dumps({"what": what, "at": time.monotonic()} | more), flush=True)


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    opened = open_catalog(sys.argv[2])
    {"crawl": crawl, "hang": hang, "add": add, "meet": meet}[sys.argv[1]](opened, sys.argv[3])
