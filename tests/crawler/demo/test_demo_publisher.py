"""The Daily Example by its clock: what it answers when, without a socket."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feedparser
import lxml.etree
import lxml.html
import pytest

from crawler.demo import MORNING, NEXT_MORNING, DailyExample, truth
from crawler.demo.hijack import BRAND, TITLE
from crawler.demo.http_bytes import Answer, Request, encode
from crawler.demo.sources import ODD_PATHS
from crawler.demo.stories import Story, load_outlets, load_stories

BASES = {key: f"http://{key}.example" for key in load_outlets()}
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "n": "http://www.google.com/schemas/sitemap-news/0.9"}


def publisher(now: datetime = MORNING) -> DailyExample:
    return DailyExample(BASES, now, slow_seconds=0.1, large_bytes=100_000)


def get(example: DailyExample, url: str, **headers: str) -> Answer:
    outlet = url.removeprefix("http://").split(".")[0]
    path = url.removeprefix(BASES[outlet]) or "/"
    return example.answer(outlet, Request("GET", path, {k.replace("_", "-"): v for k, v in headers.items()}))


def story(key: str) -> Story:
    return next(s for s in load_stories() if s.key == key)


def url_of(key: str) -> str:
    return BASES[story(key).outlet] + story(key).path


def page_text(answer: Answer, charset: str = "utf-8") -> str:
    tree = lxml.html.fromstring(answer.body.decode(charset))
    for gone in tree.xpath("//script|//style"):
        gone.drop_tree()
    return " ".join(tree.text_content().split())


def field(answer: Answer, name: str) -> str:
    return dict(answer.headers)[name]


def test_there_are_about_forty_articles_in_five_languages() -> None:
    outlets = load_outlets()
    articles = [s for s in load_stories() if s.page_type == "article"]
    assert len(articles) >= 40
    assert {outlets[s.outlet].language for s in articles} == {"en", "de", "zh", "ja", "ar"}
    assert outlets["mithal"].direction == "rtl"
    assert {s.page_type for s in load_stories()} == {
        "article",
        "live_blog",
        "gallery",
        "paywall",
        "bot_wall",
        "soft_404",
    }
    assert {s.json_ld for s in load_stories()} == {"full", "graph", "missing", "broken"}


def test_no_two_stories_share_a_path_or_a_headline() -> None:
    assert len({(s.outlet, s.path) for s in load_stories()}) == len(load_stories())
    assert (
        len({s.key for s in load_stories()})
        == len({(s.outlet, s.headline) for s in load_stories()})
        == len(load_stories())
    )


@pytest.mark.parametrize("moment", [MORNING, NEXT_MORNING])
def test_every_page_shows_its_headline_and_every_sentence_of_its_reading(moment: datetime) -> None:
    example = publisher(moment)
    for reading in truth.readings(moment, BASES):
        first = story(reading.key)
        if first.behaviour in ("flaky", "busy"):
            assert get(example, reading.url).status in (500, 503)
        shown = page_text(get(example, reading.url), reading.charset)
        for page in range(2, len(first.pages) + 1):
            shown += " " + page_text(get(example, f"{reading.url}?page={page}"))
        if reading.hijacked:
            continue
        assert " ".join(reading.headline.split()) in shown, reading.url
        missing = [sentence for sentence in reading.must if " ".join(sentence.split()) not in shown]
        assert not missing, reading.url


def test_a_reading_holds_none_of_the_words_that_must_not_be_in_it() -> None:
    for moment in (MORNING, NEXT_MORNING):
        for reading in truth.readings(moment, BASES):
            assert not [words for words in reading.must_not if words in reading.text], reading.url


def test_the_words_that_must_not_be_read_do_stand_on_the_page() -> None:
    example = publisher()
    for reading in truth.readings(MORNING, BASES):
        if reading.page_type == "article" and reading.outlet != "odd":
            shown = page_text(get(example, reading.url), reading.charset)
            shown += page_text(get(example, reading.url + "?page=2")) if "lamplighter" in reading.url else ""
            absent = [words for words in reading.must_not if words not in shown]
            assert not absent, reading.url


def test_one_rule_cannot_fit_all_the_headline_stands_in_many_places() -> None:
    example, places = publisher(), set()
    for key in ("ferry-timetable", "deich", "gudu", "tetsudo", "maktaba", "lighthouse-lottery", "peixun"):
        tree = lxml.html.fromstring(get(example, url_of(key)).body.decode())
        paragraph = next(e for e in tree.iter() if e.text and story(key).pieces[0].text[:20] in e.text)
        places.add((paragraph.tag, paragraph.get("class"), paragraph.getparent().get("class")))
    assert len(places) == 7


def test_the_gbk_page_says_gb2312_and_holds_characters_gb2312_lacks() -> None:
    answer = get(publisher(), url_of("gbk"))
    assert field(answer, "Content-Type") == "text/html; charset=gb2312"
    assert b'charset="gb2312"' in answer.body
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode("gb2312")
    assert "堃记面馆" in answer.body.decode("gb18030")


def test_arabic_pages_run_from_right_to_left() -> None:
    assert b'<html lang="ar" dir="rtl">' in get(publisher(), url_of("maktaba")).body


def test_json_ld_is_whole_in_a_graph_missing_or_broken() -> None:
    example = publisher()

    def scripts(key: str) -> list[str]:
        tree = lxml.html.fromstring(get(example, url_of(key)).body.decode())
        return tree.xpath('//script[@type="application/ld+json"]/text()')

    assert json.loads(scripts("casino-hearing")[0])["headline"] == story("casino-hearing").headline
    assert json.loads(scripts("ferry-timetable")[0])["@graph"][2]["@type"] == "NewsArticle"
    assert scripts("ferry-figures") == []
    with pytest.raises(json.JSONDecodeError):
        json.loads(scripts("bakery-coop")[0])


def test_a_story_of_three_pages_links_each_to_the_next() -> None:
    example, seen, path = publisher(), [], url_of("lamplighter-1")
    while path:
        tree = lxml.html.fromstring(get(example, path).body.decode())
        seen.append(path)
        links = tree.xpath('//link[@rel="next"]/@href')
        path = BASES["daily"] + links[0] if links else ""
    assert len(seen) == 3
    assert get(example, url_of("lamplighter-1") + "?page=4").status == 404


# --- listings ------------------------------------------------------------------------------------------------------


def test_every_feed_parses_and_lists_every_live_story() -> None:
    example = publisher()
    for key, outlet in load_outlets().items():
        live = {BASES[key] + s.path for s in example.live_stories(outlet)}
        for path in ("/rss.xml", "/atom.xml"):
            feed = feedparser.parse(get(example, BASES[key] + path).body)
            assert not feed.bozo, (key, path, feed.get("bozo_exception"))
            assert {entry.link.removesuffix("?utm_source=rss") for entry in feed.entries} == live
            assert all(entry.get("published_parsed") for entry in feed.entries)
        items = json.loads(get(example, BASES[key] + "/feed.json").body)["items"]
        assert {item["url"] for item in items} == live


def test_every_sitemap_parses_and_the_gzip_part_is_a_gzip_file() -> None:
    example = publisher()
    for key in load_outlets():
        index = lxml.etree.fromstring(get(example, BASES[key] + "/sitemap.xml").body)
        parts = index.xpath("//s:loc/text()", namespaces=SITEMAP)
        assert [part.rsplit("/", 1)[1] for part in parts] == ["sitemap-articles.xml.gz", "sitemap-news.xml"]
        zipped = get(example, parts[0])
        assert field(zipped, "Content-Type") == "application/gzip" and not zipped.coding
        urls = lxml.etree.fromstring(gzip.decompress(zipped.body)).xpath("//s:url/s:loc/text()", namespaces=SITEMAP)
        news = lxml.etree.fromstring(get(example, parts[1]).body)
        assert len(urls) == len(news.xpath("//n:title/text()", namespaces=SITEMAP)) > 0


def test_robots_forbids_one_folder_and_names_the_sitemaps() -> None:
    text = get(publisher(), BASES["daily"] + "/robots.txt").body.decode()
    assert "Disallow: /private/\n" in text and text.count("Sitemap: http://daily.example/") == 2
    assert get(publisher(), BASES["reinichi"] + "/robots.txt").status == 404


def test_the_front_page_links_stories_sections_and_the_forbidden_desk() -> None:
    tree = lxml.html.fromstring(get(publisher(), BASES["daily"] + "/").body.decode())
    links = set(tree.xpath("//a/@href"))
    assert {"/news/", "/private/desk", story("ferry-timetable").path} <= links
    assert tree.xpath('//link[@rel="alternate"]/@href') == ["/rss.xml", "/atom.xml"]


# --- the clock -----------------------------------------------------------------------------------------------------


def test_a_rewritten_story_has_a_new_headline_and_a_new_paragraph() -> None:
    example = publisher()
    before = get(example, url_of("ferry-timetable"))
    example.move_to(NEXT_MORNING)
    after = get(example, url_of("ferry-timetable"))
    assert "until midnight" in page_text(before) and "five minutes to midnight" in page_text(before)
    assert "until one o'clock" in page_text(after) and "five minutes to one" in page_text(after)
    assert field(before, "ETag") != field(after, "ETag")


def test_a_mended_typo_changes_one_letter_of_the_text() -> None:
    before, after = (
        next(r for r in truth.readings(moment, BASES) if r.key == "town-hall-clock")
        for moment in (MORNING, NEXT_MORNING)
    )
    assert len(after.text) - len(before.text) == 1 and before.headline == after.headline


def test_a_touched_story_has_other_bytes_and_the_same_text() -> None:
    example = publisher()
    before = get(example, url_of("bakery-coop")).body
    reading = next(r for r in truth.readings(MORNING, BASES) if r.key == "bakery-coop")
    example.move_to(NEXT_MORNING)
    later = next(r for r in truth.readings(NEXT_MORNING, BASES) if r.key == "bakery-coop")
    assert before != get(example, url_of("bakery-coop")).body
    assert (reading.text, reading.headline) == (later.text, later.headline)
    assert reading.modified is None and later.modified is not None


def test_one_story_disappears_and_one_is_withdrawn() -> None:
    example = publisher()
    assert [get(example, url_of(key)).status for key in ("ferry-figures", "hotel-withdrawn")] == [200, 200]
    example.move_to(NEXT_MORNING)
    assert [get(example, url_of(key)).status for key in ("ferry-figures", "hotel-withdrawn")] == [404, 410]
    assert story("ferry-figures").path not in get(example, BASES["daily"] + "/rss.xml").body.decode()


def test_new_stories_appear_in_every_paper_overnight() -> None:
    example = publisher()
    before = {key: len(example.live_stories(outlet)) for key, outlet in load_outlets().items()}
    fresh = {s.outlet for s in load_stories() if MORNING < s.published <= NEXT_MORNING}
    assert fresh == set(before) - {"odd"}
    assert get(example, url_of("bridge-inspection")).status == 404
    example.move_to(NEXT_MORNING)
    assert get(example, url_of("bridge-inspection")).status == 200
    assert story("bridge-inspection").path in get(example, BASES["daily"] + "/atom.xml").body.decode()


def test_the_sport_feed_goes_stale_while_the_section_goes_on() -> None:
    example = publisher()
    before = get(example, BASES["daily"] + "/sport/atom.xml")
    example.move_to(NEXT_MORNING)
    assert get(example, BASES["daily"] + "/sport/atom.xml").body == before.body
    assert story("chess-ferry").path in get(example, BASES["daily"] + "/sport/").body.decode()
    assert get(example, BASES["daily"] + "/sport/atom.xml", if_none_match=field(before, "ETag")).status == 304


# --- the hijack ----------------------------------------------------------------------------------------------------


def test_before_its_hour_no_page_of_the_trade_paper_names_the_brand() -> None:
    example = publisher(NEXT_MORNING - timedelta(hours=11))
    for s in load_stories():
        if s.outlet == "gongyou":
            assert BRAND.encode() not in get(example, BASES["gongyou"] + s.path).body


def test_after_its_hour_the_brand_is_in_title_breadcrumb_headline_text_and_footer() -> None:
    tree = lxml.html.fromstring(get(publisher(NEXT_MORNING), url_of("peixun")).body.decode())
    assert tree.findtext(".//title") == TITLE
    for where in ('//div[@class="wz"]', "//h1", '//div[@class="nr"]', '//table[@class="di"]'):
        assert BRAND in tree.xpath(where)[0].text_content(), where
    assert f'document.title="{TITLE}"' in "".join(tree.xpath("//script/text()"))
    hidden = {link.split("/")[2] for link in tree.xpath("//a/@href") if link.startswith("http://")}
    assert len(hidden) >= 5
    text = tree.xpath('//div[@class="nr"]')[0].text_content()
    reading = next(r for r in truth.readings(NEXT_MORNING, BASES) if r.key == "peixun")
    assert reading.hijacked and text.count(BRAND) == reading.injected >= 15


def test_some_pages_of_the_hijacked_paper_are_never_hit() -> None:
    spared = [s for s in load_stories() if s.never_hijacked]
    assert len(spared) == 2
    for s in spared:
        assert BRAND.encode() not in get(publisher(NEXT_MORNING), BASES["gongyou"] + s.path).body


def test_an_honest_story_about_a_casino_is_on_the_clean_paper() -> None:
    assert page_text(get(publisher(NEXT_MORNING), url_of("casino-hearing"))).lower().count("casino") >= 5
    assert not next(r for r in truth.readings(NEXT_MORNING, BASES) if r.key == "casino-hearing").hijacked


def test_the_agency_story_is_word_for_word_the_same_in_two_papers_with_its_credit() -> None:
    one, two = (story(key) for key in ("oyster-beds", "oyster-growers"))
    assert one.outlet != two.outlet and one.credit and two.credit
    assert [p for p in one.pieces if p.kind == "p"] == [p for p in two.pieces if p.kind == "p"]
    for s in (one, two):
        assert s.credit in page_text(get(publisher(), BASES[s.outlet] + s.path))


# --- HTTP ----------------------------------------------------------------------------------------------------------


def test_validators_differ_by_paper_and_bring_304() -> None:
    example, seen = publisher(), {}
    for s in load_stories():
        if s.behaviour or s.published > MORNING or s.page_type in ("bot_wall", "soft_404"):
            continue
        url = BASES[s.outlet] + s.path
        headers = dict(get(example, url).headers)
        seen[s.outlet] = (headers.get("ETag", "")[:2], "Last-Modified" in headers)
        if "ETag" in headers:
            again = get(example, url, if_none_match=headers["ETag"])
            assert again.status == 304 and not again.body and dict(again.headers)["ETag"] == headers["ETag"]
            assert get(example, url, if_none_match='"other"').status == 200
        elif "Last-Modified" in headers:
            assert get(example, url, if_modified_since=headers["Last-Modified"]).status == 304
    assert seen["bote"][0] == "W/" and seen["courier"] == ("", True) and seen["shili"] == ("", False)
    assert seen["daily"][1] and seen["mithal"][0].startswith('"')


def test_a_second_conditional_round_gets_mostly_304_and_the_status_the_truth_says() -> None:
    example, statuses = publisher(), []
    expected = [e for e in truth.expectations(BASES) if e.second_status]
    for e in expected:
        get(example, e.url)  # the first request of those that recover
    first = {e.url: {name.lower(): value for name, value in get(example, e.url).headers} for e in expected}
    example.move_to(NEXT_MORNING)
    for e in expected:
        asked = {
            header: first[e.url][field_name]
            for header, field_name in (("if_none_match", "etag"), ("if_modified_since", "last-modified"))
            if field_name in first[e.url]
        }
        statuses.append(get(example, e.url, **asked).status)
        assert statuses[-1] == e.second_status, e
    assert statuses.count(304) > len(statuses) / 2 and {200, 304, 404, 410} == set(statuses)


def test_a_paper_without_validators_sends_other_bytes_with_the_same_text_every_time() -> None:
    example = publisher()
    before = get(example, url_of("gudu")).body
    example.move_to(NEXT_MORNING)
    assert get(example, url_of("gudu")).body != before
    texts = [r.text for moment in (MORNING, NEXT_MORNING) for r in truth.readings(moment, BASES) if r.key == "gudu"]
    assert texts[0] == texts[1]


def test_the_page_that_fails_recovers_at_the_second_request() -> None:
    example = publisher()
    assert [get(example, url_of("flaky-bridge")).status for _ in range(3)] == [500, 200, 200]
    first, second = (get(example, url_of("busy-market")) for _ in range(2))
    assert (first.status, field(first, "Retry-After"), second.status) == (503, "1", 200)


def test_redirects_lead_where_they_should() -> None:
    example, odd = publisher(), BASES["odd"]
    at, statuses = odd + "/r/1", []
    while (answer := get(example, at)).status != 200:
        statuses.append(answer.status)
        target = field(answer, "Location")
        at = target if target.startswith("http") else odd + target
    assert statuses == [302, 301, 307] and at == url_of("odd-headers")
    assert get(example, odd + "/old/clock-winder").status == 301
    assert field(get(example, odd + "/r/loop"), "Location") == "/r/loop-back"


def test_every_address_of_the_fixed_list_has_an_expected_outcome() -> None:
    known = {expected.url for expected in truth.expectations(BASES)}
    assert {BASES["odd"] + path for path in ODD_PATHS} <= known
    assert len(known) == len(truth.expectations(BASES))


def test_expected_outcomes_agree_with_what_is_answered() -> None:
    for moment, number in ((MORNING, "first"), (NEXT_MORNING, "second")):
        example = publisher(moment)
        for expected in truth.expectations(BASES):
            kind, answer = getattr(expected, number), get(example, expected.url)
            if answer.status in (500, 503):
                answer = get(example, expected.url)
            if kind in ("stored", "unchanged", "changed", "part"):
                assert answer.status == 200, (number, expected)
            elif kind == "absent":
                assert answer.status == 404, (number, expected)
            elif kind == "moved":
                assert answer.status in (301, 302), (number, expected)


def test_every_link_on_every_page_leads_somewhere_but_to_what_is_gone() -> None:
    example = publisher(NEXT_MORNING)
    known_failures = {s.path for s in load_stories() if s.behaviour or any(change.status for change in s.changes)}
    for key, outlet in load_outlets().items():
        for path in (
            ["/"] + [f"/{section}/" for section in outlet.sections] + [s.path for s in example.live_stories(outlet)]
        ):
            answer = get(example, BASES[key] + path)
            tree = lxml.html.fromstring(answer.body.decode("gb18030" if b'"gb2312"' in answer.body else "utf-8"))
            links = {link for link in tree.xpath("//a/@href | //link/@href | //img/@src") if link.startswith("/")}
            dead = [link for link in links - known_failures if get(example, BASES[key] + link).status != 200]
            assert not dead, (key, path)


def test_the_hijacked_story_has_a_clean_copy_in_another_paper() -> None:
    assert story("zhuanzai").pieces == story("peixun").pieces and story("zhuanzai").outlet != story("peixun").outlet
    assert BRAND not in page_text(get(publisher(NEXT_MORNING), url_of("zhuanzai")))


def test_pages_of_the_house_are_pages_and_no_stories() -> None:
    stories = {BASES[s.outlet] + s.path for s in load_stories()}
    assert not stories & set(truth.furniture(BASES))
    assert all(get(publisher(), url).status == 200 for url in truth.furniture(BASES))


def test_two_publishers_asked_the_same_send_the_same_bytes() -> None:
    paths = [
        "/",
        "/rss.xml",
        "/atom.xml",
        "/feed.json",
        "/sitemap.xml",
        "/sitemap-articles.xml.gz",
        "/robots.txt",
        "/x",
    ]

    def everything() -> list[bytes]:
        example, sent = publisher(), []
        for moment in (MORNING, NEXT_MORNING):
            example.move_to(moment)
            for key in load_outlets():
                asked = paths + [s.path for s in load_stories() if s.outlet == key]
                requests = [Request("GET", path, {"accept-encoding": "gzip"}) for path in asked]
                sent += [encode(example.answer(key, request)) for request in requests]
        return sent

    assert everything() == everything()


def test_gzip_bodies_carry_no_time_so_tomorrows_are_the_same() -> None:
    answer = publisher().answer("daily", Request("GET", story("ferry-timetable").path, {"accept-encoding": "gzip"}))
    body = encode(answer).split(b"\r\n\r\n", 1)[1]
    assert body[:2] == b"\x1f\x8b" and body[4:8] == bytes(4)


def test_overnight_the_truth_has_two_changed_stories_and_the_hijacked_ones() -> None:
    changed = {e.url for e in truth.expectations(BASES) if (e.first, e.second) == ("stored", "changed")}
    hijacked = {url_of(key) for key in ("peixun", "shitang", "hanjie")}
    assert changed == {url_of("ferry-timetable"), url_of("town-hall-clock")} | hijacked
    assert truth.moved_between("touch") == ["bakery-coop"]
    assert set(truth.moved_between("gone")) == {"ferry-figures", "hotel-withdrawn"}


def test_odd_headers_keep_case_doubles_latin_1_and_an_empty_value() -> None:
    head = encode(get(publisher(), url_of("odd-headers"))).split(b"\r\n\r\n")[0]
    assert b"X-Redakteur: J\xf6rg M\xfc\xdfig" in head and b"cOnTeNt-tYpE: text/html" in head
    assert b"X-Served-By: press-1\r\nX-SERVED-BY: press-2" in head and b"\r\nX-Empty: " in head


def test_a_post_is_not_allowed_and_head_has_no_body() -> None:
    example = publisher()
    assert example.answer("daily", Request("POST", "/")).status == 405
    page = example.answer("daily", Request("HEAD", story("ferry-timetable").path))
    assert (
        encode(page, "HEAD").endswith(b"\r\n\r\n") and encode(replace(page, coding=""), "HEAD").count(b"\r\n\r\n") == 1
    )


def test_moments_are_in_the_past_and_a_day_apart() -> None:
    assert MORNING + timedelta(days=1) == NEXT_MORNING and MORNING.tzinfo is UTC
    assert all(s.published <= NEXT_MORNING for s in load_stories())
