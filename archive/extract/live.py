"""The entries of a live blog: what was said when.

Two places tell of them. JSON-LD's liveBlogUpdate, believed only where the page shows what it says, or shows nothing;
and the page itself: neighbours under one element that each hold a time, everything up to the next one being the
entry. The place that tells of more entries wins, JSON-LD where they are equal: it knows zones and authors.
Order: `find_entries`, the visible ones, those of JSON-LD, times. Pure.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from lxml import html

from archive.extract.metadata.bylines import is_name, names_in
from archive.extract.metadata.jsonld import Node, first_text, texts
from archive.extract.metadata.moments import read_moment
from archive.extract.pieces import Piece
from archive.model import TEXT_LABELS, Author, Block, Entry, Moment

MAX_ENTRIES = 1000
MAX_LEVELS = 12  # between the time of an entry and the element that holds all entries
_LEAST = 2  # of a page that calls itself a live blog
_LEAST_UNSAID = 4  # of one that does not
_CLOCK = re.compile(
    r"^\D{0,8}?([01]?\d|2[0-4])\s?[:.h時]\s?([0-5]\d)分?\s*([ap]\.?m\.?)?\s*(?:uhr|h|gmt|bst|utc|cet|est|et)?$", re.I
)
_TAG = re.compile(r"<[^>]*>")
_PROBE = 25


@dataclass(frozen=True, slots=True)
class _Run:
    """One visible entry: its time as the page writes it, and its blocks."""

    written: str
    shown: str  # the words that show it
    blocks: tuple[Block, ...]
    anchor: str | None


def find_entries(
    body: html.HtmlElement,
    pieces: Sequence[Piece],
    blocks: Sequence[Block],
    updates: Sequence[Node],
    published: Moment | None,
    url: str,
) -> tuple[Entry, ...]:
    """The entries in the page's order. `blocks` are labelled, one for each of `pieces`, more may follow."""
    seen = _visible(body, pieces, blocks, published, url)
    told = _told(updates, "".join(piece.key for piece in pieces))
    with_text = sum(1 for entry in told if entry.text)
    return told if len(told) >= len(seen) and with_text * 2 >= len(told) else seen


def looks_live(entries: Sequence[Entry], text: str) -> bool:
    """Whether entries found on a page that does not call itself a live blog are what it is made of."""
    clocked = [entry for entry in entries if entry.at is not None and entry.at.precision in ("minute", "second")]
    said = sum(len(entry.text) for entry in clocked)
    return len(clocked) >= _LEAST_UNSAID and said * 10 >= 6 * len(text) and len({entry.at for entry in clocked}) > 2


# -- what the page shows


def _visible(
    body: html.HtmlElement, pieces: Sequence[Piece], blocks: Sequence[Block], published: Moment | None, url: str
) -> tuple[Entry, ...]:
    runs = [run for run in _runs(body, pieces, blocks) if any(block.label in TEXT_LABELS for block in run.blocks)]
    if len(runs) < _LEAST:
        return ()
    return tuple(_entry(run, published, url) for run in runs[:MAX_ENTRIES])


def _runs(body: html.HtmlElement, pieces: Sequence[Piece], blocks: Sequence[Block]) -> list[_Run]:
    """The pieces between the starts of neighbouring entries, with the time each start holds."""
    marks = _marks(body, pieces)
    holder = _holder(marks)
    if holder is None:
        return []
    inside: dict[html.HtmlElement, html.HtmlElement | None] = {}
    starts: dict[html.HtmlElement, tuple[str, str]] = {}
    for node, written in marks:
        child = _child_of(holder, node, inside)
        if child is not None:
            starts.setdefault(child, (written, " ".join("".join(node.itertext()).split())))
    found: list[tuple[html.HtmlElement, list[Block]]] = []
    for piece, block in zip(pieces, blocks, strict=False):
        child = _child_of(holder, piece.node, inside)
        if child is None:
            continue
        if child in starts and (not found or found[-1][0] is not child):
            found.append((child, []))
        if found:
            found[-1][1].append(block)
    return [_Run(*starts[child], tuple(own), child.get("id")) for child, own in found]


def _marks(body: html.HtmlElement, pieces: Sequence[Piece]) -> list[tuple[html.HtmlElement, str]]:
    """Where the page writes a time: <time>, or a line that is nothing but a time of day."""
    found = [(node, node.get("datetime") or "".join(node.itertext()).strip()) for node in body.iter("time")]
    timed = {node.getparent() for node, _ in found} | {node for node, _ in found}
    lines = ((piece.node, piece.text) for piece in pieces if len(piece.text) < 16 and _CLOCK.match(piece.text))
    found.extend((node, text) for node, text in lines if node not in timed)
    return found[: 2 * MAX_ENTRIES]


def _holder(marks: Sequence[tuple[html.HtmlElement, str]]) -> html.HtmlElement | None:
    """The element most of whose children, of one kind, hold a time; the innermost of equals."""
    children: dict[tuple[html.HtmlElement, str], set[html.HtmlElement]] = {}
    for node, _ in marks:
        child = node
        for _ in range(MAX_LEVELS):
            above = child.getparent()
            if above is None:
                break
            children.setdefault((above, str(child.tag)), set()).add(child)
            child = above
    best = max(children.values(), key=len, default=set())
    if len(best) < _LEAST:
        return None
    return next(above for (above, _), own in children.items() if len(own) == len(best))


def _child_of(
    holder: html.HtmlElement, node: html.HtmlElement, known: dict[html.HtmlElement, html.HtmlElement | None]
) -> html.HtmlElement | None:
    """The child of `holder` that `node` is, or stands in; None outside of it."""
    chain: list[html.HtmlElement] = []
    up: html.HtmlElement | None = node
    while up is not None and up not in known:
        chain.append(up)
        up = up.getparent()
        if up is holder:
            break
    found = chain[-1] if up is holder and chain else known.get(up) if up is not None else None
    known.update(dict.fromkeys(chain, found))
    return found


def _entry(run: _Run, published: Moment | None, url: str) -> Entry:
    text = [block for block in run.blocks if block.label in TEXT_LABELS and block.text != run.shown]
    headline = None
    if len(text) > 1 and text[0].label == "subheading":
        headline, text = " ".join(text[0].text.split()), text[1:]
    names = [name for block in run.blocks if block.label == "byline" for name in names_in(block.text)]
    return Entry(
        at=_moment(run.written, published),
        headline=headline,
        text="\n".join(" ".join(block.text.split()) for block in text),
        authors=tuple(Author(name) for name in dict.fromkeys(names)),
        url=f"{url.split('#', 1)[0]}#{run.anchor}" if run.anchor else None,
    )


# -- what JSON-LD says


def _told(updates: Sequence[Node], shown: str) -> tuple[Entry, ...]:
    """The updates of JSON-LD, if the page shows most of them or is empty."""
    found = [entry for update in updates[:MAX_ENTRIES] if (entry := _update(update)) is not None]
    agreeing = [entry for entry in found if _is_shown(entry, shown)]
    if len(shown) < 200:
        return tuple(found)
    return tuple(agreeing) if len(agreeing) >= _LEAST else ()


def _update(update: Node) -> Entry | None:
    headline, text = first_text(update.get("headline")), _plain(update.get("articleBody"))
    if not text and not headline:
        return None
    written = first_text(update.get("datePublished")) or first_text(update.get("dateModified"))
    names = [name for name in texts(update.get("author")) if is_name(name)]
    link = first_text(update.get("url")) or ""
    return Entry(
        at=read_moment(written) if written else None,
        headline=headline,
        text=text,
        authors=tuple(Author(name) for name in dict.fromkeys(names)),
        url=link if link.startswith(("http://", "https://")) else None,
    )


def _plain(value: object) -> str:
    """An articleBody without its markup, one paragraph a line."""
    if not isinstance(value, str):
        return ""
    lines = re.sub(r"(?i)<(?:br|/p|/div|/li|/h\d)\b[^>]*>", "\n", entities.unescape(value))
    return "\n".join(line for part in _TAG.sub("", lines).split("\n") if (line := " ".join(part.split())))


def _is_shown(entry: Entry, shown: str) -> bool:
    return any("".join(words.split())[:_PROBE] in shown for words in (entry.text, entry.headline or "") if words)


# -- times


def _moment(written: str, published: Moment | None) -> Moment | None:
    """A time as the page writes it. A time of day alone is of the day, and in the zone, the page was published in."""
    full = read_moment(written)
    clock = _CLOCK.match(written)
    if full is not None or clock is None or published is None:
        return full
    hour = int(clock[1]) % 24
    half = (clock[3] or "").lower()[:1]
    hour = hour % 12 + 12 * (half == "p") if half else hour
    at = published.at.replace(hour=hour, minute=int(clock[2]), second=0)
    if published.precision in ("minute", "second") and at < published.at - timedelta(hours=6):
        at += timedelta(days=1)  # after midnight
    return Moment(at, "minute", published.zone_from)
