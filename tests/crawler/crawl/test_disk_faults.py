"""A crawl whose disk fails under it: it stops cleanly, says why, and the next one goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crawler.cli_harness import Said, as_program, in_a_process, new_archive, pressmark
from tests.crawler.polled_site import polled_site

pytestmark = pytest.mark.long

STORIES = 8

# The WARC file takes argv[1] writes; after that each fails as argv[2] says, or its folder is gone.
_FAILING = """
import os, sys
from pathlib import Path
from archive.warc import output
from crawler.cli import main

left, fault, append = int(sys.argv[1]), sys.argv[2], output.OutputFile.append

class FailingDisk:
    def __getattr__(self, name):
        return getattr(os, name)

    def write(self, fd, data):
        if fault == "vanished":
            Path("warc").rename("elsewhere")
            return os.write(fd, data)
        if left < 0:
            os.write(fd, data[: len(data) // 2])  # as far as there is room
            raise OSError(int(fault), os.strerror(int(fault)))
        return os.write(fd, data)

def counted(self, pieces):
    global left
    left -= 1
    output.os = FailingDisk() if left < 0 and Path("warc").exists() else os
    append(self, pieces)

output.OutputFile.append = counted
sys.exit(main(sys.argv[3:]))
"""


def _crawl_failing(folder: Path, writes: int, fault: str) -> Said:
    return as_program(folder, _FAILING, str(writes), fault, "crawl", "--all", "--progress", "none")


@pytest.mark.parametrize(
    ("fault", "said"),
    [("28", "No space left"), ("122", "quota"), ("30", "Read-only file system"), ("vanished", "No such file")],
)
def test_a_crawl_stops_after_the_last_whole_record_and_the_next_goes_on(tmp_path: Path, fault: str, said: str) -> None:
    with polled_site(honest=STORIES) as site:
        sources = (
            f'[[source]]\nname = "news"\nkind = "feed"\nurl = "{site.urls["honest"]}/honest.xml"\n'
            'schedule = "manual"\ndelay = 0.0\n'
        )
        settings = '[crawl]\nallow_private = true\ncontact = "desk@example.org"\nretries = 0\n[reading]\nworkers = 0\n'
        folder = new_archive(tmp_path, sources, settings)
        stopped = _crawl_failing(folder, 5, fault)
        if fault == "vanished":
            assert not (folder / "warc").exists()
            (folder / "elsewhere").rename(folder / "warc")  # the disk is mounted again
        went_on = in_a_process(folder, "crawl", "--all", "--progress", "none")
        verified = pressmark(folder, "warc", "verify")
        checked = pressmark(folder, "db", "check")
        stories = pressmark(folder, "articles", "--fields", "url", "--nl")

    assert stopped.code == 3 and "error[disk-full]: cannot write" in stopped.err and said in stopped.err, stopped.all
    assert "Traceback" not in stopped.all
    assert went_on.code == 0, went_on.all
    assert verified.code == 0 and "0 problems, 0 warnings" in verified.all, verified.all
    assert checked.code == 0, checked.all
    assert len(stories.out.splitlines()) == STORIES
