"""Listings of an outlet: RSS, Atom, JSON Feed, sitemaps, robots.txt. Values in, bytes out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from crawler.demo.pages import Frame, first_words
from crawler.demo.stories import Story


def rss(stories: Sequence[Story], frame: Frame, title: str) -> bytes:
    """Return an RSS 2.0 feed; `lastBuildDate` is the newest story's, so an unchanged feed has unchanged bytes."""
    items = "".join(
        f"<item><title>{escape(s.headline)}</title><link>{escape(frame.base + s.path)}?utm_source=rss</link>"
        f'<guid isPermaLink="false">{s.outlet}:{s.key}</guid><pubDate>{_rfc822(s.published)}</pubDate>'
        f"<description>{escape(s.standfirst or first_words(s))}</description>"
        f"<category>{escape(frame.outlet.sections.get(s.section, s.section))}</category></item>\n"
        for s in stories
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>\n'
        f"<title>{escape(title)}</title><link>{frame.base}/</link><description>{escape(title)}</description>"
        f"<language>{frame.outlet.language}</language><lastBuildDate>{_rfc822(newest(stories))}</lastBuildDate>"
        f'<atom:link href="{frame.base}/rss.xml" rel="self" type="application/rss+xml"/>\n{items}</channel></rss>\n'
    ).encode()


def atom(stories: Sequence[Story], frame: Frame, title: str) -> bytes:
    """Return an Atom feed (RFC 4287)."""
    entries = "".join(
        f'<entry><title type="text">{escape(s.headline)}</title>'
        f'<link rel="alternate" type="text/html" href="{escape(frame.base + s.path)}"/>'
        f"<id>tag:example.org,2026:{s.outlet}:{s.key}</id><published>{s.published.isoformat()}</published>"
        f"<updated>{(s.modified or s.published).isoformat()}</updated>"
        + "".join(f"<author><name>{escape(name)}</name></author>" for name in s.authors)
        + f'<summary type="html">{escape(escape(s.standfirst or first_words(s)))}</summary></entry>\n'
        for s in stories
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{frame.outlet.language}">\n'
        f"<title>{escape(title)}</title><id>{frame.base}/</id><updated>{newest(stories).isoformat()}</updated>"
        f'<link href="{frame.base}/"/>\n{entries}</feed>\n'
    ).encode()


def json_feed(stories: Sequence[Story], frame: Frame, title: str) -> bytes:
    """Return a JSON Feed 1.1."""
    items = [
        {
            "id": f"{s.outlet}:{s.key}",
            "url": frame.base + s.path,
            "title": s.headline,
            "summary": s.standfirst or first_words(s),
            "date_published": s.published.isoformat(),
            "authors": [{"name": name} for name in s.authors],
            "language": frame.outlet.language,
        }
        for s in stories
    ]
    value = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": frame.base + "/",
        "feed_url": frame.base + "/feed.json",
        "items": items,
    }
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def sitemap_index(frame: Frame, changed: datetime) -> bytes:
    """Return a sitemap index: one part is a gzip file, the other the news sitemap."""
    parts = "".join(
        f"<sitemap><loc>{frame.base}{path}</loc><lastmod>{changed.isoformat()}</lastmod></sitemap>\n"
        for path in ("/sitemap-articles.xml.gz", "/sitemap-news.xml")
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{parts}</sitemapindex>\n'
    ).encode()


def sitemap(stories: Sequence[Story], frame: Frame, *, news: bool = False) -> bytes:
    """Return a sitemap, with the news extension's publication, date and title where asked."""
    rows = "".join(
        f"<url><loc>{escape(frame.base + s.path)}</loc><lastmod>{(s.modified or s.published).isoformat()}</lastmod>"
        + (_news(s, frame) if news else "")
        + "</url>\n"
        for s in stories
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        f' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n{rows}</urlset>\n'
    ).encode()


def robots(frame: Frame) -> bytes:
    """Return robots.txt (RFC 9309): one forbidden folder, no delay to speak of, two sitemaps."""
    return (
        f"# {frame.outlet.key}: please be polite\nUser-agent: *\nDisallow: /private/\nCrawl-delay: 0\n\n"
        f"Sitemap: {frame.base}/sitemap.xml\nSitemap: {frame.base}/sitemap-news.xml\n"
    ).encode()


def newest(stories: Sequence[Story]) -> datetime:
    """Return the time of the last change among stories, in UTC."""
    return max((s.modified or s.published for s in stories), default=datetime(2026, 1, 1, tzinfo=UTC)).astimezone(UTC)


def _news(story: Story, frame: Frame) -> str:
    return (
        f"<news:news><news:publication><news:name>{escape(frame.outlet.name)}</news:name>"
        f"<news:language>{frame.outlet.language}</news:language></news:publication>"
        f"<news:publication_date>{story.published.isoformat()}</news:publication_date>"
        f"<news:title>{escape(story.headline)}</news:title></news:news>"
    )


def _rfc822(moment: datetime) -> str:
    return format_datetime(moment)
