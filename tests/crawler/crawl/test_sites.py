"""Which pages of a run get a second look."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.catalog import open_catalog
from archive.catalog.leases import Lease, Validators
from archive.extract import Evidence, extract
from archive.extract.word_list import read_words
from archive.folder.store import LocalStore
from archive.model import Capture, Claims, Page
from archive.reading.read import Reading
from archive.urls import urlkey
from crawler.crawl.sites import Sites
from crawler.demo.weekly import stories
from crawler.spiders.news import PageToRead

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://weekly.example/roof"
OFFER = "最新的优惠活动正在进行,欢迎大家前来咨询,二十四小时在线客服为您服务,名额有限先到先得,立即注册领取礼金。"


def lease() -> Lease:
    return Lease(URL, "weekly.example", "weekly", False, "feed", NOW, None, 1, Claims(), 1, NOW, Validators())


def capture() -> Capture:
    return Capture(
        "<urn:uuid:1>", "response", URL, urlkey(URL), NOW, 200, "text/html", "sha1:A", 9, "warc/x.warc.gz", 0, 9, "weekly", "r"
    )  # fmt: skip


@pytest.mark.parametrize(("extra", "verdict", "looks"), [((), "suspect", 0), ((OFFER,), "hijacked", 1)])
def test_a_listed_word_alone_is_no_reason_to_look_again(
    tmp_path: Path, extra: tuple[str, ...], verdict: str, looks: int
) -> None:
    story = stories()[0]
    text = "".join(f"<p>{one}</p>" for one in (*story.paragraphs[:2], *extra, *story.paragraphs[2:]))
    html = f"<html lang=en><title>{story.headline}</title><body><article><h1>{story.headline}</h1>{text}</article>"
    words = read_words([("words.txt", story.headline.split()[-1])])
    found = extract(Page(URL, html.encode()), Evidence(words=words))
    assert found.integrity.verdict == verdict and found.integrity.reasons[-1].startswith("listed word ")
    catalog = open_catalog(f"sqlite:///{tmp_path / 'catalog.sqlite3'}", create=True)
    sites = Sites(Archive(tmp_path, LocalStore(tmp_path), catalog, "news"))
    sites.read(PageToRead(lease(), capture()), Reading(found, None, NOW))
    (profile,) = sites.learned()
    assert (profile.last_clean is None) is (verdict == "hijacked")
    assert len([page for page, _ in sites.second_looks()]) == looks
    catalog.close()
