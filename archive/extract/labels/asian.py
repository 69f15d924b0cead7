"""What pages in Chinese, Japanese and Korean say in lines of their own: trail, source, who wrote a part.

Also the zone of a time that states none, where a language is written in one zone only. Pure.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta, timezone

from archive.extract.pieces import Piece
from archive.model import Author, Block, Moment

_ZONES = {"zh": timezone(timedelta(hours=8)), "ja": timezone(timedelta(hours=9)), "ko": timezone(timedelta(hours=9))}
_HOME = r"(?:首页|首頁|主页|主頁|网站首页|ホーム|トップ|홈|home)"
_TRAIL = re.compile(rf"^(?:.{{0,12}}位置\s*[:：]?\s*)?{_HOME}\s*(?:[>›»＞/→]+\s*[^>›»＞/→]{{1,24}}){{1,5}}$", re.I)
_STEP = re.compile(r"\s*[>›»＞/→]+\s*")
_LEAF = re.compile(r"^(?:正文|内容|详情|全文|本文)$")
_SOURCE = re.compile(
    r"(?:来源|來源|稿源|出處|出处)\s*[:：]\s*(\S.{1,24}?)(?=\s|作者|记者|浏览|瀏覽|发表|发布|編輯|编辑|责任|時間|时间|日期|点击|[|｜]|$)"
)
_NAME = re.compile(r"^[\u4e00-\u9fff]{2,4}$")
_MIN_PARTS = 3
_LOOK_AT = 80


def zoned(moment: Moment | None, language: str | None) -> Moment | None:
    """A time of day without a zone, in the one zone its language is written in; still called assumed."""
    zone = _ZONES.get(language or "")
    if moment is None or zone is None or moment.zone_from == "stated" or moment.precision not in ("minute", "second"):
        return moment
    return replace(moment, at=moment.at.replace(tzinfo=zone))


def section_of_trail(pieces: list[Piece]) -> str | None:
    """The last step of a trail ("首页 > 新闻 > 领导讲话")."""
    for piece in pieces[:_LOOK_AT]:
        if len(piece.text) < 90 and _TRAIL.match(piece.text.strip()):
            steps = [step for step in _STEP.split(piece.text.strip()) if step and not _LEAF.match(step)]
            return steps[-1] if len(steps) > 1 else None
    return None


def source_line(pieces: Iterable[Piece]) -> str | None:
    """Whom a page names as the source of its text ("来源：工人日报")."""
    for piece in list(pieces)[:_LOOK_AT]:
        match = _SOURCE.search(piece.text) if len(piece.text) < 160 else None
        if match:
            return match[1].strip(" ：:|｜（(）)")
    return None


def headline_above_source(pieces: list[Piece]) -> str | None:
    """The line above the source line, for a page that marks no headline and whose <title> cannot be believed."""
    for above, piece in itertools.pairwise(pieces[:_LOOK_AT]):
        if len(piece.text) < 160 and _SOURCE.search(piece.text):
            text = above.text.strip()
            return text if 6 <= len(text) <= 90 and above.link_density < 0.5 and text[-1] not in "。！？" else None
    return None


def signed_parts(blocks: list[Block], text_labels: frozenset[str]) -> tuple[list[Block], tuple[Author, ...]]:
    """A text of several signed parts: a name alone between a short heading and a long paragraph, three times or more.

    Returns the blocks with those names as by-lines, and the names in order; nothing changes where there are fewer.
    """
    kept = [at for at, block in enumerate(blocks) if block.label in text_labels]
    names = [
        at
        for before, at, after in zip(kept, kept[1:], kept[2:], strict=False)
        if _NAME.match(blocks[at].text.strip()) and len(blocks[before].text) < 60 and len(blocks[after].text) > 60
    ]
    if len(names) < _MIN_PARTS:
        return blocks, ()
    out = list(blocks)
    for at in names:
        out[at] = replace(blocks[at], label="byline", rule="signed-part", evidence=f"{len(names)} parts")
    return out, tuple(Author(blocks[at].text.strip()) for at in names)
