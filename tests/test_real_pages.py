"""Three hundred real pages of thirty publications, crawled end to end over loopback."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.urls import canonical_url
from tests.crawler.cli_harness import pressmark as here
from tests.real_pages import SERVER, RealPages, Served, archive_for, pressmark, records

pytestmark = [
    pytest.mark.skipif(not SERVER.exists(), reason=f"the bench of real pages is not at {SERVER.parent}"),
    pytest.mark.long,
    pytest.mark.timeout(400),
]


@dataclass(frozen=True)
class Crawled:
    archive: Path
    pages: int
    first: list[Served]
    again: tuple[list[Served], ...]  # four more runs
    refetched: list[Served]
    records_after: tuple[int, ...]  # records in the files after each of the six runs
    warc_bytes_after: tuple[int, ...]

    @property
    def second(self) -> list[Served]:
        return self.again[0]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("real")
    with RealPages(folder) as site:
        archive = archive_for(site.sources, folder / "archive")
        logs, counts, sizes = [], [], []
        for options in ((), (), (), (), (), ("--refetch",)):
            before = len(site.served())
            pressmark(archive, "crawl", "--all", "--progress", "none", *options)
            logs.append(site.served()[before:])
            counts.append(sum(1 for _ in records(archive)))
            sizes.append(sum(path.stat().st_size for path in archive.glob("warc/**/*.warc.gz")))
        yield Crawled(archive, site.pages, logs[0], tuple(logs[1:-1]), logs[-1], tuple(counts), tuple(sizes))


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


def _listed_articles(archive: Path) -> set[str]:
    """Every article URL that stands in a feed, a sitemap or a front page the server sent, as written there."""
    found: set[str] = set()
    for url, block in _warc_responses(archive):
        path, body = urlsplit(url).path, block.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
        if path.startswith("/sitemap-"):
            found |= set(re.findall(r"<loc>([^<]+)</loc>", body))
        elif path in ("/rss.xml", "/atom.xml"):
            pattern = r'<link>([^<]+)</link><guid>|<link rel="alternate" href="([^"]+)"'
            found |= {first or second for first, second in re.findall(pattern, body)}
        elif path == "/":
            found |= {urljoin(url, link) for link in re.findall(r'<h2><a href="([^"]+)"', body)}
    return {html.unescape(url) for url in found}


def test_at_least_99_percent_of_the_articles_are_stored(crawled: Crawled) -> None:
    # Some stored pages have no path; the server lists them as "http://host:port:name", which no client can ask for.
    listed = _listed_articles(crawled.archive)
    possible = {url for url in listed if urlsplit(url).netloc.count(":") == 1}
    assert len(possible) >= 0.97 * crawled.pages
    served = {row.page for row in crawled.first if row.page and row.status == 200}
    stored = [str(one["url"]) for one in records(crawled.archive)]
    assert len(set(stored)) == len(stored) == len(served)
    assert len(stored) >= 0.99 * len(possible)
    assert any("utm_" in url for url in stored)  # this server matches the whole query: asked again as linked


def test_every_response_block_is_what_the_server_sent(crawled: Crawled) -> None:
    runs = (crawled.first, *crawled.again, crawled.refetched)
    sent = {row.sha256 for run in runs for row in run}
    kept = [(url, hashlib.sha256(block).hexdigest()) for url, block in _warc_responses(crawled.archive)]
    assert len(kept) >= crawled.pages
    assert [url for url, digest in kept if digest not in sent] == []


def test_a_page_that_robots_txt_denies_is_never_requested(crawled: Crawled) -> None:
    asked = {urlsplit(row.url).path for row in crawled.first + crawled.second + crawled.refetched}
    assert "/robots.txt" in asked
    assert not [path for path in asked if path.startswith("/private/")]


def test_every_url_of_every_listing_has_exactly_one_outcome(crawled: Crawled) -> None:
    wanted = {canonical_url(url) for url in _listed_articles(crawled.archive) if urlsplit(url).netloc.count(":") == 1}
    outcomes: Counter[str] = Counter()
    for path in sorted(crawled.archive.glob("runs/*.jsonl"))[:1]:
        for line in path.open():
            row = json.loads(line)
            if row["type"] == "outcome":
                outcomes[row["url"]] += 1
    assert len(wanted) > 150
    assert {url: outcomes[url] for url in wanted if outcomes[url] != 1} == {}


def test_the_archive_verifies_with_our_tool_and_with_warcio(crawled: Crawled) -> None:
    pressmark(crawled.archive, "warc", "verify")
    for path in sorted(crawled.archive.glob("warc/**/*.warc.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, no_record_parse=True, check_digests=False):
                block = record.raw_stream.read()
                expected = record.rec_headers.get_header("WARC-Block-Digest")
                found = "sha1:" + base64.b32encode(hashlib.sha1(block).digest()).decode()
                assert found == expected, (path, record.rec_headers.get_header("WARC-Record-ID"))


def test_a_second_run_fetches_listings_only(crawled: Crawled) -> None:
    articles = [row.url for row in crawled.second if not _is_listing(row.url)]
    assert articles == []
    assert crawled.second


def test_four_more_runs_add_no_revision_and_hardly_a_byte(crawled: Crawled) -> None:
    assert len(set(crawled.records_after)) == 1
    first = sum(row.size_bytes for row in crawled.first)
    again = sum(row.size_bytes for run in crawled.again for row in run)
    assert again < 0.02 * first, (again, first)
    kept, added = crawled.warc_bytes_after[0], crawled.warc_bytes_after[4] - crawled.warc_bytes_after[0]
    assert added < 0.02 * kept, (added, kept)


def test_a_refetch_asks_for_every_article_and_stores_nothing_new(crawled: Crawled) -> None:
    asked = {row.page for row in crawled.refetched if row.page}
    assert asked == {row.page for row in crawled.first if row.page}
    pages = [row for row in crawled.refetched if row.page and "/go/" not in row.url]
    assert {row.status for row in pages} == {304}
    assert len(set(crawled.records_after)) == 1
    assert all(one["revision"] == 1 for one in records(crawled.archive))
    first = sum(row.size_bytes for row in crawled.first if row.page)
    again = sum(row.size_bytes for row in crawled.refetched if row.page)
    assert again < first / 10


def test_the_catalog_rebuilt_from_the_files_gives_the_same_answers(crawled: Crawled) -> None:
    def answers() -> list[object]:
        asked: tuple[tuple[str, ...], ...] = (("articles", "--limit", "1000"), ("skipped",), ("run", "list"))
        some = sorted(str(one["url"]) for one in records(crawled.archive))[::40]
        asked += tuple(("why", url) for url in some)
        return [here(crawled.archive, *words, "--json").json() for words in asked]

    before = answers()
    pressmark(crawled.archive, "db", "rebuild")
    assert answers() == before


def test_reading_the_warcs_again_finds_no_difference(crawled: Crawled) -> None:
    said = pressmark(crawled.archive, "extract", "--all", "--compare").stderr
    assert f"{crawled.records_after[0]} pages read again: no difference" in said


def test_the_files_are_gzip_one_member_per_record(crawled: Crawled) -> None:
    path = next(iter(sorted(crawled.archive.glob("warc/**/*.warc.gz"))))
    with gzip.open(path) as whole:
        assert whole.readline() == b"WARC/1.1\r\n"
