"""What docs/datasets.md shows of the library runs as it stands there."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs" / "datasets.md"


def test_the_example_for_python_runs_as_it_is_printed(built, tmp_path, monkeypatch, capsys):
    [code] = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    shutil.copytree(built.root, tmp_path / "news")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, str(DOCS), "exec"), {})
    first, listed, *revisions, exported = capsys.readouterr().out.splitlines()
    assert first == "1 articles" and listed.endswith("Norden dredges its harbour")
    assert [line.split()[0] for line in revisions] == ["1", "2"] and "bytes of warc/" in revisions[0]
    assert exported.startswith("1 ") and len(list(csv.DictReader((tmp_path / "harbour.csv").open()))) == 1
