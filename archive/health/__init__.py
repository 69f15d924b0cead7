"""Health: is each source as it usually is, by its own history? Rules are pure; what they judge is asked of the catalog.

history (what is judged) · statistics (how unlikely is that?) · flow, rates, machine (the rules) · ask (catalog and
files → histories) · findings (what a rule says) · alarms (which findings are news, and what has been told)
"""

from __future__ import annotations

from archive.health.findings import Finding, State, worst
from archive.health.history import MachineHistory, SourceHistory
from archive.health.rules import judge_machine, judge_source

__all__ = ["Finding", "MachineHistory", "SourceHistory", "State", "judge_machine", "judge_source", "worst"]
