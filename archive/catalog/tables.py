"""The tables. All of it can be made again from the files, so there are no migrations: another version is a rebuild.

In the order data arrives: archives; urls with their hosts, queues and listings (the frontier); captures; articles and
revisions with their fingerprints; site profiles; events; runs. The search index is made in search.py.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    literal_column,
    text,
)

from archive.catalog.columns import Json, Key, UtcTime, Words

LISTING, ARTICLE, RECHECK, REQUISITE = PRIORITIES = 0, 1, 2, 3  # of URLs: lower goes first
SCHEMA_VERSION = 5  # raise it with every change here, in columns.py or in search.segment

metadata = MetaData()

meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

archives = Table(
    "archives",
    metadata,
    Column("name", Key, primary_key=True),
    Column("root", Words, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)

# Every URL ever seen. `state` is "due" (from due_at on), "leased" or "done".
urls = Table(
    "urls",
    metadata,
    Column("url", Key, primary_key=True),  # columns.bounded(url)
    Column("long_url", Words),  # the whole of it where `url` is not
    Column("urlkey", Key, nullable=False),
    Column("host", Key, nullable=False),
    Column("source", Key, nullable=False),
    Column("is_listing", Boolean, nullable=False),
    Column("found_by", Text, nullable=False),
    Column("via", Words),
    Column("depth", Integer, nullable=False),
    Column("claims", Json),
    Column("claimed_modified", UtcTime),  # of claims: compared when a listing names the URL again
    Column("found_at", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),  # when a listing last named it; a time, so that it never grows
    Column("state", Text, nullable=False),
    Column("due_at", UtcTime),
    Column("priority", Integer, nullable=False),  # one of PRIORITIES
    Column("leased_by", Key),
    Column("leased_until", UtcTime),
    Column("leased_run", Key),
    Column("attempts", Integer, nullable=False),  # leases since the last outcome
    Column("outcome_kind", Text),
    Column("outcome_reason", Key),
    Column("outcome_detail", Json),
    Column("outcome_at", UtcTime),
    Column("run", Key),
    Column("article_id", Key),
    Column("watch", Json),  # archive.revisions.watch, of what has an article
    # Of its last good capture, for conditional requests and revisits:
    Column("etag", Words),
    Column("last_modified", Words),
    Column("record_id", Key),
    Column("payload_digest", Key),
    Column("captured_at", UtcTime),
)


def _partial(name: str, condition: str, *columns: ColumnElement[object]) -> Index:
    """An index of only the rows that fulfil `condition`: few, however many URLs are done."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


# Conditions on states, as literals: with a parameter in its place a database may not see that a partial index fits.
IS_DUE, IS_LEASED, IS_DONE = (urls.c.state == literal_column(f"'{state}'") for state in ("due", "leased", "done"))


_partial("urls_due", "state = 'due'", urls.c.host, urls.c.source, urls.c.priority, urls.c.due_at)
_partial("urls_leased_until", "state = 'leased'", urls.c.leased_until)
_partial("urls_leased_by", "state = 'leased'", urls.c.leased_by, urls.c.host)
Index(
    "urls_listings",
    urls.c.source,
    sqlite_where=urls.c.is_listing == literal_column("1"),  # as SQLAlchemy writes `is_listing` for SQLite
    postgresql_where=urls.c.is_listing,
)
Index("urls_outcome", urls.c.source, urls.c.outcome_kind, urls.c.outcome_reason)
Index("urls_run", urls.c.run, urls.c.outcome_kind, urls.c.outcome_reason)
Index("urls_urlkey", urls.c.urlkey)
# For health. Of pages only, so that a database does not take it for questions about what is due or leased.
Index(
    "urls_found",
    urls.c.source,
    urls.c.found_at,
    sqlite_where=urls.c.is_listing == literal_column("0"),
    postgresql_where=~urls.c.is_listing,
)

# A host is leased to one worker at a time, so that politeness holds across workers.
hosts = Table(
    "hosts",
    metadata,
    Column("host", Key, primary_key=True),
    Column("leased_by", Key, index=True),
    Column("leased_until", UtcTime),
    Column("next_at", UtcTime),  # no lease before: the site asked us to wait
)

# What asking a listing taught: archive.model.ListingState. When it is due stands with its URL.
listings = Table(
    "listings",
    metadata,
    Column("url", Key, primary_key=True),
    Column("source", Key, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("interval_seconds", Float, nullable=False),
    Column("failures", Float, nullable=False),
    Column("ttl_seconds", Float),
    Column("polls", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("body_digest", Key),
    Column("read_at", UtcTime),
    Column("not_modified", Integer, nullable=False),
    Column("proofs", Integer, nullable=False),
    Column("idle_etags", Integer, nullable=False),
)

# The schedule under which the listings of a source got their times: where sources.toml says another, they get new ones.
plans = Table(
    "plans",
    metadata,
    Column("source", Key, primary_key=True),
    Column("schedule", Words, nullable=False),
)

# Hosts whose 304 was a lie: archive.model.Distrust, the last of each.
distrust = Table(
    "distrust",
    metadata,
    Column("host", Key, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("url", Words, nullable=False),
    Column("reason", Words, nullable=False),
)

# Who asks for leases, so that they can share the hosts.
workers = Table(
    "workers",
    metadata,
    Column("worker", Key, primary_key=True),
    Column("alive_until", UtcTime, nullable=False),
)

# One row per host and source with something due: what a worker looks at, instead of all due URLs.
# `due_at` may be too early (a look finds nothing and corrects it), never too late.
queues = Table(
    "queues",
    metadata,
    Column("host", Key, nullable=False),
    Column("source", Key, nullable=False),
    Column("due_at", UtcTime),
    Column("served_at", UtcTime),
    PrimaryKeyConstraint("host", "source"),
)

captures = Table(
    "captures",
    metadata,
    Column("record_id", Key, primary_key=True),
    Column("record_type", Text, nullable=False),
    Column("target_uri", Words, nullable=False),
    Column("urlkey", Key, nullable=False),
    Column("fetched_at", UtcTime, nullable=False),
    Column("status", Integer),
    Column("media_type", Words),
    Column("payload_digest", Key),
    Column("payload_bytes", BigInteger, nullable=False),
    Column("warc_file", Key, nullable=False),
    Column("warc_offset", BigInteger, nullable=False),
    Column("warc_length", BigInteger, nullable=False),
    Column("archive", Key, nullable=False),
    Column("run", Key, nullable=False),
    Column("source", Key),
    Column("truncated", Text),
    Column("refers_to", Key),
    Column("etag", Words),
    Column("last_modified", Words),
    Column("wire_exact", Boolean, nullable=False),
)
Index("captures_urlkey", captures.c.urlkey, captures.c.fetched_at)
Index("captures_file", captures.c.archive, captures.c.warc_file, captures.c.warc_offset)
_partial(
    "captures_payload",
    "record_type = 'response' AND status = 200 AND truncated IS NULL",
    captures.c.payload_digest,
    captures.c.fetched_at,
)

# One row per story; what lists and filters show is of its current revision (the last seen).
articles = Table(
    "articles",
    metadata,
    Column("article_id", Key, primary_key=True),
    Column("url", Words, nullable=False),
    Column("urlkey", Key, nullable=False, unique=True),
    Column("source", Key),
    Column("headline", Words),
    Column("authors", Words),
    Column("language", Key),
    Column("section", Key),
    Column("page_type", Text),
    Column("date_published", UtcTime),
    Column("listed_at", UtcTime, nullable=False),  # date_published or first_seen: the order of lists
    Column("words", Integer),
    Column("reserved", Words),  # archive.records.rights.reserved, of the capture it shows
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("extractor", Key, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("run", Key),
    Column("search_row", BigInteger),  # of the FTS5 index; NULL in PostgreSQL
)
# With all that choosing and sorting the hits of a common word needs; the rows themselves are read of those shown alone.
_partial(
    "articles_found", "search_row IS NOT NULL",
    articles.c.search_row, articles.c.listed_at, articles.c.article_id, articles.c.source, articles.c.language,
)  # fmt: skip
Index("articles_listed", articles.c.listed_at, articles.c.article_id)
Index("articles_source", articles.c.source, articles.c.listed_at)

revisions = Table(
    "revisions",
    metadata,
    Column("article_id", Key, nullable=False),
    Column("extractor", Key, nullable=False),
    Column("number", Integer, nullable=False),
    Column("content_hash", Key, nullable=False),
    Column("simhash", BigInteger, nullable=False),  # 64 bits, as a signed number
    Column("record_id", Key, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("run", Key),
    Column("host", Key),
    Column("verdict", Key),  # integrity: "clean", "suspect" or "hijacked"
    Column("record", Json),  # pressmark.article/1
    PrimaryKeyConstraint("article_id", "extractor", "number"),
)
Index("revisions_content", revisions.c.content_hash)
Index("revisions_run", revisions.c.run, revisions.c.article_id)
Index("revisions_record", revisions.c.record_id)
Index("revisions_host", revisions.c.host, revisions.c.verdict, revisions.c.first_seen)

# What a site's pages have in common, in every version that a reading was given. See archive/extract/site_profile.py.
profiles = Table(
    "profiles",
    metadata,
    Column("host", Key, nullable=False),
    Column("digest", Key, nullable=False),
    Column("learned_at", UtcTime, nullable=False),
    Column("hijacked", Boolean, nullable=False),  # the host was, once at least
    Column("run", Key),
    Column("profile", Json, nullable=False),
    PrimaryKeyConstraint("host", "digest"),
)
Index("profiles_newest", profiles.c.host, profiles.c.learned_at)

# What near.py finds near-duplicates with: one row per article, of the text it shows now.
fingerprints = Table(
    "fingerprints",
    metadata,
    Column("article_id", Key, primary_key=True),
    Column("simhash", BigInteger, nullable=False),
    *(Column(f"band{n}", Integer, nullable=False) for n in range(4)),  # sixteen bits of it each, the lowest first
    Column("sketch", LargeBinary, nullable=False),
    Column("cluster", Key),  # NULL: nothing says the same
)
for _band in ("band0", "band1", "band2", "band3"):  # with all that a look at many candidates needs
    Index(f"fingerprints_{_band}", fingerprints.c[_band], fingerprints.c.simhash, fingerprints.c.article_id)
_partial("fingerprints_cluster", "cluster IS NOT NULL", fingerprints.c.cluster, fingerprints.c.article_id)

# How many outcomes and readings of each sort a source had in each hour; for health. See tallies.py.
tallies = Table(
    "tallies",
    metadata,
    Column("source", Key, nullable=False),
    Column("hour", UtcTime, nullable=False),
    Column("what", Key, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("source", "hour", "what"),
)

# Articles that show a text whose fingerprint has not been placed yet.
near_due = Table(
    "near_due",
    metadata,
    Column("article_id", Key, primary_key=True),
    Column("changes", Integer, nullable=False),
)

# What was found out about known articles besides new texts: disappearances, returns, flapping, other dates.
events = Table(
    "events",
    metadata,
    Column("url", Key, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", Key, nullable=False),
    Column("article_id", Key),
    Column("source", Key),
    Column("detail", Json, nullable=False),
    Column("before_id", Key),  # the capture that shows the page as it was
    Column("after_id", Key),  # and the one that shows what happened
    Column("run", Key),
    PrimaryKeyConstraint("url", "at", "kind"),
)
Index("events_at", events.c.at)
Index("events_article", events.c.article_id, events.c.at)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Key, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("command", Words, nullable=False),
    Column("version", Text, nullable=False),
    Column("settings_digest", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("host", Words, nullable=False),
    Column("heartbeat_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("exit_code", Integer),
    Column("reason", Words),
    Column("counts", Json, nullable=False),
    Column(
        "committed_bytes", BigInteger, nullable=False, server_default="0"
    ),  # of its log: what is behind is recovered
)
Index("runs_started", runs.c.started_at)
