"""The tables. All of it can be made again from the files, so there are no migrations: another version is a rebuild.

In the order data arrives: archives; urls with their hosts and queues (the frontier); captures; articles and
revisions; site profiles; runs. The search index is made in search.py, as each database has its own kind.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    literal_column,
    text,
)

from archive.catalog.columns import Json, Key, UtcTime, Words

SCHEMA_VERSION = 2  # raise it with every change here, in columns.py or in search.segment

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
    Column("priority", Integer, nullable=False),  # 0 before 1
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

# A host is leased to one worker at a time, so that politeness holds across workers.
hosts = Table(
    "hosts",
    metadata,
    Column("host", Key, primary_key=True),
    Column("leased_by", Key, index=True),
    Column("leased_until", UtcTime),
    Column("next_at", UtcTime),  # no lease before: the site asked us to wait
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
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("extractor", Key, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("run", Key),
    Column("search_row", BigInteger, unique=True),  # of the FTS5 index; NULL in PostgreSQL
)
Index("articles_listed", articles.c.listed_at, articles.c.article_id)
Index("articles_source", articles.c.source, articles.c.listed_at)
Index("articles_run", articles.c.run)

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
)
Index("runs_started", runs.c.started_at)
