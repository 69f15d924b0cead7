"""The numbered elements around a page's pieces: what runs of numbers say is what a walk upwards says."""

from __future__ import annotations

import numpy as np

from archive.extract.body.features import NAMES, measure
from archive.extract.body.frame import AROUND, BAD, FAR, Frame
from archive.extract.page import read_page
from archive.extract.pieces import Piece, pieces_of
from archive.model import Page

PAGE = (
    "<body><nav class=menu><ul><li>Home<li>Sport</ul></nav><article class=story><p>One<div class='related story'><p>Two"
    "<div><p>Three</div></div><p>Four<aside><section><p>Five</section></aside></article><p>Six</body>"
)


def framed(markup: str) -> tuple[list[Piece], Frame]:
    pieces = pieces_of(read_page(Page(url="https://daily.example/a", body=markup.encode())).body)
    return pieces, Frame(pieces)


def around(frame: Frame, at: int) -> list[int]:
    found = [at]
    while frame.parent[found[-1]] >= 0:
        found.append(frame.parent[found[-1]])
    return found


def test_steps_from_one_element_to_another_are_those_of_a_walk() -> None:
    _, frame = framed(PAGE)
    for inner in range(len(frame.parent)):
        steps = frame.steps_to(inner).tolist()
        for at in range(len(frame.parent)):
            assert steps[at] == next(step for step, up in enumerate(around(frame, inner)) if up in around(frame, at))


def test_the_holder_is_the_branch_of_an_element_that_others_stand_in() -> None:
    _, frame = framed(PAGE)
    for inner in range(len(frame.parent)):
        chain = around(frame, inner)
        ones = np.array([at in chain or frame.parent[at] in chain for at in range(len(frame.parent))])
        walked = [next(up for up in around(frame, at) if ones[up]) for at in range(len(frame.parent))]
        assert frame.holder(ones).tolist() == walked


def test_what_is_said_of_a_piece_is_what_stands_around_it() -> None:
    pieces, frame = framed(PAGE)
    said = frame.said(np.ones(len(pieces)))
    is_three = [piece.text for piece in pieces].index("Three")
    three = said[:, frame.owner[is_three]].tolist()
    assert [tag for tag, inside in zip(AROUND, three, strict=False) if inside] == ["article"]
    named = {name: depth - FAR for (name, _), depth in zip(BAD, three[len(AROUND) :], strict=False) if depth}
    assert named == {"related": 3}
    assert (three[-2] - FAR, three[-1]) == (3, 2)  # named as content by the article and by the box in it


def test_names_are_not_looked_at_where_nobody_asks() -> None:
    pieces, frame = framed(PAGE)
    asked = np.array([piece.text == "Six" for piece in pieces])
    assert not frame.said(asked).any()


def test_signs_are_counted_in_each_piece_alone() -> None:
    texts = ("Ja, Nein, Ÿ!", "plain", "甲，乙。丙？", "a | b / c", "𝒳 Æ.", "x" * 999 + ".,,")
    pieces, _ = framed("".join(f"<p>{text}</p>" for text in texts))
    table, _ = measure(pieces, None, None, None, False, range(len(pieces)))
    signs = {name: table[:, NAMES.index(name)].tolist() for name in ("stops", "commas", "upper_share", "symbols")}
    assert signs["stops"] == [1, 0, 2, 0, 1, 1]  # of the first thousand characters
    assert signs["commas"] == [2, 0, 1, 0, 0, 0]
    assert np.allclose(signs["upper_share"], [3 / 12, 0, 0, 0, 1 / 4, 0])
    assert np.allclose(signs["symbols"], [0, 0, 0, 2 / 9, 0, 0])
