"""A source begins with its own URLs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archive.model import Source
from crawler.crawl.admission import admit
from crawler.schedule.seeds import seeds

SEEN = datetime(2026, 11, 22, 7, 20, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["auto", "feed", "sitemap", "section", "crawl"])
def test_the_urls_of_a_source_are_listings_and_let_in(kind: str) -> None:
    source = Source(
        "n",
        kind,
        ("https://a.example/x.xml.gz", "https://b.example/"),
        exclude=("xml",),
        same_host="list",
        hosts=("c.example",),
    )  # type: ignore[arg-type]
    found = seeds(source, SEEN)
    assert [(one.url, one.found_by, one.depth, one.is_listing, one.via) for one in found] == [
        ("https://a.example/x.xml.gz", "seed", 0, True, None),
        ("https://b.example/", "seed", 0, True, None),
    ]
    assert all(admit(one, source) is None for one in found)


def test_a_fixed_list_holds_articles() -> None:
    (found,) = seeds(Source("n", "urls", ("https://a.example/1",)), SEEN)
    assert (found.found_by, found.is_listing) == ("urls", False)
