"""Why, in words: the rule of a robots.txt, what can be changed, and what is said of a page nobody has fetched."""

from __future__ import annotations

from datetime import UTC, datetime

from archive.answers.explain import Explanation, because
from archive.answers.explain_lines import lines, to_change
from archive.model import Outcome

AT = datetime(2026, 11, 22, 7, 20, 31, tzinfo=UTC)


def explained(outcome: Outcome | None) -> Explanation:
    return Explanation(
        url="https://news.example/abo/",
        outcome=outcome,
        at=AT if outcome else None,
        run="r1" if outcome else None,
        source="news",
        found_by="section",
        found_in="https://news.example/",
        depth=1,
        article_id=None,
        record=None,
        captures=(),
    )


def test_a_rule_of_robots_txt_is_named_with_its_line_and_its_record():
    outcome = Outcome("skipped", "robots", {"rule": "Disallow: /abo/", "line": "14", "record": "<urn:uuid:1>"})
    one = explained(outcome)
    assert list(lines(one)) == [
        "SKIPPED robots   2026-11-22 07:20:31Z  run r1  source news",
        "  found in    https://news.example/ (depth 1)  as section",
        '  rule        robots.txt line 14: "Disallow: /abo/"  (record <urn:uuid:1>)',
    ]
    assert to_change(one) == "this rule is the publisher's; it is not overridden by any setting"


def test_what_can_be_changed_names_the_source():
    assert "pressmark source edit news" in (to_change(explained(Outcome("skipped", "offsite"))) or "")
    assert to_change(explained(Outcome("stored"))) is None


def test_a_url_nobody_has_fetched_yet_says_so():
    one = explained(None)
    assert next(lines(one)) == "NOT YET FETCHED   https://news.example/abo/"
    assert because(one) == []
    assert one.as_dict()["outcome"] is None and one.capture is None
