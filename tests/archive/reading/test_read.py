"""Reading captures from a WARC, and judging what was read."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from archive.archive import open_archive
from archive.catalog import articles, captures, revisions
from archive.errors import NotFound
from archive.folder.store import LocalStore
from archive.model import Article, Extraction, Moment, ReadingRules
from archive.reading.acceptance import judge, readable
from archive.reading.read import ReadJob, job_of, load_kept, read_capture
from archive.reading.readers import read_many
from archive.reading.recording import RecordWriter
from tests.archive import small_archive
from tests.archive.small_archive import START, Step, crawl, opened, page

LONG = "word " * 60
EXTRACTION = Extraction(
    article=Article(headline="H", text=LONG, language="en"),
    blocks=(),
    origins={},
    charset="utf-8",
    charset_from="http",
    tool="pressmark",
    version="1",
    profile="balanced",
    config_hash="0",
)


def read_as(text: str = LONG, *, kind="article", declares=False, language="en", dated=False) -> Extraction:
    date = Moment(START, "day") if dated else None
    article = Article(headline="H", text=text, language=language, page_type=kind, date_published=date)
    return replace(EXTRACTION, article=article, declares_article=declares)


def reason(extraction: Extraction, languages=(), **rules) -> str | None:
    outcome = judge(extraction, ReadingRules(**rules), languages)
    assert outcome is None or outcome.kind == "skipped"
    return outcome.reason if outcome else None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("bot_wall", "bot_wall"), ("consent", "consent"), ("soft_404", "soft_404"), ("empty", "empty_extraction")],
)
def test_a_wall_is_never_an_article_whatever_it_declares(kind, expected):
    assert reason(read_as(kind=kind, declares=True)) == expected


def test_a_page_without_text_gives_no_record():
    assert reason(read_as("  \n ", declares=True)) == "empty_extraction"
    assert reason(read_as("", kind="paywall", declares=True)) == "paywall"


def test_a_paywalled_teaser_with_text_is_stored():
    assert reason(read_as("Only the first sentence is free.", kind="paywall", declares=True)) is None


def test_a_page_that_declares_itself_an_article_is_never_too_short():
    assert reason(read_as("Two words", declares=True)) is None
    assert reason(read_as("Two words", kind="section", declares=True)) is None


def test_an_undeclared_page_needs_words_and_must_not_be_a_section():
    assert reason(read_as("Two words")) == "too_short"
    assert reason(read_as("Two words"), min_words=2) is None
    assert reason(read_as(kind="section")) == "not_article"


def test_chinese_counts_two_characters_as_a_word():
    assert reason(read_as("长" * 99, language="zh")) == "too_short"
    assert reason(read_as("长" * 100, language="zh")) is None


def test_the_source_says_which_languages_it_wants():
    assert reason(read_as(language="en"), ("de", "fr")) == "wrong_language"
    assert reason(read_as(language="zh"), ("zh-Hant",)) is None
    assert reason(read_as(language=None), ("de",)) is None


def test_a_date_can_be_required():
    assert reason(read_as(), require_date=True) == "no_date"
    assert reason(read_as(dated=True), require_date=True) is None


def test_only_html_that_came_well_is_read():
    assert readable(200, "text/html", 10) is None
    assert readable(200, None, 10) is None
    assert readable(404, "text/html", 10).reason == "http_error"
    assert readable(None, None, 10).reason == "http_error"
    assert readable(200, "application/pdf", 10).reason == "mime"
    assert readable(200, "text/html", 0).reason == "empty_extraction"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("news")
    return small_archive.build(root)


def test_a_job_can_be_sent_to_another_process_and_needs_no_bytes(built):
    with open_archive(built) as archive:
        capture = captures.of_url(archive.catalog, "https://news.example/2026/harbour")[0]
        job = job_of(archive, capture, ReadingRules())
    sent = pickle.dumps(job)
    assert len(sent) < 1000
    reading = read_capture(pickle.loads(sent))
    assert reading.extraction.article.headline == "Norden dredges its harbour"
    assert pickle.loads(pickle.dumps(reading)) == reading
    assert reading.fetched_at == capture.fetched_at


def test_what_the_listing_claimed_is_read_from_the_warc_alone(built):
    with open_archive(built) as archive:
        capture = captures.of_url(archive.catalog, "https://news.example/2026/river")[0]
        kept = load_kept(job_of(archive, capture, ReadingRules()))
    found = kept.discovery
    assert found.via == small_archive.RSS and found.found_by == "feed" and found.source == "news"
    assert kept.page.claims.rank == 1
    assert kept.page.seen_at == capture.fetched_at


def test_a_revisit_is_read_from_the_record_it_refers_to(built):
    with open_archive(built) as archive:
        first, revisit = captures.of_url(archive.catalog, "https://news.example/2026/river")
        assert revisit.record_type == "revisit"
        one = load_kept(job_of(archive, first, ReadingRules())).page
        other = load_kept(job_of(archive, revisit, ReadingRules())).page
        assert other.body == one.body and other.http_charset == "utf-8"
        with pytest.raises(NotFound, match="revisit"):
            read_capture(ReadJob(str(archive.root), revisit.warc_file, revisit.warc_offset))


def test_reading_over_processes_gives_the_same_and_keeps_errors_in_their_place(built):
    with open_archive(built) as archive:
        found = captures.of_url(archive.catalog, "https://news.example/2026/harbour")
        jobs = [job_of(archive, capture, ReadingRules()) for capture in found]
    jobs.insert(1, replace(jobs[0], offset=3))
    alone = read_many(jobs)
    assert isinstance(alone[1], Exception)
    assert [one.extraction.article.text.count("six") for one in (alone[0], alone[2])] == [0, 1]


def test_a_file_still_being_written_can_be_read(tmp_path):
    with opened(tmp_path) as archive:
        crawl(archive, [Step("https://news.example/a", page("A", LONG))], close=False)
        assert archive.store.open_files()
        capture = captures.latest(archive.catalog, "https://news.example/a")
        assert read_capture(job_of(archive, capture, ReadingRules())).extraction.article.text.startswith("word")


def test_records_lie_beside_the_file_they_were_read_from(built, tmp_path):
    with open_archive(built) as archive:
        row = articles.list_articles(archive.catalog)[0]
        record = revisions.record_of(archive.catalog, row.article_id)
    writer = RecordWriter(LocalStore(tmp_path))
    for number in range(6):  # more files than are kept open
        name = writer.append(f"warc/2026/11/2{number}/x.warc.gz", record)
        assert name == f"records/2026/11/2{number}/x.jsonl"
        writer.append("warc/2026/11/20/x.warc.gz", record)
    writer.close()
    assert len((tmp_path / "records/2026/11/20/x.jsonl").read_bytes().splitlines()) == 7
    assert writer.written["records/2026/11/25/x.jsonl"] == 1


def test_an_article_whose_file_is_gone_is_an_error_with_its_name(built, tmp_path):
    shutil.copytree(built.root, tmp_path / "copy")
    job = ReadJob(str(tmp_path / "copy"), "warc/2026/11/22/none.warc.gz", 0)
    with pytest.raises(NotFound, match="none"):
        read_capture(job)


def test_a_revisit_of_a_revisit_is_read_from_the_record_with_the_payload(tmp_path):
    body = page("A", LONG)
    url = "https://news.example/a"
    with opened(tmp_path) as archive:
        for hours, step in enumerate((Step(url, body), Step(url, status=304), Step(url, status=304))):
            crawl(archive, [step], START + timedelta(hours=hours))
        *_, before, last = captures.of_url(archive.catalog, url)
        assert last.refers_to == before.record_id and before.record_type == "revisit"
        assert load_kept(job_of(archive, last, ReadingRules())).page.body == body
