"""Is what a page says new, changed or the same? Every case is a small example."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from archive.model import Article, Author, Extraction, Revision
from archive.revisions import Changed, Decision, New, Same, article_id, content_hash, decide

NOW = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def reading(text: str, headline: str | None = "Haushalt", version: str = "1", profile: str = "balanced") -> Extraction:
    return Extraction(Article(headline, text=text), (), {}, "utf-8", "http", "pressmark", version, profile, "c0")


def decided(extraction: Extraction, latest: Revision | None = None, at: datetime = NOW) -> Decision:
    return decide(extraction, latest, at, article_id="a_1", record_id=f"<urn:uuid:{at:%H}>", simhash=7)


def test_a_first_reading_is_new() -> None:
    decision = decided(reading("eins"))
    assert isinstance(decision, New)
    found = decision.revision
    assert (found.article_id, found.number, found.record_id, found.simhash) == ("a_1", 1, "<urn:uuid:07>", 7)
    assert (found.first_seen, found.last_seen, found.extractor) == (NOW, NOW, "1 balanced c0")
    assert len(found.content_hash) == 32


def test_the_same_text_only_widens_when_it_was_seen() -> None:
    first = decided(reading("eins")).revision
    later = decided(reading("eins"), first, NOW + HOUR)
    assert later == Same(replace(first, last_seen=NOW + HOUR))
    earlier = decided(reading("eins"), first, NOW - HOUR)
    assert earlier == Same(replace(first, first_seen=NOW - HOUR))


def test_another_text_or_headline_is_a_change() -> None:
    first = decided(reading("eins")).revision
    for changed in (reading("zwei"), reading("eins", "Haushalt 2027"), reading("eins", None)):
        decision = decided(changed, first, NOW + HOUR)
        assert isinstance(decision, Changed)
        assert (decision.revision.number, decision.before, decision.revision.first_seen) == (2, first, NOW + HOUR)


def test_a_return_to_an_earlier_wording_is_a_change() -> None:
    first = decided(reading("eins")).revision
    second = decided(reading("zwei"), first).revision
    third = decided(reading("eins"), second).revision
    assert (third.number, third.content_hash) == (3, first.content_hash)


def test_a_different_extractor_is_a_history_of_its_own_never_an_edit() -> None:
    first = decided(reading("eins")).revision
    second = decided(reading("zwei"), first).revision
    for other in (reading("drei", version="2"), reading("drei", profile="recall")):
        decision = decided(other, second, NOW + HOUR)
        assert isinstance(decision, New) and decision.revision.number == 1


def test_only_what_a_reader_reads_is_compared() -> None:
    article = Article("Haushalt", text="eins")
    assert content_hash(article) == content_hash(replace(article, authors=(Author("A"),), section="Politik"))
    assert content_hash(Article("Zu\u0308rich", text="e\u0301")) == content_hash(Article("Zürich", text="é"))
    assert content_hash(Article("eins", text="zwei")) != content_hash(Article("", text="eins\nzwei"))
    assert content_hash(Article(None, text="half a smile \ud83d"))


def test_an_article_id_is_short_stable_and_of_plain_characters() -> None:
    one = article_id("org,example)/a", "sha1:A")
    assert one == "a_xjm35vno3t" and one == article_id("org,example)/a", "sha1:A")
    assert len({one, article_id("org,example)/b", "sha1:A"), article_id("org,example)/a", None)}) == 3


@given(st.lists(st.sampled_from(["eins", "zwei", "drei"]), min_size=1))
def test_numbers_count_the_changes(texts: list[str]) -> None:
    latest, changes = None, 1
    for hour, text in enumerate(texts):
        changes += hour > 0 and text != texts[hour - 1]
        latest = decided(reading(text), latest, NOW + hour * HOUR).revision
        assert latest.number == changes
    assert latest is not None and latest.last_seen == NOW + (len(texts) - 1) * HOUR
