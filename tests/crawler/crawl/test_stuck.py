"""A crawl that cannot go on ends, and says why: a fault of ours, or a process that stands still."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawler.cli_harness import (
    LOOPBACK,
    NO_DELAY,
    Said,
    as_program,
    in_a_process,
    new_archive,
    pressmark,
)
from tests.crawler.tiny_site import Site, article, feed_of, tiny_site

BROKEN = """
    from crawler.crawl.ledger import Ledger
    from crawler.crawl.session import Session
    whole = Ledger.commit
    def commit(self, now):
        if self.counts["captures"]:
            raise RuntimeError("a fault of ours")
        whole(self, now)
    Ledger.commit = commit
"""
STUCK = """
    import time
    from crawler.crawl import watchdog
    from crawler.crawl.session import Session
    def close(self, reason):  # every crawl comes to it, however fast it was
        watchdog.PATIENCE_SECONDS = 1.0
        self.watchdog.feed()
        time.sleep(600)
    Session.close = close
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with tiny_site({"/a": article("A", "One boat."), "/b": article("B", "Two boats.")}) as served:
        served.pages["/rss.xml"] = feed_of(served.url, ["/a", "/b"])
        yield served


def crawl_with(folder: Path, fault: str) -> Said:
    program = textwrap.dedent(fault) + "from crawler.cli import main\nraise SystemExit(main(['crawl', '--all']))\n"
    return as_program(folder, program)


@pytest.mark.parametrize(
    ("fault", "words"),
    [(BROKEN, "RuntimeError: a fault of ours"), (STUCK, "nothing has moved for 1 seconds")],
    ids=["fault", "stuck"],
)
def test_it_ends_and_the_next_one_has_lost_nothing(tmp_path: Path, site: Site, fault: str, words: str) -> None:
    source = f'[[source]]\nname = "tiny"\nkind = "feed"\nurl = "{site.url}/rss.xml"\n'
    folder = new_archive(tmp_path, NO_DELAY + source, LOOPBACK)
    said = crawl_with(folder, fault)
    assert said.code == 1 and words in said.err, said.all
    assert in_a_process(folder, "crawl", "--all").code == 0
    assert len(pressmark(folder, "articles", "--json").json()) == 2
    assert pressmark(folder, "db", "check", "--json").code == 0
    first = pressmark(folder, "run", "list", "--json").json()[-1]
    assert (first["exit_code"], first["reason"]) == ((1, "unexpected") if fault is BROKEN else (None, "process gone"))
