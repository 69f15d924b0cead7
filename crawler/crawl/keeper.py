"""The keeper: takes every exchange from the download handler and writes it to the WARC before anyone refers to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.catalog import captures
from archive.model import Capture, Exchange
from archive.records.provenance import discovery_fields
from archive.warc.writer import Payload, RevisitOf, WarcWriter, read_payload
from crawler.crawl.leased import found

if TYPE_CHECKING:
    from scrapy import Request

    from archive.archive import Archive
    from archive.catalog.frontier import Lease
    from crawler.crawl.ledger import Ledger

MIN_REVISIT_BYTES = 512  # below that a revisit record is no smaller than the payload it spares


class Keeper:
    """Writes exchanges as records; a payload that is durable in the archive already becomes a revisit of it."""

    def __init__(self, archive: Archive, writer: WarcWriter, ledger: Ledger, *, dedup: bool) -> None:
        self._archive, self._writer, self._ledger, self._dedup = archive, writer, ledger, dedup

    def keep(self, exchange: Exchange, request: Request) -> Capture | None:
        """Write the exchange; return its capture, or None where no response byte came. Raises DiskFull."""
        lease: Lease | None = request.meta.get("lease")
        payload = read_payload(exchange.response, exchange.method)
        capture = self._writer.write(
            exchange,
            revisit=self._revisit_of(exchange, payload, lease),
            metadata=_metadata(request, lease),
            source=lease.source if lease else None,
            payload=payload,
        )
        if capture is not None:
            self._ledger.captured(capture)
            self._ledger.counts["wire_bytes"] += exchange.response.size
        return capture

    def _revisit_of(self, exchange: Exchange, payload: Payload, lease: Lease | None) -> RevisitOf | None:
        status = payload.head.status
        before = lease.validators if lease is not None else None
        if status == 304 and lease is not None and before and before.record_id and before.captured_at:
            return RevisitOf(before.record_id, lease.url, before.captured_at, "server-not-modified")
        if status != 200 or exchange.truncated or not self._dedup:
            return None
        if payload.digest is None or payload.size < MIN_REVISIT_BYTES:
            return None
        # The catalog knows only captures whose files are on disk, so a revisit never points at what may vanish.
        holder = captures.payload_holder(self._archive.catalog, payload.digest, archive=self._archive.name)
        if holder is None:
            return None
        return RevisitOf(holder.record_id, holder.target_uri, holder.fetched_at, "identical-payload-digest")


def _metadata(request: Request, lease: Lease | None) -> list[tuple[str, str]]:
    """The crawl's own facts of an exchange, by the names of the WARC standard where it has them."""
    fields = list(discovery_fields(found(lease))) if lease is not None else []
    attempt = request.meta.get("attempt", 1)
    if attempt > 1:
        fields.append(("attempt", str(attempt)))
    if request.meta.get("robots"):
        fields.append(("robots", request.meta["robots"]))
    fields += request.meta.get("rights", ())
    return fields
