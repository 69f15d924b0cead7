"""Fixtures of the archive's tests: the small archive, a copy of it to harm, and commands typed in its folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from archive import cli
from archive.folder.location import ArchiveLocation
from tests.archive import small_archive

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> ArchiveLocation:
    """The small archive, for tests that only read it."""
    return small_archive.build_configured(tmp_path_factory.mktemp("news"))


@pytest.fixture
def copy(built: ArchiveLocation, tmp_path: Path) -> ArchiveLocation:
    """The small archive, for tests that change it."""
    shutil.copytree(built.root, tmp_path / "news")
    return small_archive.location(tmp_path / "news")


@pytest.fixture
def run(built: ArchiveLocation, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Type a command in the archive's folder; give back its exit code, output and messages."""
    monkeypatch.chdir(built.root)
    monkeypatch.delenv("PRESSMARK_DB__URL", raising=False)

    def type_(*words: str) -> tuple[int, str, str]:
        code = cli.main(words)
        out, err = capfd.readouterr()
        return code, out, err

    return type_


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(inode, size) of each file at the moments it was put on the disk."""
    seen: list[tuple[int, int]] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        real(fd)
        seen.append((os.fstat(fd).st_ino, os.fstat(fd).st_size))

    monkeypatch.setattr(os, "fsync", fsync)
    return seen
