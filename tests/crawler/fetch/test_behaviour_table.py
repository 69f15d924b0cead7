"""docs/warc.md tells of every behaviour of the adversary, and tells it as it is."""

from __future__ import annotations

from tests.crawler.adversary import BEHAVIOURS
from tests.crawler.behaviour_table import DOCUMENT, DOES, GROUPS, document


def test_the_table_in_the_documentation_is_current() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert text == document(text), "python -m tests.crawler.behaviour_table"


def test_every_behaviour_is_told_once() -> None:
    assert set(DOES) == set(BEHAVIOURS)
    assert [one.name for _, group in GROUPS for one in group] == list(BEHAVIOURS)
