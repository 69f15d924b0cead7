"""Which pieces become the text: the model's word, trafilatura's where the model is unsure, and payloads unseen."""

from __future__ import annotations

import json
import time
from typing import Any, TypeAlias

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archive.extract import extract
from archive.extract.body import choice as body
from archive.extract.body.features import measure
from archive.extract.body.frame import Frame
from archive.extract.body.payload import add_payload
from archive.extract.body.surroundings import NAMES, surroundings
from archive.extract.page import Parsed, read_page
from archive.extract.pieces import Piece, pieces_of
from archive.model import Page

SENTENCE = (
    "The council voted on Tuesday evening to reopen the old baths beside the river, after four years of dispute, {}."
)
STORY = "".join(f"<p>{SENTENCE.format(at)}</p>" for at in range(6))
PAGE = f"<html><body><div class=bar><div>Weather today: rain</div></div><article><h1>Baths</h1>{STORY}</article></body></html>"


def parsed_page(markup: str) -> tuple[Parsed, list[Piece]]:
    parsed = read_page(Page(url="https://daily.example/a", body=markup.encode()))
    return parsed, pieces_of(parsed.body)


def test_only_what_stands_in_a_link_counts_as_linked() -> None:
    _, pieces = parsed_page(
        "<p>Read <a href=/a>the <b>first</b> part</a> of it</p><a href=/b><div>All</div>day</a> night"
    )
    assert [(piece.text, piece.link_chars) for piece in pieces] == [
        ("Read the first part of it", 12),
        ("All", 3),
        ("day night", 3),
    ]


def test_a_model_that_is_sure_is_not_overruled() -> None:
    parsed, pieces = parsed_page(PAGE)
    likely = {piece.order: 0.99 if "rain" in piece.text else 0.001 for piece in pieces}
    likely |= {piece.order: 0.99 for piece in pieces if piece.text.endswith("0.")}
    chosen = body.choose(parsed.root, pieces, likely, "balanced")
    assert [pieces[at].text[-5:] for at in chosen] == [" rain", "e, 0."]


def test_where_the_model_is_unsure_trafilatura_decides() -> None:
    parsed, pieces = parsed_page(PAGE)
    likely = {piece.order: 0.4 for piece in pieces}
    assert body.unsureness(pieces, likely) > 0.15
    chosen = {pieces[at].text for at in body.choose(parsed.root, pieces, likely, "balanced")}
    assert SENTENCE.format(3) in chosen
    assert "Weather today: rain" not in chosen


def test_trafilatura_sees_only_what_may_be_text() -> None:
    parsed, pieces = parsed_page(f"<div>Behind <i>it<p>Rain</p></i></div><div><div><p>More</p></div> here</div>{STORY}")
    opened = {piece.order for piece in pieces if piece.text not in ("Rain", "More")}
    left = body.without_closed(parsed.root, pieces, opened)
    assert [piece.text for piece in pieces_of(left)][:3] == ["Behind it", "here", SENTENCE.format(0)]
    assert "Rain" in [piece.text for piece in pieces_of(parsed.body)]


def test_an_inline_element_around_a_block_is_no_block() -> None:
    parsed, pieces = parsed_page(
        "<div><span>Behind <div>Rain</div> it</span><my-box> all<p>More</p> of it</my-box></div>"
    )
    opened = {piece.order for piece in pieces if piece.text not in ("Rain", "More")}
    left = body.without_closed(parsed.root, pieces, opened)
    assert "".join("".join(left.itertext()).split()) == "Behinditallofit"


_Part: TypeAlias = "str | tuple[str, list[_Part]]"  # text, or an element's tag and what is in it


def _markup(parts: list[_Part]) -> str:
    return "".join(part if isinstance(part, str) else f"<{part[0]}>{_markup(part[1])}</{part[0]}>" for part in parts)


_TREES = st.recursive(
    st.lists(st.sampled_from(["ab ", "c", "<br><br>"]), max_size=3),
    lambda inside: st.lists(
        st.one_of(
            st.sampled_from(["de ", "f"]),
            st.tuples(st.sampled_from(["div", "span", "my-box", "section", "a", "li", "b"]), inside),
        ),
        max_size=4,
    ),
    max_leaves=12,
)


@given(tree=_TREES, data=st.data())
def test_a_page_for_a_second_opinion_has_all_that_may_be_text_and_nothing_else(
    tree: list[Any], data: st.DataObject
) -> None:
    parsed, pieces = parsed_page(f"<body>{_markup(tree)}")
    opened = data.draw(st.sets(st.sampled_from([piece.order for piece in pieces]))) if pieces else set()
    whole = {piece.node for piece in pieces if piece.order in opened}
    left = "".join("".join(body.without_closed(parsed.root, pieces, opened).itertext()).split())
    # Pieces of one block stay or go together.
    assert left == "".join(piece.key for piece in pieces if piece.node in _with_around(whole))


def _with_around(nodes: set[Any]) -> set[Any]:
    return nodes | {up for node in nodes for up in node.iterancestors()}


def test_where_too_much_is_open_trafilatura_is_not_asked() -> None:
    parsed, pieces = parsed_page(PAGE.replace(STORY, STORY * 50))
    assert body.choose(parsed.root, pieces, {piece.order: 0.2 for piece in pieces}, "balanced") == {}


def test_on_a_page_of_which_little_is_sure_less_likely_pieces_are_text_too() -> None:
    parsed, pieces = parsed_page(PAGE)
    sure = {piece.order: 0.99 for piece in pieces}
    assert 0.49 < body.threshold_of(pieces, sure) <= 0.5
    assert 0.49 < body.threshold_of(pieces, sure | {0: 0.01}) <= 0.5
    # All of it may be text: the best is to take it all, for an F1 of 2 * .4 / (1 + .4).
    assert round(body.threshold_of(pieces, dict.fromkeys(sure, 0.4)), 3) == round(0.4 / 1.4, 3)
    assert body.threshold_of(pieces, dict.fromkeys(sure, 0.1)) == 0.25
    doubtful = {at: 0.9 if at == 2 else 0.36 for at in sure}
    assert {2, 3, 4} <= body.choose(parsed.root, pieces, doubtful, "balanced").keys()


def test_many_lines_of_a_menu_make_no_line_text() -> None:
    lines = "".join(f"<div>Section of the menu {at}</div>" for at in range(300))
    parsed, pieces = parsed_page(PAGE.replace(STORY, STORY + lines))
    likely = {piece.order: 0.95 if len(piece.text) > 60 else 0.4 for piece in pieces}
    chosen = body.choose(parsed.root, pieces, likely, "balanced")
    assert [pieces[at].text for at in chosen] == [SENTENCE.format(at) for at in range(6)]


def test_a_profile_takes_less_or_more_of_what_is_unsure() -> None:
    parsed, pieces = parsed_page(PAGE)
    likely = {piece.order: 0.99 for piece in pieces} | {0: 0.6, 1: 0.35}
    taken = {
        profile: set(body.choose(parsed.root, pieces, likely, profile))
        for profile in ("precision", "balanced", "recall")
    }
    everything = set(likely)
    assert taken == {"precision": everything - {0, 1}, "balanced": everything - {1}, "recall": everything}


def test_pieces_not_asked_about_are_never_chosen() -> None:
    parsed, pieces = parsed_page(PAGE)
    assert body.choose(parsed.root, pieces, {}, "balanced") == {}


def test_a_payload_is_not_taken_where_the_page_shows_text_of_its_own() -> None:
    _, pieces = parsed_page(PAGE)
    chosen = {piece.order: 0.9 for piece in pieces}
    before = dict(chosen)
    add_payload(pieces, chosen, "Another story altogether, about cranes and quays. " * 9, "")
    assert chosen == before


def test_a_payload_that_the_page_shows_is_not_taken_twice() -> None:
    _, pieces = parsed_page(PAGE)
    chosen: dict[int, float] = {}
    add_payload(pieces, chosen, "\n".join(SENTENCE.format(at) for at in range(6)), "")
    assert chosen == {}


def test_blocks_of_a_payload_say_so() -> None:
    source = json.dumps({"body": STORY}).replace("<", "\\u003c")
    page = f"<html><body><h1>Baths</h1><div id=app></div><script>{source}</script></body></html>"
    extraction = extract(Page(url="https://daily.example/a", body=page.encode()))
    assert {block.rule for block in extraction.blocks if block.label == "body"} == {"payload"}
    assert extraction.article.text.splitlines() == [SENTENCE.format(at) for at in range(6)]


def test_a_script_of_nothing_but_quotes_costs_no_more_than_its_length() -> None:
    begun = time.process_time()
    for hostile in ('"' * 1_000_000, '"\\' * 500_000, '"' + "a<" * 500_000, ('"' + "b" * 500) * 2_000):
        add_payload([], {}, "", "<script>" + hostile)
    assert time.process_time() - begun < 3


def test_every_piece_has_its_surroundings_in_time_linear_in_the_page() -> None:
    markup = (
        "<html><body>"
        + "<div class=a><p>One sentence of some length, and a bit more of it to be long enough.</p></div>" * 6000
    )
    _, pieces = parsed_page(markup)
    begun = time.process_time()
    assert surroundings(Frame(pieces), np.arange(6000)).shape == (len(NAMES), 6000)
    assert time.process_time() - begun < 3


def test_a_page_without_pieces_has_no_measures() -> None:
    assert [len(found) for found in measure([], None, None, None, False, [])] == [0, 0]
