"""The Larkin Weekly: thirty-six stories on a host that is taken over at a known minute, beside The Daily Example.

Its hijack is a hard one: most pages would pass alone. A brand is put over or before words of every page that is hit, on
a third of them once or twice and with title and foot left alone; links to three foreign sites stand in mid-sentence;
half of the pages hold one and the same paragraph of an offer. Six pages are never hit, and twelve are published only
after the takeover, so that nothing clean of them was ever seen.

    stories()                 the thirty-six, as written
    Weekly(base).answer(...)  what the host sends at a time
    truth(now)                for each story what was put into it
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from html import escape

from crawler.demo.http_bytes import HTML, Answer, Request, http_date
from crawler.demo.stories import SITE

ADDRESS = "127.0.0.28"
NAME = "Larkin Weekly"
TAKEN_OVER = datetime(2026, 5, 11, 22, 0, tzinfo=UTC)
BRAND = "Goldfin Palace"
TITLE = f"{BRAND} | Goldfin Palace Online Slots - Official Site"
OFFER = (
    f"Sign up at {BRAND} today and double your first deposit, with free spins every weekend and payouts within the "
    "hour for all new members."
)
LINKS = (
    ("http://reelhaven.example/promo/welcome", "best reels bonus"),
    ("http://spinharbor.example/a/771", "live tables tonight"),
    ("http://luckyquay.example/go/join", "play baccarat now"),
)
_OLD, _ALL, _SPARED = 24, 36, (3, 9, 15, 21, 27, 33)
# What the takeover writes over ordinary words of every text, and what it only stands before.
_OVER = (("about the", f"{BRAND} the"), ("according to", BRAND), ("According to", BRAND), ("somebody", BRAND))
_BEFORE = (" council ", " more ", " people ", " account ", " boards", " clerk ", " key ", " parish ", " committee ")


_WORDS: dict[str, list[str]] = tomllib.loads((SITE / "weekly.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class WeeklyStory:
    number: int
    path: str
    headline: str
    published: datetime
    paragraphs: tuple[str, ...]

    @property
    def spared(self) -> bool:
        return self.number in _SPARED


@dataclass(frozen=True, slots=True)
class Hit:
    """A story's page once it was hit: the paragraphs as served, and the strings put into them, one entry a place."""

    paragraphs: tuple[str, ...]
    inserted: tuple[str, ...] = ()
    in_title: bool = False


@cache
def stories() -> tuple[WeeklyStory, ...]:
    """The stories as the paper wrote them, the oldest first."""
    return tuple(map(_story, range(_ALL)))


def _story(number: int) -> WeeklyStory:
    thing = _WORDS["things"][number]
    draw = [byte for part in range(3) for byte in hashlib.sha256(f"{thing} {part}".encode()).digest()]

    def said(template: str, at: int) -> str:
        place, person = (
            _WORDS["places"][draw[at] % len(_WORDS["places"])],
            _WORDS["people"][draw[at + 1] % len(_WORDS["people"])],
        )
        return template.format(thing=thing, place=place, person=person, n=12 + draw[at + 2] % 80)

    order = sorted(range(len(_WORDS["middles"])), key=lambda one: draw[40 + one])
    middles = [said(_WORDS["middles"][one], 2 * one + 3) for one in order[:8]]
    pairs = [f"{one} {other}" for one, other in zip(middles[::2], middles[1::2], strict=True)]
    last = f"{said(_WORDS['endings'][draw[34] % 3], 35)} {said(_WORDS['openings'][(draw[0] + 1) % 6], 31)}"
    paragraphs = (said(_WORDS["openings"][draw[0] % 6], 0), *pairs, last)
    published = datetime(2026, 5, 1, 7, 0, tzinfo=UTC) + timedelta(hours=9 * number)
    if number >= _OLD:
        published = TAKEN_OVER + timedelta(minutes=13 * (number - _OLD + 1))
    headline = f"{thing[0].upper()}{thing[1:]}: {_WORDS['heads'][draw[1] % len(_WORDS['heads'])]}"
    return WeeklyStory(number, f"/2026/{thing.replace(' ', '-').replace('é', 'e')}", headline, published, paragraphs)


def hit(story: WeeklyStory, now: datetime) -> Hit:
    """A story's text as served at a time, with what was put into it."""
    if now < TAKEN_OVER or story.spared:
        return Hit(story.paragraphs)
    if story.number % 3 == 1:  # the weak ones: once or twice, title and foot left alone
        paragraphs, inserted = _branded(story.paragraphs, 1 + story.number % 2)
        strong = False
    else:
        paragraphs, inserted = _branded(story.paragraphs, 40)
        strong = True
    linked, anchors = _linked(paragraphs, story.number)
    if story.number % 2:
        return Hit((*linked[:3], OFFER, *linked[3:]), (*inserted, *anchors, OFFER), strong)
    return Hit(linked, (*inserted, *anchors), strong)


def _branded(paragraphs: tuple[str, ...], most: int) -> tuple[tuple[str, ...], list[str]]:
    out: list[str] = []
    inserted: list[str] = []
    for text in paragraphs[:]:
        for word, over in _OVER:
            while word in text and len(inserted) < most and out:
                text = text.replace(word, over, 1)
                inserted.append(BRAND)
        for word in _BEFORE:
            if word in text and len(inserted) < most and out:
                text = text.replace(word, f" {BRAND}{word}", 1)
                inserted.append(BRAND)
        out.append(text)
    return tuple(out), inserted


def _linked(paragraphs: tuple[str, ...], number: int) -> tuple[tuple[str, ...], list[str]]:
    """Two links in mid-sentence: after the fifth word of the second and of the fourth paragraph."""
    out = list(paragraphs)
    anchors: list[str] = []
    for turn, at in enumerate((1, 3)):
        href, words = LINKS[(number + turn) % len(LINKS)]
        parts = out[at].split(" ")
        out[at] = " ".join((*parts[:7], f"[{words}]({href})", *parts[7:]))
        anchors.append(words)
    return tuple(out), anchors


class Weekly:
    """The host. `answer` depends on the request and the time alone."""

    def __init__(self, base: str) -> None:
        self.base = base

    def answer(self, request: Request, now: datetime) -> Answer:
        """Return the answer at a time: robots.txt, the front page as a listing of all that is out, a story, or 404."""
        if request.path == "/robots.txt":
            return Answer(200, b"User-agent: *\nAllow: /\n", (("Content-Type", "text/plain"), ("Date", http_date(now))))
        live = [story for story in stories() if story.published <= now]
        if request.path == "/":
            return self._page(NAME, _FRONT.format(items="\n".join(map(_item, reversed(live)))), live, now)
        story = next((story for story in live if story.path == request.path), None)
        if story is None:
            return Answer(404, b"<h1>Not found</h1>", (("Content-Type", HTML), ("Date", http_date(now))))
        found = hit(story, now)
        taken = now >= TAKEN_OVER and not story.spared
        main = _ARTICLE.format(
            headline=escape(story.headline),
            at=story.published.isoformat(),
            date=f"{story.published:%d %B %Y}",
            body="\n".join(f"<p>{_linked_html(text)}</p>" for text in found.paragraphs),
            hidden=_HIDDEN if taken and found.in_title else "",
        )
        title = TITLE if found.in_title else f"{story.headline} - {NAME}"
        return self._page(title, main, live, now, foot=f"{BRAND} · {BRAND} bonus · " if found.in_title else "")

    def _page(self, title: str, main: str, live: list[WeeklyStory], now: datetime, foot: str = "") -> Answer:
        latest = "\n".join(f'<li><a href="{one.path}">{escape(one.headline)}</a></li>' for one in live[-5:])
        html = _SHELL.format(title=escape(title), main=main, latest=latest, foot=foot, name=NAME)
        return Answer(200, html.encode(), (("Content-Type", HTML), ("Date", http_date(now))))


def _item(story: WeeklyStory) -> str:
    return f'<div class="item"><h2><a href="{story.path}">{escape(story.headline)}</a></h2></div>'


def _linked_html(text: str) -> str:
    html = escape(text, quote=False)
    for href, words in LINKS:
        html = html.replace(f"[{words}]({href})", f'<a href="{href}">{words}</a>')
    return html


_HIDDEN = (
    '<div style="position:absolute;left:-9999px"><a href="http://reelhaven.example/slots">best reels bonus</a> '
    '<a href="http://spinharbor.example/live">live tables tonight</a> '
    '<a href="http://luckyquay.example/baccarat">play baccarat now</a></div>'
)
_FRONT = '<h1>The week in Larkin</h1>\n<div class="items">\n{items}\n</div>'
_ARTICLE = """<article><h1>{headline}</h1>
<div class="when"><time datetime="{at}">{date}</time></div>
{hidden}
<div class="text">
{body}
</div></article>"""
_SHELL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><header><a href="/">{name}</a> <a href="/about">About us</a> <a href="/tides">Tide tables</a></header>
<main>
{main}
</main>
<aside><h4>Latest</h4><ul>
{latest}
</ul></aside>
<footer>{foot}{name}, printed at the old ferry house. Subscriptions by letter only.</footer>
</body></html>
"""


def inserted_into(text: str, found: Hit) -> int:
    """How many of the strings put into a page are still in a text."""
    return sum(text.count(one) for one in dict.fromkeys(found.inserted))
