"""Where a story on several pages goes on: the address of its next page, or None. Pure.

`rel=next` also names the next story, the next page of a list, the older comments; so the address decides: it has to be
this page's own with a page number, one higher. Order: `find_next_page`, `is_next`, how addresses carry numbers.
"""

# ruff: noqa: E501 - tables of words and measures are read by row

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from lxml import html

from archive.addresses import joined, parts_of
from archive.extract.elements import Elements, text_of

Links = list[tuple[html.HtmlElement, str]]

_DIGIT = re.compile(r"\d")
_NUMBERED = 40  # characters at the end of an address, of which one is a page's number
_DIGITS = 3  # a larger number is no page's
_TELLING = 4  # letters of a word that can only mean a page; ?p=124 is the story number 124
_LONGEST = 24  # characters of a pager's link
_MOST_LINKS = 5000
_PARAMETERS = frozenset(
    ("page", "p", "pg", "pn", "pagenum", "pageno", "page_no", "paged", "currpage", "currentpage", "seite", "pagina", "sida",
     "sivu", "side", "strona", "sayfa", "trang")
)  # fmt: skip
_WORDS = r"page|pagina|pag|seite|sida|sivu|side|strona|sayfa|trang|pg|p|s"
_END = r"(?P<number>\d{1,3})(?P<end>\.[a-z]{3,5})?/?$"
_IN_PATH = tuple(
    re.compile(rf"^(?P<stem>.+?){pattern}{_END}", re.I)
    for pattern in (
        rf"/(?P<word>{_WORDS})[/_=-]?",  # /story/page/2, /story/seite-2
        r"/(?P<word>)",  # /story/2
        rf"[-_,.](?P<word>{_WORDS})[-_]?",  # story-page2.html
        r"[_,](?P<word>)",  # story_2.html
        r",(?P<word>[a-z]{1,8}),",  # story,nId,52,nPack,2
        r"-(?P<word>)(?=\d+\.)",  # story-2.html; /story-2 is as often another story
    )
)
_NEXT = re.compile(
    r"^(?:(?:go to )?next(?: page)?|continue(?: reading)?|weiter|nächste seite|(?:page )?suivante?|(?:página )?siguiente|(?:pagina )?"
    r"(?:successiva|seguente)|avanti|(?:próxima|seguinte)(?: página)?|volgende(?: pagina)?|nästa(?: sida)?|næste|seuraava|następna"
    r"(?: strona)?|další|следующая(?: страница)?|далее|вперед|sonraki(?: sayfa)?|下一[页頁]|下页|次へ|次のページ(?:へ)?|다음(?: 페이지)?|trang sau)"
    r"\W*$|^[›»>→]+$",
    re.I,
)  # fmt: skip


def find_next_page(url: str, base: str, rel_next: str | None, elements: Elements) -> str | None:
    """The address of the next page of the story at `url`; links are relative to `base`."""
    links = elements.links[:_MOST_LINKS]
    if rel_next and (target := _absolute(base, rel_next)) and _leads_on(url, base, target, links):
        return target
    named = {node for node, said in elements.holding("rel") if "next" in said.split()}
    for node, href in links:
        if not _DIGIT.search(href, max(0, len(href) - _NUMBERED)):
            continue
        if node in named:
            said = True
        else:
            text = text_of(node) if len(node) < 4 else ""
            said = bool(text) and len(text) <= _LONGEST and (text.isdecimal() or bool(_NEXT.match(text)))
        if not said or (target := _absolute(base, href)) is None:
            continue
        if _leads_on(url, base, target, links) and not _among_comments(node):
            return target
    return None


def is_next(url: str, target: str) -> bool:
    """Whether `target` is `url` with a page number one higher; 2, or 1 counted from 0, where `url` has none."""
    return bool(_readings(url, target))


def _readings(url: str, target: str) -> list[tuple[_Numbered, int]]:
    """How `target` may be the page behind `url`: of which story, as which page, behind which (0: no number)."""
    plain, own = _plain(url), list(_numbered(url))
    found = [(one, 0) for one in _numbered(target) if one.stem == plain and one.number in (1, 2)]
    for one in _numbered(target):
        found += [(one, other.number) for other in own if (one.stem, one.number) == (other.stem, other.number + 1)]
    return found


def _leads_on(url: str, base: str, target: str, links: Links) -> bool:
    readings = _readings(url, target)
    if any(one.said or before <= 1 for one, before in readings):
        return True
    # /news/story-12.html and story-13.html are two stories, unless the page also links to where its pages begin.
    stems = {one.stem for one, _ in readings}
    targets = (_absolute(base, href) for _, href in links) if stems else ()
    return any(
        _plain(link) in stems or any(one.stem in stems and one.number <= 1 for one in _numbered(link))
        for link in targets
        if link
    )


def _among_comments(node: html.HtmlElement) -> bool:
    up: html.HtmlElement | None = node
    while up is not None:
        if "comment" in f"{up.get('class') or ''} {up.get('id') or ''}".lower():
            return True
        up = up.getparent()
    return False


def _absolute(base: str, href: str) -> str | None:
    return joined(base, href).split("#", 1)[0] or None


@dataclass(frozen=True, slots=True)
class _Numbered:
    """An address read as a page of a story: the story's own address, the number, whether a word says what it counts."""

    stem: str
    number: int
    said: bool


def _numbered(url: str) -> Iterator[_Numbered]:
    parts = parts_of(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    for at, (name, value) in enumerate(query):
        if name.lower() in _PARAMETERS and value.isdecimal() and len(value) <= _DIGITS:
            stem = _stem(parts.netloc, parts.path, query[:at] + query[at + 1 :])
            yield _Numbered(stem, int(value), len(name) >= _TELLING)
    for pattern in _IN_PATH:
        match = pattern.match(parts.path)
        if match:
            stem = _stem(parts.netloc, match["stem"] + (match["end"] or ""), query)
            yield _Numbered(stem, int(match["number"]), len(match["word"] or "") >= _TELLING)


def _plain(url: str) -> str:
    parts = parts_of(url)
    return _stem(parts.netloc, parts.path, parse_qsl(parts.query, keep_blank_values=True))


def _stem(host: str, path: str, query: list[tuple[str, str]]) -> str:
    return f"{host.lower()}{path.rstrip('/')}?{urlencode(query)}"
