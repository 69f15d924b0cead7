"""A page that is another one for crawlers, or for who comes from a search, is told from one that is the same for all."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.crawler.cli_harness import LOOPBACK, NO_DELAY, new_archive, pressmark
from tests.crawler.tiny_site import Page, tiny_site

WORDS = (
    "The harbour office said on Monday that the new ferry will call at the northern islands from April.",
    "Residents had asked for the service for years, and the council agreed to pay half of its costs.",
    "The old ferry was taken out of service after a storm damaged its engine last winter.",
)
SPAM = "".join(f'<p>Best odds at <a href="http://bet{n}.example/x">Fortuna slots</a> every day.</p>' for n in range(3))


def _page(title: str, more: str = "") -> str:
    text = "".join(f"<p>{words}</p>" for words in WORDS * 2)
    html = f"<html lang=en><title>{title}</title><body><article><h1>New ferry</h1>{text}{more}</article></body>"
    return f"<!doctype html>{html}</html>"


HONEST = Page(_page("New ferry"))
FOR_ROBOTS = Page(_page("Fortuna slots and odds", SPAM))


def _archive(folder: Path, url: str) -> Path:
    source = f'[[source]]\nname = "tiny"\nkind = "urls"\nurl = ["{url}/a", "{url}/b"]\n'
    return new_archive(folder, NO_DELAY + source, LOOPBACK)


def test_a_page_shown_to_crawlers_only_is_called_cloaked_and_every_answer_is_kept(tmp_path: Path) -> None:
    with tiny_site({"/a": Page(HONEST.body, instead={"spider": FOR_ROBOTS}), "/b": HONEST}) as site:
        folder = _archive(tmp_path, site.url)
        cloaked, same = sorted(
            pressmark(folder, "source", "test", "tiny", "--cloak", "--json").json(), key=lambda one: str(one["url"])
        )
    assert cloaked["cloaked"] and any("crawler: the title is 'fortuna slots" in one for one in cloaked["differences"])
    assert not any(one.startswith("search:") for one in cloaked["differences"])
    assert (same["cloaked"], same["differences"]) == (False, [])
    (warc,) = folder.glob("warc/**/*.warc.gz")
    raw = gzip.decompress(warc.read_bytes())
    assert raw.count(b"guise: crawler") >= 2 and b"guise: browser" in raw and b"guise: search" in raw
    assert b"Fortuna slots and odds" in raw
    assert "no difference" in pressmark(folder, "db", "check").all
    why = pressmark(folder, "why", str(cloaked["url"]))  # what the command's last line says to ask next
    assert why.code == 0 and why.out.startswith("KEPT, NEVER CRAWLED") and why.out.count("captured") == 3


def test_who_comes_from_a_search_may_be_sent_away(tmp_path: Path) -> None:
    with tiny_site({"/bets": FOR_ROBOTS}) as other, tiny_site({"/b": HONEST}) as site:
        away = Page("", 302, {"Location": f"{other.url.replace('127.0.0.1', 'localhost')}/bets"})
        site.pages["/a"] = Page(HONEST.body, instead={"google": away})
        folder = _archive(tmp_path, site.url)
        said = pressmark(folder, "source", "test", "tiny", "--cloak").all
    assert "CLOAKED" in said and "search: is sent to localhost" in said
    assert "2 pages asked for in 3 guises, 1 cloaked" in said
