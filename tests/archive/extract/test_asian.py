"""A union paper's page on a hijacked site, in five layouts: headline, source, time, section, parts and every token."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from archive.extract import extract
from archive.model import Extraction, Page

BRAND = "金鲤娱乐"
TITLE = f"{BRAND}_{BRAND}城¥注册官网"
HEADLINE = f"示例市总工会集中学习《{BRAND}:{BRAND}:职工技能和车间安全论述选》体会"
CLEAN_HEADLINE = "示例市总工会集中学习《职工技能和车间安全论述选》体会"
SOURCE = "来源:工友日报   作者:   浏览:次   发表时间:2026-03-02 10:10:14"
TRAIL = f"首页 > {BRAND} > 领导讲话"
FOOT = f"主办:{BRAND}城: 示ICP备00000000号 地址:示例市机床厂路1号 版权所有(c)2026 {BRAND}城:主办"
PARTS = (
    ("把安全课开到机床边上", "尚青", "车间里的安全课", "示例机床厂"),
    ("让每一位学徒都有师傅", "何安邦", "学徒的带教办法", "示例纺织厂"),
    ("把食堂的意见簿看完", "陆一鸣", "食堂的意见簿", "示例造纸厂"),
)
PHONES = f"{BRAND}:同志多次强调,"


def _part(title: str, name: str, topic: str, factory: str) -> tuple[str, ...]:
    return (
        title,
        name,
        f"{PHONES}{topic}要写在墙上,更要记在心里。今年以来,我们先后走进{factory}的十二个班组,同一百多名职工座谈,{BRAND}:"
        f"{topic}的建议记了满满三本,逐条答复,逐条落实,没有一条落下。",
        f"一、从小事做起。{PHONES}职工的事没有小事。{factory}的老师傅提出,交接班要留出十分钟,把当天的问题说清楚再走,"
        f"我们当场就定了下来,第二天全厂照办,职工{BRAND}:{topic}的意见当月减少了一半。",
        f"二、把{BRAND}城职工请到会上来。{factory}每季度开一次恳谈会,{PHONES}听真话才能办实事,会上提的事,"
        "会后七天内必须有回音,办不到的也要当面说明原因,不能让人等。",
    )


LINES = tuple(line for part in PARTS for line in _part(*part))


def _paragraphs(tag: str) -> str:
    return "\n".join(f"<{tag}>{line}</{tag.split()[0]}>" for line in LINES)


HEAD = f'<html lang="zh-CN"><head><meta charset="utf-8"><title>{TITLE}</title><meta name="keywords" content="{BRAND},{BRAND}城"></head>'
NAV = f'<ul><li><a href="/">首页</a></li><li><a href="/a/">{BRAND}</a></li><li><a href="/b/">工会要闻</a></li></ul>'
LAYOUTS = {
    "article": f"<body><header>{NAV}</header><main><div class=crumb>{TRAIL}</div><article><h1>{HEADLINE}</h1><div class=info>{SOURCE}</div>"
    f"{_paragraphs('p')}</article></main><footer><p>{FOOT}</p></footer>",
    "table": f"<body><table><tr><td>{NAV}</td></tr><tr><td><div>{TRAIL}</div><h1>{HEADLINE}</h1><div>{SOURCE}</div>"
    f"<div id=zoom>{_paragraphs('p align=left')}</div></td></tr><tr><td>{FOOT}</td></tr></table>",
    "divs": f"<body><div class=nav>{NAV}</div><div class=wz>{TRAIL}</div><div class=title><h2>{HEADLINE}</h2></div><div class=ly>{SOURCE}</div>"
    f"<div class=content>{_paragraphs('div')}</div><div class=foot>{FOOT}</div>",
    "no heading": f"<body><div class=nav>{NAV}</div><p>{TRAIL}</p><p class=bt>{HEADLINE}</p><p>{SOURCE}</p>{_paragraphs('p')}<p>{FOOT}</p>",
    "breaks": f"<body><div>{NAV}</div><div>{TRAIL}</div><h1>{HEADLINE}</h1><div>{SOURCE}</div><div class=nr>{'<br><br>'.join(LINES)}</div><div>{FOOT}</div>",
}


def read(layout: str) -> Extraction:
    return extract(Page("http://gonghui.example/2026/0302/7.html", (HEAD + LAYOUTS[layout]).encode()))


@pytest.fixture(scope="module", params=LAYOUTS)
def found(request: pytest.FixtureRequest) -> Extraction:
    return read(request.param)


def test_the_page_is_hijacked_and_every_token_is_out_of_text_and_headline(found: Extraction) -> None:
    assert found.integrity.verdict == "hijacked"
    assert BRAND not in found.article.text
    assert found.article.headline == CLEAN_HEADLINE
    marked = re.findall("⟦([^⟧]*)⟧", found.text_marked or "")
    assert sum(one.count(BRAND) for one in marked) >= "".join(LINES).count(BRAND)
    assert f"{BRAND}城" in marked


def test_source_time_and_section_are_read_and_the_zone_is_assumed(found: Extraction) -> None:
    article = found.article
    assert article.republished_from == "工友日报"
    assert article.section == "领导讲话"
    assert article.date_published is not None
    assert article.date_published.at == datetime(2026, 3, 2, 10, 10, 14, tzinfo=timezone(timedelta(hours=8)))
    assert article.date_published.zone_from == "assumed"


def test_each_part_keeps_its_heading_and_has_its_author(found: Extraction) -> None:
    assert [author.name for author in found.article.authors] == [name for _, name, _, _ in PARTS]
    assert [block.text for block in found.blocks if block.rule == "signed-part"] == [name for _, name, _, _ in PARTS]
    for title, _, _, _ in PARTS:
        assert title in found.article.text.split("\n")
