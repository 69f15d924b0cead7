"""The near-duplicate index misses nothing within its distance, and clusters depend only on what the archive holds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from archive.catalog import Catalog, near, open_catalog, revisions
from archive.catalog.near import MAX_DISTANCE, NEAR, cluster_of, members, resemblance, settle, sketch
from archive.catalog.tables import fingerprints
from archive.extract.duplicates import distance, simhash
from archive.model import Revision
from archive.revisions.decide import New

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
_WORDS = [
    "council", "harbour", "winter", "decision", "fishermen", "channel", "expected", "government", "reserve", "budget",
    "minister", "railway", "storm", "hospital", "teachers", "northern", "bridge", "market", "prices", "election",
    "river", "factory", "strike", "museum", "orchestra", "stadium", "police", "court", "island", "airport",
]  # fmt: skip


def story(seed: int, words: int = 240) -> str:
    """A text like no other: sentences of twelve words."""
    chance = random.Random(seed)
    said = [chance.choice(_WORDS) + (str(chance.randrange(90)) if chance.random() < 0.1 else "") for _ in range(words)]
    return "\n".join(" ".join(said[at : at + 12]).capitalize() + "." for at in range(0, words, 12))


def agency_copy(text: str, by: str) -> str:
    """The same story as another paper prints it: a line before, a line after."""
    return f"BERLIN ({by}) – {text}\n(c) {by} 2026"


def store(catalog: Catalog, number: int, text: str, revision: int = 1) -> str:
    """Put an article with this text into the catalog, as a crawl does, without placing it."""
    name = f"a_{number:010}"
    url = f"https://paper{number % 7}.example/{number}"
    seen = NOW + timedelta(minutes=number, days=revision)
    found = Revision(
        name, revision, f"h{number}-{revision}", simhash(text), "1 balanced c0", f"<urn:{number}>", seen, seen
    )
    with catalog.transaction() as conn:
        revisions.record(conn, New(found), {"url": url, "headline": "H", "text": text, "source": "s"})
    return name


def clusters(catalog: Catalog, names: Sequence[str]) -> set[frozenset[str]]:
    named: dict[str, set[str]] = {}
    for name in names:
        found = cluster_of(catalog, name)
        if found is not None:
            named.setdefault(found, set()).add(name)
    assert all(members(catalog, cluster) == sorted(inside) for cluster, inside in named.items())
    return {frozenset(inside) for inside in named.values()}


def test_copies_of_a_story_are_one_cluster_and_others_stay_alone(catalog: Catalog) -> None:
    one = story(1)
    copies = [store(catalog, n, text) for n, text in enumerate((one, agency_copy(one, "dpa"), agency_copy(one, "AFP")))]
    other = store(catalog, 9, story(2))
    assert settle(catalog) == 4 and settle(catalog) == 0
    assert cluster_of(catalog, copies[0]) == "c_0000000000"
    assert clusters(catalog, copies) == {frozenset(copies)} and cluster_of(catalog, other) is None
    assert near.counted(catalog) == (1, 3)


def test_an_article_that_says_something_else_leaves_its_cluster(catalog: Catalog) -> None:
    text = story(1)
    one, two, three = (store(catalog, n, agency_copy(text, by)) for n, by in enumerate(("dpa", "AFP", "AP")))
    settle(catalog)
    store(catalog, 0, story(5), revision=2)
    settle(catalog)
    assert cluster_of(catalog, one) is None and clusters(catalog, [one, two, three]) == {frozenset((two, three))}
    assert cluster_of(catalog, two) == "c_0000000001"
    store(catalog, 1, story(6), revision=2)
    settle(catalog)
    assert [cluster_of(catalog, name) for name in (one, two, three)] == [None, None, None]


def test_what_a_story_held_together_falls_apart_without_it(catalog: Catalog) -> None:
    """A and C share half of their passages with B each, and few with each other."""
    whole = story(1, 480).split("\n")
    a, b, c = "\n".join(whole[:34]), "\n".join(whole), "\n".join(whole[6:])
    fingerprint = simhash(b)
    texts = {0: a, 1: b, 2: c}
    names = [f"a_{n:010}" for n in texts]
    with catalog.transaction() as conn:  # fingerprints at will: four bits apart, and eight between A and C
        for n, flip in ((0, 0b1111), (1, 0), (2, 0b1111_0000)):
            _put(conn, names[n], fingerprint ^ flip, sketch(texts[n]))
    assert resemblance(sketch(a), sketch(b)) > 0.5 < resemblance(sketch(b), sketch(c))
    assert clusters(catalog, names) == {frozenset(names)}
    with catalog.transaction() as conn:
        near._take_out(conn, conn.execute(fingerprints.select().where(fingerprints.c.article_id == names[1])).one())
    assert [cluster_of(catalog, names[0]), cluster_of(catalog, names[2])] == [None, None]


def _put(conn: object, name: str, value: int, drawn: bytes) -> None:
    signed = value - (1 << 64) if value >= 1 << 63 else value
    near._put_in(conn, name, signed, drawn)  # type: ignore[arg-type]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_in_which_articles_come_does_not_matter(seed: int) -> None:
    chance = random.Random(seed)
    texts: dict[int, str] = {}
    for n in range(14):
        known = list(texts.values())
        copied = (
            agency_copy(chance.choice(known), f"by{n}") if known and chance.random() < 0.6 else story(seed * 99 + n)
        )
        texts[n] = copied
    edits = {n: chance.choice([story(seed * 77 + n), texts[0]]) for n in chance.sample(sorted(texts), 4)}
    found = []
    for turn in range(2):
        catalog = open_catalog("sqlite:///:memory:")
        order = sorted(texts) if turn == 0 else chance.sample(sorted(texts), len(texts))
        for n in order:
            store(catalog, n, texts[n])
            if turn:
                settle(catalog)
        for n in chance.sample(sorted(edits), len(edits)):
            store(catalog, n, edits[n], revision=2)
            if turn:
                settle(catalog)
        settle(catalog)
        found.append({name: cluster_of(catalog, name) for name in (f"a_{n:010}" for n in texts)})
        catalog.close()
    assert found[0] == found[1]


def test_nothing_within_the_distance_is_missed(catalog: Catalog) -> None:
    chance = random.Random(3)
    asked = chance.getrandbits(64)
    kept: dict[str, int] = {}
    for n in range(600):
        places = chance.sample(range(64), chance.randrange(0, 20))
        kept[f"a_{n:010}"] = asked ^ sum(1 << place for place in places)
    rows = []
    for name, value in kept.items():
        signed = value - (1 << 64) if value >= 1 << 63 else value
        bands = {f"band{n}": value >> 16 * n & 0xFFFF for n in range(4)}
        rows.append({"article_id": name, "simhash": signed, "sketch": b"", "cluster": None, **bands})
    with catalog.transaction() as conn:
        conn.execute(insert(fingerprints), rows)
    for most in (0, 3, NEAR, MAX_DISTANCE):
        expected = {name for name, value in kept.items() if distance(value, asked) <= most}
        found = near.near(catalog, asked, most)
        assert {one.article_id for one in found} == expected
        assert [one.distance for one in found] == sorted(distance(one.simhash, asked) for one in found)
        assert all(one.simhash == kept[one.article_id] for one in found)
    with pytest.raises(ValueError, match="11 bits"):
        near.near(catalog, asked, 12)


def test_alike_fingerprints_of_other_texts_are_no_cluster(catalog: Catalog) -> None:
    with catalog.transaction() as conn:
        for n in range(3):
            _put(conn, f"a_{n:010}", 12345 ^ n, sketch(story(n)))
    assert near.counted(catalog) == (0, 0)


def test_short_texts_are_not_compared(catalog: Catalog) -> None:
    names = [store(catalog, n, "Read on with our subscription.") for n in range(3)]
    settle(catalog)
    assert clusters(catalog, names) == set() and near.near(catalog, simhash("Read on with our subscription.")) == []


def test_a_sketch_tells_how_much_two_texts_share() -> None:
    texts = [story(n) for n in range(8)]
    for one, other in combinations(texts, 2):
        assert resemblance(sketch(one), sketch(other)) < 0.2
    for text in texts:
        assert resemblance(sketch(text), sketch(agency_copy(text, "dpa"))) > 0.7
        lines = text.split("\n")
        assert 0.2 < resemblance(sketch(text), sketch("\n".join(lines[: len(lines) // 2]))) < 0.8
    assert sketch("too short to say") == b"" and resemblance(b"", b"") == 0.0
    chinese = "记者从市水务局获悉，受连日降雨影响，长江中游水位持续上涨，多个监测站已超过警戒水位。有关部门表示，目前堤防总体平稳。"
    assert resemblance(sketch(chinese), sketch("新华社电　" + chinese)) > 0.7


def test_a_text_seen_again_keeps_its_place(catalog: Catalog) -> None:
    text = story(4)
    name = store(catalog, 1, text)
    store(catalog, 2, text)
    settle(catalog)
    latest = revisions.latest_revision(catalog, "https://paper1.example/1")
    assert latest is not None
    with catalog.transaction() as conn:
        later = replace(latest, number=2, content_hash="h", last_seen=NOW + timedelta(days=9))
        revisions.record(conn, New(later), {"url": "https://paper1.example/1", "text": text})
    assert settle(catalog) == 1
    assert cluster_of(catalog, name) == "c_0000000001"
