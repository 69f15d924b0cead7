"""sources.toml is edited between runs: what it names is what is asked for, under the name it has now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.archive import open_archive
from archive.catalog import listings
from crawler.config.config_file import load_settings, load_sources
from crawler.crawl.session import location_of
from crawler.schedule.due import due_now
from tests.crawler.cli_harness import Said, in_a_process, new_archive, pressmark
from tests.crawler.tiny_site import Page, Site, article, feed_of, tiny_site

SETTINGS = '[crawl]\nallow_private = true\ncontact = "desk@example.org"\nretries = 0\n[reading]\nworkers = 0\n'
pytestmark = pytest.mark.long


@dataclass
class Desk:
    """An archive, the site it watches, and its sources.toml to edit."""

    folder: Path
    site: Site

    def edit(self, **urls: str) -> None:
        """Write sources.toml anew: by name, what follows the kind."""
        entries = "".join(
            f'[[source]]\nname = "{name.replace("_", "-")}"\ndelay = 0.0\n{rest.replace("SITE", self.site.url)}\n'
            for name, rest in urls.items()
        )
        (self.folder / "sources.toml").write_text(entries, "utf-8")

    def crawl(self, *words: str) -> list[str]:
        """The paths a crawl asks for, in their order."""
        before = len(self.site.asked)
        said = in_a_process(self.folder, "crawl", *words)
        assert said.code == 0, said.all
        return sorted(path for path in self.site.asked[before:] if path != "/robots.txt")

    def why(self, path: str) -> Said:
        return pressmark(self.folder, "why", self.site.url + path)

    def check(self) -> None:
        assert "no difference" in pressmark(self.folder, "db", "check").all


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    stories = {f"/s/{n}": article(f"Story {n}", f"The boat of story {n} came in.") for n in range(1, 7)}
    with tiny_site(stories) as site:
        site.pages["/a.xml"] = feed_of(site.url, ["/s/1", "/s/2"])
        site.pages["/b.xml"] = feed_of(site.url, ["/s/3"])
        yield Desk(new_archive(tmp_path, settings=SETTINGS), site)


FEED_A = 'kind = "feed"\nurl = "SITE/a.xml"'
FEED_B = 'kind = "feed"\nurl = "SITE/b.xml"'
BOTH = 'kind = "feed"\nurl = ["SITE/a.xml", "SITE/b.xml"]'


def test_a_renamed_source_goes_on_where_it_was(desk: Desk) -> None:
    desk.edit(daily=FEED_A)
    assert desk.crawl() == ["/a.xml", "/s/1", "/s/2"]
    desk.edit(the_daily=FEED_A)
    assert desk.crawl("--due") == []  # its feed is due when it was
    assert f"source the-daily         {desk.site.url}/a.xml" in pressmark(desk.folder, "run", "log", "last").out
    assert "source the-daily" in desk.why("/s/1").out  # and its articles are looked at again
    assert "nothing is due; next at" in pressmark(desk.folder, "crawl", "--due").all
    desk.site.pages["/a.xml"] = feed_of(desk.site.url, ["/s/4", "/s/1", "/s/2"])
    assert desk.crawl() == ["/a.xml", "/s/4"]
    desk.check()


def test_what_a_renamed_source_holds_is_read_again_by_its_rules(desk: Desk) -> None:
    short = "".join(f"<p>The boat of line {number} came in.</p>" for number in range(4))
    desk.site.pages["/s/1"] = Page(
        f"<html lang='en'><title>Boats</title><body><article><h1>Boats</h1>{short}</article>"
    )
    rules = FEED_A + "\nextract = { min_words = 5 }"
    desk.edit(daily=rules)
    desk.crawl()
    desk.edit(the_daily=rules)
    desk.crawl()
    assert "2 pages read again: no difference" in pressmark(desk.folder, "extract", "--all").all


def test_a_feed_that_was_taken_out_is_not_asked_for_again_until_it_is_put_back(desk: Desk) -> None:
    desk.edit(daily=BOTH)
    desk.crawl()
    desk.edit(daily=FEED_A)
    assert desk.crawl() == ["/a.xml"]
    said = desk.why("/b.xml").all
    assert "SKIPPED unlisted" in said and "source daily" in said and "next look" not in said
    assert "to change   pressmark source edit daily" in said
    assert "next look   20" in desk.why("/s/3").out  # what was archived stays, and is looked at as before
    desk.check()
    assert desk.crawl() == ["/a.xml"]
    desk.edit(daily=BOTH)
    assert desk.crawl("--due") == ["/b.xml"]
    desk.check()


def test_a_page_taken_out_of_a_list_is_not_asked_for_again_nor_what_it_redirects_to(desk: Desk) -> None:
    desk.site.pages["/old"] = Page("", 301, {"Location": "/s/2"})
    listed = desk.folder / "urls.txt"
    listed.write_text(f"{desk.site.url}/s/1\n{desk.site.url}/old\n", "utf-8")
    desk.edit(hand='kind = "urls"\nfile = "urls.txt"')
    assert desk.crawl() == ["/old", "/s/1", "/s/2"]
    listed.write_text(f"{desk.site.url}/s/1\n", "utf-8")
    assert desk.crawl() == ["/s/1"]
    for path in ("/old", "/s/2"):
        assert "SKIPPED unlisted" in desk.why(path).out
    assert "Story 2" in pressmark(desk.folder, "articles").out
    desk.check()
    listed.write_text(f"{desk.site.url}/s/2\n", "utf-8")
    assert desk.crawl() == ["/s/2"]
    desk.check()


def index_of(site: Site, *parts: str) -> Page:
    listed = "".join(f"<sitemap><loc>{site.url}{part}</loc></sitemap>" for part in parts)
    text = f'<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</sitemapindex>'
    return Page(text, headers={"Content-Type": "application/xml"})


def test_parts_go_with_their_index_unless_another_one_names_them(desk: Desk) -> None:
    part = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>'
    for path in ("/1.xml", "/2.xml"):
        desk.site.pages[path] = Page(part, headers={"Content-Type": "application/xml"})
    desk.site.pages |= {"/x.xml": index_of(desk.site, "/1.xml", "/2.xml"), "/y.xml": index_of(desk.site, "/2.xml")}
    desk.edit(maps='kind = "sitemap"\nurl = ["SITE/x.xml", "SITE/y.xml"]')
    assert desk.crawl() == ["/1.xml", "/2.xml", "/x.xml", "/y.xml"]
    desk.edit(maps='kind = "sitemap"\nurl = "SITE/y.xml"')
    assert desk.crawl() == ["/2.xml", "/y.xml"]  # though /y.xml says what it said before
    assert "SKIPPED unlisted" in desk.why("/1.xml").out
    assert desk.crawl() == ["/2.xml", "/y.xml"]
    desk.check()


def test_a_feed_that_moves_to_another_source_takes_its_articles_along(desk: Desk) -> None:
    desk.edit(daily=BOTH)
    desk.crawl()
    desk.edit(daily=FEED_A, sport=FEED_B)
    assert desk.crawl("sport") == ["/b.xml"]
    assert "source sport" in desk.why("/s/3").out
    assert "source daily" in desk.why("/s/1").out
    assert desk.crawl("daily") == ["/a.xml"]
    desk.check()


def test_a_page_that_was_met_as_an_article_can_become_a_source(desk: Desk) -> None:
    links = "".join(f'<p><a href="/s/{n}">The long headline of story number {n} of today</a></p>' for n in (4, 5, 6))
    desk.site.pages["/politics"] = Page(f"<html><body><main>{links}</main></body></html>")
    desk.site.pages["/a.xml"] = feed_of(desk.site.url, ["/politics"])
    desk.edit(daily=FEED_A)
    assert desk.crawl() == ["/a.xml", "/politics"]
    desk.edit(daily=FEED_A, politics='kind = "section"\nurl = "SITE/politics"\nlinks = { css = "main a" }')
    assert desk.crawl("politics") == ["/politics", "/s/4", "/s/5", "/s/6"]
    desk.check()


def test_what_is_left_of_a_removed_source_is_told_and_not_asked_for(desk: Desk) -> None:
    desk.edit(daily=FEED_A, sport=FEED_B)
    desk.crawl("--all")
    assert pressmark(desk.folder, "source", "remove", "sport").code == 0
    assert desk.crawl() == ["/a.xml"]
    assert 'next look   none by itself: sources.toml has no source "sport"' in desk.why("/s/3").out
    assert pressmark(desk.folder, "source", "pause", "daily").code == 0
    said = pressmark(desk.folder, "why", desk.site.url + "/s/1", "--json").json()
    assert (said["next_look"], said["resting"]) == (
        None,
        'source "daily" is paused (pressmark source resume daily)',
    )


def test_a_worker_that_stays_hears_of_a_new_name(desk: Desk) -> None:
    desk.edit(daily=FEED_A)
    desk.crawl()
    with open_archive(location_of(desk.folder, load_settings(desk.folder))) as archive:  # as it opened it long ago
        assert archive.sources.keys() == {"daily"}
        desk.edit(the_daily=FEED_A)
        found = due_now(archive, load_sources(desk.folder / "sources.toml"), datetime.now(UTC))
        assert [source.name for source in found.sources] == ["the-daily"]


def test_neither_a_pause_nor_another_schedule_is_told_as_missed(desk: Desk) -> None:
    desk.edit(daily=FEED_A)
    desk.crawl()
    location = location_of(desk.folder, load_settings(desk.folder))
    begun = datetime.now(UTC)
    with open_archive(location) as archive:

        def due(hours: float) -> tuple[bool, tuple[str, ...]]:
            sources = load_sources(desk.folder / "sources.toml")
            found = due_now(archive, sources, begun + timedelta(hours=hours))
            return bool(found.sources), found.missed

        assert pressmark(desk.folder, "source", "pause", "daily").code == 0
        assert due(5) == (False, ())
        assert pressmark(desk.folder, "source", "resume", "daily").code == 0
        assert due(50) == (True, ())
        ((_, missed),) = [due(53.5)]  # since it was taken up again, that is another matter
        assert missed and missed[0].startswith("daily was not asked 3 times")
        desk.edit(daily=FEED_A + '\nschedule = "every 1m"')
        assert due(53.5) == (True, ())


def test_fetching_a_page_by_hand_changes_nothing_of_what_is_due(desk: Desk) -> None:
    desk.edit(daily=FEED_A)
    desk.crawl()
    with open_archive(desk.folder) as archive:
        (feed,) = listings.of_source(archive.catalog, "daily")
    said = in_a_process(desk.folder, "fetch", f"{desk.site.url}/s/1")
    assert said.code == 0, said.all
    with open_archive(desk.folder) as archive:
        assert listings.of_source(archive.catalog, "daily") == [feed]
    assert "next look   20" in desk.why("/s/1").out
    # A page nobody has seen is its source's as soon as that names it, too.
    assert in_a_process(desk.folder, "fetch", f"{desk.site.url}/s/5").code == 0
    desk.site.pages["/a.xml"] = feed_of(desk.site.url, ["/s/5", "/s/1", "/s/2"])
    desk.crawl()
    assert "source daily" in desk.why("/s/5").out
    desk.check()
