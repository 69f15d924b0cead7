"""Stories as HTML pages, in each outlet's own layout.

`article_page` and `listing_page` fill `site/OUTLET/shell.html` and `article.html` (string.Template); the small bits
(a by-line, a figure, an advertisement) come from the outlet's `[html]` table, so that no two outlets look alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from string import Template
from zlib import crc32

from crawler.demo.stories import SITE, Outlet, Piece, Story, linked


@dataclass(frozen=True, slots=True)
class Frame:
    """What a page needs to know of its surroundings."""

    outlet: Outlet
    base: str  # "http://127.0.0.11:8080"
    now: datetime
    others: tuple[Story, ...]  # the newest stories of the outlet
    home: str  # base of The Daily Example, for links between outlets


def article_page(story: Story, frame: Frame, page: int = 1) -> str:
    """Return page number `page` (from 1) of a story."""
    outlet = frame.outlet
    pieces = story.pages[page - 1]
    related = [other for other in frame.others if other.key != story.key][:4]
    inner = _template(outlet.templates or outlet.key, "article.html").substitute(
        headline=_text(story.headline),
        standfirst=_bit(outlet, "standfirst", text=_text(story.standfirst)) if story.standfirst and page == 1 else "",
        byline=_byline(story, outlet),
        credit=_bit(outlet, "credit", text=_text(story.credit)) if story.credit else "",
        published=story.published.isoformat(),
        date=date_text(story.published, outlet),
        modified=_modified(story, outlet),
        section=_text(outlet.sections.get(story.section, "")),
        section_path=f"/{story.section}/",
        body="\n".join(_piece(piece, outlet, number) for number, piece in enumerate(pieces)),
        pager=_pager(story, page),
        related="\n".join(
            _bit(outlet, "related", path=other.path, headline=_text(other.headline)) for other in related
        ),
        keywords=" ".join(_bit(outlet, "keyword", text=_text(word)) for word in story.keywords),
        clock=date_text(frame.now.astimezone(story.published.tzinfo), outlet),
        path=story.path,
        url=frame.base + story.path,
    )
    return _shell(frame, title=_text(story.headline), head=_head(story, frame, page), main=inner, kind="article")


def listing_page(title: str, stories: Sequence[Story], frame: Frame) -> str:
    """Return a front page or section page: the outlet's navigation and a teaser for each story."""
    outlet = frame.outlet
    teasers = [
        _bit(
            outlet,
            "teaser",
            path=story.path,
            headline=_text(story.headline),
            text=_text(story.standfirst or first_words(story)),
            date=date_text(story.published, outlet),
            section=_text(outlet.sections.get(story.section, "")),
            image=_picture(story),
        )
        for story in stories
    ]
    head = f'<meta name="description" content="{escape(title)}">\n{alternates(frame)}'
    main = _bit(outlet, "listing", title=_text(title), teasers="\n".join(teasers))
    return _shell(frame, title=_text(title), head=head, main=main, kind="listing")


def plain_page(title: str, html: str, frame: Frame) -> str:
    """Return a page of the outlet that is no story: an error, a wall, a form."""
    return _shell(frame, title=_text(title), head='<meta name="robots" content="noindex">', main=html, kind="plain")


def notice_page(story: Story, frame: Frame, page: int = 1) -> str:
    """Return a page that looks like one and is none: a wall before the robot, "not found" with status 200."""
    words = "\n".join(f"<p>{_inline(piece.text)}</p>" for piece in story.pages[page - 1])
    html = f'<section class="notice"><h1>{_text(story.headline)}</h1>\n{words}</section>'
    if story.page_type == "bot_wall":
        form = '<form method="post" action="/verify"><button>Press and hold</button></form>'
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Just a moment...</title></head>\n'
            f'<body class="challenge">{html}\n{form}\n'
            "<noscript>Please turn on JavaScript to go on.</noscript></body></html>\n"
        )
    return plain_page(story.headline, html, frame)


def alternates(frame: Frame) -> str:
    """Return the `<link rel=alternate>` elements that name the outlet's feeds."""
    name = escape(frame.outlet.name)
    return "\n".join(
        f'<link rel="alternate" type="{kind}" title="{name}" href="{path}">'
        for kind, path in (("application/rss+xml", "/rss.xml"), ("application/atom+xml", "/atom.xml"))
    )


def date_text(moment: datetime, outlet: Outlet) -> str:
    """Return a time the way the outlet prints it."""
    month = outlet.months[moment.month - 1] if outlet.months else str(moment.month)
    return outlet.date_text.format(
        day=moment.day,
        month=month,
        year=moment.year,
        hour=f"{moment.hour:02}",
        minute=f"{moment.minute:02}",
        second=f"{moment.second:02}",
        month2=f"{moment.month:02}",
        day2=f"{moment.day:02}",
    )


def first_words(story: Story) -> str:
    """The first paragraph, for teasers and feeds."""
    return next((piece.plain for piece in story.pieces if piece.kind == "p"), "")


def page_path(story: Story, page: int) -> str:
    """The path of a page of a story: the story's own for the first, "?page=N" after it."""
    return story.path if page == 1 else f"{story.path}?page={page}"


@cache
def _template(folder: str, name: str) -> Template:
    return Template((SITE / folder / name).read_text("utf-8"))


def _bit(outlet: Outlet, name: str, /, **values: str) -> str:
    return Template(outlet.html[name]).substitute(values).strip()


def _text(words: str) -> str:
    return escape(words, quote=False)


def _shell(frame: Frame, *, title: str, head: str, main: str, kind: str) -> str:
    outlet = frame.outlet
    nav = "\n".join(_bit(outlet, "nav", path=f"/{key}/", label=_text(label)) for key, label in outlet.sections.items())
    latest = "\n".join(
        _bit(outlet, "related", path=story.path, headline=_text(story.headline)) for story in frame.others[:5]
    )
    return _template(outlet.templates or outlet.key, "shell.html").substitute(
        title=title,
        head=head,
        main=main,
        kind=kind,
        nav=nav,
        latest=latest,
        name=_text(outlet.name),
        base=frame.base,
        home=frame.home,
        today=date_text(frame.now, outlet),
        year=str(frame.now.year),
    )


def _byline(story: Story, outlet: Outlet) -> str:
    if not story.authors:
        return ""
    names = [_bit(outlet, "author", name=_text(name), slug=f"{crc32(name.encode()):08x}") for name in story.authors]
    return _bit(outlet, "byline", names=outlet.html["author_join"].join(names))


def _modified(story: Story, outlet: Outlet) -> str:
    if story.modified is None:
        return ""
    return _bit(outlet, "modified", iso=story.modified.isoformat(), date=date_text(story.modified, outlet))


def _pager(story: Story, page: int) -> str:
    count = len(story.pages)
    if count == 1:
        return ""
    links = [
        f"<b>{number}</b>" if number == page else f'<a href="{page_path(story, number)}">{number}</a>'
        for number in range(1, count + 1)
    ]
    if page < count:
        links.append(f'<a rel="next" class="next" href="{page_path(story, page + 1)}">Next page</a>')
    return f'<nav class="pager" aria-label="Pages">Page {" ".join(links)}</nav>'


def _piece(piece: Piece, outlet: Outlet, number: int) -> str:
    match piece.kind:
        case "list":
            items = "\n".join(f"<li>{_inline(row[0])}</li>" for row in piece.rows)
            return f"<ul>\n{items}\n</ul>"
        case "table":
            return _table(piece)
        case "image":
            path, caption = f"/img/{piece.file}", _text(piece.text)
            return _bit(outlet, "figure", path=path, alt=escape(piece.text), caption=caption, credit=_text(piece.extra))
        case "promo":
            return _bit(outlet, "promo", text=_text(piece.text), path=piece.extra)
        case "ad" | "embed" | "h2" | "quote":
            return _bit(outlet, piece.kind, text=_inline(piece.text))
        case "entry":
            return f'<div class="entry" id="e{number}"><time>{piece.extra}</time>\n<h3>{_inline(piece.text)}</h3></div>'
        case _:
            return _bit(outlet, "p", text=_inline(piece.text))


def _table(piece: Piece) -> str:
    head, *rows = piece.rows
    lines = ["<table>", "<tr>" + "".join(f"<th>{_text(cell)}</th>" for cell in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return "\n".join([*lines, "</table>"])


def _inline(text: str) -> str:
    return "".join(
        _text(words) if path is None else f'<a href="{escape(path)}">{_text(words)}</a>'
        for words, path in linked(text, "")
    )


def _picture(story: Story) -> str:
    found = [piece.file for piece in story.pieces if piece.kind == "image"]
    return f'<img src="/img/{found[0]}" alt="" loading="lazy" width="320" height="180">' if found else ""


# --- the head of an article --------------------------------------------------------------------------------------


def _head(story: Story, frame: Frame, page: int) -> str:
    url = frame.base + story.path
    lines = [f'<link rel="canonical" href="{frame.base}{page_path(story, page)}">']
    if page < len(story.pages):
        lines.append(f'<link rel="next" href="{page_path(story, page + 1)}">')
    if page > 1:
        lines.append(f'<link rel="prev" href="{page_path(story, page - 1)}">')
    if story.opengraph:
        lines += _opengraph(story, frame, url)
    if story.keywords:
        lines.append(f'<meta name="keywords" content="{escape(", ".join(story.keywords))}">')
    if story.json_ld != "missing":
        lines.append(f'<script type="application/ld+json">\n{_json_ld(story, frame, url)}\n</script>')
    return "\n".join([*lines, alternates(frame)])


def _opengraph(story: Story, frame: Frame, url: str) -> list[str]:
    values = [
        ("og:type", "article"),
        ("og:site_name", frame.outlet.name),
        # many sites put their own name here too, and no reader should believe it
        ("og:title", f"{story.headline} | {frame.outlet.name}"),
        ("og:description", story.standfirst or first_words(story)[:160]),
        ("og:url", url),
        ("article:published_time", story.published.isoformat()),
        ("article:section", frame.outlet.sections.get(story.section, "")),
    ]
    if story.modified is not None:
        values.append(("article:modified_time", story.modified.isoformat()))
    values += [("og:image", f"{frame.base}/img/{piece.file}") for piece in story.pieces if piece.kind == "image"][:1]
    return [f'<meta property="{name}" content="{escape(value)}">' for name, value in values if value]


def _json_ld(story: Story, frame: Frame, url: str) -> str:
    outlet = frame.outlet
    publisher = {"@type": "NewsMediaOrganization", "name": outlet.publisher or outlet.name, "url": frame.base + "/"}
    article: dict[str, object] = {
        "@type": "LiveBlogPosting" if story.page_type == "live_blog" else "NewsArticle",
        "headline": story.headline,
        "mainEntityOfPage": url,
        "datePublished": story.published.isoformat(),
        "dateModified": (story.modified or story.published).isoformat(),
        "author": [{"@type": "Person", "name": name} for name in story.authors],
        "publisher": publisher,
        "articleSection": outlet.sections.get(story.section, ""),
        "inLanguage": outlet.language,
        "description": story.standfirst or first_words(story),
    }
    if story.page_type == "paywall":
        article["isAccessibleForFree"] = False
    if story.json_ld == "graph":
        crumbs = {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "position": 1, "name": "Home"}]}
        value: dict[str, object] = {"@context": "https://schema.org", "@graph": [publisher, crumbs, article]}
    else:
        value = {"@context": "https://schema.org", **article}
    text = json.dumps(value, ensure_ascii=False, indent=1).replace("</", "<\\/")
    # a trailing comma and a bare line break inside a string: the two commonest faults of hand-made JSON-LD
    return re.sub(r"\n\}$", ",\n}", text).replace(". ", ".\n", 1) if story.json_ld == "broken" else text
