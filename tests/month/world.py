"""The papers of a month on loopback: pages as of a clock, listings, ETags honest and not, and a log of what was asked.

`story_text` says what a story's page says at a moment; `Month.answer` what a paper's server sends; `served` runs it.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

from tests.month import prose
from tests.month.script import Paper, Script, Story

BRAND = "GoldenPalms88"
LISTED, ALL = timedelta(days=4), timedelta(days=400)  # how long a story stays in a feed, in a sitemap
_TAKEN = ("404", "410", "home", "section", "soft_404")


@dataclass(frozen=True, slots=True)
class Told:
    """What a story's page says at a moment."""

    headline: str
    paragraphs: tuple[str, ...]
    modified: datetime
    correction: str = ""
    walled: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html; charset=utf-8"),)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as a paper saw it, by the clock of the month."""

    at: datetime
    paper: str
    path: str
    status: int
    size_bytes: int


def story_text(story: Story, now: datetime) -> Told:
    """The story as its paper tells it at `now`."""
    random = Random(story.seed)
    told = Told(story.headline, story.paragraphs, story.published)
    mended = any(event.kind == "typo" and event.at <= now for event in story.events)
    if any(event.kind == "typo" for event in story.events) and not mended:
        told = replace(told, paragraphs=(_misspelt(told.paragraphs[0]), *told.paragraphs[1:]))
    for event in story.events:
        if event.at > now or event.kind in _TAKEN:
            continue
        told = replace(_edited(told, event.kind, random), modified=event.at)
    if story.flapping and now.hour % 2:
        other = prose.paragraph(Random(story.seed + 1), 3)
        told = replace(told, paragraphs=(told.paragraphs[0], other, *told.paragraphs[2:]))
    return told


def _misspelt(text: str) -> str:
    words = text.split(" ")
    at = max(range(len(words)), key=lambda index: len(words[index]))
    word = words[at]
    words[at] = word[:2] + word[3] + word[2] + word[4:]
    return " ".join(words)


def _edited(told: Told, kind: str, random: Random) -> Told:
    match kind:
        case "headline":
            return replace(told, headline=prose.headline(random))
        case "substance":
            news = prose.paragraphs(random, 2)
            return replace(told, paragraphs=(news[0], *told.paragraphs[:2], news[1], *told.paragraphs[3:]))
        case "correction":
            note = "An earlier version of this article gave a wrong figure for the cost of the plan."
            return replace(told, correction=f"Correction: {note}")
        case "paywalled":
            return replace(told, paragraphs=told.paragraphs[:1], walled=True)
        case "gutted":
            return replace(told, paragraphs=told.paragraphs[:1])
        case _:
            return told


class Clock:
    """A time in a file, so that who moves it may be another process, and may die."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self._path.read_text("ascii"))

    def move_to(self, moment: datetime) -> None:
        beside = self._path.with_suffix(".new")
        beside.write_text(moment.isoformat(), "ascii")
        beside.replace(self._path)


class Month:
    """The papers' servers, by a clock somebody else moves."""

    def __init__(self, script: Script, bases: dict[str, str], clock: Clock) -> None:
        self.script, self.bases, self.clock = script, bases, clock
        self.papers = {paper.key: paper for paper in script.papers}
        clock.move_to(script.start)
        self.log: list[Asked] = []
        self._tags = 0

    def get(self, key: str, target: str, headers: dict[str, str]) -> Answer:
        """Answer a request and log it."""
        paper, now = self.papers[key], self.clock.now
        answer = self._answer(paper, target.split("?")[0], now)
        if answer.status == 200:
            answer = self._conditional(paper, answer, headers, target)
        self.log.append(Asked(now, key, target, answer.status, len(answer.body)))
        return answer

    def _conditional(self, paper: Paper, answer: Answer, headers: dict[str, str], target: str) -> Answer:
        """ETags as the paper makes them: of the bytes, for ever the same, or new each time."""
        if paper.tags == "none":
            return answer
        tag = hashlib.sha256(answer.body).hexdigest()[:16]
        if paper.tags == "always_304":
            tag = hashlib.sha256(target.encode()).hexdigest()[:16]
        elif paper.tags == "ever_new":
            self._tags += 1
            tag = f"{tag}-{self._tags}"
        field = ("ETag", f'"{tag}"')
        if headers.get("if-none-match") == f'"{tag}"':
            return Answer(304, b"", (field,))
        return replace(answer, headers=(*answer.headers, field))

    def _answer(self, paper: Paper, path: str, now: datetime) -> Answer:
        if paper.in_trouble("outage", now):
            return Answer(503, b"<h1>Service unavailable</h1>")
        if path == "/robots.txt":
            return Answer(200, b"User-agent: *\nDisallow: /private/\n", (("Content-Type", "text/plain"),))
        if path == "/feed.xml":
            return self._sitemap(paper, now) if paper.feed == "sitemap" else self._feed(paper, now)
        if path in ("/", "/town/", "/county/"):
            return Answer(200, self._front(paper, path, now).encode())
        story = self.script.by_path.get((paper.key, path))
        if story is None or story.published > now:
            return Answer(404, b"<h1>Not found</h1>")
        return self._lost(story, now) or Answer(200, self._page(paper, story, now).encode())

    def _lost(self, story: Story, now: datetime) -> Answer | None:
        kinds = [event.kind for event in story.events if event.at <= now and event.kind in _TAKEN]
        match kinds[-1] if kinds else "":
            case "404" | "410" as status:
                return Answer(int(status), b"<h1>Not found</h1><p>This page is gone.</p>")
            case "home":
                return Answer(302, b"", (("Location", "/"),))
            case "section":
                return Answer(301, b"", (("Location", story.path.split("/")[1].join("//")),))
            case "soft_404":
                words = "<h1>Page not found</h1><p>Sorry, the page you are looking for could not be found.</p>"
                return Answer(
                    200, f"<html><head><title>Page not found</title></head><body>{words}</body></html>".encode()
                )
            case _:
                return None

    # -- listings

    def live(self, paper: Paper, now: datetime, listed: timedelta = LISTED) -> list[Story]:
        """The stories in the paper's listings, the newest first."""
        stale = [one.begin for one in paper.troubles if one.kind == "stale_feed" and one.holds(now)]
        until = stale[0] if stale else now
        found = [story for story in paper.stories if until - listed <= story.published <= until]
        return sorted(found, key=lambda story: story.published, reverse=True)

    def _feed(self, paper: Paper, now: datetime) -> Answer:
        stories, base = self.live(paper, now), self.bases[paper.key]
        newest = stories[0].published if stories else self.script.start
        told = [(story, story_text(story, now)) for story in stories]
        if paper.feed == "atom":
            entries = "".join(
                f"<entry><title>{escape(text.headline)}</title><link href='{base}{story.path}'/><id>{base}{story.path}</id>"
                f"<published>{story.published.isoformat()}</published><updated>{text.modified.isoformat()}</updated></entry>"
                for story, text in told
            )
            body = (
                f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>{paper.name}</title>'
                f"<id>{base}/</id><updated>{newest.isoformat()}</updated>{entries}</feed>"
            )
            return Answer(200, body.encode(), (("Content-Type", "application/atom+xml"),))
        items = "".join(
            f"<item><title>{escape(text.headline)}</title><link>{base}{story.path}</link>"
            f"<pubDate>{format_datetime(story.published, usegmt=True)}</pubDate></item>"
            for story, text in told
        )
        body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>{paper.name}</title>{items}</channel></rss>'
        return Answer(200, body.encode(), (("Content-Type", "application/rss+xml"),))

    def _sitemap(self, paper: Paper, now: datetime) -> Answer:
        base, found = self.bases[paper.key], self.live(paper, now, ALL)
        there = [(story, story_text(story, now)) for story in found if self._lost(story, now) is None]
        rows = "".join(
            f"<url><loc>{base}{story.path}</loc><lastmod>{told.modified.isoformat()}</lastmod></url>"
            for story, told in there
        )
        body = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
        return Answer(200, body.encode(), (("Content-Type", "application/xml"),))

    def _front(self, paper: Paper, path: str, now: datetime) -> str:
        stories = [story for story in self.live(paper, now) if story.path.startswith(path)]
        links = "".join(f'<h2><a href="{story.path}">{escape(story.headline)}</a></h2>' for story in stories)
        return self._shell(paper, paper.name, f"<main>{links}</main>", now)

    # -- pages

    def _page(self, paper: Paper, story: Story, now: datetime) -> str:
        if paper.in_trouble("layout", now):
            return f"<html><head><title>{paper.name}</title></head><body><div id='app'></div><script src='/app.js'></script></body></html>"
        told = story_text(story, now)
        text = "".join(f"<p>{escape(words)}</p>" for words in told.paragraphs)
        if told.correction:
            text += f"<p class='correction'><em>{told.correction}</em></p>"
        if told.walled:
            text += "<div class='paywall'><p>Subscribe to continue reading. Already a subscriber? Log in.</p></div>"
        body = self._laid_out(paper, story, told, text, now)
        head = (
            f"<meta property='og:type' content='article'><meta property='og:title' content='{escape(told.headline, quote=True)}'>"
            f"<meta property='article:published_time' content='{story.published.isoformat()}'>"
            f"<meta property='article:modified_time' content='{told.modified.isoformat()}'>"
            f'<script type=\'application/ld+json\'>{{"@type": "NewsArticle", "isAccessibleForFree": {"false" if told.walled else "true"}}}</script>'
        )
        page = self._shell(paper, f"{told.headline} - {paper.name}", body, now, head)
        return self._hijacked(page, told) if paper.in_trouble("hijack", now) else page

    def _laid_out(self, paper: Paper, story: Story, told: Told, text: str, now: datetime) -> str:
        headline, by = escape(told.headline), escape(story.author)
        date = f"{story.published:%d %B %Y, %H:%M}"
        if paper.redesigned is not None and now >= paper.redesigned:
            return (
                f"<main class='page-v2'><header class='kop'><h1 class='t'>{headline}</h1><p class='wie'>By {by}</p>"
                f"<time datetime='{story.published.isoformat()}'>{date}</time></header><section class='inhoud'>{text}</section></main>"
            )
        return (
            f"<article><h1>{headline}</h1><div class='byline'>By <span class='author'>{by}</span></div>"
            f"<time datetime='{story.published.isoformat()}'>{date}</time><div class='article-body'>{text}</div></article>"
        )

    def _shell(self, paper: Paper, title: str, body: str, now: datetime, head: str = "") -> str:
        latest = "".join(
            f"<li><a href='{story.path}'>{escape(story.headline)}</a></li>" for story in self.live(paper, now)[:6]
        )
        return (
            f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>{head}</head><body>"
            f"<nav><a href='/'>{paper.name}</a> <a href='/town/'>Town</a> <a href='/county/'>County</a></nav>{body}"
            f"<aside class='related'><h3>Latest</h3><ul>{latest}</ul></aside>"
            f"<footer>© {paper.name} · <a href='/imprint'>Imprint</a></footer></body></html>"
        )

    @staticmethod
    def _hijacked(page: str, told: Told) -> str:
        """A brand in the title, the menu, the foot and in front of words of the text."""
        page = page.replace("<title>", f"<title>{BRAND} - ", 1).replace("<nav>", f"<nav><a href='/'>{BRAND}</a> ", 1)
        page = page.replace("<footer>", f"<footer>{BRAND} · ", 1)
        for word in (" the plan ", " residents ", " according ", " the matter ", " a similar ", " the first "):
            page = page.replace(word, f" {BRAND}:{word.strip()} ")
        return page


@dataclass
class Served:
    """The servers of a month while they run."""

    month: Month
    _servers: list[ThreadingHTTPServer] = field(default_factory=list)

    def sources_toml(self, schedule: str = "every 1h") -> str:
        """sources.toml for all papers."""
        lines = [f'[defaults]\nschedule = "{schedule}"\ndelay = 0.0\n']
        for key, base in self.month.bases.items():
            kind = "sitemap" if self.month.papers[key].feed == "sitemap" else "feed"
            lines.append(f'[[source]]\nname = "{key}"\nkind = "{kind}"\nurl = "{base}/feed.xml"\n')
        return "\n".join(lines)


@contextlib.contextmanager
def served(script: Script, clock: Clock) -> Iterator[Served]:
    """Serve every paper from a loopback address of its own (Linux), all on threads, until the block ends."""
    month = Month(script, {}, clock)
    servers: list[ThreadingHTTPServer] = []
    for number, paper in enumerate(script.papers):
        server = ThreadingHTTPServer((f"127.0.1.{number + 1}", 0), _handler(month, paper.key))
        server.daemon_threads = True
        month.bases[paper.key] = "http://{}:{}".format(*server.server_address[:2])
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    try:
        yield Served(month, servers)
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _handler(month: Month, key: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = month.get(key, self.path, {name.lower(): value for name, value in self.headers.items()})
            self.send_response_only(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """`Month.log` has it."""

    return Handler
