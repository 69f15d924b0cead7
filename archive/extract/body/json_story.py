"""The story in the JSON that a page's scripts draw it from, where no string of it is HTML: paragraph by paragraph.

Order: `json_story` (the story under the page's headline), the JSON of a page, what is prose in it. Pure.
"""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

from archive.extract.metadata.titles import norm

_ATTRIBUTE = re.compile(r"=\"(\{&quot;[^\"]{400,})\"|='(\{\"[^']{400,})'")  # what an element is to be drawn from
_BEGIN = re.compile(r"(?:^|[=(,])\s*(?=[{\[])")
_SENTENCE = re.compile(r"[.!?。！？।؟]")
_LINKS = frozenset(("url", "href", "slug", "link", "permalink"))  # what a list of other stories gives of each
_LEAST_PROSE = 40  # characters of a paragraph
_MOST_SCRIPTS, _MOST_DEPTH, _MOST_STRINGS = 60, 40, 20_000


def json_story(source: str, headline: str) -> str:
    """The paragraphs, a line each, that stand in one object with the page's headline; "" where there are none."""
    wanted = norm(headline)
    best = ""
    if wanted:
        for value in _values(source):
            for holder in _holders(value, wanted):
                found = _prose(holder)
                best = found if len(found) > len(best) else best
    return best


def _values(source: str) -> Iterator[object]:
    scripts = (after.partition("</script")[0].partition(">")[2] for after in source.split("<script")[1:])
    texts = sorted(scripts, key=len, reverse=True)[:_MOST_SCRIPTS]
    attributes = islice(_ATTRIBUTE.finditer(source), _MOST_SCRIPTS)
    texts.extend(html.unescape(match[1]) if match[1] else match[2] for match in attributes)
    decoder = json.JSONDecoder(strict=False)
    for text in sorted(texts, key=len, reverse=True):
        begin = _BEGIN.search(text)
        if begin is not None and len(text) > _LEAST_PROSE:
            try:
                yield decoder.raw_decode(text, begin.end())[0]
            except (ValueError, RecursionError):
                continue


def _holders(value: object, headline: str, depth: int = 0) -> Iterator[dict[str, object]]:
    """The innermost objects with the headline as one of their values."""
    if depth > _MOST_DEPTH or not isinstance(value, (dict, list)):
        return
    inner = [found for item in _items(value) for found in _holders(item, headline, depth + 1)]
    if inner:
        yield from inner
    elif isinstance(value, dict) and any(_is_headline(item, headline) for item in value.values()):
        yield value


def _is_headline(value: object, headline: str) -> bool:
    value = value[-1] if isinstance(value, list) and len(value) == 2 else value  # Astro writes [0, value]
    return isinstance(value, str) and len(value) < 400 and norm(value) == headline


def _items(value: dict[str, object] | list[object]) -> Iterator[object]:
    return iter(value.values() if isinstance(value, dict) else value)


def _prose(holder: dict[str, object]) -> str:
    """The strings in like places that say most: in one list, or a single one."""
    places: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for place, text in islice(_strings(holder, ()), _MOST_STRINGS):
        places[place].append(text)
    said = {
        place: sum(len(text) for text in texts if len(text) >= _LEAST_PROSE and _SENTENCE.search(text))
        for place, texts in places.items()
    }
    best = max(said, key=said.__getitem__, default=None)
    return "\n".join(places[best]) if best is not None and said[best] else ""


def _strings(value: object, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each string with its place: the names on the way to it, the members of a list alike."""
    if isinstance(value, str):
        yield place, value
    elif len(place) < _MOST_DEPTH and isinstance(value, list):
        for item in value:
            if not (isinstance(item, dict) and not _LINKS.isdisjoint(item)):
                yield from _strings(item, (*place, "*"))
    elif len(place) < _MOST_DEPTH and isinstance(value, dict):
        for name, item in value.items():
            yield from _strings(item, (*place, name))
