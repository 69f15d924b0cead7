"""What the archive can say of a page besides its bytes: its earlier text, copies elsewhere, the same again for a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from archive.answers.integrity import hosts, pages
from archive.catalog import Catalog, near, open_catalog, profiles, revisions
from archive.extract.duplicates import simhash
from archive.extract.site_profile import Moment, Sighting, SiteProfile, profile_values
from archive.model import Article, Capture, Extraction, Integrity, Span
from archive.reading.witnesses import MAX_COPIES, copies_of, earlier_copy, evidence_again, profile_of
from archive.records.record import Circumstances, build_record
from archive.records.recorded import revision_of
from archive.revisions.decide import New, article_id, decide
from archive.urls import authority_of, urlkey
from crawler.demo.weekly import stories

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEXT = "\n".join(stories()[0].paragraphs)
URL = "https://weekly.example/roof"
SPAN = Span("Goldfin", 4, 11, "inline_token", ("site: proven", "link: reel.example"), "redacted")
Verdict = Literal["clean", "suspect", "hijacked"]


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    found = open_catalog(f"sqlite:///{tmp_path / 'catalog.sqlite3'}", create=True)
    yield found
    found.close()


def told(catalog: Catalog, url: str, hour: int, verdict: Verdict = "clean", **more: Any) -> dict[str, Any]:
    """Tell the catalog of a page read at an hour; returns its record."""
    at, key = NOON + timedelta(hours=hour), urlkey(url)
    capture = Capture(
        f"<urn:uuid:{authority_of(url)}-{hour}>", "response", url, key, at, 200, "text/html", "sha1:A", 9,
        "warc/x.warc.gz", hour, 9, "news", "r1",
    )  # fmt: skip
    spans = (SPAN,) if verdict == "hijacked" else ()
    extraction = Extraction(
        article=Article(headline="The roof", text=f"{TEXT}\nHour {hour}."), blocks=(), origins={}, charset="utf-8",
        charset_from="http", tool="pressmark", version="1", profile="balanced", config_hash="0",
        integrity=Integrity(verdict, (), spans),
    )  # fmt: skip
    extraction = replace(extraction, **more)
    name = article_id(key, "sha1:A")
    latest = max(revisions.revisions_of(catalog, name), key=lambda one: one.number, default=None)
    text = extraction.article.text
    decision = decide(extraction, latest, at, article_id=name, record_id=capture.record_id, simhash=simhash(text))
    record = build_record(extraction, capture, decision.revision, None, Circumstances(at, "r1"))
    with catalog.transaction() as conn:
        revisions.record(conn, New(revision_of(record)), record, run="r1")
    near.settle(catalog)
    return record


def keep(catalog: Catalog, profile: SiteProfile) -> None:
    with catalog.transaction() as conn:
        profiles.put(conn, profile_values(profile), profile.digest, NOON, "r1")


def test_a_host_is_named_with_its_port_and_without_a_password() -> None:
    assert authority_of("https://me:word@Weekly.example:8443/a") == "weekly.example:8443"


def test_the_earlier_text_is_that_of_the_last_clean_capture(catalog: Catalog) -> None:
    told(catalog, URL, 0)
    told(catalog, URL, 1)
    told(catalog, URL, 2, "hijacked")
    found = earlier_copy(catalog, URL, NOON + timedelta(hours=3))
    assert found is not None and (found.at, found.trusted) == ("2026-11-22T13:00:00Z", True)
    assert earlier_copy(catalog, URL, NOON) is None


def test_copies_are_of_other_hosts_and_trusted_where_no_page_was_ever_hijacked(catalog: Catalog) -> None:
    for host in ("weekly.example", "good.example", "taken.example"):
        told(catalog, f"https://{host}/roof", 0)
    told(catalog, "https://bad.example/roof", 0, "hijacked")
    keep(catalog, replace(SiteProfile("taken.example"), first_hijacked=Moment("2026-11-22T00:00:00Z", "r")))
    found = copies_of(catalog, URL, simhash(TEXT))
    assert {copy.host: copy.trusted for copy in found} == {"good.example": True, "taken.example": False}


def test_no_more_copies_are_compared_than_help(catalog: Catalog) -> None:
    for number in range(MAX_COPIES + 2):
        told(catalog, f"https://paper-{number}.example/roof", 0)
    assert len(copies_of(catalog, URL, simhash(TEXT))) == MAX_COPIES


def test_a_page_of_which_only_a_word_list_speaks_is_as_good_a_witness(catalog: Catalog) -> None:
    listed = Integrity("suspect", ('listed word "roof", 2 times (words.txt:1)',))
    mixed = Integrity("suspect", ("promotion: label", *listed.reasons))
    told(catalog, URL, 0, integrity=listed)
    told(catalog, URL, 1, integrity=mixed)
    told(catalog, "https://good.example/roof", 0, integrity=listed)
    told(catalog, "https://odd.example/roof", 0, integrity=mixed)
    found = earlier_copy(catalog, URL, NOON + timedelta(hours=2))
    assert found is not None and found.at == "2026-11-22T12:00:00Z"
    assert {copy.host for copy in copies_of(catalog, URL, simhash(TEXT))} == {"good.example"}


def test_the_newest_profile_is_handed_on_and_every_version_is_found_again(catalog: Catalog) -> None:
    old, new = (SiteProfile("weekly.example", stories=number) for number in (1, 2))
    keep(catalog, old)
    with catalog.transaction() as conn:
        profiles.put(conn, profile_values(new), new.digest, NOON + timedelta(hours=1), "r2")
    assert profile_of(catalog, "weekly.example") == new
    assert profile_of(catalog, "other.example") == SiteProfile("other.example")
    told(catalog, URL, 0)
    copy = told(catalog, "https://good.example/roof", 0)["capture"]["warc_record_id"]
    mine = "<urn:uuid:weekly.example-0>"
    record = told(catalog, URL, 2, site_profile=old.digest, compared_with=(mine, copy))
    evidence = evidence_again(catalog, record)
    assert evidence.site_profile == old
    assert evidence.earlier is not None and evidence.earlier.source == mine
    assert [one.source for one in evidence.copies.copies] == [copy]
    assert evidence.compared == (mine, copy)


def test_the_report_counts_pages_and_names_the_captures_between_which_a_host_was_taken(catalog: Catalog) -> None:
    told(catalog, URL, 0)
    told(catalog, "https://weekly.example/crane", 1, "suspect")
    told(catalog, URL, 2, "hijacked")
    told(catalog, URL, 3)
    told(catalog, "https://good.example/roof", 0)
    (host,) = hosts(catalog)
    assert (host.verdict, host.hijacked, host.suspect, host.stories) == ("hijacked", 1, 1, 2)
    assert (host.since, host.clean_until) == (NOON + timedelta(hours=2), NOON)
    assert (host.terms, host.links) == (("Goldfin",), ("reel.example",))
    by_url = {page.url: page for page in pages(catalog, "weekly.example")}
    assert (by_url[URL].verdict, by_url[URL].now) == ("hijacked", "clean")
    assert by_url[URL].clean_until == NOON
    assert list(hosts(catalog, "good.example")) == []


def test_what_was_put_into_other_hosts_is_known_of_those_that_were_hijacked(catalog: Catalog) -> None:
    taken = Moment("2026-11-22T00:00:00Z", "r")
    block = {"abc": Sighting(2, "2026-11-22T00:00:00Z", 0)}
    keep(catalog, replace(SiteProfile("taken.example"), first_hijacked=taken, injected=block))
    keep(catalog, replace(SiteProfile("good.example"), injected={"def": block["abc"]}))
    assert profiles.injected_elsewhere(catalog, "weekly.example") == {"abc": "taken.example"}
    assert profiles.injected_elsewhere(catalog, "taken.example") == {}
