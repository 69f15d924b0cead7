"""The comparison itself, with the two tools that are here anyway: it agrees with our files and sees what is changed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.archive.warc_samples import closed_file, samples
from tests.oracles.environments import FOREIGN
from tests.oracles.ours import Said, said_by_us
from tests.oracles.readers import CUT, Verdict, compare


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything but what one of them cannot read: no head, a head with bare line feeds, chunks with extensions."""
    ours = samples()
    for name in ("no http at all", "folded header and bare line ends", "chunked with extensions and trailer"):
        del ours[name]
    return closed_file(tmp_path_factory.mktemp("oracles"), *ours.values())


def said(script: str, path: Path) -> list[dict[str, Any]]:
    command = [sys.executable, str(FOREIGN / script), str(path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in printed.splitlines()]


@pytest.mark.parametrize("script", ["warcio_says.py", "fastwarc_says.py"])
def test_each_record_is_read_by_others_as_by_us(script: str, file: Path) -> None:
    ours, verdict = said_by_us([file]), Verdict(script)
    assert compare(verdict, ours, said(script, file)) == len(ours) > 50
    assert verdict.differences == [] and set(verdict.explained) <= {CUT}


def test_whatever_differs_is_said(file: Path) -> None:
    ours = said_by_us([file])
    theirs = said("warcio_says.py", file)
    response = next(one for one in ours.values() if one.type == "response" and one.whole)
    for changed in (
        replace(response, block="0" * 40),
        replace(response, body="0" * 40),
        replace(response, status="599"),
        replace(response, offset=7),
    ):
        verdict = _compared(ours | {response.record_id: changed}, theirs)
        assert len(verdict.differences) == 1 and response.record_id in verdict.differences[0]
    assert (
        "is no record of ours"
        in _compared({**ours, response.record_id: response}, [{"record_id": "<x:y>"}]).differences[0]
    )
    assert len(_compared(ours, theirs[1:]).differences) == 1


def _compared(ours: dict[str, Said], theirs: list[dict[str, Any]]) -> Verdict:
    verdict = Verdict("changed")
    compare(verdict, ours, theirs)
    return verdict
