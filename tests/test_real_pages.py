"""Three hundred real pages of thirty publications, crawled end to end over loopback."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.real_pages import SERVER, RealPages, Served, archive_for, pressmark, records

pytestmark = [
    pytest.mark.skipif(not SERVER.exists(), reason=f"the bench of real pages is not at {SERVER.parent}"),
    pytest.mark.xdist_group("real-pages"),
    pytest.mark.timeout(400),
]


@dataclass(frozen=True)
class Crawled:
    archive: Path
    pages: int
    first: list[Served]
    second: list[Served]
    refetched: list[Served]
    records_after: tuple[int, int, int]  # records in the files after each of the three runs


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("real")
    with RealPages(folder) as site:
        archive = archive_for(site.sources, folder / "archive")
        logs, counts = [], []
        for options in ((), (), ("--refetch",)):
            before = len(site.served())
            pressmark(archive, "crawl", "--all", "--progress", "none", *options)
            logs.append(site.served()[before:])
            counts.append(sum(1 for _ in records(archive)))
        yield Crawled(archive, site.pages, *logs, (counts[0], counts[1], counts[2]))


def _is_listing(url: str) -> bool:
    path = urlsplit(url).path
    return path in ("/", "/rss.xml", "/atom.xml", "/robots.txt") or path.startswith(("/sitemap", "/section/"))


def _warc_responses(archive: Path) -> Iterator[tuple[str, bytes]]:
    """(WARC-Target-URI, block) of every response record, read by warcio."""
    for path in sorted(archive.glob("warc/**/*.warc.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, no_record_parse=True):
                if record.rec_type == "response":
                    yield record.rec_headers.get_header("WARC-Target-URI"), record.raw_stream.read()


def test_at_least_99_percent_of_the_articles_are_stored(crawled: Crawled) -> None:
    page_of = {row.url: row.page for row in crawled.first if row.page and row.status == 200}
    stored = {page_of.get(urlsplit(str(one["url"]))._replace(query="").geturl()) for one in records(crawled.archive)}
    stored |= {page_of.get(str(one["url"])) for one in records(crawled.archive)}
    stored.discard(None)
    missing = sorted(set(filter(None, page_of.values())) - stored)
    assert len(stored) >= 0.99 * crawled.pages, missing


def test_every_response_block_is_what_the_server_sent(crawled: Crawled) -> None:
    sent = {row.sha256 for row in crawled.first + crawled.second + crawled.refetched}
    kept = [(url, hashlib.sha256(block).hexdigest()) for url, block in _warc_responses(crawled.archive)]
    assert len(kept) >= crawled.pages
    assert [url for url, digest in kept if digest not in sent] == []


def test_a_page_that_robots_txt_denies_is_never_requested(crawled: Crawled) -> None:
    asked = {urlsplit(row.url).path for row in crawled.first + crawled.second + crawled.refetched}
    assert "/robots.txt" in asked
    assert not [path for path in asked if path.startswith("/private/")]


def test_every_url_of_every_listing_has_exactly_one_outcome(crawled: Crawled) -> None:
    listed = set()
    for url, block in _warc_responses(crawled.archive):
        if urlsplit(url).path.startswith(("/rss", "/atom", "/sitemap-")):
            body = block.partition(b"\r\n\r\n")[2].decode()
            listed |= {
                found
                for group in re.findall(
                    r'<link>([^<]+)</link>(?=<guid)|<loc>([^<]+)</loc>|<link rel="alternate" href="([^"]+)"', body
                )
                for found in group
                if found
            }
    outcomes = Counter()
    for path in sorted(crawled.archive.glob("runs/*.jsonl"))[:1]:
        for line in path.open():
            row = json.loads(line)
            if row["type"] == "outcome":
                outcomes[row["url"]] += 1
    import html

    from archive.urls import canonical_url

    wanted = {canonical_url(html.unescape(url)) for url in listed}
    assert len(wanted) > 150
    assert {url: outcomes[url] for url in wanted if outcomes[url] != 1} == {}


def test_the_archive_verifies_with_our_tool_and_with_warcio(crawled: Crawled) -> None:
    pressmark(crawled.archive, "warc", "verify")
    for path in sorted(crawled.archive.glob("warc/**/*.warc.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, no_record_parse=True, check_digests=False):
                block = record.raw_stream.read()
                expected = record.rec_headers.get_header("WARC-Block-Digest")
                import base64

                found = "sha1:" + base64.b32encode(hashlib.sha1(block).digest()).decode()
                assert found == expected, (path, record.rec_headers.get_header("WARC-Record-ID"))


def test_a_second_run_fetches_listings_only(crawled: Crawled) -> None:
    articles = [row.url for row in crawled.second if not _is_listing(row.url)]
    assert articles == []
    assert crawled.second


def test_a_refetch_asks_for_every_article_and_stores_nothing_new(crawled: Crawled) -> None:
    asked = {row.page for row in crawled.refetched if row.page}
    assert len(asked) >= 0.99 * crawled.pages
    pages = [row for row in crawled.refetched if row.page and "/go/" not in row.url]
    assert {row.status for row in pages} == {304}
    assert crawled.records_after[0] == crawled.records_after[1] == crawled.records_after[2]
    assert all(one["revision"] == 1 for one in records(crawled.archive))
    first = sum(row.size_bytes for row in crawled.first if row.page)
    again = sum(row.size_bytes for row in crawled.refetched if row.page)
    assert again < first / 10


def test_the_catalog_rebuilt_from_the_files_gives_the_same_answers(crawled: Crawled) -> None:
    def answers() -> list[object]:
        asked = (("articles", "--limit", "1000"), ("skipped",), ("run", "list"))
        found: list[object] = [json.loads(pressmark(crawled.archive, *words, "--json").stdout) for words in asked]
        some = sorted(str(one["url"]) for one in records(crawled.archive))[::40]
        return found + [json.loads(pressmark(crawled.archive, "why", url, "--json").stdout) for url in some]

    before = answers()
    pressmark(crawled.archive, "db", "rebuild")
    assert answers() == before


def test_reading_the_warcs_again_finds_no_difference(crawled: Crawled) -> None:
    done = pressmark(crawled.archive, "extract", "--all", "--compare", "--json")
    result = json.loads(done.stdout)
    assert result["compared"] >= 0.99 * crawled.pages
    assert result["different"] == 0


def test_the_files_are_gzip_one_member_per_record(crawled: Crawled) -> None:
    path = next(iter(sorted(crawled.archive.glob("warc/**/*.warc.gz"))))
    with gzip.open(path) as whole:
        assert whole.readline() == b"WARC/1.1\r\n"
