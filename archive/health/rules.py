"""All rules, in the order they are shown, and which of them explains which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from archive.health import flow, machine, rates
from archive.health.findings import Finding
from archive.health.history import MachineHistory, SourceHistory

SOURCE_RULES: tuple[Callable[[SourceHistory], Finding], ...] = (
    flow.asked,
    rates.errors,
    rates.walls,
    flow.stale_feed,
    flow.silence,
    flow.coverage,
    rates.layout,
    flow.same_text,
    rates.integrity,
)
MACHINE_RULES: tuple[Callable[[MachineHistory], Finding], ...] = (machine.disk, machine.runs)

# A source that is not asked, answers with errors or repeats an old feed is silent for that reason: one thing to mend.
_EXPLAINED = {
    "silence": ("asked", "errors", "walls", "stale_feed"),
    "stale_feed": ("asked", "errors"),
    "coverage": ("asked", "errors", "walls", "layout"),
    "layout": ("walls", "same_text"),
}


def judge_source(history: SourceHistory) -> list[Finding]:
    """Return what every rule says of a source. Pure."""
    found = [rule(history) for rule in SOURCE_RULES]
    wrong = {one.rule for one in found if one.state != "ok"}
    return [_explained(one, wrong) for one in found]


def judge_machine(history: MachineHistory) -> list[Finding]:
    """Return what the rules say of disk and runs. Pure."""
    return [rule(history) for rule in MACHINE_RULES]


def _explained(finding: Finding, wrong: set[str]) -> Finding:
    if finding.state == "ok":
        return finding
    reason = next((rule for rule in _EXPLAINED.get(finding.rule, ()) if rule in wrong), None)
    return replace(finding, explained_by=reason)
