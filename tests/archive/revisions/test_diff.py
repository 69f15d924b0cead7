"""What changed between two texts: exactly, and as a reader would mark it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from archive.revisions.diff import diff_records, diff_text


def marked(before: str, after: str, unit="words") -> str:
    signs = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(signs[piece.change].format(piece.text) for piece in diff_text(before, after, unit))


words = st.text(alphabet="ab 长江\n.,é", max_size=40)


@given(words, words, st.sampled_from(["words", "chars"]))
def test_the_pieces_make_both_texts_again(before, after, unit):
    pieces = list(diff_text(before, after, unit))
    assert "".join(piece.text for piece in pieces if piece.change != "added") == before
    assert "".join(piece.text for piece in pieces if piece.change != "removed") == after
    assert all(one.change != other.change for one, other in pairwise(pieces))


def test_a_changed_word_is_marked_as_a_word():
    assert (
        marked("sank um dreißig Zentimeter", "sank um vierzig Zentimeter")
        == "sank um [-dreißig-]{+vierzig+} Zentimeter"
    )


def test_neighbouring_changes_are_one_phrase():
    assert marked("the old grey house", "the new red house") == "the [-old grey-]{+new red+} house"


def test_scripts_without_spaces_are_compared_by_character():
    assert marked("水位持续上涨", "水位缓慢上涨") == "水位[-持续-]{+缓慢+}上涨"


def test_title_dates_and_authors_come_first():
    before = {"headline": "A", "text": "x", "authors": [{"name": "Anna"}], "date_modified": None}
    after = {"headline": "B", "text": "x", "authors": [{"name": "Anna"}, {"name": "Ben"}], "date_modified": "2026"}
    found = diff_records(before, after)
    assert [(one.field, one.before, one.after) for one in found.fields] == [
        ("headline", "A", "B"),
        ("date_modified", "", "2026"),
        ("authors", "Anna", "Anna, Ben"),
    ]
    assert not found.is_empty


def test_fields_few_readers_look_at_can_be_left_out():
    before, after = {"text": "a", "headline": "A", "section": "x"}, {"text": "b", "headline": "B", "section": "y"}
    assert [one.field for one in diff_records(before, after).without_minor_fields().fields] == ["headline"]
    assert diff_records({"text": "a"}, {"text": "a"}).is_empty


def test_a_long_story_is_compared_in_good_time():
    before = "\n".join(f"Line {n} of a long story with some words in it." for n in range(2000))
    after = before.replace("Line 1000 of", "Row 1000 of")
    found = diff_records({"text": before}, {"text": after})
    assert (found.words_added, found.words_removed) == (1, 1)
