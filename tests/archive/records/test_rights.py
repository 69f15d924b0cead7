"""What a publisher allowed others to do with a page: read from its head, its meta elements and robots.txt."""

from __future__ import annotations

import pytest

from archive.http.messages import parse_head
from archive.records.rights import AI_AGENTS, UNKNOWN, Rights, agent_named, reserved, rights_fields, rights_of
from crawler.discovery.robots import parse_robots

ROBOTS = b"""User-agent: GPTBot
User-agent: ClaudeBot
Disallow: /

User-agent: CCBot
Disallow: /premium/

Content-Signal: search=yes, ai-train=no
User-agent: *
Disallow: /search
"""


def head(*fields: str) -> bytes:
    return ("HTTP/1.1 200 OK\r\n" + "".join(f"{field}\r\n" for field in fields) + "\r\n").encode()


def read(fields: tuple[str, ...] = (), page: str = "", noted: tuple[tuple[str, str], ...] = ()) -> Rights:
    return rights_of(parse_head(head(*fields)), page.encode(), noted)


def test_the_verdicts_of_robots_txt_come_back_from_the_warc_s_metadata() -> None:
    robots = parse_robots(ROBOTS)
    forbidden = robots.disallowed("https://news.example/a", AI_AGENTS)
    assert forbidden == ["GPTBot", "ClaudeBot"]
    assert robots.disallowed("https://news.example/premium/a", AI_AGENTS) == ["GPTBot", "ClaudeBot", "CCBot"]
    assert robots.disallowed("https://news.example/search", ["Bytespider"]) == ["Bytespider"]
    fields = rights_fields("<urn:uuid:1>", forbidden, robots.field("content-signal"))
    found = read(noted=fields)
    assert (found.robots_txt, found.ai_disallowed) == ("<urn:uuid:1>", ("GPTBot", "ClaudeBot"))
    assert found.content_signal == "search=yes, ai-train=no"
    assert read(noted=rights_fields("<urn:uuid:1>", [], None)).ai_disallowed == ()
    assert read() == UNKNOWN


def test_the_head_and_the_page_are_kept_as_they_say_it() -> None:
    found = read(
        ("X-Robots-Tag: noarchive", "X-Robots-Tag: noai, noimageai"),
        """<meta name="robots" content="max-image-preview:large,
           noarchive"><META CONTENT='none' NAME=GPTBot><meta name="description" content="robots">""",
    )
    assert found.x_robots_tag == ("noarchive", "noai, noimageai")
    assert found.meta_robots == ("robots: max-image-preview:large, noarchive", "gptbot: none")


@pytest.mark.parametrize(
    ("fields", "page", "expected"),
    [
        (("TDM-Reservation: 1", "TDM-Policy: https://n.example/p.json"), "", (1, "https://n.example/p.json", "header")),
        (("tdm-reservation: 0",), "", (0, None, "header")),
        (("tdm-reservation: 1",), '<meta name="tdm-reservation" content="0">', (0, None, "meta")),
        ((), '<meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="/p">', (1, "/p", "meta")),
        (("tdm-reservation: yes",), "", (None, None, None)),
    ],
)
def test_a_reservation_of_text_and_data_mining_is_found(
    fields: tuple[str, ...], page: str, expected: tuple[int | None, str | None, str | None]
) -> None:
    found = read(fields, page)
    assert (found.tdm_reservation, found.tdm_policy, found.tdm_from) == expected


def test_what_is_reserved_is_one_line_and_what_nobody_looked_at_is_none() -> None:
    assert reserved(None) is None and reserved(UNKNOWN.as_dict()) is None
    assert reserved(Rights(ai_disallowed=()).as_dict()) == ""
    all_of_it = Rights(ai_disallowed=("GPTBot",), meta_robots=("robots: noai",), tdm_reservation=1)
    assert reserved(all_of_it.as_dict()) == " GPTBot noai tdm "


def test_agents_are_known_however_they_are_typed() -> None:
    assert agent_named("gptbot") == "GPTBot" and agent_named("nobody") is None
