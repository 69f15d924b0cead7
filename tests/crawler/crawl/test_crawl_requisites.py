"""capture = "requisites": with an article come the files it shows itself with, as exchanges of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.archive import open_archive
from archive.catalog import frontier
from archive.folder.location import locate
from archive.warc.captures import exchanges_in
from archive.warc.reader import iter_records
from archive.warc.records import parse_warc_fields
from tests.crawler.cli_harness import LOOPBACK, NO_DELAY, READ_HERE, Said, in_a_process, new_archive, pressmark
from tests.crawler.tiny_site import Page, Site, article, feed_of, tiny_site

CSS = {"Content-Type": "text/css"}
PICTURE = {"Content-Type": "image/jpeg"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Two stories that share a style sheet; a picture on another host, one that moved, one missing, one too large."""
    with tiny_site({"/far.jpg": Page("far" * 300, headers=PICTURE)}) as cdn, tiny_site({}) as served:
        head = '<link rel="stylesheet" href="/s.css"><link rel="stylesheet" href="/loop.css">'
        for number in (0, 1):
            far = cdn.url.replace("127.0.0.1", "localhost")
            shown = f'<img src="/p{number}.jpg"><img src="{far}/far.jpg"><img src="/moved.jpg"><img src="/none.jpg">'
            page = article(f"Story {number}", f"Boat {number} came in.")
            body = page.body.replace("</head>", head + "</head>").replace("</h1>", "</h1>" + shown)
            served.pages[f"/story-{number}"] = replace(
                page, body=body + '<script src="/x.js"></script><a href="/next">next</a>'
            )
            served.pages[f"/p{number}.jpg"] = Page(f"picture {number}" * 100, headers=PICTURE)
        served.pages |= {
            "/rss.xml": feed_of(served.url, ["/story-0", "/story-1"]),
            "/s.css": Page("@import 'more.css'; body { background: url(/huge.png) }", headers=CSS),
            "/more.css": Page("@font-face { src: url(f.woff2) }", headers=CSS),
            "/loop.css": Page("@import 'loop.css?again'; @import url(ads/banner.css);", headers=CSS),
            "/loop.css?again": Page("@import 'loop.css';", headers=CSS),
            "/f.woff2": Page("font" * 100, headers={"Content-Type": "font/woff2"}),
            "/huge.png": Page("x" * 30_000, headers={"Content-Type": "image/png"}),
            "/moved.jpg": Page("", 302, {"Location": "/there.jpg"}),
            "/there.jpg": Page("there" * 200, headers=PICTURE),
        }
        yield served


@pytest.fixture(scope="module")
def crawled(site: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    source = f'[[source]]\nname = "tiny"\nkind = "feed"\nurl = "{site.url}/rss.xml"\ncapture = "requisites"\n'
    sources = NO_DELAY + source + 'exclude = ["/ads/"]\n'
    folder = new_archive(
        tmp_path_factory.mktemp("requisites"), sources, READ_HERE + LOOPBACK + 'requisite_max_size = "20kB"\n'
    )
    return folder, in_a_process(folder, "crawl", "tiny", "--limit", "2")


def outcomes(folder: Path, site: Site, *paths: str) -> dict[str, str]:
    found = {}
    with open_archive(locate(folder)) as archive:
        for path in paths:
            story = frontier.outcome_of(archive.catalog, site.url + path)
            assert story is not None, path
            assert story.outcome is not None, path
            found[path] = " ".join(filter(None, (story.outcome.kind, story.outcome.reason)))
    return found


def test_every_file_has_an_outcome_and_none_becomes_an_article(crawled: tuple[Path, Said], site: Site) -> None:
    folder, said = crawled
    assert said.code == 0, said.all
    assert "2 articles stored" in said.out
    assert outcomes(
        folder, site, "/s.css", "/more.css", "/f.woff2", "/p0.jpg", "/p1.jpg", "/moved.jpg", "/there.jpg",
        "/none.jpg", "/huge.png", "/loop.css?again", "/ads/banner.css",
    ) == {
        "/s.css": "kept", "/more.css": "kept", "/f.woff2": "kept", "/p0.jpg": "kept", "/p1.jpg": "kept",
        "/moved.jpg": "moved redirect", "/there.jpg": "kept", "/none.jpg": "failed gone",
        "/huge.png": "skipped size", "/loop.css?again": "kept", "/ads/banner.css": "skipped url_filter",
    }  # fmt: skip
    assert "/x.js" not in site.asked


def test_what_two_pages_share_is_fetched_once(crawled: tuple[Path, Said], site: Site) -> None:
    assert site.asked.count("/s.css") == 1
    assert site.asked.index("/s.css") > site.asked.index("/story-1"), "articles go first"


def test_the_report_counts_files_apart_and_a_missing_picture_fails_nothing(crawled: tuple[Path, Said]) -> None:
    said = crawled[1].out
    assert (
        "kept     9 files that pages show themselves with (style sheets, images, fonts) · 1 skipped · 1 failed" in said
    )


def test_the_warc_says_which_page_a_picture_belongs_to(crawled: tuple[Path, Said], site: Site) -> None:
    folder, _ = crawled
    found = {}
    for path in folder.glob("warc/**/*.warc.gz"):
        for kept in exchanges_in(path, path.name):
            found[kept.target_uri.removeprefix(site.url)] = kept
    assert found["/p0.jpg"].value("via") == f"{site.url}/story-0"
    assert found["/p0.jpg"].value("foundBy") == "requisite" and found["/p0.jpg"].value("hopsFromSeed") == "LE"
    assert found["/p0.jpg"].value("robots") == found["/story-0"].value("robots") == "allowed"
    assert found["/robots.txt"].value("robots") is None
    assert found["/f.woff2"].value("via") == f"{site.url}/more.css"
    assert found["/p0.jpg"].request is not None
    assert b"Referer: " + f"{site.url}/story-0".encode() in found["/p0.jpg"].request
    assert b"Accept: */*" in found["/p0.jpg"].request
    assert found["/huge.png"].capture is not None
    assert found["/huge.png"].capture.truncated == "length"
    assert pressmark(folder, "warc", "verify").code == 0


def test_the_warc_says_what_became_of_each_capture_and_where_its_page_leads(
    crawled: tuple[Path, Said], site: Site
) -> None:
    folder, _ = crawled
    said: dict[str, list[tuple[str, str]]] = {}
    for path in folder.glob("warc/**/*.warc.gz"):
        ids = {kept.capture.record_id: kept.target_uri for kept in exchanges_in(path, "x") if kept.capture is not None}
        for record in iter_records(path):
            if record.warc_type == "metadata" and record.values("WARC-Refers-To") and record.target_uri:
                url = ids[record.values("WARC-Refers-To")[0]]
                said[url.removeprefix(site.url)] = list(parse_warc_fields(record.block))
    assert said["/story-0"] == [("outcome", "stored"), ("reason", "new"), ("outlink", f"{site.url}/next L a/@href")]
    assert said["/p0.jpg"] == [("outcome", "kept")]
    assert said["/rss.xml"][0] == ("outcome", "listed")
    assert said["/none.jpg"][:2] == [("outcome", "failed"), ("reason", "gone")]


def test_reading_again_and_a_second_run_leave_them_alone(crawled: tuple[Path, Said], site: Site) -> None:
    folder, _ = crawled
    again = pressmark(folder, "extract", "--all", "--compare")
    assert "2 pages read again: no difference" in again.err
    asked = len(site.asked)
    second = in_a_process(folder, "crawl", "tiny", "--json")
    assert json.loads(second.out)["counts"].get("stored", 0) == 0
    assert site.asked[asked:] == ["/rss.xml"]
