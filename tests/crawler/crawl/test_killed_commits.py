"""A crawl that dies inside a commit, after the files and before the catalog: the next one tells the catalog the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.archive import open_archive
from archive.catalog import frontier
from tests.crawler.cli_harness import as_program, new_archive, pressmark
from tests.crawler.polled_site import polled_site

pytestmark = pytest.mark.long

# The commit number argv[1] ends as kill -9 would end it: everything is in the files, nothing of it in the catalog.
_DYING = """
import os, sys
from archive.catalog import runs
from crawler.cli import main

left, committed = int(sys.argv[1]), runs.committed

def die_at_last(*words):
    global left
    left -= 1
    if left == 0:
        os._exit(9)
    committed(*words)

runs.committed = die_at_last
sys.exit(main(sys.argv[2:]))
"""


def _crawl_dying_in_commit(folder: Path, number: int) -> int:
    return as_program(folder, _DYING, str(number), "crawl", "--all", "--progress", "none").code


def test_what_a_dead_run_had_logged_is_told_to_the_catalog_once(tmp_path: Path) -> None:
    with polled_site(honest=6) as site:
        sources = (
            f'[[source]]\nname = "news"\nkind = "feed"\nurl = "{site.urls["honest"]}/honest.xml"\n'
            'schedule = "adaptive"\ndelay = 0.0\n'
        )
        settings = '[crawl]\nallow_private = true\ncontact = "desk@example.org"\nretries = 0\n[reading]\nworkers = 0\n'
        folder = new_archive(tmp_path, sources, settings)
        ends = []
        while not ends or ends[-1] == 9:
            assert len(ends) < 20, "the crawl never comes to its end"
            ends.append(_crawl_dying_in_commit(folder, len(ends) + 1))
        checked = pressmark(folder, "db", "check")
        with open_archive(folder) as archive:
            story = frontier.outcome_of(archive.catalog, f"{site.urls['honest']}/honest/1")

    assert ends[-1] == 0 and len(ends) > 3
    assert checked.code == 0, checked.all
    assert story is not None and story.outcome is not None and story.outcome.kind == "stored"
    pages = [one.path for one in site.asked if not one.path.endswith((".xml", ".txt"))]
    assert sorted(set(pages)) == [f"/honest/{n}" for n in range(1, 7)]
