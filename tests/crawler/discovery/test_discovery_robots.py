"""robots.txt: RFC 9309, with the line that decided. Scrapy's protego is the oracle; where we differ, we say why."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protego import Protego

from crawler.discovery.robots import ALLOW_ALL, DISALLOW_ALL, Robots, Verdict, parse_robots, robots_for

AGENT = "Pressmark/0.1 (+mailto:ops@example.org)"
SITE = "https://news.example"


def verdict(text: str | bytes, path: str, agent: str = AGENT) -> Verdict:
    return parse_robots(text.encode() if isinstance(text, str) else text).verdict(SITE + path, agent)


def test_the_verdict_names_rule_and_line() -> None:
    text = "# hello\nUser-agent: *\nAllow: /\n\nDisallow: /abo/  # subscribers\n"
    assert verdict(text, "/abo/x") == Verdict(False, "Disallow: /abo/", 5)
    assert verdict(text, "/news") == Verdict(True, "Allow: /", 3)
    assert verdict("User-agent: *\nDisallow: /abo/", "/news") == Verdict(True)


# RFC 9309 section 5.1 and 5.2, and the examples of section 2.2.
SIMPLE = """User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""


@pytest.mark.parametrize(
    ("agent", "path", "allowed"),
    [
        ("other", "/x.gif", False),
        ("other", "/x.gif?y", True),
        ("other", "/example/page.html", False),
        ("other", "/publications/x.gif", True),
        ("foobot", "/anything", False),
        ("foobot", "/example/page.html", True),
        ("foobot", "/example/allowed.gif", True),
        ("FooBot/2.1", "/", False),
        ("barbot", "/example/page.html", False),
        ("barbot", "/example/", True),
        ("bazbot", "/example/page.html", False),
        ("quxbot", "/example/page.html", True),
    ],
)
def test_the_examples_of_the_rfc(agent: str, path: str, allowed: bool) -> None:
    assert verdict(SIMPLE, path, agent).allowed is allowed


def test_the_longest_match_decides_and_allow_wins_a_tie() -> None:
    text = "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n"
    assert not verdict(text, "/example/page/disallowed.gif", "foobot").allowed
    assert verdict("User-agent: *\nDisallow: /a\nAllow: /a", "/a").allowed
    assert verdict("User-agent: *\nDisallow: /\nAllow: /$", "/").allowed
    assert not verdict("User-agent: *\nDisallow: /\nAllow: /$", "/x").allowed


def test_groups_of_one_agent_are_one_group() -> None:
    text = "User-agent: pressmark\nDisallow: /a\n\nUser-agent: *\nDisallow: /\n\nUser-agent: Pressmark\nDisallow: /b\n"
    assert [verdict(text, path).allowed for path in ("/a", "/b", "/c")] == [False, False, True]


def test_an_agent_that_is_named_has_nothing_to_do_with_the_others() -> None:
    text = "User-agent: *\nDisallow: /\nUser-agent: Pressmark\nDisallow:\n"
    assert verdict(text, "/x").allowed
    assert not verdict(text, "/x", "OtherBot").allowed
    assert parse_robots(text.encode()).names(AGENT)


@pytest.mark.parametrize("name", ["press", "pressmark-images", "mark", "pressmarks"])
def test_a_part_of_our_name_is_not_our_name(name: str) -> None:
    assert verdict(f"User-agent: {name}\nDisallow: /", "/x").allowed


@pytest.mark.parametrize(
    ("rule", "path", "matches"),
    [
        ("/fish", "/fish.html", True),
        ("/fish", "/Fish", False),
        ("/fish*", "/fishheads", True),
        ("/fish/", "/fish", False),
        ("/*.php", "/dir/x.php?y", True),
        ("/*.php$", "/x.php?y", False),
        ("/*.php$", "/a.php/b.php", True),
        ("/fish*.php", "/fishheads/catfish.php?x", True),
        ("/a*b*c", "/a__c__b", False),
        ("/a*a$", "/a", False),
        ("/*aa*aa", "/aaa", False),
        ("/*aa*aa", "/aaaa", True),
        ("/a$b", "/a$b", True),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84", True),
        ("/foo/bar/%E3%83%84", "/foo/bar/ツ", True),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz", True),
        ("/%7ejoe/", "/~joe/x", True),
        ("/a%2fb", "/a/b", False),
        ("/a%3cd.html", "/a%3Cd.html", True),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", True),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-X.html", False),
        ("/path/foo-%24", "/path/foo-$", True),
        ("/?", "/?page=1", True),
        ("/*?", "/a?page=1", True),
        ("*/print", "/a/print", True),
        ("print", "/print", False),
    ],
)
def test_paths_and_wildcards(rule: str, path: str, matches: bool) -> None:
    assert verdict(f"User-agent: *\nDisallow: {rule}", path).allowed is not matches


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_counts(end: str) -> None:
    text = end.join(
        ["\ufeffuser-agent : *", "DISALLOW:/a", "", "Sitemap: https://news.example/s.xml", "Crawl-Delay: 7.5"]
    )
    robots = parse_robots(text.encode())
    assert robots.verdict(SITE + "/a", AGENT) == Verdict(False, "Disallow: /a", 2)
    assert robots.sitemaps == ("https://news.example/s.xml",)
    assert robots.crawl_delay(AGENT) == 7.5


def test_a_crawl_delay_ends_the_names_of_its_group() -> None:
    text = "User-agent: *\nCrawl-delay: 9\n\nUser-agent: BadBot\nDisallow: /\n"
    assert verdict(text, "/x").allowed
    assert parse_robots(text.encode()).crawl_delay(AGENT) == 9
    assert not verdict(text, "/x", "badbot").allowed


def test_a_sitemap_line_does_not_part_the_names_of_a_group() -> None:
    text = "User-agent: a\nSitemap: https://news.example/s.xml\nUser-agent: b\nDisallow: /\n"
    assert not verdict(text, "/x", "a").allowed


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e999", "ten", "", "5 10"])
def test_a_delay_that_is_no_number_is_none(value: str) -> None:
    assert parse_robots(f"User-agent: *\nCrawl-delay: {value}\n".encode()).crawl_delay(AGENT) is None


def test_robots_txt_itself_is_always_allowed() -> None:
    assert verdict("User-agent: *\nDisallow: /", "/robots.txt").allowed


def test_the_rest_of_a_huge_file_is_left_with_its_broken_line() -> None:
    body = b"User-agent: *\n" + b"#" * (500 * 1024 - 30) + b"\nDisallow: /news/archive-of-1999/\n"
    robots = parse_robots(body)
    assert robots.verdict(SITE + "/news/x", AGENT).allowed
    assert robots.problems == ("longer than 512000 bytes; the rest is left",)


def test_a_hostile_pattern_costs_little() -> None:
    began = time.process_time()
    assert verdict("User-agent: *\nDisallow: /" + "*a" * 200 + "*b$", "/" + "a" * 8000).allowed
    assert time.process_time() - began < 0.5


def test_what_the_answer_to_robots_txt_means() -> None:
    rules = b"User-agent: *\nDisallow: /"
    assert robots_for(404, rules) is ALLOW_ALL
    assert robots_for(403, rules) is ALLOW_ALL
    assert robots_for(429, rules) is DISALLOW_ALL
    assert robots_for(503, rules) is DISALLOW_ALL
    assert robots_for(None, b"") is DISALLOW_ALL
    assert not robots_for(200, rules).verdict(SITE + "/x", AGENT).allowed
    assert not DISALLOW_ALL.verdict(SITE + "/x", AGENT).allowed
    assert DISALLOW_ALL.verdict(SITE + "/x", AGENT).rule == "robots.txt could not be read"


def test_a_page_in_html_has_no_rules() -> None:
    assert parse_robots(b"<!doctype html><html><a href='https://x.example/'>Disallow: /</a></html>").groups == ()


def test_fields_we_do_not_act_on_are_kept() -> None:
    robots = parse_robots(b"User-agent: *\nContent-Signal: search=yes, ai-train=no\nDisallow: /a\n")
    assert robots.others == ((2, "content-signal", "search=yes, ai-train=no"),)
    assert not robots.verdict(SITE + "/a", AGENT).allowed


AGENTS = ["*", "pressmark", "Pressmark", "otherbot", "pressmark-images", "press"]
PATHS = st.lists(
    st.sampled_from(["/", "a", "b", "news", ".html", "?x=1", "%7E", "~", "é", "%C3%A9", "-", "%2f", "=1"]), max_size=6
).map(lambda parts: "/" + "".join(parts))
PATTERNS = st.lists(
    st.sampled_from(["/", "a", "b", "news", "*", "$", ".html", "?x=1", "%7E", "~", "é", "%C3%A9", "-", "%2F"]),
    max_size=6,
).map(lambda parts: "/" + "".join(parts))
LINES = st.one_of(
    st.sampled_from(AGENTS).map("User-agent: {}".format),
    st.tuples(st.sampled_from(["Allow", "Disallow", "allow"]), st.one_of(PATTERNS, st.just(""))).map(
        lambda two: f"{two[0]}: {two[1]}"
    ),
    st.sampled_from(["", "# note", "Crawl-delay: 3", "Sitemap: https://news.example/s.xml"]),
)


def named_in_part(text: str, agent: str) -> bool:
    """The one place where protego and RFC 9309 part (none other in 30,000 files made like these).

    An agent is matched by its whole product token (section 2.2.1); protego takes a group for "press" as ours too, and
    then lets it win over the group for "*".
    """
    tokens = {line.partition(":")[2].strip().lower() for line in text.splitlines() if line.startswith("User-agent")}
    return any(token not in (agent, "*") and token in agent for token in tokens)


@settings(max_examples=400, deadline=None)
@given(st.lists(LINES, max_size=14), PATHS, st.sampled_from(["pressmark", "otherbot", "nobody"]))
def test_protego_reads_the_same(lines: list[str], path: str, agent: str) -> None:
    text = "\n".join(["User-agent: *", *lines])
    ours, theirs = verdict(text, path, agent).allowed, Protego.parse(text).can_fetch(SITE + path, agent)
    assert ours == theirs or named_in_part(text, agent)


@settings(deadline=None)
@given(st.lists(LINES, max_size=14), PATHS)
def test_the_line_named_is_the_rule_named(lines: list[str], path: str) -> None:
    text = "\n".join(lines)
    found = verdict(text, path)
    if found.line is not None:
        assert found.rule is not None
        assert lines[found.line - 1].lower() == found.rule.lower()
        assert found.rule.startswith("Allow") is found.allowed


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=30))
def test_any_bytes_have_a_reading(body: bytes, url: str) -> None:
    robots = parse_robots(b"User-agent: *\nDisallow: " + body)
    assert isinstance(robots, Robots)
    assert isinstance(robots.verdict(url, AGENT), Verdict)
    assert isinstance(parse_robots(body).verdict(SITE + "/" + url, url), Verdict)
