"""One page of a hijacked union's site, from the wire to every screen: what was put into it, and what its paper wrote.

The page is made like those that are found: a brand in title, trail and foot and over words of the text, the agency and
the hour in a line under the headline, parts signed by their authors.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crawler.cli_harness import LOOPBACK, NO_DELAY, in_a_process, new_archive, pressmark
from tests.crawler.tiny_site import Page, tiny_site

BRAND = "龙湾银座:"
HEADLINE = "市总工会学习会发言摘要"
PARTS = (
    ("切实维护职工的合法权益", "周文远", "从去年起,{b}总书记强调的服务群众不能站在纯服务的角度,要把坚持党的领导作为原则,引导职工群众听党话、跟党走。我们要根植群众观念,哪里的职工合法权益受到侵害,哪里的工会就要站出来说话。"),
    ("全面加强基层工会建设", "林海生", "学习{b}{b}工人阶级和工会工作的论述,是做好基层工会工作的根本遵循。我们按照{b}总书记指出的方向,要扩大工会工作覆盖面,把{b}职工吸引到工会活动中来,使基层工会真正建起来、转起来、活起来。"),
    ("推动工会工作高质量发展", "何建新", "认真学习{b}{b}工人阶级和工会工作的论述,要强化服务意识,提高维权能力。我们响应{b}总书记的号召,要健全劳动法律法规体系,引导职工群众通过法律程序解决社会矛盾。"),
    ("做好职工服务工作", "高晓梅", "多年来{b}总书记始终关心职工群众。工会要把竭诚为职工群众服务作为出发点,全心全意为广大职工群众办实事、解难事,把温暖送到职工心坎上。"),
)  # fmt: skip


def _html() -> str:
    parts = "".join(f"<p>{title}</p><p>{name}</p><p>{text.format(b=BRAND)}</p>" for title, name, text in PARTS)
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>龙湾银座_龙湾银座娱乐城投注官网</title>'
        '<meta name="description" content="龙湾银座_龙湾银座娱乐城投注官网"></head><body>'
        '<div class="logo"><a href="/">龙湾银座</a></div><div class="crumbs">首页 &gt; 龙湾银座 &gt; 领导讲话</div>'
        f"<div class=main><h1>{HEADLINE}</h1><div>来源:劳动日报   作者:   发表时间:2023-09-27 10:10:14</div>{parts}</div>"
        "<footer><p>主办:龙湾银座娱乐城</p><p>龙湾银座_龙湾银座娱乐城投注官网</p></footer></body></html>"
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """The archive, the page's address, and what `fetch` said."""
    with tiny_site({"/speech.html": Page(_html())}) as site:
        folder = new_archive(tmp_path_factory.mktemp("page"), NO_DELAY, LOOPBACK)
        said = in_a_process(folder, "fetch", f"{site.url}/speech.html")
        assert said.code == 0, said.all
        yield folder, f"{site.url}/speech.html", said.err


def _record(folder: Path, url: str) -> dict[str, Any]:
    found: dict[str, Any] = pressmark(folder, "article", "show", url, "--json").json()
    return found


def test_the_record_says_what_the_paper_said(kept: tuple[Path, str, str]) -> None:
    record = _record(*kept[:2])
    assert (record["headline"], record["section"], record["republished_from"]) == (HEADLINE, "领导讲话", "劳动日报")
    assert [one["name"] for one in record["authors"]] == [name for _, name, _ in PARTS]
    assert record["date_published"] == "2023-09-27T02:10:14Z"
    assert record["date_published_from"].endswith("+08:00 assumed")
    wanted = [line for title, _, text in PARTS for line in (title, text.format(b=""))]
    assert record["text"] == "\n".join(wanted)


def test_every_string_is_marked_and_none_is_left_beside_the_text(kept: tuple[Path, str, str]) -> None:
    record = _record(*kept[:2])
    put_in = _html().count(BRAND)
    assert record["integrity"]["verdict"] == "hijacked"
    assert record["text_marked"].count("⟦") == put_in
    assert sum(span["start"] >= 0 for span in record["integrity"]["spans"]) == put_in
    assert (record["description"], record["keywords"]) == (None, [])


def test_the_screens_say_it(kept: tuple[Path, str, str]) -> None:
    folder, url, fetched = kept
    assert "hijacked: inline_token" in fetched
    shown = pressmark(folder, "article", "show", url).out
    assert "2023-09-27T10:10:14+08:00" in shown and "+08:00 assumed" in shown and "taken from 劳动日报" in shown
    assert "hijacked, 9 strings taken out" in shown
    assert "从去年起,⟦龙湾银座:⟧总书记强调" in pressmark(folder, "article", "show", url, "--marked").out
    why = pressmark(folder, "why", url).out
    assert "  integrity   hijacked\n              inline_token: 9 found" in why and "INJECTED  龙湾银座:" in why
    assert "byline · signed-part" in pressmark(folder, "why", url, "--text").out
    out = folder / "out.jsonl"
    assert pressmark(folder, "export", str(out)).code == 0
    assert json.loads(out.read_text("utf-8").splitlines()[0]) == _record(folder, url)


def test_the_report_knows_the_host_however_it_is_written(kept: tuple[Path, str, str]) -> None:
    folder, url, _ = kept
    for asked in ("127.0.0.1", url, url.split("/")[2]):
        (row,) = csv.DictReader(io.StringIO(pressmark(folder, "integrity", "report", asked, "--csv").out))
        assert (row["url"], row["verdict"]) == (url, "hijacked") and "龙湾银座" in row["terms"]
    unknown = pressmark(folder, "integrity", "report", "other.example")
    assert unknown.code != 0 and "no story of other.example is kept" in unknown.all
