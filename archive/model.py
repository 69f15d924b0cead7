"""The nouns of Pressmark, as frozen values; standard library only.

In the order a page travels: Source → Discovery → Exchange → Capture → Page → Extraction (Article, Blocks) →
Revision; and the Outcome every URL ends with, the Run that did it. Times are aware datetimes in UTC unless a
field says otherwise. "Unknown" is None; empty text means the page said nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from archive.http.wire import Wire

SourceKind = Literal["auto", "feed", "sitemap", "section", "crawl", "urls"]
FoundBy = Literal[
    "seed",
    "feed",
    "sitemap",
    "news-sitemap",
    "section",
    "link",
    "redirect",
    "urls",
    "page",
    "requisite",
    "next_page",
]
Truncation = Literal["length", "time", "disconnect"]
OutcomeKind = Literal["stored", "unchanged", "listed", "kept", "moved", "skipped", "failed"]
PageType = Literal[
    "article",
    "live_blog",
    "section",
    "gallery",
    "video",
    "audio",
    "paywall",
    "consent",
    "bot_wall",
    "soft_404",
    "empty",
]
Precision = Literal["year", "month", "day", "minute", "second"]
Label = Literal[
    "headline", "standfirst", "byline", "dateline", "body", "subheading", "quote", "list", "table", "caption",
    "chrome", "nav", "footer", "related", "promo", "newsletter", "consent", "paywall-notice", "ad", "sponsored",
    "affiliate", "comment", "legal", "hidden", "injected", "duplicate",
]  # fmt: skip
KEPT_LABELS: frozenset[str] = frozenset(
    ("headline", "standfirst", "byline", "dateline", "body", "subheading", "quote", "list", "table", "caption")
)
TextKind = Literal["standfirst", "body", "subheading", "quote", "list", "table"]
TEXT_LABELS: frozenset[str] = frozenset(get_args(TextKind))  # what `text` is made of
LISTED = "listed word "  # so begins a reason for which a word list is all there is


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """What a source asks of a page before it is stored as an article. `min_words` counts characters / 2 for CJK."""

    profile: Literal["precision", "balanced", "recall"] = "balanced"
    min_words: int = 50
    require_date: bool = False


@dataclass(frozen=True, slots=True)
class ReadingLists:
    """Paths of the lists a user names in [reading]; workers read them."""

    filters: tuple[str, ...] = ()  # in EasyList's syntax
    words: tuple[str, ...] = ()  # a term a line; they only make pages suspect


NO_LISTS = ReadingLists()


@dataclass(frozen=True, slots=True)
class LinkRules:
    """Which links of a section page are followed: a CSS selector (None: our own choice) and how many at most."""

    css: str | None = None
    max: int = 200


@dataclass(frozen=True, slots=True)
class Source:
    """A publication we watch, as written in sources.toml (schema.org NewsMediaOrganization)."""

    name: str
    kind: SourceKind
    urls: tuple[str, ...]  # home, feeds, sitemaps, sections or seeds, by kind; the fixed list for "urls"
    schedule: str = "every 1h"
    delay_seconds: float = 2.0
    languages: tuple[str, ...] = ()  # BCP-47 primary subtags; empty keeps all
    capture: Literal["html", "requisites"] = "html"
    include: tuple[str, ...] = ()  # regular expressions searched in the URL; empty includes all
    exclude: tuple[str, ...] = ()
    since_seconds: float | None = None  # listings' entries older than this are left
    depth: int = 1
    limit: int | None = None  # articles per run
    same_host: Literal["host", "subdomains", "list"] = "subdomains"
    hosts: tuple[str, ...] = ()  # further hosts that belong to the source
    recheck_seconds: tuple[float, ...] = ()  # ages at which an article is looked at again; empty: never
    recheck_limit: int = 200  # articles looked at again per run
    links: LinkRules = LinkRules()
    extract: ReadingRules = ReadingRules()
    tags: tuple[str, ...] = ()
    language: str | None = None
    paused: bool = False
    line: int | None = None  # where it stands in sources.toml


@dataclass(frozen=True, slots=True)
class Claims:
    """What a listing says of a page before we saw it; kept as claims, never as facts."""

    title: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    language: str | None = None
    rank: int | None = None  # 0 is the first entry of the listing
    link: str | None = None  # the address as linked, where our canonical one leaves parameters out


@dataclass(frozen=True, slots=True)
class Discovery:
    """A URL seen in a listing at a time. `url` is canonical (archive.urls.canonical_url).

    One `found_by` "requisite" is a file that a page shows itself with: kept, and never read as a page. One found by
    "next_page" is a further page of an article, `via` the one before it: kept, and read as a part of that article.
    """

    url: str
    source: str
    found_by: FoundBy
    found_at: datetime
    via: str | None = None  # the page it was found in; WARC metadata `via`
    depth: int = 0  # hops from the seed; WARC metadata `hopsFromSeed`
    is_listing: bool = False
    claims: Claims = Claims()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request and its response, byte for byte as sent and received on the connection.

    `response` holds the bytes of the final response only (1xx heads go to `interim`); it is empty when none came.
    `notes` say why bytes are not complete or were moved, e.g. "interim 103 moved to metadata".
    """

    target_uri: str
    method: str
    started_at: datetime
    fetch_ms: int
    request: bytes
    response: Wire
    interim: tuple[bytes, ...] = ()
    ip_address: str | None = None
    protocols: tuple[str, ...] = ("http/1.1",)  # WARC-Protocol values: "http/1.1", "tls/1.3"
    cipher: str | None = None
    truncated: Truncation | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capture:
    """An exchange kept: one CDXJ line. `warc_file` is relative to the archive's root and without ".open"."""

    record_id: str  # "<urn:uuid:…>"
    record_type: Literal["response", "revisit"]
    target_uri: str
    urlkey: str
    fetched_at: datetime
    status: int | None  # None where the response has no status line
    media_type: str | None  # lower case, without parameters
    payload_digest: str | None  # "sha1:BASE32" of the transfer-decoded, content-encoded entity
    payload_bytes: int
    warc_file: str
    warc_offset: int
    warc_length: int
    archive: str  # name of the archive that holds the file
    run: str
    source: str | None = None
    truncated: Truncation | None = None
    refers_to: str | None = None  # for a revisit: the record with the payload
    etag: str | None = None
    last_modified: str | None = None
    wire_exact: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """What a reading starts from: the content-decoded body of a capture and what came with it."""

    url: str
    body: bytes
    http_charset: str | None = None
    media_type: str = "text/html"
    http_last_modified: str | None = None
    seen_at: datetime | None = None  # no date on the page can be later; None: no bound
    claims: Claims = Claims()


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the page in document order, with why it is in the text or not."""

    text: str
    label: Label
    rule: str  # the rule that gave the label, e.g. "link-density"
    evidence: str = ""  # what the rule saw, e.g. "0.92 > 0.5"
    path: str = ""  # tag path, e.g. "html/body/nav/ul"

    @property
    def kept(self) -> bool:
        return self.label in KEPT_LABELS


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    url: str
    caption: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a field's value came from ("json-ld", "og:title", "body"), how sure we are, and what lost."""

    value_from: str
    confidence: float  # 0 … 1
    losers: tuple[tuple[str, str], ...] = ()  # (value, value_from)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date a page gives. `at` keeps the page's own offset; `zone_from` says whether the zone was stated."""

    at: datetime
    precision: Precision
    zone_from: Literal["stated", "assumed"] = "stated"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a live blog. `text` has one paragraph a line; `url` is its own address on the page."""

    at: Moment | None
    headline: str | None
    text: str
    authors: tuple[Author, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """An injected piece of text: offsets count characters of the raw text (kept blocks joined by newlines)."""

    raw: str
    start: int
    end: int
    injection_class: str
    evidence: tuple[str, ...]
    action: Literal["redacted", "dropped", "flagged", "normalised"]
    restored: str | None = None
    restored_from: str | None = None


@dataclass(frozen=True, slots=True)
class Integrity:
    verdict: Literal["clean", "suspect", "hijacked"] = "clean"
    reasons: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()

    @property
    def shown(self) -> str:
        """What the page itself shows: the verdict without what only a word list says."""
        return shown_verdict(self.verdict, self.reasons)


def shown_verdict(verdict: str, reasons: Sequence[str]) -> str:
    """A verdict without what only a word list says: no word makes a page a worse witness for others."""
    others = [reason for reason in reasons if not reason.startswith(LISTED)]
    return "clean" if verdict == "suspect" and reasons and not others else verdict


@dataclass(frozen=True, slots=True)
class Article:
    """What a page says: schema.org NewsArticle in snake_case. `text` has one paragraph a line, NFC."""

    headline: str | None = None
    description: str | None = None
    text: str = ""
    authors: tuple[Author, ...] = ()
    publisher: str | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    date_published: Moment | None = None
    date_modified: Moment | None = None
    language: str | None = None  # BCP-47 primary subtag
    language_declared: str | None = None
    language_confidence: float | None = None
    images: tuple[Image, ...] = ()
    canonical_url: str | None = None
    amp_url: str | None = None
    is_accessible_for_free: bool | None = None
    license: str | None = None
    republished_from: str | None = None
    page_type: PageType = "article"
    entries: tuple[Entry, ...] = ()  # of a live blog, in the page's order; their words stand in `text` too


@dataclass(frozen=True, slots=True)
class Extraction:
    """One reading of one page by one extractor version. The same page, evidence and version give the same value."""

    article: Article
    blocks: tuple[Block, ...]
    origins: Mapping[str, Origin]
    charset: str  # WHATWG name
    charset_from: str  # "http" | "bom" | "meta" | "detected" | "default"
    tool: str  # "pressmark"
    version: str  # of the extractor, e.g. "1 (trafilatura 2.3.1)"
    profile: str
    config_hash: str
    integrity: Integrity = Integrity()
    text_marked: str | None = None  # text with injected tokens in ⟦…⟧; None where there are none
    next_page: str | None = None  # of a multi-page article
    outlinks: tuple[str, ...] = ()
    title_parts: tuple[str, ...] = ()  # of <title> as served
    doubts: tuple[Span, ...] = ()  # what only one kind of evidence speaks against; left in the text, for the profile
    site_profile: str | None = None  # digest of the site's profile it was read with
    compared_with: tuple[str, ...] = ()  # record ids of the captures whose texts it was compared with
    declares_article: bool = False  # the page itself says it is an article (JSON-LD type, og:type)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """The n-th distinct text of a story under one extractor version."""

    article_id: str
    number: int  # from 1
    content_hash: str
    simhash: int
    extractor: str  # version + profile + config hash; revisions of different extractors are not compared
    record_id: str  # of the capture it was read from
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a URL, with a machine-readable reason. See docs/outcomes.md for the reasons."""

    kind: OutcomeKind
    reason: str | None = None  # e.g. "robots", "offsite", "http_error", "timeout"; None for stored
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """What was found out about a known article besides a new text; kinds are in archive/revisions/watch.py."""

    url: str
    at: datetime
    kind: str  # "gone", "returned", "unstable", ...
    detail: Mapping[str, str] = field(default_factory=dict)
    article_id: str | None = None
    source: str | None = None
    before: str | None = None  # record id of the capture that shows the page as it was
    after: str | None = None  # of the one that shows what happened; None where there is none (robots.txt, DNS)
    run: str | None = None


@dataclass(frozen=True, slots=True)
class ListingState:
    """What was learned of a listing by asking it: how often it is asked next, and whether its server can be believed.

    Written to the run's log after each asking, and from there to the catalog.
    """

    url: str
    source: str
    asked_at: datetime
    interval_seconds: float
    failures: float = 0.0  # weight of the failures since its last answer
    ttl_seconds: float | None = None
    polls: int = 0  # answers so far
    entries: int = 0  # when it was read last
    new: int = 0  # of them, how many we did not know
    body_digest: str | None = None  # of the content-decoded body read last
    read_at: datetime | None = None  # when that was; later answers said the same
    not_modified: int = 0  # 304 answers in a row since the last whole one
    proofs: int = 0  # times a whole answer after such ones was looked at
    idle_etags: int = 0  # whole answers in a row with a new ETag and the old bytes


@dataclass(frozen=True, slots=True)
class Distrust:
    """A host whose 304 was a lie: until then it is asked without conditions."""

    host: str
    at: datetime
    until: datetime
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a command that writes."""

    run_id: str  # "2026-11-22T07-20-11"
    kind: str  # "crawl", "fetch", "extract"; "schedule" (a worker), "skipped" and "missed" (what was not done)
    started_at: datetime
    command: str
    version: str
    settings_digest: str
    pid: int
    host: str
    heartbeat_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    reason: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
