"""The promises of `extract`: pure, whole, bounded, and never raising for any bytes."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.extract import EXTRACTOR_VERSION, config_hash, extract
from archive.extract.charset.decoding import decode, whatwg_name
from archive.extract.duplicates import distance, simhash
from archive.model import TEXT_LABELS, Page

ROOT = Path(__file__).parents[3]
STORY = (
    "The town council voted on Tuesday evening to reopen the old swimming baths beside the river, ending a dispute that has lasted "
    "almost four years. Repairs will cost about three million pounds, and the first swimmers should be let in next spring."
)


def page(body: str, url: str = "https://daily.example/a") -> Page:
    return Page(url=url, body=body.encode())


@given(st.binary(max_size=600))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_give_an_extraction(body: bytes) -> None:
    extraction = extract(Page(url="https://daily.example/a", body=body))
    assert extraction.article.text == "" or extraction.blocks


def test_the_text_is_exactly_the_kept_body_blocks() -> None:
    extraction = extract(
        page(
            f"<html lang=en><article><h1>Baths</h1><p>{STORY}</p><p>{STORY[:140]}</p></article><footer>Imprint</footer>"
        )
    )
    kept = [" ".join(block.text.split()) for block in extraction.blocks if block.label in TEXT_LABELS]
    assert extraction.article.text == "\n".join(kept) != ""


def test_every_visible_character_is_in_a_block() -> None:
    extraction = extract(page("<body>loose <b>words</b><div>one<p>two</p>three</div><table><tr><td>four</table>five"))
    assert "".join(block.text.replace(" ", "") for block in extraction.blocks) == "loosewordsonetwothreefourfive"


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="thorough"):
        extract(page("x"), profile="thorough")


def test_version_and_profile_decide_the_config_hash() -> None:
    assert "trafilatura" in EXTRACTOR_VERSION
    assert config_hash("balanced") != config_hash("recall")
    assert config_hash("balanced") == config_hash("balanced")


def test_outlinks_are_absolute_and_unique() -> None:
    links = extract(
        page('<a href="/b">b</a><a href="b#x">b</a><a href="mailto:a@b.example">m</a><a href="http://[bad">x</a>')
    ).outlinks
    assert links == ("https://daily.example/b",)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("deep", b"<div>" * 30_000 + STORY.encode() + b"</div>" * 30_000),
        ("wide", b"<p>a</p>" * 150_000),
        ("large", b"<article><p>" + STORY.encode() * 60_000 + b"</p></article>"),
        ("unclosed", b"<a href=x><b><i>" * 20_000),
        ("attributes", b"<p " + b" ".join(b"a%d=1" % i for i in range(50_000)) + b">x</p>"),
        ("breaks", b"<br>" * 100_000),
        ("spaces", b"<p>" + b" \n" * 1_000_000 + b"x</p>"),
        ("scripts", b"<script type=application/ld+json>" + b"[" * 100_000 + b"</script>"),
        ("noscripts", b"<noscript><b>a</b></noscript>" * 30_000),
        ("objects", b"<object><b>a</b>" * 20_000),
        ("hidden", b"<div hidden>a" * 20_000),
        ("dates", b"<time>2024-01-01</time>" * 30_000),
    ],
)
def test_a_hostile_page_costs_seconds_not_minutes(name: str, body: bytes) -> None:
    begun = time.process_time()
    extraction = extract(Page(url="https://daily.example/a", body=body))
    assert time.process_time() - begun < 6
    if name in ("deep", "wide", "large"):
        assert extraction.warnings


@pytest.mark.parametrize(
    ("label", "name"),
    [("gb2312", "gb18030"), ("GBK", "gb18030"), ("latin1", "windows-1252"), ("ks_c_5601-1987", "euc-kr"), ("sjis", "shift_jis"),
     ("x-sjis", "shift_jis"), ("big5-hkscs", "big5"), ("utf8", "utf-8"), ("cp1251", "windows-1251"), ("nonsense", None)],
)  # fmt: skip
def test_labels_mean_what_the_web_says(label: str, name: str | None) -> None:
    assert whatwg_name(label) == name


def test_a_cut_utf8_page_is_still_utf8() -> None:
    assert decode("Grüße aus Köln, schöne Grüße".encode()[:-1] + "ü".encode()[:1]).charset == "utf-8"


def test_near_duplicates_are_near_and_others_far() -> None:
    changed = STORY.replace("Tuesday", "Monday")
    other = "The bakery on the corner turns one hundred this week and invites all its customers to a large breakfast in the street."
    assert distance(simhash(STORY), simhash(STORY)) == 0
    assert distance(simhash(STORY), simhash(changed)) <= 12
    assert distance(simhash(STORY), simhash(other)) > 16
    assert simhash("") == 0


def test_the_worker_speaks_the_benchmark_protocol(tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    file.write_bytes(f"<html lang=en><article><h1>Old baths to reopen</h1><p>{STORY}</p></article>".encode())
    request = json.dumps({"id": "a", "path": str(file), "url": "https://daily.example/a"}) + "\n"
    done = subprocess.run(
        [sys.executable, "-m", "archive.extract.worker"],
        input=request,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert (answer["id"], answer["title"], answer["language"]) == ("a", "Old baths to reopen", "en")
    assert answer["text"] == STORY


def test_a_reading_leaves_nothing_for_the_garbage_collector() -> None:
    """Reading processes let the collector wait: what a page took must be free without it."""
    body = (ROOT / "tests/pages/live-blog/page.html").read_bytes()
    extract(Page("https://daily.example/live", body))
    gc.collect()
    gc.disable()
    try:
        for number in range(5):
            extract(Page(f"https://daily.example/{number}", body))
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_long_page_about_nothing_but_consent_is_no_article() -> None:
    partner = "<p>Our partner number {} stores cookies on your device and asks for your consent to tracking by each partner.</p>"
    asked = "".join(partner.format(number) for number in range(40))
    begins = "<p>Cookies and consent: we value your privacy.</p>"
    assert extract(page(f"<body><h1>Privacy</h1>{begins}{asked}")).article.page_type == "consent"
    told = f"<p>{STORY}</p>"
    assert extract(page(f"<body><h1>Baths</h1>{told}{begins}{asked}")).article.page_type != "consent"
