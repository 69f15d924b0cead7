"""Is what a page says new, changed or the same? Every case is a small example."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from archive.model import Article, Author, Extraction, Moment, Revision
from archive.revisions.changes import Said, said_by
from archive.revisions.decide import Changed, Decision, New, Past, Same, article_id, content_hash, decide
from archive.revisions.watch import Watch, after_reading

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


STORY = "\n".join(f"Satz {n} einer langen Geschichte über den Hafen." for n in range(9))


class Page:
    """A page looked at again and again: what each capture was decided to be."""

    def __init__(self) -> None:
        self.revisions: list[Revision] = []
        self.said: list[Said] = []
        self.watch = Watch()
        self.hours = 0

    def shows(self, text: str, headline: str | None = "Haushalt", **more: object) -> str:
        found = reading(text, headline)
        found = replace(found, article=replace(found.article, **more))  # type: ignore[arg-type]
        latest = self.revisions[-1] if self.revisions else None
        hashes = frozenset(one.content_hash for one in self.revisions[:-1]) - {latest.content_hash if latest else ""}
        past = Past(tuple(reversed(self.said[-3:])), hashes, self.watch.unsettled, self.watch.episodes)
        self.hours += 1
        at = NOW + self.hours * HOUR
        decision = decide(found, latest, at, article_id="a", record_id=f"r{self.hours}", simhash=0, past=past)
        now = said_by(found.article)
        self.watch, _ = after_reading(self.watch, decision, self.said[-1] if self.said else None, now, at)
        if isinstance(decision, New | Changed):
            self.revisions.append(decision.revision)
            self.said.append(now)
        return type(decision).__name__

    def shows_each(self, *texts: str) -> list[str]:
        return [self.shows(text) for text in texts]


def test_a_text_that_comes_back_makes_the_page_restless_and_no_revision() -> None:
    page = Page()
    assert page.shows_each(STORY, STORY + "\nMehr.", STORY) == ["New", "Changed", "Unstable"]
    assert page.shows_each(STORY + "\nMehr.", STORY) == ["Unstable", "Unstable"]
    assert [one.number for one in page.revisions] == [1, 2]


def test_a_page_that_rests_for_three_captures_is_believed_and_a_revert_is_then_a_revision() -> None:
    page = Page()
    assert page.shows_each(STORY, STORY + "\nMehr.", STORY, STORY, STORY) == [
        "New", "Changed", "Unstable", "Unstable", "Changed",
    ]  # fmt: skip
    assert page.revisions[2].content_hash == page.revisions[0].content_hash
    assert page.shows_each(STORY, STORY + "\nDoch nicht.") == ["Same", "Changed"]


def test_each_restless_time_takes_twice_as_long_to_end() -> None:
    page, other = Page(), STORY + "\nMehr."
    page.shows_each(STORY, other, STORY, STORY, STORY)
    assert page.shows_each(other, other, other, other, other, other) == ["Unstable"] * 5 + ["Changed"]


def test_a_block_that_shows_something_else_each_time_makes_the_page_restless() -> None:
    page = Page()
    promos = [
        "Zehn Rezepte mit Kürbis",
        "Gewinnspiel: Reise nach Wien",
        "Unser Podcast über Fußball",
        "Neue Möbel im Test",
    ]
    found = page.shows_each(*(f"{STORY}\n{promo}" for promo in promos))
    assert found == ["New", "Changed", "Unstable", "Unstable"]
    assert page.shows(f"{STORY}\nAlles über den Mond", headline="Ein neuer Haushalt") == "Changed"  # plain news
    assert page.shows(f"{STORY}\nNoch ein Angebot", headline="Ein neuer Haushalt") == "Unstable"


def test_a_line_that_goes_from_a_restless_page_is_news() -> None:
    page = Page()
    page.shows_each(*(f"{STORY}\n{promo}" for promo in ("Kürbis", "Wien und Prag", "Podcast: Fußball")))
    assert page.shows(STORY.replace("Satz 3 einer langen Geschichte über den Hafen.\n", "") + "\nMöbel") == "Changed"


def test_a_lead_written_anew_for_each_count_is_a_story_that_develops() -> None:
    page = Page()
    counts = [
        f"Nach dem Beben werden {n} Menschen vermisst, teilten die Behörden mit.\n{STORY}" for n in (5, 17, 40, 62)
    ]
    assert page.shows_each(*counts) == ["New", "Changed", "Changed", "Changed"]


def test_a_live_blog_that_grows_is_no_restless_page() -> None:
    page = Page()
    entries = ["08:00 Es geht los.", "08:20 Der Rat tagt.", "09:00 Pause.", "09:30 Ergebnis."]
    texts = ["\n".join([*reversed(entries[: n + 1]), STORY]) for n in range(4)]
    assert page.shows_each(*texts) == ["New", "Changed", "Changed", "Changed"]


def test_dates_authors_and_furniture_make_no_revision_and_are_told() -> None:
    page = Page()
    page.shows(STORY)
    assert page.shows(STORY, authors=(Author("Anna"),)) == "Same"
    assert page.shows(STORY + "\nLesen Sie auch: Pegel sinkt") == "Same"
    assert page.watch.touches == 2 and len(page.revisions) == 1
    for n in range(9):
        page.shows(STORY, date_modified=Moment(NOW + n * HOUR, "minute"))
    assert page.watch.touches == 5  # a page that always changes its date tells no more
    assert page.shows(STORY + "\nEin neuer Satz.") == "Changed"
    assert page.watch.touches == 0


def test_what_injected_words_replaced_comes_back_at_once() -> None:
    clean, dirty = Said("H", STORY), Said("H", STORY.replace("Hafen", "Casino"), hijacked=True)
    first = decided(reading(STORY)).revision
    second = replace(first, number=2, content_hash="x")
    back = decide(
        reading(STORY), second, NOW + HOUR, article_id="a_1", record_id="r", simhash=7,
        past=Past((dirty, clean), frozenset((first.content_hash,))),
    )  # fmt: skip
    assert isinstance(back, Changed) and back.revision.number == 3


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
def test_numbers_count_the_changes_and_a_page_at_rest_shows_its_text(texts: list[str]) -> None:
    page = Page()
    for text in texts:
        page.shows(text)
    assert [one.number for one in page.revisions] == list(range(1, len(page.revisions) + 1))
    assert all(one.content_hash != other.content_hash for one, other in pairwise(page.revisions))
    for _ in range(48):
        page.shows(texts[-1])
    assert page.revisions[-1].content_hash == content_hash(reading(texts[-1]).article)  # rest is believed in the end
    assert page.watch.unsettled is None
