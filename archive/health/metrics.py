"""The archive as Prometheus metrics: every family is a row of the table in docs/health.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from archive.health.findings import Finding, rank

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

    from archive.archive import Archive

_DAY = timedelta(days=1)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a family, with its labels."""

    value: float
    labels: tuple[str, ...] = ()


# name → (what it is, its labels). The order is that of the text.
FAMILIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "pressmark_build_info": ("1; the version is a label", ("version",)),
    "pressmark_health_state": ("What a rule says of a source: 0 ok, 1 warn, 2 bad", ("source", "rule")),
    "pressmark_health_checked_timestamp_seconds": ("When the rules were asked", ()),
    "pressmark_alarm_opened_timestamp_seconds": ("Since when an alarm is open, for those that are", ("source", "rule")),
    "pressmark_alarms_waiting": ("Alarms that a sink has not taken yet", ("sink",)),
    "pressmark_source_asked_timestamp_seconds": ("When the listings of a source were asked last", ("source",)),
    "pressmark_source_outcomes_24h": (
        "Outcomes in the last 24 hours; of is listing or page", ("source", "of", "kind", "reason"),
    ),
    "pressmark_source_readings_24h": ("New revisions read in the last 24 hours, and their traits", ("source", "trait")),
    "pressmark_articles": ("Articles held", ("source",)),
    "pressmark_near_duplicate_clusters": ("Clusters of articles that say the same", ()),
    "pressmark_near_duplicate_articles": ("Articles that are in such a cluster", ()),
    "pressmark_urls": ("URLs that are due now, and those a worker holds", ("state",)),
    "pressmark_run_started_timestamp_seconds": ("When the newest run of a kind began", ("kind",)),
    "pressmark_run_ended_timestamp_seconds": ("When it ended; absent while it runs", ("kind",)),
    "pressmark_run_exit_code": ("How it ended; -1 where its process died", ("kind",)),
    "pressmark_run_urls": ("What became of its URLs", ("kind", "count")),
    "pressmark_disk_free_bytes": ("Room on the archive's disk", ()),
    "pressmark_disk_required_bytes": ("Crawls stop below this: crawl.disk_min_free", ()),
    "pressmark_warc_written_7d_bytes": ("WARC files of the last seven days", ()),
}  # fmt: skip


def exposition(samples: Iterable[tuple[str, Sample]]) -> str:
    """Return samples in Prometheus' text format, family by family in the order of FAMILIES."""
    from prometheus_client import CollectorRegistry, generate_latest

    by_family: dict[str, list[Sample]] = {}
    for name, sample in samples:
        by_family.setdefault(name, []).append(sample)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(by_family))
    return generate_latest(registry).decode("utf-8")


class _Collected:
    def __init__(self, by_family: dict[str, list[Sample]]) -> None:
        self._by_family = by_family

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from prometheus_client.core import GaugeMetricFamily

        for name, (said, labels) in FAMILIES.items():
            if found := self._by_family.get(name):
                family = GaugeMetricFamily(name, said, labels=labels)
                for sample in found:
                    family.add_metric(sample.labels, sample.value)
                yield family


def samples(
    archive: Archive, now: datetime, findings: Iterable[Finding], *, least_bytes: int, version: str
) -> Iterator[tuple[str, Sample]]:
    """Give everything there is to measure."""
    yield "pressmark_build_info", Sample(1, (version,))
    for one in findings:
        yield "pressmark_health_state", Sample(rank(one.state), (one.source, one.rule))
    yield "pressmark_health_checked_timestamp_seconds", Sample(now.timestamp())
    yield from _alarms(archive)
    yield from _sources(archive, now)
    yield from _runs(archive)
    yield from _disk(archive, now, least_bytes)


def _alarms(archive: Archive) -> Iterator[tuple[str, Sample]]:
    from archive.health.book import FILE_NAME, read

    book = read(archive.root / FILE_NAME)
    for (source, rule), one in sorted(book.standing.items()):
        yield "pressmark_alarm_opened_timestamp_seconds", Sample(one.opened_at.timestamp(), (source, rule))
    for sink in sorted({sink for sink, _ in book.waiting}):
        yield "pressmark_alarms_waiting", Sample(sum(one == sink for one, _ in book.waiting), (sink,))


def _sources(archive: Archive, now: datetime) -> Iterator[tuple[str, Sample]]:
    from archive.catalog import near, tallies
    from archive.catalog.articles import by_source
    from archive.catalog.frontier import pending
    from archive.catalog.listings import last_asked

    catalog = archive.catalog
    for source, at in sorted(last_asked(catalog).items()):
        yield "pressmark_source_asked_timestamp_seconds", Sample(at.timestamp(), (source,))
        for what, count in tallies.totals(catalog, source, now - _DAY).items():
            kind, _, rest = what.partition(" ")
            if kind != "read":
                ended, _, reason = rest.partition(" ")
                yield "pressmark_source_outcomes_24h", Sample(count, (source, kind, ended, reason))
            elif not rest.startswith("words"):
                yield "pressmark_source_readings_24h", Sample(count, (source, rest or "all"))
    for name, articles in by_source(catalog).items():
        yield "pressmark_articles", Sample(articles, (name or "",))
    clusters, inside = near.counted(catalog)
    yield "pressmark_near_duplicate_clusters", Sample(clusters)
    yield "pressmark_near_duplicate_articles", Sample(inside)
    left = pending(catalog, None, now)
    for state, urls in (("due", left.due), ("leased", sum(left.leased_by.values()))):
        yield "pressmark_urls", Sample(urls, (state,))


def _runs(archive: Archive) -> Iterator[tuple[str, Sample]]:
    from archive.catalog.runs import newest

    for run in newest(archive.catalog):
        yield "pressmark_run_started_timestamp_seconds", Sample(run.started_at.timestamp(), (run.kind,))
        if run.ended_at is not None:
            yield "pressmark_run_ended_timestamp_seconds", Sample(run.ended_at.timestamp(), (run.kind,))
            yield "pressmark_run_exit_code", Sample(-1 if run.exit_code is None else run.exit_code, (run.kind,))
        for name, count in run.counts.items():
            yield "pressmark_run_urls", Sample(count, (run.kind, name))


def _disk(archive: Archive, now: datetime, least_bytes: int) -> Iterator[tuple[str, Sample]]:
    from archive.health.ask import machine_history

    found = machine_history(archive, now, least_bytes)
    yield "pressmark_disk_free_bytes", Sample(found.free_bytes)
    yield "pressmark_disk_required_bytes", Sample(found.least_bytes)
    yield "pressmark_warc_written_7d_bytes", Sample(found.written_bytes)
