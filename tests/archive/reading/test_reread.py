"""Reading again from the files: no difference on an archive as it is, and new rows where a reading differs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from archive.answers.history import steps_of
from archive.archive import open_archive
from archive.catalog import articles, captures, frontier, revisions
from archive.model import ReadingLists, ReadingRules
from archive.reading.reread import apply, differing, reread
from archive.recovery.rebuild import check, rebuild
from tests.archive.small_archive import HARBOUR, SOURCE, START, Step, crawl, page

NOW = START + timedelta(days=1)


def test_reading_again_finds_no_difference(built):
    with open_archive(built) as archive:
        found = list(reread(archive, NOW))
    assert [one.status for one in found] == ["same"] * 4  # three revisions, one page skipped for what it says


def test_another_profile_is_another_reading_of_every_page(built):
    with open_archive(built) as archive:
        found = [one for one in reread(archive, NOW, profile="recall") if one.article_id]
    assert {one.status for one in found} == {"differs"}
    assert all("extraction.profile" in one.fields for one in found)


def test_a_changed_record_is_found_with_the_fields_that_differ(copy):
    with open_archive(copy) as archive:
        row = articles.by_url(archive.catalog, "https://news.example/2026/harbour")
        record = revisions.record_of(archive.catalog, row.article_id)
        forged = record | {"headline": "Forged", "capture": record["capture"] | {"status": 500}}
    assert differing(forged, record) == ("capture.status", "headline")


def test_what_a_new_profile_reads_is_added_and_nothing_is_overwritten(copy):
    with open_archive(copy) as archive:
        before = [line for path in sorted((copy.root / "records").rglob("*.jsonl")) for line in path.open()]
        list(apply(archive, reread(archive, NOW, profile="recall"), NOW))
        after = [line for path in sorted((copy.root / "records").rglob("*.jsonl")) for line in path.open()]
        assert len(after) == len(before) + 3
        assert set(before) < set(after)
        row = articles.by_url(archive.catalog, "https://news.example/2026/harbour")
        history = revisions.revisions_of(archive.catalog, row.article_id)
        assert sorted((one.extractor.split()[3], one.number) for one in history) == [
            ("balanced", 1),
            ("balanced", 2),
            ("recall", 1),
            ("recall", 2),
        ]
        again = list(apply(archive, reread(archive, NOW, profile="recall"), NOW))
        assert {one.status for one in again} == {"same"}
        assert len([line for path in (copy.root / "records").rglob("*.jsonl") for line in path.open()]) == len(after)
        assert check(archive, NOW)[0] == []
        rebuild(archive, NOW)
        assert revisions.revisions_of(archive.catalog, row.article_id) == history


def as_an_old_extractor_left_it(root, *, without: str | None = None) -> None:
    """Records of an extractor that is no more; it did not see the change that a text tells of."""
    for path in (root / "records").rglob("*.jsonl"):
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        kept = [one for one in lines if without is None or without not in one["text"]]
        for one in kept:
            one["extraction"]["version"] = "0"
        path.write_text("".join(json.dumps(one) + "\n" for one in kept), "utf-8")


def test_a_new_extractor_finds_the_edit_that_the_old_one_missed_at_its_own_time(copy):
    as_an_old_extractor_left_it(copy.root, without="six million")
    with open_archive(copy) as archive:
        rebuild(archive, NOW)
        row = articles.by_url(archive.catalog, "https://news.example/2026/harbour")
        assert [one.number for one in revisions.revisions_of(archive.catalog, row.article_id)] == [1]
        found = list(apply(archive, reread(archive, NOW), NOW))
        assert [one.status for one in found if one.article_id == row.article_id] == ["differs", "between"]
        history = [one for one in revisions.revisions_of(archive.catalog, row.article_id) if one.extractor[0] != "0"]
        seen = [one.fetched_at for one in captures.of_url(archive.catalog, row.url)]
        assert [(one.number, one.first_seen) for one in history] == [(1, seen[0]), (2, seen[1])]
        assert {one.status for one in apply(archive, reread(archive, NOW), NOW)} == {"same"}
        rebuild(archive, NOW)
        known = [one for one in revisions.revisions_of(archive.catalog, row.article_id) if one.extractor[0] != "0"]
        assert known == history


def test_a_new_list_gives_every_capture_one_new_reading(copy, tmp_path):
    (tmp_path / "words.txt").write_text("harbour\n", "utf-8")
    as_an_old_extractor_left_it(copy.root, without="six million")
    with open_archive(replace(copy, lists=ReadingLists(words=(str(tmp_path / "words.txt"),)))) as archive:
        rebuild(archive, NOW)
        found = [one for one in apply(archive, reread(archive, NOW), NOW) if one.record]
        assert {one.record["integrity"]["verdict"] for one in found if "harbour" in one.url} == {"suspect"}
        assert "between" in {one.status for one in found}
        later = Step("https://news.example/2026/harbour", page("Norden dredges its harbour", HARBOUR) + b"<!-- 2 -->")
        crawl(archive, [later], START + timedelta(hours=2))
        later = replace(later, body=later.body + b"<!-- 3 -->")  # other bytes, no other text: no record of its own
        crawl(archive, [later], START + timedelta(hours=3))
        assert {one.status for one in apply(archive, reread(archive, NOW), NOW)} == {"same"}


def test_what_a_new_extractor_read_live_gets_the_history_before_it(copy):
    with open_archive(copy) as archive:
        url = "https://news.example/2026/harbour"
        row = articles.by_url(archive.catalog, url)
        as_an_old_extractor_left_it(copy.root)
        rebuild(archive, NOW)
        later = Step(url, page("Norden dredges its harbour", HARBOUR.replace("four", "nine")))
        crawl(archive, [later], START + timedelta(hours=2))  # an upgrade came in between
        list(apply(archive, reread(archive, NOW), NOW))
        steps = [step for step in steps_of(archive, row.article_id) if step.revision.extractor[0] != "0"]
        assert [step.record["text"].split("cost ")[1].split()[0] for step in steps] == ["four", "six", "nine"]
        assert [step.change is None for step in steps] == [True, False, False]


def test_a_page_that_was_skipped_and_is_an_article_by_new_rules_is_told(copy):
    with open_archive(copy) as archive:
        strict = replace(SOURCE, extract=ReadingRules(min_words=1000), languages=("de",))
        other = replace(archive, sources={"news": strict})
        found = {one.url: one for one in reread(other, NOW)}
    assert found["https://news.example/2026/harbour"].status == "lost"
    assert found["https://news.example/2026/harbour"].reason == "wrong_language"


def test_a_capture_that_cannot_be_read_is_told_and_does_not_stop_the_others(copy):
    first = sorted((copy.root / "warc").rglob("*.warc.gz"))[0]
    first.unlink()
    with open_archive(copy) as archive:
        found = list(reread(archive, NOW))
        assert frontier.outcome_of(archive.catalog, "https://news.example/gone") is not None
    assert sorted(one.status for one in found) == ["failed", "failed", "failed", "same"]
    assert all(first.name in one.reason for one in found if one.status == "failed")
