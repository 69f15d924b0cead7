"""What could be wrong with this machine and this archive, each finding with the command that mends it.

findings (what a check gives) · machine · folder · watch (the checks; their order stands at the end of each)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import PressmarkError
from crawler.doctor import folder as of_folder
from crawler.doctor import machine, watch
from crawler.doctor.findings import Finding, Level, Patient

if TYPE_CHECKING:
    from crawler.config.config_file import Settings

__all__ = ["Finding", "Level", "Patient", "examine", "is_well"]


def examine(folder: Path | None, now: datetime) -> list[Finding]:
    """Return what was found, in the order of the checks; an archive's own checks are left out without a folder."""
    patient = Patient(folder, _settings(folder), now)
    checks = machine.CHECKS if folder is None else machine.CHECKS + of_folder.CHECKS + watch.CHECKS
    return [finding for check in checks for finding in check(patient)]


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing was found that keeps a crawl from running."""
    return not any(finding.level == "problem" for finding in findings)


def _settings(folder: Path | None) -> Settings | None:
    from crawler.config.config_file import load_settings

    try:
        return load_settings(folder) if folder else None
    except PressmarkError:
        return None
