"""DailyExample: what each outlet answers to a request, by a clock that only its owner moves. No socket, no real time.

`MORNING` and `NEXT_MORNING` are the two moments `pressmark demo` crawls at. In between, by `changes` in the stories
and `hijacked_from` in an outlet's table: a story is rewritten, one has a typo mended, one gets only a new date, one
disappears (404) and one is withdrawn (410), new ones appear, a feed goes stale, and a host is hijacked.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from crawler.demo import listings, pages
from crawler.demo.hijack import hijack
from crawler.demo.http_bytes import HTML, Answer, Request, http_date
from crawler.demo.oddities import drawing, odd_headers, oddity
from crawler.demo.pages import Frame
from crawler.demo.stories import SITE, Outlet, Story, load_outlets, load_stories, story_at

MORNING = datetime(2026, 5, 11, 8, 0, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 5, 12, 8, 0, tzinfo=UTC)

HOME = "daily"  # the outlet that is The Daily Example itself
ODD = "odd"  # the outlet where things go wrong
_FRONT_PAGE = 12


class DailyExample:
    """The publisher. `bases` maps an outlet's key to its base URL, without a slash at the end.

    Answers depend on the clock, the bases and, for the page that recovers, on how often it was asked. So two
    publishers with the same bases, asked the same, send the same bytes.
    """

    def __init__(
        self,
        bases: Mapping[str, str],
        now: datetime = MORNING,
        *,
        slow_seconds: float = 20.0,
        large_bytes: int = 16 << 20,
    ) -> None:
        self.bases = dict(bases)
        self.now = now
        self.slow_seconds = slow_seconds
        self.large_bytes = large_bytes
        self._asked: Counter[str] = Counter()

    def move_to(self, moment: datetime) -> None:
        """Set the clock. Pages asked for from now on are as of `moment`."""
        self.now = moment

    def answer(self, outlet_key: str, request: Request) -> Answer:
        """Return the answer of an outlet, with every header it will carry but the length and the codings."""
        outlet = load_outlets()[outlet_key]
        if request.method not in ("GET", "HEAD"):
            return self._error(outlet, 405, "Method not allowed")
        answer = self._found(outlet, request)
        common = (("Date", http_date(self.now)), ("Server", f"example-press/{outlet.key}"))
        accepts_gzip = "gzip" in request.headers.get("accept-encoding", "")
        return replace(
            answer, headers=common + answer.headers, coding=answer.coding if accepts_gzip and answer.body else ""
        )

    def live_stories(self, outlet: Outlet, now: datetime | None = None) -> list[Story]:
        """Return the outlet's published and listed stories as they stand now, the newest first."""
        moment = now or self.now
        found = [story_at(s, moment) for s in load_stories() if s.outlet == outlet.key and s.listed]
        live = [story for story in found if isinstance(story, Story)]
        return sorted(live, key=lambda story: (story.published, story.key), reverse=True)

    def frame(self, outlet: Outlet, story: Story | None = None) -> Frame:
        """Return the surroundings of a page: now, or for a story of a paper with validators when it was last made.

        Such papers make a story's page anew only when the story changes, so that it can be asked for conditionally.
        """
        moment = self.now
        if story is not None and outlet.validators != "none":
            moment = min(self.now, max(MORNING, story.modified or story.published))
        latest = self.live_stories(outlet, moment)[:6]
        return Frame(outlet, self.bases[outlet.key], moment, tuple(latest), self.bases.get(HOME, ""))

    # --- finding -------------------------------------------------------------------------------------------------

    def _found(self, outlet: Outlet, request: Request) -> Answer:
        path = request.path
        listing = self._listings(outlet).get(path)
        if listing is not None:
            return self._conditional(outlet, request, listing())
        for story in load_stories():
            if story.outlet == outlet.key and story.path == path:
                return self._story(outlet, story, request)
        if path.startswith(("/assets/", "/img/")):
            return self._asset(outlet, path)
        if outlet.key == ODD and (odd := oddity(path, self.bases[ODD], self.large_bytes)) is not None:
            return odd
        if path == "/gone/fair-1998":
            return self._error(outlet, 410, "Gone")
        furniture = outlet.pages.get(path) or outlet.pages.get(path[: path.rfind("/") + 1] + "*")
        if furniture is not None:
            title, words = re.split("[:：] ?", furniture, maxsplit=1)
            return self._page(outlet, 200, title, f"<h1>{title}</h1><p>{words}</p>")
        if path.startswith("/private/"):
            return self._page(outlet, 200, "Staff desk", "<h1>Staff desk</h1><p>robots.txt forbids this page.</p>")
        return self._error(outlet, 404, "Not found")

    def _listings(self, outlet: Outlet) -> Mapping[str, Callable[[], Answer]]:
        frame, live, name = self.frame(outlet), self.live_stories(outlet), outlet.name
        table: dict[str, Callable[[], Answer]] = {
            "/": lambda: self._listing(name, live[:_FRONT_PAGE], frame),
            "/rss.xml": lambda: _xml("application/rss+xml", listings.rss(live, frame, name)),
            "/atom.xml": lambda: _xml("application/atom+xml", listings.atom(live, frame, name)),
            "/feed.json": lambda: _xml("application/feed+json", listings.json_feed(live, frame, name)),
            "/sitemap.xml": lambda: _xml(
                "application/xml", listings.sitemap_index(frame, listings.newest(live)), coding="gzip"
            ),
            "/sitemap-articles.xml.gz": lambda: _gzip_file(listings.sitemap(live, frame)),
            "/sitemap-news.xml": lambda: _xml("application/xml", listings.sitemap(live[:20], frame, news=True)),
        }
        if outlet.robots:
            table["/robots.txt"] = lambda: Answer(200, listings.robots(frame), (("Content-Type", "text/plain"),))
        for section, label in outlet.sections.items():
            stories = [story for story in live if story.section == section]
            table[f"/{section}/"] = partial(self._listing, label, stories, frame)
            table[f"/{section}/atom.xml"] = partial(self._section_feed, outlet, section, label)
        return table

    def _listing(self, title: str, stories: list[Story], frame: Frame) -> Answer:
        html = pages.listing_page(title, stories, frame)
        if frame.outlet.hijacked_from is not None and self.now >= frame.outlet.hijacked_from:
            html = hijack(html)
        return Answer(200, html.encode(), (("Content-Type", HTML),), coding="gzip", chunked=True)

    def _section_feed(self, outlet: Outlet, section: str, label: str) -> Answer:
        """A section's feed; a stale one still shows the stories of the moment its maker broke."""
        moment = min(self.now, outlet.stale_feeds.get(section, self.now))
        stories = [story for story in self.live_stories(outlet, moment) if story.section == section]
        return _xml("application/atom+xml", listings.atom(stories, self.frame(outlet), label))

    # --- stories -------------------------------------------------------------------------------------------------

    def _story(self, outlet: Outlet, first: Story, request: Request) -> Answer:
        story = story_at(first, self.now)
        if not isinstance(story, Story):
            return self._error(outlet, story, "Gone" if story == 410 else "Not found")
        number = request.target.partition("page=")[2]
        page = int(number) if number.isdigit() else 1
        if not 1 <= page <= len(story.pages):
            return self._error(outlet, 404, "Not found")
        early = self._before_story(outlet, story, request)
        if early is not None:
            return early
        make = pages.notice_page if story.page_type in ("bot_wall", "soft_404") else pages.article_page
        html = make(story, self.frame(outlet, story), page)
        taken = outlet.hijacked_from is not None and self.now >= outlet.hijacked_from and not story.never_hijacked
        encoding = "gbk" if story.charset == "gb2312" else story.charset
        if taken:
            html = hijack(html)
        if story.charset != "utf-8":
            html = html.replace('charset="utf-8"', f'charset="{story.charset}"')
        answer = Answer(
            200,
            html.encode(encoding, "xmlcharrefreplace"),
            (("Content-Type", f"text/html; charset={story.charset}"),),
            chunked=story.chunked,
            coding=story.coding,
        )
        if taken:  # the takeover rewrites pages on their way out, so they have lost their validators
            return replace(answer, headers=(*answer.headers, ("Cache-Control", "no-cache")))
        return self._after_story(self._conditional(outlet, request, answer, story), story)

    def _before_story(self, outlet: Outlet, story: Story, request: Request) -> Answer | None:
        if story.behaviour in ("flaky", "busy"):
            if request.method == "GET":
                self._asked[story.path] += 1
            if self._asked[story.path] == 1:
                status, words = (
                    (500, "Our press has jammed") if story.behaviour == "flaky" else (503, "Too many readers")
                )
                answer = self._error(outlet, status, words)
                wait = (("Retry-After", "1"),) if status == 503 else ()
                return replace(answer, headers=answer.headers + wait)
        if story.behaviour == "forbidden":
            html = pages.notice_page(story, self.frame(outlet, story))
            return Answer(403, html.encode(), (("Content-Type", HTML), ("Cache-Control", "no-store")))
        return None

    def _after_story(self, answer: Answer, story: Story) -> Answer:
        match story.behaviour:
            case "slow":
                return replace(answer, delay_seconds=self.slow_seconds)
            case "cut" if answer.status == 200:
                return replace(answer, cut_after=len(answer.body) * 2 // 3, coding="", chunked=False)
            case "odd_headers":
                return replace(answer, headers=odd_headers(answer.headers))
            case _:
                return answer

    # --- everything else -------------------------------------------------------------------------------------------

    def _asset(self, outlet: Outlet, path: str) -> Answer:
        if path == "/assets/style.css":
            css = (SITE / (outlet.templates or outlet.key) / "style.css").read_bytes()
            return Answer(200, css, (("Content-Type", "text/css"), ("Cache-Control", "max-age=3600")), coding="gzip")
        if path.startswith("/img/"):
            return Answer(200, drawing(path), (("Content-Type", "image/svg+xml"),))
        return self._error(outlet, 404, "Not found")

    def _error(self, outlet: Outlet, status: int, words: str) -> Answer:
        text = f"<h1>{status} {words}</h1><p>The page you asked for cannot be shown.</p>"
        return self._page(outlet, status, words, text)

    def _page(self, outlet: Outlet, status: int, title: str, html: str) -> Answer:
        page = pages.plain_page(title, html, self.frame(outlet))
        return Answer(status, page.encode(), (("Content-Type", HTML),))

    def _conditional(self, outlet: Outlet, request: Request, answer: Answer, story: Story | None = None) -> Answer:
        """Add the outlet's validators, and answer 304 where the asker's copy is still good (RFC 9110 13.2.2)."""
        etag, modified = _validators(outlet, answer.body, story)
        fields = tuple((name, value) for name, value in (("ETag", etag), ("Last-Modified", modified)) if value)
        asked = request.headers
        if "if-none-match" in asked:
            fresh = bool(etag) and asked["if-none-match"].removeprefix("W/") == etag.removeprefix("W/")
        else:
            fresh = bool(modified) and asked.get("if-modified-since") == modified
        if fresh:
            return Answer(304, b"", fields)
        return replace(answer, headers=answer.headers + fields)


def _validators(outlet: Outlet, body: bytes, story: Story | None) -> tuple[str, str]:
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    # A listing's date would be its newest story's; we give none, so that a listing is judged by its tag.
    date = http_date((story.modified or story.published).astimezone(UTC)) if story else ""
    match outlet.validators:
        case "both":
            return tag, date
        case "etag":
            return tag, ""
        case "weak":
            return "W/" + tag, ""
        case "modified":
            return "", date
        case _:
            return "", ""


def _xml(media_type: str, body: bytes, *, coding: str = "") -> Answer:
    return Answer(200, body, (("Content-Type", media_type),), coding=coding)


def _gzip_file(body: bytes) -> Answer:
    """A .gz file as such: no Content-Encoding, the client unpacks it because of what it is."""
    return Answer(200, gzip.compress(body, 6, mtime=0), (("Content-Type", "application/gzip"),))
